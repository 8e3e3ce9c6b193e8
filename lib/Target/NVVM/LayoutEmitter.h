//===- LayoutEmitter.h - What layouts say of a lane, at run time ----------===//
//
// Layouts are linear maps over GF(2). For a number that only the running thread
// knows, its lane for one, the emitters of kernels compute here what
// FragmentLayout computes for a number that is known: no formula of a layout is
// written a second time.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_LAYOUTEMITTER_H
#define ZQ_LIB_TARGET_NVVM_LAYOUTEMITTER_H

#include "KernelBuilder.h"
#include "zq/Target/NVVM/FragmentLayout.h"

namespace mlir::zq {

/// The sum, by XOR, of `images` of the bits that are set in `number`, the
/// lowest first. Bits that stay side by side move together.
Int emitLinear(KernelBuilder &b, Int number, ArrayRef<int64_t> images);

/// A place in a matrix that is known at run time.
struct EmittedOffset {
  Int row, column;
};

/// Where the first element of a lane lies.
EmittedOffset emitFirst(KernelBuilder &b, const FragmentLayout &layout,
                        Int lane);

/// FragmentLayout::getLdmatrixRow: the row that the lane points to, and the
/// byte in it.
EmittedOffset emitLdmatrixRow(KernelBuilder &b, const FragmentLayout &layout,
                              Int lane, ArrayRef<MatrixOffset> beyond = {});

/// Where an address goes.
Int emitSwizzle(KernelBuilder &b, Swizzle swizzle, Int address);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_LAYOUTEMITTER_H
