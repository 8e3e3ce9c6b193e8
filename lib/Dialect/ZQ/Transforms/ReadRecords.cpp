//===- ReadRecords.cpp - Reads of what lies in records --------------------===//
//
// Where a kernel reads an array from a place that is a known distance after the
// beginning of a record, its address in the records is a constant beyond that.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <numeric>

namespace mlir::zq {
#define GEN_PASS_DEF_READRECORDS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

/// A number that `value` is known to be a multiple of; 0 for zero itself.
static int64_t getMultiple(Value value) {
  if (auto constant = getConstantIntValue(value))
    return std::abs(*constant);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && value == loop.getInductionVar()
               ? std::gcd(getMultiple(loop.getLowerBound()),
                          getMultiple(loop.getStep()))
               : 1;
  }
  Operation *op = value.getDefiningOp();
  if (!isa<arith::AddIOp, arith::MulIOp, arith::DivUIOp>(op))
    return 1;
  int64_t left = getMultiple(op->getOperand(0)),
          right = getMultiple(op->getOperand(1));
  if (isa<arith::AddIOp>(op))
    return std::gcd(left, right);
  if (isa<arith::MulIOp>(op))
    return left * right;
  // By a constant.
  auto divisor = getConstantIntValue(op->getOperand(1));
  return divisor && *divisor > 0 && left % *divisor == 0 ? left / *divisor : 1;
}

namespace {
/// `base / divisor * scale + rest`, where the base is a multiple of the
/// divisor; without a base the rest.
struct Sum {
  Value base;
  int64_t divisor = 1, scale = 1, rest = 0;

  bool isMultipleOf(int64_t size) const {
    return !base || getMultiple(base) / divisor * scale % size == 0;
  }
};
} // namespace

/// `value` as such a sum, with as much as is known in the constants. None is
/// negative: these are indices.
static Sum getSum(Value value) {
  if (auto constant = getConstantIntValue(value))
    return {Value(), 1, 1, *constant};
  const Sum itself{value};
  Operation *op = value.getDefiningOp();
  auto by = op && op->getNumOperands() == 2
                ? getConstantIntValue(op->getOperand(1))
                : std::nullopt;
  if (!by || *by <= 0)
    return itself;
  Sum sum = getSum(op->getOperand(0));
  if (isa<arith::AddIOp>(op)) {
    sum.rest += *by;
    return sum;
  }
  if (isa<arith::MulIOp>(op)) {
    sum.scale *= *by, sum.rest *= *by;
    return sum;
  }
  if (!isa<arith::DivUIOp>(op) || !sum.isMultipleOf(*by))
    return itself;
  if (sum.scale % *by == 0)
    sum.scale /= *by;
  else if (sum.scale == 1)
    sum.divisor *= *by;
  else
    return itself;
  sum.rest /= *by;
  return sum;
}

namespace {
/// Emits reads of the records of an array.
class Reader {
public:
  Reader(OpBuilder &b, Location loc, ComponentOp component)
      : b(b), loc(loc), component(component),
        type(cast<RankedTensorType>(component.getResult().getType())),
        width(type.getElementTypeBitWidth() / 8) {}

  /// `count` elements of item `item` of panel `panel`, from `element` on.
  Value read(Value panel, Sum item, Value element, int64_t count);
  /// `count` whole items.
  Value readItems(Value panel, Sum item, int64_t count);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value x, int64_t y) {
    return y ? arith::AddIOp::create(b, loc, x, index(y)).getResult() : x;
  }
  Value mul(Value x, int64_t y) {
    return y == 1 ? x : arith::MulIOp::create(b, loc, x, index(y)).getResult();
  }
  Value divide(Value x, int64_t y) {
    return y == 1 ? x : arith::DivUIOp::create(b, loc, x, index(y)).getResult();
  }
  /// All but the constant, divided by `size`.
  Value emitBase(const Sum &sum, int64_t size) {
    return divide(mul(divide(sum.base, sum.divisor), sum.scale), size);
  }

  OpBuilder &b;
  Location loc;
  ComponentOp component;
  RankedTensorType type;
  /// Bytes of an element.
  int64_t width;
};
} // namespace

Value Reader::read(Value panel, Sum item, Value element, int64_t count) {
  int64_t items = component.getItems(), size = type.getDimSize(2) * width;
  Value record, byte;
  if (item.isMultipleOf(items)) {
    record = item.base ? add(emitBase(item, items), item.rest / items)
                       : index(item.rest / items);
    byte = index(component.getOffset() + item.rest % items * size);
  } else {
    Value place = add(emitBase(item, /*size=*/1), item.rest);
    record = divide(place, items);
    Value within = arith::RemUIOp::create(b, loc, place, index(items));
    byte = add(mul(within, size), component.getOffset());
  }
  byte = arith::AddIOp::create(b, loc, byte, mul(element, width));
  Value padding =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(b.getI8Type()));
  Value bytes = vector::TransferReadOp::create(
      b, loc, VectorType::get(count * width, b.getI8Type()),
      component.getRecords(), ValueRange{panel, record, byte},
      std::optional<Value>(padding), ArrayRef<bool>(true));
  auto vector = VectorType::get(count, type.getElementType());
  return bytes.getType() == vector
             ? bytes
             : vector::BitCastOp::create(b, loc, vector, bytes).getResult();
}

Value Reader::readItems(Value panel, Sum item, int64_t count) {
  int64_t items = component.getItems(), size = type.getDimSize(2);
  // They follow one another within a record.
  if (count == 1 ||
      (item.isMultipleOf(items) && item.rest % items + count <= items))
    return read(panel, item, index(0), count * size);
  auto vector = VectorType::get(count * size, type.getElementType());
  Value all = arith::ConstantOp::create(b, loc, b.getZeroAttr(vector));
  for (int64_t i = 0; i < count; ++i) {
    Value one = read(panel, item, index(0), size);
    all = vector::InsertStridedSliceOp::create(
        b, loc, one, all, ArrayRef<int64_t>{i * size}, ArrayRef<int64_t>{1});
    ++item.rest;
  }
  return all;
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {
struct ReadVector : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::TransferReadOp op,
                                PatternRewriter &rewriter) const override {
    auto component = op.getBase().getDefiningOp<ComponentOp>();
    if (!isRun(op) || !component)
      return failure();
    Reader reader(rewriter, op.getLoc(), component);
    ValueRange at = op.getIndices();
    rewriter.replaceOp(op, reader.read(at[0], getSum(at[1]), at[2],
                                       op.getVectorType().getNumElements()));
    return success();
  }

  /// Whether it reads elements that follow one another, and are all there.
  static bool isRun(vector::TransferReadOp op) {
    return op.getVectorType().getRank() == 1 && !op.getMask() &&
           op.getPermutationMap().isMinorIdentity() && op.isDimInBounds(0);
  }
};

/// Of a panel as one row.
struct ReadItems : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::TransferReadOp op,
                                PatternRewriter &rewriter) const override {
    auto rows = op.getBase().getDefiningOp<tensor::CollapseShapeOp>();
    auto component =
        rows ? rows.getSrc().getDefiningOp<ComponentOp>() : ComponentOp();
    if (!component || !ReadVector::isRun(op) ||
        rows.getReassociationIndices().back().size() != 2)
      return failure();
    int64_t size = rows.getSrcType().getDimSize(2);
    int64_t count = op.getVectorType().getNumElements();
    Sum item = getSum(op.getIndices()[1]);
    if (count % size || item.rest % size || (item.base && item.scale % size))
      return failure();
    item.scale /= size, item.rest /= size;
    Reader reader(rewriter, op.getLoc(), component);
    rewriter.replaceOp(
        op, reader.readItems(op.getIndices()[0], item, count / size));
    return success();
  }
};

struct ReadElement : OpRewritePattern<tensor::ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractOp op,
                                PatternRewriter &rewriter) const override {
    auto component = op.getTensor().getDefiningOp<ComponentOp>();
    if (!component)
      return failure();
    Reader reader(rewriter, op.getLoc(), component);
    ValueRange at = op.getIndices();
    Value one = reader.read(at[0], getSum(at[1]), at[2], /*count=*/1);
    rewriter.replaceOpWithNewOp<vector::ExtractOp>(op, one, 0);
    return success();
  }
};

struct ReadRecordsPass : mlir::zq::impl::ReadRecordsBase<ReadRecordsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ReadVector, ReadItems, ReadElement>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    WalkResult result = getOperation().walk([](ComponentOp component) {
      for (Operation *user : component->getUsers())
        return WalkResult(user->emitOpError(
            "reads what lies in records other than element by element, or in "
            "runs of neighbours"));
      component.erase();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
