//===- SharedBlocks.cpp - Blocks that threads decode together -------------===//
#include "zq/Dialect/ZQ/IR/SharedBlocks.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

using namespace mlir;
using namespace mlir::zq;

#include "zq/Dialect/ZQ/IR/SharedBlocks.cpp.inc"

int64_t mlir::zq::getSharedBlock(CompressedTensorType type, int64_t threads,
                                 Operation *scope) {
  ArrayRef<StageAttrInterface> stages = type.getCodec().getStages();
  if (stages.empty())
    return 0;
  SmallVector<Type> inputs = type.getCodec().getInputs(type.getElementType());
  StageAttrInterface last = stages.back();
  auto shared = dyn_cast<SharedBlockAttrInterface>(last);
  if (!shared || !shared.canShareBlocks(threads))
    return 0;
  auto parts =
      getParts(type.getCodec(), type.getRank(), type.getElementType(), scope);
  if (failed(parts))
    return 0;
  for (const SmallVector<Part> &own : *parts)
    for (const Part &part : own)
      if (part.codec &&
          !part.codec.isInline(part.array.getType(type.getShape()).getShape(),
                               part.array.getElementType(), scope))
        return 0;
  int64_t block = last.getGranule(inputs[stages.size() - 1], scope);
  // The others decode each thread's elements on their own.
  for (auto [stage, input] : llvm::zip(stages.drop_back(), inputs)) {
    auto tensorStage = dyn_cast<TensorStageAttrInterface>(stage);
    if (stage.getChunk(scope) || !stage.getMainRatios(type.getRank()).empty() ||
        (tensorStage && !tensorStage.isBlockStage(type.getShape())) ||
        block / threads % stage.getGranule(input, scope))
      return 0;
  }
  return block;
}

/// The builder for one of the codec's stages.
static DecodeBuilder enter(DecodeBuilder &at, Type input,
                           ArrayRef<DecodeBuilder::StoredPart> parts) {
  DecodeBuilder inner(at.builder, at.loc, at.shape, at.position, at.width,
                      at.scope);
  inner.input = input;
  inner.state = at.state;
  inner.parts.assign(parts.begin(), parts.end());
  return inner;
}

FailureOr<SmallVector<Value>>
mlir::zq::emitSharedInit(DecodeBuilder &at, SharedBlock &shared,
                         CodecAttr codec, Type element, ValueRange streams) {
  auto parts =
      getStoredParts(at.loc, codec, at.shape, element, streams, at.scope);
  if (failed(parts))
    return failure();
  size_t last = codec.getStages().size() - 1;
  DecodeBuilder inner =
      enter(at, codec.getInputs(element)[last], parts->back());
  return cast<SharedBlockAttrInterface>(codec.getStages()[last])
      .emitSharedInit(inner, shared);
}

FailureOr<Value> mlir::zq::emitSharedBlock(DecodeBuilder &at,
                                           SharedBlock &shared, CodecAttr codec,
                                           Type element, ValueRange streams) {
  auto parts =
      getStoredParts(at.loc, codec, at.shape, element, streams, at.scope);
  if (failed(parts))
    return failure();
  SmallVector<Type> inputs = codec.getInputs(element);
  size_t last = codec.getStages().size() - 1;
  DecodeBuilder inner = enter(at, inputs[last], parts->back());
  Value main = cast<SharedBlockAttrInterface>(codec.getStages()[last])
                   .emitSharedDecode(inner, shared);
  at.state = inner.state;
  for (size_t i = last; i-- > 0;) {
    DecodeBuilder above = enter(at, inputs[i], (*parts)[i]);
    auto decoded = codec.getStages()[i].emitDecode(above, main);
    if (failed(decoded))
      return failure();
    main = *decoded;
  }
  return main;
}
