//===- InPanels.h - Codes stored with rows side by side -------------------===//
#ifndef ZQ_CODEC_INPANELS_H
#define ZQ_CODEC_INPANELS_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Hands the codes of a matrix to another stage in panels of `lanes` rows, each
/// one line of that stage's: a matrix [ceil(m / lanes), ceil(n / depth) * lanes
/// * depth], where element [i, j] is at [i / lanes, j / depth * lanes * depth +
/// i % lanes * depth + j % depth]; zeros where there is no element. The streams
/// are those of the other stage, which ends the chain and is lossless.
class InPanels : public Stage {
public:
  /// Requires lanes >= 1, depth >= 1, and a stage that ends a chain.
  InPanels(int64_t lanes, int64_t depth, std::shared_ptr<const Stage> coder);

  std::string keyword() const override { return "panels"; }
  /// Fails on tensors of a rank other than 2, and where the other stage does.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return coder->numSides(); }
  bool isTerminal() const override { return true; }
  std::string mainName() const override { return coder->mainName(); }
  ElementType decodedType() const override { return coder->decodedType(); }
  bool isLossless() const override { return coder->isLossless(); }

private:
  Shape linesOf(const Shape &shape) const;
  template <typename Copy>
  void forEachRun(const Shape &shape, Copy copy) const;

  int64_t lanes, depth;
  std::shared_ptr<const Stage> coder;
};

} // namespace zq::codec

#endif // ZQ_CODEC_INPANELS_H
