//===- Repack.cpp - Streams in another layout -----------------------------===//
#include "zq/Dialect/ZQ/IR/Repack.h"

#include "zq/Codec/Panels.h"
#include "zq/Codec/Transcode.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Records.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Stream;

using Streams = std::vector<Stream>;

/// A part without a codec, in the panels of another.
static Array changePanels(const Array &array, const Part &from, const Part &to,
                          ArrayRef<int64_t> shape) {
  if (from.rows == to.rows)
    return array;
  // The one that is not in panels says how many rows there are.
  const Part &plain = from.rows ? to : from;
  RankedTensorType type = plain.array.getType(shape);
  ::zq::codec::Shape rowMajor(type.getShape().begin(), type.getShape().end());
  Array rows =
      from.rows ? ::zq::codec::fromPanels(array, rowMajor, from.rows) : array;
  return to.rows ? ::zq::codec::toPanels(rows, to.rows) : rows;
}

/// The streams of a last stage, laid out by another.
static Result<Streams> changeSource(Streams streams, StageAttrInterface from,
                                    StageAttrInterface to, Type input,
                                    ArrayRef<int64_t> shape) {
  auto decoder = from.getReference(input), encoder = to.getReference(input);
  if (!decoder || !encoder || !decoder->isLossless() ||
      !encoder->isLossless() || streams.size() != decoder->numSides() + 1)
    return Error{"the codecs differ in more than their layout"};
  Array main = std::move(streams.back().array);
  streams.pop_back();
  Result<Array> codes =
      decoder->decode(main, streams, {shape.begin(), shape.end()});
  if (!codes)
    return codes.error();
  Streams result;
  Result<Array> coded = encoder->encode(*codes, {}, result);
  if (!coded)
    return coded.error();
  result.push_back({encoder->mainName(), std::move(*coded)});
  return result;
}

/// The streams of a part with a codec, laid out by that of another.
static Result<Streams> changeCoded(Streams streams, const Part &from,
                                   const Part &to, ArrayRef<int64_t> shape) {
  if (from.codec == to.codec)
    return streams;
  RankedTensorType type = from.array.getType(shape);
  auto withCodec = [&](CodecAttr codec) {
    return CompressedTensorType::get(codec.getContext(), type.getShape(),
                                     type.getElementType(), codec);
  };
  if (!isa<FloatType>(type.getElementType())) {
    // Codes, which no tensor is made of.
    if (from.codec.getStages().size() != 1 || to.codec.getStages().size() != 1)
      return Error{"the codecs differ in more than their layout"};
    std::string name = streams.back().name;
    Result<Streams> changed = changeSource(
        std::move(streams), from.codec.getStages().front(),
        to.codec.getStages().front(), type.getElementType(), type.getShape());
    if (changed)
      changed->back().name = name;
    return changed;
  }
  std::vector<Stream> old = streams;
  Result<Streams> changed =
      repack(withCodec(from.codec), streams, withCodec(to.codec));
  if (!changed)
    return changed;
  // They are named within the weight, and not within the part.
  for (auto [stream, before] : llvm::zip(*changed, old))
    stream.name = before.name;
  return changed;
}

/// `type` with `stage` in the place of its last one, of codes.
static CompressedTensorType withLastStage(CompressedTensorType type,
                                          StageAttrInterface stage) {
  SmallVector<StageAttrInterface> stages(type.getCodec().getStages());
  Type input = type.getCodec().getInputs(type.getElementType()).back();
  if (!isa<IntegerType>(input) || input.getIntOrFloatBitWidth() > 8 ||
      !stages.back().isLossless())
    return type;
  stages.back() = stage;
  return CompressedTensorType::get(type.getContext(), type.getShape(),
                                   type.getElementType(),
                                   CodecAttr::get(type.getContext(), stages));
}

CompressedTensorType mlir::zq::withRawCodes(CompressedTensorType type) {
  return withLastStage(type, PackAttr::get(type.getContext()));
}

SmallVector<CompressedTensorType>
mlir::zq::getRecodings(CompressedTensorType type) {
  SmallVector<CompressedTensorType> recodings;
  for (Attribute stage : cast<ZQDialect>(type.getDialect()).getRecodings())
    recodings.push_back(withLastStage(type, cast<StageAttrInterface>(stage)));
  return recodings;
}

bool mlir::zq::isInLanesOf(CompressedTensorType from, CompressedTensorType to) {
  if (withoutRecords(from) == withoutRecords(to))
    return true;
  from = withoutRecords(from), to = withoutRecords(to);
  return llvm::any_of(ArrayRef<int64_t>{4, 8, 16, 32, 64}, [&](int64_t lanes) {
    return withLanes(from, lanes) == to ||
           withLanes(withRawCodes(from), lanes) == to;
  });
}

/// The streams of `from` each by itself, or the other way round.
static Result<Streams> changeRecords(CompressedTensorType type,
                                     const Streams &streams, bool join) {
  auto reference = type.getCodec().getReference(type.getElementType());
  if (!reference)
    return Error{"the codec's decoder is known to the IR only"};
  ::zq::codec::Shape shape = type.getShape().vec();
  Result<Streams> changed = join ? reference->records()->join(streams, shape)
                                 : reference->records()->split(streams, shape);
  if (!changed)
    return changed;
  auto names = (join ? type : withoutRecords(type))
                   .getCodec()
                   .getStreams(type.getRank(), type.getElementType(),
                               /*scope=*/nullptr);
  for (auto [stream, name] : llvm::zip(*changed, *names))
    stream.name = name.getName().str();
  return changed;
}

Result<Streams> mlir::zq::repack(CompressedTensorType from,
                                 const Streams &streams,
                                 CompressedTensorType to) {
  if (from.getCodec().getRecords()) {
    auto apart = changeRecords(from, streams, /*join=*/false);
    return apart ? repack(withoutRecords(from), *apart, to) : apart;
  }
  if (to.getCodec().getRecords()) {
    auto apart = repack(from, streams, withoutRecords(to));
    return apart ? changeRecords(to, *apart, /*join=*/true) : apart;
  }
  Type element = from.getElementType();
  CodecAttr old = from.getCodec(), wanted = to.getCodec();
  SmallVector<int64_t> shape(from.getShape());
  if (from.getShape() != to.getShape() || element != to.getElementType() ||
      old.getStages().size() != wanted.getStages().size())
    return Error{"the codecs differ in more than their layout"};
  auto reference = old.getReference(element);
  if (!reference)
    return Error{"the codec's decoder is known to the IR only"};
  auto type = *toReferenceType(element);
  if (auto valid =
          reference->check(streams, {shape.begin(), shape.end()}, type);
      !valid)
    return valid.error();

  auto oldParts = getParts(old, shape.size(), element, /*scope=*/nullptr);
  auto newParts = getParts(wanted, shape.size(), element, /*scope=*/nullptr);
  Streams result;
  for (auto [i, stage] : llvm::enumerate(old.getStages())) {
    StageAttrInterface other = wanted.getStages()[i];
    ArrayRef<Part> own = (*oldParts)[i], others = (*newParts)[i];
    SmallVector<int64_t> at = old.getShapes(shape)[i];
    if (old.getInputs(element)[i] != wanted.getInputs(element)[i])
      return Error{"the codecs differ in more than their layout"};
    if (i + 1 == old.getStages().size() && stage != other) {
      Result<Streams> changed =
          changeSource(Streams(streams.begin() + result.size(), streams.end()),
                       stage, other, old.getInputs(element)[i], at);
      if (!changed)
        return changed;
      llvm::append_range(result, *changed);
      break;
    }
    if (own.size() != others.size())
      return Error{"the codecs differ in more than their layout"};
    for (auto [j, part] : llvm::enumerate(own)) {
      size_t count = 1;
      if (part.codec)
        count = part.codec
                    .getStreams(part.array.getType(at).getRank(),
                                part.array.getElementType(), nullptr)
                    ->size();
      if (!part.codec != !others[j].codec)
        return Error{"the codecs differ in more than their layout"};
      if (part.codec) {
        auto begin = streams.begin() + result.size();
        Result<Streams> changed =
            changeCoded(Streams(begin, begin + count), part, others[j], at);
        if (!changed)
          return changed;
        llvm::append_range(result, *changed);
        continue;
      }
      const Stream &stream = streams[result.size()];
      result.push_back(
          {stream.name, changePanels(stream.array, part, others[j], at)});
    }
  }
  ::zq::codec::numberNames(result);
  return result;
}

Result<Streams> mlir::zq::transcode(CompressedTensorType from,
                                    const Streams &streams,
                                    CompressedTensorType to) {
  Type element = from.getElementType();
  if (from.getShape() != to.getShape() || element != to.getElementType())
    return Error{"the types differ in more than their codecs"};
  auto decoder = from.getCodec().getReference(element);
  auto encoder = to.getCodec().getReference(element);
  if (!decoder || !encoder)
    return Error{"what its decoder means is known to a module only"};
  if (from.getCodec().getRecords()) {
    auto apart = changeRecords(from, streams, /*join=*/false);
    return apart ? transcode(withoutRecords(from), *apart, to) : apart;
  }
  if (to.getCodec().getRecords()) {
    auto apart = transcode(from, streams, withoutRecords(to));
    return apart ? changeRecords(to, *apart, /*join=*/true) : apart;
  }
  // Equal stages are the same ones.
  std::vector<std::shared_ptr<const ::zq::codec::Stage>> chain =
      encoder->stages();
  for (auto [i, pair] : llvm::enumerate(
           llvm::zip(from.getCodec().getStages(), to.getCodec().getStages()))) {
    auto [own, other] = pair;
    if (own != other)
      break;
    chain[i] = decoder->stages()[i];
  }
  return ::zq::codec::transcode(*decoder, streams, from.getShape().vec(),
                                ::zq::codec::Codec(chain));
}
