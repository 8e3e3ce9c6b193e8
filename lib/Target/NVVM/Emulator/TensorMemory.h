//===- TensorMemory.h - The tensor core's memory --------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_TENSORMEMORY_H
#define ZQ_TARGET_NVVM_EMULATOR_TENSORMEMORY_H

#include "Site.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace zq::emulator {

class Machine;

/// 128 lanes of 512 columns of 32 bits [ptx 9.7.16.1].
struct TensorMemory {
  static constexpr unsigned numLanes = 128, numColumns = 512;

  struct Column {
    /// Columns of the allocation that it is of; 0: none.
    unsigned allocated = 0;
    unsigned allocationBegin = 0;
    /// When the tensor core last writes it, and by what.
    uint32_t writeTick = 0;
    const Site *site = nullptr;
  };

  std::vector<uint32_t> words;
  Column columns[numColumns];
  /// Of each column and warp, when its lanes last read or wrote it.
  std::vector<uint32_t> touches;
  /// Of each warp, what tcgen05.st has not written yet: place and word.
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> pendingStores;
  unsigned numWarps = 0;
  bool isPermitRelinquished = false;
  bool isUsed = false;

  uint32_t &at(unsigned lane, unsigned column) {
    return words[lane * numColumns + column];
  }
  uint32_t &getTouch(unsigned column, unsigned warp) {
    return touches[column * numWarps + warp];
  }
  /// A fresh CTA's: nothing allocated, filled with 0xff.
  void reset(unsigned warps);
};

/// Reports columns from `begin` on that the kernel has not allocated.
void checkColumns(Machine &machine, unsigned begin, unsigned count,
                  const char *what);
/// The same for columns that the tensor core accesses for the current lane,
/// which may come only after what lanes did with them.
void checkEngineAccess(Machine &machine, unsigned begin, unsigned count,
                       const char *what);
/// Notes that the tensor core writes columns at `tick`.
void markEngineWrite(Machine &machine, unsigned begin, unsigned count,
                     uint32_t tick);

/// A matrix in shared memory, rows of K bytes [ptx 9.7.16.4.1].
struct MatrixDescriptor {
  uint64_t start, leading, stride;
  /// Bytes that the swizzle spans; 0: none.
  unsigned span;

  /// The offset in the window of 16 bytes: those from `chunk` on of a row.
  uint64_t getChunk(unsigned row, unsigned chunk) const;
};

/// Takes a descriptor apart; what the manual forbids in it is an error.
MatrixDescriptor decodeDescriptor(Machine &machine, uint64_t bits);

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_TENSORMEMORY_H
