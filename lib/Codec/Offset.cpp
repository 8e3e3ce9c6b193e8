//===- Offset.cpp - Blocks moved towards zero -----------------------------===//

#include "zq/Codec/Offset.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/Panels.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace zq::codec;

Offset::Offset(std::vector<int64_t> blockShape, StoredFloats stored,
               OffsetStatistic statistic, int64_t rows)
    : blocks(std::move(blockShape)), stored(std::move(stored)),
      statistic(statistic), rows(rows) {
  assert(
      (this->stored.codec() || this->stored.type() != ElementType::F8E8M0FNU) &&
      "offsets have a sign");
  assert(!(rows && this->stored.codec()) && "panels are of plain arrays");
}

Status Offset::checkRank(size_t rank) const {
  if (rows && rank < 2)
    return Error{"offset in panels of rows needs a tensor of rank 2 or more"};
  return blocks.checkRank(keyword(), rank);
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
  if (Status valid = checkFloat(keyword(), input); !valid)
    return valid.error();
  const F32View values(input);
  if (Status valid = checkFinite(keyword(), *values); !valid)
    return valid.error();
  if (Status valid = checkRank(input.shape.size()); !valid)
    return valid.error();
  std::vector<BlockStatistics> statistics = statisticsOf(
      *values, blocks,
      statistic == OffsetStatistic::Mean ? BlockSum::Values : BlockSum::None);
  Array chosen(ElementType::F32, blocks.count(input.shape));
  for (size_t i = 0; i < statistics.size(); ++i)
    chosen.set(i, stored.round(
                      static_cast<float>(offsetOf(statistics[i], statistic))));
  Array offsets = converted(chosen, stored.type());
  Result<Array> read = stored.readBack(offsets, "offset of offset");
  if (!read)
    return read;
  const Array offsetsRead = widened(*read);
  Array main(ElementType::F32, input.shape);
  const float *from = elements<float>(*values);
  float *to = elements<float>(main);
  auto visit = [&](int64_t block, int64_t first, int64_t count) {
    const float offset = offsetsRead.get<float>(block);
    for (int64_t i = first; i < first + count; ++i)
      to[i] = std::clamp(from[i] - offset, -FLT_MAX, FLT_MAX);
  };
  parallelFor(main.size(), elementGrain, [&](int64_t begin, int64_t end) {
    blocks.forEachRun(input.shape, begin, end, visit);
  });
  sides.push_back(
      {"offset", rows ? toPanels(offsets, rows) : std::move(offsets)});
  return main;
}

Status Offset::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = checkRank(shape.size()); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  Shape expected = blocks.count(shape);
  if (rows)
    expected = panelShape(expected, rows);
  if (Status valid = checkArray("stream 'offset'", sides[0].array,
                                stored.type(), expected);
      !valid)
    return valid;
  return checkMain(keyword(), main, shape);
}

/// One element for each block in row-major order.
Array Offset::offsetsAsFloats(const Array &side, const Shape &shape) const {
  Array offsets = widened(side);
  return rows ? fromPanels(offsets, blocks.count(shape), rows) : offsets;
}

Result<Array> Offset::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array offsets = offsetsAsFloats(sides[0].array, shape);
  Array result(ElementType::F32, shape);
  const float *from = elements<float>(main);
  float *to = elements<float>(result);
  auto visit = [&](int64_t block, int64_t first, int64_t count) {
    const float offset = offsets.get<float>(block);
    for (int64_t i = first; i < first + count; ++i)
      to[i] = from[i] + offset;
  };
  parallelFor(result.size(), elementGrain, [&](int64_t begin, int64_t end) {
    blocks.forEachRun(shape, begin, end, visit);
  });
  return result;
}

class Offset::Map : public ElementMap {
public:
  Map(const Offset &stage, const Array &side, const Shape &shape)
      : stage(stage), offsets(stage.offsetsAsFloats(side, shape)),
        shape(shape) {}

  void encode(const ElementLine &line, float *values) const override {
    for (int64_t i = 0; i < line.count; ++i)
      values[i] = std::clamp(values[i] - at(line, i), -FLT_MAX, FLT_MAX);
  }
  void decode(const ElementLine &line, float *values) const override {
    for (int64_t i = 0; i < line.count; ++i)
      values[i] += at(line, i);
  }

private:
  float at(const ElementLine &line, int64_t i) const {
    return offsets.get<float>(stage.blocks.blockOf(line.at(i), shape));
  }

  const Offset &stage;
  Array offsets;
  Shape shape;
};

std::unique_ptr<ElementMap> Offset::elementMap(const std::vector<Stream> &sides,
                                               const Shape &shape) const {
  return std::make_unique<Map>(*this, sides[0].array, shape);
}
