//===- FragmentLayoutTest.cpp - Layouts against formulas ------------------===//
//
// The formulas are written here a second time, in the manual's terms: g and t
// are the lane's group and its place in it, i the element's number.
//
//===----------------------------------------------------------------------===//
#include "zq/Target/NVVM/FragmentLayout.h"

#include "gtest/gtest.h"

#include <set>

using namespace mlir::zq;

namespace {

class LayoutTest : public testing::Test {
protected:
  LayoutTest() { context.loadDialect<ZQDialect>(); }

  FragmentLayoutAttr getMma(MmaOperand operand, int64_t bits) {
    return getMmaLayout(&context, operand, bits);
  }
  /// Where a lane points to for `ldmatrix`.
  static MatrixOffset first(FragmentLayoutAttr layout, int64_t lane) {
    return layout.at({lane, 0});
  }

  mlir::MLIRContext context;
};
using FragmentLayoutTest = LayoutTest;
using SwizzleTest = LayoutTest;
using ScaleLayoutTest = LayoutTest;

struct Formula {
  MmaOperand operand;
  int64_t bits;
  int64_t elements, rows, columns;
  MatrixOffset (*at)(int64_t g, int64_t t, int64_t i);
};

const Formula formulas[] = {
    {MmaOperand::A, 16, 8, 16, 16,
     [](int64_t g, int64_t t, int64_t i) -> MatrixOffset {
       return {g + 8 * (i / 2 % 2), 2 * t + i % 2 + 8 * (i / 4)};
     }},
    {MmaOperand::B, 16, 4, 8, 16,
     [](int64_t g, int64_t t, int64_t i) -> MatrixOffset {
       return {g, 2 * t + i % 2 + 8 * (i / 2)};
     }},
    {MmaOperand::A, 8, 16, 16, 32,
     [](int64_t g, int64_t t, int64_t i) -> MatrixOffset {
       return {g + 8 * (i / 4 % 2), 4 * t + i % 4 + 16 * (i / 8)};
     }},
    {MmaOperand::B, 8, 8, 8, 32,
     [](int64_t g, int64_t t, int64_t i) -> MatrixOffset {
       return {g, 4 * t + i % 4 + 16 * (i / 4)};
     }},
    {MmaOperand::A, 4, 32, 16, 64,
     [](int64_t g, int64_t t, int64_t i) -> MatrixOffset {
       return {g + 8 * (i / 8 % 2), 8 * t + i % 8 + 32 * (i / 16)};
     }},
    {MmaOperand::B, 4, 16, 8, 64,
     [](int64_t g, int64_t t, int64_t i) -> MatrixOffset {
       return {g, 8 * t + i % 8 + 32 * (i / 8)};
     }},
    {MmaOperand::C, 32, 4, 16, 8,
     [](int64_t g, int64_t t, int64_t i) -> MatrixOffset {
       return {g + 8 * (i / 2), 2 * t + i % 2};
     }},
};

TEST_F(FragmentLayoutTest, EveryElementIsWhereTheManualSays) {
  for (const Formula &formula : formulas) {
    FragmentLayoutAttr layout = getMma(formula.operand, formula.bits);
    ASSERT_EQ(layout.getElementsPerLane(), formula.elements);
    std::set<std::pair<int64_t, int64_t>> seen;
    for (int64_t lane = 0; lane < 32; ++lane)
      for (int64_t i = 0; i < formula.elements; ++i) {
        MatrixOffset expected = formula.at(lane / 4, lane % 4, i);
        MatrixOffset found = layout.at({lane, i});
        ASSERT_EQ(found.row, expected.row) << lane << ' ' << i;
        ASSERT_EQ(found.column, expected.column) << lane << ' ' << i;
        seen.insert({found.row, found.column});
        auto place = layout.find(found);
        ASSERT_TRUE(place);
        EXPECT_EQ(place->lane, lane);
        EXPECT_EQ(place->element, i);
      }
    // All of the matrix, once.
    EXPECT_EQ(int64_t(seen.size()), formula.rows * formula.columns);
    EXPECT_FALSE(layout.find({formula.rows, 0}));
    EXPECT_FALSE(layout.find({0, formula.columns}));
    EXPECT_EQ(layout.getContiguous(),
              formula.bits == 32 ? 2 : 32 / formula.bits);
  }
}

/// What ldmatrix does: register r of lane 4 g + t gets the bytes 4 t..4 t + 3
/// of the row that lane 8 r + g points to.
TEST_F(FragmentLayoutTest, LdmatrixFillsTheFragment) {
  for (int64_t bits : {16, 8, 4})
    for (MmaOperand operand : {MmaOperand::A, MmaOperand::B}) {
      FragmentLayoutAttr layout = getMma(operand, bits);
      // Two fragments of B, 8 rows apart, are filled at once.
      llvm::SmallVector<MatrixOffset> beyond;
      if (operand == MmaOperand::B)
        beyond.push_back({8, 0});
      int64_t perRegister = layout.getElementsPerRegister();
      for (int64_t lane = 0; lane < 32; ++lane)
        for (int64_t r = 0; r < 4; ++r) {
          MatrixOffset pointed =
              first(getLdmatrixLayout(layout, beyond), 8 * r + lane / 4);
          EXPECT_EQ(pointed.column % 16, 0);
          int64_t firstByte = pointed.column + 4 * (lane % 4);
          int64_t fragment = r / layout.getRegisters();
          for (int64_t e = 0; e < perRegister; ++e) {
            MatrixOffset expected =
                layout.at({lane, r % layout.getRegisters() * perRegister + e});
            EXPECT_EQ(pointed.row, expected.row + 8 * fragment);
            EXPECT_EQ(firstByte * 8 / bits + e, expected.column);
          }
        }
    }
}

TEST_F(FragmentLayoutTest, LdmatrixPointsAsTheManualSays) {
  FragmentLayoutAttr a = getMma(MmaOperand::A, 4);
  FragmentLayoutAttr b = getMma(MmaOperand::B, 4);
  for (int64_t lane = 0; lane < 32; ++lane) {
    int64_t matrix = lane / 8, row = lane % 8;
    MatrixOffset ofA = first(getLdmatrixLayout(a), lane);
    EXPECT_EQ(ofA.row, row + 8 * (matrix % 2));
    EXPECT_EQ(ofA.column, 16 * (matrix / 2));
    MatrixOffset ofB = first(getLdmatrixLayout(b, {{8, 0}}), lane);
    EXPECT_EQ(ofB.row, row + 8 * (matrix / 2));
    EXPECT_EQ(ofB.column, 16 * (matrix % 2));
  }
}

TEST_F(FragmentLayoutTest, ScalesComeFromTheSelectedLanes) {
  // Said from the lane: with id 0, lanes 0 and 1 of a quad supply rows g and
  // g + 8 of A; each lane supplies its group's column of B.
  FragmentLayoutAttr layout = getMmaScaleLayout(&context);
  for (int64_t lane = 0; lane < 32; ++lane) {
    int64_t g = lane / 4;
    // Atoms of A begin 16 rows apart, those of B eight.
    int64_t rowA = g + 8 * (lane % 2) + 16 * (lane % 4 / 2);
    int64_t rowB = g + 8 * (lane % 4);
    EXPECT_EQ(layout.find({rowA, 0})->lane, lane);
    EXPECT_EQ(layout.find({rowB, 0})->lane, lane);
  }
}

/// Bits 4 to 6 take bits 7 to 9, and so on.
int64_t swizzleBitByBit(int64_t address, int64_t bits) {
  for (int64_t bit = 0; bit < bits; ++bit)
    if (address & int64_t(1) << (7 + bit))
      address ^= int64_t(1) << (4 + bit);
  return address;
}

TEST_F(SwizzleTest, TakesHigherBits) {
  for (int64_t address = 0; address < 8192; ++address) {
    EXPECT_EQ(Swizzle{128}(address), swizzleBitByBit(address, 3));
    EXPECT_EQ(Swizzle{64}(address), swizzleBitByBit(address, 2));
    EXPECT_EQ(Swizzle{32}(address), swizzleBitByBit(address, 1));
    EXPECT_EQ(Swizzle{0}(address), address);
  }
}

TEST_F(SwizzleTest, AvoidsConflictsOfLdmatrix) {
  FragmentLayoutAttr layout = getMma(MmaOperand::A, 16);
  for (int64_t span : {128, 64, 32})
    for (int64_t slab = 0; slab < span; slab += 32) {
      llvm::SmallVector<int64_t> plain, swizzled;
      for (int64_t lane = 0; lane < 32; ++lane) {
        MatrixOffset row = first(getLdmatrixLayout(layout), lane);
        int64_t address = row.row * span + slab + row.column;
        plain.push_back(address);
        swizzled.push_back(Swizzle{span}(address));
        // As a layout of its own.
        MatrixOffset moved =
            first(getSwizzled(getLdmatrixLayout(layout), {span}), lane);
        EXPECT_EQ((moved.row * span + moved.column) ^ slab, swizzled.back());
      }
      // Eight rows of 128 bytes begin in the same bank.
      EXPECT_EQ(countBankTurns(plain, 16), 4 * span / 16);
      EXPECT_EQ(countBankTurns(swizzled, 16), 4);
    }
}

TEST_F(SwizzleTest, CountsWordsOfABank) {
  llvm::SmallVector<int64_t> same(32, 64), apart, next;
  for (int64_t lane = 0; lane < 32; ++lane) {
    apart.push_back(128 * lane);
    next.push_back(4 * lane);
  }
  EXPECT_EQ(countBankTurns(same, 4), 1);
  EXPECT_EQ(countBankTurns(next, 4), 1);
  EXPECT_EQ(countBankTurns(apart, 4), 32);
}

TEST_F(ScaleLayoutTest, Is128RowsBy4) {
  // As nested sizes and strides, outermost first: 4 x 32 rows with strides 4
  // and 16, and scales with 1.
  FragmentLayoutAttr layout = getScaleLayout128x4(&context);
  std::set<int64_t> seen;
  for (int64_t quarter = 0; quarter < 4; ++quarter)
    for (int64_t row = 0; row < 32; ++row)
      for (int64_t s = 0; s < 4; ++s) {
        MatrixOffset offset = layout.at({quarter * 32 + row, s});
        EXPECT_EQ(offset.row, 0);
        EXPECT_EQ(offset.column, row * 16 + quarter * 4 + s);
        seen.insert(offset.column);
      }
  EXPECT_EQ(int64_t(seen.size()), scaleChunkBytes128x4);
}

/// ldmatrix.trans: register r of lane 4 g + t gets elements g of the rows 2 t
/// and 2 t + 1 that lanes 8 r + 2 t and 8 r + 2 t + 1 point to. In memory rows
/// are the fragment's columns.
TEST_F(FragmentLayoutTest, TransposedLdmatrixFillsTheFragment) {
  for (MmaOperand operand : {MmaOperand::A, MmaOperand::B}) {
    FragmentLayoutAttr layout = getMma(operand, 16);
    llvm::SmallVector<MatrixOffset> beyond;
    if (operand == MmaOperand::B)
      beyond.push_back({8, 0});
    FragmentLayoutAttr pointers = getTransposedLdmatrixLayout(layout, beyond);
    for (int64_t lane = 0; lane < 32; ++lane)
      for (int64_t r = 0; r < 4; ++r)
        for (int64_t half = 0; half < 2; ++half) {
          int64_t g = lane / 4, t = lane % 4;
          MatrixOffset pointed = first(pointers, 8 * r + 2 * t + half);
          int64_t own = r % layout.getRegisters();
          MatrixOffset expected = layout.at({lane, 2 * own + half});
          EXPECT_EQ(pointed.row, expected.column);
          EXPECT_EQ(pointed.column / 2 + g,
                    expected.row + 8 * (r / layout.getRegisters()));
        }
  }
}

TEST_F(FragmentLayoutTest, GatheredColumnsOfALaneFollowEachOther) {
  // Four columns of a row, 4 t on, in the order of the registers.
  FragmentLayoutAttr a = gatherColumns(getMma(MmaOperand::A, 16));
  FragmentLayoutAttr b = gatherColumns(getMma(MmaOperand::B, 16));
  for (int64_t lane = 0; lane < 32; ++lane)
    for (int64_t i = 0; i < 4; ++i) {
      MatrixOffset ofB = b.at({lane, i});
      EXPECT_EQ(ofB.row, lane / 4);
      EXPECT_EQ(ofB.column, 4 * (lane % 4) + i);
      for (int64_t half = 0; half < 2; ++half) {
        MatrixOffset ofA = a.at({lane, i % 2 + 2 * half + 4 * (i / 2)});
        EXPECT_EQ(ofA.row, lane / 4 + 8 * half);
        EXPECT_EQ(ofA.column, ofB.column);
      }
    }
  EXPECT_EQ(b.getContiguous(), 4);
}

} // namespace
