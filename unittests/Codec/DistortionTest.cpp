//===- DistortionTest.cpp - Errors that are known from theory -------------===//

#include "TestArrays.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"

#include <algorithm>

using namespace zq::codec;

/// The levels that minimize the squared error on a normal distribution (Lloyd
/// 1982, Max 1960): the positive half, and the error they leave.
struct LloydMax {
  std::vector<float> levels;
  double error;
};

static const LloydMax lloydMax[] = {
    {{0.79788f}, 0.36338},
    {{0.45278f, 1.51042f}, 0.11748},
    {{0.24509f, 0.75601f, 1.34391f, 2.15195f}, 0.03455},
    {{0.12840f, 0.38805f, 0.65676f, 0.94234f, 1.25623f, 1.61805f, 2.06902f,
      2.73259f},
     0.00950}};

TEST(Distortion, OfLloydMaxTablesOnGaussianValues) {
  const int64_t n = 1 << 20;
  Array input = gaussian({n}, 1);
  for (const LloydMax &expected : lloydMax) {
    std::vector<float> table;
    for (size_t i = expected.levels.size(); i-- > 0;)
      table.push_back(-expected.levels[i]);
    table.insert(table.end(), expected.levels.begin(), expected.levels.end());
    Result<Array> read =
        Codec({std::make_shared<Lookup>(table)}).roundTrip(input);
    ASSERT_TRUE(read) << read.message();
    double sum = 0, sumOfSquares = 0;
    for (int64_t i = 0; i < n; ++i) {
      double error = read->getFloat(i) - input.getFloat(i);
      sum += error * error;
      sumOfSquares += error * error * error * error;
    }
    // Five standard deviations of the mean, and the last place printed.
    double mean = sum / n;
    double deviation = std::sqrt((sumOfSquares / n - mean * mean) / n);
    EXPECT_NEAR(mean, expected.error, 5 * deviation + 0.5e-5);
  }
}

/// LLM-FP4 has a real exponent bias b for each tensor or channel. That is a
/// scale in f32 above a minifloat: 2^(bias of the format - b).
TEST(Distortion, OfLLMFP4IsThatOfAScaleAboveAMinifloat) {
  Array input = gaussian({4, 100}, 7);
  for (const char *name : {"e2m1", "e3m0", "e1m2", "e3m4", "e2m3"}) {
    Minifloat format = *parseMinifloat(name);
    int E = format.exponentBits, M = format.mantissaBits;
    Codec codec({std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
                 std::make_shared<QuantizeFloat>(format)});
    Result<Array> read = codec.roundTrip(input);
    ASSERT_TRUE(read) << read.message();
    for (int row = 0; row < 4; ++row) {
      double amax = 0;
      for (int i = 0; i < 100; ++i)
        amax = std::max(amax, std::fabs(double(input.getFloat(row * 100 + i))));
      double bias =
          std::exp2(E) - std::log2(amax) + std::log2(2 - std::exp2(-M)) - 1;
      for (int i = 0; i < 100; ++i) {
        double x = input.getFloat(row * 100 + i);
        double binade =
            std::max(std::floor(std::log2(std::fabs(x)) + bias), 1.0);
        double step = std::exp2(binade - M - bias);
        double expected = step * std::nearbyint(x / step);
        EXPECT_NEAR(read->getFloat(row * 100 + i), expected, 2e-6 * amax)
            << name;
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Blocks of MX and NV formats
//===----------------------------------------------------------------------===//
//
// INT v.s. FP (arXiv:2510.25602) compares these by QSNR, the ratio of powers of
// signal and error in dB: by closed forms of it (its theorems 1 and 2), and as
// measured on tensors of Llama-3.1-8B.
//
//===----------------------------------------------------------------------===//

namespace {
struct BlockFormat {
  const char *name;
  int64_t block;
  ElementType scale;
  /// None for integers of `bits` bits without the lowest one.
  std::optional<Minifloat> minifloat;
  int bits;
};
} // namespace

static const BlockFormat blockFormats[] = {
    {"mxint8", 32, ElementType::F8E8M0FNU, std::nullopt, 8},
    {"mxfp8", 32, ElementType::F8E8M0FNU, E4M3FN, 8},
    {"mxint6", 32, ElementType::F8E8M0FNU, std::nullopt, 6},
    {"mxfp6", 32, ElementType::F8E8M0FNU, E2M3, 6},
    {"mxint4", 32, ElementType::F8E8M0FNU, std::nullopt, 4},
    {"mxfp4", 32, ElementType::F8E8M0FNU, E2M1, 4},
    {"nvint4", 16, ElementType::F8E4M3FN, std::nullopt, 4},
    {"nvfp4", 16, ElementType::F8E4M3FN, E2M1, 4}};

static std::shared_ptr<const Stage> gridOf(const BlockFormat &format) {
  if (format.minifloat)
    return std::make_shared<QuantizeFloat>(*format.minifloat);
  return std::make_shared<QuantizeInteger>(IntegerGrid::symmetric(format.bits));
}

/// The values of a grid, ascending.
static std::vector<double> valuesOf(const Stage &grid, int bits) {
  std::vector<double> values;
  for (int code = 0; code < 1 << bits; ++code) {
    Result<Array> one = grid.decode(bytes({1}, {code}), {}, {1});
    EXPECT_TRUE(one) << one.message();
    if (std::isfinite(one->getFloat(0)))
      values.push_back(one->getFloat(0));
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

/// In dB: what is measured, and what a twelfth of each value's squared step
/// says. A tensor scale, which NV formats have, changes nothing here.
static std::pair<double, double> qsnrOf(const BlockFormat &format,
                                        const Array &input) {
  std::shared_ptr<const Stage> grid = gridOf(format);
  Codec codec(
      {std::make_shared<Scale>(Shape{1, format.block}, format.scale), grid});
  Result<std::vector<Stream>> streams = codec.encode(input);
  EXPECT_TRUE(streams) << streams.message();
  Result<Array> read = codec.decode(*streams, input.shape, ElementType::F32);
  EXPECT_TRUE(read) << read.message();
  std::vector<double> values = valuesOf(*grid, format.bits);
  double signal = 0, error = 0, expected = 0;
  int64_t columns = input.shape[1];
  int64_t perRow = (columns + format.block - 1) / format.block;
  for (int64_t i = 0; i < input.size(); ++i) {
    double x = input.getFloat(i);
    int64_t block = i / columns * perRow + i % columns / format.block;
    double scale = streams->front().array.getFloat(block);
    size_t above = std::upper_bound(values.begin(), values.end(), x / scale) -
                   values.begin();
    above = std::min(std::max<size_t>(above, 1), values.size() - 1);
    double step = scale * (values[above] - values[above - 1]);
    signal += x * x;
    error += std::pow(read->getFloat(i) - x, 2);
    expected += step * step / 12;
  }
  return {10 * std::log10(signal / error), 10 * std::log10(signal / expected)};
}

TEST(Distortion, OfBlockFormatsIsThatOfTheirSteps) {
  Array input = gaussian({256, 1024}, 3);
  for (const BlockFormat &format : blockFormats) {
    auto [measured, expected] = qsnrOf(format, input);
    // A block's largest value is hit exactly, the more so the fewer they are
    // and the finer their scale: the paper's term for NV formats.
    double atMost = format.scale == ElementType::F8E4M3FN ? 1.2 : 0.3;
    EXPECT_GT(measured, expected - 0.1) << format.name;
    EXPECT_LT(measured, expected + atMost) << format.name;
    RecordProperty(format.name, std::to_string(measured));
  }
}

/// Of the abstract: integers of 8 bits are better than floats, those of 4 bits
/// once a Hadamard transform has made the values normal; before, with outliers,
/// floats are.
TEST(Distortion, OfBlockFormatsIsOrderedAsINTvsFPSays) {
  auto qsnr = [](const char *name, const Array &input) {
    for (const BlockFormat &format : blockFormats)
      if (std::string(format.name) == name)
        return qsnrOf(format, input).first;
    ADD_FAILURE() << name;
    return 0.0;
  };
  Array normal = gaussian({256, 1024}, 4);
  EXPECT_GT(qsnr("mxint8", normal), qsnr("mxfp8", normal) + 3);
  EXPECT_GT(qsnr("nvint4", normal), qsnr("nvfp4", normal));
  EXPECT_GT(qsnr("mxfp4", normal), qsnr("mxint4", normal));
  Array outliers = normal;
  for (int64_t i = 0; i < outliers.size(); i += 16)
    outliers.set(i, 4 * outliers.get<float>(i));
  EXPECT_GT(qsnr("mxint8", outliers), qsnr("mxfp8", outliers));
  EXPECT_GT(qsnr("nvfp4", outliers), qsnr("nvint4", outliers));
  EXPECT_GT(qsnr("mxfp4", outliers), qsnr("mxint4", outliers));
}

static double gaussianDensity(double z) {
  return std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
}
static double gaussianMass(double z) {
  return std::erfc(-z / std::sqrt(2)) / 2;
}

/// Theorem 1: the crest factor is `kappa`, the scale `rho` times the one by
/// which nothing saturates. A group of NV formats has 16 elements, the largest
/// of which has no error. The paper takes 2^(b-1) for the largest integer, and
/// prints its logarithm as 4.78 + 6.02 b.
static double closedForm(const BlockFormat &format, double kappa, double rho,
                         double largestInteger) {
  const bool isNV = format.scale == ElementType::F8E4M3FN;
  const double g = double(format.block);
  if (!format.minifloat)
    return -10 * std::log10(std::pow(rho * kappa / largestInteger, 2) / 12 *
                            (isNV ? 1 - 1 / g : 1));
  // Theorem 2, as the authors' theoretical_comparisons.py has it: with what is
  // rounded to zero.
  const Minifloat &minifloat = *format.minifloat;
  const int M = minifloat.mantissaBits, B = minifloat.bias;
  const double unit = rho * kappa / minifloat.maxFinite();
  const double alpha = 1 / (24 * std::exp2(2 * M));
  const double beta = std::exp2(2 * (1 - B - M)) / 12;
  const double zero = unit * std::exp2(-B - M),
               normal = unit * std::exp2(1 - B);
  const double subnormals = 2 * (gaussianMass(normal) - gaussianMass(zero));
  const double energyOfZeros =
      2 * gaussianMass(zero) - 1 - 2 * zero * gaussianDensity(zero);
  double energyOfNormals =
      2 * (normal * gaussianDensity(normal) + 1 - gaussianMass(normal));
  if (isNV)
    energyOfNormals = std::max(0.0, energyOfNormals - kappa * kappa / g);
  return -10 * std::log10(alpha * energyOfNormals +
                          beta * unit * unit * subnormals + energyOfZeros);
}

/// Figure 3 of the paper: where integers and floats are equally good. Scales of
/// MX formats have a rho of 1.5 there, those of NV formats 1.05.
TEST(Distortion, ClosedFormsCrossWhereINTvsFPSays) {
  struct Crossing {
    int integers, floats;
    double kappa, qsnr;
  };
  for (const Crossing &expected :
       {Crossing{0, 1, 7.55, 31.86}, Crossing{2, 3, 1.96, 31.54},
        Crossing{4, 5, 2.04, 19.14}, Crossing{6, 7, 2.39, 21.14}}) {
    const BlockFormat &integers = blockFormats[expected.integers];
    const BlockFormat &floats = blockFormats[expected.floats];
    const double rho = integers.scale == ElementType::F8E4M3FN ? 1.05 : 1.5;
    auto qsnr = [&](const BlockFormat &format, double kappa) {
      return closedForm(format, kappa, rho, std::exp2(format.bits - 1));
    };
    double low = 1.05, high = 12;
    while (high - low > 1e-6) {
      double middle = (low + high) / 2;
      (qsnr(integers, middle) > qsnr(floats, middle) ? low : high) = middle;
    }
    EXPECT_NEAR(low, expected.kappa, 0.01) << integers.name;
    EXPECT_NEAR(qsnr(integers, low), expected.qsnr, 0.01) << integers.name;
  }
}

/// What our codecs lose of normal data is what the closed forms say of each
/// block's own crest factor and scale; with the largest integer as it is, which
/// is 1.2 dB of 4 bits.
TEST(Distortion, OfBlockFormatsIsThatOfTheClosedForms) {
  Array input = gaussian({256, 1024}, 5);
  for (const BlockFormat &format : blockFormats) {
    std::shared_ptr<const Stage> grid = gridOf(format);
    const double largest = grid->inputRange({}).high;
    Codec codec(
        {std::make_shared<Scale>(Shape{1, format.block}, format.scale), grid});
    Result<std::vector<Stream>> streams = codec.encode(input);
    ASSERT_TRUE(streams) << streams.message();
    double signal = 0, error = 0;
    for (int64_t first = 0; first < input.size(); first += format.block) {
      double square = 0, amax = 0;
      for (int64_t i = first; i < first + format.block; ++i) {
        square += std::pow(input.getFloat(i), 2);
        amax = std::max(amax, std::fabs(double(input.getFloat(i))));
      }
      const double scale =
          streams->front().array.getFloat(first / format.block);
      const double kappa = amax / std::sqrt(square / double(format.block));
      signal += square;
      error +=
          square / std::pow(10, closedForm(format, kappa,
                                           scale * largest / amax, largest) /
                                    10);
    }
    EXPECT_NEAR(qsnrOf(format, input).first, 10 * std::log10(signal / error),
                format.minifloat ? 0.5 : 0.15)
        << format.name;
  }
}

/// Figure 4b: the means over 10752 tensors of Llama-3.1-8B, which a random
/// Hadamard transform has made nearly normal.
TEST(Distortion, OfBlockFormatsIsThatOfRotatedTensors) {
  const double published[] = {41.93, 31.51, 30.18, 31.03,
                              17.22, 18.79, 21.65, 20.35};
  Array normal = gaussian({256, 1024}, 6);
  for (size_t i = 0; i < std::size(blockFormats); ++i)
    EXPECT_NEAR(qsnrOf(blockFormats[i], normal).first, published[i],
                blockFormats[i].minifloat ? 0.25 : 0.8)
        << blockFormats[i].name;
}
