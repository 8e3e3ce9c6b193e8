//===- BulkCopy.cpp - cp.async.bulk, with and without tensor maps ---------===//
//
// [ptx 9.7.9.25.4, 9.7.9.27.1]. The copy engine works in the async proxy: what
// it writes an mbarrier tells of, what it reads must have been fenced.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "Swizzle.h"
#include "TensorMap.h"

#include <algorithm>

using namespace zq::emulator;
using zq::TensorMapSwizzle;
using zq::TensorMapType;

//===----------------------------------------------------------------------===//
// Completion
//===----------------------------------------------------------------------===//

/// Tells the mbarrier of bytes that came.
static void completeTransactions(Machine &machine, uint64_t address,
                                 uint32_t bytes, uint32_t tick) {
  Mbarrier &barrier = machine.getMbarrier(address);
  uint32_t &seen = barrier.arriving[machine.getCopyAgent()];
  seen = std::max(seen, tick);
  barrier.transactions -= bytes;
  machine.completeMbarrierPhase(barrier);
}

/// Puts a store into the lane's open group.
static void addToGroup(Lane &lane, AsyncWork &work) {
  lane.hasOpenBulkGroup = true;
  work.group = lane.bulkGroups.size() + 1;
}

ZQSIM_OP(bulk_commit_group) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  lane.bulkGroups.push_back(machine.ticks[AsyncWork::Copy]);
  lane.hasOpenBulkGroup = false;
  machine.preempt();
}

/// Attributes: groups that may stay open, waits for reads only.
ZQSIM_OP(bulk_wait_group) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  size_t open = site->attributes[0];
  if (lane.bulkGroups.size() > open) {
    size_t group = lane.bulkGroups.size() - open;
    while (machine.hasWork(lane.thread, group))
      machine.park(LaneState::Poll);
    uint32_t &seen = machine.getWarp().clock[machine.getCopyAgent()];
    seen = std::max(seen, lane.bulkGroups[group - 1]);
    lane.completedBulkGroups = std::max(lane.completedBulkGroups, group);
  }
  machine.preempt();
}

//===----------------------------------------------------------------------===//
// Contiguous bytes
//===----------------------------------------------------------------------===//

static void checkBulk(Machine &machine, const void *shared, const void *global,
                      uint32_t bytes) {
  if (bytes % 16 || reinterpret_cast<uintptr_t>(shared) % 16 ||
      reinterpret_cast<uintptr_t>(global) % 16)
    machine.fail("a bulk copy of %u bytes between shared address 0x%x and %p: "
                 "all have to be multiples of 16",
                 bytes, machine.shared.getOffset(shared), global);
}

/// Operands: destination in shared memory, source, mbarrier, bytes.
ZQSIM_OP(bulk_load) {
  (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  char *destination = getOperand<char *>(operands, 0);
  char *source = getOperand<char *>(operands, 1);
  uint64_t barrier = getOperand<uint64_t>(operands, 2);
  uint32_t bytes = getOperand<uint32_t>(operands, 3);
  checkBulk(machine, destination, source, bytes);
  machine.checkGlobal(source, bytes, /*isWrite=*/false);
  (void)machine.getMbarrier(barrier);
  uint32_t tick = ++machine.ticks[AsyncWork::Copy];
  machine.shared.beginAsyncWrite(machine, lane, destination, bytes,
                                 machine.getCopyAgent(), tick);
  AsyncWork work{};
  work.engine = AsyncWork::Copy;
  work.site = site;
  work.tick = tick;
  work.thread = lane.thread;
  std::memcpy(work.values, operands, 4 * sizeof(uint64_t));
  work.run = [](Machine &machine, AsyncWork &work) {
    auto *destination = reinterpret_cast<char *>(work.values[0]);
    auto bytes = static_cast<uint32_t>(work.values[3]);
    std::memcpy(destination, reinterpret_cast<char *>(work.values[1]), bytes);
    machine.shared.endAsyncWrite(destination, bytes);
    completeTransactions(machine, work.values[2], bytes, work.tick);
  };
  machine.enqueue(work);
  machine.preempt();
}

/// Operands: destination, source in shared memory, bytes.
ZQSIM_OP(bulk_store) {
  (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  char *destination = getOperand<char *>(operands, 0);
  char *source = getOperand<char *>(operands, 1);
  uint32_t bytes = getOperand<uint32_t>(operands, 2);
  checkBulk(machine, source, destination, bytes);
  machine.checkGlobal(destination, bytes, /*isWrite=*/true);
  AsyncWork work{};
  work.engine = AsyncWork::Copy;
  work.site = site;
  work.tick = ++machine.ticks[AsyncWork::Copy];
  work.thread = lane.thread;
  addToGroup(lane, work);
  machine.shared.readAsync(machine, lane, source, bytes, machine.getCopyAgent(),
                           work.tick);
  std::memcpy(work.values, operands, 3 * sizeof(uint64_t));
  work.run = [](Machine &, AsyncWork &work) {
    std::memcpy(reinterpret_cast<char *>(work.values[0]),
                reinterpret_cast<char *>(work.values[1]),
                static_cast<uint32_t>(work.values[2]));
  };
  machine.enqueue(work);
  machine.preempt();
}

//===----------------------------------------------------------------------===//
// Boxes of arrays
//===----------------------------------------------------------------------===//

namespace {
/// A box at coordinates, between shared and global memory.
struct Box {
  const TensorMap &map;
  char *shared;
  int32_t at[5];

  unsigned getRowBytes() const { return getSharedBytes(map.type, map.box[0]); }
  unsigned getNumRows() const {
    unsigned rows = 1;
    for (unsigned i = 1; i < map.rank; ++i)
      rows *= map.box[i];
    return rows;
  }
  unsigned getBytes() const { return getRowBytes() * getNumRows(); }
  unsigned getSpan() const {
    return map.swizzle == TensorMapSwizzle::None
               ? 0
               : 16u << static_cast<unsigned>(map.swizzle);
  }
};
} // namespace

/// The map and the coordinates among a tensor copy's operands, checked.
static Box getBox(Machine &machine, uint64_t mapAddress, char *shared,
                  const uint64_t *coordinates, unsigned rank) {
  auto *map = reinterpret_cast<const TensorMap *>(mapAddress);
  if (mapAddress % 64)
    machine.fail("the tensor map is not aligned to 64 bytes");
  if (map->magic != tensorMapMagic)
    machine.fail("the tensor map was not made by encodeTensorMap");
  if (map->rank != rank)
    machine.fail("%u coordinates for a tensor map of rank %u", rank, map->rank);
  if (reinterpret_cast<uintptr_t>(shared) % 128)
    machine.fail("shared address 0x%x of the box is not aligned to 128 bytes",
                 machine.shared.getOffset(shared));
  Box box{*map, shared, {}};
  for (unsigned i = 0; i < rank; ++i)
    box.at[i] = static_cast<int32_t>(coordinates[i]);
  return box;
}

/// Calls `visit(shared, global, elements)` for each 16 bytes of the box in
/// shared memory: `global` is null outside of the array, and `elements` tells
/// how many of the chunk's elements lie inside.
template <typename Visit>
static void visitChunks(const Box &box, Visit visit) {
  const TensorMap &map = box.map;
  unsigned rowBytes = box.getRowBytes(), span = box.getSpan();
  unsigned perChunk = map.box[0] * 16 / rowBytes;
  for (unsigned row = 0; row < box.getNumRows(); ++row) {
    bool isInside = true;
    int64_t offset = 0;
    unsigned rest = row;
    for (unsigned i = 1; i < map.rank; ++i) {
      int64_t index = int64_t(box.at[i]) + rest % map.box[i];
      rest /= map.box[i];
      isInside &= index >= 0 && index <= int64_t(map.sizes[i]);
      offset += index * int64_t(map.strides[i - 1]);
    }
    for (unsigned chunk = 0; chunk < rowBytes / 16; ++chunk) {
      auto address = reinterpret_cast<uint64_t>(box.shared) +
                     uint64_t(row) * rowBytes + 16 * chunk;
      auto *shared = reinterpret_cast<char *>(swizzle(address, span));
      int64_t first = int64_t(box.at[0]) + chunk * perChunk;
      int64_t inside =
          isInside && first >= 0
              ? std::min<int64_t>(perChunk, int64_t(map.sizes[0]) + 1 - first)
              : 0;
      int64_t bit = first * getElementBits(map.type);
      visit(shared,
            inside > 0
                ? reinterpret_cast<char *>(map.address) + offset + bit / 8
                : nullptr,
            unsigned(std::max<int64_t>(inside, 0)));
    }
  }
}

static unsigned getGlobalBytes(const TensorMap &map, unsigned elements) {
  return (elements * getElementBits(map.type) + 7) / 8;
}

static Box getBox(Machine &machine, AsyncWork &work, bool isLoad) {
  return getBox(machine, work.values[isLoad],
                reinterpret_cast<char *>(work.values[!isLoad]), work.values + 2,
                work.site->attributes[0]);
}

/// Operands: destination in shared memory, map, coordinates, mbarrier.
/// Attribute 0: rank.
ZQSIM_OP(tensor_load) {
  (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  unsigned rank = site->attributes[0];
  uint64_t coordinates[5] = {};
  std::copy(operands + 2, operands + 2 + rank, coordinates);
  Box box = getBox(machine, operands[1], getOperand<char *>(operands, 0),
                   coordinates, rank);
  if (getElementBits(box.map.type) < 8 &&
      box.at[0] % (box.map.type == TensorMapType::Packed16U4Align8B ? 16 : 128))
    machine.fail("coordinate %d of packed values: no multiple of %d", box.at[0],
                 box.map.type == TensorMapType::Packed16U4Align8B ? 16 : 128);
  (void)machine.getMbarrier(operands[2 + rank]);
  AsyncWork work{};
  work.engine = AsyncWork::Copy;
  work.site = site;
  work.tick = ++machine.ticks[AsyncWork::Copy];
  work.thread = lane.thread;
  std::memcpy(work.values, operands, (3 + rank) * sizeof(uint64_t));
  machine.shared.beginAsyncWrite(machine, lane, box.shared, box.getBytes(),
                                 machine.getCopyAgent(), work.tick);
  visitChunks(box, [&](char *, char *global, unsigned elements) {
    if (global)
      machine.checkGlobal(global, getGlobalBytes(box.map, elements), false);
  });
  work.run = [](Machine &machine, AsyncWork &work) {
    Box box = getBox(machine, work, /*isLoad=*/true);
    visitChunks(box, [&](char *shared, char *global, unsigned elements) {
      char bytes[16] = {};
      if (global)
        std::memcpy(bytes, global, getGlobalBytes(box.map, elements));
      std::memcpy(shared, bytes, 16);
    });
    machine.shared.endAsyncWrite(box.shared, box.getBytes());
    completeTransactions(machine, work.values[2 + work.site->attributes[0]],
                         box.getBytes(), work.tick);
  };
  machine.enqueue(work);
  machine.preempt();
}

/// Operands: map, source in shared memory, coordinates. Attribute 0: rank.
ZQSIM_OP(tensor_store) {
  (void)results;
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  unsigned rank = site->attributes[0];
  Box box = getBox(machine, operands[0], getOperand<char *>(operands, 1),
                   operands + 2, rank);
  if (getElementBits(box.map.type) < 8 &&
      box.map.type != TensorMapType::Packed16U4Align8B)
    machine.fail("values with gaps between them cannot be stored");
  AsyncWork work{};
  work.engine = AsyncWork::Copy;
  work.site = site;
  work.tick = ++machine.ticks[AsyncWork::Copy];
  work.thread = lane.thread;
  addToGroup(lane, work);
  std::memcpy(work.values, operands, (2 + rank) * sizeof(uint64_t));
  visitChunks(box, [&](char *shared, char *global, unsigned elements) {
    machine.shared.readAsync(machine, lane, shared, 16, machine.getCopyAgent(),
                             work.tick);
    if (global)
      machine.checkGlobal(global, getGlobalBytes(box.map, elements), true);
  });
  work.run = [](Machine &machine, AsyncWork &work) {
    Box box = getBox(machine, work, /*isLoad=*/false);
    visitChunks(box, [&](char *shared, char *global, unsigned elements) {
      if (global)
        std::memcpy(global, shared, getGlobalBytes(box.map, elements));
    });
  };
  machine.enqueue(work);
  machine.preempt();
}
