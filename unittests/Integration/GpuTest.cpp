//===- GpuTest.cpp - Every named format on an emulated GPU ----------------===//
//
// What kernels decode is the reference's to the bit, and what tensor cores
// multiply is within the bound, on sizes that no group, window or tile divides
// and with threads that run in several orders.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// Each seed with another generation; 0 runs threads in turn.
const std::vector<EmulatedGpu> gpus = {
    {"sm_80", 0}, {"sm_90a", 1}, {"sm_100a", 2}, {"sm_120a", 3}, {"sm_89", 4}};

JitOptions onGpu(const EmulatedGpu &gpu) {
  JitOptions options;
  options.emulated = gpu;
  return options;
}

/// Formats take turns on the GPUs; each of GpuProducts runs on all.
class GpuFormats : public testing::TestWithParam<TestCodec> {
protected:
  TestCodec codec = GetParam();
  EmulatedGpu gpu = gpus[std::hash<std::string>()(codec.text) % gpus.size()];
};

TEST_P(GpuFormats, DecodeToTheBit) {
  Shape shape{37, 300};
  std::mt19937 random(3);
  std::vector<Stream> streams =
      codec.encode(gaussianValues(codec.elementType(), shape, random));
  Array decoded = codec.decode(streams, shape);
  std::vector<Array> inputs;
  for (const Stream &stream : streams)
    inputs.push_back(stream.array);
  Kernel kernel(wholeDecodes({codec}, shape), onGpu(gpu), codec.text);
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), 1u);
  expectSameBits(results[0], decoded, codec.text);
}

/// Few rows and many: weights in registers, and in shared memory.
TEST_P(GpuFormats, MultiplyWithinTheBound) {
  checkProducts({matmulByRows(3, 37, 300), matmulByRows(70, 37, 300)}, codec,
                onGpu(gpu), /*mayBeUnfused=*/true);
}

INSTANTIATE_TEST_SUITE_P(Named, GpuFormats,
                         testing::ValuesIn(getNamedFormats()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           return info.param.text;
                         });

class GpuProducts : public testing::TestWithParam<TestCodec> {};

TEST_P(GpuProducts, OfAnyShape) {
  for (const EmulatedGpu &gpu : gpus) {
    JitOptions options = onGpu(gpu);
    checkProducts({matmulByRows(1, 37, 100), matmulByRows(9, 19, 257),
                   matmulByRows(33, 150, 65), matvec(37, 100)},
                  GetParam(), options, /*mayBeUnfused=*/true);
    // What tensor cores do not take, and coarser and finer arithmetic.
    checkProducts({matmulByColumns(3, 33, 130), vecmat(33, 5)}, GetParam(),
                  options, /*mayBeUnfused=*/true);
    options.accuracy = 1e-2;
    checkProducts({matmulByRows(2, 40, 520)}, GetParam(), options,
                  /*mayBeUnfused=*/true);
    options.accuracy = 0;
    checkProducts({matmulByRows(2, 40, 520), matmulByRows(65, 130, 33)},
                  GetParam(), options, /*mayBeUnfused=*/true);
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, GpuProducts,
                         testing::ValuesIn(getRepresentatives()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           std::string name;
                           for (char c : info.param.text)
                             if (std::isalnum(c))
                               name += c;
                           return name;
                         });

} // namespace
