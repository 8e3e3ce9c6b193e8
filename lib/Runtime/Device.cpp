//===- Device.cpp - Where kernels run -------------------------------------===//
#include "zq/Runtime/Device.h"

#include <cstring>

using namespace zq::runtime;
using zq::codec::Error;
using zq::codec::Result;
using zq::codec::Status;

DeviceRuntime::~DeviceRuntime() = default;

static constexpr size_t alignment = 256;

Result<void *> DeviceRuntime::allocate(size_t bytes) {
  // Also of nothing there is an address.
  size_t size = (bytes + alignment - 1) / alignment * alignment;
  size = size ? size : alignment;
  // Compiled code asks for the same sizes in every call.
  if (auto found = unused.find(size); found != unused.end()) {
    void *memory = found->second;
    unused.erase(found);
    used[memory] = size;
    return memory;
  }
  Result<void *> memory = allocateBlock(size);
  if (memory)
    used[*memory] = size;
  return memory;
}

void DeviceRuntime::free(void *memory) {
  auto found = used.find(memory);
  if (!memory)
    return;
  if (found == used.end())
    return fail("memory is freed that the device did not hand out");
  unused.emplace(found->second, memory);
  used.erase(found);
}

Result<void *> DeviceRuntime::constant(const void *host, size_t bytes) {
  auto found = constants.find(host);
  if (found != constants.end())
    return found->second;
  Result<void *> memory = allocate(bytes);
  if (!memory)
    return memory;
  if (Status uploaded = upload(*memory, host, bytes); !uploaded)
    return uploaded.error();
  constants[host] = *memory;
  return memory;
}

void DeviceRuntime::fail(const std::string &message) {
  if (error.empty())
    error = message;
}

Status DeviceRuntime::takeError() {
  if (error.empty())
    return {};
  return Error{std::exchange(error, std::string())};
}

void DeviceRuntime::freeAll() {
  for (auto &entry : used)
    freeBlock(entry.first);
  for (auto &entry : unused)
    freeBlock(entry.second);
  used.clear();
  unused.clear();
  constants.clear();
}

//===----------------------------------------------------------------------===//
// What compiled code calls
//===----------------------------------------------------------------------===//

static thread_local DeviceRuntime *active = nullptr;

ActiveDevice::ActiveDevice(DeviceRuntime &device) : previous(active) {
  active = &device;
}

ActiveDevice::~ActiveDevice() { active = previous; }

/// The device of this thread, if it still works.
static DeviceRuntime *getWorking() {
  return active && !active->hasFailed() ? active : nullptr;
}

static void report(DeviceRuntime &device, const Status &status) {
  if (!status)
    device.fail(status.message());
}

static void *allocate(int64_t bytes) {
  DeviceRuntime *device = getWorking();
  if (!device)
    return nullptr;
  Result<void *> memory = device->allocate(bytes);
  if (memory)
    return *memory;
  device->fail(memory.message());
  return nullptr;
}

static void release(void *memory) {
  // After an error as well: there is no leak then.
  if (active)
    active->free(memory);
}

static void copy(void *to, const void *from, int64_t bytes) {
  if (DeviceRuntime *device = getWorking())
    report(*device, device->copy(to, from, bytes));
}

static void read(void *to, const void *from, int64_t bytes) {
  // After an error the host goes on with something that is always the same.
  std::memset(to, 0, bytes);
  if (DeviceRuntime *device = getWorking())
    report(*device, device->download(to, from, bytes));
}

static bool isWorking() { return getWorking() != nullptr; }

static void *getConstant(const void *host, int64_t bytes) {
  DeviceRuntime *device = getWorking();
  if (!device)
    return nullptr;
  Result<void *> memory = device->constant(host, bytes);
  if (memory)
    return *memory;
  device->fail(memory.message());
  return nullptr;
}

static void makeTensorMap(void *map, void *array,
                          const zq::TensorMapShape *shape) {
  if (DeviceRuntime *device = getWorking())
    report(*device, device->encodeTensorMap(map, array, *shape));
}

static void launch(const char *kernel, int64_t gridX, int64_t gridY,
                   int64_t gridZ, int64_t blockX, int64_t blockY,
                   int64_t blockZ, int64_t dynamicSharedBytes,
                   void **arguments) {
  DeviceRuntime *device = getWorking();
  // An empty grid is no work, and the driver refuses it.
  if (!device || gridX == 0 || gridY == 0 || gridZ == 0)
    return;
  LaunchSize grid{uint64_t(gridX), uint64_t(gridY), uint64_t(gridZ)};
  LaunchSize block{uint64_t(blockX), uint64_t(blockY), uint64_t(blockZ)};
  report(*device,
         device->launch(kernel, grid, block, dynamicSharedBytes, arguments));
}

const std::vector<std::pair<const char *, void *>> &
zq::runtime::getDeviceSymbols() {
  static const std::vector<std::pair<const char *, void *>> symbols = {
      {"zq_device_alloc", reinterpret_cast<void *>(&allocate)},
      {"zq_device_free", reinterpret_cast<void *>(&release)},
      {"zq_device_copy", reinterpret_cast<void *>(&copy)},
      {"zq_device_read", reinterpret_cast<void *>(&read)},
      {"zq_device_works", reinterpret_cast<void *>(&isWorking)},
      {"zq_device_constant", reinterpret_cast<void *>(&getConstant)},
      {"zq_device_tensor_map", reinterpret_cast<void *>(&makeTensorMap)},
      {"zq_device_launch", reinterpret_cast<void *>(&launch)},
  };
  return symbols;
}
