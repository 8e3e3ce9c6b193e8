//===- LowRankTest.cpp - A low-rank part beside the rest ------------------===//

#include "zq/Codec/LowRank.h"
#include "TestArrays.h"
#include "zq/Codec/DenseAlgebra.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Octahedral.h"
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

//===----------------------------------------------------------------------===//
// In turns with the stages below; for activations
//===----------------------------------------------------------------------===//

static Codec quantizedBelow(Of of, int64_t rank) {
  return Codec(
      {std::make_shared<LowRank>(rank, of, ElementType::F32),
       std::make_shared<Scale>(std::vector<int64_t>{1, 16}, ElementType::F32),
       std::make_shared<QuantizeInteger>(3, true)});
}

static Array roundTripOf(const Codec &codec, const Array &input,
                         const Moment *moment = nullptr) {
  auto streams = codec.encode(input, moment);
  EXPECT_TRUE(streams) << streams.message();
  auto read = codec.decode(*streams, input.shape, ElementType::F32);
  EXPECT_TRUE(read) << read.message();
  for (int64_t i = 0; i < input.size(); ++i)
    read->set(i, read->get<float>(i) - input.get<float>(i));
  return *read;
}

/// LQ-LoRA begins where `value` ends and only gets better.
TEST(LowRank, SearchIsBetterThanOneStep) {
  for (int64_t rank : {2, 8, 16}) {
    Array input = gaussian({48, 64}, unsigned(rank));
    double once = squares(roundTripOf(quantizedBelow(Of::Value, rank), input));
    double turns =
        squares(roundTripOf(quantizedBelow(Of::Search, rank), input));
    EXPECT_LT(turns, 0.97 * once) << rank;
  }
}

TEST(LowRank, SearchTakesAwkwardShapes) {
  for (const Shape &shape :
       {Shape{0, 4}, Shape{4, 0}, Shape{1, 1}, Shape{9, 3}}) {
    Array input = gaussian(shape, 3);
    double once = squares(roundTripOf(quantizedBelow(Of::Value, 2), input));
    EXPECT_LE(squares(roundTripOf(quantizedBelow(Of::Search, 2), input)),
              once + 1e-9);
  }
}

/// The squared norm of an error times activations, over their number.
static double productError(const Array &error, const Array &activations) {
  double sum = 0;
  int64_t columns = error.shape.back();
  for (int64_t row = 0; row < error.shape[0]; ++row)
    for (int64_t k = 0; k < activations.shape[0]; ++k) {
      double product = 0;
      for (int64_t i = 0; i < columns; ++i)
        product += double(error.get<float>(row * columns + i)) *
                   activations.get<float>(k * columns + i);
      sum += product * product / activations.shape[0];
    }
  return sum;
}

/// Activations with a few strong directions, and more of them than columns.
static Array activationsFor(int64_t columns) {
  Array mix = gaussian({columns, columns}, 21);
  Array raw = gaussian({200, columns}, 22);
  Array result(ElementType::F32, {200, columns});
  for (int64_t k = 0; k < 200; ++k)
    for (int64_t i = 0; i < columns; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < columns; ++j)
        sum += raw.get<float>(k * columns + j) *
               mix.get<float>(j * columns + i) / (1.0 + j);
      result.set(k * columns + i, float(sum));
    }
  return result;
}

/// EoRA: what is left of the products is the tail of the singular values of
/// E L, for any L with L L^T = C. Here by another way: the decomposition of the
/// products themselves.
TEST(LowRank, WithActivationsLeavesTheTailOfTheProducts) {
  const int64_t rows = 20, columns = 24, rank = 4;
  Array activations = activationsFor(columns);
  Moment moment = *momentOf(activations);
  Array input = gaussian({rows, columns}, 23);
  // The product of rank 4 alone, as the main array is not stored.
  LowRank stage(rank, Of::Value, ElementType::F32);
  Streams sides;
  Below below({-1, 1}, {}, &moment);
  Result<Array> left = stage.encode(input, below, sides);
  ASSERT_TRUE(left) << left.message();

  std::vector<double> products(rows * 200);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < 200; ++k)
      for (int64_t i = 0; i < columns; ++i)
        products[row * 200 + k] += double(input.get<float>(row * columns + i)) *
                                   activations.get<float>(k * columns + i);
  Factors factors = factorize(products, rows, 200, rank);
  double tail = 0;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < 200; ++k) {
      double sum = 0;
      for (int64_t r = 0; r < rank; ++r)
        sum += factors.left[row * rank + r] * factors.right[r * 200 + k];
      tail += std::pow(products[row * 200 + k] - sum, 2) / 200;
    }
  EXPECT_NEAR(productError(*left, activations), tail, 1e-3 * tail);
}

TEST(LowRank, WithActivationsMakesTheErrorOfProductsSmall) {
  Array activations = activationsFor(64);
  Moment moment = *momentOf(activations);
  Array input = gaussian({48, 64}, 24);
  for (Of of : {Of::Error, Of::Search}) {
    Codec codec = quantizedBelow(of, 6);
    double blind = productError(roundTripOf(codec, input), activations);
    double aware =
        productError(roundTripOf(codec, input, &moment), activations);
    EXPECT_LT(aware, 0.8 * blind);
  }
}

/// Activations that fill no space, and none at all.
TEST(LowRank, TakesActivationsOfAnyRank) {
  Array input = gaussian({8, 12}, 25);
  Array few = gaussian({2, 12}, 26), zeros(ElementType::F32, {3, 12});
  for (const Array &activations : {few, zeros}) {
    Moment moment = *momentOf(activations);
    Array error = roundTripOf(quantizedBelow(Of::Error, 3), input, &moment);
    for (float value : toFloats(error))
      EXPECT_TRUE(std::isfinite(value));
  }
  EXPECT_EQ(momentOf(floats({0, 4}, {})).message(),
            "activations of shape [0, 4] hold no vector");
  EXPECT_NE(momentOf(floats({1, 2}, {1, NAN})).message(), "");
}

TEST(LowRank, ActivationsThatNobodyLooksAtAreRefused) {
  Moment moment = *momentOf(gaussian({3, 12}, 1));
  Codec scaled(
      {std::make_shared<Scale>(std::vector<int64_t>{1, 4}, ElementType::F32),
       std::make_shared<Hadamard>(1, 4, 1),
       std::make_shared<Octahedral>(3, 12)});
  EXPECT_EQ(scaled.encode(gaussian({2, 12}, 1), &moment).message(),
            "activations are known, but scale, which they reach first, does "
            "not look at them");
  EXPECT_EQ(quantizedBelow(Of::Error, 2)
                .encode(gaussian({2, 8}, 1), &moment)
                .message(),
            "activations have 12 elements, the tensor has shape [2, 8]");
}
