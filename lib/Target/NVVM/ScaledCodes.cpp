//===- ScaledCodes.cpp - Weights as small codes under factors -------------===//
#include "ScaledCodes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;

/// What the type says in which `stage` stores its factors, its only part.
static std::optional<ScaledCodes::Range>
getRange(StageAttrInterface stage, Type input, Operation *scope) {
  SmallVector<Part> parts;
  if (failed(stage.getParts(2, input, scope, parts)) || parts.size() != 1 ||
      parts[0].codec)
    return std::nullopt;
  auto type = dyn_cast<FloatType>(parts[0].array.getElementType());
  int64_t digits = cast<FactorAttrInterface>(stage).getFactorDigits();
  if (!type || type.getWidth() != 8 || digits != type.getFPMantissaWidth())
    return std::nullopt;
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  ScaledCodes::Range range{digits,
                           APFloat::getSmallest(semantics).convertToDouble(),
                           APFloat::getLargest(semantics).convertToDouble(),
                           {}};
  for (uint64_t code = 0; code < 256; ++code)
    range.values.push_back(
        APFloat(semantics, APInt(8, code)).convertToDouble());
  return range;
}

/// What the zero points of `stage`, its second part, can be; nothing where that
/// is not a few numbers.
static SmallVector<float> getZeroPoints(StageAttrInterface stage, Type input,
                                        Operation *scope) {
  SmallVector<Part> parts;
  if (failed(stage.getParts(2, input, scope, parts)) || parts.size() != 2)
    return {};
  Type element = parts[1].array.getElementType();
  if (CodecAttr codec = parts[1].codec) {
    if (codec.getStages().size() < 2)
      return {};
    return getCodeValues(codec.getStages().take_front(), element, 2);
  }
  SmallVector<float> points;
  if (element.isInteger(8))
    for (int point = -128; point < 128; ++point)
      points.push_back(point);
  return points;
}

std::optional<ScaledCodes> mlir::zq::findScaledCodes(CompressedTensorType type,
                                                     Operation *scope) {
  ArrayRef<int64_t> shape = type.getShape();
  CodecAttr codec = type.getCodec();
  ArrayRef<StageAttrInterface> stages = codec.getStages();
  if (shape.size() != 2 || codec.getChunk(2, scope))
    return std::nullopt;
  ScaledCodes form;
  unsigned i = 0;
  auto isOfRow = [&](int64_t columns) {
    return columns == 0 || columns >= shape[1];
  };
  for (; i < stages.size(); ++i) {
    auto factor = dyn_cast<FactorAttrInterface>(stages[i]);
    auto offset = dyn_cast<OffsetAttrInterface>(stages[i]);
    if (!factor && !offset)
      break;
    // What is above that multiplies differences.
    if (!form.zeroPoints.empty())
      return std::nullopt;
    if (offset) {
      int64_t columns = offset.getOffsetBlock(2)[1];
      if (!isOfRow(columns))
        form.group = std::gcd(form.group, columns);
      form.offsets.push_back(i);
      continue;
    }
    if (factor.hasZeroPoint()) {
      form.zeroPoints = getZeroPoints(
          stages[i], codec.getInputs(type.getElementType())[i], scope);
      if (form.zeroPoints.empty())
        return std::nullopt;
    }
    int64_t columns = factor.getFactorBlock(2)[1];
    if (isOfRow(columns) && form.offsets.empty()) {
      form.rowFactors.push_back(i);
      continue;
    }
    form.groupFactors.push_back(i);
    if (!isOfRow(columns))
      form.group = std::gcd(form.group, columns);
  }
  // Activations are added up by groups.
  if (!form.offsets.empty() && !form.group)
    return std::nullopt;
  // Something stores the codes.
  if (i + 1 >= stages.size())
    return std::nullopt;
  SmallVector<Type> inputs = codec.getInputs(type.getElementType());
  Type input = inputs[i];
  if (form.groupFactors.size() == 1) {
    unsigned stage = form.groupFactors.front();
    form.factors = getRange(stages[stage], inputs[stage], scope);
  }
  form.map = i;
  form.values = getCodeValues(stages[i], input, 2);
  if (form.values.empty())
    return std::nullopt;
  form.bits = llvm::Log2_64(form.values.size());
  return form;
}

ScaledCodesReader::ScaledCodesReader(ImplicitLocOpBuilder &b,
                                     const ScaledCodes &form, Value weight,
                                     Operation *scope, int64_t width)
    : b(b), form(form), type(cast<CompressedTensorType>(weight.getType())),
      scope(scope), width(width) {
  auto streams = DisassembleOp::create(b, *type.getStreamTypes(scope), weight);
  parts = *getStoredParts(b.getLoc(), type.getCodec(), type.getShape(),
                          type.getElementType(), streams.getStreams(), scope);
  for (const auto &own : ArrayRef(parts).drop_front(form.map + 1))
    for (const DecodeBuilder::StoredPart &part : own)
      llvm::append_range(codeStreams, part.streams);
}

DecodeBuilder ScaledCodesReader::enter(Value row, Value column, int64_t width) {
  return DecodeBuilder(b, b.getLoc(), type.getShape(), {row, column}, width,
                       scope);
}

FailureOr<Value> ScaledCodesReader::readCodes(Value row, Value column) {
  CodecAttr codec = type.getCodec();
  Type codes = codec.getInputs(type.getElementType())[form.map + 1];
  auto storage = CodecAttr::get(b.getContext(),
                                codec.getStages().drop_front(form.map + 1));
  DecodeBuilder at = enter(row, column, width);
  return emitCodec(at, storage, codes, codeStreams);
}

FailureOr<Value> ScaledCodesReader::readZeroPoints(Value row, Value column,
                                                   int64_t count) {
  unsigned stage = form.map - 1;
  auto factor = cast<FactorAttrInterface>(type.getCodec().getStages()[stage]);
  DecodeBuilder at = enter(row, column, count);
  at.parts = parts[stage];
  auto stored = at.loadPerGroup(1, factor.getFactorBlock(2));
  if (failed(stored) || !getElementTypeOrSelf(*stored).isInteger())
    return stored;
  auto f32 = VectorType::get(count, b.getF32Type());
  return arith::SIToFPOp::create(b, f32, *stored).getResult();
}

/// `count` times the same number.
Value ScaledCodesReader::splat(float value, int64_t count) {
  auto type = VectorType::get(count, b.getF32Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, b.getF32FloatAttr(value)));
}

/// What `stage` makes of `count` values.
FailureOr<Value> ScaledCodesReader::emitStage(unsigned stage, Value row,
                                              Value column, Value values) {
  CodecAttr codec = type.getCodec();
  DecodeBuilder at =
      enter(row, column, cast<VectorType>(values.getType()).getNumElements());
  at.input = codec.getInputs(type.getElementType())[stage];
  at.parts = parts[stage];
  return codec.getStages()[stage].emitDecode(at, values);
}

/// The products of the stages' factors of `count` columns: what they make of
/// ones, which are more by the zero points that they subtract.
FailureOr<Value> ScaledCodesReader::readFactors(ArrayRef<unsigned> stages,
                                                Value row, Value column,
                                                int64_t count) {
  Value factors = splat(1, count);
  for (unsigned stage : llvm::reverse(stages)) {
    if (stage + 1 == form.map && !form.zeroPoints.empty()) {
      auto points = readZeroPoints(row, column, count);
      if (failed(points))
        return failure();
      factors = arith::AddFOp::create(b, factors, *points);
    }
    auto products = emitStage(stage, row, column, factors);
    if (failed(products))
      return failure();
    factors = *products;
  }
  return factors;
}

FailureOr<Value> ScaledCodesReader::readZeroPoints(Value row, Value column) {
  return readZeroPoints(row, column, width);
}

FailureOr<Value> ScaledCodesReader::readGroupFactors(Value row, Value column) {
  return readFactors(form.groupFactors, row, column, width);
}

/// What the stages from the innermost offset on make of zeros, without those
/// that are multiplied to the whole sum.
FailureOr<Value> ScaledCodesReader::readOffsets(Value row, Value column) {
  FailureOr<Value> offsets = splat(0, width);
  for (unsigned stage = form.offsets.back() + 1; stage-- > 0;)
    if (!llvm::is_contained(form.rowFactors, stage) && succeeded(offsets))
      offsets = emitStage(stage, row, column, *offsets);
  return offsets;
}

FailureOr<Value> ScaledCodesReader::readGroupFactorCodes(Value row,
                                                         Value column) {
  unsigned stage = form.groupFactors.front();
  auto factor = cast<FactorAttrInterface>(type.getCodec().getStages()[stage]);
  DecodeBuilder at = enter(row, column, width);
  at.parts = parts[stage];
  auto stored = at.loadPerGroup(0, factor.getFactorBlock(2));
  if (failed(stored))
    return failure();
  return arith::BitcastOp::create(b, VectorType::get(width, b.getI8Type()),
                                  *stored)
      .getResult();
}

FailureOr<Value> ScaledCodesReader::readRowFactor(Value row) {
  if (form.rowFactors.empty())
    return Value();
  auto factor = readFactors(form.rowFactors, row,
                            arith::ConstantIndexOp::create(b, 0), 1);
  if (failed(factor))
    return failure();
  return vector::ExtractOp::create(b, *factor, 0).getResult();
}
