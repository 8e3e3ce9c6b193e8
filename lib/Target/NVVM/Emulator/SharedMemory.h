//===- SharedMemory.h - A CTA's shared memory, and who touched it ---------===//
//
// Each byte remembers its last writer and the last read of each warp, as times
// of vector clocks: warps, the copy engine and the tensor core are the agents.
// An access is a race when nothing orders it after one that it conflicts with,
// whether or not the two met in this run.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_SHAREDMEMORY_H
#define ZQ_TARGET_NVVM_EMULATOR_SHAREDMEMORY_H

#include "Site.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zq::emulator {

class Machine;
struct Lane;

/// The time of every agent that has been seen.
using Clock = std::vector<uint32_t>;

/// What `from` saw is seen too.
void join(Clock &into, const Clock &from);

class SharedMemory {
public:
  /// Descriptors hold 18 bits of an address.
  static constexpr size_t windowBytes = size_t(256) << 10;

  SharedMemory();
  ~SharedMemory();

  char *getBegin() const { return window; }
  size_t getSize() const { return size; }
  bool contains(const void *address) const {
    auto *byte = static_cast<const char *>(address);
    return byte >= window && byte < window + windowBytes;
  }
  uint32_t getOffset(const void *address) const {
    return static_cast<uint32_t>(static_cast<const char *>(address) - window);
  }
  /// The address in the window that 32 bits of one stand for.
  char *fromDescriptor(uint64_t address) const {
    return window + (address & (windowBytes - 1));
  }

  /// A fresh CTA with `bytes` of memory, filled with 0xff.
  void reset(size_t bytes, unsigned agents, bool checksRaces);

  void checkBounds(Machine &machine, const void *address, size_t bytes);
  /// A read or write by the lane, in the generic proxy. An atomic is ordered
  /// with other atomics.
  void access(Machine &machine, Lane &lane, const void *address, size_t bytes,
              bool isWrite);
  /// A read by an engine, on behalf of `lane`, until the engine's `tick`.
  void readAsync(Machine &machine, Lane &lane, const void *address,
                 size_t bytes, unsigned agent, uint32_t tick);
  /// A write by an engine that is under way.
  void beginAsyncWrite(Machine &machine, Lane &lane, const void *address,
                       size_t bytes, unsigned agent, uint32_t tick);
  void endAsyncWrite(const void *address, size_t bytes);
  /// The same for a cp.async, which ends as a write of the lane.
  void beginCopy(Machine &machine, Lane &lane, const void *address,
                 size_t bytes);
  void endCopy(Machine &machine, Lane &lane, const void *address, size_t bytes);

private:
  enum Kind : uint8_t { Untouched, Generic, CopyPending, AsyncPending, Async };
  struct Byte {
    uint32_t clock = 0;
    uint16_t writer = 0;
    Kind kind = Untouched;
    const Site *site = nullptr;
  };

  void checkAfterWrite(Machine &machine, Lane &lane, size_t offset,
                       const char *verb);
  void checkAfterReads(Machine &machine, Lane &lane, size_t offset);
  uint32_t &getRead(size_t offset, unsigned agent) {
    return reads[offset * agents + agent];
  }

  char *window = nullptr;
  size_t size = 0;
  unsigned agents = 0;
  bool checksRaces = true;
  std::vector<Byte> bytes;
  /// Of each byte and agent, the time of its last read * 64 + the lane + 1; 63
  /// stands for several lanes.
  std::vector<uint32_t> reads;
};

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_SHAREDMEMORY_H
