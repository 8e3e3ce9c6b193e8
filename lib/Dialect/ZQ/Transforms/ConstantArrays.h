//===- ConstantArrays.h - Constants as reference arrays, and back ---------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONSTANTARRAYS_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONSTANTARRAYS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "zq/Codec/Stage.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// The bytes of a constant, whichever attribute holds them.
FailureOr<::zq::codec::Array> getArray(ElementsAttr attr);

/// A `zq.assemble` of constants.
Value emitCompressed(OpBuilder &b, Location loc, CompressedTensorType type,
                     const std::vector<::zq::codec::Stream> &streams,
                     Operation *scope);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_CONSTANTARRAYS_H
