//===- SharedBlocks.h - Blocks that threads decode together ---------------===//
//
// A sequential decoder whose block has many streams of states side by side is
// run by as many threads, each with its part of the states. What they have to
// know of each other, as where in the bits the others take theirs, a target
// emits.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_SHAREDBLOCKS_H
#define ZQ_DIALECT_ZQ_IR_SHAREDBLOCKS_H

#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"

namespace mlir::zq {

/// Threads that run the same code, each for as many elements of a block: the
/// first ones are those of the first thread.
class SharedBlock {
public:
  SharedBlock(int64_t threads, Value thread)
      : threads(threads), thread(thread) {}
  virtual ~SharedBlock() = default;

  /// How many elements of the block are set before each of those of `mask`,
  /// this thread's; and in `count` how many are at all. Indices.
  virtual SmallVector<Value> emitRanks(OpBuilder &b, Location loc, Value mask,
                                       Value &count) = 0;
  /// `zq.lookup` of `codes`, this thread's vector of bytes, in a table of bytes
  /// of which each thread has as many entries, `part`.
  virtual Value emitLookup(OpBuilder &b, Location loc, Value codes,
                           Value part) = 0;

  /// How many there are, and which one runs, an index.
  const int64_t threads;
  const Value thread;
};

} // namespace mlir::zq

#include "zq/Dialect/ZQ/IR/SharedBlocks.h.inc"

namespace mlir::zq {

/// The elements of a row of a tensor that `threads` threads decode together;
/// zero where its codec cannot be decoded so.
int64_t getSharedBlock(CompressedTensorType type, int64_t threads,
                       Operation *scope);

/// The state at the beginning of the row at the builder's position.
FailureOr<SmallVector<Value>> emitSharedInit(DecodeBuilder &at,
                                             SharedBlock &shared,
                                             CodecAttr codec, Type element,
                                             ValueRange streams);

/// Emits the decoding of this thread's elements of a block: the builder's
/// position and width are those of these. Replaces the builder's state.
FailureOr<Value> emitSharedBlock(DecodeBuilder &at, SharedBlock &shared,
                                 CodecAttr codec, Type element,
                                 ValueRange streams);

/// Lets the stages that have the interface answer to it.
void attachSharedBlocks(MLIRContext *context);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_SHAREDBLOCKS_H
