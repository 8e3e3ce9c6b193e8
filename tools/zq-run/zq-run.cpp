//===- zq-run.cpp - Compiles and runs a function on files of tensors ------===//
#include "Benchmark.h"
#include "Comparison.h"
#include "DeviceRun.h"
#include "Inputs.h"
#include "Outputs.h"
#include "Report.h"
#include "common/CompileOptions.h"
#include "common/SourceFile.h"
#include "common/Version.h"

#include "mlir/IR/Diagnostics.h"
#include "zq/Runtime/Busy.h"
#include "zq/Runtime/CompressedFiles.h"
#include "zq/Runtime/Jit.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/Target.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ScopedPrinter.h"

#include <chrono>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::run;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;

namespace {
struct Options : CompileOptions {
  Options() : CompileOptions("zq-run options") {}

  llvm::cl::opt<std::string> entry{
      "entry", llvm::cl::value_desc("name"),
      llvm::cl::desc("The function to call; without it 'main', or the only "
                     "public function"),
      llvm::cl::cat(category)};
  llvm::cl::list<std::string> inputs{
      "input", llvm::cl::value_desc("FILE[:TENSOR]"),
      llvm::cl::desc("A .npy or .safetensors file, one per argument in order"),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> output{
      "output", llvm::cl::value_desc("FILE"),
      llvm::cl::desc("Where the results go: .npy for one, .safetensors for any "
                     "number (result0, result1, ...)"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> compare{
      "compare-reference",
      llvm::cl::desc("Compare with the reference codecs and fail where a "
                     "difference exceeds its computed bound"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> bench{"bench", llvm::cl::desc("Time the calls"),
                            llvm::cl::cat(category)};
  llvm::cl::opt<bool> json{"json", llvm::cl::desc("Report as one JSON object"),
                           llvm::cl::cat(category)};
  llvm::cl::opt<bool> remarks{
      "remarks",
      llvm::cl::desc("Show what the passes chose and why (on stderr)"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> guardPages{
      "guard-pages",
      llvm::cl::desc("Crash where compiled code goes beyond an array's end"),
      llvm::cl::Hidden, llvm::cl::cat(category)};
  llvm::cl::opt<std::string> placement{
      "placement",
      llvm::cl::desc("Where the weights of contractions are decoded: registers,"
                     " panel, up-front, or auto (the default) for what the "
                     "cost model finds cheapest"),
      llvm::cl::init("auto"), llvm::cl::cat(category)};
  llvm::cl::opt<std::string> target{
      "target", llvm::cl::value_desc("cuda[:CHIP]|emulate:CHIP[:SEED]"),
      llvm::cl::desc("Run on NVIDIA's GPU instead of this machine's CPU, or on "
                     "an emulated one, such as emulate:sm_120a; with a seed "
                     "other than 0 its threads run in a random order"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> noThreads{"no-threads",
                                llvm::cl::desc("Run on one thread"),
                                llvm::cl::cat(category)};
};

/// Where a function runs: on this machine's CPU, on a GPU that it emulates, or
/// on NVIDIA's.
struct Place {
  bool isCuda = false;
  /// Of the CUDA device; empty for the device's own.
  std::string chip;
  std::optional<EmulatedGpu> emulated;
};
} // namespace

/// What --target says; an error too where other options do not go with it.
static Result<Place> parsePlace(const Options &options) {
  Place place;
  StringRef target = options.target;
  if (target.empty())
    return place;
  if (target.consume_front("emulate:")) {
    auto gpu = parseEmulatedGpu(target);
    if (!gpu)
      return Error{"--target: " + gpu.message()};
    if (options.bench)
      return Error{"--bench says nothing of an emulated GPU"};
    place.emulated = *gpu;
  } else if (target == "cuda" || target.consume_front("cuda:")) {
    place.isCuda = true;
    place.chip = target == "cuda" ? "" : target.str();
    if (!place.chip.empty())
      if (auto known = parseChip(place.chip); !known)
        return Error{"--target: " + known.message()};
  } else {
    return Error{"--target is cuda, cuda:CHIP, emulate:CHIP or "
                 "emulate:CHIP:SEED, and not '" +
                 options.target + "'"};
  }
  for (const llvm::cl::Option *option :
       std::initializer_list<const llvm::cl::Option *>{
           &options.packWeights, &options.recodeWeights, &options.placement,
           &options.noThreads, &options.guardPages})
    if (option->getNumOccurrences())
      return Error{"--" + option->ArgStr.str() +
                   " is about this machine's CPU, and --target is none"};
  return place;
}

static int fail(const Twine &message) {
  llvm::errs() << "zq-run: " << message << '\n';
  return 1;
}

/// The function to call; null with a message where there is none or a choice.
static func::FuncOp findEntry(ModuleOp module, StringRef name,
                              std::string &message) {
  SmallVector<func::FuncOp> candidates;
  std::string list;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isDeclaration())
      continue;
    if (function.getName() == name ||
        (name.empty() && function.getName() == "main"))
      return function;
    if (function.isPublic())
      candidates.push_back(function);
    list += (list.empty() ? "" : ", ") + function.getName().str();
  }
  if (list.empty())
    message = "no function with a body in the module";
  else if (!name.empty())
    message =
        "no function '" + name.str() + "' in the module, which has " + list;
  else if (candidates.size() == 1)
    return candidates.front();
  else
    message = "say which function with --entry: " + list;
  return nullptr;
}

/// A remark with its place, on one line.
static std::string printRemark(Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto loc = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>())
    os << loc.getFilename().getValue() << ':' << loc.getLine() << ':'
       << loc.getColumn() << ": ";
  os << diagnostic.str();
  return text;
}

static std::vector<TensorReport>
describeInputs(const std::vector<Input> &inputs) {
  std::vector<TensorReport> reports;
  for (const Input &input : inputs) {
    TensorReport report{llvm::to_string(input.type), input.getNumBytes(), "",
                        0};
    if (auto compressed = dyn_cast<CompressedTensorType>(input.type)) {
      report.codec = getCodecText(compressed.getCodec());
      report.bitsPerWeight = input.bitsPerWeight;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

/// Compiles and calls the function on NVIDIA's GPU; what it returned. An
/// error without a message was told already.
static Result<std::vector<Array>>
runOnGpu(ModuleOp module, StringRef name, const Options &options,
         const Place &place, ArrayRef<const Array *> arrays, Report &report) {
  Result<DeviceRun> run = runOnCuda(module, name, place.chip, options.accuracy,
                                    arrays, options.bench);
  if (!run)
    return run.error();
  report.device = run->device;
  report.compileSeconds = run->compileSeconds;
  report.times = run->times;
  return std::move(run->results);
}

/// The same on this machine's CPU, or on a GPU that it emulates.
static Result<std::vector<Array>> runOnCpu(ModuleOp module, StringRef name,
                                           const Options &options,
                                           const Place &place,
                                           ArrayRef<const Array *> arrays,
                                           int64_t inputBytes, Report &report) {
  JitOptions jitOptions;
  jitOptions.threads = !options.noThreads;
  jitOptions.placement = options.placement;
  jitOptions.guardPages = options.guardPages;
  jitOptions.accuracy = options.accuracy;
  jitOptions.recodeWeights = options.recodeWeights;
  jitOptions.emulated = place.emulated;
  auto start = std::chrono::steady_clock::now();
  auto function = [&] {
    ::zq::runtime::Busy busy("compiling " + options.file);
    return JitFunction::compile(module, name, jitOptions);
  }();
  if (failed(function))
    return Error{""};
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  report.compileSeconds = elapsed.count();
  if (Status enough = checkNumThreads(); !enough)
    return enough.error();
  report.threads = options.noThreads ? 1 : getNumThreads();
  Result<JitCall> call = (*function)->bind(arrays);
  if (!call)
    return call.error();
  if (Status ran = call->run(); !ran)
    return ran.error();
  std::vector<Array> results = call->getResults();
  if (options.bench)
    report.times = benchmark(*call, inputBytes);
  return results;
}

/// Everything after the module is parsed; the exit status.
static int runModule(ModuleOp module, const Options &options,
                     const Place &place, Report &report) {
  std::string message;
  func::FuncOp entry = findEntry(module, options.entry, message);
  if (!entry)
    return fail(options.file + ": " + message);
  if (failed(options.packArguments(module, *getTarget("host"))))
    return 1;
  FailureOr<Signature> signature = getSignature(entry);
  if (failed(signature))
    return 1;
  if (Status valid = checkOutput(options.output, signature->results.size());
      !valid)
    return fail(valid.message());
  auto inputs =
      loadInputs(entry, {options.inputs.begin(), options.inputs.end()});
  if (!inputs)
    return fail(inputs.message());
  if (Status valid = checkAssembled(entry, *inputs); !valid)
    return fail(options.file + ": " + valid.message());

  std::string name = entry.getName().str();
  OwningOpRef<ModuleOp> original;
  if (options.compare)
    original = module.clone();

  std::vector<const Array *> arrays;
  int64_t inputBytes = 0;
  for (const Input &input : *inputs) {
    inputBytes += input.getNumBytes();
    for (const Array &array : input.arrays)
      arrays.push_back(&array);
  }
  report.entry = name;
  report.inputs = describeInputs(*inputs);
  auto ran =
      place.isCuda
          ? runOnGpu(module, name, options, place, arrays, report)
          : runOnCpu(module, name, options, place, arrays, inputBytes, report);
  // The compiler says itself what is wrong.
  if (!ran)
    return ran.message().empty() ? 1 : fail(ran.message());
  std::vector<Array> results = std::move(*ran);
  for (auto [result, type] : llvm::zip(results, signature->results))
    report.results.push_back({llvm::to_string(type),
                              static_cast<int64_t>(result.bytes.size()), "",
                              0});

  if (!options.output.empty())
    if (Status written = writeOutput(options.output, results); !written)
      return fail(written.message());
  if (options.compare) {
    ::zq::runtime::Busy busy("evaluating the reference");
    Result<Comparison> comparison = compareWithReference(
        *original, name, *inputs, results, options.accuracy);
    if (!comparison)
      return fail("--compare-reference: " + comparison.message());
    report.comparison = *comparison;
  }
  if (options.json) {
    printJson(report, llvm::outs());
  } else {
    printText(report, llvm::outs());
    if (options.output.empty())
      printSummary(results, llvm::outs());
  }
  if (report.comparison && !report.comparison->violation.empty())
    return fail("--compare-reference: " + report.comparison->violation);
  return 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM initLLVM(argc, argv);
  printVersion();
  Options options;
  llvm::cl::HideUnrelatedOptions(options.category);
  llvm::cl::ParseCommandLineOptions(
      argc, argv,
      "Compiles a function on tensors, dense or compressed, and calls it\n");

  if (Status valid = options.check(); !valid)
    return fail(valid.message());
  Result<Place> place = parsePlace(options);
  if (!place)
    return fail(place.message());
  SourceFile source;
  if (Status opened = source.open(options.file); !opened)
    return fail(opened.message());
  Report report;
  ScopedDiagnosticHandler remarks(&source.context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Remark)
      return failure();
    report.remarks.push_back(printRemark(diagnostic));
    if (options.remarks)
      llvm::errs() << "remark: " << report.remarks.back() << '\n';
    return success();
  });

  auto module = source.parse();
  if (!module)
    return 1;
  return runModule(*module, options, *place, report);
}
