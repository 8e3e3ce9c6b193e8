//===- WarpTest.cpp - Exchanges in a warp, bytes, conversions -------------===//
#include "Formats.h"
#include "Lanes.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir::zq::test;
using namespace zq::emulator;

static const uint32_t everyLane = ~0u;

namespace {
struct WordAndFlag {
  uint32_t word;
  uint8_t flag;
};
} // namespace

TEST(ShuffleTest, AllModes) {
  const Op xorOp(zqsim_shfl_sync, {ShuffleXor, 1});
  const Op up(zqsim_shfl_sync, {ShuffleUp, 1});
  const Op down(zqsim_shfl_sync, {ShuffleDown, 1});
  const Op index(zqsim_shfl_sync, {ShuffleIndex, 1});
  for (uint64_t seed : {0, 1, 2})
    EXPECT_EQ(runThreads(
                  64,
                  [&](unsigned thread) {
                    unsigned lane = thread % 32, base = thread - lane;
                    auto check = [&](const Op &op, unsigned b, unsigned c,
                                     unsigned source, bool valid) {
                      auto got =
                          op.operator()<WordAndFlag>(everyLane, thread, b, c);
                      EXPECT_EQ(got.word, base + (valid ? source : lane));
                      EXPECT_EQ(got.flag, valid);
                    };
                    // As CUDA's functions pack a width of 32, and of 8.
                    check(xorOp, 5, 31, lane ^ 5, true);
                    check(up, 3, 0, lane - 3, lane >= 3);
                    check(down, 3, 31, lane + 3, lane + 3 < 32);
                    check(index, 7, 31, 7, true);
                    unsigned eights = (32 - 8) << 8;
                    check(up, 3, eights, lane - 3, lane % 8 >= 3);
                    check(down, 3, eights | 31, lane + 3, lane % 8 + 3 < 8);
                    check(index, 3, eights | 31, lane / 8 * 8 + 3, true);
                    check(xorOp, 4, eights | 31, lane ^ 4, true);
                  },
                  seed),
              "");
}

TEST(ShuffleTest, FromALaneOutsideOfTheMask) {
  const Op index(zqsim_shfl_sync, {ShuffleIndex, 0});
  std::string error = runThreads(32, [&](unsigned lane) {
    if (lane < 16)
      index(0xffffu, lane, 20, 31);
  });
  EXPECT_NE(error.find("takes the word of lane 20, which does not take part"),
            std::string::npos)
      << error;
}

TEST(WarpTest, Votes) {
  const Op any(zqsim_vote_sync, {VoteAny}), all(zqsim_vote_sync, {VoteAll});
  const Op uniform(zqsim_vote_sync, {VoteUniform});
  const Op ballot(zqsim_vote_sync, {VoteBallot});
  EXPECT_EQ(runThreads(32,
                       [&](unsigned lane) {
                         auto vote = [&](const Op &op, bool predicate) {
                           return op.operator()<uint8_t>(everyLane, predicate);
                         };
                         EXPECT_EQ(vote(any, lane == 3), 1);
                         EXPECT_EQ(vote(any, false), 0);
                         EXPECT_EQ(vote(all, true), 1);
                         EXPECT_EQ(vote(all, lane != 3), 0);
                         EXPECT_EQ(vote(uniform, false), 1);
                         EXPECT_EQ(vote(uniform, true), 1);
                         EXPECT_EQ(vote(uniform, lane < 16), 0);
                         EXPECT_EQ(ballot(everyLane, lane % 3 == 0),
                                   0x49249249u);
                         // Of the lanes of a mask only.
                         if (lane < 8)
                           EXPECT_EQ(ballot(0xffu, lane % 2 == 1), 0xaau);
                       }),
            "");
}

TEST(WarpTest, Reductions) {
  struct Case {
    Reduction reduction;
    uint32_t expected;
  };
  // Of lane * 3 - 20.
  const Case cases[] = {{ReduceAdd, uint32_t(3 * 496 - 640)},
                        {ReduceMin, uint32_t(-20)},
                        {ReduceMax, 73},
                        {ReduceUMin, 1},
                        {ReduceUMax, uint32_t(-2)},
                        {ReduceAnd, 0},
                        {ReduceOr, ~0u}};
  for (const Case &test : cases) {
    const Op redux(zqsim_redux_sync, {test.reduction, 0, 0});
    EXPECT_EQ(
        runThreads(32,
                   [&](unsigned lane) {
                     EXPECT_EQ(redux(3 * lane - 20, everyLane), test.expected)
                         << test.reduction;
                   }),
        "");
  }
  const Op largest(zqsim_redux_sync, {ReduceFMax, 1, 0});
  const Op smallest(zqsim_redux_sync, {ReduceFMin, 0, 1});
  EXPECT_EQ(runThreads(32,
                       [&](unsigned lane) {
                         EXPECT_EQ(
                             largest.operator()<float>(-float(lane), everyLane),
                             31);
                         float value = lane == 7 ? NAN : float(lane);
                         EXPECT_TRUE(std::isnan(
                             smallest.operator()<float>(value, everyLane)));
                       }),
            "");
}

TEST(WarpTest, MatchesAndElects) {
  const Op any(zqsim_match_sync, {0, 0}), all(zqsim_match_sync, {1, 0});
  const Op elect(zqsim_elect_sync, {1, 1});
  EXPECT_EQ(runThreads(32,
                       [&](unsigned lane) {
                         EXPECT_EQ(any(everyLane, lane % 2),
                                   lane % 2 ? 0xaaaaaaaau : 0x55555555u);
                         auto same = all.operator()<WordAndFlag>(everyLane, 9u);
                         EXPECT_EQ(same.word, everyLane);
                         EXPECT_EQ(same.flag, 1);
                         auto other =
                             all.operator()<WordAndFlag>(everyLane, lane / 31);
                         EXPECT_EQ(other.word, 0u);
                         EXPECT_EQ(other.flag, 0);
                         auto leader = elect.operator()<WordAndFlag>(everyLane);
                         EXPECT_EQ(leader.word, 0u);
                         EXPECT_EQ(leader.flag, lane == 0);
                       }),
            "");
}

TEST(ThreadTest, Permutes) {
  // The manual's table, of bytes 0 to 7.
  const uint32_t low = 0x03020100, high = 0x07060504;
  struct Row {
    int mode;
    uint32_t results[4];
  };
  const Row rows[] = {
      {1, {0x03020100, 0x04030201, 0x05040302, 0x06050403}},
      {2, {0x05060700, 0x06070001, 0x07000102, 0x00010203}},
      {3, {0x00000000, 0x01010101, 0x02020202, 0x03030303}},
      {4, {0x03020100, 0x03020101, 0x03020202, 0x03030303}},
      {5, {0x00000000, 0x01010100, 0x02020100, 0x03020100}},
      {6, {0x01000100, 0x03020302, 0x01000100, 0x03020302}},
  };
  EXPECT_EQ(runThreads(1,
                       [&](unsigned) {
                         for (const Row &row : rows)
                           for (uint32_t s = 0; s < 4; ++s)
                             EXPECT_EQ(
                                 Op(zqsim_prmt, {row.mode, 1})(low, high, s),
                                 row.results[s])
                                 << row.mode << " " << s;
                         const Op prmt(zqsim_prmt, {0, 1});
                         EXPECT_EQ(prmt(low, high, 0x7531u), 0x07050301u);
                         EXPECT_EQ(prmt(0x80u, 0u, 0x0081u), 0x8080ff00u);
                         EXPECT_EQ(prmt(0x80u, 0u, 0x0008u), 0x808080ffu);
                       }),
            "");
}

TEST(ThreadTest, DotProducts) {
  EXPECT_EQ(
      runThreads(
          1,
          [&](unsigned) {
            // Bytes 1, -2, 3, -4 times 10, 20, -30, 40.
            uint32_t a = 0xfc03fe01, b = 0x28e2140a;
            EXPECT_EQ(int32_t(Op(zqsim_dot_accumulate, {1, 1, 8, 0})(a, b, 7)),
                      10 - 40 - 90 - 160 + 7);
            EXPECT_EQ(int32_t(Op(zqsim_dot_accumulate, {0, 0, 8, 0})(a, b, 7)),
                      10 + 254 * 20 + 3 * 226 + 252 * 40 + 7);
            // Halves 0xfe01 and 0xfc03, times bytes 2 and 3.
            EXPECT_EQ(int32_t(Op(zqsim_dot_accumulate, {1, 1, 16, 2})(a, b, 0)),
                      int16_t(0xfe01) * -30 + int16_t(0xfc03) * 40);
          }),
      "");
}

TEST(ThreadTest, Conversions) {
  EXPECT_EQ(
      runThreads(
          1,
          [&](unsigned) {
            // The first operand becomes the high half.
            const Op toFp8(zqsim_cvt_pack, {F32, E4M3, RoundNearest, 1, 0});
            EXPECT_EQ(toFp8.operator()<uint16_t>(1.0f, -2.0f), 0x38c0);
            EXPECT_EQ(toFp8.operator()<uint16_t>(1e9f, NAN), 0x7e7f);
            const Op relu(zqsim_cvt_pack, {F32, E4M3, RoundNearest, 1, 1});
            EXPECT_EQ(relu.operator()<uint16_t>(1.0f, -2.0f), 0x3800);
            const Op toFp4(zqsim_cvt_pack, {F32, E2M1, RoundNearest, 1, 0});
            EXPECT_EQ(toFp4.operator()<uint8_t>(-6.0f, 0.5f), 0xf1);
            EXPECT_EQ(toFp4.operator()<uint8_t>(2.5f, 100.0f), 0x47);
            const Op toFp6(zqsim_cvt_pack, {F32, E3M2, RoundNearest, 1, 0});
            EXPECT_EQ(toFp6.operator()<uint16_t>(28.0f, -1.0f), 0x1f2c);
            const Op toScale(zqsim_cvt_pack, {F32, UE8M0, RoundUp, 1, 0});
            EXPECT_EQ(toScale.operator()<uint16_t>(1.0f, 3.0f), 0x7f81);
            const Op fromFp8(zqsim_cvt_unpack, {E4M3, F16, 0});
            EXPECT_EQ(fromFp8(uint16_t(0x38c0)), 0x3c00c000u);
            const Op fromFp4(zqsim_cvt_unpack, {E2M1, F16, 0});
            EXPECT_EQ(fromFp4(uint8_t(0xf1)), 0xc6003800u);
            const Op fromScale(zqsim_cvt_unpack, {UE8M0, BF16, 0});
            EXPECT_EQ(fromScale(uint16_t(0x7f81)), 0x3f804080u);
            const Op toBF16(zqsim_cvt_pack, {F32, BF16, RoundNearest, 0, 0});
            EXPECT_EQ(toBF16(1.0f, asFloat(0x40490fdb)), 0x3f804049u);
            const Op toTF32(zqsim_cvt_tf32, {4, 0});
            EXPECT_EQ(toTF32(asFloat(0x3f801000)), 0x3f802000u);
          }),
      "");
}

TEST(ThreadTest, Approximations) {
  EXPECT_EQ(
      runThreads(
          1,
          [&](unsigned) {
            EXPECT_EQ(Op(zqsim_ex2_approx).operator()<float>(3.0f), 8);
            EXPECT_EQ(Op(zqsim_lg2_approx).operator()<float>(8.0f), 3);
            EXPECT_EQ(Op(zqsim_rsqrt_approx).operator()<float>(4.0f), 0.5f);
            EXPECT_EQ(Op(zqsim_rcp_approx, {1}).operator()<float>(4.0f), 0.25f);
            // Subnormals are zero with .ftz.
            EXPECT_EQ(Op(zqsim_sqrt_approx, {1}).operator()<float>(1e-40f), 0);
            EXPECT_GT(Op(zqsim_sqrt_approx, {0}).operator()<float>(1e-40f), 0);
          }),
      "");
}
