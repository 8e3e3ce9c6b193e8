//===- PackedTables.h - Codes to pairs of 16-bit floats -------------------===//
//
// Tensor cores take two 16-bit floats in a register, and the instructions that
// make them work on both at once. What a code stands for is a table; a table
// that follows a rule is computed, for two codes of a word together.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_PACKEDTABLES_H
#define ZQ_LIB_TARGET_NVVM_PACKEDTABLES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

#include <memory>
#include <optional>

namespace mlir::zq {

/// How codes that lie in 32-bit words become a table's values. Every code was
/// tried: a code's value is the table's to the bit, NaNs aside.
class PackedTable {
public:
  virtual ~PackedTable() = default;

  /// The values of the codes of `word`, an i32: one i32 for each two, the first
  /// in its lower half, in the order of `getOrder`. `constants` are those that
  /// `getConstants` asks for.
  virtual SmallVector<Value> emit(OpBuilder &b, Location loc, Value word,
                                  ValueRange constants) const = 0;

  /// Words that are to lie in registers.
  virtual SmallVector<uint32_t> getConstants() const { return {}; }

  /// An exponent: the values of the table 2^exponent times as large are the
  /// codes' bits at their places, with no multiplication.
  virtual std::optional<int64_t> getRawExponent() const { return std::nullopt; }

  /// Which code of the word each value is of. As they come at the least cost,
  /// which for most rules is one from each half of the word.
  virtual SmallVector<int64_t> getOrder() const;

  /// Bits from one code of a word to the next.
  int64_t field = 0;
};

/// The bits in which a word has codes of `bits` bits side by side: as many
/// where that divides the word, and otherwise a byte for each.
int64_t getFieldBits(int64_t bits);

/// The cheapest way to `table`, whose entries are those of codes of
/// log2(table.size()) bits rounded to `element`, f16 or bf16; codes are `field`
/// bits apart. Null where none of the rules fits.
std::unique_ptr<PackedTable> findPackedTable(ArrayRef<float> table,
                                             FloatType element, int64_t field);

/// An exponent, zero or less: the table whose entries are 2^exponent times as
/// large takes fewer instructions.
int64_t findPackedExponent(ArrayRef<float> table, FloatType element,
                           int64_t field);

/// `zq.lookup` in constant tables of 16-bit floats that `findPackedTable`
/// knows.
void populatePackedLookupPatterns(RewritePatternSet &patterns);

/// A vector in one order and then in another.
void populateShufflePatterns(RewritePatternSet &patterns);

/// `zq.expand` of what is read from a stream, and `zq.lookup` in tables of up
/// to 16 bytes that are no constants.
void populateByteVectorPatterns(RewritePatternSet &patterns);

/// What is left of vectors of bytes after these: their loads from anywhere in
/// a stream, their order, and 16-bit floats made of them.
void populateByteOrderPatterns(RewritePatternSet &patterns);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_PACKEDTABLES_H
