//===- FragmentLayout.h - Which lane holds which element ------------------===//
//
// Where elements of a matrix lie over the lanes and registers of a warp is a
// linear map over GF(2): each bit of the lane's number and of the element's
// number within the lane contributes an offset, and offsets add up by XOR. So a
// layout is a table of offsets, and all questions about it are answered from
// that: where an element is, which rows `ldmatrix` wants from which lane, how a
// swizzle meets the banks of shared memory. Rows are an operand's M or N,
// columns its K; for C, rows are M and columns N. After the PTX manual's
// sections on the fragments of mma, ldmatrix and block scaling.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_FRAGMENTLAYOUT_H
#define ZQ_TARGET_NVVM_FRAGMENTLAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <utility>

namespace mlir::zq {

/// A place in a matrix, or an offset in one.
struct MatrixOffset {
  int64_t row = 0;
  int64_t column = 0;

  MatrixOffset operator^(MatrixOffset other) const {
    return {row ^ other.row, column ^ other.column};
  }
  bool operator==(MatrixOffset other) const {
    return row == other.row && column == other.column;
  }
};

/// A lane, and the number of an element in it. Elements count through a lane's
/// registers, from each register's low bits to its high ones.
struct FragmentPlace {
  int64_t lane = 0;
  int64_t element = 0;
};

enum class MmaOperand { A, B, C };

class FragmentLayout {
public:
  /// Offsets of the bits of a lane's number, and of an element's, from the
  /// lowest on. `bits` are those of an element.
  FragmentLayout(llvm::ArrayRef<MatrixOffset> lanes,
                 llvm::ArrayRef<MatrixOffset> elements, int64_t bits);

  /// Of `mma.sync` m16n8 with operands of `bits`, which are 16, 8 or 4 and make
  /// K 16, 32 or 64. 6- and 4-bit floats in bytes are of 8. C is of 32 always.
  static FragmentLayout getMma(MmaOperand operand, int64_t bits);

  /// Of the words of 4 scales that the lanes of a block-scaled `mma.sync` give:
  /// one each, for 32 rows of A or B, which are two atoms of 16 rows of A or
  /// four of 8 rows of B. An atom takes those that its `thread-id` selects,
  /// which is its number among them.
  static FragmentLayout getMmaScales();
  /// The lane that gives the word of row `row` of the atom with `threadId`.
  static int64_t getScaleLane(MmaOperand operand, int64_t row,
                              int64_t threadId);

  int64_t getElementsPerLane() const { return int64_t(1) << elements.size(); }
  int64_t getElementBits() const { return bits; }
  int64_t getElementsPerRegister() const { return 32 / bits; }
  int64_t getRegisters() const {
    return getElementsPerLane() / getElementsPerRegister();
  }

  MatrixOffset at(FragmentPlace place) const;
  /// Where the element at `offset` is; nothing outside of the fragment. Where
  /// several lanes hold it, the one with the least number.
  std::optional<FragmentPlace> find(MatrixOffset offset) const;
  /// Elements that follow each other within one row from an even start on, and
  /// within one lane: what a lane loads at once.
  int64_t getContiguous() const;

  /// What lane `lane` tells `ldmatrix.x4` (or .x2, .x1) that is to fill the
  /// fragment: the row, and the byte in it, of 16 bytes that it points to. With
  /// fewer than four registers, `beyond` are the offsets of further fragments
  /// that the same instruction fills, one for each bit that is left.
  MatrixOffset getLdmatrixRow(int64_t lane,
                              llvm::ArrayRef<MatrixOffset> beyond = {}) const;

  llvm::ArrayRef<MatrixOffset> getLaneOffsets() const { return lanes; }
  llvm::ArrayRef<MatrixOffset> getElementOffsets() const { return elements; }

private:
  llvm::SmallVector<MatrixOffset> lanes, elements;
  int64_t bits;
};

/// The swizzle of shared memory that TMA, wgmma and tcgen05 share: 16-byte
/// chunks of rows of `span` bytes (128, 64, 32, or 0 for none) trade places. It
/// works on addresses, so the array has to be aligned to 8 spans.
struct Swizzle {
  int64_t span = 0;

  int64_t operator()(int64_t address) const;
};

/// How many turns the banks of shared memory take for the access of a warp to
/// `addresses`, each of `bytes` bytes (4, 8 or 16); without conflicts they are
/// `bytes` / 4.
int64_t countBankTurns(llvm::ArrayRef<int64_t> addresses, int64_t bytes);

/// The layout of 128 rows by 4 scales that cuBLAS and tcgen05 use, a chunk of
/// 512 bytes: what each bit of the row's number adds to the place of its word.
/// Lowest first.
inline constexpr int64_t scaleRowOffsets128x4[] = {16, 32, 64, 128, 256, 4, 8};
inline constexpr int64_t scaleChunkBytes128x4 = 512;

/// Where scale `scale` of row `row` lies, in bytes, in that layout, chunk by
/// chunk along a row; a row has `scalesPerRow` of them, a multiple of 4.
int64_t getScaleOffset128x4(int64_t row, int64_t scale, int64_t scalesPerRow);

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_FRAGMENTLAYOUT_H
