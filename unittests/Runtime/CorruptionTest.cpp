//===- CorruptionTest.cpp - Damaged tensor files are refused or read ------===//
//
// What a damaged file may do: give an error, or an array whose bytes fit its
// shape. Run under AddressSanitizer to see that it does nothing else.
//
//===----------------------------------------------------------------------===//
#include "zq/Runtime/Npy.h"
#include "zq/Runtime/Safetensors.h"

#include "TemporaryFile.h"

#include <functional>
#include <random>

using namespace zq;
using namespace zq::runtime;
using codec::Array;
using codec::ElementType;

namespace {
class CorruptionTest : public TemporaryFileTest {
protected:
  /// Damages `text` in one of several ways.
  std::string damage(std::string text) {
    auto below = [&](size_t bound) {
      return static_cast<size_t>(random() % bound);
    };
    // Most bytes matter only in the header, which is at the beginning.
    auto position = [&] {
      return below(random() % 4 ? std::min<size_t>(text.size(), 300)
                                : text.size());
    };
    for (size_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
      switch (below(6)) {
      case 0:
        text[position()] ^= static_cast<char>(1 << below(8));
        break;
      case 1:
        text[position()] = static_cast<char>(random());
        break;
      case 2:
        text.resize(below(text.size() + 1));
        break;
      case 3:
        text.erase(position(), 1 + below(8));
        break;
      case 4:
        text.insert(position(), 1, "0123456789-.\"'{}[](),: \\\0"[below(25)]);
        break;
      case 5:
        text.insert(position(), text.substr(position(), below(40)));
        break;
      }
    }
    return text;
  }

  /// A sound array has as many bytes as its shape says.
  static void expectSound(const Array &array) {
    EXPECT_EQ(static_cast<size_t>(array.size() * codec::byteWidth(array.type)),
              array.bytes.size());
  }
  static void expectOneLine(const std::string &message) {
    EXPECT_FALSE(message.empty());
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }

  std::mt19937_64 random{1};
};
} // namespace

TEST_F(CorruptionTest, Npy) {
  ASSERT_TRUE(writeNpy(path("good"), Array(ElementType::F32, {8, 16})));
  std::string good = get("good");
  for (int i = 0; i < 4000; ++i) {
    auto array = readNpy(put("bad", damage(good)));
    if (array)
      expectSound(*array);
    else
      expectOneLine(array.message());
  }
}

TEST_F(CorruptionTest, Safetensors) {
  SafetensorsFile contents;
  contents.metadata = {{"codec", "scale<bf16> > quantize<i4>"}};
  contents.tensors = {{"w.codes", Array(ElementType::I8, {16, 8})},
                      {"w.scales", Array(ElementType::BF16, {16, 2})},
                      {"x", Array(ElementType::F32, {})}};
  ASSERT_TRUE(writeSafetensors(path("good"), contents));
  std::string good = get("good");
  for (int i = 0; i < 4000; ++i) {
    auto back = readSafetensors(put("bad", damage(good)));
    if (!back) {
      expectOneLine(back.message());
      continue;
    }
    for (const NamedArray &tensor : back->tensors)
      expectSound(tensor.array);
  }
}
