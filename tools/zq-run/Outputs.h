//===- Outputs.h - Results of a function as files or a summary ------------===//
#ifndef ZQ_TOOLS_ZQ_RUN_OUTPUTS_H
#define ZQ_TOOLS_ZQ_RUN_OUTPUTS_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace mlir::zq::run {

/// Whether `numResults` results can go to the file at `path`, as far as can be
/// said before the function runs; an empty path is fine.
::zq::codec::Status checkOutput(const std::string &path, size_t numResults);

/// Writes one array to a .npy file, or any number to a .safetensors file.
/// Errors name the path.
::zq::codec::Status writeOutput(const std::string &path,
                                const std::vector<::zq::codec::Array> &results);

/// Prints one line per result: its type, and of float results the least, the
/// largest and the mean value.
void printSummary(const std::vector<::zq::codec::Array> &results,
                  llvm::raw_ostream &os);

} // namespace mlir::zq::run

#endif // ZQ_TOOLS_ZQ_RUN_OUTPUTS_H
