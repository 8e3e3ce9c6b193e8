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

TEST_P(Formats, DecodeToTheBit) {
  Shape shape{37, 300};
  Kernel kernel(wholeDecodes({codec}, shape), options, codec.text);
  std::mt19937 random(3);
  Array values = gaussianValues(codec.elementType(), shape, random);
  std::vector<Stream> streams = codec.encode(values);
  Array decoded = codec.decode(streams, shape);
  if (codec.isLossless())
    expectSameBits(decoded, values, codec.text + ", round trip");
  else
    // Whatever is stored is worth more than zeros.
    EXPECT_LT(getRelativeError(values, decoded), 1.0) << codec.text;
  std::vector<Array> inputs;
  for (const Stream &stream : streams)
    inputs.push_back(stream.array);
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), 1u);
  expectSameBits(results[0], decoded, codec.text);
}

TEST_P(Formats, MultiplyWithinTheBound) {
  checkProducts({matmulByRows(3, 37, 300)}, codec, options);
}

INSTANTIATE_TEST_SUITE_P(Named, Formats, testing::ValuesIn(getNamedFormats()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           return info.param.text;
                         });

} // namespace
