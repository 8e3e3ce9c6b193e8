//===- Rotations.cpp - What the algebra asks of rotations -----------------===//
#include "Rotations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

Rotation Rotation::of(RotateOp op) {
  return {op.getTransformInterface(), op.getParts(), op.getInverse()};
}

bool Rotation::isSame(RotateOp op) const {
  auto along = [](TransformAttrInterface map) { return map.getAlongAxis(0); };
  return op.getInverse() == inverse && op.getParts() == parts &&
         along(op.getTransformInterface()) == along(transform);
}

Value Rotation::apply(OpBuilder &b, Location loc, Value source,
                      int64_t axis) const {
  return RotateOp::create(b, loc, source.getType(), source,
                          transform.getAlongAxis(axis), parts, inverse,
                          emptyLike(b, loc, source));
}

RotateOp mlir::zq::getRotation(Value value, int64_t axis,
                               const Rotation &wanted) {
  auto op = value.getDefiningOp<RotateOp>();
  return op && op.getAxis() == axis && wanted.isSame(op) ? op : RotateOp();
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

/// Whether `value` is the constant 2.
static bool isTwo(Value value) {
  APFloat number(0.0);
  if (matchPattern(value, m_ConstantFloat(&number)))
    return number.isExactlyValue(2.0);
  APInt integer;
  return matchPattern(value, m_ConstantInt(&integer)) && integer == 2;
}

/// What an operation makes of operands of these kinds.
static LineMap combine(Operation &op, ArrayRef<LineMap> kinds) {
  if (llvm::all_of(kinds, [](LineMap kind) { return kind == LineMap::Shared; }))
    return isMemoryEffectFree(&op) && op.getNumRegions() == 0 ? LineMap::Shared
                                                              : LineMap::Other;
  bool isLinear = kinds[0] == LineMap::Linear;
  if (isa<arith::NegFOp>(op))
    return kinds[0];
  if (isa<arith::AddFOp, arith::SubFOp>(op))
    return kinds[0] == kinds[1] ? kinds[0] : LineMap::Other;
  if (isa<arith::DivFOp>(op))
    return kinds[1] == LineMap::Shared ? kinds[0] : LineMap::Other;
  if (isa<arith::MulFOp>(op)) {
    if (kinds[0] == LineMap::Shared)
      return kinds[1];
    if (kinds[1] == LineMap::Shared)
      return kinds[0];
    return isLinear && kinds[1] == LineMap::Linear ? LineMap::Quadratic
                                                   : LineMap::Other;
  }
  return isa<math::PowFOp, math::FPowIOp>(op) && isLinear &&
                 isTwo(op.getOperand(1))
             ? LineMap::Quadratic
             : LineMap::Other;
}

/// What `op` yields, or the term of the sum that it yields; null for another
/// reduction.
static Value getYielded(LinalgOp op) {
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  if (op.getNumReductionLoops() == 0)
    return yielded;
  auto sum = yielded.getDefiningOp<arith::AddFOp>();
  BlockArgument before = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  if (!sum || !before.hasOneUse())
    return nullptr;
  if (sum.getLhs() == before)
    return sum.getRhs();
  return sum.getRhs() == before ? sum.getLhs() : nullptr;
}

LineMap mlir::zq::getLineMap(LinalgOp op, unsigned loop, Operation **reason) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1)
    return LineMap::Other;
  Value yielded = getYielded(op);
  if (!yielded)
    return LineMap::Other;
  Block &body = *op.getBlock();
  llvm::DenseMap<Value, LineMap> kinds;
  // What the destination holds is not looked at; a sum is added to it.
  for (OpOperand &operand : op->getOpOperands())
    kinds[op.getMatchingBlockArgument(&operand)] =
        op.isDpsInit(&operand) ? LineMap::Other
        : op.getMatchingIndexingMap(&operand).isFunctionOfDim(loop)
            ? LineMap::Linear
            : LineMap::Shared;
  auto kindOf = [&](Value value) {
    auto found = kinds.find(value);
    return found == kinds.end() ? LineMap::Shared : found->second;
  };
  for (Operation &nested : body.without_terminator()) {
    SmallVector<LineMap> operands =
        llvm::map_to_vector(nested.getOperands(), kindOf);
    auto index = dyn_cast<linalg::IndexOp>(nested);
    LineMap kind = index && index.getDim() == loop ? LineMap::Other
                                                   : combine(nested, operands);
    bool isFirst =
        kind == LineMap::Other && !llvm::is_contained(operands, LineMap::Other);
    if (isFirst && reason && !*reason)
      *reason = &nested;
    for (Value result : nested.getResults())
      kinds[result] = kind;
  }
  return kindOf(yielded);
}

//===----------------------------------------------------------------------===//
// Lines of operands
//===----------------------------------------------------------------------===//

std::optional<unsigned> mlir::zq::getLoop(LinalgOp op, OpOperand *operand,
                                          int64_t axis) {
  auto loop = dyn_cast<AffineDimExpr>(
      op.getMatchingIndexingMap(operand).getResult(axis));
  if (!loop)
    return std::nullopt;
  return loop.getPosition();
}

SmallVector<std::pair<OpOperand *, int64_t>>
mlir::zq::getLineInputs(LinalgOp op, unsigned loop) {
  SmallVector<std::pair<OpOperand *, int64_t>> inputs;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (auto axis =
            map.getResultPosition(getAffineDimExpr(loop, op->getContext())))
      inputs.push_back({input, *axis});
  }
  return inputs;
}

/// Whether each operand has the elements of `loop` in order along one of its
/// dimensions, or not at all, all of f32.
static bool hasPlainLines(LinalgOp op, unsigned loop) {
  int64_t length = op.getStaticLoopRanges()[loop];
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!map.isFunctionOfDim(loop))
      return true;
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    auto axis = map.getResultPosition(getAffineDimExpr(loop, op->getContext()));
    return type && type.getElementType().isF32() && axis &&
           map.isProjectedPermutation() && !type.isDynamicDim(*axis) &&
           type.getDimSize(*axis) == length;
  });
}

std::optional<int64_t> mlir::zq::getLinearResult(LinalgOp op, unsigned loop) {
  if (op.getNumParallelLoops() != op.getNumLoops() || !hasPlainLines(op, loop))
    return std::nullopt;
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result.isPermutation() || getLineMap(op, loop) != LineMap::Linear)
    return std::nullopt;
  return *result.getResultPosition(getAffineDimExpr(loop, op->getContext()));
}

//===----------------------------------------------------------------------===//
// Lines past reshapes
//===----------------------------------------------------------------------===//

/// The dimensions of `groups` that those of `dims` become.
static LineDims cut(ArrayRef<ReassociationIndices> groups,
                    ArrayRef<int64_t> dims) {
  LineDims result;
  for (int64_t dim : dims)
    llvm::append_range(result, groups[dim]);
  return result;
}

/// The groups that `dims` are, one after the other.
static std::optional<LineDims> join(ArrayRef<ReassociationIndices> groups,
                                    ArrayRef<int64_t> dims) {
  LineDims result;
  while (!dims.empty()) {
    const auto *group = llvm::find_if(
        groups, [&](auto &group) { return group.front() == dims.front(); });
    if (group == groups.end() || dims.size() < group->size() ||
        dims.take_front(group->size()) != ArrayRef<int64_t>(*group))
      return std::nullopt;
    result.push_back(group - groups.begin());
    dims = dims.drop_front(group->size());
  }
  return result;
}

std::optional<LineDims> mlir::zq::getLineAfter(Operation *op,
                                               ArrayRef<int64_t> dims) {
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    if (!transpose.hasPureTensorSemantics())
      return std::nullopt;
    ArrayRef<int64_t> order = transpose.getPermutation();
    return llvm::map_to_vector(dims, [&](int64_t dim) -> int64_t {
      return llvm::find(order, dim) - order.begin();
    });
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return cut(expand.getReassociationIndices(), dims);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return join(collapse.getReassociationIndices(), dims);
  return std::nullopt;
}

std::optional<LineDims> mlir::zq::getLineBefore(Operation *op,
                                                ArrayRef<int64_t> dims) {
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    if (!transpose.hasPureTensorSemantics())
      return std::nullopt;
    return llvm::map_to_vector(
        dims, [&](int64_t dim) { return transpose.getPermutation()[dim]; });
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return join(expand.getReassociationIndices(), dims);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return cut(collapse.getReassociationIndices(), dims);
  return std::nullopt;
}

unsigned mlir::zq::countMixed(const Rotation &rotation, RankedTensorType type,
                              ArrayRef<int64_t> dims) {
  int64_t length = 1, run = 1;
  for (int64_t dim : dims)
    length *= type.getDimSize(dim);
  int64_t block = rotation.transform.getTransformBlock(length);
  unsigned count = 0;
  for (int64_t dim : llvm::reverse(dims)) {
    ++count;
    run *= type.getDimSize(dim);
    if (run % block == 0)
      break;
  }
  return count;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

double mlir::zq::estimateElements(Value tensor) {
  static constexpr double sizeOfDynamic = 64;
  double elements = 1;
  for (int64_t size : cast<RankedTensorType>(tensor.getType()).getShape())
    elements *= ShapedType::isDynamic(size) ? sizeOfDynamic : double(size);
  return elements;
}

bool mlir::zq::isDecoded(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto rotation = dyn_cast_or_null<RotateOp>(op))
    return isDecoded(rotation.getSource());
  return isa_and_nonnull<DecodeOp, SumOp, ScaleOp, ScatterOp, ProductOp>(op);
}

bool mlir::zq::isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
  return matchPattern(value, m_AnyZeroFloat());
}
