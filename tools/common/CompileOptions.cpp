//===- CompileOptions.cpp - What tools that compile are asked -------------===//
#include "common/CompileOptions.h"

#include "mlir/Pass/PassManager.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult CompileOptions::packArguments(ModuleOp module,
                                            const Target &target) const {
  if (!packWeights)
    return success();
  PassManager pm(module->getName());
  pm.addPass(createPackWeights(
      {target.getPanelRows(), recodeWeights, target.getMemoryCost()}));
  return pm.run(module);
}
