//===- Machine.h - The state of the emulated GPU --------------------------===//
//
// Internal to the emulator. An op is a function `void zqsim_<op>(const Site *,
// const uint64_t *operands, void *results)` that runs on the fiber of a lane.
// It may stop the lane (park, collect, waitAtBarrier) or the launch (fail);
// since a stopped fiber need not go on, ops own nothing on the heap meanwhile.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_MACHINE_H
#define ZQ_TARGET_NVVM_EMULATOR_MACHINE_H

#include "Fiber.h"
#include "GlobalMemory.h"
#include "Random.h"
#include "SharedMemory.h"
#include "Site.h"
#include "TensorMemory.h"
#include "zq/Target/NVVM/Emulator.h"

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace zq::emulator {

constexpr unsigned warpSize = 32;
/// Its place behind the sixteen of the CTA.
constexpr unsigned clusterBarrier = 16;

enum class LaneState : uint8_t { Ready, Collective, Barrier, Poll, Done };

struct Collective;
using CollectiveFunction = void (*)(Collective &);

/// A cp.async whose bytes are not yet promised to be there.
struct PendingCopy {
  const Site *site;
  char *destination;
  const char *source;
  unsigned bytes, sourceBytes;
  bool isDelivered;
  /// Groups of the lane that were committed before it.
  unsigned group;
};

/// A thread.
struct Lane {
  Fiber fiber;
  LaneState state = LaneState::Ready;
  unsigned thread = 0;
  Dim id;
  // What it stopped at.
  const Site *site = nullptr;
  const uint64_t *operands = nullptr;
  void *results = nullptr;
  uint32_t mask = 0;
  CollectiveFunction collective = nullptr;
  bool isAligned = false;
  unsigned barrier = 0;
  uint32_t barrierResult = 0;
  // cp.async.
  std::vector<PendingCopy> copies;
  unsigned committedGroups = 0;
  // Bulk copies from shared memory: for each committed group the copy engine's
  // clock.
  std::vector<uint32_t> bulkGroups;
  size_t completedBulkGroups = 0;
  bool hasOpenBulkGroup = false;
  /// The mbarrier that it found not to be over, and the phase then.
  uint64_t polledBarrier = 0, polledPhase = 0;
  /// The warp's clock at the lane's last fence.proxy.async.
  uint32_t proxyFence = 0;
  /// The tensor core's clock that its last tcgen05.fence::after saw.
  uint32_t tensorFence = 0;
  bool hasArrivedAtCluster = false;
  uint64_t clusterPhase = 0;
  bool hasOpenTensorLoad = false, hasOpenTensorStore = false;

  unsigned getWarp() const { return thread / warpSize; }
  unsigned getLane() const { return thread % warpSize; }
};

struct Warp {
  unsigned index = 0;
  Clock clock;
  /// Drawn anew now and then: the ready warp with the highest runs.
  uint32_t priority = 0;
  /// Lanes by state, as bits.
  uint32_t ready = 0, done = 0;
};

/// A collective op that all its lanes have reached.
struct Collective {
  Warp &warp;
  Lane *lanes;
  uint32_t mask;
  const Site &site;

  bool has(unsigned lane) const { return mask >> lane & 1; }
  uint32_t getWord(unsigned lane, unsigned operand) const {
    return static_cast<uint32_t>(lanes[lane].operands[operand]);
  }
  uint64_t getLong(unsigned lane, unsigned operand) const {
    return lanes[lane].operands[operand];
  }
  void setWord(unsigned lane, unsigned result, uint32_t value) {
    std::memcpy(static_cast<char *>(lanes[lane].results) + 4 * result, &value,
                4);
  }
};

/// A barrier of the CTA [ptx 9.7.13.1].
struct NamedBarrier {
  unsigned arrived = 0;
  /// Threads that take part; 0: all that have not ended.
  unsigned expected = 0;
  bool isOpen = false;
  int32_t reduction = 0;
  unsigned trueCount = 0;
  Clock clock;
};

/// An mbarrier object [ptx 9.7.13.15].
struct Mbarrier {
  uint32_t count = 0, pending = 0;
  int64_t transactions = 0;
  uint64_t phase = 0;
  /// What arrived in the current phase, and in the last.
  Clock arriving, completed;
  const Site *site = nullptr;
};

/// Work of an engine beside the lanes, in the order of its issue. Engines do
/// not wait for each other.
struct AsyncWork {
  enum Engine : uint8_t { Copy, Tensor } engine;
  const Site *site;
  void (*run)(Machine &, AsyncWork &);
  uint64_t values[12];
  /// The engine's clock when it is done.
  uint32_t tick;
  unsigned thread;
  /// The bulk group that it belongs to; 0: none.
  unsigned group = 0;
};

class Machine {
public:
  explicit Machine(EmulatorOptions options);
  ~Machine();

  codec::Status launch(const Kernel &kernel, Dim grid, Dim block,
                       size_t dynamicShared, void **arguments);

  //===--- For ops
  //---------------------------------------------------------===//

  /// The machine that runs on this thread.
  static Machine &get();
  Lane &getLane() { return lanes[current]; }
  Warp &getWarp() { return warps[current / warpSize]; }
  Warp &getWarp(const Lane &lane) { return warps[lane.getWarp()]; }

  /// Ends the launch with a message, which tells the lane and its op.
  [[noreturn]] void fail(const char *format, ...)
      __attribute__((format(printf, 2, 3)));
  /// Stops the lane; the scheduler resumes it once its state is Ready.
  void park(LaneState state);
  /// Where another lane may run. Ops with an effect on others start by it.
  void preempt();
  /// Lets lanes that poll try again.
  void notifyProgress();
  /// Runs `function` once all lanes of `mask` are here: at this very op where
  /// it is aligned, else those that have not ended, at any op like it.
  void collect(const Site *site, const uint64_t *operands, void *results,
               uint32_t mask, bool isAligned, CollectiveFunction function);
  /// Arrives at a barrier of the CTA, and waits if told.
  void arriveAtBarrier(unsigned id, unsigned count, int32_t reduction,
                       bool predicate, bool waits);

  /// Checks an access of the current lane by its address.
  void checkAccess(const void *address, size_t bytes, size_t alignment,
                   int32_t flags);
  /// Bounds and races of an access to global memory.
  void checkGlobal(const void *address, size_t bytes, bool isWrite);
  /// Bounds alone, as of atomics.
  void checkGlobalBounds(const void *address, size_t bytes, bool isWrite);
  /// Orders what the lane's warp did before what it does later.
  void advanceClock(Warp &warp) { ++warp.clock[warp.index]; }

  /// The valid mbarrier at `address`.
  Mbarrier &getMbarrier(uint64_t address);
  void arriveAtMbarrier(Mbarrier &barrier, uint32_t count);
  void completeMbarrierPhase(Mbarrier &barrier);

  /// Makes work asynchronous: later in adversarial mode, else at once.
  void enqueue(const AsyncWork &work);
  /// Bytes of the lane's cp.async with `group` below the number arrive.
  void completeCopies(Lane &lane, unsigned group);
  void deliver(PendingCopy &copy);
  bool hasWork(unsigned thread, unsigned group) const;

  unsigned getCopyAgent() const { return warps.size(); }
  unsigned getTensorAgent() const { return warps.size() + 1; }

  EmulatorOptions options;
  Statistics statistics;
  SharedMemory shared;
  GlobalMemory global;
  TensorMemory tensor;
  Random random;
  std::vector<Lane> lanes;
  std::vector<Warp> warps;
  /// 0 to 15, and the cluster's.
  NamedBarrier barriers[17];
  /// How often the cluster's barrier completed, and what came before.
  uint64_t clusterPhase = 0;
  Clock clusterClock;
  std::map<uint64_t, Mbarrier> mbarriers;
  std::vector<AsyncWork> work;
  /// Of the copy engine and of the tensor core.
  uint32_t ticks[2] = {};
  const Site *lastSites[2] = {};
  /// What atomics order.
  Clock atomicClock;
  Dim grid, block, cta;
  /// The number of the CTA that runs.
  uint64_t ctaNumber = 0;
  size_t dynamicShared = 0;
  const Kernel *kernel = nullptr;
  /// An array of the device, and bytes on both sides that are nobody's.
  struct Range {
    size_t bytes, guard;
  };
  std::map<const char *, Range> ranges;
  /// Whether all memory that kernels may access is among them.
  bool knowsAllMemory = true;
  std::vector<std::pair<const char *, char *>> allocations;
  codec::Status hostError;

private:
  static void runLane();
  static void runScheduler();
  void schedule();
  void runCta();
  void setState(Lane &lane, LaneState state);
  void tryBarrier(unsigned id);
  void checkConvergence(unsigned id);
  void tryCollective(Warp &warp, Lane &lane);
  [[noreturn]] void failByDeadlock();
  codec::Status checkLaunch(const Kernel &kernel) const;
  void checkLaneExit(Lane &lane);
  void checkCtaExit();
  /// A lane to run next, or -1.
  int pickLane();
  bool runWork();
  [[noreturn]] void leave();

  StackPool stacks;
  Fiber launcher, scheduler;
  unsigned current = 0;
  bool isInLane = false;
  bool isLaunching = false;
  unsigned doneLanes = 0;
  unsigned idleRounds = 0;
  uint64_t steps = 0, idleAtomics = 0;
  /// What the scheduler does when no lane runs.
  const Site *workSite = nullptr;
  void **arguments = nullptr;
  std::vector<uint64_t> ctaOrder;
  std::string error;
};

/// The machine of the calling thread, the site, and the lane's operands.
#define ZQSIM_OP(name)                                                         \
  extern "C" void zqsim_##name(const ::zq::emulator::Site *site,               \
                               const uint64_t *operands, void *results)

/// Says what the current lane executes, for messages.
inline Machine &enter(const Site *site) {
  Machine &machine = Machine::get();
  machine.getLane().site = site;
  return machine;
}

template <typename T>
T getOperand(const uint64_t *operands, unsigned index) {
  T value;
  std::memcpy(&value, operands + index, sizeof(T));
  return value;
}

template <typename T>
void setResult(void *results, T value) {
  std::memcpy(results, &value, sizeof(T));
}

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_MACHINE_H
