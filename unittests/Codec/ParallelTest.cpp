//===- ParallelTest.cpp - Work on one tensor by several threads -----------===//

#include "zq/Codec/Parallel.h"
#include "TestArrays.h"
#include "zq/Codec/FloatFields.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Offset.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Rans.h"
#include "zq/Codec/RegisterRans.h"
#include "zq/Codec/Scale.h"
#include "zq/Codec/Window.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;

namespace {
/// Sets the number of threads, and puts it back.
struct Threads {
  explicit Threads(int count) { setNumThreads(count); }
  ~Threads() { setNumThreads(0); }
};
} // namespace

TEST(Parallel, VisitsEachPieceOnce) {
  for (int threads : {1, 2, 7}) {
    Threads set(threads);
    for (int64_t count : {0, 1, 9, 10, 11, 1000}) {
      std::vector<std::atomic<int>> visits(count);
      parallelFor(count, 10, [&](int64_t begin, int64_t end) {
        EXPECT_EQ(begin % 10, 0);
        EXPECT_EQ(end, std::min<int64_t>(count, begin + 10));
        for (int64_t i = begin; i < end; ++i)
          ++visits[i];
      });
      for (std::atomic<int> &visit : visits)
        EXPECT_EQ(visit, 1);
    }
  }
}

/// The threads that took part in eight pieces. They wait until `expected` have
/// begun, and long enough for more threads to take part than should.
static size_t threadsSeen(int expected) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<int> arrived{0};
  parallelFor(8, 1, [&](int64_t, int64_t) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      seen.insert(std::this_thread::get_id());
    }
    ++arrived;
    while (arrived < expected)
      std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  });
  return seen.size();
}

TEST(Parallel, TakesAsManyThreadsAsItMay) {
  EXPECT_GE(numThreads(), 1);
  {
    Threads set(3);
    EXPECT_EQ(numThreads(), 3);
    EXPECT_EQ(threadsSeen(3), 3u);
    SerialScope serial;
    {
      SerialScope inner;
    }
    EXPECT_EQ(threadsSeen(1), 1u);
  }
  Threads set(1);
  EXPECT_EQ(threadsSeen(1), 1u);
}

TEST(Parallel, StaysOnItsThreadInsideAPiece) {
  Threads set(2);
  parallelFor(2, 1, [](int64_t, int64_t) { EXPECT_EQ(threadsSeen(1), 1u); });
}

TEST(Parallel, ReportsTheFirstError) {
  for (int threads : {1, 4}) {
    Threads set(threads);
    for (int repeat = 0; repeat < 20; ++repeat) {
      Status status = parallelCheck(50, 1, [](int64_t i, int64_t) -> Status {
        if (i < 13 || i == 20)
          return {};
        return Error{std::to_string(i)};
      });
      EXPECT_EQ(status.message(), "13");
    }
    EXPECT_TRUE(
        parallelCheck(50, 7, [](int64_t, int64_t) -> Status { return {}; }));
  }
}

TEST(Parallel, HandsOnWhatABodyThrows) {
  Threads set(4);
  EXPECT_THROW(parallelFor(50, 1,
                           [](int64_t begin, int64_t) {
                             if (begin == 30)
                               throw std::runtime_error("thirty");
                           }),
               std::runtime_error);
}

/// Large enough that every stage has several pieces, the last one ragged.
static const Shape large = {261, 1237};

TEST(Parallel, ThreadsDoNotMatterToAnyStream) {
  ScaleOptions zero, search;
  zero.integerZero = true;
  search.statistic = ScaleStatistic::Search;
  PackLayout halves;
  halves.halves = true;
  PackLayout tiles;
  tiles.tile = {16, 32};
  auto scale = std::make_shared<Scale>(Shape{1, 32}, ElementType::F16);
  auto si4 = std::make_shared<QuantizeInteger>(4, true);
  auto fields = std::make_shared<FloatFields>();
  const std::vector<Stages> chains = {
      {std::make_shared<Scale>(Shape{0, 0}, ElementType::F32),
       std::make_shared<Scale>(Shape{1, 16}, ElementType::F8E4M3FN),
       std::make_shared<QuantizeFloat>(E2M1), std::make_shared<Pack>(4)},
      {std::make_shared<Hadamard>(1, 128, 1),
       std::make_shared<Scale>(Shape{3, 100}, ElementType::BF16, zero),
       std::make_shared<QuantizeInteger>(5, false), std::make_shared<Pack>(5)},
      {std::make_shared<Hadamard>(0, 64),
       std::make_shared<Scale>(Shape{0, 1}, ElementType::F32),
       std::make_shared<Lookup>(std::vector<float>{-1, -0.5, 0, 0.25, 1}),
       std::make_shared<Pack>(3)},
      {std::make_shared<Offset>(Shape{1, 32}, ElementType::F16,
                                OffsetStatistic::Mean),
       std::make_shared<Scale>(Shape{1, 32}, ElementType::F16, search), si4,
       std::make_shared<Pack>(4, tiles)},
      {scale, si4, std::make_shared<Pack>(4, halves)},
      {scale, si4, std::make_shared<RegisterRans>(4, 32, 4)},
      {fields, std::make_shared<Huffman>(8, 300, 12)},
      {fields, std::make_shared<Window>(8, std::vector<int>{2, 3},
                                        WindowKind::Palette, 300)},
      {fields, std::make_shared<Rans>(8, 12, 300)},
      {fields, std::make_shared<RegisterRans>(8, 32, 3)},
  };
  for (const Stages &chain : chains) {
    Codec codec(chain);
    bool isBF16 = chain[0] == fields;
    ElementType type = isBF16 ? ElementType::BF16 : ElementType::F32;
    Array input = gaussian(large, 5, type);
    std::vector<std::vector<Stream>> streams;
    std::vector<Array> decoded;
    for (int threads : {1, 2, 5}) {
      Threads set(threads);
      Result<std::vector<Stream>> encoded = codec.encode(input);
      ASSERT_TRUE(encoded) << encoded.message();
      Result<Array> read = codec.decode(*encoded, large, ElementType::BF16);
      ASSERT_TRUE(read) << read.message();
      streams.push_back(std::move(*encoded));
      decoded.push_back(std::move(*read));
    }
    for (size_t i = 1; i < streams.size(); ++i) {
      EXPECT_EQ(decoded[i], decoded[0]);
      for (size_t k = 0; k < streams[0].size(); ++k)
        EXPECT_EQ(streams[i][k].array, streams[0][k].array)
            << chain.back()->keyword() << ": " << streams[0][k].name;
    }
    if (isBF16) {
      EXPECT_EQ(decoded[0], input);
    }
  }
}

TEST(Parallel, ThreadsDoNotMatterToAnError) {
  Codec codec({std::make_shared<Scale>(Shape{1, 32}, ElementType::F16),
               std::make_shared<QuantizeInteger>(4, true)});
  Array input = gaussian(large, 5);
  input.set(input.size() - 1, INFINITY);
  input.set(200000, NAN);
  for (int threads : {1, 2, 5}) {
    Threads set(threads);
    EXPECT_EQ(codec.encode(input).message(),
              "element [161, 843] is NaN: scale needs finite values");
  }
}
