//===- PartOps.cpp - What puts the parts of decoded tensors together ------===//
//
// The bounds of each result cover a program that contracts with the parts
// instead, as Decode.cpp reasons: a sum has the magnitude of both summands, a
// product of factors an error of as many roundings as its inner sum has, a
// scale two roundings.
//
//===----------------------------------------------------------------------===//
#include "Interpreter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

/// A value of this magnitude and error after some roundings more.
static Scalar withRoundings(double value, double error, double magnitude,
                            double roundings) {
  // What is decoded is f32.
  static const double unit = std::ldexp(1 + 0x1p-20, -24) + 0x1p-52;
  static const double tiny = 0x1p-150, largest = 0x1.fffffep127;
  error += roundings * (unit * (magnitude + error) + tiny);
  if (!(magnitude + error <= largest))
    error = infinity;
  return {value, error, magnitude};
}

static Scalar sum(const Scalar &a, const Scalar &b) {
  return withRoundings(a.value + b.value, a.error + b.error,
                       a.magnitude + b.magnitude, 2);
}

static LogicalResult run(SumOp op, const Environment &environment,
                         BoundedTensor &result) {
  const BoundedTensor &rhs = *environment.getTensor(op.getRhs());
  for (int64_t i = 0, n = result.size(); i < n; ++i)
    setElement(result, i, sum(getElement(result, i), getElement(rhs, i)));
  return success();
}

static LogicalResult run(ScaleOp op, const Environment &environment,
                         BoundedTensor &result) {
  const BoundedTensor &scales = *environment.getTensor(op.getScales());
  SmallVector<int64_t> point(result.shape.size(), 0);
  SmallVector<int64_t> strides = getStrides(scales.shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    int64_t place = 0;
    for (auto [index, size, stride] : llvm::zip(point, scales.shape, strides))
      place += size == 1 ? 0 : index * stride;
    Scalar value = getElement(result, i), scale = getElement(scales, place);
    setElement(result, i,
               withRoundings(value.value * scale.value,
                             value.error * scale.reach() +
                                 value.magnitude * scale.error,
                             value.magnitude * scale.magnitude, 2));
    advancePoint(point, result.shape);
  }
  return success();
}

static BoundedTensor multiplyFactors(ProductOp op,
                                     const Environment &environment) {
  const BoundedTensor &lefts = *environment.getTensor(op.getLeft());
  const BoundedTensor &rights = *environment.getTensor(op.getRight());
  SmallVector<int64_t> shape(lefts.shape.begin(), lefts.shape.end());
  int64_t rank = shape.back(), rows = shape[shape.size() - 2];
  int64_t columns = shape.back() = rights.shape.back();
  BoundedTensor result = makeTensor(shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    int64_t row = i / columns, matrix = row / rows;
    double value = 0, error = 0, magnitude = 0;
    for (int64_t r = 0; r < rank; ++r) {
      Scalar left = getElement(lefts, row * rank + r);
      Scalar right =
          getElement(rights, (matrix * rank + r) * columns + i % columns);
      value += left.value * right.value;
      error += left.magnitude * right.error + right.reach() * left.error;
      magnitude += left.magnitude * right.magnitude;
    }
    setElement(result, i,
               withRoundings(value, error, magnitude, double(rank + 3)));
  }
  return result;
}

static LogicalResult run(ScatterOp op, const Environment &environment,
                         BoundedTensor &result) {
  auto offsets = environment.getIndices(op, op.getMixedOffsets());
  if (failed(offsets))
    return failure();
  const BoundedTensor &rows = *environment.getTensor(op.getRows());
  const BoundedTensor &columns = *environment.getTensor(op.getColumns());
  const BoundedTensor &values = *environment.getTensor(op.getValues());
  if (!op.getReplace())
    for (int64_t i = 0, n = result.size(); i < n; ++i)
      setElement(result, i, sum(getElement(result, i), Scalar::exact(0)));
  // The rows of the window, each where it lies in the whole.
  int64_t width = result.shape.back();
  SmallVector<int64_t> lines(result.shape.begin(), result.shape.end()),
      wholeStrides = getStrides(op.getShape());
  lines.back() = 1;
  SmallVector<int64_t> point(lines.size(), 0);
  if (result.size() == 0)
    return success();
  int64_t line = 0;
  do {
    int64_t row = 0;
    for (size_t dim = 0; dim + 1 < lines.size(); ++dim)
      row += (point[dim] + (*offsets)[dim]) * wholeStrides[dim] /
             op.getShape().back();
    if (row < 0 || row + 1 >= rows.size())
      return op.emitError() << "'zq.scatter' has no row " << row;
    int64_t begin = getElement(rows, row).value;
    int64_t end = getElement(rows, row + 1).value;
    if (begin < 0 || end > std::min(columns.size(), values.size()))
      return op.emitError() << "'zq.scatter' has no values " << begin << " to "
                            << end << " for row " << row;
    for (int64_t i = begin; i < end; ++i) {
      int64_t column = int64_t(getElement(columns, i).value) - offsets->back();
      if (column < 0 || column >= width)
        continue;
      Scalar value = getElement(values, i);
      int64_t place = line * width + column;
      setElement(result, place,
                 op.getReplace() ? value
                                 : sum(getElement(result, place), value));
    }
    ++line;
  } while (advancePoint(point, lines));
  return success();
}

FailureOr<bool> mlir::zq::reference::runPartOp(Operation *op,
                                               Environment &environment) {
  if (auto product = dyn_cast<ProductOp>(op)) {
    environment.bind(product.getResult(),
                     multiplyFactors(product, environment));
    return true;
  }
  return llvm::TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case<SumOp, ScaleOp, ScatterOp>([&](auto part) -> FailureOr<bool> {
        BoundedTensor result = *environment.getTensor(
            part->getOperand(isa<ScatterOp>(op) ? 3 : 0));
        if (failed(run(part, environment, result)))
          return failure();
        environment.bind(part.getResult(), std::move(result));
        return true;
      })
      .Default([](Operation *) { return false; });
}
