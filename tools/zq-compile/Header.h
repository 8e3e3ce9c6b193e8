//===- Header.h - A C header for compiled functions -----------------------===//
#ifndef ZQ_TOOLS_ZQ_COMPILE_HEADER_H
#define ZQ_TOOLS_ZQ_COMPILE_HEADER_H

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace mlir::zq::compile {

/// One parameter of an entry point: a pointer to a memref descriptor.
struct Parameter {
  /// "arg0", "arg1_codes", "result0".
  std::string name;
  RankedTensorType type;
  /// What a reader should know beyond name and type: the compressed tensor
  /// whose stream it is.
  std::string comment;
};

/// A public function as C sees it.
struct EntryPoint {
  std::string name;
  /// Inputs in order, a compressed one as its streams, then results.
  std::vector<Parameter> parameters;
};

/// The public functions with a body in `module`, which is still on tensors.
/// Emits an error at a function that cannot be called from C.
FailureOr<std::vector<EntryPoint>> getEntryPoints(ModuleOp module);

/// A header with the descriptors' structs and a prototype per entry point.
/// `title` is the name of the compiled file, `guard` what the include guard is
/// made of.
std::string printHeader(const std::vector<EntryPoint> &entryPoints,
                        StringRef title, StringRef guard);

} // namespace mlir::zq::compile

#endif // ZQ_TOOLS_ZQ_COMPILE_HEADER_H
