//===- StageSyntax.h - Pieces of the text form of stages ------------------===//
//
// For `custom<...>` directives of stages' assembly formats and for stages that
// parse themselves.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_STAGESYNTAX_H
#define ZQ_DIALECT_ZQ_IR_STAGESYNTAX_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// Stages between `open` and `close`, as a codec.
ParseResult parseStages(AsmParser &parser, AsmParser::Delimiter delimiter,
                        CodecAttr &codec);
/// The stages, separated by commas.
void printStages(AsmPrinter &printer, CodecAttr codec);

/// How an array is stored: a type, or a codec in square brackets.
ParseResult parseStored(AsmParser &parser, Attribute &stored);
void printStored(AsmPrinter &printer, Attribute stored);

/// One of several keywords.
ParseResult parseChoice(AsmParser &parser, StringRef &keyword,
                        ArrayRef<StringRef> choices);

/// A codec in square brackets.
ParseResult parseCodecList(AsmParser &parser, CodecAttr &codec);
void printCodecList(AsmPrinter &printer, CodecAttr codec);

/// A block of a tensor: `tensor` (no sizes) or a size per dimension, `?` (0)
/// for the whole dimension.
ParseResult parseBlock(AsmParser &parser, SmallVectorImpl<int64_t> &block);
void printBlock(AsmPrinter &printer, ArrayRef<int64_t> block);

/// A table of f32 values in square brackets, each printed so that it reads back
/// as it was.
ParseResult parseTable(AsmParser &parser, DenseF32ArrayAttr &table);
void printTable(AsmPrinter &printer, DenseF32ArrayAttr table);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_STAGESYNTAX_H
