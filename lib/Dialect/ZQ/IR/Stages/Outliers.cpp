//===- Outliers.cpp - The largest values aside -------------------------===//
#include "StageSupport.h"

#include "zq/Codec/Outliers.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult OutliersAttr::verify(ErrorFn emitError, FloatAttr fraction, bool,
                                   bool, Attribute stored) {
  double value = fraction.getValueAsDouble();
  if (!(value >= 0 && value <= 1))
    return emitError() << "(outliers 1) a fraction is from 0 to 1, and not "
                       << value;
  if (failed(verifyStored(emitError, stored, "(outliers 2)", "an outlier")))
    return failure();
  return verifySigned(emitError, stored, "(outliers 3)", "an outlier");
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
  SmallVector<AffineExpr> dims = getDims(context, rank);
  for (AffineExpr dim : ArrayRef(dims).drop_back())
    rows = rows * dim;
  Type i32 = IntegerType::get(context, 32);
  addStream(parts, context, "rows", i32, rank, rows + 1);
  // How many there are is up to the data, but for values with a codec, whose
  // shape has to be known.
  AffineExpr count = getAffineSymbolExpr(0, context);
  unsigned numSymbols = 1;
  if (isa<CodecAttr>(getStored())) {
    AffineExpr size = rows * dims.back();
    int64_t million = 1000000;
    int64_t part = ::zq::codec::Outliers::partsPerMillion(
        getFraction().getValueAsDouble());
    count = size.floorDiv(million) * part +
            (size % million * part).floorDiv(million);
    numSymbols = 0;
  }
  addStream(parts, context, "columns", i32, rank, count, numSymbols);
  addStored(parts, "values", getStored(), rank, count, numSymbols);
  return success();
}

Reference OutliersAttr::getReference(Type) const {
  using ::zq::codec::Outliers;
  auto stored = getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  return std::make_shared<Outliers>(getFraction().getValueAsDouble(),
                                    getReplace() ? Outliers::Join::Replace
                                                 : Outliers::Join::Add,
                                    *stored, getSearch());
}

// Only outliers are touched.
StageCost OutliersAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {0, 4 * getFraction().getValueAsDouble()};
}

bool OutliersAttr::isLossless() const { return false; }

FailureOr<Value> OutliersAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  Value main = at.decode(at.main, at.offsets, at.sizes);
  SmallVector<Value> sparse(at.parts);
  if (isa<CodecAttr>(getStored()))
    sparse.back() = at.decode(sparse.back());
  return ScatterOp::create(at.builder, at.loc, sparse, main, at.offsets,
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
      parser.parseComma())
    return {};
  bool search = succeeded(parser.parseOptionalKeyword("search"));
  if ((search && parser.parseComma()) || parseStored(parser, stored) ||
      parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    parser.getBuilder().getF64FloatAttr(fraction),
                    join == "replace", search, stored);
}

void OutliersAttr::print(AsmPrinter &printer) const {
  printer << "<fraction = ";
  printer.printFloat(getFraction().getValue());
  printer << (getReplace() ? ", replace, " : ", add, ");
  if (getSearch())
    printer << "search, ";
  printStored(printer, getStored());
  printer << '>';
}
