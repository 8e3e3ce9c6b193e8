//===- PoolTest.cpp - Memory that is handed on ----------------------------===//
#include "zq/Runtime/Pool.h"

#include "gtest/gtest.h"

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

using namespace zq::runtime;

TEST(Pool, BlocksAreAlignedAndApart) {
  std::vector<std::pair<uint8_t *, size_t>> blocks;
  for (size_t size : {0, 1, 64, 100, 65535, 65536, 100000, 3 << 20, 5 << 20}) {
    auto *block = static_cast<uint8_t *>(poolAllocate(size));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
    std::memset(block, int(blocks.size()), size);
    blocks.emplace_back(block, size);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    for (size_t j = 0; j < blocks[i].second; ++j)
      ASSERT_EQ(blocks[i].first[j], i);
    poolFree(blocks[i].first);
  }
  poolFree(nullptr);
}

TEST(Pool, ZerosAreWrittenToWhatIsTakenAgain) {
  void *block = poolAllocate(1 << 20);
  std::memset(block, 1, 1 << 20);
  poolFree(block);
  auto *zeros = static_cast<uint8_t *>(poolAllocateZeros(1 << 10, 1 << 10));
  EXPECT_EQ(zeros, block);
  for (size_t i = 0; i < 1 << 20; ++i)
    ASSERT_EQ(zeros[i], 0);
  poolFree(zeros);
  EXPECT_DEATH(poolAllocateZeros(size_t(1) << 40, size_t(1) << 40),
               "no memory");
}

TEST(Pool, LargeBlocksAreTakenAgain) {
  void *smaller = poolAllocate(3 << 20);
  void *block = poolAllocate(10 << 20);
  size_t kept = poolKept();
  poolFree(block);
  EXPECT_GE(poolKept(), kept + (10 << 20));
  // Of about the size, not of less than half of it.
  void *other = poolAllocate(3 << 20);
  EXPECT_NE(other, block);
  poolFree(smaller);
  poolFree(other);
  void *again = poolAllocate((10 << 20) - 1000);
  EXPECT_EQ(again, block);
  poolFree(again);
}

TEST(Pool, SmallBlocksAreNotKept) {
  size_t kept = poolKept();
  poolFree(poolAllocate(1000));
  EXPECT_EQ(poolKept(), kept);
}

TEST(Pool, NoMoreIsKeptThanTheLimit) {
  std::vector<void *> blocks;
  for (int i = 0; i < 5; ++i)
    blocks.push_back(poolAllocate(poolLimit / 4));
  for (void *block : blocks)
    poolFree(block);
  EXPECT_LE(poolKept(), poolLimit);
}

TEST(Pool, ThreadsDoNotShareBlocks) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t, &wrong] {
      for (int i = 0; i < 500; ++i) {
        size_t size = size_t(70000 + 1000 * (i % 7));
        auto *block = static_cast<uint8_t *>(poolAllocate(size));
        std::memset(block, t, size);
        std::this_thread::yield();
        for (size_t j = 0; j < size; j += 997)
          wrong[t] += block[j] != t;
        poolFree(block);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}
