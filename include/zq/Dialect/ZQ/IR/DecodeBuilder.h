//===- DecodeBuilder.h - Where a stage emits its part of a decode ---------===//
//
// A block is a run of elements along the last axis of a compressed tensor,
// decoded to one vector. Its stages are emitted innermost first; each finds
// here the block's place and its own streams.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_DECODEBUILDER_H
#define ZQ_DIALECT_ZQ_IR_DECODEBUILDER_H

#include "zq/Codec/Minifloat.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

class DecodeBuilder {
public:
  DecodeBuilder(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                ValueRange position, int64_t width, Operation *scope)
      : builder(builder), loc(loc), shape(shape), position(position),
        width(width), scope(scope) {}

  OpBuilder &builder;
  Location loc;
  /// The logical tensor's shape.
  SmallVector<int64_t> shape;
  /// The block's first element, one index per dimension. The last is a
  /// multiple of `width`.
  SmallVector<Value> position;
  /// Elements of the block. Lanes beyond the end of a row hold anything.
  int64_t width;
  /// Where symbols are looked up.
  Operation *scope;
  /// What the stage takes in as an encoder, and so what it decodes to.
  Type input;
  /// The streams of the stage that is being emitted.
  SmallVector<Value> streams;
  /// The state of the codec's sequential stage before the block; that stage
  /// replaces it by the state after the block.
  SmallVector<Value> state;

  /// An index constant.
  Value index(int64_t value);

  /// `length` consecutive elements of `stream` along its last axis from
  /// `position`; those beyond its end read as zero. Reads without a mask
  /// where `exact` says that none is.
  Value load(Value stream, ValueRange position, int64_t length, bool exact);

  /// Whether no block reaches beyond the end of a row.
  bool isExact() const { return shape.back() % width == 0; }

  /// One lane per element of the block, from a stream that holds one element
  /// for each `group` (0: all) of a dimension's elements.
  Value loadPerGroup(Value stream, ArrayRef<int64_t> group);
};

/// The f32 values of codes of a small float, one to a byte (scalar or vector of
/// i8, bits above the format's zero), by integer arithmetic. Exact; a NaN
/// becomes a quiet one of the same sign.
Value emitMinifloatToF32(OpBuilder &builder, Location loc, Value codes,
                         const ::zq::codec::Minifloat &format);

/// Widens a vector (or scalar) of small floats, bf16 or f16 to f32. Exact; the
/// payload of a NaN is not kept. Emits integer arithmetic for the types below
/// 16 bits, which no target converts by itself.
Value emitToF32(OpBuilder &builder, Location loc, Value value);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_DECODEBUILDER_H
