//===- CompileOptions.cpp - What tools that compile are asked -------------===//
#include "common/CompileOptions.h"

#include "mlir/Pass/PassManager.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::zq;

::zq::codec::Status CompileOptions::check() const {
  if (accuracy >= 0)
    return {};
  return ::zq::codec::Error{"--accuracy is a number of 0 or more"};
}

LogicalResult CompileOptions::packArguments(ModuleOp module,
                                            const Target &target) const {
  if (!packWeights)
    return success();
  PassManager pm(module->getName());
  pm.addPass(
      createPackWeights({target.getPanelRows(), recodeWeights,
                         target.getMemoryCost(), target.getRecordShare()}));
  return pm.run(module);
}
