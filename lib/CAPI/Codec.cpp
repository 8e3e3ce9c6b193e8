//===- Codec.cpp - Codecs and compressed tensors in C ---------------------===//
#include "zq-c/Codec.h"

#include "Wrap.h"
#include "mlir/IR/Diagnostics.h"
#include "zq/Codec/DFloat11.h"
#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Repack.h"
#include "zq/Dialect/ZQ/IR/Storage.h"
#include "zq/Runtime/CompressedFiles.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::capi;
using ::zq::codec::Array;
using ::zq::codec::Moment;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::codec::Stream;

MLIRContext *mlir::zq::capi::getContext() {
  // Never destroyed: objects of other languages may outlive static ones.
  static MLIRContext *context = [] {
    auto *created = new MLIRContext(MLIRContext::Threading::DISABLED);
    created->loadDialect<ZQDialect>();
    return created;
  }();
  return context;
}

std::mutex &mlir::zq::capi::getMutex() {
  static auto *mutex = new std::mutex;
  return *mutex;
}

//===----------------------------------------------------------------------===//
// Codecs
//===----------------------------------------------------------------------===//

ZqError *zqCodecParse(const char *text, size_t length, ZqCodec **codec) {
  std::lock_guard<std::mutex> lock(getMutex());
  Result<CodecAttr> parsed = parseCodec(StringRef(text, length), getContext());
  if (!parsed)
    return wrap(parsed.message());
  *codec = new ZqCodec{*parsed};
  return nullptr;
}

void zqCodecDestroy(ZqCodec *codec) { delete codec; }

void zqCodecGetName(const ZqCodec *codec, ZqTextCallback callback, void *user) {
  send(codec->codec.getTableName(), callback, user);
}

void zqCodecGetStages(const ZqCodec *codec, ZqTextCallback callback,
                      void *user) {
  std::lock_guard<std::mutex> lock(getMutex());
  StringRef name = codec->codec.getTableName();
  for (const NamedCodec &entry : getNamedCodecs())
    if (!name.empty() && entry.name == name)
      return send(entry.stages, callback, user);
  send(getCodecText(codec->codec), callback, user);
}

bool zqCodecIsLossless(const ZqCodec *codec) {
  std::lock_guard<std::mutex> lock(getMutex());
  // Of the elements that it takes in, the first; a codec that rounds does so
  // from any. A layout loses nothing, and may fit no tensor.
  auto reference =
      codec->codec.withRecords(0).getReference(Float32Type::get(getContext()));
  return reference && reference->isLossless();
}

size_t zqGetNumNamedCodecs(void) { return getNamedCodecs().size(); }

void zqGetNamedCodec(size_t index, const char **name, const char **stages,
                     const char **source) {
  // Literals, all of them.
  const NamedCodec &entry = getNamedCodecs()[index];
  *name = entry.name.data();
  *stages = entry.stages.data();
  *source = entry.source.data();
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

ZqTensorType::ZqTensorType(CompressedTensorType type)
    : type(type), shape(type.getShape().begin(), type.getShape().end()) {
  llvm::raw_string_ostream(text) << type;
  auto named = type.getCodec().getStreams(type.getRank(), type.getElementType(),
                                          /*scope=*/nullptr);
  auto types = type.getStreamTypes(/*scope=*/nullptr);
  if (failed(named) || failed(types))
    return;
  for (auto [stream, streamType] : llvm::zip(*named, *types)) {
    auto tensor = cast<RankedTensorType>(streamType);
    Stream entry{stream.getName().getValue().str(),
                 wrap(*toReferenceType(tensor.getElementType())),
                 std::vector<int64_t>(tensor.getShape().begin(),
                                      tensor.getShape().end())};
    llvm::replace(entry.shape, ShapedType::kDynamic, int64_t(-1));
    streams.push_back(std::move(entry));
  }
}

/// Calls `make`, which may emit errors in the shared context. Null with the
/// first message where it returns nothing.
static CompressedTensorType capture(function_ref<CompressedTensorType()> make,
                                    std::string &message) {
  ScopedDiagnosticHandler handler(getContext(), [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  return make();
}

/// Where streams are known to the IR only, nobody here can check them.
static ZqError *create(CompressedTensorType type, ZqTensorType **created) {
  if (type.getCodec().getDecoderSymbol())
    return wrap("the decoder of the codec is in another module; streams of "
                "such tensors are handed over as plain arrays");
  *created = new ZqTensorType(type);
  return nullptr;
}

ZqError *zqTensorTypeCreate(const ZqCodec *codec, ZqElementType element,
                            size_t rank, const int64_t *shape,
                            ZqTensorType **type) {
  std::lock_guard<std::mutex> lock(getMutex());
  MLIRContext *context = getContext();
  std::string message;
  CompressedTensorType made = capture(
      [&] {
        return CompressedTensorType::getChecked(
            [&] { return emitError(UnknownLoc::get(context)); }, context,
            ArrayRef<int64_t>(shape, rank),
            fromReferenceType(context, unwrap(element)), codec->codec);
      },
      message);
  return made ? create(made, type) : wrap(message);
}

ZqError *zqTensorTypeParse(const char *text, size_t length,
                           ZqTensorType **type) {
  std::lock_guard<std::mutex> lock(getMutex());
  Result<CompressedTensorType> parsed =
      parseCompressedType(StringRef(text, length), getContext());
  return parsed ? create(*parsed, type) : wrap(parsed.message());
}

void zqTensorTypeDestroy(ZqTensorType *type) { delete type; }

void zqTensorTypeGetText(const ZqTensorType *type, ZqTextCallback callback,
                         void *user) {
  send(type->text, callback, user);
}

ZqCodec *zqTensorTypeGetCodec(const ZqTensorType *type) {
  return new ZqCodec{type->type.getCodec()};
}

ZqElementType zqTensorTypeGetElement(const ZqTensorType *type) {
  return wrap(*toReferenceType(type->type.getElementType()));
}

size_t zqTensorTypeGetRank(const ZqTensorType *type) {
  return type->shape.size();
}

const int64_t *zqTensorTypeGetShape(const ZqTensorType *type) {
  return type->shape.data();
}

size_t zqTensorTypeGetNumStreams(const ZqTensorType *type) {
  return type->streams.size();
}

void zqTensorTypeGetStream(const ZqTensorType *type, size_t index,
                           const char **name, ZqElementType *element,
                           size_t *rank, const int64_t **shape) {
  const ZqTensorType::Stream &stream = type->streams[index];
  *name = stream.name.c_str();
  *element = stream.element;
  *rank = stream.shape.size();
  *shape = stream.shape.data();
}

double zqTensorTypeGetRate(const ZqTensorType *type) {
  std::lock_guard<std::mutex> lock(getMutex());
  FailureOr<Storage> storage = getStorage(type->type, /*scope=*/nullptr);
  return succeeded(storage) && storage->isKnown() ? storage->getKnownRate()
                                                  : -1;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

ZqError *zqTensorEncode(const ZqTensorType *type, const ZqArray *values,
                        const ZqArray *activations, ZqTensor **tensor) {
  std::optional<Moment> moment;
  if (activations) {
    Result<Moment> known = ::zq::codec::momentOf(unwrap(*activations));
    if (!known)
      return wrap("activations: " + known.message());
    moment = std::move(*known);
  }
  Result<std::vector<Stream>> streams =
      encodeDense(unwrap(*values), type->type, moment ? &*moment : nullptr);
  if (!streams)
    return wrap(streams.message());
  *tensor = new ZqTensor{*type, std::move(*streams)};
  return nullptr;
}

ZqError *zqTensorCreate(const ZqTensorType *type, size_t numStreams,
                        const ZqArray *streams, ZqTensor **tensor) {
  if (numStreams != type->streams.size())
    return wrap("the codec has " + std::to_string(type->streams.size()) +
                " streams, got " + std::to_string(numStreams));
  std::vector<Stream> copies;
  for (size_t i = 0; i < numStreams; ++i)
    copies.push_back({type->streams[i].name, unwrap(streams[i])});
  if (Status valid = checkStreams(copies, type->type, /*scope=*/nullptr);
      !valid)
    return wrap(valid.message());
  *tensor = new ZqTensor{*type, std::move(copies)};
  return nullptr;
}

void zqTensorDestroy(ZqTensor *tensor) { delete tensor; }

const ZqTensorType *zqTensorGetType(const ZqTensor *tensor) {
  return &tensor->type;
}

ZqArray zqTensorGetStream(const ZqTensor *tensor, size_t index) {
  const Array &array = tensor->streams[index].array;
  return {wrap(array.type), array.shape.size(), array.shape.data(),
          const_cast<uint8_t *>(array.bytes.data())};
}

ZqError *zqTensorDecode(const ZqTensor *tensor, const ZqArray *values) {
  const ZqTensorType &type = tensor->type;
  auto element = toReferenceType(type.type.getElementType());
  if (unwrap(values->type) != *element ||
      ArrayRef(values->shape, values->rank) != ArrayRef(type.shape))
    return wrap("the array to decode into has another shape or element type "
                "than the tensor");
  auto reference =
      type.type.getCodec().getReference(type.type.getElementType());
  Result<Array> decoded =
      reference->decode(tensor->streams, type.shape, *element);
  if (!decoded)
    return wrap(decoded.message());
  if (!decoded->bytes.empty())
    std::memcpy(values->data, decoded->bytes.data(), decoded->bytes.size());
  return nullptr;
}

ZqError *zqTensorRepack(const ZqTensor *tensor, const ZqTensorType *type,
                        ZqTensor **repacked) {
  Result<std::vector<Stream>> streams =
      repack(tensor->type.type, tensor->streams, type->type);
  if (!streams)
    return wrap(streams.message());
  *repacked = new ZqTensor{*type, std::move(*streams)};
  return nullptr;
}

ZqError *zqTensorTranscode(const ZqTensor *tensor, const ZqTensorType *type,
                           ZqTensor **transcoded) {
  Result<std::vector<Stream>> streams =
      transcode(tensor->type.type, tensor->streams, type->type);
  if (!streams)
    return wrap(streams.message());
  *transcoded = new ZqTensor{*type, std::move(*streams)};
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Published layouts
//===----------------------------------------------------------------------===//

ZqError *zqDFloat11Decode(const ZqDFloat11 *published, const ZqArray *values) {
  if (values->type != ZQ_BF16)
    return wrap("the array to decode into is not of bf16");
  Result<Array> decoded = ::zq::codec::importDFloat11(
      {unwrap(published->luts), unwrap(published->encodedExponent),
       unwrap(published->signMantissa), unwrap(published->outputPositions),
       unwrap(published->gaps), published->threadsPerBlock},
      {values->shape, values->shape + values->rank});
  if (!decoded)
    return wrap(decoded.message());
  if (!decoded->bytes.empty())
    std::memcpy(values->data, decoded->bytes.data(), decoded->bytes.size());
  return nullptr;
}
