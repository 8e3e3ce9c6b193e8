//===- BoundTest.cpp - Bounds of chains of operations ---------------------===//
//
// Each program is evaluated by the reference, and in f32 by the test; the
// latter must lie within the bound of the former, for errors that have grown
// over several operations too.
//
//===----------------------------------------------------------------------===//
#include "Program.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

struct Chain {
  const char *name;
  /// From %a and %b, of type f32, to %r.
  const char *body;
  float (*evaluate)(float, float);
  /// Whether the arguments are to be positive.
  bool positive;
};

// Every body starts from %s = (a + b) * b, so that operands carry errors.
const Chain chains[] = {
    {"addf", "%r = arith.addf %s, %a : f32",
     [](float s, float a) { return s + a; }, false},
    {"subf", "%r = arith.subf %s, %a : f32",
     [](float s, float a) { return s - a; }, false},
    {"mulf", "%r = arith.mulf %s, %s : f32",
     [](float s, float a) { return s * s; }, false},
    {"divf", "%r = arith.divf %a, %s : f32",
     [](float s, float a) { return a / s; }, true},
    {"fma", "%r = math.fma %s, %s, %a : f32",
     [](float s, float a) { return std::fma(s, s, a); }, false},
    {"maximumf", "%r = arith.maximumf %s, %a : f32",
     [](float s, float a) { return std::max(s, a); }, false},
    {"minnumf", "%r = arith.minnumf %s, %a : f32",
     [](float s, float a) { return std::min(s, a); }, false},
    {"absf", "%r = math.absf %s : f32",
     [](float s, float) { return std::fabs(s); }, false},
    {"truncf",
     "%t = arith.truncf %s : f32 to bf16 %r = arith.extf %t : bf16 to f32",
     [](float s, float) {
       Array array(ElementType::BF16, {1});
       array.setFloat(0, s);
       return array.getFloat(0);
     },
     false},
    {"select",
     "%c = arith.cmpf ogt, %s, %a : f32 %r = arith.select %c, %s, %a : f32",
     [](float s, float a) { return s > a ? s : a; }, false},
    {"copysign", "%r = math.copysign %s, %a : f32",
     [](float s, float a) { return std::copysign(s, a); }, false},
    {"floor", "%r = math.floor %s : f32",
     [](float s, float) { return std::floor(s); }, false},
    {"erf", "%r = math.erf %s : f32",
     [](float s, float) { return std::erf(s); }, false},
    {"tanh", "%r = math.tanh %s : f32",
     [](float s, float) { return std::tanh(s); }, false},
    {"exp", "%r = math.exp %s : f32",
     [](float s, float) { return std::exp(s); }, false},
    {"exp2", "%r = math.exp2 %s : f32",
     [](float s, float) { return std::exp2(s); }, false},
    {"expm1", "%r = math.expm1 %s : f32",
     [](float s, float) { return std::expm1(s); }, false},
    {"log", "%r = math.log %s : f32",
     [](float s, float) { return std::log(s); }, true},
    {"log2", "%r = math.log2 %s : f32",
     [](float s, float) { return std::log2(s); }, true},
    {"log1p", "%r = math.log1p %s : f32",
     [](float s, float) { return std::log1p(s); }, true},
    {"sin", "%r = math.sin %s : f32",
     [](float s, float) { return std::sin(s); }, false},
    {"cos", "%r = math.cos %s : f32",
     [](float s, float) { return std::cos(s); }, false},
    {"atan", "%r = math.atan %s : f32",
     [](float s, float) { return std::atan(s); }, false},
    {"sqrt", "%r = math.sqrt %s : f32",
     [](float s, float) { return std::sqrt(s); }, true},
    {"rsqrt", "%r = math.rsqrt %s : f32",
     [](float s, float) { return 1 / std::sqrt(s); }, true},
};

TEST(Bound, EveryOperationOnInexactOperands) {
  constexpr int64_t size = 4000;
  for (const Chain &chain : chains) {
    SCOPED_TRACE(chain.name);
    Program program(std::string(R"(
      #id = affine_map<(i) -> (i)>
      func.func @f(%x: tensor<4000xf32>, %y: tensor<4000xf32>)
          -> tensor<4000xf32> {
        %e = tensor.empty() : tensor<4000xf32>
        %z = linalg.generic {indexing_maps = [#id, #id, #id],
                             iterator_types = ["parallel"]}
            ins(%x, %y : tensor<4000xf32>, tensor<4000xf32>)
            outs(%e : tensor<4000xf32>) {
        ^bb0(%a: f32, %b: f32, %o: f32):
          %u = arith.addf %a, %b : f32
          %s = arith.mulf %u, %b : f32
          )") + chain.body +
                    R"(
          linalg.yield %r : f32
        } -> tensor<4000xf32>
        return %z : tensor<4000xf32>
      })");
    auto a = randomValues(size, 1, 3), b = randomValues(size, 2, 2);
    std::vector<float> expected;
    for (int64_t i = 0; i < size; ++i) {
      // Some close to cancelling.
      if (i % 7 == 0)
        b[i] = -a[i] * (1 + float(i) * 1e-7f);
      if (chain.positive) {
        a[i] = std::fabs(a[i]);
        b[i] = std::fabs(b[i]) + 0.01f;
      }
      expected.push_back(chain.evaluate((a[i] + b[i]) * b[i], a[i]));
    }
    auto z = program.run({makeArray({size}, a), makeArray({size}, b)})[0];
    auto comparison = compareWithBound(z, makeArray({size}, expected));
    EXPECT_TRUE(comparison.isWithin()) << "off by " << comparison.largestRatio
                                       << " bounds at " << comparison.ratioAt;
    EXPECT_LT(comparison.unbounded, size / 10);
    if (std::string(chain.name) != "floor") {
      EXPECT_GT(comparison.largestRatio, 1e-3);
    }
  }
}

TEST(Bound, AnUndecidedComparisonCoversBothBranches) {
  Program program(R"(
    func.func @f(%a: f32, %b: f32) -> (f32, i1) {
      %s = arith.addf %a, %b : f32
      %d = arith.subf %s, %b : f32
      %c = arith.cmpf ogt, %d, %a : f32
      %one = arith.constant 1.0 : f32
      %ten = arith.constant 10.0 : f32
      %r = arith.select %c, %one, %ten : f32
      return %r, %c : f32, i1
    })");
  auto results = program.run({makeArray({}, {0.1f}), makeArray({}, {100})});
  EXPECT_EQ(results[0].values[0], 10);
  EXPECT_EQ(results[0].errors[0], 9);
  EXPECT_EQ(results[1].errors[0], 1);
  // Far from undecided.
  Program clear(R"(
    func.func @f(%a: f32) -> f32 {
      %s = arith.addf %a, %a : f32
      %c = arith.cmpf ogt, %s, %a : f32
      %r = arith.select %c, %s, %a : f32
      return %r : f32
    })");
  auto result = clear.run({makeArray({}, {3})})[0];
  EXPECT_EQ(result.values[0], 6);
  EXPECT_LT(result.errors[0], 1e-6);
}

TEST(Bound, DivisionByWhatMayBeZeroPromisesNothing) {
  Program program(R"(
    func.func @f(%a: f32) -> f32 {
      %third = arith.constant 3.0 : f32
      %t = arith.divf %a, %third : f32
      %u = arith.mulf %t, %third : f32
      %d = arith.subf %u, %a : f32
      %r = arith.divf %a, %d : f32
      return %r : f32
    })");
  EXPECT_TRUE(std::isinf(program.run({makeArray({}, {1})})[0].errors[0]));
}

TEST(Bound, SpecialValuesOfExactOperandsAreCertain) {
  Program program(R"(
    func.func @f(%a: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
      %n = arith.negf %a : tensor<3xf32>
      %s = arith.addf %a, %a : tensor<3xf32>
      return %n, %s : tensor<3xf32>, tensor<3xf32>
    })");
  float inf = INFINITY;
  auto results = program.run({makeArray({3}, {inf, -inf, NAN})});
  EXPECT_TRUE(compareWithBound(results[0], makeArray({3}, {-inf, inf, NAN}))
                  .isWithin());
  EXPECT_TRUE(compareWithBound(results[1], makeArray({3}, {inf, -inf, NAN}))
                  .isWithin());
  EXPECT_EQ(
      compareWithBound(results[1], makeArray({3}, {1, inf, 0})).violations, 3);
}

} // namespace
