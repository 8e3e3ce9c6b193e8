//===- InitAll.h - Everything that zq adds to a registry ------------------===//
#ifndef ZQ_INITALL_H
#define ZQ_INITALL_H

#include "zq/Dialect/ZQ/Transforms/Bufferization.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Target/NVVM/LowerKernels.h"
#include "zq/Target/NVVM/Passes.h"

namespace mlir::zq {

/// The dialect and its interface implementations, and what the passes add to
/// upstream's dialects.
inline void registerAllDialects(DialectRegistry &registry) {
  registry.insert<ZQDialect>();
  registerBufferization(registry);
  registerLaunchEffects(registry);
}

/// All passes and pipelines, but for those of zq/Verification, which bring the
/// reference evaluator with them.
inline void registerAllPasses() {
  registerZQPasses();
  registerZQNVVMPasses();
  registerLowerKernelsPipeline();
  registerPipelines();
}

} // namespace mlir::zq

#endif // ZQ_INITALL_H
