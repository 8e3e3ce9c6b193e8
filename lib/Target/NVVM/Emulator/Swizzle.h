//===- Swizzle.h - Where 16-byte chunks of shared tiles lie ---------------===//
#ifndef ZQ_LIB_TARGET_NVVM_EMULATOR_SWIZZLE_H
#define ZQ_LIB_TARGET_NVVM_EMULATOR_SWIZZLE_H

#include <cstdint>

namespace zq::emulator {

/// The address that `address` stands for with a swizzle over `span` bytes (128,
/// 64, 32; 0 for none): bits 4 and up are flipped by bits 7 and up
/// [ptx 5.5.6]. The same for copies and for matrix descriptors.
inline uint64_t swizzle(uint64_t address, unsigned span) {
  if (!span)
    return address;
  uint64_t mask = span / 16 - 1;
  return address ^ (address >> 7 & mask) << 4;
}

} // namespace zq::emulator

#endif // ZQ_LIB_TARGET_NVVM_EMULATOR_SWIZZLE_H
