//===- ErrorFeedbackTest.cpp - Columns that make up for others ------------===//

#include "TestArrays.h"
#include "zq/Codec/Codebook.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Lattice.h"
#include "zq/Codec/LowRank.h"
#include "zq/Codec/Nested.h"
#include "zq/Codec/Offset.h"
#include "zq/Codec/Orthogonal.h"
#include "zq/Codec/Outliers.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Parallel.h"
#include "zq/Codec/Permute.h"
#include "zq/Codec/Power.h"
#include "zq/Codec/Pvq.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Residual.h"
#include "zq/Codec/Scale.h"
#include "zq/Codec/Sparse.h"
#include "zq/Codec/Tables.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;
using Matrix = std::vector<double>;

/// Activations with a few strong directions, and columns of unequal strength.
static Array activations(int64_t columns) {
  const int64_t count = 4 * columns, common = 4;
  Array own = gaussian({count, columns}, 31);
  Array shared = gaussian({count, common}, 32);
  Array mix = gaussian({common, columns}, 33);
  for (int64_t k = 0; k < count; ++k)
    for (int64_t i = 0; i < columns; ++i) {
      double sum = 0.3 * own.get<float>(k * columns + i);
      for (int64_t j = 0; j < common; ++j)
        sum +=
            shared.get<float>(k * common + j) * mix.get<float>(j * columns + i);
      own.set(k * columns + i, float(sum * (1 + i % 5)));
    }
  return own;
}

static std::shared_ptr<const Stage> groups(int64_t size,
                                           ScaleOptions options = {}) {
  return std::make_shared<Scale>(Shape{1, size}, ElementType::F16, options);
}
static std::shared_ptr<const Stage> integers(int bits, bool isSigned = true) {
  return std::make_shared<QuantizeInteger>(bits, isSigned);
}
static std::shared_ptr<const Stage> packed(int bits) {
  return std::make_shared<Pack>(bits);
}

static std::vector<Stream> encode(const Stages &chain, const Array &input,
                                  const Moment *moment) {
  auto streams = Codec(chain).encode(input, moment);
  EXPECT_TRUE(streams) << streams.message();
  return streams ? *streams : std::vector<Stream>();
}

/// tr(E C E^T) of what a codec does to `input`.
static double productError(const Stages &chain, const Array &input,
                           const Moment &moment, bool isKnown) {
  std::vector<Stream> streams =
      encode(chain, input, isKnown ? &moment : nullptr);
  auto read = Codec(chain).decode(streams, input.shape, ElementType::F32);
  EXPECT_TRUE(read) << read.message();
  const int64_t n = moment.size;
  double sum = 0;
  for (int64_t row = 0; row < input.size(); row += n)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        sum += (double(read->getFloat(row + i)) - input.getFloat(row + i)) *
               moment.values[i * n + j] *
               (double(read->getFloat(row + j)) - input.getFloat(row + j));
  return sum;
}

/// The inverse of a positive definite matrix, by Gauss and Jordan.
static Matrix inverseOf(Matrix matrix, int64_t n) {
  Matrix inverse(n * n);
  for (int64_t i = 0; i < n; ++i)
    inverse[i * n + i] = 1;
  for (int64_t k = 0; k < n; ++k) {
    const double pivot = matrix[k * n + k];
    for (int64_t j = 0; j < n; ++j) {
      matrix[k * n + j] /= pivot;
      inverse[k * n + j] /= pivot;
    }
    for (int64_t i = 0; i < n; ++i)
      if (const double factor = matrix[i * n + k]; i != k)
        for (int64_t j = 0; j < n; ++j) {
          matrix[i * n + j] -= factor * matrix[k * n + j];
          inverse[i * n + j] -= factor * inverse[k * n + j];
        }
  }
  return inverse;
}

/// Rounds values of all rows, row by row of `width` neighbouring columns from
/// the one given on.
using RoundColumns = std::function<void(std::vector<float> &values,
                                        int64_t first, int64_t width)>;

/// GPTQ as its paper has it (arXiv:2210.17323, algorithm 1; the columns of
/// largest diagonal first, scales chosen beforehand): by the inverse of the
/// damped Hessian, of which the rounded column is taken out at every step.
/// Blocks of `together` columns likewise.
static Array gptq(const Array &input, const Moment &moment, double damping,
                  const RoundColumns &round, int64_t together = 1) {
  const int64_t n = moment.size, rows = input.size() / n;
  Matrix hessian = moment.values;
  double trace = 0;
  for (int64_t i = 0; i < n; ++i)
    trace += moment.at(i);
  for (int64_t i = 0; i < n; ++i)
    hessian[i * n + i] += damping * trace / double(n);
  std::vector<int64_t> left(n);
  std::iota(left.begin(), left.end(), 0);
  Matrix values(input.size());
  for (int64_t i = 0; i < input.size(); ++i)
    values[i] = input.get<float>(i);
  Array result = input;
  while (!left.empty()) {
    // Where the block begins whose columns weigh most.
    const int64_t m = left.size();
    auto widthAt = [&](int64_t own) {
      return std::min(together, n - left[own]);
    };
    int64_t own = -1, width = 0;
    double largest = -1;
    for (int64_t i = 0; i < m; i += widthAt(i)) {
      double weight = 0;
      for (int64_t k = 0; k < widthAt(i); ++k)
        weight += moment.at(left[i] + k);
      if (weight > largest)
        largest = weight, own = i, width = widthAt(i);
    }
    Matrix rest(m * m);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < m; ++j)
        rest[i * m + j] = hessian[left[i] * n + left[j]];
    const Matrix inverse = inverseOf(rest, m);
    Matrix block(width * width);
    for (int64_t i = 0; i < width; ++i)
      for (int64_t j = 0; j < width; ++j)
        block[i * width + j] = inverse[(own + i) * m + own + j];
    block = inverseOf(block, width);
    std::vector<float> rounded;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < width; ++k)
        rounded.push_back(float(values[row * n + left[own] + k]));
    round(rounded, left[own], width);
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<double> errors(width);
      for (int64_t k = 0; k < width; ++k) {
        const int64_t element = row * n + left[own] + k;
        result.set(element, rounded[row * width + k]);
        for (int64_t i = 0; i < width; ++i)
          errors[i] += (values[element] - rounded[row * width + k]) *
                       block[k * width + i];
      }
      for (int64_t k = 0; k < width; ++k)
        for (int64_t i = 0; i < m; ++i)
          values[row * n + left[i]] -= errors[k] * inverse[(own + k) * m + i];
    }
    left.erase(left.begin() + own, left.begin() + own + width);
  }
  return result;
}

/// Columns rounded element by element.
static RoundColumns oneByOne(int64_t columns,
                             std::function<float(float, int64_t)> round) {
  return [=](std::vector<float> &values, int64_t first, int64_t) {
    for (size_t row = 0; row < values.size(); ++row)
      values[row] = round(values[row], int64_t(row) * columns + first);
  };
}

TEST(ErrorFeedback, IsGPTQWithScalesChosenBeforehand) {
  const int64_t n = 24, group = 8;
  Array input = gaussian({10, n}, 40);
  Moment moment = *momentOf(activations(n));
  const Stages chain{groups(group), integers(3), packed(3)};
  std::vector<Stream> streams = encode(chain, input, &moment);
  std::vector<Stream> blind = encode(chain, input, nullptr);
  EXPECT_EQ(streams[0].array.bytes, blind[0].array.bytes);
  auto round = [&](float value, int64_t element) {
    float scale = blind[0].array.getFloat(element / group);
    return std::clamp(std::nearbyint(value / scale), -4.0f, 3.0f) * scale;
  };
  Array expected = gptq(input, moment, 0.01, oneByOne(n, round));
  auto read = Codec(chain).decode(streams, input.shape, ElementType::F32);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(toFloats(*read), toFloats(expected));
}

TEST(ErrorFeedback, MakesTheErrorOfProductsSmall) {
  const int64_t n = 64;
  Array input = gaussian({24, n}, 41);
  Moment moment = *momentOf(activations(n));
  ScaleOptions zero, nested, search, divides, panels;
  zero.integerZero = true;
  search.statistic = ScaleStatistic::Search;
  divides.divides = true;
  panels.rows = 16;
  ScaleOptions sideOptions;
  sideOptions.zero = StoredFloats(ElementType::F16);
  auto side = std::make_shared<Codec>(Stages{
      std::make_shared<Scale>(Shape{16, 1}, ElementType::F16, sideOptions),
      integers(3, false), packed(3)});
  nested.zero = StoredFloats(CodecRef(side));
  auto spqr = std::make_shared<Scale>(Shape{1, 16},
                                      StoredFloats(CodecRef(side)), nested);
  auto tensor = std::make_shared<Scale>(Shape{}, ElementType::F32);
  auto blocks = std::make_shared<Scale>(Shape{1, 16}, ElementType::F8E4M3FN);
  Codebook::Options table;
  table.vector = {1, 1};
  table.bits = 4;
  table.group = {1, 0};
  const std::vector<std::vector<float>> tables = {{-4, -2, -1, 0, 1, 2, 3, 4},
                                                  {-6, -4, -2, -1, 0, 1, 2, 4}};
  ScaleOptions rms, norm;
  rms.statistic = ScaleStatistic::Rms;
  norm.statistic = ScaleStatistic::L2;
  Codebook::Options additive;
  additive.vector = {1, 4};
  additive.bits = 5;
  additive.books = 2;
  additive.fit = Codebook::Fit::Additive;
  Codebook::Options down;
  down.vector = {4, 1};
  down.bits = 6;
  const std::vector<Stages> chains = {
      {std::make_shared<Codebook>(table), packed(4)},
      {std::make_shared<Scale>(Shape{1, 0}, ElementType::F16),
       std::make_shared<Codebook>(additive), packed(5)},
      {std::make_shared<Scale>(Shape{0, 1}, ElementType::F16, rms),
       std::make_shared<Codebook>(down), packed(6)},
      {std::make_shared<Hadamard>(1, 64, 5),
       std::make_shared<Scale>(Shape{1, 0}, ElementType::F32, rms),
       std::make_shared<LatticeE8P>(), packed(16)},
      {groups(8, norm), std::make_shared<Pvq>(8, 12),
       packed(Pvq(8, 12).codeBits())},
      {std::make_shared<Tables>(Shape{1, 16}, ElementType::F16, tables),
       packed(3)},
      {groups(16), integers(8), std::make_shared<Nested>(8, 4), packed(8)},
      {groups(16), integers(4), packed(4)},
      {groups(16, zero), integers(3), packed(3)},
      {groups(16, search), integers(3), packed(3)},
      {groups(16, divides), integers(4), packed(4)},
      {groups(16, panels), integers(4), packed(4)},
      {tensor, blocks, std::make_shared<QuantizeFloat>(E2M1), packed(4)},
      {groups(16),
       std::make_shared<Lookup>(std::vector<float>{-1, -0.5, 0, 0.4, 1}),
       std::make_shared<Huffman>(3, 64, 8)},
      {std::make_shared<Offset>(Shape{1, 32}, ElementType::F16,
                                OffsetStatistic::Mid),
       groups(32), integers(4), packed(4)},
      {groups(16), std::make_shared<Power>(4, 0.75), packed(4)},
      {std::make_shared<Hadamard>(1, 32, 5),
       std::make_shared<Hadamard>(0, 8, 6), groups(16), integers(4), packed(4)},
      {std::make_shared<Orthogonal>(1, 24, 5), groups(16), integers(4),
       packed(4)},
      {std::make_shared<Permute>(1), groups(16), integers(4), packed(4)},
      {std::make_shared<Outliers>(0.02, Outliers::Join::Add, ElementType::F16,
                                  true),
       spqr, integers(3, false), packed(3)},
      {std::make_shared<Outliers>(0.02, Outliers::Join::Replace,
                                  ElementType::F16, false),
       groups(16), integers(3), packed(3)},
      {std::make_shared<LowRank>(4, LowRank::Of::Error, ElementType::F16),
       groups(16), integers(3), packed(3)},
  };
  for (size_t i = 0; i < chains.size(); ++i) {
    double blind = productError(chains[i], input, moment, false);
    double aware = productError(chains[i], input, moment, true);
    EXPECT_LT(aware, 0.5 * blind) << "chain " << i;
  }
}

/// What EoRA corrects is then the error that feedback has left.
TEST(ErrorFeedback, GoesWithALowRankOfTheError) {
  Array input = gaussian({24, 64}, 42);
  Moment moment = *momentOf(activations(64));
  Stages below{groups(16), integers(3), packed(3)}, chain = below;
  chain.insert(chain.begin(), std::make_shared<LowRank>(4, LowRank::Of::Error,
                                                        ElementType::F32));
  EXPECT_EQ(encode(chain, input, &moment).back().array.bytes,
            encode(below, input, &moment).back().array.bytes);
  EXPECT_LT(productError(chain, input, moment, true),
            0.9 * productError(below, input, moment, true));
}

/// |E L|^2 is the same before a rotation as after it.
TEST(ErrorFeedback, RotatesTheMoment) {
  const int64_t n = 24;
  Moment moment = *momentOf(activations(n));
  Array error = gaussian({5, n}, 43);
  auto weigh = [&](const Array &values, const Moment &moment) {
    double sum = 0;
    for (int64_t row = 0; row < values.size(); row += n)
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < n; ++j)
          sum += double(values.getFloat(row + i)) * moment.values[i * n + j] *
                 values.getFloat(row + j);
    return sum;
  };
  const double expected = weigh(error, moment);
  for (const std::shared_ptr<const Stage> &stage :
       Stages{std::make_shared<Hadamard>(1, 8, 3),
              std::make_shared<Hadamard>(0, 4, 3),
              std::make_shared<Orthogonal>(1, 10, 4),
              std::make_shared<Permute>(1), std::make_shared<Permute>(0)}) {
    std::vector<Stream> sides;
    Result<Array> main = stage->encode(error, {}, sides);
    ASSERT_TRUE(main) << main.message();
    Moment below = stage->momentBelow(moment, sides, error.shape);
    EXPECT_NEAR(weigh(*main, below), expected, 1e-4 * expected)
        << stage->keyword();
  }
}

TEST(ErrorFeedback, OrdersColumnsByTheirActivations) {
  const int64_t n = 20;
  Moment moment = *momentOf(activations(n));
  std::vector<Stream> streams =
      encode({std::make_shared<Permute>(1), groups(16), integers(4), packed(4)},
             gaussian({6, n}, 44), &moment);
  for (int64_t i = 1; i < n; ++i)
    EXPECT_GE(moment.at(streams[0].array.get<int32_t>(i - 1)),
              moment.at(streams[0].array.get<int32_t>(i)));
}

TEST(ErrorFeedback, TakesAnyShapeAndAnyActivations) {
  const Stages chain{groups(4), integers(3), packed(3)};
  for (const Shape &shape : {Shape{0, 12}, Shape{1, 12}, Shape{70, 12}}) {
    Array input = gaussian(shape, 45);
    for (const Array &few :
         {gaussian({1, 12}, 46), Array(ElementType::F32, {2, 12})}) {
      Moment moment = *momentOf(few);
      EXPECT_TRUE(std::isfinite(productError(chain, input, moment, true)));
    }
  }
  // Nothing to make up for where no activation reaches two columns.
  Array apart(ElementType::F32, {12, 12});
  for (int64_t i = 0; i < 12; ++i)
    apart.set(i * 13, float(i));
  Moment moment = *momentOf(apart);
  Array input = gaussian({9, 12}, 47);
  EXPECT_EQ(encode(chain, input, &moment).back().array.bytes,
            encode(chain, input, nullptr).back().array.bytes);
}

TEST(ErrorFeedback, DoesNotDependOnTheNumberOfThreads) {
  Array input = gaussian({100, 48}, 48);
  Moment moment = *momentOf(activations(48));
  const Stages chain{groups(16), integers(4), packed(4)};
  setNumThreads(1);
  std::vector<Stream> one = encode(chain, input, &moment);
  setNumThreads(3);
  std::vector<Stream> three = encode(chain, input, &moment);
  setNumThreads(0);
  EXPECT_EQ(one.back().array.bytes, three.back().array.bytes);
}

/// Tables are those of the blind encoder, and codes the nearest entries to what
/// the columns before have left.
TEST(ErrorFeedback, KeepsTheTables) {
  const int64_t n = 24;
  Array input = gaussian({10, n}, 50);
  Moment moment = *momentOf(activations(n));
  Codebook::Options options;
  options.vector = {1, 1};
  options.bits = 3;
  options.group = {1, 0};
  const Stages chain{std::make_shared<Codebook>(options), packed(3)};
  std::vector<Stream> streams = encode(chain, input, &moment);
  std::vector<Stream> blind = encode(chain, input, nullptr);
  EXPECT_EQ(streams[0].array.bytes, blind[0].array.bytes);
  auto round = [&](float value, int64_t element) {
    float nearest = INFINITY;
    for (int64_t i = 0; i < 8; ++i) {
      float entry = streams[0].array.getFloat(element / n * 8 + i);
      if (std::fabs(entry - value) < std::fabs(nearest - value))
        nearest = entry;
    }
    return nearest;
  };
  Array expected = gptq(input, moment, 0.01, oneByOne(n, round));
  auto read = Codec(chain).decode(streams, input.shape, ElementType::F32);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(toFloats(*read), toFloats(expected));
}

static Codebook::Options entriesOf(const Shape &vector, int bits) {
  Codebook::Options options;
  options.vector = vector;
  options.bits = bits;
  options.stored = ElementType::F32;
  return options;
}

/// The values of the entry of `book` that is nearest to `vector`.
static std::vector<float> nearestEntry(const Array &book,
                                       std::vector<float> vector) {
  const int64_t length = vector.size();
  int64_t nearest = 0;
  double least = INFINITY;
  for (int64_t i = 0; i < book.size() / length; ++i) {
    double distance = 0;
    for (int64_t k = 0; k < length; ++k)
      distance +=
          std::pow(double(book.get<float>(i * length + k)) - vector[k], 2);
    if (distance < least)
      least = distance, nearest = i;
  }
  for (int64_t k = 0; k < length; ++k)
    vector[k] = book.get<float>(nearest * length + k);
  return vector;
}

/// VPTQ (arXiv:2409.17066): entries down the columns, one column after the
/// other. The last entry of a column is cut short, in each matrix of a batch.
TEST(ErrorFeedback, RoundsEntriesDownAColumnTogether) {
  const int64_t n = 24, length = 4;
  Moment moment = *momentOf(activations(n));
  for (const Shape &shape : {Shape{42, n}, Shape{3, 22, n}, Shape{5, 8, n}}) {
    Array input = gaussian(shape, 51);
    Shape vector(shape.size(), 1);
    vector[shape.size() - 2] = length;
    const Stages chain{std::make_shared<Codebook>(entriesOf(vector, 5)),
                       packed(5)};
    std::vector<Stream> streams = encode(chain, input, &moment);
    EXPECT_EQ(streams[0].array.bytes,
              encode(chain, input, nullptr)[0].array.bytes);
    const int64_t rows = shape[shape.size() - 2];
    auto round = [&](std::vector<float> &column, int64_t, int64_t) {
      for (int64_t first = 0; first < int64_t(column.size()); first += rows)
        for (int64_t row = 0; row < rows; row += length) {
          std::vector<float> values(length);
          const int64_t count = std::min(length, rows - row);
          std::copy_n(&column[first + row], count, values.begin());
          values = nearestEntry(streams[0].array, values);
          std::copy_n(values.begin(), count, &column[first + row]);
        }
    };
    auto read = Codec(chain).decode(streams, input.shape, ElementType::F32);
    ASSERT_TRUE(read) << read.message();
    EXPECT_EQ(toFloats(*read), toFloats(gptq(input, moment, 0.01, round)));
  }
}

/// Entries along the rows: block by block of columns, the last one narrower.
TEST(ErrorFeedback, RoundsEntriesAlongARowTogether) {
  const int64_t n = 22, length = 4;
  Array input = gaussian({10, n}, 52);
  Moment moment = *momentOf(activations(n));
  const Stages chain{std::make_shared<Codebook>(entriesOf({1, length}, 4)),
                     packed(4)};
  std::vector<Stream> streams = encode(chain, input, &moment);
  auto round = [&](std::vector<float> &values, int64_t, int64_t width) {
    for (size_t row = 0; row < values.size() / width; ++row) {
      std::vector<float> vector(length);
      std::copy_n(&values[row * width], width, vector.begin());
      vector = nearestEntry(streams[0].array, vector);
      std::copy_n(vector.begin(), width, &values[row * width]);
    }
  };
  auto read = Codec(chain).decode(streams, input.shape, ElementType::F32);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(toFloats(*read),
            toFloats(gptq(input, moment, 0.01, round, length)));
}

TEST(ErrorFeedback, RoundsEntriesOfBatchesAlongAnyAxis) {
  const int64_t n = 16;
  Moment moment = *momentOf(activations(n));
  for (const Shape &vector : {Shape{1, 5, 1}, Shape{3, 1, 1}, Shape{1, 1, 5}})
    for (const Shape &shape : {Shape{4, 22, n}, Shape{7, 10, n}}) {
      Array input = gaussian(shape, 53);
      const Stages chain{std::make_shared<Codebook>(entriesOf(vector, 4)),
                         packed(4)};
      EXPECT_LT(productError(chain, input, moment, true),
                0.7 * productError(chain, input, moment, false));
    }
}

static CodecRef coded(const Stages &chain) {
  return std::make_shared<Codec>(chain);
}

/// VPTQ's book for the residual. The main part is as near as it can be, and the
/// residual makes up for the errors of all before it: those of the whole.
TEST(ErrorFeedback, IsOfWhatAResidualLoses) {
  const int64_t n = 24;
  Array input = gaussian({42, n}, 61);
  Moment moment = *momentOf(activations(n));
  const Stages main{std::make_shared<Codebook>(entriesOf({4, 1}, 4)),
                    packed(4)};
  const Stages rest{std::make_shared<Codebook>(entriesOf({4, 1}, 3)),
                    packed(3)};
  Stages chain = main;
  chain.insert(chain.begin(), std::make_shared<Residual>(coded(rest)));

  auto read = Codec(main).roundTrip(input);
  ASSERT_TRUE(read) << read.message();
  Array lost(ElementType::F32, input.shape);
  for (int64_t i = 0; i < lost.size(); ++i)
    lost.set(i, input.get<float>(i) - read->get<float>(i));
  std::vector<Stream> expected = encode(rest, lost, &moment);
  for (Stream &stream : encode(main, input, nullptr))
    expected.push_back(stream);
  std::vector<Stream> streams = encode(chain, input, &moment);
  ASSERT_EQ(streams.size(), expected.size());
  for (size_t i = 0; i < streams.size(); ++i)
    EXPECT_EQ(streams[i].array.bytes, expected[i].array.bytes)
        << streams[i].name;
  EXPECT_LT(productError(chain, input, moment, true),
            0.7 * productError(chain, input, moment, false));
}

/// A rotation above turns the moment, and one low rank is of the error that the
/// residual leaves once it is rounded so.
TEST(ErrorFeedback, ReachesAResidualBelowOtherStages) {
  const int64_t n = 24;
  Array input = gaussian({16, n}, 62);
  Moment moment = *momentOf(activations(n));
  const Stages rest{groups(8), integers(3), packed(3)};
  auto residual = std::make_shared<Residual>(coded(rest));
  const Stages plain{residual, groups(8), integers(2), packed(2)};
  Stages rotated = plain, corrected = plain;
  rotated.insert(rotated.begin(), std::make_shared<Hadamard>(1, 8, 3));
  corrected.insert(
      corrected.begin(),
      std::make_shared<LowRank>(2, LowRank::Of::Error, ElementType::F32));
  for (const Stages &chain : {rotated, corrected})
    EXPECT_LT(productError(chain, input, moment, true),
              0.7 * productError(chain, input, moment, false));
  EXPECT_LT(productError(corrected, input, moment, true),
            0.9 * productError(plain, input, moment, true));
}

/// One that is stored as it is has no errors to feed back, and a codec has to
/// look at the activations.
TEST(ErrorFeedback, OfAResidualNeedsACodecThatLooks) {
  Moment moment = *momentOf(activations(16));
  Array input = gaussian({8, 16}, 63);
  auto refusal = [&](std::shared_ptr<const Stage> residual) {
    return Codec({residual, groups(8), integers(4), packed(4)})
        .encode(input, &moment)
        .message();
  };
  EXPECT_EQ(refusal(std::make_shared<Residual>(ElementType::F16)),
            "activations are known, but residual, which they reach first, does "
            "not look at them");
  auto index = coded({packed(2)});
  EXPECT_EQ(
      refusal(std::make_shared<Residual>(coded(
          {std::make_shared<Sparse>(2, 4, index), integers(4), packed(4)}))),
      "activations are known, but sparse, which they reach first, does "
      "not look at them");
}

TEST(ErrorFeedback, NeedsCodesThatAreKept) {
  Moment moment = *momentOf(activations(16));
  Array input = gaussian({8, 16}, 49);
  auto refusal = [&](const Stages &chain) {
    return Codec(chain).encode(input, &moment).message();
  };
  // Half of what is rounded is dropped below.
  auto index = std::make_shared<Codec>(Stages{packed(2)});
  EXPECT_EQ(refusal({groups(8), std::make_shared<Sparse>(2, 4, index),
                     integers(4), packed(4)}),
            "activations are known, but scale, which they reach first, does "
            "not look at them");
}
