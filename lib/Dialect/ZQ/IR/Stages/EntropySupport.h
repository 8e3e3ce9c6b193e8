//===- EntropySupport.h - Reading streams of data-dependent length --------===//
//
// The decoders of entropy stages stand at places in their streams that only the
// data tells. Whatever these say, nothing is read out of bounds.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_DIALECT_ZQ_IR_STAGES_ENTROPYSUPPORT_H
#define ZQ_LIB_DIALECT_ZQ_IR_STAGES_ENTROPYSUPPORT_H

#include "StageSupport.h"

namespace mlir::zq {

class SharedBlock;

/// The most elements of a chunk.
constexpr int64_t largestChunk = 1 << 20;

/// Whether `chunk` elements along the last axis may be a chunk.
LogicalResult verifyChunk(ErrorFn emitError, int64_t chunk, StringRef label);

/// Appends a stream of one dimension whose size is up to the data.
void addDataStream(SmallVectorImpl<Part> &parts, MLIRContext *context,
                   StringRef name, unsigned bits, int64_t rank);

/// The entry of an index of chunks (part `index`, i32) at `place`, as an index.
Value emitOffset(DecodeBuilder &at, unsigned index, ValueRange place);

/// `length` elements of part `index`, of one dimension, from `position`, or its
/// last ones where they are not as many. The slack at the end of a stream makes
/// that harmless for one that is intact.
Value emitLoad(DecodeBuilder &at, unsigned index, Value position,
               int64_t length);

/// How many lanes of `mask` (at most 127) are set, as an index.
Value emitCount(DecodeBuilder &at, Value mask);

/// The next bytes of part `index` from `position` in the lanes of `mask`,
/// `passthru` in the others; moves `position` past them.
Value emitTake(DecodeBuilder &at, unsigned index, Value mask, Value passthru,
               Value &position);

/// This thread's part of the `length` elements that `emitLoad` loads.
Value emitSharedLoad(DecodeBuilder &at, SharedBlock &shared, unsigned index,
                     Value position, int64_t length);

/// `emitTake` for this thread's lanes of a block; moves `position` past what
/// all threads take.
Value emitSharedTake(DecodeBuilder &at, SharedBlock &shared, unsigned index,
                     Value mask, Value passthru, Value &position);

/// Applies `emit` to at most `most` lanes of `lanes` after the other and puts
/// the results, of as many lanes, together.
Value emitPieces(DecodeBuilder &at, Value lanes, int64_t most,
                 function_ref<Value(Value piece)> emit);

/// `value` in each element of `type`, a vector or a scalar.
Value emitConstant(DecodeBuilder &at, Type type, int64_t value);

} // namespace mlir::zq

#endif // ZQ_LIB_DIALECT_ZQ_IR_STAGES_ENTROPYSUPPORT_H
