//===- OperationsTest.cpp - Tensors, structured ops, control flow, errors -===//
#include "Program.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

using Values = std::vector<double>;

TEST(Operations, TensorOps) {
  Program program(R"(
    func.func @f(%x: tensor<?x3xf32>)
        -> (tensor<2x2xf32>, tensor<3x5xf32>, f32, index, tensor<3xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : tensor<?x3xf32>
      %s = tensor.extract_slice %x[0, 1] [2, 2] [1, 1]
          : tensor<?x3xf32> to tensor<2x2xf32>
      %d = tensor.cast %x : tensor<?x3xf32> to tensor<2x3xf32>
      %zero = arith.constant 0.0 : f32
      %p = tensor.pad %d low[1, 0] high[0, 2] {
      ^bb0(%i: index, %j: index):
        tensor.yield %zero : f32
      } : tensor<2x3xf32> to tensor<3x5xf32>
      %i = tensor.insert_slice %s into %p[0, 3] [2, 2] [1, 1]
          : tensor<2x2xf32> into tensor<3x5xf32>
      %e = tensor.extract %d[%c1, %c0] : tensor<2x3xf32>
      %f = tensor.from_elements %e, %zero, %e : tensor<3xf32>
      %g = tensor.insert %e into %f[%c1] : tensor<3xf32>
      return %s, %i, %e, %n, %g
          : tensor<2x2xf32>, tensor<3x5xf32>, f32, index, tensor<3xf32>
    })");
  auto results = program.run({makeArray({2, 3}, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(results[0].values, Values({2, 3, 5, 6}));
  EXPECT_EQ(results[1].values,
            Values({0, 0, 0, 2, 3, 1, 2, 3, 5, 6, 4, 5, 6, 0, 0}));
  EXPECT_EQ(results[2].values, Values({4}));
  EXPECT_EQ(results[3].values, Values({2}));
  EXPECT_EQ(results[4].values, Values({4, 4, 4}));
}

TEST(Operations, StructuredOps) {
  Program program(R"(
    func.func @f(%x: tensor<2x3xf32>)
        -> (tensor<3x2xf32>, tensor<2x3x2xf32>, tensor<2xf32>, tensor<2x3xf32>,
            tensor<2xf32>) {
      %e = tensor.empty() : tensor<3x2xf32>
      %t = linalg.transpose ins(%x : tensor<2x3xf32>)
          outs(%e : tensor<3x2xf32>) permutation = [1, 0]
      %eb = tensor.empty() : tensor<2x3x2xf32>
      %b = linalg.broadcast ins(%x : tensor<2x3xf32>)
          outs(%eb : tensor<2x3x2xf32>) dimensions = [2]
      %z = arith.constant dense<0.0> : tensor<2xf32>
      %s = linalg.reduce { arith.addf } ins(%x : tensor<2x3xf32>)
          outs(%z : tensor<2xf32>) dimensions = [1]
      %em = tensor.empty() : tensor<2x3xf32>
      %m = linalg.map { math.absf } ins(%x : tensor<2x3xf32>)
          outs(%em : tensor<2x3xf32>)
      %l = arith.constant dense<0xFF800000> : tensor<2xf32>
      %h = linalg.reduce { arith.maximumf } ins(%x : tensor<2x3xf32>)
          outs(%l : tensor<2xf32>) dimensions = [1]
      return %t, %b, %s, %m, %h
          : tensor<3x2xf32>, tensor<2x3x2xf32>, tensor<2xf32>, tensor<2x3xf32>,
            tensor<2xf32>
    })");
  auto results = program.run({makeArray({2, 3}, {1, -2, 3, 4, 5, -6})});
  EXPECT_EQ(results[0].values, Values({1, 4, -2, 5, 3, -6}));
  EXPECT_EQ(results[1].values,
            Values({1, 1, -2, -2, 3, 3, 4, 4, 5, 5, -6, -6}));
  EXPECT_EQ(results[2].values, Values({2, 3}));
  // Four terms, the initial value included.
  EXPECT_GT(results[2].errors[0], 3 * 6 * 0x1p-24);
  EXPECT_LT(results[2].errors[0], 5 * 6 * 0x1p-24);
  EXPECT_EQ(results[3].values, Values({1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(results[4].values, Values({3, 5}));
  EXPECT_EQ(results[4].errors, Values({0, 0}));
}

TEST(Operations, GroupedIndexingAndLookupInABody) {
  Program program(R"(
    func.func @f(%q: tensor<2x4xi8>, %s: tensor<2x2xf32>, %t: tensor<3xf32>)
        -> tensor<2x4xf32> {
      %e = tensor.empty() : tensor<2x4xf32>
      %w = linalg.generic {
          indexing_maps = [affine_map<(i, j) -> (i, j)>,
                           affine_map<(i, j) -> (i, j floordiv 2)>,
                           affine_map<(i, j) -> (i, j)>],
          iterator_types = ["parallel", "parallel"]}
          ins(%q, %s : tensor<2x4xi8>, tensor<2x2xf32>)
          outs(%e : tensor<2x4xf32>) {
      ^bb0(%c: i8, %a: f32, %o: f32):
        %k = arith.index_cast %c : i8 to index
        %v = tensor.extract %t[%k] : tensor<3xf32>
        %j = linalg.index 1 : index
        %m = arith.index_cast %j : index to i32
        %n = arith.sitofp %m : i32 to f32
        %p = arith.mulf %v, %a : f32
        %r = arith.addf %p, %n : f32
        linalg.yield %r : f32
      } -> tensor<2x4xf32>
      return %w : tensor<2x4xf32>
    })");
  Array q(ElementType::I8, {2, 4});
  for (int64_t i = 0; i < 8; ++i)
    q.set<int8_t>(i, i % 3);
  auto w = program.run(
      {q, makeArray({2, 2}, {1, 2, 3, 4}), makeArray({3}, {10, 20, 30})})[0];
  EXPECT_EQ(w.values, Values({10, 21, 62, 23, 60, 91, 42, 83}));
}

/// Equal to the program that it stands for, and with a bound that covers what
/// f32 makes of it.
TEST(Operations, Softmax) {
  Program program(R"(
    func.func @f(%x: tensor<2x3x2xf32>) -> tensor<2x3x2xf32> {
      %e = tensor.empty() : tensor<2x3x2xf32>
      %y = linalg.softmax dimension(1) ins(%x : tensor<2x3x2xf32>)
          outs(%e : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
      return %y : tensor<2x3x2xf32>
    })");
  std::vector<float> x = {1, -2, 3, 4, 5, -6, 0, 100, 0, 101, 0, 99};
  auto y = program.run({makeArray({2, 3, 2}, x)})[0];
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t k = 0; k < 2; ++k) {
      double sum = 0;
      for (int64_t j = 0; j < 3; ++j)
        sum += std::exp(double(x[i * 6 + j * 2 + k]));
      for (int64_t j = 0; j < 3; ++j) {
        int64_t at = i * 6 + j * 2 + k;
        double expected = std::exp(double(x[at])) / sum;
        EXPECT_NEAR(y.values[at], expected, 1e-12);
        EXPECT_GT(y.errors[at], expected * 0x1p-24);
        EXPECT_LT(y.errors[at], 1e-5);
      }
    }
}

TEST(Operations, Gather) {
  Program program(R"(
    func.func @f(%x: tensor<2x3xf32>, %i: tensor<3x1xindex>,
                 %j: tensor<2x2xindex>)
        -> (tensor<3x3xf32>, tensor<3x2x1xf32>, tensor<2xf32>) {
      %a = tensor.gather %x[%i] gather_dims([0])
          : (tensor<2x3xf32>, tensor<3x1xindex>) -> tensor<3x3xf32>
      %b = tensor.gather %x[%i] gather_dims([1])
          : (tensor<2x3xf32>, tensor<3x1xindex>) -> tensor<3x2x1xf32>
      %c = tensor.gather %x[%j] gather_dims([0, 1])
          : (tensor<2x3xf32>, tensor<2x2xindex>) -> tensor<2xf32>
      return %a, %b, %c : tensor<3x3xf32>, tensor<3x2x1xf32>, tensor<2xf32>
    })");
  auto results = program.run({makeArray({2, 3}, {1, 2, 3, 4, 5, 6}),
                              makeInts({3, 1}, {1, 0, 1}),
                              makeInts({2, 2}, {1, 2, 0, 1})});
  EXPECT_EQ(results[0].values, Values({4, 5, 6, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(results[1].values, Values({2, 5, 1, 4, 2, 5}));
  EXPECT_EQ(results[2].values, Values({6, 2}));

  // Nothing is promised of what is outside.
  results = program.run({makeArray({2, 3}, {1, 2, 3, 4, 5, 6}),
                         makeInts({3, 1}, {0, -1, 2}),
                         makeInts({2, 2}, {1, 3, 0, 1})});
  EXPECT_EQ(results[0].errors[2], 0);
  EXPECT_EQ(results[0].errors[3], INFINITY);
  EXPECT_EQ(results[0].errors[8], INFINITY);
  EXPECT_EQ(results[2].errors, Values({INFINITY, 0}));
}

TEST(Operations, Convolution) {
  Program program(R"(
    func.func @f(%x: tensor<5xf32>, %k: tensor<2xf32>) -> tensor<4xf32> {
      %z = arith.constant dense<0.0> : tensor<4xf32>
      %y = linalg.conv_1d ins(%x, %k : tensor<5xf32>, tensor<2xf32>)
          outs(%z : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    })");
  auto y = program.run(
      {makeArray({5}, {1, 2, 3, 4, 5}), makeArray({2}, {1, 10})})[0];
  EXPECT_EQ(y.values, Values({21, 32, 43, 54}));
}

TEST(Operations, CallsAndControlFlow) {
  Program program(R"(
    func.func private @twice(%x: tensor<2xf32>) -> tensor<2xf32> {
      %y = arith.addf %x, %x : tensor<2xf32>
      return %y : tensor<2xf32>
    }
    func.func @f(%x: tensor<2xf32>, %n: index) -> tensor<2xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x)
          -> (tensor<2xf32>) {
        %odd = arith.andi %i, %c1 : index
        %is = arith.cmpi eq, %odd, %c0 : index
        %b = scf.if %is -> (tensor<2xf32>) {
          %t = func.call @twice(%a) : (tensor<2xf32>) -> tensor<2xf32>
          scf.yield %t : tensor<2xf32>
        } else {
          %neg = arith.negf %a : tensor<2xf32>
          scf.yield %neg : tensor<2xf32>
        }
        scf.yield %b : tensor<2xf32>
      }
      return %r : tensor<2xf32>
    })");
  auto r = program.run({makeArray({2}, {1, 3}), makeInts({}, {3})})[0];
  EXPECT_EQ(r.values, Values({-4, -12}));
}

TEST(Operations, AnOpWithoutARuleIsNamed) {
  Program program(R"(
    func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      %y = math.powf %x, %x : tensor<2xf32>
      return %y : tensor<2xf32>
    })");
  EXPECT_EQ(program.fail({{{makeArray({2}, {1, 2})}}}),
            "the reference evaluator has no rule for 'math.powf'");
  Program inside(R"(
    func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      %y = linalg.map { math.sinh } ins(%x : tensor<2xf32>)
          outs(%x : tensor<2xf32>)
      return %y : tensor<2xf32>
    })");
  EXPECT_EQ(inside.fail({{{makeArray({2}, {1, 2})}}}),
            "the reference evaluator has no rule for 'math.sinh'");
}

TEST(Operations, WrongArgumentsAreNamed) {
  const char *text = R"(
    func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      return %x : tensor<2xf32>
    })";
  EXPECT_EQ(Program(text).fail({}), "takes 1 arguments, got 0");
  EXPECT_EQ(Program(text).fail({{{makeArray({3}, {1, 2, 3})}}}),
            "argument 0 is of type 'tensor<2xf32>', but gets 3 of f32");
  EXPECT_EQ(Program(text).fail({{{makeInts({2}, {1, 2})}}}),
            "argument 0 is of type 'tensor<2xf32>', but gets 2 of i64");
  EXPECT_EQ(Program(text).fail({{{}}}), "argument 0 takes one array, got 0");
}

TEST(Operations, SizesThatDisagreeAreNamed) {
  Program program(R"(
    func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<f32> {
      %z = arith.constant dense<0.0> : tensor<f32>
      %d = linalg.dot ins(%x, %y : tensor<?xf32>, tensor<?xf32>)
          outs(%z : tensor<f32>) -> tensor<f32>
      return %d : tensor<f32>
    })");
  EXPECT_EQ(
      program.fail({{{makeArray({2}, {1, 2})}}, {{makeArray({3}, {1, 2, 3})}}}),
      "'linalg.dot' has operands of sizes 2 and 3 along its loop 0");
}

TEST(Operations, SlicesOutsideAndNegativeSizesAreNamed) {
  const char *text = R"(
    func.func @f(%x: tensor<4xf32>, %i: index, %n: index) -> tensor<?xf32> {
      %s = tensor.extract_slice %x[%i] [%n] [1] : tensor<4xf32> to tensor<?xf32>
      return %s : tensor<?xf32>
    })";
  Array x = makeArray({4}, {1, 2, 3, 4});
  EXPECT_EQ(
      Program(text).fail({{{x}}, {{makeInts({}, {2})}}, {{makeInts({}, {3})}}}),
      "'tensor.extract_slice' reaches outside of dimension 0, of size 4");
  EXPECT_EQ(Program(text).fail(
                {{{x}}, {{makeInts({}, {2})}}, {{makeInts({}, {-1})}}}),
            "'tensor.extract_slice' has a size of -1");
}

TEST(Operations, EndlessRecursionIsAnError) {
  Program program(R"(
    func.func @f(%x: f32) -> f32 {
      %y = func.call @f(%x) : (f32) -> f32
      return %y : f32
    })");
  EXPECT_EQ(program.fail({{{makeArray({}, {1})}}}),
            "calls nest deeper than 64");
}

} // namespace
