//===- CudaDriver.cpp - Kernels by CUDA's driver --------------------------===//
//
// The driver's library is loaded at run time, so that zq is built and runs
// without it. Its functions and constants are declared here as the CUDA driver
// API's reference has them.
//
//===----------------------------------------------------------------------===//
#include "zq/Runtime/Device.h"

#include <dlfcn.h>
#include <unordered_map>

using namespace zq::runtime;
using zq::TensorMapShape;
using zq::codec::Error;
using zq::codec::Result;
using zq::codec::Status;

// Names as in the reference. NOLINTBEGIN(readability-identifier-naming)
using CUresult = int;
using CUdevice = int;
using CUcontext = void *;
using CUmodule = void *;
using CUfunction = void *;
using CUstream = void *;
using CUevent = void *;
using CUdeviceptr = unsigned long long;

static constexpr int CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE = 38;
static constexpr int CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75;
static constexpr int CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76;
static constexpr int CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97;
static constexpr int CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
static constexpr int CU_TENSOR_MAP_INTERLEAVE_NONE = 0;
static constexpr int CU_TENSOR_MAP_L2_PROMOTION_L2_256B = 3;
static constexpr int CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE = 0;
static constexpr int CU_JIT_ERROR_LOG_BUFFER = 5;
static constexpr int CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6;
// NOLINTEND(readability-identifier-naming)

namespace {
/// The functions of the library that are used. Those whose signature changed
/// once are exported under a name with a version.
struct Api {
  CUresult (*init)(unsigned flags);
  CUresult (*getErrorString)(CUresult, const char **text);
  CUresult (*driverGetVersion)(int *version);
  CUresult (*deviceGetCount)(int *count);
  CUresult (*deviceGet)(CUdevice *, int ordinal);
  CUresult (*deviceGetName)(char *name, int length, CUdevice);
  CUresult (*deviceGetAttribute)(int *value, int attribute, CUdevice);
  CUresult (*primaryRetain)(CUcontext *, CUdevice);
  CUresult (*primaryRelease)(CUdevice);
  CUresult (*setCurrent)(CUcontext);
  CUresult (*synchronize)();
  CUresult (*allocate)(CUdeviceptr *, size_t bytes);
  CUresult (*free)(CUdeviceptr);
  CUresult (*copyToDevice)(CUdeviceptr to, const void *from, size_t bytes);
  CUresult (*copyToHost)(void *to, CUdeviceptr from, size_t bytes);
  CUresult (*copyOnDevice)(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                           CUstream);
  CUresult (*moduleLoad)(CUmodule *, const void *image, unsigned numOptions,
                         int *options, void **values);
  CUresult (*moduleUnload)(CUmodule);
  CUresult (*moduleGetFunction)(CUfunction *, CUmodule, const char *name);
  CUresult (*functionSetAttribute)(CUfunction, int attribute, int value);
  CUresult (*launch)(CUfunction, unsigned gridX, unsigned gridY, unsigned gridZ,
                     unsigned blockX, unsigned blockY, unsigned blockZ,
                     unsigned sharedBytes, CUstream, void **arguments,
                     void **extra);
  /// Null before CUDA 12, whose drivers know no chip with tensor maps.
  CUresult (*tensorMapEncodeTiled)(void *map, int type, unsigned rank,
                                   void *address, const uint64_t *sizes,
                                   const uint64_t *strides, const unsigned *box,
                                   const unsigned *elementStrides,
                                   int interleave, int swizzle, int promotion,
                                   int fill);
  CUresult (*eventCreate)(CUevent *, unsigned flags);
  CUresult (*eventDestroy)(CUevent);
  CUresult (*eventRecord)(CUevent, CUstream);
  CUresult (*eventSynchronize)(CUevent);
  CUresult (*eventElapsed)(float *milliseconds, CUevent, CUevent);
};
} // namespace

static constexpr const char *libraryName = "libcuda.so.1";

/// Loads the driver's library; it stays until the process ends.
static Result<Api> loadApi() {
  void *library = ::dlopen(libraryName, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return Error{std::string("no NVIDIA driver: ") + ::dlerror() +
                 "; --target=emulate:CHIP needs none"};
  Api api = {};
  std::string missing;
  auto find = [&](auto &function, const char *name) {
    using Function = std::remove_reference_t<decltype(function)>;
    function = reinterpret_cast<Function>(::dlsym(library, name));
    if (!function && missing.empty())
      missing = name;
  };
  find(api.init, "cuInit");
  find(api.getErrorString, "cuGetErrorString");
  find(api.driverGetVersion, "cuDriverGetVersion");
  find(api.deviceGetCount, "cuDeviceGetCount");
  find(api.deviceGet, "cuDeviceGet");
  find(api.deviceGetName, "cuDeviceGetName");
  find(api.deviceGetAttribute, "cuDeviceGetAttribute");
  find(api.primaryRetain, "cuDevicePrimaryCtxRetain");
  find(api.primaryRelease, "cuDevicePrimaryCtxRelease_v2");
  find(api.setCurrent, "cuCtxSetCurrent");
  find(api.synchronize, "cuCtxSynchronize");
  find(api.allocate, "cuMemAlloc_v2");
  find(api.free, "cuMemFree_v2");
  find(api.copyToDevice, "cuMemcpyHtoD_v2");
  find(api.copyToHost, "cuMemcpyDtoH_v2");
  find(api.copyOnDevice, "cuMemcpyDtoDAsync_v2");
  find(api.moduleLoad, "cuModuleLoadDataEx");
  find(api.moduleUnload, "cuModuleUnload");
  find(api.moduleGetFunction, "cuModuleGetFunction");
  find(api.functionSetAttribute, "cuFuncSetAttribute");
  find(api.launch, "cuLaunchKernel");
  find(api.eventCreate, "cuEventCreate");
  find(api.eventDestroy, "cuEventDestroy_v2");
  find(api.eventRecord, "cuEventRecord");
  find(api.eventSynchronize, "cuEventSynchronize");
  find(api.eventElapsed, "cuEventElapsedTime");
  api.tensorMapEncodeTiled =
      reinterpret_cast<decltype(api.tensorMapEncodeTiled)>(
          ::dlsym(library, "cuTensorMapEncodeTiled"));
  if (!missing.empty())
    return Error{std::string(libraryName) + " has no function '" + missing +
                 "': the NVIDIA driver is too old"};
  return api;
}

struct CudaDevice::State {
  Api api;
  CUdevice device = 0;
  CUcontext context = nullptr;
  std::string name;
  int version = 0, major = 0, minor = 0, cacheBytes = 0, sharedBytes = 0;
  std::vector<CUmodule> modules;
  /// Kernels that were launched, and the dynamic shared memory that each may
  /// have by now.
  struct Kernel {
    CUfunction function = nullptr;
    size_t sharedBytes = 48 * 1024;
  };
  std::unordered_map<std::string, Kernel> kernels;

  Status check(CUresult result, const std::string &what) const {
    if (result == 0)
      return {};
    const char *text = nullptr;
    if (api.getErrorString(result, &text) != 0 || !text)
      text = "unknown error";
    return Error{what + ": " + text + " (CUDA error " + std::to_string(result) +
                 ")"};
  }
};

CudaDevice::CudaDevice() : state(std::make_unique<State>()) {}

Result<std::unique_ptr<CudaDevice>> CudaDevice::open() {
  Result<Api> api = loadApi();
  if (!api)
    return api.error();
  std::unique_ptr<CudaDevice> cuda(new CudaDevice);
  State &state = *cuda->state;
  state.api = *api;
  if (Status ok = state.check(api->init(0), "cannot start the NVIDIA driver");
      !ok)
    return ok.error();
  int count = 0;
  if (Status ok = state.check(api->deviceGetCount(&count), "no NVIDIA GPU");
      !ok)
    return ok.error();
  if (count == 0)
    return Error{"no NVIDIA GPU: the driver shows none"};
  char name[256] = "";
  auto attribute = [&](int &value, int which) {
    return api->deviceGetAttribute(&value, which, state.device);
  };
  CUresult result = api->deviceGet(&state.device, 0);
  result =
      result ? result : api->deviceGetName(name, sizeof(name), state.device);
  result = result ? result : api->driverGetVersion(&state.version);
  result = result ? result
                  : attribute(state.major,
                              CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  result = result ? result
                  : attribute(state.minor,
                              CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  result = result
               ? result
               : attribute(state.cacheBytes, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  result =
      result ? result
             : attribute(state.sharedBytes,
                         CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  if (Status ok = state.check(result, "cannot ask the NVIDIA GPU what it is");
      !ok)
    return ok.error();
  state.name = name;
  result = api->primaryRetain(&state.context, state.device);
  result = result ? result : api->setCurrent(state.context);
  if (Status ok = state.check(result, "cannot use the NVIDIA GPU"); !ok)
    return ok.error();
  return cuda;
}

CudaDevice::~CudaDevice() {
  if (!state->context)
    return;
  (void)state->api.synchronize();
  freeAll();
  for (CUmodule module : state->modules)
    (void)state->api.moduleUnload(module);
  (void)state->api.primaryRelease(state->device);
}

std::string CudaDevice::getChip() const {
  int arch = state->major * 10 + state->minor;
  // Code for sm_80 runs on sm_86 and sm_87.
  if (arch < 89)
    return state->major == 8 ? "sm_80" : "sm_" + std::to_string(arch);
  return "sm_" + std::to_string(arch) + (arch >= 90 ? "a" : "");
}

size_t CudaDevice::getCacheBytes() const { return state->cacheBytes; }

std::string CudaDevice::describe() const {
  return state->name + " (" + getChip() + "), driver for CUDA " +
         std::to_string(state->version / 1000) + "." +
         std::to_string(state->version % 1000 / 10);
}

Status CudaDevice::load(const std::string &image) {
  char log[4096] = "";
  int options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  // The driver takes numbers in place of pointers.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
  CUmodule module = nullptr;
  Status loaded = state->check(
      state->api.moduleLoad(&module, image.c_str(), 2, options, values),
      "the driver does not take the kernels for " + describe());
  if (!loaded)
    return Error{loaded.message() + (log[0] ? std::string(": ") + log : "")};
  state->modules.push_back(module);
  return {};
}

Result<void *> CudaDevice::allocateBlock(size_t bytes) {
  CUdeviceptr memory = 0;
  if (Status ok = state->check(state->api.allocate(&memory, bytes),
                               "cannot allocate " + std::to_string(bytes) +
                                   " bytes of device memory");
      !ok)
    return ok.error();
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the driver's addresses
  return reinterpret_cast<void *>(memory);
}

static CUdeviceptr toDevice(const void *memory) {
  return reinterpret_cast<CUdeviceptr>(memory);
}

void CudaDevice::freeBlock(void *memory) {
  (void)state->api.free(toDevice(memory));
}

Status CudaDevice::upload(void *to, const void *from, size_t bytes) {
  return state->check(state->api.copyToDevice(toDevice(to), from, bytes),
                      "cannot copy to the device");
}

Status CudaDevice::download(void *to, const void *from, size_t bytes) {
  return state->check(state->api.copyToHost(to, toDevice(from), bytes),
                      "cannot copy from the device");
}

Status CudaDevice::copy(void *to, const void *from, size_t bytes) {
  return state->check(
      state->api.copyOnDevice(toDevice(to), toDevice(from), bytes, nullptr),
      "cannot copy on the device");
}

Status CudaDevice::encodeTensorMap(void *map, void *array,
                                   const TensorMapShape &shape) {
  if (!state->api.tensorMapEncodeTiled)
    return Error{std::string(libraryName) +
                 " has no function 'cuTensorMapEncodeTiled': the NVIDIA driver "
                 "is too old for this kernel"};
  uint64_t sizes[TensorMapShape::maxRank], strides[TensorMapShape::maxRank];
  unsigned box[TensorMapShape::maxRank], ones[TensorMapShape::maxRank];
  for (int64_t i = 0; i < shape.rank; ++i) {
    sizes[i] = shape.sizes[i];
    strides[i] = i + 1 < shape.rank ? shape.strides[i] : 0;
    box[i] = shape.box[i];
    ones[i] = 1;
  }
  return state->check(
      state->api.tensorMapEncodeTiled(
          map, static_cast<int>(shape.type), shape.rank, array, sizes, strides,
          box, ones, CU_TENSOR_MAP_INTERLEAVE_NONE,
          static_cast<int>(shape.swizzle), CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
          CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
      "the driver makes no tensor map of this shape");
}

Status CudaDevice::launch(const std::string &name, LaunchSize grid,
                          LaunchSize block, size_t dynamicSharedBytes,
                          void **arguments) {
  State::Kernel &kernel = state->kernels[name];
  for (CUmodule module : state->modules)
    if (!kernel.function)
      (void)state->api.moduleGetFunction(&kernel.function, module,
                                         name.c_str());
  if (!kernel.function)
    return Error{"no kernel '" + name + "' was loaded"};
  if (dynamicSharedBytes > kernel.sharedBytes) {
    if (dynamicSharedBytes > size_t(state->sharedBytes))
      return Error{"kernel '" + name + "' needs " +
                   std::to_string(dynamicSharedBytes) +
                   " bytes of shared memory; a block has at most " +
                   std::to_string(state->sharedBytes) + " on " + describe()};
    if (Status ok = state->check(
            state->api.functionSetAttribute(
                kernel.function,
                CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                static_cast<int>(dynamicSharedBytes)),
            "cannot give kernel '" + name + "' " +
                std::to_string(dynamicSharedBytes) + " bytes of shared memory");
        !ok)
      return ok;
    kernel.sharedBytes = dynamicSharedBytes;
  }
  return state->check(state->api.launch(kernel.function, grid.x, grid.y, grid.z,
                                        block.x, block.y, block.z,
                                        dynamicSharedBytes, nullptr, arguments,
                                        nullptr),
                      "cannot launch kernel '" + name + "'");
}

Status CudaDevice::synchronize() {
  return state->check(state->api.synchronize(), "a kernel failed");
}

Result<double> CudaDevice::time(void (*work)(void *), void *context) {
  CUevent begin = nullptr, end = nullptr;
  const Api &api = state->api;
  CUresult result = api.eventCreate(&begin, 0);
  result = result ? result : api.eventCreate(&end, 0);
  result = result ? result : api.eventRecord(begin, nullptr);
  if (result == 0)
    work(context);
  float milliseconds = 0;
  result = result ? result : api.eventRecord(end, nullptr);
  result = result ? result : api.eventSynchronize(end);
  result = result ? result : api.eventElapsed(&milliseconds, begin, end);
  if (begin)
    (void)api.eventDestroy(begin);
  if (end)
    (void)api.eventDestroy(end);
  if (Status ok = state->check(result, "cannot time kernels"); !ok)
    return ok.error();
  return milliseconds * 1e-3;
}
