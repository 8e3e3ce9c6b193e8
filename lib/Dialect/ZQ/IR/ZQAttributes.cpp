//===- ZQAttributes.cpp - Syntax of codecs and stages ---------------------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "mlir/AsmParser/AsmParser.h"
#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;

/// Parses the name of a stream. As an attribute it would take what follows the
/// colon for its own type.
static ParseResult parseName(AsmParser &parser, StringAttr &name) {
  std::string text;
  if (parser.parseString(&text))
    return failure();
  name = parser.getBuilder().getStringAttr(text);
  return success();
}

static void printName(AsmPrinter &printer, StringAttr name) {
  printer.printString(name.getValue());
}

/// Parses the shape map of a stream, `(d0, d1) -> (d0)`.
static ParseResult parseMap(AsmParser &parser, AffineMap &map) {
  return parser.parseAffineMap(map);
}

static void printMap(AsmPrinter &printer, AffineMap map) { printer << map; }

/// Parses a table of f32 values. The attribute's own form prints six digits,
/// which do not give every value back.
static ParseResult parseTable(AsmParser &parser, DenseF32ArrayAttr &table) {
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

static void printTable(AsmPrinter &printer, DenseF32ArrayAttr table) {
  printer << '[';
  llvm::interleaveComma(table.asArrayRef(), printer, [&](float value) {
    printer.printFloat(llvm::APFloat(value));
  });
  printer << ']';
}

#define GET_ATTRDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQAttributes.cpp.inc"

void ZQDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "zq/Dialect/ZQ/IR/ZQAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

RankedTensorType StreamAttr::getType(ArrayRef<int64_t> shape) const {
  MLIRContext *context = getContext();
  SmallVector<AffineExpr> sizes;
  for (int64_t size : shape)
    sizes.push_back(getAffineConstantExpr(size, context));
  SmallVector<int64_t> streamShape;
  for (AffineExpr expr : getShape().getResults()) {
    AffineExpr size = simplifyAffineExpr(expr.replaceDims(sizes), 0,
                                         getShape().getNumSymbols());
    auto constant = dyn_cast<AffineConstantExpr>(size);
    streamShape.push_back(constant ? constant.getValue()
                                   : ShapedType::kDynamic);
  }
  return RankedTensorType::get(streamShape, getElementType());
}

//===----------------------------------------------------------------------===//
// Codec
//===----------------------------------------------------------------------===//

/// The composition that `name` stands for; null where the table has none.
static CodecAttr lookUpName(StringRef name, MLIRContext *context) {
  for (const NamedCodec &entry : getNamedCodecs())
    if (entry.name == name)
      return cast<CodecAttr>(
          parseAttribute(("#zq.codec<" + entry.stages + ">").str(), context));
  return {};
}

/// One stage, or the stages that a name stands for.
static ParseResult parseStages(AsmParser &parser,
                               SmallVectorImpl<StageAttrInterface> &stages) {
  MLIRContext *context = parser.getContext();
  SMLoc loc = parser.getCurrentLocation();

  StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    stages.push_back(CustomAttr::get(context, FlatSymbolRefAttr::get(symbol)));
    return success();
  }

  // Another dialect's stage is written in full.
  Attribute attribute;
  OptionalParseResult foreign = parser.parseOptionalAttribute(attribute);
  if (!foreign.has_value()) {
    StringRef mnemonic;
    OptionalParseResult own =
        generatedAttributeParser(parser, &mnemonic, Type(), attribute);
    if (!own.has_value()) {
      if (CodecAttr named = lookUpName(mnemonic, context)) {
        llvm::append_range(stages, named.getStages());
        return success();
      }
      InFlightDiagnostic error = parser.emitError(loc)
                                 << "unknown stage or codec '" << mnemonic
                                 << "'";
      StringRef nearest;
      unsigned distance = 3;
      auto consider = [&](StringRef candidate) {
        unsigned d = mnemonic.edit_distance(candidate, true, distance);
        if (d < distance)
          distance = d, nearest = candidate;
      };
      for (const NamedCodec &entry : getNamedCodecs())
        consider(entry.name);
      for (StringRef stage : {"hadamard", "scale", "quantize", "lookup",
                              "fields", "pack", "huffman"})
        consider(stage);
      if (!nearest.empty())
        error << "; did you mean '" << nearest << "'?";
      return error;
    }
    if (failed(*own))
      return failure();
  } else if (failed(*foreign)) {
    return failure();
  }
  auto stage = dyn_cast<StageAttrInterface>(attribute);
  if (!stage)
    return parser.emitError(loc) << attribute << " is not a codec stage";
  stages.push_back(stage);
  return success();
}

Attribute CodecAttr::parse(AsmParser &parser, Type) {
  SmallVector<StageAttrInterface> stages;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, [&] {
        return parseStages(parser, stages);
      }))
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    stages);
}

void CodecAttr::print(AsmPrinter &printer) const {
  printer << '<';
  llvm::interleaveComma(getStages(), printer, [&](StageAttrInterface stage) {
    if (auto custom = dyn_cast<CustomAttr>(stage))
      printer << custom.getDecoder();
    else if (isa<ZQDialect>(stage.getDialect()))
      (void)generatedAttributePrinter(stage, printer);
    else
      printer << Attribute(stage);
  });
  printer << '>';
}

StringRef CodecAttr::getTableName() const {
  for (const NamedCodec &entry : getNamedCodecs())
    if (lookUpName(entry.name, getContext()) == *this)
      return entry.name;
  return "";
}

//===----------------------------------------------------------------------===//
// Scale
//===----------------------------------------------------------------------===//

Attribute ScaleAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> block;
  Type stored;
  bool zero = false;
  if (parser.parseLess())
    return {};
  if (failed(parser.parseOptionalKeyword("tensor"))) {
    if (parser.parseDimensionList(block, /*allowDynamic=*/true,
                                  /*withTrailingX=*/false))
      return {};
    if (block.empty()) {
      parser.emitError(parser.getCurrentLocation(),
                       "expected 'tensor' or a block such as 1x16");
      return {};
    }
    // A block of zero elements would otherwise read as a whole dimension.
    if (llvm::is_contained(block, 0)) {
      parser.emitError(parser.getCurrentLocation(),
                       "a block has at least one element per dimension");
      return {};
    }
    for (int64_t &size : block)
      if (ShapedType::isDynamic(size))
        size = 0;
  }
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseComma() || parser.parseType(stored))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("zero"))
      return {};
    zero = true;
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(block), stored, zero);
}

void ScaleAttr::print(AsmPrinter &printer) const {
  printer << '<';
  if (isPerTensor()) {
    printer << "tensor";
  } else {
    llvm::interleave(
        getBlock(), printer,
        [&](int64_t size) {
          if (size)
            printer << size;
          else
            printer << '?';
        },
        "x");
  }
  printer << ", " << getStored();
  if (getZero())
    printer << ", zero";
  printer << '>';
}
