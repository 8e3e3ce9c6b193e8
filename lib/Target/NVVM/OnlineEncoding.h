//===- OnlineEncoding.h - Codecs that a kernel encodes to -----------------===//
//
// What of lib/Codec's encoder a thread can do: scales by the largest magnitude,
// rounding to nearest, packing. Bit by bit the reference's streams.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_ONLINEENCODING_H
#define ZQ_LIB_TARGET_NVVM_ONLINEENCODING_H

#include "KernelBuilder.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

#include <optional>
#include <string>

namespace mlir::zq {

/// A codec of at most one scale of the tensor, one of blocks along the last
/// dimension, numbers of few bits, and their packing.
struct OnlineEncoding {
  /// A scale and the largest magnitude that the stages below it take in.
  struct Scale {
    ScaleAttr stage;
    Type stored;
    double limit;
  };

  CompressedTensorType type;
  /// Transforms that come first, outermost first.
  SmallVector<StageAttrInterface> transforms;
  std::optional<Scale> tensor;
  Scale scale;
  int64_t block;
  QuantizeFormat format;
  int64_t bits;
  /// Of the numbers, as a row-major matrix.
  int64_t rows, columns;

  int64_t getBlocksPerRow() const { return llvm::divideCeil(columns, block); }
  /// Bytes of codes of a row, and of a block that is whole.
  int64_t getPitch() const { return llvm::divideCeil(columns * bits, 8); }
  int64_t getBlockBytes() const { return block * bits / 8; }
};

/// How tensors of `type` are encoded; where they are not `why` says what is in
/// the way.
std::optional<OnlineEncoding> getOnlineEncoding(CompressedTensorType type,
                                                std::string &why);

/// The bits of the scale for a block or tensor whose largest magnitude has the
/// bits `extent`, and the f32 that they read as.
struct StoredScale {
  Int bits;
  Value value;
};
StoredScale emitScale(KernelBuilder &b, const OnlineEncoding::Scale &scale,
                      Int extent);

/// `value` divided by a scale, as the reference divides.
Value emitScaled(KernelBuilder &b, Value value, Value scale);

/// The code of an f32.
Int emitCode(KernelBuilder &b, const OnlineEncoding &encoding, Value value);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_ONLINEENCODING_H
