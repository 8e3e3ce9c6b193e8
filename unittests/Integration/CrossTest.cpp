//===- CrossTest.cpp - Code for AArch64, run in an emulator ---------------===//
//
// Contractions in each compute domain and decodes of stored formats, compiled
// for CPUs with different vector units: results are within the bounds that hold
// on x86-64, and decodes the reference's bit for bit.
//
//===----------------------------------------------------------------------===//
#include "CrossProgram.h"
#include "Programs.h"

#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

struct CPU {
  const char *name;
  /// How qemu emulates it.
  const char *emulated;
  /// Whether each codec is tried, or a few.
  bool isThorough;
};

/// How GoogleTest shows it.
void PrintTo(const CPU &cpu, std::ostream *os) { *os << cpu.name; }

const CPU cpus[] = {
    // NEON without products of bytes, with those of signed bytes, and with
    // those of unsigned and signed ones.
    {"cortex-a72", "cortex-a72", false},
    {"neoverse-n1", "neoverse-n1", true},
    {"neoverse-n2", "max", false},
    // SVE of 256 and of 512 bits.
    {"neoverse-v1", "max,sve128=on,sve256=on,sve512=off", false},
    {"a64fx", "a64fx", false},
};

struct LaneCodec {
  const char *stages;
  bool isEssential;
};

/// With `R` where the number of rows of a panel stands.
const LaneCodec laneCodecs[] = {
    {"scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = R>, "
     "quantize<f4E2M1FN>, pack<lanes = Rx4>",
     true},
    {"scale<1x32, f8E8M0FNU, rows = R>, quantize<f4E2M1FN>, "
     "pack<lanes = Rx4>",
     false},
    {"scale<1x32, f16, rows = R>, quantize<si4>, pack<lanes = Rx4>", false},
    {"scale<1x64, f32, rows = R>, lookup<[-1.0, -0.6962, -0.5251, -0.3949, "
     "-0.2844, -0.1848, -0.0911, 0.0, 0.0796, 0.1609, 0.2461, 0.3379, 0.4407, "
     "0.5626, 0.723, 1.0]>, pack<lanes = Rx4>",
     true},
    {"scale<1x?, f32, rows = R>, quantize<si8, symmetric>, pack<lanes = Rx4>",
     true},
    {"scale<1x64, f16, rows = R>, quantize<si6>, pack<lanes = Rx4>", false},
    {"scale<1x32, f8E8M0FNU, rows = R>, quantize<f6E2M3FN>, "
     "pack<lanes = Rx4>",
     false},
    {"scale<1x16, bf16, rows = R>, quantize<si3>, pack<lanes = Rx4>", false},
    {"scale<1x64, f16, rows = R>, quantize<levels = 3>, pack<lanes = Rx4>",
     false},
    {"scale<1x?, f32, meanabs, rows = R>, quantize<si1, bipolar>, "
     "pack<lanes = Rx4>",
     false},
    {"scale<1x32, f16, zero, rows = R>, quantize<si4>, pack<lanes = Rx4>",
     true},
    {"scale<tensor, f32>, quantize<levels = 255>, pack<lanes = Rx4>", false},
};

/// Formats whose weights are decoded as f32 before they are multiplied.
const llvm::StringRef formats[] = {
    "int4_g128", "nvfp4",    "nf4",       "q4_k",    "q6_k",        "iq4_nl",
    "tq1_0",     "fp8_e4m3", "int4_h128", "ternary", "bf16_window4"};

std::string nameCPU(const testing::TestParamInfo<CPU> &info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class AArch64 : public testing::TestWithParam<CPU> {
protected:
  void SetUp() override {
    std::string missing = CrossProgram::getMissing();
    if (!missing.empty())
      GTEST_SKIP() << "there is no " << missing;
  }
};

TEST_P(AArch64, MultipliesWithinTheBound) {
  CrossProgram program(GetParam().name);
  std::vector<PreparedProducts> prepared;
  auto add = [&](const std::vector<Product> &products, const TestCodec &codec,
                 double accuracy) {
    prepared.push_back(prepareProducts(products, codec, accuracy));
    program.add(prepared.back().text, accuracy, prepared.back().inputs,
                codec.text);
  };
  for (const LaneCodec &codec : laneCodecs) {
    if (!codec.isEssential && !GetParam().isThorough)
      continue;
    std::string text;
    for (const char *c = codec.stages; *c; ++c)
      text += *c == 'R' ? std::to_string(program.getPanelRows())
                        : std::string(1, *c);
    for (double accuracy : {0.0, 5e-5, 2e-2})
      add({matmulByRows(5, 37, 100), matvec(35, 75)}, {text}, accuracy);
  }
  for (const TestCodec &codec : getNamedFormats())
    if (GetParam().isThorough && llvm::is_contained(formats, codec.text))
      add({matmulByRows(3, 5, 512)}, codec, 0);

  std::vector<std::vector<Array>> results = program.run(GetParam().emulated);
  ASSERT_EQ(results.size(), prepared.size());
  for (size_t i = 0; i < results.size(); ++i)
    compareProducts(prepared[i], results[i]);
}

TEST_P(AArch64, DecodesToTheReference) {
  // Each format on one of them, a few on all.
  Shape shape{5, 512};
  std::vector<TestCodec> codecs =
      GetParam().isThorough ? getNamedFormats() : getRepresentatives();
  CrossProgram program(GetParam().name);
  std::vector<Array> expected;
  std::vector<std::string> names;
  std::mt19937 random(5);
  constexpr size_t batch = 8;
  std::vector<TestCodec> legal;
  for (const TestCodec &codec : codecs)
    if (codec.isLegal(shape))
      legal.push_back(codec);
  for (size_t begin = 0; begin < legal.size(); begin += batch) {
    std::vector<TestCodec> part(legal.begin() + begin,
                                legal.begin() +
                                    std::min(begin + batch, legal.size()));
    std::vector<Array> inputs;
    std::string what;
    for (const TestCodec &codec : part) {
      std::vector<Stream> streams =
          codec.encode(gaussianValues(codec.elementType(), shape, random));
      for (const Stream &stream : streams)
        inputs.push_back(stream.array);
      expected.push_back(codec.decode(streams, shape));
      names.push_back(codec.text);
      what += codec.text + "; ";
    }
    program.add(wholeDecodes(part, shape), 0, inputs, what);
  }
  std::vector<Array> results;
  for (std::vector<Array> &ofOne : program.run(GetParam().emulated))
    results.insert(results.end(), ofOne.begin(), ofOne.end());
  ASSERT_EQ(results.size(), expected.size());
  for (size_t i = 0; i < results.size(); ++i)
    expectSameBits(results[i], expected[i], names[i]);
}

INSTANTIATE_TEST_SUITE_P(CPUs, AArch64, testing::ValuesIn(cpus), nameCPU);

} // namespace
