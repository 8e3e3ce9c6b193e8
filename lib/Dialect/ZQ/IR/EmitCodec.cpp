//===- EmitCodec.cpp - The stages of a codec, one after the other ---------===//
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::zq;

FailureOr<Value> mlir::zq::refuseDecode(DecodeBuilder &builder) {
  return emitError(builder.loc,
                   "a tensor stage is not part of a decoder; zq-split-codecs "
                   "takes it out of the codec");
}

namespace {
/// A stage with what it takes in and where its block lies there.
struct Level {
  StageAttrInterface stage;
  Type input;
  SmallVector<int64_t> shape;
  SmallVector<Value> position;
  int64_t width;
  SmallVector<DecodeBuilder::StoredPart> parts;
};
} // namespace

FailureOr<SmallVector<SmallVector<DecodeBuilder::StoredPart>>>
mlir::zq::getStoredParts(Location loc, CodecAttr codec, ArrayRef<int64_t> shape,
                         Type element, ValueRange streams, Operation *scope) {
  if (codec.getRecords())
    return LogicalResult(emitError(
        loc, "streams in records are taken apart by zq-split-records"));
  auto parts = getParts(codec, shape.size(), element, scope);
  if (failed(parts))
    return LogicalResult(emitError(loc, "the codec's decoder ")
                         << codec.getDecoderSymbol() << " is missing");
  SmallVector<SmallVector<DecodeBuilder::StoredPart>> result;
  for (auto [own, at] : llvm::zip(*parts, codec.getShapes(shape))) {
    result.emplace_back();
    for (const Part &part : own) {
      DecodeBuilder::StoredPart stored{part, {}, {}};
      stored.shape.assign(part.array.getType(at).getShape());
      size_t count = 1;
      if (part.codec)
        count = part.codec
                    .getStreams(stored.shape.size(),
                                part.array.getElementType(), scope)
                    ->size();
      llvm::append_range(stored.streams, streams.take_front(count));
      streams = streams.drop_front(count);
      result.back().push_back(std::move(stored));
    }
  }
  return result;
}

/// The place of a block of the main array.
static SmallVector<Value> getMainPosition(DecodeBuilder &at,
                                          ArrayRef<Value> position,
                                          ArrayRef<MainRatio> ratios) {
  SmallVector<Value> result(position);
  for (auto [place, ratio] : llvm::zip(result, ratios)) {
    if (ratio.elements != 1)
      place = arith::DivUIOp::create(at.builder, at.loc, place,
                                     at.index(ratio.elements));
    if (ratio.units != 1)
      place = arith::MulIOp::create(at.builder, at.loc, place,
                                    at.index(ratio.units));
  }
  return result;
}

/// The stages of `codec` from the outermost to the innermost, with their
/// streams.
static FailureOr<SmallVector<Level, 0>> getLevels(DecodeBuilder &at,
                                                  CodecAttr codec, Type element,
                                                  ValueRange streams) {
  int64_t rank = at.shape.size();
  auto parts =
      getStoredParts(at.loc, codec, at.shape, element, streams, at.scope);
  if (failed(parts))
    return failure();
  SmallVector<Level, 0> levels;
  SmallVector<int64_t> shape = at.shape;
  SmallVector<Value> position = at.position;
  int64_t width = at.width;
  for (auto [stage, input, own] :
       llvm::zip(codec.getStages(), codec.getInputs(element), *parts)) {
    Level level{stage, input, shape, position, width, std::move(own)};
    levels.push_back(std::move(level));
    SmallVector<MainRatio> ratios = stage.getMainRatios(rank);
    if (ratios.empty())
      continue;
    shape = getMainShape(stage, shape);
    position = getMainPosition(at, position, ratios);
    width = width / ratios.back().elements * ratios.back().units;
  }
  return levels;
}

/// Makes a level the one that is being emitted.
static DecodeBuilder enter(DecodeBuilder &at, const Level &level) {
  DecodeBuilder inner(at.builder, at.loc, level.shape, level.position,
                      level.width, at.scope);
  inner.input = level.input;
  inner.state = at.state;
  inner.buffersChunks = at.buffersChunks;
  inner.parts = level.parts;
  return inner;
}

FailureOr<Value> mlir::zq::emitCodec(DecodeBuilder &at, CodecAttr codec,
                                     Type element, ValueRange streams) {
  auto levels = getLevels(at, codec, element, streams);
  if (failed(levels))
    return failure();
  Value main;
  for (Level &level : llvm::reverse(*levels)) {
    DecodeBuilder inner = enter(at, level);
    auto decoded = level.stage.emitDecode(inner, main);
    if (failed(decoded))
      return failure();
    at.state = inner.state;
    main = *decoded;
  }
  return main;
}

FailureOr<SmallVector<Value>> mlir::zq::emitCodecInit(DecodeBuilder &at,
                                                      CodecAttr codec,
                                                      Type element,
                                                      ValueRange streams) {
  auto levels = getLevels(at, codec, element, streams);
  if (failed(levels))
    return failure();
  for (Level &level : llvm::reverse(*levels))
    if (level.stage.getChunk(at.scope)) {
      DecodeBuilder inner = enter(at, level);
      return level.stage.emitInit(inner);
    }
  return SmallVector<Value>();
}

//===----------------------------------------------------------------------===//
// Tensor stages
//===----------------------------------------------------------------------===//

Value TensorDecodeBuilder::empty(ArrayRef<OpFoldResult> sizes) {
  return tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
}

Value TensorDecodeBuilder::cut(Value tensor, ArrayRef<OpFoldResult> offsets,
                               ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto isWhole = [](auto dim) {
    auto [offset, size, extent] = dim;
    return getConstantIntValue(offset) == 0 && !ShapedType::isDynamic(extent) &&
           getConstantIntValue(size) == extent;
  };
  if (llvm::all_of(llvm::zip(offsets, sizes, type.getShape()), isWhole))
    return tensor;
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(builder, loc, tensor, offsets, sizes,
                                        strides);
}

Value TensorDecodeBuilder::decode(Value part, ArrayRef<OpFoldResult> offsets,
                                  ArrayRef<OpFoldResult> sizes) {
  Type f32 = builder.getF32Type();
  // What is dense but narrower is read by a decoder too: not every CPU widens
  // such vectors by itself.
  if (auto type = dyn_cast<RankedTensorType>(part.getType()))
    if (type.getElementType() != f32) {
      StageAttrInterface raw =
          RawAttr::get(builder.getContext(), type.getElementType());
      part = AssembleOp::create(
          builder, loc,
          CompressedTensorType::get(builder.getContext(), type.getShape(), f32,
                                    CodecAttr::get(builder.getContext(), raw)),
          part);
    }
  Value window;
  if (auto type = dyn_cast<CompressedTensorType>(part.getType())) {
    Value init =
        tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
    decodes.push_back(DecodeOp::create(builder, loc, part, offsets, init,
                                       type.getCodec().getDecoderSymbol()));
    window = decodes.back().getResult();
  } else {
    window = cut(part, offsets, sizes);
  }
  auto type = cast<RankedTensorType>(window.getType());
  if (type.getElementType() == f32)
    return window;
  return arith::ExtFOp::create(builder, loc, type.clone(f32), window);
}

Value TensorDecodeBuilder::decode(Value part) {
  ArrayRef<int64_t> shape;
  if (auto type = dyn_cast<CompressedTensorType>(part.getType()))
    shape = type.getShape();
  else
    shape = cast<RankedTensorType>(part.getType()).getShape();
  SmallVector<OpFoldResult> offsets(shape.size(), builder.getIndexAttr(0));
  return decode(part, offsets,
                getAsIndexOpFoldResult(builder.getContext(), shape));
}
