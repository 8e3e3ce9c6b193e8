//===- DecodeTest.cpp - Compiled decoding is the reference's, bit for bit -===//
//
// Whole tensors: every codec of the list, on every shape, for every width of
// vectors. Arrays end at guard pages, so that a read beyond one crashes.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "gtest/gtest.h"

#include <algorithm>

using namespace mlir::zq::test;
using mlir::zq::JitOptions;

namespace {

using Shape = std::vector<int64_t>;

using Streams = std::vector<::zq::codec::Stream>;

void append(std::vector<Array> &inputs, const Streams &streams) {
  for (const ::zq::codec::Stream &stream : streams)
    inputs.push_back(stream.array);
}

/// Those that take in tensors of `shape`.
std::vector<TestCodec> getLegalCodecs(const Shape &shape) {
  std::vector<TestCodec> codecs;
  for (const TestCodec &codec : getTestCodecs(shape.size()))
    if (codec.isLegal(shape))
      codecs.push_back(codec);
  return codecs;
}

/// Codecs by the few, which share a module: compiling one costs more than what
/// a decode adds to it.
std::vector<std::vector<TestCodec>>
makeBatches(const std::vector<TestCodec> &codecs) {
  std::vector<std::vector<TestCodec>> batches;
  for (size_t i = 0; i < codecs.size(); ++i) {
    if (i % 8 == 0)
      batches.emplace_back();
    batches.back().push_back(codecs[i]);
  }
  return batches;
}

/// Compares one call with the reference: `makeStreams` gives a codec's streams,
/// or none where it has no such ones. `sameNaN`: any NaN is as good as another,
/// but where codecs are lossless.
template <typename MakeStreams>
void compareCall(Kernel &kernel, const std::vector<TestCodec> &codecs,
                 const Shape &shape, const std::string &what, bool sameNaN,
                 MakeStreams makeStreams) {
  std::vector<Array> inputs, expected;
  for (const TestCodec &codec : codecs) {
    Streams streams = makeStreams(codec);
    append(inputs, streams);
    expected.push_back(codec.decode(streams, shape));
  }
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), codecs.size()) << what;
  for (size_t i = 0; i < codecs.size(); ++i)
    expectSameBits(results[i], expected[i],
                   codecs[i].text + " as " + codecs[i].element + " on " + what,
                   sameNaN && !codecs[i].isLossless());
}

/// The largest values that no sum of a codec brings to infinity.
Array limitForSums(const TestCodec &codec, Array values) {
  const char *stages[] = {"hadamard", "int4_h128", "orthogonal", "sketch",
                          "lowrank",  "residual",  "outliers"};
  if (llvm::none_of(stages, [&](const char *stage) {
        return codec.text.find(stage) != std::string::npos;
      }))
    return values;
  for (int64_t i = 0; i < values.size(); ++i)
    values.setFloat(i, std::clamp(values.getFloat(i), -1e30f, 1e30f));
  return values;
}

/// Whether the streams stay legal with any bits in the codes and scales: not
/// those of an entropy coder, which has a table and offsets.
bool takesAnyBits(const TestCodec &codec) {
  return codec.text.find("huff") == std::string::npos;
}

/// Any bits in all streams; the decodable original where that is none of the
/// codec's, as for codes beyond a table.
Streams scramble(const TestCodec &codec, const Streams &original,
                 const Shape &shape, std::mt19937 &random) {
  Streams streams = original;
  for (::zq::codec::Stream &stream : streams)
    stream.array = anyBits(stream.array.type, stream.array.shape, random);
  Array decoded;
  return codec.tryDecode(streams, shape, decoded) ? streams : original;
}

/// A lossless codec gives back the very bits of any pattern.
Streams storeAnyBits(const TestCodec &codec, const Shape &shape,
                     std::mt19937 &random) {
  Array values = anyBits(codec.elementType(), shape, random);
  Streams streams = codec.encode(values);
  expectSameBits(codec.decode(streams, shape), values, codec.text);
  return streams;
}

/// Streams of any bits, legal or not: whatever comes out, nothing is read or
/// written outside of them, which the guard pages see.
void staysInside(Kernel &kernel, const std::vector<TestCodec> &codecs,
                 const Shape &shape, const std::string &what,
                 std::mt19937 &random) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Array> inputs;
    for (const TestCodec &codec : codecs)
      for (const ::zq::codec::Stream &stream :
           codec.encode(gaussianValues(codec.elementType(), shape, random)))
        inputs.push_back(
            anyBits(stream.array.type, stream.array.shape, random));
    EXPECT_EQ(kernel.call(inputs).size(), codecs.size()) << what;
  }
}

class WholeDecode
    : public testing::TestWithParam<std::tuple<std::string, Shape>> {};

/// What encoders write, streams that no encoder writes, and at last any bits.
TEST_P(WholeDecode, IsTheReferences) {
  const std::string &features = std::get<0>(GetParam());
  const Shape &shape = std::get<1>(GetParam());
  JitOptions options;
  options.threads = false;
  options.guardPages = true;
  options.features = features;
  std::string what = printShape(shape) + " for " + features;
  std::mt19937 random(shape.size() * 1000 + shape[0]);
  for (const auto &codecs : makeBatches(getLegalCodecs(shape))) {
    Kernel kernel(wholeDecodes(codecs, shape), options, what);
    compareCall(kernel, codecs, shape, what + ", Gaussian", false,
                [&](const TestCodec &codec) {
                  return codec.encode(
                      gaussianValues(codec.elementType(), shape, random));
                });
    compareCall(
        kernel, codecs, shape, what + ", extreme", false,
        [&](const TestCodec &codec) {
          return codec.encode(limitForSums(
              codec, extremeValues(codec.elementType(), shape, random)));
        });
    // All codes, scales that are NaN; all patterns of bits that are stored.
    compareCall(kernel, codecs, shape, what + ", any bits", true,
                [&](const TestCodec &codec) {
                  if (codec.isLossless())
                    return storeAnyBits(codec, shape, random);
                  Streams streams = codec.encode(
                      gaussianValues(codec.elementType(), shape, random));
                  return takesAnyBits(codec)
                             ? scramble(codec, streams, shape, random)
                             : streams;
                });
    staysInside(kernel, codecs, shape, what, random);
  }
}

/// Every shape for the widest vectors, some for the others.
std::vector<std::tuple<std::string, Shape>> getCases() {
  const std::vector<Shape> some = {{3, 5}, {40, 65}, {77}, {2, 3, 50}};
  const std::vector<Shape> more = {{1, 1},    {1, 16},   {7, 100},
                                   {16, 256}, {5, 1500}, {0, 16},
                                   {4, 0},    {1},       {3, 1, 4}};
  std::vector<std::tuple<std::string, Shape>> cases;
  for (const std::string &features : getFeatureSets()) {
    for (const Shape &shape : some)
      cases.emplace_back(features, shape);
    if (features == getFeatureSets().front())
      for (const Shape &shape : more)
        cases.emplace_back(features, shape);
  }
  return cases;
}

std::string
nameCase(const testing::TestParamInfo<std::tuple<std::string, Shape>> &info) {
  auto [features, shape] = info.param;
  std::string name = printShape(shape) + "_" + features;
  name.erase(std::remove_if(name.begin(), name.end(),
                            [](char c) { return c == '+' || c == ','; }),
             name.end());
  return name;
}

INSTANTIATE_TEST_SUITE_P(Shapes, WholeDecode, testing::ValuesIn(getCases()),
                         nameCase);

} // namespace
