//===- BlockScaledKernels.h - Products of block-scaled matrices -----------===//
//
// One contraction of two block-scaled operands as a kernel, and what writes it
// for the two families of chips.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_BLOCKSCALEDKERNELS_H
#define ZQ_LIB_TARGET_NVVM_BLOCKSCALEDKERNELS_H

#include "BlockScaledOperand.h"
#include "KernelBuilder.h"
#include "PanelCopy.h"

namespace mlir::zq {

/// d[i, j] = (sum over k of a[i, k] b[j, k]) * factors + c[i, j].
struct BlockScaledProduct {
  /// An operand with its streams as memrefs.
  struct Side {
    BlockScaledOperand operand;
    SmallVector<Value> streams;

    Value getCodes() const { return streams[operand.codeStream]; }
    Value getScales() const { return streams[operand.scaleStream]; }
  };

  BlockScaledMode mode;
  Side a, b;
  /// c, null for zeros, and d: of a's rows and b's, or with `isTransposed` of
  /// b's rows and a's.
  Value init, result;
  bool isTransposed;
};

/// How much of the result a block of threads makes, and how.
struct BlockScaledTile {
  /// Rows of a and b.
  int64_t m, n;
  /// Warps along them.
  int64_t warpsM, warpsN;
  /// Bytes of a row of an operand that one stage holds, and how many stages.
  int64_t bytes, stages;

  int64_t getThreads() const { return 32 * warpsM * warpsN; }
};

/// The scales of `side` from row `row` on, and sums times both sides' factors
/// to their place in the result.
class BlockScaledEpilogue {
public:
  /// To be made before `store`, where its loads cannot be waited for.
  BlockScaledEpilogue(KernelBuilder &b, const BlockScaledProduct &product);

  /// Finishes the sums of a row of a and consecutive ones of b from `column`
  /// on; those beyond the edges are dropped. A column divides by their number.
  void store(Int row, Int column, ArrayRef<Value> sums, int64_t tileM,
             int64_t tileN);

private:
  KernelBuilder &b;
  const BlockScaledProduct &product;
  Value init, result;
  /// Factors that serve all elements; pointers to those of rows.
  SmallVector<Value> uniform, ofRows, ofColumns;
};

/// How chunks of `container` bits of `operand` are to be laid out; the rest of
/// the layout is left open.
PanelCopy::Layout getCodeLayout(const BlockScaledOperand &operand,
                                int64_t containerBits);

//===----------------------------------------------------------------------===//
// sm_120a, sm_121a: mma.sync
//===----------------------------------------------------------------------===//

/// Bytes of a block's memory that a tile takes.
int64_t getMmaSharedBytes(const BlockScaledProduct &product,
                          const BlockScaledTile &tile);

/// The tile for a product with `a` rows and `b` rows.
BlockScaledTile chooseMmaTile(const BlockScaledProduct &product);

/// Writes the body of a kernel whose blocks are numbered along a's tiles and
/// b's.
void emitMmaKernel(KernelBuilder &b, const BlockScaledProduct &product,
                   const BlockScaledTile &tile, Int thread, Int blockM,
                   Int blockN);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_BLOCKSCALEDKERNELS_H
