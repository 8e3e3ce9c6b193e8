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

#include <memory>

namespace mlir::zq {
class DecodeBuilder;
class StreamAttr;
} // namespace mlir::zq

#include "zq/Dialect/ZQ/IR/ZQDialect.h.inc"

#include "zq/Dialect/ZQ/IR/ZQInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQTypes.h.inc"

#define GET_OP_CLASSES
#include "zq/Dialect/ZQ/IR/ZQOps.h.inc"

#endif // ZQ_DIALECT_ZQ_IR_ZQ_H
