//===- SeparateResults.cpp - Each result of a function its own buffer -----===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace mlir::zq {
#define GEN_PASS_DEF_SEPARATERESULTS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// A new buffer with the contents of `buffer`.
static Value copyOf(IRRewriter &rewriter, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> sizes;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      sizes.push_back(memref::DimOp::create(rewriter, loc, buffer, dim));
  Value copy = memref::AllocOp::create(rewriter, loc, type, sizes);
  memref::CopyOp::create(rewriter, loc, buffer, copy);
  return copy;
}

namespace {
struct SeparateResultsPass
    : mlir::zq::impl::SeparateResultsBase<SeparateResultsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](func::ReturnOp op) {
      llvm::SmallPtrSet<void *, 4> seen;
      for (OpOperand &operand : op->getOpOperands()) {
        Value value = operand.get();
        if (!isa<MemRefType>(value.getType()) ||
            seen.insert(value.getAsOpaquePointer()).second)
          continue;
        rewriter.setInsertionPoint(op);
        Value copy = copyOf(rewriter, op.getLoc(), value);
        rewriter.modifyOpInPlace(op, [&] { operand.set(copy); });
      }
    });
  }
};
} // namespace
