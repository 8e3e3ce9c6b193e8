//===- DecodeBuilder.h - Where a stage emits its part of a decode ---------===//
//
// A block is a run of elements along the last axis of a compressed tensor,
// decoded to one vector. Its stages are emitted innermost first; each finds
// here the block's place and its own parts.
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
  virtual ~DecodeBuilder() = default;

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
  /// The state of the codec's sequential stage before the block; that stage
  /// replaces it by the state after the block.
  SmallVector<Value> state;
  /// Whether the state may be a tensor of the codes of a chunk, decoded at
  /// once.
  bool buffersChunks = false;

  /// A part of the stage that is being emitted.
  struct StoredPart {
    Part part;
    SmallVector<int64_t> shape;
    /// One, or those of the part's codec.
    SmallVector<Value> streams;
  };
  SmallVector<StoredPart> parts;

  /// An index constant.
  Value index(int64_t value);

  /// The stream of part `index`, which has no codec.
  Value stream(unsigned index);

  /// The element of part `index` at `position`, a scalar. Values that have a
  /// codec come in the type that it decodes to.
  FailureOr<Value> extract(unsigned index, ValueRange position);

  /// `length` consecutive elements of part `index` along its last axis from
  /// `position`; those beyond its end hold anything. `multiple` says what the
  /// last index of `position` is known to be a multiple of. Reads without a
  /// mask where `exact` says that none lies beyond the end.
  FailureOr<Value> load(unsigned index, ValueRange position, int64_t length,
                        int64_t multiple, bool exact);

  /// The stream of part `index`, as `load` above; integers and f32 values
  /// beyond its end read as zero.
  Value loadStream(unsigned index, ValueRange position, int64_t length,
                   bool exact);

  /// Whether no block reaches beyond the end of a row.
  bool isExact() const { return shape.back() % width == 0; }

  /// One lane per element of the block, from part `index`, which holds one
  /// element for each `group` (0: all) of a dimension's elements.
  virtual FailureOr<Value> loadPerGroup(unsigned index,
                                        ArrayRef<int64_t> group);
};

/// Where a stage emits its part of a contraction whose lanes are rows of a
/// tensor of rank 2: the parts of the stage, and a panel of as many rows. As a
/// DecodeBuilder it has a block of one column, a lane for each row of the
/// panel.
class LaneBuilder : public DecodeBuilder {
public:
  LaneBuilder(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
              int64_t lanes, int64_t depth, Operation *scope)
      : DecodeBuilder(builder, loc, shape, {}, lanes, scope), lanes(lanes),
        depth(depth) {}

  /// Rows of a panel, and codes of a row that are consecutive bytes.
  int64_t lanes, depth;
  /// The number of the panel, and a column: `offset` columns after `base`,
  /// which is known to be a multiple of `multiple`.
  Value panel, column;
  Value base;
  int64_t offset = 0, multiple = 1;
  /// Groups from that of the column on, all of which there are, that a part is
  /// read for at once: the lanes of each come after those of the one before.
  /// More than one only for a part that is stored as it is, in panels of rows.
  int64_t groups = 1;

  /// Goes to the column that is `offset` after `base`, a multiple of
  /// `multiple`.
  void moveTo(Value base, int64_t offset = 0, int64_t multiple = 1);

  /// One lane per row: the elements of part `index` at the column. Called where
  /// the part is laid out for lanes, as `isInLanes` says.
  FailureOr<Value> loadPerGroup(unsigned index,
                                ArrayRef<int64_t> group) override;

private:
  Value loadGroups(unsigned index, Value place);
};

/// The parts of each stage of `codec`, for a tensor of `shape`, with their
/// streams. Fails with an error at `loc` where a decoder symbol is missing.
FailureOr<SmallVector<SmallVector<DecodeBuilder::StoredPart>>>
getStoredParts(Location loc, CodecAttr codec, ArrayRef<int64_t> shape,
               Type element, ValueRange streams, Operation *scope);

/// Emits the decoding of the builder's block by `codec` from `streams`; uses
/// its shape, position, width, scope and state, and replaces the state.
FailureOr<Value> emitCodec(DecodeBuilder &at, CodecAttr codec, Type element,
                           ValueRange streams);

/// The state at the builder's position, which begins a chunk of the codec.
FailureOr<SmallVector<Value>> emitCodecInit(DecodeBuilder &at, CodecAttr codec,
                                            Type element, ValueRange streams);

/// Where a tensor stage emits its decode of a window.
class TensorDecodeBuilder {
public:
  TensorDecodeBuilder(OpBuilder &builder, Location loc)
      : builder(builder), loc(loc) {}

  OpBuilder &builder;
  Location loc;
  /// The shape of what the stage takes in as an encoder.
  SmallVector<int64_t> shape;
  /// The window that is asked for.
  SmallVector<OpFoldResult> offsets, sizes;
  /// The main array, compressed by the stages below; null where this stage ends
  /// the chain.
  Value main;
  /// The parts of the stage: compressed where they have a codec, else dense.
  SmallVector<Value> parts;
  /// The decodes that were emitted.
  SmallVector<DecodeOp> decodes;

  /// An uninitialised f32 tensor of these sizes.
  Value empty(ArrayRef<OpFoldResult> sizes);
  /// A window of a dense tensor; the tensor itself where that is all of it.
  Value cut(Value tensor, ArrayRef<OpFoldResult> offsets,
            ArrayRef<OpFoldResult> sizes);
  /// Decodes a window of a compressed part (or `main`) to f32, or cuts it out
  /// of a dense one and widens that.
  Value decode(Value part, ArrayRef<OpFoldResult> offsets,
               ArrayRef<OpFoldResult> sizes);
  /// The same for the whole of it.
  Value decode(Value part);
};

/// Where a transform emits its map of one line of a tensor: the elements along
/// its axis at one place of the others.
class LineBuilder {
public:
  /// `parts` are what `emitLineParts` made of those of `op`.
  LineBuilder(OpBuilder &builder, Location loc, RotateOp op, ValueRange place,
              ValueRange parts);

  OpBuilder &builder;
  Location loc;
  /// The tensor that is mapped, and its axis.
  Value source;
  int64_t axis;
  /// Elements of a line.
  int64_t length;
  /// The parts of the stage, dense.
  SmallVector<Value> parts;
  bool inverse;
  /// Not 0: so many lines, side by side along the last axis, are mapped at
  /// once, and `extract` and `insert` are of vectors of them.
  int64_t width = 0;

  Value index(int64_t value);
  /// `a + b` of indices.
  Value add(Value a, Value b);
  /// Element `at` of the line in `tensor`.
  Value extract(Value tensor, Value at);
  Value insert(Value element, Value into, Value at);
  /// `size` elements from `begin` on as a vector; all of them are there.
  Value read(Value tensor, Value begin, int64_t size);
  /// The elements of the line at `places`, a vector of integers that are inside
  /// of it; the line lies along the last axis.
  Value gather(Value tensor, Value places);
  Value write(Value vector, Value into, Value begin);
  /// for (i = begin; i < end; i += step) value = body(i, value).
  Value loop(int64_t begin, int64_t end, int64_t step, Value value,
             function_ref<Value(Value, Value)> body);

private:
  /// The line's place; that along the axis is open.
  SmallVector<Value> place;
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
