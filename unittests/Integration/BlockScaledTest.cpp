//===- BlockScaledTest.cpp - Compressed times compressed, and encoding ----===//
//
// The kernels of GPUs whose tensor cores multiply block-scaled matrices, and
// those that encode, in the emulator: threads in several random orders, and
// sizes that no tile, stage or block divides.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// What a function multiplies.
struct Sizes {
  int64_t m, n, k;
  const char *x, *w;
};

JitOptions getOptions(const std::string &chip, uint64_t seed) {
  JitOptions options;
  options.emulated = EmulatedGpu{chip, seed};
  return options;
}

std::string tensor(int64_t rows, int64_t columns, const char *element = "f32") {
  return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) +
         "x" + element + ">";
}

/// `%result = decode %source`.
std::string decode(const std::string &result, const std::string &source,
                   const std::string &type, const std::string &dense) {
  return "  %e" + result + " = tensor.empty() : " + dense + "\n  %" + result +
         " = zq.decode %" + source + " at [0, 0] outs(%e" + result + " : " +
         dense + ") : " + type + " -> " + dense + "\n";
}

/// y = x w^T + init, and if asked for max(y + bias, 0) in bf16.
std::string getProgram(const Sizes &sizes, bool hasEpilogue) {
  std::string x = TestCodec{sizes.x}.type({sizes.m, sizes.k});
  std::string w = TestCodec{sizes.w}.type({sizes.n, sizes.k});
  std::string dx = tensor(sizes.m, sizes.k), dw = tensor(sizes.n, sizes.k);
  std::string y = tensor(sizes.m, sizes.n);
  std::string out = tensor(sizes.m, sizes.n, hasEpilogue ? "bf16" : "f32");
  std::string bias = "tensor<" + std::to_string(sizes.n) + "xf32>";
  std::string text =
      "func.func @f(%x: " + x + ", %w: " + w + ", %init: " + y +
      ", %bias: " + bias + ") -> " + out + " {\n" + decode("dx", "x", x, dx) +
      decode("dw", "w", w, dw) +
      "  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, "
      "affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] "
      "ins(%dx, %dw : " +
      dx + ", " + dw + ") outs(%init : " + y + ") -> " + y + "\n";
  if (!hasEpilogue)
    return text + "  return %y : " + y + "\n}\n";
  return text + "  %o = tensor.empty() : " + out +
         "\n  %z = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, "
         "n)>, affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>], "
         "iterator_types = [\"parallel\", \"parallel\"]} ins(%y, %bias : " +
         y + ", " + bias + ") outs(%o : " + out +
         ") {\n  ^bb0(%a: f32, %b: f32, %c: bf16):\n"
         "    %s = arith.addf %a, %b : f32\n"
         "    %zero = arith.constant 0.0 : f32\n"
         "    %p = arith.maximumf %s, %zero : f32\n"
         "    %t = arith.truncf %p : f32 to bf16\n"
         "    linalg.yield %t : bf16\n  } -> " +
         out + "\n  return %z : " + out + "\n}\n";
}

std::vector<Array> getArrays(const std::vector<Stream> &streams) {
  std::vector<Array> arrays;
  for (const Stream &stream : streams)
    arrays.push_back(stream.array);
  return arrays;
}

/// On a chip, with these seeds. `alike` are chips that have to have the same
/// kernels.
void checkProduct(const std::string &chip, const std::vector<uint64_t> &seeds,
                  const Sizes &sizes, bool hasEpilogue,
                  const std::vector<std::string> &alike) {
  std::string what = chip + ": " + sizes.x + " times " + sizes.w + ", " +
                     printShape({sizes.m, sizes.n, sizes.k});
  std::string text = getProgram(sizes, hasEpilogue);
  std::vector<EmulatedGpu> gpus{{chip}};
  for (const std::string &other : alike)
    gpus.push_back({other});
  EXPECT_EQ(groupByKernels(text, gpus, JitOptions().accuracy).size(), 1u)
      << what;
  Kernel kernel(text, getOptions(chip, 0), what);
  EXPECT_NE(kernel.getRemarks().find("nothing decoded"), std::string::npos)
      << what << ": " << kernel.getRemarks();
  std::mt19937 random(7);
  auto values = [&](const std::vector<int64_t> &shape) {
    return gaussianValues(ElementType::F32, shape, random);
  };
  std::vector<EvaluatorInput> inputs{
      {getArrays(TestCodec{sizes.x}.encode(values({sizes.m, sizes.k})))},
      {getArrays(TestCodec{sizes.w}.encode(values({sizes.n, sizes.k})))},
      {{values({sizes.m, sizes.n})}},
      {{values({sizes.n})}}};
  std::vector<Array> flat;
  for (const EvaluatorInput &input : inputs)
    flat.insert(flat.end(), input.arrays.begin(), input.arrays.end());
  std::vector<BoundedTensor> expected = kernel.evaluate(inputs);
  ASSERT_EQ(expected.size(), 1u) << what;
  for (uint64_t seed : seeds) {
    kernel.setSeed(seed);
    std::vector<Array> results = kernel.call(flat);
    ASSERT_EQ(results.size(), 1u) << what;
    for (int64_t i = 0; i < results[0].size(); ++i)
      ASSERT_LE(std::fabs(results[0].getFloat(i) - expected[0].values[i]),
                expected[0].errors[i])
          << what << ", seed " << seed << ", element " << i;
  }
}

/// A chip, and those that have the same instructions.
class BlockScaled : public testing::TestWithParam<std::vector<std::string>> {};

} // namespace

TEST_P(BlockScaled, ProductsOfAnySize) {
  const char *rows = "scale<1x?, f32>, scale<1x32, f8E8M0FNU>, "
                     "quantize<f4E2M1FN>, pack";
  const Sizes all[] = {{40, 72, 256, "nvfp4", "nvfp4"},
                       {33, 70, 139, "nvfp4", "nvfp4"},
                       {1, 150, 320, "nvfp4", "nvfp4"},
                       {70, 33, 96, "mxfp4", rows},
                       {35, 72, 160, "mxfp8_e4m3", "mxfp4"},
                       {7, 66, 139, "mxfp8_e5m2", "mxfp6_e2m3"},
                       {20, 9, 264, "mxfp6_e3m2", "mxfp8_e4m3"},
                       {40, 3, 33, "mxfp4", "mxfp8_e4m3"},
                       // Boxes: of bytes, of nibbles and of 6 bits in bytes,
                       // and twice around the stages.
                       {9, 40, 1568, "nvfp4", "nvfp4"},
                       {35, 72, 256, "mxfp8_e4m3", "mxfp4"},
                       {40, 9, 384, "mxfp6_e3m2", "mxfp8_e5m2"}};
  std::vector<std::string> alike = GetParam();
  std::string chip = alike.front();
  alike.erase(alike.begin());
  for (auto [i, sizes] : llvm::enumerate(all))
    for (size_t odd : {0, 1})
      checkProduct(chip,
                   odd ? std::vector<uint64_t>{1, 3}
                       : std::vector<uint64_t>{0, 2, 4},
                   sizes, (i + odd) % 2, alike);
}

INSTANTIATE_TEST_SUITE_P(
    , BlockScaled,
    testing::Values(std::vector<std::string>{"sm_120a", "sm_120f", "sm_121a"},
                    std::vector<std::string>{"sm_100a", "sm_100f", "sm_103a"}),
    [](const auto &info) { return info.param.front(); });

// Not by the kernels' text alone.
TEST(BlockScaledChips, OfBothFamilies) {
  for (const char *chip : {"sm_121a", "sm_100f", "sm_103a"})
    checkProduct(chip, {1}, {33, 70, 139, "nvfp4", "nvfp4"}, false, {});
}

//===----------------------------------------------------------------------===//
// Encoding
//===----------------------------------------------------------------------===//

namespace {

/// A function that returns the streams of its encoded argument, in the codec's
/// order; with `isFused` of half the argument. `remark` is what is said of a
/// codec that is more than a kernel and what computes its elements.
void checkEncode(const TestCodec &codec, const Array &values, bool isFused,
                 const std::string &remark = "") {
  std::string what = codec.text + ", " + printShape(values.shape);
  std::string dense = tensor(values.shape[0], values.shape[1]);
  std::string type = codec.type(values.shape);
  Array encoded = values;
  if (isFused)
    for (int64_t i = 0; i < values.size(); ++i)
      encoded.setFloat(i, values.getFloat(i) * 0.5f);
  std::vector<Stream> expected = codec.encode(encoded);
  std::string types, names;
  for (const Stream &stream : expected) {
    std::string separator = types.empty() ? "" : ", ";
    types += separator + "tensor<" + printShape(stream.array.shape) + "x" +
             ::zq::codec::name(stream.array.type) + ">";
    names += separator + "%s#" + std::to_string(&stream - expected.data());
  }
  std::string text = "func.func @f(%x: " + dense + ") -> (" + types + ") {\n";
  std::string source = "%x";
  if (isFused) {
    source = "%h";
    text += "  %half = arith.constant dense<0.5> : " + dense +
            "\n  %h = arith.mulf %x, %half : " + dense + "\n";
  }
  text += "  %c = zq.encode " + source + " : " + dense + " -> " + type +
          "\n  %s:" + std::to_string(expected.size()) +
          " = zq.disassemble %c : " + type + " -> " + types + "\n  return " +
          names + " : " + types + "\n}\n";
  Kernel kernel(text, getOptions("sm_120a", 1), what);
  EXPECT_EQ(kernel.getRemarks().find("with what computes the elements") !=
                std::string::npos,
            isFused && remark.empty())
      << what << ": " << kernel.getRemarks();
  EXPECT_NE(kernel.getRemarks().find(remark), std::string::npos)
      << what << ": " << kernel.getRemarks();
  std::vector<Array> results = kernel.call({values});
  ASSERT_EQ(results.size(), expected.size()) << what;
  for (size_t i = 0; i < results.size(); ++i)
    expectSameBits(results[i], expected[i].array,
                   what + ", stream " + expected[i].name);
}

class OnlineEncode : public testing::TestWithParam<const char *> {};

} // namespace

TEST_P(OnlineEncode, IsTheReferenceBitByBit) {
  TestCodec codec{GetParam()};
  std::mt19937 random(5);
  for (std::vector<int64_t> shape : {std::vector<int64_t>{9, 128}, {14, 75}}) {
    checkEncode(codec, gaussianValues(ElementType::F32, shape, random), true);
    checkEncode(codec, extremeValues(ElementType::F32, shape, random), false);
  }
}

// With and without what makes the operand.
TEST(OnlineEncodes, AfterARotation) {
  std::mt19937 random(6);
  for (const char *codec :
       {"hadamard<axis = 1, block = 64, seed = 3>, scale<tensor, f32>, "
        "scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, pack",
        "hadamard<axis = 1, block = 128, seed = 4>, scale<1x32, f8E8M0FNU>, "
        "quantize<f4E2M1FN>, pack",
        "hadamard<axis = 1, block = 32, seed = 5>, scale<1x32, f16>, "
        "quantize<si4>, pack"})
    for (bool isFused : {false, true})
      checkEncode({codec}, gaussianValues(ElementType::F32, {9, 128}, random),
                  isFused, "after a rotation");
}

INSTANTIATE_TEST_SUITE_P(
    , OnlineEncode,
    testing::Values("nvfp4", "mxfp4", "mxfp4_ceil", "mxfp8_e4m3", "mxfp8_e5m2",
                    "mxfp6_e3m2", "mxfp6_e2m3", "mxint8",
                    "scale<1x32, f16>, quantize<si4>, pack",
                    "scale<1x16, bf16>, quantize<f4E2M1FN>, pack",
                    "scale<tensor, f32>, scale<1x16, f8E5M2>, "
                    "quantize<si3, symmetric>, pack",
                    "scale<1x64, f32>, quantize<levels = 3>, pack",
                    "scale<1x8, f8E4M3FN>, quantize<ui5>, pack",
                    "scale<1x32, f32>, quantize<ue5m3>, pack"));
