//===- TranscodeTest.cpp - From one lossless coding to another ------------===//

#include "zq/Codec/Transcode.h"
#include "TestSymbols.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Rans.h"
#include "zq/Codec/RegisterRans.h"
#include "zq/Codec/Scale.h"
#include "zq/Codec/Window.h"

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;

/// Every stage that ends a chain of codes of `bits` bits.
static Stages entropyStages(int bits) {
  return {std::make_shared<Pack>(bits),
          std::make_shared<Huffman>(bits, 64, 12),
          std::make_shared<Window>(bits, std::vector<int>{3},
                                   WindowKind::Palette, 64),
          std::make_shared<Window>(bits, std::vector<int>{2, 2},
                                   WindowKind::Palette, 128),
          std::make_shared<Rans>(bits, 11, 128),
          std::make_shared<RegisterRans>(bits, 64, 2)};
}

/// Streams equal to what `to` would have made of the values itself.
static void expectSameStreams(const std::vector<Stream> &a,
                              const std::vector<Stream> &b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_TRUE(a[i].array == b[i].array) << a[i].name;
  }
}

TEST(Transcode, ExchangesTheEntropyStage) {
  const Stages head = {
      std::make_shared<Scale>(std::vector<int64_t>{1, 32}, ElementType::F16),
      std::make_shared<QuantizeInteger>(4, true)};
  Array values = gaussian({5, 170}, 3);
  for (const auto &last : entropyStages(4))
    for (const auto &next : entropyStages(4)) {
      Codec from({head[0], head[1], last}), to({head[0], head[1], next});
      Result<std::vector<Stream>> streams = from.encode(values);
      ASSERT_TRUE(streams) << streams.message();
      Result<std::vector<Stream>> changed =
          transcode(from, *streams, values.shape, to);
      ASSERT_TRUE(changed) << changed.message();
      expectSameStreams(*changed, *to.encode(values));
    }
}

TEST(Transcode, KeepsTheStreamsAbove) {
  auto scale =
      std::make_shared<Scale>(std::vector<int64_t>{1, 32}, ElementType::F16);
  auto quantize = std::make_shared<QuantizeInteger>(4, true);
  Codec from({scale, quantize, std::make_shared<Huffman>(4, 64, 12)});
  Codec to({scale, quantize, std::make_shared<Pack>(4)});
  Array values = gaussian({5, 170}, 3);
  std::vector<Stream> streams = *from.encode(values);
  // A scale that no encoder would choose stays.
  streams[0].array.setFloat(2, 1000);
  Result<std::vector<Stream>> changed =
      transcode(from, streams, values.shape, to);
  ASSERT_TRUE(changed) << changed.message();
  EXPECT_TRUE((*changed)[0].array == streams[0].array);
  EXPECT_TRUE(*from.decode(streams, values.shape, ElementType::F32) ==
              *to.decode(*changed, values.shape, ElementType::F32));
}

TEST(Transcode, ExchangesLosslessStagesOfAnyNumber) {
  Codec fields(
      {std::make_shared<FloatFields>(), std::make_shared<Huffman>(8, 100, 12)});
  Codec other(
      {std::make_shared<FloatFields>(), std::make_shared<Rans>(8, 11, 128)});
  Codec bare({std::make_shared<FloatFields>()});
  Array values = gaussian({5, 170}, 3, ElementType::BF16);
  std::vector<Stream> streams = *fields.encode(values);
  for (const Codec *to : {&other, &bare, &fields}) {
    Result<std::vector<Stream>> changed =
        transcode(fields, streams, values.shape, *to);
    ASSERT_TRUE(changed) << changed.message();
    expectSameStreams(*changed, *to->encode(values));
  }
}

TEST(Transcode, RefusesToChangeValues) {
  auto scale =
      std::make_shared<Scale>(std::vector<int64_t>{1, 32}, ElementType::F16);
  auto quantize = std::make_shared<QuantizeInteger>(4, true);
  auto pack = std::make_shared<Pack>(4);
  Codec from({scale, quantize, pack});
  Array values = gaussian({5, 170}, 3);
  std::vector<Stream> streams = *from.encode(values);
  auto message = [&](const Codec &to) {
    Result<std::vector<Stream>> changed =
        transcode(from, streams, values.shape, to);
    return changed ? "" : changed.message();
  };
  EXPECT_EQ(
      message(Codec({scale, std::make_shared<QuantizeInteger>(4, true), pack})),
      "the codecs differ from quantize on, and not only in lossless "
      "stages");
  EXPECT_EQ(message(Codec({scale, pack})),
            "the codecs differ from quantize on, and not only in lossless "
            "stages");
  EXPECT_EQ(message(Codec({scale, quantize})),
            "pack follows where the other codec ends");
  EXPECT_EQ(message(Codec({scale, quantize, std::make_shared<FloatFields>()})),
            "fields decodes to bf16, but pack to i8");
}

TEST(Transcode, RefusesStreamsOfAnotherCodec) {
  Codec from({std::make_shared<Huffman>(4, 64, 12)});
  Codec to({std::make_shared<Pack>(4)});
  std::vector<Stream> streams = *from.encode(skewedCodes({3, 5}, 16, 1));
  EXPECT_EQ(transcode(from, streams, {4, 5}, to).message(),
            "stream 'offsets' has shape [3, 1], expected [4, 1]");
  streams.pop_back();
  EXPECT_EQ(transcode(from, streams, {3, 5}, to).message(),
            "the codec has 3 streams, got 2");
}
