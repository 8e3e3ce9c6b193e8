//===- PanelCopy.h - Rows of a stream into a block's memory ---------------===//
#ifndef ZQ_LIB_TARGET_NVVM_PANELCOPY_H
#define ZQ_LIB_TARGET_NVVM_PANELCOPY_H

#include "KernelBuilder.h"

namespace mlir::zq {

/// How all threads of a block bring some rows of a row-major stream into its
/// memory, a stretch of each row at a time. A stretch is cut into chunks, each
/// of which has a place of its own. What lies beyond the last row, or the end
/// of a row, becomes zeros.
class PanelCopy {
public:
  /// What becomes of the bits of a chunk.
  enum class Form {
    AsIs,
    /// 16 codes of 4 bits to bits 5 to 2 of a byte each: e2m1 among floats of 8
    /// bits.
    SpreadFours,
    /// 16 codes of 6 bits to bits 5 to 0.
    SpreadSixes,
  };

  struct Layout {
    /// Rows of the stream and bytes of each.
    int64_t rows, pitch;
    /// Rows that are brought, and chunks of each in a stretch.
    int64_t panelRows, chunks;
    /// Bytes of a chunk in the stream: 4, 8, 12 or 16.
    int64_t bytes;
    Form form = Form::AsIs;
    /// How many threads there are.
    int64_t threads;

    /// The bytes that can be read at a time, a power of two.
    int64_t getUnit() const;
    /// Whether the hardware copies by itself, `cp.async`. If not the chunks go
    /// through registers.
    bool isAsync() const { return form == Form::AsIs && getUnit() >= 4; }
  };

  /// To be made before the loop over stretches. `place` says how many bytes
  /// after the beginning of a stage chunk (row, chunk) lies.
  PanelCopy(KernelBuilder &b, const Layout &layout, Value stream, Int firstRow,
            Int thread, function_ref<Int(Int row, Int chunk)> place);

  /// Begins to copy a stretch to a stage; does nothing unless asynchronous.
  void copy(Int stretch, Value stage);
  /// What the thread brings of a stretch, for `store`; nothing where
  /// asynchronous.
  SmallVector<Value> load(Int stretch);
  /// As many values as `load` returns, zero.
  SmallVector<Value> zeros();
  void store(ArrayRef<Value> values, Value stage);

private:
  struct Chunk {
    /// Where its first stretch begins, and its place in a stage.
    Value from;
    Int place;
    /// Its first byte in the row.
    Int column;
    /// Null where it always holds.
    Int isRow, isChunk;
  };
  /// Whether `unit` of a chunk lies in the array; null where it always does.
  Int isInside(const Chunk &chunk, Int start, int64_t unit);
  SmallVector<Value> loadWords(const Chunk &chunk, Int start);
  SmallVector<Value> spread(ArrayRef<Value> words);

  KernelBuilder &b;
  Layout layout;
  Value stream;
  SmallVector<Chunk> chunks;
};

/// All that a stage of a block's memory holds.
class PanelCopies {
public:
  PanelCopies(KernelBuilder &b, int64_t stretches)
      : b(b), stretches(stretches) {}

  void add(PanelCopy copy) { copies.push_back(std::move(copy)); }

  /// Begins to bring a stretch, if there is one of this number, into a stage
  /// that nobody reads, and commits. What goes through registers is written to
  /// the stage after `between`.
  void fill(Int stretch, Value stage, function_ref<void()> between);

private:
  KernelBuilder &b;
  int64_t stretches;
  SmallVector<PanelCopy> copies;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_PANELCOPY_H
