//===- Streams.cpp - Compressed tensors that rewrites are tried with ------===//
#include "Streams.h"

#include "zq/Codec/Records.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::verification;
using ::zq::codec::Array;
using ::zq::codec::ElementType;
using ::zq::codec::Stream;

/// Values beyond this say more about overflow than about a rewrite.
static constexpr float largestValue = 0x1p40f;
/// Codes that are wider are too many to go through.
static constexpr unsigned maxCodeBits = 16;
/// The size of a stream that is up to the data, where nobody knows better.
static constexpr int64_t sizeOfUnknown = 16;

static std::vector<Stream> toStreams(const Arrays &arrays) {
  std::vector<Stream> streams;
  for (const Array &array : arrays)
    streams.push_back({"", array});
  return streams;
}

ElementType Streams::getElement() const {
  return *toReferenceType(type.getElementType());
}

FailureOr<Streams> Streams::make(Operation *scope, CompressedTensorType type) {
  Streams result(type);
  CodecAttr codec = type.getCodec();
  result.codec = codec.getReference(type.getElementType());
  auto types = type.getStreamTypes(scope);
  if (failed(types))
    return failure();
  for (Type streamType : *types)
    if (!toReferenceType(getElementTypeOrSelf(streamType)))
      return emitError(scope->getLoc())
             << "nothing can be made for a stream of type " << streamType;
  result.streamTypes = std::move(*types);
  Random random(0);
  if (result.isOpaque())
    return result;

  // What is there to fall back on.
  Array values = makeArray(result.getElement(), result.getShape(),
                           ValuePattern::Gaussian, random);
  auto streams = result.codec->encode(values);
  if (streams) {
    for (Stream &stream : *streams)
      result.usual.push_back(std::move(stream.array));
  } else {
    // Some formats hold what their own encoder does not make.
    result.usual = result.makeAnyOfTypes(random);
    if (!result.isFinite(result.usual))
      return emitError(scope->getLoc())
             << "cannot make a " << type << ": " << streams.message();
  }
  result.findCodes();
  return result;
}

/// Arrays of the streams' types, with nothing else to keep to.
Arrays Streams::makeAnyOfTypes(Random &random) const {
  Arrays arrays;
  for (Type streamType : streamTypes) {
    auto tensor = cast<RankedTensorType>(streamType);
    std::vector<int64_t> shape;
    for (int64_t size : tensor.getShape())
      shape.push_back(ShapedType::isDynamic(size) ? sizeOfUnknown : size);
    ElementType element = *toReferenceType(tensor.getElementType());
    arrays.push_back(makeArray(element, shape, ValuePattern::Gaussian, random));
    if (!isFloat(element))
      fillWithBits(arrays.back(), random);
  }
  return arrays;
}

void Streams::findCodes() {
  CodecAttr attribute = type.getCodec();
  SmallVector<Type> inputs = attribute.getInputs(type.getElementType());
  SmallVector<SmallVector<int64_t>> shapes =
      attribute.getShapes(type.getShape());
  for (auto [i, input] : llvm::enumerate(inputs)) {
    auto integer = dyn_cast<IntegerType>(input);
    if (!integer || integer.getWidth() > maxCodeBits)
      continue;
    auto below =
        CodecAttr::get(type.getContext(), attribute.getStages().drop_front(i));
    coded = below.getReference(input);
    if (!coded || !coded->isLossless()) {
      coded = nullptr;
      continue;
    }
    codedShape = {shapes[i].begin(), shapes[i].end()};
    codeBits = integer.getWidth();
    break;
  }
  if (!coded)
    return;
  Random random(0);
  Arrays arrays = encode(ValuePattern::Gaussian, random);
  Array all(::zq::codec::codeType(codeBits), codedShape);
  int64_t places = all.size();
  auto isLegal = [&](uint32_t first, uint32_t count) {
    for (int64_t i = 0; i < places; ++i)
      ::zq::codec::setCode(all, i, first + i % count);
    std::optional<Arrays> candidate = putCodes(arrays, all);
    return candidate && isFinite(*candidate);
  };
  // As many at a time as there are places, one by one where some are not.
  uint32_t total = 1u << codeBits, step = std::min<int64_t>(places, total);
  for (uint32_t first = 0; step && first < total; first += step) {
    uint32_t count = std::min(step, total - first);
    bool areLegal = isLegal(first, count);
    for (uint32_t code = first; code < first + count; ++code)
      if (areLegal || isLegal(code, 1))
        codes.push_back(code);
  }
}

bool Streams::isFinite(const Arrays &arrays) const {
  auto values = codec->decode(toStreams(arrays), getShape(), getElement());
  if (!values)
    return false;
  for (int64_t i = 0, n = values->size(); i < n; ++i)
    if (!(std::fabs(values->getFloat(i)) <= largestValue))
      return false;
  return true;
}

std::optional<Arrays> Streams::tryEncode(const Array &values) const {
  auto streams = codec->encode(values);
  if (!streams)
    return std::nullopt;
  Arrays arrays;
  for (Stream &stream : *streams)
    arrays.push_back(std::move(stream.array));
  if (!isFinite(arrays))
    return std::nullopt;
  return arrays;
}

Arrays Streams::encode(ValuePattern pattern, Random &random,
                       float magnitude) const {
  if (isOpaque())
    return makeAnyOfTypes(random);
  Array values =
      makeArray(getElement(), getShape(), pattern, random, magnitude);
  if (std::optional<Arrays> arrays = tryEncode(values))
    return *arrays;
  Arrays scaled = usual;
  for (Array &array : scaled)
    if (isFloat(array.type))
      for (int64_t i = 0, n = array.size(); i < n; ++i)
        array.setFloat(i, array.getFloat(i) * magnitude);
  return isFinite(scaled) ? scaled : usual;
}

Arrays Streams::makeRandom(Random &random) const {
  if (isOpaque())
    return makeAnyOfTypes(random);
  Arrays arrays = encode(ValuePattern::Gaussian, random);
  for (Array &array : arrays) {
    Array before = array;
    if (isFloat(array.type))
      for (int64_t i = 0, n = array.size(); i < n; ++i)
        array.setFloat(i, std::ldexp(array.getFloat(i), int(random() % 5) - 2));
    else
      fillWithBits(array, random);
    if (!isFinite(arrays))
      array = std::move(before);
  }
  return arrays;
}

std::optional<Arrays> Streams::putCodes(Arrays arrays,
                                        const Array &codes) const {
  auto streams = coded->encode(codes);
  std::vector<Stream> whole = toStreams(arrays);
  // Codes in records are a stream of their own in between.
  const ::zq::codec::Records *records = codec->records();
  if (records) {
    auto apart = records->split(whole, getShape());
    if (!apart)
      return std::nullopt;
    whole = std::move(*apart);
  }
  if (!streams || streams->size() > whole.size())
    return std::nullopt;
  llvm::move(*streams, whole.end() - streams->size());
  if (records) {
    auto joined = records->join(whole, getShape());
    if (!joined)
      return std::nullopt;
    whole = std::move(*joined);
  }
  Arrays changed;
  for (Stream &stream : whole)
    changed.push_back(std::move(stream.array));
  return changed;
}

Arrays Streams::makeCodes(ArrayRef<uint32_t> first, uint64_t step,
                          float magnitude, Random &random) const {
  Arrays arrays = encode(ValuePattern::Gaussian, random, magnitude);
  Array all(::zq::codec::codeType(codeBits), codedShape);
  for (int64_t i = 0, n = all.size(); i < n; ++i)
    ::zq::codec::setCode(all, i, codes[(first[i] + step) % codes.size()]);
  return putCodes(arrays, all).value_or(arrays);
}
