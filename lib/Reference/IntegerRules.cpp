//===- IntegerRules.cpp - Arithmetic on integers --------------------------===//
//
// Integers are exact, unless they depend on a comparison of floats that
// rounding may decide either way. Then an i1 has an error of 1, sums and
// products carry theirs on, and all else promises nothing.
//
//===----------------------------------------------------------------------===//
#include "ScalarRules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq::reference;
using llvm::APInt;

static unsigned getWidth(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
}

static APInt toBits(const Scalar &a, unsigned width) {
  return APInt(width, static_cast<int64_t>(a.value), /*isSigned=*/true,
               /*implicitTrunc=*/true);
}

/// An integer as it is held: i1 as 0 and 1, all else signed. Beyond 53 bits a
/// double does not hold it.
static Scalar fromBits(const APInt &bits) {
  if (bits.getBitWidth() == 1)
    return Scalar::exact(double(bits.getZExtValue()));
  double value = double(bits.getSExtValue());
  return {value, bits.getSignificantBits() > 53 ? infinity : 0};
}

/// A rule on bits; for operands that are not exact the result promises nothing.
/// Division by zero and shifts too far are undefined and promise nothing
/// either.
template <typename F>
static ScalarRule onBits(unsigned width, F function) {
  return [=](ArrayRef<Scalar> in) -> Scalar {
    std::optional<APInt> result =
        function(toBits(in[0], width), toBits(in[1], width));
    if (!result)
      return {0, infinity};
    Scalar value = fromBits(*result);
    if (!in[0].isExact() || !in[1].isExact())
      value.error = infinity;
    return value;
  };
}

/// A sum, difference or product: errors are carried on as far as nothing
/// wraps.
template <typename F>
static ScalarRule onNumbers(unsigned width, F function, bool isProduct) {
  ScalarRule exact = onBits(width, [=](const APInt &a, const APInt &b) {
    return std::optional<APInt>(function(a, b));
  });
  return [=](ArrayRef<Scalar> in) -> Scalar {
    Scalar result = exact(in);
    if (in[0].isExact() && in[1].isExact())
      return result;
    double error = isProduct ? std::fabs(in[0].value) * in[1].error +
                                   in[1].reach() * in[0].error
                             : in[0].error + in[1].error;
    double most = isProduct ? in[0].reach() * in[1].reach()
                            : in[0].reach() + in[1].reach();
    bool mayWrap = !(most < std::ldexp(1.0, std::min(width - 1, 53u)));
    return {result.value, mayWrap ? infinity : error};
  };
}

/// And, or, xor. For an i1 of which one operand is known, that may be enough:
/// `absorbing` is the operand's value that decides the result, or -1.
template <typename F>
static ScalarRule onLogic(unsigned width, F function, int absorbing) {
  ScalarRule exact = onBits(width, [=](const APInt &a, const APInt &b) {
    return std::optional<APInt>(function(a, b));
  });
  return [=](ArrayRef<Scalar> in) -> Scalar {
    Scalar result = exact(in);
    if (width != 1 || (in[0].isExact() && in[1].isExact()))
      return result;
    for (const Scalar &operand : in)
      if (operand.isExact() && operand.value == absorbing)
        return Scalar::exact(absorbing);
    return {result.value, 1};
  };
}

/// The signed value of an extension or truncation.
static ScalarRule getCastRule(unsigned from, unsigned to, bool isSigned) {
  return [=](ArrayRef<Scalar> in) -> Scalar {
    if (in[0].isExact()) {
      APInt bits = toBits(in[0], from);
      return fromBits(isSigned ? bits.sextOrTrunc(to) : bits.zextOrTrunc(to));
    }
    // A condition read as a number.
    if (from == 1 && to > 1)
      return isSigned ? negate(in[0]) : in[0];
    bool fits = in[0].reach() < std::ldexp(1.0, std::min({from, to, 54u}) - 1);
    bool keeps = isSigned || in[0].low() >= 0;
    return {in[0].value, fits && keeps ? in[0].error : infinity};
  };
}

static ScalarRule getCompareRule(arith::CmpIOp op) {
  unsigned width = getWidth(op.getLhs().getType());
  return [width, predicate = op.getPredicate()](ArrayRef<Scalar> in) -> Scalar {
    bool result = arith::applyCmpPredicate(predicate, toBits(in[0], width),
                                           toBits(in[1], width));
    bool decided = in[0].isExact() && in[1].isExact();
    return {double(result), decided ? 0.0 : 1.0};
  };
}

ScalarRule mlir::zq::reference::getIntegerRule(Operation *op) {
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  if (!type.isIntOrIndex())
    return nullptr;
  unsigned width = getWidth(type);
  using B = const APInt &;
  using Maybe = std::optional<APInt>;
  auto bits = [width](auto function) { return onBits(width, function); };
  auto divides = [](B a, B b, bool isSigned) {
    return !b.isZero() && !(isSigned && a.isMinSignedValue() && b.isAllOnes());
  };
  return llvm::TypeSwitch<Operation *, ScalarRule>(op)
      .Case([&](arith::AddIOp) {
        return onNumbers(width, [](B a, B b) { return a + b; }, false);
      })
      .Case([&](arith::SubIOp) {
        return onNumbers(width, [](B a, B b) { return a - b; }, false);
      })
      .Case([&](arith::MulIOp) {
        return onNumbers(width, [](B a, B b) { return a * b; }, true);
      })
      .Case([&](arith::AndIOp) {
        return onLogic(width, [](B a, B b) { return a & b; }, 0);
      })
      .Case([&](arith::OrIOp) {
        return onLogic(width, [](B a, B b) { return a | b; }, 1);
      })
      .Case([&](arith::XOrIOp) {
        return onLogic(width, [](B a, B b) { return a ^ b; }, -1);
      })
      .Case([&](arith::DivSIOp) {
        return bits([=](B a, B b) {
          return divides(a, b, true) ? Maybe(a.sdiv(b)) : Maybe();
        });
      })
      .Case([&](arith::DivUIOp) {
        return bits([=](B a, B b) {
          return divides(a, b, false) ? Maybe(a.udiv(b)) : Maybe();
        });
      })
      .Case([&](arith::CeilDivUIOp) {
        return bits([=](B a, B b) {
          return divides(a, b, false) ? Maybe(llvm::APIntOps::RoundingUDiv(
                                            a, b, APInt::Rounding::UP))
                                      : Maybe();
        });
      })
      .Case([&](arith::CeilDivSIOp) {
        return bits([=](B a, B b) {
          return divides(a, b, true) ? Maybe(llvm::APIntOps::RoundingSDiv(
                                           a, b, APInt::Rounding::UP))
                                     : Maybe();
        });
      })
      .Case([&](arith::FloorDivSIOp) {
        return bits([=](B a, B b) {
          return divides(a, b, true) ? Maybe(llvm::APIntOps::RoundingSDiv(
                                           a, b, APInt::Rounding::DOWN))
                                     : Maybe();
        });
      })
      .Case([&](arith::RemSIOp) {
        return bits([=](B a, B b) {
          return divides(a, b, true) ? Maybe(a.srem(b)) : Maybe();
        });
      })
      .Case([&](arith::RemUIOp) {
        return bits([=](B a, B b) {
          return divides(a, b, false) ? Maybe(a.urem(b)) : Maybe();
        });
      })
      .Case([&](arith::ShLIOp) {
        return bits(
            [=](B a, B b) { return b.ult(width) ? Maybe(a.shl(b)) : Maybe(); });
      })
      .Case([&](arith::ShRSIOp) {
        return bits([=](B a, B b) {
          return b.ult(width) ? Maybe(a.ashr(b)) : Maybe();
        });
      })
      .Case([&](arith::ShRUIOp) {
        return bits([=](B a, B b) {
          return b.ult(width) ? Maybe(a.lshr(b)) : Maybe();
        });
      })
      .Case([&](arith::MaxSIOp) {
        return bits([](B a, B b) { return Maybe(a.sgt(b) ? a : b); });
      })
      .Case([&](arith::MinSIOp) {
        return bits([](B a, B b) { return Maybe(a.slt(b) ? a : b); });
      })
      .Case([&](arith::MaxUIOp) {
        return bits([](B a, B b) { return Maybe(a.ugt(b) ? a : b); });
      })
      .Case([&](arith::MinUIOp) {
        return bits([](B a, B b) { return Maybe(a.ult(b) ? a : b); });
      })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
          [&](auto cast) {
            return getCastRule(getWidth(cast.getIn().getType()), width, true);
          })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto cast) {
        return getCastRule(getWidth(cast.getIn().getType()), width, false);
      })
      .Case([&](arith::CmpIOp cmp) { return getCompareRule(cmp); })
      .Default([](Operation *) { return nullptr; });
}
