//===- FormatTest.cpp - Every named format, decoded and multiplied --------===//
//
// On sizes that no group, vector or tile divides: what is compiled decodes what
// the reference encodes to the bit, and multiplies within the bound.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

class Formats : public testing::TestWithParam<TestCodec> {
protected:
  TestCodec codec = GetParam();
  JitOptions options = [] {
    JitOptions options;
    options.guardPages = true;
    options.features = getFeatureSets().front();
    return options;
  }();

  /// What the reference decodes of `values`; the kernel's is the same.
  Array compareDecode(Kernel &kernel, const Array &values) {
    std::vector<Stream> streams = codec.encode(values);
    Array decoded = codec.decode(streams, values.shape);
    std::vector<Array> inputs;
    for (const Stream &stream : streams)
      inputs.push_back(stream.array);
    std::vector<Array> results = kernel.call(inputs);
    EXPECT_EQ(results.size(), 1u);
    if (results.size() == 1)
      expectSameBits(results[0], decoded, codec.text);
    return decoded;
  }
};

/// The norm of the difference, divided by that of `values`.
double getRelativeError(const Array &values, const Array &decoded) {
  double change = 0, norm = 0;
  for (int64_t i = 0; i < values.size(); ++i) {
    change += std::pow(double(decoded.getFloat(i)) - values.getFloat(i), 2);
    norm += std::pow(double(values.getFloat(i)), 2);
  }
  return std::sqrt(change / norm);
}

/// Gaussian values, then rows of zeros, of equal values, and of ones so small
/// or large that scales underflow or saturate, with others between: no NaN
/// comes of them. What no scale can hold is refused by name.
TEST_P(Formats, DecodeToTheBit) {
  Shape shape{37, 300};
  Kernel kernel(wholeDecodes({codec}, shape), options, codec.text);
  std::mt19937 random(3);
  Array values = gaussianValues(codec.elementType(), shape, random);
  Array decoded = compareDecode(kernel, values);
  if (codec.isLossless())
    expectSameBits(decoded, values, codec.text + ", round trip");
  else
    // Whatever is stored is worth more than zeros.
    EXPECT_LT(getRelativeError(values, decoded), 1.0) << codec.text;

  const float extremes[] = {0.0f, -1.0f, 1e-38f, 3e-5f, 6e4f};
  for (int64_t row = 0; row < 5; ++row)
    for (int64_t column = 0; column < 300; ++column)
      values.setFloat((2 * row + 1) * 300 + column, extremes[row]);
  decoded = compareDecode(kernel, values);
  for (int64_t i = 0; i < decoded.size(); ++i)
    ASSERT_FALSE(std::isnan(decoded.getFloat(i))) << codec.text << ", " << i;

  for (float extreme : {INFINITY, NAN}) {
    Array broken = values;
    broken.setFloat(7, extreme);
    std::vector<Stream> streams;
    std::string why;
    if (codec.tryEncode(broken, streams, why))
      EXPECT_TRUE(codec.isLossless() || std::isinf(extreme)) << codec.text;
    else
      EXPECT_TRUE(why.find("element [0, ") == 0 &&
                  (why.find("inf") != why.npos || why.find("NaN") != why.npos))
          << why;
  }
}

/// The weight's streams among the inputs of a product.
std::vector<Stream> getStreams(const std::vector<Array> &inputs) {
  std::vector<Stream> streams;
  for (const Array &stream : llvm::drop_begin(inputs))
    streams.push_back({"", stream});
  return streams;
}

/// The bound has room for roundings, but not for two wrong codes: of streams in
/// which a byte of codes is inverted, products are outside of what the streams
/// as they were promise.
TEST_P(Formats, MultiplyWithinTheBound) {
  PreparedProducts prepared =
      prepareProducts({matmulByRows(3, 37, 300)}, codec, options.accuracy);
  Kernel kernel(prepared.text, options, codec.text);
  compareProducts(prepared, kernel.call(prepared.inputs));
  EXPECT_NE(kernel.getRemarks().find("decode fused"), std::string::npos);

  const size_t bytes = prepared.inputs.back().bytes.size();
  const Array sound = codec.decode(getStreams(prepared.inputs), {37, 300});
  int planted = 0, seen = 0;
  for (size_t place = 1; place < 32; place += 2) {
    std::vector<Array> inputs = prepared.inputs;
    inputs.back().bytes[bytes * place / 32] ^= 0xFF;
    const std::vector<Stream> streams = getStreams(inputs);
    // Codes that do not exist are found on loading; what is left beside a low
    // rank may be nothing.
    Array decoded;
    if (!codec.tryDecode(streams, {37, 300}, decoded) ||
        getRelativeError(sound, decoded) < 1e-3)
      continue;
    ++planted;
    std::vector<Array> results = kernel.call(inputs);
    ASSERT_EQ(results.size(), 1u);
    seen += !compareWithBound(prepared.expected[0], results[0]).isWithin();
  }
  EXPECT_GE(seen, (planted + 1) / 2) << "of " << planted << " faults";
}

INSTANTIATE_TEST_SUITE_P(Named, Formats, testing::ValuesIn(getNamedFormats()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           return info.param.text;
                         });

} // namespace
