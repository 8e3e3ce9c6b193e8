//===- Pvq.cpp - Pyramid vector quantization ------------------------------===//

#include "zq/Codec/Pvq.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace zq::codec;

/// N(l, k) at l * (pulses + 1) + k, saturating at 2^32 + 1.
static std::vector<int64_t> pointTable(int length, int pulses) {
  const int64_t tooMany = (int64_t(1) << 32) + 1;
  size_t width = size_t(pulses) + 1;
  std::vector<int64_t> table((size_t(length) + 1) * width, 0);
  table[0] = 1;
  for (int l = 1; l <= length; ++l) {
    int64_t *row = &table[l * width], *above = row - width;
    row[0] = 1;
    for (int k = 1; k <= pulses; ++k)
      row[k] = std::min(above[k] + row[k - 1] + above[k - 1], tooMany);
  }
  return table;
}

int64_t Pvq::countPoints(int length, int pulses) {
  return pointTable(length, pulses).back();
}

Pvq::Pvq(int length, int pulses)
    : vectorLength(length), pulses(pulses), table(pointTable(length, pulses)) {
  assert(1 <= length && length <= maxLength && "1 to 1024 values");
  assert(1 <= pulses && pulses <= maxPulses && "1 to 1024 pulses");
  assert(numCodes() <= int64_t(1) << 32 && "codes have at most 32 bits");
}

int Pvq::codeBits() const {
  int bits = 1;
  while (int64_t(1) << bits < numCodes())
    ++bits;
  return bits;
}

Range Pvq::inputRange(Range target) const {
  (void)target;
  return {-1, 1};
}

uint32_t Pvq::indexOf(const int *vector) const {
  int64_t index = 0;
  int left = pulses;
  for (int i = 0; i < vectorLength; ++i) {
    int after = vectorLength - i - 1, magnitude = std::abs(vector[i]);
    if (magnitude > 0) {
      index += points(after, left);
      for (int j = 1; j < magnitude; ++j)
        index += 2 * points(after, left - j);
      if (vector[i] < 0)
        index += points(after, left - magnitude);
    }
    left -= magnitude;
  }
  assert(left == 0 && "not a vector of this many pulses");
  return static_cast<uint32_t>(index);
}

void Pvq::vectorOf(uint32_t code, int *vector) const {
  int64_t index = code;
  int left = pulses;
  for (int i = 0; i < vectorLength; ++i) {
    int after = vectorLength - i - 1, magnitude = 0;
    // How many vectors go on with this coordinate, either sign.
    int64_t count = points(after, left);
    while (index >= count) {
      index -= count;
      ++magnitude;
      count = 2 * points(after, left - magnitude);
    }
    bool isNegative = magnitude > 0 && index >= count / 2;
    if (isNegative)
      index -= count / 2;
    vector[i] = isNegative ? -magnitude : magnitude;
    left -= magnitude;
  }
}

uint32_t Pvq::encodeVector(const float *values) const {
  std::vector<int> vector(vectorLength, 0);
  double sum = 0;
  for (int i = 0; i < vectorLength; ++i)
    sum += std::fabs(double(values[i]));
  if (sum == 0) {
    vector[0] = pulses;
    return indexOf(vector.data());
  }
  // The magnitudes first.
  int missing = pulses;
  double product = 0, squares = 0;
  for (int i = 0; i < vectorLength; ++i) {
    double magnitude = std::fabs(double(values[i]));
    vector[i] = static_cast<int>(pulses * magnitude / sum);
    missing -= vector[i];
    product += magnitude * vector[i];
    squares += double(vector[i]) * vector[i];
  }
  for (; missing > 0; --missing) {
    int best = 0;
    double bestFit = -1;
    for (int i = 0; i < vectorLength; ++i) {
      double dot = product + std::fabs(double(values[i]));
      double fit = dot * dot / (squares + 2 * vector[i] + 1);
      if (fit > bestFit) {
        bestFit = fit;
        best = i;
      }
    }
    product += std::fabs(double(values[best]));
    squares += 2 * vector[best] + 1;
    ++vector[best];
  }
  for (int i = 0; i < vectorLength; ++i)
    if (values[i] < 0)
      vector[i] = -vector[i];
  return indexOf(vector.data());
}

void Pvq::decodeVector(uint32_t code, float *values) const {
  std::vector<int> vector(vectorLength);
  vectorOf(code, vector.data());
  int squares = 0;
  for (int element : vector)
    squares += element * element;
  float norm = std::sqrt(static_cast<float>(squares));
  for (int i = 0; i < vectorLength; ++i)
    values[i] = static_cast<float>(vector[i]) / norm;
}
