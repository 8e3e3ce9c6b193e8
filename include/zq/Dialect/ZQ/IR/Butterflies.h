//===- Butterflies.h - Linear maps of lines by butterflies ----------------===//
#ifndef ZQ_DIALECT_ZQ_IR_BUTTERFLIES_H
#define ZQ_DIALECT_ZQ_IR_BUTTERFLIES_H

#include "mlir/IR/Attributes.h"
#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mlir::zq {

/// A linear map of a line of f32, in which each step is rounded: elements are
/// multiplied by their signs, then each block, of which one lies behind the
/// other, is mapped by itself.
struct Butterflies {
  /// `power` times `order` elements. Butterflies (a, b) -> (a + b, a - b) over
  /// distances 1, 2, 4 up to `power` / 2. Then, unless `order` is 1, for each
  /// i below `power` the elements i, i + power, i + 2 power and so on become
  /// sums of themselves with the signs of a row of `matrix`: begun with the
  /// first one and its sign, the others added or subtracted in their order.
  /// Then the factor.
  struct Block {
    int64_t power = 1, order = 1;
    llvm::ArrayRef<int8_t> matrix;
    float factor = 1;

    int64_t getSize() const { return power * order; }
  };

  /// 1 and -1; none where all are 1.
  std::vector<float> signs;
  std::vector<Block> blocks;
};

/// The map (not its inverse) that the stage `transform` is of a line of
/// `length` elements, with the roundings of the reference; none where it is no
/// such map.
std::optional<Butterflies> getButterflies(Attribute transform, int64_t length);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_BUTTERFLIES_H
