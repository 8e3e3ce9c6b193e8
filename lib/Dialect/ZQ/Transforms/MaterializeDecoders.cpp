//===- MaterializeDecoders.cpp - Codecs as zq.decoder ops -----------------===//
#include "PassOptions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "llvm/ADT/ScopeExit.h"

namespace mlir::zq {
#define GEN_PASS_DEF_MATERIALIZEDECODERS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// A name to read: the codec's in the table, if it has one, shape and width.
/// The symbol table makes it unique.
static std::string getDecoderName(CompressedTensorType type, int64_t width) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "decode_";
  StringRef table = type.getCodec().getTableName();
  if (!table.empty())
    os << table << '_';
  for (int64_t size : type.getShape())
    os << size << 'x';
  os << type.getElementType() << "_w" << width;
  return text;
}

/// Emits a region of the decoder: the state at a chunk's beginning, or a
/// block's values.
static LogicalResult emitRegion(DecoderOp decoder, Region &region,
                                CompressedTensorType type, int64_t width,
                                TypeRange streams, TypeRange state, bool isInit,
                                bool buffersChunks) {
  OpBuilder b(decoder.getContext());
  Location loc = decoder.getLoc();
  Block *block = b.createBlock(&region);
  for (Type stream : streams)
    block->addArgument(stream, loc);
  for (int64_t i = 0; i < type.getRank(); ++i)
    block->addArgument(b.getIndexType(), loc);
  if (!isInit)
    for (Type value : state)
      block->addArgument(value, loc);

  auto arguments = block->getArguments();
  DecodeBuilder at(
      b, loc, type.getShape(),
      SmallVector<Value>(arguments.slice(streams.size(), type.getRank())),
      width, decoder->getParentOp());
  at.buffersChunks = buffersChunks;
  auto stateArguments = arguments.drop_front(streams.size() + type.getRank());
  at.state.assign(stateArguments.begin(), stateArguments.end());

  CodecAttr codec = type.getCodec();
  auto inputs = arguments.take_front(streams.size());
  if (isInit) {
    auto initial = emitCodecInit(at, codec, type.getElementType(), inputs);
    if (failed(initial))
      return failure();
    YieldOp::create(b, loc, *initial);
    return success();
  }
  auto decoded = emitCodec(at, codec, type.getElementType(), inputs);
  if (failed(decoded))
    return failure();
  Value main = *decoded;

  // The only rounding that no stage does itself.
  auto result = VectorType::get(width, type.getElementType());
  if (main.getType() != result) {
    if (!getElementTypeOrSelf(main.getType()).isF32())
      main = emitToF32(b, loc, main);
    if (main.getType() != result)
      main = arith::TruncFOp::create(b, loc, result, main);
  }
  SmallVector<Value> yielded{main};
  llvm::append_range(yielded, at.state);
  YieldOp::create(b, loc, yielded);
  return success();
}

int64_t mlir::zq::getDecoderWidth(Operation *scope, CompressedTensorType type,
                                  int64_t width, bool isScalar) {
  CodecAttr codec = type.getCodec();
  int64_t granule =
      codec.getGranule(type.getRank(), type.getElementType(), scope, isScalar);
  int64_t chunk = codec.getChunk(type.getRank(), scope);
  width = llvm::alignTo(width, granule);
  while (width < chunk && chunk % width)
    width += granule;
  return width;
}

FailureOr<DecoderOp> mlir::zq::materializeDecoder(Operation *scope,
                                                  CompressedTensorType type,
                                                  int64_t width,
                                                  bool buffersChunks) {
  CodecAttr codec = type.getCodec();
  auto streams = codec.getStreams(type.getRank(), type.getElementType(), scope);
  if (failed(streams))
    return scope->emitError("the decoder ")
           << codec.getDecoderSymbol()
           << " does not exist or has another rank than the tensor";
  auto streamTypes = *type.getStreamTypes(scope);

  int64_t chunk = codec.getChunk(type.getRank(), scope);
  if (chunk && chunk % width)
    return scope->emitError("chunks of ")
           << chunk << " elements cannot be decoded in blocks of " << width;

  Operation *table = SymbolTable::getNearestSymbolTable(scope);
  OpBuilder b(scope->getContext());
  b.setInsertionPointToEnd(&table->getRegion(0).front());
  SmallVector<int64_t> block(type.getRank(), 1);
  block.back() = width;
  auto decoder = DecoderOp::create(
      b, scope->getLoc(), getDecoderName(type, width),
      b.getStringAttr("private"), block,
      b.getArrayAttr(SmallVector<Attribute>(streams->begin(), streams->end())),
      chunk ? b.getI64IntegerAttr(chunk) : IntegerAttr());

  SmallVector<Type> state;
  if (chunk) {
    if (failed(emitRegion(decoder, decoder.getInit(), type, width, streamTypes,
                          {}, /*isInit=*/true, buffersChunks))) {
      decoder.erase();
      return failure();
    }
    state = decoder.getStateTypes();
  }
  if (failed(emitRegion(decoder, decoder.getBody(), type, width, streamTypes,
                        state, /*isInit=*/false, buffersChunks))) {
    decoder.erase();
    return failure();
  }
  SymbolTable(table).insert(decoder);
  return decoder;
}

namespace {
struct MaterializeDecodersPass
    : mlir::zq::impl::MaterializeDecodersBase<MaterializeDecodersPass> {
  using MaterializeDecodersBase::MaterializeDecodersBase;

  void runOnOperation() override {
    if (failed(checkAtLeast(1, getOperation(), "width", width)))
      return signalPassFailure();
    // One decoder per type. The ops that share it are found first, since the
    // new decoders go into the same module.
    SmallVector<DecodeOp> decodes;
    getOperation().walk([&](DecodeOp op) { decodes.push_back(op); });
    DenseMap<std::pair<Operation *, CompressedTensorType>, DecoderOp> made;
    for (DecodeOp op : decodes) {
      auto type = cast<CompressedTensorType>(op.getSource().getType());
      Operation *table = SymbolTable::getNearestSymbolTable(op);
      // A decoder that is named and is not the user's was made before.
      if (op.getDecoderAttr() &&
          op.getDecoderAttr() != type.getCodec().getDecoderSymbol())
        continue;
      DecoderOp &decoder = made[{table, type}];
      if (!decoder) {
        auto result = materializeDecoder(
            op, type, getDecoderWidth(op, type, width, scalar),
            /*buffersChunks=*/!scalar);
        if (failed(result))
          return signalPassFailure();
        decoder = *result;
      }
      op.setDecoderAttr(FlatSymbolRefAttr::get(decoder.getSymNameAttr()));
    }
  }
};
} // namespace
