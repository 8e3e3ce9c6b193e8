//===- TensorMemoryTest.cpp - tcgen05, all lanes and elements -------------===//
#include "Formats.h"
#include "Lanes.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace mlir::zq::test;
using namespace zq::emulator;

static bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

namespace {
/// Allocates columns for the CTA, runs `body(thread, base)`, and frees them.
struct WithColumns {
  unsigned columns;
  std::function<void(unsigned, uint32_t)> body;

  void operator()(unsigned thread) const {
    const static Op alloc(zqsim_tcgen05_alloc), sync(zqsim_barrier);
    const static Op dealloc(zqsim_tcgen05_dealloc);
    if (thread < 32)
      alloc(getShared(0), columns);
    sync();
    auto base = loadShared<uint32_t>(0);
    body(thread, base);
    sync();
    if (thread < 32)
      dealloc(uint64_t(base), columns);
  }
};
} // namespace

/// Where register r of a lane lies, by the manual's figures, as tables: for
/// each shape the 16 or 32 lanes by the registers of one unit.
static std::pair<unsigned, unsigned> getPlace(TensorShape shape, unsigned lane,
                                              unsigned r) {
  switch (shape) {
  case TensorShape32x32b:
    return {lane, r};
  case TensorShape16x64b:
    // Lanes in pairs of columns; even lanes rows 0 to 7, odd ones 8 to 15.
    return {lane / 4 + (lane % 2 ? 8 : 0), 2 * r + lane % 4 / 2};
  case TensorShape16x128b:
    return {lane / 4 + (r % 2 ? 8 : 0), 4 * (r / 2) + lane % 4};
  case TensorShape16x256b:
    // As the accumulators of mma.sync, next to each other.
    return {lane / 4 + (r % 4 / 2 ? 8 : 0),
            8 * (r / 4) + 2 * (lane % 4) + r % 2};
  default:
    return {lane % 16, r + (lane < 16 ? 0 : 16)};
  }
}

TEST(TensorMemoryTest, LoadsInAllShapes) {
  struct Case {
    TensorShape shape;
    unsigned registers, firstLane;
  };
  const Op store(zqsim_tcgen05_st, {TensorShape32x32b, 32, 0});
  const Op waitStore(zqsim_tcgen05_wait, {1}),
      waitLoad(zqsim_tcgen05_wait, {0});
  for (Case test :
       {Case{TensorShape32x32b, 32, 0}, Case{TensorShape16x64b, 8, 0},
        Case{TensorShape16x64b, 8, 16}, Case{TensorShape16x128b, 8, 0},
        Case{TensorShape16x256b, 16, 16}, Case{TensorShape16x32bx2, 8, 0}}) {
    const Op load(zqsim_tcgen05_ld, {test.shape, int32_t(test.registers),
                                     test.shape == TensorShape16x32bx2});
    WithColumns program{
        32, [&](unsigned thread, uint32_t base) {
          unsigned quarter = thread / 32 * 32;
          // The word at lane l and column c is 100 l + c.
          std::vector<uint64_t> words{base | uint64_t(quarter) << 16};
          for (unsigned c = 0; c < 32; c += 2)
            words.push_back(uint64_t(100 * thread + c + 1) << 32 |
                            (100 * thread + c));
          store.words(words, 0);
          waitStore();
          unsigned first = quarter + test.firstLane;
          auto got =
              load.words({base | uint64_t(first) << 16, 16}, test.registers);
          waitLoad();
          for (unsigned r = 0; r < test.registers; ++r) {
            auto [lane, column] = getPlace(test.shape, thread % 32, r);
            EXPECT_EQ(got[r], 100 * (first + lane) + column)
                << test.shape << " thread " << thread << " " << r;
          }
        }};
    for (uint64_t seed : {0, 1})
      EXPECT_EQ(runThreads(128, program, seed), "");
  }
}

TEST(TensorMemoryTest, Allocation) {
  const Op alloc(zqsim_tcgen05_alloc),
      relinquish(zqsim_tcgen05_relinquish_alloc_permit);
  auto run = [&](unsigned first, unsigned second, bool relinquishes) {
    return runThreads(32, [&](unsigned) {
      alloc(getShared(0), first);
      if (relinquishes)
        relinquish();
      alloc(getShared(4), second);
    });
  };
  EXPECT_TRUE(contains(run(48, 32, false), "not a power of two"));
  EXPECT_TRUE(contains(run(512, 32, false), "waits for ever"));
  EXPECT_TRUE(contains(run(32, 32, true), "after tcgen05.relinquish"));
  EXPECT_TRUE(contains(run(32, 32, false), "without tcgen05.dealloc"));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {
struct TensorCase {
  const char *name;
  TensorKind kind;
  unsigned m, n, depth;
  Format a, b, d;
  /// Their numbers in the instruction descriptor.
  uint32_t typeA, typeB, typeD;
  unsigned swizzle;
};
const TensorCase tensorCases[] = {
    {"BF16", TensorF16, 128, 32, 16, BF16, BF16, F32, 1, 1, 1, 128},
    {"F16ToF16", TensorF16, 128, 16, 16, F16, F16, F16, 0, 0, 0, 64},
    {"F16OfM64", TensorF16, 64, 24, 16, F16, F16, F32, 0, 0, 1, 32},
    {"TF32", TensorTF32, 128, 16, 8, TF32, TF32, F32, 2, 2, 1, 0},
    {"E4M3E5M2", TensorF8F6F4, 128, 32, 32, E4M3, E5M2, F32, 0, 1, 1, 128},
    {"E2M1E3M2", TensorF8F6F4, 128, 16, 32, E2M1, E3M2, F32, 5, 4, 1, 0},
    {"S8U8", TensorI8, 128, 48, 32, S8, U8, S32, 1, 0, 2, 64},
};
class TensorMmaTest : public testing::TestWithParam<TensorCase> {};
} // namespace

TEST_P(TensorMmaTest, IsTheProduct) {
  const TensorCase &test = GetParam();
  std::mt19937 random(1);
  unsigned bitsA = getBits(test.a), bitsB = getBits(test.b);
  auto makeCodes = [&](unsigned rows, Format format, unsigned bits) {
    std::vector<uint32_t> codes(rows * test.depth);
    for (uint32_t &code : codes) {
      if (format == TF32)
        code = asBits(float(int(random() % 65) - 32));
      else if (format == F16 || format == BF16)
        code = encode(format, int(random() % 65) - 32);
      else
        do
          code = random() & ((1u << bits) - 1);
        while (!std::isfinite(decode(format, code)));
    }
    return codes;
  };
  auto a = makeCodes(test.m, test.a, bitsA),
       b = makeCodes(test.n, test.b, bitsB);

  // A at 1024, B at 1024 + 128 * P, rows of P bytes, 8 of them a group.
  unsigned pitch = test.swizzle ? test.swizzle : 16;
  unsigned group = 8 * pitch, chunkStride = test.swizzle ? 16 : 128 * 16;
  unsigned startA = 1024, startB = startA + (test.swizzle ? 128 * pitch : 4096);
  auto getAddress = [&](unsigned start, unsigned row, unsigned byte) {
    unsigned chunk = byte / 16;
    if (test.swizzle == 128)
      chunk ^= row % 8;
    else if (test.swizzle == 64)
      chunk ^= row / 2 % 4;
    else if (test.swizzle == 32)
      chunk ^= row / 4 % 2;
    return start + row / 8 * group + row % 8 * pitch + chunk * chunkStride +
           byte % 16;
  };
  std::vector<uint8_t> image(65536);
  auto put = [&](unsigned start, const std::vector<uint32_t> &codes,
                 unsigned bits) {
    for (unsigned i = 0; i < codes.size(); ++i) {
      unsigned row = i / test.depth, k = i % test.depth;
      // Values below 8 bits: 16 of them in 16 bytes, with a gap behind.
      unsigned bit = bits < 8 ? k / 16 * 128 + k % 16 * bits : k * bits;
      for (unsigned j = 0; j < bits; ++j)
        image[getAddress(start, row, (bit + j) / 8)] |= (codes[i] >> j & 1)
                                                        << (bit + j) % 8;
    }
  };
  put(startA, a, bitsA);
  put(startB, b, bitsB);
  uint64_t mode = test.swizzle == 128  ? 2
                  : test.swizzle == 64 ? 4
                  : test.swizzle == 32 ? 6
                                       : 0;
  auto describe = [&](unsigned start) {
    return uint64_t(start >> 4) | uint64_t(chunkStride >> 4) << 16 |
           uint64_t(group >> 4) << 32 | uint64_t(1) << 46 | mode << 61;
  };
  uint32_t instruction = test.typeD << 4 | test.typeA << 7 | test.typeB << 10 |
                         test.n / 8 << 17 | test.m / 16 << 24;

  std::vector<double> d(128 * test.n, NAN);
  const Op init(zqsim_mbarrier_init), sync(zqsim_barrier);
  const Op fence(zqsim_fence_proxy_async), commit(zqsim_tcgen05_commit);
  const Op mma(zqsim_tcgen05_mma, {test.kind, 0, 0, 0});
  const Op wait(zqsim_mbarrier_wait, {0, 1}), after(zqsim_tcgen05_fence, {1});
  const Op load(zqsim_tcgen05_ld, {TensorShape32x32b, 1, 0});
  const Op waitLoad(zqsim_tcgen05_wait, {0});
  WithColumns program{
      64, [&](unsigned thread, uint32_t base) {
        for (unsigned i = thread * 8; i < image.size() - 1024; i += 1024) {
          uint64_t word;
          std::memcpy(&word, &image[1024 + i], 8);
          storeShared<uint64_t>(1024 + i, word);
        }
        if (thread == 0)
          init(getShared(8), 1u);
        fence();
        sync();
        if (thread == 96) {
          // Twice: the second adds to the first.
          mma(uint64_t(base), describe(startA), describe(startB), instruction,
              false);
          mma(uint64_t(base), describe(startA), describe(startB), instruction,
              true);
          commit(getShared(8));
        }
        wait(getShared(8), 0u);
        after();
        for (unsigned column = 0; column < test.n; ++column) {
          uint64_t address = (base + column) | uint64_t(thread / 32 * 32) << 16;
          uint32_t word = load(address);
          waitLoad();
          d[thread * test.n + column] =
              decode(test.d, word & (test.d == F16 ? 0xffff : ~0u));
        }
      }};
  for (uint64_t seed : {0, 3}) {
    ASSERT_EQ(runThreads(128, program, seed), "");
    for (unsigned row = 0; row < test.m; ++row) {
      // Of 64 rows 16 lie in each quarter.
      unsigned lane = test.m == 128 ? row : row % 16 + row / 16 * 32;
      for (unsigned column = 0; column < test.n; ++column) {
        double sum = 0;
        for (unsigned k = 0; k < test.depth; ++k)
          sum += 2 * decode(test.a, a[row * test.depth + k]) *
                 decode(test.b, b[column * test.depth + k]);
        EXPECT_NEAR(d[lane * test.n + column], sum,
                    std::fabs(sum) * (test.d == F16 ? 1e-3 : 1e-6) +
                        (test.d == F16 ? 8 : 0))
            << row << ", " << column;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TensorMmaTest, testing::ValuesIn(tensorCases),
                         [](const auto &info) { return info.param.name; });
