//===- GpuProgramTest.cpp - Contractions in loops and branches ------------===//
//
// What the host does around kernels: arrays that loops carry, branches, calls,
// chains and shared activations. On emulated GPUs and, since both bufferize the
// same way, on this machine.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "gtest/gtest.h"

#include <cctype>

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// Programs of x, 5x40, and w and v, 40x40, with sizes that no tile divides.
/// In each, Y stands for the type of x, W for that of the weights, and
/// PRODUCT(y, x, d, i) for a product y of x and d that begins with i.
const char *const programs[] = {
    // What an iteration leaves is the next one's activation.
    R"(
    %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x) -> Y {
      PRODUCT(y, a, d, zero)
      scf.yield %y : Y
    }
    return %r, %x : Y, Y)",
    // It is what the next one adds to.
    R"(
    %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %zero) -> Y {
      PRODUCT(y, x, d, a)
      scf.yield %y : Y
    }
    return %r, %r : Y, Y)",
    // Both, one after the other.
    R"(
    %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %zero) -> (Y, Y) {
      PRODUCT(y, a, d, b)
      scf.yield %y, %a : Y, Y
    }
    return %r#0, %r#1 : Y, Y)",
    // In a loop of a loop, and in every other iteration.
    R"(
    %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x) -> Y {
      %odd = arith.remui %i, %c2 : index
      %isOdd = arith.cmpi eq, %odd, %c1 : index
      %q = scf.if %isOdd -> Y {
        %s = scf.for %j = %c0 to %c2 step %c1 iter_args(%b = %a) -> Y {
          PRODUCT(y, b, d, zero)
          scf.yield %y : Y
        }
        scf.yield %s : Y
      } else {
        scf.yield %a : Y
      }
      scf.yield %q : Y
    }
    return %r, %zero : Y, Y)",
    // No iteration.
    R"(
    %r = scf.for %i = %c3 to %c0 step %c1 iter_args(%a = %x) -> Y {
      PRODUCT(y, a, d, zero)
      scf.yield %y : Y
    }
    return %r, %x : Y, Y)",
    // Branches with a product each.
    R"(
    %r:2 = scf.for %i = %c0 to %c2 step %c1 iter_args(%a = %x, %b = %zero) -> (Y, Y) {
      %isFirst = arith.cmpi eq, %i, %c0 : index
      %q = scf.if %isFirst -> Y {
        PRODUCT(y, a, d, zero)
        scf.yield %y : Y
      } else {
        PRODUCT(z, a, g, zero)
        scf.yield %z : Y
      }
      scf.yield %q, %q : Y, Y
    }
    return %r#0, %r#1 : Y, Y)",
    // What an iteration left says which branch the next one takes, and an
    // element of the first activation how many there are.
    R"(
    %first = tensor.extract %x[%c1, %c2] : Y
    %none = arith.constant 0.0 : f32
    %isLarge = arith.cmpf ogt, %first, %none : f32
    %n = arith.select %isLarge, %c2, %c3 : index
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> Y {
      %element = tensor.extract %a[%i, %c1] : Y
      %isBelow = arith.cmpf olt, %element, %none : f32
      %q = scf.if %isBelow -> Y {
        PRODUCT(y, a, d, zero)
        scf.yield %y : Y
      } else {
        PRODUCT(z, a, g, zero)
        scf.yield %z : Y
      }
      scf.yield %q : Y
    }
    return %r, %x : Y, Y)",
    // A shared activation, and a chain.
    R"(
    PRODUCT(y, x, d, zero)
    PRODUCT(z, x, g, zero)
    PRODUCT(p, y, g, z)
    return %p, %z : Y, Y)",
    // Two calls of one function.
    R"(
    %a = func.call @product(%x, %w) : (Y, W) -> Y
    %b = func.call @product(%a, %v) : (Y, W) -> Y
    return %a, %b : Y, Y)"};

std::string getProgram(const TestCodec &codec, std::string body) {
  std::string decodes;
  for (auto [decoded, source] : {std::pair("d", "w"), {"g", "v"}})
    decodes += std::string("%") + decoded + " = zq.decode %" + source +
               " at [0, 0] outs(%e : tensor<40x40xf32>) : W -> "
               "tensor<40x40xf32>\n";
  std::string text = R"(
  func.func private @product(%x: Y, %w: W) -> Y {
    %zero = arith.constant dense<0.0> : Y
    %e = tensor.empty() : tensor<40x40xf32>
    %d = zq.decode %w at [0, 0] outs(%e : tensor<40x40xf32>) : W -> tensor<40x40xf32>
    PRODUCT(y, x, d, zero)
    return %y : Y
  }
  func.func @f(%x: Y, %w: W, %v: W) -> (Y, Y) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %zero = arith.constant dense<0.0> : Y
    %e = tensor.empty() : tensor<40x40xf32>
    )" + decodes + body +
                     "\n  }\n";
  for (size_t at; (at = text.find("PRODUCT(")) != std::string::npos;) {
    size_t end = text.find(')', at);
    llvm::SmallVector<llvm::StringRef> names;
    llvm::StringRef(text).slice(at + 8, end).split(names, ", ");
    std::string product =
        ("%" + names[0] +
         " = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, "
         "affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] "
         "ins(%" +
         names[1] + ", %" + names[2] + " : Y, tensor<40x40xf32>) outs(%" +
         names[3] + " : Y) -> Y")
            .str();
    text.replace(at, end + 1 - at, product);
  }
  auto isName = [](char c) { return std::isalnum(c) || c == '_'; };
  for (auto [letter, type] : {std::pair('Y', std::string("tensor<5x40xf32>")),
                              {'W', codec.type({40, 40})}})
    for (size_t at = 0; at < text.size(); ++at)
      if (text[at] == letter && !isName(text[at - 1]) && !isName(text[at + 1]))
        text.replace(at, 1, type);
  return text;
}

class GpuPrograms : public testing::TestWithParam<std::optional<EmulatedGpu>> {
};

} // namespace

TEST_P(GpuPrograms, AreTheReferences) {
  TestCodec codec{"nvfp4"};
  JitOptions options;
  options.emulated = GetParam();
  std::mt19937 random(47);
  std::vector<Array> inputs{gaussianValues(ElementType::F32, {5, 40}, random)};
  std::vector<EvaluatorInput> arguments{{{inputs[0]}}, {}, {}};
  for (size_t i : {1, 2})
    for (Stream &stream :
         codec.encode(gaussianValues(ElementType::F32, {40, 40}, random))) {
      inputs.push_back(stream.array);
      arguments[i].arrays.push_back(stream.array);
    }
  for (const char *body : programs) {
    Kernel kernel(getProgram(codec, body), options, body);
    std::vector<BoundedTensor> expected =
        kernel.evaluate(arguments, nullptr, options.accuracy);
    for (uint64_t seed = 0; seed < (options.emulated ? 5 : 1); ++seed) {
      kernel.setSeed(seed);
      std::vector<Array> results = kernel.call(inputs);
      ASSERT_EQ(results.size(), expected.size()) << body;
      for (size_t i = 0; i < results.size(); ++i) {
        BoundComparison found = compareWithBound(expected[i], results[i]);
        EXPECT_TRUE(found.isWithin() && found.unbounded == 0)
            << body << ", seed " << seed << ", result " << i << ": "
            << found.violations << " elements are outside the bound, up to "
            << found.largestRatio;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , GpuPrograms, testing::Values(std::nullopt, EmulatedGpu{"sm_90a"}),
    [](const testing::TestParamInfo<std::optional<EmulatedGpu>> &info) {
      return info.param ? info.param->chip : "host";
    });
