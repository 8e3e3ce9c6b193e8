//===- TensorMemory.h - The tensor core's memory --------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_TENSORMEMORY_H
#define ZQ_TARGET_NVVM_EMULATOR_TENSORMEMORY_H

#include "Site.h"

#include <cstdint>
#include <vector>

namespace zq::emulator {

/// 128 lanes of 512 columns of 32 bits [ptx 9.7.16.1].
struct TensorMemory {
  static constexpr unsigned numLanes = 128, numColumns = 512;

  struct Column {
    bool isAllocated = false;
    /// When the tensor core last writes it, and by what.
    uint32_t writeTick = 0;
    const Site *site = nullptr;
  };

  std::vector<uint32_t> words;
  Column columns[numColumns];
  bool isPermitRelinquished = false;
  bool hasAllocated = false;

  uint32_t &at(unsigned lane, unsigned column) {
    return words[lane * numColumns + column];
  }
  /// A fresh CTA's: nothing allocated, filled with 0xff.
  void reset() {
    // Most kernels have none.
    if (hasAllocated || words.empty())
      words.assign(numLanes * numColumns, 0xffffffff);
    for (Column &column : columns)
      column = Column();
    isPermitRelinquished = hasAllocated = false;
  }
};

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_TENSORMEMORY_H
