//===- Orthogonal.cpp - Rotation by a stored matrix -----------------------===//

#include "zq/Codec/Orthogonal.h"
#include "Lines.h"
#include "Validate.h"
#include "zq/Codec/Random.h"
#include "zq/Codec/RandomMatrix.h"

#include <algorithm>
#include <cmath>

using namespace zq::codec;

Orthogonal::Orthogonal(int64_t axis, int64_t block, uint64_t seed,
                       bool perBlock)
    : axis(axis), block(block), seed(seed), perBlock(perBlock) {
  assert(axis >= 0 && "the axis counts from the front");
  assert(block >= 1 && "a block has an element");
}

Array Orthogonal::rotated(const Array &values, const Array &matrix,
                          bool inverse) const {
  return multiplyLines(widened(values), axis, block, matrix,
                       perBlock ? block * block : 0, inverse);
}

Range Orthogonal::inputRange(Range target) const {
  double bound = std::min(-target.low, target.high) / std::sqrt(double(block));
  // A target on one side of zero gives no bound that the rotation keeps.
  return bound > 0 ? Range{-bound, bound} : target;
}

Result<Array> Orthogonal::encode(const Array &input, const Below &below,
                                 std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (Status valid = checkAxis(keyword(), axis, input.shape.size()); !valid)
    return valid.error();
  Array matrix;
  if (perBlock) {
    int64_t numBlocks = input.shape[axis] / block;
    matrix = Array(ElementType::F32, {numBlocks, block, block});
    for (int64_t b = 0; b < numBlocks; ++b) {
      Array own = haarMatrix(block, splitmix64(seed, b));
      std::copy(own.bytes.begin(), own.bytes.end(),
                matrix.bytes.begin() + b * own.bytes.size());
    }
  } else {
    matrix = haarMatrix(block, splitmix64(seed, 0));
  }
  Array result = rotated(*values, matrix, /*inverse=*/false);
  sides.push_back({"matrix", std::move(matrix)});
  return result;
}

Status Orthogonal::check(const Array *main, const std::vector<Stream> &sides,
                         const Shape &shape) const {
  if (Status valid = checkAlong(keyword(), axis, sides.size(), 1, shape);
      !valid)
    return valid;
  Shape expected{block, block};
  if (perBlock)
    expected.insert(expected.begin(), shape[axis] / block);
  if (Status valid = checkArray("stream 'matrix'", sides[0].array,
                                ElementType::F32, expected);
      !valid)
    return valid;
  return checkMain(keyword(), main, shape);
}

Result<Array> Orthogonal::decode(const Array &main,
                                 const std::vector<Stream> &sides,
                                 const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  return rotated(main, sides[0].array, /*inverse=*/true);
}

Moment Orthogonal::momentBelow(const Moment &moment,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (axis + 1 != int64_t(shape.size()))
    return moment;
  const Orthogonal ofRows(1, block, seed, perBlock);
  return transformed(moment, [&](Array &rows) {
    rows = ofRows.rotated(rows, sides[0].array, /*inverse=*/false);
  });
}
