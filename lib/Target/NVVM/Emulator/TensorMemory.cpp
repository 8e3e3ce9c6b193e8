//===- TensorMemory.cpp - tcgen05: memory, and what orders it -------------===//
//
// [ptx 9.7.16]. Copies and products are queued and done in order; a commit is
// queued after them and arrives at its mbarrier.
//
//===----------------------------------------------------------------------===//
#include "TensorMemory.h"

#include "Machine.h"
#include "Swizzle.h"

#include <algorithm>

using namespace zq::emulator;

void TensorMemory::reset(unsigned warps) {
  numWarps = warps;
  isPermitRelinquished = false;
  for (Column &column : columns)
    column = Column();
  pendingStores.assign(warps, {});
  // Most kernels use none.
  if (std::exchange(isUsed, false)) {
    words.clear();
    touches.clear();
  }
}

//===----------------------------------------------------------------------===//
// Allocation [ptx 9.7.16.7]
//===----------------------------------------------------------------------===//

static unsigned getCheckedColumns(Machine &machine, Collective &op,
                                  unsigned operand) {
  unsigned count = op.getWord(0, operand);
  if (count < 32 || count > TensorMemory::numColumns || (count & (count - 1)))
    machine.fail("%u columns: not a power of two from 32 to 512", count);
  return count;
}

/// A value that has to be the same in all lanes.
static uint64_t getUniform(Machine &machine, Collective &op, unsigned operand) {
  for (unsigned lane = 1; lane < warpSize; ++lane)
    if (op.getWord(lane, operand) != op.getWord(0, operand))
      machine.fail("operand %u differs between lanes 0 and %u", operand, lane);
  return op.getLong(0, operand);
}

/// Operands: where to write the address, columns.
static void allocate(Collective &op) {
  Machine &machine = Machine::get();
  TensorMemory &tensor = machine.tensor;
  unsigned count = getCheckedColumns(machine, op, 1);
  auto *slot = reinterpret_cast<char *>(getUniform(machine, op, 0));
  if (tensor.isPermitRelinquished)
    machine.fail("allocates after tcgen05.relinquish_alloc_permit");
  if (!tensor.isUsed) {
    tensor.isUsed = true;
    tensor.words.assign(TensorMemory::numLanes * TensorMemory::numColumns,
                        0xffffffff);
    tensor.touches.assign(TensorMemory::numColumns * tensor.numWarps, 0);
  }
  // Nothing says that the first columns come first.
  unsigned places[TensorMemory::numColumns / 32], numPlaces = 0;
  for (unsigned begin = 0; begin + count <= TensorMemory::numColumns;
       begin += 32)
    if (std::none_of(tensor.columns + begin, tensor.columns + begin + count,
                     [](auto &column) { return column.allocated; }))
      places[numPlaces++] = begin;
  if (!numPlaces)
    machine.fail("waits for ever: %u columns are not free", count);
  unsigned begin =
      places[machine.options.seed ? machine.random.below(numPlaces) : 0];
  for (unsigned i = begin; i < begin + count; ++i) {
    tensor.columns[i].allocated = count;
    tensor.columns[i].allocationBegin = begin;
  }
  machine.shared.access(machine, op.lanes[0], slot, 4, /*isWrite=*/true);
  std::memcpy(slot, &begin, 4);
}

ZQSIM_OP(tcgen05_alloc) {
  enter(site).collect(site, operands, results, ~0u, true, allocate);
}

/// Operands: address, columns.
static void deallocate(Collective &op) {
  Machine &machine = Machine::get();
  unsigned begin = getUniform(machine, op, 0) & 0xffff;
  unsigned count = getCheckedColumns(machine, op, 1);
  checkColumns(machine, begin, count, "frees");
  for (unsigned i = begin; i < begin + count; ++i) {
    TensorMemory::Column &column = machine.tensor.columns[i];
    if (column.allocated != count || column.allocationBegin != begin)
      machine.fail("frees columns %u to %u, which are not one allocation",
                   begin, begin + count - 1);
    if (column.writeTick > op.warp.clock[machine.getTensorAgent()])
      machine.fail("frees column %u that %s (%s) may still write: its "
                   "completion was not waited for",
                   i, column.site->op, column.site->where);
    column = TensorMemory::Column();
  }
}

ZQSIM_OP(tcgen05_dealloc) {
  enter(site).collect(site, operands, results, ~0u, true, deallocate);
}

static void relinquish(Collective &) {
  Machine::get().tensor.isPermitRelinquished = true;
}

ZQSIM_OP(tcgen05_relinquish_alloc_permit) {
  enter(site).collect(site, operands, results, ~0u, true, relinquish);
}

void zq::emulator::checkColumns(Machine &machine, unsigned begin,
                                unsigned count, const char *what) {
  for (unsigned i = begin; i < begin + count; ++i)
    if (i >= TensorMemory::numColumns || !machine.tensor.columns[i].allocated)
      machine.fail("%s column %u of tensor memory, which is not allocated",
                   what, i);
}

void zq::emulator::checkEngineAccess(Machine &machine, unsigned begin,
                                     unsigned count, const char *what) {
  checkColumns(machine, begin, count, what);
  const Warp &warp = machine.getWarp();
  for (unsigned i = begin; i < begin + count; ++i)
    for (unsigned other = 0; other < machine.tensor.numWarps; ++other)
      if (other != warp.index &&
          machine.tensor.getTouch(i, other) > warp.clock[other])
        machine.fail("race: %s column %u of tensor memory that warp %u "
                     "accesses, without a barrier between",
                     what, i, other);
}

void zq::emulator::markEngineWrite(Machine &machine, unsigned begin,
                                   unsigned count, uint32_t tick) {
  for (unsigned i = begin; i < begin + count; ++i) {
    machine.tensor.columns[i].writeTick = tick;
    machine.tensor.columns[i].site = machine.getLane().site;
  }
}

//===----------------------------------------------------------------------===//
// ld, st, wait [ptx 9.7.16.8]
//===----------------------------------------------------------------------===//

namespace {
struct Place {
  unsigned lane, column;
};
} // namespace

/// Where register `r` of a lane lies, relative to the address.
static Place getPlace(unsigned shape, unsigned lane, unsigned r,
                      unsigned offset) {
  unsigned g = lane >> 2, t = lane & 3;
  switch (shape) {
  case TensorShape16x64b:
    return {g + 8 * (lane & 1), (lane >> 1 & 1) + 2 * r};
  case TensorShape16x128b:
    return {g + 8 * (r & 1), t + 4 * (r >> 1)};
  case TensorShape16x256b:
    return {g + 8 * (r >> 1 & 1), 2 * t + (r & 1) + 8 * (r >> 2)};
  case TensorShape16x32bx2:
    return {lane % 16, r + lane / 16 * offset};
  default: // 32x32b
    return {lane, r};
  }
}

/// The lane and column of an address, which the warp may reach.
static Place getBase(Machine &machine, Collective &op, unsigned shape) {
  uint32_t address = getUniform(machine, op, 0);
  Place base{address >> 16, address & 0xffff};
  unsigned quarter = op.warp.index % 4 * 32;
  bool isHalf = shape != TensorShape32x32b;
  if (base.lane != quarter && !(isHalf && base.lane == quarter + 16))
    machine.fail("lane %u of tensor memory is not the first of those that warp "
                 "%u reaches, %u to %u",
                 base.lane, op.warp.index, quarter, quarter + 31);
  return base;
}

/// Attributes: shape, registers, has an offset. Operands: address, offset if it
/// is there, and of st the words.
template <typename Move>
static void moveWords(Collective &op, bool isStore, Move move) {
  Machine &machine = Machine::get();
  TensorMemory &tensor = machine.tensor;
  unsigned shape = op.site.attributes[0], count = op.site.attributes[1];
  unsigned offset = op.site.attributes[2] ? op.getWord(0, 1) : 0;
  unsigned data = op.site.attributes[2] ? 2 : 1;
  Place base = getBase(machine, op, shape);
  const uint32_t seen = op.warp.clock[machine.getTensorAgent()];
  const char *what = isStore ? "tcgen05.st writes" : "tcgen05.ld reads";
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    for (unsigned r = 0; r < count; ++r) {
      Place place = getPlace(shape, lane, r, offset);
      place.lane += base.lane;
      place.column += base.column;
      checkColumns(machine, place.column, 1, what);
      const TensorMemory::Column &column = tensor.columns[place.column];
      if (column.writeTick > seen)
        machine.fail("race: %s column %u that %s (%s) writes, without having "
                     "waited for its completion",
                     what, place.column, column.site->op, column.site->where);
      if (column.writeTick > op.lanes[lane].tensorFence)
        machine.fail("%s column %u that %s (%s) wrote, without "
                     "tcgen05.fence::after_thread_sync after the wait",
                     what, place.column, column.site->op, column.site->where);
      tensor.getTouch(place.column, op.warp.index) =
          op.warp.clock[op.warp.index];
      move(lane, r, place, data);
    }
  }
}

static void loadWords(Collective &op) {
  TensorMemory &tensor = Machine::get().tensor;
  moveWords(op, false, [&](unsigned lane, unsigned r, Place place, unsigned) {
    op.setWord(lane, r, tensor.at(place.lane, place.column));
  });
  for (unsigned lane = 0; lane < warpSize; ++lane)
    op.lanes[lane].hasOpenTensorLoad = true;
}

ZQSIM_OP(tcgen05_ld) {
  enter(site).collect(site, operands, results, ~0u, true, loadWords);
}

static void storeWords(Collective &op) {
  Machine &machine = Machine::get();
  TensorMemory &tensor = machine.tensor;
  moveWords(
      op, true, [&](unsigned lane, unsigned r, Place place, unsigned data) {
        uint32_t word;
        std::memcpy(
            &word,
            reinterpret_cast<const char *>(op.lanes[lane].operands + data) +
                4 * r,
            4);
        tensor.pendingStores[op.warp.index].push_back(
            {place.lane << 16 | place.column, word});
      });
  for (unsigned lane = 0; lane < warpSize; ++lane)
    op.lanes[lane].hasOpenTensorStore = true;
}

ZQSIM_OP(tcgen05_st) {
  enter(site).collect(site, operands, results, ~0u, true, storeWords);
}

/// Attribute 0: for stores, else for loads. Stores are done only now.
static void waitForWords(Collective &op) {
  TensorMemory &tensor = Machine::get().tensor;
  bool isStore = op.site.attributes[0];
  for (unsigned lane = 0; lane < warpSize; ++lane)
    (isStore ? op.lanes[lane].hasOpenTensorStore
             : op.lanes[lane].hasOpenTensorLoad) = false;
  if (!isStore)
    return;
  for (auto [place, word] : tensor.pendingStores[op.warp.index])
    tensor.at(place >> 16, place & 0xffff) = word;
  tensor.pendingStores[op.warp.index].clear();
}

ZQSIM_OP(tcgen05_wait) {
  enter(site).collect(site, operands, results, ~0u, true, waitForWords);
}

//===----------------------------------------------------------------------===//
// fence, commit [ptx 9.7.16.6]
//===----------------------------------------------------------------------===//

/// Attribute 0: after, else before.
ZQSIM_OP(tcgen05_fence) {
  (void)operands, (void)results;
  Machine &machine = enter(site);
  if (site->attributes[0])
    machine.getLane().tensorFence =
        machine.getWarp().clock[machine.getTensorAgent()];
  machine.preempt();
}

/// Operand: the mbarrier.
ZQSIM_OP(tcgen05_commit) {
  (void)results;
  Machine &machine = enter(site);
  (void)machine.getMbarrier(operands[0]);
  AsyncWork work{};
  work.engine = AsyncWork::Tensor;
  work.site = site;
  work.tick = ++machine.ticks[AsyncWork::Tensor];
  work.thread = machine.getLane().thread;
  work.values[0] = operands[0];
  work.run = [](Machine &machine, AsyncWork &work) {
    Mbarrier &barrier = machine.getMbarrier(work.values[0]);
    uint32_t &seen = barrier.arriving[machine.getTensorAgent()];
    seen = std::max(seen, work.tick);
    machine.arriveAtMbarrier(barrier, 1);
  };
  // It tells of what this thread did before, too.
  Mbarrier &barrier = machine.getMbarrier(operands[0]);
  join(barrier.arriving, machine.getWarp().clock);
  machine.enqueue(work);
  machine.preempt();
}

//===----------------------------------------------------------------------===//
// Matrices in shared memory [ptx 9.7.16.4.1]
//===----------------------------------------------------------------------===//

/// Operands: start, leading and stride offset, base offset, mode, swizzle.
ZQSIM_OP(tcgen05_mma_smem_desc) {
  (void)enter(site);
  uint64_t bits = uint64_t(getOperand<uint32_t>(operands, 0)) |
                  uint64_t(getOperand<uint32_t>(operands, 1)) << 16 |
                  uint64_t(getOperand<uint32_t>(operands, 2)) << 32 |
                  uint64_t(1) << 46 |
                  uint64_t(getOperand<uint8_t>(operands, 3)) << 49 |
                  uint64_t(getOperand<uint8_t>(operands, 4)) << 52 |
                  uint64_t(getOperand<uint8_t>(operands, 5)) << 61;
  setResult(results, bits);
}

MatrixDescriptor zq::emulator::decodeDescriptor(Machine &machine,
                                                uint64_t bits) {
  auto wrong = [&](const char *why) {
    machine.fail("matrix descriptor 0x%016llx: %s",
                 static_cast<unsigned long long>(bits), why);
  };
  if (bits >> 14 & 3 || bits >> 30 & 3)
    wrong("bits 14, 15, 30 and 31 are reserved");
  if ((bits >> 46 & 7) != 1)
    wrong("bits 46 to 48 are not 0b001");
  if (bits >> 53 & 0xff)
    wrong("bits 53 to 60 are reserved");
  if (bits >> 49 & 7)
    wrong("base offsets are not emulated");
  if (bits >> 52 & 1)
    wrong("absolute leading offsets are not emulated");
  MatrixDescriptor descriptor{(bits & 0x3fff) << 4, (bits >> 16 & 0x3fff) << 4,
                              (bits >> 32 & 0x3fff) << 4, 0};
  switch (bits >> 61) {
  case 0:
    break;
  case 2:
    descriptor.span = 128;
    break;
  case 4:
    descriptor.span = 64;
    break;
  case 6:
    descriptor.span = 32;
    break;
  case 1:
    wrong("the swizzle with atoms of 32 bytes is not emulated");
    break;
  default:
    wrong("there is no such swizzle");
  }
  // Eight rows are a pattern; without a base offset it starts at row 0.
  unsigned span = descriptor.span;
  if (span && descriptor.start % (8 * span) >= span)
    wrong("the matrix does not start where its swizzle pattern does");
  return descriptor;
}

uint64_t MatrixDescriptor::getChunk(unsigned row, unsigned chunk) const {
  if (!span)
    return start + row % 8 * 16 + row / 8 * stride + chunk * leading;
  return swizzle(start + row % 8 * span + row / 8 * stride + 16 * chunk, span);
}

/// cp [ptx 9.7.16.9]. Operands: address, descriptor. Attributes: rows, chunks
/// of 16 bytes of a row, copies of the rows.
ZQSIM_OP(tcgen05_cp) {
  (void)results;
  Machine &machine = enter(site);
  const int32_t *attributes = site->attributes;
  uint32_t address = getOperand<uint32_t>(operands, 0);
  MatrixDescriptor descriptor = decodeDescriptor(machine, operands[1]);
  if (address >> 16)
    machine.fail("copies to lane %u of tensor memory, and not to lane 0",
                 address >> 16);
  unsigned column = address & 0xffff;
  checkEngineAccess(machine, column, 4 * attributes[1], "tcgen05.cp writes");
  AsyncWork work{};
  work.engine = AsyncWork::Tensor;
  work.site = site;
  work.tick = ++machine.ticks[AsyncWork::Tensor];
  work.thread = machine.getLane().thread;
  std::memcpy(work.values, operands, 2 * sizeof(uint64_t));
  for (int32_t row = 0; row < attributes[0]; ++row)
    for (int32_t chunk = 0; chunk < attributes[1]; ++chunk)
      machine.shared.readAsync(
          machine, machine.getLane(),
          machine.shared.fromDescriptor(descriptor.getChunk(row, chunk)), 16,
          machine.getTensorAgent(), work.tick);
  markEngineWrite(machine, column, 4 * attributes[1], work.tick);
  work.run = [](Machine &machine, AsyncWork &work) {
    const int32_t *attributes = work.site->attributes;
    MatrixDescriptor descriptor = decodeDescriptor(machine, work.values[1]);
    unsigned column = work.values[0] & 0xffff;
    for (int32_t row = 0; row < attributes[0]; ++row)
      for (int32_t chunk = 0; chunk < attributes[1]; ++chunk) {
        uint32_t words[4];
        std::memcpy(
            words,
            machine.shared.fromDescriptor(descriptor.getChunk(row, chunk)), 16);
        for (int32_t copy = 0; copy < attributes[2]; ++copy)
          for (unsigned i = 0; i < 4; ++i)
            machine.tensor.at(attributes[0] * copy + row,
                              column + 4 * chunk + i) = words[i];
      }
  };
  machine.enqueue(work);
  machine.preempt();
}
