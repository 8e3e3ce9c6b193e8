//===- ScaleSearch.cpp - The scale of least squared error -----------------===//

#include "Elements.h"
#include "ScaleFit.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

using namespace zq::codec;

/// The squared error of each block after all stages from this one on, in f64,
/// summed in row-major order.
Result<std::vector<double>> Scale::squaredErrors(const Array &values,
                                                 const Fit &fit,
                                                 const Below &below) const {
  Result<Array> main = below.roundTrip(divide(values, fit));
  if (!main)
    return main.error();
  Array decoded =
      multiply(*main, fit.scaleRead, hasZero() ? &fit.zeroRead : nullptr);
  std::vector<double> errors(fit.scale.size());
  const float *before = elements<float>(values);
  const float *after = elements<float>(decoded);
  auto visit = [&](int64_t block, int64_t first, int64_t count) {
    double sum = errors[block];
    for (int64_t i = first; i < first + count; ++i) {
      double error = double(after[i]) - before[i];
      sum += error * error;
    }
    errors[block] = sum;
  };
  const int64_t band = blocks.bandSize(values.shape);
  parallelFor(values.size(), ceilDiv(elementGrain, band) * band,
              [&](int64_t begin, int64_t end) {
                blocks.forEachRun(values.shape, begin, end, visit);
              });
  return errors;
}

Result<Scale::Fit> Scale::search(const Statistics &statistics,
                                 const Array &values,
                                 const Below &below) const {
  size_t numBlocks = statistics.size();
  auto fitWith = [&](const std::vector<float> &factors) {
    return fit(statistics, below.range(), factors, values.shape);
  };

  const std::vector<float> ones(numBlocks, 1);
  Result<Fit> plain = fitWith(ones);
  if (!plain)
    return plain;
  Result<std::vector<double>> plainErrors =
      squaredErrors(values, *plain, below);
  if (!plainErrors)
    return plainErrors.error();

  std::vector<float> best = ones;
  std::vector<double> bestErrors = *plainErrors;
  for (int k = 20; k <= 44; ++k) {
    std::vector<float> factors(numBlocks, static_cast<float>(k) / 40);
    Result<Fit> candidate = fitWith(factors);
    if (!candidate)
      return candidate;
    Result<std::vector<double>> errors =
        squaredErrors(values, *candidate, below);
    if (!errors)
      return errors.error();
    for (size_t i = 0; i < numBlocks; ++i)
      if ((*errors)[i] < bestErrors[i]) {
        bestErrors[i] = (*errors)[i];
        best[i] = factors[i];
      }
  }

  // Blocks may depend on one another, by a transform below or a codec of the
  // scales. Those that come out worse than without a search go back, and all of
  // them where that does not help soon.
  for (int round = 0; round < 4; ++round) {
    Result<Fit> chosen = fitWith(best);
    if (!chosen)
      return chosen;
    Result<std::vector<double>> errors = squaredErrors(values, *chosen, below);
    if (!errors)
      return errors.error();
    bool isWorse = false;
    for (size_t i = 0; i < numBlocks; ++i)
      if (!((*errors)[i] <= (*plainErrors)[i])) {
        isWorse = true;
        best[i] = 1;
      }
    if (!isWorse)
      return chosen;
  }
  return plain;
}
