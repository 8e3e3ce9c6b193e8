//===- BlockScaledKernels.h - Products of block-scaled matrices -----------===//
//
// One contraction of two block-scaled operands as a kernel, and what writes it
// for the two families of chips.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_BLOCKSCALEDKERNELS_H
#define ZQ_LIB_TARGET_NVVM_BLOCKSCALEDKERNELS_H

#include "BlockScaledOperand.h"
#include "Elementwise.h"
#include "KernelBuilder.h"
#include "PanelCopy.h"
#include "zq/Target/NVVM/Chip.h"

namespace mlir::zq {

/// d[i, j] = epilogue((sum over k of a[i, k] b[j, k]) * factors + c[i, j]).
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
  Elementwise epilogue;
};

/// How much of the result a block of threads makes, and how.
struct BlockScaledTile {
  /// Rows of a and b.
  int64_t m, n;
  /// Warps along them.
  int64_t warpsM, warpsN;
  /// Bytes of a row of an operand that one stage holds, and how many stages.
  int64_t bytes, stages;
  /// Warps behind those that neither copy nor store, but have others work.
  int64_t leaders = 0;

  /// Those that copy and store.
  int64_t getWorkers() const { return 32 * warpsM * warpsN; }
  int64_t getThreads() const { return getWorkers() + 32 * leaders; }
};

/// Brings sums to their place in the result, times the factors of both sides.
class BlockScaledEpilogue {
public:
  BlockScaledEpilogue(KernelBuilder &b, const BlockScaledProduct &product);

  /// Finishes the sums of a row of a with consecutive ones of b from `column`
  /// on, a multiple of their number; those beyond the edges are dropped. Tiles
  /// are of `tileM` and `tileN` rows.
  void store(Int row, Int column, ArrayRef<Value> sums, int64_t tileM,
             int64_t tileN);

private:
  SmallVector<Value> getPlace(Int row, Int column);

  KernelBuilder &b;
  const BlockScaledProduct &product;
  Value init, result;
  /// Factors that serve all elements; pointers to those of rows.
  SmallVector<Value> uniform, ofRows, ofColumns;
};

/// Stretches of K that a product has, of a tile's stage each.
int64_t getStretches(const BlockScaledProduct &product,
                     const BlockScaledTile &tile);

/// Bytes of scales that a row has in a stage.
int64_t getScaleBytes(const BlockScaledMode &mode, const BlockScaledTile &tile);

/// How a block of threads brings the codes of an operand, in chunks of 16 bytes
/// of its memory; the rows are left open. 16 codes narrower than their
/// container are spread to 16 bytes, or begin a chunk as they are.
PanelCopy::Layout getCodeLayout(const BlockScaledOperand &operand,
                                const BlockScaledMode &mode,
                                const BlockScaledTile &tile, bool isSpread);

/// Whether the copy engine can bring the codes of an operand, a box of rows at
/// a time, each element in its container. Elsewhere the block's threads do.
bool comesInBoxes(const BlockScaledOperand &operand,
                  const BlockScaledMode &mode);

/// How it brings their scales, `bytes` at a time; the rows are left open.
PanelCopy::Layout getScaleLayout(const BlockScaledOperand &operand,
                                 const BlockScaledMode &mode,
                                 const BlockScaledTile &tile, int64_t bytes);

/// The tile for a product, and the bytes of a block's memory that it takes.
BlockScaledTile chooseMmaTile(const BlockScaledProduct &product,
                              const Chip &chip);
int64_t getMmaSharedBytes(const BlockScaledProduct &product,
                          const BlockScaledTile &tile);
BlockScaledTile chooseTcgen05Tile(const BlockScaledProduct &product,
                                  const Chip &chip);
int64_t getTcgen05SharedBytes(const BlockScaledProduct &product,
                              const BlockScaledTile &tile);

/// Writes the body of a kernel whose blocks are numbered along a's tiles and
/// b's: by mma.sync (sm_120a, sm_121a), or tcgen05 (sm_100a, sm_103a).
void emitMmaKernel(KernelBuilder &b, const BlockScaledProduct &product,
                   const BlockScaledTile &tile, Int thread, Int blockM,
                   Int blockN);
void emitTcgen05Kernel(KernelBuilder &b, const BlockScaledProduct &product,
                       const BlockScaledTile &tile, Int thread, Int blockM,
                       Int blockN);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_BLOCKSCALEDKERNELS_H
