//===- TensorMap.h - What the copy engine makes of a tensor map -----------===//
#ifndef ZQ_LIB_TARGET_NVVM_EMULATOR_TENSORMAP_H
#define ZQ_LIB_TARGET_NVVM_EMULATOR_TENSORMAP_H

#include "zq/Target/NVVM/EmulatorTensorMap.h"

namespace zq::emulator {

constexpr uint32_t tensorMapMagic = 0x7a715450;

/// Bits of an element in global memory.
unsigned getElementBits(TensorMapType type);
/// Bytes that elements of a row take in shared memory.
unsigned getSharedBytes(TensorMapType type, unsigned elements);

} // namespace zq::emulator

#endif // ZQ_LIB_TARGET_NVVM_EMULATOR_TENSORMAP_H
