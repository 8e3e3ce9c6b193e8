//===- Codec.cpp - A codec as a chain of stages ---------------------------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult CodecAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<StageAttrInterface> stages) {
  if (stages.empty())
    return emitError() << "a codec has at least one stage";
  return success();
}

SmallVector<Type> CodecAttr::getInputs(Type element) const {
  SmallVector<Type> inputs;
  Type next = element;
  for (StageAttrInterface stage : getStages()) {
    inputs.push_back(next);
    next = stage.getOutput(next);
  }
  return inputs;
}

LogicalResult CodecAttr::verifyFor(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<int64_t> shape,
                                   Type element) const {
  Type next = element;
  for (StageAttrInterface stage : getStages()) {
    if (isa<NoneType>(next))
      return emitError() << "(T3) nothing can follow the stage that ends the "
                            "chain, but "
                         << stage << " does";
    if (failed(stage.verifyInput(emitError, shape, next)))
      return failure();
    next = stage.getOutput(next);
  }
  if (!isa<NoneType>(next))
    return emitError() << "(T3) the chain does not end: " << getStages().back()
                       << " hands on " << next
                       << ", which nothing stores (add 'pack'?)";
  return success();
}

FailureOr<SmallVector<unsigned>>
CodecAttr::getStreamCounts(int64_t rank, Type element, Operation *scope) const {
  SmallVector<unsigned> counts;
  for (auto [stage, input] : llvm::zip(getStages(), getInputs(element))) {
    SmallVector<StreamAttr> streams;
    if (failed(stage.getStreams(rank, input, scope, streams)))
      return failure();
    counts.push_back(streams.size());
  }
  return counts;
}

FailureOr<SmallVector<StreamAttr>>
CodecAttr::getStreams(int64_t rank, Type element, Operation *scope) const {
  SmallVector<StreamAttr> streams;
  for (auto [stage, input] : llvm::zip(getStages(), getInputs(element)))
    if (failed(stage.getStreams(rank, input, scope, streams)))
      return failure();

  llvm::StringMap<unsigned> seen;
  for (StreamAttr &stream : streams) {
    unsigned ordinal = seen[stream.getName()]++;
    if (ordinal)
      stream = StreamAttr::get(
          getContext(),
          StringAttr::get(getContext(),
                          stream.getName().getValue() + Twine(ordinal)),
          stream.getElementType(), stream.getShape());
  }
  return streams;
}

CodecAttr CodecAttr::dropOutermost() const {
  return get(getContext(), getStages().drop_front());
}

std::shared_ptr<const ::zq::codec::Codec>
CodecAttr::getReference(Type element) const {
  std::vector<std::shared_ptr<const ::zq::codec::Stage>> chain;
  for (auto [stage, input] : llvm::zip(getStages(), getInputs(element))) {
    auto reference = stage.getReference(input);
    if (!reference)
      return nullptr;
    chain.push_back(std::move(reference));
  }
  return std::make_shared<::zq::codec::Codec>(std::move(chain));
}

bool CodecAttr::isLossless() const {
  return llvm::all_of(
      getStages(), [](StageAttrInterface stage) { return stage.isLossless(); });
}

FlatSymbolRefAttr CodecAttr::getDecoderSymbol() const {
  for (StageAttrInterface stage : getStages())
    if (auto custom = dyn_cast<CustomAttr>(stage))
      return custom.getDecoder();
  return {};
}
