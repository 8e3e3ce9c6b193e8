//===- Device.h - Where kernels run ---------------------------------------===//
//
// What compiled host code asks of a device, and what its callers do: memory,
// copies, launches. CUDA's driver is one implementation. Compiled code calls C
// functions (`getDeviceSymbols`), which hand over to the runtime that is active
// on the thread. These cannot fail; the runtime keeps the first error and does
// nothing more until it is taken.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_RUNTIME_DEVICE_H
#define ZQ_RUNTIME_DEVICE_H

#include "zq/Codec/Result.h"
#include "zq/Target/NVVM/TensorMapShape.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zq::runtime {

/// Extents of a grid or of a block.
struct LaunchSize {
  uint64_t x = 1, y = 1, z = 1;
};

/// A device, used from one thread at a time. Its memory is known by addresses
/// aligned to 256 bytes. What is asked for happens in order; only `upload`,
/// `download` and `synchronize` wait for it.
class DeviceRuntime {
public:
  virtual ~DeviceRuntime();

  /// What the device is, for reports.
  virtual std::string describe() const = 0;

  codec::Result<void *> allocate(size_t bytes);
  /// Gives memory back, to be handed out again; null is nothing.
  void free(void *memory);
  virtual codec::Status upload(void *to, const void *from, size_t bytes) = 0;
  virtual codec::Status download(void *to, const void *from, size_t bytes) = 0;
  /// From device memory to device memory.
  virtual codec::Status copy(void *to, const void *from, size_t bytes) = 0;
  /// The copy of a constant of the host's, made when it is first asked for.
  codec::Result<void *> constant(const void *host, size_t bytes);
  /// Loads kernels, as PTX or machine code; they are then known by name.
  virtual codec::Status load(const std::string &image) = 0;
  /// Fills `map`, of TensorMapShape::mapBytes, for kernels that take it by
  /// value: `array` in device memory as a kernel's copies see it.
  virtual codec::Status encodeTensorMap(void *map, void *array,
                                        const TensorMapShape &shape) = 0;
  /// Starts a kernel of the code that was loaded. An argument is behind each
  /// pointer.
  virtual codec::Status launch(const std::string &kernel, LaunchSize grid,
                               LaunchSize block, size_t dynamicSharedBytes,
                               void **arguments) = 0;
  virtual codec::Status synchronize() = 0;

  /// Records an error of compiled code's, if it is the first.
  void fail(const std::string &message);
  bool hasFailed() const { return !error.empty(); }
  /// The first error since the last call, after which the device works again.
  codec::Status takeError();

protected:
  /// Memory of whole multiples of 256 bytes.
  virtual codec::Result<void *> allocateBlock(size_t bytes) = 0;
  virtual void freeBlock(void *memory) = 0;
  /// Frees all that was allocated; for destructors of implementations.
  void freeAll();

private:
  std::string error;
  /// Sizes of what is handed out, and blocks that were given back, by size.
  std::map<void *, size_t> used;
  std::multimap<size_t, void *> unused;
  std::map<const void *, void *> constants;
};

/// While it lives, compiled code on this thread uses `device`.
class ActiveDevice {
public:
  explicit ActiveDevice(DeviceRuntime &device);
  ~ActiveDevice();
  ActiveDevice(const ActiveDevice &) = delete;
  ActiveDevice &operator=(const ActiveDevice &) = delete;

private:
  DeviceRuntime *previous;
};

/// The functions that compiled host code calls, by name: a JIT has to define
/// them.
///
///   ptr  zq_device_alloc(i64 bytes)
///   void zq_device_free(ptr)
///   void zq_device_copy(ptr to, ptr from, i64 bytes)
///   void zq_device_read(ptr host, ptr from, i64 bytes)
///   i1   zq_device_works()
///   ptr  zq_device_constant(ptr host, i64 bytes)
///   void zq_device_tensor_map(ptr map, ptr array, ptr TensorMapShape)
///   void zq_device_launch(ptr kernelName, i64 gridX, gridY, gridZ, i64 blockX,
///                         blockY, blockZ, i64 dynamicSharedBytes,
///                         ptr argumentPointers)
const std::vector<std::pair<const char *, void *>> &getDeviceSymbols();

//===----------------------------------------------------------------------===//
// CUDA
//===----------------------------------------------------------------------===//

/// The first GPU that NVIDIA's driver shows, which is found at run time.
class CudaDevice : public DeviceRuntime {
public:
  /// An error says what is missing: the driver's library, or a device.
  static codec::Result<std::unique_ptr<CudaDevice>> open();
  ~CudaDevice() override;

  /// "sm_90a": the chip of this name, with everything particular to it.
  std::string getChip() const;
  /// Bytes of the second-level cache.
  size_t getCacheBytes() const;

  std::string describe() const override;
  codec::Status load(const std::string &image) override;
  codec::Status upload(void *to, const void *from, size_t bytes) override;
  codec::Status download(void *to, const void *from, size_t bytes) override;
  codec::Status copy(void *to, const void *from, size_t bytes) override;
  codec::Status encodeTensorMap(void *map, void *array,
                                const TensorMapShape &shape) override;
  codec::Status launch(const std::string &kernel, LaunchSize grid,
                       LaunchSize block, size_t dynamicSharedBytes,
                       void **arguments) override;
  codec::Status synchronize() override;

  /// Runs `work` between two events; the seconds that passed on the device.
  codec::Result<double> time(void (*work)(void *), void *context);

protected:
  codec::Result<void *> allocateBlock(size_t bytes) override;
  void freeBlock(void *memory) override;

private:
  CudaDevice();

  struct State;
  std::unique_ptr<State> state;
};

} // namespace zq::runtime

#endif // ZQ_RUNTIME_DEVICE_H
