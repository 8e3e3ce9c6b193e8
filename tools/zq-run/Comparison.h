//===- Comparison.h - Results against the reference's ---------------------===//
#ifndef ZQ_TOOLS_ZQ_RUN_COMPARISON_H
#define ZQ_TOOLS_ZQ_RUN_COMPARISON_H

#include "Inputs.h"
#include "Report.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::zq::run {

/// Evaluates the function `entry` of `module` by the reference on `inputs` and
/// compares `results` with what it gives. A decoder that is known to the IR
/// only is compiled alone, apart from the function's loops. Products of
/// contractions may be off by `accuracy` times the largest factors. Fails where
/// the reference cannot evaluate the function.
::zq::codec::Result<Comparison> compareWithReference(
    ModuleOp module, StringRef entry, const std::vector<Input> &inputs,
    const std::vector<::zq::codec::Array> &results, double accuracy);

} // namespace mlir::zq::run

#endif // ZQ_TOOLS_ZQ_RUN_COMPARISON_H
