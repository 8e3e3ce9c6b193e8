//===- PackDecode.h - Packed codes to a vector ----------------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_IR_STAGES_PACKDECODE_H
#define ZQ_LIB_DIALECT_ZQ_IR_STAGES_PACKDECODE_H

#include "zq/Codec/FieldString.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

namespace mlir::zq {

/// The codes of the builder's block, of `bits` bits, from its part 0, in lanes
/// of `getCodeType(bits)`.
Value emitUnpack(DecodeBuilder &at, const ::zq::codec::PackLayout &layout,
                 int64_t bits);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_IR_STAGES_PACKDECODE_H
