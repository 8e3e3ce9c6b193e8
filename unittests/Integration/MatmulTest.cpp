//===- MatmulTest.cpp - Fused contractions within the reference's bound ---===//
//
// Each codec as the weight of a matrix product, on sizes that no vector or tile
// divides, with the weight as [n, k] and as [k, n].
//
//===----------------------------------------------------------------------===//
#include "Kernel.h"
#include "TestCodecs.h"

#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

using Shape = std::vector<int64_t>;

/// One contraction: an op with its activation, weight and result.
struct Product {
  std::string op;
  /// The op's maps, where the op is not what it is without them.
  std::string maps;
  Shape x, w, y;
  /// Whether the weight is the first operand.
  bool weightFirst = false;
};

Product matmulByRows(int64_t m, int64_t n, int64_t k) {
  return {"linalg.matmul",
          "affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, "
          "affine_map<(m, n, k) -> (m, n)>",
          {m, k},
          {n, k},
          {m, n}};
}

Product matmulByColumns(int64_t m, int64_t n, int64_t k) {
  return {"linalg.matmul", "", {m, k}, {k, n}, {m, n}};
}

Product batchMatmulByRows(int64_t b, int64_t m, int64_t n, int64_t k) {
  return {"linalg.batch_matmul",
          "affine_map<(b, m, n, k) -> (b, m, k)>, "
          "affine_map<(b, m, n, k) -> (b, n, k)>, "
          "affine_map<(b, m, n, k) -> (b, m, n)>",
          {b, m, k},
          {b, n, k},
          {b, m, n}};
}

Product batchMatmulByColumns(int64_t b, int64_t m, int64_t n, int64_t k) {
  return {"linalg.batch_matmul", "", {b, m, k}, {b, k, n}, {b, m, n}};
}

Product matvec(int64_t n, int64_t k) {
  return {"linalg.matvec", "", {k}, {n, k}, {n}, /*weightFirst=*/true};
}

Product vecmat(int64_t n, int64_t k) {
  return {"linalg.vecmat", "", {k}, {k, n}, {n}};
}

/// A function of all activations and weights, in pairs.
std::string printProgram(const std::vector<Product> &products,
                         const TestCodec &codec) {
  std::string arguments, results, returned;
  std::string body = "  %zero = arith.constant 0.0 : f32\n";
  for (size_t i = 0; i < products.size(); ++i) {
    const Product &product = products[i];
    std::string n = std::to_string(i), comma = i ? ", " : "";
    std::string type = codec.type(product.w);
    std::string x = "tensor<" + printShape(product.x) + "xf32>";
    std::string w =
        "tensor<" + printShape(product.w) + "x" + codec.element + ">";
    std::string y = "tensor<" + printShape(product.y) + "xf32>";
    std::string zeros = "0";
    for (size_t dim = 1; dim < product.w.size(); ++dim)
      zeros += ", 0";
    arguments += comma + "%x" + n + ": " + x + ", %w" + n + ": " + type;
    results += comma + y;
    returned += comma + "%y" + n;
    body += "  %e" + n + " = tensor.empty() : " + w + "\n  %d" + n +
            " = zq.decode %w" + n + " " + codec.usingClause() + "at [" + zeros +
            "] outs(%e" + n + " : " + w + ") : " + type + " -> " + w + "\n";
    body += "  %i" + n + " = tensor.empty() : " + y + "\n  %f" + n +
            " = linalg.fill ins(%zero : f32) outs(%i" + n + " : " + y +
            ") -> " + y + "\n";
    std::string maps =
        product.maps.empty() ? "" : " indexing_maps = [" + product.maps + "]";
    std::string inputs = product.weightFirst
                             ? "%d" + n + ", %x" + n + " : " + w + ", " + x
                             : "%x" + n + ", %d" + n + " : " + x + ", " + w;
    body += "  %y" + n + " = " + product.op + maps + " ins(" + inputs +
            ") outs(%f" + n + " : " + y + ") -> " + y + "\n";
  }
  return (codec.isCustom() ? readLut3Decoder() : "") + "func.func @f(" +
         arguments + ") -> (" + results + ") {\n" + body + "  return " +
         returned + " : " + results + "\n}\n";
}

/// Compiles the products, and compares them with the reference.
void check(const std::vector<Product> &products, const TestCodec &codec,
           const JitOptions &options) {
  std::string what = codec.text + " for " + options.features +
                     (options.threads ? ", threads" : "");
  Kernel kernel(printProgram(products, codec), options, what);
  std::mt19937 random(11);
  std::vector<Array> inputs;
  std::vector<EvaluatorInput> arguments;
  for (const Product &product : products) {
    inputs.push_back(gaussianValues(ElementType::F32, product.x, random));
    arguments.push_back({{inputs.back()}});
    arguments.emplace_back();
    for (Stream &stream :
         codec.encode(gaussianValues(codec.elementType(), product.w, random))) {
      inputs.push_back(stream.array);
      arguments.back().arrays.push_back(stream.array);
    }
  }
  auto decodeCustom =
      [&](CompressedTensorType type,
          const std::vector<Array> &streams) -> mlir::FailureOr<Array> {
    std::vector<Stream> named;
    for (const Array &stream : streams)
      named.push_back({"", stream});
    return codec.decode(named, type.getShape().vec());
  };
  std::vector<BoundedTensor> expected =
      kernel.evaluate(arguments, decodeCustom);
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), products.size()) << what;
  ASSERT_EQ(expected.size(), products.size()) << what;
  for (size_t i = 0; i < results.size(); ++i) {
    BoundComparison found = compareWithBound(expected[i], results[i]);
    EXPECT_TRUE(found.isWithin() && found.unbounded == 0)
        << what << ": " << products[i].op << " of " << printShape(products[i].x)
        << " by " << printShape(products[i].w) << ": " << found.violations
        << " elements are outside the bound, difference / bound is up to "
        << found.largestRatio;
  }
  EXPECT_NE(kernel.getRemarks().find("decode fused"), std::string::npos)
      << what;
}

class Products
    : public testing::TestWithParam<std::tuple<std::string, TestCodec>> {
protected:
  TestCodec codec = std::get<1>(GetParam());
  JitOptions getOptions(bool threads) {
    JitOptions options;
    options.threads = threads;
    options.guardPages = true;
    options.features = std::get<0>(GetParam());
    return options;
  }
};

TEST_P(Products, OfFewRows) {
  check({matmulByRows(1, 37, 100), matmulByColumns(1, 37, 100),
         matmulByRows(3, 40, 65), matmulByColumns(3, 33, 130)},
        codec, getOptions(false));
  check({matmulByRows(5, 19, 257), matmulByColumns(5, 70, 19)}, codec,
        getOptions(true));
}

TEST_P(Products, OfManyRows) {
  check({matmulByRows(64, 48, 100), matmulByColumns(64, 37, 128)}, codec,
        getOptions(true));
  check({matmulByRows(64, 21, 300), matmulByColumns(64, 96, 7)}, codec,
        getOptions(false));
}

TEST_P(Products, WithVectors) {
  std::vector<Product> products{matvec(37, 100), vecmat(100, 37),
                                matvec(64, 1500), vecmat(33, 5)};
  check(products, codec, getOptions(false));
  check(products, codec, getOptions(true));
}

/// Of the codecs that can be written for three dimensions.
class BatchedProducts : public Products {};

TEST_P(BatchedProducts, OfBatches) {
  TestCodec batched = codec;
  for (const NamedCodec &named : getNamedCodecs())
    if (named.name == codec.text)
      batched.text = adaptRank(named.stages.str(), 3);
  check({batchMatmulByRows(2, 1, 37, 100), batchMatmulByColumns(2, 1, 37, 100)},
        batched, getOptions(false));
  check({batchMatmulByRows(3, 5, 20, 65), batchMatmulByColumns(2, 3, 33, 17)},
        batched, getOptions(true));
}

std::string nameCase(
    const testing::TestParamInfo<std::tuple<std::string, TestCodec>> &info) {
  std::string name;
  for (char c : std::get<1>(info.param).text + std::get<0>(info.param))
    if (std::isalnum(c))
      name += c;
  return name;
}

/// The decoder of @lut3 is of rank 2.
std::vector<TestCodec> getBatchedCodecs() {
  std::vector<TestCodec> codecs;
  for (const TestCodec &codec : getNamedTestCodecs())
    if (!codec.isCustom())
      codecs.push_back(codec);
  return codecs;
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, Products,
    testing::Combine(testing::ValuesIn(getFeatureSets()),
                     testing::ValuesIn(getNamedTestCodecs())),
    nameCase);
INSTANTIATE_TEST_SUITE_P(
    Codecs, BatchedProducts,
    testing::Combine(testing::ValuesIn(getFeatureSets()),
                     testing::ValuesIn(getBatchedCodecs())),
    nameCase);

} // namespace
