//===- Transform.h - Transforms in double ---------------------------------===//
#ifndef ZQ_LIB_REFERENCE_TRANSFORM_H
#define ZQ_LIB_REFERENCE_TRANSFORM_H

#include "Values.h"

namespace mlir::zq::reference {

/// Applies a transform (a `TransformAttrInterface`), whose stage stores
/// `parts`, or its inverse to `tensor`, for a program that does so in f32.
/// Fails with an error at `op` on one that has no double version.
LogicalResult applyTransform(Operation *op, Attribute transform,
                             ArrayRef<BoundedTensor> parts, bool inverse,
                             BoundedTensor &tensor);

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_TRANSFORM_H
