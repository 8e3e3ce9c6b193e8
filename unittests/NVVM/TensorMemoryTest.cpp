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

/// Tiles in shared memory: A from 1024 on, B behind it.
struct Tiles {
  unsigned swizzle, startA, startB;
  std::vector<uint8_t> image;

  explicit Tiles(unsigned swizzle)
      : swizzle(swizzle), startA(1024),
        startB(startA + (swizzle ? 128 * swizzle : 4096)), image(65536) {}

  // Rows of P bytes, 8 of them a group; without a swizzle P is 16, and the next
  // 16 bytes of a row are LBO bytes on.
  unsigned getPitch() const { return swizzle ? swizzle : 16; }
  unsigned getLeading() const { return swizzle ? 16 : 128 * 16; }

  unsigned getAddress(unsigned start, unsigned row, unsigned byte) const {
    unsigned chunk = byte / 16;
    if (swizzle == 128)
      chunk ^= row % 8;
    else if (swizzle == 64)
      chunk ^= row / 2 % 4;
    else if (swizzle == 32)
      chunk ^= row / 4 % 2;
    return start + row * getPitch() + chunk * getLeading() + byte % 16;
  }
  void put(unsigned start, const std::vector<uint32_t> &codes, unsigned bits,
           unsigned depth) {
    for (unsigned i = 0; i < codes.size(); ++i) {
      unsigned row = i / depth, k = i % depth;
      // Values below 8 bits in steps of 32: 16 of them in 16 bytes, with a gap.
      unsigned bit =
          bits < 8 && depth == 32 ? k / 16 * 128 + k % 16 * bits : k * bits;
      for (unsigned j = 0; j < bits; ++j)
        image[getAddress(start, row, (bit + j) / 8)] |= (codes[i] >> j & 1)
                                                        << (bit + j) % 8;
    }
  }
  uint64_t describe(unsigned start) const {
    uint64_t mode = swizzle == 128  ? 2
                    : swizzle == 64 ? 4
                    : swizzle == 32 ? 6
                                    : 0;
    return uint64_t(start >> 4) | uint64_t(getLeading() >> 4) << 16 |
           uint64_t(8 * getPitch() >> 4) << 32 | uint64_t(1) << 46 | mode << 61;
  }
  /// All 128 threads of a CTA store the image, for the async proxy to read.
  void store(unsigned thread) const {
    static const Op fence(zqsim_fence_proxy_async);
    for (unsigned i = 1024 + thread * 8; i < image.size(); i += 1024) {
      uint64_t word;
      std::memcpy(&word, &image[i], 8);
      storeShared<uint64_t>(i, word);
    }
    fence();
  }
};

std::vector<uint32_t> makeCodes(unsigned count, Format format,
                                std::mt19937 &random) {
  std::vector<uint32_t> codes(count);
  for (uint32_t &code : codes) {
    if (format == TF32)
      code = asBits(float(int(random() % 65) - 32));
    else if (format == F16 || format == BF16)
      code = encode(format, int(random() % 65) - 32);
    else
      do
        code = random() & ((1u << getBits(format)) - 1);
      while (!std::isfinite(decode(format, code)));
  }
  return codes;
}

/// Has thread 96 issue the products and waits for them; then each thread reads
/// its lane of D.
template <typename Issue>
void multiplyAndRead(unsigned thread, uint32_t base, unsigned columns,
                     std::vector<uint32_t> &d, Issue issue) {
  static const Op init(zqsim_mbarrier_init), sync(zqsim_barrier);
  static const Op commit(zqsim_tcgen05_commit);
  static const Op wait(zqsim_mbarrier_wait, {0, 1});
  static const Op after(zqsim_tcgen05_fence, {1});
  static const Op load(zqsim_tcgen05_ld, {TensorShape32x32b, 1, 0});
  static const Op waitLoad(zqsim_tcgen05_wait, {0});
  if (thread == 0)
    init(getShared(8), 1u);
  sync();
  if (thread == 96) {
    issue();
    commit(getShared(8));
  }
  wait(getShared(8), 0u);
  after();
  for (unsigned column = 0; column < columns; ++column) {
    d[thread * columns + column] =
        load((base + column) | uint64_t(thread / 32 * 32) << 16);
    waitLoad();
  }
}

} // namespace

TEST_P(TensorMmaTest, IsTheProduct) {
  const TensorCase &test = GetParam();
  std::mt19937 random(1);
  auto a = makeCodes(test.m * test.depth, test.a, random);
  auto b = makeCodes(test.n * test.depth, test.b, random);
  Tiles tiles(test.swizzle);
  tiles.put(tiles.startA, a, getBits(test.a), test.depth);
  tiles.put(tiles.startB, b, getBits(test.b), test.depth);
  uint32_t instruction = test.typeD << 4 | test.typeA << 7 | test.typeB << 10 |
                         test.n / 8 << 17 | test.m / 16 << 24;
  bool isFloat = getBits(test.a) >= 16;
  // A from shared memory, and where its values fill words also from tensor
  // memory: row m in lane m, its 32 bytes in 8 columns behind D.
  for (int fromTensor = 0; fromTensor <= (isFloat && test.m == 128);
       ++fromTensor) {
    std::vector<uint32_t> d(128 * test.n);
    const Op mma(zqsim_tcgen05_mma, {test.kind, fromTensor, 0, 0});
    const Op store(zqsim_tcgen05_st, {TensorShape32x32b, 8, 0});
    const Op waitStore(zqsim_tcgen05_wait, {1}), before(zqsim_tcgen05_fence);
    WithColumns program{
        64, [&](unsigned thread, uint32_t base) {
          tiles.store(thread);
          if (fromTensor) {
            std::vector<uint64_t> words{(base + 56) | uint64_t(thread / 32 * 32)
                                                          << 16};
            words.resize(5);
            for (unsigned byte = 0; byte < 32; ++byte)
              words[1 + byte / 8] |=
                  uint64_t(
                      tiles.image[tiles.getAddress(tiles.startA, thread, byte)])
                  << (8 * (byte % 8));
            store.words(words, 0);
            waitStore();
            before();
          }
          multiplyAndRead(thread, base, test.n, d, [&] {
            uint64_t matrix =
                fromTensor ? base + 56 : tiles.describe(tiles.startA);
            // Twice: the second adds to the first.
            for (bool accumulates : {false, true})
              mma(uint64_t(base), matrix, tiles.describe(tiles.startB),
                  instruction, accumulates);
          });
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
          uint32_t word = d[lane * test.n + column];
          EXPECT_NEAR(decode(test.d, test.d == F16 ? word & 0xffff : word), sum,
                      std::fabs(sum) * (test.d == F16 ? 1e-3 : 1e-6) +
                          (test.d == F16 ? 8 : 0))
              << row << ", " << column;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TensorMmaTest, testing::ValuesIn(tensorCases),
                         [](const auto &info) { return info.param.name; });

//===----------------------------------------------------------------------===//
// Block scales
//===----------------------------------------------------------------------===//

namespace {
struct ScaledTensorCase {
  const char *name;
  TensorKind kind;
  unsigned depth, numScales;
  Format a, b, scale;
  uint32_t typeA, typeB;
};
const ScaledTensorCase scaledTensorCases[] = {
    {"MXF8F6F4", TensorMXF8F6F4, 32, 1, E4M3, E2M1, UE8M0, 0, 5},
    {"MXF4", TensorMXF4, 64, 2, E2M1, E2M1, UE8M0, 1, 1},
    {"MXF4NVF4Of32", TensorMXF4NVF4, 64, 2, E2M1, E2M1, UE8M0, 1, 1},
    {"MXF4NVF4Of16", TensorMXF4NVF4, 64, 4, E2M1, E2M1, UE4M3, 1, 1},
};
class ScaledTensorMmaTest : public testing::TestWithParam<ScaledTensorCase> {};
} // namespace

TEST_P(ScaledTensorMmaTest, TakesEachId) {
  const ScaledTensorCase &test = GetParam();
  const unsigned n = 160;
  std::mt19937 random(1);
  auto a = makeCodes(128 * test.depth, test.a, random);
  auto b = makeCodes(n * test.depth, test.b, random);
  Tiles tiles(32);
  tiles.put(tiles.startA, a, getBits(test.a), test.depth);
  tiles.put(tiles.startB, b, getBits(test.b), test.depth);
  // The word of row r lies in lane r % 32 of each quarter, column r / 32: for A
  // in columns 160 on, for B in columns 164 on.
  std::vector<uint32_t> scales(288);
  for (uint32_t &word : scales)
    for (unsigned i = 0; i < 4; ++i)
      word |= (test.scale == UE8M0 ? 120 + random() % 16 : 0x28 + random() % 32)
              << (8 * i);
  const Op mma(zqsim_tcgen05_mma_block_scale,
               {test.kind, 0, int32_t(test.numScales)});
  const Op store(zqsim_tcgen05_st, {TensorShape32x32b, 1, 0});
  const Op waitStore(zqsim_tcgen05_wait, {1}), before(zqsim_tcgen05_fence);
  for (unsigned idA = 0; idA < 4; idA += test.numScales)
    for (unsigned idB = 0; idB < 4; idB += test.numScales) {
      uint32_t instruction = idB << 4 | test.typeA << 7 | test.typeB << 10 |
                             n / 8 << 17 | (test.scale == UE8M0) << 23 |
                             1 << 27 | idA << 29;
      std::vector<uint32_t> d(128 * n);
      WithColumns program{256, [&](unsigned thread, uint32_t base) {
                            tiles.store(thread);
                            uint64_t lane = uint64_t(thread / 32 * 32) << 16;
                            for (unsigned column = 0; column < 9; ++column)
                              store((base + n + column) | lane,
                                    scales[32 * column + thread % 32]);
                            waitStore();
                            before();
                            multiplyAndRead(thread, base, n, d, [&] {
                              mma(uint64_t(base), tiles.describe(tiles.startA),
                                  tiles.describe(tiles.startB), instruction,
                                  false, uint64_t(base + n),
                                  uint64_t(base + n + 4));
                            });
                          }};
      ASSERT_EQ(runThreads(128, program, 1), "");
      unsigned block = test.depth / test.numScales;
      for (unsigned row = 0; row < 128; ++row)
        for (unsigned column = 0; column < n; ++column) {
          double sum = 0, size = 0;
          for (unsigned k = 0; k < test.depth; ++k) {
            auto getScale = [&](unsigned at, unsigned id) {
              return decode(test.scale,
                            scales[at] >> (8 * (id + k / block)) & 255);
            };
            double term = decode(test.a, a[row * test.depth + k]) *
                          decode(test.b, b[column * test.depth + k]) *
                          getScale(row, idA) * getScale(128 + column, idB);
            sum += term;
            size += std::fabs(term);
          }
          ASSERT_NEAR(asFloat(d[row * n + column]), sum, 1e-6 * size)
              << row << ", " << column;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, ScaledTensorMmaTest,
                         testing::ValuesIn(scaledTensorCases),
                         [](const auto &info) { return info.param.name; });
