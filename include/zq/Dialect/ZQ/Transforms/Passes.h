//===- Passes.h - Passes on the zq dialect --------------------------------===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_H
#define ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace mlir::zq {

#define GEN_PASS_DECL
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"

/// Makes ops on tensors of the stages that are, in every `zq.decode` under
/// `root`
/// (`zq-split-codecs`). Fails with an error at the decode. Scales leave the
/// codecs of contractions that look up their products on a target with vectors
/// of `lanes` elements (`zq-tabulate-products`); none does for 0.
LogicalResult splitCodecs(Operation *root, int64_t lanes = 0,
                          int64_t panelRows = 0);

/// Rotations leave the codecs, move across contractions and cancel
/// (`zq-move-rotations`).
void populateMoveRotationsPatterns(RewritePatternSet &patterns);

/// Contractions with a weight in parts become contractions with the parts
/// (`zq-distribute-contractions`).
void populateDistributeContractionsPatterns(RewritePatternSet &patterns);

/// The block that a decoder of `type` has where blocks of `width` elements are
/// asked for: the next multiple of what its stages decode without looking at a
/// neighbour that a chunk is a multiple of. For a thread whose registers hold
/// one element each (`isScalar`) nothing is decoded side by side.
int64_t getDecoderWidth(Operation *scope, CompressedTensorType type,
                        int64_t width, bool isScalar = false);

/// The decoder of `type`'s codec for blocks of `width` elements along the last
/// axis, which `getDecoderWidth` found, made and inserted into the symbol table
/// of `scope` where it is not there yet. Its state may be the codes of a chunk
/// where `buffersChunks` is set. Fails with an error at `scope` where a stage
/// cannot decode such blocks.
FailureOr<DecoderOp> materializeDecoder(Operation *scope,
                                        CompressedTensorType type,
                                        int64_t width,
                                        bool buffersChunks = false);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_H
