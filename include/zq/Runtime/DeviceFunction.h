//===- DeviceFunction.h - Functions on tensors, compiled for a device -----===//
#ifndef ZQ_RUNTIME_DEVICEFUNCTION_H
#define ZQ_RUNTIME_DEVICEFUNCTION_H

#include "zq/Runtime/Device.h"
#include "zq/Runtime/Jit.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::zq {

struct DeviceOptions {
  /// The chip that is compiled for.
  std::string chip = "sm_80";
  /// The largest error of a product that contractions may make by their choice
  /// of a compute domain.
  double accuracy = 5e-5;
};

/// One function bound to its inputs, which were copied to the device.
class DeviceCall {
public:
  DeviceCall(DeviceCall &&other) = default;
  ~DeviceCall();

  /// Calls the function, without waiting for the device. Results of an earlier
  /// call are overwritten.
  ::zq::codec::Status start();
  /// `start`, and waits.
  ::zq::codec::Status run();
  /// Copies of the results of the last call.
  ::zq::codec::Result<std::vector<::zq::codec::Array>> getResults() const;

private:
  friend class DeviceFunction;
  DeviceCall() = default;

  /// The memory of one memref, and its descriptor.
  struct Buffer {
    void *memory;
    std::vector<int64_t> descriptor;
  };
  ::zq::codec::Status addBuffer(const ::zq::codec::Array &contents,
                                bool isInput);

  ::zq::runtime::DeviceRuntime *device = nullptr;
  void (*function)(void **) = nullptr;
  std::vector<Buffer> buffers;
  size_t numInputs = 0;
  std::vector<::zq::codec::Array> resultTypes;
};

/// A function on tensors, compiled for a device with everything
/// that it calls. The device outlives it.
class DeviceFunction {
public:
  /// Lowers the whole of `module` and loads it: kernels as PTX, which the
  /// driver assembles. Emits an error and fails where that does not work.
  static FailureOr<std::unique_ptr<DeviceFunction>>
  compile(ModuleOp module, StringRef name, const DeviceOptions &options,
          ::zq::runtime::DeviceRuntime &device);

  const Signature &getSignature() const { return signature; }

  /// Binds the function to copies of `inputs`, which must agree with the
  /// signature in number, element type and shape.
  ::zq::codec::Result<DeviceCall>
  bind(ArrayRef<const ::zq::codec::Array *> inputs) const;

private:
  DeviceFunction() = default;

  ::zq::runtime::DeviceRuntime *device = nullptr;
  std::unique_ptr<LoadedObject> object;
  void (*function)(void **) = nullptr;
  Signature signature;
};

} // namespace mlir::zq

#endif // ZQ_RUNTIME_DEVICEFUNCTION_H
