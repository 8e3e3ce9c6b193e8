//===- TensorMapShape.h - What a tensor map tells the copy engine ---------===//
//
// Boxes of an array go between global and shared memory by a tensor map, which
// the host makes at each launch: CUDA's driver for a GPU, `encodeTensorMap` for
// the emulator. Compiled host code hands them this. Plain C++, without LLVM.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_TENSORMAPSHAPE_H
#define ZQ_TARGET_NVVM_TENSORMAPSHAPE_H

#include <cstddef>
#include <cstdint>

namespace zq {

/// Of the driver's CUtensorMapDataType.
enum class TensorMapType : int64_t {
  Uint8,
  Uint16,
  Uint32,
  Int32,
  Uint64,
  Int64,
  Float16,
  Float32,
  Float64,
  BFloat16,
  Float32Ftz,
  TFloat32,
  TFloat32Ftz,
  /// 4 bits each, packed; and with gaps of 8 bytes after each 8.
  Packed16U4Align8B,
  Packed16U4Align16B,
  /// 6 bits each, with gaps of 4 bytes after each 12.
  Packed16U6Align16B,
};

/// Of the driver's CUtensorMapSwizzle.
enum class TensorMapSwizzle : int64_t { None, Bytes32, Bytes64, Bytes128 };

/// The arguments of the driver's cuTensorMapEncodeTiled but for the address,
/// without interleaving and with zeros outside of the array. A constant of
/// compiled code: all words are of 64 bits.
struct TensorMapShape {
  static constexpr size_t maxRank = 5;
  /// Bytes of a map, and what it is aligned to.
  static constexpr size_t mapBytes = 128, mapAlignment = 64;

  TensorMapType type = TensorMapType::Uint8;
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;
  int64_t rank = 0;
  /// In elements, innermost first.
  int64_t sizes[maxRank] = {};
  /// Bytes from an element to the next of each dimension but the innermost.
  int64_t strides[maxRank - 1] = {};
  /// Of the part that one copy brings, in elements.
  int64_t box[maxRank] = {};
};

} // namespace zq

#endif // ZQ_TARGET_NVVM_TENSORMAPSHAPE_H
