//===- StageSupport.cpp - What the built-in stages have in common ---------===//
#include "StageSupport.h"

#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

void mlir::zq::addStream(SmallVectorImpl<Part> &parts, MLIRContext *context,
                         StringRef name, Type element, int64_t rank,
                         ArrayRef<AffineExpr> sizes, unsigned numSymbols) {
  parts.push_back(
      {StreamAttr::get(context, StringAttr::get(context, name), element,
                       AffineMap::get(rank, numSymbols, sizes, context)),
       CodecAttr(), /*rows=*/0});
}

void mlir::zq::addStored(SmallVectorImpl<Part> &parts, StringRef name,
                         Attribute stored, int64_t rank,
                         ArrayRef<AffineExpr> sizes, unsigned numSymbols) {
  MLIRContext *context = stored.getContext();
  auto codec = dyn_cast<CodecAttr>(stored);
  Type element =
      codec ? Float32Type::get(context) : cast<TypeAttr>(stored).getValue();
  addStream(parts, context, name, element, rank, sizes, numSymbols);
  parts.back().codec = codec;
}

void mlir::zq::putInPanels(Part &part, int64_t rows) {
  AffineMap shape = part.array.getShape();
  SmallVector<AffineExpr> sizes(shape.getResults());
  AffineExpr columns = sizes.pop_back_val();
  sizes.back() = sizes.back().ceilDiv(rows);
  sizes.push_back(columns);
  sizes.push_back(getAffineConstantExpr(rows, shape.getContext()));
  part.array = StreamAttr::get(
      shape.getContext(), part.array.getName(), part.array.getElementType(),
      AffineMap::get(shape.getNumDims(), shape.getNumSymbols(), sizes,
                     shape.getContext()));
  part.rows = rows;
}

Attribute mlir::zq::storeInLanes(Attribute stored, int64_t rank,
                                 int64_t lanes) {
  auto codec = dyn_cast_or_null<CodecAttr>(stored);
  return codec ? withLanes(codec, Float32Type::get(stored.getContext()), rank,
                           lanes, columnDepth)
               : stored;
}

bool mlir::zq::arePartsInLanes(StageAttrInterface stage,
                               ArrayRef<int64_t> shape, ArrayRef<int64_t> group,
                               int64_t lanes) {
  SmallVector<Part> parts;
  return succeeded(stage.getParts(shape.size(),
                                  Float32Type::get(stage.getContext()),
                                  /*scope=*/nullptr, parts)) &&
         llvm::all_of(parts, [&](const Part &part) {
           return isInLanes(part, shape, group, lanes);
         });
}

Value mlir::zq::emitFactorToF32(LaneBuilder &at, Value factors) {
  auto type = cast<VectorType>(factors.getType());
  if (type.getElementTypeBitWidth() != 8 ||
      factors.getDefiningOp<vector::BroadcastOp>())
    return emitToF32(at.builder, at.loc, factors);
  // As one op, for which a target may have something better than arithmetic.
  return arith::ExtFOp::create(at.builder, at.loc,
                               type.clone(at.builder.getF32Type()), factors);
}

SmallVector<AffineExpr> mlir::zq::getDims(MLIRContext *context, int64_t rank) {
  SmallVector<AffineExpr> dims;
  for (int64_t i = 0; i < rank; ++i)
    dims.push_back(getAffineDimExpr(i, context));
  return dims;
}

SmallVector<AffineExpr> mlir::zq::getBlockCounts(MLIRContext *context,
                                                 int64_t rank,
                                                 ArrayRef<int64_t> block) {
  SmallVector<AffineExpr> counts = getDims(context, rank);
  for (auto [i, count] : llvm::enumerate(counts)) {
    int64_t size = block.empty() ? 0 : block[i];
    count = size ? count.ceilDiv(size) : getAffineConstantExpr(1, context);
  }
  return counts;
}

SmallVector<int64_t> mlir::zq::getGroup(ArrayRef<int64_t> block, int64_t rank) {
  return block.empty() ? SmallVector<int64_t>(rank, 0)
                       : SmallVector<int64_t>(block);
}

LogicalResult mlir::zq::verifyValues(ErrorFn emitError, Type input,
                                     StringRef stage) {
  if (isa<FloatType>(input))
    return success();
  return emitError() << "(T3) '" << stage << "' takes in values, but gets "
                     << input << " codes";
}

LogicalResult mlir::zq::verifyCodes(ErrorFn emitError, Type input,
                                    StringRef stage, int64_t maxBits) {
  if (!isa<IntegerType>(input))
    return emitError() << "(T3) '" << stage << "' takes in codes, but gets "
                       << input << " values (add 'quantize<...>' above it?)";
  if (getBits(input) > maxBits)
    return emitError() << "(T3) '" << stage << "' takes in codes of at most "
                       << maxBits << " bits, but gets " << input;
  return success();
}

LogicalResult mlir::zq::verifyStored(ErrorFn emitError, Attribute stored,
                                     StringRef label, StringRef what) {
  if (isa<CodecAttr>(stored))
    return success();
  Type type = cast<TypeAttr>(stored).getValue();
  if (isa<FloatType>(type) && toReferenceType(type) && !type.isF64())
    return success();
  return emitError() << label << " " << what
                     << " is stored as f32, f16, bf16, f8E4M3FN, f8E5M2 or "
                        "f8E8M0FNU, and not "
                     << type;
}

LogicalResult mlir::zq::verifySigned(ErrorFn emitError, Attribute stored,
                                     StringRef label, StringRef what) {
  auto type = dyn_cast<TypeAttr>(stored);
  if (!type || !isa<Float8E8M0FNUType>(type.getValue()))
    return success();
  return emitError() << label << " " << what
                     << " has a sign, which f8E8M0FNU does not hold";
}

LogicalResult mlir::zq::verifyStoredTensor(ErrorFn emitError, Attribute stored,
                                           StringRef label, StringRef array) {
  if (isa<CodecAttr>(stored))
    return success();
  Type type = cast<TypeAttr>(stored).getValue();
  if (type.isF32() || type.isF16() || type.isBF16())
    return success();
  return emitError() << label << " the " << array
                     << " is stored as f32, f16 or bf16, or has a codec, and "
                        "not "
                     << type;
}

LogicalResult mlir::zq::verifyBlockRank(ErrorFn emitError,
                                        ArrayRef<int64_t> block,
                                        ArrayRef<int64_t> shape,
                                        StringRef stage) {
  if (block.empty() || block.size() == shape.size())
    return success();
  return emitError() << "(T3) '" << stage << "' has a block of rank "
                     << block.size() << ", but the tensor has rank "
                     << shape.size();
}

LogicalResult mlir::zq::verifyTable(ErrorFn emitError, DenseF32ArrayAttr table,
                                    StringRef sizeLabel, StringRef orderLabel) {
  ArrayRef<float> values = table.asArrayRef();
  if (values.size() < 2 || values.size() > 256)
    return emitError() << sizeLabel << " a table has 2 to 256 entries, and not "
                       << values.size();
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) || (i && values[i] <= values[i - 1]))
      return emitError() << orderLabel
                         << " the table is finite and increasing, but entry "
                         << i << " is not";
  return success();
}

LogicalResult mlir::zq::verifyTransform(ErrorFn emitError,
                                        ArrayRef<int64_t> shape, int64_t axis,
                                        Type input, StringRef stage) {
  if (axis >= static_cast<int64_t>(shape.size()))
    return emitError() << "(T3) '" << stage << "' runs along axis " << axis
                       << ", but the tensor has rank " << shape.size();
  return verifyValues(emitError, input, stage);
}

FailureOr<Value>
mlir::zq::emitInverseTransform(TensorDecodeBuilder &at,
                               TransformAttrInterface transform) {
  // The axis is needed whole, whatever the window.
  OpBuilder &b = at.builder;
  int64_t axis = transform.getTransformAxis();
  SmallVector<OpFoldResult> offsets(at.offsets), sizes(at.sizes);
  offsets[axis] = b.getIndexAttr(0);
  sizes[axis] = b.getIndexAttr(at.shape[axis]);
  Value main = at.decode(at.main, offsets, sizes);
  Value rotated =
      RotateOp::create(b, at.loc, main.getType(), main, transform, at.parts,
                       /*inverse=*/true, at.empty(sizes));
  SmallVector<OpFoldResult> cut(offsets.size(), b.getIndexAttr(0));
  cut[axis] = at.offsets[axis];
  return at.cut(rotated, cut, at.sizes);
}

int64_t mlir::zq::getBits(Type codes) {
  return cast<IntegerType>(codes).getWidth();
}

std::shared_ptr<const ::zq::codec::Codec>
mlir::zq::getStoredReference(Attribute stored, bool &known) {
  auto codec = dyn_cast<CodecAttr>(stored);
  if (!codec)
    return nullptr;
  auto reference = codec.getReference(Float32Type::get(stored.getContext()));
  known &= reference != nullptr;
  return reference;
}

::zq::codec::ElementType mlir::zq::getStoredType(Attribute stored) {
  auto type = dyn_cast<TypeAttr>(stored);
  return type ? *toReferenceType(type.getValue())
              : ::zq::codec::ElementType::F32;
}

std::optional<::zq::codec::StoredFloats>
mlir::zq::getStoredFloats(Attribute stored) {
  if (!isa<CodecAttr>(stored))
    return ::zq::codec::StoredFloats(getStoredType(stored));
  bool known = true;
  auto codec = getStoredReference(stored, known);
  if (!known)
    return std::nullopt;
  return ::zq::codec::StoredFloats(std::move(codec));
}

VectorType mlir::zq::getLanes(DecodeBuilder &at, Type element) {
  return VectorType::get(at.width, element);
}

Value mlir::zq::splat(DecodeBuilder &at, unsigned bits, int64_t value) {
  return splat(at.builder, at.loc,
               getLanes(at, at.builder.getIntegerType(bits)), value);
}

/// A table of this many entries is gathered from memory, where the target has
/// no permutes for it: it would select between all entries.
static constexpr size_t gatherFrom = 128;

StageCost mlir::zq::getLookupCost(int64_t entries) {
  if (entries >= int64_t(gatherFrom))
    return {2, 1};
  // A permutation of one or two registers, or several and selections.
  return {std::max(2.0, entries / 8.0), 0};
}

Value mlir::zq::emitLookup(DecodeBuilder &at, Value codes,
                           ArrayRef<float> values) {
  OpBuilder &b = at.builder;
  SmallVector<float> entries(values);
  entries.resize(llvm::PowerOf2Ceil(values.size()), values.back());
  int64_t count = entries.size();
  VectorType result = getLanes(at, b.getF32Type());
  if (entries.size() < gatherFrom) {
    auto type = VectorType::get(count, b.getF32Type());
    Value table = arith::ConstantOp::create(
        b, at.loc, DenseElementsAttr::get(type, ArrayRef(entries)));
    return LookupOp::create(b, at.loc, result, codes, table);
  }
  auto type = RankedTensorType::get(count, b.getF32Type());
  Value table = arith::ConstantOp::create(
      b, at.loc, DenseElementsAttr::get(type, ArrayRef(entries)));
  // Codes modulo the number of entries, as `zq.lookup` takes them.
  Value places = arith::AndIOp::create(
      b, at.loc,
      arith::ExtUIOp::create(b, at.loc, getLanes(at, b.getI32Type()), codes),
      splat(at, 32, count - 1));
  Value all = splat(at, 1, 1);
  Value nothing = arith::ConstantOp::create(b, at.loc, b.getZeroAttr(result));
  return vector::GatherOp::create(
      b, at.loc, result, table, ValueRange{at.index(0)}, places, all, nothing);
}
