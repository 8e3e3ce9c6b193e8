//===- Outliers.cpp - The largest values aside -------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Outliers.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult OutliersAttr::verify(ErrorFn emitError, FloatAttr fraction, bool,
                                   Attribute stored) {
  double value = fraction.getValueAsDouble();
  if (!(value >= 0 && value <= 1))
    return emitError() << "outliers: a fraction is from 0 to 1, and not "
                       << value;
  if (failed(verifyStored(emitError, stored, "outliers")))
    return failure();
  return verifySigned(emitError, stored, "outliers", "an outlier");
}

LogicalResult OutliersAttr::verifyInput(ErrorFn emitError,
                                        ArrayRef<int64_t> shape,
                                        Type input) const {
  if (shape.empty())
    return emitError() << "(T3) 'outliers' takes in rows, but the tensor has "
                          "rank 0";
  return verifyValues(emitError, input, "outliers");
}

Type OutliersAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult OutliersAttr::getParts(int64_t rank, Type, Operation *,
                                     SmallVectorImpl<Part> &parts) const {
  MLIRContext *context = getContext();
  AffineExpr rows = getAffineConstantExpr(1, context);
  for (AffineExpr dim : ArrayRef(getDims(context, rank)).drop_back())
    rows = rows * dim;
  Type i32 = IntegerType::get(context, 32);
  AffineExpr count = getAffineSymbolExpr(0, context);
  addStream(parts, context, "rows", i32, rank, rows + 1);
  addStream(parts, context, "columns", i32, rank, count, /*numSymbols=*/1);
  addStored(parts, "values", getStored(), rank, count, /*numSymbols=*/1);
  return success();
}

Reference OutliersAttr::getReference(Type) const {
  using ::zq::codec::Outliers;
  auto stored = getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  return std::make_shared<Outliers>(
      getFraction().getValueAsDouble(),
      getReplace() ? Outliers::Join::Replace : Outliers::Join::Add, *stored);
}

bool OutliersAttr::isLossless() const { return false; }

FailureOr<Value> OutliersAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  Value main = at.decode(at.main, at.offsets, at.sizes);
  return ScatterOp::create(at.builder, at.loc, at.parts, main, at.offsets,
                           at.shape, getReplace())
      .getResult();
}

Attribute OutliersAttr::parse(AsmParser &parser, Type) {
  double fraction;
  StringRef join;
  Attribute stored;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword("fraction") ||
      parser.parseEqual() || parser.parseFloat(fraction) ||
      parser.parseComma() || parseChoice(parser, join, {"add", "replace"}) ||
      parser.parseComma() || parseStored(parser, stored) ||
      parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    parser.getBuilder().getF64FloatAttr(fraction),
                    join == "replace", stored);
}

void OutliersAttr::print(AsmPrinter &printer) const {
  printer << "<fraction = ";
  printer.printFloat(getFraction().getValue());
  printer << (getReplace() ? ", replace, " : ", add, ");
  printStored(printer, getStored());
  printer << '>';
}
