//===- PackedTables.cpp - Codes to pairs of 16-bit floats -----------------===//
#include "PackedTables.h"
#include "Words.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "llvm/ADT/APFloat.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// 16-bit floats
//===----------------------------------------------------------------------===//

namespace {

/// f16 or bf16 as numbers of the compiler.
class Half {
public:
  explicit Half(FloatType type)
      : type(type), digits(type.getFPMantissaWidth() - 1),
        bias(type.isF16() ? 15 : 127) {}

  /// Rounded to nearest even.
  uint16_t toBits(double value) const {
    llvm::APFloat number(value);
    bool isInexact;
    number.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                   &isInexact);
    return number.bitcastToAPInt().getZExtValue();
  }
  double fromBits(uint16_t bits) const {
    llvm::APFloat number(type.getFloatSemantics(), llvm::APInt(16, bits));
    bool isInexact;
    number.convert(llvm::APFloat::IEEEdouble(),
                   llvm::APFloat::rmNearestTiesToEven, &isInexact);
    return number.convertToDouble();
  }
  bool has(double value) const { return fromBits(toBits(value)) == value; }
  /// fma.rn of two factors and an addend that are exact in it.
  uint16_t multiplyAdd(double x, double y, double z) const {
    // Exact in double: few digits, and exponents that are near each other.
    return toBits(x * y + z);
  }
  /// The same, emitted for pairs.
  Value multiplyAdd(Words &words, Value x, double y, double z) const {
    return words.multiplyAdd(type, x, words.constant(Words::twice(toBits(y))),
                             words.constant(Words::twice(toBits(z))));
  }
  /// The least number above zero, and the largest power of two.
  double getLeast() const { return std::ldexp(1.0, 1 - bias - digits); }
  double getLargestPower() const { return std::ldexp(1.0, bias); }

  FloatType type;
  /// Digits that are stored, and the bias of exponents.
  int digits, bias;
};

} // namespace

/// Whether `bits` are those of the entry; NaNs are all the same.
static bool isEntry(const Half &half, uint16_t bits, float entry) {
  if (std::isnan(entry))
    return std::isnan(half.fromBits(bits));
  return bits == half.toBits(entry);
}

SmallVector<int64_t> PackedTable::getOrder() const {
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < 16 / field; ++i) {
    order.push_back(i);
    order.push_back(i + 16 / field);
  }
  return order;
}

int64_t mlir::zq::getFieldBits(int64_t bits) {
  return 32 % bits == 0 ? bits : 8;
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

namespace {

/// table[c] = ((c ^ flip) - offset) * unit: the lowest bits of a float are a
/// multiple of its least number, which one multiplication makes the unit.
struct Integers : PackedTable {
  explicit Integers(FloatType element) : half(element) {}

  Half half;
  int64_t bits = 0;
  uint16_t flip = 0;
  double offset = 0, unit = 1;
  /// By how many bits a code may lie higher than the lowest.
  int64_t highest = 0;

  /// What a code is multiplied by: first by this, and then by `getRest` where
  /// that is not one, since no float is as large as both.
  double getFactor(int64_t shift) const {
    return std::min(unit / half.getLeast(), half.getLargestPower()) *
           std::ldexp(1.0, -shift);
  }
  double getRest() const {
    return std::max(unit / half.getLeast() / half.getLargestPower(), 1.0);
  }
  double getAddend() const { return -offset * unit / getRest(); }

  bool fits(ArrayRef<float> table, int64_t shift) const {
    // The lowest exponent but one goes on where the lowest ends.
    if (shift + bits > half.digits + 1 || !half.has(getFactor(shift)) ||
        !half.has(getAddend()) || !half.has(getRest()))
      return false;
    for (auto [code, entry] : llvm::enumerate(table)) {
      uint16_t sum = half.multiplyAdd(half.fromBits((code ^ flip) << shift),
                                      getFactor(shift), getAddend());
      if (!isEntry(half, half.multiplyAdd(half.fromBits(sum), getRest(), 0),
                   entry))
        return false;
    }
    return true;
  }

  SmallVector<Value> emit(OpBuilder &b, Location loc, Value word,
                          ValueRange) const override {
    Words words(b, loc);
    uint32_t flips = 0;
    for (int64_t at = 0; at < 32; at += field)
      flips |= uint32_t(flip) << at;
    word = words.flip(word, flips);
    SmallVector<Value> pairs;
    int64_t together = highest / field + 1;
    Value moved;
    for (int64_t i = 0; i < 16 / field; ++i) {
      if (i % together == 0)
        moved = words.shift(word, -i * field);
      int64_t shift = i % together * field;
      Value pair = words.mask(moved, Words::twice(((1u << bits) - 1) << shift));
      pair = half.multiplyAdd(words, pair, getFactor(shift), getAddend());
      if (getRest() != 1)
        pair = half.multiplyAdd(words, pair, getRest(), 0);
      pairs.push_back(pair);
    }
    return pairs;
  }
};

} // namespace

static std::unique_ptr<PackedTable>
findIntegers(ArrayRef<float> table, FloatType element, int64_t field) {
  uint32_t middle = table.size() / 2;
  for (uint32_t flip : {0u, middle}) {
    auto rule = std::make_unique<Integers>(element);
    rule->bits = llvm::Log2_64(table.size());
    rule->field = field;
    rule->flip = flip;
    rule->unit = double(table[1 ^ flip]) - double(table[0 ^ flip]);
    rule->offset = -double(table[0 ^ flip]) / rule->unit;
    if (!(rule->unit > 0) || !std::isfinite(rule->offset) ||
        !rule->fits(table, 0))
      continue;
    while (rule->highest + field < 16 &&
           rule->fits(table, rule->highest + field))
      rule->highest += field;
    return rule;
  }
  return nullptr;
}

int64_t mlir::zq::findPackedExponent(ArrayRef<float> table, FloatType element,
                                     int64_t field) {
  if (!findIntegers(table, element, field))
    return 0;
  // So that one factor is enough.
  Half half(element);
  double unit = std::fabs(double(table[1]) - double(table[0]));
  int64_t exponent = std::ilogb(half.getLargestPower()) +
                     std::ilogb(half.getLeast()) - std::ilogb(unit);
  return std::min<int64_t>(exponent, 0);
}

//===----------------------------------------------------------------------===//
// Small floats
//===----------------------------------------------------------------------===//

namespace {

/// table[c] is a float of few bits: they are moved to where the 16-bit float
/// has them, which makes a number 2^shift times as small.
struct Floats : PackedTable {
  explicit Floats(FloatType element) : half(element) {}

  Half half;
  int64_t bits = 0, mantissa = 0, shift = 0;
  bool hasSign = false;
  /// Whether the largest magnitude is a NaN instead.
  bool hasNaN = false;

  std::optional<int64_t> getRawExponent() const override { return -shift; }

  int64_t getMagnitudeBits() const { return bits - hasSign; }
  /// By how much a magnitude is moved from the lowest bit of a half.
  int64_t getPlace() const { return half.digits - mantissa; }
  uint16_t getMagnitudeMask() const {
    return ((1u << getMagnitudeBits()) - 1) << getPlace();
  }
  /// What a NaN's magnitude carries to, and the number of times this that makes
  /// the exponent of one.
  int64_t getCarry() const { return getPlace() + getMagnitudeBits(); }
  uint32_t getCarryFactor() const { return (1u << (15 - getCarry())) - 1; }

  /// Whether a code fits below where its upper end has the sign, so that one
  /// product has it in both places.
  bool movesBothAtOnce() const {
    return hasSign && !hasNaN && getPlace() + bits <= 16 - bits;
  }
  /// The sign and the magnitude of `code`, which lies `i` fields above the
  /// lowest bit and alone in its half.
  Value place(Words &words, Value code, int64_t i) const {
    uint32_t factor =
        (1u << (16 - bits - i * field)) + (1u << (getPlace() - i * field));
    return words.mask(words.multiply(code, factor),
                      Words::twice(0x8000 | getMagnitudeMask()));
  }
  Value multiply(Words &words, Value raw) const {
    return shift ? half.multiplyAdd(words, raw, std::ldexp(1.0, shift), -0.0)
                 : raw;
  }

  bool fits(ArrayRef<float> table) const {
    if (getPlace() < 0 || getCarry() > 15 || !half.has(std::ldexp(1.0, shift)))
      return false;
    uint32_t last = (1u << getMagnitudeBits()) - 1;
    for (auto [code, entry] : llvm::enumerate(table)) {
      uint32_t raw = (code & last) << getPlace();
      if (hasNaN && (code & last) == last)
        raw += getCarryFactor() << getCarry();
      raw |= (hasSign ? code >> (bits - 1) : 0) << 15;
      double value = half.fromBits(raw) * std::ldexp(1.0, shift);
      if (!isEntry(half, half.toBits(value), entry))
        return false;
    }
    return true;
  }

  SmallVector<Value> emit(OpBuilder &b, Location loc, Value word,
                          ValueRange) const override {
    Words words(b, loc);
    SmallVector<Value> pairs;
    Value moved;
    for (int64_t i = 0; i < 16 / field; ++i) {
      int64_t at = i * field;
      if (movesBothAtOnce()) {
        int64_t together = getPlace() / field + 1;
        if (i % together == 0)
          moved = words.shift(word, -at);
        Value code = words.mask(
            moved, Words::twice(((1u << bits) - 1) << i % together * field));
        pairs.push_back(multiply(words, place(words, code, i % together)));
        continue;
      }
      Value raw = words.mask(words.shift(word, getPlace() - at),
                             Words::twice(getMagnitudeMask()));
      Value sign;
      if (hasSign)
        sign = words.mask(words.shift(word, 16 - bits - at), 0x80008000);
      if (hasNaN) {
        Value next = arith::AddIOp::create(
            b, loc, raw, words.constant(Words::twice(1u << getPlace())));
        next = words.mask(next, Words::twice(1u << getCarry()));
        next = words.multiply(next, getCarryFactor());
        raw = arith::AddIOp::create(b, loc, next, raw);
      }
      if (sign)
        raw = words.merge(raw, sign);
      pairs.push_back(multiply(words, raw));
    }
    return pairs;
  }
};

} // namespace

static std::unique_ptr<PackedTable>
findFloats(ArrayRef<float> table, FloatType element, int64_t field) {
  auto rule = std::make_unique<Floats>(element);
  rule->bits = llvm::Log2_64(table.size());
  rule->field = field;
  for (bool hasSign : {true, false})
    for (int mantissa = 0; mantissa + hasSign < rule->bits; ++mantissa) {
      // The least normal number has the exponent 1.
      float least = table[size_t(1) << mantissa];
      if (!(least > 0) || !std::isfinite(least))
        continue;
      rule->hasSign = hasSign;
      rule->mantissa = mantissa;
      rule->shift = std::ilogb(least) + rule->half.bias - 1;
      for (bool hasNaN : {false, true}) {
        rule->hasNaN = hasNaN;
        if (rule->fits(table))
          return rule;
      }
    }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Any table
//===----------------------------------------------------------------------===//

namespace {

/// A table of 16 entries: its bytes lie in registers, and four codes at a time
/// name those that an instruction picks.
struct Bytes : PackedTable {
  SmallVector<uint16_t> entries;

  SmallVector<int64_t> getOrder() const override {
    return {0, 1, 2, 3, 4, 5, 6, 7};
  }

  /// The byte at `shift` that all entries have, if so.
  std::optional<uint32_t> getCommonByte(int64_t shift) const {
    uint32_t first = entries[0] >> shift & 255;
    for (uint16_t entry : entries)
      if ((entry >> shift & 255u) != first)
        return std::nullopt;
    return first;
  }

  SmallVector<uint32_t> getConstants() const override {
    SmallVector<uint32_t> constants;
    for (int64_t shift : {0, 8})
      for (int64_t i = 0; i < 16 && !getCommonByte(shift); i += 4) {
        uint32_t bytes = 0;
        for (int64_t j = 0; j < 4; ++j)
          bytes |= (entries[i + j] >> shift & 255u) << (8 * j);
        constants.push_back(bytes);
      }
    return constants;
  }

  SmallVector<Value> emit(OpBuilder &b, Location loc, Value word,
                          ValueRange constants) const override {
    Words words(b, loc);
    NibblePicker picker(words, word);
    SmallVector<Value> pairs;
    for (bool isUpper : {false, true}) {
      ValueRange left = constants;
      Value bytes[2];
      for (int64_t i : {0, 1}) {
        if (auto common = getCommonByte(8 * i)) {
          bytes[i] = words.constant(*common * 0x01010101u);
          continue;
        }
        bytes[i] = picker.pick(left.take_front(4), isUpper);
        left = left.drop_front(4);
      }
      for (uint32_t order : {0x5140u, 0x7362u})
        pairs.push_back(words.permute(bytes[0], bytes[1], order));
    }
    return pairs;
  }
};

} // namespace

static std::unique_ptr<PackedTable>
findBytes(ArrayRef<float> table, FloatType element, int64_t field) {
  if (table.size() != 16 || field != 4)
    return nullptr;
  auto rule = std::make_unique<Bytes>();
  rule->field = field;
  for (float entry : table)
    rule->entries.push_back(Half(element).toBits(entry));
  return rule;
}

std::unique_ptr<PackedTable> mlir::zq::findPackedTable(ArrayRef<float> table,
                                                       FloatType element,
                                                       int64_t field) {
  if (table.size() < 2 || table.size() > 256 ||
      !llvm::isPowerOf2_64(table.size()) || 16 % field)
    return nullptr;
  for (auto find : {findIntegers, findFloats, findBytes})
    if (auto found = find(table, element, field))
      return found;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

/// Words that a kernel has in registers: they come from memory, before its
/// first op, as the assembler makes those that it sees anew for each use.
SmallVector<Value> loadConstants(OpBuilder &b, Operation *op,
                                 ArrayRef<uint32_t> constants) {
  Location loc = op->getLoc();
  SmallVector<Value> loaded;
  auto launch = op->getParentOfType<gpu::LaunchOp>();
  if (constants.empty())
    return loaded;
  if (!launch) {
    Words words(b, loc);
    for (uint32_t constant : constants)
      loaded.push_back(words.constant(constant));
    return loaded;
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(launch);
  auto type = RankedTensorType::get(constants.size(), b.getI32Type());
  Value array = arith::ConstantOp::create(
      b, loc, DenseIntElementsAttr::get(type, constants));
  b.setInsertionPointToStart(&launch.getBody().front());
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  bool inBounds[] = {true};
  Value all = vector::TransferReadOp::create(
      b, loc, VectorType::get(constants.size(), b.getI32Type()), array, zero,
      std::optional<Value>(Words(b, loc).constant(0)),
      ArrayRef<bool>(inBounds));
  for (size_t i = 0; i < constants.size(); ++i)
    loaded.push_back(vector::ExtractOp::create(b, loc, all, i));
  return loaded;
}

struct LookupPairs : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto element = dyn_cast<FloatType>(op.getType().getElementType());
    DenseElementsAttr attr;
    if (!element || element.getWidth() != 16 ||
        !op.getCodes().getType().getElementType().isInteger(8) ||
        !matchPattern(op.getTable(), m_Constant(&attr)))
      return failure();
    SmallVector<float> entries;
    for (const APFloat &entry : attr.getValues<APFloat>())
      entries.push_back(entry.convertToFloat());

    // Words of packed codes, or else of bytes.
    Value source = op.getCodes();
    int64_t field = 8, count = op.getType().getNumElements();
    if (auto unpack = source.getDefiningOp<UnpackOp>();
        unpack && (size_t(1) << unpack.getBits()) == entries.size() &&
        16 % unpack.getBits() == 0 &&
        unpack.getSource().getType().getNumElements() % 4 == 0) {
      source = unpack.getSource();
      field = unpack.getBits();
    }
    auto table = findPackedTable(entries, element, field);
    if (!table)
      return failure();
    Location loc = op.getLoc();
    int64_t numBytes = cast<VectorType>(source.getType()).getNumElements();
    int64_t numWords = llvm::divideCeil(numBytes, 4);
    SmallVector<int64_t> order = table->getOrder(), places(count);
    bool isOnePair = field == 8 && numBytes <= 2;
    if (isOnePair) {
      SmallVector<int64_t> bytes(4, 0);
      bytes[order[1]] = numBytes - 1;
      source = vector::ShuffleOp::create(b, loc, source, source, bytes);
      std::iota(places.begin(), places.end(), 0);
    } else if (numBytes % 4) {
      auto whole = VectorType::get(4 * numWords, b.getI8Type());
      source = vector::InsertStridedSliceOp::create(
          b, loc, source,
          arith::ConstantOp::create(b, loc, b.getZeroAttr(whole)),
          ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
    }
    Value words = vector::BitCastOp::create(
        b, loc, VectorType::get(numWords, b.getI32Type()), source);
    SmallVector<Value> pairs;
    SmallVector<Value> constants = loadConstants(b, op, table->getConstants());
    for (int64_t word = 0; word < numWords; ++word) {
      llvm::append_range(
          pairs,
          table->emit(b, loc, vector::ExtractOp::create(b, loc, words, word),
                      constants));
      if (isOnePair)
        break;
      for (auto [i, code] : llvm::enumerate(order))
        if (int64_t place = word * order.size() + code; place < count)
          places[place] = word * order.size() + i;
    }
    auto type = VectorType::get(pairs.size(), b.getI32Type());
    Value all = vector::FromElementsOp::create(b, loc, type, pairs);
    all = vector::BitCastOp::create(
        b, loc, VectorType::get(2 * pairs.size(), element), all);
    b.replaceOpWithNewOp<vector::ShuffleOp>(op, all, all, places);
    return success();
  }
};

/// A vector in one order and then in another: what undoes an order costs
/// nothing.
struct ComposeShuffles : OpRewritePattern<vector::ShuffleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ShuffleOp op,
                                PatternRewriter &b) const override {
    auto getSource = [](vector::ShuffleOp op) -> Value {
      return op.getV1() == op.getV2() && op.getV1VectorType().getRank() == 1
                 ? op.getV1()
                 : nullptr;
    };
    Value inner = getSource(op);
    auto first = inner ? inner.getDefiningOp<vector::ShuffleOp>() : nullptr;
    Value source = first ? getSource(first) : nullptr;
    if (!source)
      return failure();
    int64_t middle = first.getMask().size();
    int64_t count = cast<VectorType>(source.getType()).getNumElements();
    SmallVector<int64_t> mask;
    for (int64_t at : op.getMask()) {
      int64_t from = at < 0 ? at : first.getMask()[at % middle];
      mask.push_back(from < 0 ? from : from % count);
    }
    if (source.getType() == op.getType() &&
        llvm::equal(mask, llvm::seq<int64_t>(0, count)))
      b.replaceOp(op, source);
    else
      b.replaceOpWithNewOp<vector::ShuffleOp>(op, source, source, mask);
    return success();
  }
};

/// fma(fma(x, y, 0), 1, z) of pairs as fma(x, y, z), where the product is
/// exact: that of a few bits of a word, small enough as numbers, and a power of
/// two above one.
struct AddToExactProduct : OpRewritePattern<LLVM::CallIntrinsicOp> {
  using OpRewritePattern::OpRewritePattern;

  /// The pair that a constant has twice.
  static std::optional<APFloat> getPair(Value pair, FloatType element) {
    APInt bits;
    DenseElementsAttr attr;
    if (auto cast = pair.getDefiningOp<LLVM::BitcastOp>())
      pair = cast.getArg();
    if (matchPattern(pair, m_Constant(&attr)) && attr.isSplat() &&
        attr.getElementType() == element)
      return attr.getSplatValue<APFloat>();
    if (!matchPattern(pair, m_ConstantInt(&bits)) || bits.getBitWidth() != 32 ||
        bits.lshr(16).trunc(16) != bits.trunc(16))
      return std::nullopt;
    return APFloat(element.getFloatSemantics(), bits.trunc(16));
  }

  LogicalResult matchAndRewrite(LLVM::CallIntrinsicOp op,
                                PatternRewriter &b) const override {
    StringRef name = op.getIntrin();
    if (name != "llvm.nvvm.fma.rn.bf16x2" && name != "llvm.nvvm.fma.rn.f16x2")
      return failure();
    auto element = cast<FloatType>(
        cast<VectorType>(op.getResult(0).getType()).getElementType());
    auto strip = [](Value value) {
      while (auto cast = value.getDefiningOp<LLVM::BitcastOp>())
        value = cast.getArg();
      return value;
    };
    auto one = getPair(op.getArgs()[1], element);
    auto product =
        strip(op.getArgs()[0]).getDefiningOp<LLVM::CallIntrinsicOp>();
    if (!one || !one->isExactlyValue(1) || !product ||
        product.getIntrin() != name)
      return failure();
    auto factor = getPair(product.getArgs()[1], element);
    auto addend = getPair(product.getArgs()[2], element);
    auto masked = strip(product.getArgs()[0]).getDefiningOp<arith::AndIOp>();
    APInt mask;
    if (!factor || !addend || !addend->isZero() || !masked ||
        !matchPattern(masked.getRhs(), m_ConstantInt(&mask)))
      return failure();
    // Powers of two at least one make no digit of a number without sign too
    // small; nor too large, if not the largest.
    APFloat largest(element.getFloatSemantics(),
                    mask.trunc(16) | mask.lshr(16).trunc(16));
    APFloat scaled = largest;
    if (factor->getExactLog2Abs() < 0 || factor->isNegative() ||
        !largest.isFinite() || largest.isNegative() ||
        scaled.multiply(*factor, APFloat::rmNearestTiesToEven) != APFloat::opOK)
      return failure();
    b.modifyOpInPlace(op, [&] {
      op->setOperand(0, product.getArgs()[0]);
      op->setOperand(1, product.getArgs()[1]);
    });
    return success();
  }
};

} // namespace

void mlir::zq::populatePackedLookupPatterns(RewritePatternSet &patterns) {
  patterns.add<LookupPairs>(patterns.getContext(), /*benefit=*/20);
  patterns.add<AddToExactProduct>(patterns.getContext());
}

void mlir::zq::populateShufflePatterns(RewritePatternSet &patterns) {
  patterns.add<ComposeShuffles>(patterns.getContext(), /*benefit=*/20);
}
