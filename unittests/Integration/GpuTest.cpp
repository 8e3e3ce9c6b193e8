//===- GpuTest.cpp - Every named format on an emulated GPU ----------------===//
//
// What kernels decode is the reference's to the bit, and what tensor cores
// multiply is within the bound, on sizes that no group, window or tile divides
// and with threads that run in several orders.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "gtest/gtest.h"

#include <cmath>

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

//===----------------------------------------------------------------------===//
// What codes become
//===----------------------------------------------------------------------===//

/// Every code in every place of a word, for an activation that picks columns:
/// each sum is one weight, to the bit. All widths of codes and kinds of table,
/// for tensor cores on both 16-bit floats; factors that weights are multiplied
/// by.
class GpuCodes
    : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(GpuCodes, MultiplyToTheBit) {
  auto [quantizer, element] = GetParam();
  TestCodec codec{quantizer + ", pack"};
  Shape shape{264, 32};
  // Whatever bits are stored stand for something.
  std::vector<Stream> streams = codec.encode(Array(ElementType::F32, shape));
  for (Stream &stream : streams) {
    std::vector<uint8_t> &bytes = stream.array.bytes;
    size_t rowBytes = bytes.size() / shape[0];
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<uint8_t>(i / rowBytes + 37 * (i % rowBytes));
  }
  Array weights = codec.decode(streams, shape);

  Shape xShape{32, 32}, yShape{32, shape[0]};
  Array x(element == "f32"   ? ElementType::F32
          : element == "f16" ? ElementType::F16
                             : ElementType::BF16,
          xShape);
  for (int64_t i = 0; i < 32; ++i)
    x.setFloat(33 * i, 1);
  std::string program = R"(
    func.func @f(%x: tensor<32x32xELEMENT>, %w: TYPE) -> tensor<32x264xf32> {
      %e = tensor.empty() : tensor<264x32xf32>
      %d = zq.decode %w at [0, 0] outs(%e : tensor<264x32xf32>) : TYPE -> tensor<264x32xf32>
      %zero = arith.constant dense<0.0> : tensor<32x264xf32>
      %y = linalg.matmul
          indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                           affine_map<(m, n, k) -> (m, n)>]
          ins(%x, %d : tensor<32x32xELEMENT>, tensor<264x32xf32>)
          outs(%zero : tensor<32x264xf32>) -> tensor<32x264xf32>
      return %y : tensor<32x264xf32>
    })";
  auto replace = [&](const std::string &from, const std::string &to) {
    for (size_t at; (at = program.find(from)) != std::string::npos;)
      program.replace(at, from.size(), to);
  };
  replace("ELEMENT", element);
  replace("TYPE", codec.type(shape));
  Kernel kernel(program, onGpu(gpus[2]), codec.text);
  std::vector<Array> inputs{x};
  for (const Stream &stream : streams)
    inputs.push_back(stream.array);
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), 1u);
  for (int64_t row = 0; row < shape[0]; ++row) {
    // A NaN or an infinity is in all sums of its row.
    bool isFinite = true;
    for (int64_t k = 0; k < 32; ++k)
      isFinite &= std::isfinite(weights.getFloat(32 * row + k));
    for (int64_t k = 0; k < 32; ++k) {
      float sum = results[0].getFloat(k * shape[0] + row);
      if (isFinite)
        EXPECT_EQ(sum, weights.getFloat(32 * row + k)) << row << ", " << k;
      else
        EXPECT_FALSE(std::isfinite(sum)) << row << ", " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Quantizers, GpuCodes,
    testing::Combine(
        testing::Values(
            "quantize<si2>", "quantize<ui2>", "quantize<si3>", "quantize<si4>",
            "quantize<ui4>", "quantize<si4, bipolar>", "quantize<si5>",
            "quantize<si6>", "quantize<si8>", "quantize<ui8>",
            "quantize<f4E2M1FN>", "quantize<f6E2M3FN>", "quantize<f6E3M2FN>",
            "quantize<f8E4M3FN>", "quantize<f8E5M2>",
            "lookup<[-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, "
            "1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0]>",
            "lookup<[-1.0, 0.0, 0.5, 4.0]>",
            "scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>"),
        testing::Values("bf16", "f16", "f32")));

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
