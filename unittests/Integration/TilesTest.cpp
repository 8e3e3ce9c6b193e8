//===- TilesTest.cpp - Contractions in tiles of bf16 ----------------------===//
//
// The ops of the domain as they stand, so that its loops run on every machine:
// by matrix tiles where this one has them, and by the vector units of others.
// What decides for the domain is tested with matrix tiles alone.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Parser/Parser.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/Transforms/FloatPlanes.h"
#include "zq/Target/Target.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

bool hasFeature(const char *name) {
  return (getHostFeatures() + ",").find(std::string("+") + name + ",") !=
         std::string::npos;
}

bool hasTiles() { return hasFeature("amx-bf16"); }
bool hasDots() { return hasFeature("avx512bf16"); }

/// This machine's features, without those that begin with `prefix` or `other`.
std::string getHostWithout(llvm::StringRef prefix,
                           llvm::StringRef other = "none") {
  std::string text;
  llvm::SmallVector<llvm::StringRef> features;
  std::string host = getHostFeatures();
  llvm::StringRef(host).split(features, ',');
  for (llvm::StringRef feature : features)
    if (!feature.starts_with(("+" + prefix).str()) &&
        !feature.starts_with(("+" + other).str()))
      text += (text.empty() ? "" : ",") + feature.str();
  return text;
}

/// Matrix tiles, dots of bf16, f32 in registers of 64, 32 and 16 bytes: as far
/// as this machine has them.
std::vector<std::string> getTileFeatureSets() {
  std::vector<std::string> sets = getFeatureSets();
  if (hasTiles())
    sets.push_back(getHostWithout("amx"));
  if (hasDots())
    sets.push_back("+avx512f,+avx512bw,+avx512vl,+avx512dq,+avx2,+fma");
  return sets;
}

/// y += x w^T in @f, by `zq.contract` on tiles, by `zq.contract_rows`, or by
/// linalg.
struct TileProgram {
  int64_t m, n, k;
  int64_t left, right, steps;
  TestCodec codec;
  /// Of the tiles, where the weight is read row by row.
  const char *byRows = nullptr;

  std::string print(bool onTiles, const std::string &name = "f") const;
};

std::string TileProgram::print(bool onTiles, const std::string &name) const {
  auto tensor = [](const Shape &shape, const char *element) {
    return "tensor<" + printShape(shape) + "x" + element + ">";
  };
  std::string x = tensor({m, k}, "f32"), y = tensor({m, n}, "f32");
  std::string w = tensor({n, k}, "f32"), type = codec.type({n, k});
  std::string text = "func.func @" + name + "(%x: " + x + ", %w: " + type +
                     ", %i: " + y + ") -> " + y + " {\n";
  if (onTiles && byRows) {
    std::string element = byRows;
    int64_t width = tileDepth * steps, pack = element == "f32" ? 1 : 2;
    std::string tiles =
        tensor({(k + width - 1) / width, (m + tileRows - 1) / tileRows, steps,
                left, tileRows / tileLanes, tileDepth / pack, pack * tileLanes},
               byRows);
    text += "  %t = zq.tiles %x right planes " + std::to_string(left) +
            " steps " + std::to_string(steps) + " : " + x + " -> " + tiles +
            "\n  %y = zq.contract_rows %t with %w planes " +
            std::to_string(right) + " outs(%i : " + y + ") : " + tiles + ", " +
            type + " -> " + y + "\n";
  } else if (onTiles) {
    int64_t width = tileDepth * steps;
    std::string tiles =
        tensor({(k + width - 1) / width, (m + tileRows - 1) / tileRows, steps,
                left, tileRows, tileDepth},
               "bf16");
    text += "  %t = zq.tiles %x planes " + std::to_string(left) + " steps " +
            std::to_string(steps) + " : " + x + " -> " + tiles +
            "\n  %y = zq.contract %t with %w lanes 16 planes " +
            std::to_string(right) + " outs(%i : " + y + ") : (" + tiles +
            "), " + type + " -> " + y + "\n";
  } else {
    text += "  %e = tensor.empty() : " + w +
            "\n  %d = zq.decode %w at [0, 0] outs(%e : " + w + ") : " + type +
            " -> " + w +
            "\n  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> "
            "(m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> "
            "(m, n)>] ins(%x, %d : " +
            x + ", " + w + ") outs(%i : " + y + ") -> " + y + "\n";
  }
  return text + "  return %y : " + y + "\n}\n";
}

/// The error of a product in these planes, for a weight of any digits.
double getError(int64_t left, int64_t right) {
  double error = getSplitError(24, 8, left) + getSplitError(24, 8, right) +
                 getSplitError(24, 8, left) * getSplitError(24, 8, right) +
                 0x1p-22;
  // What planes that are not multiplied with one another are for.
  for (int64_t i = 0; i < left; ++i)
    for (int64_t j = 0; j < right; ++j)
      if (i + j >= std::max(left, right))
        error += (i ? std::ldexp(1.0, 1 - 9 * i) : 1) *
                 (j ? std::ldexp(1.0, 1 - 9 * j) : 1);
  return error;
}

void check(const TileProgram &program, const std::string &features,
           bool threads) {
  JitOptions options;
  options.features = features;
  options.threads = threads;
  options.guardPages = true;
  std::string what = program.codec.text + " " +
                     printShape({program.m, program.n, program.k}) +
                     " in planes " + printShape({program.left, program.right}) +
                     " on " + features;
  std::mt19937 random(5);
  std::vector<Array> inputs{
      gaussianValues(ElementType::F32, {program.m, program.k}, random)};
  std::vector<EvaluatorInput> arguments{{{inputs.back()}}, {}};
  Array weights =
      gaussianValues(ElementType::F32, {program.n, program.k}, random);
  for (Stream &stream : program.codec.encode(weights)) {
    inputs.push_back(stream.array);
    arguments.back().arrays.push_back(stream.array);
  }
  inputs.push_back(
      gaussianValues(ElementType::F32, {program.m, program.n}, random));
  arguments.push_back({{inputs.back()}});

  Kernel kernel(program.print(/*onTiles=*/true) +
                    program.print(/*onTiles=*/false, "reference"),
                options, what);
  // Products of f32 are not rounded but as they are summed.
  bool isF32 = program.byRows && program.byRows == llvm::StringRef("f32");
  double error = isF32 ? 0 : getError(program.left, program.right);
  std::vector<BoundedTensor> expected =
      kernel.evaluate(arguments, nullptr, error, "reference");
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), 1u) << what;
  ASSERT_EQ(expected.size(), 1u) << what;
  BoundComparison found = compareWithBound(expected[0], results[0]);
  EXPECT_TRUE(found.isWithin() && found.unbounded == 0)
      << what << ": " << found.violations
      << " elements are outside the bound, difference / bound is up to "
      << found.largestRatio;
}

//===----------------------------------------------------------------------===//
// Codecs, sizes, units
//===----------------------------------------------------------------------===//

const char *const codecs[] = {
    "scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = 16>, "
    "quantize<f4E2M1FN>, pack<lanes = 16x4>",
    "scale<1x32, f8E8M0FNU, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>",
    "scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>",
    "scale<1x640, bf16, rows = 16>, quantize<si4>, pack<lanes = 16x4>",
    "scale<1x48, f8E5M2, rows = 16>, lookup<[-1.0, -0.7, -0.4, -0.2, -0.1, "
    "0.0, "
    "0.1, 0.2, 0.4, 0.7, 1.0]>, pack<lanes = 16x4>",
    "scale<1x?, f32, rows = 16>, quantize<si8, symmetric>, pack<lanes = 16x4>",
    "scale<1x64, f16, rows = 16>, quantize<si6>, pack<lanes = 16x4>",
    "scale<1x32, f16, rows = 16>, quantize<ui5>, pack<lanes = 16x4>",
    "scale<1x16, bf16, rows = 16>, quantize<si3>, pack<lanes = 16x4>",
    "scale<1x20, bf16, rows = 16>, quantize<si2>, pack<lanes = 16x4>",
    "scale<1x?, f32, meanabs, rows = 16>, quantize<si1, bipolar>, "
    "pack<lanes = 16x4>",
    "scale<64x32, f32>, scale<1x8, f16, rows = 16>, quantize<si4>, "
    "pack<lanes = 16x4>",
    "scale<1x32, f16, zero, rows = 16>, quantize<si4>, pack<lanes = 16x4>",
    "scale<tensor, f32>, scale<1x?, bf16, zero = f16, rows = 16>, "
    "quantize<ui6>, pack<lanes = 16x4>",
    "quantize<si4>, pack<lanes = 16x4>",
};

class Tiles : public testing::TestWithParam<std::string> {};

TEST_P(Tiles, OfEachCodec) {
  // On other units a few: what differs there are the products.
  for (auto [i, codec] : llvm::enumerate(codecs))
    if (GetParam() == "host" || i < 2)
      check({35, 80, 100, 2, 2, 2, {codec}}, GetParam(), /*threads=*/false);
}

TEST_P(Tiles, OfOddSizes) {
  TestCodec codec{codecs[2]};
  std::vector<TileProgram> programs{
      {1, 1, 1, 1, 1, 1, codec},     {3, 17, 5, 2, 1, 4, codec},
      {32, 32, 32, 1, 1, 1, codec},  {31, 33, 31, 1, 2, 2, codec},
      {40, 47, 300, 2, 1, 3, codec}, {33, 15, 64, 3, 3, 1, codec}};
  for (const TileProgram &program : programs)
    check(program, GetParam(), /*threads=*/false);
}

/// More rows than a task keeps sums of, and tasks of several blocks, the last
/// of which has fewer.
TEST_P(Tiles, OfManyRowsOnThreads) {
  check({545, 1120, 40, 1, 1, 1, {codecs[0]}}, GetParam(), /*threads=*/true);
}

/// Layouts that nothing is known of but rows: blocks that fill whole parts of
/// the columns or do not, and decoders with a state.
const char *const rowCodecs[] = {
    "scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, pack",
    "scale<1x48, f16>, quantize<si4>, pack",
    "scale<1x?, f32>, quantize<si4>, huffman<chunk = 64, length = 8>",
};

/// Sizes that fill whole blocks, tasks of several, and none; parts of the
/// columns likewise.
TEST_P(Tiles, OfRows) {
  // On other units one of each: what differs there are the products.
  bool isHost = GetParam() == "host";
  for (auto [i, codec] : llvm::enumerate(rowCodecs)) {
    if (isHost || i == 0)
      check({35, 75, 150, 3, 2, 2, {codec}, "bf16"}, GetParam(),
            /*threads=*/false);
    if (isHost || i == 1)
      check({35, 75, 150, 1, 1, 2, {codec}, "f32"}, GetParam(),
            /*threads=*/false);
  }
  if (!isHost)
    return;
  check({64, 64, 96, 2, 2, 3, {rowCodecs[0]}, "bf16"}, GetParam(),
        /*threads=*/false);
  check({1, 1, 1, 1, 1, 1, {rowCodecs[0]}, "f32"}, GetParam(),
        /*threads=*/false);
  check({545, 1120, 40, 1, 1, 1, {rowCodecs[2]}, "bf16"}, GetParam(),
        /*threads=*/true);
}

INSTANTIATE_TEST_SUITE_P(Units, Tiles, testing::ValuesIn(getTileFeatureSets()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           return "Set" + std::to_string(info.index);
                         });

//===----------------------------------------------------------------------===//
// Activations that are hard on bf16
//===----------------------------------------------------------------------===//

class TilePlanes : public testing::TestWithParam<std::string> {
protected:
  static constexpr int64_t height = 16, columns = 64;

  /// The first row of x w^T for a weight that is the same everywhere, x the
  /// same in all rows.
  float multiply(const std::vector<float> &x, int64_t planes,
                 float weight = 7) {
    TileProgram program{2,
                        height,
                        columns,
                        planes,
                        1,
                        2,
                        {"quantize<si4>, pack<lanes = 16x4>"}};
    JitOptions options;
    options.threads = false;
    options.features = GetParam();
    Kernel kernel(program.print(/*onTiles=*/true), options, "planes");
    Array activation(ElementType::F32, {2, columns});
    for (int64_t i = 0; i < 2 * columns; ++i)
      activation.setFloat(i, x[i % columns]);
    Array weights(ElementType::F32, {height, columns});
    for (int64_t i = 0; i < weights.size(); ++i)
      weights.setFloat(i, weight);
    std::vector<Array> inputs{activation,
                              program.codec.encode(weights)[0].array,
                              Array(ElementType::F32, {2, height})};
    std::vector<Array> results = kernel.call(inputs);
    EXPECT_EQ(results.size(), 1u);
    return results.empty() ? 0 : results[0].getFloat(0);
  }
};

/// Every activation is nearly half a unit off, all in one direction: the error
/// comes near the bound, and stays below it.
TEST_P(TilePlanes, StayWithinTheBound) {
  for (int64_t planes : {1, 2}) {
    // 1 + 2^-8 lies between two bf16, and so does what is left of it.
    float value = planes == 1 ? 1 + 0x0.ffp-8f : 1 + 0x1p-9f + 0x0.ffp-17f;
    double exact = 7.0 * columns * value;
    double error =
        std::fabs(multiply(std::vector<float>(columns, value), planes) - exact);
    double bound = exact * getSplitError(24, 8, planes);
    EXPECT_LE(error, bound + exact * columns * 0x1p-24) << planes;
    if (planes == 1)
      EXPECT_GE(error, 0.9 * bound);
  }
}

TEST_P(TilePlanes, PassOnWhatIsNotFinite) {
  for (int64_t planes : {1, 2, 3})
    for (float bad : {NAN, INFINITY, -INFINITY}) {
      std::vector<float> x(columns, 1.0f);
      x[37] = bad;
      EXPECT_FALSE(std::isfinite(multiply(x, planes))) << bad;
    }
}

/// From subnormal to the largest finite magnitude.
TEST_P(TilePlanes, TakeAnyMagnitude) {
  for (float magnitude :
       {0.0f, 1e-42f, 1e-38f, 1e-30f, 1e-10f, 1.0f, 1e20f, 1e35f}) {
    std::vector<float> x;
    double exact = 0, sum = 0;
    for (int64_t k = 0; k < columns; ++k) {
      x.push_back(magnitude * float(k % 5 - 1));
      exact += 7 * double(x.back()), sum += 7 * std::fabs(double(x.back()));
    }
    for (int64_t planes : {1, 2})
      EXPECT_LE(std::fabs(multiply(x, planes) - exact),
                sum * (getSplitError(24, 8, planes) + columns * 0x1p-24) +
                    columns * 7 * 0x1p-126)
          << magnitude;
  }
  // Beyond the largest bf16, and no infinity.
  std::vector<float> x(columns, 0.0f);
  x[0] = 0x1.ff8p127f;
  for (int64_t planes : {1, 2})
    EXPECT_NEAR(multiply(x, planes, 1) / x[0], 1, getSplitError(24, 8, planes));
}

INSTANTIATE_TEST_SUITE_P(Units, TilePlanes,
                         testing::ValuesIn(getTileFeatureSets()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           return "Set" + std::to_string(info.index);
                         });

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

/// So many rows, by whatever domain is chosen. At `coarse`, very many of them
/// are multiplied on tiles.
void checkChoices(const std::string &features, double coarse,
                  std::initializer_list<int64_t> rows) {
  JitOptions options;
  options.features = features;
  options.threads = true;
  for (double accuracy : {5e-5, coarse})
    for (int64_t m : rows) {
      options.accuracy = accuracy;
      checkProducts({matmulByRows(m, 50, 70)}, {codecs[0]}, options,
                    /*mayBeUnfused=*/true);
    }
  TileProgram program{512, 64, 64, 1, 1, 1, {codecs[0]}};
  Kernel kernel(program.print(/*onTiles=*/false), options, "choice");
  EXPECT_NE(kernel.getRemarks().find("tiles of bf16"), std::string::npos)
      << kernel.getRemarks();
}

TEST(TileChoice, OfEachNumberOfRows) {
  if (!hasTiles())
    GTEST_SKIP() << "this machine has no matrix tiles";
  checkChoices("host", 1e-2, {1, 7, 16, 24, 32, 40, 64});
}

/// As on a CPU without tiles, whose dots are as fast as other instructions;
/// one plane of integers, which is faster, just misses the accuracy.
TEST(TileChoice, OfVeryManyRowsByDots) {
  if (!hasDots())
    GTEST_SKIP() << "this machine has no dots of bf16";
  checkChoices(getHostWithout("amx", "avx512fp16"), 3.92e-3, {512});
}

/// The activation's tiles are read in whole blocks, so that no part of the
/// product begins within one.
TEST(TileParts, BeginWithBlocks) {
  TestCodec inLanes{"scale<1x32, f16, rows = 16>, quantize<si4>, "
                    "pack<lanes = 16x4>"};
  for (const char *byRows : {static_cast<const char *>(nullptr), "f32"}) {
    TileProgram program{70, 64, 64, 1, 1, 1, inLanes, byRows};
    TestContext context;
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        program.print(/*onTiles=*/true), &context.context);
    ASSERT_TRUE(module) << context.errors;
    mlir::TilingInterface product;
    module->walk([&](mlir::TilingInterface op) { product = op; });
    ASSERT_TRUE(product);
    mlir::OpBuilder b(product);
    auto hasPart = [&](mlir::OpFoldResult first, int64_t rows) {
      return succeeded(product.getTiledImplementation(
          b, {first, b.getIndexAttr(0)},
          {b.getIndexAttr(rows), b.getIndexAttr(64)}));
    };
    // A place that is not known.
    mlir::Value row = mlir::tensor::DimOp::create(b, product.getLoc(),
                                                  product->getOperand(0), 0);
    EXPECT_TRUE(hasPart(b.getIndexAttr(0), 70));
    EXPECT_TRUE(hasPart(b.getIndexAttr(32), 38));
    EXPECT_FALSE(hasPart(b.getIndexAttr(8), 8));
    EXPECT_FALSE(hasPart(b.getIndexAttr(20), 32));
    EXPECT_TRUE(hasPart(row, 64));
    EXPECT_FALSE(hasPart(row, 8));
  }
}

} // namespace
