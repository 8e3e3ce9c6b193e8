//===- Contractions.h - What the algebra asks of a contraction ------------===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_CONTRACTIONS_H
#define ZQ_DIALECT_ZQ_TRANSFORMS_CONTRACTIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <optional>

namespace mlir::zq {

/// Whether `op` sums products of its two inputs and does nothing else. A
/// contraction may also apply any function to an operand on its way, such as
/// the conversion to an integer; that is not linear.
bool isSumOfProducts(linalg::LinalgOp op);

/// Extends `operand`, an input of contraction `op` that its body extends to
/// f32, before the op.
void multiplyAsF32(RewriterBase &b, linalg::LinalgOp op, OpOperand *operand);

/// Where the other input of `op` has the loop that runs along `axis` of input
/// `operand`, if that loop is contracted and a rotation may move across: the
/// other one is multiplied as f32 and of static size there.
std::optional<int64_t> getContractedAxis(linalg::LinalgOp op,
                                         OpOperand *operand, int64_t axis);

/// Whether all that becomes of `value` are contractions across which a rotation
/// along `axis` may move, perhaps as one part of a weight in parts.
bool isOnlyContracted(Value value, int64_t axis);

/// Whether stage `stage` of the codec of `decode` is a transform that may be
/// undone last: it commutes with all stages above but for rounding, and nothing
/// but contractions, which it leaves for their other operand, sees that.
bool canExchange(DecodeOp decode, size_t stage);

/// Whether nothing is left of `decode`, of a tensor of `type`, but contractions
/// with what is below a factor of rows, in panels of `lanes` of them.
bool leavesBelowRowFactor(DecodeOp decode, CompressedTensorType type,
                          int64_t lanes);

/// An uninitialised tensor of the type and size of `like`.
Value emptyLike(OpBuilder &b, Location loc, Value like);

/// Gives `op` a destination of its own, unless it reads the one that it has:
/// what it makes is no part of a larger tensor any more.
void giveOwnDestination(RewriterBase &b, DestinationStyleOpInterface op);

/// Zeros of the type and size of `like`.
Value zerosLike(OpBuilder &b, Location loc, Value like);

/// `op` with another value for `operand` and another destination.
Value cloneContraction(OpBuilder &b, linalg::LinalgOp op, OpOperand *operand,
                       Value value, Value init);

/// `init` plus the sum of products of `lhs` and `rhs` over `loops`.
Value emitSumOfProducts(OpBuilder &b, Location loc, Value lhs, Value rhs,
                        Value init, ArrayRef<AffineMap> maps,
                        ArrayRef<utils::IteratorType> loops);

/// linalg.add of two tensors.
Value emitAdd(OpBuilder &b, Location loc, Value lhs, Value rhs);

/// The loops that `map` runs along, in order; none where it does more.
std::optional<SmallVector<unsigned>> getPermutedLoops(AffineMap map);

/// Whether `operand` is of f32, or of a narrower type that `op` extends to it.
bool isMultipliedAsF32(linalg::LinalgOp op, OpOperand *operand);

/// `value` with all dimensions but the last one as one.
Value toMatrix(OpBuilder &b, Location loc, Value value);

/// A matrix with the dimensions of `like` again.
Value fromMatrix(OpBuilder &b, Location loc, Value matrix, Value like);

/// y[..., n] = init[..., n] + sum over k of x[..., k] w[n, k].
struct Product {
  linalg::LinalgOp op;
  /// What yields `weight`; null where that is a dense matrix.
  DecodeOp decode;
  Value weight, activation, init;
};

/// `op` as a product with a whole compressed matrix.
std::optional<Product> matchProduct(linalg::LinalgOp op);

/// `op` as a product with any matrix.
std::optional<Product> matchDenseProduct(linalg::LinalgOp op);

/// The accuracy that contraction `op` asks for by its attribute `zq.accuracy`,
/// or `otherwise`.
double getAccuracy(Operation *op, double otherwise);

/// Lets `op`, a contraction of bf16 as f32, be summed by `zq.dot`: by a flag of
/// its multiplication, which stays with what becomes of it. Writes it as
/// `linalg.generic`, where the flag is seen.
LogicalResult allowDots(RewriterBase &b, linalg::LinalgOp op);

/// Whether `op` may be.
bool allowsDots(linalg::LinalgOp op);

/// Takes that flag from `op`, with which a program may come.
void forbidDots(linalg::LinalgOp op);

/// Whether no two iterations of `op` read the same part of `operand`, loops of
/// one iteration apart; `ranges` are those of its loops.
bool dependsOnAllLoops(linalg::LinalgOp op, OpOperand *operand,
                       ArrayRef<int64_t> ranges);

/// Whether `op` is a contraction in a compute domain.
bool isInDomain(Operation *op);

/// How many of `panels` panels of a weight's rows are one task: a divisor of
/// them, large enough to be worth starting one, small enough that all threads
/// have some.
int64_t getPanelsPerTask(int64_t panels);

/// What a task of a contraction on tiles keeps the sums of: rows of the result
/// and columns of it, whole blocks of both.
struct TileTask {
  int64_t rows, columns;
};

/// The tasks of a result of `height` rows with a weight of `width` rows: small
/// enough for the second cache and for all threads to have some.
TileTask getTileTask(int64_t height, int64_t width);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_CONTRACTIONS_H
