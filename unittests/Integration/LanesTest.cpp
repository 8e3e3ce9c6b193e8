//===- LanesTest.cpp - Contractions with a weight's rows in the lanes -----===//
//
// Codecs in the layout of `zq.contract`, in each compute domain, on sizes that
// no panel, group or step divides, against the bound that the domain's accuracy
// gives.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Target/Target.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// A codec with `R` where the number of lanes stands.
struct LaneCodec {
  const char *name;
  const char *stages;
};

const LaneCodec codecs[] = {
    {"nvfp4", "scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = R>, "
              "quantize<f4E2M1FN>, pack<lanes = Rx4>"},
    {"mxfp4", "scale<1x32, f8E8M0FNU, rows = R>, quantize<f4E2M1FN>, "
              "pack<lanes = Rx4>"},
    {"int4", "scale<1x32, f16, rows = R>, quantize<si4>, pack<lanes = Rx4>"},
    {"int4OfLongGroups",
     "scale<1x640, bf16, rows = R>, quantize<si4>, pack<lanes = Rx4>"},
    {"nf4", "scale<1x64, f32, rows = R>, lookup<[-1.0, -0.6962, -0.5251, "
            "-0.3949, -0.2844, -0.1848, -0.0911, 0.0, 0.0796, 0.1609, 0.2461, "
            "0.3379, 0.4407, 0.5626, 0.723, 1.0]>, pack<lanes = Rx4>"},
    {"elevenValues",
     "scale<1x48, f8E5M2, rows = R>, lookup<[-1.0, -0.7, -0.4, -0.2, -0.1, "
     "0.0, 0.1, 0.2, 0.4, 0.7, 1.0]>, pack<lanes = Rx4>"},
    {"int8", "scale<1x32, f16, rows = R>, quantize<si8>, pack<lanes = Rx4>"},
    {"int8OfRows",
     "scale<1x?, f32, rows = R>, quantize<si8, symmetric>, pack<lanes = Rx4>"},
    {"levels255", "scale<tensor, f32>, quantize<levels = 255>, "
                  "pack<lanes = Rx4>"},
    {"int7", "scale<1x64, f16, rows = R>, quantize<si7>, pack<lanes = Rx4>"},
    {"int6", "scale<1x64, f16, rows = R>, quantize<si6>, pack<lanes = Rx4>"},
    {"float6", "scale<1x32, f8E8M0FNU, rows = R>, quantize<f6E2M3FN>, "
               "pack<lanes = Rx4>"},
    {"int5", "scale<1x32, f16, rows = R>, quantize<ui5>, pack<lanes = Rx4>"},
    {"int3", "scale<1x16, bf16, rows = R>, quantize<si3>, pack<lanes = Rx4>"},
    {"int2", "scale<1x20, bf16, rows = R>, quantize<si2>, pack<lanes = Rx4>"},
    {"ternary",
     "scale<1x64, f16, rows = R>, quantize<levels = 3>, pack<lanes = Rx4>"},
    {"binary", "scale<1x?, f32, meanabs, rows = R>, quantize<si1, bipolar>, "
               "pack<lanes = Rx4>"},
    {"squares", "scale<64x32, f32>, scale<1x8, f16, rows = R>, quantize<si4>, "
                "pack<lanes = Rx4>"},
    {"integerZeros",
     "scale<1x32, f16, zero, rows = R>, quantize<si4>, pack<lanes = Rx4>"},
    {"zerosOfRows", "scale<tensor, f32>, scale<1x?, bf16, zero = f16, rows = "
                    "R>, quantize<ui6>, pack<lanes = Rx4>"},
    {"unscaled", "quantize<si4>, pack<lanes = Rx4>"},
    {"float8", "scale<1x32, f8E8M0FNU, rows = R>, quantize<f8E4M3FN>, "
               "pack<lanes = Rx4>"},
    {"float8WithInfinities",
     "scale<tensor, f32>, quantize<f8E5M2>, pack<lanes = Rx4>"},
    {"tablesOfGroups",
     "tables<1x20, f16, [[-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0], [-4.0, "
     "-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0], [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, "
     "4.0, 6.0]], tags = [pack<lanes = Rx1>], rows = R>, pack<lanes = Rx4>"},
    {"tablesUnderAFactor",
     "scale<1x?, f32, rows = R>, tables<1x32, [scale<tensor, f32>, "
     "quantize<ui8>, pack<lanes = Rx1>], [[-1.0, -0.3, 0.0, 0.2, 1.0], [-0.5, "
     "-0.1, 0.1]], rows = R>, pack<lanes = Rx4>"},
    {"tablesOfRows", "tables<1x?, f8E8M0FNU, [[-1.0, 1.0], [0.0, 3.0]], "
                     "rows = R>, pack<lanes = Rx4>"},
    {"tableOfAll", "tables<tensor, f32, [[-1.0, 1.0], [0.0, 3.0]]>, "
                   "pack<lanes = Rx4>"},
    {"tablesOfManyValues",
     "tables<1x16, f16, [[-9.0, -8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, "
     "-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.5], [-40.0, -1.0, 0.0, "
     "40.0], [-0.75, 0.25, 30.0], [0.0, 1.0]], tags = [pack<lanes = Rx1>], "
     "rows = R>, pack<lanes = Rx4>"},
    {"codesReadAsFewer", "scale<1x32, f16, rows = R>, quantize<si8>, "
                         "nested<bits = 4>, pack<lanes = Rx4>"},
    {"floatsReadAsOthers", "scale<tensor, f32>, quantize<f8E4M3FN>, "
                           "nested<bits = 6, ties = away>, pack<lanes = Rx4>"},
    {"dyadicScalesOfRows", "scale<1x?, [dyadic<bits = 24>, pack]>, "
                           "quantize<si4>, pack<lanes = Rx4>"},
    {"offsets", "offset<1x32, f16, min, rows = R>, scale<1x32, f16, rows = R>, "
                "quantize<ui4>, pack<lanes = Rx4>"},
    {"offsetsBetweenFactors",
     "scale<1x?, f32, rows = R>, offset<1x48, bf16, mid, rows = R>, "
     "scale<1x?, f16, rows = R>, scale<1x16, f8E4M3FN, rows = R>, "
     "lookup<[-1.0, -0.4786, -0.217, 0.0, 0.161, 0.338, 0.5626, 1.0]>, "
     "pack<lanes = Rx4>"},
    {"offsetOfAll", "offset<tensor, f32, mean>, scale<1x20, f16, rows = R>, "
                    "quantize<si4>, pack<lanes = Rx4>"},
    {"scalesOfScales",
     "scale<1x16, [scale<1x16, f16, peak, rows = R>, quantize<si8>, "
     "pack<lanes = Rx1>], peak>, quantize<si6>, pack<lanes = Rx4>"},
    {"scalesOfSixBits",
     "scale<1x16, [scale<1x16, f16, peak, rows = R>, quantize<si6>, "
     "pack<lanes = Rx1>], peak>, quantize<si3>, pack<lanes = Rx4>"},
    {"scalesAndOffsetsOfThem",
     "offset<1x32, [scale<1x8, f16, peak, rows = R>, quantize<ui6>, "
     "pack<lanes = Rx1>], min>, scale<1x32, [scale<1x8, f16, rows = R>, "
     "quantize<ui6>, pack<lanes = Rx1>]>, quantize<ui4>, pack<lanes = Rx4>"},
    {"scalesOfTwoBits",
     "offset<1x16, [scale<1x16, f16, peak, rows = R>, quantize<ui4>, "
     "pack<lanes = Rx1>], min>, scale<1x16, [scale<1x16, f16, rows = R>, "
     "quantize<ui4>, pack<lanes = Rx1>]>, quantize<ui2>, pack<lanes = Rx4>"},
    {"scalesLessTheirMean",
     "scale<1x64, [offset<tensor, f32, mean>, scale<1x256, f32, rows = R>, "
     "quantize<si8>, pack<lanes = Rx1>]>, lookup<[-1.0, 0.0, 0.338, 1.0]>, "
     "pack<lanes = Rx4>"},
    {"scalesOfFloatsDivided",
     "scale<1x16, [scale<tensor, f32, divide>, quantize<f8E4M3FN>, "
     "pack<lanes = Rx1>]>, quantize<f4E2M1FN>, pack<lanes = Rx4>"},
    {"scalesOfRowsDivided",
     "scale<1x16, [scale<1x4, f32, divide, rows = R>, quantize<ui6>, "
     "pack<lanes = Rx1>]>, quantize<si4>, pack<lanes = Rx4>"},
    {"scalesOfRowsCoded",
     "scale<1x?, [scale<1x1, f32, rows = R>, quantize<ui8>, "
     "pack<lanes = Rx1>]>, quantize<si4>, pack<lanes = Rx4>"},
    {"zerosOfCodes",
     "scale<1x40, f16, zero = [quantize<ui3>, pack<lanes = Rx1>], rows = R>, "
     "quantize<ui3>, pack<lanes = Rx4>"},
    {"statisticsOfSixteenRows",
     "scale<1x16, [scale<16x1, f16, zero = f16>, quantize<ui3>, "
     "pack<lanes = Rx1>], zero = [scale<16x1, f16, zero = f16>, "
     "quantize<ui3>, pack<lanes = Rx1>]>, quantize<ui3>, pack<lanes = Rx4>"},
    {"nvfp4InRecords",
     "scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = R>, quantize<f4E2M1FN>, "
     "pack<lanes = Rx4>, records = 64"},
    {"nvfp4InShortRecords",
     "scale<1x16, f8E4M3FN, rows = R>, quantize<f4E2M1FN>, pack<lanes = Rx4>, "
     "records = 16"},
    {"int2InRecords", "scale<1x32, f16, rows = R>, quantize<si2>, "
                      "pack<lanes = Rx4>, records = 128"},
    {"elevenValuesInRecords",
     "scale<1x48, f8E5M2, rows = R>, lookup<[-1.0, -0.7, -0.4, -0.2, -0.1, "
     "0.0, 0.1, 0.2, 0.4, 0.7, 1.0]>, pack<lanes = Rx4>, records = 48"},
    {"offsetsInRecords",
     "scale<1x?, f32, rows = R>, offset<1x32, f16, min, rows = R>, "
     "scale<1x64, f32, zero = f16, rows = R>, quantize<ui3>, "
     "pack<lanes = Rx4>, records = 64"},
    {"scalesOfThemInRecords",
     "offset<1x32, [scale<1x8, f16, peak, rows = R>, quantize<ui6>, "
     "pack<lanes = Rx1>], min>, scale<1x32, [scale<1x8, f16, rows = R>, "
     "quantize<ui6>, pack<lanes = Rx1>]>, quantize<ui4>, pack<lanes = Rx4>, "
     "records = 256"},
    {"tablesInRecords",
     "tables<1x20, f16, [[-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0], [-4.0, "
     "-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0], [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, "
     "4.0, 6.0]], tags = [pack<lanes = Rx1>], rows = R>, pack<lanes = Rx4>, "
     "records = 160"},
    {"int4InRans", "scale<1x32, f16, rows = R>, quantize<si4>, panels<Rx4, "
                   "[register_rans<lanes = 256, rows = 1>]>"},
    {"int8InRansWithEscapes",
     "scale<1x20, bf16, rows = R>, quantize<si8>, panels<Rx4, "
     "[register_rans<lanes = 64, rows = 1>]>"},
    {"float4InWindows",
     "scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = R>, quantize<f4E2M1FN>, "
     "panels<Rx4, [window<bits = [2, 2], chunk = 1048576>]>"},
};

class Lanes
    : public testing::TestWithParam<std::tuple<std::string, LaneCodec>> {
protected:
  TestCodec getCodec() {
    std::string features = std::get<0>(GetParam()), text;
    int64_t lanes = getX86Target(features)->getLanes();
    for (const char *c = std::get<1>(GetParam()).stages; *c; ++c)
      text += *c == 'R' ? std::to_string(lanes) : std::string(1, *c);
    return {text};
  }
  JitOptions getOptions(double accuracy, bool threads = false) {
    JitOptions options;
    options.threads = threads;
    options.guardPages = true;
    options.features = std::get<0>(GetParam());
    options.accuracy = accuracy;
    return options;
  }
};

TEST_P(Lanes, OfFewRows) {
  std::vector<Product> products{matmulByRows(5, 20, 300), matvec(37, 300)};
  for (double accuracy : {0.0, 5e-5, 2e-3, 2e-2})
    checkProducts(products, getCodec(), getOptions(accuracy),
                  /*mayBeUnfused=*/true);
}

TEST_P(Lanes, OfManyRows) {
  std::vector<Product> products{matmulByRows(29, 80, 64)};
  for (double accuracy : {0.0, 5e-5, 2e-3, 2e-2})
    checkProducts(products, getCodec(), getOptions(accuracy, true),
                  /*mayBeUnfused=*/true);
}

TEST_P(Lanes, OfOddSizes) {
  std::vector<Product> products{matmulByRows(1, 1, 1), matmulByRows(0, 17, 64),
                                matvec(300, 2), matmulByRows(2, 17, 5),
                                matvec(1, 33)};
  for (double accuracy : {0.0, 5e-5, 2e-3, 2e-2})
    checkProducts(products, getCodec(), getOptions(accuracy),
                  /*mayBeUnfused=*/true);
}

/// So many that weights of short groups are rounded once more.
TEST_P(Lanes, OfVeryManyRows) {
  std::vector<Product> products{matmulByRows(430, 40, 300)};
  checkProducts(products, getCodec(), getOptions(2e-2, true),
                /*mayBeUnfused=*/true);
}

/// The layout decodes as any other.
TEST_P(Lanes, DecodeToTheReference) {
  TestCodec codec = getCodec();
  Shape shape{37, 75};
  Kernel kernel(wholeDecodes({codec}, shape), getOptions(0), codec.text);
  std::mt19937 random(3);
  std::vector<Array> inputs;
  std::vector<Stream> streams =
      codec.encode(gaussianValues(ElementType::F32, shape, random));
  for (Stream &stream : streams)
    inputs.push_back(stream.array);
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), 1u);
  expectSameBits(results[0], codec.decode(streams, shape), codec.text);
}

//===----------------------------------------------------------------------===//
// Scales of a byte
//===----------------------------------------------------------------------===//

class ScalesOfBytes
    : public testing::TestWithParam<std::tuple<std::string, const char *>> {};

/// y = W x for 256 rows of `groups` groups. In one after the other there are
/// all scales that there can be, normal numbers, subnormal ones, infinities,
/// and NaN, while the other groups have another one and are multiplied by 0.
static void checkScales(const std::string &features, const std::string &type,
                        int64_t groups) {
  constexpr int64_t height = 256, group = 16;
  constexpr uint8_t otherScale = 0x30;
  int64_t columns = group * groups;
  int64_t lanes = getX86Target(features)->getLanes();
  std::string number = std::to_string(lanes);
  TestCodec codec{"scale<1x16, " + type + ", rows = " + number +
                  ">, quantize<f4E2M1FN>, pack<lanes = " + number + "x4>"};
  JitOptions options;
  options.threads = false;
  options.features = features;
  options.accuracy = 0;
  Shape shape{height, columns};
  Kernel kernel(printProducts({matvec(height, columns)}, codec), options,
                codec.text);
  Array ones(ElementType::F32, shape);
  for (int64_t i = 0; i < ones.size(); ++i)
    ones.setFloat(i, 1);
  std::vector<Stream> streams = codec.encode(ones);
  for (int64_t place = 0; place < groups; ++place) {
    Array activation(ElementType::F32, {columns});
    activation.setFloat(group * place, 1);
    std::vector<Array> inputs{activation};
    for (Stream &stream : streams) {
      std::vector<uint8_t> &bytes = stream.array.bytes;
      // The codes have half a byte for each of 16 columns.
      if (int64_t(bytes.size()) == height * groups)
        for (int64_t i = 0; i < height * groups; ++i) {
          int64_t panel = i / lanes / groups;
          bytes[i] = i / lanes % groups == place
                         ? static_cast<uint8_t>(panel * lanes + i % lanes)
                         : otherScale;
        }
      inputs.push_back(stream.array);
    }
    std::vector<Array> results = kernel.call(inputs);
    Array decoded = codec.decode(streams, shape);
    int64_t finite = 0;
    for (int64_t row = 0; row < height; ++row) {
      float expected = decoded.getFloat(row * columns + group * place);
      float got = results[0].getFloat(row);
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(got)) << place << ": " << row;
      else
        EXPECT_EQ(got, expected) << place << ": " << row;
      finite += std::isfinite(expected) && expected != 0;
    }
    EXPECT_GE(finite, 240);
  }
}

TEST_P(ScalesOfBytes, AreWhatTheyDecodeTo) {
  auto [features, type] = GetParam();
  checkScales(features, type, /*groups=*/1);
}

/// Those of four groups fill a register; three are left over.
TEST_P(ScalesOfBytes, OfSeveralGroupsToo) {
  auto [features, type] = GetParam();
  checkScales(features, type, /*groups=*/11);
}

INSTANTIATE_TEST_SUITE_P(
    Types, ScalesOfBytes,
    testing::Combine(testing::ValuesIn(getAllFeatureSets()),
                     testing::Values("f8E4M3FN", "f8E5M2", "f8E8M0FNU")));

//===----------------------------------------------------------------------===//
// Codes that stand for no finite value
//===----------------------------------------------------------------------===//

class InfiniteCodes : public testing::TestWithParam<
                          std::tuple<std::string, const char *, double>> {};

/// y = W x, with a code in each of 256 rows: NaN is passed on in each domain,
/// to its own row alone. Infinity is, or becomes NaN where products are
/// integers.
TEST_P(InfiniteCodes, ArePassedOn) {
  constexpr int64_t height = 256, columns = 16, depth = 4;
  auto [features, type, accuracy] = GetParam();
  int64_t lanes = getX86Target(features)->getLanes();
  // Without a scale of each row tables are too coarse for integers.
  TestCodec codec{"scale<1x16, f32, rows = " + std::to_string(lanes) +
                  ">, quantize<" + type +
                  ">, pack<lanes = " + std::to_string(lanes) + "x4>"};
  JitOptions options;
  options.threads = false;
  options.features = features;
  options.accuracy = accuracy;
  Shape shape{height, columns};
  Kernel kernel(printProducts({matvec(height, columns)}, codec), options,
                codec.text);
  Array activation(ElementType::F32, {columns});
  activation.setFloat(5, 1);
  Array largestValues(ElementType::F32, shape);
  for (int64_t i = 0; i < largestValues.size(); ++i)
    largestValues.setFloat(i, type == std::string("f8E4M3FN") ? 448 : 57344);
  std::vector<Stream> streams = codec.encode(largestValues);
  ASSERT_EQ(streams.size(), 2u);
  // Column 5 is the second of the second four.
  for (int64_t code = 0; code < height; ++code)
    streams[1].array.bytes[code / lanes * lanes * columns + lanes * depth +
                           code % lanes * depth + 1] =
        static_cast<uint8_t>(code);
  std::vector<Array> results =
      kernel.call({activation, streams[0].array, streams[1].array});
  Array decoded = codec.decode(streams, shape);
  double largest = 0;
  for (int64_t i = 0; i < decoded.size(); ++i)
    if (std::isfinite(decoded.getFloat(i)))
      largest = std::max<double>(largest, std::fabs(decoded.getFloat(i)));
  int64_t finite = 0;
  for (int64_t row = 0; row < height; ++row) {
    float expected = decoded.getFloat(row * columns + 5);
    float got = results[0].getFloat(row);
    finite += std::isfinite(expected);
    if (std::isfinite(expected))
      EXPECT_LE(std::fabs(got - expected), accuracy * largest) << row;
    else if (std::isnan(expected) || accuracy > 0)
      EXPECT_TRUE(std::isnan(got)) << row;
    else
      EXPECT_EQ(got, expected) << row;
  }
  EXPECT_GE(finite, 240);
  EXPECT_LT(finite, 256);
}

INSTANTIATE_TEST_SUITE_P(Types, InfiniteCodes,
                         testing::Combine(testing::ValuesIn(getFeatureSets()),
                                          testing::Values("f8E4M3FN", "f8E5M2"),
                                          testing::Values(0.0, 5e-5, 1e-2)));

//===----------------------------------------------------------------------===//
// Activations that are hard on integers
//===----------------------------------------------------------------------===//

/// The largest dimensions of what is multiplied below.
constexpr int64_t height = 16, columns = 512;

/// y = W x for `rows` equal rows of x. Column k of all rows of W is
/// `getWeight(k)`. A remark has `said`.
std::vector<float> multiplyRows(const TestCodec &codec,
                                llvm::function_ref<double(int64_t)> getWeight,
                                const std::vector<float> &x, int64_t rows,
                                double accuracy, const std::string &said) {
  JitOptions options;
  options.threads = false;
  options.accuracy = accuracy;
  std::string count = std::to_string(rows), w = "tensor<16x512xf32>",
              xs = "tensor<" + count + "x512xf32>",
              ys = "tensor<" + count + "x16xf32>";
  Kernel kernel("func.func @f(%x: " + xs +
                    ", %w: " + codec.type({height, columns}) + ", %y: " + ys +
                    ") -> " + ys + " {\n  %e = tensor.empty() : " + w +
                    "\n  %d = zq.decode %w at [0, 0] outs(%e : " + w +
                    ") : " + codec.type({height, columns}) + " -> " + w +
                    "\n  %r = linalg.matmul indexing_maps = ["
                    "affine_map<(m, n, k) -> (m, k)>, "
                    "affine_map<(m, n, k) -> (n, k)>, "
                    "affine_map<(m, n, k) -> (m, n)>] ins(%x, %d : " +
                    xs + ", " + w + ") outs(%y : " + ys + ") -> " + ys +
                    "\n  return %r : " + ys + "\n}\n",
                options, codec.text);
  Array weights(ElementType::F32, {height, columns});
  for (int64_t i = 0; i < weights.size(); ++i)
    weights.setFloat(i, getWeight(i % columns));
  Array activation(ElementType::F32, {rows, columns});
  for (int64_t i = 0; i < activation.size(); ++i)
    activation.setFloat(i, x[i % columns]);
  std::vector<Array> inputs{activation};
  for (const Stream &stream : codec.encode(weights))
    inputs.push_back(stream.array);
  inputs.push_back(Array(ElementType::F32, {rows, height}));
  std::vector<Array> results = kernel.call(inputs);
  EXPECT_NE(kernel.getRemarks().find(said), std::string::npos)
      << kernel.getRemarks();
  std::vector<float> y;
  for (int64_t i = 0; i < results[0].size(); ++i)
    y.push_back(results[0].getFloat(i));
  return y;
}

/// y = W x for a weight of 4-bit integers without scales, each 7 or -7.
class Planes : public testing::TestWithParam<double> {
protected:
  /// The weight's signs in column k, the same for all rows.
  static double getWeight(int64_t k) { return k % 3 ? 7 : -7; }

  /// Several rows, all the same, have a weight in groups, of which some share
  /// an activation's scale; with very many, that is rounded once more.
  std::vector<float> multiply(const std::vector<float> &x, int64_t rows = 1) {
    std::string codec = "quantize<si4>, pack<lanes = 16x4>";
    if (rows > 1)
      codec = "scale<1x32, f8E8M0FNU, rows = 16>, " + codec;
    bool isRounded = rows > 400 && GetParam() > 1e-3;
    return multiplyRows({codec}, getWeight, x, rows, GetParam(),
                        isRounded ? "8-bit integers, weights rounded to such: "
                                    "error"
                                  : "8-bit integers: error");
  }

  /// The largest activation's integer.
  double getLimit() const { return GetParam() < 1e-3 ? 32512 : 127; }
};

/// Each activation is nearly half a step off, in the direction that its weight
/// makes worse. The error comes near the bound, and stays below it.
TEST_P(Planes, StayWithinHalfAStep) {
  std::vector<float> x;
  double exact = 0, bound = 0;
  for (int64_t k = 0; k < columns; ++k) {
    double value = (k * 37 % 113 + 0.49) * (getWeight(k) > 0 ? 1 : -1);
    if (k % 128 == 0)
      value = getLimit();
    x.push_back(value);
    exact += double(x.back()) * getWeight(k);
    bound += 0.5 * 7;
  }
  for (int64_t rows : {1, 5, 500})
    for (float y : multiply(x, rows)) {
      EXPECT_LE(std::fabs(y - exact), bound);
      EXPECT_GE(std::fabs(y - exact), 0.9 * bound);
    }
}

/// What is not finite is not lost, and stays in its row of the result.
TEST_P(Planes, PassOnWhatIsNotFinite) {
  for (float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> x(columns, 1.0f);
    x[77] = bad;
    for (int64_t rows : {1, 5, 500})
      for (float y : multiply(x, rows))
        EXPECT_TRUE(std::isnan(y));
  }
}

/// From subnormal to the largest finite magnitude nothing wraps.
TEST_P(Planes, TakeAnyMagnitude) {
  for (float magnitude : {0.0f, 1e-42f, 1e-38f, 1e-30f, 1e-10f, 1e20f, 1e35f}) {
    std::vector<float> x;
    double exact = 0, sum = 0;
    for (int64_t k = 0; k < columns; ++k) {
      x.push_back(magnitude * float(k % 5 - 2));
      exact += double(x.back()) * getWeight(k);
      sum += 7 * 2 * double(magnitude);
    }
    for (int64_t rows : {1, 5, 500})
      for (float y : multiply(x, rows))
        EXPECT_LE(std::fabs(y - exact), sum * GetParam() + 1e-28) << magnitude;
  }
  // A sum beyond f32 is infinite, as it is in f32.
  std::vector<float> x;
  for (int64_t k = 0; k < columns; ++k)
    x.push_back(std::copysign(3e38f, getWeight(k)));
  for (float y : multiply(x))
    EXPECT_TRUE(std::isinf(y));
}

/// A run of one large activation, of up to 256 columns, does not swallow those
/// of other runs.
TEST_P(Planes, ScaleEachRunByItself) {
  std::vector<float> x(columns, 0.0f);
  double exact = 0;
  x[0] = 1e4f;
  for (int64_t k = 256; k < columns; ++k)
    x[k] = 0.25f;
  for (int64_t k = 0; k < columns; ++k)
    exact += double(x[k]) * getWeight(k);
  for (int64_t rows : {1, 5})
    for (float y : multiply(x, rows))
      EXPECT_NEAR(y, exact, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Accuracies, Planes, testing::Values(5e-5, 1e-2));

/// The same for a table that bytes do not hold, in groups of this parameter's
/// columns, and 16-bit integers. The weights are its largest values.
class Words : public testing::TestWithParam<int64_t> {
protected:
  static constexpr double accuracy = 1e-3;
  static constexpr float table[] = {-1.0f, -0.3f, 0.1f, 1.0f};

  static double getWeight(int64_t k) { return k % 3 ? 1 : -1; }
  static double getOne(int64_t) { return 1; }

  std::vector<float> multiply(const std::vector<float> &x, int64_t rows,
                              llvm::function_ref<double(int64_t)> getWeight) {
    std::string scale =
        "scale<1x" + std::to_string(GetParam()) + ", f32, rows = 16>, ";
    return multiplyRows(
        {scale + "lookup<[-1.0, -0.3, 0.1, 1.0]>, pack<lanes = 16x4>"},
        getWeight, x, rows, accuracy, "one plane of 16-bit integers: error");
  }

  WordTable getTable() { return getWordTable(table, GetParam()); }
};

/// The largest products of one sign fill a sum, and do not wrap.
TEST_P(Words, HoldTheLargestSums) {
  WordTable words = getTable();
  int64_t largest = 0;
  for (int64_t word : words.words)
    largest = std::max(largest, std::abs(word));
  EXPECT_LE(words.limit * largest * GetParam(), INT32_MAX);
  EXPECT_GT((words.limit + 1) * (largest + 1) * GetParam(), INT32_MAX);
  for (float sign : {1.0f, -1.0f})
    for (int64_t rows : {1, 5, 40})
      for (float y : multiply(std::vector<float>(columns, sign), rows, getOne))
        EXPECT_NEAR(y, sign * columns, 1e-3);
}

/// Each activation is nearly half a step off, as with planes.
TEST_P(Words, StayWithinHalfAStep) {
  std::vector<float> x;
  double exact = 0, limit = getTable().limit;
  for (int64_t k = 0; k < columns; ++k) {
    double value = (k * 37 % 113 + 0.49) * getWeight(k);
    x.push_back(k % GetParam() == 0 ? limit : value);
    exact += double(x.back()) * getWeight(k);
  }
  for (int64_t rows : {1, 5, 40})
    for (float y : multiply(x, rows, getWeight)) {
      EXPECT_LE(std::fabs(y - exact),
                getWordsError(getTable()) * limit * columns);
      EXPECT_LE(std::fabs(y - exact), 0.5 * columns);
      EXPECT_GE(std::fabs(y - exact), 0.4 * columns);
    }
}

TEST_P(Words, PassOnWhatIsNotFinite) {
  for (float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> x(columns, 1.0f);
    x[77] = bad;
    for (int64_t rows : {1, 5})
      for (float y : multiply(x, rows, getWeight))
        EXPECT_TRUE(std::isnan(y));
  }
}

TEST_P(Words, TakeAnyMagnitude) {
  for (float magnitude : {0.0f, 1e-42f, 1e-38f, 1e-30f, 1e-10f, 1e20f, 1e30f}) {
    std::vector<float> x;
    double exact = 0;
    for (int64_t k = 0; k < columns; ++k) {
      x.push_back(magnitude * float(k % 5 - 2));
      exact += double(x.back()) * getWeight(k);
    }
    for (int64_t rows : {1, 5})
      for (float y : multiply(x, rows, getWeight))
        EXPECT_LE(std::fabs(y - exact),
                  columns * 2 * double(magnitude) * accuracy + 1e-28)
            << magnitude;
  }
}

INSTANTIATE_TEST_SUITE_P(Groups, Words, testing::Values(16, 64, 128));

std::string nameCase(
    const testing::TestParamInfo<std::tuple<std::string, LaneCodec>> &info) {
  std::string name = std::get<1>(info.param).name;
  for (char c : std::get<0>(info.param))
    if (std::isalnum(c))
      name += c;
  return name;
}

/// Each codec on this machine, and a few on two others each, by turns: all
/// others have some of them.
std::vector<std::tuple<std::string, LaneCodec>> getCases() {
  const std::vector<std::string> few = {"nvfp4",
                                        "int6",
                                        "int8OfRows",
                                        "elevenValues",
                                        "integerZeros",
                                        "int4InRans",
                                        "scalesAndOffsetsOfThem"};
  std::vector<std::tuple<std::string, LaneCodec>> cases;
  std::vector<std::string> sets = getAllFeatureSets();
  const size_t others = sets.size() - 1;
  size_t turn = 0;
  for (const LaneCodec &codec : codecs) {
    cases.emplace_back(sets.front(), codec);
    if (llvm::is_contained(few, codec.name))
      for (size_t i = 0; i < std::min<size_t>(2, others); ++i)
        cases.emplace_back(sets[1 + turn++ % others], codec);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Codecs, Lanes, testing::ValuesIn(getCases()),
                         nameCase);

} // namespace
