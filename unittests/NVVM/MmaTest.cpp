//===- MmaTest.cpp - mma.sync and ldmatrix, all lanes and elements --------===//
//
// Fragments are made here from the manual's layouts written as linear maps over
// GF(2): where bit i of a lane or of an element's number is set, the row and
// the column are flipped by the i-th entry.
//
//===----------------------------------------------------------------------===//
#include "Formats.h"
#include "Lanes.h"
#include "gtest/gtest.h"

#include <array>
#include <cmath>
#include <random>

using namespace mlir::zq::test;
using namespace zq::emulator;

namespace {
struct Place {
  unsigned row, column;
};
using Map = std::vector<Place>;

Place apply(const Map &lanes, const Map &elements, unsigned lane,
            unsigned element) {
  Place place{0, 0};
  for (unsigned i = 0; i < lanes.size(); ++i)
    if (lane >> i & 1)
      place = {place.row ^ lanes[i].row, place.column ^ lanes[i].column};
  for (unsigned i = 0; i < elements.size(); ++i)
    if (element >> i & 1)
      place = {place.row ^ elements[i].row, place.column ^ elements[i].column};
  return place;
}

/// Where the elements of A, B and C of an mma lie.
struct Layout {
  Map laneA, elementA, laneB, elementB;
};
const Map laneC = {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}};
const Map elementC = {{0, 1}, {8, 0}};

/// For values of so many bits in registers, with 32 bytes of K or 16.
Layout getLayout(unsigned bits, bool isHalf = false) {
  Layout layout;
  unsigned perWord = 32 / bits;
  layout.laneA = {{0, perWord}, {0, 2 * perWord}, {1, 0}, {2, 0}, {4, 0}};
  layout.laneB = layout.laneA;
  for (unsigned i = 1; i < perWord; i *= 2) {
    layout.elementA.push_back({0, i});
    layout.elementB.push_back({0, i});
  }
  layout.elementA.push_back({8, 0});
  if (!isHalf) {
    layout.elementA.push_back({0, 4 * perWord});
    layout.elementB.push_back({0, 4 * perWord});
  }
  return layout;
}

struct Matrix {
  Matrix(unsigned rows, unsigned columns, Format format, unsigned bits,
         std::mt19937 &random)
      : columns(columns), format(format), codes(rows * columns) {
    for (uint32_t &code : codes) {
      do
        code =
            bits == 32 ? random() & 0xffffffff : random() & ((1u << bits) - 1);
      // Neither infinities nor numbers that drown the others.
      while (format < S8 && !(std::fabs(decode(format, code)) < 16 &&
                              std::fabs(decode(format, code)) > 0.01));
      if (format > S8 && !std::isfinite(decode(format, code)))
        code = 0;
    }
  }
  double get(unsigned row, unsigned column) const {
    return decode(format, codes[row * columns + column]);
  }
  unsigned columns;
  Format format;
  std::vector<uint32_t> codes;
};

/// The registers of a lane.
std::vector<uint64_t> getFragment(const Matrix &matrix, const Map &lanes,
                                  const Map &elements, unsigned bits,
                                  unsigned shift, unsigned lane) {
  unsigned count = 1u << elements.size(), perWord = 32 / bits;
  std::vector<uint64_t> words(std::max(1u, count / perWord));
  for (unsigned i = 0; i < count; ++i) {
    Place place = apply(lanes, elements, lane, i);
    uint32_t code = matrix.codes[place.row * matrix.columns + place.column]
                    << shift;
    words[i / perWord] |= uint64_t(code) << (i % perWord * bits);
  }
  return words;
}

struct MmaCase {
  const char *name;
  unsigned depth;
  Format a, b, c;
  unsigned bits;
  bool isInBytes = false, isHalf = false;
};

const MmaCase mmaCases[] = {
    {"F16K16", 16, F16, F16, F32, 16},
    {"F16K8", 8, F16, F16, F32, 16, false, true},
    {"F16ToF16", 16, F16, F16, F16, 16},
    {"BF16K16", 16, BF16, BF16, F32, 16},
    {"BF16K8", 8, BF16, BF16, F32, 16, false, true},
    {"TF32K8", 8, TF32, TF32, F32, 32},
    {"TF32K4", 4, TF32, TF32, F32, 32, false, true},
    {"S8K32", 32, S8, S8, S32, 8},
    {"U8S8K32", 32, U8, S8, S32, 8},
    {"S8K16", 16, S8, S8, S32, 8, false, true},
    {"E4M3", 32, E4M3, E4M3, F32, 8},
    {"E5M2E4M3", 32, E5M2, E4M3, F32, 8},
    {"F8F6F4E2M1E4M3", 32, E2M1, E4M3, F32, 8, true},
    {"F8F6F4E3M2E2M3", 32, E3M2, E2M3, F32, 8, true},
    {"F8F6F4E2M1E2M1", 32, E2M1, E2M1, F32, 8, true},
};

class MmaTest : public testing::TestWithParam<MmaCase> {};
} // namespace

TEST_P(MmaTest, IsTheProduct) {
  const MmaCase &test = GetParam();
  std::mt19937 random(1);
  auto getWidth = [&](Format format) {
    return test.isInBytes ? getBits(format) : test.bits;
  };
  Matrix a(16, test.depth, test.a, getWidth(test.a), random);
  Matrix b(8, test.depth, test.b, getWidth(test.b), random);
  Layout layout = getLayout(test.bits, test.isHalf);
  auto getShift = [&](Format format) {
    return test.isInBytes && format == E2M1 ? 2u : 0u;
  };
  double c[16][8], d[16][8];
  for (auto &row : c)
    for (double &value : row)
      value = int(random() % 17) - 8;
  Op mma(zqsim_mma_sync, {int32_t(test.depth), test.a, test.b, test.c, test.c,
                          0, test.isInBytes});
  std::string error = runThreads(32, [&](unsigned lane) {
    std::vector<uint64_t> operands = getFragment(
        a, layout.laneA, layout.elementA, test.bits, getShift(test.a), lane);
    auto wordsB = getFragment(b, layout.laneB, layout.elementB, test.bits,
                              getShift(test.b), lane);
    operands.insert(operands.end(), wordsB.begin(), wordsB.end());
    for (unsigned i = 0; i < 4; ++i) {
      Place place = apply(laneC, elementC, lane, i);
      double value = c[place.row][place.column];
      uint32_t code =
          test.c == S32 ? uint32_t(int32_t(value)) : encode(test.c, value);
      if (test.c == F16 && i % 2)
        operands.back() |= uint64_t(code) << 16;
      else
        operands.push_back(code);
    }
    auto results = mma.words(operands, test.c == F16 ? 2 : 4);
    for (unsigned i = 0; i < 4; ++i) {
      Place place = apply(laneC, elementC, lane, i);
      d[place.row][place.column] =
          test.c == F16 ? decode(F16, results[i / 2] >> (16 * (i % 2)) & 0xffff)
                        : decode(test.c, results[i]);
    }
  });
  ASSERT_EQ(error, "");
  for (unsigned row = 0; row < 16; ++row)
    for (unsigned column = 0; column < 8; ++column) {
      double sum = c[row][column];
      for (unsigned k = 0; k < test.depth; ++k)
        sum += a.get(row, k) * b.get(column, k);
      EXPECT_NEAR(d[row][column], sum,
                  test.c == F16 ? 0.5 : 1e-6 * std::fabs(sum) + 1e-5)
          << row << ", " << column;
    }
}

INSTANTIATE_TEST_SUITE_P(All, MmaTest, testing::ValuesIn(mmaCases),
                         [](const auto &info) { return info.param.name; });

TEST(MmaTest, IntegersSaturateOrWrap) {
  for (bool saturates : {false, true}) {
    Op mma(zqsim_mma_sync, {32, S8, S8, S32, S32, saturates, 0});
    EXPECT_EQ(runThreads(32,
                         [&](unsigned) {
                           std::vector<uint64_t> operands(6, 0x7f7f7f7f);
                           operands.resize(10, 0x7fffff00);
                           for (uint32_t word : mma.words(operands, 4))
                             EXPECT_EQ(word, saturates ? 0x7fffffffu
                                                       : 0x7fffff00u +
                                                             32 * 127 * 127);
                         }),
              "");
  }
}

TEST(MmaTest, BitsOutsideAByteAreAnError) {
  Op mma(zqsim_mma_sync, {32, E2M1, E4M3, F32, F32, 0, 1});
  std::string error = runThreads(32, [&](unsigned) {
    using Words = std::array<uint32_t, 4>;
    mma.operator()<Words>(64, 64, 64, 64, 64, 64, 64, 64, 64, 64);
  });
  EXPECT_NE(error.find("holds bits outside its 4-bit value"), std::string::npos)
      << error;
}

//===----------------------------------------------------------------------===//
// Block scales
//===----------------------------------------------------------------------===//

namespace {
struct ScaledCase {
  const char *name;
  Format a, b, scale;
  unsigned numScales;
  bool isInBytes;
};
const ScaledCase scaledCases[] = {
    {"MXF8F6F4", E4M3, E2M1, UE8M0, 1, true},
    {"MXF4", E2M1, E2M1, UE8M0, 2, false},
    {"MXF4NVF4Of32", E2M1, E2M1, UE8M0, 2, false},
    {"MXF4NVF4Of16", E2M1, E2M1, UE4M3, 4, false},
};
class ScaledMmaTest : public testing::TestWithParam<ScaledCase> {};
} // namespace

TEST_P(ScaledMmaTest, TakesEachSelector) {
  const ScaledCase &test = GetParam();
  unsigned depth = test.isInBytes ? 32 : 64, bits = test.isInBytes ? 8 : 4;
  std::mt19937 random(2);
  Matrix a(16, depth, test.a, getBits(test.a), random);
  Matrix b(8, depth, test.b, getBits(test.b), random);
  Layout layout = getLayout(bits);
  unsigned step = test.numScales;
  for (unsigned byteA = 0; byteA < 4; byteA += step)
    for (unsigned byteB = 0; byteB < 4; byteB += step)
      for (unsigned threadA = 0; threadA < 2; ++threadA)
        for (unsigned threadB = 0; threadB < 4; ++threadB) {
          // Every lane gives words; only the chosen ones count.
          uint32_t scaleA[32], scaleB[32];
          for (unsigned lane = 0; lane < 32; ++lane)
            for (uint32_t *words : {scaleA, scaleB}) {
              words[lane] = 0;
              for (unsigned i = 0; i < 4; ++i)
                words[lane] |= (test.scale == UE8M0 ? 120 + random() % 16
                                                    : 0x28 + random() % 32)
                               << (8 * i);
            }
          float d[16][8];
          Op mma(zqsim_mma_block_scale,
                 {int32_t(depth), test.a, test.b, int32_t(test.numScales),
                  test.scale, test.isInBytes});
          std::string error = runThreads(32, [&](unsigned lane) {
            auto operands =
                getFragment(a, layout.laneA, layout.elementA, bits,
                            test.isInBytes && test.a == E2M1 ? 2 : 0, lane);
            auto wordsB =
                getFragment(b, layout.laneB, layout.elementB, bits,
                            test.isInBytes && test.b == E2M1 ? 2 : 0, lane);
            operands.insert(operands.end(), wordsB.begin(), wordsB.end());
            for (unsigned i = 0; i < 4; ++i)
              operands.push_back(asBits(lane + i));
            for (uint64_t word :
                 {uint64_t(scaleA[lane]), uint64_t(byteA), uint64_t(threadA),
                  uint64_t(scaleB[lane]), uint64_t(byteB), uint64_t(threadB)})
              operands.push_back(word);
            auto results = mma.words(operands, 4);
            for (unsigned i = 0; i < 4; ++i) {
              Place place = apply(laneC, elementC, lane, i);
              d[place.row][place.column] = asFloat(results[i]) - (lane + i);
            }
          });
          ASSERT_EQ(error, "");
          // The lanes of a quad that give scales of A: 0 and 1, or 2 and 3.
          double rowScales[16][4], columnScales[8][4];
          for (unsigned lane = 0; lane < 32; ++lane)
            for (unsigned s = 0; s < test.numScales; ++s) {
              unsigned g = lane / 4, t = lane % 4;
              if (t / 2 == threadA)
                rowScales[g + 8 * (t % 2)][s] =
                    decode(test.scale, scaleA[lane] >> (8 * (byteA + s)) & 255);
              if (t == threadB)
                columnScales[g][s] =
                    decode(test.scale, scaleB[lane] >> (8 * (byteB + s)) & 255);
            }
          for (unsigned row = 0; row < 16; ++row)
            for (unsigned column = 0; column < 8; ++column) {
              double sum = 0, size = 1;
              for (unsigned k = 0; k < depth; ++k) {
                unsigned s = k / (depth / test.numScales);
                double term = a.get(row, k) * b.get(column, k) *
                              rowScales[row][s] * columnScales[column][s];
                sum += term;
                size += std::fabs(term);
              }
              ASSERT_NEAR(d[row][column], sum, 1e-6 * size + 1e-4)
                  << row << ", " << column;
            }
        }
}

INSTANTIATE_TEST_SUITE_P(All, ScaledMmaTest, testing::ValuesIn(scaledCases),
                         [](const auto &info) { return info.param.name; });

//===----------------------------------------------------------------------===//
// ldmatrix, stmatrix
//===----------------------------------------------------------------------===//

TEST(MatrixMoveTest, LoadsWhatMmaTakes) {
  // x4 over 16 rows of 32 bytes gives A of any shape.
  const Op load(zqsim_ldmatrix, {4, 0, Matrix8x8b16});
  const Op sync(zqsim_barrier);
  Map lanes = {{0, 4}, {0, 8}, {1, 0}, {2, 0}, {4, 0}};
  Map elements = {{0, 1}, {0, 2}, {8, 0}, {0, 16}};
  EXPECT_EQ(runThreads(32,
                       [&](unsigned lane) {
                         for (unsigned i = 0; i < 16; ++i)
                           storeShared<uint8_t>(lane * 16 + i, lane * 16 + i);
                         sync();
                         unsigned row = lane % 8 + lane / 8 % 2 * 8,
                                  half = lane / 16;
                         auto words = load.words(
                             {uint64_t(getShared(row * 32 + half * 16))}, 4);
                         for (unsigned i = 0; i < 16; ++i) {
                           Place place = apply(lanes, elements, lane, i);
                           EXPECT_EQ(words[i / 4] >> (8 * (i % 4)) & 255,
                                     (place.row * 32 + place.column) & 255);
                         }
                       }),
            "");
}

TEST(MatrixMoveTest, LoadsTransposed) {
  const Op load(zqsim_ldmatrix, {1, 1, Matrix8x8b16});
  const Op sync(zqsim_barrier);
  EXPECT_EQ(runThreads(32,
                       [&](unsigned lane) {
                         storeShared<uint16_t>(4 * lane, 2 * lane);
                         storeShared<uint16_t>(4 * lane + 2, 2 * lane + 1);
                         sync();
                         // Value at (row, column) is 8 row + column.
                         uint32_t word = load(getShared(16 * (lane % 8)));
                         unsigned g = lane / 4, t = lane % 4;
                         EXPECT_EQ(word & 0xffff, 8 * (2 * t) + g);
                         EXPECT_EQ(word >> 16, 8 * (2 * t + 1) + g);
                       }),
            "");
}

TEST(MatrixMoveTest, StoresWhatItLoads) {
  const Op sync(zqsim_barrier);
  for (int transposed : {0, 1}) {
    const Op store(zqsim_stmatrix, {4, transposed, Matrix8x8b16});
    const Op load(zqsim_ldmatrix, {4, transposed, Matrix8x8b16});
    EXPECT_EQ(runThreads(32,
                         [&](unsigned lane) {
                           store(getShared(16 * lane), 4 * lane, 4 * lane + 1,
                                 4 * lane + 2, 4 * lane + 3);
                           sync();
                           auto words =
                               load.words({uint64_t(getShared(16 * lane))}, 4);
                           for (unsigned i = 0; i < 4; ++i)
                             EXPECT_EQ(words[i], 4 * lane + i);
                         }),
              "");
  }
}

TEST(MatrixMoveTest, ExpandsPackedValues) {
  const Op sync(zqsim_barrier);
  for (unsigned width : {4u, 6u}) {
    const Op load(zqsim_ldmatrix,
                  {1, 0, width == 4 ? Matrix8x16b4 : Matrix8x16b6});
    EXPECT_EQ(runThreads(32,
                         [&](unsigned lane) {
                           // Value k of row r is 5 r + k.
                           if (lane < 8) {
                             uint8_t row[16] = {};
                             for (unsigned k = 0; k < 16; ++k) {
                               unsigned value =
                                   (5 * lane + k) & ((1u << width) - 1);
                               for (unsigned bit = 0; bit < width; ++bit)
                                 row[(width * k + bit) / 8] |=
                                     (value >> bit & 1)
                                     << ((width * k + bit) % 8);
                             }
                             for (unsigned i = 0; i < 16; ++i)
                               storeShared<uint8_t>(16 * lane + i, row[i]);
                           }
                           sync();
                           uint32_t word = load(getShared(16 * (lane % 8)));
                           for (unsigned i = 0; i < 4; ++i)
                             EXPECT_EQ(word >> (8 * i) & 255,
                                       (5 * (lane / 4) + 4 * (lane % 4) + i) &
                                           ((1u << width) - 1));
                         }),
              "");
  }
}
