//===- LowerByteVectors.cpp - Vectors of bytes in one thread's registers --===//
//
// What entropy coders do with vectors of bytes and masks. A thread has its
// lanes four to a word, or eight where they are nibbles: an instruction picks
// four bytes by as many nibbles, and a product has the sums of the nibbles
// before each.
//
//===----------------------------------------------------------------------===//
#include "PackedTables.h"
#include "Words.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// Words of what ops on vectors compute
//===----------------------------------------------------------------------===//

namespace {

/// Vectors of bytes and of 16-bit integers, and masks, as words. What made them
/// is computed in words too, where it is known here; no op is replaced.
class PackedVectors : public Words {
public:
  using Words::Words;

  static int64_t getCount(Value vector) {
    return cast<VectorType>(vector.getType()).getNumElements();
  }
  static bool isBytes(Value value) {
    auto type = dyn_cast<VectorType>(value.getType());
    return type && type.getRank() == 1 && !type.isScalable() &&
           type.getElementType().isInteger(8) && type.getNumElements() % 8 == 0;
  }
  /// Codes in whole words of their bits.
  static UnpackOp getUnpack(Value bytes) {
    auto unpack = bytes.getDefiningOp<UnpackOp>();
    return unpack && unpack.getBits() <= 4 &&
                   unpack.getSource().getType().getNumElements() % 4 == 0
               ? unpack
               : nullptr;
  }

  /// No byte is above this.
  static uint64_t getBound(Value bytes) {
    APInt constant;
    if (matchPattern(bytes, m_ConstantInt(&constant)))
      return constant.getZExtValue();
    if (auto unpack = bytes.getDefiningOp<UnpackOp>())
      return (1u << unpack.getBits()) - 1;
    if (auto expand = bytes.getDefiningOp<ExpandOp>())
      return std::max(getBound(expand.getSource()),
                      getBound(expand.getPassthru()));
    if (auto sum = bytes.getDefiningOp<arith::AddIOp>())
      return std::min<uint64_t>(getBound(sum.getLhs()) + getBound(sum.getRhs()),
                                255);
    return 255;
  }

  /// The bits of a vector, four bytes or two halves a word.
  SmallVector<Value> split(Value vector) {
    auto type = cast<VectorType>(vector.getType());
    int64_t count = type.getNumElements() * type.getElementTypeBitWidth() / 32;
    Value all = vector::BitCastOp::create(
        b, loc, VectorType::get(count, b.getI32Type()), vector);
    SmallVector<Value> words;
    for (int64_t i = 0; i < count; ++i)
      words.push_back(vector::ExtractOp::create(b, loc, all, i));
    return words;
  }
  Value join(ArrayRef<Value> words, Type type) {
    auto whole =
        VectorType::get(static_cast<int64_t>(words.size()), b.getI32Type());
    Value all = vector::FromElementsOp::create(b, loc, whole, words);
    return vector::BitCastOp::create(b, loc, cast<VectorType>(type), all);
  }

  /// Fields of `bits` bits one after the other from the lowest bit on, moved to
  /// fields of `field` bits, as many as a word has.
  Value spread(Value packed, int64_t bits, int64_t field) {
    if (bits == field)
      return packed;
    // Halves apart, then their halves.
    for (int64_t width = 16; width >= field; width /= 2) {
      uint32_t lower = width == 16  ? 0xffffu
                       : width == 8 ? 0xff00ffu
                                    : 0xf0f0f0fu;
      packed =
          select(lower, packed, shift(packed, width - width / field * bits));
    }
    uint32_t each = field == 8 ? 0x01010101u : 0x11111111u;
    return mask(packed, each * ((1u << bits) - 1));
  }

  /// Four bytes each.
  SmallVector<Value> getBytes(Value bytes) {
    SmallVector<Value> words;
    if (getUnpack(bytes)) {
      for (Value nibbles : getNibbles(bytes)) {
        Value even = mask(nibbles, 0x0f0f0f0f);
        Value odd = mask(shift(nibbles, -4), 0x0f0f0f0f);
        for (uint32_t order : {0x5140u, 0x7362u})
          words.push_back(permute(even, odd, order));
      }
      return words;
    }
    if (auto sum = bytes.getDefiningOp<arith::AddIOp>();
        sum && getBound(sum.getLhs()) + getBound(sum.getRhs()) <= 255) {
      for (auto [x, y] :
           llvm::zip(getBytes(sum.getLhs()), getBytes(sum.getRhs())))
        words.push_back(add(x, y));
      return words;
    }
    return split(bytes);
  }

  /// Eight nibbles each: the lower four bits of the bytes.
  SmallVector<Value> getNibbles(Value bytes) {
    SmallVector<Value> words;
    if (UnpackOp unpack = getUnpack(bytes)) {
      SmallVector<Value> packed = split(unpack.getSource());
      int64_t bits = unpack.getBits();
      for (int64_t at = 0; at < getCount(bytes) * bits; at += 8 * bits) {
        Value low = packed[at / 32];
        if (at % 32 + 8 * bits > 32)
          low = funnel(low, packed[at / 32 + 1], constant(at % 32));
        else
          low = shift(low, -(at % 32));
        words.push_back(spread(low, bits, 4));
      }
      return words;
    }
    if (auto sum = bytes.getDefiningOp<arith::AddIOp>();
        sum && getBound(bytes) <= 15) {
      for (auto [x, y] :
           llvm::zip(getNibbles(sum.getLhs()), getNibbles(sum.getRhs())))
        words.push_back(add(x, y));
      return words;
    }
    SmallVector<Value> all = getBytes(bytes);
    for (size_t i = 0; i < all.size(); i += 2) {
      for (Value &word : MutableArrayRef(all).slice(i, 2)) {
        if (getBound(bytes) > 15)
          word = mask(word, 0x0f0f0f0f);
        word = merge(word, shift(word, -4));
      }
      words.push_back(permute(all[i], all[i + 1], 0x6420u));
    }
    return words;
  }

  /// Eight nibbles each, which are ones or zeros.
  SmallVector<Value> getMask(Value lanes) {
    SmallVector<Value> words;
    if (auto both = lanes.getDefiningOp<arith::AndIOp>()) {
      for (auto [x, y] :
           llvm::zip(getMask(both.getLhs()), getMask(both.getRhs())))
        words.push_back(arith::AndIOp::create(b, loc, x, y));
      return words;
    }
    APInt constant;
    if (auto compared = lanes.getDefiningOp<arith::CmpIOp>();
        compared && compared.getPredicate() == arith::CmpIPredicate::eq &&
        isBytes(compared.getLhs()) && getBound(compared.getLhs()) <= 15 &&
        matchPattern(compared.getRhs(), m_ConstantInt(&constant)) &&
        constant.ule(15)) {
      for (Value word : getNibbles(compared.getLhs())) {
        word = flip(word, constant.getZExtValue() * 0x11111111u);
        word = merge(word, shift(word, -1));
        word = merge(word, shift(word, -2));
        words.push_back(mask(flip(word, 0x11111111), 0x11111111));
      }
      return words;
    }
    auto type = VectorType::get(getCount(lanes), b.getI8Type());
    SmallVector<Value> all = split(arith::ExtUIOp::create(b, loc, type, lanes));
    for (size_t i = 0; i < all.size(); i += 2) {
      for (Value &word : MutableArrayRef(all).slice(i, 2))
        word = merge(word, shift(word, -4));
      words.push_back(permute(all[i], all[i + 1], 0x6420u));
    }
    return words;
  }

  /// Two 16-bit integers each.
  SmallVector<Value> getHalves(Value halves) {
    SmallVector<Value> words;
    Operation *op = halves.getDefiningOp();
    APInt amount;
    if (matchPattern(halves, m_ConstantInt(&amount))) {
      words.assign(getCount(halves) / 2,
                   this->constant(twice(amount.getZExtValue())));
    } else if (isa_and_nonnull<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(
                   op)) {
      for (auto [x, y] : llvm::zip(getHalves(op->getOperand(0)),
                                   getHalves(op->getOperand(1))))
        words.push_back(b.create(loc, op->getName().getIdentifier(),
                                 ValueRange{x, y}, TypeRange(b.getI32Type()))
                            ->getResult(0));
    } else if (auto moved = dyn_cast_or_null<arith::ShLIOp>(op);
               moved && matchPattern(moved.getRhs(), m_ConstantInt(&amount)) &&
               amount.ult(16)) {
      int64_t by = amount.getZExtValue();
      for (Value word : getHalves(moved.getLhs()))
        words.push_back(
            mask(shift(word, by), twice(static_cast<uint16_t>(0xffffu << by))));
    } else if (auto extended = dyn_cast_or_null<arith::ExtUIOp>(op);
               extended && isBytes(extended.getIn())) {
      for (Value word : getBytes(extended.getIn()))
        for (uint32_t order : {0x4140u, 0x4342u})
          words.push_back(permute(word, this->constant(0), order));
    } else {
      words = split(halves);
    }
    return words;
  }
};

//===----------------------------------------------------------------------===//
// Expanding
//===----------------------------------------------------------------------===//

/// Four lanes of `zq.expand`, one after the other.
class Expansion {
public:
  Expansion(PackedVectors &words, ExpandOp op)
      : words(words), mask(words.getMask(op.getMask())),
        passthru(words.getBytes(op.getPassthru())) {}

  size_t size() const { return passthru.size(); }
  /// The mask of lanes 4 * i to 4 * i + 3 in the lower nibbles.
  Value getMask(size_t i) { return words.shift(mask[i / 2], i % 2 ? -16 : 0); }
  /// How many of them are set.
  Value count(Value lanes) {
    return words.mask(words.shift(words.multiply(lanes, 0x1111), -12), 7);
  }
  /// The lanes, those that are set from the lowest bytes of `taken` on.
  Value emit(size_t i, Value lanes, Value taken) {
    // How many are set before each, and 4 more for the second word's bytes.
    Value places =
        words.add(words.multiply(lanes, 0x1110), words.constant(0x4444));
    Value selector =
        words.select(words.multiply(lanes, 15), places, words.constant(0x3210));
    return words.permute(passthru[i], taken, selector);
  }

private:
  PackedVectors &words;
  SmallVector<Value> mask, passthru;
};

/// The lanes take bytes of a stream, which are loaded where they are.
struct ExpandInStream : OpRewritePattern<ExpandOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExpandOp op,
                                PatternRewriter &b) const override {
    auto read = op.getSource().getDefiningOp<vector::TransferReadOp>();
    if (!read || !isa<RankedTensorType>(read.getBase().getType()) ||
        read.getMask() || read.hasOutOfBoundsDim() ||
        !read.getPermutationMap().isMinorIdentity() ||
        !PackedVectors::isBytes(op.getResult()))
      return failure();
    Location loc = op.getLoc();
    Type index = b.getIndexType(), i32 = b.getI32Type();
    PackedVectors words(b, loc);
    auto load = [&](Value at, int64_t count) {
      SmallVector<Value> place(read.getIndices());
      place.back() = at;
      bool inBounds[] = {true};
      return words.split(vector::TransferReadOp::create(
          b, loc, VectorType::get(count, b.getI8Type()), read.getBase(), place,
          std::optional<Value>(read.getPadding()), ArrayRef<bool>(inBounds)));
    };
    auto number = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(b, loc, value);
    };
    // Words from the one on that has the first byte. The last lanes would take
    // bytes of a word behind what is known to be there.
    Value begin = read.getIndices().back();
    bool isRow = cast<RankedTensorType>(read.getBase().getType()).getRank() > 1;
    Value whole = arith::AndIOp::create(b, loc, begin, number(-4));
    Value offset = arith::IndexCastUIOp::create(
        b, loc, i32, arith::AndIOp::create(b, loc, begin, number(3)));
    Expansion lanes(words, op);
    SmallVector<Value> found;
    for (size_t i = 0; i < lanes.size(); ++i) {
      Value taken;
      if (isRow || i + 1 == lanes.size()) {
        Value at = arith::IndexCastUIOp::create(b, loc, index, offset);
        taken = load(arith::AddIOp::create(b, loc, whole, at), 4).front();
      } else {
        Value at = arith::IndexCastUIOp::create(b, loc, index,
                                                words.mask(offset, ~3u));
        auto both = load(arith::AddIOp::create(b, loc, whole, at), 8);
        taken = words.funnel(both[0], both[1], words.shift(offset, 3));
      }
      Value mask = lanes.getMask(i);
      found.push_back(lanes.emit(i, mask, taken));
      if (i + 1 < lanes.size())
        offset = words.add(offset, lanes.count(mask));
    }
    b.replaceOp(op, words.join(found, op.getType()));
    return success();
  }
};

/// The read that `source` is computed of, element by element, by the ops of
/// `steps`, the last one first; null where it is computed otherwise.
static vector::TransferReadOp findRead(Value source,
                                       SmallVectorImpl<Operation *> &steps) {
  while (Operation *op = source.getDefiningOp()) {
    if (auto read = dyn_cast<vector::TransferReadOp>(op))
      return read;
    if (!OpTrait::hasElementwiseMappableTraits(op))
      return nullptr;
    SmallVector<Value> open =
        llvm::filter_to_vector(op->getOperands(), [](Value value) {
          return !matchPattern(value, m_Constant());
        });
    if (open.size() != 1)
      return nullptr;
    steps.push_back(op);
    source = open.front();
  }
  return nullptr;
}

/// The same of other elements, and of what is computed of them. Each lane loads
/// the one that it takes: those that take none load the next one's, and do
/// without it.
struct ExpandByLoads : OpRewritePattern<ExpandOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExpandOp op,
                                PatternRewriter &b) const override {
    SmallVector<Operation *> steps;
    vector::TransferReadOp read = findRead(op.getSource(), steps);
    if (!read || !isa<RankedTensorType>(read.getBase().getType()) ||
        read.getMask() || read.hasOutOfBoundsDim() ||
        !read.getPermutationMap().isMinorIdentity())
      return failure();
    Location loc = op.getLoc();
    VectorType type = read.getVectorType();
    Value next = read.getIndices().back();
    SmallVector<Value> found;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      SmallVector<Value> place(read.getIndices());
      place.back() = next;
      found.push_back(tensor::ExtractOp::create(b, loc, read.getBase(), place));
      if (i + 1 < type.getNumElements())
        next = arith::AddIOp::create(
            b, loc, next,
            arith::IndexCastUIOp::create(
                b, loc, b.getIndexType(),
                vector::ExtractOp::create(b, loc, op.getMask(), i)));
    }
    Value taken = vector::FromElementsOp::create(b, loc, type, found);
    IRMapping map;
    map.map(read.getResult(), taken);
    for (Operation *step : llvm::reverse(steps))
      taken = b.clone(*step, map)->getResult(0);
    b.replaceOpWithNewOp<arith::SelectOp>(op, op.getMask(), taken,
                                          op.getPassthru());
    return success();
  }
};

/// The lanes take codes that lie in registers, as bits: those that were taken
/// are shifted out.
struct ExpandCodes : OpRewritePattern<ExpandOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExpandOp op,
                                PatternRewriter &b) const override {
    UnpackOp unpack = PackedVectors::getUnpack(op.getSource());
    if (!unpack || !PackedVectors::isBytes(op.getResult()))
      return failure();
    Location loc = op.getLoc();
    PackedVectors words(b, loc);
    int64_t bits = unpack.getBits();
    SmallVector<Value> packed = words.split(unpack.getSource());
    Expansion lanes(words, op);
    SmallVector<Value> found;
    for (size_t i = 0; i < lanes.size(); ++i) {
      packed.truncate(std::min<size_t>(
          packed.size(), llvm::divideCeil(4 * bits * (lanes.size() - i), 32)));
      Value mask = lanes.getMask(i);
      found.push_back(lanes.emit(i, mask, words.spread(packed[0], bits, 8)));
      Value taken = words.multiply(lanes.count(mask), bits);
      for (auto [j, word] : llvm::enumerate(packed))
        word = j + 1 < packed.size()
                   ? words.funnel(word, packed[j + 1], taken)
                   : arith::ShRUIOp::create(b, loc, word, taken).getResult();
    }
    b.replaceOp(op, words.join(found, op.getType()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Other ops
//===----------------------------------------------------------------------===//

/// How many lanes of a mask are set.
struct CountLanes : OpRewritePattern<vector::ReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ReductionOp op,
                                PatternRewriter &b) const override {
    auto lanes = op.getVector().getDefiningOp<arith::ExtUIOp>();
    if (op.getKind() != vector::CombiningKind::ADD || op.getAcc() || !lanes ||
        !getElementTypeOrSelf(lanes.getIn().getType()).isInteger(1) ||
        !PackedVectors::isBytes(lanes.getOut()))
      return failure();
    Location loc = op.getLoc();
    PackedVectors words(b, loc);
    SmallVector<Value> masks = words.getMask(lanes.getIn());
    Value count;
    for (size_t i = 0; i < masks.size(); i += 4) {
      Value bits = masks[i];
      for (size_t j = 1; j < 4 && i + j < masks.size(); ++j)
        bits = words.merge(bits, words.shift(masks[i + j], j));
      Value own = LLVM::CtPopOp::create(b, loc, bits);
      count = count ? words.add(count, own) : own;
    }
    b.replaceOpWithNewOp<arith::TruncIOp>(op, op.getType(), count);
    return success();
  }
};

/// A table of up to 16 bytes: an instruction picks one of eight.
struct LookupInRegisters : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto tableType = cast<VectorType>(op.getTable().getType());
    int64_t entries = tableType.getNumElements();
    if (!tableType.getElementType().isInteger(8) || entries > 16 ||
        matchPattern(op.getTable(), m_Constant()))
      return failure();
    Location loc = op.getLoc();
    PackedVectors words(b, loc);
    SmallVector<int64_t> places;
    for (int64_t i = 0, n = entries > 8 ? 16 : 8; i < n; ++i)
      places.push_back(i % entries);
    SmallVector<Value> table = words.split(vector::ShuffleOp::create(
        b, loc, op.getTable(), op.getTable(), places));
    // Lanes of another number or type: bytes, and as many as words have.
    auto type = cast<VectorType>(op.getType());
    int64_t count = type.getNumElements();
    int64_t whole = llvm::alignTo(count, 8);
    auto bytes = VectorType::get(count, b.getI8Type());
    Value codes = op.getCodes();
    if (codes.getType() != bytes)
      codes = arith::TruncIOp::create(b, loc, bytes, codes);
    if (count != whole) {
      auto padded = VectorType::get(whole, b.getI8Type());
      codes = vector::InsertStridedSliceOp::create(
          b, loc, codes,
          arith::ConstantOp::create(b, loc, b.getZeroAttr(padded)),
          ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
    }
    SmallVector<Value> found;
    for (Value nibbles : words.getNibbles(codes)) {
      NibblePicker picker(words, nibbles);
      for (bool isUpper : {false, true})
        found.push_back(picker.pick(table, isUpper));
    }
    Value all = words.join(found, VectorType::get(whole, b.getI8Type()));
    if (count != whole)
      all = vector::ExtractStridedSliceOp::create(
          b, loc, all, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{count},
          ArrayRef<int64_t>{1});
    b.replaceOp(op, all);
    return success();
  }
};

/// Floats that are put together from 16-bit integers.
struct CastHalves : OpRewritePattern<arith::BitcastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::BitcastOp op,
                                PatternRewriter &b) const override {
    auto type = dyn_cast<VectorType>(op.getIn().getType());
    if (!type || type.getRank() != 1 || !type.getElementType().isInteger(16) ||
        type.getNumElements() % 8)
      return failure();
    PackedVectors words(b, op.getLoc());
    b.replaceOp(op, words.join(words.getHalves(op.getIn()), op.getType()));
    return success();
  }
};

/// Vectors of halves are chosen by words.
struct CastSelected : OpRewritePattern<vector::BitCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::BitCastOp op,
                                PatternRewriter &b) const override {
    auto select = op.getSource().getDefiningOp<arith::SelectOp>();
    if (!select || isa<VectorType>(select.getCondition().getType()) ||
        !op.getResultVectorType().getElementType().isInteger(32))
      return failure();
    auto cast = [&](Value value) -> Value {
      return vector::BitCastOp::create(b, op.getLoc(), op.getResultVectorType(),
                                       value);
    };
    b.replaceOpWithNewOp<arith::SelectOp>(op, select.getCondition(),
                                          cast(select.getTrueValue()),
                                          cast(select.getFalseValue()));
    return success();
  }
};

/// Bytes in another order.
struct ShuffleBytes : OpRewritePattern<vector::ShuffleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ShuffleOp op,
                                PatternRewriter &b) const override {
    VectorType type = op.getResultVectorType();
    if (type.getRank() != 1 || !type.getElementType().isInteger(8) ||
        type.getNumElements() % 4 ||
        op.getV1VectorType().getNumElements() % 4 ||
        op.getV2VectorType().getNumElements() % 4)
      return failure();
    PackedVectors words(b, op.getLoc());
    SmallVector<Value> sources = words.split(op.getV1());
    if (op.getV1() != op.getV2())
      llvm::append_range(sources, words.split(op.getV2()));
    int64_t bytes = 4 * sources.size();
    SmallVector<Value> found;
    for (int64_t begin = 0; begin < type.getNumElements(); begin += 4) {
      ArrayRef<int64_t> order = op.getMask().slice(begin, 4);
      // The words that are needed, one after the other; a byte that is in its
      // place stays there.
      Value word;
      uint32_t done = 0;
      for (int64_t i = 0; i < 4; ++i) {
        if (order[i] < 0 || (done >> i & 1))
          continue;
        int64_t from = order[i] % bytes / 4;
        uint32_t selector = 0;
        for (int64_t j = 0; j < 4; ++j) {
          bool isHere = order[j] >= 0 && order[j] % bytes / 4 == from;
          selector |= (isHere ? 4 + order[j] % 4 : j) << (4 * j);
          done |= isHere << j;
        }
        if (!word)
          word = selector == 0x7654
                     ? sources[from]
                     : words.permute(sources[from], sources[from], selector);
        else
          word = words.permute(word, sources[from], selector);
      }
      found.push_back(word ? word : words.constant(0));
    }
    b.replaceOp(op, words.join(found, type));
    return success();
  }
};

/// Bytes of a stream from anywhere on: whole words, moved. Of a slice they
/// would be words from its own begin on.
struct ReadBytes : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::TransferReadOp op,
                                PatternRewriter &b) const override {
    auto source = dyn_cast<RankedTensorType>(op.getBase().getType());
    VectorType type = op.getVectorType();
    if (!source || source.getRank() != 1 || !source.isDynamicDim(0) ||
        !source.getElementType().isInteger(8) || type.getRank() != 1 ||
        type.getNumElements() % 8 || op.getMask() || op.hasOutOfBoundsDim() ||
        isWhole(op.getIndices()[0]) ||
        op.getBase().getDefiningOp<tensor::ExtractSliceOp>())
      return failure();
    Location loc = op.getLoc();
    PackedVectors words(b, loc);
    auto number = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(b, loc, value);
    };
    auto load = [&](Value at, int64_t count) {
      bool inBounds[] = {true};
      return words.split(vector::TransferReadOp::create(
          b, loc, VectorType::get(count, b.getI8Type()), op.getBase(), at,
          std::optional<Value>(op.getPadding()), ArrayRef<bool>(inBounds)));
    };
    Value begin = op.getIndices()[0];
    int64_t count = type.getNumElements();
    Value at = arith::AndIOp::create(b, loc, begin, number(-4));
    SmallVector<Value> found = load(at, count);
    // The word that has the last byte: where they begin with a word, the last
    // one again. The stream may end before that word does.
    Value within = arith::IndexCastUIOp::create(
        b, loc, b.getI32Type(),
        arith::AndIOp::create(b, loc, begin, number(3)));
    Value last = words.mask(words.add(within, words.constant(count - 1)), ~3u);
    last = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), last);
    found.push_back(load(arith::AddIOp::create(b, loc, at, last), 4).front());
    Value bits = words.shift(within, 3);
    for (size_t i = 0; i + 1 < found.size(); ++i)
      found[i] = words.funnel(found[i], found[i + 1], bits);
    found.pop_back();
    b.replaceOp(op, words.join(found, type));
    return success();
  }

private:
  /// Whether it is a multiple of 4 by the way it is computed.
  static bool isWhole(Value index) {
    APInt constant;
    if (matchPattern(index, m_ConstantInt(&constant)))
      return constant.countr_zero() >= 2;
    if (auto masked = index.getDefiningOp<arith::AndIOp>())
      return isWhole(masked.getRhs());
    if (auto product = index.getDefiningOp<arith::MulIOp>())
      return isWhole(product.getLhs()) || isWhole(product.getRhs());
    if (auto sum = index.getDefiningOp<arith::AddIOp>())
      return isWhole(sum.getLhs()) && isWhole(sum.getRhs());
    if (auto cast = index.getDefiningOp<arith::IndexCastUIOp>())
      return isWhole(cast.getIn());
    return false;
  }
};

} // namespace

void mlir::zq::populateByteVectorPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandInStream, ExpandCodes, LookupInRegisters, CountLanes>(
      patterns.getContext(), /*benefit=*/20);
  patterns.add<ExpandByLoads>(patterns.getContext(), /*benefit=*/15);
}

void mlir::zq::populateByteOrderPatterns(RewritePatternSet &patterns) {
  patterns.add<ShuffleBytes, ReadBytes, CastHalves, CastSelected>(
      patterns.getContext());
}
