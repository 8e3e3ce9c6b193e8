//===- ZQ.h - The zq dialect ----------------------------------------------===//
//
// Compressed tensors as types, their decoding as producer ops.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQ_H
#define ZQ_DIALECT_ZQ_IR_ZQ_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "zq/Codec/Stage.h"
#include "zq/Dialect/ZQ/IR/MatrixOffset.h"

#include <memory>
#include <mutex>

namespace mlir::zq {
class CodecAttr;
class DecodeBuilder;
class LaneBuilder;
class LineBuilder;
class StreamAttr;
class TensorDecodeBuilder;
struct Part;

/// Along one dimension, for every `elements` of what a stage takes in (or the
/// beginning of as many) its main array has `units`; the first `skipped`
/// elements are not part of it.
struct MainRatio {
  int64_t elements = 1;
  int64_t units = 1;
  int64_t skipped = 0;
};

/// Operations that decode one value: those that a vector unit does for all of
/// its lanes at once, and those done for one value after another.
struct StageCost {
  double vector = 0;
  double scalar = 0;
};

/// Says at the builder's location that a stage is no part of a decoder.
llvm::FailureOr<Value> refuseDecode(DecodeBuilder &builder);
} // namespace mlir::zq

#include "zq/Dialect/ZQ/IR/ZQDialect.h.inc"

#include "zq/Dialect/ZQ/IR/ZQInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQAttributes.h.inc"

namespace mlir::zq {
/// An array that a stage stores: a stream, or with a codec the streams of that.
struct Part {
  /// Name, element type and shape, as functions of the dimensions of what the
  /// stage takes in.
  StreamAttr array;
  /// The codec of its own; null where the array is stored as it is.
  CodecAttr codec = {};
  /// Not 0: stored in panels of so many rows, column by column: element [i, j]
  /// of the last two dimensions is at [i / rows, j, i % rows] of the array. Not
  /// together with a codec.
  int64_t rows = 0;
};

/// The parts of each stage of `codec`, in the order of the chain, for a tensor
/// of `rank` dimensions. Fails where a decoder symbol is missing in `scope`.
llvm::FailureOr<llvm::SmallVector<llvm::SmallVector<Part>>>
getParts(CodecAttr codec, int64_t rank, Type element, Operation *scope);

/// The shape of the main array of `stage` for what it takes in.
llvm::SmallVector<int64_t> getMainShape(StageAttrInterface stage,
                                        llvm::ArrayRef<int64_t> shape);
} // namespace mlir::zq

#define GET_TYPEDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQTypes.h.inc"

#define GET_OP_CLASSES
#include "zq/Dialect/ZQ/IR/ZQOps.h.inc"

#endif // ZQ_DIALECT_ZQ_IR_ZQ_H
