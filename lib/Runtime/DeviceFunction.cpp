//===- DeviceFunction.cpp - Functions compiled for a device ---------------===//
#include "zq/Runtime/DeviceFunction.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Runtime/ArrayTypes.h"
#include "zq/Target/NVVM/NVVMCode.h"
#include "zq/Target/NVVM/Passes.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::runtime::ActiveDevice;
using ::zq::runtime::DeviceRuntime;

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

FailureOr<std::unique_ptr<DeviceFunction>>
DeviceFunction::compile(ModuleOp module, StringRef name,
                        const DeviceOptions &options, DeviceRuntime &device) {
  Location loc = module.getLoc();
  auto entry = module.lookupSymbol<func::FuncOp>(name);
  if (!entry || entry.isDeclaration())
    return module.emitError("no function '")
           << name << "' with a body in the module";
  auto chip = parseChip(options.chip);
  if (!chip)
    return module.emitError(chip.message());
  std::unique_ptr<DeviceFunction> result(new DeviceFunction);
  result->device = &device;
  FailureOr<Signature> signature = mlir::zq::getSignature(entry);
  if (failed(signature))
    return failure();
  result->signature = std::move(*signature);
  makeEntry(module, entry);
  std::string interface = getCInterface(name);

  PassManager toKernels(module->getName());
  toKernels.addPass(createSymbolDCEPass());
  LowerToNVVMOptions pipeline;
  pipeline.chip = options.chip;
  pipeline.accuracy = options.accuracy;
  buildLowerToNVVMPipeline(toKernels, pipeline);
  if (failed(toKernels.run(module)))
    return failure();
  for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
    FailureOr<std::string> ptx = emitPTX(kernels, **chip);
    if (failed(ptx))
      return failure();
    if (Status loaded = device.load(*ptx); !loaded)
      return emitError(loc, loaded.message());
  }
  PassManager toHost(module->getName());
  toHost.addPass(createLowerDeviceCalls());
  addHostToLLVMPasses(toHost);
  if (failed(toHost.run(module)))
    return failure();

  auto machine = createX86Machine("host");
  if (!machine)
    return emitError(loc, "cannot compile for this machine: ")
           << machine.message();
  SmallVector<char, 0> code;
  llvm::raw_svector_ostream os(code);
  if (failed(emitCode(module, **machine, CodeForm::Object, os, interface)))
    return failure();
  auto object =
      LoadedObject::load(llvm::MemoryBuffer::getMemBufferCopy(os.str(), name),
                         ::zq::runtime::getDeviceSymbols());
  if (!object)
    return emitError(loc, object.message());
  result->object = std::move(*object);
  auto function = result->object->lookupPacked(interface);
  if (!function)
    return emitError(loc, function.message());
  result->function = *function;
  return result;
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

DeviceCall::~DeviceCall() {
  for (Buffer &buffer : buffers)
    device->free(buffer.memory);
}

Status DeviceCall::addBuffer(const Array &contents, bool isInput) {
  size_t bytes = contents.size() * ::zq::codec::byteWidth(contents.type);
  Result<void *> memory = device->allocate(bytes);
  if (!memory)
    return memory.error();
  Buffer buffer{*memory, {}};
  appendDescriptor(buffer.descriptor, *memory, contents.shape);
  buffers.push_back(std::move(buffer));
  if (isInput && bytes)
    return device->upload(*memory, contents.bytes.data(), bytes);
  return {};
}

Status DeviceCall::start() {
  SmallVector<void *> arguments;
  for (Buffer &buffer : buffers)
    arguments.push_back(buffer.descriptor.data());
  ActiveDevice active(*device);
  function(arguments.data());
  return device->takeError();
}

Status DeviceCall::run() {
  if (Status started = start(); !started)
    return started;
  return device->synchronize();
}

Result<std::vector<Array>> DeviceCall::getResults() const {
  return readArrays(resultTypes, [&](size_t i, void *to, size_t bytes) {
    return device->download(to, buffers[numInputs + i].memory, bytes);
  });
}

Result<DeviceCall> DeviceFunction::bind(ArrayRef<const Array *> inputs) const {
  DeviceCall call;
  call.device = device;
  call.function = function;
  call.numInputs = inputs.size();
  Status bound = signature.bind(inputs, call.resultTypes,
                                [&](const Array &array, bool isInput) {
                                  return call.addBuffer(array, isInput);
                                });
  if (!bound)
    return bound.error();
  return call;
}
