//===- TestSymbols.h - Entropy stages on their own ------------------------===//
#ifndef ZQ_UNITTESTS_CODEC_TESTSYMBOLS_H
#define ZQ_UNITTESTS_CODEC_TESTSYMBOLS_H

#include "TestArrays.h"
#include "zq/Codec/FloatFields.h"

#include <gtest/gtest.h>

namespace zq::codec {

/// What a stage stores.
struct Encoded {
  Array main;
  std::vector<Stream> sides;
};

inline Encoded encodeStage(const Stage &stage, const Array &input) {
  Encoded result;
  Result<Array> main = stage.encode(input, {}, result.sides);
  EXPECT_TRUE(main) << main.message();
  if (main)
    result.main = *main;
  return result;
}

inline void expectRoundTrip(const Stage &stage, const Array &input) {
  Encoded e = encodeStage(stage, input);
  Result<Array> decoded = stage.decode(e.main, e.sides, input.shape);
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_TRUE(*decoded == input);
}

/// The least bits per symbol of a code that knows the histogram only.
inline double entropy(const Array &symbols) {
  std::vector<double> counts(256);
  for (uint8_t symbol : symbols.bytes)
    ++counts[symbol];
  double bits = 0;
  for (double count : counts)
    if (count)
      bits -= count * std::log2(count / double(symbols.size()));
  return bits / double(symbols.size());
}

/// The exponent fields of normally distributed bf16 values.
inline Array gaussianExponents(std::vector<int64_t> shape, unsigned seed) {
  std::vector<Stream> sides;
  Array values = gaussian(std::move(shape), seed, ElementType::BF16);
  for (int64_t i = 0; i < values.size(); ++i)
    values.setFloat(i, 0.02f * values.getFloat(i));
  return *FloatFields().encode(values, {}, sides);
}

/// Every symbol of 8 bits, and some more often than others.
inline Array allSymbols() {
  Array symbols(ElementType::I8, {3, 1000});
  for (int64_t i = 0; i < symbols.size(); ++i)
    symbols.set(i, uint8_t(i * i / 7));
  for (int i = 0; i < 256; ++i)
    symbols.set(i, uint8_t(i));
  return symbols;
}

/// `count` times the same symbol.
inline Array constantSymbols(std::vector<int64_t> shape, uint8_t symbol) {
  Array symbols(ElementType::I8, std::move(shape));
  symbols.bytes.assign(symbols.bytes.size(), symbol);
  return symbols;
}

} // namespace zq::codec

#endif // ZQ_UNITTESTS_CODEC_TESTSYMBOLS_H
