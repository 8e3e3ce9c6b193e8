//===- ScaledCodes.h - Weights as small codes under factors ---------------===//
//
// What a sum of products takes out of a weight: factors of rows and of groups
// of columns leave it, offsets of groups are multiplied by sums of activations,
// and what is multiplied by each is the table that codes stand for. Which
// stages these are is not known here, only what they answer.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_SCALEDCODES_H
#define ZQ_LIB_TARGET_NVVM_SCALEDCODES_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

#include <optional>

namespace mlir::zq {

struct ScaledCodes {
  /// The stages that multiply, by their places in the chain: those with the
  /// same factor for all columns, and those with one for each group of them or
  /// below an offset, which must not leave that alone.
  SmallVector<unsigned> rowFactors, groupFactors;
  /// The stages that add a number to what those below them decode to.
  SmallVector<unsigned> offsets;
  /// Consecutive columns that share the factors and offsets of groups; 0 where
  /// there are none.
  int64_t group = 0;
  /// The factors of groups, where one stage has them all and stores them in a
  /// small float: the binary digits of their significands; the least above
  /// zero, of which all are multiples, and the largest; and what each code is.
  struct Range {
    int64_t digits;
    double least, largest;
    SmallVector<float> values;
  };
  std::optional<Range> factors;
  /// Where the innermost of these stages also subtracts zero points, of its
  /// group or of the row, from what codes stand for: all that these can be.
  SmallVector<float> zeroPoints;
  /// The stage whose codes stand for `values`, 2^bits of them.
  unsigned map = 0;
  int64_t bits = 0;
  SmallVector<float> values;
};

/// The form of a weight of rank 2, or nothing where it has none: zero points
/// that are not of a few known values, entropy coders and tensor stages are no
/// factors.
std::optional<ScaledCodes> findScaledCodes(CompressedTensorType type,
                                           Operation *scope);

/// Reads the codes and factors of a weight.
class ScaledCodesReader {
public:
  /// Takes the weight apart at the builder's position. Codes are read by blocks
  /// of `width` columns.
  ScaledCodesReader(ImplicitLocOpBuilder &b, const ScaledCodes &form,
                    Value weight, Operation *scope, int64_t width);

  /// The codes of `width` columns of a row from `column` on, a vector of bytes;
  /// those beyond the end of the row are anything.
  FailureOr<Value> readCodes(Value row, Value column);
  /// The factors of the groups of a row that have the `width` columns from
  /// `column` on, a vector of f32.
  FailureOr<Value> readGroupFactors(Value row, Value column);
  /// What is added to each product of a code and these factors, likewise.
  FailureOr<Value> readOffsets(Value row, Value column);
  /// The factors as codes of `form.factors`, a vector of bytes.
  FailureOr<Value> readGroupFactorCodes(Value row, Value column);
  /// The zero points likewise, a vector of f32.
  FailureOr<Value> readZeroPoints(Value row, Value column);
  /// The factor of a whole row; null where it is one.
  FailureOr<Value> readRowFactor(Value row);

private:
  DecodeBuilder enter(Value row, Value column, int64_t width);
  Value splat(float value, int64_t count);
  FailureOr<Value> emitStage(unsigned stage, Value row, Value column,
                             Value values);
  FailureOr<Value> readFactors(ArrayRef<unsigned> stages, Value row,
                               Value column, int64_t count);
  FailureOr<Value> readZeroPoints(Value row, Value column, int64_t count);

  ImplicitLocOpBuilder &b;
  const ScaledCodes &form;
  CompressedTensorType type;
  Operation *scope;
  int64_t width;
  /// Parts by stage, and the streams of those below the factors and the map.
  SmallVector<SmallVector<DecodeBuilder::StoredPart>> parts;
  SmallVector<Value> codeStreams;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_SCALEDCODES_H
