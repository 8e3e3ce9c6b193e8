//===- TableProducts.h - Contractions that may look up their products -----===//
#ifndef ZQ_LIB_DIALECT_ZQ_TRANSFORMS_TABLEPRODUCTS_H
#define ZQ_LIB_DIALECT_ZQ_TRANSFORMS_TABLEPRODUCTS_H

#include "zq/Dialect/ZQ/Transforms/Contractions.h"

#include <optional>

namespace mlir::zq {

/// A product with a matrix whose codes stand for entries along its rows.
struct TableProduct {
  Product product;
  /// The place in the chain of the stage that has the entries. All above it
  /// are factors of whole rows.
  unsigned stage = 0;
  /// Values of an entry, codes whose entries are added, entries that a code
  /// may stand for, and columns that share them.
  int64_t length = 0, terms = 0, entries = 0, columns = 0;
  /// What the cost model predicts, in operations: for tables and lookups, and
  /// for decoding and multiplying.
  double tables = 0, products = 0;

  bool pays() const { return tables < products; }
  /// Runs of a row that the same entries stand for.
  int64_t getRuns() const { return columns / length; }
  /// Whether it is worth to lay entries out anew for vectors.
  bool movesEntries() const { return getRuns() > 1; }
};

/// `op` as such a product, for vectors of `lanes` elements.
std::optional<TableProduct> matchTableProduct(linalg::LinalgOp op,
                                              int64_t lanes);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_TRANSFORMS_TABLEPRODUCTS_H
