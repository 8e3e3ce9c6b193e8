//===- OnlineEncoding.cpp - Codecs that a kernel encodes to ---------------===//
#include "OnlineEncoding.h"

#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Minifloat;
using ::zq::codec::PowerOfTwoRule;
using ::zq::codec::ScaleStatistic;
using ::zq::codec::Ties;

//===----------------------------------------------------------------------===//
// Which codecs
//===----------------------------------------------------------------------===//

/// The float format that a scale of `type` is rounded to; none for f32 and
/// f8E8M0FNU, which have rules of their own.
static std::optional<Minifloat> getScaleFloat(Type type) {
  if (type.isF16())
    return ::zq::codec::Half;
  if (type.isBF16())
    return ::zq::codec::BFloat;
  if (isa<Float8E4M3FNType>(type))
    return ::zq::codec::E4M3FN;
  if (isa<Float8E5M2Type>(type))
    return ::zq::codec::E5M2;
  return std::nullopt;
}

/// The largest magnitude in the middle of what a stage takes in.
static double getLimit(::zq::codec::Range range) {
  double nearer = std::min(-range.low, range.high);
  return nearer > 0 ? nearer : std::max(-range.low, range.high);
}

std::optional<OnlineEncoding>
mlir::zq::getOnlineEncoding(CompressedTensorType type, std::string &why) {
  auto refuse = [&](const Twine &reason) {
    why = reason.str();
    return std::nullopt;
  };
  OnlineEncoding encoding;
  encoding.type = type;
  ArrayRef<int64_t> shape = type.getShape();
  int64_t rank = shape.size();
  encoding.rows = ShapedType::getNumElements(shape.drop_back());
  encoding.columns = shape.back();
  ArrayRef<StageAttrInterface> stages = type.getCodec().getStages();
  while (!stages.empty() && isa<TransformAttrInterface>(stages.front())) {
    SmallVector<Part> parts;
    if (failed(stages.front().getParts(rank, type.getElementType(),
                                       /*scope=*/nullptr, parts)) ||
        !parts.empty())
      return refuse("its transform has parts that the encoder chooses");
    encoding.transforms.push_back(stages.front());
    stages = stages.drop_front();
  }
  if (!encoding.transforms.empty() && !type.getElementType().isF32())
    return refuse("it rotates other elements than f32");
  SmallVector<ScaleAttr> scales;
  for (; !stages.empty() && isa<ScaleAttr>(stages.front());
       stages = stages.drop_front())
    scales.push_back(cast<ScaleAttr>(stages.front()));
  auto quantize =
      stages.size() == 2 ? dyn_cast<QuantizeAttr>(stages[0]) : nullptr;
  if (!quantize || scales.empty() || scales.size() > 2 ||
      stages[1] != PackAttr::get(type.getContext()))
    return refuse("its stages are not one or two scales, a quantizer and pack "
                  "without options");

  encoding.format = quantize.getFormat();
  auto rounding = ::zq::codec::Rounding(quantize.getTies());
  auto reference = encoding.format.getReference(rounding);
  encoding.bits = reference->codeBits();
  bool isFloat = encoding.format.kind == QuantizeFormat::Kind::Float;
  if (quantize.getSeed() || quantize.getTies() != Ties::Even ||
      encoding.format.kind == QuantizeFormat::Kind::Bipolar ||
      (isFloat && !encoding.format.getMinifloat().hasSubnormals))
    return refuse("it does not round to the nearest number, ties to even");

  ::zq::codec::Range range = reference->inputRange({});
  for (size_t i = scales.size(); i-- > 0;) {
    ScaleAttr stage = scales[i];
    auto stored = dyn_cast<TypeAttr>(stage.getStored());
    if (!stored || stage.getRows() || stage.hasZeroPoint() ||
        stage.getDivide() || stage.getRule() == PowerOfTwoRule::Down ||
        stage.getStatistic() != ScaleStatistic::AbsMax)
      return refuse(
          "a scale has a codec, panels, a zero point, divides, is rounded down "
          "to a power of two, or is chosen by something else than the largest "
          "magnitude");
    Type type = stored.getValue();
    OnlineEncoding::Scale scale{stage, type, getLimit(range)};
    if (scale.limit < 1)
      return refuse("its numbers are all below 1");
    SmallVector<int64_t> block = stage.getFactorBlock(rank);
    if (i == scales.size() - 1) {
      encoding.block = block.back();
      if (!llvm::all_of(ArrayRef(block).drop_back(),
                        [](int64_t size) { return size == 1; }) ||
          !llvm::is_contained({8, 16, 32, 64}, encoding.block))
        return refuse("its scales are not of 8, 16, 32 or 64 elements along "
                      "the last dimension");
      if (isa<Float8E8M0FNUType>(type) && scale.limit < 2)
        return refuse("its numbers are too small for powers of two");
      encoding.scale = scale;
    } else {
      if (!type.isF32() ||
          !llvm::all_of(block, [](int64_t size) { return size == 0; }))
        return refuse("its first scale is not one f32 for the tensor");
      encoding.tensor = scale;
    }
    double largest = 1;
    if (type.isF16() || isa<Float8E4M3FNType, Float8E5M2Type>(type))
      largest = getScaleFloat(type)->maxFinite();
    range = {range.low * largest, range.high * largest};
  }
  return encoding;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static Int bitsOf(KernelBuilder &b, Value value) {
  return Int(b, arith::BitcastOp::create(b, b.getI32Type(), value));
}

static Value floatOf(KernelBuilder &b, Value bits) {
  return arith::BitcastOp::create(b, b.getF32Type(), bits);
}

/// `value` within f32's finite numbers.
static Value clampFinite(KernelBuilder &b, Value value) {
  value = arith::MaximumFOp::create(b, value, b.f32(-FLT_MAX));
  return arith::MinimumFOp::create(b, value, b.f32(FLT_MAX));
}

/// The code of a finite `value`, saturating, ties to even: what
/// `FloatCoder::encode` of lib/Codec does.
static Int emitFloatCode(KernelBuilder &b, const Minifloat &format,
                         Value value) {
  int64_t dropped = 23 - format.mantissaBits;
  int64_t magnitudeBits = format.exponentBits + format.mantissaBits;
  int64_t rebias = int64_t(127 - format.bias) << format.mantissaBits;
  bool hasMantissa = format.mantissaBits > 0;
  int64_t half = (int64_t(1) << dropped >> 1) - hasMantissa;
  int64_t aligner = int64_t(128 - format.bias + dropped) << 23;

  Int bits = bitsOf(b, value), magnitude = bits & 0x7FFFFFFF;
  Int carried = magnitude + half;
  if (hasMantissa)
    carried = carried + ((magnitude >> dropped) & 1);
  Int normal = (carried >> dropped) - rebias;
  // Beside a number whose last place is that of the subnormals, f32's own
  // addition rounds to multiples of it.
  Value sum = arith::AddFOp::create(b, floatOf(b, magnitude),
                                    floatOf(b, b.i32(aligner)));
  Int subnormal = bitsOf(b, sum) - aligner;
  Int leastNormal = b.i32(int64_t(128 - format.bias) << 23);
  Int code = b.select(magnitude < leastNormal, subnormal, normal);
  Int largest = b.i32(format.maxFiniteCode());
  code = b.select(largest < code, largest, code);
  if (!format.hasSign)
    return code;
  return code | (((bits >> 31) & 1) << magnitudeBits);
}

/// What a finite code of a scale reads as.
static Value emitFloatValue(KernelBuilder &b, const Minifloat &format,
                            Int code) {
  int64_t dropped = 23 - format.mantissaBits;
  int64_t unit = int64_t(254 - format.bias) << 23;
  // Scales by the largest magnitude have no sign.
  return arith::MulFOp::create(b, floatOf(b, code << dropped),
                               floatOf(b, b.i32(unit)));
}

/// The power of two for an extent of these bits, as the bits of f8E8M0FNU.
static Int emitPowerOfTwo(KernelBuilder &b, const OnlineEncoding::Scale &scale,
                          Int extent) {
  // The exponent of a subnormal extent is below any that counts.
  int exponent = std::ilogb(scale.limit);
  Int code = (extent >> 23) - exponent;
  if (scale.stage.getRule() == PowerOfTwoRule::Ceil) {
    // The next one where the extent's mantissa is larger than the limit's.
    double mantissa = std::ldexp(scale.limit, -exponent) - 1;
    int64_t bits = std::floor(std::ldexp(mantissa, 23));
    Int isAbove = b.i32(bits) < (extent & 0x7FFFFF);
    code = b.select(isAbove, code + 1, code);
  }
  code = b.select(code < 0, b.i32(0), code);
  return b.select(b.i32(254) < code, b.i32(254), code);
}

StoredScale mlir::zq::emitScale(KernelBuilder &b,
                                const OnlineEncoding::Scale &scale,
                                Int extent) {
  if (isa<Float8E8M0FNUType>(scale.stored)) {
    Int code = emitPowerOfTwo(b, scale, extent);
    // 2^-127 is subnormal in f32.
    Int bits = b.select(code == 0, b.i32(1 << 22), code << 23);
    return {code, floatOf(b, bits)};
  }
  Value quotient = arith::DivFOp::create(
      b, floatOf(b, extent), b.f32(static_cast<float>(scale.limit)));
  if (scale.stored.isF32())
    return {bitsOf(b, quotient), quotient};
  Minifloat format = *getScaleFloat(scale.stored);
  Int code = emitFloatCode(b, format, quotient);
  return {code, emitFloatValue(b, format, code)};
}

Value mlir::zq::emitScaled(KernelBuilder &b, Value value, Value scale) {
  Value quotient = clampFinite(b, arith::DivFOp::create(b, value, scale));
  Value isZero =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, scale, b.f32(0));
  return b.select(Int(b, isZero), b.f32(0), quotient);
}

Int mlir::zq::emitCode(KernelBuilder &b, const OnlineEncoding &encoding,
                       Value value) {
  const QuantizeFormat &format = encoding.format;
  if (format.kind == QuantizeFormat::Kind::Float) {
    Minifloat minifloat = format.getMinifloat();
    if (!minifloat.hasSign)
      value = arith::MaximumFOp::create(b, value, b.f32(0));
    return emitFloatCode(b, minifloat, value);
  }
  ::zq::codec::Range range = format.getReference(Ties::Even)->inputRange({});
  value = arith::MaximumFOp::create(b, value, b.f32(range.low));
  value = arith::MinimumFOp::create(b, value, b.f32(range.high));
  // Next to 1.5 * 2^23 f32 has the integers and nothing between, so that the
  // addition rounds, ties to even.
  Value integers = b.f32(0x1.8p23f);
  Int integer = bitsOf(b, arith::AddFOp::create(b, value, integers)) -
                bitsOf(b, integers);
  if (format.kind == QuantizeFormat::Kind::Levels)
    return integer - int64_t(range.low);
  return integer & ((int64_t(1) << encoding.bits) - 1);
}
