//===- RegisterKernel.h - Products with weights in registers --------------===//
//
// For few rows of the activation, where the weight's bytes are what takes time:
// every compressed byte goes from global memory to registers once, by wide
// loads, and is decoded there.
//
// The weight is the M operand of the instruction. The order of k within a
// product is free as long as both operands have the same, so a lane takes
// whatever run of columns its decoder likes: the four lanes of a row take four
// runs side by side, and the lanes of a column of the result the same ones.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_REGISTERKERNEL_H
#define ZQ_LIB_TARGET_NVVM_REGISTERKERNEL_H

#include "Kernels.h"

namespace mlir::zq {

/// The program of one thread, but for how a window of the weight is read and
/// multiplied.
class RegisterKernel {
public:
  explicit RegisterKernel(ProductEmitter &e) : e(e), b(e.b) {}
  virtual ~RegisterKernel() = default;

  /// Columns that are decoded together.
  int64_t getWidth() const { return width; }

  /// Makes the launch. The sizes below are chosen before.
  LogicalResult emit();

protected:
  /// Sums of four elements for each eight columns of the result.
  using Sums = SmallVector<Value>;

  /// What a window needs that is the same for all, before the loop.
  virtual LogicalResult prepare() = 0;
  /// Adds `count` columns from `column` on to `sums`, where they are valid; all
  /// are where `isValid` is null.
  virtual FailureOr<Sums> emitWindow(Value column, Value isValid, int64_t count,
                                     Sums sums) = 0;
  /// What becomes of the sum of products with a row of the weight.
  virtual FailureOr<Value> finish(Value sum, Value weightRow) { return sum; }

  /// Chooses how many warps a block has, as many as have work, and how many
  /// bands, `mostBands` where enough blocks are left for that.
  void chooseBlock(int64_t mostBands);
  /// sums += the products of planes that the domain says, for each 16 columns:
  /// of a lane four, from `begin` to `end`.
  Sums multiply(ArrayRef<SmallVector<Value>> weights, ArrayRef<Value> xs,
                int64_t begin, int64_t end, Sums sums);

  ProductEmitter &e;
  KernelBuilder &b;
  /// Columns that are decoded together, and that a lane takes one after the
  /// other before it skips those of its neighbours.
  int64_t width = 0, run = 0;
  /// Tiles of eight columns of the result, bands of 16 rows of the weight that
  /// a warp multiplies with the same activations, and warps of a block. Sums
  /// are by bands, and then by tiles.
  int64_t tiles = 1, bands = 1, warps = 1;
  /// How many columns of a tile each row of the activation has: the lanes of a
  /// row of the weight are in as many sections, whose sums are apart.
  int64_t sections = 1;
  /// Rounds of a warp in one iteration of the loop.
  int64_t together = 1;

  /// This lane's place among those of a row of the weight, and the number of
  /// that row.
  Value place, group;
  /// The weight's rows of this lane, two of each band, and the activation's.
  SmallVector<Value> weightRows, xRows;

private:
  FailureOr<Sums> emitRun(Value run, Value isValid, int64_t length, Sums sums);
  FailureOr<Sums> emitRounds(Value warp, Sums sums);
  FailureOr<Sums> emitTail(Value warp, Sums sums);
  LogicalResult reduceAndStore(gpu::LaunchOp launch, Value warp,
                               const Sums &sums);

  /// Rows of the activation in a tile, and of the weight in a block.
  int64_t tileRows() const { return 8 / sections; }
  int64_t blockRows() const { return 16 * bands; }
  /// Blocks of all rows, as far as their number is known.
  int64_t countBlocks() const;

  Value lane, firstWeightRow, firstXRow;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_REGISTERKERNEL_H
