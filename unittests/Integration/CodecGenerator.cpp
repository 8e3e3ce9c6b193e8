//===- CodecGenerator.cpp - Random compositions of stages -----------------===//
#include "CodecGenerator.h"

using namespace mlir::zq::test;

const std::string &CodecGenerator::pick(const Choices &choices) {
  return choices[random() % choices.size()];
}

int64_t CodecGenerator::between(int64_t low, int64_t high) {
  return low + int64_t(random() % (high - low + 1));
}

std::string CodecGenerator::block() {
  return pick({"tensor", "1x16", "1x32", "1x64", "1x128", "1x48", "1x7", "1x?",
               "?x?", "?x16", "3x5", "4x32"});
}

/// How a side array is stored: mostly a type, at times a codec.
std::string CodecGenerator::stored() {
  if (!oneIn(4))
    return pick({"f32", "f16", "bf16", "f8E4M3FN", "f8E5M2", "f8E8M0FNU"});
  return "[" + chain(/*isSide=*/true) + "]";
}

/// Any scale that has no search, whose trials cost time, and no more to decode.
std::string CodecGenerator::scale() {
  std::string text = "scale<" + block() + ", ";
  text += oneIn(8)
              ? "[dyadic<bits = " + std::to_string(between(1, 8)) + ">, pack]"
              : stored();
  if (oneIn(12))
    return "scale<" + block() + ", " + pick({"f32", "bf16"}) + ", divide" +
           pick({">", ", peak>", ", zero = f16>"});
  if (oneIn(4))
    return text + ", zero" + (oneIn(2) ? "" : " = " + stored()) + ">";
  if (oneIn(3))
    text += pick({", meanabs", ", l2", ", rms", ", peak", ", peak", ", floor",
                  ", down"});
  return text + ">";
}

/// A stage from values to values.
std::string CodecGenerator::valueStage() {
  switch (between(0, 9)) {
  case 3:
    return pick({"orthogonal<axis = 1, block = 32, seed = 1>",
                 "orthogonal<axis = 0, block = 4, seed = 2, per_block>",
                 "permute<axis = 0>", "permute<axis = 1>",
                 "sketch<axis = 1, seed = 3>",
                 "sketch<axis = 1, block = 16, seed = 3>",
                 "hadamard<axis = 1, block = 24>"});
  case 4:
    return pick({"lowrank<rank = 2, value, f16>",
                 "lowrank<rank = 1, search, bf16>",
                 "outliers<fraction = 0.03, add, search, f16>",
                 "outliers<fraction = 0.04, add, [scale<16, f16>, "
                 "quantize<si8>, pack]>",
                 "outliers<fraction = 0.02, replace, search, [raw<bf16>]>",
                 "outliers<fraction = 0.05, add, [scale<tensor, f32>, "
                 "quantize<si6>, huffman<chunk = 64, length = 8>]>",
                 "lowrank<rank = 3, error, [scale<1x?, f32>, quantize<si8>, "
                 "pack]>",
                 "outliers<fraction = 0.02, add, f16>",
                 "outliers<fraction = 0.05, replace, f32>",
                 "channels<axis = 1, first = 5, [quantize<si8>, pack]>",
                 "channels<axis = 0, first = 1, [raw<bf16>]>",
                 "residual<[scale<1x16, f16>, quantize<si2>, pack]>"});
  case 2:
    return "sparse<" +
           pick({"2:4", "1:3", "5:8", "2:4, [pack]", "3:7, [pack]",
                 "2:4, [huffman<chunk = 64, length = 4>]",
                 "5:8, [window<bits = 2, chunk = 64>]",
                 "3:7, [register_rans<lanes = 32, rows = 1>]"}) +
           ">";
  case 0:
    return "hadamard<axis = " + pick({"0", "1"}) +
           ", block = " + pick({"4", "16", "64"}) +
           ", seed = " + std::to_string(between(1, 9)) + ">";
  case 1:
    return "offset<" + block() + ", " + stored() + ", " +
           pick({"mean", "min", "mid"}) + ">";
  default:
    return scale();
  }
}

/// What `quantize` rounds to, in codes of `bits` bits.
std::string CodecGenerator::format(int &bits) {
  int exponentBits = between(1, 5), mantissaBits = between(0, 2);
  switch (between(0, 4)) {
  case 0:
    bits = 1 + exponentBits + mantissaBits;
    return "e" + std::to_string(exponentBits) + "m" +
           std::to_string(mantissaBits);
  case 1:
    bits = exponentBits + mantissaBits;
    return "ue" + std::to_string(exponentBits) + "m" +
           std::to_string(mantissaBits);
  case 2:
    bits = between(2, 8);
    return "levels = " + std::to_string((1 << bits) - 1);
  case 3:
    bits = between(2, 8);
    return "si" + std::to_string(bits) + pick({", symmetric", ", bipolar"});
  default:
    bits = between(1, 8);
    return pick({"si", "ui"}) + std::to_string(bits);
  }
}

/// A stage from values to codes of `bits` bits, and perhaps one on those.
std::string CodecGenerator::quantizer(int &bits) {
  std::string text;
  switch (between(0, 5)) {
  case 0:
    bits = 4;
    return "quantize<f4E2M1FN>";
  case 1:
    bits = 3;
    return "lookup<[-1.0, -0.5, -0.25, 0.0, 0.3, 0.7]>";
  case 2:
    bits = 3;
    return "tables<" + block() + ", " + stored() +
           ", [[-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0, 1.0, 4.0], [0.0, 1.0]]" +
           pick({"", ", tags = [pack]",
                 ", tags = [rans<precision = 8, chunk = 64>]"}) +
           ">";
  case 3:
    bits = between(2, 8);
    text = "power<bits = " + std::to_string(bits) + ", exponent = 0.75>";
    break;
  default:
    text = "quantize<" + format(bits) +
           pick({"", "", ", ties = away", ", stochastic = 3"}) + ">";
  }
  if (oneIn(4))
    text += ", nested<bits = " + std::to_string(between(1, bits)) +
            pick({"", ", ties = up"}) + ">";
  return text;
}

/// What stores codes of `bits` bits.
std::string CodecGenerator::codeStages(int bits) {
  if (oneIn(6))
    return pick({"window<bits = 1, chunk = 64>",
                 "window<bits = 2, chunk = 128>",
                 "window<bits = 2, base, chunk = 64>",
                 "window<bits = [1, 2], chunk = 64>",
                 "rans<precision = 12, chunk = 128>",
                 "register_rans<lanes = 64, rows = 2>"});
  if (oneIn(4))
    return "huffman<chunk = " + pick({"64", "128"}) +
           ", length = " + std::to_string(bits + between(0, 4)) + ">";
  if (oneIn(6))
    return "bitmap<" + pick({"8", "24", "64", "128"}) + ">";
  if (oneIn(8) && 2 <= bits && bits < 8)
    return "pack<radix = " + std::to_string(1 << bits) + ">";
  return pick({"pack", "pack", "pack<msb>", "pack<word = 32>",
               "pack<msb, word = 16>", "pack<planar>", "pack<split>",
               "pack<halves, word = 64>", "pack<tile = 3x32>"});
}

std::string CodecGenerator::chain(bool isSide) {
  std::string text;
  for (int64_t i = between(isSide ? 0 : 1, isSide ? 1 : 3); i > 0; --i)
    text += valueStage() + ", ";
  if (oneIn(16))
    return text + "bitmap<64, " + pick({"f32", "f16", "bf16"}) + ">";
  if (oneIn(8))
    return text + "raw<" + pick({"f32", "f16", "bf16"}) + ">";
  if (oneIn(6))
    return text +
           pick({"codebook<1x4, bits = 4, f16>",
                 "codebook<4x1, bits = 3, bf16>",
                 "codebook<1x2, bits = 5, books = 2, residual, f32>",
                 "codebook<1x1, bits = 3, group = 1x?, f16>", "lattice<e8p>",
                 "pvq<length = 8, pulses = 4>"}) +
           ", pack";
  int bits = 0;
  text += quantizer(bits) + ", ";
  if (oneIn(8) && bits > 1) {
    int low = between(1, bits - 1);
    bits -= low;
    text += "planes<low = " + std::to_string(low) +
            pick({"", ", [pack]", ", [huffman<chunk = 64, length = 10>]"}) +
            ">, ";
  }
  return text + codeStages(bits);
}

TestCodec CodecGenerator::next() {
  if (oneIn(10))
    return {pick({"fields<bf16>, ", "fields<bf16, [pack]>, ",
                  "fields<bf16, [huffman<chunk = 64, length = 10>]>, ",
                  "fields<bf16, [window<bits = 3, chunk = 128>]>, "}) +
                codeStages(8),
            "bf16"};
  return {chain(/*isSide=*/false), pick({"f32", "f32", "f32", "f16", "bf16"})};
}
