//===- Scheduler.cpp - Which lane runs next -------------------------------===//
//
// CTAs run one after the other. Within one, seed 0 runs lanes in turn, each as
// far as it comes. Other seeds draw priorities for warps and change them now
// and then, which finds errors that take few unlucky switches [Burckhardt et
// al., ASPLOS 2010], and leave a lane wherever it may be left.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

using namespace zq::emulator;

static thread_local Machine *runningMachine = nullptr;

Machine &Machine::get() { return *runningMachine; }

//===----------------------------------------------------------------------===//
// Launching
//===----------------------------------------------------------------------===//

/// Shared memory that a kernel may declare, without the opt-in for more.
static constexpr int64_t maxStaticShared = 48 << 10;

static std::string format(Dim dim) {
  return std::to_string(dim.x) + "x" + std::to_string(dim.y) + "x" +
         std::to_string(dim.z);
}

zq::codec::Status Machine::checkLaunch(const Kernel &kernel) const {
  auto error = [&](const std::string &text) {
    return codec::Error{"kernel '" + std::string(kernel.name) + "': " + text};
  };
  if (isLaunching)
    return error("launched by a kernel");
  size_t limit =
      options.sharedLimit ? options.sharedLimit : getSharedLimit(options.chip);
  if (!limit)
    return error("unknown chip '" + options.chip + "'");
  if (!grid.count() || !block.count())
    return error("launched with no threads: grid " + format(grid) + ", block " +
                 format(block));
  if (grid.y > 65535 || grid.z > 65535)
    return error("grid " + format(grid) + " exceeds 65535 in y or z");
  if (block.count() > 1024 || block.z > 64)
    return error("a block of " + format(block) + " threads is too large");
  const int32_t *required = kernel.requiredBlock;
  if (required[0] && (block.x != unsigned(required[0]) ||
                      block.y != unsigned(std::max(required[1], 1)) ||
                      block.z != unsigned(std::max(required[2], 1))))
    return error("block " + format(block) + " is not the one of nvvm.reqntid");
  const int32_t *most = kernel.maxBlock;
  if (most[0] && block.count() > uint64_t(most[0]) * std::max(most[1], 1) *
                                     std::max(most[2], 1))
    return error("block " + format(block) + " is over nvvm.maxntid");
  for (int32_t extent : kernel.cluster)
    if (extent > 1)
      return error("clusters of more than one CTA are not emulated");
  if (kernel.staticShared > maxStaticShared)
    return error("declares " + std::to_string(kernel.staticShared) +
                 " bytes of static shared memory, over 49152");
  if (kernel.staticShared + dynamicShared > limit)
    return error("takes " + std::to_string(kernel.staticShared) + " + " +
                 std::to_string(dynamicShared) +
                 " bytes of shared memory; a CTA on " + options.chip + " has " +
                 std::to_string(limit));
  return {};
}

zq::codec::Status Machine::launch(const Kernel &kernel, Dim grid, Dim block,
                                  size_t dynamicShared, void **arguments) {
  this->grid = grid;
  this->block = block;
  this->dynamicShared = dynamicShared;
  if (codec::Status status = checkLaunch(kernel); !status)
    return status;
  this->kernel = &kernel;
  this->arguments = arguments;
  error.clear();
  random = Random(options.seed);
  global.reset(grid.count(), options.checkRaces);
  ctaOrder.resize(grid.count());
  for (uint64_t i = 0; i < ctaOrder.size(); ++i)
    ctaOrder[i] = i;
  if (options.seed)
    for (uint64_t i = ctaOrder.size(); i > 1; --i)
      std::swap(ctaOrder[i - 1], ctaOrder[random.next() % i]);

  Machine *outer = runningMachine;
  runningMachine = this;
  isLaunching = true;
  // Stack 0 is the scheduler's. It is a fiber itself, so that a launch can be
  // left from anywhere.
  scheduler.prepare(stacks.getBegin(0), stacks.getEnd(0), runScheduler);
  switchFiber(launcher, scheduler);
  isLaunching = false;
  runningMachine = outer;
  if (!error.empty())
    return codec::Error{std::exchange(error, {})};
  return {};
}

void Machine::leave() {
  Fiber abandoned;
  switchFiber(abandoned, launcher);
  std::abort();
}

void Machine::fail(const char *format, ...) {
  // In a scope of its own: what leave() abandons is never destroyed.
  {
    char text[1024];
    va_list list;
    va_start(list, format);
    std::vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    error = "kernel '" + std::string(kernel->name) + "', CTA (" +
            std::to_string(cta.x) + ", " + std::to_string(cta.y) + ", " +
            std::to_string(cta.z) + ")";
    const Site *site = workSite;
    if (isInLane) {
      const Lane &lane = getLane();
      error += ", thread " + std::to_string(lane.thread) + " (warp " +
               std::to_string(lane.getWarp()) + ", lane " +
               std::to_string(lane.getLane()) + ")";
      site = lane.site;
    }
    if (site)
      error += ", at " + std::string(site->op) + " (" + site->where + ")";
    error += ": ";
    error += text;
  }
  leave();
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

void Machine::setState(Lane &lane, LaneState state) {
  lane.state = state;
  Warp &warp = getWarp(lane);
  uint32_t bit = 1u << lane.getLane();
  warp.ready = state == LaneState::Ready ? warp.ready | bit : warp.ready & ~bit;
  if (state == LaneState::Done)
    warp.done |= bit;
}

void Machine::runLane() {
  beginFiber(nullptr);
  Machine &machine = get();
  machine.kernel->entry(machine.arguments);
  Lane &lane = machine.getLane();
  machine.checkLaneExit(lane);
  machine.setState(lane, LaneState::Done);
  ++machine.doneLanes;
  machine.notifyProgress();
  // What waits for all threads waits for one less now.
  for (unsigned id = 0; id <= clusterBarrier; ++id)
    if (machine.barriers[id].isOpen)
      machine.tryBarrier(id);
  Warp &warp = machine.getWarp();
  for (unsigned i = 0; i < warpSize; ++i) {
    Lane &other = machine.lanes[warp.index * warpSize + i];
    if (other.state == LaneState::Collective)
      machine.tryCollective(warp, other);
  }
  switchFiber(lane.fiber, machine.scheduler);
  std::abort();
}

void Machine::park(LaneState state) {
  Lane &lane = getLane();
  setState(lane, state);
  switchFiber(lane.fiber, scheduler);
}

void Machine::preempt() {
  if (options.seed && random.oneIn(8))
    park(LaneState::Ready);
}

void Machine::notifyProgress() {
  idleRounds = 0;
  for (Lane &lane : lanes)
    if (lane.state == LaneState::Poll)
      setState(lane, LaneState::Ready);
}

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

void Machine::collect(const Site *site, const uint64_t *operands, void *results,
                      uint32_t mask, bool isAligned,
                      CollectiveFunction function) {
  Lane &lane = getLane();
  lane.site = site;
  lane.operands = operands;
  lane.results = results;
  lane.mask = mask;
  lane.isAligned = isAligned;
  lane.collective = function;
  if (!(mask >> lane.getLane() & 1))
    fail("the lane is not in its own mask 0x%08x", mask);
  setState(lane, LaneState::Collective);
  tryCollective(getWarp(), lane);
  if (lane.state == LaneState::Collective)
    switchFiber(lane.fiber, scheduler);
  else
    preempt();
}

void Machine::tryCollective(Warp &warp, Lane &lane) {
  Lane *first = &lanes[warp.index * warpSize];
  uint32_t mask = lane.isAligned ? lane.mask : lane.mask & ~warp.done;
  for (unsigned i = 0; i < warpSize; ++i) {
    if (!(mask >> i & 1))
      continue;
    const Lane &other = first[i];
    if (other.state != LaneState::Collective || other.mask != lane.mask ||
        other.collective != lane.collective)
      return;
    if (lane.isAligned
            ? other.site != lane.site
            : std::memcmp(other.site->attributes, lane.site->attributes,
                          sizeof(lane.site->attributes)) != 0)
      return;
  }
  ++statistics.collectives;
  Collective collective{warp, first, mask, *lane.site};
  lane.collective(collective);
  for (unsigned i = 0; i < warpSize; ++i)
    if (mask >> i & 1)
      setState(first[i], LaneState::Ready);
  idleRounds = 0;
}

//===----------------------------------------------------------------------===//
// Barriers of the CTA [ptx 9.7.13.1]
//===----------------------------------------------------------------------===//

void Machine::arriveAtBarrier(unsigned id, unsigned count, int32_t reduction,
                              bool predicate, bool waits) {
  if (id > clusterBarrier || (id == clusterBarrier && waits))
    fail("a CTA has barriers 0 to 15, and no barrier %u", id);
  if (count % warpSize || count > lanes.size())
    fail("a barrier for %u threads: not warps of this CTA", count);
  NamedBarrier &barrier = barriers[id];
  Lane &lane = getLane();
  if (!barrier.isOpen) {
    barrier = NamedBarrier();
    barrier.isOpen = true;
    barrier.expected = count;
    barrier.reduction = reduction;
    barrier.clock.assign(getWarp().clock.size(), 0);
  } else if (barrier.expected != count || barrier.reduction != reduction) {
    fail("barrier %u is for %u threads here, and for %u where others wait", id,
         count, barrier.expected);
  }
  ++barrier.arrived;
  barrier.trueCount += predicate;
  join(barrier.clock, getWarp().clock);
  advanceClock(getWarp());
  lane.barrier = id;
  if (waits)
    setState(lane, LaneState::Barrier);
  tryBarrier(id);
  if (lane.state == LaneState::Barrier)
    switchFiber(lane.fiber, scheduler);
  else
    preempt();
}

void Machine::checkConvergence(unsigned id) {
  for (Warp &warp : warps) {
    const Lane *waiting = nullptr, *absent = nullptr;
    for (unsigned i = 0; i < warpSize; ++i) {
      const Lane &lane = lanes[warp.index * warpSize + i];
      bool waits = lane.state == LaneState::Barrier && lane.barrier == id;
      if (waits && waiting && waiting->site != lane.site)
        fail("divergent barrier: thread %u of warp %u is at %s (%s), and "
             "thread %u at %s (%s)",
             waiting->thread, warp.index, waiting->site->op,
             waiting->site->where, lane.thread, lane.site->op,
             lane.site->where);
      if (waits)
        waiting = &lane;
      else if (lane.state != LaneState::Done)
        absent = &lane;
    }
    if (waiting && absent)
      fail("divergent barrier: thread %u of warp %u is at %s (%s), and thread "
           "%u is not",
           waiting->thread, warp.index, waiting->site->op, waiting->site->where,
           absent->thread);
  }
}

void Machine::tryBarrier(unsigned id) {
  NamedBarrier &barrier = barriers[id];
  unsigned expected =
      barrier.expected ? barrier.expected : lanes.size() - doneLanes;
  if (barrier.arrived < expected)
    return;
  if (barrier.arrived > expected)
    fail("%u threads arrived at barrier %u, which is for %u", barrier.arrived,
         id, expected);
  if (id == clusterBarrier) {
    ++clusterPhase;
    clusterClock = barrier.clock;
  } else {
    checkConvergence(id);
  }
  uint32_t result = barrier.reduction == ReducePopc ? barrier.trueCount
                    : barrier.reduction == ReduceAll
                        ? barrier.trueCount == barrier.arrived
                        : barrier.trueCount > 0;
  for (Lane &lane : lanes) {
    if (lane.state != LaneState::Barrier || lane.barrier != id)
      continue;
    lane.barrierResult = result;
    join(getWarp(lane).clock, barrier.clock);
    setState(lane, LaneState::Ready);
  }
  barrier.isOpen = false;
  notifyProgress();
}

//===----------------------------------------------------------------------===//
// Asynchronous work
//===----------------------------------------------------------------------===//

void Machine::enqueue(const AsyncWork &item) {
  work.push_back(item);
  lastSites[item.engine] = item.site;
  if (!options.seed)
    while (runWork())
      ;
}

bool Machine::hasWork(unsigned thread, unsigned group) const {
  return std::any_of(work.begin(), work.end(), [&](const AsyncWork &item) {
    return item.thread == thread && item.group && item.group <= group;
  });
}

bool Machine::runWork() {
  if (work.empty())
    return false;
  // Copies overtake each other; the tensor core works in order.
  size_t chosen = options.seed ? random.below(work.size()) : 0;
  if (work[chosen].engine == AsyncWork::Tensor)
    chosen = std::find_if(work.begin(), work.end(),
                          [](const AsyncWork &item) {
                            return item.engine == AsyncWork::Tensor;
                          }) -
             work.begin();
  AsyncWork item = work[chosen];
  work.erase(work.begin() + chosen);
  bool wasInLane = std::exchange(isInLane, false);
  workSite = item.site;
  item.run(*this, item);
  workSite = nullptr;
  isInLane = wasInLane;
  notifyProgress();
  return true;
}

//===----------------------------------------------------------------------===//
// The scheduler
//===----------------------------------------------------------------------===//

int Machine::pickLane() {
  if (!options.seed) {
    // The lane that ran last comes last.
    for (unsigned i = 1; i <= lanes.size(); ++i) {
      unsigned lane = (current + i) % lanes.size();
      if (lanes[lane].state == LaneState::Ready)
        return lane;
    }
    return -1;
  }
  if (random.oneIn(16))
    warps[random.below(warps.size())].priority = random.next() >> 32;
  Warp *best = nullptr;
  for (Warp &warp : warps)
    if (warp.ready && (!best || warp.priority > best->priority))
      best = &warp;
  if (!best)
    return -1;
  unsigned start = random.below(warpSize);
  uint32_t rotated =
      best->ready >> start | (start ? best->ready << (warpSize - start) : 0);
  unsigned lane = (start + __builtin_ctz(rotated)) % warpSize;
  return best->index * warpSize + lane;
}

void Machine::schedule() {
  while (doneLanes < lanes.size()) {
    if (++steps > options.maxSteps)
      fail("does not come to an end: %llu scheduling steps in this CTA",
           static_cast<unsigned long long>(steps));
    if (options.seed && !work.empty() && random.oneIn(64))
      runWork();
    int lane = pickLane();
    if (lane >= 0) {
      current = lane;
      isInLane = true;
      ++statistics.switches;
      switchFiber(scheduler, lanes[lane].fiber);
      isInLane = false;
      continue;
    }
    if (runWork())
      continue;
    // Whoever polls may do something else when it has polled often enough.
    bool polls = false;
    for (Lane &other : lanes)
      if (other.state == LaneState::Poll) {
        setState(other, LaneState::Ready);
        polls = true;
      }
    if (!polls || ++idleRounds > 100)
      failByDeadlock();
  }
}

void Machine::failByDeadlock() {
  {
    auto describe = [](const Lane &lane) {
      std::string text = lane.state == LaneState::Done      ? "ended"
                         : lane.state == LaneState::Barrier ? "waits at "
                         : lane.state == LaneState::Poll    ? "polls at "
                                                            : "stands at ";
      if (lane.state == LaneState::Done)
        return text;
      text += std::string(lane.site->op) + " (" + lane.site->where + ")";
      if (lane.state == LaneState::Collective && lane.mask != 0xffffffff) {
        char mask[32];
        std::snprintf(mask, sizeof(mask), ", mask 0x%08x", lane.mask);
        text += mask;
      }
      return text;
    };
    error = "kernel '" + std::string(kernel->name) + "', CTA (" +
            std::to_string(cta.x) + ", " + std::to_string(cta.y) + ", " +
            std::to_string(cta.z) + "): deadlock";
    for (size_t first = 0; first < lanes.size();) {
      std::string text = describe(lanes[first]);
      size_t end = first + 1;
      while (end < lanes.size() && describe(lanes[end]) == text)
        ++end;
      error += "\n  thread" + std::string(end - first > 1 ? "s " : " ") +
               std::to_string(first);
      if (end - first > 1)
        error += " to " + std::to_string(end - 1);
      error += ": " + text;
      first = end;
    }
  }
  leave();
}

void Machine::checkLaneExit(Lane &lane) {
  if (!lane.copies.empty())
    fail("the thread ends while its cp.async of %s is in flight",
         lane.copies.front().site->where);
  if (lane.hasOpenTensorLoad || lane.hasOpenTensorStore)
    fail("the thread ends without a tcgen05.wait for its tcgen05.%s",
         lane.hasOpenTensorLoad ? "ld" : "st");
  if (lane.hasOpenBulkGroup ||
      lane.completedBulkGroups < lane.bulkGroups.size())
    fail("the thread ends without cp.async.bulk.wait_group for its bulk copy "
         "from shared memory");
}

void Machine::checkCtaExit() {
  if (!work.empty()) {
    workSite = work.front().site;
    fail("the CTA ends with work in flight");
  }
  for (AsyncWork::Engine engine : {AsyncWork::Copy, AsyncWork::Tensor}) {
    unsigned agent =
        engine == AsyncWork::Copy ? getCopyAgent() : getTensorAgent();
    if (std::none_of(warps.begin(), warps.end(), [&](const Warp &warp) {
          return warp.clock[agent] >= ticks[engine];
        })) {
      workSite = lastSites[engine];
      fail("the CTA ends without having waited for this");
    }
  }
  for (auto &[address, barrier] : mbarriers)
    if (barrier.transactions) {
      workSite = barrier.site;
      fail("the CTA ends with an mbarrier whose copies brought %lld bytes %s "
           "than it expected",
           static_cast<long long>(std::abs(barrier.transactions)),
           barrier.transactions > 0 ? "less" : "more");
    }
  for (unsigned column = 0; column < TensorMemory::numColumns; ++column)
    if (tensor.columns[column].allocated)
      fail("the CTA ends without tcgen05.dealloc: column %u is allocated",
           column);
}

void Machine::runCta() {
  unsigned threads = block.count();
  unsigned numWarps = (threads + warpSize - 1) / warpSize;
  lanes.clear();
  lanes.resize(numWarps * warpSize);
  warps.clear();
  warps.resize(numWarps);
  shared.reset(kernel->staticShared + dynamicShared, numWarps + 2,
               options.checkRaces);
  tensor.reset(numWarps);
  mbarriers.clear();
  work.clear();
  for (NamedBarrier &barrier : barriers)
    barrier = NamedBarrier();
  ticks[0] = ticks[1] = 0;
  atomicClock.assign(numWarps + 2, 0);
  clusterClock = atomicClock;
  clusterPhase = 0;
  doneLanes = idleRounds = 0;
  steps = 0;
  workSite = nullptr;
  current = lanes.size() - 1;
  for (unsigned i = 0; i < numWarps; ++i) {
    warps[i].index = i;
    warps[i].clock.assign(numWarps + 2, 0);
    warps[i].clock[i] = 1;
    warps[i].priority = random.next() >> 32;
  }
  for (unsigned i = 0; i < lanes.size(); ++i) {
    Lane &lane = lanes[i];
    lane.thread = i;
    lane.id = {i % block.x, i / block.x % block.y, i / block.x / block.y};
    if (i >= threads) {
      setState(lane, LaneState::Done);
      ++doneLanes;
      continue;
    }
    lane.fiber.prepare(stacks.getBegin(i + 1), stacks.getEnd(i + 1), runLane);
    setState(lane, LaneState::Ready);
  }
  ++statistics.ctas;
  schedule();
  checkCtaExit();
}

void Machine::runScheduler() {
  beginFiber(&get().launcher);
  Machine &machine = get();
  for (uint64_t index : machine.ctaOrder) {
    const Dim &grid = machine.grid;
    machine.ctaNumber = index;
    machine.cta = {static_cast<unsigned>(index % grid.x),
                   static_cast<unsigned>(index / grid.x % grid.y),
                   static_cast<unsigned>(index / grid.x / grid.y)};
    machine.runCta();
  }
  machine.leave();
}
