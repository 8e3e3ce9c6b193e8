//===- FormDots.cpp - Sums of products of bf16 in loops, by dots ----------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

namespace mlir::zq {
#define GEN_PASS_DEF_FORMDOTS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

namespace {
/// A value that a loop carries, and adds products of bf16 to.
struct Sum {
  arith::AddFOp add;
  /// Vectors of bf16 as long as the sum.
  Value lhs, rhs;
};
} // namespace

static bool hasFlag(arith::ArithFastMathInterface op,
                    arith::FastMathFlags flag) {
  return bitEnumContainsAll(op.getFastMathFlagsAttr().getValue(), flag);
}

/// Whether all that becomes of `value` is a sum of all of its lanes.
static bool isOnlyReduced(Value value) {
  int64_t last = cast<VectorType>(value.getType()).getRank() - 1;
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    // A mask has as many lanes as what it is of.
    if (isa<vector::MaskOp>(use.getOwner()->getParentOp()))
      return false;
    if (auto sum = dyn_cast<vector::ReductionOp>(use.getOwner()))
      return sum.getKind() == vector::CombiningKind::ADD;
    auto sum = dyn_cast<vector::MultiDimReductionOp>(use.getOwner());
    return sum && sum.getKind() == vector::CombiningKind::ADD &&
           use.get() == sum.getSource() &&
           llvm::is_contained(sum.getReductionDims(), last);
  });
}

/// What `value` of f32 was extended from, if that is bf16.
static Value getBF16(Value value) {
  auto extend = value.getDefiningOp<arith::ExtFOp>();
  return extend && getElementTypeOrSelf(extend.getIn()).isBF16()
             ? extend.getIn()
             : Value();
}

/// What `loop` carries at `place`, if it may be summed by dots.
static std::optional<Sum> matchSum(scf::ForOp loop, unsigned place) {
  Value carried = loop.getRegionIterArg(place);
  auto type = dyn_cast<VectorType>(carried.getType());
  if (!type || !type.getElementType().isF32() || type.isScalable() ||
      type.getRank() == 0 || type.getShape().back() % 2 ||
      !matchPattern(loop.getInitArgs()[place], m_AnyZeroFloat()) ||
      !isOnlyReduced(loop.getResult(place)) || !carried.hasOneUse())
    return std::nullopt;
  auto add = dyn_cast<arith::AddFOp>(*carried.user_begin());
  if (!add || loop.getYieldedValues()[place] != add.getResult() ||
      !add->hasOneUse() || !hasFlag(add, arith::FastMathFlags::contract))
    return std::nullopt;
  Value other = add.getLhs() == carried ? add.getRhs() : add.getLhs();
  auto mul = other.getDefiningOp<arith::MulFOp>();
  if (!mul || !mul->hasOneUse() || !hasFlag(mul, arith::FastMathFlags::afn))
    return std::nullopt;
  Value lhs = getBF16(mul.getLhs()), rhs = getBF16(mul.getRhs());
  if (!lhs || !rhs)
    return std::nullopt;
  return Sum{add, lhs, rhs};
}

/// `sum` plus the dots of the rows of `lhs` and `rhs`.
static Value emitDots(OpBuilder &b, Location loc, Value lhs, Value rhs,
                      Value sum) {
  ArrayRef<int64_t> rows =
      cast<VectorType>(sum.getType()).getShape().drop_back();
  SmallVector<int64_t> strides = computeStrides(rows);
  for (int64_t row = 0, n = computeProduct(rows); row < n; ++row) {
    SmallVector<int64_t> at = delinearize(row, strides);
    auto cut = [&](Value value) -> Value {
      return at.empty() ? value : vector::ExtractOp::create(b, loc, value, at);
    };
    Value dot = DotOp::create(b, loc, cut(lhs), cut(rhs), cut(sum),
                              /*any_lane=*/true);
    sum = at.empty() ? dot : vector::InsertOp::create(b, loc, dot, sum, at);
  }
  return sum;
}

/// Sums what `loop` carries at `place` by dots, if it may.
static scf::ForOp formDots(IRRewriter &b, scf::ForOp loop, unsigned place) {
  std::optional<Sum> sum = matchSum(loop, place);
  if (!sum)
    return loop;
  SmallVector<int64_t> shape(cast<VectorType>(sum->add.getType()).getShape());
  shape.back() /= 2;
  auto type = VectorType::get(shape, b.getF32Type());
  b.setInsertionPoint(loop);
  Value zeros =
      arith::ConstantOp::create(b, loop.getLoc(), b.getZeroAttr(type));
  auto emit = [&](OpBuilder &builder, Location, ArrayRef<BlockArgument> args) {
    return SmallVector<Value>{
        emitDots(builder, sum->add.getLoc(), sum->lhs, sum->rhs, args.front())};
  };
  loop = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
      b, zeros, /*replaceInitOperandUsesInLoop=*/false, emit));
  for (OpOperand &use :
       llvm::make_early_inc_range(loop.getResult(place).getUses()))
    b.modifyOpInPlace(use.getOwner(),
                      [&] { use.set(loop.getResults().back()); });
  // The canonicalizer drops what goes round unchanged.
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  b.modifyOpInPlace(
      yield, [&] { yield.setOperand(place, loop.getRegionIterArg(place)); });
  b.eraseOp(sum->add);
  return loop;
}

namespace {
struct FormDotsPass : mlir::zq::impl::FormDotsBase<FormDotsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) { loops.push_back(loop); });
    for (scf::ForOp loop : loops)
      for (unsigned i = 0, n = loop.getNumRegionIterArgs(); i < n; ++i)
        loop = formDots(rewriter, loop, i);
  }
};
} // namespace
