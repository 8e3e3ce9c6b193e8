//===- AsyncCopy.cpp - cp.async [ptx 9.7.9.25.3] --------------------------===//
//
// A copy is under way until its lane waits for its group: only then may
// anything touch its bytes. They come when the lane waits, or earlier if the
// seed says so.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include <algorithm>

using namespace zq::emulator;

void Machine::deliver(PendingCopy &copy) {
  if (std::exchange(copy.isDelivered, true))
    return;
  std::memcpy(copy.destination, copy.source, copy.sourceBytes);
  std::memset(copy.destination + copy.sourceBytes, 0,
              copy.bytes - copy.sourceBytes);
}

void Machine::completeCopies(Lane &lane, unsigned group) {
  auto isDone = [&](PendingCopy &copy) {
    if (copy.group >= group)
      return false;
    deliver(copy);
    shared.endCopy(*this, lane, copy.destination, copy.bytes);
    return true;
  };
  lane.copies.erase(
      std::remove_if(lane.copies.begin(), lane.copies.end(), isDone),
      lane.copies.end());
}

/// Operands: destination, source, and bytes to read where that is less.
/// Attributes: bytes, bytes to read are given, past the first cache.
ZQSIM_OP(cp_async) {
  (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  const int32_t *attributes = site->attributes;
  char *destination = getOperand<char *>(operands, 0);
  const char *source = getOperand<const char *>(operands, 1);
  unsigned bytes = attributes[0];
  unsigned sourceBytes =
      attributes[1] ? getOperand<uint32_t>(operands, 2) : bytes;
  if ((bytes != 4 && bytes != 8 && bytes != 16) ||
      (attributes[2] && bytes != 16))
    machine.fail("cp.async%s of %u bytes does not exist",
                 attributes[2] ? ".cg" : ".ca", bytes);
  if (sourceBytes > bytes)
    machine.fail("cp.async reads %u bytes of %u", sourceBytes, bytes);
  if (reinterpret_cast<uintptr_t>(destination) % bytes)
    machine.fail("cp.async of %u bytes to shared address 0x%x, which is not "
                 "aligned",
                 bytes, machine.shared.getOffset(destination));
  if (reinterpret_cast<uintptr_t>(source) % bytes)
    machine.fail("cp.async of %u bytes from %p, which is not aligned", bytes,
                 static_cast<const void *>(source));
  if (machine.shared.contains(source))
    machine.fail("cp.async reads shared memory");
  // Nothing is read where the size is 0, whatever the address.
  if (sourceBytes)
    machine.checkGlobal(source, sourceBytes, /*isWrite=*/false);
  machine.shared.beginCopy(machine, lane, destination, bytes);
  lane.copies.push_back({site, destination, source, bytes, sourceBytes, false,
                         lane.committedGroups});
  if (!machine.options.seed || machine.random.oneIn(2)) {
    // Early delivery finds what still reads the bytes.
    machine.deliver(lane.copies.back());
  }
  machine.preempt();
}

ZQSIM_OP(cp_async_commit_group) {
  (void)operands, (void)results;
  ++enter(site).getLane().committedGroups;
}

/// Attribute 0: groups that may stay in flight; -1: waits for all, committed or
/// not.
ZQSIM_OP(cp_async_wait_group) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  int32_t open = site->attributes[0];
  if (open < 0)
    machine.completeCopies(lane, ~0u);
  else if (lane.committedGroups > unsigned(open))
    machine.completeCopies(lane, lane.committedGroups - open);
  machine.preempt();
}

/// cp.async.mbarrier.arrive [ptx 9.7.13.15.17]: the copies of this lane so far
/// arrive at the mbarrier when they are done. Operand: the mbarrier. Attribute
/// 0: .noinc, else the pending count is raised before.
ZQSIM_OP(cp_async_mbarrier_arrive) {
  (void)results;
  Machine &machine = enter(site);
  Mbarrier &barrier = machine.getMbarrier(getOperand<uint64_t>(operands, 0));
  machine.completeCopies(machine.getLane(), ~0u);
  if (!site->attributes[0])
    ++barrier.pending;
  machine.arriveAtMbarrier(barrier, 1);
  machine.preempt();
}
