//===- Pool.cpp - Memory that calls of compiled code hand on --------------===//
#include "zq/Runtime/Pool.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>

using namespace zq::runtime;

/// In front of each block, which it keeps aligned: its capacity.
static constexpr size_t headerSize = 64;
/// Blocks below are the C library's business.
static constexpr size_t leastKept = size_t(1) << 16;
static constexpr size_t hugePage = size_t(1) << 21;

namespace {
/// What is kept, by capacity.
struct Pool {
  std::mutex mutex;
  std::multimap<size_t, void *> blocks;
  size_t bytes = 0;
};
} // namespace

/// Never destroyed: compiled code may run while the process ends.
static Pool &getPool() {
  static auto *pool = new Pool;
  return *pool;
}

static size_t roundUp(size_t size, size_t unit) {
  return (size + unit - 1) / unit * unit;
}

/// Sizes are rounded to an eighth of their magnitude, so that blocks of about
/// one size are one another's.
static size_t getCapacity(size_t size) {
  if (size < leastKept)
    return roundUp(size, headerSize);
  size_t unit = leastKept / 8;
  while (unit * 16 <= size)
    unit *= 2;
  return roundUp(size, unit);
}

static void *allocateAnew(size_t capacity) {
  size_t total = capacity + headerSize;
  size_t alignment = total >= hugePage ? hugePage : headerSize;
  total = roundUp(total, alignment);
  void *memory = std::aligned_alloc(alignment, total);
  if (!memory) {
    std::fprintf(stderr, "zq: no memory for %zu bytes\n", total);
    std::abort();
  }
  // A wish; whether it is granted does not matter.
  if (alignment == hugePage)
    ::madvise(memory, total, MADV_HUGEPAGE);
  return memory;
}

void *zq::runtime::poolAllocate(size_t size) {
  if (size > SIZE_MAX / 2) {
    std::fprintf(stderr, "zq: no memory for %zu bytes\n", size);
    std::abort();
  }
  size_t capacity = getCapacity(size);
  void *memory = nullptr;
  if (capacity >= leastKept) {
    Pool &pool = getPool();
    std::lock_guard<std::mutex> lock(pool.mutex);
    auto found = pool.blocks.lower_bound(capacity);
    if (found != pool.blocks.end() && found->first <= 2 * capacity) {
      capacity = found->first;
      memory = found->second;
      pool.bytes -= capacity;
      pool.blocks.erase(found);
    }
  }
  if (!memory)
    memory = allocateAnew(capacity);
  *static_cast<size_t *>(memory) = capacity;
  return static_cast<uint8_t *>(memory) + headerSize;
}

void *zq::runtime::poolAllocateZeros(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes))
    bytes = SIZE_MAX;
  return std::memset(poolAllocate(bytes), 0, bytes);
}

void zq::runtime::poolFree(void *block) {
  if (!block)
    return;
  void *memory = static_cast<uint8_t *>(block) - headerSize;
  size_t capacity = *static_cast<size_t *>(memory);
  if (capacity >= leastKept) {
    Pool &pool = getPool();
    std::lock_guard<std::mutex> lock(pool.mutex);
    if (pool.bytes + capacity <= poolLimit) {
      pool.blocks.emplace(capacity, memory);
      pool.bytes += capacity;
      return;
    }
  }
  std::free(memory);
}

size_t zq::runtime::poolKept() {
  Pool &pool = getPool();
  std::lock_guard<std::mutex> lock(pool.mutex);
  return pool.bytes;
}
