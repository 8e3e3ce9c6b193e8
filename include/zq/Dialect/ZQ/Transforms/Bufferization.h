//===- Bufferization.h - How zq's ops on tensors come to buffers ----------===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_BUFFERIZATION_H
#define ZQ_DIALECT_ZQ_TRANSFORMS_BUFFERIZATION_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::zq {

/// Adds to the dialect what `one-shot-bufferize` asks its ops: those that are
/// left on tensors by then.
void registerBufferization(DialectRegistry &registry);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_BUFFERIZATION_H
