//===- OrthogonalTest.cpp - Rotation by a stored matrix -------------------===//

#include "zq/Codec/Orthogonal.h"
#include "TestArrays.h"
#include "zq/Codec/RandomMatrix.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Streams = std::vector<Stream>;

static Array encoded(const Stage &stage, const Array &input, Streams &sides) {
  Result<Array> result = stage.encode(input, {-1, 1}, sides);
  EXPECT_TRUE(result) << result.message();
  return *result;
}

TEST(RandomMatrix, GaussianNumbersHaveTheirMoments) {
  const int64_t n = 200000;
  std::vector<double> x = gaussianNumbers(5, n);
  double moments[5] = {};
  for (double value : x)
    for (int p = 1; p <= 4; ++p)
      moments[p] += std::pow(value, p) / n;
  // Five standard deviations: the variances of the powers are 1, 2, 15, 96.
  EXPECT_NEAR(moments[1], 0, 5 * std::sqrt(1.0 / n));
  EXPECT_NEAR(moments[2], 1, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(moments[3], 0, 5 * std::sqrt(15.0 / n));
  EXPECT_NEAR(moments[4], 3, 5 * std::sqrt(96.0 / n));
}

/// Numbers depend on their place only, and two seeds have none in common.
TEST(RandomMatrix, GaussianNumbersAreCounterBased) {
  std::vector<double> few = gaussianNumbers(5, 3), more = gaussianNumbers(5, 9);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), more.begin()));
  EXPECT_NE(gaussianNumbers(6, 1)[0], few[0]);
  Array matrix = gaussianMatrix(3, 2, 5);
  EXPECT_EQ(matrix.shape, (Shape{3, 2}));
  EXPECT_EQ(matrix.get<float>(5), float(more[5]));
}

TEST(RandomMatrix, HaarMatricesAreOrthogonal) {
  for (int64_t n : {1, 2, 7, 64}) {
    Array m = haarMatrix(n, 3);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < n; ++k)
          sum += double(m.get<float>(i * n + k)) * m.get<float>(j * n + k);
        EXPECT_NEAR(sum, i == j, 2e-7 * std::sqrt(double(n)));
      }
  }
}

/// The first row only changes its length: R's diagonal is positive.
TEST(RandomMatrix, HaarMatricesKeepTheDirectionOfTheFirstRow) {
  Array gaussian = gaussianMatrix(3, 3, 8), haar = haarMatrix(3, 8);
  double norm = 0;
  for (int k = 0; k < 3; ++k)
    norm += std::pow(gaussian.get<float>(k), 2);
  for (int k = 0; k < 3; ++k)
    EXPECT_NEAR(haar.get<float>(k), gaussian.get<float>(k) / std::sqrt(norm),
                1e-6);
}

/// Under the Haar measure the trace has mean 0 and variance 1 (Diaconis,
/// Shahshahani 1994). A QR decomposition with R's signs left as an algorithm
/// happens to choose them misses the mean.
TEST(RandomMatrix, HaarMatricesHaveTheTraceOfTheirMeasure) {
  const int64_t count = 4000, n = 4;
  double mean = 0, square = 0;
  for (int64_t seed = 0; seed < count; ++seed) {
    Array m = haarMatrix(n, seed);
    double trace = 0;
    for (int64_t i = 0; i < n; ++i)
      trace += m.get<float>(i * n + i);
    mean += trace / count;
    square += trace * trace / count;
  }
  EXPECT_NEAR(mean, 0, 5 * std::sqrt(1.0 / count));
  // The fourth moment is 3 as long as it is below the dimension.
  EXPECT_NEAR(square, 1, 5 * std::sqrt(2.0 / count));
}

TEST(Orthogonal, MultipliesInTheDocumentedOrder) {
  Orthogonal stage(1, 5, 7);
  Array input = gaussian({2, 12}, 1);
  Streams sides;
  Array output = encoded(stage, input, sides);
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_EQ(sides[0].name, "matrix");
  const Array &m = sides[0].array;
  EXPECT_EQ(m.shape, (Shape{5, 5}));
  auto x = [&](int row, int column) {
    return input.get<float>(row * 12 + column);
  };
  for (int row = 0; row < 2; ++row) {
    for (int i = 0; i < 10; ++i) {
      float sum = 0;
      for (int j = 0; j < 5; ++j)
        sum = sum + m.get<float>(i % 5 * 5 + j) * x(row, i / 5 * 5 + j);
      EXPECT_EQ(output.get<float>(row * 12 + i), sum);
    }
    // Two elements are no block.
    EXPECT_EQ(output.get<float>(row * 12 + 10), x(row, 10));
    EXPECT_EQ(output.get<float>(row * 12 + 11), x(row, 11));
  }
}

/// Not an orthogonal one: what is multiplied by is the transpose.
TEST(Orthogonal, DecodesByTheMatrixOfTheStream) {
  Orthogonal stage(0, 2, 0);
  Streams sides{{"matrix", floats({2, 2}, {1, 2, 3, 4})}};
  Result<Array> decoded = stage.decode(floats({3}, {10, 1, 7}), sides, {3});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_EQ(toFloats(*decoded), (std::vector<float>{13, 24, 7}));
}

TEST(Orthogonal, HasAMatrixForEveryBlock) {
  Orthogonal stage(0, 2, 0, /*perBlock=*/true);
  Streams sides{{"matrix", floats({2, 2, 2}, {1, 0, 0, 1, 0, 2, 1, 0})}};
  Result<Array> decoded =
      stage.decode(floats({5}, {1, 2, 3, 4, 5}), sides, {5});
  ASSERT_TRUE(decoded) << decoded.message();
  EXPECT_EQ(toFloats(*decoded), (std::vector<float>{1, 2, 4, 6, 5}));

  Streams own;
  encoded(stage, gaussian({5}, 1), own);
  ASSERT_EQ(own[0].array.shape, (Shape{2, 2, 2}));
  EXPECT_NE(own[0].array.get<float>(0), own[0].array.get<float>(4));
}

TEST(Orthogonal, KeepsNormsAndInvertsOnAwkwardShapes) {
  for (const Shape &shape : awkwardShapes())
    for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis)
      for (bool perBlock : {false, true}) {
        Orthogonal stage(axis, 4, 42, perBlock);
        Array input = gaussian(shape, 11);
        Streams sides;
        Array output = encoded(stage, input, sides);
        ASSERT_EQ(output.shape, shape);
        double before = 0, after = 0;
        for (float value : toFloats(input))
          before += double(value) * value;
        for (float value : toFloats(output))
          after += double(value) * value;
        EXPECT_NEAR(before, after, 1e-5 * before);
        Result<Array> decoded = stage.decode(output, sides, shape);
        ASSERT_TRUE(decoded) << decoded.message();
        for (int64_t i = 0; i < input.size(); ++i)
          EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 1e-5);
      }
}

TEST(Orthogonal, LeavesRoomForTheLargestSum) {
  EXPECT_EQ(Orthogonal(0, 16, 0).inputRange({-8, 6}).high, 1.5);
}

TEST(Orthogonal, RefusesWhatItCannotRotate) {
  Streams sides;
  EXPECT_EQ(Orthogonal(1, 2, 0).encode(floats({2}, {}), {}, sides).message(),
            "orthogonal along axis 1 of a tensor of rank 1");
  EXPECT_EQ(
      Orthogonal(0, 2, 0).encode(floats({2}, {1, NAN}), {}, sides).message(),
      "element [1] is NaN: orthogonal needs finite values");
  Orthogonal stage(0, 2, 0);
  EXPECT_EQ(stage.decode(floats({4}, {}), {}, {4}).message(),
            "orthogonal has 1 side streams, got 0");
  Streams wrong{{"matrix", floats({2, 3}, {})}};
  EXPECT_EQ(stage.decode(floats({4}, {}), wrong, {4}).message(),
            "stream 'matrix' has shape [2, 3], expected [2, 2]");
  EXPECT_EQ(Orthogonal(0, 2, 0, true)
                .decode(floats({5}, {}), {{"", floats({2, 2}, {})}}, {5})
                .message(),
            "stream 'matrix' has shape [2, 2], expected [2, 2, 2]");
}
