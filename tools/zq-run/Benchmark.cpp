//===- Benchmark.cpp - Times the calls of a compiled function -------------===//
#include "Benchmark.h"

#include "zq/Runtime/Progress.h"
#include "llvm/ADT/STLExtras.h"

#include <chrono>

using namespace mlir::zq;
using namespace mlir::zq::run;
using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Times mlir::zq::run::benchmark(JitCall &call, int64_t inputBytes) {
  constexpr double warmUp = 0.25, enough = 1, most = 5;
  constexpr size_t enoughCalls = 20;

  Clock::time_point start = Clock::now();
  do
    (void)call.run();
  while (secondsSince(start) < warmUp);

  ::zq::runtime::Progress progress("timing", enoughCalls);
  std::vector<double> times;
  start = Clock::now();
  for (double elapsed = 0;
       elapsed < most && (elapsed < enough || times.size() < enoughCalls);
       elapsed = secondsSince(start)) {
    Clock::time_point begin = Clock::now();
    (void)call.run();
    times.push_back(secondsSince(begin));
    progress.advance();
  }

  llvm::sort(times);
  Times result;
  result.calls = times.size();
  result.least = times.front();
  size_t middle = times.size() / 2;
  result.median = times.size() % 2 ? times[middle]
                                   : (times[middle - 1] + times[middle]) / 2;
  result.bytesPerSecond = double(inputBytes) / std::max(result.median, 1e-9);
  return result;
}
