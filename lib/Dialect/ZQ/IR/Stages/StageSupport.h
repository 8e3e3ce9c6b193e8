//===- StageSupport.h - What the built-in stages have in common -----------===//
//
// A stage answers here what it takes in, hands on and stores, and emits exactly
// the arithmetic of its `decode` in lib/Codec, in the same order, on a vector
// of consecutive elements.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_IR_STAGES_STAGESUPPORT_H
#define ZQ_LIB_DIALECT_ZQ_IR_STAGES_STAGESUPPORT_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Codec/StoredFloats.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/StageSyntax.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

namespace mlir::zq {

using ErrorFn = function_ref<InFlightDiagnostic()>;
using Reference = std::shared_ptr<const ::zq::codec::Stage>;

/// Appends a part without a codec, whose sizes are `sizes`.
void addStream(SmallVectorImpl<Part> &parts, MLIRContext *context,
               StringRef name, Type element, int64_t rank,
               ArrayRef<AffineExpr> sizes, unsigned numSymbols = 0);

/// Appends a part stored as `stored` says: in a float type or, where that is a
/// codec, as the f32 values that it takes in.
void addStored(SmallVectorImpl<Part> &parts, StringRef name, Attribute stored,
               int64_t rank, ArrayRef<AffineExpr> sizes,
               unsigned numSymbols = 0);

/// Stores a part, which has no codec, in panels of `rows` rows.
void putInPanels(Part &part, int64_t rows);

/// How a side array is stored for `lanes` rows of a tensor of `rank`: a codec
/// with its columns side by side. Types and null as they are.
Attribute storeInLanes(Attribute stored, int64_t rank, int64_t lanes);

/// Whether the parts of `stage`, which has one element for each `group` and
/// whatever input, are laid out for `lanes` rows of a tensor of `shape`.
bool arePartsInLanes(StageAttrInterface stage, ArrayRef<int64_t> shape,
                     ArrayRef<int64_t> group, int64_t lanes);

/// The factors of a column's rows, as they are stored, in f32.
Value emitFactorToF32(LaneBuilder &at, Value factors);

/// The dimensions of a tensor of `rank`.
SmallVector<AffineExpr> getDims(MLIRContext *context, int64_t rank);

/// The number of blocks along each dimension; a size of 0 is the whole
/// dimension, no sizes at all a block that is the whole tensor.
SmallVector<AffineExpr> getBlockCounts(MLIRContext *context, int64_t rank,
                                       ArrayRef<int64_t> block);

/// The sizes of `block`, one per dimension, as `loadPerGroup` takes them.
SmallVector<int64_t> getGroup(ArrayRef<int64_t> block, int64_t rank);

/// Values are what a transform, scale or quantizer takes in.
LogicalResult verifyValues(ErrorFn emitError, Type input, StringRef stage);

/// Codes are what a packer or an entropy coder takes in: of at most `maxBits`.
LogicalResult verifyCodes(ErrorFn emitError, Type input, StringRef stage,
                          int64_t maxBits = 8);

// The parameters of a stage are checked under labels, "(scale 1)", that its
// description lists; scripts/check_constraints.py looks for a test of each.

/// Whether `stored` is f32, f16, bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, or a
/// codec; `what` is stored so: "an offset".
LogicalResult verifyStored(ErrorFn emitError, Attribute stored, StringRef label,
                           StringRef what);

/// Whether `stored` is not f8E8M0FNU, which has neither sign nor zero; `what`
/// needs them.
LogicalResult verifySigned(ErrorFn emitError, Attribute stored, StringRef label,
                           StringRef what);

/// Whether `stored` is f32, f16 or bf16, which are read without a decoder of
/// their own, or a codec. `array` names it.
LogicalResult verifyStoredTensor(ErrorFn emitError, Attribute stored,
                                 StringRef label, StringRef array);

/// Whether a block has one size per dimension, or is the whole tensor.
LogicalResult verifyBlockRank(ErrorFn emitError, ArrayRef<int64_t> block,
                              ArrayRef<int64_t> shape, StringRef stage);

/// Whether a table of values has 2 to 256 finite entries that increase.
LogicalResult verifyTable(ErrorFn emitError, DenseF32ArrayAttr table,
                          StringRef sizeLabel, StringRef orderLabel);

/// Whether a transform along `axis` takes in `input` for a tensor of `shape`.
LogicalResult verifyTransform(ErrorFn emitError, ArrayRef<int64_t> shape,
                              int64_t axis, Type input, StringRef stage);

/// Decodes what is below a transform and undoes it: a `zq.rotate` over the
/// whole of its axis, of which the window is cut.
FailureOr<Value> emitInverseTransform(TensorDecodeBuilder &at,
                                      TransformAttrInterface transform);

/// The width of codes.
int64_t getBits(Type codes);

/// The reference codec of a side array; null where it has none. Sets `known` to
/// false where a stage of it has no reference.
std::shared_ptr<const ::zq::codec::Codec> getStoredReference(Attribute stored,
                                                             bool &known);

/// The type in which a side array without a codec is stored, f32 for others.
::zq::codec::ElementType getStoredType(Attribute stored);

/// How the reference stores such a side array; none where a stage of its codec
/// has no reference.
std::optional<::zq::codec::StoredFloats> getStoredFloats(Attribute stored);

/// `element` in every lane of the builder's block.
VectorType getLanes(DecodeBuilder &at, Type element);

/// An integer constant in every lane.
Value splat(DecodeBuilder &at, unsigned bits, int64_t value);

/// What `emitLookup` in a table of `entries` costs for one value.
StageCost getLookupCost(int64_t entries);

/// The value of each code in a table of consecutive codes' values; what lies
/// beyond it repeats its last entry.
Value emitLookup(DecodeBuilder &at, Value codes, ArrayRef<float> values);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_IR_STAGES_STAGESUPPORT_H
