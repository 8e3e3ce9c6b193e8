//===- ContractTiles.cpp - Elementwise ops on the sums of contractions ----===//
//
// A bias, an activation function or a residual is added to a tile of sums while
// that is in cache: the result is written once.
//
//===----------------------------------------------------------------------===//
#include "ContractTiles.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::zq;

/// Bytes of a tile of a contraction's result that stay in cache until they are
/// read.
static constexpr int64_t resultBytes = 1 << 20;

static RankedTensorType getResultType(Operation *contract) {
  return cast<RankedTensorType>(contract->getResult(0).getType());
}

static OpOperand &getInit(Operation *contract) {
  if (auto rows = dyn_cast<ContractRowsOp>(contract))
    return rows.getInitMutable();
  return cast<ContractOp>(contract).getInitMutable();
}

/// Whether the activation is in tiles, of which there are blocks of rows.
static bool isOnTiles(Operation *contract) {
  auto inLanes = dyn_cast<ContractOp>(contract);
  return !inLanes || inLanes.isOnTiles();
}

static Type getWeightType(Operation *contract) {
  if (auto rows = dyn_cast<ContractRowsOp>(contract))
    return rows.getWeight().getType();
  return cast<ContractOp>(contract).getWeight().getType();
}

/// The part of the result that one task makes. One that was cut in parts has
/// tasks of the same size.
static TileTask getTask(Operation *contract) {
  int64_t height = getResultType(contract).getDimSize(0);
  Type weight = getWeightType(contract);
  auto compressed = dyn_cast<CompressedTensorType>(weight);
  int64_t rows = compressed ? compressed.getShape()[0]
                            : cast<RankedTensorType>(weight).getDimSize(0);
  if (isOnTiles(contract))
    return getTileTask(height, rows);
  auto inLanes = cast<ContractOp>(contract);
  if (inLanes.getRounded())
    return {height, getTileTask(height, rows).columns};
  int64_t lanes = inLanes.getLanes();
  return {height, getPanelsPerTask(rows / lanes) * lanes};
}

SmallVector<int64_t> mlir::zq::getContractTile(Operation *root) {
  auto op = dyn_cast<linalg::LinalgOp>(root);
  if (!op || op.getNumReductionLoops())
    return {};
  SmallVector<int64_t> sizes;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Operation *contract = input->get().getDefiningOp();
    if (!isInDomain(contract) || !contract->hasOneUse())
      continue;
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    AffineMap map = op.getMatchingIndexingMap(input);
    auto row = dyn_cast<AffineDimExpr>(map.getResult(0));
    auto column = dyn_cast<AffineDimExpr>(map.getResult(1));
    if (!column || ShapedType::isDynamicShape(ranges) ||
        !dependsOnAllLoops(op, input, ranges))
      continue;
    TileTask task = getTask(contract);
    int64_t height = getResultType(contract).getDimSize(0);
    SmallVector<int64_t> own(ranges.size(), 0);
    int64_t &columns = own[column.getPosition()];
    columns = std::min(task.columns, ranges[column.getPosition()]);
    if (height * columns * int64_t(sizeof(float)) > resultBytes) {
      if (!row || !isOnTiles(contract))
        continue;
      own[row.getPosition()] = task.rows;
    }
    if (sizes.empty())
      sizes = own;
    if (sizes != own)
      return {};
  }
  return sizes;
}

std::array<linalg::LinalgOp, 2> mlir::zq::splitRoot(RewriterBase &rewriter,
                                                    linalg::LinalgOp root,
                                                    unsigned dim,
                                                    int64_t size) {
  rewriter.setInsertionPoint(root);
  auto [first, second] =
      linalg::splitOp(rewriter, cast<TilingInterface>(root.getOperation()), dim,
                      rewriter.getIndexAttr(size));
  std::array<linalg::LinalgOp, 2> parts{
      cast<linalg::LinalgOp>(first.getOperation()),
      cast<linalg::LinalgOp>(second.getOperation())};
  SmallPtrSet<Operation *, 2> whole;
  for (linalg::LinalgOp part : parts)
    for (OpOperand *input : part.getDpsInputOperands()) {
      auto slice = input->get().getDefiningOp<tensor::ExtractSliceOp>();
      Operation *contract = slice ? slice.getSource().getDefiningOp() : nullptr;
      if (!isInDomain(contract))
        continue;
      rewriter.setInsertionPoint(slice);
      auto made = cast<TilingInterface>(contract).generateResultTileValue(
          rewriter, 0, slice.getMixedOffsets(), slice.getMixedSizes());
      // One that is tiled along other dimensions is read as a whole.
      if (failed(made))
        continue;
      rewriter.replaceOp(slice, made->tiledValues);
      whole.insert(contract);
    }
  for (Operation *contract : whole)
    if (contract->use_empty())
      rewriter.eraseOp(contract);
  return parts;
}

/// The scalar that all elements of `value` are, a slice of a splat constant or
/// the result of a fill; null where they are not known to be one.
static Value getSplat(RewriterBase &b, Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return fill.getInputs().front();
  while (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>())
    value = slice.getSource();
  DenseElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) || !constant.isSplat())
    return nullptr;
  return arith::ConstantOp::create(b, value.getLoc(),
                                   constant.getSplatValue<TypedAttr>());
}

void mlir::zq::shareDestination(RewriterBase &rewriter, Operation *contract) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(contract);
  OpOperand &sums = getInit(contract);
  Value splat = getSplat(rewriter, sums.get());
  if (!splat || !contract->hasOneUse())
    return;
  Location loc = contract->getLoc();
  RankedTensorType type = getResultType(contract);
  OpOperand &use = *contract->use_begin();
  auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
  auto slice =
      reader ? reader.getDpsInits()[0].getDefiningOp<tensor::ExtractSliceOp>()
             : tensor::ExtractSliceOp();
  Value room;
  if (slice && slice->hasOneUse() && slice.getType() == type &&
      reader.getNumDpsInits() == 1 &&
      !reader.payloadUsesValueFromOperand(reader.getDpsInitOperand(0)) &&
      reader.getMatchingIndexingMap(&use) ==
          reader.getMatchingIndexingMap(reader.getDpsInitOperand(0))) {
    rewriter.moveOpBefore(slice, contract);
    room = slice;
    // Read in the place where it is written, not as an input of its own, which
    // would be a copy.
    rewriter.modifyOpInPlace(reader, [&] {
      BlockArgument sum = reader.getMatchingBlockArgument(&use);
      sum.replaceAllUsesWith(
          reader.getMatchingBlockArgument(reader.getDpsInitOperand(0)));
      reader.getDpsInitsMutable()[0].assign(contract->getResult(0));
    });
  } else {
    room = tensor::EmptyOp::create(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, sums.get()),
        type.getElementType());
  }
  Operation *init = sums.get().getDefiningOp();
  Value filled =
      linalg::FillOp::create(rewriter, loc, splat, room).getResult(0);
  rewriter.modifyOpInPlace(contract, [&] { sums.assign(filled); });
  if (isOpTriviallyDead(init))
    rewriter.eraseOp(init);
}

Destination mlir::zq::emitDestination(OpBuilder &b, Location loc, Value init) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (!matchPattern(fill ? fill.getInputs().front() : init, m_AnyZeroFloat()))
    return {init, false};
  if (fill && fill->hasOneUse())
    return {fill.getOutputs().front(), true};
  return {emptyLike(b, loc, init), true};
}
