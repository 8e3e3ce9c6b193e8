//===- DecodeBuilder.cpp - Reading streams, widening small floats ---------===//
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

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

Value DecodeBuilder::stream(unsigned index) {
  assert(!parts[index].part.codec && "a part with a codec is no stream");
  return parts[index].streams.front();
}

Value DecodeBuilder::loadStream(unsigned index, ValueRange at, int64_t length,
                                bool exact) {
  Value source = stream(index);
  Type element = cast<RankedTensorType>(source.getType()).getElementType();
  auto read = [&](OpBuilder &b, bool inBounds) -> Value {
    Value padding = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    return vector::TransferReadOp::create(
        b, loc, VectorType::get(length, element), source, at,
        std::optional<Value>(padding), ArrayRef<bool>(inBounds));
  };
  if (exact || isa<IntegerType>(element) || element.isF32())
    return read(builder, exact);

  // Not every CPU loads the narrower floats under a mask: those at the end of a
  // row come one by one, as bits. What lies beyond it reads as the last one.
  Type bitsElement = builder.getIntegerType(element.getIntOrFloatBitWidth());
  auto bitsType = VectorType::get(length, bitsElement);
  Value last = this->index(parts[index].shape.back() - 1);
  Value end =
      arith::AddIOp::create(builder, loc, at.back(), this->index(length - 1));
  Value fits =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule, end, last);
  auto choose = scf::IfOp::create(
      builder, loc, fits,
      [&](OpBuilder &b, Location) {
        Value bits = arith::BitcastOp::create(b, loc, bitsType, read(b, true));
        scf::YieldOp::create(b, loc, bits);
      },
      [&](OpBuilder &b, Location) {
        SmallVector<Value> elements, place(at);
        for (int64_t i = 0; i < length; ++i) {
          Value offset = arith::ConstantIndexOp::create(b, loc, i);
          place.back() = arith::MinUIOp::create(
              b, loc, arith::AddIOp::create(b, loc, at.back(), offset), last);
          elements.push_back(arith::BitcastOp::create(
              b, loc, bitsElement,
              tensor::ExtractOp::create(b, loc, source, place)));
        }
        scf::YieldOp::create(
            b, loc,
            vector::FromElementsOp::create(b, loc, bitsType, elements)
                .getResult());
      });
  return arith::BitcastOp::create(
      builder, loc, VectorType::get(length, element), choose.getResult(0));
}

FailureOr<Value> DecodeBuilder::extract(unsigned index, ValueRange at) {
  const StoredPart &part = parts[index];
  if (int64_t rows = part.part.rows) {
    SmallVector<Value> place(at);
    Value size = this->index(rows), row = at[at.size() - 2];
    place[at.size() - 2] = arith::DivUIOp::create(builder, loc, row, size);
    place.push_back(arith::RemUIOp::create(builder, loc, row, size));
    return tensor::ExtractOp::create(builder, loc, stream(index), place)
        .getResult();
  }
  if (!part.part.codec)
    return tensor::ExtractOp::create(builder, loc, stream(index), at)
        .getResult();
  // The block of as many elements as decode together, and one of them.
  Type element = part.part.array.getElementType();
  int64_t granule =
      part.part.codec.getGranule(part.shape.size(), element, scope);
  SmallVector<Value> begin(at);
  Value within = this->index(0);
  if (granule > 1) {
    Value size = this->index(granule);
    within = arith::RemUIOp::create(builder, loc, begin.back(), size);
    begin.back() = arith::SubIOp::create(builder, loc, begin.back(), within);
  }
  DecodeBuilder inner(builder, loc, part.shape, begin, granule, scope);
  FailureOr<Value> block =
      emitCodec(inner, part.part.codec, element, part.streams);
  if (failed(block))
    return failure();
  if (granule == 1)
    return vector::ExtractOp::create(builder, loc, *block, 0).getResult();
  return vector::ExtractOp::create(builder, loc, *block, OpFoldResult(within))
      .getResult();
}

FailureOr<Value> DecodeBuilder::load(unsigned index, ValueRange at,
                                     int64_t length, int64_t multiple,
                                     bool exact) {
  const StoredPart &part = parts[index];
  bool isPlain = !part.part.codec;
  if (isPlain && !part.part.rows)
    return loadStream(index, at, length, exact);
  Type element = part.part.array.getElementType();
  int64_t granule =
      isPlain ? 0
              : part.part.codec.getGranule(part.shape.size(), element, scope);
  if (!isPlain && length % granule == 0 && multiple % granule == 0) {
    DecodeBuilder inner(builder, loc, part.shape, at, length, scope);
    return emitCodec(inner, part.part.codec, element, part.streams);
  }
  // The elements of a row are apart in panels.
  int64_t columns = part.shape[part.shape.size() - (isPlain ? 2 : 1)];
  Value end = this->index(columns - 1);
  SmallVector<Value> elements;
  for (int64_t i = 0; i < length; ++i) {
    SmallVector<Value> place(at);
    if (i)
      place.back() =
          arith::AddIOp::create(builder, loc, place.back(), this->index(i));
    if (i && !exact)
      place.back() = arith::MinUIOp::create(builder, loc, place.back(), end);
    FailureOr<Value> one = extract(index, place);
    if (failed(one))
      return failure();
    elements.push_back(*one);
  }
  auto type = VectorType::get(length, elements.front().getType());
  return vector::FromElementsOp::create(builder, loc, type, elements)
      .getResult();
}

FailureOr<Value> DecodeBuilder::loadPerGroup(unsigned part,
                                             ArrayRef<int64_t> group) {
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
    FailureOr<Value> one = extract(part, at);
    if (failed(one))
      return failure();
    auto laneType = VectorType::get(width, one->getType());
    return vector::BroadcastOp::create(builder, loc, laneType, *one)
        .getResult();
  }
  // 16-bit floats go as their bits: CPUs without arithmetic on them would
  // select and load under a mask by way of f32, with calls to a library.
  Type element;
  auto toBits = [&](Value value) -> Value {
    element = getElementTypeOrSelf(value.getType());
    if (!element.isF16() && !element.isBF16())
      return value;
    Type bits = builder.getI16Type();
    if (auto vector = dyn_cast<VectorType>(value.getType()))
      bits = vector.clone(bits);
    return arith::BitcastOp::create(builder, loc, bits, value);
  };
  auto fromBits = [&](Value value) -> Value {
    auto type = VectorType::get(width, element);
    return value.getType() == type
               ? value
               : arith::BitcastOp::create(builder, loc, type, value)
                     .getResult();
  };
  // The group that is `i` after the block's first one; the last one of the row
  // for those beyond its end.
  Value end = index(llvm::divideCeil(shape.back(), last) - 1);
  auto extractBits = [&](int64_t i) -> FailureOr<Value> {
    SmallVector<Value> place(at);
    if (i)
      place.back() = arith::MinUIOp::create(
          builder, loc,
          arith::AddIOp::create(builder, loc, place.back(), index(i)), end);
    FailureOr<Value> one = extract(part, place);
    return failed(one) ? one : FailureOr<Value>(toBits(*one));
  };

  if (width % last == 0) {
    int64_t count = width / last;
    Type stored = parts[part].part.array.getElementType();
    bool isHalf =
        !parts[part].part.codec && (stored.isF16() || stored.isBF16());
    Value few;
    if (isHalf && (!isExact() || parts[part].part.rows)) {
      SmallVector<Value> elements;
      for (int64_t i = 0; i < count; ++i) {
        FailureOr<Value> one = extractBits(i);
        if (failed(one))
          return failure();
        elements.push_back(*one);
      }
      few = vector::FromElementsOp::create(
          builder, loc, VectorType::get(count, elements.front().getType()),
          elements);
    } else {
      FailureOr<Value> loaded = load(part, at, count, count, isExact());
      if (failed(loaded))
        return failure();
      few = *loaded;
      element = getElementTypeOrSelf(few.getType());
      if (last == 1)
        return few;
    }
    SmallVector<int64_t> lanes;
    for (int64_t lane = 0; lane < width; ++lane)
      lanes.push_back(lane / last);
    return fromBits(vector::ShuffleOp::create(builder, loc, few, few, lanes));
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
    FailureOr<Value> bits = extractBits(i);
    if (failed(bits))
      return failure();
    Value one = vector::BroadcastOp::create(
        builder, loc, VectorType::get(width, bits->getType()), *bits);
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

Value mlir::zq::emitMinifloatToF32(OpBuilder &builder, Location loc,
                                   Value codes, const Minifloat &format) {
  Type i32 = withElement(codes.getType(), builder.getI32Type());
  Type f32 = withElement(codes.getType(), builder.getF32Type());
  auto constant = [&](int64_t value) {
    return splat(builder, loc, i32, value);
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
