//===- FloatRules.cpp - Arithmetic on floats ------------------------------===//
#include "ScalarRules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq::reference;

ScalarRule mlir::zq::reference::getScalarRule(Operation *op, Terms terms) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0)
    return nullptr;
  if (ScalarRule rule = getFloatRule(op, terms))
    return rule;
  if (ScalarRule rule = getIntegerRule(op))
    return rule;
  return getMathRule(op);
}

static double toDouble(llvm::APFloat value) {
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

Scalar mlir::zq::reference::getConstant(Attribute attr) {
  if (auto number = dyn_cast<FloatAttr>(attr))
    return Scalar::exact(toDouble(number.getValue()));
  auto number = cast<IntegerAttr>(attr);
  const llvm::APInt &bits = number.getValue();
  return Scalar::exact(bits.getBitWidth() == 1 ? double(bits.getZExtValue())
                                               : double(bits.getSExtValue()));
}

/// The larger or smaller of two (`sign` -1): each lies within its error, so
/// does the result within the larger of them. `keepsNaN` is what tells
/// maximumf from maxnumf.
static Scalar extremum(const Scalar &a, const Scalar &b, double sign,
                       bool keepsNaN) {
  if (std::isnan(a.value) || std::isnan(b.value)) {
    // An operand that is NaN for sure decides, whatever the other one's error:
    // it begins the maximum that a softmax is decomposed to.
    const Scalar &number = std::isnan(a.value) ? b : a;
    if (!a.isSurelyNaN() && !b.isSurelyNaN())
      return {NAN, infinity};
    if (keepsNaN)
      return Scalar::exact(NAN);
    return number;
  }
  const Scalar &farther = sign * a.value >= sign * b.value ? a : b;
  return {farther.value, std::max(a.error, b.error)};
}

/// Whether a comparison's operands may compare in one way only.
static bool isDecided(const Scalar &a, const Scalar &b) {
  return (a.isExact() && b.isExact()) || a.isSurelyNaN() || b.isSurelyNaN() ||
         std::fabs(a.value - b.value) > a.error + b.error;
}

static bool compare(arith::CmpFPredicate predicate, double a, double b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::AlwaysTrue:
    return true;
  case P::ORD:
    return !unordered;
  case P::UNO:
    return unordered;
  case P::OEQ:
    return a == b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::ONE:
    return !unordered && a != b;
  case P::UEQ:
    return unordered || a == b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UNE:
    return a != b;
  }
  llvm_unreachable("unknown predicate");
}

static Scalar compare(arith::CmpFPredicate predicate, const Scalar &a,
                      const Scalar &b) {
  using P = arith::CmpFPredicate;
  bool result = compare(predicate, a.value, b.value);
  bool aboutOrder = predicate == P::ORD || predicate == P::UNO;
  bool decided = aboutOrder ? std::isfinite(a.error) && std::isfinite(b.error)
                            : isDecided(a, b);
  return {double(result), decided ? 0.0 : 1.0};
}

/// A float made an integer of `width` bits, towards zero; out of range is
/// undefined.
static Scalar toInteger(const Scalar &a, unsigned width, bool isSigned) {
  double low = isSigned ? -std::ldexp(1.0, width - 1) : 0;
  double high = std::ldexp(1.0, isSigned ? width - 1 : width);
  double value = std::trunc(a.value), from = std::trunc(a.low()),
         to = std::trunc(a.high());
  if (!(from >= low && to < high))
    return {value, infinity};
  // Unsigned values keep their bits: integers are held as signed ones.
  if (!isSigned && to >= high / 2 && width > 1) {
    if (from != to)
      return {value, infinity};
    return Scalar::exact(value - high);
  }
  return {value, std::max(value - from, to - value)};
}

/// The same bits as another type of the same width; floats of 8 bits or more,
/// and integers.
static ScalarRule getBitcastRule(arith::BitcastOp op) {
  Type from = getElementTypeOrSelf(op.getIn().getType());
  Type to = getElementTypeOrSelf(op.getType());
  if (!from.isIntOrFloat() || !to.isIntOrFloat())
    return nullptr;
  return [from, to](ArrayRef<Scalar> in) -> Scalar {
    if (!in[0].isExact())
      return {in[0].value, infinity};
    llvm::APInt bits(from.getIntOrFloatBitWidth(), 0);
    if (auto type = dyn_cast<FloatType>(from)) {
      // The payload of a NaN is not kept.
      if (std::isnan(in[0].value))
        return {0, infinity};
      llvm::APFloat number(in[0].value);
      bool losesInfo;
      number.convert(type.getFloatSemantics(),
                     llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      bits = number.bitcastToAPInt();
    } else {
      bits = llvm::APInt(bits.getBitWidth(), int64_t(in[0].value), true, true);
    }
    if (auto type = dyn_cast<FloatType>(to))
      return Scalar::exact(
          toDouble(llvm::APFloat(type.getFloatSemantics(), bits)));
    if (bits.getSignificantBits() > 53)
      return {double(bits.getSExtValue()), infinity};
    return Scalar::exact(bits.getBitWidth() == 1 ? double(bits.getZExtValue())
                                                 : double(bits.getSExtValue()));
  };
}

ScalarRule mlir::zq::reference::getFloatRule(Operation *op, Terms terms) {
  auto unary = [](auto function) -> ScalarRule {
    return [=](ArrayRef<Scalar> in) { return function(in[0]); };
  };
  auto binary = [](auto function) -> ScalarRule {
    return [=](ArrayRef<Scalar> in) { return function(in[0], in[1]); };
  };
  Rounding r;
  if (isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType())))
    r = Rounding::of(op->getResult(0).getType());
  using S = const Scalar &;
  return llvm::TypeSwitch<Operation *, ScalarRule>(op)
      .Case([&](arith::AddFOp) {
        return binary([=](S a, S b) { return add(a, b, r, terms); });
      })
      .Case([&](arith::SubFOp) {
        return binary([=](S a, S b) { return add(a, negate(b), r, terms); });
      })
      .Case([&](arith::MulFOp) {
        return binary([r](S a, S b) { return multiply(a, b, r); });
      })
      .Case([&](arith::DivFOp) {
        return binary([r](S a, S b) { return divide(a, b, r); });
      })
      .Case([&](math::FmaOp) -> ScalarRule {
        // Whether or not it is fused.
        return [=](ArrayRef<Scalar> in) {
          return add(multiply(in[0], in[1], r), in[2], r, terms);
        };
      })
      .Case([&](arith::NegFOp) { return unary(negate); })
      .Case([&](math::AbsFOp) {
        return unary([](S a) -> Scalar {
          return {std::fabs(a.value), a.error, a.magnitude};
        });
      })
      .Case([&](arith::MaximumFOp) {
        return binary([](S a, S b) { return extremum(a, b, 1, true); });
      })
      .Case([&](arith::MinimumFOp) {
        return binary([](S a, S b) { return extremum(a, b, -1, true); });
      })
      .Case([&](arith::MaxNumFOp) {
        return binary([](S a, S b) { return extremum(a, b, 1, false); });
      })
      .Case([&](arith::MinNumFOp) {
        return binary([](S a, S b) { return extremum(a, b, -1, false); });
      })
      .Case([&](arith::CmpFOp cmp) {
        return binary([predicate = cmp.getPredicate()](S a, S b) {
          return compare(predicate, a, b);
        });
      })
      .Case([&](arith::SelectOp) -> ScalarRule {
        return [](ArrayRef<Scalar> in) {
          const Scalar &taken = in[0].value != 0 ? in[1] : in[2];
          const Scalar &other = in[0].value != 0 ? in[2] : in[1];
          return in[0].isExact() ? taken : hull(taken, other);
        };
      })
      .Case([&](arith::ExtFOp) { return unary([](S a) { return a; }); })
      .Case([&](arith::TruncFOp) {
        return unary([r](S a) { return narrow(a, r); });
      })
      .Case([&](arith::SIToFPOp cast) {
        // -1 is how a signed i1 reads its one.
        bool isBool = getElementTypeOrSelf(cast.getIn().getType()).isInteger(1);
        return unary(
            [r, isBool](S a) { return narrow(isBool ? negate(a) : a, r); });
      })
      .Case([&](arith::UIToFPOp cast) {
        unsigned width = getElementTypeOrSelf(cast.getIn().getType())
                             .getIntOrFloatBitWidth();
        return unary([r, width](S a) {
          if (a.low() >= 0)
            return narrow(a, r);
          if (!a.isExact())
            return Scalar(a.value, infinity);
          return narrow(Scalar::exact(a.value + std::ldexp(1.0, width)), r);
        });
      })
      .Case<arith::FPToSIOp, arith::FPToUIOp>([&](auto cast) {
        unsigned width =
            getElementTypeOrSelf(cast.getType()).getIntOrFloatBitWidth();
        bool isSigned = isa<arith::FPToSIOp>(cast.getOperation());
        return unary([=](S a) { return toInteger(a, width, isSigned); });
      })
      .Case([&](arith::BitcastOp cast) { return getBitcastRule(cast); })
      .Default([](Operation *) { return nullptr; });
}
