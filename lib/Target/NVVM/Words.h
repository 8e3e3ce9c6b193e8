//===- Words.h - 32-bit instructions on bytes, nibbles and pairs ----------===//
//
// What is narrower than a register is computed several at a time: two 16-bit
// floats, four bytes, eight nibbles.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_WORDS_H
#define ZQ_LIB_TARGET_NVVM_WORDS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Builders.h"

namespace mlir::zq {

/// Emits 32-bit instructions.
class Words {
public:
  Words(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  Value constant(uint32_t value) {
    return arith::ConstantIntOp::create(b, loc, b.getI32Type(),
                                        static_cast<int32_t>(value));
  }
  /// `value` in both halves.
  static uint32_t twice(uint16_t value) { return value * 0x10001u; }

  /// To the left, or for less than nothing to the right.
  Value shift(Value word, int64_t left) {
    if (left == 0)
      return word;
    if (left > 0)
      return arith::ShLIOp::create(b, loc, word, constant(left));
    return arith::ShRUIOp::create(b, loc, word, constant(-left));
  }
  Value mask(Value word, uint32_t bits) {
    return arith::AndIOp::create(b, loc, word, constant(bits));
  }
  Value flip(Value word, uint32_t bits) {
    return bits ? arith::XOrIOp::create(b, loc, word, constant(bits)) : word;
  }
  Value multiply(Value word, uint32_t factor) {
    return arith::MulIOp::create(b, loc, word, constant(factor));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value merge(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  /// The bits of `yes` where `which` has ones, and else those of `no`.
  Value select(Value which, Value yes, Value no) {
    Value difference = arith::XOrIOp::create(b, loc, yes, no);
    difference = arith::AndIOp::create(b, loc, difference, which);
    return arith::XOrIOp::create(b, loc, no, difference);
  }
  Value select(uint32_t which, Value yes, Value no) {
    return merge(mask(yes, which), mask(no, ~which));
  }
  /// The lower word of both, moved to the right by `bits` modulo 32.
  Value funnel(Value low, Value high, Value bits) {
    return LLVM::FshrOp::create(b, loc, b.getI32Type(), high, low, bits);
  }
  /// The bytes of `low` and `high` (8 of them) that the nibbles of `selector`
  /// name.
  Value permute(Value low, Value high, Value selector) {
    return NVVM::PermuteOp::create(b, loc, b.getI32Type(), low, high, selector,
                                   NVVM::PermuteMode::DEFAULT);
  }
  Value permute(Value low, Value high, uint32_t selector) {
    return permute(low, high, constant(selector));
  }
  /// x * y + z of both halves, of type `half`, f16 or bf16.
  Value multiplyAdd(FloatType half, Value x, Value y, Value z) {
    auto pair = VectorType::get(2, half);
    auto cast = [&](Value word) -> Value {
      return LLVM::BitcastOp::create(b, loc, pair, word);
    };
    StringRef name =
        half.isF16() ? "llvm.nvvm.fma.rn.f16x2" : "llvm.nvvm.fma.rn.bf16x2";
    Value result =
        LLVM::CallIntrinsicOp::create(b, loc, pair, b.getStringAttr(name),
                                      ValueRange{cast(x), cast(y), cast(z)})
            .getResult(0);
    return LLVM::BitcastOp::create(b, loc, b.getI32Type(), result);
  }
  /// x + y of both halves; one instruction with the product of a power of two
  /// that x may be.
  Value addPairs(FloatType half, Value x, Value y) {
    return multiplyAdd(half, x, constant(twice(toBits(half, 1))), y);
  }
  /// x * y of both halves.
  Value multiplyPairs(FloatType half, Value x, Value y) {
    return multiplyAdd(half, x, y, constant(twice(0x8000)));
  }
  /// x * y of both halves, where `half` has y.
  Value multiplyPairs(FloatType half, Value x, float y) {
    return multiplyPairs(half, x, constant(twice(toBits(half, y))));
  }
  /// The bits of `value` in `half`.
  static uint16_t toBits(FloatType half, float value) {
    APFloat number(value);
    bool isInexact;
    number.convert(half.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &isInexact);
    return number.bitcastToAPInt().getZExtValue();
  }

protected:
  OpBuilder &b;
  Location loc;
};

/// Picks entries of tables of 16 bytes, four at a time, by nibbles of a word.
class NibblePicker {
public:
  NibblePicker(Words &words, Value nibbles) : words(words), nibbles(nibbles) {
    // A nibble's lower bits name one of eight bytes. Its upper one is the sign
    // of a byte, of the word or of the same moved by a nibble.
    lower = words.mask(nibbles, 0x77777777);
    even = words.shift(nibbles, 4);
  }

  /// The entries that the four lower or upper nibbles name. The table is four
  /// words, or two where no nibble is above 7.
  Value pick(ValueRange table, bool isUpper) {
    Value places = words.shift(lower, isUpper ? -16 : 0);
    Value low = words.permute(table[0], table[1], places);
    if (table.size() == 2)
      return low;
    // A selector of 8 and more repeats the sign of a byte.
    Value which = words.permute(even, nibbles, isUpper ? 0xfbeau : 0xd9c8u);
    return words.select(which, words.permute(table[2], table[3], places), low);
  }

private:
  Words &words;
  Value nibbles, lower, even;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_WORDS_H
