//===- EncodeKernels.h - Kernels that encode ------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_ENCODEKERNELS_H
#define ZQ_LIB_TARGET_NVVM_ENCODEKERNELS_H

#include "Elementwise.h"
#include "OnlineEncoding.h"

namespace mlir::zq {

/// A row-major matrix that a kernel reads: an array, or what an elementwise op
/// computes of others.
struct EncodeSource {
  /// Null where there is a producer.
  Value array;
  Elementwise producer;
  SmallVector<int64_t> shape;
  /// Of the array.
  Type element;

  /// What `value` is: an array, or the elementwise op that makes it for this
  /// alone.
  static EncodeSource of(OpBuilder &b, Location loc, Value value);

  int64_t getColumns() const { return shape.back(); }
  int64_t getSize() const { return ShapedType::getNumElements(shape); }
  /// How many neighbours in a row are read at once.
  int64_t getWidth() const;
  /// `width` of them, which divides that, as f32, from a column on that is a
  /// multiple of it.
  SmallVector<Value> read(KernelBuilder &b, Int row, Int column,
                          int64_t width) const;
};

/// Threads of a block in these kernels.
constexpr int64_t encodeThreads = 256;

/// A kernel of `blocks` blocks that `body` writes, given the numbers of the
/// thread and of its block.
void launchEncodeKernel(OpBuilder &b, Location loc, int64_t blocks,
                        int64_t sharedBytes,
                        function_ref<void(KernelBuilder &, Int, Int)> body);

/// How many blocks find the largest magnitude of a matrix of `size`.
int64_t getMaximumBlocks(int64_t size);

/// Each block leaves the largest magnitude that it found in `maxima`.
void emitMaximum(KernelBuilder &b, const EncodeSource &source, Value maxima,
                 Int thread, Int block);

/// One block makes the tensor's scale of `count` maxima, at most as many as
/// threads.
void emitTensorScale(KernelBuilder &b, const OnlineEncoding &encoding,
                     Value maxima, int64_t count, Value scale, Int thread);

/// A thread for each block of the codec: its scale and codes. `tensorScale` is
/// null where the codec has none.
void emitEncode(KernelBuilder &b, const OnlineEncoding &encoding,
                const EncodeSource &source, Value tensorScale, Value scales,
                Value codes, Int thread, Int block);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_ENCODEKERNELS_H
