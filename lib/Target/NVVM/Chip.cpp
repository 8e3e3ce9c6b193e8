//===- Chip.cpp - The NVIDIA GPUs that are compiled for -------------------===//
#include "zq/Target/NVVM/Chip.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::zq;
using ::zq::codec::Error;
using ::zq::codec::Result;

// Name, version, suffix, PTX; shared memory of a block and of an SM, threads
// and blocks of an SM; SMs, of A100 and H200 by NVIDIA's white papers on Ampere
// and Hopper, of L40S (18176), RTX PRO 6000 (24064) and GB10 (6144) the cores
// of the data sheets, 128 an SM, of B300 by NVIDIA's "Inside NVIDIA Blackwell
// Ultra", of B200 as the device says (Chips and Cheese, December 2025).
static constexpr Chip chips[] = {
    {"sm_80", 80, 0, 84, 166912, 167936, 2048, 32, 108},
    {"sm_89", 89, 0, 84, 101376, 102400, 1536, 24, 142},
    {"sm_90a", 90, 'a', 86, 232448, 233472, 2048, 32, 132},
    {"sm_100a", 100, 'a', 88, 232448, 233472, 2048, 32, 148},
    {"sm_100f", 100, 'f', 88, 232448, 233472, 2048, 32, 148},
    {"sm_103a", 103, 'a', 88, 232448, 233472, 2048, 32, 160},
    {"sm_120a", 120, 'a', 88, 101376, 102400, 1536, 24, 188},
    {"sm_120f", 120, 'f', 88, 101376, 102400, 1536, 24, 188},
    {"sm_121a", 121, 'a', 88, 101376, 102400, 1536, 24, 48},
};

std::string Chip::getFeatures() const { return "+ptx" + std::to_string(ptx); }

int64_t Chip::getBlocksPerSM(int64_t threads, int64_t registers,
                             int64_t sharedMemory) const {
  if (threads <= 0 || threads > threadsPerBlock)
    return 0;
  int64_t warps = llvm::divideCeil(threads, warpSize);
  int64_t perWarp =
      llvm::alignTo(std::max<int64_t>(registers, 1) * warpSize, 256);
  // A warp's registers are all in one of the SM's four parts.
  int64_t warpsWithRegisters = registersPerSM / 4 / perWarp * 4;
  return std::min({blocksPerSM, threadsPerSM / warpSize / warps,
                   warpsWithRegisters / warps,
                   sharedMemoryPerSM / (sharedMemory + sharedMemoryReserved)});
}

llvm::ArrayRef<Chip> mlir::zq::getChips() { return chips; }

Result<const Chip *> mlir::zq::parseChip(llvm::StringRef name) {
  for (const Chip &chip : chips)
    if (chip.name == name)
      return &chip;
  std::string known = llvm::join(
      llvm::map_range(chips, [](const Chip &chip) { return chip.name.str(); }),
      ", ");
  // The plain names lack what is worth compiling for.
  for (const Chip &chip : chips)
    if (chip.name.drop_back() == name)
      return Error{"chip '" + name.str() + "' lacks the tensor cores' own " +
                   "instructions; did you mean '" + chip.name.str() +
                   "'? There are " + known};
  return Error{"unknown chip '" + name.str() + "'; there are " + known};
}
