//===- ZQTypes.cpp - The compressed tensor type ---------------------------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;

#define GET_TYPEDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQTypes.cpp.inc"

void ZQDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "zq/Dialect/ZQ/IR/ZQTypes.cpp.inc"
      >();
}

Type CompressedTensorType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  CodecAttr codec;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/true) ||
      parser.parseType(element) || parser.parseComma() ||
      parser.parseCustomAttributeWithFallback(codec) || parser.parseGreater())
    return {};
  return CompressedTensorType::getChecked(
      [&] { return parser.emitError(loc); }, parser.getContext(),
      ArrayRef<int64_t>(shape), element, codec);
}

void CompressedTensorType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getShape());
  if (!getShape().empty())
    printer << 'x';
  printer << getElementType() << ", ";
  printer.printAttribute(getCodec());
  printer << '>';
}

LogicalResult
CompressedTensorType::verify(function_ref<InFlightDiagnostic()> emitError,
                             ArrayRef<int64_t> shape, Type element,
                             CodecAttr codec) {
  if (shape.empty() ||
      llvm::any_of(shape, [](int64_t size) { return size < 0; }))
    return emitError() << "(T1) a compressed tensor has a static shape of "
                          "rank 1 or more";
  // Sizes in bits, of what is stored too, stay far from overflow.
  int64_t elements = 1;
  for (int64_t size : shape)
    if (llvm::MulOverflow(elements, std::max<int64_t>(size, 1), elements) ||
        elements > int64_t(1) << 56)
      return emitError() << "(T1) a compressed tensor has at most 2^56 "
                            "elements";
  if (!element.isF32() && !element.isF16() && !element.isBF16() &&
      !element.isSignlessInteger(8))
    return emitError() << "(T2) the element type is f32, f16, bf16 or, for "
                          "codes, i8, and not "
                       << element;
  return codec.verifyFor(emitError, shape, element);
}

RankedTensorType CompressedTensorType::getDenseType() const {
  return RankedTensorType::get(getShape(), getElementType());
}

FailureOr<SmallVector<Type>>
CompressedTensorType::getStreamTypes(Operation *scope) const {
  auto streams = getCodec().getStreams(getRank(), getElementType(), scope);
  if (failed(streams))
    return failure();
  SmallVector<Type> types;
  for (StreamAttr stream : *streams)
    types.push_back(stream.getType(getShape()));
  return types;
}
