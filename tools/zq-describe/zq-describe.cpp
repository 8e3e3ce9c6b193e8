//===- zq-describe.cpp - What codecs store and what they lose -------------===//
#include "common/TensorFile.h"
#include "common/Version.h"

#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Storage.h"
#include "zq/Runtime/CompressedFiles.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::ElementType;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Stream;

namespace {
struct Options {
  llvm::cl::OptionCategory category{"zq-describe options"};
  llvm::cl::list<std::string> codecs{
      llvm::cl::Positional,
      llvm::cl::desc(
          "[CODEC...]: names, stages or attributes; without any, all "
          "named ones"),
      llvm::cl::cat(category)};
  llvm::cl::opt<int64_t> rows{"rows", llvm::cl::init(4096),
                              llvm::cl::desc("Rows of the tensor whose storage "
                                             "is shown"),
                              llvm::cl::cat(category)};
  llvm::cl::opt<int64_t> columns{"columns", llvm::cl::init(4096),
                                 llvm::cl::desc("Columns of that tensor"),
                                 llvm::cl::cat(category)};
  llvm::cl::opt<bool> errors{
      "errors",
      llvm::cl::desc("Encode and decode, and show what that changes, a line "
                     "for each codec, and not what it stores"),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> weights{
      "weights", llvm::cl::value_desc("FILE.npy | FILE.safetensors[:TENSOR]"),
      llvm::cl::desc("Errors on this matrix too"), llvm::cl::cat(category)};
};

/// A codec to describe.
struct Entry {
  std::string name;
  CodecAttr codec;
  std::string source;
  /// What it takes in.
  SmallVector<Type> elements;
};

/// What encoding a tensor made of it.
struct Outcome {
  double rate = 0;
  /// The norm of the change, divided by the tensor's.
  double error = 0;
};
} // namespace

static int fail(const Twine &message) {
  llvm::errs() << "zq-describe: " << message << '\n';
  return 1;
}

/// The element types of which the codec takes in tensors of `shape`.
static SmallVector<Type> getElements(CodecAttr codec, ArrayRef<int64_t> shape) {
  MLIRContext *context = codec.getContext();
  ScopedDiagnosticHandler handler(context, [](Diagnostic &) {});
  SmallVector<Type> elements;
  for (Type element :
       {Type(Float32Type::get(context)), Type(Float16Type::get(context)),
        Type(BFloat16Type::get(context))})
    if (CompressedTensorType::getChecked(
            [&] { return emitError(UnknownLoc::get(context)); }, context, shape,
            element, codec))
      elements.push_back(element);
  return elements;
}

/// Normally distributed, by Box and Muller from splitmix64, so that every
/// library gives the same.
static Array getGaussian(int64_t rows, int64_t columns) {
  Array array(ElementType::F32, {rows, columns});
  uint64_t state = 1;
  auto uniform = [&] {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (double((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
  };
  for (int64_t i = 0; i < array.size(); ++i) {
    double radius = std::sqrt(-2 * std::log(uniform()));
    array.setFloat(i, float(radius * std::cos(2 * M_PI * uniform())));
  }
  return array;
}

static Result<Outcome> measure(const Entry &entry, const Array &values) {
  // Of the wider types, the first that the codec takes in.
  auto type = CompressedTensorType::get(entry.codec.getContext(), values.shape,
                                        entry.elements.front(), entry.codec);
  auto reference = entry.codec.getReference(type.getElementType());
  if (!reference)
    return Error{entry.name + " has no reference"};
  Result<std::vector<Stream>> streams = encodeDense(values, type);
  if (!streams)
    return Error{entry.name + ": " + streams.message()};
  Result<Array> decoded = reference->decode(
      *streams, values.shape, *toReferenceType(type.getElementType()));
  if (!decoded)
    return Error{entry.name + ": " + decoded.message()};
  Array rounded(decoded->type, values.shape);
  double change = 0, norm = 0;
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    // A narrower element type is not the codec's doing.
    rounded.setFloat(i, values.getFloat(i));
    double value = rounded.getFloat(i);
    change += std::pow(decoded->getFloat(i) - value, 2);
    norm += value * value;
  }
  return Outcome{::zq::codec::bitsPerElement(*streams, values.shape),
                 norm > 0 ? std::sqrt(change / norm) : 0};
}

static void printOutcome(raw_ostream &os, const Outcome &outcome) {
  os << llvm::format(" %.3f | ", outcome.rate);
  if (outcome.error == 0)
    os << "exact |";
  else
    os << llvm::format("%.4f (%.2f dB) |", outcome.error,
                       -20 * std::log10(outcome.error));
}

/// One line per codec: bits per weight and error on each tensor.
static int printErrors(ArrayRef<Entry> entries, const Options &options) {
  std::vector<std::pair<std::string, Array>> tensors;
  tensors.push_back({"Gaussian", getGaussian(512, 1024)});
  if (!options.weights.empty()) {
    Result<TensorPath> path = parseTensorPath(options.weights);
    if (!path)
      return fail(options.weights + ": " + path.message());
    Result<Array> values = readDense(*path);
    if (!values)
      return fail(values.message());
    if (values->shape.size() != 2)
      return fail(options.weights + ": a tensor of rank " +
                  Twine(values->shape.size()) + " is no matrix");
    tensors.push_back(
        {path->tensor.empty() ? path->file : path->tensor, std::move(*values)});
  }
  // All of it, or nothing.
  std::string table;
  llvm::raw_string_ostream os(table);
  os << "| codec |";
  for (auto &[name, values] : tensors)
    os << " bits, " << name << ' ' << values.shape[0] << 'x' << values.shape[1]
       << " | relative error |";
  os << "\n|---|";
  for (size_t i = 0; i < tensors.size(); ++i)
    os << "---|---|";
  os << '\n';
  for (const Entry &entry : entries) {
    SmallVector<Outcome> outcomes;
    for (auto &[name, values] : tensors) {
      Result<Outcome> outcome = measure(entry, values);
      if (!outcome)
        return fail(name + " as " + outcome.message());
      outcomes.push_back(*outcome);
    }
    os << "| `" << entry.name << "` |";
    for (const Outcome &outcome : outcomes)
      printOutcome(os, outcome);
    os << '\n';
  }
  llvm::outs() << table;
  return 0;
}

static int printEntry(const Entry &entry, ArrayRef<int64_t> shape) {
  auto type = CompressedTensorType::get(entry.codec.getContext(), shape,
                                        entry.elements.front(), entry.codec);
  auto storage = getStorage(type, /*scope=*/nullptr);
  if (failed(storage))
    return fail(entry.name + " names a decoder of a module");
  llvm::raw_ostream &os = llvm::outs();
  os << "# " << entry.name << "\n\n```mlir\n"
     << Attribute(entry.codec) << "\n```\n\n";
  os << "Of tensors of ";
  llvm::interleave(entry.elements, os, [&](Type type) { os << type; }, ", ");
  os << ". " << entry.source << "\n\n";
  printStorage(os, *storage);
  os << '\n';
  return 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  printVersion();
  Options options;
  llvm::cl::HideUnrelatedOptions(options.category);
  llvm::cl::ParseCommandLineOptions(
      argc, argv,
      "What codecs store, stream by stream, and what they lose; in Markdown\n");
  if (options.rows < 1 || options.columns < 1)
    return fail("a tensor has rows and columns");

  MLIRContext context;
  context.loadDialect<ZQDialect>();
  SmallVector<Entry> entries;
  if (options.codecs.empty())
    for (const NamedCodec &named : getNamedCodecs())
      entries.push_back({named.name.str(), {}, named.source.str(), {}});
  for (const std::string &text : options.codecs)
    entries.push_back({text, {}, "", {}});
  SmallVector<int64_t> shape{options.rows, options.columns};
  for (Entry &entry : entries) {
    Result<CodecAttr> codec = parseCodec(entry.name, &context);
    if (!codec)
      return fail(entry.name + ": " + codec.message());
    entry.codec = *codec;
    if (StringRef name = codec->getTableName(); !name.empty())
      for (const NamedCodec &named : getNamedCodecs())
        if (named.name == name)
          entry.source = named.source.str();
    entry.elements = getElements(*codec, shape);
    if (entry.elements.empty())
      return fail(entry.name + " takes in no tensor of this shape");
  }
  if (options.errors)
    return printErrors(entries, options);
  for (const Entry &entry : entries)
    if (int status = printEntry(entry, shape))
      return status;
  return 0;
}
