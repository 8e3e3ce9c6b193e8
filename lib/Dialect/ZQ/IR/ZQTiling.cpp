//===- ZQTiling.cpp - Tiles of a decode, a rotation, a contraction --------===//
//
// Decoding tiles along every dimension; the compressed source is never sliced,
// the tile's place moves into the offsets. A rotation needs whole rows of its
// axis, so that one is never tiled. A contraction in a compute domain tiles
// along the rows of its weight, which are read from a place on as well, and
// along blocks of rows of an activation that is in tiles.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::zq;

/// The whole of `value`, one range per dimension.
static SmallVector<Range> getWhole(OpBuilder &b, Location loc, Value value) {
  SmallVector<Range> ranges;
  for (OpFoldResult size : tensor::getMixedSizes(b, loc, value))
    ranges.push_back(Range{b.getIndexAttr(0), size, b.getIndexAttr(1)});
  return ranges;
}

static Value getSlice(OpBuilder &b, Location loc, Value value,
                      ArrayRef<OpFoldResult> offsets,
                      ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> strides(offsets.size(), b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(b, loc, value, offsets, sizes, strides);
}

//===----------------------------------------------------------------------===//
// Decode
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> DecodeOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(getWindowType().getRank(),
                                          utils::IteratorType::parallel);
}

SmallVector<Range> DecodeOp::getIterationDomain(OpBuilder &b) {
  return getWhole(b, getLoc(), getInit());
}

FailureOr<TilingResult>
DecodeOp::getTiledImplementation(OpBuilder &b, ArrayRef<OpFoldResult> offsets,
                                 ArrayRef<OpFoldResult> sizes) {
  Value init = getSlice(b, getLoc(), getInit(), offsets, sizes);
  AffineExpr d0, d1;
  bindDims(getContext(), d0, d1);
  SmallVector<OpFoldResult> place;
  for (auto [mine, its] : llvm::zip(getMixedOffsets(), offsets))
    place.push_back(affine::makeComposedFoldedAffineApply(b, getLoc(), d0 + d1,
                                                          {mine, its}));
  auto tile =
      DecodeOp::create(b, getLoc(), getSource(), place, init, getDecoderAttr());
  return TilingResult{{tile}, {tile.getResult()}, {init.getDefiningOp()}};
}

//===----------------------------------------------------------------------===//
// Rotate
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> RotateOp::getLoopIteratorTypes() {
  SmallVector<utils::IteratorType> types(
      cast<RankedTensorType>(getResult().getType()).getRank(),
      utils::IteratorType::parallel);
  // Not a reduction in the end, but what keeps a driver from tiling it.
  types[getAxis()] = utils::IteratorType::reduction;
  return types;
}

SmallVector<Range> RotateOp::getIterationDomain(OpBuilder &b) {
  return getWhole(b, getLoc(), getInit());
}

FailureOr<TilingResult>
RotateOp::getTiledImplementation(OpBuilder &b, ArrayRef<OpFoldResult> offsets,
                                 ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> from(offsets), size(sizes);
  auto type = cast<RankedTensorType>(getSource().getType());
  int64_t axis = getAxis();
  if (!isZeroInteger(from[axis]) ||
      getConstantIntValue(size[axis]) != type.getDimSize(axis))
    return failure();
  Value source = getSlice(b, getLoc(), getSource(), from, size);
  Value init = getSlice(b, getLoc(), getInit(), from, size);
  auto tile = RotateOp::create(b, getLoc(), init.getType(), source,
                               getTransform(), getParts(), getInverse(), init);
  return TilingResult{{tile},
                      {tile.getResult()},
                      {source.getDefiningOp(), init.getDefiningOp()}};
}

//===----------------------------------------------------------------------===//
// Contract
//===----------------------------------------------------------------------===//

/// Whole blocks of an activation in tiles: those with `rows` rows from `first`
/// on.
static Value sliceTiles(OpBuilder &b, Location loc, Value tiles,
                        OpFoldResult first, int64_t rows) {
  auto shape = cast<RankedTensorType>(tiles.getType()).getShape();
  SmallVector<OpFoldResult> at(shape.size(), b.getIndexAttr(0)),
      extent = getAsIndexOpFoldResult(b.getContext(), shape);
  AffineExpr d0 = b.getAffineDimExpr(0);
  at[1] = affine::makeComposedFoldedAffineApply(b, loc, d0.floorDiv(tileRows),
                                                {first});
  extent[1] = b.getIndexAttr(llvm::divideCeil(rows, tileRows));
  return getSlice(b, loc, tiles, at, extent);
}

/// Whether `rows` rows of `height` from `first` on begin with a block of an
/// activation in tiles. Where `first` is not known, it is one of the places
/// that steps of so many rows come to.
static bool beginsBlock(OpFoldResult first, int64_t rows, OpFoldResult height) {
  if (std::optional<int64_t> place = getConstantIntValue(first))
    return *place % tileRows == 0;
  return rows % tileRows == 0 ||
         isEqualConstantIntOrValue(
             getAsIndexOpFoldResult(height.getContext(), rows), height);
}

/// Where the rows of a weight begin for the columns from `offset` on of a
/// contraction that begins at `row`, or at the first one where that is null.
static Value getFirstRow(OpBuilder &b, Location loc, Value row,
                         OpFoldResult offset) {
  AffineExpr d0, d1;
  bindDims(b.getContext(), d0, d1);
  OpFoldResult first =
      row ? OpFoldResult(row) : OpFoldResult(b.getIndexAttr(0));
  return getValueOrCreateConstantIndexOp(
      b, loc,
      affine::makeComposedFoldedAffineApply(b, loc, d0 + d1, {first, offset}));
}

SmallVector<utils::IteratorType> ContractOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel);
}

SmallVector<Range> ContractOp::getIterationDomain(OpBuilder &b) {
  return getWhole(b, getLoc(), getInit());
}

FailureOr<TilingResult>
ContractOp::getTiledImplementation(OpBuilder &b, ArrayRef<OpFoldResult> offsets,
                                   ArrayRef<OpFoldResult> sizes) {
  // A known number of the weight's rows, and all rows of the activations, which
  // come in blocks; of those in tiles, any whole blocks.
  OpFoldResult height = tensor::getMixedSize(b, getLoc(), getInit(), 0);
  bool hasAllRows =
      isZeroInteger(offsets[0]) && isEqualConstantIntOrValue(sizes[0], height);
  std::optional<int64_t> rows = getConstantIntValue(sizes[0]);
  bool hasBlocks =
      isOnTiles() && rows && beginsBlock(offsets[0], *rows, height);
  if (!getConstantIntValue(sizes[1]) || !(hasAllRows || hasBlocks))
    return failure();
  Value init = getSlice(b, getLoc(), getInit(), offsets, sizes);
  SmallVector<Value> activations(getActivations());
  if (!hasAllRows)
    activations[0] = sliceTiles(b, getLoc(), activations[0], offsets[0], *rows);
  Value row = getFirstRow(b, getLoc(), getRow(), offsets[1]);
  auto tile = ContractOp::create(b, getLoc(), init.getType(), activations,
                                 getWeight(), row, getLanesAttr(),
                                 getRoundedAttr(), getPlanesAttr(), init);
  return TilingResult{{tile}, {tile.getResult()}, {init.getDefiningOp()}};
}

//===----------------------------------------------------------------------===//
// ContractRows
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> ContractRowsOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel);
}

SmallVector<Range> ContractRowsOp::getIterationDomain(OpBuilder &b) {
  return getWhole(b, getLoc(), getInit());
}

FailureOr<TilingResult>
ContractRowsOp::getTiledImplementation(OpBuilder &b,
                                       ArrayRef<OpFoldResult> offsets,
                                       ArrayRef<OpFoldResult> sizes) {
  std::optional<int64_t> rows = getConstantIntValue(sizes[0]);
  OpFoldResult height = tensor::getMixedSize(b, getLoc(), getInit(), 0);
  if (!rows || !getConstantIntValue(sizes[1]) ||
      !beginsBlock(offsets[0], *rows, height))
    return failure();
  Value init = getSlice(b, getLoc(), getInit(), offsets, sizes);
  Value activation =
      sliceTiles(b, getLoc(), getActivation(), offsets[0], *rows);
  Value row = getFirstRow(b, getLoc(), getRow(), offsets[1]);
  auto tile = ContractRowsOp::create(b, getLoc(), init.getType(), activation,
                                     getWeight(), row, getPlanesAttr(), init);
  return TilingResult{{tile}, {tile.getResult()}, {init.getDefiningOp()}};
}
