//===- LaneBuilder.cpp - Reading streams with a row in each lane ----------===//
//
// A part with a codec of its own is decoded a column at a time, by the same
// stages that decode along rows: each finds its parts for the rows of a panel.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::zq;

void LaneBuilder::moveTo(Value base, int64_t offset, int64_t multiple) {
  this->base = base;
  this->offset = offset;
  this->multiple = multiple;
  column =
      offset
          ? arith::AddIOp::create(builder, loc, base, index(offset)).getResult()
          : base;
}

/// Moves `to`, a builder of a part with an element for each `group` columns, to
/// the element of the column that `from` is at.
static void moveToGroup(LaneBuilder &to, LaneBuilder &from, int64_t group) {
  Value size = from.index(group);
  auto divide = [&](Value x) -> Value {
    return arith::DivUIOp::create(from.builder, from.loc, x, size);
  };
  if (group == 1)
    to.moveTo(from.base, from.offset, from.multiple);
  else if (from.multiple % group == 0)
    to.moveTo(divide(from.base), from.offset / group, from.multiple / group);
  else
    to.moveTo(divide(from.column));
}

/// The codes at the builder's column, of a source that stores `columns`
/// together: a byte for each row, with anything above its code.
static Value selectCodeColumn(LaneBuilder &at, CodeSourceAttrInterface source,
                              int64_t columns) {
  if (at.multiple % columns == 0) {
    int64_t place = at.offset % columns;
    at.moveTo(at.base, at.offset - place, at.multiple);
    return source.emitCodes(at)[place];
  }
  Value place =
      arith::RemUIOp::create(at.builder, at.loc, at.column, at.index(columns));
  SmallVector<Value> codes = source.emitCodes(at);
  Value code = codes.front();
  for (int64_t i = 1; i < columns; ++i) {
    Value isThis = arith::CmpIOp::create(
        at.builder, at.loc, arith::CmpIPredicate::eq, place, at.index(i));
    code = arith::SelectOp::create(at.builder, at.loc, isThis, codes[i], code);
  }
  return code;
}

static Value emitCodeColumn(LaneBuilder &at, CodeSourceAttrInterface source) {
  Value codes = selectCodeColumn(
      at, source, source.getLaneColumns(at.input, at.lanes, columnDepth));
  int64_t bits = at.input.getIntOrFloatBitWidth();
  auto type = cast<VectorType>(codes.getType());
  return arith::AndIOp::create(
      at.builder, at.loc, codes,
      splat(at.builder, at.loc, type, (int64_t(1) << bits) - 1));
}

/// What part `part` decodes to in the column of the builder, one element for
/// each `group` columns.
static FailureOr<Value> decodeColumn(LaneBuilder &at,
                                     const DecodeBuilder::StoredPart &part,
                                     int64_t group) {
  CodecAttr codec = part.part.codec;
  Type element = part.part.array.getElementType();
  auto parts = getStoredParts(at.loc, codec, part.shape, element, part.streams,
                              at.scope);
  if (failed(parts))
    return failure();
  SmallVector<Type> inputs = codec.getInputs(element);
  Value main;
  for (size_t i = inputs.size(); i-- > 0;) {
    LaneBuilder inner(at.builder, at.loc, part.shape, at.lanes, columnDepth,
                      at.scope);
    inner.input = inputs[i];
    inner.parts = (*parts)[i];
    inner.panel = at.panel;
    if (group && group < at.shape[1])
      moveToGroup(inner, at, group);
    else
      inner.moveTo(at.index(0));
    StageAttrInterface stage = codec.getStages()[i];
    if (!main) {
      main = emitCodeColumn(inner, cast<CodeSourceAttrInterface>(stage));
      continue;
    }
    FailureOr<Value> decoded = stage.emitDecode(inner, main);
    if (failed(decoded))
      return failure();
    main = *decoded;
  }
  return main;
}

/// The elements of part `index` for as many groups as are wanted at once, from
/// the one at `place` on: they follow one another.
Value LaneBuilder::loadGroups(unsigned index, Value place) {
  SmallVector<ReassociationIndices> ofPanels{{0}, {1, 2}};
  Value source =
      tensor::CollapseShapeOp::create(builder, loc, stream(index), ofPanels);
  Type element = cast<RankedTensorType>(source.getType()).getElementType();
  Value padding =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  place = arith::MulIOp::create(builder, loc, place, this->index(lanes));
  return vector::TransferReadOp::create(
      builder, loc, VectorType::get(groups * lanes, element), source,
      ValueRange{panel, place}, std::optional<Value>(padding),
      ArrayRef<bool>(true));
}

FailureOr<Value> LaneBuilder::loadPerGroup(unsigned index,
                                           ArrayRef<int64_t> group) {
  const StoredPart &part = parts[index];
  if (group[0] == 1 && part.part.codec)
    return decodeColumn(*this, part, group[1]);
  Value place = this->index(0), row = place;
  if (group[1] && group[1] < shape[1])
    place = group[1] == 1 ? column
                          : arith::DivUIOp::create(builder, loc, column,
                                                   this->index(group[1]))
                                .getResult();
  if (group[0] == 1 && groups == 1)
    return loadStream(index, {panel, place, this->index(0)}, lanes,
                      /*exact=*/true);
  if (group[0] == 1)
    return loadGroups(index, place);
  // One element for all rows of a panel.
  if (group[0])
    row = arith::DivUIOp::create(builder, loc, panel,
                                 this->index(group[0] / lanes));
  FailureOr<Value> one = extract(index, {row, place});
  if (failed(one))
    return failure();
  return vector::BroadcastOp::create(
             builder, loc, VectorType::get(lanes, one->getType()), *one)
      .getResult();
}
