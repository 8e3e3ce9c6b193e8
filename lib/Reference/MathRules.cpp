//===- MathRules.cpp - The functions of the math dialect ------------------===//
//
// MLIR lowers most of them to polynomials that are not correctly rounded. How
// far off these are was measured on LLVM 22.1.8: `mlir-opt
// --test-math-polynomial-approximation`, compiled by clang -O3 for AVX-512,
// against glibc's double functions at every 211th of all finite f32 values.
// What stands here is twice the largest error seen. What MLIR leaves to libm
// (exp2, log10) is better than that.
//
//===----------------------------------------------------------------------===//
#include "ScalarRules.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq::reference;

namespace {
/// A function, and how far an f32 implementation is off at x with the result y:
/// relative * |y| + absolute + perArgument * |x|.
struct Function {
  double (*evaluate)(double);
  double relative = 0;
  double absolute = 0;
  double perArgument = 0;
  /// Where this holds; nothing is promised elsewhere.
  double low = -infinity, high = infinity;
  /// Whether the function is monotone; if not, it lies in [-1, 1] and its slope
  /// does too.
  bool monotone = true;
};
} // namespace

/// f64 functions come from libm, good to a few units in the last place.
static constexpr double relativeF64 = 0x1p-50;

/// Below this, polynomials of logarithms and roots fail (measured: 11% off).
static constexpr double leastNormal = 0x1p-126;

/// How far a function moves as its argument moves within its error.
static double propagate(const Function &function, const Scalar &x,
                        double value) {
  if (x.isExact())
    return 0;
  // Double must not round the interval away.
  double error = x.error + std::fabs(x.value) * 0x1p-52;
  if (!function.monotone)
    return std::min(error, 2.0);
  double change =
      std::max(std::fabs(function.evaluate(x.value + error) - value),
               std::fabs(function.evaluate(x.value - error) - value));
  return change >= 0 ? change : infinity;
}

static ScalarRule getRule(Type type, Function function) {
  Rounding rounding = Rounding::of(type);
  if (getElementTypeOrSelf(type).isF64()) {
    function.relative = relativeF64;
    function.absolute = function.perArgument = 0;
  }
  return [=](ArrayRef<Scalar> in) -> Scalar {
    const Scalar &x = in[0];
    double value = function.evaluate(x.value);
    if (!(x.low() >= function.low && x.high() <= function.high) ||
        !std::isfinite(x.value))
      return {value, infinity};
    double error = propagate(function, x, value) +
                   function.relative * std::fabs(value) + function.absolute +
                   function.perArgument * std::fabs(x.value);
    return rounding.apply(value, error, /*certain=*/false);
  };
}

/// Rounding to an integer is exact, but jumps.
static ScalarRule getRoundingRule(double (*function)(double)) {
  return [=](ArrayRef<Scalar> in) -> Scalar {
    double value = function(in[0].value);
    if (in[0].isExact())
      return Scalar::exact(value);
    double error =
        std::max(function(in[0].high()) - value, value - function(in[0].low()));
    return {value, error >= 0 ? error : infinity};
  };
}

static double reciprocalRoot(double x) { return 1 / std::sqrt(x); }

// 3.12e-7, near the overflow; results below the least normal are lost.
ScalarRule mlir::zq::reference::getExpRule(Type type) {
  return getRule(type, {std::exp, 6.3e-7, leastNormal});
}

ScalarRule mlir::zq::reference::getMathRule(Operation *op) {
  Type type = op->getResult(0).getType();
  if (!isa<FloatType>(getElementTypeOrSelf(type)))
    return nullptr;
  auto rule = [&](Function function) { return getRule(type, function); };
  constexpr double inf = infinity;
  return llvm::TypeSwitch<Operation *, ScalarRule>(op)
      // Measured: 2.82e-7.
      .Case([&](math::TanhOp) { return rule({std::tanh, 5.7e-7}); })
      // 2.56e-7.
      .Case([&](math::ErfOp) { return rule({std::erf, 5.2e-7}); })
      // 2.06e-7, and 5e-40 where the result is subnormal.
      .Case([&](math::ErfcOp) { return rule({std::erfc, 4.2e-7, 1e-39}); })
      .Case([&](math::ExpOp) { return getExpRule(type); })
      // As exp(x * ln 2), which rounds the argument twice.
      .Case([&](math::Exp2Op op) {
        ScalarRule exp = rule({std::exp2, 6.3e-7, leastNormal});
        double unit = 2 * Rounding::of(type).unit;
        return [=](ArrayRef<Scalar> in) {
          Scalar x = in[0];
          x.error += unit * std::fabs(x.value);
          return exp(x);
        };
      })
      // 3.12e-7.
      .Case([&](math::ExpM1Op) { return rule({std::expm1, 6.3e-7}); })
      // 8.2e-8, 1.33e-7, 1.36e-7.
      .Case([&](math::LogOp) {
        return rule({std::log, 1.7e-7, 0, 0, leastNormal, inf});
      })
      .Case([&](math::Log2Op) {
        return rule({std::log2, 2.7e-7, 0, 0, leastNormal, inf});
      })
      .Case([&](math::Log10Op) {
        return rule({std::log10, 2.8e-7, 0, 0, leastNormal, inf});
      })
      // 2.78e-7.
      .Case([&](math::Log1pOp) {
        return rule({std::log1p, 5.6e-7, 0, 0, -1 + 0x1p-24, inf});
      })
      // 6.3e-8 + 7.8e-8 |x|; far out the reduction of the argument gives way.
      .Case([&](math::SinOp) {
        return rule({std::sin, 0, 1.3e-7, 1.6e-7, -1024, 1024, false});
      })
      .Case([&](math::CosOp) {
        return rule({std::cos, 0, 1.3e-7, 1.6e-7, -1024, 1024, false});
      })
      // 4.13e-6.
      .Case([&](math::AtanOp) { return rule({std::atan, 8.3e-6}); })
      // 5e-7, 1.15e-7.
      .Case([&](math::AsinOp) { return rule({std::asin, 1e-6, 0, 0, -1, 1}); })
      .Case(
          [&](math::AcosOp) { return rule({std::acos, 2.4e-7, 0, 0, -1, 1}); })
      // Correctly rounded on every target.
      .Case([&](math::SqrtOp) { return rule({std::sqrt, 0, 0, 0, 0, inf}); })
      // One Newton step on rsqrtps, whose error is 1.5 * 2^-12: 3.5e-7 with
      // the step's own roundings.
      .Case([&](math::RsqrtOp) {
        return rule({reciprocalRoot, 7e-7, 0, 0, leastNormal, inf});
      })
      .Case([&](math::FloorOp) { return getRoundingRule(std::floor); })
      .Case([&](math::CeilOp) { return getRoundingRule(std::ceil); })
      .Case([&](math::TruncOp) { return getRoundingRule(std::trunc); })
      .Case([&](math::RoundOp) { return getRoundingRule(std::round); })
      .Case([&](math::RoundEvenOp) {
        // The rounding mode is the default one.
        return getRoundingRule(std::nearbyint);
      })
      .Case([&](math::CopySignOp) -> ScalarRule {
        return [](ArrayRef<Scalar> in) -> Scalar {
          Scalar result(std::copysign(in[0].value, in[1].value), in[0].error);
          bool known = in[1].isExact() || in[1].low() > 0 || in[1].high() < 0;
          if (!known)
            result.error += 2 * std::fabs(in[0].value);
          return result;
        };
      })
      .Default([](Operation *) { return nullptr; });
}
