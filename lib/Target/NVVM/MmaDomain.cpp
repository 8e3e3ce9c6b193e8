//===- MmaDomain.cpp - Arithmetic of the tensor cores ---------------------===//
#include "Kernels.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

/// How far a float with `digits` binary digits may be from the sum of `planes`
/// roundings to floats with `planeDigits`, relative to it: each plane rounds
/// what the planes before it left.
static double getSplitError(int64_t digits, int64_t planeDigits,
                            int64_t planes) {
  // The sign of what is left is one more digit.
  if (planes * (planeDigits + 1) - 1 >= digits)
    return 0;
  return std::ldexp(1.0, -planes * (planeDigits + 1));
}

MmaDomain mlir::zq::chooseMmaDomain(FloatType x, FloatType w, double accuracy) {
  MLIRContext *context = x.getContext();
  bool isHalf = x.isF16() && w.isF16();
  FloatType element = isHalf ? FloatType(Float16Type::get(context))
                             : FloatType(BFloat16Type::get(context));
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
      domain.error = getSplitError(x.getFPMantissaWidth(), digits, xPlanes) +
                     getSplitError(w.getFPMantissaWidth(), digits, wPlanes);
      for (int64_t i = 0; i < xPlanes; ++i)
        for (int64_t j = 0; j < wPlanes; ++j) {
          // What the smaller planes contribute is left out.
          if (i + j < std::max(xPlanes, wPlanes))
            domain.products.push_back({i, j});
          else
            domain.error += std::ldexp(1.0, -(i + j) * (digits + 1));
        }
      if (isBetter(domain))
        best = domain;
    }
  return *best;
}
