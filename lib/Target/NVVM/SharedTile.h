//===- SharedTile.h - Operands of products in a block's memory ------------===//
#ifndef ZQ_LIB_TARGET_NVVM_SHAREDTILE_H
#define ZQ_LIB_TARGET_NVVM_SHAREDTILE_H

#include "KernelBuilder.h"

namespace mlir::zq {

/// Rows of an operand, some columns of each at a time, in the memory of a block
/// as tensor cores take them: 16-bit floats, perhaps several planes whose sum
/// the operand is, and several stages. One of two forms:
///
/// Along the depth, for what is read or decoded column by column: slabs of the
/// 16 columns of an instruction, of which `ldmatrix` loads whole fragments,
/// swizzled, so that eight rows lie in all banks.
///
///   [stage][plane][slab][row][16]
///
/// Along rows, for what lies the other way, which `ldmatrix` transposes: 64
/// rows side by side, swizzled, so that eight columns lie in all banks.
///
///   [stage][plane][row / 64][column][64]
class SharedTile {
public:
  int64_t stages = 2, planes = 1, rows = 0, columns = 0;
  bool isAlongDepth = true;
  /// f16 or bf16.
  FloatType element;

  /// Columns of a slab: those of one instruction.
  static constexpr int64_t slabSize = 16;
  /// Rows that lie side by side.
  static constexpr int64_t blockRows = 64;

  int64_t getBytes() const { return stages * planes * rows * columns * 2; }

  /// Where it begins: at a multiple of 1024 bytes.
  void setBegin(Value pointer) { begin = pointer; }

  /// Of the element of a stage in this row and column, behind which up to eight
  /// more follow in the direction of the form.
  Value getPointer(KernelBuilder &b, Int stage, int64_t plane, Int row,
                   Int column) const;

  /// The registers of this lane for rows of `operand` from `row` + `more` on,
  /// both multiples of their number: one fragment of A, or two of B, one behind
  /// the other.
  SmallVector<SmallVector<Value>> readFragments(KernelBuilder &b,
                                                MmaOperand operand, Int stage,
                                                int64_t plane, int64_t slab,
                                                Int row, int64_t more,
                                                int64_t count, Int lane) const;

private:
  Int getPlaneOffset(Int stage, int64_t plane) const;

  Value begin;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_SHAREDTILE_H
