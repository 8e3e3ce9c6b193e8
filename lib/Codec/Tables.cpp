//===- Tables.cpp - A table chosen for every block ------------------------===//

#include "zq/Codec/Tables.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/Panels.h"
#include "zq/Codec/Parallel.h"
#include "zq/Codec/Scale.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

Tables::Tables(std::vector<int64_t> blockShape, StoredFloats stored,
               std::vector<std::vector<float>> tables, CodecRef tagCodec,
               int64_t rows)
    : blocks(std::move(blockShape)), stored(std::move(stored)),
      tables(tables.begin(), tables.end()), tagCodec(std::move(tagCodec)),
      rows(rows) {
  assert(tables.size() >= 2 && (tables.size() << codeBits()) <= 256 &&
         "codes and tags that do not fit a byte");
  assert((!rows || rowsOf(0) || rowsOf(1)) &&
         "panels are of arrays without a codec");
}

Status Tables::checkRank(size_t rank) const {
  if (rows && rank < 2)
    return Error{"tables in panels of rows need a tensor of rank 2 or more"};
  return blocks.checkRank(keyword(), rank);
}

Array Tables::toStored(size_t index, Array array) const {
  int64_t own = rowsOf(index);
  return own ? toPanels(array, own) : std::move(array);
}

Array Tables::fromStored(size_t index, const Array &array,
                         const Shape &shape) const {
  int64_t own = rowsOf(index);
  return own ? fromPanels(array, blocks.count(shape), own) : array;
}

int Tables::codeBits() const {
  int bits = 1;
  for (const Lookup &table : tables)
    bits = std::max(bits, table.codeBits());
  return bits;
}

CodecRef Tables::sideCodec(size_t index) const {
  return index == 0 ? stored.codec() : tagCodec;
}

Result<Shape> Tables::sideShape(size_t index, const Shape &shape,
                                const std::vector<Stream> &) const {
  if (Status valid = checkRank(shape.size()); !valid)
    return valid.error();
  Shape count = blocks.count(shape);
  int64_t own = rowsOf(index);
  return own ? panelShape(count, own) : count;
}

/// The largest magnitude of a table's entries.
static double limitOf(const Lookup &table) {
  Range range = table.inputRange({});
  return std::max(-range.low, range.high);
}

Range Tables::inputRange(Range target) const {
  (void)target;
  double limit = limitOf(tables.front());
  for (const Lookup &table : tables)
    limit = std::min(limit, limitOf(table));
  limit *= stored.largestScale();
  return {-limit, limit};
}

/// What a block is stored as with each table: scales before they are stored and
/// as they read back, and squared errors.
struct Tables::Candidate {
  Array scale;
  Array scaleRead;
  std::vector<double> errors;
};

/// The codes of `count` values under a scale.
static void encodeScaled(const Lookup &table, const float *values,
                         int64_t count, float scale, uint8_t *codes) {
  std::vector<float> scaled(count);
  for (int64_t i = 0; i < count; ++i)
    scaled[i] = scale == 0 ? 0.0f : values[i] / scale;
  table.encodeMany(scaled.data(), count, /*first=*/0, codes);
}

/// Calls `visit(block, first, count)` for the runs of elements of one block, on
/// several threads, of which each has blocks of its own.
template <typename Visit>
static void forEachRun(const Blocks &blocks, const Shape &shape, Visit visit) {
  const int64_t band = blocks.bandSize(shape);
  parallelFor(numElements(shape), ceilDiv(elementGrain, band) * band,
              [&](int64_t begin, int64_t end) {
                blocks.forEachRun(shape, begin, end, visit);
              });
}

Result<Tables::Candidate>
Tables::tryTable(size_t tag, const Array &values,
                 const std::vector<BlockStatistics> &statistics) const {
  const Lookup &table = tables[tag];
  const double limit = limitOf(table);
  Array chosen(ElementType::F32, blocks.count(values.shape));
  for (size_t block = 0; block < statistics.size(); ++block)
    chosen.set(block, roundScale(stored.type(),
                                 std::fabs(statistics[block].peak), limit));
  Candidate result;
  result.scale = converted(chosen, stored.type());
  Result<Array> read = stored.readBack(result.scale, "scale of tables");
  if (!read)
    return read.error();
  result.scaleRead = widened(*read);
  result.errors.resize(statistics.size());
  const std::vector<float> valueOf = valuesOf(table);
  const float *from = elements<float>(values);
  forEachRun(
      blocks, values.shape, [&](int64_t block, int64_t first, int64_t count) {
        const float scale = result.scaleRead.get<float>(block);
        std::vector<uint8_t> codes(count);
        encodeScaled(table, from + first, count, scale, codes.data());
        double sum = result.errors[block];
        for (int64_t i = 0; i < count; ++i) {
          double error = double(from[first + i]) - valueOf[codes[i]] * scale;
          sum += error * error;
        }
        result.errors[block] = sum;
      });
  return result;
}

Result<Array> Tables::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = checkRank(input.shape.size()); !valid)
    return valid.error();
  std::vector<BlockStatistics> statistics = statisticsOf(*values, blocks);

  Result<Candidate> best = tryTable(0, *values, statistics);
  if (!best)
    return best.error();
  Array tags(ElementType::I8, best->scale.shape);
  for (size_t tag = 1; tag < tables.size(); ++tag) {
    Result<Candidate> next = tryTable(tag, *values, statistics);
    if (!next)
      return next.error();
    for (size_t block = 0; block < statistics.size(); ++block) {
      if (!(next->errors[block] < best->errors[block]))
        continue;
      tags.set(block, static_cast<uint8_t>(tag));
      best->errors[block] = next->errors[block];
      best->scale.setFloat(block, next->scale.getFloat(block));
    }
  }
  // A codec of the scales may read one back otherwise beside other ones.
  Result<Array> scales = stored.readBack(best->scale, "scale of tables");
  if (!scales)
    return scales;

  Array codes = encodeUnder(widened(*scales), tags, *values);
  sides.push_back({"scale", toStored(0, std::move(best->scale))});
  sides.push_back({"tag", toStored(1, std::move(tags))});
  return codes;
}

Result<Array> Tables::encodeBy(const std::vector<Stream> &sides,
                               const Array &values) const {
  return encodeUnder(widened(fromStored(0, sides[0].array, values.shape)),
                     fromStored(1, sides[1].array, values.shape), values);
}

Array Tables::encodeUnder(const Array &scales, const Array &tags,
                          const Array &values) const {
  Array codes(ElementType::I8, values.shape);
  forEachRun(blocks, values.shape,
             [&](int64_t block, int64_t first, int64_t count) {
               encodeScaled(tables[tags.get<uint8_t>(block)],
                            elements<float>(values) + first, count,
                            scales.get<float>(block),
                            elements<uint8_t>(codes) + first);
             });
  return codes;
}

/// The entry nearest to each element under its block's scale.
class Tables::Map : public ElementMap {
public:
  Map(const Tables &stage, const std::vector<Stream> &sides, Shape shape)
      : stage(stage),
        scales(widened(stage.fromStored(0, sides[0].array, shape))),
        tags(stage.fromStored(1, sides[1].array, shape)),
        shape(std::move(shape)) {
    for (const Lookup &table : stage.tables)
      valueOf.push_back(valuesOf(table));
  }

  void encode(const ElementLine &line, float *values) const override {
    for (int64_t i = 0; i < line.count; ++i) {
      const int64_t block = stage.blocks.blockOf(line.at(i), shape);
      const int tag = tags.get<uint8_t>(block);
      const float scale = scales.get<float>(block);
      uint8_t code;
      encodeScaled(stage.tables[tag], values + i, 1, scale, &code);
      values[i] = valueOf[tag][code] * scale;
    }
  }
  void decode(const ElementLine &, float *) const override {}
  void readAs(const std::vector<uint8_t> &codesRead) override {
    for (std::vector<float> &values : valueOf) {
      const std::vector<float> own = values;
      // A code that the table lacks is refused when it is decoded.
      for (size_t code = 0; code < own.size(); ++code)
        if (codesRead[code] < own.size())
          values[code] = own[codesRead[code]];
    }
  }

private:
  const Tables &stage;
  Array scales, tags;
  Shape shape;
  std::vector<std::vector<float>> valueOf;
};

std::unique_ptr<ElementMap> Tables::elementMap(const std::vector<Stream> &sides,
                                               const Shape &shape) const {
  return std::make_unique<Map>(*this, sides, shape);
}

int64_t Tables::mainCodes() const {
  int64_t least = int64_t(1) << codeBits();
  for (const Lookup &table : tables)
    least = std::min<int64_t>(least, table.numCodes());
  return least;
}

Status Tables::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = checkRank(shape.size()); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  if (Status valid = checkArray("stream 'scale'", sides[0].array, stored.type(),
                                *sideShape(0, shape, {}));
      !valid)
    return valid;
  if (Status valid = checkArray("stream 'tag'", sides[1].array, ElementType::I8,
                                *sideShape(1, shape, {}));
      !valid)
    return valid;
  const Array tags = fromStored(1, sides[1].array, shape);
  if (Status valid = checkCodes("tag of tables", tags, int64_t(tables.size()));
      !valid)
    return valid;
  if (Status valid = checkMain(keyword(), main, shape, ElementType::I8);
      !valid || !main)
    return valid;
  Status valid;
  auto visit = [&](int64_t block, int64_t first, int64_t count) {
    const int tag = tags.get<uint8_t>(block), limit = tables[tag].numCodes();
    const uint8_t *codes = elements<uint8_t>(*main) + first;
    const uint8_t *wrong = std::find_if(
        codes, codes + count, [=](int code) { return code >= limit; });
    if (wrong != codes + count && valid)
      valid = Error{elementName(shape, first + (wrong - codes)) + " is code " +
                    std::to_string(*wrong) + ": table " + std::to_string(tag) +
                    " has codes below " + std::to_string(limit)};
  };
  blocks.forEachRun(shape, 0, main->size(), visit);
  return valid;
}

Result<Array> Tables::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  std::vector<std::vector<float>> valueOf;
  for (const Lookup &table : tables)
    valueOf.push_back(valuesOf(table));
  const Array scales = widened(fromStored(0, sides[0].array, shape));
  const Array tags = fromStored(1, sides[1].array, shape);
  const uint8_t *codes = elements<uint8_t>(main);
  Array values(ElementType::F32, shape);
  float *to = elements<float>(values);
  forEachRun(blocks, shape, [&](int64_t block, int64_t first, int64_t count) {
    const float *own = valueOf[tags.get<uint8_t>(block)].data();
    const float scale = scales.get<float>(block);
    for (int64_t i = first; i < first + count; ++i)
      to[i] = own[codes[i]] * scale;
  });
  return values;
}
