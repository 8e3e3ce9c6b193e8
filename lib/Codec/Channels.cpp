//===- Channels.cpp - Some channels by a codec of their own ---------------===//

#include "zq/Codec/Channels.h"
#include "Lines.h"
#include "Validate.h"

#include <algorithm>

using namespace zq::codec;

Channels::Channels(int64_t axis, int64_t first, StoredFloats stored)
    : axis(axis), first(first), stored(std::move(stored)) {
  assert(axis >= 0 && "the axis counts from the front");
  assert(first >= 0 && "a number of channels");
}

CodecRef Channels::sideCodec(size_t) const { return stored.codec(); }

Result<Shape> Channels::sideShape(size_t, const Shape &shape,
                                  const std::vector<Stream> &) const {
  if (Status valid = checkAxis(keyword(), axis, shape.size()); !valid)
    return valid.error();
  if (first > shape[axis])
    return Error{"channels takes the first " + std::to_string(first) + " of " +
                 std::to_string(shape[axis]) + " along axis " +
                 std::to_string(axis)};
  Shape result = shape;
  result[axis] = first;
  return result;
}

Shape Channels::mainShape(const Shape &shape) const {
  Shape result = shape;
  // Where there are no such channels, `check` says so.
  if (axis < int64_t(shape.size()))
    result[axis] = std::max<int64_t>(shape[axis] - first, 0);
  return result;
}

Range Channels::inputRange(Range target) const {
  Range other = stored.range();
  Range both{std::max(target.low, other.low),
             std::min(target.high, other.high)};
  // Nothing fits both: the main way has more to say.
  return both.low < both.high ? both : target;
}

/// Copies the channels of `from`, f32, to those of `to` that begin at channel
/// `toBegin`, or the other way round, as many as the one has that has fewer.
static void copyChannels(const Array &from, int64_t fromBegin, Array &to,
                         int64_t toBegin, int64_t axis) {
  int64_t fromLength = from.shape[axis], toLength = to.shape[axis];
  int64_t count = std::min(fromLength - fromBegin, toLength - toBegin);
  int64_t stride = strideOf(from.shape, axis);
  if (count == 0 || stride == 0)
    return;
  int64_t outer = from.size() / (fromLength * stride);
  for (int64_t i = 0; i < outer; ++i)
    std::copy_n(from.bytes.begin() + (i * fromLength + fromBegin) * stride * 4,
                count * stride * 4,
                to.bytes.begin() + (i * toLength + toBegin) * stride * 4);
}

Result<Array> Channels::encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  Result<Shape> shape = sideShape(0, input.shape, {});
  if (!shape)
    return shape.error();
  Array apart(ElementType::F32, *shape);
  Array main(ElementType::F32, mainShape(input.shape));
  copyChannels(*values, 0, apart, 0, axis);
  copyChannels(*values, (*shape)[axis], main, 0, axis);
  sides.push_back({"first", stored.round(apart)});
  return main;
}

Status Channels::check(const Array *main, const std::vector<Stream> &sides,
                       const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 1); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  Result<Shape> expected = sideShape(0, shape, {});
  if (!expected)
    return expected.error();
  if (Status valid = checkArray("stream 'first'", sides[0].array, stored.type(),
                                *expected);
      !valid)
    return valid;
  return checkMain(keyword(), main, mainShape(shape));
}

Result<Array> Channels::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result(ElementType::F32, shape);
  Array apart = widened(sides[0].array);
  copyChannels(apart, 0, result, 0, axis);
  copyChannels(main, 0, result, apart.shape[axis], axis);
  return result;
}
