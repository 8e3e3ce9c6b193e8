//===- ExampleData.h - Inputs of the example kernels, and plain products --===//
#ifndef ZQ_UNITTESTS_NVVM_EXAMPLEDATA_H
#define ZQ_UNITTESTS_NVVM_EXAMPLEDATA_H

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace mlir::zq::test {

/// The values of the formats, by their definitions.
inline double getE2M1(unsigned code) {
  static const double values[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  return code & 8 ? -values[code & 7] : values[code & 7];
}
inline double getUE4M3(unsigned code) {
  unsigned exponent = code >> 3 & 15, mantissa = code & 7;
  return exponent ? std::ldexp(8 + mantissa, int(exponent) - 10)
                  : std::ldexp(mantissa, -9);
}

/// A matrix in NVFP4: two codes a byte, scales in 128x4 order.
struct Nvfp4 {
  Nvfp4(int rows, int depth, unsigned seed)
      : depth(depth), codes(size_t(rows) * depth / 2),
        scales(size_t(rows + 127) / 128 * 128 * depth / 16) {
    std::mt19937 random(seed);
    for (uint8_t &byte : codes)
      byte = random();
    for (uint8_t &byte : scales)
      byte = 0x28 + random() % 32;
  }
  double get(int row, int k) const {
    unsigned code = codes[(size_t(row) * depth + k) / 2] >> (4 * (k % 2)) & 15;
    int s = k / 16;
    size_t at = (size_t(row / 128) * (depth / 64) + s / 4) * 512 +
                row % 32 * 16 + row % 128 / 32 * 4 + s % 4;
    return getE2M1(code) * getUE4M3(scales[at]);
  }

  int depth;
  std::vector<uint8_t> codes, scales;
};

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_NVVM_EXAMPLEDATA_H
