//===- AArch64Fields.cpp - Fields cut out of bytes on AArch64 -------------===//
#include "AArch64Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Fields that do not leave their bytes, out of words that are shifted: shifts
/// of bytes, which other CPUs lack, and no mask for a byte's uppermost field.
struct ShiftInBytes : OpRewritePattern<arith::AndIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::AndIOp op,
                                PatternRewriter &b) const override {
    auto type = dyn_cast<VectorType>(op.getType());
    auto cast = op.getLhs().getDefiningOp<vector::BitCastOp>();
    if (!type || !type.getElementType().isInteger(8) || !cast ||
        !cast->hasOneUse())
      return failure();
    auto shift = cast.getSource().getDefiningOp<arith::ShRUIOp>();
    APInt mask, by;
    if (!shift || !matchPattern(op.getRhs(), m_ConstantInt(&mask)) ||
        !matchPattern(shift.getRhs(), m_ConstantInt(&by)) || by.uge(8))
      return failure();
    uint64_t distance = by.getZExtValue(), kept = 0xff >> distance;
    if (mask.getZExtValue() & ~kept)
      return failure();
    Location loc = op.getLoc();
    Value bytes = vector::BitCastOp::create(b, loc, type, shift.getLhs());
    Value distances = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, APInt(8, distance)));
    bytes = arith::ShRUIOp::create(b, loc, bytes, distances);
    if (mask.getZExtValue() != kept)
      bytes = arith::AndIOp::create(b, loc, bytes, op.getRhs());
    b.replaceOp(op, bytes);
    return success();
  }
};

} // namespace

void mlir::zq::populateAArch64FieldPatterns(RewritePatternSet &patterns) {
  patterns.add<ShiftInBytes>(patterns.getContext());
}
