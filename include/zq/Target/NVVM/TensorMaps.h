//===- TensorMaps.h - Tensor maps that kernels ask their host for ---------===//
//
// A kernel that copies boxes of an array says so by upstream's
// `nvgpu.tma.create.descriptor`. `zq-bare-kernel-arguments` moves the op to the
// host, before each launch, and makes the map an argument of the kernel by
// value. What becomes of it there is the business of the host's lowering.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_TENSORMAPS_H
#define ZQ_TARGET_NVVM_TENSORMAPS_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "zq/Target/NVVM/TensorMapShape.h"

#include <array>

namespace mlir::zq {

/// A map for boxes of the bytes of `memref`, all its leading dimensions taken
/// together as rows, in a kernel: the pointer that copies take. With `bits` of
/// 4 or 6 the elements are the packed ones of so many bits, and take a byte
/// each in shared memory. `box` is its rows and columns, in elements.
Value createTensorMap(ImplicitLocOpBuilder &b, Value memref,
                      std::array<int64_t, 2> box, int64_t bits,
                      nvgpu::TensorMapSwizzleKind swizzle);

/// The array that `op` makes a map of, in the element type that it counts in.
Value getTensorMapArray(nvgpu::TmaCreateDescriptorOp op);

/// What the map is to say; an error at the op where no driver makes such maps.
FailureOr<::zq::TensorMapShape>
getTensorMapShape(nvgpu::TmaCreateDescriptorOp op);

/// The map that `operand` of a launch is; null where it is none.
nvgpu::TmaCreateDescriptorOp getTensorMap(Value operand);

/// In host code: makes `op` a call of `function`, `void (ptr map, ptr array,
/// ptr shape)`, which fills a map on the stack; `shape` is a TensorMapShape.
LogicalResult lowerTensorMap(nvgpu::TmaCreateDescriptorOp op,
                             StringRef function);

/// Which operands of a launch are structs that the kernel takes by value: what
/// is passed is their address.
SmallVector<bool> getByValueOperands(gpu::LaunchFuncOp launch);

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_TENSORMAPS_H
