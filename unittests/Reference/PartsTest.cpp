//===- PartsTest.cpp - Contractions with the parts of stored tensors ------===//
//
// What a compiler may compute instead of what the program says, in f32, lies
// within the bound of the program; and it would not if the program's bound did
// not cover tensors in parts, which dense arguments in the place of the stored
// ones show.
//
//===----------------------------------------------------------------------===//
#include "DotProduct.h"
#include "Program.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// The text of a function whose arguments %a and %b of `shapes` are stored as
/// they are, or dense; `body` has them as %p and %q.
std::string withStored(bool stored, std::string shapeA, std::string shapeB,
                       std::string argument, std::string body,
                       std::string result) {
  auto type = [&](const std::string &shape) {
    return stored ? "!zq.tensor<" + shape + "xf32, #zq.codec<raw<f32>>>"
                  : "tensor<" + shape + "xf32>";
  };
  std::string text = "func.func @f(%x: " + argument + ", %a: " + type(shapeA) +
                     ", %b: " + type(shapeB) + ") -> " + result + " {\n";
  auto decode = [&](std::string name, std::string from, std::string shape) {
    std::string dense = "tensor<" + shape + "xf32>";
    std::string offsets = shape.find('x') == std::string::npos ? "0" : "0, 0";
    if (stored)
      text += name + "e = tensor.empty() : " + dense + "\n" + name +
              " = zq.decode " + from + " at [" + offsets + "] outs(" + name +
              "e : " + dense + ") : " + type(shape) + " -> " + dense + "\n";
    else
      text += name + " = tensor.cast " + from + " : " + dense + " to " + dense +
              "\n";
  };
  decode("%p", "%a", shapeA);
  decode("%q", "%b", shapeB);
  return text + body + "}";
}

struct Both {
  BoundedTensor stored, dense;
};

template <typename Text>
Both evaluate(Text text, const std::vector<Array> &inputs) {
  Program stored(text(true)), dense(text(false));
  return {stored.run(inputs)[0], dense.run(inputs)[0]};
}

void expectCovered(const Both &expected, const Array &actual) {
  auto comparison = compareWithBound(expected.stored, actual);
  EXPECT_TRUE(comparison.isWithin()) << comparison.largestRatio;
  EXPECT_EQ(comparison.unbounded, 0);
  EXPECT_GT(comparison.largestRatio, 1e-4);
}

TEST(Parts, TermsOfASum) {
  constexpr int64_t k = 4096;
  auto text = [](bool stored) {
    return withStored(stored, "4096", "4096", "tensor<4096xf32>", R"(
      %w = arith.addf %p, %q : tensor<4096xf32>
      %z = arith.constant dense<0.0> : tensor<f32>
      %y = linalg.dot ins(%x, %w : tensor<4096xf32>, tensor<4096xf32>)
          outs(%z : tensor<f32>) -> tensor<f32>
      return %y : tensor<f32>)",
                      "tensor<f32>");
  };
  // Terms that all but cancel, and rounding that goes one way.
  std::vector<float> x(k, 1 + 0x1.cp-15f), a(k, 1), b(k, -1);
  b[7] = -1.25f;
  Both expected =
      evaluate(text, {makeArray({k}, x), makeArray({k}, a), makeArray({k}, b)});
  float first = dot(x.data(), a.data(), k, 0, Order::Forward, false);
  float second = dot(x.data(), b.data(), k, 0, Order::Pairwise, false);
  Array apart = makeArray({}, {first + second});
  expectCovered(expected, apart);
  EXPECT_FALSE(compareWithBound(expected.dense, apart).isWithin());
  // One sum that goes on where the other ends.
  for (Order order : allOrders)
    for (bool fused : {false, true}) {
      float start = dot(x.data(), a.data(), k, 0, order, fused);
      Array sum = makeArray(
          {}, {dot(x.data(), b.data(), k, start, Order::Forward, fused)});
      EXPECT_TRUE(compareWithBound(expected.stored, sum).isWithin());
    }
}

TEST(Parts, FactorsOfAProduct) {
  constexpr int64_t rank = 2, k = 4096;
  auto text = [](bool stored) {
    return withStored(stored, "1x2", "2x4096", "tensor<4096xf32>", R"(
      %c = arith.constant dense<0.0> : tensor<1x4096xf32>
      %w = linalg.matmul ins(%p, %q : tensor<1x2xf32>, tensor<2x4096xf32>)
          outs(%c : tensor<1x4096xf32>) -> tensor<1x4096xf32>
      %z = arith.constant dense<0.0> : tensor<1xf32>
      %y = linalg.matvec ins(%w, %x : tensor<1x4096xf32>, tensor<4096xf32>)
          outs(%z : tensor<1xf32>) -> tensor<1xf32>
      return %y : tensor<1xf32>)",
                      "tensor<1xf32>");
  };
  std::vector<float> x(k, 1 + 0x1.cp-15f), left = {1, -1}, right(rank * k, 1);
  right[7] = 1.25f;
  Both expected = evaluate(text, {makeArray({k}, x), makeArray({1, rank}, left),
                                  makeArray({rank, k}, right)});
  std::vector<float> inner = {
      dot(x.data(), right.data(), k, 0, Order::Forward, false),
      dot(x.data(), right.data() + k, k, 0, Order::Pairwise, false)};
  Array apart = makeArray(
      {1}, {dot(inner.data(), left.data(), rank, 0, Order::Forward, false)});
  expectCovered(expected, apart);
  EXPECT_FALSE(compareWithBound(expected.dense, apart).isWithin());
}

/// x . w with w as `codec` has it, of size k.
std::string dotWith(const std::string &codec, int64_t k) {
  std::string dense = "tensor<" + std::to_string(k) + "xf32>";
  std::string type =
      "!zq.tensor<" + std::to_string(k) + "xf32, #zq.codec<" + codec + ">>";
  return "func.func @f(%x: " + dense + ", %w: " + type + ") -> tensor<f32> {" +
         "%e = tensor.empty() : " + dense +
         "%d = zq.decode %w at [0] outs(%e : " + dense + ") : " + type +
         " -> " + dense + "%z = arith.constant dense<0.0> : tensor<f32>" +
         "%y = linalg.dot ins(%x, %d : " + dense + ", " + dense +
         ") outs(%z : tensor<f32>) -> tensor<f32> return %y : tensor<f32> }";
}

TEST(Parts, ScalesAfterTheSum) {
  Program program(
      dotWith("scale<?, f32>, scale<?, f32>, scale<?, f32>, raw<f32>", 1));
  double largest = 0;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    auto values = randomValues(5, seed);
    float x = values[0], q = values[4];
    auto one = [&](int i) { return makeArray({1}, {values[i]}); };
    auto expected = program.run(ArrayRef<EvaluatorInput>{
        {{one(0)}}, {{one(1), one(2), one(3), one(4)}}})[0];
    float sum = x * q;
    float after = sum * values[3] * values[2] * values[1];
    auto comparison = compareWithBound(expected, makeArray({}, {after}));
    EXPECT_TRUE(comparison.isWithin()) << comparison.largestRatio;
    largest = std::max(largest, comparison.largestDifference /
                                    std::fabs(expected.values[0]));
  }
  // More than the three roundings of a dot product of one term.
  EXPECT_GT(largest, 3 * 0x1p-24);
}

TEST(Parts, ScalesThatUnderflow) {
  Program program(dotWith("scale<?, f32>, raw<f32>", 2));
  std::vector<float> x = {0x1p100f, 0x1p80f}, q = {0x1.8p-9f, 0x1p-12f};
  float scale = 0x1.4p-140f;
  auto expected = program.run(ArrayRef<EvaluatorInput>{
      {{makeArray({2}, x)}},
      {{makeArray({1}, {scale}), makeArray({2}, q)}}})[0];
  float after = scale * dot(x.data(), q.data(), 2, 0, Order::Forward, false);
  EXPECT_NE(after, expected.values[0]);
  EXPECT_TRUE(compareWithBound(expected, makeArray({}, {after})).isWithin());
}

TEST(Parts, ZeroPointsAfterTheSum) {
  constexpr int64_t k = 4096;
  Program program(dotWith("scale<?, f32, zero>, quantize<ui8>, pack", k));
  std::vector<float> x(k, 1 + 0x1.cp-15f);
  Array zero(ElementType::I8, {1}), codes(ElementType::I8, {k});
  zero.set<int8_t>(0, 100);
  std::vector<float> q;
  for (int64_t i = 0; i < k; ++i) {
    q.push_back(i % 2 ? 101 : 99);
    codes.set<uint8_t>(i, q.back());
  }
  auto expected = program.run(ArrayRef<EvaluatorInput>{
      {{makeArray({k}, x)}}, {{makeArray({1}, {0.5f}), zero, codes}}})[0];
  // The bound of a program that holds the weights as they are.
  std::vector<float> w, ones(k, 1);
  for (float code : q)
    w.push_back((code - 100) * 0.5f);
  Program plain(dotWith("raw<f32>", k));
  auto kept = plain.run({makeArray({k}, x), makeArray({k}, w)})[0];
  // Rounding that goes one way in one of the two sums.
  float sum = dot(x.data(), q.data(), k, 0, Order::Forward, false);
  float correction =
      100 * dot(x.data(), ones.data(), k, 0, Order::Pairwise, false);
  Array after = makeArray({}, {(sum - correction) * 0.5f});
  EXPECT_TRUE(compareWithBound(expected, after).isWithin());
  EXPECT_FALSE(compareWithBound(kept, after).isWithin());
}

TEST(Parts, StreamsThatRoundAreDecodedWithinABound) {
  // No block decodes the rotation, which is below a scale for parts of rows.
  Program program(R"(
    !w = !zq.tensor<3x24xf32, #zq.codec<scale<1x4, f32, zero>,
        hadamard<axis = 1, block = 8, seed = 1>, quantize<si8>, pack>>
    func.func @f(%w: !w) -> tensor<3x24xf32> {
      %e = tensor.empty() : tensor<3x24xf32>
      %d = zq.decode %w at [0, 0] outs(%e : tensor<3x24xf32>)
          : !w -> tensor<3x24xf32>
      return %d : tensor<3x24xf32>
    })");
  Array x = makeArray({3, 24}, randomValues(72, 1));
  auto result = program.run({encodeFor(program, 0, x)})[0];
  double largest = 0;
  for (auto [value, error] : llvm::zip(result.values, result.errors)) {
    EXPECT_GT(error, 0);
    largest = std::max(largest, error / std::max(std::fabs(value), 0.01));
  }
  EXPECT_LT(largest, 1e-3);
}

} // namespace
