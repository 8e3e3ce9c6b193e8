//===- DecodeBuilder.cpp - Reading streams, widening small floats ---------===//
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::ElementType;
using ::zq::codec::Minifloat;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::optional<ElementType> mlir::zq::toReferenceType(Type type) {
  for (ElementType candidate :
       {ElementType::F64, ElementType::F32, ElementType::F16, ElementType::BF16,
        ElementType::F8E4M3FN, ElementType::F8E5M2, ElementType::F8E8M0FNU,
        ElementType::I8, ElementType::I16, ElementType::I32, ElementType::I64})
    if (fromReferenceType(type.getContext(), candidate) == type)
      return candidate;
  return std::nullopt;
}

Type mlir::zq::fromReferenceType(MLIRContext *context, ElementType type) {
  switch (type) {
  case ElementType::F64:
    return Float64Type::get(context);
  case ElementType::F32:
    return Float32Type::get(context);
  case ElementType::F16:
    return Float16Type::get(context);
  case ElementType::BF16:
    return BFloat16Type::get(context);
  case ElementType::F8E4M3FN:
    return Float8E4M3FNType::get(context);
  case ElementType::F8E5M2:
    return Float8E5M2Type::get(context);
  case ElementType::F8E8M0FNU:
    return Float8E8M0FNUType::get(context);
  case ElementType::I8:
    return IntegerType::get(context, 8);
  case ElementType::I16:
    return IntegerType::get(context, 16);
  case ElementType::I32:
    return IntegerType::get(context, 32);
  case ElementType::I64:
    return IntegerType::get(context, 64);
  }
  llvm_unreachable("an element type without an MLIR type");
}

std::optional<Minifloat> mlir::zq::toMinifloat(Type type) {
  if (isa<Float4E2M1FNType>(type))
    return ::zq::codec::E2M1;
  if (isa<Float6E2M3FNType>(type))
    return ::zq::codec::E2M3;
  if (isa<Float6E3M2FNType>(type))
    return ::zq::codec::E3M2;
  if (isa<Float8E4M3FNType>(type))
    return ::zq::codec::E4M3FN;
  if (isa<Float8E5M2Type>(type))
    return ::zq::codec::E5M2;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Reading streams
//===----------------------------------------------------------------------===//

Value DecodeBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value DecodeBuilder::load(Value stream, ValueRange at, int64_t length,
                          bool exact) {
  Type element = cast<RankedTensorType>(stream.getType()).getElementType();
  Value padding =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  bool inBounds[] = {exact};
  return vector::TransferReadOp::create(
      builder, loc, VectorType::get(length, element), stream, at,
      std::optional<Value>(padding), ArrayRef<bool>(inBounds));
}

Value DecodeBuilder::loadPerGroup(Value stream, ArrayRef<int64_t> group) {
  auto type = cast<RankedTensorType>(stream.getType());
  Type element = type.getElementType();
  auto laneType = VectorType::get(width, element);

  // All dimensions but the last are the same for the whole block.
  SmallVector<Value> at;
  for (auto [place, size] : llvm::zip(position, group)) {
    if (size == 0)
      at.push_back(index(0));
    else if (size == 1)
      at.push_back(place);
    else
      at.push_back(arith::DivUIOp::create(builder, loc, place, index(size)));
  }
  int64_t last = group.back();

  // One element serves the whole block: the common case.
  if (last == 0 || last >= shape.back() || last % width == 0) {
    if (last >= shape.back())
      at.back() = index(0);
    Value one = tensor::ExtractOp::create(builder, loc, stream, at);
    return vector::BroadcastOp::create(builder, loc, laneType, one);
  }
  // 16-bit floats go as their bits: CPUs without arithmetic on them would
  // select and load under a mask by way of f32, with calls to a library.
  bool asBits = element.isF16() || element.isBF16();
  Type bitsElement = asBits ? builder.getI16Type() : element;
  auto bitsType = VectorType::get(width, bitsElement);
  auto fromBits = [&](Value bits) -> Value {
    return asBits ? arith::BitcastOp::create(builder, loc, laneType, bits)
                  : bits;
  };
  // The group that is `i` after the block's first one; the last one of the row
  // for those beyond its end.
  Value end = index(llvm::divideCeil(shape.back(), last) - 1);
  auto extract = [&](int64_t i) -> Value {
    SmallVector<Value> place(at);
    if (i)
      place.back() = arith::MinUIOp::create(
          builder, loc,
          arith::AddIOp::create(builder, loc, place.back(), index(i)), end);
    Value one = tensor::ExtractOp::create(builder, loc, stream, place);
    return asBits ? arith::BitcastOp::create(builder, loc, bitsElement, one)
                  : one;
  };

  if (width % last == 0) {
    int64_t count = width / last;
    Value few;
    if (asBits && !isExact()) {
      SmallVector<Value> elements;
      for (int64_t i = 0; i < count; ++i)
        elements.push_back(extract(i));
      few = vector::FromElementsOp::create(
          builder, loc, VectorType::get(count, bitsElement), elements);
    } else {
      few = load(stream, at, count, isExact());
      if (last == 1)
        return few;
    }
    SmallVector<int64_t> lanes;
    for (int64_t lane = 0; lane < width; ++lane)
      lanes.push_back(lane / last);
    few = vector::ShuffleOp::create(builder, loc, few, few, lanes);
    return few.getType() == laneType ? few : fromBits(few);
  }

  // Groups begin anywhere in the block: pick each lane's by comparing its
  // distance from the beginning of the first group.
  int64_t count = (width - 2) / last + 2;
  Value within =
      arith::RemUIOp::create(builder, loc, position.back(), index(last));
  auto indexLanes = VectorType::get(width, builder.getI32Type());
  Value within32 =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), within);
  SmallVector<int32_t> steps(width);
  std::iota(steps.begin(), steps.end(), 0);
  Value distance = arith::AddIOp::create(
      builder, loc,
      arith::ConstantOp::create(
          builder, loc, DenseElementsAttr::get(indexLanes, ArrayRef(steps))),
      vector::BroadcastOp::create(builder, loc, indexLanes, within32));
  Value lanes;
  for (int64_t i = 0; i < count; ++i) {
    Value one = vector::BroadcastOp::create(builder, loc, bitsType, extract(i));
    if (!lanes) {
      lanes = one;
      continue;
    }
    Value reached = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::sge, distance,
        arith::ConstantOp::create(
            builder, loc,
            DenseElementsAttr::get(indexLanes,
                                   static_cast<int32_t>(i * last))));
    lanes = arith::SelectOp::create(builder, loc, reached, one, lanes);
  }
  return fromBits(lanes);
}

//===----------------------------------------------------------------------===//
// Small floats
//===----------------------------------------------------------------------===//

/// `type` with another element type; works for scalars too.
static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

static Value constantLike(OpBuilder &builder, Location loc, Type type,
                          int64_t value) {
  TypedAttr attr = builder.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(builder, loc, attr);
}

Value mlir::zq::emitMinifloatToF32(OpBuilder &builder, Location loc,
                                   Value codes, const Minifloat &format) {
  Type i32 = withElement(codes.getType(), builder.getI32Type());
  Type f32 = withElement(codes.getType(), builder.getF32Type());
  auto constant = [&](int64_t value) {
    return constantLike(builder, loc, i32, value);
  };
  Value wide = arith::ExtUIOp::create(builder, loc, i32, codes);
  int magnitudeBits = format.exponentBits + format.mantissaBits;
  Value magnitude = wide;
  if (format.hasSign)
    magnitude = arith::AndIOp::create(builder, loc, wide,
                                      constant((1 << magnitudeBits) - 1));

  // A normal number: move the fields into place and correct the bias.
  Value bits = arith::ShLIOp::create(builder, loc, magnitude,
                                     constant(23 - format.mantissaBits));
  bits = arith::AddIOp::create(builder, loc, bits,
                               constant(int64_t(127 - format.bias) << 23));

  if (format.hasSubnormals) {
    // A subnormal is its mantissa times a power of two, exact in f32.
    Value mantissa = arith::UIToFPOp::create(builder, loc, f32, magnitude);
    llvm::APFloat unit(1.0f);
    unit = llvm::scalbn(unit, 1 - format.bias - format.mantissaBits,
                        llvm::APFloat::rmNearestTiesToEven);
    TypedAttr unitAttr = builder.getFloatAttr(builder.getF32Type(), unit);
    if (auto vector = dyn_cast<VectorType>(f32))
      unitAttr = DenseElementsAttr::get(vector, unitAttr);
    Value small = arith::MulFOp::create(
        builder, loc, mantissa,
        arith::ConstantOp::create(builder, loc, unitAttr));
    Value smallBits = arith::BitcastOp::create(builder, loc, i32, small);
    Value isSmall = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, magnitude,
        constant(int64_t(1) << format.mantissaBits));
    bits = arith::SelectOp::create(builder, loc, isSmall, smallBits, bits);
  } else {
    // Exponent field 0 is the binade below f32's normals: its mantissa goes
    // one place lower, with the hidden bit written out.
    Value lowest = constant(int64_t(1) << 22);
    Value isLowest = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::eq, magnitude, constant(0));
    bits = arith::SelectOp::create(builder, loc, isLowest, lowest, bits);
  }

  auto replaceFrom = [&](int64_t code, bool onlyEqual, int64_t value) {
    Value match = arith::CmpIOp::create(builder, loc,
                                        onlyEqual ? arith::CmpIPredicate::eq
                                                  : arith::CmpIPredicate::uge,
                                        magnitude, constant(code));
    bits = arith::SelectOp::create(builder, loc, match, constant(value), bits);
  };
  constexpr int64_t infinity = 0x7f800000, quietNaN = 0x7fc00000;
  if (format.hasInfinity)
    replaceFrom(format.infinityCode(), /*onlyEqual=*/true, infinity);
  if (format.hasNaN)
    replaceFrom(format.maxFiniteCode() + (format.hasInfinity ? 2 : 1),
                /*onlyEqual=*/false, quietNaN);

  if (format.hasSign) {
    Value sign = arith::ShLIOp::create(
        builder, loc,
        arith::AndIOp::create(builder, loc, wide,
                              constant(int64_t(1) << magnitudeBits)),
        constant(31 - magnitudeBits));
    bits = arith::OrIOp::create(builder, loc, bits, sign);
  }
  return arith::BitcastOp::create(builder, loc, f32, bits);
}

Value mlir::zq::emitToF32(OpBuilder &builder, Location loc, Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  if (element.isF32())
    return value;
  // Convert before broadcasting: once for all lanes.
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    if (broadcast.getSourceType() == element)
      return vector::BroadcastOp::create(
          builder, loc, withElement(value.getType(), builder.getF32Type()),
          emitToF32(builder, loc, broadcast.getSource()));
  if (element.isF16() || element.isBF16())
    return arith::ExtFOp::create(
        builder, loc, withElement(value.getType(), builder.getF32Type()),
        value);
  Minifloat format = isa<Float8E8M0FNUType>(element) ? ::zq::codec::E8M0
                                                     : *toMinifloat(element);
  Value codes = arith::BitcastOp::create(
      builder, loc, withElement(value.getType(), builder.getI8Type()), value);
  if (isa<VectorType>(value.getType()))
    return emitMinifloatToF32(builder, loc, codes, format);

  // One value for many lanes: a load from a table of 1 KiB is shorter than
  // taking the number apart.
  SmallVector<float> values;
  for (int code = 0; code < 256; ++code)
    values.push_back(
        ::zq::codec::decodeMinifloat(format, static_cast<uint8_t>(code)));
  auto type = RankedTensorType::get(256, builder.getF32Type());
  Value table = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, ArrayRef(values)));
  Value index =
      arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), codes);
  return tensor::ExtractOp::create(builder, loc, table, index);
}
