//===- FieldExtraction.h - Fields of bits to vector lanes -----------------===//
//
// What unpacking comes down to on every target: bytes spread over lanes, a
// shift and a mask.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_FIELDEXTRACTION_H
#define ZQ_DIALECT_ZQ_IR_FIELDEXTRACTION_H

#include "mlir/IR/Builders.h"

namespace mlir::zq {

/// The fields of `width` bits (1 to 32) that begin at the bits `starts` of
/// `bytes`, a vector of i8 read as one string of bits, lowest first; one to a
/// lane of `element` (i8, i16 or i32), zeros above. With `shift`, an i32 from 0
/// to 7, all begin so many bits later. Bytes beyond the last one read as that.
Value emitFields(OpBuilder &builder, Location loc, Value bytes,
                 ArrayRef<int64_t> starts, int64_t width, Type element,
                 Value shift = {});

/// The type of lanes that hold codes of `bits` bits (1 to 32): i8, i16 or i32.
Type getCodeType(MLIRContext *context, int64_t bits);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_FIELDEXTRACTION_H
