//===- zq-compile.cpp - Compiles a module to machine code -----------------===//
#include "Gpu.h"
#include "Header.h"
#include "Link.h"
#include "common/CompileOptions.h"
#include "common/OutputPath.h"
#include "common/SourceFile.h"
#include "common/Version.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Runtime/Busy.h"
#include "zq/Runtime/Codegen.h"
#include "zq/Target/Target.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <csignal>
#include <cstdlib>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::compile;
using ::zq::codec::Status;

/// Before other options are missed.
[[noreturn]] static void printGpus() {
  for (const Chip &chip : getChips())
    llvm::outs() << chip.name << '\n';
  llvm::outs().flush();
  std::exit(0);
}

namespace {
/// What is written. The name of the output says which, unless --emit does.
enum class Form {
  FromName,
  Vectors,
  LLVMDialect,
  LLVMIR,
  Assembly,
  Object,
  Library,
  PTX,
  Cubin,
  Fatbin
};

struct Options : CompileOptions {
  Options() : CompileOptions("zq-compile options") {}

  llvm::cl::opt<std::string> output{
      "o", llvm::cl::value_desc("OUT"), llvm::cl::Required,
      llvm::cl::desc("The output, by its ending: .o and .so come with a C "
                     "header beside them, .s is assembly, .ll LLVM IR, .mlir "
                     "the LLVM dialect; for GPUs .ptx, .cubin, and .fatbin for "
                     "several, which come with a description of the launches "
                     "(.json), or .mlir; - is stdout and needs --emit"),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> target{
      "target", llvm::cl::value_desc("x86|aarch64|sm_NN,..."),
      llvm::cl::init("x86"),
      llvm::cl::desc("The kind of machine: x86, aarch64, or NVIDIA's GPUs by "
                     "name (sm_90a,sm_120a)"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> listGpus{
      "list-gpus", llvm::cl::desc("Print the names of the GPUs, and no more"),
      llvm::cl::callback([](const bool &) { printGpus(); }),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> cpu{
      "cpu", llvm::cl::value_desc("name"), llvm::cl::init("host"),
      llvm::cl::desc("A CPU as LLVM names it (haswell, znver4; neoverse-n1, "
                     "neoverse-v1), or host"),
      llvm::cl::cat(category)};
  llvm::cl::opt<Form> emit{
      "emit", llvm::cl::desc("What to write, whatever OUT is called"),
      llvm::cl::values(
          clEnumValN(Form::Vectors, "mlir-vectors",
                     "Fused loops of vectors on tensors"),
          clEnumValN(Form::LLVMDialect, "mlir-llvm", "The LLVM dialect"),
          clEnumValN(Form::LLVMIR, "llvm-ir", "LLVM IR, optimised"),
          clEnumValN(Form::Assembly, "asm", "Assembly"),
          clEnumValN(Form::Object, "obj", "An object file"),
          clEnumValN(Form::Library, "shared", "A shared library"),
          clEnumValN(Form::PTX, "ptx", "PTX, for a GPU"),
          clEnumValN(Form::Cubin, "cubin", "Machine code of a GPU"),
          clEnumValN(Form::Fatbin, "fatbin", "Machine code of GPUs")),
      llvm::cl::init(Form::FromName), llvm::cl::cat(category)};
  llvm::cl::opt<bool> noThreads{
      "no-threads",
      llvm::cl::desc("Make code that runs on one thread and "
                     "needs no OpenMP runtime"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> explain{
      "explain",
      llvm::cl::desc("Print what each kernel of a GPU moves and computes, and "
                     "what bounds it"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> quiet{"quiet", llvm::cl::desc("Hide the remarks"),
                            llvm::cl::cat(category)};
};
} // namespace

static int fail(const Twine &message) {
  llvm::errs() << "zq-compile: " << message << '\n';
  return 1;
}

/// The form that the output's name asks for.
static Form getFormOfName(StringRef name) {
  StringRef ending = llvm::sys::path::extension(name);
  if (ending == ".o")
    return Form::Object;
  if (ending == ".so")
    return Form::Library;
  if (ending == ".s")
    return Form::Assembly;
  if (ending == ".ll")
    return Form::LLVMIR;
  if (ending == ".mlir")
    return Form::LLVMDialect;
  if (ending == ".ptx")
    return Form::PTX;
  if (ending == ".cubin")
    return Form::Cubin;
  if (ending == ".fatbin")
    return Form::Fatbin;
  return Form::FromName;
}

/// Opens `path`, and writes to it what `write` writes, or nothing at all.
static int
writeFile(StringRef path, bool isText,
          function_ref<LogicalResult(llvm::raw_pwrite_stream &)> write) {
  std::error_code error;
  llvm::ToolOutputFile file(
      path, error, isText ? llvm::sys::fs::OF_Text : llvm::sys::fs::OF_None);
  if (error)
    return fail("cannot write '" + path + "': " + error.message());
  if (path == "-" && !isText) {
    // Emitting an object seeks, which a pipe cannot.
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream os(bytes);
    if (failed(write(os)))
      return 1;
    file.os() << os.str();
  } else if (failed(write(file.os()))) {
    return 1;
  }
  file.os().flush();
  if (file.os().has_error()) {
    error = file.os().error();
    file.os().clear_error();
    return fail("cannot write '" + path + "': " + error.message());
  }
  file.keep();
  return 0;
}

static int writeHeader(const std::vector<EntryPoint> &entryPoints,
                       StringRef output) {
  llvm::SmallString<128> path(output);
  llvm::sys::path::replace_extension(path, ".h");
  std::string text = printHeader(entryPoints, llvm::sys::path::filename(output),
                                 llvm::sys::path::filename(path));
  return writeFile(path, /*isText=*/true, [&](llvm::raw_pwrite_stream &os) {
    os << text;
    return success();
  });
}

/// Writes an object to a temporary file and links it.
static int writeLibrary(ModuleOp module, llvm::TargetMachine &machine,
                        const Options &options,
                        const std::vector<std::string> &names) {
  llvm::SmallString<128> object;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("zq", "o", object))
    return fail("cannot make a temporary file: " + error.message());
  llvm::FileRemover remover(object);
  int status =
      writeFile(object, /*isText=*/false, [&](llvm::raw_pwrite_stream &os) {
        return emitCode(module, machine, CodeForm::Object, os, /*packed=*/{},
                        names);
      });
  if (status)
    return status;
  llvm::Triple host(llvm::sys::getDefaultTargetTriple());
  bool isForeign = host.getArch() != machine.getTargetTriple().getArch();
  Status linked = isForeign
                      ? linkForeignLibrary(object.str().str(), options.output)
                      : linkSharedLibrary(object.str().str(), options.output,
                                          !options.noThreads);
  return linked ? 0 : fail(linked.message());
}

/// Writes how to launch the kernels of `codes` beside the output.
static int writeLaunchesFile(const std::vector<GpuCode> &codes,
                             const std::vector<EntryPoint> &entryPoints,
                             StringRef output) {
  llvm::SmallString<128> path(output);
  llvm::sys::path::replace_extension(path, ".json");
  return writeFile(path, /*isText=*/true, [&](llvm::raw_pwrite_stream &os) {
    llvm::json::OStream json(os, /*IndentSize=*/2);
    json.object([&] {
      json.attribute("code", llvm::sys::path::filename(output));
      json.attributeArray("targets", [&] {
        for (const GpuCode &code : codes)
          json.object([&] { writeLaunches(json, code, entryPoints); });
      });
    });
    os << '\n';
    return success();
  });
}

/// Compiles for GPUs; the exit status.
static int compileForGPUs(ModuleOp module, Form form, const Options &options) {
  std::vector<const Chip *> chips;
  for (StringRef name : llvm::split(options.target, ',')) {
    auto chip = parseChip(name);
    if (!chip)
      return fail("--target=" + options.target + ": not x86 or aarch64; " +
                  chip.message());
    if (llvm::is_contained(chips, *chip))
      return fail("--target=" + options.target + ": " + name +
                  " is there twice");
    chips.push_back(*chip);
  }
  if (form != Form::LLVMDialect && form != Form::PTX && form != Form::Cubin &&
      form != Form::Fatbin)
    return fail("-o " + options.output +
                ": for GPUs, it is .ptx, .cubin, .fatbin or .mlir");
  if (chips.size() > 1 && form != Form::Fatbin)
    return fail("-o " + options.output +
                ": several chips' code goes into a .fatbin");

  // While the functions are on tensors.
  FailureOr<std::vector<EntryPoint>> entryPoints = getEntryPoints(module);
  if (failed(entryPoints))
    return 1;
  ::zq::runtime::Busy busy("compiling " + options.file);
  bool needsCubins = form == Form::Cubin || form == Form::Fatbin;
  FailureOr<std::vector<GpuCode>> codes =
      compileForChips(module, chips, options.accuracy);
  if (failed(codes))
    return 1;
  for (GpuCode &code : *codes) {
    auto assembler = findCudaProgram("ptxas");
    if (options.explain && !needsCubins && !assembler) {
      llvm::errs() << "zq-compile: the kernels' registers are not known: "
                   << assembler.message() << '\n';
    } else if (needsCubins || options.explain) {
      auto cubin = assemble(code.ptx, *code.chip);
      if (!cubin)
        return fail(cubin.message());
      for (const std::string &warning : cubin->warnings)
        llvm::errs() << "zq-compile: " << warning << '\n';
      code.cubin = std::move(*cubin);
    }
  }
  if (options.explain)
    for (const GpuCode &code : *codes)
      if (failed(explainKernels(module, code, options.accuracy, llvm::outs())))
        return 1;

  std::string image;
  if (form == Form::LLVMDialect) {
    llvm::raw_string_ostream os(image);
    codes->front().module->print(os);
    os << '\n';
  } else if (form == Form::PTX) {
    image = codes->front().ptx;
  } else if (form == Form::Cubin) {
    image = codes->front().cubin->image;
  } else {
    std::vector<Cubin> cubins;
    for (const GpuCode &code : *codes)
      cubins.push_back(*code.cubin);
    auto fatbin = bundleFatbin(cubins);
    if (!fatbin)
      return fail(fatbin.message());
    image = std::move(*fatbin);
  }
  int status = writeFile(options.output, /*isText=*/!needsCubins,
                         [&](llvm::raw_pwrite_stream &os) {
                           os << image;
                           return success();
                         });
  if (status || form == Form::LLVMDialect || options.output == "-")
    return status;
  return writeLaunchesFile(*codes, *entryPoints, options.output);
}

/// Everything after the module is parsed; the exit status.
static int compileModule(ModuleOp module, Form form, const Options &options) {
  bool isAArch64 = options.target == "aarch64";
  auto machine = isAArch64 ? createAArch64Machine(options.cpu)
                           : createX86Machine(options.cpu);
  if (!machine)
    return fail(machine.message());
  LowerToLLVMOptions pipelineOptions;
  pipelineOptions.features = getFeatures(**machine);
  pipelineOptions.threads = !options.noThreads;
  pipelineOptions.accuracy = options.accuracy.getValue();
  pipelineOptions.recodeWeights = options.recodeWeights.getValue();
  auto target = getTarget(pipelineOptions.features);
  if (failed(options.packArguments(module, *target)))
    return 1;

  // While the functions are on tensors, for the header.
  FailureOr<std::vector<EntryPoint>> entryPoints = getEntryPoints(module);
  if (failed(entryPoints))
    return 1;
  if (entryPoints->empty())
    return fail(options.file +
                ": no public function with a body: there is nothing to call");

  PassManager pm(module->getName());
  if (form == Form::Vectors)
    buildLowerToVectorsPipeline(pm, pipelineOptions);
  else
    buildLowerToLLVMPipeline(pm, pipelineOptions);
  ::zq::runtime::Busy busy("compiling " + options.file);
  if (failed(runPasses(pm, module)))
    return 1;

  if (form == Form::Vectors || form == Form::LLVMDialect)
    return writeFile(options.output, /*isText=*/true,
                     [&](llvm::raw_pwrite_stream &os) {
                       module.print(os);
                       os << '\n';
                       return success();
                     });
  int status;
  std::vector<std::string> names;
  for (const EntryPoint &entry : *entryPoints)
    names.push_back(entry.name);
  if (form == Form::Library) {
    status = writeLibrary(module, **machine, options, names);
  } else {
    CodeForm codeForm = form == Form::LLVMIR     ? CodeForm::LLVMIR
                        : form == Form::Assembly ? CodeForm::Assembly
                                                 : CodeForm::Object;
    status = writeFile(options.output, codeForm != CodeForm::Object,
                       [&](llvm::raw_pwrite_stream &os) {
                         return emitCode(module, **machine, codeForm, os,
                                         /*packed=*/{}, names);
                       });
  }
  bool isLinkable = form == Form::Object || form == Form::Library;
  if (status || !isLinkable || options.output == "-")
    return status;
  return writeHeader(*entryPoints, options.output);
}

int main(int argc, char **argv) {
  llvm::InitLLVM initLLVM(argc, argv);
  // A write beyond the limit on a file's size fails, and can be reported.
  std::signal(SIGXFSZ, SIG_IGN);
  printVersion();
  Options options;
  llvm::cl::HideUnrelatedOptions(options.category);
  llvm::cl::ParseCommandLineOptions(
      argc, argv, "Compiles functions on tensors, dense or compressed\n");

  Form form = options.emit;
  if (form == Form::FromName)
    form = getFormOfName(options.output);
  if (form == Form::FromName)
    return fail("-o " + options.output +
                ": ends in none of .o, .so, .s, .ll, .mlir, .ptx, .cubin, "
                ".fatbin; say what to write with --emit");
  if (Status valid = options.check(); !valid)
    return fail(valid.message());
  bool isGpu = options.target != "x86" && options.target != "aarch64";
  if (isGpu && (options.packWeights || options.recodeWeights))
    return fail("--pack-weights and --recode-weights lay weights out for CPUs");
  for (const llvm::cl::Option *option :
       std::initializer_list<const llvm::cl::Option *>{&options.cpu,
                                                       &options.noThreads})
    if (isGpu && option->getNumOccurrences())
      return fail("--" + option->ArgStr + " is about CPUs, and --target=" +
                  options.target + " is none");
  if (!isGpu && options.explain)
    return fail("--explain is about the kernels of GPUs: say which with "
                "--target=sm_90a");
  if (form == Form::Library && options.output == "-")
    return fail("-o -: a shared library goes to a file");
  // Told before the work is done, not by the linker.
  if ((form == Form::Cubin || form == Form::Fatbin) && options.output == "-")
    return fail("-o -: machine code goes to a file");
  if (Status valid = checkOutputPath(options.output); !valid)
    return fail(valid.message());

  SourceFile source;
  if (Status opened = source.open(options.file); !opened)
    return fail(opened.message());
  ScopedDiagnosticHandler remarks(&source.context, [&](Diagnostic &diagnostic) {
    bool hide =
        options.quiet && diagnostic.getSeverity() == DiagnosticSeverity::Remark;
    return success(hide);
  });
  auto module = source.parse();
  if (!module)
    return 1;
  if (isGpu)
    return compileForGPUs(*module, form, options);
  if (form == Form::PTX || form == Form::Cubin || form == Form::Fatbin)
    return fail("-o " + options.output +
                ": say for which GPU with --target=sm_90a");
  return compileModule(*module, form, options);
}
