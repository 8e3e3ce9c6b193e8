//===- TurboQuantTest.cpp - Rotations and sketches keep their promises ----===//
//
// TurboQuant (arXiv:2504.19874): a random rotation makes the coordinates of a
// unit vector look alike, so that one table does for all; a sketch of what is
// left over makes inner products unbiased.
//
//===----------------------------------------------------------------------===//

#include "TestArrays.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Orthogonal.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/RandomMatrix.h"
#include "zq/Codec/Residual.h"
#include "zq/Codec/Scale.h"
#include "zq/Codec/Sketch.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;

static const int64_t d = 128;

/// The Lloyd-Max levels of the normal distribution for 1 to 4 bits, the
/// positive half (Max 1960).
static const std::vector<double> gaussianLevels[] = {
    {0.79788},
    {0.45278, 1.51042},
    {0.24509, 0.75601, 1.34391, 2.15195},
    {0.12840, 0.38805, 0.65676, 0.94234, 1.25623, 1.61805, 2.06902, 2.73259}};

/// The levels of `bits` bits over sqrt(d).
static std::vector<float> levels(int bits) {
  std::vector<float> table;
  for (double level : gaussianLevels[bits - 1]) {
    table.insert(table.begin(), float(-level / std::sqrt(double(d))));
    table.push_back(float(level / std::sqrt(double(d))));
  }
  return table;
}

/// `count` vectors drawn from the unit sphere, as rows.
static Array unitVectors(int64_t count, uint64_t seed) {
  Array rows = gaussianMatrix(count, d, seed);
  for (int64_t i = 0; i < count; ++i) {
    double square = 0;
    for (int64_t j = 0; j < d; ++j)
      square += std::pow(rows.get<float>(i * d + j), 2);
    for (int64_t j = 0; j < d; ++j)
      rows.set(i * d + j,
               float(rows.get<float>(i * d + j) / std::sqrt(square)));
  }
  return rows;
}

static Array roundTrip(const Stages &chain, const Array &input) {
  Result<Array> read = Codec(chain).roundTrip(input);
  EXPECT_TRUE(read) << read.message();
  return *read;
}

/// The norm of every row aside.
static std::shared_ptr<const Stage> l2() {
  ScaleOptions options;
  options.statistic = ScaleStatistic::L2;
  return std::make_shared<Scale>(Shape{1, 0}, ElementType::F32, options);
}

/// <a_i, b_i> for every row.
static std::vector<double> innerProducts(const Array &a, const Array &b) {
  std::vector<double> products(a.shape[0]);
  for (int64_t i = 0; i < a.size(); ++i)
    products[i / d] += double(a.get<float>(i)) * b.get<float>(i);
  return products;
}

static Array difference(const Array &a, const Array &b) {
  Array result = a;
  for (int64_t i = 0; i < a.size(); ++i)
    result.set(i, a.get<float>(i) - b.get<float>(i));
  return result;
}

/// Mean and standard error of the mean.
struct Mean {
  double value = 0, error = 0;

  explicit Mean(const std::vector<double> &samples) {
    double n = samples.size(), squares = 0;
    for (double sample : samples)
      value += sample / n;
    for (double sample : samples)
      squares += (sample - value) * (sample - value);
    error = std::sqrt(squares / (n - 1) / n);
  }
};

/// The mean of |x - Q(x)|^2 over the sphere: d times the integral over one
/// coordinate t of its density, proportional to (1 - t^2)^((d - 3) / 2).
static double expectedDistortion(const std::vector<float> &table) {
  double mass = 0, sum = 0;
  const int steps = 200000;
  for (int k = 0; k < steps; ++k) {
    double t = (k + 0.5) / steps * 2 - 1, nearest = 2;
    double density = std::pow(1 - t * t, (d - 3) / 2.0);
    for (double level : table)
      nearest = std::min(nearest, std::fabs(t - level));
    mass += density;
    sum += density * nearest * nearest;
  }
  return d * sum / mass;
}

TEST(TurboQuant, DistortionIsThatOfTheTable) {
  // For d to infinity; the finite one is a little smaller.
  const double limits[] = {0.36338, 0.11748, 0.03455, 0.00950};
  Array input = unitVectors(1500, 10);
  for (int bits = 1; bits <= 4; ++bits) {
    double expected = expectedDistortion(levels(bits));
    EXPECT_NEAR(expected, limits[bits - 1], 0.02 * limits[bits - 1]);
    auto lookup = std::make_shared<Lookup>(levels(bits));
    for (const Stages &chain :
         {Stages{l2(), std::make_shared<Hadamard>(1, d, 1), lookup},
          Stages{l2(), std::make_shared<Orthogonal>(1, d, 1), lookup}}) {
      Array lost = difference(input, roundTrip(chain, input));
      Mean distortion(innerProducts(lost, lost));
      EXPECT_NEAR(distortion.value, expected, 5 * distortion.error)
          << bits << " bits";
      EXPECT_LT(distortion.value, std::sqrt(3) * M_PI / 2 * std::pow(4, -bits));
    }
  }
}

static double distortionOfOneHots(const Stages &rotations) {
  Array input(ElementType::F32, {d, d});
  for (int64_t i = 0; i < d; ++i)
    input.set(i * d + i, 1.0f);
  Stages chain = rotations;
  // The best levels for d = 128 instead of infinity.
  const float scale = float(1 / std::sqrt(double(d)));
  chain.push_back(std::make_shared<Lookup>(std::vector<float>{
      -1.5052f * scale, -0.4525f * scale, 0.4525f * scale, 1.5052f * scale}));
  Array lost = difference(input, roundTrip(chain, input));
  return Mean(innerProducts(lost, lost)).value;
}

/// Signs and one Hadamard matrix are not random enough: a one-hot vector comes
/// out with all its entries the same, and always the same distance from the
/// table.
TEST(TurboQuant, OneHadamardRoundFailsOneHotsAndThreeDoNot) {
  Stages rounds{std::make_shared<Hadamard>(1, d, 1)};
  EXPECT_NEAR(distortionOfOneHots(rounds), 0.5052 * 0.5052, 1e-4);
  rounds.push_back(std::make_shared<Hadamard>(1, d, 2));
  rounds.push_back(std::make_shared<Hadamard>(1, d, 3));
  EXPECT_NEAR(distortionOfOneHots(rounds), 0.117, 0.012);
  EXPECT_NEAR(distortionOfOneHots({std::make_shared<Orthogonal>(1, d, 1)}),
              0.117, 0.012);
}

/// The codec of `bits` bits, and of one more for a sketch of what it loses.
static Stages withSketch(int bits, uint64_t seed) {
  Stages sketch{l2(), std::make_shared<Sketch>(1, seed),
                std::make_shared<Lookup>(std::vector<float>{-1, 1})};
  if (bits == 0)
    return sketch;
  CodecRef residual = std::make_shared<Codec>(sketch);
  return {std::make_shared<Residual>(residual), l2(),
          std::make_shared<Orthogonal>(1, d, seed + 1000),
          std::make_shared<Lookup>(levels(bits))};
}

/// Over many draws of rotation and sketch the error of <q, x> has mean 0, and a
/// square of pi / 2 * D(b - 1) / d less what <r, q> gives back: the printed
/// 1.57 / d, 0.56 / d, 0.18 / d, 0.047 / d are upper values.
TEST(TurboQuant, InnerProductsAreUnbiasedWithASketch) {
  const double upper[] = {1.5708, 0.5708, 0.1845, 0.0543};
  const int64_t perDraw = 16, draws = 60;
  for (int bits = 0; bits < 4; ++bits) {
    std::vector<double> errors, squares;
    for (uint64_t draw = 0; draw < draws; ++draw) {
      Array x = unitVectors(perDraw, 2 * draw), q = x;
      // Queries that are neither x nor orthogonal to it.
      Array other = unitVectors(perDraw, 2 * draw + 1);
      for (int64_t i = 0; i < q.size(); ++i)
        q.set(i, 0.6f * x.get<float>(i) + 0.8f * other.get<float>(i));
      Array read = roundTrip(withSketch(bits, draw), x);
      std::vector<double> exact = innerProducts(q, x);
      std::vector<double> estimates = innerProducts(q, read);
      // The rows of one draw share its matrices: one sample a draw.
      double error = 0, square = 0;
      for (int64_t i = 0; i < perDraw; ++i) {
        error += (estimates[i] - exact[i]) / perDraw;
        square += std::pow(estimates[i] - exact[i], 2) / perDraw;
      }
      errors.push_back(error);
      squares.push_back(square);
    }
    Mean bias(errors), square(squares);
    EXPECT_NEAR(bias.value, 0, 4 * bias.error) << bits << " bits";
    // The norm of q is 1 on average.
    EXPECT_LT(square.value, upper[bits] / d + 4 * square.error);
    EXPECT_GT(square.value, 0.6 * upper[bits] / d - 4 * square.error);
  }
}

/// Without it inner products shrink, by 2 / pi with one bit.
TEST(TurboQuant, InnerProductsShrinkWithoutASketch) {
  const double kept[] = {2 / M_PI, 0.8825, 0.9655, 0.9905};
  Array x = unitVectors(400, 3);
  for (int bits = 1; bits <= 4; ++bits) {
    Array read = roundTrip({std::make_shared<Orthogonal>(1, d, 1),
                            std::make_shared<Lookup>(levels(bits))},
                           x);
    Mean product(innerProducts(x, read));
    EXPECT_NEAR(product.value, kept[bits - 1], 5 * product.error + 0.002);
  }
}

TEST(Sketch, MultipliesInTheDocumentedOrder) {
  Array input = gaussian({3, 2}, 1);
  Sketch stage(0, 6);
  std::vector<Stream> sides;
  Result<Array> main = stage.encode(input, {-1, 1}, sides);
  ASSERT_TRUE(main) << main.message();
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "matrix");
  EXPECT_TRUE(sides[0].array == gaussianMatrix(3, 3, 6));
  const Array &s = sides[0].array;
  for (int i = 0; i < 3; ++i)
    for (int column = 0; column < 2; ++column) {
      float sum = 0;
      for (int j = 0; j < 3; ++j)
        sum = sum + s.get<float>(i * 3 + j) * input.get<float>(j * 2 + column);
      EXPECT_EQ(main->get<float>(i * 2 + column), sum);
    }
  Result<Array> decoded = stage.decode(*main, sides, {3, 2});
  ASSERT_TRUE(decoded) << decoded.message();
  const float factor = float(std::sqrt(M_PI / 2) / 3);
  for (int i = 0; i < 3; ++i) {
    float sum = 0;
    for (int j = 0; j < 3; ++j)
      sum = sum + s.get<float>(j * 3 + i) * main->get<float>(j * 2);
    EXPECT_EQ(decoded->get<float>(i * 2), sum * factor);
  }
}

/// Blocks share the matrix, and the last one has a corner of it.
TEST(Sketch, MapsBlocksByThemselves) {
  const int64_t n = 4, length = 11;
  Array input = gaussian({3, length}, 2);
  std::vector<Stream> sides;
  Sketch stage(1, 7, n), whole(1, 7);
  Result<Array> main = stage.encode(input, {}, sides);
  ASSERT_TRUE(main) << main.message();
  ASSERT_TRUE(sides[0].array == gaussianMatrix(n, n, 7));
  Result<Array> read = stage.decode(*main, sides, input.shape);
  ASSERT_TRUE(read) << read.message();
  for (int64_t first = 0; first < length; first += n) {
    const int64_t size = std::min(n, length - first);
    auto cut = [&](const Array &values) {
      Array part(ElementType::F32, {3, size});
      for (int64_t i = 0; i < 3 * size; ++i)
        part.set(i, values.get<float>(i / size * length + first + i % size));
      return part;
    };
    Array corner(ElementType::F32, {size, size});
    for (int64_t i = 0; i < size * size; ++i)
      corner.set(i, sides[0].array.get<float>(i / size * n + i % size));
    Result<Array> back =
        whole.decode(cut(*main), {{"matrix", corner}}, {3, size});
    ASSERT_TRUE(back) << back.message();
    EXPECT_EQ(toFloats(*back), toFloats(cut(*read)));
    if (size < n)
      continue;
    std::vector<Stream> own;
    EXPECT_EQ(toFloats(*whole.encode(cut(input), {}, own)),
              toFloats(cut(*main)));
  }
}

TEST(Sketch, TakesAwkwardShapes) {
  for (const Shape &shape : awkwardShapes())
    for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis) {
      std::vector<Stream> sides;
      Sketch stage(axis, 1);
      Result<Array> main = stage.encode(gaussian(shape, 1), {-1, 1}, sides);
      ASSERT_TRUE(main) << main.message();
      Result<Array> decoded = stage.decode(*main, sides, shape);
      ASSERT_TRUE(decoded) << decoded.message();
      EXPECT_EQ(decoded->shape, shape);
    }
}

TEST(Sketch, RefusesWhatDoesNotFit) {
  std::vector<Stream> sides;
  EXPECT_EQ(Sketch(1, 0).encode(floats({1}, {}), {}, sides).message(),
            "sketch along axis 1 of a tensor of rank 1");
  EXPECT_EQ(Sketch(0, 0).encode(floats({1}, {INFINITY}), {}, sides).message(),
            "element [0] is inf: sketch needs finite values");
  EXPECT_EQ(Sketch(0, 0)
                .decode(floats({2}, {}), {{"", floats({2}, {})}}, {2})
                .message(),
            "stream 'matrix' has shape [2], expected [2, 2]");
}
