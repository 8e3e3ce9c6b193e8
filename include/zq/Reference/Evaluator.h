//===- Evaluator.h - What a program means, and how far off it may be ------===//
//
// Runs a function of a module as its author wrote it, before any lowering, in
// double precision, and computes beside every value a bound on what a correct
// compilation of the program may return instead. Nothing here is tuned to be
// quick but contractions, which have to take real sizes.
//
// What a compilation may do, and the bound covers:
//  * round each operation of the program to its element type, or not (fused
//    multiply-add, wider intermediates);
//  * add the terms of a reduction in any order;
//  * move an orthogonal transform from one operand of a contraction to the
//    other, and cancel it against its inverse;
//  * contract with the parts of a stored tensor one by one, in any order: with
//    the terms of a sum (low rank, outliers, residual), the factors of a
//    product of matrices, with its scales after the sum;
//  * approximate the functions of `math` as well as MLIR's polynomials do.
// Decoding is exact by contract, but for codecs with stages that are ops on
// tensors: those are evaluated as what `zq-split-codecs` makes of them, and
// checked against the reference codec. lib/Reference/Decode.cpp has the
// reasoning.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_REFERENCE_EVALUATOR_H
#define ZQ_REFERENCE_EVALUATOR_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "zq/Codec/Array.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// A tensor of doubles with a bound on the error of each. Row-major; a scalar
/// has rank 0. Integers are held as doubles, i1 as 0 and 1.
struct BoundedTensor {
  std::vector<int64_t> shape;
  std::vector<double> values;
  /// A correct compilation returns something within `errors[i]` of `values[i]`.
  /// Infinity where nothing is promised: where f32 may overflow, where a
  /// divisor may be zero, where uninitialised memory is read.
  std::vector<double> errors;
  /// What counts as `values[i]`'s magnitude in the error of a sum of products
  /// with it, at least its absolute value; empty where it is just that. More
  /// for what a transform computed (lib/Reference/Transform.cpp) and for what
  /// is made of parts (lib/Reference/Decode.cpp).
  std::vector<double> magnitudes;

  int64_t size() const { return values.size(); }
};

/// An argument: one dense array (of rank 0 for a scalar), or the streams of a
/// compressed tensor in the order of its codec.
struct EvaluatorInput {
  std::vector<::zq::codec::Array> arrays;
};

/// Decodes a whole tensor whose codec names a decoder of the module, which only
/// the compiler understands. Reports its own errors. The type is the one to
/// decode: stages above that are ops on tensors have been taken off.
using CustomDecodeFn = function_ref<FailureOr<::zq::codec::Array>(
    CompressedTensorType type, const std::vector<::zq::codec::Array> &streams)>;

/// Evaluates `func` for one input for each of its arguments; gives its results.
/// Fails with an error at the op that has no rule here, whose operands do not
/// fit, whose streams are damaged, or that names a decoder where there is no
/// `customDecode`. The context has the dialects loaded that `zq-split-codecs`
/// depends on. Contractions with compressed tensors may have products that are
/// off by `accuracy` times the largest factors (`zq-choose-domains`).
FailureOr<std::vector<BoundedTensor>>
evaluateReference(func::FuncOp func, ArrayRef<EvaluatorInput> inputs,
                  CustomDecodeFn customDecode = nullptr, double accuracy = 0);

/// How what a program returned compares with what it may return.
struct BoundComparison {
  /// The largest difference, and the element where it is; -1 where there are
  /// no elements.
  double largestDifference = 0;
  int64_t largestAt = -1;
  /// The largest quotient of difference and bound (0 for 0 / 0), and where.
  double largestRatio = 0;
  int64_t ratioAt = -1;
  /// Elements outside their bound; a NaN where none is expected is outside any
  /// bound but infinity.
  int64_t violations = 0;
  /// Elements about which nothing is promised.
  int64_t unbounded = 0;

  bool isWithin() const { return violations == 0; }
};

/// Compares. `actual` has the shape of `expected`, which is asserted, and any
/// element type.
BoundComparison compareWithBound(const BoundedTensor &expected,
                                 const ::zq::codec::Array &actual);

} // namespace mlir::zq

#endif // ZQ_REFERENCE_EVALUATOR_H
