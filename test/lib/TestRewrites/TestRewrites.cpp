//===- TestRewrites.cpp - Rewrites that are wrong -------------------------===//
#include "TestRewrites.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Rotates the wrong way round.
struct FlipRotations : PassWrapper<FlipRotations, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FlipRotations)
  StringRef getArgument() const override { return "test-zq-flip-rotations"; }
  void runOnOperation() override {
    getOperation().walk([](RotateOp op) { op.setInverse(!op.getInverse()); });
  }
};

/// Takes the first of two equal windows for the second.
struct ConfuseWindows : PassWrapper<ConfuseWindows, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConfuseWindows)
  StringRef getArgument() const override { return "test-zq-confuse-windows"; }
  void runOnOperation() override {
    getOperation().walk([](DecodeOp op) {
      for (Operation *user : op.getSource().getUsers())
        if (auto other = dyn_cast<DecodeOp>(user);
            other && other != op && other.getType() == op.getType() &&
            op->isBeforeInBlock(other))
          other.getResult().replaceAllUsesWith(op.getResult());
    });
  }
};

/// Removes what nothing in the module calls.
struct RemoveFunctions : PassWrapper<RemoveFunctions, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RemoveFunctions)
  StringRef getArgument() const override { return "test-zq-remove-functions"; }
  void runOnOperation() override {
    for (auto func :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      func.erase();
  }
};

} // namespace

void test_zq::registerTestRewrites() {
  PassRegistration<FlipRotations>();
  PassRegistration<ConfuseWindows>();
  PassRegistration<RemoveFunctions>();
}
