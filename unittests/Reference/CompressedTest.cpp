//===- CompressedTest.cpp - Programs on compressed tensors ----------------===//
#include "DotProduct.h"
#include "Program.h"

#include "zq/Codec/Hadamard.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// A feed-forward block, 32 -> 64 -> 32, on 3 rows: matmul, bias, GELU, matmul,
/// bias.
std::string feedForward(const std::string &codec) {
  return "#codec = #zq.codec<" + codec + ">" + R"(
    #mk = affine_map<(m, n, k) -> (m, k)>
    #nk = affine_map<(m, n, k) -> (n, k)>
    #mn = affine_map<(m, n, k) -> (m, n)>
    #id = affine_map<(m, n) -> (m, n)>
    #row = affine_map<(m, n) -> (n)>
    func.func @f(%x: tensor<3x32xf32>,
                 %w1: !zq.tensor<64x32xf32, #codec>, %b1: tensor<64xf32>,
                 %w2: !zq.tensor<32x64xf32, #codec>, %b2: tensor<32xf32>)
        -> tensor<3x32xf32> {
      %zero = arith.constant 0.0 : f32
      %half = arith.constant 0.5 : f32
      %one = arith.constant 1.0 : f32
      %c = arith.constant 0.70710678 : f32
      %e1 = tensor.empty() : tensor<64x32xf32>
      %d1 = zq.decode %w1 at [0, 0] outs(%e1 : tensor<64x32xf32>)
          : !zq.tensor<64x32xf32, #codec> -> tensor<64x32xf32>
      %ey = tensor.empty() : tensor<3x64xf32>
      %iy = linalg.fill ins(%zero : f32) outs(%ey : tensor<3x64xf32>)
          -> tensor<3x64xf32>
      %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
          ins(%x, %d1 : tensor<3x32xf32>, tensor<64x32xf32>)
          outs(%iy : tensor<3x64xf32>) -> tensor<3x64xf32>
      %g = linalg.generic {indexing_maps = [#id, #row, #id],
                           iterator_types = ["parallel", "parallel"]}
          ins(%y, %b1 : tensor<3x64xf32>, tensor<64xf32>)
          outs(%ey : tensor<3x64xf32>) {
      ^bb0(%v: f32, %b: f32, %o: f32):
        %s = arith.addf %v, %b : f32
        %t = arith.mulf %s, %c : f32
        %u = math.erf %t : f32
        %p = arith.addf %u, %one : f32
        %h = arith.mulf %s, %half : f32
        %r = arith.mulf %h, %p : f32
        linalg.yield %r : f32
      } -> tensor<3x64xf32>
      %e2 = tensor.empty() : tensor<32x64xf32>
      %d2 = zq.decode %w2 at [0, 0] outs(%e2 : tensor<32x64xf32>)
          : !zq.tensor<32x64xf32, #codec> -> tensor<32x64xf32>
      %ez = tensor.empty() : tensor<3x32xf32>
      %iz = linalg.fill ins(%zero : f32) outs(%ez : tensor<3x32xf32>)
          -> tensor<3x32xf32>
      %z = linalg.matmul indexing_maps = [#mk, #nk, #mn]
          ins(%g, %d2 : tensor<3x64xf32>, tensor<32x64xf32>)
          outs(%iz : tensor<3x32xf32>) -> tensor<3x32xf32>
      %q = linalg.generic {indexing_maps = [#id, #row, #id],
                           iterator_types = ["parallel", "parallel"]}
          ins(%z, %b2 : tensor<3x32xf32>, tensor<32xf32>)
          outs(%ez : tensor<3x32xf32>) {
      ^bb0(%v: f32, %b: f32, %o: f32):
        %s = arith.addf %v, %b : f32
        linalg.yield %s : f32
      } -> tensor<3x32xf32>
      return %q : tensor<3x32xf32>
    })";
}

/// The weights of the block as a program has them: decoded, and either rotated
/// back or still rotated.
struct Weights {
  std::vector<float> first, second;
};

/// The block in f32; `rotate` is what is done to a row of an activation
/// before it meets a weight.
template <typename Rotate>
std::vector<float> runBlock(const std::vector<float> &x, const Weights &weights,
                            const std::vector<float> &b1,
                            const std::vector<float> &b2, Order order,
                            bool fused, Rotate rotate) {
  std::vector<float> in = x;
  rotate(in, 32);
  auto y = matmul(in, weights.first, 3, 64, 32, order, fused);
  for (size_t i = 0; i < y.size(); ++i) {
    float s = y[i] + b1[i % 64];
    y[i] = s * 0.5f * (std::erf(s * 0.70710678f) + 1);
  }
  rotate(y, 64);
  auto z = matmul(y, weights.second, 3, 32, 64, order, fused);
  for (size_t i = 0; i < z.size(); ++i)
    z[i] += b2[i % 32];
  return z;
}

/// The f32 values of argument `index`, by the whole codec or without its
/// outermost stage.
std::vector<float> decode(Program &program, unsigned index,
                          const EvaluatorInput &input, bool dropOutermost) {
  auto type = cast<CompressedTensorType>(
      program.getFunction().getArgumentTypes()[index]);
  CodecAttr codec = type.getCodec();
  if (dropOutermost)
    codec = codec.dropOutermost();
  std::vector<::zq::codec::Stream> streams;
  for (const Array &array : input.arrays)
    streams.push_back({"", array});
  auto values = codec.getReference(type.getElementType())
                    ->decode(streams, type.getShape().vec(), ElementType::F32);
  EXPECT_TRUE(bool(values));
  return getFloats(*values);
}

struct Block {
  explicit Block(const std::string &codec) : program(feedForward(codec)) {
    w1 = encodeFor(program, 1, makeArray({64, 32}, randomValues(2048, 2, 0.2)));
    w2 = encodeFor(program, 3, makeArray({32, 64}, randomValues(2048, 3, 0.2)));
    expected = program.run({{{makeArray({3, 32}, x)}},
                            w1,
                            {{makeArray({64}, b1)}},
                            w2,
                            {{makeArray({32}, b2)}}})[0];
  }

  Weights decodeWeights(bool dropOutermost) {
    return {decode(program, 1, w1, dropOutermost),
            decode(program, 3, w2, dropOutermost)};
  }

  template <typename Rotate>
  void check(const Weights &weights, Rotate rotate) {
    double ratio = 0;
    for (Order order : allOrders)
      for (bool fused : {false, true}) {
        auto z = runBlock(x, weights, b1, b2, order, fused, rotate);
        auto comparison = compareWithBound(expected, makeArray({3, 32}, z));
        EXPECT_TRUE(comparison.isWithin()) << comparison.largestRatio;
        EXPECT_EQ(comparison.unbounded, 0);
        ratio = std::max(ratio, comparison.largestRatio);
      }
    // A useful bound, though it covers zero points that leave the sum.
    EXPECT_GT(ratio, 1e-4);
  }

  Program program;
  std::vector<float> x = randomValues(96, 1), b1 = randomValues(64, 4, 0.1f),
                     b2 = randomValues(32, 5, 0.1f);
  EvaluatorInput w1, w2;
  BoundedTensor expected;
};

TEST(Compressed, FeedForwardOfBlockScaledFloats) {
  Block block("nvfp4");
  Weights weights = block.decodeWeights(false);
  block.check(weights, [](std::vector<float> &, int64_t) {});

  // One weight decoded to another value is seen.
  weights.second[70] += 0.05f;
  auto z = runBlock(block.x, weights, block.b1, block.b2, Order::Forward, false,
                    [](std::vector<float> &, int64_t) {});
  EXPECT_FALSE(
      compareWithBound(block.expected, makeArray({3, 32}, z)).isWithin());
}

TEST(Compressed, FeedForwardOfRotatedWeightsEitherWay) {
  // Blocks that divide the axis, and some that leave a tail.
  for (const char *hadamard :
       {"int4_h128", "hadamard<axis = 1, block = 16, seed = 7>, "
                     "scale<1x16, bf16, zero>, quantize<ui4>, pack"}) {
    Block block(hadamard);
    block.check(block.decodeWeights(false),
                [](std::vector<float> &, int64_t) {});
    bool isNamed = StringRef(hadamard) == "int4_h128";
    block.check(block.decodeWeights(true), [&](std::vector<float> &rows,
                                               int64_t length) {
      for (size_t i = 0; i < rows.size(); i += length)
        ::zq::codec::hadamardRow(rows.data() + i, 1, length, isNamed ? 128 : 16,
                                 isNamed ? 1 : 7, /*inverse=*/false);
    });
  }
}

TEST(Compressed, RotationsOfAnOutlierAreCovered) {
  // Un-rotated weights of about zero, made of rotated ones that are not: all
  // the error is in the rotation, and none in proportion to the weights.
  constexpr int64_t k = 128;
  std::vector<float> w(k);
  w[5] = 1000;
  std::vector<float> rotated = w;
  ::zq::codec::hadamardRow(rotated.data(), 1, k, k, 1, false);
  Program program(R"(
    #h = #zq.hadamard<axis = 0, block = 128, seed = 1>
    func.func @f(%x: tensor<128xf32>, %w: tensor<128xf32>)
        -> (tensor<f32>, tensor<f32>) {
      %r = zq.rotate %w by #h inverse outs(%w : tensor<128xf32>)
          : tensor<128xf32> -> tensor<128xf32>
      %z = arith.constant dense<0.0> : tensor<f32>
      %d = linalg.dot ins(%x, %r : tensor<128xf32>, tensor<128xf32>)
          outs(%z : tensor<f32>) -> tensor<f32>
      %y = zq.rotate %x by #h outs(%x : tensor<128xf32>)
          : tensor<128xf32> -> tensor<128xf32>
      %e = linalg.dot ins(%y, %w : tensor<128xf32>, tensor<128xf32>)
          outs(%z : tensor<f32>) -> tensor<f32>
      return %d, %e : tensor<f32>, tensor<f32>
    })");
  for (unsigned seed = 0; seed < 100; ++seed) {
    auto x = randomValues(k, seed, 100);
    x[5] = 0;
    auto results = program.run({makeArray({k}, x), makeArray({k}, rotated)});
    auto y = x;
    ::zq::codec::hadamardRow(y.data(), 1, k, k, 1, false);
    std::vector<float> back = rotated;
    ::zq::codec::hadamardRow(back.data(), 1, k, k, 1, true);
    for (Order order : allOrders) {
      Array moved =
          makeArray({}, {dot(y.data(), rotated.data(), k, 0, order, false)});
      Array direct =
          makeArray({}, {dot(x.data(), back.data(), k, 0, order, false)});
      for (const BoundedTensor &result : results) {
        EXPECT_TRUE(compareWithBound(result, moved).isWithin());
        EXPECT_TRUE(compareWithBound(result, direct).isWithin());
      }
    }
  }
}

/// Every row of a matrix rotated, or every column.
std::vector<float> rotated(std::vector<float> matrix, int64_t size, bool rows,
                           uint64_t seed, bool inverse) {
  std::vector<float> line(size);
  for (int64_t i = 0; i < int64_t(matrix.size()) / size; ++i) {
    auto at = [&](int64_t k) -> float & {
      return matrix[rows ? i * size + k
                         : k * (int64_t(matrix.size()) / size) + i];
    };
    for (int64_t k = 0; k < size; ++k)
      line[k] = at(k);
    ::zq::codec::hadamardRow(line.data(), 1, size, size, seed, inverse);
    for (int64_t k = 0; k < size; ++k)
      at(k) = line[k];
  }
  return matrix;
}

TEST(Compressed, RotationsOfBothSidesAreWithinAUsefulBound) {
  constexpr int64_t m = 4, n = 64, k = 128;
  Program program(R"(
    #rows = #zq.hadamard<axis = 0, block = 64, seed = 2>
    #columns = #zq.hadamard<axis = 1, block = 128, seed = 1>
    func.func @f(%x: tensor<4x128xf32>, %w: tensor<64x128xf32>)
        -> tensor<4x64xf32> {
      %c = zq.rotate %w by #columns inverse outs(%w : tensor<64x128xf32>)
          : tensor<64x128xf32> -> tensor<64x128xf32>
      %r = zq.rotate %c by #rows inverse outs(%w : tensor<64x128xf32>)
          : tensor<64x128xf32> -> tensor<64x128xf32>
      %z = arith.constant dense<0.0> : tensor<4x64xf32>
      %y = linalg.matmul
          indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                           affine_map<(m, n, k) -> (n, k)>,
                           affine_map<(m, n, k) -> (m, n)>]
          ins(%x, %r : tensor<4x128xf32>, tensor<64x128xf32>)
          outs(%z : tensor<4x64xf32>) -> tensor<4x64xf32>
      return %y : tensor<4x64xf32>
    })");
  auto x = randomValues(m * k, 21), w = randomValues(n * k, 22);
  // A weight whose rotated form, or whose first column, is one large number.
  for (auto [outlier, scale] : {std::pair(0, 1.0f), {5, 1e4f}}) {
    w[outlier] *= scale;
    auto expected =
        program.run({makeArray({m, k}, x), makeArray({n, k}, w)})[0];
    double ratio = 0;
    for (bool moves : {false, true})
      for (bool movesResult : {false, true})
        for (Order order : allOrders) {
          auto weight =
              moves ? w : rotated(w, k, /*rows=*/true, 1, /*inverse=*/true);
          if (!movesResult)
            weight = rotated(weight, n, /*rows=*/false, 2, /*inverse=*/true);
          auto factor =
              moves ? rotated(x, k, /*rows=*/true, 1, /*inverse=*/false) : x;
          auto y = matmul(factor, weight, m, n, k, order, /*fused=*/false);
          if (movesResult)
            y = rotated(y, n, /*rows=*/true, 2, /*inverse=*/true);
          auto found = compareWithBound(expected, makeArray({m, n}, y));
          EXPECT_TRUE(found.isWithin())
              << "off by " << found.largestRatio << " bounds";
          ratio = std::max(ratio, found.largestRatio);
          // A fault just above the bound, and one just below.
          y[7] = float(expected.values[7] + 1.01 * expected.errors[7]);
          EXPECT_EQ(compareWithBound(expected, makeArray({m, n}, y)).violations,
                    1);
          y[7] = float(expected.values[7] - 0.99 * expected.errors[7]);
          EXPECT_TRUE(
              compareWithBound(expected, makeArray({m, n}, y)).isWithin());
        }
    // With |R| |w| along both sides it was 2e-4 of random values.
    EXPECT_GT(ratio, 1e-3);
  }
}

TEST(Compressed, SumsOfWhatARotationCancelsAreCovered) {
  // Every product with the un-rotated weight is zero, and no product with the
  // rotated one is. A sum of the latter may be off by far more than the
  // rotation itself when each addition rounds the same way.
  constexpr int64_t k = 4096;
  Program program(R"(
    #h = #zq.hadamard<axis = 0, block = 2, seed = 1>
    func.func @f(%x: tensor<4096xf32>, %w: tensor<4096xf32>) -> tensor<f32> {
      %r = zq.rotate %w by #h inverse outs(%w : tensor<4096xf32>)
          : tensor<4096xf32> -> tensor<4096xf32>
      %z = arith.constant dense<0.0> : tensor<f32>
      %d = linalg.dot ins(%x, %r : tensor<4096xf32>, tensor<4096xf32>)
          outs(%z : tensor<f32>) -> tensor<f32>
      return %d : tensor<f32>
    })");
  std::vector<float> x(k), w(k, 1);
  for (int64_t i = 1; i < k; i += 2)
    x[i] = ::zq::codec::hadamardSign(1, i) * (1 + 0x1.cp-15f) * std::sqrt(2.0f);
  BoundedTensor expected =
      program.run({makeArray({k}, x), makeArray({k}, w)})[0];
  EXPECT_NEAR(expected.values[0], 0, 1e-9);

  std::vector<float> y = x;
  ::zq::codec::hadamardRow(y.data(), 1, k, 2, 1, false);
  float forward = 0;
  std::vector<float> negative;
  for (int64_t i = 0; i < k; i += 2) {
    forward += y[i];
    negative.push_back(y[i + 1]);
  }
  Array sum =
      makeArray({}, {forward + sumPairwise(negative.data(), negative.size())});
  auto comparison = compareWithBound(expected, sum);
  EXPECT_TRUE(comparison.isWithin());
  EXPECT_GT(comparison.largestDifference, 0.03);
}

TEST(Compressed, RotateAgreesWithTheReferenceAlongAnyAxis) {
  Program program(R"(
    func.func @f(%x: tensor<20x3xf32>) -> (tensor<20x3xf32>, tensor<20x3xf32>) {
      %y = zq.rotate %x by #zq.hadamard<axis = 0, block = 8, seed = 3>
          outs(%x : tensor<20x3xf32>) : tensor<20x3xf32> -> tensor<20x3xf32>
      %z = zq.rotate %y by #zq.hadamard<axis = 0, block = 8, seed = 3> inverse
          outs(%x : tensor<20x3xf32>) : tensor<20x3xf32> -> tensor<20x3xf32>
      return %y, %z : tensor<20x3xf32>, tensor<20x3xf32>
    })");
  auto x = randomValues(60, 1);
  auto results = program.run({makeArray({20, 3}, x)});
  auto y = x;
  for (int64_t j = 0; j < 3; ++j)
    ::zq::codec::hadamardRow(y.data() + j, 3, 20, 8, 3, false);
  EXPECT_TRUE(compareWithBound(results[0], makeArray({20, 3}, y)).isWithin());
  EXPECT_TRUE(compareWithBound(results[1], makeArray({20, 3}, x)).isWithin());
}

const char *windowProgram = R"(
  !w = !zq.tensor<6x32xf32, #zq.codec<nvfp4>>
  func.func @f(%x: tensor<6x32xf32>, %i: index, %n: index)
      -> (tensor<?x5xf32>, tensor<6x32xf32>) {
    %w = zq.encode %x : tensor<6x32xf32> -> !w
    %e = tensor.empty(%n) : tensor<?x5xf32>
    %d = zq.decode %w at [%i, 14] outs(%e : tensor<?x5xf32>)
        : !w -> tensor<?x5xf32>
    %s:3 = zq.disassemble %w : !w
        -> tensor<1x1xf32>, tensor<6x2xf8E4M3FN>, tensor<6x16xi8>
    %v = zq.assemble %s#0, %s#1, %s#2
        : tensor<1x1xf32>, tensor<6x2xf8E4M3FN>, tensor<6x16xi8> -> !w
    %g = tensor.empty() : tensor<6x32xf32>
    %h = zq.decode %v at [0, 0] outs(%g : tensor<6x32xf32>)
        : !w -> tensor<6x32xf32>
    return %d, %h : tensor<?x5xf32>, tensor<6x32xf32>
  })";

TEST(Compressed, WindowsEncodingAndStreams) {
  Program program(windowProgram);
  Array x = makeArray({6, 32}, randomValues(192, 1));
  auto results = program.run({x, makeInts({}, {2}), makeInts({}, {3})});
  ASSERT_EQ(results[0].shape, std::vector<int64_t>({3, 5}));
  EXPECT_EQ(results[0].errors, std::vector<double>(15, 0));
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 5; ++j)
      EXPECT_EQ(results[0].values[i * 5 + j],
                results[1].values[(i + 2) * 32 + j + 14]);
}

TEST(Compressed, AWindowOutsideIsNamed) {
  Program program(windowProgram);
  Array x = makeArray({6, 32}, randomValues(192, 1));
  EXPECT_EQ(program.fail({{{x}}, {{makeInts({}, {4})}}, {{makeInts({}, {3})}}}),
            "(D3) the window reaches outside of the source: 4 + 3 of 6");
}

const char *customProgram = R"(
  !w = !zq.tensor<2x8xf32, #zq.codec<hadamard<axis = 1, block = 8, seed = 1>,
                                     @plain>>
  zq.decoder @plain block [1, 1] streams [
    #zq.stream<"values" : f32, (d0, d1) -> (d0, d1)>
  ] decode {
  ^bb0(%values: tensor<?x?xf32>, %i: index, %j: index):
    %v = tensor.extract %values[%i, %j] : tensor<?x?xf32>
    %r = vector.from_elements %v : vector<1xf32>
    zq.yield %r : vector<1xf32>
  }
  func.func @f(%w: !w) -> tensor<2x8xf32> {
    %e = tensor.empty() : tensor<2x8xf32>
    %d = zq.decode %w using @plain at [0, 0] outs(%e : tensor<2x8xf32>)
        : !w -> tensor<2x8xf32>
    return %d : tensor<2x8xf32>
  })";

TEST(Compressed, ACustomDecoderIsTheCallers) {
  Program program(customProgram);
  auto values = randomValues(16, 1);
  EvaluatorInput input{{makeArray({2, 8}, values)}};
  auto customDecode =
      [](CompressedTensorType type,
         const std::vector<Array> &streams) -> FailureOr<Array> {
    // The transform has been taken off.
    EXPECT_EQ(type.getCodec().getStages().size(), 1u);
    return streams[0];
  };
  auto results = program.run({input}, customDecode);
  for (int64_t i = 0; i < 2; ++i)
    ::zq::codec::hadamardRow(values.data() + 8 * i, 1, 8, 8, 1, true);
  EXPECT_TRUE(
      compareWithBound(results[0], makeArray({2, 8}, values)).isWithin());
  EXPECT_EQ(
      program.fail({input}),
      "'zq.decode' decodes by @plain, which has no reference, and nothing "
      "else decodes it here");
}

TEST(Compressed, DamagedStreamsAreNamed) {
  Block block("nvfp4");
  EvaluatorInput damaged = block.w1;
  damaged.arrays.pop_back();
  std::string message = block.program.fail({{{makeArray({3, 32}, block.x)}},
                                            damaged,
                                            {{makeArray({64}, block.b1)}},
                                            block.w2,
                                            {{makeArray({32}, block.b2)}}});
  EXPECT_EQ(message,
            "'zq.decode' cannot decode: the codec has 3 streams, got 2");
}

TEST(Compressed, EncodingWhatRoundsIsRefused) {
  Program program(R"(
    !w = !zq.tensor<1x32xf32, #zq.codec<nvfp4>>
    func.func @f(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
      %y = arith.addf %x, %x : tensor<1x32xf32>
      %w = zq.encode %y : tensor<1x32xf32> -> !w
      %d = zq.decode %w at [0, 0] outs(%x : tensor<1x32xf32>)
          : !w -> tensor<1x32xf32>
      return %d : tensor<1x32xf32>
    })");
  EXPECT_EQ(program.fail({{{makeArray({1, 32}, randomValues(32, 1))}}}),
            "'zq.encode' needs values that are known exactly, but they are "
            "computed with rounding");
}

} // namespace
