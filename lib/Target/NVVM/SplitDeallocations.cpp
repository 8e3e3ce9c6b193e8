//===- SplitDeallocations.cpp - Deallocations of one array each -----------===//
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_SPLITDEALLOCATIONS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using bufferization::DeallocOp;

/// An array that is owned frees itself unless it is one that is retained, or
/// one before it in the list that frees it already.
static void split(IRRewriter &b, DeallocOp op) {
  Location loc = op.getLoc();
  b.setInsertionPoint(op);
  auto addressesOf = [&](ValueRange arrays) {
    return llvm::map_to_vector(arrays, [&](Value array) -> Value {
      return memref::ExtractAlignedPointerAsIndexOp::create(b, loc, array);
    });
  };
  SmallVector<Value> arrays = addressesOf(op.getMemrefs());
  SmallVector<Value> retained = addressesOf(op.getRetained());
  Value no = arith::ConstantIntOp::create(b, loc, 0, 1);
  Value yes = arith::ConstantIntOp::create(b, loc, 1, 1);
  SmallVector<Value> owners(retained.size(), no), frees;
  auto isOwned = [&](Value condition, Value a, Value other) -> Value {
    Value same =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, a, other);
    return arith::AndIOp::create(b, loc, condition, same);
  };
  for (auto [i, condition] : llvm::enumerate(op.getConditions())) {
    Value elsewhere = no;
    for (auto [j, address] : llvm::enumerate(retained)) {
      Value owns = isOwned(condition, arrays[i], address);
      owners[j] = arith::OrIOp::create(b, loc, owners[j], owns);
      elsewhere = arith::OrIOp::create(b, loc, elsewhere, owns);
    }
    for (size_t j = 0; j < i; ++j)
      elsewhere = arith::OrIOp::create(b, loc, elsewhere,
                                       isOwned(frees[j], arrays[i], arrays[j]));
    Value stays = arith::XOrIOp::create(b, loc, elsewhere, yes);
    frees.push_back(arith::AndIOp::create(b, loc, condition, stays));
  }
  // After all comparisons.
  for (auto [array, condition] : llvm::zip(op.getMemrefs(), frees))
    DeallocOp::create(b, loc, ValueRange(array), ValueRange(condition),
                      /*retained=*/ValueRange());
  b.replaceOp(op, owners);
}

namespace {
struct SplitDeallocationsPass
    : mlir::zq::impl::SplitDeallocationsBase<SplitDeallocationsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](DeallocOp op) {
      if (op.getMemrefs().size() > 1)
        split(rewriter, op);
    });
  }
};
} // namespace
