//===- Scalar.h - A number and a bound on its error -----------------------===//
#ifndef ZQ_LIB_REFERENCE_SCALAR_H
#define ZQ_LIB_REFERENCE_SCALAR_H

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>
#include <limits>

namespace mlir::zq::reference {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// A value, computed in double, and how far from it a compiled program's may
/// be. An error of infinity promises nothing.
struct Scalar {
  double value = 0;
  double error = 0;
  /// At least |value|: see `BoundedTensor::magnitudes`.
  double magnitude = 0;

  Scalar() = default;
  Scalar(double value, double error)
      : value(value), error(error), magnitude(std::fabs(value)) {}
  Scalar(double value, double error, double magnitude)
      : value(value), error(error), magnitude(magnitude) {}
  static Scalar exact(double value) { return {value, 0}; }

  bool isExact() const { return error == 0; }
  bool isSurelyNaN() const { return isExact() && std::isnan(value); }
  double low() const { return value - error; }
  double high() const { return value + error; }
  /// What the compiled value's magnitude does not exceed.
  double reach() const { return magnitude + error; }
  bool hasExcess() const { return magnitude > std::fabs(value); }
};

/// How a float type rounds.
struct Rounding {
  /// The unit roundoff 2^-p, a little enlarged for what evaluating in double
  /// itself loses.
  double unit = 0;
  /// Half the smallest subnormal: the error where results underflow.
  double tiny = 0;
  /// The largest finite value.
  double largest = 0;
  /// Significant bits.
  int precision = 0;

  /// Requires a float type or a tensor of one.
  static Rounding of(Type type);

  /// Whether the type holds `value` as it is (subnormals aside).
  bool holds(double value) const;

  /// An operation's result: computed as `value`, its operands' errors making
  /// for `propagated`, then rounded. `certain` says that a result that is not
  /// finite is no artefact of the errors.
  Scalar apply(double value, double propagated, double magnitude,
               bool certain) const;
  Scalar apply(double value, double propagated, bool certain) const {
    return apply(value, propagated, std::fabs(value), certain);
  }
};

/// How a sum's magnitude follows from those of its terms: the compiler keeps a
/// sum as it is, or may go on with the terms instead.
enum class Terms { Kept, TakenApart };

Scalar add(const Scalar &a, const Scalar &b, const Rounding &rounding,
           Terms terms = Terms::Kept);
Scalar multiply(const Scalar &a, const Scalar &b, const Rounding &rounding);
Scalar divide(const Scalar &a, const Scalar &b, const Rounding &rounding);
/// The conversion to a narrower type; exact where nothing is lost.
Scalar narrow(const Scalar &a, const Rounding &rounding);
inline Scalar negate(const Scalar &a) {
  return {-a.value, a.error, a.magnitude};
}
/// Covers both operands, with the value of the first.
Scalar hull(const Scalar &a, const Scalar &b);

/// Sums up terms that a compiled program may add in any order.
class Sum {
public:
  void add(const Scalar &term, int64_t terms = 1) {
    add(term.value, term.error, term.reach(), terms);
    surelyNaN |= term.isSurelyNaN();
  }
  /// As above; `reach` is the sum of magnitude and error.
  void add(double value, double error, double reach, int64_t terms = 1) {
    this->value += value;
    this->error += error;
    this->reach += reach;
    count += terms;
  }
  /// Each term may be rounded this many times more.
  void addRoundings(int64_t roundings) { count += roundings; }
  /// A term is NaN whatever the errors.
  void markNaN() { surelyNaN = true; }

  double getValue() const { return value; }

  /// The result. n terms take n - 1 additions, and a sum in any order differs
  /// from the exact one by at most g(n - 1) times the sum of the computed
  /// terms' magnitudes, with g(n) = n u / (1 - n u) (Higham, Accuracy and
  /// Stability of Numerical Algorithms, 4.2). g(n) is taken, which leaves
  /// room for a term that came out of a transform with errors of its own.
  Scalar finish(const Rounding &rounding, Terms terms = Terms::Kept) const;

private:
  double value = 0, error = 0, reach = 0;
  int64_t count = 0;
  bool surelyNaN = false;
};

} // namespace mlir::zq::reference

#endif // ZQ_LIB_REFERENCE_SCALAR_H
