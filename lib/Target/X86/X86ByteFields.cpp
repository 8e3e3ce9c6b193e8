//===- X86ByteFields.cpp - Floats put together from fields in bytes -------===//
//
// A bf16 whose bits are shifted and masked fields of bytes, as a stage that
// splits floats leaves it: stored, multiplied, or widened to f32. Both bytes of
// a bf16 are made by arithmetic on bytes, 64 to a register, and meet in words
// by unpacking within 128 bits; the upper and the lower word of 32 bits are
// f32s after a mask and a shift. The order that this gives is made up for by a
// permute of what comes in, or by one of both bytes in place of the unpacking
// where the CPU has such; in sums of products of which only the whole sum
// counts, by the same order of what the floats are multiplied with. No step has
// less than a whole register of values.
//
//===----------------------------------------------------------------------===//
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#include <array>

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
  /// Whether the bytes are rotated so that nothing is left to shift.
  bool isRotated = false;
};

/// To f32.
struct WidenByteFields : OpRewritePattern<arith::ExtFOp> {
  WidenByteFields(MLIRContext *context, X86ByteUnits units)
      : OpRewritePattern(context, /*benefit=*/2), units(units) {}

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &b) const override;

  X86ByteUnits units;
};

/// As they are.
struct JoinByteFields : OpRewritePattern<arith::BitcastOp> {
  JoinByteFields(MLIRContext *context, X86ByteUnits units)
      : OpRewritePattern(context, /*benefit=*/1), units(units) {}

  LogicalResult matchAndRewrite(arith::BitcastOp op,
                                PatternRewriter &b) const override;

  X86ByteUnits units;
};

/// In the order in which unpacking leaves them: what they are multiplied with
/// is put into the same one, which all rows that are multiplied with it share.
struct DotByteFields : OpRewritePattern<DotOp> {
  DotByteFields(MLIRContext *context, X86ByteUnits units)
      : OpRewritePattern(context, /*benefit=*/30), units(units) {}

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override;

  X86ByteUnits units;
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

/// Rotates fields that lie across both bytes of the upper half of 32 bits: all
/// bits are at their places then, for each byte to choose its own from, in one
/// operation with those of another field, where it would be shifted for each.
static void rotateSplitFields(PatternRewriter &b, Location loc,
                              MutableArrayRef<Field> fields) {
  // Alone, a shift leaves nothing to choose.
  if (fields.size() == 1)
    return;
  for (Field &field : fields) {
    const int64_t by = field.shift - 16;
    if (by <= 0 || by >= 8 || !(field.mask & 0x00ff0000) ||
        !(field.mask & 0xff000000))
      continue;
    auto type = cast<VectorType>(field.bytes.getType());
    field.bytes = LLVM::FshlOp::create(b, loc, type, field.bytes, field.bytes,
                                       splat(b, loc, type, by));
    field.isRotated = true;
  }
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
    int64_t shift = field.isRotated ? 0 : field.shift - 8 * place;
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

/// The fields of a vector of bf16 that is `words` taken for floats, in the
/// upper half of 32 bits; both bytes have some.
static LogicalResult findFloatFields(arith::BitcastOp words,
                                     SmallVectorImpl<Field> &fields) {
  if (failed(findFields(words.getIn(), 16, 0xffff0000, fields)))
    return failure();
  uint32_t all = 0;
  for (const Field &field : fields)
    all |= field.mask;
  return success(all & 0x00ff0000 && all & 0xff000000);
}

/// Whether `type` is of floats that fill registers of `bytes` bytes, a byte of
/// each float in one.
static bool isOfWholeRegisters(Type type, int64_t bytes) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && vector.getRank() == 1 && !vector.isScalable() &&
         vector.getNumElements() % bytes == 0;
}

/// Puts both bytes of `bytes` floats together, the first one number `begin`:
/// two vectors of words. `getSource(lane, place, isUpper)` is the float, from
/// `begin` on, whose word is to be at `place` of a 128-bit lane of the first
/// one or the second.
static std::array<Value, 2>
emitWords(PatternRewriter &b, Location loc, ArrayRef<Field> fields,
          int64_t begin, X86ByteUnits units,
          function_ref<int64_t(int64_t lane, int64_t place, int64_t isUpper)>
              getSource) {
  int64_t bytes = units.bytes;
  SmallVector<int64_t> order, unpack[2];
  for (int64_t lane = 0; lane < bytes / 16; ++lane)
    for (int64_t isUpper : {0, 1})
      for (int64_t place = 0; place < 8; ++place) {
        int64_t at = 16 * lane + 8 * isUpper + place;
        int64_t source = getSource(lane, place, isUpper);
        // Any byte of two registers is as cheap as unpacking them.
        order.push_back(begin + (units.hasVBMI ? at : source));
        int64_t from = units.hasVBMI ? source : at;
        unpack[isUpper].append({from, bytes + from});
      }
  llvm::MapVector<Value, Value> permuted;
  SmallVector<Field> here(fields);
  for (Field &field : here) {
    Value &found = permuted[field.bytes];
    if (!found)
      found =
          vector::ShuffleOp::create(b, loc, field.bytes, field.bytes, order);
    field.bytes = found;
  }
  if (units.hasVBMI)
    rotateSplitFields(b, loc, here);
  Value lower = emitByte(b, loc, here, 2), upper = emitByte(b, loc, here, 3);
  return {vector::ShuffleOp::create(b, loc, lower, upper, unpack[0]),
          vector::ShuffleOp::create(b, loc, lower, upper, unpack[1])};
}

LogicalResult WidenByteFields::matchAndRewrite(arith::ExtFOp op,
                                               PatternRewriter &b) const {
  auto source = op.getIn().getDefiningOp<arith::BitcastOp>();
  SmallVector<Field> fields;
  if (!source || !isOfWholeRegisters(op.getType(), units.bytes) ||
      !getElementTypeOrSelf(op.getType()).isF32() ||
      !getElementTypeOrSelf(op.getIn()).isBF16() ||
      failed(findFloatFields(source, fields)))
    return failure();

  Location loc = op.getLoc();
  int64_t bytes = units.bytes;
  auto type = cast<VectorType>(op.getType());
  auto words = VectorType::get(bytes / 4, b.getI32Type());
  auto floats = VectorType::get(bytes / 4, b.getF32Type());
  auto splat = [&](uint32_t value) -> Value {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(words, APInt(32, value)));
  };
  // The lower words of all 32 bits are a quarter of the floats in order.
  auto getSource = [&](int64_t lane, int64_t place, int64_t isUpper) {
    return (2 * isUpper + place % 2) * bytes / 4 + 4 * lane + place / 2;
  };
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t begin = 0; begin < type.getNumElements(); begin += bytes) {
    auto halves = emitWords(b, loc, fields, begin, units, getSource);
    int64_t at = begin;
    for (Value pairs : halves) {
      pairs = vector::BitCastOp::create(b, loc, words, pairs);
      Value lower = arith::ShLIOp::create(b, loc, pairs, splat(16));
      Value upper = arith::AndIOp::create(b, loc, pairs, splat(0xffff0000));
      for (Value bits : {lower, upper}) {
        result = vector::InsertStridedSliceOp::create(
            b, loc, arith::BitcastOp::create(b, loc, floats, bits), result,
            ArrayRef<int64_t>{at}, ArrayRef<int64_t>{1});
        at += bytes / 4;
      }
    }
  }
  b.replaceOp(op, result);
  return success();
}

/// The bf16 values that have `fields`, of `type`, 128 bits at a time in an
/// order of `getSource`'s: see `emitWords`.
static Value
emitBF16(PatternRewriter &b, Location loc, VectorType type,
         ArrayRef<Field> fields, X86ByteUnits units,
         function_ref<int64_t(int64_t lane, int64_t place, int64_t isUpper)>
             getSource) {
  int64_t bytes = units.bytes;
  auto floats = VectorType::get(bytes / 2, b.getBF16Type());
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t begin = 0; begin < type.getNumElements(); begin += bytes) {
    auto halves = emitWords(b, loc, fields, begin, units, getSource);
    for (int64_t i : {0, 1})
      result = vector::InsertStridedSliceOp::create(
          b, loc, vector::BitCastOp::create(b, loc, floats, halves[i]), result,
          ArrayRef<int64_t>{begin + i * bytes / 2}, ArrayRef<int64_t>{1});
  }
  return result;
}

LogicalResult DotByteFields::matchAndRewrite(DotOp op,
                                             PatternRewriter &b) const {
  auto type = cast<VectorType>(op.getLhs().getType());
  if (!op.getAnyLane() || !op.isOfBF16() ||
      !isOfWholeRegisters(type, units.bytes))
    return failure();
  SmallVector<Field> fields;
  auto find = [&](Value value) {
    auto words = value.getDefiningOp<arith::BitcastOp>();
    return words && succeeded(findFloatFields(words, fields));
  };
  Value other = op.getRhs();
  if (!find(op.getLhs())) {
    other = op.getLhs();
    fields.clear();
    if (!find(op.getRhs()))
      return failure();
  }

  // Unpacking takes eight bytes of each 16 to one half, and eight to the other.
  auto getSource = [](int64_t lane, int64_t place, int64_t isUpper) {
    return 16 * lane + 8 * isUpper + place;
  };
  SmallVector<int64_t> order;
  for (int64_t begin = 0; begin < type.getNumElements(); begin += units.bytes)
    for (int64_t isUpper : {0, 1})
      for (int64_t i = 0; i < units.bytes / 2; ++i)
        order.push_back(begin + getSource(i / 8, i % 8, isUpper));
  Location loc = op.getLoc();
  Value mine = emitBF16(b, loc, type, fields, units, getSource);
  other = vector::ShuffleOp::create(b, loc, other, other, order);
  b.replaceOpWithNewOp<DotOp>(op, mine, other, op.getInit());
  return success();
}

LogicalResult JoinByteFields::matchAndRewrite(arith::BitcastOp op,
                                              PatternRewriter &b) const {
  SmallVector<Field> fields;
  bool isTakenAsIs = llvm::all_of(op->getUsers(), [](Operation *user) {
    // Dots may be taken apart to registers already, but for those that take
    // the fields themselves.
    auto dot = dyn_cast<DotOp>(user);
    return isa<vector::TransferWriteOp, vector::ShuffleOp>(user) ||
           (dot && !dot.getAnyLane());
  });
  if (!isTakenAsIs || !isOfWholeRegisters(op.getType(), units.bytes) ||
      !getElementTypeOrSelf(op.getType()).isBF16() ||
      failed(findFloatFields(op, fields)))
    return failure();

  auto getSource = [&](int64_t lane, int64_t place, int64_t isUpper) {
    return isUpper * units.bytes / 2 + 8 * lane + place;
  };
  b.replaceOp(op, emitBF16(b, op.getLoc(), cast<VectorType>(op.getType()),
                           fields, units, getSource));
  return success();
}

void mlir::zq::populateX86ByteFieldPatterns(RewritePatternSet &patterns,
                                            X86ByteUnits units) {
  patterns.add<WidenByteFields, JoinByteFields, DotByteFields>(
      patterns.getContext(), units);
}
