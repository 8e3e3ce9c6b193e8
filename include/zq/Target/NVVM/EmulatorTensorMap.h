//===- EmulatorTensorMap.h - Tensor maps for the emulated copy engine -----===//
//
// What cuTensorMapEncodeTiled makes for a GPU this makes for the emulator: 128
// bytes, aligned to 64, that a kernel takes by value.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATORTENSORMAP_H
#define ZQ_TARGET_NVVM_EMULATORTENSORMAP_H

#include "zq/Codec/Result.h"
#include "zq/Target/NVVM/TensorMapShape.h"

#include <cstdint>

namespace zq::emulator {

struct alignas(TensorMapShape::mapAlignment) TensorMap {
  uint64_t address;
  uint64_t strides[4];
  uint32_t sizes[5];
  uint16_t box[5];
  uint16_t rank;
  TensorMapType type;
  TensorMapSwizzle swizzle;
  /// Tells a map from other bytes.
  uint32_t magic;
  char unused[36];
};
static_assert(sizeof(TensorMap) == TensorMapShape::mapBytes);

/// Fills `map` as cuTensorMapEncodeTiled would. An error names what the driver
/// refuses.
codec::Status encodeTensorMap(TensorMap &map, const void *address,
                              const TensorMapShape &shape);

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATORTENSORMAP_H
