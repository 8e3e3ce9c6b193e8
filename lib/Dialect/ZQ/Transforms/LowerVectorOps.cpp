//===- LowerVectorOps.cpp - zq's vector ops and math, by target -----------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "zq/Target/Target.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::zq {
#define GEN_PASS_DEF_LOWERVECTOROPS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// Loads in one block from places that are data from which on they are taken
/// for those of a vector's elements, or of as many symbols.
static constexpr unsigned fewLoads = 8;

/// Whether an index is made of values in memory, those that loops carry from
/// iteration to iteration too, and not of loops' counters alone.
static bool isData(Value index) {
  SmallVector<Value> values{index};
  llvm::SmallPtrSet<Value, 8> seen;
  while (!values.empty()) {
    Value value = values.pop_back_val();
    if (!getElementTypeOrSelf(value.getType()).isIntOrIndex() ||
        !seen.insert(value).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto loop =
          dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
      OpOperand *init = loop ? loop.getTiedLoopInit(argument) : nullptr;
      if (init)
        values.append(
            {init->get(), loop.getTiedLoopYieldedValue(argument)->get()});
      continue;
    }
    Operation *op = value.getDefiningOp();
    if (isa<memref::LoadOp, vector::LoadOp, vector::TransferReadOp>(op))
      return true;
    llvm::append_range(values, op->getOperands());
  }
  return false;
}

namespace {
struct LowerVectorOpsPass
    : mlir::zq::impl::LowerVectorOpsBase<LowerVectorOpsPass> {
  using LowerVectorOpsBase::LowerVectorOpsBase;

  void runOnOperation() override {
    if (auto known = checkFeatures(features); !known) {
      getOperation().emitError(known.message());
      return signalPassFailure();
    }
    std::unique_ptr<Target> target = getTarget(features);
    if (!target->hasGathers())
      remarkOnGathers();
    remarkOnLoads();
    RewritePatternSet patterns(&getContext());
    target->populateVectorOpPatterns(patterns);
    populateMathPatterns(patterns);
    populateGatherPatterns(patterns);
    vector::populateVectorMultiReductionLoweringPatterns(
        patterns, vector::VectorMultiReductionLowering::InnerReduction);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (isa<UnpackOp, LookupOp, ExpandOp, DotOp, ToBF16Op, MultiplyTilesOp>(
              op)) {
        op->emitOpError("has no lowering for this target");
        signalPassFailure();
      }
    });
    target->addEntryChecks(getOperation());
  }

  /// Says of each function where elements are loaded one by one since no vector
  /// instruction gets them: entries of codebooks, and of tables of codes whose
  /// places wait for one another.
  void remarkOnLoads() {
    getOperation().walk([](func::FuncOp function) {
      llvm::MapVector<Type, unsigned> most;
      function.walk([&](Block *block) {
        llvm::SmallDenseMap<Type, unsigned> counts;
        for (auto load : block->getOps<memref::LoadOp>())
          if (llvm::any_of(load.getIndices(), isData)) {
            unsigned &count = counts[load.getType()];
            most[load.getType()] = std::max(most[load.getType()], ++count);
          }
      });
      for (auto [type, count] : most)
        if (count >= fewLoads)
          function.emitRemark() << count << " loads of " << type
                                << " one by one: their places are data";
    });
  }

  /// Says of each function with gathers that they are loads one by one.
  void remarkOnGathers() {
    getOperation().walk([](func::FuncOp function) {
      bool hasGather =
          function
              .walk([](vector::GatherOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      if (hasGather)
        function.emitRemark("gathers: a load for each element, since the CPU "
                            "has no fast instruction for them");
    });
  }
};
} // namespace
