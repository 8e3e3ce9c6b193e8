//===- TensorOps.cpp - Moving elements about ------------------------------===//
#include "Interpreter.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

/// A negative size can only come from an operand.
static LogicalResult checkSizes(Operation *op, ArrayRef<int64_t> sizes) {
  for (int64_t size : sizes)
    if (size < 0)
      return op->emitError()
             << "'" << op->getName() << "' has a size of " << size;
  return success();
}

FailureOr<SmallVector<int64_t>> mlir::zq::reference::getPositions(
    Operation *op, ArrayRef<int64_t> shape, ArrayRef<int64_t> offsets,
    ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  SmallVector<int64_t> positions, point(sizes.size(), 0);
  if (failed(checkSizes(op, sizes)))
    return failure();
  if (llvm::is_contained(sizes, 0))
    return positions;
  for (auto [dim, limit] : llvm::enumerate(shape)) {
    int64_t last = offsets[dim] + (sizes[dim] - 1) * strides[dim];
    if (std::min(offsets[dim], last) < 0 ||
        std::max(offsets[dim], last) >= limit)
      return op->emitError()
             << "'" << op->getName() << "' reaches outside of dimension " << dim
             << ", of size " << limit;
  }
  SmallVector<int64_t> distances = getStrides(shape);
  do {
    int64_t position = 0;
    for (auto [dim, index] : llvm::enumerate(point))
      position += (offsets[dim] + index * strides[dim]) * distances[dim];
    positions.push_back(position);
  } while (advancePoint(point, sizes));
  return positions;
}

/// The box of an op with offsets, sizes and strides, in a tensor of `shape`.
/// `sizes` returns its sizes.
template <typename Op>
static FailureOr<SmallVector<int64_t>> getWindow(Op op, ArrayRef<int64_t> shape,
                                                 const Environment &environment,
                                                 SmallVector<int64_t> &sizes) {
  auto offsets = environment.getIndices(op, op.getMixedOffsets());
  auto lengths = environment.getIndices(op, op.getMixedSizes());
  auto strides = environment.getIndices(op, op.getMixedStrides());
  if (failed(offsets) || failed(lengths) || failed(strides))
    return failure();
  sizes = *lengths;
  return getPositions(op, shape, *offsets, *lengths, *strides);
}

/// The same elements, in order, in a new shape.
static void reshape(Value result, const BoundedTensor &source,
                    ArrayRef<int64_t> shape, Environment &environment) {
  BoundedTensor tensor = source;
  tensor.shape.assign(shape.begin(), shape.end());
  environment.bind(result, std::move(tensor));
}

static LogicalResult run(tensor::EmptyOp op, Environment &environment) {
  auto shape = environment.getIndices(op, op.getMixedSizes());
  if (failed(shape) || failed(checkSizes(op, *shape)))
    return failure();
  BoundedTensor tensor = makeTensor(*shape);
  // Whoever reads it is promised nothing.
  llvm::fill(tensor.values, NAN);
  llvm::fill(tensor.errors, infinity);
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

static LogicalResult run(tensor::DimOp op, Environment &environment) {
  FailureOr<int64_t> dim = environment.getIndex(op, op.getIndex());
  if (failed(dim))
    return failure();
  const TensorRef &source = environment.getTensor(op.getSource());
  if (*dim < 0 || *dim >= static_cast<int64_t>(source->shape.size()))
    return op.emitError() << "'tensor.dim' asks for dimension " << *dim
                          << " of a tensor of rank " << source->shape.size();
  environment.bind(op.getResult(), Scalar::exact(double(source->shape[*dim])));
  return success();
}

static LogicalResult run(tensor::CastOp op, Environment &environment) {
  TensorRef source = environment.getTensor(op.getSource());
  if (auto type = dyn_cast<RankedTensorType>(op.getType()))
    for (auto [size, wanted] : llvm::zip(source->shape, type.getShape()))
      if (!ShapedType::isDynamic(wanted) && size != wanted)
        return op.emitError() << "'tensor.cast' of a tensor of shape "
                              << formatShape(source->shape) << " to " << type;
  environment.bind(op.getResult(), source);
  return success();
}

static LogicalResult run(tensor::ExtractOp op, Environment &environment) {
  const BoundedTensor &source = *environment.getTensor(op.getTensor());
  SmallVector<OpFoldResult> mixed(op.getIndices().begin(),
                                  op.getIndices().end());
  auto indices = environment.getIndices(op, mixed);
  if (failed(indices))
    return failure();
  SmallVector<int64_t> ones(mixed.size(), 1);
  auto position = getPositions(op, source.shape, *indices, ones, ones);
  if (failed(position))
    return failure();
  environment.bind(op.getResult(), getElement(source, position->front()));
  return success();
}

static LogicalResult run(tensor::InsertOp op, Environment &environment) {
  BoundedTensor tensor = *environment.getTensor(op.getDest());
  SmallVector<OpFoldResult> mixed(op.getIndices().begin(),
                                  op.getIndices().end());
  auto indices = environment.getIndices(op, mixed);
  if (failed(indices))
    return failure();
  SmallVector<int64_t> ones(mixed.size(), 1);
  auto position = getPositions(op, tensor.shape, *indices, ones, ones);
  if (failed(position))
    return failure();
  setElement(tensor, position->front(), environment.getScalar(op.getScalar()));
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

static LogicalResult run(tensor::ExtractSliceOp op, Environment &environment) {
  const BoundedTensor &source = *environment.getTensor(op.getSource());
  SmallVector<int64_t> sizes;
  auto positions = getWindow(op, source.shape, environment, sizes);
  if (failed(positions))
    return failure();
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (!op.getDroppedDims().test(dim))
      shape.push_back(size);
  environment.bind(op.getResult(), gather(source, shape, *positions));
  return success();
}

static LogicalResult run(tensor::InsertSliceOp op, Environment &environment) {
  TensorRef source = environment.getTensor(op.getSource());
  BoundedTensor tensor = *environment.getTensor(op.getDest());
  SmallVector<int64_t> sizes;
  auto positions = getWindow(op, tensor.shape, environment, sizes);
  if (failed(positions))
    return failure();
  if (static_cast<int64_t>(positions->size()) != source->size())
    return op.emitError() << "'tensor.insert_slice' of a tensor of shape "
                          << formatShape(source->shape) << " into a slice of "
                          << formatShape(sizes);
  for (auto [i, position] : llvm::enumerate(*positions))
    setElement(tensor, position, getElement(*source, i));
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

static LogicalResult run(tensor::ExpandShapeOp op, Environment &environment) {
  auto shape = environment.getIndices(op, op.getMixedOutputShape());
  if (failed(shape))
    return failure();
  TensorRef source = environment.getTensor(op.getSrc());
  if (ShapedType::getNumElements(*shape) != source->size())
    return op.emitError() << "'tensor.expand_shape' of a tensor of shape "
                          << formatShape(source->shape) << " to "
                          << formatShape(*shape);
  reshape(op.getResult(), *source, *shape, environment);
  return success();
}

static LogicalResult run(tensor::CollapseShapeOp op, Environment &environment) {
  TensorRef source = environment.getTensor(op.getSrc());
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    shape.push_back(1);
    for (int64_t dim : group)
      shape.back() *= source->shape[dim];
  }
  reshape(op.getResult(), *source, shape, environment);
  return success();
}

static LogicalResult run(tensor::FromElementsOp op, Environment &environment) {
  BoundedTensor tensor = makeTensor(op.getType().getShape());
  for (auto [i, element] : llvm::enumerate(op.getElements()))
    setElement(tensor, i, environment.getScalar(element));
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

static LogicalResult run(tensor::SplatOp op, Environment &environment) {
  SmallVector<int64_t> shape;
  auto dynamic = op.getDynamicSizes().begin();
  for (int64_t size : op.getType().getShape()) {
    if (ShapedType::isDynamic(size)) {
      FailureOr<int64_t> value = environment.getIndex(op, *dynamic++);
      if (failed(value))
        return failure();
      size = *value;
    }
    shape.push_back(size);
  }
  if (failed(checkSizes(op, shape)))
    return failure();
  BoundedTensor tensor = makeTensor(shape);
  for (int64_t i = 0, n = tensor.size(); i < n; ++i)
    setElement(tensor, i, environment.getScalar(op.getInput()));
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

static LogicalResult run(tensor::PadOp op, Environment &environment) {
  Value padding = op.getConstantPaddingValue();
  if (!padding)
    return op.emitError() << "the reference evaluator pads with one value only";
  auto low = environment.getIndices(op, op.getMixedLowPad());
  auto high = environment.getIndices(op, op.getMixedHighPad());
  if (failed(low) || failed(high))
    return failure();
  // A constant inside the region has not been run yet.
  if (Operation *constant = padding.getDefiningOp())
    if (constant->getParentOp() == op)
      if (failed(runConstant(constant, environment)))
        return failure();
  TensorRef source = environment.getTensor(op.getSource());
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(source->shape))
    shape.push_back((*low)[dim] + size + (*high)[dim]);
  if (failed(checkSizes(op, shape)))
    return failure();
  BoundedTensor tensor = makeTensor(shape);
  for (int64_t i = 0, n = tensor.size(); i < n; ++i)
    setElement(tensor, i, environment.getScalar(padding));
  SmallVector<int64_t> ones(shape.size(), 1);
  auto positions = getPositions(op, shape, *low, source->shape, ones);
  if (failed(positions))
    return failure();
  for (auto [i, position] : llvm::enumerate(*positions))
    setElement(tensor, position, getElement(*source, i));
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

/// An index that is outside of the source promises nothing about the elements.
static LogicalResult run(tensor::GatherOp op, Environment &environment) {
  const BoundedTensor &source = *environment.getTensor(op.getSource());
  const BoundedTensor &indices = *environment.getTensor(op.getIndices());
  ArrayRef<int64_t> gathered = op.getGatherDims();
  ArrayRef<int64_t> batch = ArrayRef(indices.shape).drop_back();
  bool keepsUnits = op.getResultType().getRank() ==
                    int64_t(batch.size() + source.shape.size());
  // Of one slice, and of the result.
  SmallVector<int64_t> box(source.shape.begin(), source.shape.end()),
      shape(batch);
  for (auto [dim, size] : llvm::enumerate(box)) {
    bool isGathered = llvm::is_contained(gathered, int64_t(dim));
    if (isGathered)
      size = 1;
    if (!isGathered || keepsUnits)
      shape.push_back(size);
  }
  BoundedTensor result = makeTensor(shape);
  SmallVector<int64_t> strides = getStrides(source.shape);
  int64_t next = 0, width = gathered.size();
  int64_t slices = ShapedType::getNumElements(batch);
  for (int64_t slice = 0; slice < slices && result.size(); ++slice) {
    SmallVector<int64_t> offsets(box.size(), 0), point(box.size(), 0);
    bool isInside = true;
    for (auto [i, dim] : llvm::enumerate(gathered)) {
      Scalar index = getElement(indices, slice * width + i);
      isInside &= index.isExact() && index.value >= 0 &&
                  index.value < double(source.shape[dim]);
      offsets[dim] = isInside ? int64_t(index.value) : 0;
    }
    do {
      int64_t position = 0;
      for (auto [dim, stride] : llvm::enumerate(strides))
        position += (offsets[dim] + point[dim]) * stride;
      setElement(result, next++,
                 isInside ? getElement(source, position)
                          : Scalar(NAN, infinity));
    } while (advancePoint(point, box));
  }
  environment.bind(op.getResult(), std::move(result));
  return success();
}

static LogicalResult run(tensor::ConcatOp op, Environment &environment) {
  int64_t dim = op.getDim();
  std::vector<int64_t> shape = environment.getTensor(op.getInputs()[0])->shape;
  shape[dim] = 0;
  for (Value input : op.getInputs())
    shape[dim] += environment.getTensor(input)->shape[dim];
  BoundedTensor tensor = makeTensor(shape);
  SmallVector<int64_t> offsets(shape.size(), 0), ones(shape.size(), 1);
  for (Value input : op.getInputs()) {
    TensorRef source = environment.getTensor(input);
    auto positions = getPositions(op, shape, offsets, source->shape, ones);
    if (failed(positions))
      return failure();
    for (auto [i, position] : llvm::enumerate(*positions))
      setElement(tensor, position, getElement(*source, i));
    offsets[dim] += source->shape[dim];
  }
  environment.bind(op.getResult(), std::move(tensor));
  return success();
}

FailureOr<bool> mlir::zq::reference::runTensorOp(Operation *op,
                                                 Environment &environment) {
  return llvm::TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case<tensor::EmptyOp, tensor::DimOp, tensor::CastOp, tensor::ExtractOp,
            tensor::InsertOp, tensor::ExtractSliceOp, tensor::InsertSliceOp,
            tensor::ExpandShapeOp, tensor::CollapseShapeOp,
            tensor::FromElementsOp, tensor::SplatOp, tensor::PadOp,
            tensor::GatherOp, tensor::ConcatOp>(
          [&](auto tensorOp) -> FailureOr<bool> {
            if (failed(run(tensorOp, environment)))
              return failure();
            return true;
          })
      .Default([](Operation *) { return false; });
}
