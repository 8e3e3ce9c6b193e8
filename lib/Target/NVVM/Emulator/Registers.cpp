//===- Registers.cpp - Special registers [ptx 10] -------------------------===//
#include "Machine.h"

using namespace zq::emulator;

#define ZQSIM_REGISTER(name, value)                                            \
  ZQSIM_OP(sreg_##name) {                                                      \
    (void)operands;                                                            \
    Machine &machine = enter(site);                                            \
    Lane &lane = machine.getLane();                                            \
    (void)lane;                                                                \
    setResult(results, static_cast<uint32_t>(value));                          \
  }

ZQSIM_REGISTER(tid_x, lane.id.x)
ZQSIM_REGISTER(tid_y, lane.id.y)
ZQSIM_REGISTER(tid_z, lane.id.z)
ZQSIM_REGISTER(ntid_x, machine.block.x)
ZQSIM_REGISTER(ntid_y, machine.block.y)
ZQSIM_REGISTER(ntid_z, machine.block.z)
ZQSIM_REGISTER(ctaid_x, machine.cta.x)
ZQSIM_REGISTER(ctaid_y, machine.cta.y)
ZQSIM_REGISTER(ctaid_z, machine.cta.z)
ZQSIM_REGISTER(nctaid_x, machine.grid.x)
ZQSIM_REGISTER(nctaid_y, machine.grid.y)
ZQSIM_REGISTER(nctaid_z, machine.grid.z)
ZQSIM_REGISTER(laneid, lane.getLane())
ZQSIM_REGISTER(warpid, lane.getWarp())
ZQSIM_REGISTER(nwarpid, machine.warps.size())
ZQSIM_REGISTER(warpsize, warpSize)
ZQSIM_REGISTER(lanemask_eq, 1u << lane.getLane())
ZQSIM_REGISTER(lanemask_lt, (1u << lane.getLane()) - 1)
ZQSIM_REGISTER(lanemask_le, (2u << lane.getLane()) - 1)
ZQSIM_REGISTER(lanemask_gt, ~((2u << lane.getLane()) - 1))
ZQSIM_REGISTER(lanemask_ge, ~((1u << lane.getLane()) - 1))
// A cluster is one CTA.
ZQSIM_REGISTER(clusterid_x, machine.cta.x)
ZQSIM_REGISTER(clusterid_y, machine.cta.y)
ZQSIM_REGISTER(clusterid_z, machine.cta.z)
ZQSIM_REGISTER(nclusterid_x, machine.grid.x)
ZQSIM_REGISTER(nclusterid_y, machine.grid.y)
ZQSIM_REGISTER(nclusterid_z, machine.grid.z)
ZQSIM_REGISTER(cluster_ctaid, 0)
ZQSIM_REGISTER(cluster_nctaid, 1)
ZQSIM_REGISTER(dynamic_smem_size, machine.dynamicShared)
ZQSIM_REGISTER(total_smem_size, machine.shared.getSize())
// Time passes with the scheduler's steps.
ZQSIM_REGISTER(clock, machine.statistics.switches)
