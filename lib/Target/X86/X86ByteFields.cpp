//===- X86ByteFields.cpp - Floats put together from fields in bytes -------===//
//
// A bf16 whose bits are shifted and masked fields of bytes, as a stage that
// splits floats leaves it, widened to f32. Both bytes of a bf16 are made by
// arithmetic on bytes, 64 to a register, and meet in words by unpacking within
// 128 bits; the upper and the lower word of 32 bits are f32s after a mask and a
// shift. The order that this gives is made up for by a permute of what comes
// in: no step has less than a whole register of values.
//
//===----------------------------------------------------------------------===//
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;

/// `bits` shifted up, or down where `shift` is negative.
static uint32_t shiftUp(uint32_t bits, int64_t shift) {
  return shift >= 0 ? bits << shift : bits >> -shift;
}

namespace {

/// The bits `mask` of a word, from `bytes` shifted up by `shift`.
struct Field {
  Value bytes;
  int64_t shift;
  uint32_t mask;
};

struct WidenByteFields : OpRewritePattern<arith::ExtFOp> {
  WidenByteFields(MLIRContext *context, int64_t bytes)
      : OpRewritePattern(context, /*benefit=*/2), bytes(bytes) {}

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &b) const override;

  /// Bytes of a register.
  int64_t bytes;
};

} // namespace

static std::optional<uint32_t> getSplat(Value value) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant)))
    return std::nullopt;
  return constant.getZExtValue();
}

/// The fields whose union is `value`, shifted up by `shift`, in the bits of
/// `mask`.
static LogicalResult findFields(Value value, int64_t shift, uint32_t mask,
                                SmallVectorImpl<Field> &fields) {
  Operation *op = value.getDefiningOp();
  unsigned width = getElementTypeOrSelf(value).getIntOrFloatBitWidth();
  mask &= shiftUp(llvm::maskTrailingOnes<uint32_t>(width), shift);
  if (auto either = dyn_cast_or_null<arith::OrIOp>(op))
    return success(
        succeeded(findFields(either.getLhs(), shift, mask, fields)) &&
        succeeded(findFields(either.getRhs(), shift, mask, fields)));
  if (auto both = dyn_cast_or_null<arith::AndIOp>(op)) {
    auto bits = getSplat(both.getRhs());
    return bits ? findFields(both.getLhs(), shift, mask & shiftUp(*bits, shift),
                             fields)
                : failure();
  }
  if (auto up = dyn_cast_or_null<arith::ShLIOp>(op)) {
    auto by = getSplat(up.getRhs());
    return by && shift + *by < 32
               ? findFields(up.getLhs(), shift + *by, mask, fields)
               : failure();
  }
  if (auto wide = dyn_cast_or_null<arith::ExtUIOp>(op))
    return findFields(wide.getIn(), shift, mask, fields);
  if (width != 8)
    return failure();
  fields.push_back({value, shift, mask});
  return success();
}

/// Byte `place` of the words that have `fields`, as a vector of bytes.
static Value emitByte(PatternRewriter &b, Location loc, ArrayRef<Field> fields,
                      int place) {
  Value result;
  for (const Field &field : fields) {
    uint32_t mask = (field.mask >> 8 * place) & 0xff;
    if (!mask)
      continue;
    auto type = cast<VectorType>(field.bytes.getType());
    auto splat = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(
          b, loc,
          DenseElementsAttr::get(
              type, Attribute(b.getI8IntegerAttr(static_cast<int8_t>(value)))));
    };
    int64_t shift = field.shift - 8 * place;
    Value bits = field.bytes;
    if (shift > 0)
      bits = arith::ShLIOp::create(b, loc, bits, splat(shift));
    else if (shift < 0)
      bits = arith::ShRUIOp::create(b, loc, bits, splat(-shift));
    if (mask != (shiftUp(0xff, shift) & 0xff))
      bits = arith::AndIOp::create(b, loc, bits, splat(mask));
    result =
        result ? arith::OrIOp::create(b, loc, result, bits).getResult() : bits;
  }
  return result;
}

LogicalResult WidenByteFields::matchAndRewrite(arith::ExtFOp op,
                                               PatternRewriter &b) const {
  auto type = dyn_cast<VectorType>(op.getType());
  auto source = op.getIn().getDefiningOp<arith::BitcastOp>();
  if (!type || type.getRank() != 1 || type.isScalable() || !source ||
      type.getNumElements() % bytes || !type.getElementType().isF32() ||
      !getElementTypeOrSelf(op.getIn()).isBF16())
    return failure();
  SmallVector<Field> fields;
  if (failed(findFields(source.getIn(), 16, 0xffff0000, fields)))
    return failure();

  Location loc = op.getLoc();
  auto words = VectorType::get(bytes / 4, b.getI32Type());
  auto floats = VectorType::get(bytes / 4, b.getF32Type());
  auto splat = [&](uint32_t value) -> Value {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(words, APInt(32, value)));
  };
  // Where the byte comes from that ends in half `half` of word `word` of
  // 128-bit lane `lane`, among the lower ones that are unpacked or the upper.
  auto getSource = [&](int64_t lane, int64_t word, int64_t half,
                       int64_t isUpper) {
    return (2 * isUpper + half) * bytes / 4 + 4 * lane + word;
  };
  SmallVector<int64_t> order, unpack[2];
  for (int64_t lane = 0; lane < bytes / 16; ++lane)
    for (int64_t isUpper : {0, 1})
      for (int64_t place = 0; place < 8; ++place) {
        order.push_back(getSource(lane, place / 2, place % 2, isUpper));
        int64_t at = 16 * lane + 8 * isUpper + place;
        unpack[isUpper].append({at, bytes + at});
      }

  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t begin = 0; begin < type.getNumElements(); begin += bytes) {
    llvm::MapVector<Value, Value> permuted;
    SmallVector<Field> here(fields);
    for (Field &field : here) {
      Value &found = permuted[field.bytes];
      if (!found) {
        SmallVector<int64_t> from(order);
        for (int64_t &place : from)
          place += begin;
        found =
            vector::ShuffleOp::create(b, loc, field.bytes, field.bytes, from);
      }
      field.bytes = found;
    }
    Value lower = emitByte(b, loc, here, 2), upper = emitByte(b, loc, here, 3);
    if (!lower || !upper)
      return failure();
    for (int64_t isUpper : {0, 1}) {
      Value pairs = vector::BitCastOp::create(
          b, loc, words,
          vector::ShuffleOp::create(b, loc, lower, upper, unpack[isUpper]));
      Value halves[] = {
          arith::ShLIOp::create(b, loc, pairs, splat(16)),
          arith::AndIOp::create(b, loc, pairs, splat(0xffff0000))};
      for (int64_t half : {0, 1})
        result = vector::InsertStridedSliceOp::create(
            b, loc, arith::BitcastOp::create(b, loc, floats, halves[half]),
            result, ArrayRef<int64_t>{begin + getSource(0, 0, half, isUpper)},
            ArrayRef<int64_t>{1});
    }
  }
  b.replaceOp(op, result);
  return success();
}

void mlir::zq::populateX86ByteFieldPatterns(RewritePatternSet &patterns,
                                            X86ByteUnits units) {
  patterns.add<WidenByteFields>(patterns.getContext(), units.bytes);
}
