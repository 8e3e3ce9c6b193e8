//===- Mbarrier.cpp - Barriers in shared memory [ptx 9.7.13.15] -----------===//
//
// The object itself is kept outside of memory, whose 8 bytes stay as they are.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

using namespace zq::emulator;

/// Largest count of arrivals, and of bytes of transactions.
static constexpr uint32_t maxCount = (1u << 20) - 1;

Mbarrier &Machine::getMbarrier(uint64_t address) {
  // Addresses of the cluster's window are those of the CTA's.
  auto found = mbarriers.find(address);
  if (found == mbarriers.end())
    fail("no mbarrier was initialised at shared address 0x%x",
         shared.getOffset(reinterpret_cast<void *>(address)));
  if (isInLane)
    shared.access(*this, getLane(), reinterpret_cast<void *>(address), 8,
                  /*isWrite=*/false);
  return found->second;
}

void Machine::completeMbarrierPhase(Mbarrier &barrier) {
  if (barrier.pending || barrier.transactions)
    return;
  ++barrier.phase;
  barrier.pending = barrier.count;
  barrier.completed = barrier.arriving;
  notifyProgress();
}

void Machine::arriveAtMbarrier(Mbarrier &barrier, uint32_t count) {
  if (!count || count > barrier.pending)
    fail("%u arrivals at an mbarrier that expects %u more of %u in this phase",
         count, barrier.pending, barrier.count);
  if (isInLane) {
    join(barrier.arriving, getWarp().clock);
    advanceClock(getWarp());
  }
  barrier.pending -= count;
  completeMbarrierPhase(barrier);
}

static void expectTransactions(Machine &machine, Mbarrier &barrier,
                               uint32_t bytes) {
  barrier.transactions += bytes;
  if (barrier.transactions > maxCount)
    machine.fail("an mbarrier expects %lld bytes, over 2^20 - 1",
                 static_cast<long long>(barrier.transactions));
}

/// Operands: address, count.
ZQSIM_OP(mbarrier_init) {
  (void)results;
  Machine &machine = enter(site);
  uint64_t address = getOperand<uint64_t>(operands, 0);
  uint32_t count = getOperand<uint32_t>(operands, 1);
  if (address % 8)
    machine.fail("an mbarrier is not aligned to 8 bytes");
  if (!count || count > maxCount)
    machine.fail("an mbarrier for %u arrivals", count);
  machine.shared.access(machine, machine.getLane(),
                        reinterpret_cast<void *>(address), 8,
                        /*isWrite=*/true);
  Mbarrier &barrier = machine.mbarriers[address];
  barrier = Mbarrier();
  barrier.count = barrier.pending = count;
  barrier.arriving.assign(machine.getWarp().clock.size(), 0);
  barrier.completed = barrier.arriving;
  barrier.site = site;
  machine.preempt();
}

ZQSIM_OP(mbarrier_inval) {
  (void)results;
  Machine &machine = enter(site);
  uint64_t address = getOperand<uint64_t>(operands, 0);
  (void)machine.getMbarrier(address);
  machine.mbarriers.erase(address);
}

/// Operands: address, and what the attributes say: a count, bytes to expect.
/// Attributes: has a count, expects bytes, drops. The result is the phase.
ZQSIM_OP(mbarrier_arrive) {
  Machine &machine = enter(site);
  const int32_t *attributes = site->attributes;
  Mbarrier &barrier = machine.getMbarrier(getOperand<uint64_t>(operands, 0));
  uint64_t phase = barrier.phase;
  if (attributes[1])
    expectTransactions(machine, barrier, getOperand<uint32_t>(operands, 1));
  uint32_t count = attributes[0] ? getOperand<uint32_t>(operands, 1) : 1;
  if (attributes[2]) {
    if (barrier.count < count)
      machine.fail("drops %u arrivals of %u", count, barrier.count);
    barrier.count -= count;
  }
  machine.arriveAtMbarrier(barrier, count);
  if (attributes[3])
    setResult(results, phase);
  machine.preempt();
}

/// Operands: address, bytes. Attribute 0: they are complete, not expected.
ZQSIM_OP(mbarrier_tx) {
  (void)results;
  Machine &machine = enter(site);
  Mbarrier &barrier = machine.getMbarrier(getOperand<uint64_t>(operands, 0));
  uint32_t bytes = getOperand<uint32_t>(operands, 1);
  if (site->attributes[0]) {
    barrier.transactions -= bytes;
    machine.completeMbarrierPhase(barrier);
  } else {
    expectTransactions(machine, barrier, bytes);
  }
  machine.preempt();
}

/// test_wait, try_wait [ptx 9.7.13.15.16]. Operands: address, the phase's
/// parity, or its number as arrive gave it. Attributes: a number, loops until
/// it is over. A lane that finds the phase not over lets others run.
ZQSIM_OP(mbarrier_wait) {
  Machine &machine = enter(site);
  const int32_t *attributes = site->attributes;
  uint64_t address = getOperand<uint64_t>(operands, 0);
  uint64_t wanted = attributes[0] ? getOperand<uint64_t>(operands, 1)
                                  : getOperand<uint32_t>(operands, 1);
  if (!attributes[0] && wanted > 1)
    machine.fail("%llu is no parity of a phase",
                 static_cast<unsigned long long>(wanted));
  Lane &lane = machine.getLane();
  auto isOver = [&] {
    Mbarrier &barrier = machine.getMbarrier(address);
    // Of two phases, the parity of the first is the parity after the second.
    if (lane.polledBarrier == address && !attributes[0] &&
        (lane.polledPhase & 1) == wanted &&
        barrier.phase >= lane.polledPhase + 2)
      machine.fail(
          "the mbarrier went on by two phases while this thread waited "
          "for the first of them");
    bool isOver =
        attributes[0] ? barrier.phase > wanted : (barrier.phase & 1) != wanted;
    lane.polledBarrier = isOver ? 0 : address;
    lane.polledPhase = barrier.phase;
    return isOver;
  };
  bool over = isOver();
  while (!over) {
    // A try may end early, and what it found may be old when it is told.
    if (!attributes[1] && machine.options.seed && machine.random.oneIn(2)) {
      machine.park(LaneState::Ready);
      break;
    }
    machine.park(LaneState::Poll);
    over = isOver();
    if (!attributes[1])
      break;
  }
  if (over)
    join(machine.getWarp().clock, machine.getMbarrier(address).completed);
  if (!attributes[1])
    setResult(results, static_cast<uint8_t>(over));
  machine.preempt();
}
