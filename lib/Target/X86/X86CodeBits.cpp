//===- X86CodeBits.cpp - Codes looked up where their bits lie -------------===//
//
// VBMI's permute of bytes looks at six bits of each code. A code of fewer bits
// that lies anywhere among those of a byte need not be shifted down to the
// first: the table's entries are put where the bits are instead. What is left
// of the other bits in the byte does not matter, since entries are repeated for
// all of them. The same holds for the bits of a code that come from two bytes.
//
//===----------------------------------------------------------------------===//
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

/// Bits that a permute looks at.
static constexpr int64_t indexBits = 6, indexMask = (1 << indexBits) - 1;

/// `bits` shifted down, or up where `shift` is negative.
static int64_t shiftDown(int64_t bits, int64_t shift) {
  return shift >= 0 ? bits >> shift : bits << -shift;
}

namespace {

/// The bits `mask` of each code: those of the bytes of `source`, a vector of
/// words of 32 bits, shifted down by `shift`.
struct CodeBits {
  Value source;
  int64_t shift, mask;

  /// Where they lie in the bytes of the source.
  int64_t inSource() const { return shiftDown(mask, -shift); }
};

/// Lets codes that are fields of one or two bytes stay where they lie.
struct LookUpInPlace : OpRewritePattern<LookupOp> {
  LookUpInPlace(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/4) {}

  LogicalResult matchAndRewrite(LookupOp op, PatternRewriter &b) const override;
};

/// Codes at the first bits of their bytes whose entries are the codes but for
/// some bits of all, as those of integers are: by a bitwise operation, which is
/// one of three operands and takes any unit. Permutes share theirs with dots.
struct FlipInPlace : OpRewritePattern<LookupOp> {
  FlipInPlace(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/5) {}

  LogicalResult matchAndRewrite(LookupOp op, PatternRewriter &b) const override;
};

} // namespace

static std::optional<int64_t> getSplat(Value value) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant)))
    return std::nullopt;
  return constant.getZExtValue();
}

/// What the bits `mask` of the bytes `codes` are made of; false where that is
/// something else than fields of words that stay within their bytes.
static bool findBits(Value codes, int64_t mask,
                     SmallVectorImpl<CodeBits> &bits) {
  if (auto either = codes.getDefiningOp<arith::OrIOp>())
    return findBits(either.getLhs(), mask, bits) &&
           findBits(either.getRhs(), mask, bits);
  if (auto both = codes.getDefiningOp<arith::AndIOp>()) {
    auto kept = getSplat(both.getRhs());
    return kept && findBits(both.getLhs(), mask & *kept, bits);
  }
  auto cast = codes.getDefiningOp<vector::BitCastOp>();
  if (!cast || !cast.getSourceVectorType().getElementType().isInteger(32)) {
    bits.push_back({codes, 0, mask});
    return true;
  }
  Value words = cast.getSource();
  int64_t shift = 0;
  Operation *def = words.getDefiningOp();
  if (isa_and_nonnull<arith::ShRUIOp, arith::ShLIOp>(def)) {
    auto by = getSplat(def->getOperand(1));
    if (!by || *by >= 8)
      return false;
    shift = isa<arith::ShRUIOp>(def) ? *by : -*by;
    words = def->getOperand(0);
  }
  if (auto inner = words.getDefiningOp<vector::BitCastOp>();
      inner && inner.getSourceVectorType() == codes.getType())
    words = inner.getSource();
  CodeBits found{words, shift, mask};
  // Nothing of the bytes beside it.
  int64_t source = found.inSource();
  if (source > 0xff || shiftDown(source, shift) != mask)
    return false;
  bits.push_back(found);
  return true;
}

/// Shifts to try, those first that are none or serve many fields.
static constexpr int64_t shifts[] = {0, 4, 2, -2, 6, 1, -1, 3, -3, 5, -4};

/// Gives each of `bits` a shift so that all lie among an index's bits, apart
/// from one another; with the fewest that are not none.
static bool chooseShifts(MutableArrayRef<CodeBits> bits) {
  SmallVector<CodeBits> best;
  size_t least = SIZE_MAX;
  auto place = [](const CodeBits &field, int64_t shift) -> int64_t {
    int64_t placed = shiftDown(field.inSource(), shift);
    bool isWhole = shiftDown(placed, -shift) == field.inSource();
    return isWhole && placed <= indexMask ? placed : 0;
  };
  auto tryAll = [&](ArrayRef<int64_t> chosen, size_t cost) {
    SmallVector<CodeBits> moved(bits);
    int64_t taken = 0;
    for (auto [field, shift] : llvm::zip(moved, chosen)) {
      int64_t placed = place(field, shift);
      if (!placed || (placed & taken))
        return;
      taken |= placed;
      field.mask = placed, field.shift = shift;
    }
    if (cost < least)
      best = moved, least = cost;
  };
  for (auto [i, first] : llvm::enumerate(shifts)) {
    if (bits.size() == 1)
      tryAll({first}, i);
    else
      for (auto [j, second] : llvm::enumerate(shifts))
        tryAll({first, second}, i + j);
  }
  if (best.empty())
    return false;
  llvm::copy(best, bits.begin());
  return true;
}

/// The table by index instead of by code, with fields that were `from` and now
/// are `to`.
static Value emitTable(PatternRewriter &b, Location loc, ElementsAttr table,
                       ArrayRef<CodeBits> from, ArrayRef<CodeBits> to) {
  SmallVector<int8_t> entries;
  auto values = llvm::to_vector(table.getValues<int8_t>());
  for (int64_t index = 0; index <= indexMask; ++index) {
    int64_t code = 0;
    for (auto [before, after] : llvm::zip(from, to))
      code |= shiftDown(index & after.mask, before.shift - after.shift);
    entries.push_back(values[code]);
  }
  auto type = VectorType::get(entries.size(), b.getI8Type());
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, ArrayRef<int8_t>(entries)));
}

/// The words with the field at its place.
static Value emitShift(PatternRewriter &b, Location loc, CodeBits field,
                       VectorType words) {
  Value value = field.source;
  if (value.getType() != words)
    value = vector::BitCastOp::create(b, loc, words, value);
  if (field.shift > 0)
    return arith::ShRUIOp::create(b, loc, value,
                                  splat(b, loc, words, field.shift));
  if (field.shift < 0)
    return arith::ShLIOp::create(b, loc, value,
                                 splat(b, loc, words, -field.shift));
  return value;
}

LogicalResult LookUpInPlace::matchAndRewrite(LookupOp op,
                                             PatternRewriter &b) const {
  constexpr int64_t numBytes = 64;
  VectorType codes = op.getCodes().getType();
  int64_t entries = op.getTable().getType().getNumElements();
  ElementsAttr table;
  SmallVector<CodeBits> from;
  if (!op.getType().getElementType().isInteger(8) ||
      !codes.getElementType().isInteger(8) ||
      codes.getNumElements() != numBytes || entries > indexMask ||
      !matchPattern(op.getTable(), m_Constant(&table)) ||
      !findBits(op.getCodes(), entries - 1, from) || from.size() > 2)
    return failure();
  SmallVector<CodeBits> to(from);
  bool isMoved =
      chooseShifts(to) && llvm::any_of(llvm::zip(from, to), [](auto both) {
        return std::get<0>(both).shift != std::get<1>(both).shift;
      });
  if (!isMoved)
    return failure();

  Location loc = op.getLoc();
  auto words = VectorType::get(numBytes / 4, b.getI32Type());
  Value index = emitShift(b, loc, to[0], words);
  if (to.size() == 2) {
    // The truth table of a ? b : c.
    Value choice = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0xCA));
    Value mask = splat(b, loc, words, to[0].mask * 0x01010101);
    Value second = emitShift(b, loc, to[1], words);
    index =
        LLVM::CallIntrinsicOp::create(
            b, loc, words, b.getStringAttr("llvm.x86.avx512.pternlog.d.512"),
            ValueRange{mask, index, second, choice})
            .getResults();
  }
  index = vector::BitCastOp::create(b, loc, codes, index);
  b.replaceOpWithNewOp<LookupOp>(op, op.getType(), index,
                                 emitTable(b, loc, table, from, to));
  return success();
}

LogicalResult FlipInPlace::matchAndRewrite(LookupOp op,
                                           PatternRewriter &b) const {
  VectorType codes = op.getCodes().getType();
  ElementsAttr table;
  SmallVector<CodeBits> from;
  if (!op.getType().getElementType().isInteger(8) || op.getType() != codes ||
      !matchPattern(op.getTable(), m_Constant(&table)))
    return failure();
  auto values = llvm::to_vector(table.getValues<uint8_t>());
  int64_t mask = values.size() - 1, flipped = values.front();
  for (auto [code, value] : llvm::enumerate(values))
    if (value != (code ^ flipped) || value > mask)
      return failure();
  // Codes that are shifted may stay where they lie for a permute.
  if (!findBits(op.getCodes(), mask, from) || from.size() != 1 ||
      from[0].shift != 0)
    return failure();
  Location loc = op.getLoc();
  Value bits = arith::XOrIOp::create(b, loc, op.getCodes(),
                                     splat(b, loc, codes, flipped));
  b.replaceOpWithNewOp<arith::AndIOp>(op, bits, splat(b, loc, codes, mask));
  return success();
}

void mlir::zq::populateX86CodeBitPatterns(RewritePatternSet &patterns) {
  patterns.add<LookUpInPlace, FlipInPlace>(patterns.getContext());
}
