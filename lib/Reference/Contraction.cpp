//===- Contraction.cpp - Sums of products at speed ------------------------===//
#include "LinalgEvaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;
using linalg::LinalgOp;

namespace {
/// What the body of a sum of products does.
struct Body {
  /// Numbers of the factors' operands.
  unsigned lhs, rhs;
  Rounding product, sum;
};

/// A factor with the reduction loops innermost, so that products run over
/// consecutive elements.
struct Factor {
  std::vector<double> values, errors, reaches;
  bool isExact = true;
  /// Per loop; the element distance in the arrays above, 0 for loops that the
  /// factor does not depend on and for reductions.
  SmallVector<int64_t> strides;
};
} // namespace

/// The input that `value` is, perhaps widened.
static std::optional<unsigned> getInput(LinalgOp op, Value value) {
  while (auto cast = value.getDefiningOp<arith::ExtFOp>())
    value = cast.getIn();
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBlock() ||
      argument.getArgNumber() >= op.getNumDpsInputs())
    return std::nullopt;
  return argument.getArgNumber();
}

static std::optional<Body> matchBody(LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return std::nullopt;
  BlockArgument accumulator =
      op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  auto sum = op.getBlock()
                 ->getTerminator()
                 ->getOperand(0)
                 .getDefiningOp<arith::AddFOp>();
  if (!sum || !accumulator.hasOneUse())
    return std::nullopt;
  Value term = sum.getLhs() == accumulator   ? sum.getRhs()
               : sum.getRhs() == accumulator ? sum.getLhs()
                                             : nullptr;
  if (!term)
    return std::nullopt;
  auto product = term.getDefiningOp<arith::MulFOp>();
  if (!product)
    return std::nullopt;
  std::optional<unsigned> lhs = getInput(op, product.getLhs());
  std::optional<unsigned> rhs = getInput(op, product.getRhs());
  if (!lhs || !rhs)
    return std::nullopt;
  return Body{*lhs, *rhs, Rounding::of(product.getType()),
              Rounding::of(sum.getType())};
}

/// Whether `map` picks every reduction loop (or none, for the result).
static bool hasReductions(AffineMap map, ArrayRef<unsigned> reductions,
                          bool wanted) {
  if (!map.isProjectedPermutation())
    return false;
  return llvm::all_of(reductions, [&](unsigned loop) {
    return map.isFunctionOfDim(loop) == wanted;
  });
}

static Factor pack(const BoundedTensor &tensor, AffineMap map,
                   ArrayRef<int64_t> loops, ArrayRef<unsigned> parallel,
                   ArrayRef<unsigned> reductions) {
  // Distances in the tensor, by loop.
  SmallVector<int64_t> distances(loops.size(), 0);
  for (auto [expr, stride] :
       llvm::zip(map.getResults(), getStrides(tensor.shape)))
    distances[cast<AffineDimExpr>(expr).getPosition()] = stride;

  SmallVector<unsigned> order;
  for (unsigned loop : parallel)
    if (map.isFunctionOfDim(loop))
      order.push_back(loop);
  order.append(reductions.begin(), reductions.end());
  SmallVector<int64_t> shape;
  for (unsigned loop : order)
    shape.push_back(loops[loop]);

  Factor factor;
  factor.strides.assign(loops.size(), 0);
  SmallVector<int64_t> strides = getStrides(shape);
  for (size_t i = 0; i < order.size() - reductions.size(); ++i)
    factor.strides[order[i]] = strides[i];

  factor.values.reserve(tensor.size());
  factor.errors.reserve(tensor.size());
  factor.reaches.reserve(tensor.size());
  SmallVector<int64_t> point(shape.size(), 0);
  do {
    int64_t position = 0;
    for (auto [loop, index] : llvm::zip(order, point))
      position += distances[loop] * index;
    Scalar element = getElement(tensor, position);
    factor.values.push_back(element.value);
    factor.errors.push_back(element.error);
    factor.reaches.push_back(element.reach());
    factor.isExact &= element.isExact();
  } while (advancePoint(point, shape));
  return factor;
}

/// The products of `depth` pairs of elements from `a` and `b` on.
static void addProducts(const Factor &lhs, int64_t a, const Factor &rhs,
                        int64_t b, int64_t depth, const SumOfParts &parts,
                        const Rounding &rounding, Sum &sum) {
  const double *x = lhs.values.data() + a, *y = rhs.values.data() + b;
  const double *xe = lhs.errors.data() + a, *ye = rhs.errors.data() + b;
  const double *xr = lhs.reaches.data() + a, *yr = rhs.reaches.data() + b;
  double value = 0, error = 0, reach = 0;
  for (int64_t k = 0; k < depth; ++k) {
    value += x[k] * y[k];
    reach += xr[k] * yr[k];
  }
  if (!lhs.isExact || !rhs.isExact)
    for (int64_t k = 0; k < depth; ++k)
      error += std::fabs(x[k]) * ye[k] + (std::fabs(y[k]) + ye[k]) * xe[k];
  // A domain is as good as the largest factors allow; what is moved from the
  // one to the other has its reach.
  if (parts.accuracy) {
    double largestX = 0, largestY = 0, sumX = 0, sumY = 0;
    for (int64_t k = 0; k < depth; ++k) {
      largestX = std::max(largestX, xr[k]);
      largestY = std::max(largestY, yr[k]);
      sumX += xr[k];
      sumY += yr[k];
    }
    error += parts.accuracy * (largestX * sumY + sumX * largestY);
  }
  if (parts.leastNormal)
    for (int64_t k = 0; k < depth; ++k)
      error += parts.leastNormal * (xr[k] + yr[k] + 2);
  // The products' own rounding, or none where it is fused into the addition.
  double rounded = rounding.unit * reach + double(depth) * rounding.tiny;
  sum.add(value, error + rounded, reach + rounded, depth * parts.perTerm);
  if (!std::isnan(value))
    return;
  auto isNaN = [](double v, double e) { return std::isnan(v) && e == 0; };
  for (int64_t k = 0; k < depth; ++k)
    if (isNaN(x[k], xe[k]) || isNaN(y[k], ye[k]))
      sum.markNaN();
}

std::optional<BoundedTensor> mlir::zq::reference::evaluateContraction(
    LinalgOp op, ArrayRef<TensorRef> operands, ArrayRef<int64_t> loops,
    const SumOfParts &parts) {
  std::optional<Body> body = matchBody(op);
  if (!body)
    return std::nullopt;
  SmallVector<unsigned> parallel, reductions;
  op.getParallelDims(parallel);
  op.getReductionDims(reductions);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  unsigned init = op.getDpsInitOperand(0)->getOperandNumber();
  if (parallel.size() + reductions.size() != loops.size() ||
      !hasReductions(maps[body->lhs], reductions, true) ||
      !hasReductions(maps[body->rhs], reductions, true) ||
      !hasReductions(maps[init], reductions, false))
    return std::nullopt;

  BoundedTensor result = *operands[init];
  if (result.size() == 0)
    return result;
  int64_t depth = 1;
  for (unsigned loop : reductions)
    depth *= loops[loop];
  // A loop that only the result does not have may still be empty.
  for (unsigned loop : parallel)
    if (loops[loop] == 0 || !maps[init].isFunctionOfDim(loop))
      return std::nullopt;
  Factor lhs, rhs;
  if (depth > 0) {
    lhs = pack(*operands[body->lhs], maps[body->lhs], loops, parallel,
               reductions);
    rhs = pack(*operands[body->rhs], maps[body->rhs], loops, parallel,
               reductions);
  }

  SmallVector<unsigned> order;
  for (AffineExpr expr : maps[init].getResults())
    order.push_back(cast<AffineDimExpr>(expr).getPosition());
  SmallVector<int64_t> point(order.size(), 0);
  int64_t position = 0;
  do {
    Sum sum;
    sum.add(getElement(result, position));
    sum.addRoundings(parts.roundings);
    if (depth > 0) {
      int64_t a = 0, b = 0;
      for (auto [loop, index] : llvm::zip(order, point)) {
        a += lhs.strides[loop] * index;
        b += rhs.strides[loop] * index;
      }
      addProducts(lhs, a, rhs, b, depth, parts, body->product, sum);
    }
    setElement(result, position, sum.finish(body->sum, parts.terms));
    ++position;
  } while (advancePoint(point, result.shape));
  return result;
}
