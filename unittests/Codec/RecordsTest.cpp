//===- RecordsTest.cpp - Arrays of a codec side by side -------------------===//

#include "zq/Codec/Records.h"
#include "TestArrays.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

using namespace zq::codec;

using Component = Records::Component;

/// Two rows of four columns: an i16 for each row of two columns, and four bytes
/// for each column of both rows.
static Records ofTwoRows() {
  return Records(2, 4,
                 {{1, ElementType::I16, 2, 2}, {2, ElementType::I8, 1, 4}});
}

static std::vector<Stream> streamsOf(const Shape &shape) {
  int64_t panels = (shape[0] + 1) / 2;
  std::vector<Stream> streams{
      {"one", bytes({1}, {99})},
      {"pairs", Array(ElementType::I16, {panels, (shape[1] + 1) / 2, 2})},
      {"columns", Array(ElementType::I8, {panels, shape[1], 4})}};
  int next = 0;
  for (size_t i : {1, 2})
    for (uint8_t &byte : streams[i].array.bytes)
      byte = ++next;
  return streams;
}

TEST(Records, PutWhatIsReadTogetherSideBySide) {
  Shape shape{3, 6};
  std::vector<Stream> streams = streamsOf(shape);
  auto joined = ofTwoRows().join(streams, shape);
  ASSERT_TRUE(joined) << joined.message();
  ASSERT_EQ(joined->size(), 2u);
  EXPECT_EQ((*joined)[0].name, "one");
  EXPECT_EQ((*joined)[1].name, "records");
  const Array &records = (*joined)[1].array;
  EXPECT_EQ(records.shape, (Shape{2, 2, 24}));
  auto at = [&](int64_t panel, int64_t record, int64_t byte) -> int {
    return records.bytes[(panel * 2 + record) * 24 + byte];
  };
  // A panel has 12 bytes of pairs, 24 of columns; all pairs come to 24.
  for (int64_t panel : {0, 1}) {
    for (int64_t i = 0; i < 12; ++i)
      EXPECT_EQ(at(panel, i / 8, i % 8), 12 * panel + i + 1);
    for (int64_t i = 0; i < 24; ++i)
      EXPECT_EQ(at(panel, i / 16, 8 + i % 16), 24 + 24 * panel + i + 1);
    // The second record ends after two columns.
    for (int64_t byte : {4, 7, 16, 23})
      EXPECT_EQ(at(panel, 1, byte), 0);
  }
}

TEST(Records, RoundTripOnAwkwardShapes) {
  for (const Shape &shape : {Shape{3, 6}, Shape{1, 1}, Shape{2, 4}, Shape{5, 3},
                             Shape{0, 7}, Shape{7, 0}, Shape{9, 33}}) {
    std::vector<Stream> streams = streamsOf(shape);
    auto joined = ofTwoRows().join(streams, shape);
    ASSERT_TRUE(joined) << joined.message();
    auto again = ofTwoRows().split(*joined, shape);
    ASSERT_TRUE(again) << again.message();
    ASSERT_EQ(again->size(), streams.size());
    for (size_t i = 0; i < streams.size(); ++i) {
      EXPECT_EQ((*again)[i].array.shape, streams[i].array.shape);
      EXPECT_EQ((*again)[i].array.bytes, streams[i].array.bytes);
    }
  }
}

TEST(Records, RefuseWhatTheyDoNotHold) {
  Shape shape{3, 6};
  std::vector<Stream> streams = streamsOf(shape);
  auto joined = *ofTwoRows().join(streams, shape);
  auto messageOf = [&](std::vector<Stream> given, Shape shape) {
    return ofTwoRows().split(given, shape).message();
  };
  EXPECT_EQ(messageOf(joined, {3}), "records need a tensor of rank 2");
  EXPECT_EQ(messageOf({}, shape), "there are no records");
  EXPECT_EQ(messageOf({joined[1]}, shape),
            "the codec has streams beside its records, got 0");
  EXPECT_EQ(messageOf(joined, {3, 9}),
            "records has shape [2, 2, 24], expected [2, 3, 24]");
  auto shorter = joined;
  shorter[1].array.bytes.pop_back();
  EXPECT_EQ(messageOf(shorter, shape), "records holds 95 bytes, expected 96");
  auto wider = joined;
  wider[1].array.type = ElementType::I16;
  EXPECT_EQ(messageOf(wider, shape),
            "records has element type i16, expected i8");
  EXPECT_FALSE(messageOf(joined, {-1, 6}).empty());
  EXPECT_FALSE(messageOf(joined, {int64_t(1) << 62, 6}).empty());

  // Before anything is allocated.
  for (const Shape &large :
       {Shape{int64_t(1) << 62, 6}, Shape{-1, 6}, Shape{int64_t(1) << 56, 1}})
    EXPECT_FALSE(ofTwoRows().join(streams, large));
  streams[1].array.bytes.pop_back();
  EXPECT_EQ(ofTwoRows().join(streams, shape).message(),
            "pairs holds 23 bytes, expected 24");
  streams.pop_back();
  EXPECT_FALSE(ofTwoRows().join(streams, shape));
}

//===----------------------------------------------------------------------===//
// Codecs
//===----------------------------------------------------------------------===//

static std::vector<std::shared_ptr<const Stage>> scaledCodes() {
  ScaleOptions options;
  options.rows = 4;
  PackLayout layout;
  layout.lanes = {4, 4};
  return {std::make_shared<Scale>(std::vector<int64_t>{1, 16},
                                  StoredFloats(ElementType::F16), options),
          std::make_shared<QuantizeInteger>(4, true),
          std::make_shared<Pack>(4, layout)};
}

/// 32 columns of 4 rows: 16 bytes of scales, 64 of codes.
static Codec inRecords() {
  return Codec(scaledCodes(),
               std::make_shared<Records>(
                   4, 32,
                   std::vector<Component>{{0, ElementType::F16, 16, 4},
                                          {1, ElementType::I8, 8, 16}}));
}

TEST(Records, DecodeToTheVeryValues) {
  for (const Shape &shape : {Shape{9, 70}, Shape{1, 5}, Shape{4, 32}}) {
    Array values = gaussian(shape, 3);
    Codec apart(scaledCodes()), codec = inRecords();
    auto streams = codec.encode(values);
    ASSERT_TRUE(streams) << streams.message();
    ASSERT_EQ(streams->size(), 1u);
    EXPECT_EQ(codec.numStreams(), 1u);
    EXPECT_EQ((*streams)[0].array.shape,
              (Shape{(shape[0] + 3) / 4, (shape[1] + 31) / 32, 80}));
    EXPECT_TRUE(codec.check(*streams, shape, ElementType::F32));
    auto decoded = codec.decode(*streams, shape, ElementType::F32);
    ASSERT_TRUE(decoded) << decoded.message();
    EXPECT_EQ(decoded->bytes, apart.roundTrip(values)->bytes);
  }
}

TEST(Records, OfACodecAreChecked) {
  Shape shape{9, 70};
  auto streams = *inRecords().encode(gaussian(shape, 3));
  streams[0].array.bytes.resize(17);
  EXPECT_FALSE(inRecords().check(streams, shape, ElementType::F32));
  EXPECT_FALSE(inRecords().decode(streams, shape, ElementType::F32));
  // Whatever is in them is looked at as it would be elsewhere.
  auto apart = Codec(scaledCodes()).encode(gaussian(shape, 3));
  EXPECT_FALSE(inRecords().check(*apart, shape, ElementType::F32));
}
