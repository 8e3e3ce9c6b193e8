//===- DFloat11Test.cpp - Reading tensors published as DFloat11 -----------===//

#include "zq/Codec/DFloat11.h"
#include "TestSymbols.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/HuffmanCode.h"

#include <map>

using namespace zq::codec;

namespace {
/// A prefix code, first bit on top.
struct Code {
  uint32_t bits;
  int length;
};
} // namespace

/// The canonical code of these lengths. The last symbol of the longest codes is
/// the end symbol, 256.
static std::map<int, Code> canonical(const std::map<int, int> &lengths) {
  std::map<int, Code> codes;
  uint32_t next = 0;
  for (int length = 1; length <= 32; ++length) {
    next <<= 1;
    for (auto [symbol, own] : lengths)
      if (own == length)
        codes[symbol] = {next++, length};
  }
  return codes;
}

/// `luts` as the publisher's get_luts builds them.
static Array lutsOf(const std::map<int, Code> &codes) {
  // A table for every prefix of whole bytes that is not a code's last byte.
  std::map<std::pair<int, uint32_t>, int> tables = {{{0, 0}, 0}};
  for (int bytesBefore = 1; bytesBefore < 4; ++bytesBefore)
    for (auto [symbol, code] : codes)
      if (symbol < 256 && (code.length - 1) / 8 >= bytesBefore)
        tables.emplace(
            std::make_pair(bytesBefore,
                           code.bits >> (code.length - 8 * bytesBefore)),
            int(tables.size()));
  Array luts(ElementType::I8, {int64_t(tables.size()) + 1, 256});
  for (auto [prefix, table] : tables) {
    std::map<int, int> entries;
    for (auto [symbol, code] : codes) {
      auto [before, bits] = prefix;
      if (symbol == 256 || (code.length - 1) / 8 < before ||
          (before && code.bits >> (code.length - 8 * before) != bits))
        continue;
      int left = code.length - 8 * before;
      if (left <= 8) {
        entries[code.bits << (8 - left) & 0xFF] = symbol;
      } else {
        uint32_t next = code.bits >> (left - 8);
        entries[next & 0xFF] = 256 - tables.at({before + 1, next});
      }
    }
    int entry = 0;
    for (int i = 0; i < 256; ++i) {
      if (entries.count(i))
        entry = entries[i];
      luts.set<uint8_t>(table * 256 + i, entry);
    }
  }
  for (auto [symbol, code] : codes)
    if (symbol < 256)
      luts.set<uint8_t>(int64_t(tables.size()) * 256 + symbol, code.length);
  return luts;
}

/// Numbers of `width` bits as bytes, the most significant bit first.
static Array bitString(const std::vector<Code> &fields) {
  std::vector<bool> bits;
  for (Code field : fields)
    for (int i = field.length; i-- > 0;)
      bits.push_back(field.bits >> i & 1);
  Array array(ElementType::I8, {int64_t(bits.size() + 7) / 8});
  for (size_t i = 0; i < bits.size(); ++i)
    array.bytes[i / 8] |= bits[i] << (7 - i % 8);
  return array;
}

/// Publishes bf16 `values` with codes of these lengths, as `encode_weights` of
/// the publisher does.
static DFloat11 publish(const Array &values, const std::map<int, int> &lengths,
                        int64_t threadsPerBlock) {
  std::map<int, Code> codes = canonical(lengths);
  DFloat11 published;
  published.threadsPerBlock = threadsPerBlock;
  published.luts = lutsOf(codes);
  published.signMantissa = Array(ElementType::I8, {values.size()});
  std::vector<Code> stream, gaps;
  std::vector<uint32_t> positions;
  int64_t bit = 0;
  auto note = [&](int64_t element) {
    if (bit / 64 + 1 > int64_t(gaps.size()))
      gaps.push_back({uint32_t(bit % 64), 5});
    if (bit / 64 / threadsPerBlock + 1 > int64_t(positions.size()))
      positions.push_back(element);
  };
  for (int64_t i = 0; i < values.size(); ++i) {
    uint16_t raw = values.get<uint16_t>(i);
    published.signMantissa.set<uint8_t>(i, (raw >> 8 & 0x80) | (raw & 0x7F));
    note(i);
    stream.push_back(codes.at(raw >> 7 & 0xFF));
    bit += stream.back().length;
  }
  if (bit % 8) {
    note(values.size());
    // As much of the end symbol as fills the byte.
    Code end = codes.at(256);
    int room = 8 - bit % 8;
    stream.push_back({end.length > room ? end.bits >> (end.length - room)
                                        : end.bits << (room - end.length),
                      room});
  }
  positions.push_back(values.size());
  published.encodedExponent = bitString(stream);
  int64_t blocks = int64_t(positions.size()) - 1;
  gaps.resize(blocks * threadsPerBlock, {0, 5});
  published.gaps = bitString(gaps);
  published.outputPositions = Array(ElementType::I8, {4 * (blocks + 1)});
  for (size_t i = 0; i < positions.size(); ++i)
    for (int k = 0; k < 4; ++k)
      published.outputPositions.set<uint8_t>(4 * i + k,
                                             positions[i] >> (8 * k) & 0xFF);
  return published;
}

/// A Huffman code of the exponents of `values` and the end symbol.
static std::map<int, int> lengthsOf(const Array &values) {
  std::vector<int64_t> counts(257);
  for (int64_t i = 0; i < values.size(); ++i)
    ++counts[values.get<uint16_t>(i) >> 7 & 0xFF];
  counts[256] = 1;
  std::vector<int> lengths = *huffmanLengths(counts, 32);
  std::map<int, int> result;
  for (int symbol = 0; symbol <= 256; ++symbol)
    if (lengths[symbol])
      result[symbol] = lengths[symbol];
  return result;
}

TEST(DFloat11, DecodesToTheSameBits) {
  for (const std::vector<int64_t> &shape :
       {std::vector<int64_t>{1}, {2, 3}, {30, 333}, {64, 512}}) {
    Array values = gaussian(shape, 3, ElementType::BF16);
    for (int64_t threads : {4, 512}) {
      DFloat11 published = publish(values, lengthsOf(values), threads);
      Result<Array> decoded = importDFloat11(published, shape);
      ASSERT_TRUE(decoded) << decoded.message();
      EXPECT_TRUE(*decoded == values);
    }
  }
}

TEST(DFloat11, DecodesCodesOfUpTo32Bits) {
  // Lengths 1, 2, ..., 31, 32, 32: all four levels of tables. Every exponent
  // comes up, long codes next to each other.
  std::map<int, int> lengths;
  for (int i = 0; i < 32; ++i)
    lengths[100 + i] = i + 1;
  lengths[256] = 32;
  Array values(ElementType::BF16, {500});
  for (int64_t i = 0; i < values.size(); ++i)
    values.set<uint16_t>(i, (100 + (i < 64 ? 31 - i % 32 : i * i % 32)) << 7 |
                                (i & 0x7F) | (i % 3 ? 0x8000 : 0));
  DFloat11 published = publish(values, lengths, 8);
  EXPECT_EQ(published.luts.shape[0], 5);
  Result<Array> decoded = importDFloat11(published, {20, 25});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_EQ(decoded->bytes, values.bytes);
}

TEST(DFloat11, IsEncodedAnew) {
  Array values = gaussian({30, 333}, 3, ElementType::BF16);
  Result<Array> imported =
      importDFloat11(publish(values, lengthsOf(values), 512), values.shape);
  ASSERT_TRUE(imported) << imported.message();
  Codec codec(
      {std::make_shared<FloatFields>(), std::make_shared<Huffman>(8, 128, 12)});
  Result<std::vector<Stream>> streams = codec.encode(*imported);
  ASSERT_TRUE(streams) << streams.message();
  Result<Array> decoded =
      codec.decode(*streams, values.shape, ElementType::BF16);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_TRUE(*decoded == values);
}

TEST(DFloat11, HoldsNoElements) {
  DFloat11 published;
  published.luts = Array(ElementType::I8, {2, 256});
  published.encodedExponent = Array(ElementType::I8, {0});
  published.signMantissa = Array(ElementType::I8, {0});
  published.outputPositions = Array(ElementType::I8, {4});
  published.gaps = Array(ElementType::I8, {0});
  Result<Array> decoded = importDFloat11(published, {0, 5});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_EQ(decoded->shape, (std::vector<int64_t>{0, 5}));
}

TEST(DFloat11, ChecksItsBuffers) {
  Array values = gaussian({20, 50}, 3, ElementType::BF16);
  const DFloat11 good = publish(values, lengthsOf(values), 4);
  auto message = [&](const DFloat11 &published) {
    Result<Array> result = importDFloat11(published, values.shape);
    return result ? "" : result.message();
  };
  EXPECT_EQ(message(good), "");

  DFloat11 bad = good;
  bad.luts = Array(ElementType::I8, {1, 256});
  EXPECT_EQ(message(bad),
            "buffer 'luts' has shape [1, 256], expected [2 or more, 256]");
  bad = good;
  bad.signMantissa = Array(ElementType::I8, {999});
  EXPECT_EQ(message(bad),
            "buffer 'sign_mantissa' has shape [999], expected [1000]");
  bad = good;
  bad.threadsPerBlock = 0;
  EXPECT_EQ(message(bad), "a block of 0 threads, expected 1 to 65536");
  bad = good;
  // The last position, the total.
  bad.outputPositions.bytes[bad.outputPositions.size() - 4] ^= 1;
  EXPECT_EQ(message(bad),
            "buffer 'output_positions' ends at 1001 elements, expected 1000");
  bad = good;
  bad.outputPositions.bytes[4] ^= 1;
  EXPECT_NE(message(bad).find("block 1 begins at element "), std::string::npos);
  bad = good;
  bad.gaps.bytes[0] ^= 0x80;
  EXPECT_EQ(message(bad), "thread 0 has a gap of 16 bits, but its first code "
                          "is at bit 0");
  bad = good;
  bad.gaps = Array(ElementType::I8, {3});
  EXPECT_NE(message(bad).find("buffer 'gaps' has shape [3], expected "),
            std::string::npos);

  // Lengths of zero, and pointers to tables that there are not.
  bad = good;
  for (int i = 0; i < 256; ++i)
    bad.luts.set<uint8_t>((bad.luts.shape[0] - 1) * 256 + i, 0);
  EXPECT_EQ(message(bad), "element [0, 0] has no code at bit 0");
  for (int entry : {240, 255}) {
    bad = good;
    bad.luts = Array(ElementType::I8, {2, 256});
    bad.luts.bytes.assign(512, entry);
    EXPECT_EQ(message(bad), "element [0, 0] has no code at bit 0");
  }
  // A pointer to the lengths, which would do for exponents.
  bad.luts.bytes.assign(256, 255);
  bad.luts.bytes.resize(512, 8);
  EXPECT_EQ(message(bad), "element [0, 0] has no code at bit 0");
  // The last code is cut off.
  bad = good;
  bad.encodedExponent.shape[0] -= 1;
  bad.encodedExponent.bytes.pop_back();
  EXPECT_EQ(message(bad),
            "element [19, 49] runs past the end of buffer 'encoded_exponent'");
  // A circle of pointers.
  bad = good;
  bad.luts = Array(ElementType::I8, {17, 256});
  bad.luts.bytes.assign(17 * 256, 255);
  EXPECT_EQ(message(bad), "element [0, 0] has no code at bit 0");
}

TEST(DFloat11, SurvivesDamage) {
  Array values = gaussian({20, 50}, 3, ElementType::BF16);
  const DFloat11 good = publish(values, lengthsOf(values), 4);
  std::mt19937 generator(5);
  int errors = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    DFloat11 bad = good;
    Array *buffers[] = {&bad.luts, &bad.encodedExponent, &bad.signMantissa,
                        &bad.outputPositions, &bad.gaps};
    Array &buffer = *buffers[generator() % 5];
    if (generator() % 4 == 0) {
      buffer.shape[0] = generator() % (buffer.shape[0] + 1);
      buffer.bytes.resize(buffer.size());
    } else {
      buffer.bytes[generator() % buffer.bytes.size()] ^= 1 << generator() % 8;
    }
    Result<Array> decoded = importDFloat11(bad, values.shape);
    errors += !decoded;
  }
  EXPECT_GT(errors, 1000);
  EXPECT_LT(errors, 2900);
}
