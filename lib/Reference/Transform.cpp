//===- Transform.cpp - Orthogonal transforms in double --------------------===//
//
// A compiled program need not compute R^-1 w where the source does: for the
// contraction x . (R^-1 w) it computes y = fl(R x) and then y . w. The bound
// has to cover either way without knowing which is taken. Let |.| be taken
// element by element, K the contraction's length, u the unit roundoff, g(n) =
// n u / (1 - n u), L the number of a butterfly's levels.
//
// y differs from R x by at most g(L + 2) |R| |x|: L additions, the factor
// 1 / sqrt(n), the multiplication by it. The contraction then adds an error of
// at most g(K) |y| . |w|. To first order, the sum of both is
//
//   g(L + 2) (|R| |x|) . |w|  +  g(K) (|R| |x|) . |w|.
//
// R^-1 is the transpose of R, so (|R| |x|) . |w| = |x| . (|R^-1| |w|) = |x| . m
// with m = |R^-1| |w|. Hence it is covered when element j of R^-1 w gets
//
//   the error      (L + 3) u m_j   (the contraction sums |x_j| times it), and
//   the magnitude  m_j             (used for the contraction's own roundings).
//
// The error also covers the direct way, R^-1 w computed in f32. An error d of x
// itself ends as d . (R^-1 w) on either way. Terms of second order fit between
// g(L + 2) and (L + 3) u, and in the one unit that `Sum` takes too many.
//
// Where x is the result of a transform in the source, which the compiler
// cancels against that of the weight, x = R^-1 y: it computes y . w with the
// error g(K) |y| . |w|, and |y| = |R x| <= |R| |x|: covered too. By symmetry,
// the same holds where the activation's transform is moved to the weight.
//
//===----------------------------------------------------------------------===//
#include "Transform.h"

#include "zq/Codec/Hadamard.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

/// One block of a line: y = c H x, with H's butterflies.
static void transformBlock(MutableArrayRef<Scalar> block,
                           const Rounding &rounding) {
  int64_t size = block.size();
  double scale = 1 / std::sqrt(double(size));
  // Every entry of H is 1 or -1, so |R| gives each element the same.
  double magnitude = 0, error = 0;
  for (const Scalar &element : block) {
    magnitude += element.magnitude;
    error += element.error;
  }
  int64_t levels = 0;
  for (int64_t distance = 1; distance < size; distance *= 2, ++levels)
    for (int64_t i = 0; i < size; ++i)
      if (!(i & distance)) {
        double a = block[i].value, b = block[i + distance].value;
        block[i].value = a + b;
        block[i + distance].value = a - b;
      }
  error += double(levels + 3) * rounding.unit * (magnitude + error) +
           double(levels + 3) * rounding.tiny * double(size);
  // Before the scaling, sums reach further than the result.
  if (!(magnitude + error <= rounding.largest))
    error = infinity;
  for (Scalar &element : block)
    element = Scalar(element.value * scale, error * scale, magnitude * scale);
}

LogicalResult mlir::zq::reference::applyTransform(Operation *op,
                                                  Attribute transform,
                                                  bool inverse,
                                                  BoundedTensor &tensor) {
  auto hadamard = dyn_cast<HadamardAttr>(transform);
  if (!hadamard)
    return op->emitError() << "the reference evaluator has no rule for the "
                              "transform "
                           << transform;
  if (tensor.size() == 0)
    return success();
  Rounding rounding = Rounding::of(Float32Type::get(op->getContext()));
  int64_t axis = hadamard.getAxis();
  int64_t length = tensor.shape[axis];
  int64_t stride = getStrides(tensor.shape)[axis];
  std::vector<Scalar> line(length);
  auto applySigns = [&] {
    for (int64_t i = 0; i < length; ++i)
      line[i].value *= ::zq::codec::hadamardSign(hadamard.getSeed(), i);
  };
  auto blocks = ::zq::codec::hadamardBlocks(length, hadamard.getBlock());
  for (int64_t start = 0; start < tensor.size(); ++start) {
    if (start / stride % length != 0)
      continue;
    for (int64_t i = 0; i < length; ++i)
      line[i] = getElement(tensor, start + i * stride);
    if (!inverse)
      applySigns();
    MutableArrayRef<Scalar> rest(line);
    for (int64_t size : blocks) {
      transformBlock(rest.take_front(size), rounding);
      rest = rest.drop_front(size);
    }
    if (inverse)
      applySigns();
    for (int64_t i = 0; i < length; ++i)
      setElement(tensor, start + i * stride, line[i]);
  }
  return success();
}
