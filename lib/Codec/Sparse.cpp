//===- Sparse.cpp - N of every M consecutive values -----------------------===//

#include "zq/Codec/Sparse.h"
#include "Validate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace zq::codec;

Sparse::Sparse(int kept, int group, CodecRef indexCodec)
    : kept(kept), group(group), indexCodec(std::move(indexCodec)) {
  assert(1 <= kept && kept < group && group <= 65536 &&
         "some of a group are kept");
}

int Sparse::indexBits() const {
  int bits = 1;
  while (int64_t(1) << bits < group)
    ++bits;
  return bits;
}

Shape Sparse::mainShape(const Shape &shape) const {
  Shape result = shape;
  // The shape may come from outside: check() refuses rank 0 later.
  if (!result.empty())
    result.back() = ceilDiv(shape.back(), group) * kept;
  return result;
}

Result<Shape> Sparse::sideShape(size_t index, const Shape &shape,
                                const std::vector<Stream> &earlier) const {
  (void)index, (void)earlier;
  if (Status valid = checkRows(keyword(), shape); !valid)
    return valid.error();
  return mainShape(shape);
}

Result<Array> Sparse::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  const Shape &shape = input.shape;
  if (Status valid = checkRows(keyword(), shape); !valid)
    return valid.error();
  if (Status valid = checkFloat(keyword(), input); !valid)
    return valid.error();
  for (int64_t i = 0, n = input.size(); i < n; ++i)
    if (std::isnan(input.getFloat(i)))
      return Error{elementName(shape, i) + " is NaN: sparse needs numbers"};

  Array main(ElementType::F32, mainShape(shape));
  Array index(codeType(indexBits()), main.shape);
  int64_t length = shape.back(), groups = ceilDiv(length, group);
  int64_t next = 0;
  for (int64_t g = 0, n = main.size() / kept; g < n; ++g) {
    int64_t begin = g % groups * group, row = g / groups * length;
    std::vector<float> values(group);
    for (int64_t i = 0; i < std::min<int64_t>(group, length - begin); ++i)
      values[i] = input.getFloat(row + begin + i);

    std::vector<int> order(group);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      float left = std::fabs(values[a]), right = std::fabs(values[b]);
      return left != right ? left > right : a < b;
    });
    std::sort(order.begin(), order.begin() + kept);
    for (int k = 0; k < kept; ++k, ++next) {
      main.set(next, values[order[k]]);
      setCode(index, next, order[k]);
    }
  }
  sides.push_back({"index", std::move(index)});
  return main;
}

Status Sparse::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 1); !valid)
    return valid;
  if (Status valid = checkRows(keyword(), shape); !valid)
    return valid;
  const Array &index = sides[0].array;
  if (Status valid = checkArray("side 'index' of sparse", index,
                                codeType(indexBits()), mainShape(shape));
      !valid)
    return valid;
  for (int64_t i = 0, n = index.size(); i < n; ++i) {
    int64_t position = getCode(index, i);
    int64_t before = i % kept ? int64_t(getCode(index, i - 1)) : -1;
    if (position <= before || position >= group)
      return Error{elementName(index.shape, i) + " of side 'index' is " +
                   std::to_string(position) + ", expected " +
                   std::to_string(before + 1) + " to " +
                   std::to_string(group - 1)};
  }
  return checkMain(keyword(), main, mainShape(shape));
}

Result<Array> Sparse::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array &index = sides[0].array;
  Array values(ElementType::F32, shape);
  int64_t length = shape.back(), perRow = ceilDiv(length, group) * kept;
  for (int64_t i = 0, n = main.size(); i < n; ++i) {
    int64_t column = i % perRow / kept * group + getCode(index, i);
    // What fills up the last group is no element.
    if (column < length)
      values.set(i / perRow * length + column, main.get<float>(i));
  }
  return values;
}
