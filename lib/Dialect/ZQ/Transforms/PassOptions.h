//===- PassOptions.h - Values of passes' options that make sense ----------===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PASSOPTIONS_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PASSOPTIONS_H

#include "mlir/IR/Operation.h"

namespace mlir::zq {

/// Fails with an error at `root`, which the pass runs on, if the number that
/// its option `name` gives is less than `least`.
inline LogicalResult checkAtLeast(int64_t least, Operation *root,
                                  StringRef name, int64_t value) {
  if (value >= least)
    return success();
  return root->emitError() << name << " is at least " << least << ", and not "
                           << value;
}

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_PASSOPTIONS_H
