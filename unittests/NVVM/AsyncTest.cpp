//===- AsyncTest.cpp - Copies, barriers, and what is reported of them -----===//
#include "Lanes.h"
#include "zq/Target/NVVM/EmulatorTensorMap.h"
#include "gtest/gtest.h"

#include <algorithm>

using namespace mlir::zq::test;
using namespace zq::emulator;
using zq::TensorMapShape;
using zq::TensorMapSwizzle;
using zq::TensorMapType;

static bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

TEST(CopyAsyncTest, FillsWithZeros) {
  alignas(16) static const uint8_t source[16] = {1, 2,  3,  4,  5,  6,  7,  8,
                                                 9, 10, 11, 12, 13, 14, 15, 16};
  const Op copy(zqsim_cp_async, {16, 1, 1}),
      commit(zqsim_cp_async_commit_group);
  const Op wait(zqsim_cp_async_wait_group, {0});
  for (uint64_t seed = 0; seed < 4; ++seed)
    EXPECT_EQ(runThreads(
                  32,
                  [&](unsigned lane) {
                    copy(getShared(16 * lane), &source[0], lane % 17);
                    commit();
                    wait();
                    for (unsigned i = 0; i < 16; ++i)
                      EXPECT_EQ(loadShared<uint8_t>(16 * lane + i),
                                i < lane % 17 ? i + 1 : 0);
                  },
                  seed),
              "");
}

TEST(CopyAsyncTest, GroupsEndInOrder) {
  alignas(16) static const uint32_t source[4] = {7, 7, 7, 7};
  const Op copy(zqsim_cp_async, {16, 0, 1}),
      commit(zqsim_cp_async_commit_group);
  const Op waitOne(zqsim_cp_async_wait_group, {1});
  const Op waitAll(zqsim_cp_async_wait_group, {-1});
  for (bool readsSecond : {false, true}) {
    std::string error = runThreads(1, [&](unsigned) {
      for (unsigned group = 0; group < 2; ++group) {
        copy(getShared(16 * group), &source[0]);
        commit();
      }
      waitOne();
      EXPECT_EQ(loadShared<uint32_t>(0), 7u);
      if (readsSecond)
        loadShared<uint32_t>(16);
      waitAll();
    });
    EXPECT_EQ(contains(error, "no cp.async.wait_group before"), readsSecond)
        << error;
  }
}

TEST(CopyAsyncTest, RefusesWhatThereIsNot) {
  alignas(16) static const uint32_t source[8] = {};
  std::string error = runThreads(1, [&](unsigned) {
    Op(zqsim_cp_async, {8, 0, 1})(getShared(0), &source[0]);
  });
  EXPECT_TRUE(contains(error, "cp.async.cg of 8 bytes does not exist"));
  error = runThreads(1, [&](unsigned) {
    Op(zqsim_cp_async, {16, 0, 1})(getShared(0), &source[1]);
  });
  EXPECT_TRUE(contains(error, "which is not aligned")) << error;
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

TEST(BarrierTest, Reduces) {
  const Op popc(zqsim_barrier, {0, ReducePopc, 0, 0, 1});
  const Op all(zqsim_barrier, {0, ReduceAll, 0, 0, 1});
  const Op any(zqsim_barrier, {0, ReduceAny, 0, 0, 1});
  for (uint64_t seed = 0; seed < 4; ++seed)
    EXPECT_EQ(runThreads(
                  96,
                  [&](unsigned thread) {
                    EXPECT_EQ(popc(uint32_t(thread % 3 == 0)), 32u);
                    EXPECT_EQ(all(uint32_t(thread < 95)), 0u);
                    EXPECT_EQ(all(1u), 1u);
                    EXPECT_EQ(any(uint32_t(thread == 50)), 1u);
                    EXPECT_EQ(any(0u), 0u);
                  },
                  seed),
              "");
}

TEST(BarrierTest, SomeArriveAndSomeWait) {
  // Warp 0 writes and arrives, warp 1 waits and reads.
  const Op arrive(zqsim_barrier, {1, 0, 1, 1, 0});
  const Op wait(zqsim_barrier, {0, 0, 1, 1, 0});
  for (uint64_t seed = 0; seed < 6; ++seed)
    EXPECT_EQ(runThreads(
                  64,
                  [&](unsigned thread) {
                    if (thread < 32) {
                      storeShared<uint32_t>(4 * thread, thread);
                      arrive(3u, 64u);
                    } else {
                      wait(3u, 64u);
                      EXPECT_EQ(loadShared<uint32_t>(4 * (thread - 32)),
                                thread - 32);
                    }
                  },
                  seed),
              "");
}

TEST(BarrierTest, EndedThreadsDoNotCount) {
  const Op sync(zqsim_barrier);
  EXPECT_EQ(runThreads(64,
                       [&](unsigned thread) {
                         if (thread < 32)
                           sync();
                       }),
            "");
}

TEST(BarrierTest, DeadlockTellsOfEachLane) {
  const Op sync(zqsim_barrier, {}, "nvvm.barrier0");
  const Op warp(zqsim_bar_warp_sync, {}, "nvvm.bar.warp.sync");
  std::string error = runThreads(64, [&](unsigned thread) {
    if (thread == 5)
      sync();
    else
      warp(~0u);
  });
  EXPECT_TRUE(contains(error, "deadlock")) << error;
  EXPECT_TRUE(
      contains(error, "threads 0 to 4: stands at nvvm.bar.warp.sync (test)"))
      << error;
  EXPECT_TRUE(contains(error, "thread 5: waits at nvvm.barrier0 (test)"))
      << error;
  EXPECT_TRUE(contains(error, "threads 32 to 63: ended")) << error;
}

TEST(BarrierTest, WarpBarrierOrdersMemory) {
  const Op warp(zqsim_bar_warp_sync);
  for (bool syncs : {true, false}) {
    std::string error = runThreads(32, [&](unsigned lane) {
      storeShared<uint32_t>(4 * lane, lane);
      if (syncs)
        warp(~0u);
      loadShared<uint32_t>(4 * (lane ^ 1));
    });
    EXPECT_EQ(contains(error, "without bar.warp.sync"), !syncs) << error;
  }
}

TEST(BarrierTest, NeighbouringBytesAreNoRace) {
  EXPECT_EQ(runThreads(128,
                       [&](unsigned thread) {
                         storeShared<uint8_t>(thread, thread);
                         EXPECT_EQ(loadShared<uint8_t>(thread), thread);
                       }),
            "");
}

/// A word of global memory, written and read as host code does.
static uint32_t words[64];
static void storeGlobal(unsigned at, uint32_t value) {
  static const Op access(zqsim_access, {4, 4, 1}, "store");
  access(&words[at]);
  words[at] = value;
}
static uint32_t loadGlobal(unsigned at) {
  static const Op access(zqsim_access, {4, 4, 0}, "load");
  access(&words[at]);
  return words[at];
}

TEST(GlobalMemoryTest, BarriersOrderIt) {
  const Op sync(zqsim_barrier);
  for (bool syncs : {true, false})
    for (uint64_t seed = 0; seed < 5; ++seed) {
      std::string error = runThreads(
          64,
          [&](unsigned thread) {
            storeGlobal(thread, thread);
            if (syncs)
              sync();
            EXPECT_TRUE(!syncs || loadGlobal(63 - thread) == 63 - thread);
            if (!syncs)
              loadGlobal(63 - thread);
          },
          seed);
      EXPECT_EQ(contains(error, "race: thread"), !syncs) << error;
      EXPECT_EQ(error.empty(), syncs) << error;
    }
}

TEST(GlobalMemoryTest, WritesComeAfterReads) {
  const Op sync(zqsim_barrier);
  for (bool syncs : {true, false}) {
    std::string error = runThreads(64, [&](unsigned thread) {
      loadGlobal(thread);
      if (syncs)
        sync();
      storeGlobal(thread ^ 32, thread);
    });
    EXPECT_EQ(contains(error, "race: thread"), !syncs) << error;
    EXPECT_EQ(error.empty(), syncs) << error;
  }
}

/// Two CTAs of 32 threads: `program(cta, thread)`; the error, or nothing.
static std::string runTwo(void (*program)(unsigned, unsigned), uint64_t seed) {
  EmulatorOptions options;
  options.seed = seed;
  Emulator emulator(options);
  Kernel kernel{};
  kernel.name = "program";
  kernel.entry = [](void **arguments) {
    static const Op tid(zqsim_sreg_tid_x), ctaid(zqsim_sreg_ctaid_x);
    reinterpret_cast<void (*)(unsigned, unsigned)>(arguments[0])(ctaid(),
                                                                 tid());
  };
  void *arguments[] = {reinterpret_cast<void *>(program)};
  auto status = emulator.launch(kernel, {2}, {32}, 0, arguments);
  return status ? "" : status.message();
}

TEST(GlobalMemoryTest, NothingOrdersBlocksButAtomics) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    EXPECT_EQ(runTwo(
                  [](unsigned cta, unsigned thread) {
                    storeGlobal(32 * cta + thread, thread);
                    loadGlobal(32 * cta + thread);
                  },
                  seed),
              "");
    std::string error = runTwo(
        [](unsigned, unsigned thread) { storeGlobal(thread, thread); }, seed);
    EXPECT_TRUE(contains(error, "of another CTA wrote")) << error;
    error = runTwo(
        [](unsigned cta, unsigned thread) {
          cta ? storeGlobal(thread, thread) : void(loadGlobal(thread));
        },
        seed);
    EXPECT_TRUE(contains(error, "of another CTA")) << error;
    EXPECT_EQ(runTwo(
                  [](unsigned, unsigned thread) {
                    static const Op atomic(zqsim_access, {4, 4, 3}, "atomic");
                    static uint32_t counter;
                    atomic(&counter);
                    storeGlobal(thread, thread);
                    atomic(&counter);
                  },
                  seed),
              "");
  }
}

TEST(GlobalMemoryTest, EndsWithTheWordOfItsLastByte) {
  Emulator emulator;
  auto *array = static_cast<char *>(emulator.allocate(6));
  Kernel kernel{};
  kernel.name = "program";
  kernel.entry = [](void **arguments) {
    static const Op ops[] = {{zqsim_access, {4, 4, 0}, "load"},
                             {zqsim_access, {4, 4, 1}, "store"},
                             {zqsim_access, {2, 2, 0}, "load"},
                             {zqsim_access, {1, 1, 0}, "load"}};
    ops[*static_cast<int *>(arguments[1])](*static_cast<char **>(arguments[0]));
  };
  enum { LoadWord, StoreWord, LoadHalf, LoadByte };
  auto isAllowed = [&](int64_t offset, int op) {
    char *at = array + offset;
    void *arguments[] = {&at, &op};
    return bool(emulator.launch(kernel, {1}, {1}, 0, arguments));
  };
  EXPECT_TRUE(isAllowed(0, StoreWord));
  EXPECT_TRUE(isAllowed(4, LoadWord));
  EXPECT_FALSE(isAllowed(4, StoreWord));
  EXPECT_FALSE(isAllowed(8, LoadWord));
  // Of that word, no part beyond the array alone.
  EXPECT_TRUE(isAllowed(5, LoadByte));
  EXPECT_FALSE(isAllowed(6, LoadByte));
  EXPECT_FALSE(isAllowed(6, LoadHalf));
}

TEST(BarrierTest, ErrorsLeaveTheEmulatorUsable) {
  Emulator emulator;
  Kernel kernel{};
  kernel.name = "program";
  bool fails = true;
  kernel.entry = [](void **arguments) {
    if (*static_cast<bool *>(arguments[0]))
      Op(zqsim_barrier, {0, 0, 1})(17u);
  };
  void *arguments[] = {&fails};
  EXPECT_FALSE(bool(emulator.launch(kernel, {2}, {64}, 0, arguments)));
  fails = false;
  EXPECT_TRUE(bool(emulator.launch(kernel, {2}, {64}, 0, arguments)));
}

TEST(LaunchTest, ChecksLimits) {
  Emulator emulator({0, "sm_120a"});
  Kernel kernel{};
  kernel.name = "program";
  kernel.entry = [](void **) {};
  auto launch = [&](Dim grid, Dim block, size_t bytes) {
    auto status = emulator.launch(kernel, grid, block, bytes, nullptr);
    return status ? std::string() : status.message();
  };
  EXPECT_EQ(launch({1}, {1024}, 101376), "");
  EXPECT_TRUE(contains(launch({1}, {1024}, 101377), "bytes of shared memory"));
  EXPECT_TRUE(contains(launch({1}, {1025}, 0), "is too large"));
  EXPECT_TRUE(contains(launch({0}, {32}, 0), "no threads"));
  kernel.requiredBlock[0] = 64;
  EXPECT_TRUE(contains(launch({1}, {32}, 0), "nvvm.reqntid"));
}

//===----------------------------------------------------------------------===//
// mbarrier
//===----------------------------------------------------------------------===//

TEST(MbarrierTest, CountsPhases) {
  const Op init(zqsim_mbarrier_init),
      arrive(zqsim_mbarrier_arrive, {0, 0, 0, 1});
  const Op testParity(zqsim_mbarrier_wait, {0, 0});
  const Op testState(zqsim_mbarrier_wait, {1, 0});
  EXPECT_EQ(
      runThreads(1,
                 [&](unsigned) {
                   char *barrier = getShared(8);
                   init(barrier, 2u);
                   auto parity = [&](uint32_t value) {
                     return testParity.operator()<uint8_t>(barrier, value);
                   };
                   // A fresh barrier passes parity 1.
                   EXPECT_EQ(parity(1), 1);
                   auto state = arrive.operator()<uint64_t>(barrier);
                   EXPECT_EQ(testState.operator()<uint8_t>(barrier, state), 0);
                   arrive.operator()<uint64_t>(barrier);
                   EXPECT_EQ(testState.operator()<uint8_t>(barrier, state), 1);
                   EXPECT_EQ(parity(0), 1);
                 }),
      "");
}

TEST(MbarrierTest, WaitsForBytes) {
  alignas(16) static uint8_t source[64];
  for (unsigned i = 0; i < 64; ++i)
    source[i] = i;
  const Op init(zqsim_mbarrier_init), sync(zqsim_barrier);
  const Op expect(zqsim_mbarrier_arrive, {0, 1, 0, 1});
  const Op load(zqsim_bulk_load), wait(zqsim_mbarrier_wait, {0, 1});
  for (uint64_t seed = 0; seed < 6; ++seed)
    EXPECT_EQ(runThreads(
                  64,
                  [&](unsigned thread) {
                    if (thread == 0)
                      init(getShared(0), 1u);
                    sync();
                    if (thread == 40) {
                      expect.operator()<uint64_t>(getShared(0), 64u);
                      load(getShared(128), &source[0], getShared(0), 32u);
                      load(getShared(160), &source[32], getShared(0), 32u);
                    }
                    wait(getShared(0), 0u);
                    EXPECT_EQ(loadShared<uint8_t>(128 + thread), thread);
                  },
                  seed),
              "");
}

TEST(MbarrierTest, MissedPhases) {
  // Thread 1 sleeps through a phase: of two, it saw neither end.
  const Op init(zqsim_mbarrier_init), arrive(zqsim_mbarrier_arrive);
  const Op sync(zqsim_barrier), test(zqsim_mbarrier_wait, {0, 0});
  std::string error = runThreads(32, [&](unsigned thread) {
    if (thread == 0)
      init(getShared(0), 1u);
    sync();
    if (thread == 1)
      test.operator()<uint8_t>(getShared(0), 0u);
    sync();
    if (thread == 0) {
      arrive(getShared(0));
      arrive(getShared(0));
    }
    sync();
    if (thread == 1)
      test.operator()<uint8_t>(getShared(0), 0u);
  });
  EXPECT_TRUE(contains(error, "went on by two phases")) << error;
}

TEST(MbarrierTest, TooManyArrivals) {
  const Op init(zqsim_mbarrier_init), arrive(zqsim_mbarrier_arrive, {1});
  std::string error = runThreads(1, [&](unsigned) {
    init(getShared(0), 2u);
    arrive(getShared(0), 3u);
  });
  EXPECT_TRUE(contains(error, "3 arrivals at an mbarrier that expects 2 more"))
      << error;
}

TEST(MbarrierTest, BulkStoresLeaveLate) {
  alignas(16) static uint32_t target[32];
  const Op fence(zqsim_fence_proxy_async), sync(zqsim_barrier);
  const Op store(zqsim_bulk_store), commit(zqsim_bulk_commit_group);
  const Op wait(zqsim_bulk_wait_group, {0, 0});
  for (uint64_t seed = 0; seed < 6; ++seed) {
    std::fill(std::begin(target), std::end(target), 0);
    EXPECT_EQ(runThreads(
                  32,
                  [&](unsigned thread) {
                    storeShared<uint32_t>(4 * thread, thread + 1);
                    fence();
                    sync();
                    if (thread == 0) {
                      store(&target[0], getShared(0), 128u);
                      commit();
                      wait();
                    }
                    sync();
                    EXPECT_EQ(target[thread], thread + 1);
                    storeShared<uint32_t>(4 * thread, 0);
                  },
                  seed),
              "");
  }
}

TEST(BarrierTest, ClusterOfOne) {
  const Op arrive(zqsim_cluster_arrive), wait(zqsim_cluster_wait);
  for (uint64_t seed = 0; seed < 4; ++seed)
    EXPECT_EQ(runThreads(
                  64,
                  [&](unsigned thread) {
                    for (unsigned round = 0; round < 3; ++round) {
                      storeShared<uint32_t>(4 * thread, thread + round);
                      arrive();
                      wait();
                      EXPECT_EQ(loadShared<uint32_t>(4 * (63 - thread)),
                                63 - thread + round);
                      arrive();
                      wait();
                    }
                  },
                  seed),
              "");
  std::string error = runThreads(32, [&](unsigned) { wait(); });
  EXPECT_TRUE(contains(error, "without having arrived")) << error;
}

TEST(MbarrierTest, UseBeforeInitialisation) {
  std::string error = runThreads(1, [&](unsigned) {
    Op(zqsim_mbarrier_arrive, {0, 0, 0, 1}).operator()<uint64_t>(getShared(0));
  });
  EXPECT_TRUE(contains(error, "no mbarrier was initialised")) << error;
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

namespace {
struct MapCase {
  TensorMapSwizzle swizzle;
  unsigned rowBytes;
};
} // namespace

TEST(TensorMapTest, SwizzlesAndFillsWithZeros) {
  // 20 rows of 200 bytes in rows of 256.
  alignas(16) static uint8_t source[20 * 256];
  for (unsigned i = 0; i < sizeof(source); ++i)
    source[i] = i * 7 % 251 + 1;
  const Op init(zqsim_mbarrier_init), sync(zqsim_barrier);
  const Op expect(zqsim_mbarrier_arrive, {0, 1, 0, 1});
  const Op load(zqsim_tensor_load, {2}), wait(zqsim_mbarrier_wait, {0, 1});
  for (MapCase test : {MapCase{TensorMapSwizzle::None, 32},
                       MapCase{TensorMapSwizzle::Bytes32, 32},
                       MapCase{TensorMapSwizzle::Bytes64, 64},
                       MapCase{TensorMapSwizzle::Bytes128, 128}}) {
    TensorMap map;
    auto status = encodeTensorMap(map, source,
                                  {TensorMapType::Uint8,
                                   test.swizzle,
                                   2,
                                   {200, 20},
                                   {256},
                                   {test.rowBytes, 16}});
    ASSERT_TRUE(bool(status)) << status.message();
    int32_t x = 160, y = 8;
    uint32_t bytes = 16 * test.rowBytes;
    EXPECT_EQ(runThreads(1,
                         [&](unsigned) {
                           init(getShared(0), 1u);
                           expect.operator()<uint64_t>(getShared(0), bytes);
                           load(getShared(1024), &map, x, y, getShared(0));
                           wait(getShared(0), 0u);
                           for (unsigned row = 0; row < 16; ++row)
                             for (unsigned i = 0; i < test.rowBytes; ++i) {
                               // Chunk c of a row lies at chunk c ^ f(row):
                               // rows of 128 bytes use row % 8, of 64 row / 2 %
                               // 4, of 32 row / 4 % 2.
                               unsigned chunk = i / 16, flip = 0;
                               if (test.swizzle != TensorMapSwizzle::None)
                                 flip = test.rowBytes == 128  ? row % 8
                                        : test.rowBytes == 64 ? row / 2 % 4
                                                              : row / 4 % 2;
                               unsigned at = row * test.rowBytes +
                                             (chunk ^ flip) * 16 + i % 16;
                               bool isInside = x + i < 200 && y + row < 20;
                               EXPECT_EQ(loadShared<uint8_t>(1024 + at),
                                         isInside
                                             ? source[(y + row) * 256 + x + i]
                                             : 0)
                                   << row << ", " << i;
                             }
                         }),
              "");
  }
}

TEST(TensorMapTest, PackedValuesWithGaps) {
  alignas(32) static uint8_t source[2 * 64];
  for (unsigned i = 0; i < sizeof(source); ++i)
    source[i] = i + 1;
  const Op init(zqsim_mbarrier_init);
  const Op expect(zqsim_mbarrier_arrive, {0, 1, 0, 1});
  const Op load(zqsim_tensor_load, {2}), wait(zqsim_mbarrier_wait, {0, 1});
  TensorMap map;
  auto status = encodeTensorMap(map, source,
                                {TensorMapType::Packed16U4Align16B,
                                 TensorMapSwizzle::Bytes128,
                                 2,
                                 {128, 2},
                                 {64},
                                 {128, 2}});
  ASSERT_TRUE(bool(status)) << status.message();
  EXPECT_EQ(runThreads(1,
                       [&](unsigned) {
                         init(getShared(0), 1u);
                         expect.operator()<uint64_t>(getShared(0), 256u);
                         load(getShared(1024), &map, 0, 0, getShared(0));
                         wait(getShared(0), 0u);
                         for (unsigned row = 0; row < 2; ++row)
                           for (unsigned i = 0; i < 64; ++i)
                             EXPECT_EQ(loadShared<uint8_t>(1024 + 128 * row +
                                                           (i / 8 ^ row) * 16 +
                                                           i % 8),
                                       source[64 * row + i]);
                       }),
            "");
}

TEST(TensorMapTest, RefusesWhatTheDriverRefuses) {
  alignas(64) static uint8_t source[4096];
  TensorMap map;
  TensorMapShape shape{TensorMapType::Uint8,
                       TensorMapSwizzle::None,
                       2,
                       {64, 16},
                       {64},
                       {64, 16}};
  auto encode = [&](unsigned rank, const void *address,
                    TensorMapSwizzle swizzle) {
    shape.rank = rank;
    shape.swizzle = swizzle;
    auto status = encodeTensorMap(map, address, shape);
    return status ? std::string() : status.message();
  };
  EXPECT_EQ(encode(2, source, TensorMapSwizzle::Bytes64), "");
  EXPECT_TRUE(contains(encode(6, source, TensorMapSwizzle::None), "rank 6"));
  EXPECT_TRUE(contains(encode(2, source + 8, TensorMapSwizzle::None),
                       "not aligned to 16"));
  EXPECT_TRUE(contains(encode(2, source, TensorMapSwizzle::Bytes32),
                       "over the swizzle's 32"));
  shape.strides[0] = 72;
  EXPECT_TRUE(
      contains(encode(2, source, TensorMapSwizzle::None), "no multiple of 16"));
  shape.strides[0] = 64;
  shape.box[1] = 257;
  EXPECT_TRUE(
      contains(encode(2, source, TensorMapSwizzle::None), "is not 1 to 256"));
}
