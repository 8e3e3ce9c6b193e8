//===- ScaledCodes.cpp - Weights as small codes under factors -------------===//
#include "ScaledCodes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;

std::optional<ScaledCodes> mlir::zq::findScaledCodes(CompressedTensorType type,
                                                     Operation *scope) {
  ArrayRef<int64_t> shape = type.getShape();
  CodecAttr codec = type.getCodec();
  ArrayRef<StageAttrInterface> stages = codec.getStages();
  if (shape.size() != 2 || codec.getChunk(2, scope))
    return std::nullopt;
  ScaledCodes form;
  unsigned i = 0;
  for (; i < stages.size(); ++i) {
    auto factor = dyn_cast<FactorAttrInterface>(stages[i]);
    if (!factor)
      break;
    if (factor.hasZeroPoint())
      return std::nullopt;
    int64_t columns = factor.getFactorBlock(2)[1];
    if (columns == 0 || columns >= shape[1]) {
      form.rowFactors.push_back(i);
    } else {
      form.groupFactors.push_back(i);
      form.group = std::gcd(form.group, columns);
    }
  }
  // Something stores the codes.
  if (i + 1 >= stages.size())
    return std::nullopt;
  Type input = codec.getInputs(type.getElementType())[i];
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

/// The product of the stages' factors: what they make of one.
FailureOr<Value> ScaledCodesReader::readFactor(ArrayRef<unsigned> stages,
                                               Value row, Value column) {
  auto one = VectorType::get(1, b.getF32Type());
  Value factor = arith::ConstantOp::create(
      b, DenseElementsAttr::get(one, b.getF32FloatAttr(1)));
  for (unsigned stage : llvm::reverse(stages)) {
    DecodeBuilder at = enter(row, column, 1);
    at.input = type.getCodec().getInputs(type.getElementType())[stage];
    at.parts = parts[stage];
    auto product = type.getCodec().getStages()[stage].emitDecode(at, factor);
    if (failed(product))
      return failure();
    factor = *product;
  }
  return vector::ExtractOp::create(b, factor, 0).getResult();
}

FailureOr<Value> ScaledCodesReader::readGroupFactor(Value row, Value column) {
  return readFactor(form.groupFactors, row, column);
}

FailureOr<Value> ScaledCodesReader::readRowFactor(Value row) {
  if (form.rowFactors.empty())
    return Value();
  return readFactor(form.rowFactors, row, arith::ConstantIndexOp::create(b, 0));
}
