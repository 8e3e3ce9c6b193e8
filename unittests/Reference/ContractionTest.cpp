//===- ContractionTest.cpp - Bounds of sums against brute force -----------===//
#include "DotProduct.h"
#include "Program.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// y = x w^T, of the sizes given.
std::string transposedMatmul(int64_t m, int64_t n, int64_t k) {
  auto type = [](int64_t a, int64_t b) {
    return "tensor<" + std::to_string(a) + "x" + std::to_string(b) + "xf32>";
  };
  std::string x = type(m, k), w = type(n, k), y = type(m, n);
  return "func.func @f(%x: " + x + ", %w: " + w + ") -> " + y + R"( {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : )" +
         y + R"(
    %i = linalg.fill ins(%zero : f32) outs(%e : )" +
         y + ") -> " + y + R"(
    %y = linalg.matmul
        indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                         affine_map<(m, n, k) -> (n, k)>,
                         affine_map<(m, n, k) -> (m, n)>]
        ins(%x, %w : )" +
         x + ", " + w + ") outs(%i : " + y + ") -> " + y +
         "\n return %y : " + y + " }";
}

/// Checks every order; gives the largest quotient of difference and bound.
double checkOrders(const BoundedTensor &expected, const std::vector<float> &x,
                   const std::vector<float> &w, int64_t m, int64_t n,
                   int64_t k) {
  double ratio = 0;
  for (Order order : allOrders)
    for (bool fused : {false, true}) {
      auto y = matmul(x, w, m, n, k, order, fused);
      auto comparison = compareWithBound(expected, makeArray({m, n}, y));
      EXPECT_TRUE(comparison.isWithin())
          << "order " << int(order) << ", off by " << comparison.largestRatio
          << " bounds";
      EXPECT_EQ(comparison.unbounded, 0);
      ratio = std::max(ratio, comparison.largestRatio);
    }
  return ratio;
}

TEST(Contraction, RandomDataIsWithinAUsefulBound) {
  int64_t m = 8, n = 16, k = 384;
  Program program(transposedMatmul(m, n, k));
  auto x = randomValues(m * k, 1), w = randomValues(n * k, 2, 0.05f);
  auto y = program.run({makeArray({m, k}, x), makeArray({n, k}, w)})[0];
  EXPECT_GT(checkOrders(y, x, w, m, n, k), 1e-3);
}

TEST(Contraction, CancellationIsWithinTheBound) {
  int64_t m = 4, n = 4, k = 101;
  Program program(transposedMatmul(m, n, k));
  for (unsigned seed = 0; seed < 50; ++seed) {
    // Terms come in pairs that cancel but for a little, in random places.
    auto x = randomValues(m * k, seed, 1e6f);
    std::vector<float> w(n * k, 1);
    std::mt19937 generator(seed);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j + 1 < k; j += 2)
        x[i * k + j + 1] = -x[i * k + j] + 1e-3f;
      std::shuffle(x.begin() + i * k, x.begin() + (i + 1) * k, generator);
    }
    auto y = program.run({makeArray({m, k}, x), makeArray({n, k}, w)})[0];
    checkOrders(y, x, w, m, n, k);
  }
}

TEST(Contraction, GrowingAndSubnormalTermsAreWithinTheBound) {
  int64_t m = 2, n = 2, k = 64;
  Program program(transposedMatmul(m, n, k));
  for (float step : {2.0f, 0.25f}) {
    std::vector<float> x(m * k), w(n * k);
    for (int64_t i = 0; i < m * k; ++i) {
      x[i] = 1.1f * std::pow(step, float(i % k) / 2) * (i % 3 ? 1 : -1);
      w[i] = 0.9f * std::pow(step, float(i % k) / 2) * (i % 5 ? 1 : -1);
    }
    auto y = program.run({makeArray({m, k}, x), makeArray({n, k}, w)})[0];
    checkOrders(y, x, w, m, n, k);
  }
}

TEST(Contraction, TermsThatAllGetLostAreWithinTheBound) {
  // Each addition rounds the same way: nearly the worst that can be.
  constexpr int64_t k = 384;
  Program program(transposedMatmul(1, 1, k));
  std::vector<float> x(k, 0x1.fcp-25f), w(k, 1);
  x[0] = 1;
  auto y = program.run({makeArray({1, k}, x), makeArray({1, k}, w)})[0];
  EXPECT_EQ(dot(x.data(), w.data(), k, 0, Order::Forward, false), 1.0f);
  EXPECT_GT(checkOrders(y, x, w, 1, 1, k), 0.9);
}

TEST(Contraction, ErrorsOfTheFactorsAreCarriedOn) {
  Program program(R"(
    func.func @f(%x: tensor<5x8xf32>, %w: tensor<8x6xf32>, %c: tensor<5x8xf32>,
                 %d: tensor<8x6xf32>) -> tensor<5x6xf32> {
      %a = arith.addf %x, %c : tensor<5x8xf32>
      %b = arith.subf %a, %c : tensor<5x8xf32>
      %p = arith.addf %w, %d : tensor<8x6xf32>
      %q = arith.subf %p, %d : tensor<8x6xf32>
      %z = arith.constant dense<0.0> : tensor<5x6xf32>
      %y = linalg.matmul ins(%b, %q : tensor<5x8xf32>, tensor<8x6xf32>)
          outs(%z : tensor<5x6xf32>) -> tensor<5x6xf32>
      return %y : tensor<5x6xf32>
    })");
  // Against a large number, x or w keeps few of its bits.
  for (auto [c, d] : {std::pair(1e4f, 0.0f), {0.0f, 1e4f}, {1e4f, 1e4f}}) {
    auto x = randomValues(40, 10), w = randomValues(48, 11);
    auto y = program.run({makeArray({5, 8}, x), makeArray({8, 6}, w),
                          makeArray({5, 8}, std::vector<float>(40, c)),
                          makeArray({8, 6}, std::vector<float>(48, d))})[0];
    for (float &value : x)
      value = (value + c) - c;
    std::vector<float> transposed(48);
    for (int64_t i = 0; i < 48; ++i)
      transposed[i % 6 * 8 + i / 6] = (w[i] + d) - d;
    EXPECT_GT(checkOrders(y, x, transposed, 5, 6, 8), 0.05);
  }
}

TEST(Contraction, AnErrorBeyondTheBoundIsSeen) {
  int64_t m = 2, n = 3, k = 384;
  Program program(transposedMatmul(m, n, k));
  auto x = randomValues(m * k, 3), w = randomValues(n * k, 4);
  auto expected = program.run({makeArray({m, k}, x), makeArray({n, k}, w)})[0];
  auto y = matmul(x, w, m, n, k, Order::Forward, false);
  y[4] = float(expected.values[4] + 1.01 * expected.errors[4]);
  auto comparison = compareWithBound(expected, makeArray({m, n}, y));
  EXPECT_EQ(comparison.violations, 1);
  EXPECT_EQ(comparison.ratioAt, 4);
  EXPECT_EQ(comparison.largestAt, 4);

  // One weight off by one percent is more than rounding explains.
  w[0] *= 1.01f;
  y = matmul(x, w, m, n, k, Order::Forward, false);
  EXPECT_FALSE(compareWithBound(expected, makeArray({m, n}, y)).isWithin());
  y[0] = NAN;
  EXPECT_FALSE(compareWithBound(expected, makeArray({m, n}, y)).isWithin());
}

TEST(Contraction, OverflowPromisesNothingAndNaNIsCertain) {
  Program program(transposedMatmul(1, 2, 2));
  float huge = 3e38f;
  auto y = program.run(
      {makeArray({1, 2}, {huge, -huge}), makeArray({2, 2}, {1, 1, NAN, 0})})[0];
  EXPECT_TRUE(std::isinf(y.errors[0]));
  EXPECT_TRUE(std::isnan(y.values[1]));
  EXPECT_EQ(y.errors[1], 0);
}

/// The fast path and the general one agree: `text` spells a contraction that
/// only the latter takes.
TEST(Contraction, GeneralWayAgreesWithTheFastOne) {
  Program fast(transposedMatmul(3, 4, 20));
  Program general(R"(
    func.func @f(%x: tensor<3x20xf32>, %w: tensor<4x20xf32>)
        -> tensor<3x4xf32> {
      %zero = arith.constant 0.0 : f32
      %one = arith.constant 1.0 : f32
      %e = tensor.empty() : tensor<3x4xf32>
      %i = linalg.fill ins(%zero : f32) outs(%e : tensor<3x4xf32>)
          -> tensor<3x4xf32>
      %y = linalg.generic {
          indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                           affine_map<(m, n, k) -> (n, k)>,
                           affine_map<(m, n, k) -> (m, n)>],
          iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%x, %w : tensor<3x20xf32>, tensor<4x20xf32>)
          outs(%i : tensor<3x4xf32>) {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %p = arith.mulf %a, %b : f32
        %n = arith.negf %p : f32
        %q = arith.negf %n : f32
        %s = arith.addf %q, %c : f32
        linalg.yield %s : f32
      } -> tensor<3x4xf32>
      return %y : tensor<3x4xf32>
    })");
  auto x = makeArray({3, 20}, randomValues(60, 5));
  auto w = makeArray({4, 20}, randomValues(80, 6));
  auto a = fast.run({x, w})[0], b = general.run({x, w})[0];
  for (int64_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a.values[i], b.values[i], 1e-12);
    EXPECT_NEAR(a.errors[i] / b.errors[i], 1, 1e-5);
  }
}

TEST(Contraction, NamedOpsAndLayouts) {
  Program program(R"(
    func.func @f(%a: tensor<2x3x5xf32>, %b: tensor<2x5x4xf32>,
                 %v: tensor<5xf32>)
        -> (tensor<2x3x4xf32>, tensor<2x3xf32>, tensor<f32>) {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<2x3x4xf32>
      %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x4xf32>)
          -> tensor<2x3x4xf32>
      %y = linalg.batch_matmul
          ins(%a, %b : tensor<2x3x5xf32>, tensor<2x5x4xf32>)
          outs(%i : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
      %c = tensor.collapse_shape %a [[0, 1], [2]]
          : tensor<2x3x5xf32> into tensor<6x5xf32>
      %o = arith.constant dense<1.0> : tensor<6xf32>
      %m = linalg.matvec ins(%c, %v : tensor<6x5xf32>, tensor<5xf32>)
          outs(%o : tensor<6xf32>) -> tensor<6xf32>
      %r = tensor.expand_shape %m [[0, 1]] output_shape [2, 3]
          : tensor<6xf32> into tensor<2x3xf32>
      %s = arith.constant dense<0.5> : tensor<f32>
      %d = linalg.dot ins(%v, %v : tensor<5xf32>, tensor<5xf32>)
          outs(%s : tensor<f32>) -> tensor<f32>
      return %y, %r, %d : tensor<2x3x4xf32>, tensor<2x3xf32>, tensor<f32>
    })");
  auto a = randomValues(30, 7), b = randomValues(40, 8), v = randomValues(5, 9);
  auto results = program.run(
      {makeArray({2, 3, 5}, a), makeArray({2, 5, 4}, b), makeArray({5}, v)});
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j) {
      double sum = 1;
      for (int64_t k = 0; k < 5; ++k)
        sum += double(a[(i * 3 + j) * 5 + k]) * v[k];
      EXPECT_NEAR(results[1].values[i * 3 + j], sum, 1e-12);
      for (int64_t n = 0; n < 4; ++n) {
        double product = 0;
        for (int64_t k = 0; k < 5; ++k)
          product += double(a[(i * 3 + j) * 5 + k]) * b[(i * 5 + k) * 4 + n];
        EXPECT_NEAR(results[0].values[(i * 3 + j) * 4 + n], product, 1e-12);
      }
    }
  double norm = 0.5;
  for (float x : v)
    norm += double(x) * x;
  EXPECT_NEAR(results[2].values[0], norm, 1e-12);
  EXPECT_GT(results[2].errors[0], 0);
}

TEST(Contraction, WidenedFactors) {
  Program program(R"(
    func.func @f(%x: tensor<1x3xbf16>, %w: tensor<3x1xbf16>)
        -> tensor<1x1xf32> {
      %z = arith.constant dense<0.0> : tensor<1x1xf32>
      %y = linalg.matmul ins(%x, %w : tensor<1x3xbf16>, tensor<3x1xbf16>)
          outs(%z : tensor<1x1xf32>) -> tensor<1x1xf32>
      return %y : tensor<1x1xf32>
    })");
  Array x(ElementType::BF16, {1, 3}), w(ElementType::BF16, {3, 1});
  for (int64_t i = 0; i < 3; ++i) {
    x.setFloat(i, float(i + 1));
    w.setFloat(i, 0.5f);
  }
  auto y = program.run({x, w})[0];
  EXPECT_EQ(y.values[0], 3);
  EXPECT_LT(y.errors[0], 6 * 4 * 0x1p-24);
}

TEST(Contraction, EmptyTensors) {
  Program program(transposedMatmul(2, 3, 0));
  auto y = program.run({makeArray({2, 0}, {}), makeArray({3, 0}, {})})[0];
  EXPECT_EQ(y.values, std::vector<double>(6, 0));
  Program none(transposedMatmul(0, 3, 4));
  auto result = none.run(
      {makeArray({0, 4}, {}), makeArray({3, 4}, std::vector<float>(12, 1))})[0];
  EXPECT_EQ(result.size(), 0);
  EXPECT_EQ(compareWithBound(result, makeArray({0, 3}, {})).largestAt, -1);
}

} // namespace
