//===- Benchmark.h - Times the calls of a compiled function ---------------===//
#ifndef ZQ_TOOLS_ZQ_RUN_BENCHMARK_H
#define ZQ_TOOLS_ZQ_RUN_BENCHMARK_H

#include "Report.h"
#include "zq/Runtime/Jit.h"

namespace mlir::zq::run {

/// Calls for a quarter of a second to warm up, then at least 20 times and for
/// one second, but for no longer than five. `inputBytes` are the bytes of all
/// inputs.
Times benchmark(JitCall &call, int64_t inputBytes);

} // namespace mlir::zq::run

#endif // ZQ_TOOLS_ZQ_RUN_BENCHMARK_H
