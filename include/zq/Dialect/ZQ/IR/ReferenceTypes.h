//===- ReferenceTypes.h - MLIR types as the reference codecs name them ----===//
#ifndef ZQ_DIALECT_ZQ_IR_REFERENCETYPES_H
#define ZQ_DIALECT_ZQ_IR_REFERENCETYPES_H

#include "mlir/IR/Types.h"
#include "zq/Codec/Array.h"
#include "zq/Codec/Minifloat.h"

#include <optional>

namespace mlir::zq {

/// The element type of a reference array that holds `type`; nothing where the
/// reference has no such array.
std::optional<::zq::codec::ElementType> toReferenceType(Type type);

/// The MLIR type of a reference array's elements.
Type fromReferenceType(MLIRContext *context, ::zq::codec::ElementType type);

/// The description of a float type of at most 8 bits that has a sign.
std::optional<::zq::codec::Minifloat> toMinifloat(Type type);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_REFERENCETYPES_H
