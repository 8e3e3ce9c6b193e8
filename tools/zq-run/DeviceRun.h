//===- DeviceRun.h - Runs a compiled function on a GPU --------------------===//
#ifndef ZQ_TOOLS_ZQ_RUN_DEVICERUN_H
#define ZQ_TOOLS_ZQ_RUN_DEVICERUN_H

#include "Report.h"
#include "zq/Runtime/DeviceFunction.h"

namespace mlir::zq::run {

/// What a run on a GPU gave.
struct DeviceRun {
  std::vector<::zq::codec::Array> results;
  double compileSeconds = 0;
  std::string device;
  std::optional<Times> times;
};

/// Compiles the function `name` of `module` for `chip`, or for the GPU's own
/// where that is empty, calls it once, and times it if `bench` says so. Emits
/// an error, and returns an empty one, or says why where that fails.
::zq::codec::Result<DeviceRun>
runOnCuda(ModuleOp module, StringRef name, const std::string &chip,
          double accuracy, ArrayRef<const ::zq::codec::Array *> inputs,
          bool bench);

/// Times calls on `device` by its clock. They take copies of the inputs and
/// arrays for such `results` in turn, so many that none is in the second-level
/// cache still; the bandwidth of a copy on the device is measured between
/// them.
::zq::codec::Result<Times>
benchmarkOnDevice(::zq::runtime::CudaDevice &device,
                  const DeviceFunction &function,
                  ArrayRef<const ::zq::codec::Array *> inputs,
                  ArrayRef<::zq::codec::Array> results);

} // namespace mlir::zq::run

#endif // ZQ_TOOLS_ZQ_RUN_DEVICERUN_H
