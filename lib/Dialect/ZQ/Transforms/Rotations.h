//===- Rotations.h - What the algebra asks of rotations -------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ROTATIONS_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ROTATIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <optional>

namespace mlir::zq {

/// A linear map of lines, whichever axis of whichever tensor they lie along.
struct Rotation {
  TransformAttrInterface transform;
  ValueRange parts;
  bool inverse;

  static Rotation of(RotateOp op);

  /// The other direction: the inverse, if the map is orthogonal.
  Rotation reversed() const { return {transform, parts, !inverse}; }
  bool isOrthogonal() const { return transform.isOrthogonal(); }
  /// Whether `op` does the same to its lines.
  bool isSame(RotateOp op) const;

  /// Emits the rotation of `source` along `axis`.
  Value apply(OpBuilder &b, Location loc, Value source, int64_t axis) const;
};

/// The rotation that makes `value`, where it runs along `axis` and is `wanted`;
/// null elsewhere.
RotateOp getRotation(Value value, int64_t axis, const Rotation &wanted);

/// What an elementwise op (all of whose loops are parallel), or the terms of a
/// reduction, make of lines along one of its loops.
enum class LineMap {
  /// Something else.
  Other,
  /// The same for all elements of a line.
  Shared,
  /// A linear map of lines with coefficients that a line shares, so that it
  /// commutes with a rotation.
  Linear,
  /// Products of two such, element by element.
  Quadratic,
};

/// What `op` yields of lines along `loop`, for a reduction: what it adds up.
/// `reason` gets the first operation that makes it something else.
LineMap getLineMap(linalg::LinalgOp op, unsigned loop,
                   Operation **reason = nullptr);

/// Where `op`, an elementwise one whose lines along `loop` are mapped linearly,
/// has that loop in its result; nothing where it is another kind of op.
std::optional<int64_t> getLinearResult(linalg::LinalgOp op, unsigned loop);

/// The loop of `op` that runs along `axis` of `operand`.
std::optional<unsigned> getLoop(linalg::LinalgOp op, OpOperand *operand,
                                int64_t axis);

/// The inputs of `op` with lines along `loop`, each with its axis.
SmallVector<std::pair<OpOperand *, int64_t>> getLineInputs(linalg::LinalgOp op,
                                                           unsigned loop);

/// The dimensions of a tensor that are the axis of a rotation, outermost first:
/// several where a reshape has cut it, such as into heads and what each has.
using LineDims = SmallVector<int64_t>;

/// Where the lines along `dims` of what `op`, a reshape or a transpose, reads
/// are in its result, and the other way round; nothing where it tears them
/// apart, and for other ops.
std::optional<LineDims> getLineAfter(Operation *op, ArrayRef<int64_t> dims);
std::optional<LineDims> getLineBefore(Operation *op, ArrayRef<int64_t> dims);

/// How many of the innermost of `dims` of a tensor of `type`, which make up the
/// axis of a rotation, the rotation mixes: for each place of the others it is
/// one by itself, so that what varies with these is the same for all that it
/// mixes.
unsigned countMixed(const Rotation &rotation, RankedTensorType type,
                    ArrayRef<int64_t> dims);

/// How many elements a tensor has; dynamic dimensions are taken for large ones.
double estimateElements(Value tensor);

/// Whether `value` is what a compressed tensor decodes to, exact to the bit.
bool isDecoded(Value value);

/// Whether `value` is known to be zeros.
bool isZero(Value value);

/// Rotations move on from what is computed to what is computed of it.
void populateRotationsOfResultsPatterns(RewritePatternSet &patterns);

/// Folds a rotation into the constants that what it rotates is computed of,
/// which leaves `op` without uses. Returns why a constant that is there cannot
/// take it; else nothing, also where there is none.
std::string foldRotation(RotateOp op, OpBuilder &b);

/// Moves a rotation that reshapes keep from a contraction of its line to the
/// other operand, where that can be had rotated for less.
void moveAcrossReshapes(RotateOp op, OpBuilder &b);

/// Erases what computes `value` and has no use; rotations are left.
void eraseUnused(Value value);

/// After the patterns: folds the rotations under `root` that are left, if
/// `explain` says so with a remark at those that stay, and writes as
/// contractions those that are best done so.
LogicalResult finishRotations(Operation *root, bool explain);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_ROTATIONS_H
