//===- FoldRotations.cpp - Rotations fold into constants ------------------===//
//
// A rotation of what is computed linearly of constants is one of the constants:
// of the weight and the bias of the layer before. Dense constants are rotated;
// a compressed one is only where its codec holds what comes of it to the bit,
// such as rows in another order. What is computed of a value that is rotated
// back needs neither rotation. Reshapes between may cut the axis, as attention
// does into heads: each is then rotated by itself.
//
//===----------------------------------------------------------------------===//
#include "ConstantArrays.h"
#include "Rotations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Stages.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;
using ::zq::codec::Array;
using ::zq::codec::Codec;
using ::zq::codec::ElementType;
using ::zq::codec::Stream;

//===----------------------------------------------------------------------===//
// Rotated arrays
//===----------------------------------------------------------------------===//

/// The constants of `values`; nothing where one is none.
static std::optional<std::vector<Array>> getConstants(ValueRange values) {
  std::vector<Array> arrays;
  for (Value value : values) {
    ElementsAttr constant;
    if (!matchPattern(value, m_Constant(&constant)))
      return std::nullopt;
    FailureOr<Array> array = getArray(constant);
    if (failed(array))
      return std::nullopt;
    arrays.push_back(std::move(*array));
  }
  return arrays;
}

/// What the reference makes of the inverse.
static std::optional<Array> rotateBack(const Codec &codec,
                                       const std::vector<Array> &parts,
                                       const Array &values) {
  std::vector<Stream> streams;
  for (const Array &part : parts)
    streams.push_back({"", part});
  streams.push_back({"", values});
  auto result = codec.decode(streams, values.shape, ElementType::F32);
  if (!result)
    return std::nullopt;
  return std::move(*result);
}

/// The map itself by its matrix, which is the transpose of the inverse's: what
/// comes of a unit vector. Sums are in double, rounded once.
static std::optional<Array> rotateByMatrix(const Codec &codec,
                                           const std::vector<Array> &parts,
                                           const Array &values, int64_t axis) {
  int64_t length = values.shape[axis];
  std::vector<int64_t> square(values.shape.size(), 1);
  square[axis] = length;
  struct Entry {
    int64_t column;
    double value;
  };
  std::vector<std::vector<Entry>> rows(length);
  for (int64_t i = 0; i < length; ++i) {
    Array unit(ElementType::F32, square);
    unit.set(i, 1.0f);
    std::optional<Array> back = rotateBack(codec, parts, unit);
    if (!back)
      return std::nullopt;
    for (int64_t j = 0; j < length; ++j)
      if (float value = back->get<float>(j))
        rows[i].push_back({j, value});
  }
  Array result(ElementType::F32, values.shape);
  int64_t stride = 1;
  for (size_t dim = axis + 1; dim < values.shape.size(); ++dim)
    stride *= values.shape[dim];
  for (int64_t at = 0, n = values.size(); at < n; ++at) {
    int64_t place = at / stride % length, begin = at - place * stride;
    double sum = 0;
    for (const Entry &entry : rows[place])
      sum += entry.value * values.get<float>(begin + entry.column * stride);
    result.set(at, static_cast<float>(sum));
  }
  return result;
}

/// `values` rotated along `axis`; nothing where the rotation has parts that are
/// no constants, or refuses these.
static std::optional<Array> rotate(const Rotation &rotation, int64_t axis,
                                   const Array &values) {
  auto parts = getConstants(rotation.parts);
  if (!parts || values.type != ElementType::F32)
    return std::nullopt;
  Attribute along = rotation.transform.getAlongAxis(axis);
  MLIRContext *context = along.getContext();
  Type f32 = Float32Type::get(context);
  auto codec = CodecAttr::get(context, {cast<StageAttrInterface>(along),
                                        RawAttr::get(context, f32)})
                   .getReference(f32);
  if (!codec)
    return std::nullopt;
  if (rotation.inverse)
    return rotateBack(*codec, *parts, values);
  if (!parts->empty())
    return rotateByMatrix(*codec, *parts, values, axis);
  auto streams = codec->encode(values);
  if (!streams)
    return std::nullopt;
  return std::move(streams->back().array);
}

static Value emitConstant(OpBuilder &b, Location loc, const Array &array) {
  auto type = RankedTensorType::get(array.shape, b.getF32Type());
  ArrayRef bytes(reinterpret_cast<const char *>(array.bytes.data()),
                 array.bytes.size());
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::getFromRawBuffer(type, bytes));
}

//===----------------------------------------------------------------------===//
// What a rotation folds into
//===----------------------------------------------------------------------===//

namespace {

/// Finds what a value would be computed of if it were rotated, then emits that.
class Folder {
public:
  /// `mayRotate`: also where a rotation is left, of something that is reshaped
  /// to be the value.
  explicit Folder(const Rotation &rotation, bool mayRotate = false)
      : rotation(rotation), mayRotate(mayRotate) {}

  /// Whether `value` can be had rotated along `dims` without rotating anything
  /// else at run time.
  bool canFold(Value value, ArrayRef<int64_t> dims, unsigned depth = 0);

  /// `value` rotated, after `canFold`.
  Value emit(OpBuilder &b, Value value, ArrayRef<int64_t> dims);

  /// Why a constant was found and cannot be rotated; empty where none was.
  const std::string &getReason() const { return reason; }

private:
  bool canFoldConstant(Value value, int64_t axis, ElementsAttr constant);
  bool canFoldDecode(DecodeOp decode, int64_t axis);
  bool canFoldComputed(Value value, ArrayRef<int64_t> dims, unsigned depth);
  /// The operands with lines along those of the result of `op`, each with its
  /// dimensions; nothing where `op` does not map lines one by one.
  std::optional<SmallVector<std::pair<OpOperand *, LineDims>>>
  getLines(LinalgOp op, ArrayRef<int64_t> dims) const;

  static constexpr unsigned maxDepth = 16;

  Rotation rotation;
  bool mayRotate;
  std::string reason;
  /// By value and axis: constants, the streams of compressed ones, and what is
  /// rotated.
  llvm::DenseMap<std::pair<Value, int64_t>, Array> dense;
  llvm::DenseMap<std::pair<Value, int64_t>, std::vector<Stream>> compressed;
  llvm::DenseSet<std::pair<Value, int64_t>> rotated;
};

} // namespace

bool Folder::canFoldConstant(Value value, int64_t axis, ElementsAttr constant) {
  if (dense.contains({value, axis}))
    return true;
  FailureOr<Array> array = getArray(constant);
  if (failed(array))
    return false;
  std::optional<Array> rotated = rotate(rotation, axis, *array);
  if (!rotated)
    return false;
  dense[{value, axis}] = std::move(*rotated);
  return true;
}

bool Folder::canFoldDecode(DecodeOp decode, int64_t axis) {
  std::pair<Value, int64_t> key{decode.getResult(), axis};
  if (compressed.contains(key))
    return true;
  auto assemble = decode.getSource().getDefiningOp<AssembleOp>();
  auto type = cast<CompressedTensorType>(decode.getSource().getType());
  if (!assemble || !decode.isWhole() || !type.getElementType().isF32())
    return false;
  SmallVector<Value> stored;
  for (Value stream : assemble.getStreams()) {
    while (auto cast = stream.getDefiningOp<tensor::CastOp>())
      stream = cast.getSource();
    stored.push_back(stream);
  }
  auto arrays = getConstants(stored);
  auto codec = type.getCodec().getReference(type.getElementType());
  if (!arrays || !codec)
    return false;
  std::vector<Stream> streams;
  for (Array &array : *arrays)
    streams.push_back({"", std::move(array)});
  std::vector<int64_t> shape(type.getShape().begin(), type.getShape().end());
  auto values = codec->decode(streams, shape, ElementType::F32);
  if (!values)
    return false;
  std::optional<Array> rotated = rotate(rotation, axis, *values);
  if (!rotated)
    return false;
  auto encoded = codec->encode(*rotated);
  auto again = encoded ? codec->decode(*encoded, shape, ElementType::F32)
                       : std::move(values);
  if (!encoded || !again || !(*again == *rotated)) {
    llvm::raw_string_ostream(reason)
        << "a constant before it, " << type.getCodec()
        << ", would not hold the rotated values exactly";
    return false;
  }
  compressed[key] = std::move(*encoded);
  return true;
}

std::optional<SmallVector<std::pair<OpOperand *, LineDims>>>
Folder::getLines(LinalgOp op, ArrayRef<int64_t> dims) const {
  OpOperand *init = op.getDpsInitOperand(0);
  SmallVector<unsigned> loops;
  for (int64_t dim : dims) {
    std::optional<unsigned> loop = getLoop(op, init, dim);
    if (!loop ||
        op.getIteratorTypesArray()[*loop] != utils::IteratorType::parallel)
      return std::nullopt;
    loops.push_back(*loop);
  }
  auto type = cast<RankedTensorType>(init->get().getType());
  ArrayRef<unsigned> mixed =
      ArrayRef(loops).take_back(countMixed(rotation, type, dims));
  SmallVector<std::pair<OpOperand *, LineDims>> inputs;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (llvm::none_of(mixed,
                      [&](unsigned loop) { return map.isFunctionOfDim(loop); }))
      continue;
    LineDims own;
    for (unsigned loop : loops) {
      auto at = map.getResultPosition(getAffineDimExpr(loop, op->getContext()));
      if (!at || !map.isProjectedPermutation())
        return std::nullopt;
      own.push_back(*at);
    }
    inputs.push_back({input, own});
  }
  ArrayRef<int64_t> mixedDims = dims.take_back(mixed.size());
  if (llvm::all_of(llvm::zip(mixed, mixedDims), [&](auto pair) {
        auto [loop, dim] = pair;
        return getLinearResult(op, loop) == dim;
      }))
    return inputs;
  if (!isSumOfProducts(op) || inputs.size() != 1 ||
      !llvm::all_of(op->getOperandTypes(), [](Type type) {
        return getElementTypeOrSelf(type).isF32();
      }))
    return std::nullopt;
  inputs.push_back({init, LineDims(dims)});
  return inputs;
}

bool Folder::canFold(Value value, ArrayRef<int64_t> dims, unsigned depth) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (depth > maxDepth || !type || !type.getElementType().isF32())
    return false;
  if (canFoldComputed(value, dims, depth))
    return true;
  if (!mayRotate || dims.size() > 1)
    return false;
  rotated.insert({value, dims.front()});
  return true;
}

bool Folder::canFoldComputed(Value value, ArrayRef<int64_t> dims,
                             unsigned depth) {
  if (isZero(value))
    return true;
  ElementsAttr constant;
  Operation *op = value.getDefiningOp();
  if (dims.size() == 1) {
    int64_t axis = dims.front();
    if (matchPattern(value, m_Constant(&constant)))
      return canFoldConstant(value, axis, constant);
    if (auto decode = dyn_cast_or_null<DecodeOp>(op))
      return canFoldDecode(decode, axis);
    if (auto inner = dyn_cast_or_null<RotateOp>(op))
      return rotation.isOrthogonal() && inner.getAxis() == axis &&
             rotation.reversed().isSame(inner);
  }
  // What others read as well would be computed twice.
  if (!op || !op->hasOneUse())
    return false;
  if (std::optional<LineDims> before = getLineBefore(op, dims))
    return canFold(op->getOperand(0), *before, depth + 1);
  auto linalgOp = dyn_cast<LinalgOp>(op);
  if (!linalgOp || !linalgOp.hasPureTensorSemantics() ||
      linalgOp.getNumDpsInits() != 1)
    return false;
  auto lines = getLines(linalgOp, dims);
  // What it is computed of may be more to rotate.
  llvm::SaveAndRestore noRotation(mayRotate, false);
  return lines && !lines->empty() && llvm::all_of(*lines, [&](auto &line) {
           return canFold(line.first->get(), line.second, depth + 1);
         });
}

Value Folder::emit(OpBuilder &b, Value value, ArrayRef<int64_t> dims) {
  if (isZero(value))
    return value;
  Operation *op = value.getDefiningOp();
  if (dims.size() == 1) {
    int64_t axis = dims.front();
    if (rotated.contains({value, axis}))
      return rotation.apply(b, value.getLoc(), value, axis);
    if (auto found = dense.find({value, axis}); found != dense.end())
      return emitConstant(b, value.getLoc(), found->second);
    if (auto inner = dyn_cast<RotateOp>(op))
      return inner.getSource();
    if (auto decode = dyn_cast<DecodeOp>(op)) {
      auto type = cast<CompressedTensorType>(decode.getSource().getType());
      Value source = emitCompressed(b, decode.getLoc(), type,
                                    compressed.at({value, axis}), decode);
      return DecodeOp::create(b, decode.getLoc(), source,
                              decode.getMixedOffsets(), decode.getInit(),
                              decode.getDecoderAttr())
          .getResult();
    }
  }
  SmallVector<Value> operands(op->getOperands());
  if (std::optional<LineDims> before = getLineBefore(op, dims)) {
    operands[0] = emit(b, operands[0], *before);
  } else {
    auto lines = getLines(cast<LinalgOp>(op), dims);
    for (auto &[operand, at] : *lines)
      operands[operand->getOperandNumber()] = emit(b, operand->get(), at);
  }
  return clone(b, op, op->getResultTypes(), operands)->getResult(0);
}

std::string mlir::zq::foldRotation(RotateOp op, OpBuilder &b) {
  Folder folder(Rotation::of(op));
  int64_t axis = op.getAxis();
  // A weight's own rotation is part of how it is stored.
  if (isDecoded(op.getSource()) || !folder.canFold(op.getSource(), axis))
    return folder.getReason();
  b.setInsertionPoint(op);
  op.replaceAllUsesWith(folder.emit(b, op.getSource(), axis));
  return "";
}

//===----------------------------------------------------------------------===//
// To the other operand of a contraction, past reshapes
//===----------------------------------------------------------------------===//

namespace {
/// A contraction of a rotated line.
struct Reached {
  /// What reshapes the rotated value on the way.
  SmallVector<Operation *> path;
  OpOperand *operand;
  /// Where the other operand has the line.
  OpOperand *other;
  LineDims otherDims;
};
} // namespace

/// `use` as one by a contraction of the line along `dims`.
static std::optional<Reached> getContraction(const Rotation &rotation,
                                             OpOperand &use,
                                             ArrayRef<int64_t> dims) {
  auto op = dyn_cast<LinalgOp>(use.getOwner());
  if (!op || !isSumOfProducts(op) || !op.hasPureTensorSemantics() ||
      op.isDpsInit(&use))
    return std::nullopt;
  OpOperand *other = op.getDpsInputOperand(1 - use.getOperandNumber());
  AffineMap map = op.getMatchingIndexingMap(other);
  auto type = cast<RankedTensorType>(use.get().getType());
  auto otherType = dyn_cast<RankedTensorType>(other->get().getType());
  if (!otherType || !otherType.getElementType().isF32() ||
      !map.isProjectedPermutation())
    return std::nullopt;
  Reached reached{{}, &use, other, {}};
  unsigned outer = dims.size() - countMixed(rotation, type, dims);
  for (auto [i, dim] : llvm::enumerate(dims)) {
    std::optional<unsigned> loop = getLoop(op, &use, dim);
    if (!loop || (i >= outer && op.getIteratorTypesArray()[*loop] !=
                                    utils::IteratorType::reduction))
      return std::nullopt;
    auto at = map.getResultPosition(getAffineDimExpr(*loop, op->getContext()));
    if (!at || otherType.isDynamicDim(*at))
      return std::nullopt;
    reached.otherDims.push_back(*at);
  }
  return reached;
}

/// Adds the contractions of the line of `value` that are reached past reshapes.
static void findContractions(const Rotation &rotation, Value value,
                             ArrayRef<int64_t> dims,
                             SmallVector<Operation *> path,
                             SmallVectorImpl<Reached> &found) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    std::optional<LineDims> after;
    if (use.getOperandNumber() == 0)
      after = getLineAfter(user, dims);
    if (after) {
      path.push_back(user);
      findContractions(rotation, user->getResult(0), *after, path, found);
      path.pop_back();
      continue;
    }
    if (path.empty())
      continue;
    if (auto reached = getContraction(rotation, use, dims)) {
      reached->path = path;
      found.push_back(std::move(*reached));
    }
  }
}

void mlir::zq::moveAcrossReshapes(RotateOp op, OpBuilder &b) {
  Rotation rotation = Rotation::of(op);
  SmallVector<Reached> found;
  findContractions(rotation, op.getResult(), op.getAxis(), {}, found);
  for (Reached &reached : found) {
    // x . (R^T w) = (R x) . w, and the other way round.
    Value other = reached.other->get();
    Folder folder(rotation.reversed());
    Folder rotating(rotation.reversed(), /*mayRotate=*/true);
    Folder *chosen = &folder;
    if (!folder.canFold(other, reached.otherDims)) {
      chosen = &rotating;
      if (!op.getInverse() ||
          estimateElements(other) > estimateElements(op.getResult()) ||
          !rotating.canFold(other, reached.otherDims))
        continue;
    }
    Operation *contraction = reached.operand->getOwner();
    b.setInsertionPoint(contraction);
    Value moved = op.getSource();
    for (Operation *step : reached.path) {
      SmallVector<Value> operands(step->getOperands());
      operands[0] = moved;
      moved = clone(b, step, step->getResultTypes(), operands)->getResult(0);
    }
    Value rotatedOther = chosen->emit(b, other, reached.otherDims);
    Value before = reached.operand->get();
    reached.other->set(rotatedOther);
    reached.operand->set(moved);
    eraseUnused(before);
    eraseUnused(other);
  }
}

void mlir::zq::eraseUnused(Value value) {
  llvm::SetVector<Operation *> ops;
  auto add = [&](Value of) {
    if (Operation *op = of.getDefiningOp())
      ops.insert(op);
  };
  add(value);
  while (!ops.empty()) {
    Operation *op = ops.pop_back_val();
    if (isa<RotateOp>(op) || !isOpTriviallyDead(op))
      continue;
    SmallVector<Value> operands(op->getOperands());
    op->erase();
    llvm::for_each(operands, add);
  }
}
