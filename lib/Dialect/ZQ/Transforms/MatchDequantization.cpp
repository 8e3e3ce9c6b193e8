//===- MatchDequantization.cpp - Dequantizing linalg.generics -------------===//
#include "Dequantization.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

using namespace mlir;
using namespace mlir::zq;

namespace {
/// A scalar of the body, traced to what it is an element of.
struct Source {
  /// An operand of the op, or a scalar that is the same for all elements.
  Value value;
  /// Where the element is; null for such a scalar.
  AffineMap map;
};

/// An integer of the body: a source, widened.
struct Integer : Source {
  bool isUnsigned = false;
  /// Whether it was widened at all.
  bool isWidened = false;
};

/// What the body of a dequantizing op computes.
struct Body {
  Integer code;
  Source scale;
  /// Null value: no zero point.
  Integer zero;
};
} // namespace

static std::optional<Source> trace(Value scalar, linalg::GenericOp op) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  if (!argument || argument.getOwner() != op.getBody()) {
    // What the body computes itself is no source, except for constants.
    Operation *definition = scalar.getDefiningOp();
    if (definition && definition->getBlock() == op.getBody() &&
        !definition->hasTrait<OpTrait::ConstantLike>())
      return std::nullopt;
    return Source{scalar, AffineMap()};
  }
  if (static_cast<int64_t>(argument.getArgNumber()) >= op.getNumDpsInputs())
    return std::nullopt;
  OpOperand *operand = op.getDpsInputOperand(argument.getArgNumber());
  if (!isa<RankedTensorType>(operand->get().getType()))
    return Source{operand->get(), AffineMap()};
  return Source{operand->get(), op.getMatchingIndexingMap(operand)};
}

/// Reads through extsi and extui.
static std::optional<Integer> traceInteger(Value scalar, linalg::GenericOp op) {
  // The innermost extension says how the value is meant; those after it keep
  // what it gave, but for a signed value that is then taken for unsigned.
  Integer result;
  bool isOuterUnsigned = false;
  while (true) {
    if (auto extension = scalar.getDefiningOp<arith::ExtSIOp>()) {
      isOuterUnsigned |= result.isWidened && result.isUnsigned;
      result.isUnsigned = false;
      scalar = extension.getIn();
    } else if (auto extension = scalar.getDefiningOp<arith::ExtUIOp>()) {
      result.isUnsigned = true;
      scalar = extension.getIn();
    } else {
      break;
    }
    result.isWidened = true;
  }
  if (isOuterUnsigned && !result.isUnsigned)
    return std::nullopt;
  auto source = trace(scalar, op);
  if (!source || !isa<IntegerType>(scalar.getType()))
    return std::nullopt;
  static_cast<Source &>(result) = *source;
  return result;
}

/// Reads through sitofp or uitofp. The value is kept, and not just its bits.
static std::optional<Integer> traceConverted(Value scalar,
                                             linalg::GenericOp op) {
  if (auto conversion = scalar.getDefiningOp<arith::SIToFPOp>()) {
    // Also of an unsigned value, which is positive once it was widened.
    return traceInteger(conversion.getIn(), op);
  }
  if (auto conversion = scalar.getDefiningOp<arith::UIToFPOp>()) {
    auto result = traceInteger(conversion.getIn(), op);
    if (!result || (result->isWidened && !result->isUnsigned))
      return std::nullopt;
    result->isUnsigned = true;
    return result;
  }
  return std::nullopt;
}

/// A zero point that is a float: a constant integer, or an integer converted.
static std::optional<Integer> traceFloatZero(Value scalar,
                                             linalg::GenericOp op) {
  if (auto converted = traceConverted(scalar, op))
    return converted;
  auto source = trace(scalar, op);
  if (!source)
    return std::nullopt;
  Integer result;
  static_cast<Source &>(result) = *source;
  return result;
}

/// `code`, `code - zero` on floats, or on integers before the conversion.
static bool traceCodes(Value scalar, linalg::GenericOp op, Body &body) {
  if (auto difference = scalar.getDefiningOp<arith::SubFOp>()) {
    auto code = traceConverted(difference.getLhs(), op);
    auto zero = traceFloatZero(difference.getRhs(), op);
    if (!code || !zero)
      return false;
    body.code = *code, body.zero = *zero;
    return true;
  }
  if (auto conversion = scalar.getDefiningOp<arith::SIToFPOp>())
    if (auto difference = conversion.getIn().getDefiningOp<arith::SubIOp>()) {
      auto code = traceInteger(difference.getLhs(), op);
      auto zero = traceInteger(difference.getRhs(), op);
      // Of values of 8 bits, a difference of 16 does not wrap.
      if (!code || !zero || !code->isWidened ||
          difference.getType().getIntOrFloatBitWidth() < 16)
        return false;
      body.code = *code, body.zero = *zero;
      return true;
    }
  auto code = traceConverted(scalar, op);
  if (!code)
    return false;
  body.code = *code;
  return true;
}

/// The dimensions along which a parameter varies. Fails unless it has their
/// values in the order of the loops.
static std::optional<SmallVector<bool>> getVarying(const Source &source,
                                                   ArrayRef<int64_t> shape) {
  SmallVector<bool> varies(shape.size(), false);
  if (!source.map)
    return varies;
  int64_t last = -1;
  for (AffineExpr expr : source.map.getResults()) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      if (constant.getValue() != 0)
        return std::nullopt;
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || static_cast<int64_t>(dim.getPosition()) <= last)
      return std::nullopt;
    last = dim.getPosition();
    varies[last] = true;
  }
  // An index that is a constant must be the only one, or values would be left
  // out.
  int64_t count = 1;
  for (auto [size, is] : llvm::zip(shape, varies))
    count *= is ? size : 1;
  if (cast<RankedTensorType>(source.value.getType()).getNumElements() != count)
    return std::nullopt;
  return varies;
}

/// The values of a source where they are known.
static DenseElementsAttr getConstant(Value value) {
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return dense;
  if (auto typed = dyn_cast<TypedAttr>(attr))
    if (isa<FloatAttr, IntegerAttr>(attr))
      return DenseElementsAttr::get(RankedTensorType::get({}, typed.getType()),
                                    attr);
  return {};
}

/// Constant floats that are integers, as i32; null where they are not.
static DenseElementsAttr toIntegers(DenseElementsAttr floats) {
  Type i32 = IntegerType::get(floats.getContext(), 32);
  SmallVector<APInt> values;
  for (APFloat value : floats.getValues<APFloat>()) {
    APSInt integer(32, /*isUnsigned=*/false);
    bool isExact = false;
    value.convertToInteger(integer, APFloat::rmTowardZero, &isExact);
    // -0 is not exact as an integer, but as a zero point it is 0.
    if (!isExact && !value.isZero())
      return {};
    values.push_back(integer);
  }
  return DenseElementsAttr::get(
      cast<RankedTensorType>(floats.getType()).clone(i32), values);
}

/// Whether the op's loops run over the elements of its result in order.
static bool isElementwise(linalg::GenericOp op) {
  if (op.getNumResults() != 1 || op.getNumParallelLoops() != op.getNumLoops())
    return false;
  auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  return type && type.hasStaticShape() && type.getRank() > 0 &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() &&
         llvm::all_of(op.getInputs(), [](Value input) {
           auto tensor = dyn_cast<RankedTensorType>(input.getType());
           return tensor ? tensor.hasStaticShape()
                         : input.getType().isIntOrFloat();
         });
}

/// Whether `(code - zero) * scale` in `type` equals the reference's f32
/// arithmetic, rounded to `type` at its end. All integers have 8 bits at most.
static bool isExactIn(Type type, unsigned bits, bool hasZero) {
  // f16 holds the difference of two such integers; its product with an f16
  // scale is exact in f32. bf16 holds integers up to 256 only.
  return type.isF32() || type.isF16() ||
         (type.isBF16() && (!hasZero || bits < 8));
}

std::optional<Dequantization>
mlir::zq::matchDequantization(linalg::GenericOp op) {
  if (!isElementwise(op))
    return std::nullopt;
  auto result = cast<RankedTensorType>(op.getResult(0).getType());
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  // A rounding at the very end is the reference's own.
  if (auto rounding = yielded.getDefiningOp<arith::TruncFOp>()) {
    if (rounding.getRoundingmode() || !rounding.getIn().getType().isF32())
      return std::nullopt;
    yielded = rounding.getIn();
  }
  auto product = yielded.getDefiningOp<arith::MulFOp>();
  if (!product)
    return std::nullopt;

  Body body;
  Value scale = product.getRhs();
  if (!traceCodes(product.getLhs(), op, body)) {
    scale = product.getLhs();
    if (!traceCodes(product.getRhs(), op, body))
      return std::nullopt;
  }
  // A scale that is widened to f32 is stored as it was before.
  if (auto extension = scale.getDefiningOp<arith::ExtFOp>())
    if (extension.getType().isF32())
      scale = extension.getIn();
  auto scaleSource = trace(scale, op);
  if (!scaleSource || scale.getType().isF64() ||
      !toReferenceType(scale.getType()))
    return std::nullopt;
  body.scale = *scaleSource;

  // The codes: a tensor, read in order.
  if (!body.code.map || !body.code.map.isIdentity())
    return std::nullopt;
  unsigned bits =
      getElementTypeOrSelf(body.code.value.getType()).getIntOrFloatBitWidth();
  if (bits > 8 || !isExactIn(product.getType(), bits, !!body.zero.value) ||
      !isExactIn(result.getElementType(), bits, false))
    return std::nullopt;

  Dequantization found;
  found.codes = body.code.value;
  found.isUnsigned = body.code.isUnsigned;
  found.shape.assign(result.getShape().begin(), result.getShape().end());
  found.element = result.getElementType();
  found.stored = scale.getType();
  found.scale = {body.scale.value, getConstant(body.scale.value)};
  auto varying = getVarying(body.scale, found.shape);
  if (!varying)
    return std::nullopt;

  if (body.zero.value) {
    found.zero = {body.zero.value, getConstant(body.zero.value),
                  body.zero.isUnsigned};
    if (!isa<IntegerType>(getElementTypeOrSelf(body.zero.value.getType()))) {
      // A float zero point is one only where it is known to be an integer.
      if (found.zero.constant)
        found.zero.constant = toIntegers(found.zero.constant);
      if (!found.zero.constant)
        return std::nullopt;
    }
    auto zeroVarying = getVarying(body.zero, found.shape);
    if (!zeroVarying)
      return std::nullopt;
    // One value for all goes with blocks of any size.
    auto isOne = [](const BlockParameter &parameter) {
      return parameter.constant
                 ? parameter.constant.isSplat()
                 : !isa<RankedTensorType>(parameter.value.getType());
    };
    if (*zeroVarying != *varying) {
      if (isOne(found.scale))
        varying = zeroVarying;
      else if (!isOne(found.zero))
        return std::nullopt;
    }
  }

  // A factor for every element is no scale: nothing would be shared.
  bool isShared = false;
  for (auto [size, varies] : llvm::zip(found.shape, *varying)) {
    isShared |= !varies && size != 1;
    found.block.push_back(varies ? 1 : 0);
  }
  if (!isShared)
    return std::nullopt;
  return found;
}
