//===- Jit.cpp - Functions on tensors, compiled for this machine ----------===//
#include "zq/Runtime/Jit.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Runtime/ArrayTypes.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/NVVM/Emulator.h"
#include "zq/Target/NVVM/Passes.h"
#include "zq/Target/Target.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Process.h"

#include <cstring>
#include <new>
#include <sys/mman.h>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// Checks that `type` can be handed over as an array, and appends it.
static LogicalResult appendTypes(func::FuncOp function, const Twine &what,
                                 Type type, bool isResult,
                                 SmallVectorImpl<RankedTensorType> &types) {
  FailureOr<SmallVector<RankedTensorType>> stored =
      getStoredTypes(type, function);
  if (failed(stored))
    return function.emitError("cannot be called: ")
           << what << " is " << type << ", and not a tensor"
           << (isa<CompressedTensorType>(type) ? " whose decoder is known"
                                               : "");
  bool isCompressed = isa<CompressedTensorType>(type);
  if (isCompressed && isResult)
    return function.emitError("cannot be called: ")
           << what << " is a compressed tensor";
  for (RankedTensorType tensor : *stored) {
    if (!toReferenceType(tensor.getElementType()))
      return function.emitError("cannot be called: ")
             << what << " has elements of type " << tensor.getElementType()
             << ", which no array file holds";
    types.push_back(tensor);
  }
  return success();
}

FailureOr<Signature> mlir::zq::getSignature(func::FuncOp function) {
  Signature signature;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(appendTypes(function, "argument " + Twine(i), type,
                           /*isResult=*/false, signature.inputs)))
      return failure();
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(appendTypes(function, "result " + Twine(i), type,
                           /*isResult=*/true, signature.results)))
      return failure();
  FailureOr<CallSizes> sizes = getCallSizes(function);
  if (failed(sizes))
    return failure();
  signature.sizes = std::move(*sizes);
  return signature;
}

Status Signature::resolve(ArrayRef<const Array *> arrays,
                          std::vector<Array> &made) const {
  if (Status fit = checkArrays(arrays, inputs); !fit)
    return fit;
  SmallVector<ArrayRef<int64_t>> shapes;
  for (const Array *array : arrays)
    shapes.push_back(array->shape);
  if (Status fit = sizes.check(shapes); !fit)
    return fit;
  for (auto [i, type] : llvm::enumerate(results))
    made.push_back(
        makeArray(type.clone(sizes.getShape(i, type.getShape(), shapes))));
  return {};
}

Status
Signature::bind(ArrayRef<const Array *> arrays, std::vector<Array> &made,
                llvm::function_ref<Status(const Array &, bool)> add) const {
  if (Status fit = resolve(arrays, made); !fit)
    return fit;
  for (const Array *array : arrays)
    if (Status added = add(*array, /*isInput=*/true); !added)
      return added;
  for (Array &result : made) {
    if (Status added = add(result, /*isInput=*/false); !added)
      return added;
    result.bytes.clear();
  }
  return {};
}

Result<std::vector<Array>>
mlir::zq::readArrays(std::vector<Array> arrays,
                     llvm::function_ref<Status(size_t, void *, size_t)> read) {
  for (auto [i, array] : llvm::enumerate(arrays)) {
    array.bytes.resize(array.size() * ::zq::codec::byteWidth(array.type));
    if (array.bytes.empty())
      continue;
    if (Status copied = read(i, array.bytes.data(), array.bytes.size());
        !copied)
      return copied.error();
  }
  return arrays;
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

JitFunction::JitFunction() = default;
JitFunction::~JitFunction() = default;

Result<EmulatedGpu> mlir::zq::parseEmulatedGpu(StringRef text) {
  auto [chip, seed] = text.split(':');
  auto known = parseChip(chip);
  if (!known)
    return known.error();
  EmulatedGpu gpu{chip.str()};
  if (text.contains(':') && seed.getAsInteger(10, gpu.seed))
    return Error{"the seed of an emulated GPU is a number, and not '" +
                 seed.str() + "'"};
  return gpu;
}

void mlir::zq::makeEntry(ModuleOp module, func::FuncOp function) {
  for (auto other : module.getOps<func::FuncOp>())
    other.setVisibility(other == function ? SymbolTable::Visibility::Public
                                          : SymbolTable::Visibility::Private);
}

void mlir::zq::buildPipeline(OpPassManager &pm, const JitOptions &options) {
  if (options.emulated) {
    LowerToNVVMOptions gpu;
    gpu.chip = options.emulated->chip;
    gpu.accuracy = options.accuracy;
    buildLowerToNVVMPipeline(pm, gpu);
    pm.addPass(createEmulateKernels({options.emulated->chip}));
    addHostToLLVMPasses(pm);
    return;
  }
  LowerToLLVMOptions pipelineOptions;
  pipelineOptions.threads = options.threads;
  pipelineOptions.features = options.features;
  pipelineOptions.placement = options.placement;
  pipelineOptions.accuracy = options.accuracy;
  pipelineOptions.recodeWeights = options.recodeWeights;
  buildLowerToLLVMPipeline(pm, pipelineOptions);
}

Result<std::unique_ptr<llvm::TargetMachine>>
mlir::zq::createMachine(const JitOptions &options) {
  // The length of SVE's vectors is known of CPUs by name, not of this machine:
  // NEON instead.
  StringRef features = options.features;
  if (Status known = checkFeatures(features); !known)
    return known.error();
  if (features == "host")
    return StringRef(getHostFeatures()).starts_with("aarch64")
               ? createAArch64Machine("host", "-sve")
               : createX86Machine("host");
  if (features.contains("vscale="))
    return Error{"code for one length of SVE's vectors is compiled ahead of "
                 "time only"};
  if (features.consume_front("aarch64"))
    return createAArch64Machine("generic", features.ltrim(',').str());
  return createX86Machine("x86-64", features.str());
}

FailureOr<CompiledFunction>
mlir::zq::compileFunction(ModuleOp module, StringRef name,
                          const JitOptions &options) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function || function.isDeclaration())
    return module.emitError("no function '")
           << name << "' with a body in the module";

  auto machine = createMachine(options);
  if (!machine)
    return module.emitError("cannot compile for this machine: ")
           << machine.message();
  // Most of the time the emulator's own code runs, and what it is called by is
  // compiled longer than it runs.
  if (options.emulated)
    (*machine)->setOptLevel(llvm::CodeGenOptLevel::None);
  CompiledFunction compiled;
  FailureOr<Signature> signature = mlir::zq::getSignature(function);
  if (failed(signature))
    return failure();
  compiled.signature = std::move(*signature);
  makeEntry(module, function);
  PassManager pm(module->getName());
  pm.addPass(createSymbolDCEPass());
  buildPipeline(pm, options);
  if (failed(runPasses(pm, module, options.verifyEach)))
    return failure();

  llvm::raw_svector_ostream os(compiled.object);
  if (failed(emitCode(module, **machine, CodeForm::Object, os,
                      getCInterface(name))))
    return failure();
  return compiled;
}

FailureOr<std::unique_ptr<JitFunction>>
JitFunction::compile(ModuleOp module, StringRef name,
                     const JitOptions &options) {
  Location loc = module.getLoc();
  std::string missing;
  if (options.features != "host")
    missing = getMissingFeatures(options.features);
  if (!missing.empty())
    return emitError(loc, "this machine lacks ")
           << missing << ", which code is asked for";
  FailureOr<CompiledFunction> compiled = compileFunction(module, name, options);
  if (failed(compiled))
    return failure();
  std::unique_ptr<JitFunction> jit(new JitFunction);
  jit->signature = std::move(compiled->signature);
  // Kernels want arrays aligned.
  jit->guardPages = options.guardPages && !options.emulated;
  jit->emulated = options.emulated;
  ArrayRef<::zq::emulator::Symbol> symbols;
  if (options.emulated)
    symbols = ::zq::emulator::getRuntimeAndMemorySymbols();
  auto object = LoadedObject::load(
      llvm::MemoryBuffer::getMemBufferCopy(
          StringRef(compiled->object.data(), compiled->object.size()), name),
      symbols);
  if (!object)
    return emitError(loc, object.message());
  jit->object = std::move(*object);
  auto entry = jit->object->lookupPacked(getCInterface(name));
  if (!entry)
    return emitError(loc, entry.message());
  jit->function = *entry;
  return jit;
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

/// What compiled code may load whole vectors from.
static constexpr std::align_val_t bufferAlignment{64};

void JitCall::Free::operator()(uint8_t *bytes) const {
  if (isEmulated)
    return;
  if (mapping)
    ::munmap(mapping, mappedSize);
  else
    ::operator delete(bytes, bufferAlignment);
}

void JitCall::addBuffer(const Array &contents, bool guarded) {
  Buffer buffer;
  size_t size = contents.bytes.size();
  if (guarded) {
    size_t page = llvm::sys::Process::getPageSizeEstimate();
    size_t readable = llvm::alignTo(size, page);
    Free release{nullptr, readable + page, /*isEmulated=*/false};
    release.mapping =
        ::mmap(nullptr, release.mappedSize, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    auto *begin = static_cast<uint8_t *>(release.mapping);
    if (release.mapping == MAP_FAILED ||
        ::mprotect(begin + readable, page, PROT_NONE) != 0)
      llvm::report_fatal_error("no memory for an array with a guard page");
    buffer.bytes =
        std::unique_ptr<uint8_t, Free>(begin + readable - size, release);
  } else if (emulator) {
    buffer.bytes = std::unique_ptr<uint8_t, Free>(
        static_cast<uint8_t *>(emulator->allocate(size)),
        Free{nullptr, 0, /*isEmulated=*/true});
  } else {
    buffer.bytes.reset(
        static_cast<uint8_t *>(::operator new(size, bufferAlignment)));
  }
  if (size)
    std::memcpy(buffer.bytes.get(), contents.bytes.data(), size);

  appendDescriptor(buffer.descriptor, buffer.bytes.get(), contents.shape);
  buffers.push_back(std::move(buffer));
}

Status JitCall::run() {
  SmallVector<void *> arguments;
  for (Buffer &buffer : buffers)
    arguments.push_back(buffer.descriptor.data());
  if (!emulator) {
    if (Status enough = checkNumThreads(); !enough)
      return enough;
    function(arguments.data());
    return {};
  }
  ::zq::emulator::ActiveEmulator active(*emulator);
  function(arguments.data());
  return emulator->takeError();
}

std::vector<Array> JitCall::getResults() const {
  return *readArrays(resultTypes, [&](size_t i, void *to, size_t bytes) {
    std::memcpy(to, buffers[numInputs + i].bytes.get(), bytes);
    return Status();
  });
}

Result<JitCall> JitFunction::bind(ArrayRef<const Array *> inputs) const {
  JitCall call;
  call.function = function;
  if (emulated) {
    ::zq::emulator::EmulatorOptions options;
    options.seed = emulated->seed;
    options.chip = emulated->chip;
    call.emulator = std::make_shared<::zq::emulator::Emulator>(options);
  }
  call.numInputs = inputs.size();
  Status bound =
      signature.bind(inputs, call.resultTypes, [&](const Array &array, bool) {
        call.addBuffer(array, guardPages);
        return Status();
      });
  if (!bound)
    return bound.error();
  return call;
}

Result<std::vector<Array>>
JitFunction::call(ArrayRef<const Array *> inputs) const {
  Result<JitCall> bound = bind(inputs);
  if (!bound)
    return bound.error();
  if (Status ran = bound->run(); !ran)
    return Error{ran.message()};
  return bound->getResults();
}
