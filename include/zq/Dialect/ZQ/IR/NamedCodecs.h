//===- NamedCodecs.h - The table of codec names ---------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_NAMEDCODECS_H
#define ZQ_DIALECT_ZQ_IR_NAMEDCODECS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::zq {

/// A name and the stages it stands for, as they are written inside
/// `#zq.codec<...>`.
struct NamedCodec {
  llvm::StringRef name;
  llvm::StringRef stages;
  /// Who defined the format, and what of it is not in the stages.
  llvm::StringRef source;
};

/// All named codecs. This table is the only place that knows a format by name.
llvm::ArrayRef<NamedCodec> getNamedCodecs();

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_NAMEDCODECS_H
