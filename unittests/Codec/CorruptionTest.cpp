//===- CorruptionTest.cpp - Streams that something happened to ------------===//
//
// Every decode of a damaged stream gives a value or an error. That nothing is
// read out of bounds shows under -fsanitize=address,undefined.
//
//===----------------------------------------------------------------------===//

#include "TestArrays.h"
#include "zq/Codec/Bitmap.h"
#include "zq/Codec/Channels.h"
#include "zq/Codec/Codebook.h"
#include "zq/Codec/Dyadic.h"
#include "zq/Codec/FloatFields.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Lattice.h"
#include "zq/Codec/LowRank.h"
#include "zq/Codec/Nested.h"
#include "zq/Codec/Octahedral.h"
#include "zq/Codec/Offset.h"
#include "zq/Codec/Orthogonal.h"
#include "zq/Codec/Outliers.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Permute.h"
#include "zq/Codec/Planes.h"
#include "zq/Codec/Power.h"
#include "zq/Codec/Pvq.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Rans.h"
#include "zq/Codec/RegisterRans.h"
#include "zq/Codec/Residual.h"
#include "zq/Codec/Scale.h"
#include "zq/Codec/Sketch.h"
#include "zq/Codec/Sparse.h"
#include "zq/Codec/Tables.h"
#include "zq/Codec/Window.h"

#include <gtest/gtest.h>

using namespace zq::codec;

/// Damages one stream: a flipped bit, other bytes, another length, shape or
/// type.
static void damage(Stream &stream, std::mt19937 &generator) {
  Array &array = stream.array;
  size_t size = array.bytes.size();
  switch (generator() % 8) {
  case 0: // Bytes lost, the shape not told.
    array.bytes.resize(size ? generator() % size : 0);
    return;
  case 1: // Cut short consistently, as by a wrong file.
    if (!array.shape.empty() && array.shape[0] > 0) {
      array.shape[0] = generator() % array.shape[0];
      array.bytes.resize(array.size() * byteWidth(array.type));
    }
    return;
  case 2:
    if (!array.shape.empty())
      array.shape[generator() % array.shape.size()] += int(generator() % 3) - 1;
    return;
  case 3:
    array.type = ElementType(generator() % 11);
    return;
  case 4:
    array.shape.push_back(generator() % 2 ? -1 : int64_t(1) << 62);
    return;
  default:
    for (unsigned n = 1 + generator() % 4; n > 0 && size; --n)
      array.bytes[generator() % size] ^= 1 << generator() % 8;
  }
}

static void expectNoCrash(const Codec &codec, const Array &input) {
  Result<std::vector<Stream>> streams = codec.encode(input);
  ASSERT_TRUE(streams) << streams.message();
  std::mt19937 generator(99);
  int values = 0, errors = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::vector<Stream> damaged = *streams;
    damage(damaged[generator() % damaged.size()], generator);
    Result<Array> result = codec.decode(damaged, input.shape, input.type);
    // What is fit for compiled code decodes, but for chunks that end early.
    Status valid = codec.check(damaged, input.shape, input.type);
    if (valid && !result)
      EXPECT_NE(result.message().find("chunk"), std::string::npos)
          << result.message();
    if (result) {
      EXPECT_TRUE(valid) << valid.message();
      EXPECT_EQ(result->shape, input.shape);
      EXPECT_EQ(result->bytes.size(), input.bytes.size());
      ++values;
    } else {
      EXPECT_FALSE(result.message().empty());
      ++errors;
    }
  }
  // Both happen, or the damage is not worth its name.
  EXPECT_GT(values, 100);
  EXPECT_GT(errors, 100);
}

TEST(Corruption, OfPackedStreams) {
  Codec codec({std::make_shared<Hadamard>(1, 8, 1),
               std::make_shared<Scale>(std::vector<int64_t>{1, 8},
                                       ElementType::F16, true),
               std::make_shared<QuantizeInteger>(3, true),
               std::make_shared<Pack>(3)});
  expectNoCrash(codec, gaussian({5, 21}, 1));
}

TEST(Corruption, OfSidesWithCodecs) {
  auto dyadic =
      std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
          std::make_shared<Dyadic>(7), std::make_shared<Pack>(7)});
  auto scaled =
      std::make_shared<Codec>(std::vector<std::shared_ptr<const Stage>>{
          std::make_shared<Scale>(std::vector<int64_t>{1, 2}, ElementType::F16),
          std::make_shared<QuantizeInteger>(5, true),
          std::make_shared<Pack>(5)});
  ScaleOptions options;
  options.zero = StoredFloats(CodecRef(scaled));
  Codec codec({std::make_shared<Offset>(std::vector<int64_t>{1, 6},
                                        StoredFloats(CodecRef(scaled)),
                                        OffsetStatistic::Min),
               std::make_shared<Scale>(std::vector<int64_t>{1, 4},
                                       StoredFloats(CodecRef(dyadic)), options),
               std::make_shared<QuantizeInteger>(3, false),
               std::make_shared<Pack>(3)});
  expectNoCrash(codec, gaussian({5, 21}, 1));
}

TEST(Corruption, OfDigitsInTiles) {
  PackLayout layout;
  layout.radix = 3;
  layout.tile = {2, 8};
  Codec codec({std::make_shared<Scale>(Shape{1, 8}, ElementType::F16),
               std::make_shared<Lookup>(std::vector<float>{-1, 0, 1}),
               std::make_shared<Pack>(2, layout)});
  expectNoCrash(codec, gaussian({5, 21}, 1));
}

TEST(Corruption, OfSparseValues) {
  auto index = std::make_shared<Codec>(Codec({std::make_shared<Pack>(3)}));
  Codec codec({std::make_shared<Sparse>(2, 5, index),
               std::make_shared<Scale>(Shape{1, 4}, ElementType::F16),
               std::make_shared<QuantizeInteger>(8, true),
               std::make_shared<Pack>(8)});
  expectNoCrash(codec, gaussian({5, 21}, 1));
}

TEST(Corruption, OfBitmaps) {
  expectNoCrash(Codec({std::make_shared<Bitmap>(16, 3)}),
                skewedCodes({5, 21}, 8, 1));
  expectNoCrash(Codec({std::make_shared<Sparse>(2, 5),
                       std::make_shared<Bitmap>(16, ElementType::F16)}),
                gaussian({5, 21}, 1));
}

TEST(Corruption, OfTableCodes) {
  Codec codec({std::make_shared<Scale>(std::vector<int64_t>{0, 7},
                                       ElementType::F8E8M0FNU),
               std::make_shared<Lookup>(std::vector<float>{-1, 0, 0.5, 0.7, 1}),
               std::make_shared<Pack>(3)});
  expectNoCrash(codec, gaussian({5, 21}, 1, ElementType::BF16));
}

TEST(Corruption, OfTablesAndTags) {
  const std::vector<std::vector<float>> tables = {
      {-1, 0, 1}, {-2, -1, 0, 1, 2}, {0, 1, 3}};
  auto tags = std::make_shared<Codec>(Codec({std::make_shared<Pack>(2)}));
  Codec codec({std::make_shared<Tables>(Shape{1, 8}, ElementType::F8E4M3FN,
                                        tables, tags),
               std::make_shared<Pack>(3)});
  expectNoCrash(codec, gaussian({5, 21}, 1));
}

TEST(Corruption, OfNestedCodes) {
  Codec codec({std::make_shared<Scale>(Shape{0, 7}, ElementType::F32),
               std::make_shared<QuantizeInteger>(6, true),
               std::make_shared<Nested>(6, 3)});
  expectNoCrash(codec, gaussian({5, 21}, 1));
}

TEST(Corruption, OfTernaryCodesAndPowers) {
  expectNoCrash(
      Codec({std::make_shared<QuantizeInteger>(IntegerGrid::levels(3))}),
      gaussian({5, 21}, 1));
  expectNoCrash(Codec({std::make_shared<Power>(3, 0.75)}),
                gaussian({5, 21}, 1));
}

TEST(Corruption, OfVectorCodes) {
  expectNoCrash(Codec({std::make_shared<LatticeE8P>()}), gaussian({5, 21}, 1));
  expectNoCrash(Codec({std::make_shared<Pvq>(5, 4)}), gaussian({5, 21}, 1));
  expectNoCrash(Codec({std::make_shared<Octahedral>(2, 8)}),
                gaussian({5, 21}, 1));
}

TEST(Corruption, OfCodebooks) {
  Codebook::Options options;
  options.vector = {1, 4};
  options.bits = 3;
  options.books = 2;
  options.group = {2, 8};
  options.stored = CodecRef(std::make_shared<Codec>(
      Codec({std::make_shared<Scale>(Shape{1, 4}, ElementType::F16),
             std::make_shared<QuantizeInteger>(4, true)})));
  expectNoCrash(Codec({std::make_shared<Codebook>(options)}),
                gaussian({5, 21}, 1));
}

TEST(Corruption, OfHuffmanStreams) {
  Codec codec(
      {std::make_shared<FloatFields>(), std::make_shared<Huffman>(8, 9, 7)});
  expectNoCrash(codec, gaussian({3, 40}, 2, ElementType::BF16));
}

TEST(Corruption, OfHuffmanStreamsAlone) {
  for (int maxLength : {4, 16})
    expectNoCrash(Codec({std::make_shared<Huffman>(4, 16, maxLength)}),
                  skewedCodes({2, 50}, 16, 3));
}

TEST(Corruption, OfPlanes) {
  auto pack = std::make_shared<Codec>(
      std::vector<std::shared_ptr<const Stage>>{std::make_shared<Pack>(2)});
  expectNoCrash(Codec({std::make_shared<Planes>(4, 2, pack),
                       std::make_shared<Huffman>(2, 16, 4)}),
                skewedCodes({2, 50}, 16, 3));
}

TEST(Corruption, OfWindowStreams) {
  for (const std::vector<int> &widths :
       std::vector<std::vector<int>>{{3}, {2, 2}, {1, 2, 3}})
    expectNoCrash(
        Codec({std::make_shared<FloatFields>(),
               std::make_shared<Window>(8, widths, WindowKind::Palette, 16)}),
        gaussian({3, 40}, 2, ElementType::BF16));
  expectNoCrash(Codec({std::make_shared<Window>(4, std::vector<int>{2},
                                                WindowKind::Base, 16)}),
                skewedCodes({2, 50}, 16, 3));
}

TEST(Corruption, OfRansStreams) {
  for (int precision : {6, 12})
    expectNoCrash(Codec({std::make_shared<FloatFields>(ElementType::F16),
                         std::make_shared<Rans>(5, precision, 100)}),
                  gaussian({3, 400}, 2, ElementType::F16));
}

TEST(Corruption, OfRegisterRansStreams) {
  expectNoCrash(Codec({std::make_shared<FloatFields>(),
                       std::make_shared<RegisterRans>(8, 64, 2)}),
                gaussian({3, 400}, 2, ElementType::BF16));
  expectNoCrash(Codec({std::make_shared<RegisterRans>(3, 64, 1)}),
                skewedCodes({3, 400}, 8, 3));
}

/// Every stage of whole tensors in one codec, over sides with codecs.
TEST(Corruption, OfTransformsAndSplits) {
  CodecRef coded = std::make_shared<Codec>(Codec(
      {std::make_shared<Scale>(std::vector<int64_t>{}, ElementType::F32),
       std::make_shared<QuantizeInteger>(8, true), std::make_shared<Pack>(8)}));
  Codec codec(
      {std::make_shared<Permute>(1), std::make_shared<Channels>(1, 3, coded),
       std::make_shared<Outliers>(0.1, Outliers::Join::Add, coded),
       std::make_shared<LowRank>(2, LowRank::Of::Error, ElementType::F16),
       std::make_shared<Residual>(coded),
       std::make_shared<Orthogonal>(1, 4, 1, /*perBlock=*/true),
       std::make_shared<Sketch>(0, 1),
       std::make_shared<Scale>(std::vector<int64_t>{1, 8}, ElementType::F16),
       std::make_shared<QuantizeInteger>(3, true), std::make_shared<Pack>(3)});
  expectNoCrash(codec, gaussian({5, 21}, 1));
}

TEST(Corruption, OfTheShape) {
  std::vector<std::shared_ptr<const Codec>> codecs = {
      std::make_shared<Codec>(Codec({std::make_shared<Pack>(3)})),
      std::make_shared<Codec>(Codec({std::make_shared<Huffman>(4, 8, 8)})),
      std::make_shared<Codec>(Codec({std::make_shared<Window>(
          4, std::vector<int>{2, 2}, WindowKind::Palette, 8)})),
      std::make_shared<Codec>(Codec({std::make_shared<Rans>(4, 8, 8)})),
      std::make_shared<Codec>(
          Codec({std::make_shared<RegisterRans>(4, 64, 1)}))};
  const int64_t huge = int64_t(1) << 40;
  for (const auto &codec : codecs) {
    Result<std::vector<Stream>> streams =
        codec->encode(skewedCodes({2, 50}, 8, 3));
    ASSERT_TRUE(streams);
    for (const std::vector<int64_t> &shape : {std::vector<int64_t>{},
                                              {50},
                                              {2, 49 + 9},
                                              {-2, -50},
                                              {huge, huge},
                                              {0, huge, huge},
                                              {2, huge},
                                              {2, INT64_MAX},
                                              {INT64_MIN, 50}})
      EXPECT_FALSE(codec->decode(*streams, shape, ElementType::I8));
  }
}

/// A dimension of zero makes the product harmless, but not that of the others.
TEST(Corruption, OfTheShapeBehindAZero) {
  const int64_t huge = int64_t(1) << 40;
  Status status = QuantizeInteger(4, true).check(nullptr, {}, {0, huge, huge});
  EXPECT_EQ(status.message(),
            "shape [0, 1099511627776, 1099511627776] is too large");
}
