//===- Softmax.cpp - The softmax along a dimension ------------------------===//
#include "LinalgEvaluator.h"
#include "ScalarRules.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

/// The largest of `row`. What a compilation finds differs by no more than the
/// largest error among them.
static Scalar getLargest(ArrayRef<Scalar> row) {
  Scalar largest = row.front();
  double error = 0;
  for (const Scalar &value : row) {
    if (value.value > largest.value || value.isSurelyNaN())
      largest = value;
    error = std::max(error, value.error);
  }
  return {largest.value, error};
}

void mlir::zq::reference::evaluateSoftmax(linalg::SoftmaxOp op,
                                          Environment &environment) {
  const BoundedTensor &input = *environment.getTensor(op.getInput());
  BoundedTensor result = makeTensor(input.shape);
  Rounding rounding = Rounding::of(op.getResult()[0].getType());
  ScalarRule exp =
      getExpRule(getElementTypeOrSelf(op.getResult()[0].getType()));
  int64_t dim = op.getDimension(), length = input.shape[dim];
  int64_t stride = getStrides(input.shape)[dim];
  for (int64_t first = 0, n = input.size(); first < n; ++first) {
    // Each row once, at its first element.
    if (first / stride % length)
      continue;
    SmallVector<Scalar> row;
    for (int64_t i = 0; i < length; ++i)
      row.push_back(getElement(input, first + i * stride));
    Scalar shift = negate(getLargest(row));
    Sum sum;
    for (Scalar &value : row) {
      Scalar difference = add(value, shift, rounding);
      value = exp(difference);
      sum.add(value);
    }
    Scalar total = sum.finish(rounding);
    for (int64_t i = 0; i < length; ++i)
      setElement(result, first + i * stride, divide(row[i], total, rounding));
  }
  environment.bind(op.getResult()[0], std::move(result));
}
