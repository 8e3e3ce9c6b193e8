//===- TestCodecs.cpp - Codecs that decoding is tested with ---------------===//
#include "TestCodecs.h"
#include "Kernel.h"

#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Runtime/CompressedFiles.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;
using ::zq::codec::Result;

//===----------------------------------------------------------------------===//
// The reference
//===----------------------------------------------------------------------===//

ElementType TestCodec::elementType() const {
  return element == "f32"   ? ElementType::F32
         : element == "f16" ? ElementType::F16
                            : ElementType::BF16;
}

std::string TestCodec::type(const std::vector<int64_t> &shape) const {
  return "!zq.tensor<" + printShape(shape) + "x" + element + ", #zq.codec<" +
         text + ">>";
}

std::string mlir::zq::test::readLut3Decoder() {
  std::ifstream file(ZQ_SOURCE_DIR "/examples/lut3.mlir");
  EXPECT_TRUE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Random codes and scales: decoding is what is tested.
static std::vector<Stream> makeLut3Streams(const Array &values) {
  int64_t rows = values.shape[0], columns = values.shape[1];
  std::mt19937 random(rows * 131 + columns);
  Array codes(ElementType::I8, {rows, (columns + 7) / 8 * 3});
  for (uint8_t &byte : codes.bytes)
    byte = random();
  Array scale(ElementType::BF16, {rows, (columns + 63) / 64});
  for (int64_t i = 0; i < scale.size(); ++i)
    scale.setFloat(i, std::normal_distribution<float>()(random));
  Array table(ElementType::F32, {8});
  for (int64_t i = 0; i < 8; ++i)
    table.setFloat(i, std::normal_distribution<float>()(random));
  return {{"codes", codes}, {"scale", scale}, {"table", table}};
}

static Array decodeLut3(const std::vector<Stream> &streams,
                        const std::vector<int64_t> &shape) {
  const Array &codes = streams[0].array, &scale = streams[1].array;
  Array result(ElementType::F32, shape);
  for (int64_t i = 0; i < shape[0]; ++i)
    for (int64_t j = 0; j < shape[1]; ++j) {
      uint32_t word = 0;
      for (int64_t byte = 0; byte < 3; ++byte)
        word |= codes.get<uint8_t>(i * codes.shape[1] + j / 8 * 3 + byte)
                << 8 * byte;
      float value = streams[2].array.getFloat(word >> 3 * (j % 8) & 7);
      result.set(i * shape[1] + j,
                 value * scale.getFloat(i * scale.shape[1] + j / 64));
    }
  return result;
}

/// Where all codecs are parsed. What they are said to do wrong is dropped: that
/// a codec takes in no such tensor is a question here.
static MLIRContext &getContext() {
  static const std::unique_ptr<MLIRContext> context = [] {
    auto made = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
    made->loadDialect<ZQDialect>();
    made->getDiagEngine().registerHandler(
        [](Diagnostic &) { return success(); });
    return made;
  }();
  return *context;
}

static Result<CodecAttr> parse(const std::string &text) {
  return parseCodec(text, &getContext());
}

static Type getElementType(const std::string &name) {
  Builder b(&getContext());
  return name == "f32"   ? Type(b.getF32Type())
         : name == "f16" ? Type(b.getF16Type())
                         : Type(b.getBF16Type());
}

static bool takesIn(CodecAttr codec, ArrayRef<int64_t> shape,
                    const std::string &element) {
  auto drop = [] { return emitError(UnknownLoc::get(&getContext())); };
  return succeeded(codec.verifyFor(drop, shape, getElementType(element)));
}

static std::shared_ptr<const ::zq::codec::Codec>
getReference(const TestCodec &codec) {
  Result<CodecAttr> attribute = parse(codec.text);
  EXPECT_TRUE(bool(attribute)) << codec.text;
  return attribute ? attribute->getReference(getElementType(codec.element))
                   : nullptr;
}

bool TestCodec::isLegal(const std::vector<int64_t> &shape) const {
  if (isCustom())
    return true;
  Result<CodecAttr> codec = parse(text);
  return codec && takesIn(*codec, shape, element);
}

bool TestCodec::isLossless() const {
  auto reference = isCustom() ? nullptr : getReference(*this);
  return reference && reference->isLossless();
}

std::vector<Stream> TestCodec::encode(const Array &values) const {
  if (isCustom())
    return makeLut3Streams(values);
  auto reference = getReference(*this);
  if (!reference)
    return {};
  Result<std::vector<Stream>> streams = reference->encode(values);
  EXPECT_TRUE(bool(streams)) << text << " on " << printShape(values.shape)
                             << ": " << (streams ? "" : streams.message());
  return streams ? *streams : std::vector<Stream>();
}

bool TestCodec::tryEncode(const Array &values, std::vector<Stream> &streams,
                          std::string &why) const {
  auto reference = getReference(*this);
  if (!reference)
    return false;
  Result<std::vector<Stream>> result = reference->encode(values);
  if (result)
    streams = std::move(*result);
  else
    why = result.message();
  return bool(result);
}

bool TestCodec::tryDecode(const std::vector<Stream> &streams,
                          const std::vector<int64_t> &shape,
                          Array &decoded) const {
  if (isCustom()) {
    decoded = decodeLut3(streams, shape);
    return true;
  }
  auto reference = getReference(*this);
  if (!reference)
    return false;
  Result<Array> result = reference->decode(streams, shape, elementType());
  if (result)
    decoded = std::move(*result);
  return bool(result);
}

Array TestCodec::decode(const std::vector<Stream> &streams,
                        const std::vector<int64_t> &shape) const {
  Array decoded;
  EXPECT_TRUE(tryDecode(streams, shape, decoded))
      << text << " on " << printShape(shape);
  return decoded;
}

//===----------------------------------------------------------------------===//
// The list
//===----------------------------------------------------------------------===//

/// The first of f32, bf16 and f16 of which a codec takes in tensors of rank 2.
static std::string getElement(const std::string &text) {
  Result<CodecAttr> codec = parse(text);
  EXPECT_TRUE(bool(codec)) << text;
  for (const char *element : {"f32", "bf16"})
    if (codec && takesIn(*codec, {256, 256}, element))
      return element;
  return "f16";
}

std::vector<TestCodec> mlir::zq::test::getNamedFormats() {
  std::vector<TestCodec> codecs;
  for (const NamedCodec &named : getNamedCodecs())
    codecs.push_back({named.name.str(), getElement(named.stages.str())});
  return codecs;
}

std::vector<TestCodec> mlir::zq::test::getRepresentatives() {
  return {{"nvfp4"},
          {"int4_h128"},
          {"bf16_huff", "bf16"},
          {"nf3_e4m3_huff"},
          {"@lut3"}};
}

/// A lookup stage with `count` uneven levels.
static std::string lookup(int count) {
  std::string text = "lookup<[";
  for (int i = 0; i < count; ++i) {
    double level = 2.0 * i / (count - 1) - 1;
    text += (i ? ", " : "") + std::to_string(level * (1 + level * level) / 2);
  }
  return text + "]>";
}

/// The stages as a tensor of rank 2 has them.
static std::vector<TestCodec> getStageCodecs() {
  std::vector<TestCodec> codecs = {
      // The inner codec of int4_h128.
      {"scale<1x128, bf16, zero>, quantize<ui4>, pack"},
      // No scale at all; the largest codes.
      {"quantize<f8E5M2>, pack"},
      {"quantize<f8E4M3FN>, pack"},
      {"quantize<si1>, pack"},
      // Each small float, each type of scale.
      {"scale<1x16, f16>, quantize<f4E2M1FN>, pack"},
      {"scale<1x32, f8E8M0FNU>, quantize<f4E2M1FN>, pack"},
      {"scale<1x32, f8E5M2>, quantize<f6E2M3FN>, pack"},
      {"scale<1x32, bf16>, quantize<f6E3M2FN>, pack"},
      {"scale<tensor, f32>, quantize<f8E4M3FN>, pack"},
      {"scale<1x?, f32>, quantize<f8E5M2>, pack"},
      // Groups that fit no vector, or cross rows.
      {"scale<1x20, f32>, quantize<si4>, pack"},
      {"scale<1x48, f8E4M3FN>, quantize<si4>, pack"},
      {"scale<1x7, bf16, zero>, quantize<ui5>, pack"},
      {"scale<3x5, f32>, quantize<si3>, pack"},
      {"scale<?x16, f16, zero>, quantize<ui2>, pack"},
      {"scale<1x?, bf16, zero>, quantize<ui3>, pack"},
      {"scale<1x1, f8E5M2>, quantize<si2>, pack"},
      {"scale<2x3, f8E8M0FNU>, quantize<f6E2M3FN>, pack"},
      // Scales of scales.
      {"scale<?x?, f32>, scale<1x64, f8E5M2>, quantize<f6E3M2FN>, pack"},
      {"scale<1x64, bf16>, scale<1x8, f8E4M3FN>, quantize<si4>, pack"},
      {"scale<1x33, f32>, scale<1x11, f16>, quantize<si6>, pack"},
      // Tables.
      {"scale<1x64, bf16>, " + lookup(3) + ", pack"},
      {"scale<1x64, f8E4M3FN>, " + lookup(5) + ", pack"},
      {"scale<1x24, f32>, " + lookup(11) + ", pack"},
      {"scale<1x64, f16>, " + lookup(16) + ", pack"},
      {"scale<1x64, f32>, " + lookup(40) + ", pack"},
      {"scale<1x64, f32>, " + lookup(150) + ", pack"},
      // Entropy coding.
      {"scale<1x16, f32>, quantize<si3>, huffman<chunk = 64, length = 4>"},
      {"scale<1x20, bf16>, quantize<ui8>, huffman<chunk = 128, length = 16>"},
      {"scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, "
       "huffman<chunk = 64, length = 9>"},
      {"scale<1x64, f32>, " + lookup(11) +
       ", huffman<chunk = 128, length = 11>"},
      {"quantize<si1>, huffman<chunk = 64, length = 1>"},
      {"fields<bf16>, huffman<chunk = 64, length = 16>", "bf16"},
      {"fields<bf16>, pack", "bf16"},
      // Rotations.
      {"hadamard<axis = 1, block = 16, seed = 7>, scale<1x16, f32>, "
       "quantize<si8>, pack"},
      {"hadamard<axis = 0, block = 4, seed = 9>, scale<1x16, f16>, "
       "quantize<si5>, huffman<chunk = 64, length = 7>"},
      // Other logical types.
      {"scale<1x16, f8E4M3FN>, quantize<si4>, pack", "f16"},
      {"scale<1x32, f32>, quantize<f8E5M2>, pack", "f16"},
      {"scale<1x16, bf16>, quantize<f4E2M1FN>, pack", "bf16"},
      {"scale<1x48, f32, zero>, quantize<ui7>, huffman<chunk = 128, "
       "length = 8>",
       "bf16"},
      {"hadamard<axis = 1, block = 128, seed = 1>, scale<1x32, f32>, "
       "quantize<si8>, pack",
       "bf16"},
  };
  for (int bits = 2; bits <= 8; ++bits) {
    std::string width = std::to_string(bits);
    codecs.push_back({"scale<1x32, f32>, quantize<si" + width + ">, pack"});
    // A zero point is an i8, which does not reach as far as 255.
    codecs.push_back({"scale<1x64, bf16" +
                      std::string(bits < 8 ? ", zero" : "") + ">, quantize<ui" +
                      width + ">, pack"});
  }
  return codecs;
}

/// The codecs of codecs/*.txt: a line each, the element type and the stages;
/// lines that begin with # are comments.
static std::vector<TestCodec> readCodecFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::directory_iterator(
           ZQ_SOURCE_DIR "/unittests/Integration/codecs"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<TestCodec> codecs;
  for (const std::filesystem::path &path : files) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      size_t space = line.find(' ');
      if (line[0] != '#' && space != std::string::npos)
        codecs.push_back({line.substr(space + 1), line.substr(0, space)});
    }
  }
  return codecs;
}

std::string mlir::zq::test::adaptRank(std::string text, size_t rank) {
  if (rank == 2)
    return text;
  auto replaceNumber = [&](size_t at, const std::string &with) {
    text.replace(at, text.find_first_of("x,", at) - at, with);
  };
  for (size_t at = 0; (at = text.find("scale<", at)) != std::string::npos;) {
    at += 6;
    if (text.compare(at, 6, "tensor") == 0)
      continue;
    if (rank == 3)
      text.insert(at, "2x");
    else
      text.erase(at, text.find('x', at) + 1 - at);
  }
  for (size_t at = 0; (at = text.find("axis = ", at)) != std::string::npos;) {
    at += 7;
    replaceNumber(at, rank == 3 ? (text[at] == '1' ? "2" : "0") : "0");
  }
  return text;
}

std::vector<TestCodec> mlir::zq::test::getTestCodecs(size_t rank) {
  std::vector<TestCodec> codecs = getStageCodecs();
  if (rank == 2) {
    for (const TestCodec &codec : readCodecFiles())
      codecs.push_back(codec);
    for (const TestCodec &codec : getRepresentatives())
      codecs.push_back(codec);
  }
  for (TestCodec &codec : codecs)
    codec.text = adaptRank(codec.text, rank);
  return codecs;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Array mlir::zq::test::gaussianValues(ElementType type,
                                     const std::vector<int64_t> &shape,
                                     std::mt19937 &random) {
  Array array(type, shape);
  std::normal_distribution<float> normal;
  for (int64_t i = 0; i < array.size(); ++i)
    array.setFloat(i, normal(random));
  return array;
}

Array mlir::zq::test::extremeValues(ElementType type,
                                    const std::vector<int64_t> &shape,
                                    std::mt19937 &random) {
  float largest = type == ElementType::F16    ? 65504.0f
                  : type == ElementType::BF16 ? 0x1.fep127f
                                              : 0x1.fffffep127f;
  float least = type == ElementType::F16    ? 0x1p-24f
                : type == ElementType::BF16 ? 0x1p-133f
                                            : 0x1p-149f;
  Array array(type, shape);
  unsigned first = random();
  for (int64_t i = 0; i < array.size(); ++i) {
    unsigned bits = random();
    float sign = bits & 1 ? -1.0f : 1.0f, value = 0;
    switch ((first + i / shape.back()) % 6) {
    case 0:
      break;
    case 1:
      value = -1.375f;
      break;
    case 2:
      value = sign * least * (bits >> 8 & 63);
      break;
    case 3:
      value = sign * 0.0f;
      break;
    case 4:
      value = sign * largest;
      break;
    case 5:
      value = sign * std::ldexp(1.0f + (bits >> 8 & 127) / 128.0f,
                                int(bits >> 16 & 255) - 130);
      value = std::clamp(value, -largest, largest);
      break;
    }
    array.setFloat(i, value);
  }
  return array;
}

Array mlir::zq::test::anyBits(ElementType type,
                              const std::vector<int64_t> &shape,
                              std::mt19937 &random) {
  Array array(type, shape);
  for (uint8_t &byte : array.bytes)
    byte = random();
  return array;
}
