//===- CodebookTest.cpp - Vector quantization with learned entries --------===//

#include "zq/Codec/Codebook.h"
#include "TestArrays.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Options = Codebook::Options;

static Options vectorsOf(Shape vector, int bits) {
  Options options;
  options.vector = std::move(vector);
  options.bits = bits;
  return options;
}

struct Encoded {
  Array codes, entries;
};

static Encoded encode(const Codebook &stage, const Array &input) {
  std::vector<Stream> sides;
  Result<Array> codes = stage.encode(input, {}, sides);
  EXPECT_TRUE(codes) << codes.message();
  EXPECT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "codebook");
  return {*codes, sides[0].array};
}

static Array decode(const Codebook &stage, const Encoded &encoded,
                    const Shape &shape) {
  Result<Array> decoded =
      stage.decode(encoded.codes, {{"codebook", encoded.entries}}, shape);
  EXPECT_TRUE(decoded) << decoded.message();
  return *decoded;
}

static double squaredError(const Options &options, const Array &input) {
  Codebook stage(options);
  Array decoded = decode(stage, encode(stage, input), input.shape);
  double error = 0;
  for (int64_t i = 0; i < input.size(); ++i)
    error += std::pow(double(input.getFloat(i)) - decoded.get<float>(i), 2);
  return error;
}

/// The entries that a test decodes with: number r has elements 10 r + position.
static Array countingEntries(Shape shape, int64_t length,
                             ElementType type = ElementType::F16) {
  Array entries(type, std::move(shape));
  for (int64_t i = 0; i < entries.size(); ++i)
    entries.setFloat(i, float(10 * (i / length) + i % length));
  return entries;
}

TEST(Codebook, ReadsVectorsAlongRows) {
  Codebook stage(vectorsOf({1, 3}, 2));
  Array codes = bytes({2, 2}, {0, 3, 2, 1});
  EXPECT_EQ(stage.mainShape({2, 5}), (Shape{2, 2}));
  EXPECT_EQ(
      toFloats(decode(stage, {codes, countingEntries({1, 12}, 3)}, {2, 5})),
      (std::vector<float>{0, 1, 2, 30, 31, 20, 21, 22, 10, 11}));
}

/// As in VPTQ: v * L to v * L + L - 1 of a column are one vector.
TEST(Codebook, ReadsVectorsDownColumns) {
  Codebook stage(vectorsOf({2, 1}, 2));
  Array codes = bytes({2, 3}, {0, 1, 2, 3, 0, 1});
  EXPECT_EQ(stage.mainShape({3, 3}), (Shape{2, 3}));
  EXPECT_EQ(
      toFloats(decode(stage, {codes, countingEntries({1, 8}, 2)}, {3, 3})),
      (std::vector<float>{0, 10, 20, 1, 11, 21, 30, 0, 10}));
}

/// The codes of a vector are neighbours along the last axis.
TEST(Codebook, AddsTheBooks) {
  Options options = vectorsOf({1, 2}, 1);
  options.books = 2;
  Codebook stage(options);
  EXPECT_EQ(stage.mainShape({1, 3}), (Shape{1, 4}));
  // Entries 0 and 1 are the first book, 2 and 3 the second.
  Array entries = countingEntries({1, 8}, 2);
  EXPECT_EQ(
      toFloats(decode(stage, {bytes({1, 4}, {0, 1, 1, 0}), entries}, {1, 3})),
      (std::vector<float>{30, 32, 30}));
  options.vector = {2, 1};
  Codebook columns(options);
  EXPECT_EQ(columns.mainShape({3, 1}), (Shape{2, 2}));
  EXPECT_EQ(
      toFloats(decode(columns, {bytes({2, 2}, {0, 1, 1, 0}), entries}, {3, 1})),
      (std::vector<float>{30, 32, 30}));
}

/// (1 + 2^-24) + 2^-24 is 1 in f32, 1 + (2^-24 + 2^-24) is not.
TEST(Codebook, AddsInTheOrderOfTheBooks) {
  Options options = vectorsOf({1}, 1);
  options.books = 3;
  options.stored = ElementType::F32;
  Codebook stage(options);
  const float tiny = std::ldexp(1.0f, -24);
  Array entries = floats({6}, {1, tiny, tiny, 1, tiny, 1}, ElementType::F32);
  Array codes = bytes({6}, {0, 0, 0, 1, 0, 1});
  EXPECT_EQ(toFloats(decode(stage, {codes, entries}, {2})),
            (std::vector<float>{1, 1 + 2 * tiny}));
}

TEST(Codebook, HasBooksForEveryGroup) {
  Options options = vectorsOf({1, 2}, 1);
  options.group = {2, 4};
  Codebook stage(options);
  // 3 x 6: groups of 2 x 4, two by two of them, cut short at both ends.
  Array codes = bytes({3, 3}, {0, 1, 0, 1, 0, 1, 0, 1, 0});
  Array decoded = decode(stage, {codes, countingEntries({2, 8}, 2)}, {3, 6});
  EXPECT_EQ(toFloats(decoded),
            (std::vector<float>{0, 1, 10, 11, 20, 21, 10, 11, 0, 1, 30, 31, 40,
                                41, 50, 51, 60, 61}));
  // A whole dimension.
  options.group = {0, 2};
  EXPECT_EQ(encode(Codebook(options), gaussian({3, 6}, 1)).entries.shape,
            (Shape{1, 12}));
}

/// Product quantization is a book per position.
TEST(Codebook, ReproducesWhatHasNoMoreDifferentVectorsThanEntries) {
  Array input(ElementType::F32, {16, 6});
  for (int64_t i = 0; i < input.size(); ++i)
    input.setFloat(i, float((i * 7 + i / 6 % 4 * 5) % 4 + i % 6));
  Options options = vectorsOf({1, 3}, 4);
  options.group = {0, 3};
  EXPECT_EQ(squaredError(options, input), 0);
  options.group = {};
  options.bits = 5;
  EXPECT_EQ(squaredError(options, input), 0);
  // Every row has at most four different values: a table for each.
  Options scalars = vectorsOf({1, 1}, 3);
  scalars.group = {1, 0};
  EXPECT_EQ(squaredError(scalars, input), 0);
  // Two zeros of either sign are equal.
  EXPECT_EQ(squaredError(vectorsOf({1}, 1), floats({4}, {0, -0.0f, 0, -0.0f})),
            0);
}

/// By comparison with every entry, as stored.
TEST(Codebook, GivesEveryVectorTheNearestEntry) {
  for (ElementType stored : {ElementType::F16, ElementType::F8E4M3FN}) {
    Options options = vectorsOf({1, 3}, 9);
    options.stored = stored;
    Codebook stage(options);
    Array input = gaussian({300, 20}, 3);
    Encoded encoded = encode(stage, input);
    EXPECT_EQ(encoded.entries.type, stored);
    for (int64_t row = 0; row < 300; ++row)
      for (int64_t vector = 0; vector < 7; ++vector) {
        double least = INFINITY;
        uint32_t nearest = 0;
        for (uint32_t code = 0; code < 512; ++code) {
          double distance = 0;
          for (int64_t k = 0; k < 3; ++k) {
            int64_t column = 3 * vector + k;
            float x = column < 20 ? input.get<float>(row * 20 + column) : 0;
            distance +=
                std::pow(double(x) - encoded.entries.getFloat(code * 3 + k), 2);
          }
          if (distance < least) {
            least = distance;
            nearest = code;
          }
        }
        EXPECT_EQ(getCode(encoded.codes, row * 7 + vector), nearest);
      }
  }
}

/// 16 entries for scalars are hardly worse than the Lloyd-Max quantizer of the
/// normal law (0.00950), and pairs of values better than that at the same rate.
TEST(Codebook, LearnsFromTheData) {
  Array input = gaussian({100, 160}, 6);
  double scalar = squaredError(vectorsOf({1, 1}, 4), input) / 16000;
  EXPECT_NEAR(scalar, 0.0095, 0.0006);
  double pairs = squaredError(vectorsOf({1, 2}, 8), input) / 16000;
  EXPECT_LT(pairs, 0.95 * scalar);
}

TEST(Codebook, GainsWithEveryBookAndSweep) {
  Array input = gaussian({64, 64}, 7);
  Options options = vectorsOf({1, 4}, 5);
  double one = squaredError(options, input);
  options.books = 2;
  double two = squaredError(options, input);
  EXPECT_LT(two, 0.6 * one);
  options.fit = Codebook::Fit::Additive;
  EXPECT_LT(squaredError(options, input), 0.97 * two);
}

TEST(Codebook, StoresEntriesInACodec) {
  Options options = vectorsOf({1, 4}, 4);
  auto entryCodec = std::make_shared<Codec>(
      Codec({std::make_shared<Scale>(Shape{1, 4}, ElementType::F16),
             std::make_shared<QuantizeInteger>(2, true)}));
  options.stored = CodecRef(entryCodec);
  Codec codec({std::make_shared<Codebook>(options)});
  Array input = gaussian({9, 13}, 5);
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  ASSERT_EQ(streams->size(), 3u);
  EXPECT_EQ((*streams)[0].name, "codebook.scale");
  EXPECT_EQ((*streams)[0].array.shape, (Shape{1, 16}));
  EXPECT_EQ((*streams)[1].array.shape, (Shape{1, 64}));
  EXPECT_EQ((*streams)[2].array.shape, (Shape{9, 4}));
  Result<Array> decoded = codec.decode(*streams, input.shape, input.type);
  ASSERT_TRUE(decoded) << decoded.message();
  // Vectors chose among the entries as they read back.
  Result<Array> entries = entryCodec->decode({(*streams)[0], (*streams)[1]},
                                             {1, 64}, ElementType::F32);
  ASSERT_TRUE(entries);
  for (int64_t vector = 0; vector < 9 * 3; ++vector) {
    int64_t first = vector / 3 * 13 + vector % 3 * 4;
    double chosen = 0, least = INFINITY;
    for (int64_t k = 0; k < 4; ++k)
      chosen += std::pow(double(input.get<float>(first + k)) -
                             decoded->get<float>(first + k),
                         2);
    for (int64_t row = 0; row < 16; ++row) {
      double distance = 0;
      for (int64_t k = 0; k < 4; ++k)
        distance += std::pow(double(input.get<float>(first + k)) -
                                 entries->get<float>(row * 4 + k),
                             2);
      least = std::min(least, distance);
    }
    EXPECT_EQ(chosen, least);
  }
}

TEST(Codebook, RoundTripsAwkwardShapes) {
  for (const Shape &shape : awkwardShapes())
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      Options options = vectorsOf(Shape(shape.size(), 1), 3);
      options.vector[axis] = 4;
      options.books = 2;
      options.group = Shape(shape.size(), 0);
      options.group[axis] = 8;
      Codebook stage(options);
      Array input = gaussian(shape, 1);
      Array decoded = decode(stage, encode(stage, input), shape);
      EXPECT_EQ(decoded.shape, shape);
    }
}

/// The same streams every time, and for one value the value.
TEST(Codebook, IsDeterministic) {
  Array input = gaussian({31, 17}, 2);
  Codebook stage(vectorsOf({1, 4}, 6));
  EXPECT_TRUE(encode(stage, input).codes == encode(stage, input).codes);
  EXPECT_EQ(squaredError(vectorsOf({8, 1}, 8), floats({1, 1}, {2.5f})), 0);
}

/// Entries that f16 cannot hold are its largest.
TEST(Codebook, SaturatesEntries) {
  Codebook stage(vectorsOf({2}, 1));
  Encoded encoded = encode(stage, floats({2}, {1e38f, -1e38f}));
  EXPECT_EQ(toFloats(decode(stage, encoded, {2})),
            (std::vector<float>{65504, -65504}));
}

TEST(Codebook, RefusesWhatItCannotHold) {
  std::vector<Stream> sides;
  Codebook stage(vectorsOf({1, 2}, 1));
  EXPECT_EQ(stage.encode(floats({1, 2}, {0, INFINITY}), {}, sides).message(),
            "element [0, 1] is inf: codebook needs finite values");
  EXPECT_EQ(stage.encode(floats({2}, {0, 1}), {}, sides).message(),
            "codebook has vectors of rank 2, the tensor has rank 1");
}

TEST(Codebook, RefusesOtherStreams) {
  Codebook stage(vectorsOf({1, 2}, 1));
  Array codes = bytes({1, 2}, {0, 1});
  std::vector<Stream> good = {{"codebook", countingEntries({1, 4}, 2)}};
  EXPECT_TRUE(stage.decode(codes, good, {1, 4}));
  EXPECT_EQ(stage.decode(codes, {}, {1, 4}).message(),
            "codebook has 1 side streams, got 0");
  EXPECT_EQ(stage.decode(codes, good, {1, 5}).message(),
            "the main array of codebook has shape [1, 2], expected [1, 3]");
  EXPECT_EQ(
      stage.decode(codes, {{"", countingEntries({1, 6}, 2)}}, {1, 4}).message(),
      "stream 'codebook' has shape [1, 6], expected [1, 4]");
  EXPECT_EQ(stage
                .decode(codes,
                        {{"", countingEntries({1, 4}, 2, ElementType::BF16)}},
                        {1, 4})
                .message(),
            "stream 'codebook' has element type bf16, expected f16");
  EXPECT_EQ(stage.decode(bytes({1, 2}, {0, 2}), good, {1, 4}).message(),
            "element [0, 1] is code 2: codebook has codes below 2");
  Options options = vectorsOf({1, 1}, 16);
  options.group = {1, 1};
  const int64_t huge = int64_t(1) << 27;
  EXPECT_EQ(Codebook(options).check(nullptr, good, {huge, huge}).message(),
            "shape [134217728, 134217728, 1, 65536, 1] is too large");
}
