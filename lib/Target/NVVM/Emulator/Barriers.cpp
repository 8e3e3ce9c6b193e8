//===- Barriers.cpp - Barriers and fences of the CTA ----------------------===//
#include "Machine.h"

using namespace zq::emulator;

/// barrier.cta [ptx 9.7.13.1]. Attributes: arrive only, reduction, has an id,
/// has a count, has a predicate; the operands are those that it has.
ZQSIM_OP(barrier) {
  Machine &machine = enter(site);
  const int32_t *attributes = site->attributes;
  unsigned next = 0;
  unsigned id = attributes[2] ? getOperand<uint32_t>(operands, next++) : 0;
  unsigned count = attributes[3] ? getOperand<uint32_t>(operands, next++) : 0;
  bool predicate = attributes[4] && getOperand<uint32_t>(operands, next++) != 0;
  machine.arriveAtBarrier(id, count, attributes[1], predicate, !attributes[0]);
  if (attributes[1])
    setResult(results, machine.getLane().barrierResult);
}

/// membar, fence [ptx 9.7.13.4]: lanes see memory in order anyhow.
ZQSIM_OP(fence) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  machine.preempt();
}

/// fence.proxy.async [ptx 9.7.13.4]: what this thread wrote so far may be read
/// by the async proxy.
ZQSIM_OP(fence_proxy_async) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  Warp &warp = machine.getWarp();
  machine.getLane().proxyFence = warp.clock[warp.index];
  machine.advanceClock(warp);
  machine.preempt();
}

/// barrier.cluster [ptx 9.7.13.3], of a cluster of one CTA.
ZQSIM_OP(cluster_arrive) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  if (lane.hasArrivedAtCluster)
    machine.fail("arrives twice at the barrier of the cluster without a wait");
  lane.hasArrivedAtCluster = true;
  lane.clusterPhase = machine.clusterPhase;
  machine.arriveAtBarrier(clusterBarrier, 0, 0, false, /*waits=*/false);
}

ZQSIM_OP(cluster_wait) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  if (!std::exchange(lane.hasArrivedAtCluster, false))
    machine.fail("waits at the barrier of the cluster without having arrived");
  while (lane.clusterPhase == machine.clusterPhase)
    machine.park(LaneState::Poll);
  join(machine.getWarp().clock, machine.clusterClock);
}

/// griddepcontrol [ptx 9.7.13.13]: grids run one after the other. nanosleep,
/// setmaxnreg, prefetches: nothing that a program could see.
ZQSIM_OP(nothing) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  machine.preempt();
}
