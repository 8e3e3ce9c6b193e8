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

/// The bound where the rotation of one factor moves to the other, along an axis
/// that is contracted (Transform.cpp): what is contracted then are the one as
/// it was before and the other one as it is rotated, and what the transform
/// computes has no more magnitude than it shows. Nothing where there is no such
/// factor.
static FailureOr<std::optional<BoundedTensor>>
evaluateRotated(LinalgOp op, SmallVector<TensorRef> operands,
                ArrayRef<int64_t> loops, const SumOfParts &parts,
                const Environment &environment) {
  if (op.getNumDpsInputs() != 2)
    return std::optional<BoundedTensor>();
  for (unsigned i : {0u, 1u}) {
    OpOperand *operand = op.getDpsInputOperand(i),
              *other = op.getDpsInputOperand(1 - i);
    auto rotated = environment.get(operand->get()).rotated;
    if (!rotated)
      continue;
    AffineExpr loop =
        op.getMatchingIndexingMap(operand).getResult(rotated->axis);
    auto axis = op.getMatchingIndexingMap(other).getResultPosition(loop);
    auto dim = dyn_cast<AffineDimExpr>(loop);
    if (!axis || !dim ||
        op.getIteratorTypesArray()[dim.getPosition()] !=
            utils::IteratorType::reduction)
      continue;
    auto strip = [](const BoundedTensor &tensor) {
      BoundedTensor plain = tensor;
      plain.magnitudes.clear();
      return std::make_shared<BoundedTensor>(std::move(plain));
    };
    // As it was decoded, and contracted with.
    SmallVector<TensorRef> direct(operands);
    direct[i] = strip(*operands[i]);
    auto result = evaluateContraction(op, direct, loops, parts);
    if (!result)
      return std::optional<BoundedTensor>();
    bool isPlain = operands[1 - i]->magnitudes.empty();
    auto moved = std::make_shared<BoundedTensor>(*operands[1 - i]);
    auto along =
        cast<TransformAttrInterface>(rotated->transform).getAlongAxis(*axis);
    if (failed(applyTransform(op, along, rotated->parts, /*inverse=*/false,
                              *moved)))
      return failure();
    operands[i] = rotated->source;
    operands[1 - i] = isPlain ? TensorRef(strip(*moved)) : moved;
    auto across = evaluateContraction(op, operands, loops, parts);
    for (int64_t j = 0, n = result->size(); j < n; ++j) {
      Scalar a = getElement(*result, j), b = getElement(*across, j);
      // Either way, and the two exact values are one up to double's rounding.
      setElement(*result, j,
                 {a.value, std::max(a.error, b.error),
                  std::max(a.magnitude, b.magnitude)});
    }
    return result;
  }
  return std::optional<BoundedTensor>();
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
