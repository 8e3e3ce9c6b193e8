//===- Tables.cpp - A table chosen for every block ------------------------===//

#include "zq/Codec/Tables.h"
#include "Validate.h"
#include "zq/Codec/Scale.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

Tables::Tables(std::vector<int64_t> blockShape, StoredFloats stored,
               std::vector<std::vector<float>> tables, CodecRef tagCodec)
    : blocks(std::move(blockShape)), stored(std::move(stored)),
      tables(tables.begin(), tables.end()), tagCodec(std::move(tagCodec)) {
  assert(tables.size() >= 2 && (tables.size() << codeBits()) <= 256 &&
         "codes and tags that do not fit a byte");
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

Result<Shape> Tables::sideShape(size_t, const Shape &shape,
                                const std::vector<Stream> &) const {
  if (Status valid = blocks.checkRank(keyword(), shape.size()); !valid)
    return valid.error();
  return blocks.count(shape);
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

/// The code of `value` under a scale.
static uint8_t encodeScaled(const Lookup &table, float value, float scale) {
  return table.encodeOne(scale == 0 ? 0.0f : value / scale, /*index=*/0);
}

Result<Tables::Candidate>
Tables::tryTable(size_t tag, const Array &values,
                 const std::vector<BlockStatistics> &statistics) const {
  const Lookup &table = tables[tag];
  Candidate result;
  result.scale = Array(stored.type(), blocks.count(values.shape));
  for (size_t block = 0; block < statistics.size(); ++block)
    result.scale.setFloat(block, roundScale(stored.type(),
                                            std::fabs(statistics[block].peak),
                                            limitOf(table)));
  Result<Array> read = stored.readBack(result.scale, "scale of tables");
  if (!read)
    return read.error();
  result.scaleRead = std::move(*read);
  result.errors.resize(statistics.size());
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    int64_t block = blocks.blockOf(i, values.shape);
    float value = values.get<float>(i);
    float scale = result.scaleRead.getFloat(block);
    uint8_t code = encodeScaled(table, value, scale);
    double error = double(value) - table.decodeOne(code) * scale;
    result.errors[block] += error * error;
  }
  return result;
}

Result<Array> Tables::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = blocks.checkRank(keyword(), input.shape.size()); !valid)
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

  Array codes(ElementType::I8, input.shape);
  for (int64_t i = 0, n = codes.size(); i < n; ++i) {
    int64_t block = blocks.blockOf(i, input.shape);
    codes.set(i, encodeScaled(tables[tags.get<uint8_t>(block)],
                              values->get<float>(i), scales->getFloat(block)));
  }
  sides.push_back({"scale", std::move(best->scale)});
  sides.push_back({"tag", std::move(tags)});
  return codes;
}

Status Tables::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), numSides()); !valid)
    return valid;
  if (Status valid = blocks.checkRank(keyword(), shape.size()); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  Shape expected = blocks.count(shape);
  const Array &scales = sides[0].array, &tags = sides[1].array;
  if (Status valid =
          checkArray("stream 'scale'", scales, stored.type(), expected);
      !valid)
    return valid;
  if (Status valid =
          checkArray("stream 'tag'", tags, ElementType::I8, expected);
      !valid)
    return valid;
  if (Status valid = checkCodes("tag of tables", tags, int64_t(tables.size()));
      !valid)
    return valid;
  if (!main)
    return {};
  if (Status valid =
          checkArray("the main array of tables", *main, ElementType::I8, shape);
      !valid)
    return valid;
  for (int64_t i = 0, n = main->size(); i < n; ++i) {
    int tag = tags.get<uint8_t>(blocks.blockOf(i, shape));
    int code = main->get<uint8_t>(i), count = tables[tag].numCodes();
    if (code >= count)
      return Error{elementName(shape, i) + " is code " + std::to_string(code) +
                   ": table " + std::to_string(tag) + " has codes below " +
                   std::to_string(count)};
  }
  return {};
}

Result<Array> Tables::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array values(ElementType::F32, shape);
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    int64_t block = blocks.blockOf(i, shape);
    const Lookup &table = tables[sides[1].array.get<uint8_t>(block)];
    values.set(i, table.decodeOne(main.get<uint8_t>(i)) *
                      sides[0].array.getFloat(block));
  }
  return values;
}
