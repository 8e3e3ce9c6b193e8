//===- PartOpsToVector.cpp - Loops for what puts decoded parts together ---===//
#include "PartOpsToVector.h"
#include "LoopBuilder.h"
#include "PrefixCodes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;

static Value lower(IRRewriter &b, RotateOp op) {
  Location loc = op.getLoc();
  LoopBuilder loops(b, loc);
  TransformAttrInterface transform = op.getTransformInterface();
  auto type = cast<RankedTensorType>(op.getSource().getType());
  int64_t axis = op.getAxis(), rank = type.getRank();
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, loc, op.getSource());
  SmallVector<Value> parts = transform.emitLineParts(
      b, loc, op.getParts(), type.getDimSize(axis), op.getInverse());
  auto emitLines = [&](ArrayRef<Value> place, int64_t width, Value into) {
    LineBuilder line(b, loc, op, SmallVector<Value>(place), parts);
    line.width = width;
    return transform.emitLine(line, into);
  };
  // Lines side by side go together where elements are but moved: so many that a
  // row of them fills whole cache lines.
  const int64_t lanes = 64, columns = type.getShape().back();
  if (!transform.movesElements() || axis == rank - 1 ||
      ShapedType::isDynamic(columns) || columns == 0)
    return loops.nest(sizes, axis, op.getInit(),
                      [&](ArrayRef<Value> place, Value into) {
                        return emitLines(place, /*width=*/0, into);
                      });
  sizes.back() = b.getIndexAttr(1);
  return loops.nest(
      sizes, axis, op.getInit(), [&](ArrayRef<Value> place, Value into) {
        SmallVector<Value> at(place);
        int64_t whole = columns / lanes * lanes;
        into = loops.loop(loops.index(0), loops.index(whole), lanes, into,
                          [&](Value column, Value result) {
                            at.back() = column;
                            return emitLines(at, lanes, result);
                          });
        if (whole == columns)
          return into;
        at.back() = loops.index(whole);
        return emitLines(at, columns - whole, into);
      });
}

/// Lanes along the last dimension, each with a sum of its own.
static Value lower(IRRewriter &b, ProductOp op) {
  Location loc = op.getLoc();
  LoopBuilder loops(b, loc);
  auto type = cast<RankedTensorType>(op.getResult().getType());
  int64_t rank = type.getRank(), columns = type.getShape().back();
  int64_t depth =
      cast<RankedTensorType>(op.getLeft().getType()).getShape().back();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, op.getLeft());
  sizes.back() = tensor::getMixedSizes(b, loc, op.getRight()).back();
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));

  auto emitLanes = [&](ArrayRef<Value> place, Value j, int64_t width,
                       bool exact, Value into) -> Value {
    auto vectorType = VectorType::get(width, b.getF32Type());
    Value begin = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(vectorType, 0.0f));
    Value sums =
        loops.loop(loops.index(0), loops.index(depth), 1, begin,
                   [&](Value r, Value sum) -> Value {
                     SmallVector<Value> leftAt(place), rightAt(place);
                     leftAt.back() = r;
                     rightAt[rank - 2] = r;
                     rightAt.back() = j;
                     Value one = loops.extract(op.getLeft(), leftAt);
                     Value all =
                         vector::BroadcastOp::create(b, loc, vectorType, one);
                     Value row = vector::TransferReadOp::create(
                         b, loc, vectorType, op.getRight(), rightAt,
                         std::optional<Value>(zero), ArrayRef<bool>(exact));
                     Value term = arith::MulFOp::create(b, loc, all, row);
                     return arith::AddFOp::create(b, loc, sum, term);
                   });
    SmallVector<Value> to(place);
    to.back() = j;
    return vector::TransferWriteOp::create(b, loc, sums, into, to,
                                           ArrayRef<bool>(exact))
        .getResult();
  };

  // As many lanes as stay in registers; those of a size that is not known are
  // masked.
  bool isDynamic = ShapedType::isDynamic(columns);
  int64_t lanes = isDynamic ? 16 : 64;
  int64_t whole = isDynamic ? 0 : columns / lanes * lanes;
  return loops.nest(
      sizes, rank - 1, tensor::EmptyOp::create(b, loc, sizes, b.getF32Type()),
      [&](ArrayRef<Value> place, Value into) {
        Value end = isDynamic
                        ? getValueOrCreateConstantIndexOp(b, loc, sizes.back())
                        : loops.index(whole);
        into = loops.loop(loops.index(0), end, lanes, into,
                          [&](Value j, Value part) {
                            return emitLanes(place, j, lanes, !isDynamic, part);
                          });
        if (isDynamic || whole == columns)
          return into;
        return emitLanes(place, loops.index(whole), columns - whole,
                         /*exact=*/true, into);
      });
}

/// The sparse values of the window's rows, one after the other.
static Value lower(IRRewriter &b, ScatterOp op) {
  Location loc = op.getLoc();
  op.emitRemark("sparse values are ") << (op.getReplace() ? "put" : "added")
                                      << " one by one: their columns are data";
  LoopBuilder loops(b, loc);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, op.getMain());
  SmallVector<Value> offsets;
  for (OpFoldResult offset : op.getMixedOffsets())
    offsets.push_back(getValueOrCreateConstantIndexOp(b, loc, offset));
  int64_t rank = sizes.size();
  bool allColumns = isZeroInteger(op.getMixedOffsets().back()) &&
                    getConstantIntValue(sizes.back()) == op.getShape().back();

  auto emitValue = [&](ArrayRef<Value> place, Value i, Value into) -> Value {
    SmallVector<Value> to(place);
    Value column = loops.extractIndex(op.getColumns(), i);
    to.back() = arith::SubIOp::create(b, loc, column, offsets.back());
    auto write = [&]() -> Value {
      Value value = emitToF32(b, loc, loops.extract(op.getValues(), i));
      if (!op.getReplace()) {
        Value main = loops.extract(into, to);
        value = arith::AddFOp::create(b, loc, main, value);
      }
      return loops.insert(value, into, to);
    };
    if (allColumns) {
      to.back() = loops.clampTo(op.getMain(), rank - 1, to.back());
      return write();
    }
    Value size = getValueOrCreateConstantIndexOp(b, loc, sizes.back());
    Value isInside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                           to.back(), size);
    return scf::IfOp::create(
               b, loc, isInside,
               [&](OpBuilder &, Location) {
                 scf::YieldOp::create(b, loc, write());
               },
               [&](OpBuilder &, Location) {
                 scf::YieldOp::create(b, loc, into);
               })
        .getResult(0);
  };

  return loops.nest(
      sizes, rank - 1, op.getMain(), [&](ArrayRef<Value> place, Value into) {
        Value row = loops.index(0);
        for (int64_t dim = 0; dim < rank - 1; ++dim) {
          row = loops.multiply(row, loops.index(op.getShape()[dim]));
          row = loops.add(row, loops.add(offsets[dim], place[dim]));
        }
        Value begin = loops.extractIndex(op.getRows(), row);
        Value end = loops.extractEnd(op.getRows(), op.getColumns(),
                                     op.getValues(), row);
        return loops.loop(begin, end, 1, into, [&](Value i, Value current) {
          return emitValue(place, i, current);
        });
      });
}

static Value lower(IRRewriter &b, PrefixTableOp op) {
  return lowerPrefixCodes(b, op);
}

static Value lower(IRRewriter &b, PrefixChunksOp op) {
  return lowerPrefixCodes(b, op);
}

void mlir::zq::lowerPartOps(IRRewriter &rewriter, Operation *scope) {
  SmallVector<Operation *> ops;
  scope->walk<WalkOrder::PreOrder>([&](Operation *op) {
    // Nothing runs what a decoder holds, once it is inlined.
    if (isa<DecoderOp>(op))
      return WalkResult::skip();
    if (isa<RotateOp, ProductOp, ScatterOp, PrefixTableOp, PrefixChunksOp>(op))
      ops.push_back(op);
    return WalkResult::advance();
  });
  for (Operation *op : ops) {
    rewriter.setInsertionPoint(op);
    Value result = llvm::TypeSwitch<Operation *, Value>(op)
                       .Case<RotateOp, ProductOp, ScatterOp, PrefixTableOp,
                             PrefixChunksOp>(
                           [&](auto part) { return lower(rewriter, part); });
    rewriter.replaceOp(op, result);
  }
}
