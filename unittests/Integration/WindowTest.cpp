//===- WindowTest.cpp - Compiled decoding of windows, bit for bit ---------===//
//
// Windows at any place, aligned to the decoder's blocks or not: constant ones,
// ones whose place is known only at run time, and tiles of loops, along which a
// decoder carries its state.
//
//===----------------------------------------------------------------------===//
#include "Kernel.h"
#include "TestCodecs.h"

#include "gtest/gtest.h"

#include <algorithm>

using namespace mlir::zq::test;
using mlir::zq::JitOptions;

namespace {

using Shape = std::vector<int64_t>;

std::string join(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string join(const Shape &numbers) {
  std::vector<std::string> parts;
  for (int64_t number : numbers)
    parts.push_back(std::to_string(number));
  return join(parts);
}

/// A function @f of one compressed tensor and, last, of the place of a window
/// as `tensor<RANKxi64>`, with some windows of it as results.
class WindowProgram {
public:
  WindowProgram(const TestCodec &codec, const Shape &shape)
      : codec(codec), shape(shape) {}

  /// A window at a constant place.
  void addConstant(const Shape &offsets, const Shape &sizes) {
    std::string type = dense(sizes), n = next();
    body += "  %e" + n + " = tensor.empty() : " + type + "\n";
    body += "  %d" + n + " = " + decode(join(offsets), "%e" + n, type) + "\n";
    addResult(n, sizes, offsets);
  }

  /// A window at the place that the function is given.
  void addDynamic(const Shape &sizes) {
    std::string type = dense(sizes), n = next();
    std::vector<std::string> offsets;
    for (size_t i = 0; i < shape.size(); ++i) {
      std::string at = n + "_" + std::to_string(i);
      body += "  %c" + at + " = arith.constant " + std::to_string(i) +
              " : index\n  %p" + at + " = tensor.extract %place[%c" + at +
              "] : tensor<" + std::to_string(shape.size()) + "xi64>\n  %o" +
              at + " = arith.index_cast %p" + at + " : i64 to index\n";
      offsets.push_back("%o" + at);
    }
    body += "  %e" + n + " = tensor.empty() : " + type + "\n";
    body += "  %d" + n + " = " + decode(join(offsets), "%e" + n, type) + "\n";
    addResult(n, sizes, {});
  }

  /// The `rows` rows from `row` on (of the last dimension but one; rank 2), the
  /// columns [begin, end) in tiles of `step`, which need not divide them.
  void addLoop(int64_t row, int64_t rows, int64_t begin, int64_t end,
               int64_t step) {
    Shape sizes{rows, end - begin};
    std::string type = dense(sizes), n = next();
    std::string height = std::to_string(rows), width = std::to_string(step);
    bool divides = (end - begin) % step == 0;
    std::string tile =
        dense(height + "x" + (divides ? width : std::string("?")));
    std::string size = divides ? width : "%size" + n;
    auto constant = [&](const char *name, int64_t value) {
      body += "  %" + (name + n) + " = arith.constant " +
              std::to_string(value) + " : index\n";
    };
    constant("begin", begin);
    constant("end", end);
    constant("step", step);
    body += "  %e" + n + " = tensor.empty() : " + type + "\n";
    body += "  %d" + n + " = scf.for %j" + n + " = %begin" + n + " to %end" +
            n + " step %step" + n + " iter_args(%acc" + n + " = %e" + n +
            ") -> (" + type + ") {\n";
    body +=
        "    %at" + n + " = arith.subi %j" + n + ", %begin" + n + " : index\n";
    if (!divides)
      body += "    %size" + n + " = affine.min affine_map<(d0) -> (" + width +
              ", " + std::to_string(end) + " - d0)>(%j" + n + ")\n";
    body += "    %t" + n + " = tensor.empty(" + (divides ? "" : size) +
            ") : " + tile + "\n";
    body += "    %v" + n + " = " +
            decode(std::to_string(row) + ", %j" + n, "%t" + n, tile) + "\n";
    body += "    %r" + n + " = tensor.insert_slice %v" + n + " into %acc" + n +
            "[0, %at" + n + "] [" + height + ", " + size +
            "] [1, 1] : " + tile + " into " + type + "\n";
    body += "    scf.yield %r" + n + " : " + type + "\n  }\n";
    addResult(n, sizes, {row, begin});
  }

  std::string text() const {
    std::string types = join(resultTypes);
    return (codec.isCustom() ? readLut3Decoder() : "") +
           "func.func @f(%w: " + codec.type(shape) + ", %place: tensor<" +
           std::to_string(shape.size()) + "xi64>) -> (" + types + ") {\n" +
           body + "  return " + join(resultNames) + " : " + types + "\n}\n";
  }

  /// What the results are of the decoded tensor.
  std::vector<Array> expect(const Array &whole, const Shape &place) const {
    std::vector<Array> windows;
    for (const auto &[sizes, offsets] : windowsOf)
      windows.push_back(
          cutWindow(whole, offsets.empty() ? place : offsets, sizes));
    return windows;
  }
  std::string describe(size_t result, const Shape &place) const {
    const auto &[sizes, offsets] = windowsOf[result];
    return printShape(sizes) + " at [" +
           join(offsets.empty() ? place : offsets) + "], result " +
           std::to_string(result);
  }

private:
  std::string next() { return std::to_string(resultNames.size()); }
  std::string dense(const std::string &sizes) const {
    return "tensor<" + sizes + "x" + codec.element + ">";
  }
  std::string dense(const Shape &sizes) const {
    return dense(printShape(sizes));
  }
  std::string decode(const std::string &offsets, const std::string &init,
                     const std::string &type) const {
    return "zq.decode %w " + codec.usingClause() + "at [" + offsets +
           "] outs(" + init + " : " + type + ") : " + codec.type(shape) +
           " -> " + type;
  }
  void addResult(const std::string &n, const Shape &sizes,
                 const Shape &offsets) {
    resultTypes.push_back(dense(sizes));
    resultNames.push_back("%d" + n);
    windowsOf.push_back({sizes, offsets});
  }

  TestCodec codec;
  Shape shape;
  std::string body;
  std::vector<std::string> resultTypes, resultNames;
  /// Sizes and offsets; no offsets for a window at the given place.
  std::vector<std::pair<Shape, Shape>> windowsOf;
};

int64_t below(std::mt19937 &random, int64_t bound) {
  return std::uniform_int_distribution<int64_t>(0, bound - 1)(random);
}

/// Compiles and compares with the windows of the reference's whole decode.
void check(const WindowProgram &program, const TestCodec &codec,
           const Shape &shape, const std::vector<Shape> &places,
           const std::string &features, std::mt19937 &random) {
  JitOptions options;
  options.threads = false;
  options.guardPages = true;
  options.features = features;
  std::string what =
      codec.text + " of " + printShape(shape) + " for " + features;
  Kernel kernel(program.text(), options, what);
  auto streams =
      codec.encode(gaussianValues(codec.elementType(), shape, random));
  Array whole = codec.decode(streams, shape);
  std::vector<Array> inputs;
  for (auto &stream : streams)
    inputs.push_back(stream.array);
  for (const Shape &place : places) {
    Array at(ElementType::I64, {int64_t(place.size())});
    for (size_t i = 0; i < place.size(); ++i)
      at.set<int64_t>(i, place[i]);
    inputs.push_back(at);
    std::vector<Array> results = kernel.call(inputs);
    inputs.pop_back();
    std::vector<Array> expected = program.expect(whole, place);
    ASSERT_EQ(results.size(), expected.size()) << what;
    for (size_t i = 0; i < results.size(); ++i)
      expectSameBits(results[i], expected[i],
                     what + ": " + program.describe(i, place));
  }
}

class Windows : public testing::TestWithParam<std::string> {};

/// For each codec some windows of random size and place, on a shape by turns.
TEST_P(Windows, AtRandomPlaces) {
  const std::vector<Shape> shapes = {{7, 100},  {16, 256},  {40, 65},
                                     {5, 1500}, {2, 3, 50}, {77}};
  std::mt19937 random(3);
  for (const Shape &shape : shapes) {
    std::vector<TestCodec> codecs = getTestCodecs(shape.size());
    std::shuffle(codecs.begin(), codecs.end(), random);
    codecs.resize(6);
    for (const TestCodec &codec : codecs) {
      WindowProgram program(codec, shape);
      for (int i = 0; i < 5; ++i) {
        Shape offsets, sizes;
        for (int64_t size : shape) {
          offsets.push_back(below(random, size));
          sizes.push_back(1 + below(random, size - offsets.back()));
        }
        // Some that begin with a block, or are a block of it.
        if (i >= 3)
          offsets.back() -= offsets.back() % 16;
        if (i == 4)
          sizes.back() = std::min<int64_t>(16, shape.back() - offsets.back());
        program.addConstant(offsets, sizes);
      }
      Shape some;
      std::vector<Shape> places(8);
      for (int64_t size : shape) {
        some.push_back(1 + below(random, size));
        for (Shape &place : places)
          place.push_back(below(random, size - some.back() + 1));
      }
      program.addDynamic(some);
      check(program, codec, shape, places, GetParam(), random);
    }
  }
}

/// Tiles along the rows. Where a step is as wide as a block, a decoder with
/// state hands it from one tile to the next.
TEST_P(Windows, InTilesOfALoop) {
  const Shape shape{6, 400};
  std::mt19937 random(5);
  const std::vector<TestCodec> codecs = {
      {"nvfp4"},
      {"bf16_huff", "bf16"},
      {"nf3_e4m3_huff"},
      {"@lut3"},
      {"scale<1x16, f32>, quantize<si3>, huffman<chunk = 64, length = 4>"},
      {"scale<1x20, bf16>, quantize<ui8>, huffman<chunk = 128, length = 16>"},
      {"scale<3x5, f32, zero>, quantize<ui4>, pack", "f16"},
  };
  // As wide as a block.
  int64_t width = GetParam() == "host" ? 16 : GetParam() == "+sse2" ? 4 : 8;
  for (const TestCodec &codec : codecs) {
    WindowProgram program(codec, shape);
    program.addLoop(0, 1, 0, 400, width);
    program.addLoop(1, 4, 128, 384, width);
    program.addLoop(2, 3, 64, 400, width);
    program.addLoop(0, 6, 16, 400, width);
    program.addLoop(3, 2, 0, 400, 2 * width);
    program.addLoop(4, 1, 5, 399, 10);
    program.addLoop(1, 2, 3, 390, 43);
    check(program, codec, shape, {{0, 0}}, GetParam(), random);
  }
}

/// The end of a rotated axis alone: the whole of it is decoded for that.
TEST_P(Windows, OfRotatedAxes) {
  std::mt19937 random(9);
  for (const TestCodec &codec :
       {TestCodec{"int4_h128"},
        TestCodec{"hadamard<axis = 0, block = 4, seed = 9>, scale<1x16, f16>, "
                  "quantize<si5>, pack",
                  "bf16"}}) {
    Shape shape{7, 300};
    WindowProgram program(codec, shape);
    program.addConstant({0, 290}, {7, 10});
    program.addConstant({3, 16}, {2, 128});
    program.addConstant({6, 299}, {1, 1});
    program.addDynamic({4, 33});
    check(program, codec, shape, {{0, 0}, {3, 267}, {1, 100}}, GetParam(),
          random);
  }
}

/// Of single bits in words of 64, one word at a time: more than LLVM selects
/// where the shifts are those of vectors of one lane.
TEST_P(Windows, OfBitsInLongWords) {
  std::mt19937 random(10);
  TestCodec codec{"scale<1x7, f32>, quantize<ui1>, pack<halves, word = 64>",
                  "bf16"};
  Shape shape{15, 23};
  WindowProgram program(codec, shape);
  program.addDynamic({5, 18});
  check(program, codec, shape, {{0, 0}, {3, 5}, {10, 1}}, GetParam(), random);
}

INSTANTIATE_TEST_SUITE_P(Features, Windows, testing::ValuesIn(getFeatureSets()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           std::string name;
                           for (char c : info.param)
                             if (std::isalnum(c))
                               name += c;
                           return name;
                         });

} // namespace
