//===- ActivationTiles.cpp - Activations made where they are quantized ----===//
//
// What makes an activation, and turns it, is done for a block of rows that is
// still in cache when its integers or its tiles are made: the rows never go to
// memory.
//
//===----------------------------------------------------------------------===//
#include "ActivationTiles.h"
#include "LoopBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

#include <functional>

using namespace mlir;
using namespace mlir::zq;

/// Whether `slice` is a part of what is made for it alone: the op that makes it
/// is elementwise or a rotation, and all that uses it are parts.
static bool isPulled(tensor::ExtractSliceOp slice) {
  Operation *producer = slice.getSource().getDefiningOp();
  auto elementwise = dyn_cast_or_null<linalg::LinalgOp>(producer);
  if (!isa_and_nonnull<RotateOp>(producer) &&
      !(elementwise && linalg::isElementwise(elementwise) &&
        !isa<linalg::FillOp>(producer)))
    return false;
  // What several blocks read is not computed for each.
  auto partOf = [&](Operation *user) {
    auto part = dyn_cast<tensor::ExtractSliceOp>(user);
    return part &&
           (part == slice || part.getMixedOffsets() != slice.getMixedOffsets());
  };
  bool isWhole = slice.getType().hasStaticShape() &&
                 slice.getSourceType().hasStaticShape() &&
                 slice.getType().getShape() == slice.getSourceType().getShape();
  return producer->getNumResults() == 1 &&
         llvm::all_of(producer->getUsers(), partOf) &&
         (!isWhole || producer->hasOneUse());
}

/// Pulls what makes `slices` to them, and what that is made of along with it.
/// The values go to destinations of their own.
static SmallVector<Operation *>
pull(RewriterBase &rewriter, SmallVector<tensor::ExtractSliceOp> slices) {
  SmallVector<Operation *> pulled;
  while (!slices.empty()) {
    SmallVector<tensor::ExtractSliceOp> next;
    llvm::erase_if(slices, std::not_fn(isPulled));
    for (tensor::ExtractSliceOp slice : slices) {
      Operation *producer = slice.getSource().getDefiningOp();
      auto fused = scf::tileAndFuseProducerOfSlice(rewriter, slice, {});
      if (!fused)
        continue;
      SmallVector<Operation *> dead;
      for (Operation *op : fused->tiledOps) {
        pulled.push_back(op);
        auto tile = cast<DestinationStyleOpInterface>(op);
        Operation *part = tile.getDpsInits().front().getDefiningOp();
        giveOwnDestination(rewriter, tile);
        // It would keep the whole alive.
        if (part && isOpTriviallyDead(part))
          dead.push_back(part);
      }
      for (Operation *made : fused->generatedSlices) {
        auto another = dyn_cast<tensor::ExtractSliceOp>(made);
        if (another && !another->use_empty())
          next.push_back(another);
      }
      dead.push_back(slice);
      for (Operation *op : dead)
        rewriter.eraseOp(op);
      if (producer->use_empty())
        rewriter.eraseOp(producer);
    }
    slices = std::move(next);
  }
  return pulled;
}

/// `op` on other rows.
static ValueRange cloneOn(OpBuilder &b, Operation *op, Value rows) {
  if (auto planes = dyn_cast<PlanesOp>(op)) {
    auto made = PlanesOp::create(b, op->getLoc(), rows, planes.getCount(),
                                 planes.getGroup(), planes.getRows(),
                                 planes.getOffset(), planes.getLimitAttr());
    int64_t columns = cast<RankedTensorType>(rows.getType()).getDimSize(1);
    setRun(made, getRun(planes.getScales(), columns, planes.getGroup()));
    return made->getResults();
  }
  auto tiles = cast<TilesOp>(op);
  Type element = getElementTypeOrSelf(tiles.getResult().getType());
  RankedTensorType type =
      getTilesType(element, cast<RankedTensorType>(rows.getType()).getShape(),
                   tiles.getPlanes(), tiles.getSteps(), tiles.getRight());
  return TilesOp::create(b, op->getLoc(), type, rows, tiles.getRight(),
                         tiles.getPlanes(), tiles.getSteps())
      ->getResults();
}

SmallVector<Operation *> mlir::zq::tileActivation(RewriterBase &rewriter,
                                                  Operation *op) {
  Location loc = op->getLoc();
  Value source = op->getOperand(0);
  auto type = cast<RankedTensorType>(source.getType());
  Operation *producer = source.getDefiningOp();
  bool isMade = isa_and_nonnull<RotateOp>(producer);
  if (auto linalgOp = dyn_cast_or_null<linalg::LinalgOp>(producer))
    isMade = linalg::isElementwise(linalgOp) && !isa<linalg::FillOp>(producer);
  if (!isMade || !producer->hasOneUse() || !type.hasStaticShape())
    return {};
  auto planes = dyn_cast<PlanesOp>(op);
  int64_t rows = planes ? planes.getRows() : tileRows;
  int64_t blocks = type.getDimSize(0) / rows, rest = type.getDimSize(0) % rows;
  unsigned dim = planes ? 0 : 1;

  rewriter.setInsertionPoint(op);
  LoopBuilder loops(rewriter, loc);
  SmallVector<tensor::ExtractSliceOp> slices;
  auto getRows = [&](OpFoldResult row, int64_t count) -> Value {
    SmallVector<OpFoldResult> ones(2, rewriter.getIndexAttr(1));
    SmallVector<OpFoldResult> offsets{row, rewriter.getIndexAttr(0)};
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(
        rewriter.getContext(), {count, type.getDimSize(1)});
    slices.push_back(tensor::ExtractSliceOp::create(rewriter, loc, source,
                                                    offsets, sizes, ones));
    return slices.back();
  };
  /// Where the blocks from `block` on lie in a result, `part` of which they
  /// are.
  auto getPlace = [&](OpFoldResult block, Value part) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(part.getType()).getShape();
    TaskSlice place{
        SmallVector<OpFoldResult>(shape.size(), rewriter.getIndexAttr(0)),
        getAsIndexOpFoldResult(rewriter.getContext(), shape)};
    place.offsets[dim] = block;
    return place;
  };
  auto getOnes = [&](const TaskSlice &place) {
    return SmallVector<OpFoldResult>(place.sizes.size(),
                                     rewriter.getIndexAttr(1));
  };
  SmallVector<Value> results;
  for (Type result : op->getResultTypes()) {
    auto shaped = cast<RankedTensorType>(result);
    results.push_back(tensor::EmptyOp::create(rewriter, loc, shaped.getShape(),
                                              shaped.getElementType()));
  }
  if (blocks) {
    SmallVector<OpFoldResult> counts{rewriter.getIndexAttr(blocks)};
    auto forall = scf::ForallOp::create(
        rewriter, loc, counts, results, std::nullopt,
        [&](OpBuilder &b, Location, ValueRange args) {
          Value row = loops.multiply(args[0], loops.index(rows));
          SmallVector<Value> parts(cloneOn(b, op, getRows(row, rows)));
          auto end = scf::InParallelOp::create(b, loc);
          b.setInsertionPointToStart(end.getBody());
          for (auto [part, into] : llvm::zip(parts, args.drop_front())) {
            TaskSlice place = getPlace(args[0], part);
            tensor::ParallelInsertSliceOp::create(
                b, loc, part, into, place.offsets, place.sizes, getOnes(place));
          }
        });
    rewriter.setInsertionPointAfter(forall);
    results.assign(forall.getResults().begin(), forall.getResults().end());
  }
  if (rest) {
    OpFoldResult block = rewriter.getIndexAttr(blocks);
    ValueRange parts = cloneOn(
        rewriter, op, getRows(rewriter.getIndexAttr(blocks * rows), rest));
    for (auto [part, into] : llvm::zip(parts, results)) {
      TaskSlice place = getPlace(block, part);
      into = tensor::InsertSliceOp::create(rewriter, loc, part, into,
                                           place.offsets, place.sizes,
                                           getOnes(place));
    }
  }
  rewriter.replaceOp(op, results);
  return pull(rewriter, slices);
}
