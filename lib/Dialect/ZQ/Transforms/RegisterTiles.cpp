//===- RegisterTiles.cpp - What a contraction keeps in registers
//-----------===//
#include "RegisterTiles.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::zq;

int64_t mlir::zq::largestDivisor(int64_t size, int64_t limit) {
  if (ShapedType::isDynamic(size) || size <= 0)
    return 1;
  for (int64_t divisor = std::min(size, limit); divisor > 1; --divisor)
    if (size % divisor == 0)
      return divisor;
  return 1;
}

/// What `value` is, or is a slice of.
static Operation *getProducer(Value value) {
  while (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>())
    value = slice.getSource();
  return value.getDefiningOp();
}

std::pair<OpOperand *, DecodeOp> mlir::zq::findWeight(linalg::LinalgOp op) {
  OpOperand *weight = op.getDpsInputOperands().back();
  DecodeOp decode;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Operation *producer = getProducer(input->get());
    if (!isWeight(producer))
      continue;
    weight = input;
    decode = getDecode(producer);
  }
  return {weight, decode};
}

/// The one loop along which `op` reads the same of its weight again and again,
/// if `lane` is contracted and no other operand is the same along it.
static std::optional<unsigned> findOtherRows(linalg::LinalgOp op,
                                             unsigned lane) {
  SmallVector<unsigned> parallel;
  op.getParallelDims(parallel);
  if (llvm::is_contained(parallel, lane) || op.getNumDpsInputs() != 2)
    return std::nullopt;
  OpOperand *weight = findWeight(op).first;
  std::optional<unsigned> rows;
  for (OpOperand *input : op.getDpsInputOperands())
    for (unsigned dim : parallel)
      if (input != weight &&
          op.getMatchingIndexingMap(input).isFunctionOfDim(dim) &&
          !op.getMatchingIndexingMap(weight).isFunctionOfDim(dim)) {
        if (rows)
          return std::nullopt;
        rows = dim;
      }
  return rows;
}

SmallVector<int64_t> mlir::zq::getLoopOrder(linalg::LinalgOp op,
                                            unsigned lane) {
  std::optional<unsigned> rows = findOtherRows(op, lane);
  if (!rows)
    return {};
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  if (ShapedType::isDynamicShape(ranges))
    return {};
  AffineMap weight = op.getMatchingIndexingMap(findWeight(op).first);
  int64_t ownRows = 1;
  for (auto [dim, range] : llvm::enumerate(ranges))
    if (dim != lane && weight.isFunctionOfDim(dim))
      ownRows *= range;
  if (ranges[*rows] >= ownRows)
    return {};
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, ranges.size()));
  order.erase(llvm::find(order, *rows));
  order.push_back(*rows);
  return order;
}

SmallVector<int64_t> mlir::zq::getRegisterTile(linalg::LinalgOp op,
                                               ArrayRef<int64_t> ranges,
                                               unsigned lane, int64_t width,
                                               bool fuse,
                                               RegisterFile registers) {
  SmallVector<int64_t> sizes(ranges.size(), 0);
  SmallVector<unsigned> parallel;
  op.getParallelDims(parallel);
  // Dots add the products of two lanes to one.
  if (allowsDots(op))
    width = llvm::divideCeil(width, 2);
  // From the innermost outwards, near to square.
  // Decoded values take as many registers as the sums they are added to.
  int64_t left = fuse ? registers.accumulators / 2 : registers.accumulators;
  left = std::max<int64_t>(1, left / llvm::divideCeil(width, registers.width));
  // Numbers of rows that no small number divides would read a weight in memory
  // again for one or two of them at a time: they are tiled first, in blocks of
  // two sizes.
  std::optional<unsigned> rows = findOtherRows(op, lane);
  if (rows && !fuse && !ShapedType::isDynamic(ranges[*rows])) {
    int64_t side = 1, range = ranges[*rows];
    while (4 * side * side <= left)
      side *= 2;
    if (2 * largestDivisor(range, side) <= std::min(side, range)) {
      sizes[*rows] = llvm::divideCeil(range, llvm::divideCeil(range, side));
      left /= sizes[*rows];
      llvm::erase(parallel, *rows);
    }
  }
  int64_t remaining = 0;
  for (unsigned dim : parallel)
    remaining += dim != lane && ranges[dim] != 1;
  for (unsigned dim : llvm::reverse(parallel)) {
    if (dim == lane)
      continue;
    int64_t limit = left;
    if (ranges[dim] != 1 && remaining-- > 1)
      while (limit * limit > left)
        limit /= 2;
    sizes[dim] = largestDivisor(ranges[dim], std::max<int64_t>(limit, 1));
    left = std::max<int64_t>(1, left / sizes[dim]);
  }
  return sizes;
}
