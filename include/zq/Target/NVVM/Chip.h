//===- Chip.h - The NVIDIA GPUs that are compiled for ---------------------===//
#ifndef ZQ_TARGET_NVVM_CHIP_H
#define ZQ_TARGET_NVVM_CHIP_H

#include "zq/Codec/Result.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace mlir::zq {

/// A GPU as `ptxas --gpu-name` names it. With the suffix `a` it has what is
/// particular to exactly this chip, with `f` what the later chips of its family
/// have too.
struct Chip {
  llvm::StringLiteral name;
  /// Major version times 10 plus minor version.
  unsigned arch;
  /// 'a', 'f', or 0.
  char suffix;
  /// The version of PTX to ask for, times 10: what the chip's instructions
  /// need, and no more, since a driver must know it to compile the PTX.
  unsigned ptx;

  /// Limits, from the CUDA programming guide's "Technical Specifications per
  /// Compute Capability". Shared memory in bytes; what a block may have is what
  /// it may opt in to, static and dynamic together.
  int64_t sharedMemoryPerBlock;
  int64_t sharedMemoryPerSM;
  int64_t threadsPerSM;
  int64_t blocksPerSM;
  /// SMs of the largest product with the chip: by so many blocks all of it is
  /// at work.
  int64_t processors;

  static constexpr int64_t threadsPerBlock = 1024;
  static constexpr int64_t registersPerSM = 65536;
  static constexpr int64_t registersPerThread = 255;
  static constexpr int64_t warpSize = 32;
  /// Of shared memory, which the system takes for itself of each block.
  static constexpr int64_t sharedMemoryReserved = 1024;
  /// Beyond this much dynamic shared memory, the host has to ask for it.
  static constexpr int64_t sharedMemoryWithoutAsking = 48 * 1024;

  /// "+ptx88", as LLVM's NVPTX wants it.
  std::string getFeatures() const;

  /// Whether the chip has the instructions that begin with the family of
  /// `base` (100 or 120) and need a suffix.
  bool isOfFamily(unsigned base) const {
    return suffix && arch / 10 == base / 10 && arch >= base;
  }
  /// Whether it has what only `exactly` with the suffix `a` has.
  bool isExactly(unsigned exactly) const {
    return suffix == 'a' && arch == exactly;
  }

  /// mma.sync on 8-bit floats.
  bool hasMmaF8() const { return arch >= 89; }
  /// mma.sync on 8-bit floats as an instruction of its own; elsewhere ptxas
  /// expands it.
  bool hasFastMmaF8() const { return arch == 89 || arch / 10 == 12; }
  /// mma.sync kind::f8f6f4 and the block-scaled kinds.
  bool hasMmaBlockScale() const { return isOfFamily(120); }
  bool hasWgmma() const { return isExactly(90); }
  bool hasTcgen05() const { return isOfFamily(100); }
  /// Bulk copies, tensor maps, transaction barriers, clusters.
  bool hasTMA() const { return arch >= 90; }
  /// stmatrix of 8x8 matrices of 16 bits.
  bool hasStmatrix() const { return arch >= 90; }
  /// Conversions to and from 4- and 6-bit floats, and ldmatrix that unpacks
  /// them.
  bool hasNarrowFloats() const { return isOfFamily(100) || isOfFamily(120); }
  /// Conversions to and from 8-bit floats.
  bool hasF8Conversions() const { return arch >= 89; }
  /// 32-byte global loads and stores.
  bool hasLoads256() const { return arch >= 100; }

  /// How many blocks with these needs an SM holds at once. Registers are given
  /// out to whole warps, 256 at a time.
  int64_t getBlocksPerSM(int64_t threads, int64_t registers,
                         int64_t sharedMemory) const;
};

/// All of them, oldest first.
llvm::ArrayRef<Chip> getChips();

/// The chip of that name; an error lists those there are.
::zq::codec::Result<const Chip *> parseChip(llvm::StringRef name);

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_CHIP_H
