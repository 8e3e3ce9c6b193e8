//===- Sizes.h - Sizes for what is dynamic --------------------------------===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_SIZES_H
#define ZQ_DIALECT_ZQ_TRANSFORMS_SIZES_H

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/EquivalenceClasses.h"

#include <optional>

namespace mlir::zq {

/// Which dynamic sizes of a module's values are the same, and which are known,
/// as far as its ops say: an index that a tensor is made with, the loops of a
/// structured op, the window of a decode.
class Sizes {
public:
  explicit Sizes(ModuleOp module);

  /// A shape for `tensor`: sizes that are up to the caller become `free`, or
  /// less where a window would not fit.
  SmallVector<int64_t> getShape(Value tensor, int64_t free) const;

  /// Whether two dimensions are of one size in every call that goes well.
  bool isSame(Value a, int64_t dimA, Value b, int64_t dimB) const;
  /// The only size that a dimension may have, and the largest one, where there
  /// is such.
  std::optional<int64_t> getKnown(Value tensor, int64_t dim) const;
  std::optional<int64_t> getLimit(Value tensor, int64_t dim) const;

  /// A number for an index: the size that it stands for, or else 0, which is a
  /// place in everything.
  int64_t getIndex(Value index, int64_t free) const;

private:
  /// A dimension of a tensor; an index has dimension 0.
  using Size = std::pair<void *, int64_t>;

  static Size getSize(Value value, int64_t dim) {
    return {value.getAsOpaquePointer(), dim};
  }
  void addType(Value value);
  void addOp(Operation *op);
  void equate(Size a, Size b) { classes.unionSets(a, b); }
  void equate(Value a, Value b);
  void equate(Size size, OpFoldResult value);
  /// Dimensions of `narrow` that are one of `wide` and ones.
  void equateAlone(Value narrow, Value wide,
                   ArrayRef<ReassociationIndices> groups);
  std::optional<int64_t> choose(Size size, int64_t free) const;

  llvm::EquivalenceClasses<Size> classes;
  /// By any member of the class, before all are known.
  SmallVector<std::pair<Size, int64_t>> known, atMost;
};

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_SIZES_H
