//===- Codec.cpp - A codec as a tree of stages ----------------------------===//
#include "zq/Dialect/ZQ/IR/Records.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult CodecAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<StageAttrInterface> stages,
                                int64_t records) {
  if (stages.empty())
    return emitError() << "(codec 1) a codec has at least one stage";
  if (records < 0 || records > 4096)
    return emitError() << "(codec 2) a record has 1 to 4096 columns, and not "
                       << records;
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
  SmallVector<int64_t> at(shape);
  for (StageAttrInterface stage : getStages()) {
    if (isa<NoneType>(next))
      return emitError() << "(T3) nothing can follow the stage that ends the "
                            "chain, but "
                         << stage << " does";
    if (failed(stage.verifyInput(emitError, at, next)))
      return failure();
    // What a missing decoder stores is checked where the symbol is used.
    SmallVector<Part> parts;
    if (succeeded(stage.getParts(at.size(), next, /*scope=*/nullptr, parts)))
      for (const Part &part : parts) {
        if (!part.codec)
          continue;
        if (part.codec.getRecords())
          return emitError() << "(T5) the streams of a part are in no records";
        RankedTensorType type = part.array.getType(at);
        assert(type.hasStaticShape() &&
               "sizes up to the data go without codec");
        if (failed(part.codec.verifyFor(emitError, type.getShape(),
                                        type.getElementType())))
          return failure();
      }
    next = stage.getOutput(next);
    at = getMainShape(stage, at);
  }
  int64_t chunk = 0;
  for (StageAttrInterface stage : llvm::reverse(getStages())) {
    SmallVector<MainRatio> ratios = stage.getMainRatios(shape.size());
    if (!ratios.empty()) {
      if (chunk % ratios.back().units)
        return emitError() << "(T4) chunks of " << chunk << " elements below "
                           << stage << " do not begin where it does: they are "
                           << "no multiple of " << ratios.back().units;
      chunk = chunk / ratios.back().units * ratios.back().elements;
    }
    // That of a decoder of the module is not known here.
    if (!isa<CustomAttr>(stage))
      if (int64_t own = stage.getChunk(/*scope=*/nullptr))
        chunk = own;
  }
  if (!isa<NoneType>(next))
    return emitError() << "(T3) the chain does not end: " << getStages().back()
                       << " hands on " << next
                       << ", which nothing stores (add 'pack'?)";
  if (!getRecords())
    return success();
  auto streams =
      withRecords(0).getStreams(shape.size(), element, /*scope=*/nullptr);
  std::string why = "what a decoder stores is known to a module only";
  auto layout = succeeded(streams)
                    ? getRecordLayout(*streams, getRecords(), why)
                    : std::nullopt;
  if (!layout)
    return emitError() << "(T5) there are no records of " << getRecords()
                       << " columns: " << why;
  // The last columns of a tensor fill a record, so these may be larger by far.
  int64_t records = llvm::divideCeil(shape[0], layout->lanes) *
                    llvm::divideCeil(shape[1], getRecords());
  if (records && layout->bytes > (int64_t(1) << 56) / records)
    return emitError() << "(T5) records of " << getRecords()
                       << " columns take more than 2^56 bytes";
  return success();
}

SmallVector<int64_t> mlir::zq::getMainShape(StageAttrInterface stage,
                                            ArrayRef<int64_t> shape) {
  SmallVector<int64_t> result(shape);
  for (auto [size, ratio] :
       llvm::zip(result, stage.getMainRatios(shape.size())))
    size = llvm::divideCeil(size - ratio.skipped, ratio.elements) * ratio.units;
  return result;
}

SmallVector<SmallVector<int64_t>>
CodecAttr::getShapes(ArrayRef<int64_t> shape) const {
  SmallVector<SmallVector<int64_t>> shapes;
  SmallVector<int64_t> next(shape);
  for (StageAttrInterface stage : getStages()) {
    shapes.push_back(next);
    next = getMainShape(stage, next);
  }
  return shapes;
}

FailureOr<SmallVector<SmallVector<Part>>> mlir::zq::getParts(CodecAttr codec,
                                                             int64_t rank,
                                                             Type element,
                                                             Operation *scope) {
  SmallVector<SmallVector<Part>> result;
  for (auto [stage, input] :
       llvm::zip(codec.getStages(), codec.getInputs(element))) {
    result.emplace_back();
    if (failed(stage.getParts(rank, input, scope, result.back())))
      return failure();
  }
  return result;
}

/// The dimensions of the main array as functions of those of `stage`'s tensor.
static AffineMap getMainMap(StageAttrInterface stage, int64_t rank) {
  MLIRContext *context = stage.getContext();
  SmallVector<AffineExpr> sizes;
  for (int64_t i = 0; i < rank; ++i)
    sizes.push_back(getAffineDimExpr(i, context));
  for (auto [size, ratio] : llvm::zip(sizes, stage.getMainRatios(rank)))
    size = (size - ratio.skipped).ceilDiv(ratio.elements) * ratio.units;
  return AffineMap::get(rank, 0, sizes, context);
}

FailureOr<SmallVector<StreamAttr>>
CodecAttr::getStreams(int64_t rank, Type element, Operation *scope) const {
  auto parts = getParts(*this, rank, element, scope);
  if (failed(parts))
    return failure();
  MLIRContext *context = getContext();
  SmallVector<StreamAttr> streams;
  AffineMap tensor = AffineMap::getMultiDimIdentityMap(rank, context);
  auto add = [&](const Twine &name, Type type, AffineMap shape) {
    streams.push_back(
        StreamAttr::get(context, StringAttr::get(context, name), type, shape));
  };
  for (auto [stage, own] : llvm::zip(getStages(), *parts)) {
    for (const Part &part : own) {
      AffineMap shape = part.array.getShape().compose(tensor);
      StringRef name = part.array.getName().getValue();
      if (!part.codec) {
        add(name, part.array.getElementType(), shape);
        continue;
      }
      auto inner = part.codec.getStreams(shape.getNumResults(),
                                         part.array.getElementType(), scope);
      if (failed(inner))
        return failure();
      for (StreamAttr stream : *inner)
        add(name + "." + stream.getName().getValue(), stream.getElementType(),
            stream.getShape().compose(shape));
    }
    tensor = getMainMap(stage, rank).compose(tensor);
  }

  llvm::StringMap<unsigned> seen;
  for (StreamAttr &stream : streams) {
    unsigned ordinal = seen[stream.getName()]++;
    if (ordinal)
      stream =
          StreamAttr::get(context,
                          StringAttr::get(context, stream.getName().getValue() +
                                                       Twine(ordinal)),
                          stream.getElementType(), stream.getShape());
  }
  if (getRecords()) {
    std::string why;
    auto layout = getRecordLayout(streams, getRecords(), why);
    if (!layout)
      return failure();
    return layout->join(streams);
  }
  return streams;
}

int64_t CodecAttr::getGranule(int64_t rank, Type element, Operation *scope,
                              bool isScalar) const {
  int64_t granule = 1;
  SmallVector<Type> inputs = getInputs(element);
  for (int64_t i = getStages().size() - 1; i >= 0; --i) {
    StageAttrInterface stage = getStages()[i];
    // As many elements as fill whole granules of the main array.
    SmallVector<MainRatio> ratios = stage.getMainRatios(rank);
    if (!ratios.empty())
      granule = ratios.back().elements *
                (granule / std::gcd(granule, ratios.back().units));
    int64_t own = isScalar ? stage.getScalarGranule(inputs[i], scope)
                           : stage.getGranule(inputs[i], scope);
    granule = std::lcm(granule, own);
  }
  return granule;
}

int64_t CodecAttr::getChunk(int64_t rank, Operation *scope) const {
  int64_t chunk = 0;
  for (StageAttrInterface stage : llvm::reverse(getStages())) {
    SmallVector<MainRatio> ratios = stage.getMainRatios(rank);
    if (!ratios.empty())
      chunk = chunk / ratios.back().units * ratios.back().elements;
    if (int64_t own = stage.getChunk(scope))
      chunk = own;
  }
  return chunk;
}

int64_t CodecAttr::getRowsPerChunk(int64_t rank) const {
  // Rows of the codes are rows of the tensor, where no stage before groups
  // elements.
  bool groups = llvm::any_of(getStages(), [&](StageAttrInterface stage) {
    return !stage.getMainRatios(rank).empty();
  });
  if (rank < 2 || groups)
    return 1;
  int64_t rows = 1;
  for (StageAttrInterface stage : getStages())
    rows = std::max(rows, stage.getRowsPerChunk());
  return rows;
}

bool CodecAttr::isInline(ArrayRef<int64_t> shape, Type element,
                         Operation *scope) const {
  if (getChunk(shape.size(), scope))
    return false;
  auto parts = getParts(*this, shape.size(), element, scope);
  if (failed(parts))
    return false;
  for (auto [stage, at, own] :
       llvm::zip(getStages(), getShapes(shape), *parts)) {
    auto tensorStage = dyn_cast<TensorStageAttrInterface>(stage);
    if (tensorStage && !tensorStage.isBlockStage(at))
      return false;
    for (const Part &part : own)
      if (part.codec &&
          !part.codec.isInline(part.array.getType(at).getShape(),
                               part.array.getElementType(), scope))
        return false;
  }
  return true;
}

CodecAttr CodecAttr::withRecords(int64_t columns) const {
  return get(getContext(), getStages(), columns);
}

CodecAttr CodecAttr::dropOutermost() const {
  return get(getContext(), getStages().drop_front());
}

/// Records need a codec that some type has verified: they follow from the
/// shapes of its streams.
std::shared_ptr<const ::zq::codec::Codec>
CodecAttr::getReference(Type element) const {
  std::vector<std::shared_ptr<const ::zq::codec::Stage>> chain;
  for (auto [stage, input] : llvm::zip(getStages(), getInputs(element))) {
    auto reference = stage.getReference(input);
    if (!reference)
      return nullptr;
    chain.push_back(std::move(reference));
  }
  if (!getRecords())
    return std::make_shared<::zq::codec::Codec>(std::move(chain));
  auto streams = withRecords(0).getStreams(/*rank=*/2, element,
                                           /*scope=*/nullptr);
  std::string why;
  auto layout = succeeded(streams)
                    ? getRecordLayout(*streams, getRecords(), why)
                    : std::nullopt;
  if (!layout)
    return nullptr;
  return std::make_shared<::zq::codec::Codec>(std::move(chain),
                                              layout->getReference());
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
