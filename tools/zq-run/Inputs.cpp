//===- Inputs.cpp - Files as the arguments of a function ------------------===//
#include "Inputs.h"
#include "common/TensorFile.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Repack.h"
#include "zq/Runtime/ArrayTypes.h"
#include "zq/Runtime/CompressedFiles.h"
#include "zq/Runtime/Npy.h"
#include "zq/Runtime/Progress.h"
#include "llvm/Support/ScopedPrinter.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::run;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::codec::Stream;
using ::zq::runtime::SafetensorsReader;

int64_t Input::getNumBytes() const {
  int64_t bytes = 0;
  for (const Array &array : arrays)
    bytes += array.bytes.size();
  return bytes;
}

/// A type in a message: a compressed one under the name of its codec.
static std::string getTypeText(Type type) {
  auto compressed = dyn_cast<CompressedTensorType>(type);
  if (!compressed)
    return llvm::to_string(type);
  return llvm::to_string(compressed.getDenseType()) + " as " +
         getCodecText(compressed.getCodec());
}

namespace {
/// Loads one argument from one file.
class Loader {
public:
  Loader(StringRef spec, Type type, Operation *scope)
      : spec(spec), scope(scope) {
    input.type = type;
  }

  /// Errors name the file.
  Result<Input> load() {
    Result<TensorPath> path = parseTensorPath(spec);
    if (!path)
      return fail(path.message());
    return path->isNpy() ? loadNpy() : loadSafetensors(*path);
  }

private:
  Result<Input> loadNpy() {
    Result<Array> array = ::zq::runtime::readNpy(spec);
    if (!array)
      return array.error();
    return takeDense(std::move(*array));
  }

  Result<Input> loadSafetensors(const TensorPath &path) {
    Result<SafetensorsReader> file = SafetensorsReader::open(path.file);
    if (!file)
      return file.error();
    Result<std::string> tensor = findTensor(*file, path);
    if (!tensor)
      return fail(tensor.message());
    if (isCompressed(*file, *tensor)) {
      Result<CompressedTensorType> stored =
          readCompressedType(*file, *tensor, scope->getContext());
      if (!stored)
        return fail(stored.message());
      return takeStored(readCompressedTensor(*file, *tensor, *stored, scope),
                        *stored);
    }
    Result<Array> array = file->read(*tensor);
    if (!array)
      return array.error();
    return takeDense(std::move(*array));
  }

  /// Streams that are laid out or coded otherwise change without their values.
  Result<Input> takeStored(Result<std::vector<Stream>> streams,
                           CompressedTensorType stored) {
    auto wanted = dyn_cast<CompressedTensorType>(input.type);
    if (stored == wanted)
      return takeStreams(std::move(streams), wanted);
    const std::string differ = "holds " + getTypeText(stored) +
                               ", but the argument is " +
                               getTypeText(input.type);
    if (!wanted)
      return fail(differ);
    if (streams && isInLanesOf(stored, wanted))
      return takeStreams(repack(stored, *streams, wanted), wanted);
    Result<std::vector<Stream>> coded =
        streams ? transcode(stored, *streams, wanted) : std::move(streams);
    if (!coded)
      return fail(differ + ": " + coded.message());
    llvm::errs() << "zq-run: " << spec << " holds "
                 << getCodecText(stored.getCodec()) << "; recoded as "
                 << getCodecText(wanted.getCodec()) << '\n';
    return takeStreams(std::move(coded), wanted);
  }

  Result<Input> takeDense(Array array) {
    auto compressed = dyn_cast<CompressedTensorType>(input.type);
    if (!compressed) {
      if (Status fits = checkArray(array, cast<RankedTensorType>(input.type));
          !fits)
        return fail(fits.message());
      input.arrays.push_back(std::move(array));
      return std::move(input);
    }
    Result<std::vector<Stream>> streams = encodeDense(array, compressed);
    if (streams)
      llvm::errs() << "zq-run: " << spec << " is dense; encoded as "
                   << getCodecText(compressed.getCodec()) << '\n';
    return takeStreams(std::move(streams), compressed);
  }

  Result<Input> takeStreams(Result<std::vector<Stream>> streams,
                            CompressedTensorType type) {
    if (!streams)
      return fail(streams.message());
    input.bitsPerWeight = ::zq::codec::bitsPerElement(
        *streams,
        std::vector<int64_t>(type.getShape().begin(), type.getShape().end()));
    for (Stream &stream : *streams)
      input.arrays.push_back(std::move(stream.array));
    return std::move(input);
  }

  Error fail(const std::string &message) const {
    return Error{spec + ": " + message};
  }

  std::string spec;
  Operation *scope;
  Input input;
};
} // namespace

Result<std::vector<Input>>
mlir::zq::run::loadInputs(func::FuncOp function,
                          const std::vector<std::string> &specs) {
  TypeRange types = function.getArgumentTypes();
  if (specs.size() != types.size()) {
    std::string message;
    llvm::raw_string_ostream os(message);
    os << '@' << function.getName() << " takes " << types.size()
       << (types.size() == 1 ? " input, got " : " inputs, got ")
       << specs.size();
    if (!types.empty()) {
      os << ": ";
      llvm::interleaveComma(types, os,
                            [&](Type type) { os << getTypeText(type); });
    }
    return Error{message};
  }
  std::vector<Input> inputs;
  ::zq::runtime::Progress progress("loading", specs.size());
  for (auto [spec, type] : llvm::zip(specs, types)) {
    Result<Input> input = Loader(spec, type, function).load();
    if (!input)
      return Error{"input " + std::to_string(inputs.size()) + ": " +
                   input.message()};
    inputs.push_back(std::move(*input));
    progress.advance();
  }
  return inputs;
}

Status mlir::zq::run::checkAssembled(func::FuncOp function,
                                     const std::vector<Input> &inputs) {
  Status result;
  function.walk([&](AssembleOp op) {
    std::vector<Stream> streams;
    for (Value operand : op.getStreams()) {
      while (auto cast = operand.getDefiningOp<tensor::CastOp>())
        operand = cast.getSource();
      auto argument = dyn_cast<BlockArgument>(operand);
      if (!argument || argument.getOwner() != &function.front())
        return WalkResult::advance();
      const Input &input = inputs[argument.getArgNumber()];
      streams.push_back({"argument " + std::to_string(argument.getArgNumber()),
                         input.arrays.front()});
    }
    Status valid = checkStreams(
        streams, cast<CompressedTensorType>(op.getResult().getType()), op);
    if (valid)
      return WalkResult::advance();
    std::string message;
    llvm::raw_string_ostream(message)
        << "the arguments are no streams of " << op.getResult().getType()
        << ": " << valid.message();
    result = Error{message};
    return WalkResult::interrupt();
  });
  return result;
}
