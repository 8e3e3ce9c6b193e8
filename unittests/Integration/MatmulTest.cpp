//===- MatmulTest.cpp - Fused contractions within the reference's bound ---===//
//
// Each codec as the weight of a matrix product, on sizes that no vector or tile
// divides, with the weight as [n, k] and as [k, n].
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

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
  checkProducts({matmulByRows(1, 37, 100), matmulByColumns(1, 37, 100),
                 matmulByRows(3, 40, 65), matmulByColumns(3, 33, 130)},
                codec, getOptions(false));
  checkProducts({matmulByRows(5, 19, 257), matmulByColumns(5, 70, 19)}, codec,
                getOptions(true));
}

TEST_P(Products, OfManyRows) {
  checkProducts({matmulByRows(64, 48, 100), matmulByColumns(64, 37, 128)},
                codec, getOptions(true));
  checkProducts({matmulByRows(64, 21, 300), matmulByColumns(64, 96, 7)}, codec,
                getOptions(false));
}

TEST_P(Products, WithVectors) {
  std::vector<Product> products{matvec(37, 100), vecmat(100, 37),
                                matvec(64, 1500), vecmat(33, 5)};
  checkProducts(products, codec, getOptions(false));
  checkProducts(products, codec, getOptions(true));
}

/// Of the codecs that can be written for three dimensions.
class BatchedProducts : public Products {};

TEST_P(BatchedProducts, OfBatches) {
  TestCodec batched = codec;
  for (const NamedCodec &named : getNamedCodecs())
    if (named.name == codec.text)
      batched.text = adaptRank(named.stages.str(), 3);
  checkProducts(
      {batchMatmulByRows(2, 1, 37, 100), batchMatmulByColumns(2, 1, 37, 100)},
      batched, getOptions(false));
  checkProducts(
      {batchMatmulByRows(3, 5, 20, 65), batchMatmulByColumns(2, 3, 33, 17)},
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
  for (const TestCodec &codec : getRepresentatives())
    if (!codec.isCustom())
      codecs.push_back(codec);
  return codecs;
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, Products,
    testing::Combine(testing::ValuesIn(getFeatureSets()),
                     testing::ValuesIn(getRepresentatives())),
    nameCase);
INSTANTIATE_TEST_SUITE_P(
    Codecs, BatchedProducts,
    testing::Combine(testing::ValuesIn(getFeatureSets()),
                     testing::ValuesIn(getBatchedCodecs())),
    nameCase);

} // namespace
