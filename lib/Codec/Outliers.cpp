//===- Outliers.cpp - The largest values aside ----------------------------===//

#include "zq/Codec/Outliers.h"
#include "OutlierSearch.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace zq::codec;

Outliers::Outliers(double fraction, Join join, StoredFloats stored, bool search)
    : fraction(fraction), join(join), stored(std::move(stored)),
      search(search) {
  assert(fraction >= 0 && fraction <= 1 && "a fraction of the elements");
}

int64_t Outliers::partsPerMillion(double fraction) {
  return std::llround(fraction * 1e6);
}

int64_t Outliers::count(double fraction, int64_t size) {
  const int64_t million = 1000000, parts = partsPerMillion(fraction);
  return size / million * parts + size % million * parts / million;
}

CodecRef Outliers::sideCodec(size_t index) const {
  return index == 2 ? stored.codec() : nullptr;
}

Result<Shape> Outliers::sideShape(size_t index, const Shape &shape,
                                  const std::vector<Stream> &earlier) const {
  if (index != 2)
    return Stage::sideShape(index, shape, earlier);
  if (stored.codec())
    return Shape{count(fraction, numElements(shape))};
  const Array &columns = earlier[1].array;
  if (columns.shape.size() != 1)
    return Error{"stream 'columns' has shape " + toString(columns.shape) +
                 ", expected one dimension"};
  return columns.shape;
}

/// The number of rows of a tensor of `shape`, whose rank is not 0.
static int64_t numRows(const Shape &shape) {
  return numElements({shape.begin(), shape.end() - 1});
}

static Status checkRank(const Shape &shape) {
  if (shape.empty())
    return Error{"outliers of a tensor of rank 0"};
  return checkShape(shape);
}

/// The indices of the `count` elements of largest magnitude, ascending.
static std::vector<int64_t> largest(const Array &values, int64_t count) {
  std::vector<int64_t> indices(values.size());
  std::iota(indices.begin(), indices.end(), 0);
  auto isLarger = [&](int64_t a, int64_t b) {
    float left = std::fabs(values.get<float>(a));
    float right = std::fabs(values.get<float>(b));
    return left != right ? left > right : a < b;
  };
  std::nth_element(indices.begin(), indices.begin() + count, indices.end(),
                   isLarger);
  indices.resize(count);
  std::sort(indices.begin(), indices.end());
  return indices;
}

Result<Array> Outliers::encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const {
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = checkRank(input.shape); !valid)
    return valid.error();
  int64_t count = Outliers::count(fraction, values->size());
  int64_t width = input.shape.back();
  if (count > INT32_MAX || width > INT32_MAX)
    return Error{std::to_string(count) + " outliers in rows of " +
                 std::to_string(width) + ": places are stored as i32"};

  std::vector<int64_t> places = largest(*values, count);
  if (search && count > 0) {
    Result<std::vector<int64_t>> found =
        OutlierSearch(*values, below).run(count, places);
    if (!found)
      return found.error();
    places = std::move(*found);
  }
  Array main = *values;
  for (int64_t place : places)
    main.set(place, 0.0f);
  Array beneath(ElementType::F32, input.shape);
  if (join == Join::Add) {
    Result<Array> read = below.roundTrip(main);
    if (!read)
      return read;
    beneath = std::move(*read);
  }

  Array rows(ElementType::I32, {numRows(input.shape) + 1});
  Array columns(ElementType::I32, {count});
  Array apart(ElementType::F32, {count});
  std::vector<int32_t> perRow(numRows(input.shape));
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = places[i];
    ++perRow[place / width];
    columns.set(i, static_cast<int32_t>(place % width));
    apart.set(i, values->get<float>(place) - beneath.getFloat(place));
  }
  int32_t begin = 0;
  for (size_t row = 0; row < perRow.size(); ++row)
    rows.set(row + 1, begin += perRow[row]);
  sides.push_back({"rows", std::move(rows)});
  sides.push_back({"columns", std::move(columns)});
  sides.push_back({"values", stored.round(apart)});
  return main;
}

/// Whether the outliers of every row lie in it, in ascending order. The arrays
/// have the types and numbers of elements that they must have.
static Status checkPlaces(const Array &rows, const Array &columns,
                          int64_t width) {
  int64_t numRows = rows.size() - 1, count = columns.size();
  if (rows.get<int32_t>(0) != 0 || rows.get<int32_t>(numRows) != count)
    return Error{"stream 'rows' runs from " +
                 std::to_string(rows.get<int32_t>(0)) + " to " +
                 std::to_string(rows.get<int32_t>(numRows)) +
                 ", expected 0 to " + std::to_string(count)};
  for (int64_t row = 0; row < numRows; ++row)
    if (rows.get<int32_t>(row) > rows.get<int32_t>(row + 1))
      return Error{"stream 'rows' decreases at element [" +
                   std::to_string(row + 1) + "]"};
  for (int64_t row = 0; row < numRows; ++row) {
    int64_t last = -1;
    for (int64_t i = rows.get<int32_t>(row); i < rows.get<int32_t>(row + 1);
         ++i) {
      int64_t column = columns.get<int32_t>(i);
      if (column <= last || column >= width)
        return Error{"element [" + std::to_string(i) +
                     "] of stream 'columns' is " + std::to_string(column) +
                     ": the places of a row ascend and are below " +
                     std::to_string(width)};
      last = column;
    }
  }
  return {};
}

Status Outliers::check(const Array *main, const std::vector<Stream> &sides,
                       const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 3); !valid)
    return valid;
  if (Status valid = checkRank(shape); !valid)
    return valid;
  const Array &rows = sides[0].array, &columns = sides[1].array;
  if (Status valid = checkArray("stream 'rows'", rows, ElementType::I32,
                                {numRows(shape) + 1});
      !valid)
    return valid;
  Result<Shape> count = sideShape(2, shape, sides);
  if (!count)
    return count.error();
  if (Status valid =
          checkArray("stream 'columns'", columns, ElementType::I32, *count);
      !valid)
    return valid;
  if (Status valid =
          checkArray("stream 'values'", sides[2].array, stored.type(), *count);
      !valid)
    return valid;
  if (Status valid = checkPlaces(rows, columns, shape.back()); !valid)
    return valid;
  return checkMain(keyword(), main, shape);
}

/// Calls visit(place, value) for every outlier, in ascending order of places.
template <typename Visit>
static void forEachOutlier(const std::vector<Stream> &sides, int64_t width,
                           Visit visit) {
  const Array &rows = sides[0].array, &columns = sides[1].array;
  for (int64_t row = 0; row + 1 < rows.size(); ++row)
    for (int32_t i = rows.get<int32_t>(row); i < rows.get<int32_t>(row + 1);
         ++i)
      visit(row * width + columns.get<int32_t>(i), sides[2].array.getFloat(i));
}

Result<Array> Outliers::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result = main;
  forEachOutlier(sides, shape.back(), [&](int64_t place, float value) {
    result.set(place,
               join == Join::Add ? main.get<float>(place) + value : value);
  });
  return result;
}

class Outliers::Map : public ElementMap {
public:
  Map(Join join, const std::vector<Stream> &sides, const Shape &shape)
      : join(join), isAside(numElements(shape)), aside(isAside.size()) {
    forEachOutlier(sides, shape.back(), [&](int64_t place, float value) {
      isAside[place] = 1;
      aside[place] = value;
    });
  }

  void encode(const ElementLine &line, float *values) const override {
    for (int64_t i = 0; i < line.count; ++i)
      if (isAside[line.at(i)])
        values[i] = 0;
  }
  void decode(const ElementLine &line, float *values) const override {
    for (int64_t i = 0; i < line.count; ++i)
      if (const int64_t place = line.at(i); isAside[place])
        values[i] = join == Join::Add ? values[i] + aside[place] : aside[place];
  }

private:
  Join join;
  std::vector<uint8_t> isAside;
  std::vector<float> aside;
};

std::unique_ptr<ElementMap>
Outliers::elementMap(const std::vector<Stream> &sides,
                     const Shape &shape) const {
  return std::make_unique<Map>(join, sides, shape);
}
