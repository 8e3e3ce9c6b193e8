//===- CompressedFiles.cpp - Compressed tensors in .safetensors files -----===//
#include "zq/Runtime/CompressedFiles.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Runtime/ArrayTypes.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ScopedPrinter.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::codec::Stream;
using ::zq::runtime::SafetensorsFile;
using ::zq::runtime::SafetensorsReader;

/// Before the tensor's name in a metadata key.
static constexpr llvm::StringLiteral keyPrefix = "zq.";

static std::string getKey(const std::string &name) {
  return (keyPrefix + name).str();
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {
/// Keeps the first error of a parser that was given a string.
class ErrorCapture {
public:
  explicit ErrorCapture(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (message.empty()) {
            message = diagnostic.str();
            if (auto loc = dyn_cast<FileLineColLoc>(diagnostic.getLocation()))
              column = loc.getColumn();
          }
          return success();
        }) {}

  std::string message;
  /// Counts from 1; 0 where it is not known.
  unsigned column = 0;

private:
  ScopedDiagnosticHandler handler;
};
} // namespace

Result<CodecAttr> mlir::zq::parseCodec(StringRef text, MLIRContext *context) {
  context->getOrLoadDialect<ZQDialect>();
  std::string whole = text.trim().str();
  if (!StringRef(whole).starts_with("#"))
    whole = "#zq.codec<" + whole + ">";
  ErrorCapture capture(context);
  Attribute attribute = parseAttribute(whole, context);
  if (auto codec = dyn_cast_or_null<CodecAttr>(attribute))
    return codec;
  if (attribute)
    return Error{whole + " is not a codec"};
  std::string message = capture.message;
  if (capture.column)
    message +=
        "\n  " + whole + "\n  " + std::string(capture.column - 1, ' ') + "^";
  return Error{message};
}

Result<CompressedTensorType>
mlir::zq::parseCompressedType(StringRef text, MLIRContext *context) {
  context->getOrLoadDialect<ZQDialect>();
  ErrorCapture capture(context);
  Type type = parseType(text, context);
  if (auto compressed = dyn_cast_or_null<CompressedTensorType>(type))
    return compressed;
  return Error{type ? text.str() + " is not a compressed tensor type"
                    : capture.message};
}

std::string mlir::zq::getCodecText(CodecAttr codec) {
  StringRef name = codec.getTableName();
  if (!name.empty())
    return name.str();
  std::string printed = llvm::to_string(codec);
  StringRef text = printed;
  if (text.consume_front("#zq.codec<"))
    text.consume_back(">");
  return text.str();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

bool mlir::zq::isCompressed(const SafetensorsReader &file,
                            const std::string &name) {
  return file.metadata().count(getKey(name));
}

std::vector<std::string>
mlir::zq::getTensorNames(const SafetensorsReader &file) {
  std::vector<std::string> names, compressed;
  for (const auto &note : file.metadata()) {
    StringRef key = note.first;
    if (key.consume_front(keyPrefix))
      compressed.push_back(key.str());
  }
  llvm::StringSet<> seen;
  for (const std::string &name : file.names()) {
    auto owner = llvm::find_if(compressed, [&](const std::string &candidate) {
      return StringRef(name).starts_with(candidate + ".");
    });
    const std::string &counted = owner == compressed.end() ? name : *owner;
    if (seen.insert(counted).second)
      names.push_back(counted);
  }
  return names;
}

Result<CompressedTensorType>
mlir::zq::readCompressedType(const SafetensorsReader &file,
                             const std::string &name, MLIRContext *context) {
  auto note = file.metadata().find(getKey(name));
  if (note == file.metadata().end())
    return Error{"the metadata has no key '" + getKey(name) + "'"};
  Result<CompressedTensorType> type =
      parseCompressedType(note->second, context);
  if (!type)
    return Error{"metadata '" + getKey(name) + "': " + type.message()};
  return type;
}

Result<std::vector<Stream>>
mlir::zq::readCompressedTensor(const SafetensorsReader &file,
                               const std::string &name,
                               CompressedTensorType type, Operation *scope) {
  auto wanted =
      type.getCodec().getStreams(type.getRank(), type.getElementType(), scope);
  if (failed(wanted))
    return Error{"tensor '" + name + "': the decoder of its codec, " +
                 llvm::to_string(type.getCodec().getDecoderSymbol()) +
                 ", is not in the module"};
  std::vector<Stream> streams;
  for (StreamAttr stream : *wanted) {
    std::string streamName = stream.getName().getValue().str();
    std::string stored = name;
    stored.append(".").append(streamName);
    const ::zq::runtime::SafetensorsEntry *entry = file.find(stored);
    if (!entry)
      return Error{llvm::formatv("tensor '{0}': its stream '{1}' is missing",
                                 name, stored)
                       .str()};
    Result<Array> array = file.read(*entry);
    if (!array)
      return array.error();
    streams.push_back({streamName, std::move(*array)});
  }
  if (Status valid = checkStreams(streams, type, scope); !valid)
    return Error{"tensor '" + name + "': " + valid.message()};
  return streams;
}

Status mlir::zq::checkStreams(const std::vector<Stream> &streams,
                              CompressedTensorType type, Operation *scope) {
  FailureOr<SmallVector<Type>> types = type.getStreamTypes(scope);
  if (failed(types))
    return Error{"the codec's decoder is not in the module"};
  if (streams.size() != types->size())
    return Error{"the codec has " + std::to_string(types->size()) +
                 " streams, got " + std::to_string(streams.size())};
  for (auto [stream, streamType] : llvm::zip(streams, *types)) {
    Status fits = checkArray(stream.array, cast<RankedTensorType>(streamType));
    if (!fits)
      return Error{"stream '" + stream.name + "': " + fits.message()};
  }
  auto reference = type.getCodec().getReference(type.getElementType());
  if (!reference)
    return {};
  return reference->check(
      streams,
      std::vector<int64_t>(type.getShape().begin(), type.getShape().end()),
      *toReferenceType(type.getElementType()));
}

//===----------------------------------------------------------------------===//
// Encoding and writing
//===----------------------------------------------------------------------===//

void mlir::zq::addCompressedTensor(SafetensorsFile &file,
                                   const std::string &name,
                                   CompressedTensorType type,
                                   std::vector<Stream> streams) {
  file.metadata[getKey(name)] = llvm::to_string(type);
  for (Stream &stream : streams)
    file.tensors.push_back({name + "." + stream.name, std::move(stream.array)});
}

/// Whether the elements have a float type.
static bool isFloat(::zq::codec::ElementType type) {
  using ::zq::codec::ElementType;
  return type != ElementType::I8 && type != ElementType::I16 &&
         type != ElementType::I32 && type != ElementType::I64;
}

Result<std::vector<Stream>>
mlir::zq::encodeDense(const Array &dense, CompressedTensorType type,
                      const ::zq::codec::Moment *moment) {
  auto reference = type.getCodec().getReference(type.getElementType());
  if (!reference)
    return Error{"the codec's decoder " +
                 llvm::to_string(type.getCodec().getDecoderSymbol()) +
                 " has no encoder; store its streams instead"};
  ::zq::codec::ElementType element = *toReferenceType(type.getElementType());
  // Floats are rounded to other floats; codes are what they are.
  const bool fits =
      dense.type == element || (isFloat(dense.type) && isFloat(element));
  if (ArrayRef(dense.shape) != type.getShape() || !fits)
    return Error{"expected " + llvm::to_string(type.getDenseType()) + ", got " +
                 describe(dense)};
  if (dense.type == element)
    return reference->encode(dense, moment);
  // A double would be rounded twice on its way to 16 bits.
  if (dense.type == ::zq::codec::ElementType::F64 &&
      element != ::zq::codec::ElementType::F32)
    return Error{"f64 values have to be rounded to f32 or " +
                 llvm::to_string(type.getElementType()) + " beforehand"};
  Array rounded(element, dense.shape);
  for (int64_t i = 0, n = dense.size(); i < n; ++i)
    rounded.setFloat(i, dense.getFloat(i));
  return reference->encode(rounded, moment);
}
