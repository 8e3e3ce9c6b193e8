//===- Random.h - Random bits by seed and index ---------------------------===//
#ifndef ZQ_CODEC_RANDOM_H
#define ZQ_CODEC_RANDOM_H

#include <cstdint>

namespace zq::codec {

/// Output number `index` of splitmix64 (Steele, Lea, Flood 2014) seeded with
/// `seed`: its finaliser applied to seed + (index + 1) * 0x9E3779B97F4A7C15.
/// Being counter based it gives every element its own bits, in any order.
inline uint64_t splitmix64(uint64_t seed, uint64_t index) {
  uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

} // namespace zq::codec

#endif // ZQ_CODEC_RANDOM_H
