//===- MmaDomain.cpp - Arithmetic of the tensor cores ---------------------===//
#include "Kernels.h"
#include "PackedTables.h"

#include "zq/Dialect/ZQ/Transforms/FloatPlanes.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

/// The cheapest domain on `element` whose error is at most `accuracy`, or else
/// the one with the least error, where planes of the operands have these
/// errors.
static MmaDomain choose(FloatType element,
                        function_ref<double(int64_t planes)> getXError,
                        function_ref<double(int64_t planes)> getWError,
                        double accuracy) {
  int64_t digits = element.getFPMantissaWidth();
  int64_t most = 3;
  std::optional<MmaDomain> best;
  auto isBetter = [&](const MmaDomain &domain) {
    if (!best)
      return true;
    bool fits = domain.error <= accuracy, fitted = best->error <= accuracy;
    if (fits != fitted)
      return fits;
    return fits ? domain.products.size() < best->products.size()
                : domain.error < best->error;
  };
  for (int64_t xPlanes = 1; xPlanes <= most; ++xPlanes)
    for (int64_t wPlanes = 1; wPlanes <= most; ++wPlanes) {
      MmaDomain domain;
      domain.element = element;
      domain.xPlanes = xPlanes, domain.wPlanes = wPlanes;
      domain.error = getXError(xPlanes) + getWError(wPlanes);
      for (int64_t i = 0; i < xPlanes; ++i)
        for (int64_t j = 0; j < wPlanes; ++j) {
          // What the smaller planes contribute is left out.
          if (i + j < std::max(xPlanes, wPlanes))
            domain.products.push_back({i, j});
          else
            domain.error += getPlaneSize(digits, i) * getPlaneSize(digits, j);
        }
      if (isBetter(domain))
        best = domain;
    }
  return *best;
}

MmaDomain mlir::zq::chooseMmaDomain(FloatType x, FloatType w, double accuracy) {
  MLIRContext *context = x.getContext();
  bool isHalf = x.isF16() && w.isF16();
  FloatType element = isHalf ? FloatType(Float16Type::get(context))
                             : FloatType(BFloat16Type::get(context));
  int64_t digits = element.getFPMantissaWidth();
  auto getErrorOf = [&](FloatType type) {
    int64_t own = type.getFPMantissaWidth();
    return [=](int64_t planes) { return getSplitError(own, digits, planes); };
  };
  return choose(element, getErrorOf(x), getErrorOf(w), accuracy);
}

/// The values of `table` rounded to `element`, less what `planes` - 1 such
/// tables hold.
static SmallVector<float> getPlane(ArrayRef<float> table, FloatType element,
                                   int64_t plane, double &error) {
  SmallVector<float> found;
  error = 0;
  for (float entry : table) {
    double left = entry;
    float rounded = 0;
    for (int64_t i = 0; i <= plane; ++i) {
      llvm::APFloat number(left);
      bool isInexact;
      number.convert(element.getFloatSemantics(),
                     llvm::APFloat::rmNearestTiesToEven, &isInexact);
      rounded = number.convertToFloat();
      left -= rounded;
    }
    // A NaN is one in the first plane.
    if (std::isnan(entry) && plane)
      rounded = 0;
    found.push_back(rounded);
    if (entry != 0 && !std::isnan(entry))
      error = std::max(error, std::fabs(left / double(entry)));
  }
  return found;
}

std::optional<CodeDomain> mlir::zq::chooseCodeDomain(FloatType x, FloatType w,
                                                     ArrayRef<float> values,
                                                     int64_t field,
                                                     double accuracy) {
  MLIRContext *context = x.getContext();
  FloatType element = x.isF16() ? FloatType(Float16Type::get(context))
                                : FloatType(BFloat16Type::get(context));
  // The rounding to the weight's type is left out.
  double omitted = getSplitError(24, w.getFPMantissaWidth(), 1);
  CodeDomain result;
  result.mma = choose(
      element,
      [&](int64_t planes) {
        return getSplitError(x.getFPMantissaWidth(),
                             element.getFPMantissaWidth(), planes);
      },
      [&](int64_t planes) {
        double error;
        getPlane(values, element, planes - 1, error);
        return error + omitted;
      },
      accuracy);
  double error;
  result.exponent =
      findPackedExponent(getPlane(values, element, 0, error), element, field);
  SmallVector<float> scaled(values);
  for (float &value : scaled)
    value = std::ldexp(value, result.exponent);
  for (int64_t plane = 0; plane < result.mma.wPlanes; ++plane) {
    result.tables.push_back(getPlane(scaled, element, plane, error));
    if (!findPackedTable(result.tables.back(), element, field))
      return std::nullopt;
  }
  return result;
}
