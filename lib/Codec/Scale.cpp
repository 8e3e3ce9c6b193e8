//===- Scale.cpp - Scales and zero points shared by blocks ----------------===//
//
// How a search chooses among scales is in ScaleSearch.cpp.
//
//===----------------------------------------------------------------------===//

#include "zq/Codec/Scale.h"
#include "Elements.h"
#include "ScaleFit.h"
#include "Validate.h"
#include "zq/Codec/Panels.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace zq::codec;

/// The least power of two within f8E8M0FNU that is not below extent / limit.
/// Compares extent with limit * 2^e, exact in f64, as a rounded quotient could
/// hide that it lies just above a power of two.
static float ceilPowerOfTwo(float extent, double limit) {
  int exponent = -127;
  if (extent > 0)
    exponent = std::ilogb(double(extent)) - std::ilogb(limit) - 1;
  exponent = std::clamp(exponent, -127, 127);
  while (exponent < 127 && std::ldexp(limit, exponent) < extent)
    ++exponent;
  return std::ldexp(1.0f, exponent);
}

static float floorPowerOfTwo(float extent, double limit) {
  int exponent = -127;
  if (extent > 0)
    exponent = std::ilogb(double(extent)) - std::ilogb(limit);
  return std::ldexp(1.0f, std::clamp(exponent, -127, 127));
}

/// The greatest power of two within f8E8M0FNU that is not above extent / limit.
static float lowerPowerOfTwo(float extent, double limit) {
  float power = ceilPowerOfTwo(extent, limit);
  return limit * power > extent ? std::max(power / 2, std::ldexp(1.0f, -127))
                                : power;
}

static float powerOfTwo(float extent, double limit, PowerOfTwoRule rule) {
  switch (rule) {
  case PowerOfTwoRule::Ceil:
    return ceilPowerOfTwo(extent, limit);
  case PowerOfTwoRule::Floor:
    return floorPowerOfTwo(extent, limit);
  case PowerOfTwoRule::Down:
    return lowerPowerOfTwo(extent, limit);
  }
  assert(false && "not a rule");
  return 0;
}

float zq::codec::roundScale(ElementType stored, float extent, double limit,
                            PowerOfTwoRule rule) {
  // The extent of a block is a difference and may overflow.
  extent = std::clamp(extent, -FLT_MAX, FLT_MAX);
  if (stored == ElementType::F8E8M0FNU)
    return powerOfTwo(extent, limit, rule);
  return StoredFloats(stored).round(extent / static_cast<float>(limit));
}

Scale::Scale(std::vector<int64_t> blockShape, StoredFloats stored,
             ScaleOptions options)
    : blocks(std::move(blockShape)), stored(std::move(stored)),
      options(std::move(options)) {
  assert(!(this->options.integerZero && this->options.zero) &&
         "two kinds of zero points");
  assert((!hasZero() || this->options.statistic == ScaleStatistic::AbsMax ||
          this->options.statistic == ScaleStatistic::Search) &&
         "a zero point goes with the minimum and maximum");
  assert((this->options.rule == PowerOfTwoRule::Ceil ||
          this->stored.type() == ElementType::F8E8M0FNU) &&
         "the rules are for powers of two");
  assert(
      (!this->options.divides ||
       (!this->stored.codec() && (this->stored.type() == ElementType::F32 ||
                                  this->stored.type() == ElementType::BF16))) &&
      "what divides has f32's range of exponents");
  assert((!this->options.rows || rowsOf(0) || (hasZero() && rowsOf(1))) &&
         "panels are of arrays without a codec");
}

Scale::Scale(std::vector<int64_t> blockShape, ElementType stored,
             bool integerZero)
    : Scale(std::move(blockShape), StoredFloats(stored),
            ScaleOptions{integerZero}) {}

CodecRef Scale::sideCodec(size_t index) const {
  if (index == 0)
    return stored.codec();
  return options.zero ? options.zero->codec() : nullptr;
}

int64_t Scale::rowsOf(size_t index) const {
  return sideCodec(index) ? 0 : options.rows;
}

Result<Shape> Scale::sideShape(size_t, const Shape &shape,
                               const std::vector<Stream> &) const {
  if (Status valid = blocks.checkRank(keyword(), shape.size()); !valid)
    return valid.error();
  return streamShape(shape);
}

Range Scale::inputRange(Range target) const {
  double largest = stored.largestScale();
  if (hasZero()) {
    double width = target.high - target.low;
    return {-width * largest, width * largest};
  }
  if (options.statistic == ScaleStatistic::Peak) {
    double farther = std::max(-target.low, target.high);
    return {-farther * largest, farther * largest};
  }
  return {target.low * largest, target.high * largest};
}

//===----------------------------------------------------------------------===//
// Choosing scales and zero points
//===----------------------------------------------------------------------===//

/// min(-low, high), or the farther end of a target on one side of zero.
static double limitOf(Range target) {
  double nearer = std::min(-target.low, target.high);
  return nearer > 0 ? nearer : std::max(-target.low, target.high);
}

namespace {
/// What the codes of a block with a zero point are to cover.
struct Interval {
  float low, high;
};
} // namespace

/// From the least to the greatest element, shrunk by `factor` towards zero or
/// the end next to it.
static Interval intervalOf(const BlockStatistics &block, bool takeZeroIn,
                           float factor) {
  Interval all{block.min, block.max};
  if (takeZeroIn)
    all = {std::min(0.0f, all.low), std::max(0.0f, all.high)};
  float fixed = std::clamp(0.0f, all.low, all.high);
  return {fixed + factor * (all.low - fixed),
          fixed + factor * (all.high - fixed)};
}

/// The sum that a scale is chosen by.
static BlockSum sumFor(ScaleStatistic statistic) {
  switch (statistic) {
  case ScaleStatistic::MeanAbs:
    return BlockSum::Magnitudes;
  case ScaleStatistic::L2:
  case ScaleStatistic::Rms:
    return BlockSum::Squares;
  default:
    return BlockSum::None;
  }
}

/// The scale that maps `extent` onto `limit`, as it is stored.
float Scale::roundedScale(float extent, double limit) const {
  if (!options.divides)
    return roundScale(stored.type(), extent, limit, options.rule);
  if (extent == 0)
    return 1;
  extent = std::clamp(extent, -FLT_MAX, FLT_MAX);
  return stored.round(static_cast<float>(limit) / extent);
}

/// The scale of `block` before it is stored by a codec, if by one.
float Scale::chooseScale(const BlockStatistics &block, Range target,
                         bool takeZeroIn, float factor) const {
  auto round = [&](double extent, double limit) {
    float f32 = static_cast<float>(std::min(extent, double(FLT_MAX)));
    return roundedScale(f32, limit);
  };
  if (hasZero()) {
    Interval interval = intervalOf(block, takeZeroIn, factor);
    return roundedScale(interval.high - interval.low, target.high - target.low);
  }
  switch (options.statistic) {
  case ScaleStatistic::MeanAbs:
    return round(block.count ? block.sum / block.count : 0, 1);
  case ScaleStatistic::L2:
    return round(std::sqrt(block.sum), 1);
  case ScaleStatistic::Rms:
    return round(block.count ? std::sqrt(block.sum / block.count) : 0, 1);
  case ScaleStatistic::Peak:
    // A block of zeros gets the scale 0 and not -0.
    return block.peak == 0 && !options.divides
               ? 0
               : round(block.peak,
                       -target.low > target.high ? target.low : target.high);
  case ScaleStatistic::AbsMax:
  case ScaleStatistic::Search:
    return round(factor * std::fabs(block.peak), limitOf(target));
  }
  assert(false && "not a statistic");
  return 0;
}

/// The zero point of `block` before it is rounded or stored, where `scale` is
/// what the scale reads back as.
float Scale::chooseZero(const BlockStatistics &block, Range target,
                        bool takeZeroIn, float factor, float scale) const {
  if (scale == 0)
    return 0;
  float low = intervalOf(block, takeZeroIn, factor).low;
  return static_cast<float>(target.low) -
         (options.divides ? low * scale : low / scale);
}

/// Scales or zero points, which may be integers, as floats.
static Array widenedSide(const Array &side) {
  if (side.type != ElementType::I8)
    return widened(side);
  Array result(ElementType::F32, side.shape);
  for (int64_t i = 0, n = side.size(); i < n; ++i)
    result.set(i, static_cast<float>(side.get<int8_t>(i)));
  return result;
}

Result<Scale::Fit> Scale::fitOnce(const Statistics &statistics, Range target,
                                  const std::vector<bool> &takeZeroIn,
                                  const std::vector<float> &factors,
                                  const Shape &shape) const {
  const int64_t count = statistics.size(), grain = elementGrain / 8;
  Fit fit;
  Array chosen(ElementType::F32, streamShape(shape));
  parallelFor(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      chosen.set(i,
                 chooseScale(statistics[i], target, takeZeroIn[i], factors[i]));
  });
  fit.scale = converted(chosen, stored.type());
  Result<Array> scaleRead = stored.readBack(fit.scale, "scale of scale");
  if (!scaleRead)
    return scaleRead.error();
  fit.scaleRead = widened(*scaleRead);
  if (!hasZero())
    return fit;

  float lowest = static_cast<float>(std::ceil(target.low));
  float highest = static_cast<float>(std::floor(target.high));
  parallelFor(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float zero = chooseZero(statistics[i], target, takeZeroIn[i], factors[i],
                              fit.scaleRead.get<float>(i));
      chosen.set(i, options.zero
                        ? options.zero->round(zero)
                        : std::clamp(std::nearbyint(zero), lowest, highest));
    }
  });
  if (!options.zero) {
    fit.zero = Array(ElementType::I8, chosen.shape);
    for (int64_t i = 0; i < count; ++i)
      fit.zero.set(i, static_cast<int8_t>(chosen.get<float>(i)));
    fit.zeroRead = widenedSide(fit.zero);
    return fit;
  }
  fit.zero = converted(chosen, options.zero->type());
  Result<Array> zeroRead = options.zero->readBack(fit.zero, "zero of scale");
  if (!zeroRead)
    return zeroRead.error();
  fit.zeroRead = widened(*zeroRead);
  return fit;
}

/// Scales and zero points where the extent of each block is multiplied by its
/// factor. Those blocks take zero in whose fit without it is of no use.
Result<Scale::Fit> Scale::fit(const Statistics &statistics, Range target,
                              const std::vector<float> &factors,
                              const Shape &shape) const {
  std::vector<bool> takeZeroIn(statistics.size(), options.integerZero);
  Result<Fit> fit = fitOnce(statistics, target, takeZeroIn, factors, shape);
  if (!fit || !options.zero)
    return fit;
  bool isChanged = false;
  for (size_t i = 0; i < statistics.size(); ++i) {
    float scale = fit->scaleRead.get<float>(i);
    float zero = chooseZero(statistics[i], target, false, factors[i], scale);
    float error = std::fabs(fit->zeroRead.get<float>(i) - zero);
    takeZeroIn[i] = !(scale > 0 && error <= 0.5f);
    isChanged |= takeZeroIn[i];
  }
  if (isChanged)
    return fitOnce(statistics, target, takeZeroIn, factors, shape);
  return fit;
}

//===----------------------------------------------------------------------===//
// Encoding and decoding
//===----------------------------------------------------------------------===//

Status Scale::checkTarget(Range target) const {
  float lowest = static_cast<float>(std::ceil(target.low));
  float highest = static_cast<float>(std::floor(target.high));
  if (options.integerZero &&
      (lowest < -128 || highest > 127 || lowest > highest))
    return Error{"a zero point is stored as i8 and must lie in the range of "
                 "the codes, which is " +
                 std::to_string(target.low) + " to " +
                 std::to_string(target.high)};
  if (options.statistic == ScaleStatistic::Peak && !stored.isSigned())
    return Error{
        "peak scales have a sign, which " +
        (stored.codec() ? std::string("their codec") : name(stored.type())) +
        " does not hold"};
  return {};
}

Status Scale::checkRank(size_t rank) const {
  if (options.rows && rank < 2)
    return Error{"scale in panels of rows needs a tensor of rank 2 or more"};
  return blocks.checkRank(keyword(), rank);
}

/// What a value of a block is handed on as.
inline float Scale::divideOne(float value, float scale, float zero) const {
  float quotient = scale == 0        ? 0.0f
                   : options.divides ? value * scale
                                     : value / scale;
  // A scale of its own codec may read back as next to nothing.
  quotient = std::clamp(quotient, -FLT_MAX, FLT_MAX);
  return hasZero() ? quotient + zero : quotient;
}

Array Scale::divide(const Array &values, const Fit &fit) const {
  Array result(ElementType::F32, values.shape);
  const float *from = elements<float>(values);
  float *to = elements<float>(result);
  auto visit = [&](int64_t block, int64_t first, int64_t count) {
    const float scale = fit.scaleRead.get<float>(block);
    const float zero = hasZero() ? fit.zeroRead.get<float>(block) : 0;
    for (int64_t i = first; i < first + count; ++i)
      to[i] = divideOne(from[i], scale, zero);
  };
  parallelFor(values.size(), elementGrain, [&](int64_t begin, int64_t end) {
    blocks.forEachRun(values.shape, begin, end, visit);
  });
  return result;
}

Array Scale::multiply(const Array &main, const Array &scales,
                      const Array *zeros) const {
  Array result(ElementType::F32, main.shape);
  const float *from = elements<float>(main);
  float *to = elements<float>(result);
  auto visit = [&](int64_t block, int64_t first, int64_t count) {
    const float scale = scales.get<float>(block);
    const float zero = zeros ? zeros->get<float>(block) : 0;
    if (options.divides)
      for (int64_t i = first; i < first + count; ++i)
        to[i] = (zeros ? from[i] - zero : from[i]) / scale;
    else
      for (int64_t i = first; i < first + count; ++i)
        to[i] = (zeros ? from[i] - zero : from[i]) * scale;
  };
  parallelFor(main.size(), elementGrain, [&](int64_t begin, int64_t end) {
    blocks.forEachRun(main.shape, begin, end, visit);
  });
  return result;
}

Result<Array> Scale::encode(const Array &input, const Below &below,
                            std::vector<Stream> &sides) const {
  if (Status valid = checkFloat(keyword(), input); !valid)
    return valid.error();
  const F32View values(input);
  if (Status valid = checkFinite(keyword(), *values); !valid)
    return valid.error();
  if (Status valid = checkRank(input.shape.size()); !valid)
    return valid.error();
  if (Status valid = checkTarget(below.range()); !valid)
    return valid.error();
  Statistics statistics =
      statisticsOf(*values, blocks, sumFor(options.statistic));
  Result<Fit> chosen =
      options.statistic == ScaleStatistic::Search
          ? search(statistics, *values, below)
          : fit(statistics, below.range(),
                std::vector<float>(statistics.size(), 1), input.shape);
  if (!chosen)
    return chosen.error();
  Array main = divide(*values, *chosen);
  auto store = [&](const char *name, size_t index, Array &&side) {
    int64_t rows = rowsOf(index);
    sides.push_back({name, rows ? toPanels(side, rows) : std::move(side)});
  };
  store("scale", 0, std::move(chosen->scale));
  if (hasZero())
    store("zero", 1, std::move(chosen->zero));
  return main;
}

Status Scale::checkDivisors(const Array &scales) const {
  for (int64_t i = 0, n = scales.size(); i < n; ++i) {
    double divisor = scales.getFloat(i);
    if (divisor == 0 || !std::isfinite(divisor))
      return Error{elementName(scales.shape, i) + " of stream 'scale' is " +
                   std::to_string(divisor) +
                   ": what divides is finite and not 0"};
  }
  return {};
}

Status Scale::check(const Array *main, const std::vector<Stream> &sides,
                    const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = checkRank(shape.size()); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  auto expected = [&](size_t index) {
    int64_t rows = rowsOf(index);
    return rows ? panelShape(streamShape(shape), rows) : streamShape(shape);
  };
  if (Status valid = checkArray("stream 'scale'", sides[0].array, stored.type(),
                                expected(0));
      !valid)
    return valid;
  if (options.divides) {
    // Rows beyond the last one, which are zero, divide nothing.
    Status valid = options.rows
                       ? checkDivisors(fromPanels(
                             sides[0].array, streamShape(shape), options.rows))
                       : checkDivisors(sides[0].array);
    if (!valid)
      return valid;
  }
  if (hasZero()) {
    ElementType type = options.zero ? options.zero->type() : ElementType::I8;
    if (Status valid =
            checkArray("stream 'zero'", sides[1].array, type, expected(1));
        !valid)
      return valid;
  }
  return checkMain(keyword(), main, shape);
}

/// The side arrays in f32, one element for each block in row-major order.
std::vector<Array> Scale::sidesAsFloats(const std::vector<Stream> &sides,
                                        const Shape &shape) const {
  std::vector<Array> arrays;
  for (size_t i = 0; i < sides.size(); ++i) {
    Array array = widenedSide(sides[i].array);
    int64_t rows = rowsOf(i);
    arrays.push_back(rows ? fromPanels(array, streamShape(shape), rows)
                          : std::move(array));
  }
  return arrays;
}

Result<Array> Scale::decode(const Array &main, const std::vector<Stream> &sides,
                            const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  std::vector<Array> arrays = sidesAsFloats(sides, shape);
  return multiply(main, arrays[0], hasZero() ? &arrays[1] : nullptr);
}

class Scale::Map : public ElementMap {
public:
  Map(const Scale &stage, const std::vector<Stream> &sides, const Shape &shape)
      : stage(stage), arrays(stage.sidesAsFloats(sides, shape)), shape(shape) {}

  void encode(const ElementLine &line, float *values) const override {
    forEach(line, [&](int64_t i, float scale, float zero) {
      values[i] = stage.divideOne(values[i], scale, zero);
    });
  }
  void decode(const ElementLine &line, float *values) const override {
    forEach(line, [&](int64_t i, float scale, float zero) {
      const float value = stage.hasZero() ? values[i] - zero : values[i];
      values[i] = stage.options.divides ? value / scale : value * scale;
    });
  }

private:
  template <typename Visit>
  void forEach(const ElementLine &line, Visit visit) const {
    for (int64_t i = 0; i < line.count; ++i) {
      const int64_t block = stage.blocks.blockOf(line.at(i), shape);
      visit(i, arrays[0].get<float>(block),
            stage.hasZero() ? arrays[1].get<float>(block) : 0.0f);
    }
  }

  const Scale &stage;
  std::vector<Array> arrays;
  Shape shape;
};

std::unique_ptr<ElementMap> Scale::elementMap(const std::vector<Stream> &sides,
                                              const Shape &shape) const {
  return std::make_unique<Map>(*this, sides, shape);
}
