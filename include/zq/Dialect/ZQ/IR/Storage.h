//===- Storage.h - How much room a compressed tensor takes ----------------===//
//
// Counted over all streams, with padding, tables and indices: from the type
// alone where that says it all, from the data where it does not.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_STORAGE_H
#define ZQ_DIALECT_ZQ_IR_STORAGE_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <optional>

namespace mlir::zq {

/// One stream of a tensor.
struct StreamStorage {
  StringAttr name;
  RankedTensorType type;
  /// Bits per element of the logical tensor; nothing where the size is up to
  /// the data.
  std::optional<double> rate;
};

/// All of them.
struct Storage {
  SmallVector<StreamStorage> streams;

  /// The sum of the rates that are known.
  double getKnownRate() const;
  /// Whether all of them are.
  bool isKnown() const;
};

/// The storage of a tensor of `type`. Rates of a tensor without elements are 0.
/// `types` are those of actual streams, whose shapes may say more than `type`
/// does; none for the type's own. Fails where a decoder symbol is missing in
/// `scope`.
FailureOr<Storage> getStorage(CompressedTensorType type, Operation *scope,
                              TypeRange types = {});

/// A table of the streams, in Markdown:
///   | stream | stored as | bits per weight |
void printStorage(raw_ostream &os, const Storage &storage);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_STORAGE_H
