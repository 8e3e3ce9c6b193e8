//===- WarpExchange.cpp - Ops in which the lanes of a warp exchange words
//--===//
#include "Formats.h"
#include "Machine.h"

#include <algorithm>
#include <cmath>

using namespace zq::emulator;

/// shfl.sync [ptx 9.7.9.6]. Operands: mask, value, b, c. Attributes: kind, with
/// predicate. A word, and a byte that tells whether the source is in range.
static void shuffle(Collective &op) {
  auto kind = ShuffleKind(op.site.attributes[0]);
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    if (!op.has(lane))
      continue;
    unsigned b = op.getWord(lane, 2) & 31, c = op.getWord(lane, 3);
    unsigned clamp = c & 31, segment = c >> 8 & 31;
    unsigned highest = (lane & segment) | (clamp & ~segment);
    unsigned lowest = lane & segment;
    int source = lane;
    bool isInRange = false;
    switch (kind) {
    case ShuffleUp:
      source = int(lane) - int(b);
      // Here the clamp is the least lane.
      isInRange = source >= int(highest);
      break;
    case ShuffleDown:
      source = lane + b;
      isInRange = source <= int(highest);
      break;
    case ShuffleXor:
      source = lane ^ b;
      isInRange = source <= int(highest);
      break;
    case ShuffleIndex:
      source = lowest | (b & ~segment);
      isInRange = source <= int(highest);
      break;
    }
    if (!isInRange)
      source = lane;
    if (!op.has(source))
      Machine::get().fail("lane %u takes the word of lane %d, which does not "
                          "take part (mask 0x%08x)",
                          lane, source, op.mask);
    op.setWord(lane, 0, op.getWord(source, 1));
    if (op.site.attributes[1])
      static_cast<char *>(op.lanes[lane].results)[4] = isInRange;
  }
}

ZQSIM_OP(shfl_sync) {
  enter(site).collect(site, operands, results,
                      getOperand<uint32_t>(operands, 0),
                      /*isAligned=*/false, shuffle);
}

/// vote.sync [ptx 9.7.13.9]. Operands: mask, predicate. Attribute: kind.
static void vote(Collective &op) {
  auto kind = VoteKind(op.site.attributes[0]);
  uint32_t ballot = 0;
  for (unsigned lane = 0; lane < warpSize; ++lane)
    if (op.has(lane) && (op.getWord(lane, 1) & 1))
      ballot |= 1u << lane;
  bool all = ballot == op.mask, any = ballot != 0;
  bool truth = kind == VoteAny ? any : kind == VoteAll ? all : all || !any;
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    if (!op.has(lane))
      continue;
    if (kind == VoteBallot)
      op.setWord(lane, 0, ballot);
    else
      *static_cast<char *>(op.lanes[lane].results) = truth;
  }
}

ZQSIM_OP(vote_sync) {
  enter(site).collect(site, operands, results,
                      getOperand<uint32_t>(operands, 0),
                      /*isAligned=*/false, vote);
}

/// redux.sync [ptx 9.7.13.11]. Operands: value, mask. Attributes: reduction,
/// absolute values, NaN is handed on.
static void reduce(Collective &op) {
  auto reduction = Reduction(op.site.attributes[0]);
  bool takesAbsolute = op.site.attributes[1], keepsNan = op.site.attributes[2];
  bool isFirst = true;
  uint32_t result = 0;
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    if (!op.has(lane))
      continue;
    uint32_t value = op.getWord(lane, 0);
    if (takesAbsolute)
      value &= 0x7fffffff;
    if (std::exchange(isFirst, false)) {
      result = value;
      continue;
    }
    float x = asFloat(result), y = asFloat(value);
    bool hasNan = std::isnan(x) || std::isnan(y);
    switch (reduction) {
    case ReduceAdd:
      result += value;
      break;
    case ReduceMin:
      result = std::min(int32_t(result), int32_t(value));
      break;
    case ReduceMax:
      result = std::max(int32_t(result), int32_t(value));
      break;
    case ReduceUMin:
      result = std::min(result, value);
      break;
    case ReduceUMax:
      result = std::max(result, value);
      break;
    case ReduceAnd:
      result &= value;
      break;
    case ReduceOr:
      result |= value;
      break;
    case ReduceXor:
      result ^= value;
      break;
    case ReduceFMin:
      result = hasNan && keepsNan ? 0x7fffffff : asBits(std::fmin(x, y));
      break;
    case ReduceFMax:
      result = hasNan && keepsNan ? 0x7fffffff : asBits(std::fmax(x, y));
      break;
    }
  }
  for (unsigned lane = 0; lane < warpSize; ++lane)
    if (op.has(lane))
      op.setWord(lane, 0, result);
}

ZQSIM_OP(redux_sync) {
  enter(site).collect(site, operands, results,
                      getOperand<uint32_t>(operands, 1),
                      /*isAligned=*/false, reduce);
}

/// match.sync [ptx 9.7.13.10]. Operands: mask, value. Attributes: all (else
/// any), 64 bits. The lanes with the same value; and for all a byte.
static void match(Collective &op) {
  bool isAll = op.site.attributes[0], isWide = op.site.attributes[1];
  auto value = [&](unsigned lane) {
    return isWide ? op.getLong(lane, 1) : uint64_t(op.getWord(lane, 1));
  };
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    if (!op.has(lane))
      continue;
    uint32_t same = 0;
    for (unsigned other = 0; other < warpSize; ++other)
      if (op.has(other) && value(other) == value(lane))
        same |= 1u << other;
    if (!isAll) {
      op.setWord(lane, 0, same);
      continue;
    }
    op.setWord(lane, 0, same == op.mask ? same : 0);
    static_cast<char *>(op.lanes[lane].results)[4] = same == op.mask;
  }
}

ZQSIM_OP(match_sync) {
  enter(site).collect(site, operands, results,
                      getOperand<uint32_t>(operands, 0),
                      /*isAligned=*/false, match);
}

/// elect.sync [ptx 9.7.13.12]: one lane of the mask, here the lowest. Attribute
/// 0: the mask is operand 0; 1: the result has the lane before the predicate.
static void elect(Collective &op) {
  unsigned leader = __builtin_ctz(op.mask);
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    if (!op.has(lane))
      continue;
    char *result = static_cast<char *>(op.lanes[lane].results);
    if (op.site.attributes[1]) {
      op.setWord(lane, 0, leader);
      result += 4;
    }
    *result = lane == leader;
  }
}

ZQSIM_OP(elect_sync) {
  uint32_t mask = site->attributes[0] ? getOperand<uint32_t>(operands, 0) : ~0u;
  enter(site).collect(site, operands, results, mask, /*isAligned=*/false,
                      elect);
}

/// bar.warp.sync [ptx 9.7.13.2], which orders memory too.
static void syncWarp(Collective &op) { ++op.warp.clock[op.warp.index]; }

ZQSIM_OP(bar_warp_sync) {
  enter(site).collect(site, operands, results,
                      getOperand<uint32_t>(operands, 0),
                      /*isAligned=*/false, syncWarp);
}
