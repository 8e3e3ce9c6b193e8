//===- MatrixTransform.cpp - Transforms by a stored matrix ----------------===//
#include "MatrixTransform.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// One line
//===----------------------------------------------------------------------===//

/// `width` elements from `begin` on of line `j` of the matrix of block
/// `number`: of its rows where `inRow`, else of its columns.
static Value readMatrix(LineBuilder &line, Value number, Value begin, Value j,
                        int64_t width, bool inRow) {
  OpBuilder &b = line.builder;
  Value matrix = line.parts.front();
  int64_t rank = cast<RankedTensorType>(matrix.getType()).getRank();
  SmallVector<Value> place;
  if (rank == 3)
    place.push_back(number);
  place.push_back(inRow ? j : begin);
  place.push_back(inRow ? begin : j);
  AffineExpr along = b.getAffineDimExpr(inRow ? rank - 1 : rank - 2);
  Value padding = arith::ConstantOp::create(b, line.loc, b.getF32FloatAttr(0));
  return vector::TransferReadOp::create(
      b, line.loc, VectorType::get(width, b.getF32Type()), matrix, place,
      AffineMapAttr::get(AffineMap::get(rank, 0, along)), padding,
      /*mask=*/Value(), b.getBoolArrayAttr({true}));
}

Value MatrixTransform::emitLine(LineBuilder &line, Value into) const {
  OpBuilder &b = line.builder;
  Location loc = line.loc;
  // As many sums at a time as stay in registers.
  const int64_t lanes = 64;
  auto splat = [&](int64_t width, float value) -> Value {
    auto type = VectorType::get(width, b.getF32Type());
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(type, value));
  };
  // Elements from `i` on of a block of `size`.
  auto emitSums = [&](Value number, Value first, int64_t size, Value i,
                      int64_t width, Value result) -> Value {
    Value sums = line.loop(
        0, size, 1, splat(width, 0), [&](Value j, Value sum) -> Value {
          Value entries = readMatrix(line, number, i, j, width, line.inverse);
          Value one = line.extract(line.source, line.add(first, j));
          Value all =
              vector::BroadcastOp::create(b, loc, entries.getType(), one);
          Value term = arith::MulFOp::create(b, loc, entries, all);
          return arith::AddFOp::create(b, loc, sum, term);
        });
    if (getFactor)
      sums = arith::MulFOp::create(b, loc, sums, splat(width, getFactor(size)));
    return line.write(sums, result, line.add(first, i));
  };
  auto emitBlock = [&](Value number, Value first, int64_t size,
                       Value result) -> Value {
    int64_t whole = size / lanes * lanes;
    result = line.loop(0, whole, lanes, result, [&](Value i, Value part) {
      return emitSums(number, first, size, i, lanes, part);
    });
    if (whole < size)
      result = emitSums(number, first, size, line.index(whole), size - whole,
                        result);
    return result;
  };

  if (line.length == 0)
    return into;
  int64_t count = line.length / block, rest = count * block;
  into = line.loop(0, count, 1, into, [&](Value number, Value result) {
    Value first = arith::MulIOp::create(b, loc, number, line.index(block));
    return emitBlock(number, first, block, result);
  });
  if (mapsRest && rest < line.length)
    return emitBlock(line.index(count), line.index(rest), line.length - rest,
                     into);
  return line.loop(rest, line.length, 1, into, [&](Value i, Value result) {
    Value one = line.extract(line.source, i);
    return line.insert(one, result, i);
  });
}

//===----------------------------------------------------------------------===//
// A whole tensor
//===----------------------------------------------------------------------===//

/// sum over j of source[..., (block,) j, ...] * matrix[(block,) i, j], where
/// `axis` is that of j and i.
static Value emitProduct(OpBuilder &b, Location loc, Value source, Value matrix,
                         int64_t axis, bool perBlock) {
  auto type = cast<RankedTensorType>(source.getType());
  int64_t rank = type.getRank();
  MLIRContext *context = b.getContext();
  // The loops are the result's dimensions, then j.
  SmallVector<AffineExpr> in, entry, out;
  for (int64_t dim = 0; dim < rank; ++dim) {
    in.push_back(b.getAffineDimExpr(dim == axis ? rank : dim));
    out.push_back(b.getAffineDimExpr(dim));
  }
  if (perBlock)
    entry.push_back(b.getAffineDimExpr(axis - 1));
  entry.push_back(b.getAffineDimExpr(axis));
  entry.push_back(b.getAffineDimExpr(rank));
  AffineMap maps[] = {AffineMap::get(rank + 1, 0, in, context),
                      AffineMap::get(rank + 1, 0, entry, context),
                      AffineMap::get(rank + 1, 0, out, context)};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, source), b.getF32Type());
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  Value init = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  return linalg::GenericOp::create(
             b, loc, type, ValueRange{source, matrix}, init, maps, iterators,
             [](OpBuilder &b, Location loc, ValueRange values) {
               Value term = arith::MulFOp::create(b, loc, values[0], values[1]);
               Value sum = arith::AddFOp::create(b, loc, values[2], term);
               linalg::YieldOp::create(b, loc, sum);
             })
      .getResult(0);
}

static Value emitTimes(OpBuilder &b, Location loc, Value source, float factor) {
  auto type = cast<RankedTensorType>(source.getType());
  AffineMap map = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, source), b.getF32Type());
  return linalg::GenericOp::create(
             b, loc, type, source, empty, ArrayRef<AffineMap>{map, map},
             iterators,
             [factor](OpBuilder &b, Location loc, ValueRange values) {
               Value times =
                   arith::ConstantOp::create(b, loc, b.getF32FloatAttr(factor));
               Value product = arith::MulFOp::create(b, loc, values[0], times);
               linalg::YieldOp::create(b, loc, product);
             })
      .getResult(0);
}

/// The map of whole blocks of `size` elements, of which `blocks` has some.
Value MatrixTransform::emitBlocks(OpBuilder &b, Location loc, Value blocks,
                                  Value matrix, int64_t size) const {
  auto type = cast<RankedTensorType>(blocks.getType());
  int64_t rank = type.getRank(), count = type.getDimSize(axis) / size;
  // With a dimension of their own.
  bool expands = count > 1 || perBlock;
  SmallVector<ReassociationIndices> groups;
  if (expands) {
    SmallVector<int64_t> shape(type.getShape());
    shape[axis] = count;
    shape.insert(shape.begin() + axis + 1, size);
    SmallVector<OpFoldResult> expanded = tensor::getMixedSizes(b, loc, blocks);
    expanded[axis] = b.getIndexAttr(count);
    expanded.insert(expanded.begin() + axis + 1, b.getIndexAttr(size));
    for (int64_t dim = 0; dim < rank; ++dim) {
      groups.emplace_back();
      groups.back().push_back(dim > axis ? dim + 1 : dim);
      if (dim == axis)
        groups.back().push_back(dim + 1);
    }
    blocks = tensor::ExpandShapeOp::create(b, loc, type.clone(shape), blocks,
                                           groups, expanded);
  }
  Value result =
      emitProduct(b, loc, blocks, matrix, expands ? axis + 1 : axis, perBlock);
  if (expands)
    result = tensor::CollapseShapeOp::create(b, loc, type, result, groups);
  return getFactor ? emitTimes(b, loc, result, getFactor(size)) : result;
}

Value MatrixTransform::emitContraction(OpBuilder &b, Location loc, Value source,
                                       Value matrix) const {
  auto type = cast<RankedTensorType>(source.getType());
  int64_t rank = type.getRank(), length = type.getDimSize(axis);
  if (length == 0)
    return source;
  int64_t whole = length / block * block;
  if (whole == length)
    return emitBlocks(b, loc, source, matrix, block);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, source);
  SmallVector<OpFoldResult> ones(rank, b.getIndexAttr(1));
  Value result = source;
  auto emitPart = [&](int64_t begin, int64_t count, Value own, int64_t size) {
    SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
    offsets[axis] = b.getIndexAttr(begin);
    sizes[axis] = b.getIndexAttr(count);
    Value part =
        tensor::ExtractSliceOp::create(b, loc, source, offsets, sizes, ones);
    part = emitBlocks(b, loc, part, own, size);
    result = tensor::InsertSliceOp::create(b, loc, part, result, offsets, sizes,
                                           ones);
  };
  if (whole > 0)
    emitPart(0, whole, matrix, block);
  if (mapsRest) {
    int64_t rest = length - whole;
    SmallVector<OpFoldResult> corner(2, b.getIndexAttr(0)),
        size(2, b.getIndexAttr(rest)), steps(2, b.getIndexAttr(1));
    emitPart(
        whole, rest,
        tensor::ExtractSliceOp::create(b, loc, matrix, corner, size, steps),
        rest);
  }
  return result;
}
