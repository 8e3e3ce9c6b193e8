//===- EmulatorTensorMap.h - Tensor maps for the emulated copy engine -----===//
//
// What cuTensorMapEncodeTiled makes for a GPU this makes for the emulator: 128
// bytes, aligned to 64, that a kernel takes by value.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATORTENSORMAP_H
#define ZQ_TARGET_NVVM_EMULATORTENSORMAP_H

#include "zq/Codec/Result.h"

#include <cstdint>

namespace zq::emulator {

/// Of the driver's CUtensorMapDataType.
enum class TensorMapType : uint8_t {
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

enum class TensorMapSwizzle : uint8_t { None, Bytes32, Bytes64, Bytes128 };

struct alignas(64) TensorMap {
  uint64_t address;
  uint64_t strides[4];
  uint32_t sizes[5];
  uint16_t box[5];
  uint8_t elementStrides[5];
  uint8_t rank;
  TensorMapType type;
  TensorMapSwizzle swizzle;
  /// Tells a map from other bytes.
  uint32_t magic;
  char unused[24];
};
static_assert(sizeof(TensorMap) == 128);

/// Fills `map` as cuTensorMapEncodeTiled would, without interleaving and with
/// zeros outside of the array. Sizes and boxes are in elements, innermost
/// first; `strides` are in bytes, of all dimensions but the innermost. An error
/// names what the driver refuses.
codec::Status encodeTensorMap(TensorMap &map, TensorMapType type, unsigned rank,
                              const void *address, const uint64_t *sizes,
                              const uint64_t *strides, const uint32_t *box,
                              const uint32_t *elementStrides,
                              TensorMapSwizzle swizzle);

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATORTENSORMAP_H
