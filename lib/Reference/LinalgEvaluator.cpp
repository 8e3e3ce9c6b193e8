//===- LinalgEvaluator.cpp - Structured operations in general -------------===//
#include "LinalgEvaluator.h"
#include "Interpreter.h"
#include "ScalarProgram.h"
#include "Transform.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;
using linalg::LinalgOp;

/// The scales of a stored factor that may leave a sum: each is one rounding in
/// the factor as it is decoded, and another one on the sum. This is for four,
/// of which no codec has more on its way.
static constexpr int64_t roundingsOfScales = 8;

SumOfParts SumOfParts::of(LinalgOp op, const Environment &environment) {
  SumOfParts result;
  result.terms = getTerms(op, environment);
  // Where nothing is exact, bf16 may be multiplied by dots.
  bool areBF16 = llvm::all_of(op.getDpsInputs(), [](Value input) {
    return getElementTypeOrSelf(input.getType()).isBF16();
  });
  if (areBF16 && environment.accuracy > 0)
    result.leastNormal = std::numeric_limits<float>::min();
  for (Value input : op.getDpsInputs())
    if (std::optional<int64_t> parts = environment.get(input).parts;
        parts && *parts > 0) {
      result.perTerm *= *parts;
      result.roundings = roundingsOfScales;
      result.accuracy = environment.accuracy;
    }
  return result;
}

/// AffineMap::compose makes an attribute of every number; this does not.
static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> dims) {
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    return cast<AffineConstantExpr>(expr).getValue();
  case AffineExprKind::DimId:
    return dims[cast<AffineDimExpr>(expr).getPosition()];
  case AffineExprKind::SymbolId:
    llvm_unreachable("indexing maps have no symbols");
  default:
    break;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t a = evaluate(binary.getLHS(), dims);
  int64_t b = evaluate(binary.getRHS(), dims);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return a + b;
  case AffineExprKind::Mul:
    return a * b;
  case AffineExprKind::Mod:
    return llvm::mod(a, b);
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(a, b);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(a, b);
  default:
    llvm_unreachable("unknown affine expression");
  }
}

/// The sizes of the iteration space. Fails where operands disagree.
static FailureOr<SmallVector<int64_t>> getLoops(LinalgOp op,
                                                ArrayRef<TensorRef> operands) {
  SmallVector<int64_t> sizes;
  for (const TensorRef &operand : operands)
    llvm::append_range(sizes, operand->shape);
  AffineMap shapesToLoops = op.getShapesToLoopsMap();
  SmallVector<int64_t> loops;
  for (AffineExpr expr : shapesToLoops.getResults())
    loops.push_back(evaluate(expr, sizes));
  for (auto [map, operand] : llvm::zip(op.getIndexingMapsArray(), operands))
    for (auto [expr, size] : llvm::zip(map.getResults(), operand->shape))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (loops[dim.getPosition()] != size)
          return op.emitError()
                 << "'" << op->getName() << "' has operands of sizes "
                 << loops[dim.getPosition()] << " and " << size
                 << " along its loop " << dim.getPosition();
  return loops;
}

/// The term that an iteration adds to the result number `index`, which is a sum
/// over some loops; null where the result is no sum.
static Value getSummand(LinalgOp op, unsigned index) {
  if (op.getNumReductionLoops() == 0)
    return nullptr;
  BlockArgument accumulator =
      op.getMatchingBlockArgument(op.getDpsInitOperand(index));
  Value yielded = op.getBlock()->getTerminator()->getOperand(index);
  auto sum = yielded.getDefiningOp<arith::AddFOp>();
  if (!sum || !accumulator.hasOneUse())
    return nullptr;
  if (sum.getLhs() == accumulator)
    return sum.getRhs();
  return sum.getRhs() == accumulator ? sum.getLhs() : nullptr;
}

namespace {
/// A result while the loops run.
struct Output {
  BoundedTensor tensor;
  AffineMap map;
  unsigned argument;
  unsigned yielded;
  /// Set for a sum.
  bool isSum = false;
  unsigned summand = 0;
  std::vector<Sum> sums;
};
} // namespace

/// An element's row-major position; -1 outside.
static int64_t getPosition(AffineMap map, ArrayRef<int64_t> shape,
                           ArrayRef<int64_t> point) {
  int64_t position = 0;
  for (auto [expr, size] : llvm::zip(map.getResults(), shape)) {
    int64_t index = evaluate(expr, point);
    if (index < 0 || index >= size)
      return -1;
    position = position * size + index;
  }
  return position;
}

static LogicalResult runLoops(LinalgOp op, const ScalarProgram &program,
                              ArrayRef<TensorRef> operands,
                              ArrayRef<int64_t> loops, int64_t perTerm,
                              MutableArrayRef<Output> outputs) {
  if (llvm::is_contained(loops, 0))
    return success();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  struct Input {
    const BoundedTensor &tensor;
    AffineMap map;
    unsigned slot;
  };
  SmallVector<Input> inputs;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    unsigned number = operand->getOperandNumber();
    inputs.push_back({*operands[number], maps[number],
                      program.getSlot(op.getMatchingBlockArgument(operand))});
  }

  std::vector<Scalar> frame = program.makeFrame();
  SmallVector<int64_t> point(loops.size(), 0);
  SmallVector<int64_t> positions(outputs.size());
  auto outside = [&] {
    return op.emitError() << "'" << op->getName()
                          << "' reads or writes outside of an operand";
  };
  do {
    for (const Input &input : inputs) {
      int64_t position = getPosition(input.map, input.tensor.shape, point);
      if (position < 0)
        return outside();
      frame[input.slot] = getElement(input.tensor, position);
    }
    for (auto [output, position] : llvm::zip(outputs, positions)) {
      position = getPosition(output.map, output.tensor.shape, point);
      if (position < 0)
        return outside();
      if (!output.isSum)
        frame[output.argument] = getElement(output.tensor, position);
    }
    program.run(frame, point);
    for (auto [output, position] : llvm::zip(outputs, positions)) {
      if (output.isSum)
        output.sums[position].add(frame[output.summand], perTerm);
      else
        setElement(output.tensor, position, frame[output.yielded]);
    }
  } while (advancePoint(point, loops));
  return success();
}

namespace {
/// Where a contraction may take the rotations of one factor that was rotated
/// back: those of axes that are contracted move to the other factor, those of
/// axes that the result has to the result.
struct MovableRotations {
  struct Moved {
    const RotatedBack::Rotation *rotation;
    bool isContracted;
    /// Of the other factor, or of the result.
    int64_t axis;
  };
  unsigned factor;
  TensorRef source;
  SmallVector<Moved> rotations;

  bool has(bool contracted) const {
    return llvm::any_of(rotations, [&](const Moved &moved) {
      return moved.isContracted == contracted;
    });
  }
};
} // namespace

/// What the rotations of input `factor` may become; nothing where one of them
/// has to stay.
static std::optional<MovableRotations>
getMovableRotations(LinalgOp op, unsigned factor,
                    const Environment &environment) {
  OpOperand *operand = op.getDpsInputOperand(factor);
  auto rotated = environment.get(operand->get()).rotated;
  if (!rotated)
    return std::nullopt;
  AffineMap other =
      op.getMatchingIndexingMap(op.getDpsInputOperand(1 - factor));
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  MovableRotations movable{factor, rotated->source, {}};
  for (const RotatedBack::Rotation &rotation : rotated->rotations) {
    AffineExpr loop =
        op.getMatchingIndexingMap(operand).getResult(rotation.axis);
    auto dim = dyn_cast<AffineDimExpr>(loop);
    if (!dim)
      return std::nullopt;
    bool isContracted = op.getIteratorTypesArray()[dim.getPosition()] ==
                        utils::IteratorType::reduction;
    auto axis = (isContracted ? other : result).getResultPosition(loop);
    if (!axis || (!isContracted && other.isFunctionOfDim(dim.getPosition())))
      return std::nullopt;
    movable.rotations.push_back({&rotation, isContracted, int64_t(*axis)});
  }
  return movable;
}

static void strip(BoundedTensor &tensor) { tensor.magnitudes.clear(); }

static bool isZero(const BoundedTensor &tensor) {
  auto zero = [](double value) { return value == 0; };
  return llvm::all_of(tensor.values, zero) && llvm::all_of(tensor.errors, zero);
}

/// The bound where the rotations of contracted axes, those of the result's,
/// both or none move. Fails where one has no double version; nothing where the
/// op is no contraction.
static FailureOr<std::optional<BoundedTensor>>
evaluateMoved(LinalgOp op, SmallVector<TensorRef> operands,
              ArrayRef<int64_t> loops, const SumOfParts &parts,
              const MovableRotations &movable, bool movesContracted,
              bool movesFree) {
  auto moves = [&](const MovableRotations::Moved &moved) {
    return moved.isContracted ? movesContracted : movesFree;
  };
  auto along = [](const MovableRotations::Moved &moved) {
    return cast<TransformAttrInterface>(moved.rotation->transform)
        .getAlongAxis(moved.axis);
  };
  // What stays is computed, so that nothing is left of what it was made of.
  BoundedTensor weight = *movable.source;
  for (const MovableRotations::Moved &moved : movable.rotations) {
    if (moves(moved))
      continue;
    if (failed(applyTransform(op, moved.rotation->transform,
                              moved.rotation->parts, /*inverse=*/true, weight)))
      return failure();
    strip(weight);
  }
  BoundedTensor other = *operands[1 - movable.factor];
  bool isPlain = other.magnitudes.empty();
  for (const MovableRotations::Moved &moved :
       llvm::reverse(movable.rotations)) {
    if (!moved.isContracted || !moves(moved))
      continue;
    if (failed(applyTransform(op, along(moved), moved.rotation->parts,
                              /*inverse=*/false, other)))
      return failure();
    if (isPlain)
      strip(other);
  }
  operands[movable.factor] =
      std::make_shared<const BoundedTensor>(std::move(weight));
  operands[1 - movable.factor] =
      std::make_shared<const BoundedTensor>(std::move(other));
  auto result = evaluateContraction(op, operands, loops, parts);
  if (!result)
    return result;
  for (const MovableRotations::Moved &moved : movable.rotations)
    if (!moved.isContracted && moves(moved) &&
        failed(applyTransform(op, along(moved), moved.rotation->parts,
                              /*inverse=*/true, *result)))
      return failure();
  return result;
}

/// The bound where a factor was rotated back, and the compiler may move the
/// rotations (Transform.cpp). Nothing where there is no such factor.
static FailureOr<std::optional<BoundedTensor>>
evaluateRotated(LinalgOp op, const SmallVector<TensorRef> &operands,
                ArrayRef<int64_t> loops, const SumOfParts &parts,
                const Environment &environment) {
  std::optional<BoundedTensor> result;
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return result;
  auto movable = getMovableRotations(op, 0, environment);
  if (!movable)
    movable = getMovableRotations(op, 1, environment);
  // A result is rotated before anything is added to it.
  if (!movable ||
      (movable->has(/*contracted=*/false) &&
       !isZero(*operands[op.getDpsInitOperand(0)->getOperandNumber()])))
    return result;
  for (bool movesContracted : {false, true})
    for (bool movesFree : {false, true}) {
      if ((movesContracted && !movable->has(/*contracted=*/true)) ||
          (movesFree && !movable->has(/*contracted=*/false)))
        continue;
      auto moved = evaluateMoved(op, operands, loops, parts, *movable,
                                 movesContracted, movesFree);
      if (failed(moved) || !*moved)
        return moved;
      if (!result) {
        result = std::move(**moved);
        continue;
      }
      for (int64_t j = 0, n = result->size(); j < n; ++j) {
        Scalar a = getElement(*result, j), b = getElement(**moved, j);
        // Either way, and the exact values are one up to double's rounding.
        setElement(*result, j,
                   {a.value, std::max(a.error, b.error),
                    std::max(a.magnitude, b.magnitude)});
      }
    }
  return result;
}

LogicalResult mlir::zq::reference::evaluateLinalg(LinalgOp op,
                                                  Environment &environment) {
  if (!op.hasPureTensorSemantics())
    return op.emitError() << "the reference evaluator takes '" << op->getName()
                          << "' on tensors only";
  SmallVector<TensorRef> operands;
  for (Value value : op->getOperands().take_front(op.getNumDpsInputs() +
                                                  op.getNumDpsInits())) {
    const RuntimeValue &runtime = environment.get(value);
    if (auto *scalar = std::get_if<Scalar>(&runtime)) {
      BoundedTensor tensor = makeTensor({});
      setElement(tensor, 0, *scalar);
      operands.push_back(
          std::make_shared<const BoundedTensor>(std::move(tensor)));
    } else {
      operands.push_back(std::get<TensorRef>(runtime));
    }
  }
  FailureOr<SmallVector<int64_t>> loops = getLoops(op, operands);
  if (failed(loops))
    return failure();
  SumOfParts parts = SumOfParts::of(op, environment);
  auto rotated = evaluateRotated(op, operands, *loops, parts, environment);
  if (failed(rotated))
    return failure();
  if (*rotated) {
    environment.bind(op->getResult(0), std::move(**rotated));
    return success();
  }
  if (std::optional<BoundedTensor> result =
          evaluateContraction(op, operands, *loops, parts)) {
    environment.bind(op->getResult(0), std::move(*result));
    return success();
  }

  FailureOr<ScalarProgram> program =
      ScalarProgram::compile(*op.getBlock(), environment, parts.terms);
  if (failed(program))
    return failure();
  SmallVector<Output> outputs;
  for (unsigned i = 0, n = op.getNumDpsInits(); i < n; ++i) {
    OpOperand *init = op.getDpsInitOperand(i);
    Output output;
    output.tensor = *operands[init->getOperandNumber()];
    output.map = op.getMatchingIndexingMap(init);
    output.argument = program->getSlot(op.getMatchingBlockArgument(init));
    output.yielded =
        program->getSlot(op.getBlock()->getTerminator()->getOperand(i));
    if (Value summand = getSummand(op, i)) {
      output.isSum = true;
      output.summand = program->getSlot(summand);
      output.sums.resize(output.tensor.size());
      for (int64_t j = 0, e = output.tensor.size(); j < e; ++j) {
        output.sums[j].add(getElement(output.tensor, j));
        output.sums[j].addRoundings(parts.roundings);
      }
    }
    outputs.push_back(std::move(output));
  }
  if (failed(runLoops(op, *program, operands, *loops, parts.perTerm, outputs)))
    return failure();
  for (auto [output, result] : llvm::zip(outputs, op->getResults())) {
    if (output.isSum) {
      Rounding rounding = Rounding::of(result.getType());
      output.tensor = makeTensor(output.tensor.shape);
      for (auto [i, sum] : llvm::enumerate(output.sums))
        setElement(output.tensor, i, sum.finish(rounding, parts.terms));
    }
    environment.bind(result, std::move(output.tensor));
  }
  return success();
}
