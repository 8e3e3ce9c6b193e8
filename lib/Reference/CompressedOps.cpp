//===- CompressedOps.cpp - Compressed tensors -----------------------------===//
#include "Interpreter.h"
#include "Transform.h"

#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;
using ::zq::codec::Array;
using ::zq::codec::Stream;

static std::vector<int64_t> getShape(CompressedTensorType type) {
  return {type.getShape().begin(), type.getShape().end()};
}

/// Decodes by the reference codec, or by the caller's decoder where the codec
/// has none. Exact.
static FailureOr<Array> decodeExactly(Operation *op, CompressedTensorType type,
                                      const std::vector<Array> &streams,
                                      CustomDecodeFn customDecode) {
  CodecAttr codec = type.getCodec();
  auto reference = codec.getReference(type.getElementType());
  if (!reference) {
    if (!customDecode)
      return op->emitError()
             << "'" << op->getName() << "' decodes by "
             << codec.getDecoderSymbol()
             << ", which has no reference, and nothing else decodes it here";
    FailureOr<Array> values = customDecode(type, streams);
    if (succeeded(values) && values->shape != getShape(type))
      return op->emitError() << "decoding by " << codec.getDecoderSymbol()
                             << " gave a tensor of the wrong shape";
    return values;
  }
  std::vector<Stream> named;
  for (const Array &array : streams)
    named.push_back({"", array});
  auto values = reference->decode(named, getShape(type),
                                  *toReferenceType(type.getElementType()));
  if (!values)
    return op->emitError() << "'" << op->getName()
                           << "' cannot decode: " << values.message();
  return std::move(*values);
}

/// Decodes a whole tensor. Transforms at the front of the codec are undone in
/// double, because a program may apply them to the other operand instead.
static FailureOr<BoundedTensor> decode(Operation *op, CompressedTensorType type,
                                       const std::vector<Array> &streams,
                                       CustomDecodeFn customDecode) {
  MLIRContext *context = op->getContext();
  SmallVector<StageAttrInterface> transforms;
  CompressedTensorType rest = type;
  while (isa<TransformAttrInterface>(rest.getCodec().getStages().front()) &&
         rest.getCodec().getStages().size() > 1) {
    StageAttrInterface stage = rest.getCodec().getStages().front();
    transforms.push_back(stage);
    rest = CompressedTensorType::get(context, type.getShape(),
                                     stage.getOutput(rest.getElementType()),
                                     rest.getCodec().dropOutermost());
  }
  FailureOr<Array> array = decodeExactly(op, rest, streams, customDecode);
  if (failed(array))
    return failure();
  BoundedTensor tensor = fromArray(*array);
  for (StageAttrInterface transform : llvm::reverse(transforms))
    if (failed(applyTransform(op, transform, /*inverse=*/true, tensor)))
      return failure();
  if (transforms.empty() || type.getElementType().isF32())
    return tensor;
  // The narrower element type is rounded to only where the transform is undone
  // on the weight.
  Rounding rounding = Rounding::of(type.getElementType());
  for (int64_t i = 0, n = tensor.size(); i < n; ++i)
    setElement(tensor, i, narrow(getElement(tensor, i), rounding));
  return tensor;
}

static LogicalResult run(DecodeOp op, Environment &environment) {
  CompressedTensorType type =
      cast<CompressedTensorType>(op.getSource().getType());
  FailureOr<BoundedTensor> whole =
      decode(op, type, *environment.getStreams(op.getSource()),
             environment.customDecode);
  FailureOr<SmallVector<int64_t>> offsets =
      environment.getIndices(op, op.getMixedOffsets());
  if (failed(whole) || failed(offsets))
    return failure();
  ArrayRef<int64_t> window = environment.getTensor(op.getInit())->shape;
  if (window == type.getShape() &&
      llvm::all_of(*offsets, [](int64_t offset) { return offset == 0; })) {
    environment.bind(op.getResult(), std::move(*whole));
    return success();
  }
  for (auto [offset, size, limit] :
       llvm::zip(*offsets, window, type.getShape()))
    if (offset < 0 || offset + size > limit)
      return op.emitError()
             << "(D3) the window reaches outside of the source: " << offset
             << " + " << size << " of " << limit;
  SmallVector<int64_t> from, point(window.size(), 0);
  SmallVector<int64_t> strides = getStrides(type.getShape());
  if (!llvm::is_contained(window, 0))
    do {
      int64_t position = 0;
      for (auto [i, stride] : llvm::enumerate(strides))
        position += ((*offsets)[i] + point[i]) * stride;
      from.push_back(position);
    } while (advancePoint(point, window));
  environment.bind(op.getResult(), gather(*whole, window, from));
  return success();
}

static LogicalResult run(EncodeOp op, Environment &environment) {
  auto type = cast<CompressedTensorType>(op.getResult().getType());
  auto reference = type.getCodec().getReference(type.getElementType());
  if (!reference)
    return op.emitError() << "'zq.encode' cannot encode: the codec's decoder "
                          << type.getCodec().getDecoderSymbol()
                          << " has no encoder";
  FailureOr<Array> values = toArray(op, *environment.getTensor(op.getSource()),
                                    type.getElementType());
  if (failed(values))
    return failure();
  auto streams = reference->encode(*values);
  if (!streams)
    return op.emitError() << "'zq.encode' cannot encode: " << streams.message();
  auto arrays = std::make_shared<std::vector<Array>>();
  for (Stream &stream : *streams)
    arrays->push_back(std::move(stream.array));
  environment.bind(op.getResult(), StreamsRef(std::move(arrays)));
  return success();
}

static LogicalResult run(AssembleOp op, Environment &environment) {
  auto arrays = std::make_shared<std::vector<Array>>();
  for (Value stream : op.getStreams()) {
    FailureOr<Array> array =
        toArray(op, *environment.getTensor(stream),
                cast<ShapedType>(stream.getType()).getElementType());
    if (failed(array))
      return failure();
    arrays->push_back(std::move(*array));
  }
  environment.bind(op.getResult(), StreamsRef(std::move(arrays)));
  return success();
}

static LogicalResult run(DisassembleOp op, Environment &environment) {
  StreamsRef streams = environment.getStreams(op.getSource());
  if (streams->size() != op.getNumResults())
    return op.emitError() << "'zq.disassemble' has " << op.getNumResults()
                          << " results for " << streams->size() << " streams";
  for (auto [result, array] : llvm::zip(op.getResults(), *streams))
    environment.bind(result, fromArray(array));
  return success();
}

static LogicalResult run(RotateOp op, Environment &environment) {
  BoundedTensor tensor = *environment.getTensor(op.getSource());
  if (failed(applyTransform(op, op.getTransform(), op.getInverse(), tensor)))
    return failure();
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

FailureOr<bool> mlir::zq::reference::runCompressedOp(Operation *op,
                                                     Environment &environment) {
  return llvm::TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case<DecodeOp, EncodeOp, AssembleOp, DisassembleOp, RotateOp>(
          [&](auto compressed) -> FailureOr<bool> {
            if (failed(run(compressed, environment)))
              return failure();
            return true;
          })
      .Default([](Operation *) { return false; });
}
