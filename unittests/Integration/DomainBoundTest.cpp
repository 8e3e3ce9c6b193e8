//===- DomainBoundTest.cpp - What remarks promise of contractions ---------===//
//
// The error that the remark on a contraction prints, against sums of products
// in double precision: with random numbers, with numbers of one sign, whose
// sums grow with their number and reach the ends of integers, with activations
// that are half a step off, and with weights that all are the same value of
// their table.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "mlir/AsmParser/AsmParser.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Target/Target.h"
#include "gtest/gtest.h"

#include <cmath>
#include <regex>

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

constexpr int64_t height = 37, columns = 300;

/// What one remark says.
struct Promise {
  /// Of a product: 0 for f32.
  double error = 0;
  /// Of the product itself, and not of the largest that there may be.
  bool isOfItself = false;
  /// What the largest activation of a run becomes.
  double limit = 127;
  bool isOfWords = false;
};

/// The largest 16-bit integer that an activation becomes beside `codec`, which
/// is in panels of `lanes` rows; 0 where it has no such form.
int64_t getWordLimit(const TestCodec &codec, int64_t lanes) {
  TestContext context;
  auto type = mlir::cast<CompressedTensorType>(
      mlir::parseType(codec.type({height, columns}), &context.context));
  std::string why;
  std::optional<LaneForm> form = getLaneForm(type, lanes, why);
  return form ? getWordTable(form->values, form->group).limit : 0;
}

/// `wordLimit` is that of activations in 16-bit integers.
std::vector<Promise> parsePromises(const std::string &remarks,
                                   int64_t wordLimit) {
  static const std::regex pattern(
      "contraction (?:row by row )?in ([^:\n]*)(?:: error of a product at most "
      "([-+.0-9e]+) of (it|the largest activation times the largest weight))?");
  std::vector<Promise> promises;
  for (std::sregex_iterator it(remarks.begin(), remarks.end(), pattern), end;
       it != end; ++it) {
    Promise promise;
    if ((*it)[2].matched)
      promise.error = std::stod((*it)[2]);
    promise.isOfItself = (*it)[3] == "it";
    if ((*it)[1].str().find("two planes of 8-bit") == 0)
      promise.limit = 32512;
    else if ((*it)[1].str().find("one plane of 16-bit") == 0) {
      promise.limit = wordLimit;
      promise.isOfWords = true;
    }
    promises.push_back(promise);
  }
  return promises;
}

/// The codec in panels of `lanes` rows; no text where it has none.
TestCodec inPanels(const TestCodec &codec, int64_t lanes) {
  TestContext context;
  auto type = mlir::cast<CompressedTensorType>(
      mlir::parseType(codec.type({height, columns}), &context.context));
  CompressedTensorType packed = withLanes(type, lanes);
  std::string why, text;
  if (!getLaneForm(packed, lanes, why))
    return {""};
  llvm::raw_string_ostream(text) << packed.getCodec();
  const size_t begin = text.find('<') + 1;
  return {text.substr(begin, text.rfind('>') - begin), codec.element};
}

enum class Values { Random, OneSign, HalfSteps, Levels };

Array makeWeights(Values values, std::mt19937 &random) {
  if (values == Values::Random)
    return gaussianValues(ElementType::F32, {height, columns}, random);
  std::uniform_real_distribution<float> nearOne(0.9f, 1.0f);
  Array weights(ElementType::F32, {height, columns});
  for (int64_t i = 0; i < weights.size(); ++i) {
    int64_t row = i / columns, column = i % columns;
    float value = 1;
    if (values == Values::OneSign)
      value = (row % 2 ? -1 : 1) * nearOne(random);
    else if (values == Values::HalfSteps)
      value = column % 3 ? 1 : -1;
    else if (column % 16)
      // Each group has a large one too.
      value = (row % 2 ? -1 : 1) * (row + 0.5f) / height;
    weights.setFloat(i, value);
  }
  return weights;
}

Array makeActivations(Values values, double limit, const Shape &shape,
                      std::mt19937 &random) {
  if (values == Values::Random)
    return gaussianValues(ElementType::F32, shape, random);
  std::uniform_real_distribution<float> nearOne(0.9f, 1.0f);
  Array x(ElementType::F32, shape);
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t k = i % columns;
    double value = 1;
    if (values == Values::OneSign)
      value = nearOne(random);
    else if (values == Values::HalfSteps)
      value = k % 16 ? (k * 37 % 113 + 0.49) * (k % 3 ? 1 : -1) : limit;
    x.setFloat(i, static_cast<float>(value));
  }
  return x;
}

/// Fails the test where x w^T is further from `y` than is promised.
void check(const Promise &promise, const Array &x, const Array &w,
           const Array &y, const std::string &what) {
  double worst = 0;
  // What is left is summed in f32, at least a few products at a time.
  const double rounding = std::ldexp(columns / 8 + 16, -24);
  int64_t outside = 0;
  for (int64_t i = 0; i < y.size(); ++i) {
    double exact = 0, reach = 0, largestX = 0, largestW = 0;
    for (int64_t k = 0; k < columns; ++k) {
      double a = x.getFloat(i / height * columns + k);
      double b = w.getFloat(i % height * columns + k);
      exact += a * b;
      reach += std::fabs(a * b);
      largestX = std::max(largestX, std::fabs(a));
      largestW = std::max(largestW, std::fabs(b));
    }
    double bound =
        promise.error *
            (promise.isOfItself ? reach : columns * largestX * largestW) +
        rounding * reach;
    double error = std::fabs(y.getFloat(i) - exact);
    outside += !(error <= bound);
    if (bound > 0)
      worst = std::max(worst, error / bound);
  }
  EXPECT_EQ(outside, 0) << what << ": error up to " << worst
                        << " of what is promised, " << promise.error;
}

/// Returns whether a product was one of 16-bit integers.
bool checkPromises(const TestCodec &codec, const std::string &features,
                   double accuracy, const std::vector<Product> &products) {
  JitOptions options;
  options.threads = false;
  options.features = features;
  options.accuracy = accuracy;
  Kernel kernel(printProducts(products, codec), options, codec.text);
  std::vector<Promise> promises =
      parsePromises(kernel.getRemarks(),
                    getWordLimit(codec, getX86Target(features)->getLanes()));
  EXPECT_EQ(promises.size(), products.size()) << kernel.getRemarks();
  if (promises.size() != products.size())
    return false;
  std::mt19937 random(7);
  for (Values values :
       {Values::Random, Values::OneSign, Values::HalfSteps, Values::Levels}) {
    std::vector<Stream> streams = codec.encode(makeWeights(values, random));
    Array decoded = codec.decode(streams, {height, columns});
    std::vector<Array> inputs, activations;
    for (auto [product, promise] : llvm::zip(products, promises)) {
      // It is rounded up to two digits.
      EXPECT_LE(promise.error, 1.01 * accuracy) << kernel.getRemarks();
      activations.push_back(
          makeActivations(values, promise.limit, product.x, random));
      inputs.push_back(activations.back());
      for (const Stream &stream : streams)
        inputs.push_back(stream.array);
    }
    std::vector<Array> results = kernel.call(inputs);
    EXPECT_EQ(results.size(), products.size());
    for (size_t i = 0; i < results.size(); ++i)
      check(promises[i], activations[i], decoded, results[i],
            codec.text + " on " + features + ", values " +
                std::to_string(int(values)) + ", " + printShape(products[i].x) +
                " at " + std::to_string(accuracy));
  }
  return llvm::any_of(promises,
                      [](auto &promise) { return promise.isOfWords; });
}

class DomainBounds : public testing::TestWithParam<TestCodec> {};

/// Of every named format that has panels of rows.
TEST_P(DomainBounds, HoldAsPrinted) {
  std::string features = getFeatureSets().front();
  TestCodec codec = inPanels(GetParam(), getX86Target(features)->getLanes());
  if (codec.text.empty() || codec.element != "f32")
    GTEST_SKIP() << "it has no panels of rows";
  checkPromises(codec, features, 5e-5, {matvec(height, columns)});
  checkPromises(codec, features, 2e-2, {matmulByRows(5, height, columns)});
}

INSTANTIATE_TEST_SUITE_P(Named, DomainBounds,
                         testing::ValuesIn(getNamedFormats()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           return info.param.text;
                         });

/// On other vector units, whose products of bytes are made of others: codes of
/// few and of many bits, tables with and without lower bytes, zero points.
TEST(DomainBoundsOfUnits, HoldAsPrinted) {
  for (const std::string &features : getAllFeatureSets())
    for (const char *name : {"int2_zp_g64", "nvfp4", "nf4", "int8_g128"}) {
      TestCodec codec = inPanels({name}, getX86Target(features)->getLanes());
      checkPromises(codec, features, 5e-5, {matvec(height, columns)});
      checkPromises(codec, features, 2e-2, {matvec(height, columns)});
    }
}

/// In 16-bit integers, where there are units for them: of tables in groups of
/// 32 and 128 columns, whose values are rounded to such, too.
TEST(DomainBoundsOfWords, HoldAsPrinted) {
  const std::string codes =
      "lookup<[-1.0, -0.69, -0.52, -0.39, -0.28, -0.18, -0.09, 0.0, 0.08, "
      "0.16, 0.25, 0.34, 0.44, 0.56, 0.72, 1.0]>, pack";
  for (const std::string &features : getAllFeatureSets()) {
    auto target = getX86Target(features);
    if (!target->hasWordDots())
      continue;
    for (const char *scale : {"scale<1x32, f16>, ", "scale<1x128, f16>, "}) {
      TestCodec codec = inPanels({scale + codes}, target->getLanes());
      EXPECT_TRUE(
          checkPromises(codec, features, 2e-3, {matvec(height, columns)}))
          << codec.text << " on " << features;
    }
  }
}

/// Of so many rows that weights are rounded once more, or multiplied in bf16.
TEST(DomainBoundsOfManyRows, HoldAsPrinted) {
  std::string features = getFeatureSets().front();
  for (const char *name : {"nvfp4", "int4_g128"})
    for (double accuracy : {3.92e-3, 2e-2})
      checkPromises(inPanels({name}, getX86Target(features)->getLanes()),
                    features, accuracy, {matmulByRows(512, height, columns)});
}

} // namespace
