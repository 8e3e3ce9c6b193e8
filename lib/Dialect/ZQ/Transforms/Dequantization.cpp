//===- Dequantization.cpp - A block-scaled tensor as a zq.decode ----------===//
#include "Dequantization.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "zq/Codec/Pack.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;

/// The tensor before reshapes, which keep the order of the elements.
static Value stripReshapes(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op) ||
        !cast<RankedTensorType>(op->getOperand(0).getType()).hasStaticShape())
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// `value` with the static `shape`, of as many elements.
static Value reshape(OpBuilder &b, Location loc, Value value,
                     ArrayRef<int64_t> shape) {
  value = stripReshapes(value);
  auto type = cast<RankedTensorType>(value.getType());
  auto target = RankedTensorType::get(shape, type.getElementType());
  if (type == target)
    return value;
  if (type.getRank() > 1) {
    auto flat =
        RankedTensorType::get(type.getNumElements(), type.getElementType());
    SmallVector<ReassociationIndices> all(1);
    for (int64_t i = 0; i < type.getRank(); ++i)
      all[0].push_back(i);
    value = tensor::CollapseShapeOp::create(b, loc, flat, value, all);
  }
  if (value.getType() == target)
    return value;
  SmallVector<ReassociationIndices> all;
  if (type.getRank() > 0) {
    all.emplace_back();
    for (int64_t i = 0; i < target.getRank(); ++i)
      all[0].push_back(i);
  }
  return tensor::ExpandShapeOp::create(b, loc, target, value, all);
}

/// The elements of `values`, which may be a splat, as `type`.
static DenseElementsAttr reshape(DenseElementsAttr values,
                                 RankedTensorType type) {
  return values.isSplat() ? values.resizeSplat(type) : values.reshape(type);
}

/// A parameter as a stream of `type`.
static Value buildStream(OpBuilder &b, Location loc,
                         const BlockParameter &parameter,
                         RankedTensorType type) {
  if (parameter.constant)
    return arith::ConstantOp::create(b, loc, reshape(parameter.constant, type));
  if (!isa<RankedTensorType>(parameter.value.getType()))
    return tensor::SplatOp::create(b, loc, parameter.value, type);
  return reshape(b, loc, parameter.value, type.getShape());
}

/// Zero points as i8; null where they do not fit.
static DenseElementsAttr toI8(DenseElementsAttr zeros, bool isUnsigned) {
  Type i8 = IntegerType::get(zeros.getContext(), 8);
  SmallVector<APInt> values;
  auto append = [&](const APInt &wide) {
    // One bit more, so that an unsigned value is not taken for a negative one.
    APInt value = isUnsigned ? wide.zext(wide.getBitWidth() + 1)
                             : wide.sext(wide.getBitWidth() + 1);
    if (!value.isSignedIntN(8))
      return false;
    values.push_back(value.sextOrTrunc(8));
    return true;
  };
  auto type = cast<RankedTensorType>(zeros.getType()).clone(i8);
  if (zeros.isSplat()) {
    if (!append(zeros.getSplatValue<APInt>()))
      return {};
  } else if (!llvm::all_of(zeros.getValues<APInt>(), append)) {
    return {};
  }
  return DenseElementsAttr::get(type, values);
}

/// Codes of less than a byte as the reference packs them.
static DenseElementsAttr pack(DenseElementsAttr codes, ArrayRef<int64_t> shape,
                              RankedTensorType type) {
  unsigned bits = codes.getElementType().getIntOrFloatBitWidth();
  Array bytes(::zq::codec::ElementType::I8,
              std::vector<int64_t>(shape.begin(), shape.end()));
  for (auto [i, code] : llvm::enumerate(codes.getValues<APInt>()))
    bytes.set(i, static_cast<uint8_t>(code.getZExtValue()));
  std::vector<::zq::codec::Stream> sides;
  auto packed = ::zq::codec::Pack(bits).encode(bytes, {}, sides);
  assert(packed && "codes have no more bits than their type");
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef(reinterpret_cast<const char *>(packed->bytes.data()),
                     packed->bytes.size()));
}

FailureOr<Value> mlir::zq::importDequantization(OpBuilder &b, Operation *op,
                                                const Dequantization &found) {
  auto leave = [&](const Twine &why) {
    op->emitRemark() << "not imported: " << why;
    return failure();
  };
  MLIRContext *context = b.getContext();
  Location loc = op->getLoc();

  // Everything that can stand in the way comes before the first op is built.
  if (found.shape.empty() || ShapedType::isDynamicShape(found.shape))
    return leave("needs a static shape of rank 1 or more");
  unsigned bits =
      getElementTypeOrSelf(found.codes.getType()).getIntOrFloatBitWidth();
  if (bits > 8)
    return leave("codes have more than 8 bits");
  Value codes = stripReshapes(found.codes);
  DenseElementsAttr constantCodes;
  matchPattern(codes, m_Constant(&constantCodes));
  if (bits < 8 && !constantCodes)
    return leave("codes of less than 8 bits are packed at compile time, and "
                 "these are not constant");
  BlockParameter zero = found.zero;
  if (zero.constant) {
    zero.constant = toI8(zero.constant, zero.isUnsigned);
    if (!zero.constant)
      return leave("a zero point does not fit i8");
    if (llvm::all_of(zero.constant.getValues<APInt>(),
                     [](const APInt &value) { return value.isZero(); }))
      zero = {};
  } else if (zero &&
             (zero.isUnsigned ||
              !getElementTypeOrSelf(zero.value.getType()).isInteger(8))) {
    return leave("zero points that are not constant are signed i8");
  }

  auto codeType = IntegerType::get(context, bits,
                                   found.isUnsigned ? IntegerType::Unsigned
                                                    : IntegerType::Signed);
  SmallVector<int64_t> block = found.block;
  if (llvm::all_of(block, [](int64_t size) { return size == 0; }))
    block.clear();
  SmallVector<StageAttrInterface> stages{
      ScaleAttr::get(context, block, TypeAttr::get(found.stored),
                     static_cast<bool>(zero)),
      QuantizeAttr::get(context, codeType), PackAttr::get(context)};
  auto type = CompressedTensorType::get(context, found.shape, found.element,
                                        CodecAttr::get(context, stages));
  SmallVector<RankedTensorType> types =
      llvm::map_to_vector(*type.getStreamTypes(op), [](Type stream) {
        return cast<RankedTensorType>(stream);
      });

  SmallVector<Value> streams{buildStream(b, loc, found.scale, types[0])};
  if (zero)
    streams.push_back(buildStream(b, loc, zero, types[1]));
  if (bits < 8)
    streams.push_back(arith::ConstantOp::create(
        b, loc, pack(constantCodes, found.shape, types.back())));
  else if (constantCodes)
    streams.push_back(arith::ConstantOp::create(
        b, loc, reshape(constantCodes, types.back())));
  else
    streams.push_back(reshape(b, loc, codes, found.shape));

  Value assembled = AssembleOp::create(b, loc, type, streams);
  Value init = tensor::EmptyOp::create(b, loc, found.shape, found.element);
  SmallVector<OpFoldResult> origin(found.shape.size(), b.getIndexAttr(0));
  return DecodeOp::create(b, loc, assembled, origin, init).getResult();
}

LogicalResult
mlir::zq::collapseDimensions(Dequantization &found, ArrayRef<int64_t> shape,
                             ArrayRef<ReassociationIndices> groups) {
  SmallVector<int64_t> block;
  for (const ReassociationIndices &group : groups) {
    // A uniform block is made of the innermost dimensions: each one further out
    // is cut at every element, each one further in not at all.
    int64_t size = 1;
    bool isCut = false;
    for (int64_t dim : llvm::reverse(group)) {
      int64_t its = found.block[dim];
      if (found.shape[dim] == 1)
        continue;
      if (its > 1 || (its == 0 && isCut))
        return failure();
      if (its == 0)
        size *= found.shape[dim];
      else
        isCut = true;
    }
    if (isCut && size == 0)
      return failure();
    block.push_back(isCut ? size : 0);
  }
  found.shape.assign(shape.begin(), shape.end());
  found.block = block;
  return success();
}
