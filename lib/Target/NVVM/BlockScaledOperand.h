//===- BlockScaledOperand.h - What tensor cores multiply as it is stored --===//
//
// Blackwell's tensor cores multiply matrices of small floats with a scale for
// each block of 16 or 32 along the contracted dimension. Which codecs are such
// matrices, and which instruction two of them need, is said here for all chips.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_BLOCKSCALEDOPERAND_H
#define ZQ_LIB_TARGET_NVVM_BLOCKSCALEDOPERAND_H

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <optional>
#include <string>

namespace mlir::zq {

/// A compressed matrix whose rows are small floats with scales along them. Of
/// a tensor of more dimensions the rows are those of the last one.
struct BlockScaledOperand {
  /// A scale outside the blocks, f32: of the tensor, or of each row.
  struct Factor {
    unsigned stream;
    bool isOfRows;
  };

  CompressedTensorType type;
  int64_t rows, columns;
  /// What the instruction calls the floats; their width in the stream of
  /// codes.
  NVVM::MMATypes element;
  int64_t bits;
  /// Elements that share a scale, 16 or 32, and how it is stored.
  int64_t block;
  NVVM::BlockScaleFormat scale;
  SmallVector<Factor> factors;
  /// Streams of the type.
  unsigned scaleStream, codeStream;

  /// Bytes of a row of the streams.
  int64_t getCodePitch() const { return llvm::divideCeil(columns * bits, 8); }
  int64_t getScalePitch() const { return llvm::divideCeil(columns, block); }
};

/// `type` as an operand; where it is none `why` says what is in the way.
std::optional<BlockScaledOperand>
getBlockScaledOperand(CompressedTensorType type, std::string &why);

/// What multiplies two operands.
struct BlockScaledMode {
  NVVM::MMABlockScaleKind kind;
  NVVM::BlockScaleFormat format;
  /// Elements along K that 32 bytes of a row of an operand are: 64 packed ones,
  /// or 32 that have a byte each.
  int64_t step;
  /// Scales of a row among them: 4, 2 or 1.
  int64_t scales;

  /// Bits of an element in the container that the instruction wants.
  int64_t getContainerBits() const { return 256 / step; }
};

/// The mode for two operands; where there is none `why` says so.
std::optional<BlockScaledMode> getBlockScaledMode(const BlockScaledOperand &a,
                                                  const BlockScaledOperand &b,
                                                  std::string &why);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_BLOCKSCALEDOPERAND_H
