//===- LowerVectorOps.cpp - zq's vector ops for NVIDIA's GPUs -------------===//
//
// A GPU has no vectors: a vector here is a thread's registers, and what counts
// is the number of 32-bit instructions. Bits come out of words by shifts, and
// small tables that follow a rule are computed, since every lane that loads
// from another address takes its turn.
//
//===----------------------------------------------------------------------===//
#include "KernelVectors.h"
#include "PackedTables.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Target/Target.h"
#include "llvm/ADT/bit.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_LOWERVECTOROPSTONVVM
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

static int64_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }

/// The exponent of 2^23, where a float's last digit is one.
static constexpr int64_t magic = 0x4b000000;

//===----------------------------------------------------------------------===//
// Tables that follow a rule
//===----------------------------------------------------------------------===//

namespace {

/// table[c] = ((c ^ flip) - offset) * unit, in f32 with one rounding at most.
struct IntegerTable {
  uint32_t flip;
  int64_t offset;
  float unit;

  float at(uint32_t code) const {
    float whole =
        llvm::bit_cast<float>(static_cast<uint32_t>(magic) | (code ^ flip));
    return (whole - static_cast<float>((1 << 23) + offset)) * unit;
  }
};

/// table[c] is a float of few bits: an exponent whose lowest value is that of
/// subnormals, and a mantissa. Its bits are moved to where f32 has them, which
/// makes a number 2^shift times as small. Codes from `firstNaN` on are NaNs.
struct FloatTable {
  int bits, mantissa;
  bool hasSign;
  int shift;
  uint32_t firstNaN;

  uint32_t magnitude(uint32_t code) const {
    return hasSign ? code & ((1u << (bits - 1)) - 1) : code;
  }
  float at(uint32_t code) const {
    uint32_t small = magnitude(code);
    uint32_t moved = small << (23 - mantissa);
    if (hasSign)
      moved |= (code >> (bits - 1)) << 31;
    if (small >= firstNaN)
      return llvm::bit_cast<float>(0x7fc00000 | (moved & 0x80000000));
    return llvm::bit_cast<float>(moved) * std::ldexp(1.0f, shift);
  }
};

} // namespace

template <typename Rule>
static bool follows(ArrayRef<float> table, const Rule &rule) {
  for (auto [code, value] : llvm::enumerate(table))
    if (bitsOf(rule.at(code)) != bitsOf(value))
      return false;
  return true;
}

static std::optional<IntegerTable> findIntegers(ArrayRef<float> table) {
  uint32_t half = table.size() / 2;
  if (half == 0 || table.size() > 256)
    return std::nullopt;
  for (uint32_t flip : {0u, half}) {
    float unit = table[1 ^ flip] - table[0 ^ flip];
    float offset = -table[0 ^ flip] / unit;
    if (!(std::fabs(offset) <= 512) || std::nearbyint(offset) != offset)
      continue;
    IntegerTable rule{flip, static_cast<int64_t>(offset), unit};
    if (follows(table, rule))
      return rule;
  }
  return std::nullopt;
}

static std::optional<FloatTable> findFloats(ArrayRef<float> table) {
  if (!llvm::isPowerOf2_64(table.size()) || table.size() > 256)
    return std::nullopt;
  int bits = llvm::Log2_64(table.size());
  for (bool hasSign : {true, false})
    for (int mantissa = 0; mantissa + hasSign < bits; ++mantissa) {
      // The least normal number has the exponent 1.
      float least = table[size_t(1) << mantissa];
      if (!(least > 0) || !std::isfinite(least))
        continue;
      int shift = std::ilogb(least) + 126;
      if (shift < -126 || shift > 127)
        continue;
      uint32_t none = 1u << bits;
      uint32_t last = (1u << (bits - hasSign)) - 1;
      for (uint32_t firstNaN : {none, last}) {
        FloatTable rule{bits, mantissa, hasSign, shift, firstNaN};
        if (follows(table, rule))
          return rule;
      }
    }
  return std::nullopt;
}

/// `codes`, i32 below the table's size, as the values of a table that follows a
/// rule.
static Value emitTable(OpBuilder &b, Location loc, Value codes,
                       ArrayRef<float> table) {
  Type i32 = codes.getType(), f32 = withElement(i32, b.getF32Type());
  auto integer = [&](int64_t value) { return splat(b, loc, i32, value); };
  auto number = [&](float value) { return splatFloat(b, loc, f32, value); };
  if (auto rule = findIntegers(table)) {
    if (rule->flip)
      codes = arith::XOrIOp::create(b, loc, codes, integer(rule->flip));
    codes = arith::OrIOp::create(b, loc, codes, integer(magic));
    Value value = arith::BitcastOp::create(b, loc, f32, codes);
    value =
        arith::SubFOp::create(b, loc, value, number((1 << 23) + rule->offset));
    if (rule->unit == 1)
      return value;
    return arith::MulFOp::create(b, loc, value, number(rule->unit));
  }
  auto rule = findFloats(table);
  Value small = codes;
  int magnitudeBits = rule->bits - rule->hasSign;
  if (rule->hasSign)
    small =
        arith::AndIOp::create(b, loc, codes, integer((1 << magnitudeBits) - 1));
  Value moved =
      arith::ShLIOp::create(b, loc, small, integer(23 - rule->mantissa));
  Value sign;
  if (rule->hasSign) {
    sign = arith::ShLIOp::create(b, loc, codes, integer(32 - rule->bits));
    sign = arith::AndIOp::create(b, loc, sign, integer(0x80000000));
    moved = arith::OrIOp::create(b, loc, moved, sign);
  }
  Value value = arith::BitcastOp::create(b, loc, f32, moved);
  value = arith::MulFOp::create(b, loc, value,
                                number(std::ldexp(1.0f, rule->shift)));
  if (rule->firstNaN >> rule->bits)
    return value;
  Value nan = integer(0x7fc00000);
  if (sign)
    nan = arith::OrIOp::create(b, loc, nan, sign);
  Value isNaN = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, small,
                                      integer(rule->firstNaN));
  return arith::SelectOp::create(
      b, loc, isNaN, arith::BitcastOp::create(b, loc, f32, nan), value);
}

/// Whether `emitTable` can compute `table`.
static bool followsRule(ArrayRef<float> table) {
  return findIntegers(table) || findFloats(table);
}

/// The values of a constant of f32.
static std::optional<SmallVector<float>> getTable(Value value) {
  DenseElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) ||
      !attr.getElementType().isF32() || attr.getType().getRank() != 1)
    return std::nullopt;
  return llvm::to_vector(attr.getValues<float>());
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

struct LookupByRule : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto table = getTable(op.getTable());
    if (!table || !followsRule(*table))
      return failure();
    Location loc = op.getLoc();
    Value codes = op.getCodes();
    Type i32 = withElement(codes.getType(), b.getI32Type());
    if (codes.getType() != i32)
      codes = arith::ExtUIOp::create(b, loc, i32, codes);
    codes = arith::AndIOp::create(b, loc, codes,
                                  splat(b, loc, i32, table->size() - 1));
    b.replaceOp(op, emitTable(b, loc, codes, *table));
    return success();
  }
};

/// A longer table that follows no rule lies in memory once, and not in the
/// registers or on the stack of each thread.
struct LookupInArray : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    DenseElementsAttr attr;
    if (!matchPattern(op.getTable(), m_Constant(&attr)) ||
        attr.getNumElements() <= 4)
      return failure();
    Location loc = op.getLoc();
    auto type =
        RankedTensorType::get(attr.getType().getShape(), attr.getElementType());
    Value table = arith::ConstantOp::create(b, loc, type, attr.reshape(type));
    SmallVector<Value> found;
    for (int64_t i = 0; i < op.getType().getNumElements(); ++i) {
      Value code = vector::ExtractOp::create(b, loc, op.getCodes(), i);
      code = arith::AndIOp::create(
          b, loc, code,
          splat(b, loc, code.getType(), attr.getNumElements() - 1));
      code = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), code);
      found.push_back(tensor::ExtractOp::create(b, loc, table, code));
    }
    b.replaceOpWithNewOp<vector::FromElementsOp>(op, op.getType(), found);
    return success();
  }
};

/// A table that is read from a stream stays there.
struct LookupInStream : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto read = op.getTable().getDefiningOp<vector::TransferReadOp>();
    int64_t entries = op.getTable().getType().getNumElements();
    if (!read || !isa<RankedTensorType>(read.getBase().getType()) ||
        read.getMask() || read.hasOutOfBoundsDim() ||
        !read.getPermutationMap().isMinorIdentity() || entries <= 4)
      return failure();
    Location loc = op.getLoc();
    SmallVector<Value> found;
    for (int64_t i = 0; i < op.getType().getNumElements(); ++i) {
      Value code = vector::ExtractOp::create(b, loc, op.getCodes(), i);
      code = arith::AndIOp::create(b, loc, code,
                                   splat(b, loc, code.getType(), entries - 1));
      SmallVector<Value> place(read.getIndices());
      place.back() = arith::AddIOp::create(
          b, loc, place.back(),
          arith::IndexCastUIOp::create(b, loc, b.getIndexType(), code));
      found.push_back(tensor::ExtractOp::create(b, loc, read.getBase(), place));
    }
    b.replaceOpWithNewOp<vector::FromElementsOp>(op, op.getType(), found);
    return success();
  }
};

/// One entry of a table for all lanes, such as that of a scale's codes.
struct ExtractByRule : OpRewritePattern<tensor::ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractOp op,
                                PatternRewriter &b) const override {
    auto table = getTable(op.getTensor());
    if (!table || !followsRule(*table))
      return failure();
    Value code = arith::IndexCastUIOp::create(b, op.getLoc(), b.getI32Type(),
                                              op.getIndices().front());
    b.replaceOp(op, emitTable(b, op.getLoc(), code, *table));
    return success();
  }
};

/// Codes of which each lies within a 32-bit word.
struct UnpackWords : OpRewritePattern<UnpackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnpackOp op,
                                PatternRewriter &b) const override {
    int64_t bits = op.getBits();
    auto source = cast<VectorType>(op.getSource().getType());
    auto result = cast<VectorType>(op.getResult().getType());
    if (32 % bits || source.getNumElements() % 4 || bits >= 8)
      return failure();
    Location loc = op.getLoc();
    auto words = VectorType::get(source.getNumElements() / 4, b.getI32Type());
    Value packed = vector::BitCastOp::create(b, loc, words, op.getSource());
    Type i32 = b.getI32Type();
    SmallVector<Value> codes;
    for (int64_t i = 0; i < result.getNumElements(); ++i) {
      Value word = vector::ExtractOp::create(b, loc, packed, i * bits / 32);
      int64_t shift = i * bits % 32;
      if (shift)
        word = arith::ShRUIOp::create(b, loc, word, splat(b, loc, i32, shift));
      if (shift + bits < 32)
        word = arith::AndIOp::create(b, loc, word,
                                     splat(b, loc, i32, (1 << bits) - 1));
      codes.push_back(word);
    }
    Value all =
        vector::FromElementsOp::create(b, loc, result.clone(i32), codes);
    b.replaceOpWithNewOp<arith::TruncIOp>(op, result, all);
    return success();
  }
};

/// The position of an element that is known at run time only; null otherwise.
static Value getDynamicPosition(vector::ExtractOp op) {
  auto source = op.getSourceVectorType();
  return source.getRank() == 1 && op.getDynamicPosition().size() == 1
             ? op.getDynamicPosition().front()
             : nullptr;
}

/// An element that is known at run time only is found before all of them are
/// computed: registers have no numbers at run time, so that a vector would go
/// through memory.
struct ExtractBeforeComputing : OpRewritePattern<vector::ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ExtractOp op,
                                PatternRewriter &b) const override {
    Value position = getDynamicPosition(op);
    Operation *source = op.getSource().getDefiningOp();
    if (!position || !source || source->getNumResults() != 1)
      return failure();
    Location loc = op.getLoc();
    auto extract = [&](Value vector) -> Value {
      return vector::ExtractOp::create(b, loc, vector, OpFoldResult(position));
    };
    if (auto lookup = dyn_cast<LookupOp>(source)) {
      auto one = [](Value vector) {
        return VectorType::get(1, getElementTypeOrSelf(vector));
      };
      Value code = vector::FromElementsOp::create(
          b, loc, one(lookup.getCodes()), extract(lookup.getCodes()));
      Value found = LookupOp::create(b, loc, one(lookup.getResult()), code,
                                     lookup.getTable());
      b.replaceOpWithNewOp<vector::ExtractOp>(op, found, 0);
      return success();
    }
    if (!OpTrait::hasElementwiseMappableTraits(source) ||
        source->getNumRegions() || !isPure(source))
      return failure();
    SmallVector<Value> operands;
    for (Value operand : source->getOperands()) {
      DenseElementsAttr attr;
      bool isConstant = matchPattern(operand, m_Constant(&attr));
      if (isConstant && !attr.isSplat())
        return failure();
      if (isConstant)
        operand =
            arith::ConstantOp::create(b, loc, attr.getSplatValue<TypedAttr>());
      else if (isa<VectorType>(operand.getType()))
        operand = extract(operand);
      operands.push_back(operand);
    }
    Operation *one = b.create(loc, source->getName().getIdentifier(), operands,
                              op.getType(), source->getAttrs());
    b.replaceOp(op, one->getResults());
    return success();
  }
};

/// A code of a few bytes, which are a word to shift.
struct ExtractUnpacked : OpRewritePattern<vector::ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ExtractOp op,
                                PatternRewriter &b) const override {
    Value position = getDynamicPosition(op);
    auto unpack = op.getSource().getDefiningOp<UnpackOp>();
    if (!position || !unpack)
      return failure();
    int64_t numBytes = unpack.getSource().getType().getNumElements();
    if (numBytes > 8)
      return failure();
    Location loc = op.getLoc();
    SmallVector<Value> bytes;
    for (int64_t i = 0; i < numBytes; ++i)
      bytes.push_back(vector::ExtractOp::create(b, loc, unpack.getSource(), i));
    int64_t whole = numBytes > 4 ? 8 : 4;
    bytes.append(whole - numBytes, arith::ConstantIntOp::create(b, loc, 0, 8));
    Type word = b.getIntegerType(8 * whole);
    Value all = vector::FromElementsOp::create(
        b, loc, VectorType::get(whole, b.getI8Type()), bytes);
    all = vector::BitCastOp::create(b, loc, VectorType::get(1, word), all);
    all = vector::ExtractOp::create(b, loc, all, 0);
    Value shift = arith::IndexCastOp::create(b, loc, word, position);
    shift = arith::MulIOp::create(b, loc, shift,
                                  splat(b, loc, word, unpack.getBits()));
    Value code = arith::ShRUIOp::create(b, loc, all, shift);
    code = arith::AndIOp::create(
        b, loc, code, splat(b, loc, word, (1 << unpack.getBits()) - 1));
    b.replaceOpWithNewOp<arith::TruncIOp>(op, op.getType(), code);
    return success();
  }
};

/// Small integers as floats by the last digits of 2^23 + x: conversions take
/// as long as sixteen other instructions.
template <typename ConvertOp>
struct ConvertSmallInteger : OpRewritePattern<ConvertOp> {
  using OpRewritePattern<ConvertOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvertOp op,
                                PatternRewriter &b) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Location loc = op.getLoc();
    Value value = op.getIn();
    int64_t offset = 0;
    // x - c, of an x that is not negative.
    APInt constant;
    if (auto sub = value.getDefiningOp<arith::SubIOp>())
      if (matchPattern(sub.getRhs(), m_ConstantInt(&constant)) &&
          constant.abs().ult(1 << 20)) {
        value = sub.getLhs();
        offset = constant.getSExtValue();
      }
    Value bits;
    if (auto extended = value.getDefiningOp<arith::ExtUIOp>();
        extended && getElementTypeOrSelf(extended.getIn().getType())
                            .getIntOrFloatBitWidth() <= 16) {
      bits = value;
    } else if (auto right = value.getDefiningOp<arith::ShRSIOp>();
               right && !offset) {
      // The lowest bits of a word, with their sign.
      auto left = right.getLhs().template getDefiningOp<arith::ShLIOp>();
      APInt by, to;
      if (!left || !matchPattern(right.getRhs(), m_ConstantInt(&by)) ||
          !matchPattern(left.getRhs(), m_ConstantInt(&to)) || by != to ||
          by.ult(12) || by.uge(32))
        return failure();
      int64_t width = 32 - by.getZExtValue();
      Type type = value.getType();
      offset = int64_t(1) << (width - 1);
      bits =
          arith::AndIOp::create(b, loc, left.getLhs(),
                                splat(b, loc, type, (int64_t(1) << width) - 1));
      bits = arith::XOrIOp::create(b, loc, bits, splat(b, loc, type, offset));
    }
    if (!bits || !getElementTypeOrSelf(bits.getType()).isInteger(32))
      return failure();
    bits = arith::OrIOp::create(b, loc, bits,
                                splat(b, loc, bits.getType(), magic));
    Value whole = arith::BitcastOp::create(b, loc, op.getType(), bits);
    b.replaceOpWithNewOp<arith::SubFOp>(
        op, whole, splatFloat(b, loc, op.getType(), (1 << 23) + offset));
    return success();
  }
};

/// Whether `value` repeats elements of a shorter vector: `op(shuffle)`. Two do
/// the same where their masks are the same.
static vector::ShuffleOp getRepetition(Value value) {
  auto shuffle = value.getDefiningOp<vector::ShuffleOp>();
  if (!shuffle || shuffle.getV1() != shuffle.getV2() ||
      shuffle.getV1VectorType().getRank() != 1 ||
      shuffle.getV1VectorType().getNumElements() >=
          shuffle.getResultVectorType().getNumElements())
    return nullptr;
  return shuffle;
}

/// What is computed of repeated values, such as the scales of groups, is
/// computed once for each.
struct ComputeBeforeRepetition : RewritePattern {
  explicit ComputeBeforeRepetition(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &b) const override {
    if (!OpTrait::hasElementwiseMappableTraits(op) || op->getNumRegions() ||
        op->getNumResults() != 1 || !isPure(op))
      return failure();
    auto type = dyn_cast<VectorType>(op->getResult(0).getType());
    if (!type || type.getRank() != 1)
      return failure();
    vector::ShuffleOp first;
    for (Value operand : op->getOperands()) {
      auto repetition = getRepetition(operand);
      if (matchPattern(operand, m_Constant()) ||
          !isa<VectorType>(operand.getType()))
        continue;
      if (!repetition || (first && first.getMask() != repetition.getMask()) ||
          (first && first.getV1VectorType().getNumElements() !=
                        repetition.getV1VectorType().getNumElements()))
        return failure();
      first = repetition;
    }
    if (!first)
      return failure();
    int64_t count = first.getV1VectorType().getNumElements();
    SmallVector<DenseElementsAttr> splats;
    for (Value operand : op->getOperands()) {
      DenseElementsAttr attr;
      bool isVector = isa<VectorType>(operand.getType());
      if (isVector && matchPattern(operand, m_Constant(&attr)) &&
          !attr.isSplat())
        return failure();
      splats.push_back(attr);
    }
    SmallVector<Value> operands;
    for (auto [operand, splat] : llvm::zip(op->getOperands(), splats)) {
      if (splat)
        operands.push_back(arith::ConstantOp::create(
            b, op->getLoc(),
            splat.resizeSplat(VectorType::get(count, splat.getElementType()))));
      else if (auto repetition = getRepetition(operand))
        operands.push_back(repetition.getV1());
      else
        operands.push_back(operand);
    }
    Operation *less =
        b.create(op->getLoc(), op->getName().getIdentifier(), operands,
                 VectorType::get(count, type.getElementType()), op->getAttrs());
    b.replaceOpWithNewOp<vector::ShuffleOp>(
        op, less->getResult(0), less->getResult(0), first.getMask());
    return success();
  }
};

/// Codes that are repeated are looked up once.
struct LookupBeforeRepetition : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto repetition = getRepetition(op.getCodes());
    if (!repetition)
      return failure();
    auto type = VectorType::get(repetition.getV1VectorType().getShape(),
                                op.getType().getElementType());
    Value less = LookupOp::create(b, op.getLoc(), type, repetition.getV1(),
                                  op.getTable());
    b.replaceOpWithNewOp<vector::ShuffleOp>(op, less, less,
                                            repetition.getMask());
    return success();
  }
};

/// Entries that are exact in bf16 are found in pairs, and widened.
struct LookupInPairs : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto table = getTable(op.getTable());
    auto unpack = op.getCodes().getDefiningOp<UnpackOp>();
    auto element = b.getBF16Type();
    if (!table || !unpack || (size_t(1) << unpack.getBits()) != table->size() ||
        !findPackedTable(*table, element, unpack.getBits()))
      return failure();
    SmallVector<APFloat> narrow;
    for (float entry : *table) {
      bool isInexact;
      narrow.emplace_back(entry).convert(element.getFloatSemantics(),
                                         APFloat::rmNearestTiesToEven,
                                         &isInexact);
      if (isInexact)
        return failure();
    }
    Location loc = op.getLoc();
    auto type = VectorType::get(static_cast<int64_t>(narrow.size()), element);
    Value constant =
        arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, narrow));
    Value pairs = LookupOp::create(b, loc, op.getType().clone(element),
                                   op.getCodes(), constant);
    b.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), pairs);
    return success();
  }
};

/// A 16-bit float that was widened; NaNs may keep what they carry.
struct RoundWidened : OpRewritePattern<LLVM::FPTruncOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LLVM::FPTruncOp op,
                                PatternRewriter &b) const override {
    auto widened = op.getArg().getDefiningOp<arith::ExtFOp>();
    if (!widened || widened.getIn().getType() != op.getType())
      return failure();
    b.replaceOp(op, widened.getIn());
    return success();
  }
};

struct LowerVectorOpsToNVVMPass
    : mlir::zq::impl::LowerVectorOpsToNVVMBase<LowerVectorOpsToNVVMPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    // Tables as they are wanted, before they become instructions.
    RewritePatternSet tables(context);
    populateShufflePatterns(tables);
    tables.add<ComputeBeforeRepetition, LookupBeforeRepetition, LookupInPairs,
               RoundWidened, ExtractBeforeComputing, ExtractUnpacked>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(tables))))
      return signalPassFailure();
    RewritePatternSet patterns(context);
    populateVectorOpPatterns(patterns);
    populatePackedLookupPatterns(patterns);
    populateShufflePatterns(patterns);
    populateByteVectorPatterns(patterns);
    populateLaneOffsetPatterns(patterns);
    patterns.add<LookupByRule>(context, /*benefit=*/20);
    patterns.add<LookupInArray, LookupInStream, UnpackWords>(context,
                                                             /*benefit=*/10);
    patterns.add<ExtractByRule, ComputeBeforeRepetition,
                 ConvertSmallInteger<arith::SIToFPOp>,
                 ConvertSmallInteger<arith::UIToFPOp>>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    RewritePatternSet orders(context);
    populateByteOrderPatterns(orders);
    if (failed(applyPatternsGreedily(getOperation(), std::move(orders))))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (isa<UnpackOp, LookupOp, ExpandOp, DotOp>(op)) {
        op->emitOpError("has no lowering for this target");
        signalPassFailure();
      }
    });
  }
};
} // namespace
