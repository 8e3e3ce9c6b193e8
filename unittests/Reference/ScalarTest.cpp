//===- ScalarTest.cpp - Values of scalar operations -----------------------===//
#include "Program.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// What `body` gives for %a and %b, of `type`, when it defines %r.
BoundedTensor evaluate(const char *type, const char *body, const char *result,
                       Array a, Array b) {
  std::string text = std::string("func.func @f(%a: ") + type + ", %b: " + type +
                     ") -> " + result + " {\n" + body +
                     "\nreturn %r : " + result + " }";
  Program program(text);
  return program.run({a, b})[0];
}

double onInts(const char *body, int64_t a, int64_t b) {
  auto result =
      evaluate("i64", body, "i64", makeInts({}, {a}), makeInts({}, {b}));
  EXPECT_EQ(result.errors[0], 0) << body;
  return result.values[0];
}

TEST(Scalar, Integers) {
  EXPECT_EQ(onInts("%r = arith.addi %a, %b : i64", 7, -9), -2);
  EXPECT_EQ(onInts("%r = arith.subi %a, %b : i64", 7, -9), 16);
  EXPECT_EQ(onInts("%r = arith.muli %a, %b : i64", 7, -9), -63);
  EXPECT_EQ(onInts("%r = arith.divsi %a, %b : i64", -9, 2), -4);
  EXPECT_EQ(onInts("%r = arith.floordivsi %a, %b : i64", -9, 2), -5);
  EXPECT_EQ(onInts("%r = arith.ceildivsi %a, %b : i64", -9, 2), -4);
  EXPECT_EQ(onInts("%r = arith.remsi %a, %b : i64", -9, 2), -1);
  EXPECT_EQ(onInts("%r = arith.remui %a, %b : i64", 9, 4), 1);
  EXPECT_EQ(onInts("%r = arith.andi %a, %b : i64", 12, 10), 8);
  EXPECT_EQ(onInts("%r = arith.ori %a, %b : i64", 12, 10), 14);
  EXPECT_EQ(onInts("%r = arith.xori %a, %b : i64", 12, 10), 6);
  EXPECT_EQ(onInts("%r = arith.shli %a, %b : i64", -3, 4), -48);
  EXPECT_EQ(onInts("%r = arith.shrsi %a, %b : i64", -48, 4), -3);
  EXPECT_EQ(onInts("%r = arith.shrui %a, %b : i64", 48, 4), 3);
  EXPECT_EQ(onInts("%r = arith.maxsi %a, %b : i64", -1, 4), 4);
  EXPECT_EQ(onInts("%r = arith.minsi %a, %b : i64", -1, 4), -1);
  EXPECT_EQ(onInts("%r = arith.maxui %a, %b : i64", -1, 4), -1);
  EXPECT_EQ(onInts("%c = arith.cmpi slt, %a, %b : i64 "
                   "%r = arith.extui %c : i1 to i64",
                   -1, 4),
            1);
  EXPECT_EQ(onInts("%c = arith.cmpi ult, %a, %b : i64 "
                   "%r = arith.extsi %c : i1 to i64",
                   4, -1),
            -1);
  EXPECT_EQ(onInts("%t = arith.trunci %a : i64 to i8 "
                   "%r = arith.extsi %t : i8 to i64",
                   200, 0),
            -56);
  EXPECT_EQ(onInts("%t = arith.trunci %a : i64 to i8 "
                   "%r = arith.extui %t : i8 to i64",
                   200, 0),
            200);
  EXPECT_EQ(onInts("%t = arith.trunci %a : i64 to i8 "
                   "%f = arith.uitofp %t : i8 to f32 "
                   "%r = arith.fptosi %f : f32 to i64",
                   200, 0),
            200);
  EXPECT_EQ(onInts("%t = arith.constant 128 : i64 "
                   "%n = arith.trunci %t : i64 to i8 "
                   "%s = arith.addi %n, %n : i8 "
                   "%r = arith.extsi %s : i8 to i64",
                   0, 0),
            0);
}

TEST(Scalar, UndefinedAndUnrepresentableIntegersPromiseNothing) {
  auto divided = evaluate("i64", "%r = arith.divsi %a, %b : i64", "i64",
                          makeInts({}, {1}), makeInts({}, {0}));
  EXPECT_TRUE(std::isinf(divided.errors[0]));
  auto large = evaluate("i64", "%r = arith.muli %a, %b : i64", "i64",
                        makeInts({}, {(int64_t(1) << 40) + 1}),
                        makeInts({}, {(int64_t(1) << 20) + 1}));
  EXPECT_TRUE(std::isinf(large.errors[0]));
}

double onFloats(const char *body, float a, float b) {
  auto result =
      evaluate("f32", body, "f32", makeArray({}, {a}), makeArray({}, {b}));
  EXPECT_LE(result.errors[0], 3e-7 * std::fabs(result.values[0]) + 1e-40)
      << body;
  return result.values[0];
}

TEST(Scalar, Floats) {
  EXPECT_EQ(onFloats("%r = arith.addf %a, %b : f32", 1.5f, 2), 3.5);
  EXPECT_EQ(onFloats("%r = arith.divf %a, %b : f32", 1, 4), 0.25);
  EXPECT_EQ(onFloats("%r = arith.maxnumf %a, %b : f32", NAN, 4), 4);
  EXPECT_EQ(onFloats("%r = arith.minimumf %a, %b : f32", 3, 4), 3);
  EXPECT_EQ(onFloats("%r = math.roundeven %a : f32", 2.5f, 0), 2);
  EXPECT_EQ(onFloats("%r = math.round %a : f32", 2.5f, 0), 3);
  EXPECT_EQ(onFloats("%r = math.trunc %a : f32", -2.5f, 0), -2);
  EXPECT_EQ(onFloats("%r = math.ceil %a : f32", -2.5f, 0), -2);
  EXPECT_EQ(onFloats("%r = math.copysign %a, %b : f32", 2, -1), -2);
  EXPECT_EQ(onFloats("%i = arith.bitcast %a : f32 to i32 "
                     "%o = arith.constant 8388608 : i32 "
                     "%s = arith.addi %i, %o : i32 "
                     "%r = arith.bitcast %s : i32 to f32",
                     1.25f, 0),
            2.5);
  EXPECT_EQ(onFloats("%c = arith.cmpf uno, %a, %b : f32 "
                     "%r = arith.select %c, %b, %a : f32",
                     NAN, 2),
            2);
  EXPECT_EQ(onFloats("%t = arith.truncf %a : f32 to f16 "
                     "%u = arith.extf %t : f16 to f32 "
                     "%z = arith.subf %u, %u : f32 "
                     "%m = arith.mulf %z, %b : f32 "
                     "%r = arith.constant 1.0 : f32",
                     1, 1),
            1);
}

TEST(Scalar, FloatsOutOfAnIntegersRangePromiseNothing) {
  Program program(R"(
    func.func @f(%a: f32) -> (i8, i8) {
      %s = arith.fptosi %a : f32 to i8
      %u = arith.fptoui %a : f32 to i8
      return %s, %u : i8, i8
    })");
  auto results = program.run({makeArray({}, {200.5f})});
  EXPECT_TRUE(std::isinf(results[0].errors[0]));
  EXPECT_EQ(results[1].values[0], 200 - 256);
  EXPECT_EQ(results[1].errors[0], 0);
}

} // namespace
