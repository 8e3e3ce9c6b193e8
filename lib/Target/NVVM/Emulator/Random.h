//===- Random.h - The emulator's source of order --------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_RANDOM_H
#define ZQ_TARGET_NVVM_EMULATOR_RANDOM_H

#include <cstdint>

namespace zq::emulator {

/// SplitMix64: the same numbers on every machine.
class Random {
public:
  explicit Random(uint64_t seed = 0) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// Below `bound`.
  uint32_t below(uint32_t bound) {
    return static_cast<uint32_t>((next() >> 32) * bound >> 32);
  }
  bool oneIn(uint32_t n) { return below(n) == 0; }

private:
  uint64_t state;
};

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_RANDOM_H
