//===- SharedMemory.cpp - A CTA's shared memory, and who touched it -------===//
#include "SharedMemory.h"

#include "Machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

using namespace zq::emulator;

void zq::emulator::join(Clock &into, const Clock &from) {
  for (size_t i = 0; i < into.size(); ++i)
    into[i] = std::max(into[i], from[i]);
}

SharedMemory::SharedMemory() {
  // Below 4 GiB, since kernels keep shared addresses in 32 bits, and aligned so
  // that the low 18 bits are an offset.
  for (uintptr_t at = windowBytes * 64; at < 0x7fff0000; at += windowBytes) {
    void *mapping =
        mmap(reinterpret_cast<void *>(at), windowBytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapping == reinterpret_cast<void *>(at)) {
      window = static_cast<char *>(mapping);
      return;
    }
    if (mapping != MAP_FAILED)
      munmap(mapping, windowBytes);
  }
  std::fputs("no room below 2 GiB for emulated shared memory\n", stderr);
  std::abort();
}

SharedMemory::~SharedMemory() { munmap(window, windowBytes); }

void SharedMemory::reset(size_t newSize, unsigned newAgents, bool checks) {
  size = newSize;
  agents = newAgents;
  checksRaces = checks;
  std::memset(window, 0xff, size);
  if (!checksRaces)
    return;
  bytes.assign(size, Byte());
  reads.assign(size * agents, 0);
}

void SharedMemory::checkBounds(Machine &machine, const void *address,
                               size_t count) {
  size_t offset = getOffset(address);
  if (!contains(address) || offset + count > size)
    machine.fail("%zu bytes at shared address 0x%zx are out of bounds: the CTA "
                 "has %zu bytes",
                 count,
                 contains(address) ? offset : reinterpret_cast<size_t>(address),
                 size);
}

//===----------------------------------------------------------------------===//
// Races
//===----------------------------------------------------------------------===//

static constexpr uint32_t severalLanes = 63;

static uint32_t encodeRead(uint32_t clock, unsigned lane) {
  return clock << 6 | (lane + 1);
}

/// Reports an access after a write that does not come before it.
void SharedMemory::checkAfterWrite(Machine &machine, Lane &lane, size_t offset,
                                   const char *verb) {
  const Byte &byte = bytes[offset];
  const Clock &clock = machine.getWarp(lane).clock;
  unsigned writer = byte.writer, writerWarp = writer / warpSize;
  switch (byte.kind) {
  case Untouched:
    return;
  case Generic:
    if (writer == lane.thread)
      return;
    if (writerWarp == lane.getWarp()) {
      if (byte.clock == clock[writerWarp])
        machine.fail("race: thread %u %s shared byte 0x%zx that thread %u of "
                     "its warp wrote at %s (%s), without bar.warp.sync or a "
                     "barrier between",
                     lane.thread, verb, offset, writer, byte.site->op,
                     byte.site->where);
      return;
    }
    if (byte.clock > clock[writerWarp])
      machine.fail("race: thread %u %s shared byte 0x%zx that thread %u wrote "
                   "at %s (%s), without a barrier between",
                   lane.thread, verb, offset, writer, byte.site->op,
                   byte.site->where);
    return;
  case CopyPending:
    machine.fail("thread %u %s shared byte 0x%zx while cp.async of thread %u "
                 "(%s) copies it: no cp.async.wait_group before",
                 lane.thread, verb, offset, writer, byte.site->where);
  case AsyncPending:
    machine.fail("thread %u %s shared byte 0x%zx while the asynchronous copy "
                 "at %s (%s) writes it: no mbarrier wait before",
                 lane.thread, verb, offset, byte.site->op, byte.site->where);
  case Async:
    if (byte.clock > clock[writer])
      machine.fail("race: thread %u %s shared byte 0x%zx that %s (%s) wrote, "
                   "without having waited for that copy",
                   lane.thread, verb, offset, byte.site->op, byte.site->where);
    return;
  }
}

/// Reports a write after reads that do not come before it.
void SharedMemory::checkAfterReads(Machine &machine, Lane &lane,
                                   size_t offset) {
  const Clock &clock = machine.getWarp(lane).clock;
  for (unsigned agent = 0; agent < agents; ++agent) {
    uint32_t read = getRead(offset, agent);
    if (!read)
      continue;
    uint32_t time = read >> 6, reader = (read & 63) - 1;
    if (agent == lane.getWarp()) {
      if (time == clock[agent] && reader != lane.getLane())
        machine.fail("race: thread %u writes shared byte 0x%zx that another "
                     "lane of its warp reads, without bar.warp.sync or a "
                     "barrier between",
                     lane.thread, offset);
      continue;
    }
    if (time <= clock[agent])
      continue;
    if (agent < machine.getCopyAgent())
      machine.fail("race: thread %u writes shared byte 0x%zx that warp %u "
                   "reads, without a barrier between",
                   lane.thread, offset, agent);
    machine.fail("race: thread %u writes shared byte 0x%zx that %s may still "
                 "read: its completion was not waited for",
                 lane.thread, offset,
                 agent == machine.getCopyAgent() ? "a bulk copy"
                                                 : "the tensor core");
  }
}

void SharedMemory::access(Machine &machine, Lane &lane, const void *address,
                          size_t count, bool isWrite) {
  checkBounds(machine, address, count);
  if (!checksRaces)
    return;
  unsigned warp = lane.getWarp();
  uint32_t clock = machine.getWarp(lane).clock[warp];
  size_t begin = getOffset(address);
  for (size_t offset = begin; offset < begin + count; ++offset) {
    checkAfterWrite(machine, lane, offset, isWrite ? "writes" : "reads");
    if (!isWrite) {
      uint32_t &read = getRead(offset, warp);
      bool isShared = read >> 6 == clock && (read & 63) != lane.getLane() + 1;
      read = isShared ? clock << 6 | severalLanes
                      : encodeRead(clock, lane.getLane());
      continue;
    }
    checkAfterReads(machine, lane, offset);
    Byte &byte = bytes[offset];
    byte.kind = Generic;
    byte.clock = clock;
    byte.writer = lane.thread;
    byte.site = lane.site;
  }
}

void SharedMemory::readAsync(Machine &machine, Lane &lane, const void *address,
                             size_t count, unsigned agent, uint32_t tick) {
  checkBounds(machine, address, count);
  if (!checksRaces)
    return;
  size_t begin = getOffset(address);
  for (size_t offset = begin; offset < begin + count; ++offset) {
    checkAfterWrite(machine, lane, offset, "makes the async proxy read");
    const Byte &byte = bytes[offset];
    if (byte.kind == Generic &&
        machine.lanes[byte.writer].proxyFence < byte.clock)
      machine.fail("the async proxy reads shared byte 0x%zx that thread %u "
                   "wrote at %s (%s) without fence.proxy.async after",
                   offset, unsigned(byte.writer), byte.site->op,
                   byte.site->where);
    getRead(offset, agent) = encodeRead(tick, 0);
  }
}

void SharedMemory::beginAsyncWrite(Machine &machine, Lane &lane,
                                   const void *address, size_t count,
                                   unsigned agent, uint32_t tick) {
  checkBounds(machine, address, count);
  if (!checksRaces)
    return;
  size_t begin = getOffset(address);
  for (size_t offset = begin; offset < begin + count; ++offset) {
    checkAfterWrite(machine, lane, offset, "makes a copy write");
    checkAfterReads(machine, lane, offset);
    Byte &byte = bytes[offset];
    byte.kind = AsyncPending;
    byte.clock = tick;
    byte.writer = agent;
    byte.site = lane.site;
  }
}

void SharedMemory::endAsyncWrite(const void *address, size_t count) {
  if (!checksRaces)
    return;
  size_t begin = getOffset(address);
  for (size_t offset = begin; offset < begin + count; ++offset)
    bytes[offset].kind = Async;
}

void SharedMemory::beginCopy(Machine &machine, Lane &lane, const void *address,
                             size_t count) {
  access(machine, lane, address, count, /*isWrite=*/true);
  if (!checksRaces)
    return;
  size_t begin = getOffset(address);
  for (size_t offset = begin; offset < begin + count; ++offset)
    bytes[offset].kind = CopyPending;
}

void SharedMemory::endCopy(Machine &machine, Lane &lane, const void *address,
                           size_t count) {
  if (!checksRaces)
    return;
  size_t begin = getOffset(address);
  uint32_t clock = machine.getWarp(lane).clock[lane.getWarp()];
  for (size_t offset = begin; offset < begin + count; ++offset) {
    bytes[offset].kind = Generic;
    bytes[offset].clock = clock;
  }
}

//===----------------------------------------------------------------------===//
// Loads and stores of host code
//===----------------------------------------------------------------------===//

void Machine::checkGlobal(const void *address, size_t bytes, bool isWrite) {
  checkGlobalBounds(address, bytes, isWrite);
  if (isInLane)
    global.access(*this, getLane(), ctaNumber, address, bytes, isWrite);
}

void Machine::checkGlobalBounds(const void *address, size_t bytes,
                                bool isWrite) {
  const char *byte = static_cast<const char *>(address);
  if (ranges.empty())
    return;
  auto next = ranges.upper_bound(byte);
  auto range = next == ranges.begin() ? ranges.end() : std::prev(next);
  if (range != ranges.end()) {
    auto place = reinterpret_cast<uintptr_t>(byte);
    uintptr_t end =
        reinterpret_cast<uintptr_t>(range->first) + range->second.bytes;
    // A word of memory may be read whole where its first byte is the array's.
    bool isWords = !isWrite && place % 4 == 0 && bytes % 4 == 0 && place < end;
    if (place + bytes <= (isWords ? (end + 3) / 4 * 4 : end))
      return;
  }
  for (int32_t i = 0; !isWrite && i < kernel->numConstants; ++i) {
    const char *begin = static_cast<const char *>(kernel->constants[i].begin);
    if (byte >= begin && byte + bytes <= begin + kernel->constants[i].bytes)
      return;
  }
  const char *what = isWrite ? "a write" : "a read";
  if (range != ranges.end() &&
      byte < range->first + range->second.bytes + range->second.guard)
    fail("%s of %zu bytes is out of bounds: %td bytes into an array of %zu",
         what, bytes, byte - range->first, range->second.bytes);
  if (next != ranges.end() && byte + next->second.guard >= next->first)
    fail("%s of %zu bytes is out of bounds: %td bytes before an array of %zu",
         what, bytes, next->first - byte, next->second.bytes);
  if (knowsAllMemory)
    fail("%s of %zu bytes at %p, where no array of the device lies", what,
         bytes, address);
}

void Machine::checkAccess(const void *address, size_t bytes, size_t alignment,
                          int32_t flags) {
  // A thread that waits for what another one writes must let it run.
  if (++statistics.accesses % 4096 == 0)
    park(LaneState::Ready);
  bool isWrite = flags & AccessWrite;
  if (reinterpret_cast<uintptr_t>(address) % alignment)
    fail("%s of %zu bytes at %p is not aligned to %zu bytes",
         isWrite ? "a write" : "a read", bytes, address, alignment);
  Lane &lane = getLane();
  if (flags & AccessAtomic) {
    // Ordered like all atomics of the CTA; a spin on one must let others run.
    join(getWarp().clock, atomicClock);
    join(atomicClock, getWarp().clock);
    advanceClock(getWarp());
    if (++idleAtomics % 64 == 0)
      park(LaneState::Ready);
  }
  if (flags & AccessShared || shared.contains(address)) {
    if (flags & AccessGlobal)
      fail("a pointer to global memory holds shared address 0x%x",
           shared.getOffset(address));
    if (flags & AccessAtomic)
      shared.checkBounds(*this, address, bytes);
    else
      shared.access(*this, lane, address, bytes, isWrite);
    return;
  }
  const char *byte = static_cast<const char *>(address);
  if (byte >= stacks.getBegin(lane.thread + 1) &&
      byte < stacks.getEnd(lane.thread + 1) && !(flags & AccessGlobal))
    return;
  if (flags & AccessAtomic) {
    global.synchronize(ctaNumber);
    return checkGlobalBounds(address, bytes, isWrite);
  }
  checkGlobal(address, bytes, isWrite);
}

ZQSIM_OP(access) {
  (void)results;
  Machine &machine = enter(site);
  machine.checkAccess(getOperand<void *>(operands, 0), site->attributes[0],
                      site->attributes[1], site->attributes[2]);
  machine.preempt();
}

ZQSIM_OP(shared_address) {
  Machine &machine = enter(site);
  (void)operands;
  setResult(results, machine.shared.getBegin() + site->attributes[0]);
}
