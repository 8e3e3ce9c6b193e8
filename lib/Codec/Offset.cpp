//===- Offset.cpp - Blocks moved towards zero -----------------------------===//

#include "zq/Codec/Offset.h"
#include "Validate.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace zq::codec;

Offset::Offset(std::vector<int64_t> blockShape, StoredFloats stored,
               OffsetStatistic statistic)
    : blocks(std::move(blockShape)), stored(std::move(stored)),
      statistic(statistic) {
  assert(
      (this->stored.codec() || this->stored.type() != ElementType::F8E8M0FNU) &&
      "offsets have a sign");
}

Result<Shape> Offset::sideShape(size_t, const Shape &shape,
                                const std::vector<Stream> &) const {
  if (Status valid = blocks.checkRank(keyword(), shape.size()); !valid)
    return valid.error();
  return blocks.count(shape);
}

Range Offset::inputRange(Range target) const {
  double nearer = std::min(-target.low, target.high);
  if (nearer <= 0)
    nearer = std::max(-target.low, target.high);
  switch (statistic) {
  case OffsetStatistic::Mean:
    // An element may be as far from the mean as from the other end.
    return {-nearer / 2, nearer / 2};
  case OffsetStatistic::Min: {
    double above = target.high > 0 ? target.high : nearer;
    return {-above / 2, above / 2};
  }
  case OffsetStatistic::Mid:
    return {-nearer, nearer};
  }
  assert(false && "not a statistic");
  return target;
}

static double offsetOf(const BlockStatistics &block,
                       OffsetStatistic statistic) {
  switch (statistic) {
  case OffsetStatistic::Mean:
    return block.count ? block.sum / double(block.count) : 0;
  case OffsetStatistic::Min:
    return block.min;
  case OffsetStatistic::Mid:
    return (double(block.min) + block.max) / 2;
  }
  assert(false && "not a statistic");
  return 0;
}

Result<Array> Offset::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = blocks.checkRank(keyword(), input.shape.size()); !valid)
    return valid.error();
  std::vector<BlockStatistics> statistics = statisticsOf(*values, blocks);
  Array offsets(stored.type(), blocks.count(input.shape));
  for (size_t i = 0; i < statistics.size(); ++i)
    offsets.setFloat(i, stored.round(static_cast<float>(
                            offsetOf(statistics[i], statistic))));
  Result<Array> read = stored.readBack(offsets, "offset of offset");
  if (!read)
    return read;
  for (int64_t i = 0, n = values->size(); i < n; ++i) {
    float offset = read->getFloat(blocks.blockOf(i, input.shape));
    float value = values->get<float>(i) - offset;
    values->set(i, std::clamp(value, -FLT_MAX, FLT_MAX));
  }
  sides.push_back({"offset", std::move(offsets)});
  return values;
}

Status Offset::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = blocks.checkRank(keyword(), shape.size()); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  if (Status valid = checkArray("stream 'offset'", sides[0].array,
                                stored.type(), blocks.count(shape));
      !valid)
    return valid;
  if (main)
    return checkArray("the main array of offset", *main, ElementType::F32,
                      shape);
  return {};
}

Result<Array> Offset::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result(ElementType::F32, shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i)
    result.set(i, main.get<float>(i) +
                      sides[0].array.getFloat(blocks.blockOf(i, shape)));
  return result;
}
