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

static LogicalResult run(DecodeOp op, Environment &environment) {
  CompressedTensorType type =
      cast<CompressedTensorType>(op.getSource().getType());
  FailureOr<RuntimeValue> whole = decodeWhole(
      op, type, environment.getStreams(op.getSource()), environment);
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
  environment.bind(op.getResult(),
                   gather(*std::get<TensorRef>(*whole), window, from));
  environment.setParts(op.getResult(), whole->parts);
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
  auto stored = std::make_shared<std::vector<StoredArray>>();
  for (Stream &stream : *streams)
    stored->push_back({std::move(stream.array), nullptr});
  environment.bind(op.getResult(), StreamsRef(std::move(stored)));
  return success();
}

static LogicalResult run(AssembleOp op, Environment &environment) {
  auto streams = std::make_shared<std::vector<StoredArray>>();
  for (Value value : op.getStreams()) {
    FailureOr<StoredArray> stream =
        toStored(op, environment.getTensor(value),
                 cast<ShapedType>(value.getType()).getElementType());
    if (failed(stream))
      return failure();
    streams->push_back(std::move(*stream));
  }
  environment.bind(op.getResult(), StreamsRef(std::move(streams)));
  return success();
}

static LogicalResult run(DisassembleOp op, Environment &environment) {
  StreamsRef streams = environment.getStreams(op.getSource());
  if (streams->size() != op.getNumResults())
    return op.emitError() << "'zq.disassemble' has " << op.getNumResults()
                          << " results for " << streams->size() << " streams";
  for (auto [result, stream] : llvm::zip(op.getResults(), *streams)) {
    if (stream.bounded)
      environment.bind(result, stream.bounded);
    else
      environment.bind(result, fromArray(stream.array));
  }
  return success();
}

static LogicalResult run(ComponentOp op, Environment &environment) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  Type byte =
      cast<RankedTensorType>(op.getRecords().getType()).getElementType();
  auto element = toReferenceType(type.getElementType());
  if (!element)
    return op.emitError() << "'zq.component' has elements of type "
                          << type.getElementType()
                          << ", of which the reference has no arrays";
  FailureOr<Array> records =
      toArray(op, *environment.getTensor(op.getRecords()), byte);
  if (failed(records))
    return failure();
  Array array(*element, type.getShape().vec());
  int64_t count = type.getDimSize(1), items = op.getItems();
  int64_t size = type.getDimSize(2) * type.getElementTypeBitWidth() / 8;
  int64_t perPanel = records->shape[1], bytes = records->shape[2];
  for (int64_t panel = 0; panel < type.getDimSize(0); ++panel)
    for (int64_t item = 0; item < count; ++item)
      std::copy_n(records->bytes.data() +
                      (panel * perPanel + item / items) * bytes +
                      op.getOffset() + item % items * size,
                  size, array.bytes.data() + (panel * count + item) * size);
  environment.bind(op.getResult(), fromArray(array));
  return success();
}

/// What `source` rotated back by `rotation` as well is; null where an axis has
/// had a rotation already.
static std::shared_ptr<const RotatedBack>
rotateBack(const RuntimeValue &source, RotatedBack::Rotation rotation) {
  auto result = std::make_shared<RotatedBack>();
  if (source.rotated)
    *result = *source.rotated;
  else
    result->source = std::get<TensorRef>(source);
  for (const RotatedBack::Rotation &earlier : result->rotations)
    if (earlier.axis == rotation.axis)
      return nullptr;
  result->rotations.push_back(std::move(rotation));
  return result;
}

static LogicalResult run(RotateOp op, Environment &environment) {
  const RuntimeValue &source = environment.get(op.getSource());
  BoundedTensor tensor = *std::get<TensorRef>(source);
  std::vector<BoundedTensor> parts;
  for (Value part : op.getParts())
    parts.push_back(*environment.getTensor(part));
  if (failed(applyTransform(op, op.getTransform(), parts, op.getInverse(),
                            tensor)))
    return failure();
  RuntimeValue result =
      std::make_shared<const BoundedTensor>(std::move(tensor));
  if (op.getInverse())
    result.rotated = rotateBack(
        source, {op.getTransform(), int64_t(op.getAxis()), std::move(parts)});
  environment.bind(op.getResult(), std::move(result));
  return success();
}

FailureOr<bool> mlir::zq::reference::runCompressedOp(Operation *op,
                                                     Environment &environment) {
  return llvm::TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case<DecodeOp, EncodeOp, AssembleOp, DisassembleOp, ComponentOp,
            RotateOp>([&](auto compressed) -> FailureOr<bool> {
        if (failed(run(compressed, environment)))
          return failure();
        return true;
      })
      .Default([](Operation *) { return false; });
}
