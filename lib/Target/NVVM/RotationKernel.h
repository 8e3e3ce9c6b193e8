//===- RotationKernel.h - Rotations by blocks of threads ------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_ROTATIONKERNEL_H
#define ZQ_LIB_TARGET_NVVM_ROTATIONKERNEL_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// `value`, a tensor, rotated along its last axis by kernels in
/// which the threads of a block share a run, those for whole runs and one for
/// the rest of each line. The result is the reference's bit by bit. An
/// elementwise op that computes `value` for this alone becomes part of the
/// kernels. Null where `whyNoRotationKernel` has a reason, and of no elements.
Value emitRotationKernels(OpBuilder &b, Location loc, Value value,
                          TransformAttrInterface transform);

/// Why there are none of it, or nothing where there are.
std::string whyNoRotationKernel(Value value, TransformAttrInterface transform);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_ROTATIONKERNEL_H
