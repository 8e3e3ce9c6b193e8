//===- Report.h - What a run found out, as text or JSON -------------------===//
#ifndef ZQ_TOOLS_ZQ_RUN_REPORT_H
#define ZQ_TOOLS_ZQ_RUN_REPORT_H

#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlir::zq::run {

/// Times of calls, in seconds.
struct Times {
  int64_t calls = 0;
  double median = 0;
  double least = 0;
  /// Bytes of all inputs, streams included, per second of the median call.
  double bytesPerSecond = 0;
  /// Of a GPU: bytes read and written per second by a copy in the same run.
  double copyBytesPerSecond = 0;
  /// The sets of arrays that calls take in turn, their bytes, and those of the
  /// cache that they are to exceed.
  int64_t sets = 0, setsBytes = 0, cacheBytes = 0;
};

/// How far the results lie from the reference's.
struct Comparison {
  double largestDifference = 0;
  /// What the reference's bound allows at the element of the largest
  /// difference.
  double boundThere = 0;
  /// The largest difference divided by its bound over all elements; infinite
  /// where a bound of zero is exceeded, or a NaN stands on one side only.
  double worstRatio = 0;
  /// Elements about which the reference promises nothing.
  int64_t unbounded = 0;
  /// What is out of bounds, in words; empty if nothing is.
  std::string violation;
};

/// What is reported of an argument or a result.
struct TensorReport {
  std::string type;
  int64_t bytes = 0;
  /// For a compressed argument: the codec and its bits per weight.
  std::string codec;
  double bitsPerWeight = 0;
};

struct Report {
  std::string entry;
  /// The GPU that was run on; empty for this machine's CPU.
  std::string device;
  int threads = 1;
  double compileSeconds = 0;
  std::vector<TensorReport> inputs;
  std::vector<TensorReport> results;
  /// What the passes had to say, each with its place.
  std::vector<std::string> remarks;
  std::optional<Times> times;
  std::optional<Comparison> comparison;
};

/// Lines for a person to read.
void printText(const Report &report, llvm::raw_ostream &os);

/// One JSON object. Times are in seconds, sizes in bytes.
void printJson(const Report &report, llvm::raw_ostream &os);

} // namespace mlir::zq::run

#endif // ZQ_TOOLS_ZQ_RUN_REPORT_H
