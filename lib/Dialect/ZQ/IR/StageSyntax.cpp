//===- StageSyntax.cpp - Pieces of the text form of stages ----------------===//
#include "zq/Dialect/ZQ/IR/StageSyntax.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::zq;

ParseResult mlir::zq::parseCodecList(AsmParser &parser, CodecAttr &codec) {
  return parseStages(parser, AsmParser::Delimiter::Square, codec);
}

void mlir::zq::printCodecList(AsmPrinter &printer, CodecAttr codec) {
  printer << '[';
  printStages(printer, codec);
  printer << ']';
}

ParseResult mlir::zq::parseStored(AsmParser &parser, Attribute &stored) {
  CodecAttr codec;
  if (succeeded(parser.parseOptionalLSquare())) {
    if (parseStages(parser, AsmParser::Delimiter::None, codec) ||
        parser.parseRSquare())
      return failure();
    stored = codec;
    return success();
  }
  Type type;
  if (parser.parseType(type))
    return failure();
  stored = TypeAttr::get(type);
  return success();
}

void mlir::zq::printStored(AsmPrinter &printer, Attribute stored) {
  if (auto codec = dyn_cast<CodecAttr>(stored))
    printCodecList(printer, codec);
  else
    printer << cast<TypeAttr>(stored).getValue();
}

ParseResult mlir::zq::parseChoice(AsmParser &parser, StringRef &keyword,
                                  ArrayRef<StringRef> choices) {
  if (succeeded(parser.parseOptionalKeyword(&keyword, choices)))
    return success();
  return parser.emitError(parser.getCurrentLocation(), "expected one of ")
         << llvm::join(choices, ", ");
}

ParseResult mlir::zq::parseBlock(AsmParser &parser,
                                 SmallVectorImpl<int64_t> &block) {
  block.clear();
  if (succeeded(parser.parseOptionalKeyword("tensor")))
    return success();
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseDimensionList(block, /*allowDynamic=*/true,
                                /*withTrailingX=*/false))
    return failure();
  if (block.empty())
    return parser.emitError(loc, "expected 'tensor' or a block such as 1x16");
  // A block of zero elements would otherwise read as a whole dimension.
  if (llvm::is_contained(block, 0))
    return parser.emitError(loc,
                            "a block has at least one element per dimension");
  for (int64_t &size : block)
    if (ShapedType::isDynamic(size))
      size = 0;
  return success();
}

void mlir::zq::printBlock(AsmPrinter &printer, ArrayRef<int64_t> block) {
  if (block.empty()) {
    printer << "tensor";
    return;
  }
  llvm::interleave(
      block, printer,
      [&](int64_t size) {
        if (size)
          printer << size;
        else
          printer << '?';
      },
      "x");
}

// The attribute's own form prints six digits, which do not give every value
// back.
ParseResult mlir::zq::parseTable(AsmParser &parser, DenseF32ArrayAttr &table) {
  SmallVector<float> values;
  auto parseValue = [&]() -> ParseResult {
    llvm::APFloat value(0.0f);
    if (parser.parseFloat(value.getSemantics(), value))
      return failure();
    values.push_back(value.convertToFloat());
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseValue))
    return failure();
  table = parser.getBuilder().getDenseF32ArrayAttr(values);
  return success();
}

void mlir::zq::printTable(AsmPrinter &printer, DenseF32ArrayAttr table) {
  printer << '[';
  llvm::interleaveComma(table.asArrayRef(), printer, [&](float value) {
    printer.printFloat(llvm::APFloat(value));
  });
  printer << ']';
}
