//===- TileBuilder.h - Loops over tiles and vectors in them ---------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_TILEBUILDER_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_TILEBUILDER_H

#include "LoopBuilder.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::zq {

/// What lowerings of contractions in tiles emit.
class TileBuilder : public LoopBuilder {
public:
  TileBuilder(OpBuilder &b, Location loc)
      : LoopBuilder(b, loc), b(b), loc(loc) {}

protected:
  using Body = function_ref<SmallVector<Value>(Value, ValueRange)>;

  /// for (i = begin; i < end; i += step) values = body(i, values).
  SmallVector<Value> loops(Value begin, Value end, int64_t step,
                           ValueRange values, Body body);
  /// As many as are left behind `begin` of `total`, at most `most`: a constant
  /// where that is the same for every `begin`, a multiple of `most`.
  Value getCount(Value begin, int64_t total, int64_t most);
  Value isBelow(Value x, Value y);
  /// What `body` makes where `condition` holds, `otherwise` elsewhere.
  Value doIf(Value condition, Value otherwise, function_ref<Value()> body);
  Value constant(Type type, int64_t bits);
  Value read(Type type, Value source, ValueRange at, bool inBounds = true);
  Value write(Value vector, Value into, ValueRange at, bool inBounds = true);

  OpBuilder &b;
  Location loc;
};

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_TILEBUILDER_H
