//===- Inputs.h - Files as the arguments of a function --------------------===//
#ifndef ZQ_TOOLS_ZQ_RUN_INPUTS_H
#define ZQ_TOOLS_ZQ_RUN_INPUTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <string>
#include <vector>

namespace mlir::zq::run {

/// An argument of the function, loaded.
struct Input {
  Type type;
  /// The argument itself, or its streams in the codec's order.
  std::vector<::zq::codec::Array> arrays;
  /// Stored bits per element of the logical tensor, over all streams; 0 for a
  /// dense argument.
  double bitsPerWeight = 0;

  int64_t getNumBytes() const;
};

/// Loads the files of `specs`, each `FILE.npy`, `FILE.safetensors` or
/// `FILE.safetensors:TENSOR`, as the arguments of `function` in order. A dense
/// tensor for a compressed argument is encoded by the reference, which a line
/// on stderr says. Every stream is checked. Errors name the file.
::zq::codec::Result<std::vector<Input>>
loadInputs(func::FuncOp function, const std::vector<std::string> &specs);

/// Checks the streams that `function` itself assembles from its arguments.
::zq::codec::Status checkAssembled(func::FuncOp function,
                                   const std::vector<Input> &inputs);

} // namespace mlir::zq::run

#endif // ZQ_TOOLS_ZQ_RUN_INPUTS_H
