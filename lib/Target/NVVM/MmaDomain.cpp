//===- MmaDomain.cpp - Arithmetic of the tensor cores ---------------------===//
#include "Kernels.h"
#include "PackedTables.h"

#include "zq/Dialect/ZQ/Transforms/FloatPlanes.h"

#include <array>
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

/// Two planes of `unit` times the table, in bf16, of which the second has the
/// same upper byte in all of its numbers, so that only their lower ones are
/// looked up. Nothing where none is found whose error is at most `accuracy`.
static std::optional<std::array<SmallVector<float>, 2>>
findNarrowPlanes(ArrayRef<float> table, double accuracy, double &unit,
                 double &error) {
  auto fromBits = [](uint32_t bits) {
    return llvm::bit_cast<float>(bits << 16);
  };
  auto toBits = [](float value) {
    uint32_t bits = llvm::bit_cast<uint32_t>(value);
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  };
  float largest = 0;
  for (float entry : table) {
    if (!std::isfinite(entry))
      return std::nullopt;
    largest = std::max(largest, std::fabs(entry));
  }
  if (largest == 0)
    return std::nullopt;
  // As many steps of the first plane as the second has room for.
  const int32_t steps = 16;
  const int units = 32;
  for (int i = 0; i < units; ++i)
    // The second plane is between 2^-10 and 2^-4 of the largest number.
    for (int exponent = -10; exponent < -5; ++exponent) {
      unit = 1 + double(i) / units;
      // An upper byte has the numbers of two exponents, the lower one even.
      int lowest = (std::ilogb(largest * unit) + exponent + 127) & ~1;
      if (lowest < 2 || lowest > 250)
        continue;
      float least = fromBits(lowest << 7), most = fromBits((lowest << 7) + 255);
      std::array<SmallVector<float>, 2> planes;
      error = 0;
      for (float entry : table) {
        double wanted = entry * unit, best = HUGE_VAL;
        float first = -least, second = least;
        for (int32_t step = -steps; step <= steps && wanted != 0; ++step) {
          float high = fromBits(toBits(wanted) + step);
          float low = std::clamp<float>(wanted - high, least, most);
          low = fromBits(toBits(low));
          double left = std::fabs(wanted - high - low);
          if (left >= best)
            continue;
          best = left, first = high, second = low;
        }
        planes[0].push_back(first);
        planes[1].push_back(second);
        if (wanted != 0)
          error = std::max(error, best / std::fabs(wanted));
      }
      if (error <= accuracy)
        return planes;
    }
  return std::nullopt;
}

std::optional<CodeDomain> mlir::zq::chooseCodeDomain(FloatType x, FloatType w,
                                                     ArrayRef<float> values,
                                                     int64_t field,
                                                     double accuracy) {
  MLIRContext *context = x.getContext();
  FloatType element = x.isF16() ? FloatType(Float16Type::get(context))
                                : FloatType(BFloat16Type::get(context));
  // The rounding to the weight's type is left out.
  CodeDomain result;
  double omitted = getSplitError(24, w.getFPMantissaWidth(), 1);
  result.omitted = omitted;
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
  // Tables whose bytes are picked. One plane of the activation, as otherwise
  // products are left out that count on the planes' sizes.
  if (element.isBF16() && values.size() == 16 && result.mma.xPlanes == 1 &&
      result.mma.wPlanes == 2)
    if (auto planes =
            findNarrowPlanes(values, accuracy - omitted, result.unit, error)) {
      result.tables.assign(planes->begin(), planes->end());
      result.mma.error = error + omitted;
      return result;
    }
  result.unit =
      std::ldexp(1.0, findPackedExponent(getPlane(values, element, 0, error),
                                         element, field));
  SmallVector<float> scaled(values);
  for (float &value : scaled)
    value *= result.unit;
  for (int64_t plane = 0; plane < result.mma.wPlanes; ++plane) {
    result.tables.push_back(getPlane(scaled, element, plane, error));
    if (!findPackedTable(result.tables.back(), element, field))
      return std::nullopt;
  }
  return result;
}
