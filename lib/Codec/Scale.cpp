//===- Scale.cpp - Scales and zero points shared by blocks ----------------===//

#include "zq/Codec/Scale.h"
#include "Validate.h"
#include "zq/Codec/Minifloat.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace zq::codec;

double zq::codec::maxFinite(ElementType type) {
  switch (type) {
  case ElementType::F64:
    return DBL_MAX;
  case ElementType::F32:
    return FLT_MAX;
  case ElementType::F16:
    return Half.maxFinite();
  case ElementType::BF16:
    return BFloat.maxFinite();
  case ElementType::F8E4M3FN:
    return E4M3FN.maxFinite();
  case ElementType::F8E5M2:
    return E5M2.maxFinite();
  case ElementType::F8E8M0FNU:
    return E8M0.maxFinite();
  default:
    assert(false && "not a floating-point type");
    return 0;
  }
}

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

float zq::codec::roundScale(ElementType stored, float extent, double limit) {
  // The extent of a block is a difference and may overflow.
  extent = std::min(extent, FLT_MAX);
  if (stored == ElementType::F8E8M0FNU)
    return ceilPowerOfTwo(extent, limit);
  float largest = static_cast<float>(maxFinite(stored));
  Array slot(stored, {1});
  slot.setFloat(0, std::min(extent / static_cast<float>(limit), largest));
  return slot.getFloat(0);
}

Scale::Scale(std::vector<int64_t> blockShape, ElementType stored,
             bool zeroPoint)
    : blockShape(std::move(blockShape)), stored(stored), zeroPoint(zeroPoint) {
  for ([[maybe_unused]] int64_t block : this->blockShape)
    assert(block >= 0 && "negative block size");
}

std::vector<int64_t>
Scale::streamShape(const std::vector<int64_t> &shape) const {
  std::vector<int64_t> result;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t block = blockShape.empty() ? 0 : blockShape[i];
    result.push_back(block ? ceilDiv(shape[i], block) : 1);
  }
  return result;
}

/// Whether the blocks fit a tensor of `rank`; no sizes at all fit every one.
Status Scale::checkRank(size_t rank) const {
  if (blockShape.empty() || blockShape.size() == rank)
    return {};
  return Error{"scale has blocks of rank " + std::to_string(blockShape.size()) +
               ", the tensor has rank " + std::to_string(rank)};
}

/// The row-major index of the block that holds element `index`.
int64_t Scale::blockOf(int64_t index, const std::vector<int64_t> &shape) const {
  if (blockShape.empty())
    return 0;
  int64_t result = 0, stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    int64_t position = index % shape[i];
    index /= shape[i];
    if (blockShape[i]) {
      result += position / blockShape[i] * stride;
      stride *= ceilDiv(shape[i], blockShape[i]);
    }
  }
  return result;
}

Range Scale::inputRange(Range target) const {
  // With f32's own exponents there is no range to win. Aiming at FLT_MAX would
  // only make the scale above subnormal, and what it hands on infinite.
  bool isWide = stored == ElementType::F32 || stored == ElementType::BF16 ||
                stored == ElementType::F8E8M0FNU;
  double largest = isWide ? 1 : maxFinite(stored);
  if (!zeroPoint)
    return {target.low * largest, target.high * largest};
  double width = target.high - target.low;
  return {-width * largest, width * largest};
}

Result<Array> Scale::encode(const Array &input, const Below &below,
                            std::vector<Stream> &sides) const {
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = checkRank(input.shape.size()); !valid)
    return valid.error();
  Range target = below.range();
  float lowest = static_cast<float>(std::ceil(target.low));
  float highest = static_cast<float>(std::floor(target.high));
  if (zeroPoint && (lowest < -128 || highest > 127 || lowest > highest))
    return Error{"a zero point is stored as i8 and must lie in the range of "
                 "the codes, which is " +
                 std::to_string(target.low) + " to " +
                 std::to_string(target.high)};

  Array scales(stored, streamShape(input.shape));
  int64_t numBlocks = scales.size(), size = values->size();
  std::vector<float> low(numBlocks), high(numBlocks);
  for (int64_t i = 0; i < size; ++i) {
    int64_t block = blockOf(i, input.shape);
    float value = values->get<float>(i);
    low[block] = std::min(low[block], value);
    high[block] = std::max(high[block], value);
  }

  Array zeros(ElementType::I8, scales.shape);
  double limit = std::min(-target.low, target.high);
  if (limit <= 0)
    limit = std::max(-target.low, target.high);
  for (int64_t block = 0; block < numBlocks; ++block) {
    if (!zeroPoint) {
      // In this order a block of zeros gets the scale 0 and not -0.
      float amax = std::max(high[block], -low[block]);
      scales.setFloat(block, roundScale(stored, amax, limit));
      continue;
    }
    float scale =
        roundScale(stored, high[block] - low[block], target.high - target.low);
    float zero = 0;
    if (scale != 0)
      zero =
          std::nearbyint(static_cast<float>(target.low) - low[block] / scale);
    scales.setFloat(block, scale);
    zeros.set(block, static_cast<int8_t>(std::clamp(zero, lowest, highest)));
  }

  for (int64_t i = 0; i < size; ++i) {
    int64_t block = blockOf(i, input.shape);
    float scale = scales.getFloat(block);
    float value = scale == 0 ? 0.0f : values->get<float>(i) / scale;
    if (zeroPoint)
      value += static_cast<float>(zeros.get<int8_t>(block));
    values->set(i, value);
  }
  sides.push_back({"scale", std::move(scales)});
  if (zeroPoint)
    sides.push_back({"zero", std::move(zeros)});
  return values;
}

Status Scale::check(const Array *main, const std::vector<Stream> &sides,
                    const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = checkRank(shape.size()); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  std::vector<int64_t> expected = streamShape(shape);
  if (Status valid =
          checkArray("stream 'scale'", sides[0].array, stored, expected);
      !valid)
    return valid;
  if (zeroPoint)
    if (Status valid = checkArray("stream 'zero'", sides[1].array,
                                  ElementType::I8, expected);
        !valid)
      return valid;
  if (main)
    return checkArray("the main array of scale", *main, ElementType::F32,
                      shape);
  return {};
}

Result<Array> Scale::decode(const Array &main, const std::vector<Stream> &sides,
                            const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result(ElementType::F32, shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    int64_t block = blockOf(i, shape);
    float value = main.get<float>(i);
    if (zeroPoint)
      value = value - static_cast<float>(sides[1].array.get<int8_t>(block));
    result.set(i, value * sides[0].array.getFloat(block));
  }
  return result;
}
