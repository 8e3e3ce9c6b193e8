//===- Program.cpp - One function, from its text to calls -----------------===//
#include "zq/Runtime/Program.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/InitAll.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Runtime/ArrayTypes.h"
#include "zq/Target/NVVM/NVVMCode.h"
#include "zq/Target/Target.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/ScopedPrinter.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/TargetParser/Host.h"

#include <cstdlib>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;

/// Where something is, for a message: the place in the text, or the name that
/// whoever made the text gave the op; empty where neither is known.
static std::string getPlace(Location loc) {
  std::string name;
  loc->walk([&](Location part) {
    if (auto named = dyn_cast<NameLoc>(part))
      name = named.getName().str();
    return name.empty() ? WalkResult::advance() : WalkResult::interrupt();
  });
  if (!name.empty())
    return name;
  auto file = loc->findInstanceOf<FileLineColLoc>();
  if (!file)
    return "";
  return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
          Twine(file.getColumn()))
      .str();
}

namespace {
/// A module with the context it lives in, and what is said about it.
class Session {
public:
  explicit Session(const ProgramOptions &options) : options(options) {
    DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    mlir::zq::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.printOpOnDiagnostic(false);
    context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
      bool isRemark = diagnostic.getSeverity() == DiagnosticSeverity::Remark;
      add(isRemark ? remarks : messages, diagnostic);
      return success();
    });
  }

  /// Parses the text and finds the function to call.
  Status open(StringRef text);

  /// Gives the arguments their layout.
  Status pack();

  /// What the compiler said, or `otherwise` where it said nothing.
  Error fail(StringRef otherwise) const {
    return Error{messages.empty() ? otherwise.str()
                                  : llvm::join(messages, "\n")};
  }

  const ProgramOptions &options;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  std::vector<std::string> remarks;

private:
  static void add(std::vector<std::string> &list, Diagnostic &diagnostic) {
    auto format = [&](Diagnostic &part) {
      std::string place = getPlace(part.getLocation());
      return (place.empty() ? "" : place + ": ") + part.str();
    };
    list.push_back(format(diagnostic));
    for (Diagnostic &note : diagnostic.getNotes())
      list.back() += "\n  " + format(note);
  }

  std::vector<std::string> messages;
};
} // namespace

Status Session::open(StringRef text) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, options.fileName),
      llvm::SMLoc());
  module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return fail("the text is no module");

  SmallVector<func::FuncOp> candidates;
  std::string list;
  for (auto candidate : module->getOps<func::FuncOp>()) {
    if (candidate.isDeclaration())
      continue;
    StringRef name = candidate.getName();
    if (name == options.entry || (options.entry.empty() && name == "main"))
      function = candidate;
    if (candidate.isPublic())
      candidates.push_back(candidate);
    list += (list.empty() ? "" : ", ") + name.str();
  }
  if (!function && options.entry.empty() && candidates.size() == 1)
    function = candidates.front();
  if (!function && list.empty())
    return Error{"no function with a body in the module"};
  if (!function && !options.entry.empty())
    return Error{"no function '" + options.entry +
                 "' in the module, which has " + list};
  if (!function)
    return Error{"say which function to call: " + list};

  // Nobody would check such streams, and decoding relies on their values.
  WalkResult walk = module->walk([&](AssembleOp op) {
    op.emitError("streams from outside are checked as a whole: let the "
                 "function take the compressed tensor instead");
    return WalkResult::interrupt();
  });
  if (walk.wasInterrupted())
    return fail("");
  // Callers' arrays are theirs.
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    function.setArgAttr(i, "bufferization.writable",
                        BoolAttr::get(&context, false));
  return {};
}

Status Session::pack() {
  if (!options.packWeights)
    return {};
  PassManager pm(module.get()->getName());
  std::unique_ptr<Target> target = getTarget(options.features);
  pm.addPass(
      createPackWeights({target->getPanelRows(), options.recodeWeights,
                         target->getMemoryCost(), target->getRecordShare()}));
  return succeeded(pm.run(*module)) ? Status() : fail("cannot pack weights");
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

static std::vector<Parameter> getParameters(TypeRange declared, TypeRange types,
                                            func::FuncOp function) {
  std::vector<Parameter> parameters;
  for (auto [before, after] : llvm::zip(declared, types)) {
    Parameter parameter{llvm::to_string(before), llvm::to_string(after), {}};
    auto stored = getStoredTypes(after, function);
    for (RankedTensorType type : *stored)
      parameter.arrays.push_back({*toReferenceType(type.getElementType()),
                                  std::vector<int64_t>(type.getShape().begin(),
                                                       type.getShape().end())});
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

Result<std::unique_ptr<Program>>
Program::compile(StringRef text, const ProgramOptions &options) {
  Session session(options);
  if (Status opened = session.open(text); !opened)
    return Error{opened.message()};
  SmallVector<Type> declared(session.function.getArgumentTypes());
  if (Status packed = session.pack(); !packed)
    return Error{packed.message()};
  std::unique_ptr<Program> program(new Program);
  program->entry = session.function.getName().str();
  FailureOr<Signature> signature = mlir::zq::getSignature(session.function);
  if (failed(signature))
    return session.fail("the function cannot be called");
  program->sizes = std::move(signature->sizes);
  program->inputs = getParameters(declared, session.function.getArgumentTypes(),
                                  session.function);
  TypeRange resultTypes = session.function.getResultTypes();
  program->results = getParameters(resultTypes, resultTypes, session.function);

  FailureOr<CompiledFunction> compiled =
      compileFunction(*session.module, program->entry, options);
  if (failed(compiled))
    return session.fail("cannot compile");
  program->object.assign(compiled->object.begin(), compiled->object.end());
  program->features =
      options.features == "host" ? getHostFeatures() : options.features;
  program->remarks = std::move(session.remarks);
  if (Status linked = program->link(); !linked)
    return Error{linked.message()};
  return program;
}

Status Program::link() {
  std::string missing = getMissingFeatures(features);
  if (!missing.empty())
    return Error{"the program was compiled for a CPU with " + missing +
                 ", which this machine lacks"};
  auto object = LoadedObject::load(
      llvm::MemoryBuffer::getMemBuffer(this->object, entry,
                                       /*RequiresNullTerminator=*/false));
  if (!object)
    return Error{object.message()};
  loaded = std::move(*object);
  auto address = loaded->lookupPacked(getCInterface(entry));
  if (!address)
    return Error{address.message()};
  function = *address;
  return {};
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

static std::string describeArray(const ArrayRefOf &array) {
  Array shaped;
  shaped.type = array.type;
  shaped.shape = array.shape.vec();
  return mlir::zq::describe(shaped);
}

/// Checks `arrays` against `parameters`, and appends a memref descriptor for
/// each.
static Status addDescriptors(ArrayRef<Parameter> parameters,
                             ArrayRef<ArrayRefOf> arrays, StringRef what,
                             std::vector<int64_t> &descriptors,
                             std::vector<size_t> &offsets) {
  size_t next = 0;
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    for (const Parameter::Stored &stored : parameter.arrays) {
      if (next == arrays.size())
        return Error{"the function has more arrays of " + what.str() +
                     "s than the " + std::to_string(next) + " given"};
      const ArrayRefOf &array = arrays[next++];
      bool fits = array.type == stored.type &&
                  array.shape.size() == stored.shape.size();
      for (size_t d = 0; fits && d < stored.shape.size(); ++d)
        fits = ShapedType::isDynamic(stored.shape[d])
                   ? array.shape[d] >= 0
                   : array.shape[d] == stored.shape[d];
      if (!fits)
        return Error{(what + " " + Twine(i) + ": expected " +
                      parameter.declared + ", got " + describeArray(array))
                         .str()};
      offsets.push_back(descriptors.size());
      appendDescriptor(descriptors, array.data, array.shape);
    }
  }
  if (next != arrays.size())
    return Error{"the function has " + std::to_string(next) + " arrays of " +
                 what.str() + "s, got " + std::to_string(arrays.size())};
  return {};
}

// Of the OpenMP runtime: how many milliseconds a thread of this one's team
// waits actively for more work.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" void kmp_set_blocktime(int);

/// By itself the runtime's threads would wait for 200 ms and keep other
/// threads, those of another OpenMP runtime in this process among them, from
/// the CPUs. The loops of one call follow one another much faster.
static void shortenWaiting() {
  static const bool isUsersChoice =
      std::getenv("KMP_BLOCKTIME") || std::getenv("OMP_WAIT_POLICY");
  thread_local bool isDone = false;
  if (!isDone && !isUsersChoice)
    kmp_set_blocktime(1);
  isDone = true;
}

Result<std::vector<std::vector<int64_t>>>
Program::getResultShapes(ArrayRef<ArrayRefOf> inputArrays) const {
  std::vector<int64_t> descriptors;
  std::vector<size_t> offsets;
  if (Status bound =
          addDescriptors(inputs, inputArrays, "input", descriptors, offsets);
      !bound)
    return bound.error();
  SmallVector<ArrayRef<int64_t>> shapes;
  for (const ArrayRefOf &array : inputArrays)
    shapes.push_back(array.shape);
  // Compressed inputs are several arrays.
  auto getName = [&](size_t array) {
    size_t i = 0;
    for (; array >= inputs[i].arrays.size(); ++i)
      array -= inputs[i].arrays.size();
    return "input " + std::to_string(i);
  };
  if (Status fit = sizes.check(shapes, getName); !fit)
    return fit.error();
  std::vector<std::vector<int64_t>> made;
  for (auto [i, result] : llvm::enumerate(results))
    made.push_back(sizes.getShape(i, result.arrays.front().shape, shapes));
  return made;
}

Status Program::call(ArrayRef<ArrayRefOf> inputArrays,
                     ArrayRef<ArrayRefOf> resultArrays) const {
  std::vector<int64_t> descriptors;
  std::vector<size_t> offsets;
  if (Status bound =
          addDescriptors(inputs, inputArrays, "input", descriptors, offsets);
      !bound)
    return bound;
  std::vector<Parameter> ofCall;
  ArrayRef<Parameter> wanted = results;
  if (!sizes.inputs.empty()) {
    auto shapes = getResultShapes(inputArrays);
    if (!shapes)
      return shapes.error();
    ofCall = results;
    for (auto [result, shape] : llvm::zip(ofCall, *shapes)) {
      result.arrays.front().shape = shape;
      result.declared =
          describeArray(ArrayRefOf{result.arrays.front().type, shape, nullptr});
    }
    wanted = ofCall;
  }
  if (Status bound =
          addDescriptors(wanted, resultArrays, "result", descriptors, offsets);
      !bound)
    return bound;
  std::vector<void *> arguments;
  for (size_t offset : offsets)
    arguments.push_back(descriptors.data() + offset);
  if (Status enough = checkNumThreads(); !enough)
    return enough;
  shortenWaiting();
  function(arguments.data());
  return {};
}

//===----------------------------------------------------------------------===//
// Forms on the way
//===----------------------------------------------------------------------===//

static constexpr StringRef forms[] = {"input",   "imported", "algebra",
                                      "vectors", "streams",  "buffers",
                                      "llvm",    "llvm-ir",  "asm"};

ArrayRef<StringRef> mlir::zq::getForms() { return forms; }

namespace {
/// Keeps the module as it is where a phase ends.
struct PhasePrinter : PassInstrumentation {
  PhasePrinter(StringRef phase, std::string &text)
      : marker(("phase=" + phase).str()), text(text) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    if (pass->getArgument() != "zq-verify-phase")
      return;
    std::string pipeline;
    llvm::raw_string_ostream os(pipeline);
    pass->printAsTextualPipeline(os);
    if (StringRef(pipeline).contains(marker))
      text = llvm::to_string(*op);
  }

  std::string marker;
  std::string &text;
};
} // namespace

Result<std::string> mlir::zq::printForm(StringRef text,
                                        const ProgramOptions &options,
                                        StringRef form) {
  if (!llvm::is_contained(forms, form))
    return Error{"no form '" + form.str() + "'; there are " +
                 llvm::join(getForms(), ", ")};
  Session session(options);
  if (Status opened = session.open(text); !opened)
    return Error{opened.message()};
  if (Status packed = session.pack(); !packed)
    return Error{packed.message()};
  if (form == "input")
    return llvm::to_string(*session.module->getOperation());

  auto machine = createMachine(options);
  if (!machine)
    return Error{machine.message()};
  std::string printed;
  PassManager pm(session.module.get()->getName());
  pm.addInstrumentation(std::make_unique<PhasePrinter>(form, printed));
  buildPipeline(pm, options);
  bool isLowered = succeeded(pm.run(*session.module));
  // What a phase looks like is of use where a later one fails, too.
  if (!printed.empty())
    return printed;
  if (!isLowered)
    return session.fail("cannot compile");
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream os(code);
  CodeForm codeForm = form == "asm" ? CodeForm::Assembly : CodeForm::LLVMIR;
  if (failed(emitCode(*session.module, **machine, codeForm, os)))
    return session.fail("cannot generate code");
  return os.str().str();
}

Result<std::string> mlir::zq::compilePTX(StringRef text,
                                         const ProgramOptions &options,
                                         StringRef chip) {
  auto parsed = parseChip(chip);
  if (!parsed)
    return Error{parsed.message()};
  Session session(options);
  if (Status opened = session.open(text); !opened)
    return Error{opened.message()};
  makeEntry(*session.module, session.function);
  PassManager pm(session.module.get()->getName());
  pm.addPass(createSymbolDCEPass());
  LowerToNVVMOptions pipeline;
  pipeline.chip = chip.str();
  pipeline.accuracy = options.accuracy;
  buildLowerToNVVMPipeline(pm, pipeline);
  if (failed(runPasses(pm, *session.module)))
    return session.fail("cannot compile");
  // All kernels are in one module.
  auto kernels = session.module->getOps<gpu::GPUModuleOp>();
  if (kernels.empty())
    return Error{"the function has no work for a GPU"};
  FailureOr<std::string> ptx = emitPTX(*kernels.begin(), **parsed);
  if (failed(ptx))
    return session.fail("cannot generate code");
  return std::move(*ptx);
}

std::string mlir::zq::getCompilerVersion() {
  return "zq " ZQ_VERSION ", LLVM " LLVM_VERSION_STRING ", " +
         llvm::sys::getHostCPUName().str() + " with " + getHostFeatures();
}
