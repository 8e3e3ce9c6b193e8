//===- LowRankTest.cpp - A low-rank part beside the rest ------------------===//

#include "zq/Codec/LowRank.h"
#include "TestArrays.h"
#include "zq/Codec/DenseAlgebra.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/RandomMatrix.h"
#include "zq/Codec/Scale.h"

#include <gtest/gtest.h>

using namespace zq::codec;

using Streams = std::vector<Stream>;
using Of = LowRank::Of;

static const Below nothing(-1, 1);

static Array encoded(const LowRank &stage, const Array &input, Streams &sides,
                     const Below &below = nothing) {
  Result<Array> main = stage.encode(input, below, sides);
  EXPECT_TRUE(main) << main.message();
  EXPECT_EQ(sides.size(), 2u);
  return *main;
}

static double squares(const Array &array) {
  double sum = 0;
  for (float value : toFloats(array))
    sum += double(value) * value;
  return sum;
}

/// P diag(values) Q^T with random orthogonal P and Q: a matrix whose singular
/// values are known.
static Array withSingularValues(int64_t rows, int64_t columns,
                                const std::vector<double> &values) {
  Array p = haarMatrix(rows, 1), q = haarMatrix(columns, 2);
  Array result(ElementType::F32, {rows, columns});
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (size_t k = 0; k < values.size(); ++k)
        sum += p.get<float>(i * rows + k) * values[k] *
               q.get<float>(j * columns + k);
      result.set(i * columns + j, float(sum));
    }
  return result;
}

/// What the best approximation leaves is the tail of the singular values
/// (Eckart, Young 1936), and its factors share each value by halves.
TEST(LowRank, LeavesTheTailOfTheSingularValues) {
  const std::vector<double> values = {9, 5, 4, 2, 1, 0.5};
  for (auto [rows, columns] : {std::pair(6, 11), std::pair(30, 40)})
    for (int64_t rank : {1, 3, 5}) {
      Streams sides;
      Array main = encoded(LowRank(rank, Of::Value, ElementType::F32),
                           withSingularValues(rows, columns, values), sides);
      double tail = 0;
      for (size_t k = rank; k < values.size(); ++k)
        tail += values[k] * values[k];
      EXPECT_NEAR(squares(main), tail, 1e-5 * tail);
      for (int64_t r = 0; r < rank; ++r) {
        double left = 0, right = 0;
        for (int64_t i = 0; i < rows; ++i)
          left += std::pow(sides[0].array.get<float>(i * rank + r), 2);
        for (int64_t j = 0; j < columns; ++j)
          right += std::pow(sides[1].array.get<float>(r * columns + j), 2);
        EXPECT_NEAR(left, values[r], 1e-5 * values[r]);
        EXPECT_NEAR(right, values[r], 1e-5 * values[r]);
      }
    }
}

TEST(LowRank, IsExactForSmallMatricesWithCloseValues) {
  Streams sides;
  Array main = encoded(LowRank(1, Of::Value, ElementType::F32),
                       withSingularValues(3, 5, {1, 0.999, 0.998}), sides);
  EXPECT_NEAR(squares(main), 0.999 * 0.999 + 0.998 * 0.998, 1e-6);
}

/// Rows that almost agree leave differences made of rounding, which one
/// projection does not make orthogonal; what agrees to rounding is dropped.
TEST(DenseAlgebra, MakesAlmostParallelRowsOrthonormal) {
  std::vector<double> rows = {1, 2,         3, 5, //
                              1, 2 + 1e-10, 3, 5, //
                              3, 6,         9, 15};
  orthonormalizeRows(rows.data(), 3, 4);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      double product = 0;
      for (int k = 0; k < 4; ++k)
        product += rows[i * 4 + k] * rows[j * 4 + k];
      EXPECT_NEAR(product, i == j && i < 2, 1e-14) << i << ", " << j;
    }
}

/// A flat spectrum is the hard case for a randomized method: here it still
/// has to take the largest of many values that differ by a percent.
TEST(LowRank, FindsTheLargestOfManyCloseValues) {
  std::vector<double> values;
  for (int k = 0; k < 80; ++k)
    values.push_back(std::pow(0.99, k));
  Streams sides;
  Array main = encoded(LowRank(8, Of::Value, ElementType::F32),
                       withSingularValues(80, 100, values), sides);
  double tail = 0;
  for (int k = 8; k < 80; ++k)
    tail += values[k] * values[k];
  EXPECT_GE(squares(main), tail * (1 - 1e-5));
  EXPECT_LE(squares(main), tail * 1.01);
}

TEST(LowRank, AddsInTheDocumentedOrder) {
  Streams sides{{"left", gaussian({3, 5}, 1)}, {"right", gaussian({5, 4}, 2)}};
  Array main = gaussian({3, 4}, 3);
  Result<Array> decoded =
      LowRank(5, Of::Error, ElementType::F32).decode(main, sides, {3, 4});
  ASSERT_TRUE(decoded) << decoded.message();
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) {
      float sum = 0;
      for (int r = 0; r < 5; ++r)
        sum = sum + sides[0].array.get<float>(i * 5 + r) *
                        sides[1].array.get<float>(r * 4 + j);
      EXPECT_EQ(decoded->get<float>(i * 4 + j),
                main.get<float>(i * 4 + j) + sum);
    }
}

/// What rounding the factors loses is left to the main array.
TEST(LowRank, TheMainArrayMakesUpForRoundedFactors) {
  Array input = withSingularValues(7, 9, {4, 1});
  for (ElementType type : {ElementType::F32, ElementType::F8E5M2}) {
    LowRank stage(2, Of::Value, type);
    Streams sides;
    Array main = encoded(stage, input, sides);
    EXPECT_EQ(sides[0].array.type, type);
    EXPECT_EQ(squares(main) > 1e-3, type == ElementType::F8E5M2);
    Result<Array> decoded = stage.decode(main, sides, input.shape);
    ASSERT_TRUE(decoded) << decoded.message();
    for (int64_t i = 0; i < input.size(); ++i)
      EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 1e-6);
  }
}

static std::vector<std::shared_ptr<const Stage>> integers(int bits) {
  return {std::make_shared<Scale>(Shape{1, 0}, ElementType::F32),
          std::make_shared<QuantizeInteger>(bits, true)};
}

static CodecRef coded(int bits) {
  return std::make_shared<Codec>(integers(bits));
}

/// Of one codec with factors that have codecs of their own, and one without.
TEST(LowRank, ApproximatesTheErrorOfTheStagesBelow) {
  Array input = gaussian({24, 20}, 4);
  auto errorOf = [&](const std::vector<std::shared_ptr<const Stage>> &chain) {
    Codec codec(chain);
    Result<Streams> streams = codec.encode(input);
    EXPECT_TRUE(streams) << streams.message();
    Result<Array> decoded =
        codec.decode(*streams, input.shape, ElementType::F32);
    EXPECT_TRUE(decoded) << decoded.message();
    for (int64_t i = 0; i < input.size(); ++i)
      decoded->set(i, decoded->getFloat(i) - input.getFloat(i));
    return squares(*decoded);
  };
  auto chain = integers(3), plain = chain;
  chain.insert(chain.begin(),
               std::make_shared<LowRank>(6, Of::Error, coded(8)));
  // Rank 6 of 20: more than a third of the energy of white noise.
  EXPECT_LT(errorOf(chain), 0.6 * errorOf(plain));
  chain.front() = std::make_shared<LowRank>(20, Of::Error, ElementType::F32);
  EXPECT_LT(errorOf(chain), 1e-9 * errorOf(plain));
}

TEST(LowRank, TakesBatchesAndAwkwardShapes) {
  for (const Shape &shape : awkwardShapes())
    if (shape.size() > 1)
      for (Of of : {Of::Value, Of::Error}) {
        LowRank stage(3, of, ElementType::F32);
        Array input = gaussian(shape, 6);
        Streams sides;
        Below losesAll({-1, 1}, [](const Array &values) {
          return Result<Array>(Array(ElementType::F32, values.shape));
        });
        Array main = encoded(stage, input, sides, losesAll);
        Shape left = shape, right = shape;
        left.back() = right[shape.size() - 2] = 3;
        EXPECT_EQ(sides[0].array.shape, left);
        EXPECT_EQ(sides[1].array.shape, right);
        if (of == Of::Error)
          main = Array(ElementType::F32, shape);
        Result<Array> decoded = stage.decode(main, sides, shape);
        ASSERT_TRUE(decoded) << decoded.message();
        // Every shape's matrices but one have at most three rows.
        if (of == Of::Value || shape[shape.size() - 2] <= 3)
          for (int64_t i = 0; i < input.size(); ++i)
            EXPECT_NEAR(decoded->getFloat(i), input.getFloat(i), 1e-5);
      }
}

TEST(LowRank, OfNothingIsNothing) {
  Streams sides;
  Array main = encoded(LowRank(2, Of::Value, ElementType::F16),
                       Array(ElementType::F32, {5, 4}), sides);
  EXPECT_EQ(squares(main), 0);
  EXPECT_EQ(squares(sides[0].array), 0);
  EXPECT_EQ(squares(sides[1].array), 0);
}

/// The root of the singular value, 1e8, is beyond f16.
TEST(LowRank, FactorsTooLargeForTheirTypeSaturate) {
  Streams sides;
  LowRank stage(1, Of::Value, ElementType::F16);
  Array main = encoded(stage, floats({1, 1}, {1e16}), sides);
  EXPECT_EQ(std::fabs(sides[0].array.getFloat(0)), 65504);
  EXPECT_EQ(main.getFloat(0), 1e16f - 65504.0f * 65504.0f);
}

TEST(LowRank, RefusesWhatIsNoMatrix) {
  LowRank stage(2, Of::Value, ElementType::F32);
  Streams sides;
  EXPECT_EQ(stage.encode(floats({3}, {}), {}, sides).message(),
            "lowrank needs a matrix, the tensor has rank 1");
  EXPECT_EQ(stage.encode(floats({1, 2}, {0, INFINITY}), {}, sides).message(),
            "element [0, 1] is inf: lowrank needs finite values");
  EXPECT_EQ(stage
                .decode(floats({3, 4}, {}),
                        {{"", floats({3, 2}, {})}, {"", floats({4, 2}, {})}},
                        {3, 4})
                .message(),
            "stream 'right' has shape [4, 2], expected [2, 4]");
  EXPECT_EQ(stage.decode(floats({3, 4}, {}), {}, {3, 4}).message(),
            "lowrank has 2 side streams, got 0");
}
