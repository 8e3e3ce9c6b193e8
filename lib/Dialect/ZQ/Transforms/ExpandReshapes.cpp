//===- ExpandReshapes.cpp - Views with several sizes that calls choose ----===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::zq {
#define GEN_PASS_DEF_EXPANDRESHAPES
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// Whether one size of the source becomes several that are not known.
static bool hasSeveralUnknown(memref::ExpandShapeOp op) {
  return llvm::any_of(op.getReassociationIndices(),
                      [&](ArrayRef<int64_t> dims) {
                        return llvm::count_if(dims, [&](int64_t dim) {
                                 return op.getResultType().isDynamicDim(dim);
                               }) > 1;
                      });
}

/// The strides of a buffer of `sizes` whose rows follow each other.
static SmallVector<OpFoldResult> getStrides(OpBuilder &b, Location loc,
                                            ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
  for (int64_t dim = static_cast<int64_t>(sizes.size()) - 2; dim >= 0; --dim) {
    OpFoldResult size = sizes[dim + 1], stride = strides[dim + 1];
    auto known = getConstantIntValue(size), step = getConstantIntValue(stride);
    if (known && step)
      strides[dim] = b.getIndexAttr(*known * *step);
    else
      strides[dim] = arith::MulIOp::create(
                         b, loc, getValueOrCreateConstantIndexOp(b, loc, size),
                         getValueOrCreateConstantIndexOp(b, loc, stride))
                         .getResult();
  }
  return strides;
}

namespace {
struct ExpandReshapesPass
    : mlir::zq::impl::ExpandReshapesBase<ExpandReshapesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](memref::ExpandShapeOp op) {
      if (!hasSeveralUnknown(op))
        return;
      if (!op.getSrcType().getLayout().isIdentity()) {
        op.emitError("a part of an array cannot be expanded to several "
                     "dimensions whose sizes are not known");
        return signalPassFailure();
      }
      rewriter.setInsertionPoint(op);
      SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
      rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
          op, op.getResultType(), op.getSrc(), rewriter.getIndexAttr(0), sizes,
          getStrides(rewriter, op.getLoc(), sizes));
    });
  }
};
} // namespace
