//===- DeviceRun.cpp - Runs a compiled function on a GPU ------------------===//
#include "DeviceRun.h"

#include "zq/Runtime/Busy.h"
#include "llvm/ADT/STLExtras.h"

#include <chrono>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::run;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::runtime::CudaDevice;

Result<DeviceRun> mlir::zq::run::runOnCuda(ModuleOp module, StringRef name,
                                           const std::string &chip,
                                           double accuracy,
                                           ArrayRef<const Array *> inputs,
                                           bool bench) {
  auto device = CudaDevice::open();
  if (!device)
    return device.error();
  DeviceOptions options;
  options.chip = chip.empty() ? (*device)->getChip() : chip;
  options.accuracy = accuracy;
  DeviceRun run;
  run.device = (*device)->describe();

  auto start = std::chrono::steady_clock::now();
  auto function = [&] {
    ::zq::runtime::Busy busy("compiling for " + options.chip);
    return DeviceFunction::compile(module, name, options, **device);
  }();
  if (failed(function))
    return Error{""};
  run.compileSeconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  {
    Result<DeviceCall> call = (*function)->bind(inputs);
    if (!call)
      return call.error();
    if (Status ran = call->run(); !ran)
      return ran.error();
    auto results = call->getResults();
    if (!results)
      return results.error();
    run.results = std::move(*results);
  }
  if (bench) {
    auto times = benchmarkOnDevice(**device, **function, inputs, run.results);
    if (!times)
      return times.error();
    run.times = *times;
  }
  return run;
}

/// Seconds that `work` takes on the device.
template <typename Work>
static Result<double> measure(CudaDevice &device, Work work) {
  return device.time([](void *context) { (*static_cast<Work *>(context))(); },
                     &work);
}

/// Bytes that a copy on the device moves per second, those read and those
/// written: the best of a few.
static Result<double> measureCopy(CudaDevice &device, size_t bytes) {
  auto from = device.allocate(bytes), to = device.allocate(bytes);
  Status status =
      from ? (to ? Status() : Status(to.error())) : Status(from.error());
  double best = 0;
  for (int i = 0; i < 6 && status; ++i) {
    auto seconds =
        measure(device, [&] { status = device.copy(*to, *from, bytes); });
    if (!seconds)
      status = seconds.error();
    else if (i > 0 && *seconds > 0)
      best = std::max(best, 2.0 * bytes / *seconds);
  }
  if (from)
    device.free(*from);
  if (to)
    device.free(*to);
  if (!status)
    return status.error();
  return best;
}

Result<Times> mlir::zq::run::benchmarkOnDevice(CudaDevice &device,
                                               const DeviceFunction &function,
                                               ArrayRef<const Array *> inputs,
                                               ArrayRef<Array> results) {
  constexpr size_t enoughCalls = 20, rounds = 7, mostCopies = 4096;
  constexpr size_t leastCopy = size_t(256) << 20;
  size_t inputBytes = 0, resultBytes = 0;
  for (const Array *input : inputs)
    inputBytes += input->bytes.size();
  for (const Array &result : results)
    resultBytes += result.bytes.size();
  size_t bytes = std::max<size_t>(inputBytes + resultBytes, 1);
  size_t cache = device.getCacheBytes();
  size_t copies = std::min(2 + 2 * cache / bytes, mostCopies);
  std::vector<DeviceCall> calls;
  for (size_t i = 0; i < copies; ++i) {
    auto call = function.bind(inputs);
    if (!call)
      return call.error();
    calls.push_back(std::move(*call));
  }

  Times times;
  times.sets = copies;
  times.setsBytes = copies * bytes;
  times.cacheBytes = cache;
  std::vector<double> seconds;
  size_t next = 0;
  for (size_t round = 0; round <= rounds; ++round) {
    // What else uses the memory slows both alike.
    auto copied = measureCopy(device, std::max(leastCopy, 4 * cache));
    if (!copied)
      return copied.error();
    times.copyBytesPerSecond = std::max(times.copyBytesPerSecond, *copied);
    size_t count = std::max(enoughCalls, copies);
    Status status;
    auto elapsed = measure(device, [&] {
      for (size_t i = 0; i < count && status; ++i)
        status = calls[next++ % copies].start();
    });
    if (!status)
      return status.error();
    if (!elapsed)
      return elapsed.error();
    // The first round warms up.
    if (round == 0)
      continue;
    seconds.push_back(*elapsed / count);
    times.calls += count;
  }
  llvm::sort(seconds);
  times.least = seconds.front();
  times.median = seconds[seconds.size() / 2];
  times.bytesPerSecond = inputBytes / std::max(times.median, 1e-9);
  return times;
}
