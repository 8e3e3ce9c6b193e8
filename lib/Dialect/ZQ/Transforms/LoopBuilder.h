//===- LoopBuilder.h - Loops that write to a tensor step by step ----------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOOPBUILDER_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOOPBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::zq {

/// The part of a tensor that a task makes.
struct TaskSlice {
  SmallVector<OpFoldResult> offsets, sizes;
};

/// Emits scf.for loops that carry one value, and scf.forall.
class LoopBuilder {
public:
  LoopBuilder(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value multiply(Value x, Value y) {
    return arith::MulIOp::create(b, loc, x, y);
  }
  Value extract(Value tensor, ValueRange at) {
    return tensor::ExtractOp::create(b, loc, tensor, at);
  }
  Value insert(Value element, Value into, ValueRange at) {
    return tensor::InsertOp::create(b, loc, element, into, at);
  }
  /// An element of a tensor of i32, as an index.
  Value extractIndex(Value tensor, Value at) {
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(),
                                        extract(tensor, at));
  }

  /// The lesser of `at` and the last place of a tensor along its dimension
  /// `dim`, of which there is one: whatever a stream says, it is inside.
  Value clampTo(Value tensor, int64_t dim, Value at) {
    Value size = tensor::DimOp::create(b, loc, tensor, dim);
    Value last = arith::SubIOp::create(b, loc, size, index(1));
    return arith::MinUIOp::create(b, loc, at, last);
  }
  /// The place after the last sparse value of a row, inside of both arrays
  /// whatever `rows` says.
  Value extractEnd(Value rows, Value columns, Value values, Value row) {
    Value end = extractIndex(rows, add(row, index(1)));
    for (Value array : {columns, values})
      end = arith::MinUIOp::create(b, loc, end,
                                   tensor::DimOp::create(b, loc, array, 0));
    return end;
  }

  /// for (i = begin; i < end; i += step) value = body(i, value).
  Value loop(Value begin, Value end, int64_t step, Value value,
             function_ref<Value(Value, Value)> body) {
    auto loop = scf::ForOp::create(
        b, loc, begin, end, index(step), value,
        [&](OpBuilder &, Location, Value i, ValueRange carried) {
          scf::YieldOp::create(b, loc, body(i, carried.front()));
        });
    return loop.getResult(0);
  }

  /// `count` tasks at once, each of which makes a slice of `into` with `body`:
  /// the one that `getSlice` returns for its index and the tensor.
  Value tasks(int64_t count, Value into,
              function_ref<TaskSlice(Value, Value)> getSlice,
              function_ref<Value(Value, Value)> body) {
    SmallVector<OpFoldResult> counts{b.getIndexAttr(count)};
    auto forall = scf::ForallOp::create(
        b, loc, counts, ValueRange(into), std::nullopt,
        [&](OpBuilder &, Location, ValueRange args) {
          auto [offsets, sizes] = getSlice(args[0], args[1]);
          SmallVector<OpFoldResult> ones(offsets.size(), b.getIndexAttr(1));
          Value slice = tensor::ExtractSliceOp::create(b, loc, args[1], offsets,
                                                       sizes, ones);
          slice = body(args[0], slice);
          auto end = scf::InParallelOp::create(b, loc);
          b.setInsertionPointToStart(end.getBody());
          tensor::ParallelInsertSliceOp::create(b, loc, slice, args[1], offsets,
                                                sizes, ones);
        });
    b.setInsertionPointAfter(forall);
    return forall.getResult(0);
  }

  /// Runs `body` at every place of the dimensions of `sizes` but `skipped`,
  /// where the index is 0.
  Value nest(ArrayRef<OpFoldResult> sizes, int64_t skipped, Value value,
             function_ref<Value(ArrayRef<Value>, Value)> body) {
    SmallVector<Value> place(sizes.size(), index(0));
    return nestFrom(0, sizes, skipped, value, place, body);
  }

private:
  Value nestFrom(size_t dim, ArrayRef<OpFoldResult> sizes, int64_t skipped,
                 Value value, SmallVector<Value> &place,
                 function_ref<Value(ArrayRef<Value>, Value)> body) {
    if (dim == sizes.size())
      return body(place, value);
    if (static_cast<int64_t>(dim) == skipped)
      return nestFrom(dim + 1, sizes, skipped, value, place, body);
    Value size = getValueOrCreateConstantIndexOp(b, loc, sizes[dim]);
    return loop(index(0), size, 1, value, [&](Value i, Value next) {
      place[dim] = i;
      return nestFrom(dim + 1, sizes, skipped, next, place, body);
    });
  }

  OpBuilder &b;
  Location loc;
};

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_LOOPBUILDER_H
