//===- MathOps.cpp - Functions of the math dialect, for every target ------===//
#include "zq/Target/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace mlir::zq;

namespace {
/// Upstream's polynomials take a subnormal for the least normal number: scales
/// it into their range, and takes the scale's logarithm away again.
template <typename LogOp>
struct ScaleSubnormals : OpRewritePattern<LogOp> {
  ScaleSubnormals(MLIRContext *context, float logOfTwo)
      : OpRewritePattern<LogOp>(context, /*benefit=*/2), logOfTwo(logOfTwo) {}

  LogicalResult matchAndRewrite(LogOp op, PatternRewriter &b) const override {
    static constexpr llvm::StringLiteral done = "zq.of_normal";
    static constexpr int exponent = 24;
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32() || op->hasAttr(done))
      return failure();
    Location loc = op.getLoc();
    auto constant = [&](float value) -> Value {
      TypedAttr attr = b.getF32FloatAttr(value);
      if (auto shaped = dyn_cast<ShapedType>(type))
        attr = DenseElementsAttr::get(shaped, value);
      return arith::ConstantOp::create(b, loc, attr);
    };
    Value x = op.getOperand();
    Value isSubnormal =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x,
                              constant(std::numeric_limits<float>::min()));
    Value scaled =
        arith::MulFOp::create(b, loc, x, constant(float(1 << exponent)));
    x = arith::SelectOp::create(b, loc, isSubnormal, scaled, x);
    auto log = LogOp::create(b, loc, x, op.getFastmath());
    log->setAttr(done, b.getUnitAttr());
    Value less =
        arith::SubFOp::create(b, loc, log, constant(exponent * logOfTwo));
    b.replaceOpWithNewOp<arith::SelectOp>(op, isSubnormal, less, log);
    return success();
  }

  float logOfTwo;
};
} // namespace

void mlir::zq::populateMathPatterns(RewritePatternSet &patterns) {
  populateMathPolynomialApproximationPatterns(patterns);
  patterns.add<ScaleSubnormals<math::LogOp>>(patterns.getContext(),
                                             llvm::numbers::ln2f);
  patterns.add<ScaleSubnormals<math::Log2Op>>(patterns.getContext(), 1.0f);
}
