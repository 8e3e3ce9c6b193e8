//===- FragmentLayout.h - The layouts of NVIDIA's tensor cores ------------===//
//
// All that a kernel asks about who holds what is answered from one table of
// offsets (`#zq.fragment_layout`): where an element is, which rows `ldmatrix`
// wants from which lane, how a swizzle meets the banks of shared memory, which
// lane gives which scales. Rows are an operand's M or N, columns its K; for C,
// rows are M and columns N. After the PTX manual's sections on the fragments of
// mma, ldmatrix and block scaling.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_FRAGMENTLAYOUT_H
#define ZQ_TARGET_NVVM_FRAGMENTLAYOUT_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

enum class MmaOperand { A, B, C };

/// Of `mma.sync` m16n8 with operands of `bits`, which are 16, 8 or 4 and make
/// K 16, 32 or 64. 6- and 4-bit floats in bytes are of 8. C is of 32 always.
FragmentLayoutAttr getMmaLayout(MLIRContext *context, MmaOperand operand,
                                int64_t bits);

/// The same with the columns in another order: those of a lane follow each
/// other. The order of K is free as long as both operands have the same.
FragmentLayoutAttr gatherColumns(FragmentLayoutAttr layout);

/// Of the words of 4 scales that the lanes of a block-scaled `mma.sync` give:
/// one each, for 32 rows of A or B, which are two atoms of 16 rows of A or
/// four of 8 rows of B. An atom takes those that its `thread-id` selects,
/// which is its number among them.
FragmentLayoutAttr getMmaScaleLayout(MLIRContext *context);

/// Of the 128 rows by 4 scales that cuBLAS and tcgen05 use, a chunk of 512
/// bytes: for a "lane", a row, the byte in the chunk where its word begins.
FragmentLayoutAttr getScaleLayout128x4(MLIRContext *context);
inline constexpr int64_t scaleChunkBytes128x4 = 512;

/// What each lane tells `ldmatrix.x4` (or .x2, .x1) that is to fill fragments
/// of `layout`: the row, and the byte in it, of the 16 bytes that it points to.
/// With fewer than four registers, `beyond` are the offsets of further
/// fragments that the same instruction fills, one for each bit that is left.
FragmentLayoutAttr getLdmatrixLayout(FragmentLayoutAttr layout,
                                     ArrayRef<MatrixOffset> beyond = {});
/// The same for `ldmatrix.trans`, where memory has the operand's columns as
/// rows.
FragmentLayoutAttr
getTransposedLdmatrixLayout(FragmentLayoutAttr layout,
                            ArrayRef<MatrixOffset> beyond = {});

/// The swizzle of shared memory that TMA, wgmma and tcgen05 share: 16-byte
/// chunks of rows of `span` bytes (128, 64, 32, or 0 for none) trade places. It
/// works on addresses, so the array has to be aligned to 8 spans.
struct Swizzle {
  int64_t span = 0;

  int64_t operator()(int64_t address) const;
};

/// A layout of bytes, in an array of rows of `swizzle.span` bytes, with the
/// places where the swizzle puts them.
FragmentLayoutAttr getSwizzled(FragmentLayoutAttr layout, Swizzle swizzle);

/// How many turns the banks of shared memory take for the access of a warp to
/// `addresses`, each of `bytes` bytes (4, 8 or 16); without conflicts they are
/// `bytes` / 4.
int64_t countBankTurns(ArrayRef<int64_t> addresses, int64_t bytes);

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_FRAGMENTLAYOUT_H
