//===- Steps.h - What pipelines do between passes ---------------*- C++ -*-===//
#ifndef ZQ_LIB_PIPELINES_STEPS_H
#define ZQ_LIB_PIPELINES_STEPS_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

namespace mlir::zq {

inline void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// Checks that the module is what `phase` leaves.
inline void addVerify(OpPassManager &pm, StringRef phase) {
  pm.addPass(createVerifyPhase({phase.str()}));
}

/// Has each buffer freed where nobody needs it any more.
void addDeallocationPasses(OpPassManager &pm);

} // namespace mlir::zq

#endif // ZQ_LIB_PIPELINES_STEPS_H
