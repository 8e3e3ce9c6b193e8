//===- X86Bytes.cpp - Lookups and codes of bytes on x86-64 ----------------===//
#include "../Registers.h"
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

static VectorType getBytes(OpBuilder &b, int64_t count) {
  return VectorType::get(count, b.getI8Type());
}

static Value emitCall(OpBuilder &b, Location loc, Type type, const Twine &name,
                      ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                       operands)
      .getResults();
}

namespace {

/// Looks bytes up by permutes: of one or two whole registers with VBMI, else of
/// 16 entries that are there for each 128 bits. Larger tables by selecting
/// between those on the codes' upper bits.
struct LookupBytesByPermute : OpRewritePattern<LookupOp> {
  LookupBytesByPermute(MLIRContext *context, X86ByteUnits units)
      : OpRewritePattern(context, /*benefit=*/3), units(units) {}

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    if (!op.getType().getElementType().isInteger(8) ||
        !op.getCodes().getType().getElementType().isInteger(8))
      return failure();
    int64_t entries = op.getTable().getType().getNumElements();
    // A register that takes in all of the table, if there is one.
    int64_t least = 16;
    if (units.hasVBMI)
      least = std::clamp<int64_t>(entries, least, units.bytes);
    int64_t width = std::clamp<int64_t>(
        llvm::PowerOf2Ceil(op.getType().getNumElements()), least, units.bytes);
    b.replaceOp(
        op, emitByRegisters(b, loc, op.getType(), width, op.getCodes(),
                            [&](ArrayRef<Value> codes) {
                              return units.hasVBMI
                                         ? emitAcross(b, op, codes[0], entries)
                                         : emitWithin(b, op, codes[0], entries);
                            }));
    return success();
  }

private:
  /// Entries of the table from `begin` on, in `count` bytes; repeated where
  /// there are fewer, so that the codes' upper bits need no mask.
  static Value cut(PatternRewriter &b, LookupOp op, int64_t begin,
                   int64_t entries, int64_t count, int64_t repeat) {
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < count; ++i)
      order.push_back((begin + i % repeat) % entries);
    return vector::ShuffleOp::create(b, op.getLoc(), op.getTable(),
                                     op.getTable(), order);
  }

  static Value emitAcross(PatternRewriter &b, LookupOp op, Value codes,
                          int64_t entries) {
    Location loc = op.getLoc();
    auto type = cast<VectorType>(codes.getType());
    int64_t width = type.getNumElements();
    std::string suffix = std::to_string(width * 8);
    SmallVector<Value> found;
    if (entries <= width) {
      return emitCall(b, loc, type, "llvm.x86.avx512.permvar.qi." + suffix,
                      {cut(b, op, 0, entries, width, width), codes});
    }
    for (int64_t begin = 0; begin < entries; begin += 2 * width)
      found.push_back(
          emitCall(b, loc, type, "llvm.x86.avx512.vpermi2var.qi." + suffix,
                   {cut(b, op, begin, entries, width, width), codes,
                    cut(b, op, begin + width, entries, width, width)}));
    return emitSelections(b, loc, codes, found, 2 * width);
  }

  static Value emitWithin(PatternRewriter &b, LookupOp op, Value codes,
                          int64_t entries) {
    Location loc = op.getLoc();
    auto type = cast<VectorType>(codes.getType());
    int64_t width = type.getNumElements();
    StringRef name = width == 64   ? "llvm.x86.avx512.pshuf.b.512"
                     : width == 32 ? "llvm.x86.avx2.pshuf.b"
                                   : "llvm.x86.ssse3.pshuf.b.128";
    // The instruction takes a code's uppermost bit for "zero".
    Value within =
        arith::AndIOp::create(b, loc, codes, splat(b, loc, type, 15));
    SmallVector<Value> found;
    for (int64_t begin = 0; begin < entries; begin += 16)
      found.push_back(
          emitCall(b, loc, type, name,
                   {cut(b, op, begin, entries, width, /*repeat=*/16), within}));
    return emitSelections(b, loc, codes, found, 16);
  }

  X86ByteUnits units;
};

/// Looks 16-bit integers up by permutes of a register of them, which take the
/// lower bits of words of codes: the even codes', and shifted down the odd
/// ones'.
struct LookupWordsByPermute : OpRewritePattern<LookupOp> {
  LookupWordsByPermute(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/4) {}

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    constexpr int64_t width = 32;
    Location loc = op.getLoc();
    VectorType type = op.getType();
    int64_t entries = op.getTable().getType().getNumElements();
    if (!type.getElementType().isInteger(16) ||
        !op.getCodes().getType().getElementType().isInteger(8) ||
        type.getNumElements() != 2 * width || entries > width)
      return failure();
    auto words = VectorType::get(width, b.getI16Type());
    // Repeated, so that the codes' upper bits need no mask.
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < width; ++i)
      order.push_back(i % entries);
    Value table =
        vector::ShuffleOp::create(b, loc, op.getTable(), op.getTable(), order);
    Value codes = vector::BitCastOp::create(b, loc, words, op.getCodes());
    auto lookUp = [&](Value codes) {
      return emitCall(b, loc, words, "llvm.x86.avx512.permvar.hi.512",
                      {table, codes});
    };
    Value odd = arith::ShRUIOp::create(b, loc, codes, splat(b, loc, words, 8));
    b.replaceOpWithNewOp<vector::InterleaveOp>(op, lookUp(codes), lookUp(odd));
    return success();
  }
};

/// Cuts codes of up to 7 bits out of 64-bit lanes, of which each holds eight.
struct UnpackByMultishift : OpRewritePattern<UnpackOp> {
  UnpackByMultishift(MLIRContext *context, X86ByteUnits units)
      : OpRewritePattern(context, /*benefit=*/3), units(units) {}

  LogicalResult matchAndRewrite(UnpackOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    int64_t bits = op.getBits(), count = op.getType().getNumElements();
    // Fewer codes are not worth a permute, and nibbles are only two of them.
    if (bits > 7 || count % units.bytes ||
        !op.getType().getElementType().isInteger(8))
      return failure();
    Value source = op.getSource();
    if (bits == 4) {
      b.replaceOp(op, emitNibbles(b, loc, source));
      return success();
    }
    int64_t width = units.bytes;
    auto type = getBytes(b, width);
    SmallVector<int8_t> starts;
    for (int64_t i = 0; i < width; ++i)
      starts.push_back(i % 8 * bits);
    Value shifts = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, ArrayRef<int8_t>(starts)));
    Value result =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(getBytes(b, count)));
    for (int64_t begin = 0; begin < count; begin += width) {
      // Bytes of a lane's codes, then any.
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < width; ++i)
        order.push_back(i % 8 < bits ? (begin + i) / 8 * bits + i % 8 : -1);
      Value lanes = vector::ShuffleOp::create(b, loc, source, source, order);
      Value fields = emitCall(
          b, loc, type, "llvm.x86.avx512.pmultishift.qb." + Twine(width * 8),
          {shifts, lanes});
      fields = arith::AndIOp::create(
          b, loc, fields, splat(b, loc, type, (int64_t(1) << bits) - 1));
      if (count == width)
        result = fields;
      else
        result = vector::InsertStridedSliceOp::create(b, loc, fields, result,
                                                      ArrayRef<int64_t>{begin},
                                                      ArrayRef<int64_t>{1});
    }
    b.replaceOp(op, result);
    return success();
  }

private:
  /// A byte to a word, which is added to itself four bits higher up.
  static Value emitNibbles(PatternRewriter &b, Location loc, Value source) {
    int64_t count = cast<VectorType>(source.getType()).getNumElements();
    auto words = VectorType::get(count, b.getI16Type());
    Value word = arith::ExtUIOp::create(b, loc, words, source);
    word = arith::OrIOp::create(
        b, loc, word,
        arith::ShLIOp::create(b, loc, word, splat(b, loc, words, 4)));
    word = arith::AndIOp::create(b, loc, word, splat(b, loc, words, 0x0f0f));
    return vector::BitCastOp::create(b, loc, getBytes(b, 2 * count), word);
  }

  X86ByteUnits units;
};

/// Loads bytes that are no power of two, as codes of 3 bits are, by a mask:
/// LLVM would load pieces and put them together.
struct LoadByMask : OpRewritePattern<vector::TransferReadOp> {
  LoadByMask(MLIRContext *context, X86ByteUnits units)
      : OpRewritePattern(context), units(units) {}

  LogicalResult matchAndRewrite(vector::TransferReadOp op,
                                PatternRewriter &b) const override {
    auto type = cast<VectorType>(op.getType());
    auto buffer = dyn_cast<MemRefType>(op.getBase().getType());
    if (!buffer || !buffer.isLastDimUnitStride() || type.getRank() != 1 ||
        type.isScalable() || !type.getElementType().isInteger(8) ||
        type.getElementType() != buffer.getElementType() || op.getMask() ||
        op.hasOutOfBoundsDim() || !op.getPermutationMap().isMinorIdentity())
      return failure();
    int64_t count = type.getNumElements();
    int64_t whole = llvm::PowerOf2Ceil(count);
    if (count == whole || whole < 16 || whole > units.bytes)
      return failure();
    Location loc = op.getLoc();
    auto wide = getBytes(b, whole);
    SmallVector<bool> isRead(whole, false);
    std::fill_n(isRead.begin(), count, true);
    Value mask = arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(wide.clone(b.getI1Type()),
                               ArrayRef<bool>(isRead)));
    Value loaded = vector::MaskedLoadOp::create(b, loc, wide, op.getBase(),
                                                op.getIndices(), mask,
                                                splat(b, loc, wide, 0));
    b.replaceOpWithNewOp<vector::ExtractStridedSliceOp>(
        op, loaded, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{count},
        ArrayRef<int64_t>{1});
    return success();
  }

  X86ByteUnits units;
};

/// Bytes of words from two others, one shifted by a byte: as a permute of two
/// registers where that is one operation, else as a bitwise choice. LLVM would
/// see a permute in either.
struct MergeBytes : OpRewritePattern<arith::OrIOp> {
  MergeBytes(MLIRContext *context, X86ByteUnits units)
      : OpRewritePattern(context), units(units) {}

  LogicalResult matchAndRewrite(arith::OrIOp op,
                                PatternRewriter &b) const override {
    auto type = dyn_cast<VectorType>(op.getType());
    if (!type || type.getRank() != 1 || !type.getElementType().isInteger(16) ||
        type.getNumElements() != 32)
      return failure();
    for (auto [masked, shifted] : {std::pair(op.getLhs(), op.getRhs()),
                                   std::pair(op.getRhs(), op.getLhs())}) {
      auto both = masked.getDefiningOp<arith::AndIOp>();
      Operation *shift = shifted.getDefiningOp();
      if (!both || !isa_and_nonnull<arith::ShLIOp, arith::ShRUIOp>(shift))
        continue;
      // What the shift leaves clear is what the mask keeps.
      APInt mask, by;
      if (!matchPattern(both.getRhs(), m_ConstantInt(&mask)) ||
          !matchPattern(shift->getOperand(1), m_ConstantInt(&by)) || by != 8 ||
          mask != (isa<arith::ShLIOp>(shift) ? 0x00ff : 0xff00))
        continue;
      Value merged = units.hasFastPermuteOfTwo ? emitPermute(b, both, shift)
                                               : emitChoice(b, both, shifted);
      b.replaceOpWithNewOp<vector::BitCastOp>(op, type, merged);
      return success();
    }
    return failure();
  }

private:
  /// The bytes that the mask keeps and those that the shift brings to the
  /// others' places: all even ones of both, or all odd ones.
  static Value emitPermute(PatternRewriter &b, arith::AndIOp masked,
                           Operation *shift) {
    constexpr int64_t count = 64;
    const bool isUp = isa<arith::ShLIOp>(shift);
    SmallVector<int8_t> order;
    for (int64_t even = 0; even < count; even += 2) {
      if (isUp)
        order.append({int8_t(even), int8_t(count + even)});
      else
        order.append({int8_t(count + even + 1), int8_t(even + 1)});
    }
    Location loc = shift->getLoc();
    VectorType bytes = getBytes(b, count);
    auto cast = [&](Value value) -> Value {
      return vector::BitCastOp::create(b, loc, bytes, value);
    };
    Value index = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(bytes, ArrayRef<int8_t>(order)));
    return emitCall(b, loc, bytes, "llvm.x86.avx512.vpermi2var.qi.512",
                    {cast(masked.getLhs()), index, cast(shift->getOperand(0))});
  }

  static Value emitChoice(PatternRewriter &b, arith::AndIOp masked,
                          Value shifted) {
    Location loc = masked.getLoc();
    auto words = VectorType::get(16, b.getI32Type());
    auto cast = [&](Value value) -> Value {
      return vector::BitCastOp::create(b, loc, words, value);
    };
    // The truth table of (a & b) | c.
    Value table = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0xEA));
    return emitCall(
        b, loc, words, "llvm.x86.avx512.pternlog.d.512",
        {cast(masked.getLhs()), cast(masked.getRhs()), cast(shifted), table});
  }

  X86ByteUnits units;
};

} // namespace

void mlir::zq::populateX86BytePatterns(RewritePatternSet &patterns,
                                       X86ByteUnits units) {
  patterns.add<LookupBytesByPermute>(patterns.getContext(), units);
  if (units.bytes == 64)
    patterns.add<LookupWordsByPermute>(patterns.getContext());
  if (units.hasVBMI) {
    patterns.add<UnpackByMultishift>(patterns.getContext(), units);
    patterns.add<MergeBytes, LoadByMask>(patterns.getContext(), units);
  }
}
