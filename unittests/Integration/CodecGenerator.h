//===- CodecGenerator.h - Random compositions of stages -------------------===//
#ifndef ZQ_UNITTESTS_INTEGRATION_CODECGENERATOR_H
#define ZQ_UNITTESTS_INTEGRATION_CODECGENERATOR_H

#include "TestCodecs.h"

namespace mlir::zq::test {

/// Composes codecs for tensors of rank 2. Many are legal.
class CodecGenerator {
public:
  explicit CodecGenerator(uint64_t seed) : random(seed) {}

  TestCodec next();

private:
  using Choices = std::vector<std::string>;

  const std::string &pick(const Choices &choices);
  int64_t between(int64_t low, int64_t high);
  bool oneIn(int64_t n) { return between(1, n) == 1; }

  std::string block();
  std::string stored();
  std::string scale();
  std::string valueStage();
  std::string format(int &bits);
  std::string quantizer(int &bits);
  std::string codeStages(int bits);
  std::string chain(bool isSide);

  std::mt19937 random;
};

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_INTEGRATION_CODECGENERATOR_H
