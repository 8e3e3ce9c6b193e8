//===- SplitCodecs.cpp - Tensor stages become ops on tensors --------------===//
#include "PassOptions.h"
#include "TableProducts.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

namespace mlir::zq {
#define GEN_PASS_DEF_SPLITCODECS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

namespace {

/// One decode whose codec is to be split.
class Splitter {
public:
  Splitter(IRRewriter &b, DecodeOp op, int64_t lanes, int64_t panelRows)
      : b(b), op(op), lanes(lanes), panelRows(panelRows), loc(op.getLoc()),
        type(cast<CompressedTensorType>(op.getSource().getType())),
        codec(type.getCodec()), shapes(codec.getShapes(type.getShape())),
        inputs(codec.getInputs(type.getElementType())) {}

  /// Splits the decode once and adds the new ones to `decodes`.
  LogicalResult run(SmallVectorImpl<DecodeOp> &decodes);

private:
  using Streams = SmallVector<Value>;

  LogicalResult takeApart();
  Value assemble(ArrayRef<int64_t> shape, Type element, CodecAttr codec,
                 ValueRange streams);
  Value decodeWhole(Value compressed);
  LogicalResult decodeParts(size_t stage, size_t part);
  LogicalResult splitOutermost();
  void exchange(size_t stage);
  void decodeAs(ArrayRef<StageAttrInterface> stages);
  void splitBelow(size_t stage);
  void replace(Value window);

  bool isForTables() const;
  bool isForLanes();

  IRRewriter &b;
  DecodeOp op;
  int64_t lanes, panelRows;
  Location loc;
  CompressedTensorType type;
  CodecAttr codec;
  SmallVector<SmallVector<int64_t>> shapes;
  SmallVector<Type> inputs;
  /// The parts of each stage and the streams of each part.
  SmallVector<SmallVector<Part>> parts;
  SmallVector<SmallVector<Streams>> streams;
  SmallVector<DecodeOp> made;
};

} // namespace

LogicalResult Splitter::takeApart() {
  if (codec.getRecords())
    return op.emitOpError("its records are taken apart by zq-split-records");
  auto types = type.getStreamTypes(op);
  auto found = getParts(codec, type.getRank(), type.getElementType(), op);
  if (failed(types) || failed(found))
    return failure();
  parts = std::move(*found);
  ValueRange left =
      DisassembleOp::create(b, loc, *types, op.getSource()).getStreams();
  for (ArrayRef<Part> own : parts) {
    streams.emplace_back();
    for (const Part &part : own) {
      size_t count = 1;
      if (part.codec)
        count = part.codec
                    .getStreams(part.array.getShape().getNumResults(),
                                part.array.getElementType(), op)
                    ->size();
      streams.back().push_back(Streams(left.take_front(count)));
      left = left.drop_front(count);
    }
  }
  return success();
}

Value Splitter::assemble(ArrayRef<int64_t> shape, Type element, CodecAttr codec,
                         ValueRange streams) {
  auto type = CompressedTensorType::get(b.getContext(), shape, element, codec);
  return AssembleOp::create(b, loc, type, streams);
}

Value Splitter::decodeWhole(Value compressed) {
  auto whole = cast<CompressedTensorType>(compressed.getType());
  Value init =
      tensor::EmptyOp::create(b, loc, whole.getShape(), whole.getElementType());
  SmallVector<OpFoldResult> offsets(whole.getRank(), b.getIndexAttr(0));
  auto decode = DecodeOp::create(b, loc, compressed, offsets, init,
                                 whole.getCodec().getDecoderSymbol());
  made.push_back(decode);
  return decode.getResult();
}

/// Replaces the decode by `window`, of f32 perhaps where it is narrower: the
/// rounding that no stage does.
void Splitter::replace(Value window) {
  RankedTensorType wanted = op.getWindowType();
  auto found = cast<RankedTensorType>(window.getType());
  if (found.getElementType() != wanted.getElementType())
    window = arith::TruncFOp::create(
        b, loc, found.clone(wanted.getElementType()), window);
  if (window.getType() != wanted)
    window = tensor::CastOp::create(b, loc, wanted, window);
  b.replaceOp(op, window);
}

/// The part has a codec that no block can decode for itself: decodes all of it
/// before, so that the stage reads it as it is.
LogicalResult Splitter::decodeParts(size_t stage, size_t index) {
  const Part &part = parts[stage][index];
  Type element = part.array.getElementType(), stored = element;
  CodecAttr whole = part.codec;
  if (auto codes = dyn_cast<IntegerType>(element);
      codes && codes.getWidth() <= 8) {
    // A tensor holds floats: those that the same codes stand for as integers.
    SmallVector<StageAttrInterface> stages{QuantizeAttr::get(
        b.getContext(),
        b.getIntegerType(codes.getWidth(), /*isSigned=*/false))};
    llvm::append_range(stages, whole.getStages());
    whole = CodecAttr::get(b.getContext(), stages);
    element = b.getF32Type();
    stored = b.getI8Type();
  }
  StageAttrInterface plain =
      codec.getStages()[stage].withPlainPart(index, stored);
  if (!plain || !isa<FloatType>(element))
    return op.emitOpError("cannot decode ")
           << part.array.getName() << " of " << codec.getStages()[stage]
           << " on its own";
  op.emitRemark() << part.array.getName() << " of " << codec.getStages()[stage]
                  << " is decoded as a whole, before the blocks that need it";
  Value dense =
      decodeWhole(assemble(part.array.getType(shapes[stage]).getShape(),
                           element, whole, streams[stage][index]));
  if (stored != element)
    dense = arith::FPToUIOp::create(
        b, loc, cast<RankedTensorType>(dense.getType()).clone(stored), dense);
  streams[stage][index] = {dense};

  SmallVector<StageAttrInterface> stages(codec.getStages());
  stages[stage] = plain;
  decodeAs(stages);
  return success();
}

/// The outermost stage becomes ops on tensors.
LogicalResult Splitter::splitOutermost() {
  TensorDecodeBuilder at(b, loc);
  at.shape.assign(type.getShape());
  at.offsets = op.getMixedOffsets();
  at.sizes = tensor::getMixedSizes(b, loc, op.getInit());
  for (auto [part, own] : llvm::zip(parts.front(), streams.front()))
    at.parts.push_back(
        part.codec ? assemble(part.array.getType(type.getShape()).getShape(),
                              part.array.getElementType(), part.codec, own)
                   : own.front());
  if (codec.getStages().size() > 1) {
    Streams rest;
    for (ArrayRef<Streams> own : ArrayRef(streams).drop_front())
      for (ArrayRef<Value> values : own)
        llvm::append_range(rest, values);
    at.main = assemble(shapes[1], inputs[1], codec.dropOutermost(), rest);
  }
  auto stage = cast<TensorStageAttrInterface>(codec.getStages().front());
  FailureOr<Value> window = stage.emitTensorDecode(at);
  if (failed(window))
    return failure();
  made = at.decodes;
  replace(*window);
  return success();
}

/// The window is decoded of the streams as they are now, by `stages`.
void Splitter::decodeAs(ArrayRef<StageAttrInterface> stages) {
  Streams all;
  for (ArrayRef<Streams> own : streams)
    for (ArrayRef<Value> values : own)
      llvm::append_range(all, values);
  Value source = assemble(type.getShape(), type.getElementType(),
                          CodecAttr::get(b.getContext(), stages), all);
  auto decode = DecodeOp::create(b, loc, source, op.getMixedOffsets(),
                                 op.getInit(), codec.getDecoderSymbol());
  made.push_back(decode);
  b.replaceOp(op, decode.getResult());
}

/// Stage `stage` becomes the outermost one.
void Splitter::exchange(size_t stage) {
  SmallVector<StageAttrInterface> stages(codec.getStages());
  std::rotate(stages.begin(), stages.begin() + stage,
              stages.begin() + stage + 1);
  std::rotate(streams.begin(), streams.begin() + stage,
              streams.begin() + stage + 1);
  decodeAs(stages);
}

/// The stages from `first` on are decoded before, as a whole; those above read
/// the values.
void Splitter::splitBelow(size_t first) {
  SmallVector<StageAttrInterface> above(codec.getStages().take_front(first));
  Type element = inputs[first];
  above.push_back(RawAttr::get(b.getContext(), element));
  Streams outer, inner;
  for (auto [i, own] : llvm::enumerate(streams))
    for (ArrayRef<Value> values : own)
      llvm::append_range(i < first ? outer : inner, values);
  auto below =
      CodecAttr::get(b.getContext(), codec.getStages().drop_front(first));
  op.emitRemark() << codec.getStages()[first]
                  << " is decoded as a whole, before the stages above it";
  outer.push_back(decodeWhole(assemble(shapes[first], element, below, inner)));
  Value source = assemble(type.getShape(), type.getElementType(),
                          CodecAttr::get(b.getContext(), above), outer);
  auto decode = DecodeOp::create(b, loc, source, op.getMixedOffsets(),
                                 op.getInit(), FlatSymbolRefAttr());
  made.push_back(decode);
  b.replaceOp(op, decode.getResult());
}

/// Whether a factor stands in the way of contractions that look up products.
bool Splitter::isForTables() const {
  return lanes && !op->use_empty() &&
         llvm::all_of(op->getUsers(), [&](Operation *user) {
           auto contraction = dyn_cast<linalg::LinalgOp>(user);
           auto table = contraction ? matchTableProduct(contraction, lanes)
                                    : std::nullopt;
           return table && table->stage > 0 && table->pays();
         });
}

/// Whether a factor stands in the way of contractions with rows in the lanes,
/// which is all that becomes of the decode.
bool Splitter::isForLanes() {
  return panelRows && !op->use_empty() &&
         leavesBelowRowFactor(op, type, panelRows);
}

LogicalResult Splitter::run(SmallVectorImpl<DecodeOp> &decodes) {
  b.setInsertionPoint(op);
  // The first stage that is no part of a decoder, or a part of a stage that
  // no block decodes.
  auto isBlockStage = [&](size_t i) {
    auto stage = dyn_cast<TensorStageAttrInterface>(codec.getStages()[i]);
    return !stage || stage.isBlockStage(shapes[i]);
  };
  size_t count = codec.getStages().size(), first = 0;
  while (first < count && isBlockStage(first))
    ++first;
  auto needed = getParts(codec, type.getRank(), type.getElementType(), op);
  if (failed(needed))
    return success();
  for (size_t i = 0; i < first; ++i)
    for (auto [index, part] : llvm::enumerate((*needed)[i]))
      if (part.codec &&
          !part.codec.isInline(part.array.getType(shapes[i]).getShape(),
                               part.array.getElementType(), op)) {
        if (failed(takeApart()) || failed(decodeParts(i, index)))
          return failure();
        llvm::append_range(decodes, made);
        return success();
      }
  if (first == count && !isForTables() && !isForLanes())
    return success();

  if (failed(takeApart()))
    return failure();
  auto outermost =
      dyn_cast<TensorStageAttrInterface>(codec.getStages().front());
  if (outermost && outermost.canSplit(type.getShape())) {
    if (failed(splitOutermost()))
      return failure();
  } else if (canExchange(op, first)) {
    exchange(first);
  } else {
    splitBelow(first);
  }
  llvm::append_range(decodes, made);
  return success();
}

LogicalResult mlir::zq::splitCodecs(Operation *root, int64_t lanes,
                                    int64_t panelRows) {
  SmallVector<DecodeOp> decodes;
  root->walk([&](DecodeOp op) { decodes.push_back(op); });
  IRRewriter rewriter(root->getContext());
  while (!decodes.empty()) {
    DecodeOp op = decodes.pop_back_val();
    if (failed(Splitter(rewriter, op, lanes, panelRows).run(decodes)))
      return failure();
  }
  return success();
}

namespace {
struct SplitCodecsPass : mlir::zq::impl::SplitCodecsBase<SplitCodecsPass> {
  using SplitCodecsBase::SplitCodecsBase;

  void runOnOperation() override {
    if (failed(checkAtLeast(0, getOperation(), "lanes", lanes)))
      return signalPassFailure();
    if (failed(checkAtLeast(0, getOperation(), "panel-rows", panelRows)))
      return signalPassFailure();
    if (failed(splitCodecs(getOperation(), lanes, panelRows)))
      signalPassFailure();
  }
};
} // namespace
