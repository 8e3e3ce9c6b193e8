//===- Registers.h - Long vectors, a register at a time -------------------===//
#ifndef ZQ_LIB_TARGET_REGISTERS_H
#define ZQ_LIB_TARGET_REGISTERS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::zq {

/// Applies `emit` to parts of `operands` and puts what comes of them together
/// to a vector of `type`. Each part makes `width` lanes of it; the last parts
/// are padded. An operand has as many elements as the result, or a multiple.
Value emitByRegisters(OpBuilder &b, Location loc, VectorType type,
                      int64_t width, ValueRange operands,
                      function_ref<Value(ArrayRef<Value> parts)> emit);

/// One of `candidates`, a power of two of them, for each lane: by the bits of
/// its code from that worth `bit` on, with a level of selections for each.
Value emitSelections(OpBuilder &b, Location loc, Value codes,
                     SmallVector<Value> candidates, int64_t bit);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_REGISTERS_H
