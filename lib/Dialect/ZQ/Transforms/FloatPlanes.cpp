//===- FloatPlanes.cpp - Products of floats as products of narrower ones --===//
#include "zq/Dialect/ZQ/Transforms/FloatPlanes.h"

#include "zq/Dialect/ZQ/IR/Tiles.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir::zq;

/// What planes may be multiplied for before f32 is the better choice.
static constexpr int64_t mostPlanes = 3;

// Half a unit in the last place of the plane before, whose own leading digit
// may be one lower.
double mlir::zq::getPlaneSize(int64_t planeDigits, int64_t plane) {
  return plane ? std::ldexp(1.0, 1 - plane * (planeDigits + 1)) : 1;
}

double mlir::zq::getSplitError(int64_t digits, int64_t planeDigits,
                               int64_t planes) {
  // The sign of what is left is one more digit.
  if (planes * (planeDigits + 1) - 1 >= digits)
    return 0;
  return getPlaneSize(planeDigits, planes);
}

std::optional<FloatPlanes> mlir::zq::chooseFloatPlanes(int64_t leftDigits,
                                                       int64_t rightDigits,
                                                       int64_t planeDigits,
                                                       double accuracy) {
  std::optional<FloatPlanes> best;
  size_t fewest = 0;
  for (int64_t left = 1; left <= mostPlanes; ++left)
    for (int64_t right = 1; right <= mostPlanes; ++right) {
      double ofLeft = getSplitError(leftDigits, planeDigits, left);
      double ofRight = getSplitError(rightDigits, planeDigits, right);
      FloatPlanes planes{left, right, ofLeft + ofRight + ofLeft * ofRight};
      auto pairs = getPlanePairs(left, right);
      for (int64_t i = 0; i < left; ++i)
        for (int64_t j = 0; j < right; ++j)
          if (i + j >= std::max(left, right))
            planes.error +=
                getPlaneSize(planeDigits, i) * getPlaneSize(planeDigits, j);
      if (planes.error > accuracy)
        continue;
      if (!best || pairs.size() < fewest ||
          (pairs.size() == fewest && planes.error < best->error)) {
        best = planes;
        fewest = pairs.size();
      }
    }
  return best;
}

std::string mlir::zq::printBound(double error) {
  if (error > 0) {
    double digit = std::pow(10.0, std::floor(std::log10(error)) - 2);
    // What is three digits but for a rounding of its own stays so.
    error = std::ceil(error / digit * (1 - 1e-12)) * digit;
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g", error);
  return text;
}
