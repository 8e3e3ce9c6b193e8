//===- ZQAttributes.cpp - Streams and codecs as attributes ----------------===//
#include "zq/Dialect/ZQ/IR/Stages.h"

#include "mlir/AsmParser/AsmParser.h"
#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "zq/Dialect/ZQ/IR/StageSyntax.h"
#include "llvm/ADT/StringExtras.h"
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

/// Parses offsets in a matrix, `[(0, 1), (8, 0)]`.
static ParseResult parseOffsets(AsmParser &parser,
                                SmallVector<MatrixOffset> &offsets) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    MatrixOffset offset;
    if (parser.parseLParen() || parser.parseInteger(offset.row) ||
        parser.parseComma() || parser.parseInteger(offset.column) ||
        parser.parseRParen())
      return failure();
    offsets.push_back(offset);
    return success();
  });
}

static void printOffsets(AsmPrinter &printer, ArrayRef<MatrixOffset> offsets) {
  printer << '[';
  llvm::interleaveComma(offsets, printer, [&](MatrixOffset offset) {
    printer << '(' << offset.row << ", " << offset.column << ')';
  });
  printer << ']';
}

#define GET_ATTRDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQAttributes.cpp.inc"

template <typename Attribute>
using OfferedRecoding =
    decltype(Attribute::getRecoding(std::declval<MLIRContext *>()));

/// What those attributes offer that have a `getRecoding`.
template <typename... Attributes>
static SmallVector<Attribute> collectRecodings(MLIRContext *context) {
  SmallVector<Attribute> recodings;
  [[maybe_unused]] auto collect = [&](auto *attribute) {
    using Type = std::remove_pointer_t<decltype(attribute)>;
    if constexpr (llvm::is_detected<OfferedRecoding, Type>::value)
      recodings.push_back(Type::getRecoding(context));
  };
  (collect(static_cast<Attributes *>(nullptr)), ...);
  return recodings;
}

void ZQDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "zq/Dialect/ZQ/IR/ZQAttributes.cpp.inc"
      >();
}

SmallVector<Attribute> ZQDialect::getRecodings() {
  return collectRecodings<
#define GET_ATTRDEF_LIST
#include "zq/Dialect/ZQ/IR/ZQAttributes.cpp.inc"
      >(getContext());
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
// Codecs by name
//===----------------------------------------------------------------------===//

/// The composition that `name` stands for; null where the table has none.
static CodecAttr lookUpName(StringRef name, MLIRContext *context) {
  for (const NamedCodec &entry : getNamedCodecs())
    if (entry.name == name)
      return cast<CodecAttr>(
          parseAttribute(("#zq.codec<" + entry.stages + ">").str(), context));
  return {};
}

StringRef ZQDialect::getTableName(CodecAttr codec) {
  std::call_once(namesOnce, [&] {
    for (const NamedCodec &entry : getNamedCodecs())
      names.try_emplace(lookUpName(entry.name, getContext()), entry.name);
  });
  return names.lookup(codec);
}

StringRef CodecAttr::getTableName() const {
  return cast<ZQDialect>(getDialect()).getTableName(*this);
}

/// Hands the mnemonics of those attributes that are stages to `consider`.
template <typename... Attributes>
static void forEachStageName(function_ref<void(StringRef)> consider) {
  [[maybe_unused]] auto considerOne = [&](StringRef name, bool isStage) {
    if (isStage)
      consider(name);
  };
  (considerOne(
       Attributes::getMnemonic(),
       std::is_base_of_v<StageAttrInterface::Trait<Attributes>, Attributes>),
   ...);
}

/// The stage or codec whose name is nearest to one that nobody knows; empty
/// where none is near.
static StringRef findNearest(StringRef name) {
  StringRef nearest;
  unsigned distance = 3;
  auto consider = [&](StringRef candidate) {
    unsigned d = name.edit_distance(candidate, true, distance);
    if (d < distance)
      distance = d, nearest = candidate;
  };
  for (const NamedCodec &entry : getNamedCodecs())
    consider(entry.name);
  forEachStageName<
#define GET_ATTRDEF_LIST
#include "zq/Dialect/ZQ/IR/ZQAttributes.cpp.inc"
      >(consider);
  return nearest;
}

//===----------------------------------------------------------------------===//
// Syntax of a codec
//===----------------------------------------------------------------------===//

/// One stage, or the stages that a name stands for.
static ParseResult parseStage(AsmParser &parser,
                              SmallVectorImpl<StageAttrInterface> &stages) {
  MLIRContext *context = parser.getContext();
  SMLoc loc = parser.getCurrentLocation();

  StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    stages.push_back(CustomAttr::get(context, FlatSymbolRefAttr::get(symbol)));
    return success();
  }

  // Another dialect's stage is written in full. A bare word is zq's, also where
  // it begins a builtin attribute (`sparse`).
  Attribute attribute;
  OptionalParseResult foreign;
  if (!llvm::isAlpha(*loc.getPointer()))
    foreign = parser.parseOptionalAttribute(attribute);
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
      StringRef nearest = findNearest(mnemonic);
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
  CodecAttr codec;
  if (parseStages(parser, AsmParser::Delimiter::LessGreater, codec))
    return {};
  return codec;
}

void CodecAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printStages(printer, *this);
  printer << '>';
}

ParseResult mlir::zq::parseStages(AsmParser &parser,
                                  AsmParser::Delimiter delimiter,
                                  CodecAttr &codec) {
  SmallVector<StageAttrInterface> stages;
  int64_t records = 0;
  SMLoc loc = parser.getCurrentLocation();
  auto parseElement = [&]() -> ParseResult {
    if (records)
      return parser.emitError(parser.getCurrentLocation(),
                              "records come once, after the stages");
    if (failed(parser.parseOptionalKeyword("records")))
      return parseStage(parser, stages);
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseEqual() || parser.parseInteger(records))
      return failure();
    return records ? success()
                   : parser.emitError(loc, "(codec 2) a record has columns");
  };
  if (parser.parseCommaSeparatedList(delimiter, parseElement))
    return failure();
  codec = CodecAttr::getChecked([&] { return parser.emitError(loc); },
                                parser.getContext(), stages, records);
  return success(codec != nullptr);
}

void mlir::zq::printStages(AsmPrinter &printer, CodecAttr codec) {
  llvm::interleaveComma(codec.getStages(), printer,
                        [&](StageAttrInterface stage) {
                          if (auto custom = dyn_cast<CustomAttr>(stage))
                            printer << custom.getDecoder();
                          else if (isa<ZQDialect>(stage.getDialect()))
                            (void)generatedAttributePrinter(stage, printer);
                          else
                            printer << Attribute(stage);
                        });
  if (codec.getRecords())
    printer << ", records = " << codec.getRecords();
}
