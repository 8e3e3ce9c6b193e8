//===- Records.h - Streams of panels side by side -------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_RECORDS_H
#define ZQ_DIALECT_ZQ_IR_RECORDS_H

#include "zq/Codec/Records.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <memory>
#include <optional>
#include <string>

namespace mlir::zq {

/// How streams of a matrix that hold panels of rows lie in records.
struct RecordLayout {
  /// A stream [panels, columns / `columns`, size]: in each record `items` of
  /// its second dimension, from byte `offset` on.
  struct Component {
    unsigned stream;
    StreamAttr array;
    int64_t columns, size, items, offset;

    int64_t getBytes() const;
  };

  /// Rows of a panel, columns of a record, and its bytes.
  int64_t lanes = 0, columns = 0, bytes = 0;
  SmallVector<Component> components;

  /// The streams with the components in one, which comes last.
  SmallVector<StreamAttr> join(ArrayRef<StreamAttr> streams) const;

  std::shared_ptr<const ::zq::codec::Records> getReference() const;
};

/// The records of `columns` columns that `streams` of a matrix lie in: all that
/// hold panels of as many rows as the last one. Nothing where that is none, or
/// holds something that lies in two records, and then `why` says so.
std::optional<RecordLayout> getRecordLayout(ArrayRef<StreamAttr> streams,
                                            int64_t columns, std::string &why);

/// `type` in records, if its streams have such, each of whose components fills
/// whole cache lines, of a multiple of `columns` columns. Itself where the
/// smallest are longer than a kernel's step, or what lies beside the codes has
/// less than `share` of their bytes: two streams are read as well as one then;
/// and where the last record of a row is padding to more than an eighth of it.
CompressedTensorType withRecords(CompressedTensorType type, int64_t columns,
                                 double share);

/// `type` with each stream an array of its own.
CompressedTensorType withoutRecords(CompressedTensorType type);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_RECORDS_H
