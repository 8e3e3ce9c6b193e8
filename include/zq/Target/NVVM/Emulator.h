//===- Emulator.h - GPU kernels on the host, for tests --------------------===//
//
// Runs kernels that `zq-emulate-kernels` made host code of: every lane is a
// fiber, every op of the GPU a function written from the PTX manual, and the
// order in which lanes run is drawn from a seed. docs/emulator.md says what is
// modelled and what is checked. Plain C++, without LLVM.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_H
#define ZQ_TARGET_NVVM_EMULATOR_H

#include "zq/Codec/Result.h"
#include "zq/Target/NVVM/EmulatorTensorMap.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zq::emulator {

struct EmulatorOptions {
  /// 0: lanes in turn, asynchronous work at once. Any other number: a random
  /// order of lanes, and asynchronous work as late as it may come.
  uint64_t seed = 0;
  /// The chip whose limits hold.
  std::string chip = "sm_120a";
  /// Shared memory that a CTA may have, in bytes; 0: as much as the chip has.
  size_t sharedLimit = 0;
  /// Reports accesses to shared memory that nothing orders.
  bool checkRaces = true;
  /// Scheduling steps of one CTA after which it is taken to hang.
  uint64_t maxSteps = 200'000'000;
};

/// Extents of a grid or of a block.
struct Dim {
  unsigned x = 1, y = 1, z = 1;
  uint64_t count() const { return uint64_t(x) * y * z; }
};

/// Memory from `begin` that kernels may read.
struct ConstantRange {
  const void *begin;
  int64_t bytes;
};

/// A kernel as the pass describes it, in a constant called
/// `zqsim_kernel_<module>_<kernel>`.
struct Kernel {
  const char *name;
  /// Runs one thread of it, with the arguments behind these pointers.
  void (*entry)(void **arguments);
  /// Bytes of shared memory that it declares, and the offset at which the
  /// dynamic part starts.
  int64_t staticShared;
  /// Threads of a block by nvvm.reqntid and nvvm.maxntid; 0: not said.
  int32_t requiredBlock[3];
  int32_t maxBlock[3];
  /// CTAs of a cluster by nvvm.cluster_dim; 0: not said.
  int32_t cluster[3];
  int32_t numConstants;
  const ConstantRange *constants;
};

/// What happened in the launches so far.
struct Statistics {
  uint64_t ctas = 0, switches = 0, collectives = 0, accesses = 0;
};

class Machine;

/// A GPU. Use one from one thread at a time.
class Emulator {
public:
  explicit Emulator(EmulatorOptions options = {});
  ~Emulator();
  Emulator(const Emulator &) = delete;
  Emulator &operator=(const Emulator &) = delete;

  /// Device memory, aligned to 256 bytes and filled with 0xff. Bytes on both
  /// sides belong to nobody.
  void *allocate(size_t bytes);
  /// False if `memory` was not allocated here.
  bool free(void *memory);
  /// Lets kernels access host memory. Where nothing was allocated or
  /// registered, bounds of global accesses are not checked.
  void registerMemory(const void *begin, size_t bytes);
  void unregisterMemory(const void *begin);

  /// Runs a kernel to its end, or to its first error. An error leaves the
  /// emulator usable, and what the kernel wrote so far in memory.
  codec::Status launch(const Kernel &kernel, Dim grid, Dim block,
                       size_t dynamicShared, void **arguments);

  /// The first error of launches made by compiled host code since the last
  /// call; after an error such launches do nothing until it is taken.
  codec::Status takeError();
  /// Whether there was no such error.
  bool works() const;

  /// A launch by compiled host code, which has memory that the emulator knows
  /// nothing of: only accesses beside an array of allocate() are out of bounds.
  void launchFromHost(const Kernel &kernel, Dim grid, Dim block,
                      size_t dynamicShared, void **arguments);
  /// A tensor map that compiled host code makes for a launch.
  void encodeFromHost(TensorMap &map, const void *array,
                      const TensorMapShape &shape);

  const Statistics &getStatistics() const;
  const EmulatorOptions &getOptions() const;

private:
  std::unique_ptr<Machine> machine;
};

/// While it lives, compiled host code on this thread launches on `emulator`.
class ActiveEmulator {
public:
  explicit ActiveEmulator(Emulator &emulator);
  ~ActiveEmulator();
  ActiveEmulator(const ActiveEmulator &) = delete;
  ActiveEmulator &operator=(const ActiveEmulator &) = delete;

private:
  Emulator *previous;
};

/// A function that compiled code calls by its name.
using Symbol = std::pair<const char *, void *>;

/// The functions of emulated kernels, which a JIT has to define.
const std::vector<Symbol> &getRuntimeSymbols();

/// The same, and malloc and free for the host code around them: arrays lie on
/// the active emulator then, and accesses beside them are errors.
const std::vector<Symbol> &getRuntimeAndMemorySymbols();

/// Shared memory of a CTA on `chip` in bytes, with the opt-in; 0: unknown chip.
size_t getSharedLimit(const std::string &chip);

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_H
