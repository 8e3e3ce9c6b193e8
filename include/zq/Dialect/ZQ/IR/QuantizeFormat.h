//===- QuantizeFormat.h - What `quantize` rounds to -----------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_QUANTIZEFORMAT_H
#define ZQ_DIALECT_ZQ_IR_QUANTIZEFORMAT_H

#include "mlir/IR/OpImplementation.h"
#include "zq/Codec/Quantize.h"

namespace mlir::zq {

/// An integer grid or a small float. In text:
///   siN, uiN               Signed, Unsigned
///   siN, symmetric         Symmetric
///   siN, bipolar           Bipolar
///   levels = N             Levels
///   f4E2M1FN, e3m4, ue5m3  Float
struct QuantizeFormat {
  enum class Kind { Signed, Unsigned, Symmetric, Bipolar, Levels, Float };

  Kind kind;
  /// Bits of an integer; how many levels there are.
  int64_t size = 0;
  /// Of a float.
  bool hasSign = false;
  int64_t exponentBits = 0;
  int64_t mantissaBits = 0;

  static QuantizeFormat get(const ::zq::codec::Minifloat &format);
  /// The format that a builtin type stands for; nothing for other types.
  static std::optional<QuantizeFormat> get(Type type);

  /// The description of a float.
  ::zq::codec::Minifloat getMinifloat() const;
  /// The reference stage.
  std::shared_ptr<const ::zq::codec::Quantize>
  getReference(::zq::codec::Rounding rounding) const;

  bool operator==(const QuantizeFormat &other) const;
};

llvm::hash_code hash_value(const QuantizeFormat &format);

/// The text of a format but for the keywords `symmetric` and `bipolar`.
FailureOr<QuantizeFormat> parseQuantizeFormat(AsmParser &parser);
/// All of it.
void printQuantizeFormat(AsmPrinter &printer, const QuantizeFormat &format,
                         MLIRContext *context);

/// The keyword of a tie rule: `even`, `up`, `down`, `away`, `zero`.
ParseResult parseTies(AsmParser &parser, ::zq::codec::Ties &ties);
StringRef stringifyTies(::zq::codec::Ties ties);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_QUANTIZEFORMAT_H
