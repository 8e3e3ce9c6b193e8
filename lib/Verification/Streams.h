//===- Streams.h - Compressed tensors that rewrites are tried with --------===//
#ifndef ZQ_LIB_VERIFICATION_STREAMS_H
#define ZQ_LIB_VERIFICATION_STREAMS_H

#include "Patterns.h"

#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq::verification {

using Arrays = std::vector<::zq::codec::Array>;

/// Makes streams of one type.
class Streams {
public:
  /// Fails with an error at `scope`, where the codec looks up its decoder,
  /// where no streams can be made.
  static FailureOr<Streams> make(Operation *scope, CompressedTensorType type);

  /// Whether only the IR knows the codec: then it takes any streams.
  bool isOpaque() const { return !codec; }

  /// What the codec encodes of a pattern; where it cannot encode that, the same
  /// streams every time but for their size.
  Arrays encode(ValuePattern pattern, Random &random,
                float magnitude = 1) const;

  /// Streams of random bits as far as the codec takes them and finite values
  /// come of it; elsewhere those of Gaussian values, floats times a power of
  /// two.
  Arrays makeRandom(Random &random) const;

  /// The codes that the main way ends in, if they have at most 16 bits: those
  /// which decode to a finite value.
  ArrayRef<uint32_t> getCodes() const { return codes; }
  /// As many as there could be.
  int64_t getNumBitPatterns() const { return int64_t(1) << codeBits; }

  /// Streams in which element `i` of the main way has code `first[i] + step`,
  /// counted round, and everything else is encoded of values of `magnitude`.
  Arrays makeCodes(ArrayRef<uint32_t> first, uint64_t step, float magnitude,
                   Random &random) const;

  int64_t getNumElements() const {
    return ShapedType::getNumElements(type.getShape());
  }
  /// Elements of the array of codes.
  int64_t getNumCoded() const { return ::zq::codec::numElements(codedShape); }

private:
  Streams(CompressedTensorType type) : type(type) {}
  void findCodes();
  Arrays makeAnyOfTypes(Random &random) const;
  std::vector<int64_t> getShape() const { return type.getShape().vec(); }
  ::zq::codec::ElementType getElement() const;
  bool isFinite(const Arrays &arrays) const;
  std::optional<Arrays> tryEncode(const ::zq::codec::Array &values) const;
  std::optional<Arrays> putCodes(Arrays arrays,
                                 const ::zq::codec::Array &codes) const;

  CompressedTensorType type;
  std::shared_ptr<const ::zq::codec::Codec> codec;
  SmallVector<Type> streamTypes;
  /// Streams of which the codec makes finite values.
  Arrays usual;
  /// From the codes on; null where they are wide, or not stored losslessly.
  std::shared_ptr<const ::zq::codec::Codec> coded;
  std::vector<int64_t> codedShape;
  unsigned codeBits = 0;
  SmallVector<uint32_t> codes;
};

} // namespace mlir::zq::verification

#endif // ZQ_LIB_VERIFICATION_STREAMS_H
