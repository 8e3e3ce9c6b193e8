//===- Contractions.cpp - What the algebra asks of a contraction ----------===//
#include "zq/Dialect/ZQ/Transforms/Contractions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

bool mlir::zq::isSumOfProducts(linalg::LinalgOp op) {
  if (!linalg::isaContractionOpInterface(op) || op.getNumDpsInputs() != 2)
    return false;
  return llvm::all_of(op.getBlock()->without_terminator(), [](Operation &body) {
    return isa<arith::MulFOp, arith::AddFOp, arith::ExtFOp, arith::TruncFOp>(
        body);
  });
}

bool mlir::zq::isMultipliedAsF32(LinalgOp op, OpOperand *operand) {
  BlockArgument element = op.getMatchingBlockArgument(operand);
  return element.getType().isF32() ||
         llvm::all_of(element.getUsers(), [](Operation *user) {
           return isa<arith::ExtFOp>(user) &&
                  user->getResult(0).getType().isF32();
         });
}

void mlir::zq::multiplyAsF32(RewriterBase &b, LinalgOp op, OpOperand *operand) {
  BlockArgument element = op.getMatchingBlockArgument(operand);
  if (element.getType().isF32())
    return;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  Location loc = op.getLoc();
  Value source = operand->get();
  int64_t rank = cast<RankedTensorType>(source.getType()).getRank();
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, source), b.getF32Type());
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto wide = linalg::GenericOp::create(
      b, loc, empty.getType(), source, empty, maps, loops,
      [](OpBuilder &b, Location loc, ValueRange values) {
        Value extended =
            arith::ExtFOp::create(b, loc, b.getF32Type(), values[0]);
        linalg::YieldOp::create(b, loc, extended);
      });
  b.modifyOpInPlace(op, [&] {
    op->setOperand(operand->getOperandNumber(), wide.getResult(0));
    element.setType(b.getF32Type());
    for (Operation *user : llvm::make_early_inc_range(element.getUsers()))
      b.replaceOp(user, element);
  });
}

std::optional<int64_t> mlir::zq::getContractedAxis(linalg::LinalgOp op,
                                                   OpOperand *operand,
                                                   int64_t axis) {
  if (!isSumOfProducts(op) || !op.hasPureTensorSemantics() ||
      operand->getOperandNumber() > 1)
    return std::nullopt;
  OpOperand *other = op.getDpsInputOperand(1 - operand->getOperandNumber());
  auto otherType = dyn_cast<RankedTensorType>(other->get().getType());
  if (!otherType || !isMultipliedAsF32(op, other))
    return std::nullopt;
  auto loop = dyn_cast<AffineDimExpr>(
      op.getMatchingIndexingMap(operand).getResult(axis));
  if (!loop || op.getIteratorTypesArray()[loop.getPosition()] !=
                   utils::IteratorType::reduction)
    return std::nullopt;
  auto position = op.getMatchingIndexingMap(other).getResultPosition(loop);
  if (!position || otherType.isDynamicDim(*position))
    return std::nullopt;
  return *position;
}

bool mlir::zq::isOnlyContracted(Value value, int64_t axis) {
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto transpose = dyn_cast<linalg::TransposeOp>(user)) {
      ArrayRef<int64_t> order = transpose.getPermutation();
      return use.get() == transpose.getInput() &&
             use.get() != transpose.getInit() &&
             isOnlyContracted(transpose->getResult(0),
                              llvm::find(order, axis) - order.begin());
    }
    if (auto scatter = dyn_cast<ScatterOp>(user))
      return !scatter.getReplace() &&
             isOnlyContracted(scatter.getResult(), axis);
    if (isa<SumOp, ScaleOp>(user))
      return isOnlyContracted(user->getResult(0), axis);
    auto op = dyn_cast<LinalgOp>(user);
    return op && getContractedAxis(op, &use, axis);
  });
}

/// Whether `transform` may change places with `stage` above it in the codec of
/// a tensor of `shape`: one factor for all elements that it mixes.
static bool isAboveAllowed(StageAttrInterface stage, ArrayRef<int64_t> shape,
                           TransformAttrInterface transform) {
  auto factor = dyn_cast<FactorAttrInterface>(stage);
  if (!factor || factor.hasZeroPoint())
    return false;
  int64_t axis = transform.getTransformAxis(), length = shape[axis];
  int64_t shared = factor.getFactorBlock(shape.size())[axis];
  int64_t mixed = transform.getTransformBlock(length);
  return shared == 0 || shared >= length || shared % mixed == 0;
}

bool mlir::zq::canExchange(DecodeOp decode, size_t stage) {
  auto type = cast<CompressedTensorType>(decode.getSource().getType());
  ArrayRef<StageAttrInterface> stages = type.getCodec().getStages();
  auto transform = dyn_cast<TransformAttrInterface>(stages[stage]);
  if (!transform || !type.getElementType().isF32() || !decode.isWhole() ||
      !isOnlyContracted(decode.getResult(), transform.getTransformAxis()))
    return false;
  return llvm::all_of(stages.take_front(stage), [&](StageAttrInterface above) {
    return isAboveAllowed(above, type.getShape(), transform);
  });
}

bool mlir::zq::leavesBelowRowFactor(DecodeOp decode, CompressedTensorType type,
                                    int64_t lanes) {
  return decode.isWhole() &&
         isOnlyContracted(decode.getResult(), type.getRank() - 1) &&
         getBelowRowFactor(type, lanes);
}

Value mlir::zq::emptyLike(OpBuilder &b, Location loc, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  return tensor::EmptyOp::create(b, loc, tensor::getMixedSizes(b, loc, like),
                                 type.getElementType());
}

void mlir::zq::giveOwnDestination(RewriterBase &b,
                                  DestinationStyleOpInterface op) {
  OpOperand &init = *op.getDpsInitsMutable().begin();
  auto linalgOp = dyn_cast<LinalgOp>(op.getOperation());
  if (linalgOp && linalgOp.payloadUsesValueFromOperand(&init))
    return;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  Value own = emptyLike(b, op.getLoc(), init.get());
  b.modifyOpInPlace(op, [&] { init.set(own); });
}

Value mlir::zq::zerosLike(OpBuilder &b, Location loc, Value like) {
  Type element = getElementTypeOrSelf(like.getType());
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  return linalg::FillOp::create(b, loc, zero, emptyLike(b, loc, like))
      .getResult(0);
}

Value mlir::zq::cloneContraction(OpBuilder &b, linalg::LinalgOp op,
                                 OpOperand *operand, Value value, Value init) {
  SmallVector<Value> operands(op->getOperands());
  operands[operand->getOperandNumber()] = value;
  operands[op.getDpsInitOperand(0)->getOperandNumber()] = init;
  return clone(b, op, init.getType(), operands)->getResult(0);
}

Value mlir::zq::emitSumOfProducts(OpBuilder &b, Location loc, Value lhs,
                                  Value rhs, Value init,
                                  ArrayRef<AffineMap> maps,
                                  ArrayRef<utils::IteratorType> loops) {
  return linalg::GenericOp::create(
             b, loc, init.getType(), ValueRange{lhs, rhs}, init, maps, loops,
             [](OpBuilder &b, Location loc, ValueRange values) {
               Value term = arith::MulFOp::create(b, loc, values[0], values[1]);
               Value sum = arith::AddFOp::create(b, loc, values[2], term);
               linalg::YieldOp::create(b, loc, sum);
             })
      .getResult(0);
}

Value mlir::zq::emitAdd(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  return linalg::AddOp::create(b, loc, ValueRange{lhs, rhs},
                               emptyLike(b, loc, lhs))
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Products with a matrix
//===----------------------------------------------------------------------===//

/// Reassociation of a tensor of `rank` to a matrix.
static SmallVector<ReassociationIndices> getMatrixDims(int64_t rank) {
  SmallVector<ReassociationIndices> dims(2);
  for (int64_t i = 0; i < rank; ++i)
    dims[rank == 1 ? 1 : i == rank - 1].push_back(i);
  if (rank == 1)
    dims = {{0, 1}};
  return dims;
}

Value mlir::zq::toMatrix(OpBuilder &b, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 2)
    return value;
  SmallVector<ReassociationIndices> dims = getMatrixDims(type.getRank());
  if (type.getRank() > 2)
    return tensor::CollapseShapeOp::create(b, loc, value, dims);
  return tensor::ExpandShapeOp::create(
      b, loc,
      RankedTensorType::get({1, type.getDimSize(0)}, type.getElementType()),
      value, dims);
}

Value mlir::zq::fromMatrix(OpBuilder &b, Location loc, Value matrix,
                           Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  if (type.getRank() == 2)
    return matrix;
  SmallVector<ReassociationIndices> dims = getMatrixDims(type.getRank());
  if (type.getRank() < 2)
    return tensor::CollapseShapeOp::create(b, loc, type, matrix, dims);
  return tensor::ExpandShapeOp::create(b, loc, type, matrix, dims,
                                       tensor::getMixedSizes(b, loc, like));
}

std::optional<SmallVector<unsigned>> mlir::zq::getPermutedLoops(AffineMap map) {
  SmallVector<unsigned> loops;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || llvm::is_contained(loops, dim.getPosition()))
      return std::nullopt;
    loops.push_back(dim.getPosition());
  }
  return loops;
}

/// As `matchProduct`, with any matrix, or only with what a decode yields.
static std::optional<Product> matchMatrix(LinalgOp op, bool isCompressed) {
  if (!isSumOfProducts(op) || !op.hasPureTensorSemantics())
    return std::nullopt;
  // One over nothing leaves its destination as it is, which tiling sees to.
  if (llvm::is_contained(op.getStaticLoopRanges(), 0))
    return std::nullopt;
  for (unsigned i : {0u, 1u}) {
    OpOperand *weight = op.getDpsInputOperand(i);
    OpOperand *other = op.getDpsInputOperand(1 - i);
    auto decode = weight->get().getDefiningOp<DecodeOp>();
    bool isWhole = decode && decode.isWhole();
    if (isCompressed && !isWhole)
      continue;
    auto rows = getPermutedLoops(op.getMatchingIndexingMap(weight));
    auto left = getPermutedLoops(op.getMatchingIndexingMap(other));
    auto result =
        getPermutedLoops(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
    if (!rows || !left || !result || rows->size() != 2 || left->empty() ||
        result->empty() || op.getNumLoops() != left->size() + 1)
      continue;
    // All but the last loop are the result's, in one order.
    if (left->back() != (*rows)[1] || result->back() != (*rows)[0] ||
        !llvm::equal(ArrayRef(*left).drop_back(),
                     ArrayRef(*result).drop_back()))
      continue;
    return Product{op, isWhole ? decode : DecodeOp(), weight->get(),
                   other->get(), op.getDpsInits().front()};
  }
  return std::nullopt;
}

std::optional<Product> mlir::zq::matchProduct(LinalgOp op) {
  return matchMatrix(op, /*isCompressed=*/true);
}

std::optional<Product> mlir::zq::matchDenseProduct(LinalgOp op) {
  return matchMatrix(op, /*isCompressed=*/false);
}

double mlir::zq::getAccuracy(Operation *op, double otherwise) {
  auto own = op->getAttrOfType<FloatAttr>("zq.accuracy");
  return own ? own.getValueAsDouble() : otherwise;
}

LogicalResult mlir::zq::allowDots(RewriterBase &b, LinalgOp op) {
  if (!isa<linalg::GenericOp>(op)) {
    b.setInsertionPoint(op);
    auto generic = linalg::generalizeNamedOp(b, op);
    if (failed(generic))
      return failure();
    op = *generic;
  }
  auto flags =
      arith::FastMathFlagsAttr::get(op.getContext(), arith::FastMathFlags::afn);
  for (auto mul : op.getBlock()->getOps<arith::MulFOp>())
    mul.setFastmathAttr(flags);
  return success();
}

bool mlir::zq::allowsDots(LinalgOp op) {
  return llvm::any_of(
      op.getBlock()->getOps<arith::MulFOp>(), [](arith::MulFOp mul) {
        return bitEnumContainsAll(mul.getFastmath(), arith::FastMathFlags::afn);
      });
}

void mlir::zq::forbidDots(LinalgOp op) {
  for (auto mul : op.getBlock()->getOps<arith::MulFOp>())
    mul.setFastmathAttr(arith::FastMathFlagsAttr::get(
        op.getContext(), mul.getFastmath() & ~arith::FastMathFlags::afn));
}

bool mlir::zq::isInDomain(Operation *op) {
  return isa_and_nonnull<ContractOp, ContractRowsOp>(op);
}

int64_t mlir::zq::getPanelsPerTask(int64_t panels) {
  int64_t task = std::clamp<int64_t>(panels, 1, 4);
  while (panels % task)
    --task;
  return task;
}

/// Blocks of rows of the activation whose sums one task keeps: with more, a
/// weight is decoded once for each so many.
static constexpr int64_t roundBlocks = 16;

/// Bytes of sums of a task, in the second cache beside a block of columns of
/// the activation.
static constexpr int64_t sumBytes = 1 << 20;

/// Tasks that there are at least, where the weight has as many blocks, so that
/// all threads have some.
static constexpr int64_t leastTasks = 16;

TileTask mlir::zq::getTileTask(int64_t height, int64_t width) {
  int64_t round =
      std::min<int64_t>(llvm::divideCeil(height, tileRows), roundBlocks);
  int64_t sums = sizeof(float) * tileRows * tileRows;
  int64_t blocks = llvm::divideCeil(width, tileRows);
  int64_t most = std::clamp<int64_t>(
      blocks / leastTasks, 1, sumBytes / (std::max<int64_t>(round, 1) * sums));
  // Tasks of one size, if they are not much smaller.
  int64_t task = most;
  while (task > most / 2 && blocks % task)
    --task;
  return {round * tileRows, (blocks % task ? most : task) * tileRows};
}

bool mlir::zq::dependsOnAllLoops(linalg::LinalgOp op, OpOperand *operand,
                                 ArrayRef<int64_t> ranges) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  for (auto [dim, range] : llvm::enumerate(ranges))
    if (range != 1 && !map.isFunctionOfDim(dim))
      return false;
  return true;
}
