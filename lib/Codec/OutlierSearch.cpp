//===- OutlierSearch.cpp - The elements that cost the others most ---------===//

#include "OutlierSearch.h"
#include "Elements.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace zq::codec;

/// A row is cut into runs of so many elements, about what shares a scale.
static constexpr int64_t runLength = 16;
/// The more rounds, the more outliers may one run have.
static constexpr int64_t numRounds = 8;

/// The squared error of each element where `places` are not there, weighed by
/// its column; none in those places, which are stored aside.
Result<OutlierSearch::Errors>
OutlierSearch::errorsWithout(const std::vector<int64_t> &places) const {
  Array main = values;
  for (int64_t place : places)
    main.set(place, 0.0f);
  Result<Array> read = below.roundTrip(main);
  if (!read)
    return read.error();
  const F32View decoded(*read);
  Errors result(values.size());
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    double error = double(decoded->get<float>(i)) - values.get<float>(i);
    double weight = below.moment() ? below.moment()->at(i % width) : 1;
    result[i] = weight * error * error;
  }
  for (int64_t place : places)
    result[place] = 0;
  return result;
}

void OutlierSearch::take(int64_t place) {
  isTaken[place] = true;
  taken.push_back(place);
}

/// Of each run the element that is farthest from the mean of those left in it;
/// none of a run that is all taken.
std::vector<int64_t> OutlierSearch::candidates() const {
  std::vector<int64_t> result;
  for (int64_t row = 0; row < values.size(); row += width)
    for (int64_t begin = 0; begin < width; begin += runLength) {
      const int64_t first = row + begin;
      const int64_t last = first + std::min(runLength, width - begin);
      double sum = 0;
      int64_t count = 0, farthest = -1;
      for (int64_t i = first; i < last; ++i)
        if (!isTaken[i]) {
          sum += values.get<float>(i);
          ++count;
        }
      double distance = -1;
      for (int64_t i = first; i < last; ++i) {
        double own = std::fabs(values.get<float>(i) - sum / count);
        if (!isTaken[i] && own > distance) {
          distance = own;
          farthest = i;
        }
      }
      if (count)
        result.push_back(farthest);
    }
  return result;
}

Status OutlierSearch::runRound(int64_t wanted) {
  const std::vector<int64_t> offered = candidates();
  std::vector<int64_t> absent = taken;
  absent.insert(absent.end(), offered.begin(), offered.end());
  Result<Errors> without = errorsWithout(absent);
  if (!without)
    return without.error();
  std::vector<double> gains(offered.size());
  for (size_t k = 0; k < offered.size(); ++k) {
    const int64_t column = offered[k] % width, row = offered[k] - column;
    const int64_t first = row + column / runLength * runLength;
    const int64_t last = std::min(first + runLength, row + width);
    for (int64_t i = first; i < last; ++i)
      gains[k] += errors[i] - (*without)[i];
  }
  std::vector<size_t> order(offered.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return gains[a] != gains[b] ? gains[a] > gains[b] : a < b;
  });
  for (size_t k : order)
    if (wanted > 0 && gains[k] > 0) {
      take(offered[k]);
      --wanted;
    }
  Result<Errors> now = errorsWithout(taken);
  if (!now)
    return now.error();
  errors = std::move(*now);
  return {};
}

Result<std::vector<int64_t>>
OutlierSearch::run(int64_t count, const std::vector<int64_t> &others) {
  Result<Errors> all = errorsWithout({});
  if (!all)
    return all.error();
  errors = std::move(*all);
  for (int64_t round = 0; round < numRounds; ++round) {
    const int64_t left = count - int64_t(taken.size());
    if (left == 0)
      break;
    if (Status done = runRound(ceilDiv(left, numRounds - round)); !done)
      return done.error();
  }
  // Where runs gain nothing from it, the worst elements of all.
  if (int64_t(taken.size()) < count) {
    std::vector<int64_t> rest;
    for (int64_t i = 0, n = values.size(); i < n; ++i)
      if (!isTaken[i])
        rest.push_back(i);
    std::sort(rest.begin(), rest.end(), [&](int64_t a, int64_t b) {
      return errors[a] != errors[b] ? errors[a] > errors[b] : a < b;
    });
    for (size_t k = 0; int64_t(taken.size()) < count; ++k)
      take(rest[k]);
  }

  std::sort(taken.begin(), taken.end());
  Result<Errors> ours = errorsWithout(taken), theirs = errorsWithout(others);
  if (!ours)
    return ours.error();
  if (!theirs)
    return theirs.error();
  auto sum = [](const Errors &errors) {
    return std::accumulate(errors.begin(), errors.end(), 0.0);
  };
  return sum(*ours) <= sum(*theirs) ? taken : others;
}
