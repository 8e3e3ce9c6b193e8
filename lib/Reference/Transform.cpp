//===- Transform.cpp - Transforms in double -------------------------------===//
//
// A compiled program need not compute R^-1 w where the source does: for the
// contraction x . (R^-1 w) it computes y = fl(R x) and then y . w. The bound
// has to cover either way without knowing which is taken. Let |.| be taken
// element by element, K the contraction's length, u the unit roundoff, g(n) =
// n u / (1 - n u), L the number of a butterfly's levels.
//
// y differs from R x by at most g(L + 2) |R| |x|: L additions (butterflies and
// sums), a factor such as 1 / sqrt(n), the multiplication by it. The
// contraction then adds an error of at most g(K) |y| . |w|. To first order, the
// sum of both is
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
// All of that says little where n is large: m is up to sqrt(n) times what |w|
// is, and counts K times. Where the evaluator sees the contraction with R^-1 w
// itself
// (`RotatedBack`), it computes both ways instead and takes the larger bound:
//
//   x . w decoded, with the error above of w and g(K) |x| . |w|;
//   y . w with y = R x, with the error g(L + 2) (|R| |x|) . |w| of y and
//   g(K) |y| . |w|, and what a domain loses of y and w as they are.
//
// |y| is what the transform computes, of which no element exceeds the norm of
// x, and not |R| |x|.
//
// The same of a transform along an axis that the result has, S^-1 w: the
// compiler computes z = w . x and then S^-1 z, with the error |S^-1| (g(K) |w|
// . |x|) + g(L + 2) |S^-1| |z|. Where w has been transformed along several
// axes, the bound is the largest of those where all transforms of contracted
// axes move or none, and all of the result's or none. Transforms that stay
// leave what they compute, and not |S^-1| |w|.
//
// Where x is the result of a transform in the source, which the compiler
// cancels against that of the weight, x = R^-1 y: it computes y . w with the
// error g(K) |y| . |w|, and |y| = |R x| <= |R| |x|: covered too. By symmetry,
// the same holds where the activation's transform is moved to the weight.
//
//===----------------------------------------------------------------------===//
#include "Transform.h"

#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Sketch.h"
#include "zq/Dialect/ZQ/IR/Stages.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

using Line = MutableArrayRef<Scalar>;

/// What `additions` per element, of terms of this magnitude and error, leave.
static double getError(double magnitude, double error, int64_t additions,
                       const Rounding &rounding, int64_t terms) {
  double levels = double(additions + 3);
  error += levels * (rounding.unit * (magnitude + error) +
                     rounding.tiny * double(terms));
  // Before a factor is applied, sums reach further than the result.
  return magnitude + error <= rounding.largest ? error : infinity;
}

/// One block of a line: y = c H x, or its transpose.
static void transformBlock(Line block, bool transpose,
                           const Rounding &rounding) {
  int64_t size = block.size();
  int64_t order = ::zq::codec::hadamardOrder(size), power = size / order;
  // Every entry of H is 1 or -1, so |R| gives each element the same.
  double magnitude = 0, error = 0;
  for (const Scalar &element : block) {
    magnitude += element.magnitude;
    error += element.error;
  }
  int64_t additions = order - 1;
  for (int64_t distance = 1; distance < power; distance *= 2, ++additions)
    for (int64_t i = 0; i < size; ++i)
      if (!(i % power & distance)) {
        double a = block[i].value, b = block[i + distance].value;
        block[i].value = a + b;
        block[i + distance].value = a - b;
      }
  const std::vector<int8_t> &matrix = ::zq::codec::hadamardMatrix(order);
  for (int64_t i = 0; i < power; ++i) {
    std::vector<double> sums(order);
    for (int64_t row = 0; row < order; ++row)
      for (int64_t column = 0; column < order; ++column)
        sums[row] +=
            matrix[transpose ? column * order + row : row * order + column] *
            block[column * power + i].value;
    for (int64_t row = 0; row < order; ++row)
      block[row * power + i].value = sums[row];
  }
  error = getError(magnitude, error, additions, rounding, size);
  double scale = 1 / std::sqrt(double(size));
  for (Scalar &element : block)
    element = Scalar(element.value * scale, error * scale, magnitude * scale);
}

static void transformLine(HadamardAttr stage, ArrayRef<BoundedTensor>,
                          bool inverse, const Rounding &rounding, Line line) {
  auto applySigns = [&] {
    if (std::optional<uint64_t> seed = stage.getSeed())
      for (auto [i, element] : llvm::enumerate(line))
        element.value *= ::zq::codec::hadamardSign(*seed, i);
  };
  if (!inverse)
    applySigns();
  Line rest = line;
  for (int64_t size :
       ::zq::codec::hadamardBlocks(line.size(), stage.getBlock())) {
    transformBlock(rest.take_front(size), inverse, rounding);
    rest = rest.drop_front(size);
  }
  if (inverse)
    applySigns();
}

/// y = factor * M x of one block, or M^T, with `matrix` from element `first`
/// on, whose rows are as long as those of the whole.
static void multiplyBlock(Line block, const BoundedTensor &matrix,
                          int64_t first, bool transpose, double factor,
                          const Rounding &rounding) {
  const int64_t stride = matrix.shape.back();
  int64_t size = block.size();
  SmallVector<Scalar> result;
  for (int64_t i = 0; i < size; ++i) {
    double value = 0, magnitude = 0, error = 0;
    for (int64_t j = 0; j < size; ++j) {
      Scalar entry = getElement(
          matrix, first + (transpose ? j * stride + i : i * stride + j));
      value += entry.value * block[j].value;
      magnitude += entry.magnitude * block[j].magnitude;
      error += std::fabs(entry.value) * block[j].error +
               entry.error * block[j].reach();
    }
    error = getError(magnitude, error, size, rounding, size);
    result.push_back({value * factor, error * factor, magnitude * factor});
  }
  llvm::copy(result, block.begin());
}

static void transformLine(OrthogonalAttr stage, ArrayRef<BoundedTensor> parts,
                          bool inverse, const Rounding &rounding, Line line) {
  int64_t size = stage.getBlock(), count = line.size() / size;
  for (int64_t b = 0; b < count; ++b)
    multiplyBlock(line.slice(b * size, size), parts.front(),
                  stage.getPerBlock() ? b * size * size : 0, inverse, 1,
                  rounding);
}

static void transformLine(SketchAttr stage, ArrayRef<BoundedTensor> parts,
                          bool inverse, const Rounding &rounding, Line line) {
  for (Line rest = line; !rest.empty();) {
    size_t size = stage.getTransformBlock(rest.size());
    multiplyBlock(rest.take_front(size), parts.front(), 0, inverse,
                  ::zq::codec::sketchFactor(size), rounding);
    rest = rest.drop_front(size);
  }
}

static void transformLine(PermuteAttr, ArrayRef<BoundedTensor> parts,
                          bool inverse, const Rounding &, Line line) {
  SmallVector<Scalar> from(line.begin(), line.end());
  for (int64_t j = 0, n = line.size(); j < n; ++j) {
    // What is outside is refused by the codec; here it is just not read.
    int64_t i = std::clamp<double>(parts.front().values[j], 0, n - 1);
    if (inverse)
      line[i] = from[j];
    else
      line[j] = from[i];
  }
}

template <typename Stage>
static void transformAll(Stage stage, ArrayRef<BoundedTensor> parts,
                         bool inverse, BoundedTensor &tensor) {
  if (tensor.size() == 0)
    return;
  Rounding rounding = Rounding::of(Float32Type::get(stage.getContext()));
  int64_t axis = stage.getAxis(), length = tensor.shape[axis];
  int64_t stride = getStrides(tensor.shape)[axis];
  std::vector<Scalar> line(length);
  for (int64_t start = 0; start < tensor.size(); ++start) {
    if (start / stride % length != 0)
      continue;
    for (int64_t i = 0; i < length; ++i)
      line[i] = getElement(tensor, start + i * stride);
    transformLine(stage, parts, inverse, rounding, line);
    for (int64_t i = 0; i < length; ++i)
      setElement(tensor, start + i * stride, line[i]);
  }
}

LogicalResult mlir::zq::reference::applyTransform(Operation *op,
                                                  Attribute transform,
                                                  ArrayRef<BoundedTensor> parts,
                                                  bool inverse,
                                                  BoundedTensor &tensor) {
  return llvm::TypeSwitch<Attribute, LogicalResult>(transform)
      .Case<HadamardAttr, OrthogonalAttr, SketchAttr, PermuteAttr>(
          [&](auto stage) {
            transformAll(stage, parts, inverse, tensor);
            return success();
          })
      .Default([&](Attribute) {
        return op->emitError()
               << "the reference evaluator has no rule for the transform "
               << transform;
      });
}
