//===- zq-encode.cpp - Encodes tensors of a file by the reference ---------===//
#include "common/OutputPath.h"
#include "common/TensorFile.h"
#include "common/Version.h"

#include "zq/Codec/Budget.h"
#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Repack.h"
#include "zq/Runtime/Busy.h"
#include "zq/Runtime/CompressedFiles.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"

#include <cmath>
#include <set>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::ElementType;
using ::zq::codec::Error;
using ::zq::codec::Moment;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::codec::Stream;
using ::zq::runtime::SafetensorsFile;

namespace {
struct Options {
  llvm::cl::OptionCategory category{"zq-encode options"};
  llvm::cl::opt<std::string> input{
      llvm::cl::Positional, llvm::cl::Required,
      llvm::cl::desc("IN.npy | IN.safetensors[:TENSOR]; a compressed tensor "
                     "is coded anew, with the values that it has"),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> codec{
      "codec", llvm::cl::value_desc("codec"),
      llvm::cl::desc("A name (nvfp4), stages (quantize<si8>, pack) or an "
                     "attribute (#zq.codec<...>)"),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> as{
      "as", llvm::cl::value_desc("name"),
      llvm::cl::desc("The name in OUT; without it TENSOR, or IN's stem"),
      llvm::cl::cat(category)};
  llvm::cl::list<std::string> tensors{
      "tensor", llvm::cl::value_desc("NAME=CODEC"),
      llvm::cl::desc("Encode the tensor NAME of IN; may be repeated"),
      llvm::cl::cat(category)};
  llvm::cl::opt<double> budget{
      "budget", llvm::cl::value_desc("bits per weight"),
      llvm::cl::desc("With several codecs for a tensor, NAME=CODEC|CODEC..., "
                     "take those with which all tensors together have the "
                     "least squared error in so many bits per weight"),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> element{
      "element", llvm::cl::value_desc("f32|f16|bf16|i8"),
      llvm::cl::desc(
          "The logical element type, to which values are rounded "
          "first; without it the tensor's own. i8: bytes as they are, "
          "which come back as unsigned"),
      llvm::cl::cat(category)};
  llvm::cl::opt<std::string> activations{
      "activations", llvm::cl::value_desc("X.npy | X.safetensors[:TENSOR]"),
      llvm::cl::desc("What the tensor will be multiplied by, [..., columns]: "
                     "stages that can make the products' error small, and not "
                     "the tensor's"),
      llvm::cl::cat(category)};
  llvm::cl::opt<bool> append{"append",
                             llvm::cl::desc("Keep what OUT holds already"),
                             llvm::cl::cat(category)};
  llvm::cl::opt<std::string> output{
      "o", llvm::cl::value_desc("OUT.safetensors"), llvm::cl::Required,
      llvm::cl::desc("Where the streams go"), llvm::cl::cat(category)};
};

/// One tensor to encode.
struct Task {
  TensorPath path;
  /// One of them, separated by '|'.
  std::string codecs;
  std::string name;
};

/// What became of a tensor.
struct Encoded {
  CodecAttr codec;
  CompressedTensorType type;
  std::vector<Stream> streams;
  Array decoded;
};

/// How much encoding changed a tensor: squared norms, of products where their
/// activations are known.
struct Change {
  double difference = 0, norm = 0;

  double getRatio() const {
    return norm > 0 ? std::sqrt(difference / norm) : 0;
  }
};
} // namespace

static int fail(const Twine &message) {
  llvm::errs() << "zq-encode: " << message << '\n';
  return 1;
}

static Change getChange(const Array &values, const Array &decoded) {
  Change result;
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    double value = values.getFloat(i);
    double change = decoded.getFloat(i) - value;
    // Infinities and NaNs that survive have not changed.
    if (std::isfinite(change))
      result.difference += change * change;
    if (std::isfinite(value))
      result.norm += value * value;
  }
  return result;
}

/// The same of the products with activations of this moment.
static Change getProductChange(const Array &values, const Array &decoded,
                               const Moment &moment) {
  const std::vector<double> root = factorOf(moment);
  const int64_t columns = moment.size;
  Change result;
  for (int64_t begin = 0, n = values.size(); begin < n; begin += columns) {
    std::vector<double> changes(columns), products(columns);
    for (int64_t i = 0; i < columns; ++i) {
      const double value = values.getFloat(begin + i);
      const double change = decoded.getFloat(begin + i) - value;
      const double *factors = root.data() + i * columns;
      for (int64_t j = 0; j <= i; ++j) {
        changes[j] += change * factors[j];
        products[j] += value * factors[j];
      }
    }
    for (int64_t j = 0; j < columns; ++j) {
      result.difference += changes[j] * changes[j];
      result.norm += products[j] * products[j];
    }
  }
  return result;
}

/// The type of `array` under `codec`: with the element type asked for, else
/// with the array's own, else with bf16 where the codec takes nothing wider.
static Result<CompressedTensorType>
chooseType(const Array &array, CodecAttr codec, StringRef element) {
  MLIRContext *context = codec.getContext();
  SmallVector<Type> candidates;
  if (!element.empty()) {
    if (element == "f32")
      candidates.push_back(Float32Type::get(context));
    else if (element == "f16")
      candidates.push_back(Float16Type::get(context));
    else if (element == "bf16")
      candidates.push_back(BFloat16Type::get(context));
    else if (element == "i8")
      candidates.push_back(IntegerType::get(context, 8));
    else
      return Error{"--element is f32, f16, bf16 or i8, and not '" +
                   element.str() + "'"};
  } else {
    candidates.push_back(fromReferenceType(context, array.type));
    if (array.type == ElementType::F32)
      candidates.push_back(BFloat16Type::get(context));
  }
  std::string message;
  for (Type candidate : candidates) {
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      if (message.empty())
        message = diagnostic.str();
      return success();
    });
    auto emitError = [&] { return mlir::emitError(UnknownLoc::get(context)); };
    if (auto type = CompressedTensorType::getChecked(
            emitError, context, ArrayRef<int64_t>(array.shape), candidate,
            codec))
      return type;
  }
  if (element.empty() && array.type == ElementType::F64)
    message += "; --element=f32 rounds to it first";
  return Error{message};
}

static Result<Encoded> encode(const Array &array, StringRef codecText,
                              const Task &task, StringRef element,
                              const std::optional<Moment> &moment,
                              MLIRContext *context) {
  Result<CodecAttr> codec = parseCodec(codecText, context);
  if (!codec)
    return Error{"codec: " + codec.message()};
  Result<CompressedTensorType> type = chooseType(array, *codec, element);
  if (!type)
    return type.error();

  ::zq::runtime::Busy busy("encoding " + task.name);
  Result<std::vector<Stream>> streams =
      encodeDense(array, *type, moment ? &*moment : nullptr);
  if (!streams)
    return streams.error();
  auto reference = codec->getReference(type->getElementType());
  Result<Array> decoded = reference->decode(
      *streams, array.shape, *toReferenceType(type->getElementType()));
  if (!decoded)
    return decoded.error();
  return Encoded{*codec, *type, std::move(*streams), std::move(*decoded)};
}

static int64_t getBytes(const Encoded &encoded) {
  int64_t bytes = 0;
  for (const Stream &stream : encoded.streams)
    bytes += stream.array.bytes.size();
  return bytes;
}

/// A line about a tensor.
static void report(const Array &array, const Encoded &encoded, const Task &task,
                   const std::optional<Moment> &moment) {
  llvm::outs() << task.name << ": " << getCodecText(encoded.codec) << ", "
               << llvm::format("%.3f", ::zq::codec::bitsPerElement(
                                           encoded.streams, array.shape))
               << " bits per weight, " << getBytes(encoded)
               << " bytes, relative error "
               << llvm::format("%.3g",
                               getChange(array, encoded.decoded).getRatio());
  if (moment)
    llvm::outs()
        << ", of products "
        << llvm::format(
               "%.3g",
               getProductChange(array, encoded.decoded, *moment).getRatio());
  if (encoded.decoded.type != array.type)
    llvm::outs() << " (rounded to " << ::zq::codec::name(encoded.decoded.type)
                 << " first)";
  llvm::outs() << '\n';
}

static SmallVector<StringRef> getCodecs(const Task &task) {
  SmallVector<StringRef> codecs;
  StringRef(task.codecs).split(codecs, '|');
  return codecs;
}

/// What the options ask to encode.
static Result<std::vector<Task>> getTasks(const Options &options,
                                          const TensorPath &input) {
  std::vector<Task> tasks;
  if (!options.tensors.empty()) {
    if (!options.codec.empty() || !options.as.empty() || !input.tensor.empty())
      return Error{"--tensor=NAME=CODEC goes without --codec, --as and "
                   "IN:TENSOR"};
    for (const std::string &text : options.tensors) {
      auto [name, codec] = StringRef(text).split('=');
      if (name.empty() || codec.empty())
        return Error{"--tensor=" + text + " is not NAME=CODEC"};
      tasks.push_back({{input.file, name.str()}, codec.str(), name.str()});
    }
    std::set<std::string> seen;
    for (const Task &task : tasks)
      if (!seen.insert(task.name).second)
        return Error{"tensor '" + task.name + "' is named twice"};
    return tasks;
  }
  if (options.codec.empty()) {
    std::string names;
    for (const NamedCodec &entry : getNamedCodecs())
      names += (names.empty() ? "" : ", ") + entry.name.str();
    return Error{"say how with --codec, a composition of stages or one of " +
                 names};
  }
  std::string name = options.as;
  if (name.empty())
    name = input.tensor.empty() ? llvm::sys::path::stem(input.file).str()
                                : input.tensor;
  tasks.push_back({input, options.codec, name});
  return tasks;
}

/// The names of the arrays that are the streams of the tensor `name`, which the
/// file states to be of the type `text`.
static Result<std::set<std::string>>
getStreamNames(const std::string &name, StringRef text, MLIRContext *context) {
  Result<CompressedTensorType> type = parseCompressedType(text, context);
  if (!type)
    return type.error();
  auto streams = type->getCodec().getStreams(
      type->getRank(), type->getElementType(), /*scope=*/nullptr);
  if (failed(streams))
    return Error{"what its decoder stores is known to a module only"};
  std::set<std::string> names;
  for (StreamAttr stream : *streams)
    names.insert(name + "." + stream.getName().getValue().str());
  return names;
}

/// Removes an earlier tensor of the name, so that the new one replaces it, and
/// none that is merely called alike. A stream of another is not replaced.
static Status removeTensor(SafetensorsFile &file, const std::string &name,
                           MLIRContext *context) {
  for (const auto &[key, text] : file.metadata) {
    StringRef owner = key;
    if (!owner.consume_front("zq.") || owner == name ||
        !StringRef(name).starts_with((owner + ".").str()))
      continue;
    auto streams = getStreamNames(owner.str(), text, context);
    if (!streams || streams->count(name))
      return Error{"'" + name + "' is a stream of the tensor '" + owner.str() +
                   "': choose another name with --as"};
  }
  std::set<std::string> stale{name};
  if (auto text = file.metadata.find("zq." + name);
      text != file.metadata.end()) {
    auto streams = getStreamNames(name, text->second, context);
    if (!streams)
      return Error{"cannot replace '" + name + "': " + streams.message()};
    stale.insert(streams->begin(), streams->end());
    file.metadata.erase(text);
  }
  llvm::erase_if(file.tensors,
                 [&](const auto &tensor) { return stale.count(tensor.name); });
  return {};
}

static Result<std::optional<Moment>> readMoment(const Options &options,
                                                size_t numTasks) {
  if (options.activations.empty())
    return std::optional<Moment>();
  if (numTasks > 1)
    return Error{"--activations are those of one tensor"};
  Result<TensorPath> path = parseTensorPath(options.activations);
  if (!path)
    return Error{options.activations + ": " + path.message()};
  Result<Array> values = readDense(*path);
  if (!values)
    return values.error();
  Result<Moment> moment = ::zq::codec::momentOf(*values);
  if (!moment)
    return Error{path->file + ": " + moment.message()};
  return std::optional<Moment>(std::move(*moment));
}

/// Leaves each task with one codec: with the one it has, or those that make
/// the most of the budget.
static Status chooseCodecs(std::vector<Task> &tasks, const Options &options,
                           const std::optional<Moment> &moment,
                           MLIRContext *context) {
  const bool hasBudget = options.budget.getNumOccurrences();
  std::vector<std::vector<::zq::codec::Choice>> choices;
  double budget = 0;
  for (Task &task : tasks) {
    if (!hasBudget) {
      if (getCodecs(task).size() > 1)
        return Error{"tensor '" + task.name +
                     "' has several codecs: say with --budget how many bits "
                     "per weight there are"};
      continue;
    }
    Result<Array> array = readDense(task.path);
    if (!array)
      return array.error();
    budget += options.budget / 8 * double(array->size());
    choices.emplace_back();
    for (StringRef codec : getCodecs(task)) {
      Result<Encoded> encoded =
          encode(*array, codec, task, options.element, moment, context);
      if (!encoded)
        return Error{"tensor '" + task.name + "': " + encoded.message()};
      Change change = moment
                          ? getProductChange(*array, encoded->decoded, *moment)
                          : getChange(*array, encoded->decoded);
      choices.back().push_back({double(getBytes(*encoded)), change.difference});
    }
  }
  if (!hasBudget)
    return {};
  Result<std::vector<size_t>> chosen =
      ::zq::codec::chooseWithin(choices, budget);
  if (!chosen)
    return Error{"--budget, in bytes: " + chosen.message()};
  for (auto [task, number] : llvm::zip(tasks, *chosen))
    task.codecs = getCodecs(task)[number].str();
  return {};
}

/// A task on a compressed tensor of a file: the same values in another lossless
/// coding, under stages that both codecs begin with. Errors name the tensor.
static Result<Encoded> transcode(const ::zq::runtime::SafetensorsReader &file,
                                 const std::string &name, StringRef codecText,
                                 MLIRContext *context) {
  Result<CompressedTensorType> type = readCompressedType(file, name, context);
  if (!type)
    return type.error();
  const std::string where = "tensor '" + name + "': ";
  Result<CodecAttr> codec = parseCodec(codecText, context);
  if (!codec)
    return Error{where + "codec: " + codec.message()};
  auto streams = readCompressedTensor(file, name, *type, /*scope=*/nullptr);
  if (!streams)
    return streams.error();

  std::string message;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  auto emitError = [&] { return mlir::emitError(UnknownLoc::get(context)); };
  auto asked = CompressedTensorType::getChecked(
      emitError, context, type->getShape(), type->getElementType(), *codec);
  if (!asked)
    return Error{where + message};
  auto coded = mlir::zq::transcode(*type, *streams, asked);
  if (!coded)
    return Error{where + coded.message()};
  return Encoded{*codec, asked, std::move(*coded), {}};
}

/// Does a task on a tensor that is compressed in its file; false where it is
/// not.
static Result<bool> transcodeTask(const Task &task, const Options &options,
                                  SafetensorsFile &file, MLIRContext *context) {
  if (task.path.isNpy())
    return false;
  auto source = ::zq::runtime::SafetensorsReader::open(task.path.file);
  if (!source)
    return source.error();
  Result<std::string> name = findTensor(*source, task.path);
  if (!name)
    return Error{task.path.file + ": " + name.message()};
  if (!isCompressed(*source, *name))
    return false;
  if (!options.element.empty() || !options.activations.empty())
    return Error{task.path.file + ": tensor '" + *name +
                 "' is compressed: its values stay, without --element and "
                 "--activations"};
  Result<Encoded> coded = transcode(*source, *name, task.codecs, context);
  if (!coded)
    return Error{task.path.file + ": " + coded.message()};
  llvm::outs() << task.name << ": " << getCodecText(coded->codec) << ", "
               << llvm::format(
                      "%.3f", ::zq::codec::bitsPerElement(
                                  coded->streams, coded->type.getShape().vec()))
               << " bits per weight, " << getBytes(*coded)
               << " bytes, the same values\n";
  if (Status removed = removeTensor(file, task.name, context); !removed)
    return Error{options.output + ": " + removed.message()};
  addCompressedTensor(file, task.name, coded->type, std::move(coded->streams));
  return true;
}

int main(int argc, char **argv) {
  llvm::InitLLVM initLLVM(argc, argv);
  printVersion();
  Options options;
  llvm::cl::HideUnrelatedOptions(options.category);
  llvm::cl::ParseCommandLineOptions(
      argc, argv, "Encodes tensors of a file by the reference codecs\n");

  Result<TensorPath> input = parseTensorPath(options.input);
  if (!input)
    return fail(options.input + ": " + input.message());
  if (!StringRef(options.output).ends_with(".safetensors"))
    return fail(options.output + ": the output is a .safetensors file");
  if (Status valid = checkOutputPath(options.output); !valid)
    return fail(valid.message());
  if (options.budget.getNumOccurrences() && !(options.budget > 0))
    return fail("--budget is a number of bits per weight above 0");
  Result<std::vector<Task>> tasks = getTasks(options, *input);
  if (!tasks)
    return fail(tasks.message());

  Result<std::optional<Moment>> moment = readMoment(options, tasks->size());
  if (!moment)
    return fail(moment.message());

  SafetensorsFile file;
  if (options.append && llvm::sys::fs::exists(options.output)) {
    auto existing = ::zq::runtime::readSafetensors(options.output);
    if (!existing)
      return fail(existing.message());
    file = std::move(*existing);
  }

  MLIRContext context;
  if (Status chosen = chooseCodecs(*tasks, options, *moment, &context); !chosen)
    return fail(options.input + ": " + chosen.message());
  for (Task &task : *tasks) {
    Result<bool> isDone = transcodeTask(task, options, file, &context);
    if (!isDone)
      return fail(isDone.message());
    if (*isDone)
      continue;
    Result<Array> array = readDense(task.path);
    if (!array)
      return fail(array.message());
    Result<Encoded> encoded =
        encode(*array, task.codecs, task, options.element, *moment, &context);
    if (!encoded)
      return fail(options.input + ": " +
                  (tasks->size() > 1 ? "tensor '" + task.name + "': " : "") +
                  encoded.message());
    report(*array, *encoded, task, *moment);
    if (Status removed = removeTensor(file, task.name, &context); !removed)
      return fail(options.output + ": " + removed.message());
    addCompressedTensor(file, task.name, encoded->type,
                        std::move(encoded->streams));
  }
  if (Status written = ::zq::runtime::writeSafetensors(options.output, file);
      !written)
    return fail(written.message());
  return 0;
}
