//===- Scalar.cpp - Arithmetic on numbers with bounded errors -------------===//
#include "Scalar.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace mlir::zq::reference;

Rounding Rounding::of(Type type) {
  const llvm::fltSemantics &semantics =
      cast<FloatType>(getElementTypeOrSelf(type)).getFloatSemantics();
  int precision = llvm::APFloat::semanticsPrecision(semantics);
  Rounding result;
  result.precision = precision;
  // Double's own rounding adds its unit (an f64 program's and ours may go
  // opposite ways); the factor covers that bounds are computed in double too.
  result.unit = std::ldexp(1 + 0x1p-20, -precision) + 0x1p-52;
  result.tiny = std::ldexp(1.0, llvm::APFloat::semanticsMinExponent(semantics) -
                                    precision);
  llvm::APFloat largest = llvm::APFloat::getLargest(semantics);
  bool losesInfo;
  largest.convert(llvm::APFloat::IEEEdouble(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  result.largest = largest.convertToDouble();
  return result;
}

bool Rounding::holds(double value) const {
  int exponent;
  double bits = std::ldexp(std::frexp(value, &exponent), precision);
  bool isNormal = std::fabs(value) >= std::ldexp(tiny, precision);
  return bits == std::trunc(bits) && std::fabs(value) <= largest &&
         (isNormal || value == 0);
}

Scalar Rounding::apply(double value, double propagated, double magnitude,
                       bool certain) const {
  if (!std::isfinite(value))
    return {value, certain ? 0 : infinity};
  double error = propagated + unit * (std::fabs(value) + propagated) + tiny;
  // Also where the sum is NaN.
  if (!(std::fabs(value) + error <= largest))
    return {value, infinity};
  return {value, error, std::max(magnitude, std::fabs(value))};
}

/// Whether a NaN or infinity computed from exact values means the same in a
/// compiled program.
static bool isCertain(double result, const Scalar &a, const Scalar &b) {
  return (a.isExact() && b.isExact()) ||
         (std::isnan(result) && (a.isSurelyNaN() || b.isSurelyNaN()));
}

Scalar mlir::zq::reference::add(const Scalar &a, const Scalar &b,
                                const Rounding &rounding, Terms terms) {
  double value = a.value + b.value;
  // A part of a rotated tensor stays one.
  bool isApart = terms == Terms::TakenApart || a.hasExcess() || b.hasExcess();
  double magnitude = isApart ? a.magnitude + b.magnitude : std::fabs(value);
  return rounding.apply(value, a.error + b.error, magnitude,
                        isCertain(value, a, b));
}

Scalar mlir::zq::reference::multiply(const Scalar &a, const Scalar &b,
                                     const Rounding &rounding) {
  double value = a.value * b.value;
  double propagated = 0;
  if (!a.isExact() || !b.isExact())
    propagated =
        std::fabs(a.value) * b.error + (std::fabs(b.value) + b.error) * a.error;
  return rounding.apply(value, propagated, a.magnitude * b.magnitude,
                        isCertain(value, a, b));
}

Scalar mlir::zq::reference::divide(const Scalar &a, const Scalar &b,
                                   const Rounding &rounding) {
  double value = a.value / b.value;
  bool certain = isCertain(value, a, b);
  double propagated = 0;
  if (!a.isExact() || !b.isExact()) {
    double least = std::fabs(b.value) - b.error;
    // a'/b' - a/b = (a' - a - (a/b) (b' - b)) / b'.
    propagated =
        least > 0 ? (a.error + std::fabs(value) * b.error) / least : infinity;
  }
  return rounding.apply(value, propagated, a.magnitude / std::fabs(b.value),
                        certain);
}

Scalar mlir::zq::reference::narrow(const Scalar &a, const Rounding &rounding) {
  if (a.isExact() && rounding.holds(a.value))
    return a;
  return rounding.apply(a.value, a.error, a.magnitude, a.isExact());
}

Scalar mlir::zq::reference::hull(const Scalar &a, const Scalar &b) {
  double error = std::max(a.error, std::fabs(b.value - a.value) + b.error);
  return {a.value, error >= 0 ? error : infinity,
          std::max(a.magnitude, b.magnitude)};
}

Scalar Sum::finish(const Rounding &rounding, Terms terms) const {
  if (!std::isfinite(value))
    return {value, std::isnan(value) && surelyNaN ? 0 : infinity};
  double growth = double(count) * rounding.unit;
  if (growth >= 1)
    return {value, infinity};
  growth /= 1 - growth;
  double bound = error + growth * reach;
  // Partial sums reach further than the sum.
  if (!(reach + bound <= rounding.largest))
    return {value, infinity};
  return {value, bound, terms == Terms::TakenApart ? reach : std::fabs(value)};
}
