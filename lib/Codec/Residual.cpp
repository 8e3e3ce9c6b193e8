//===- Residual.cpp - A second codec for what the first one loses ---------===//

#include "zq/Codec/Residual.h"
#include "Validate.h"

using namespace zq::codec;

Residual::Residual(StoredFloats stored) : stored(std::move(stored)) {}

CodecRef Residual::sideCodec(size_t) const { return stored.codec(); }

bool Residual::showsMomentToSides() const { return stored.codec() != nullptr; }

Result<Shape> Residual::sideShape(size_t, const Shape &shape,
                                  const std::vector<Stream> &) const {
  return shape;
}

Result<Array> Residual::encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const {
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  Result<Array> read = below.roundTrip(*values);
  if (!read)
    return read;
  Array rest(ElementType::F32, input.shape);
  for (int64_t i = 0, n = rest.size(); i < n; ++i)
    rest.set(i, values->get<float>(i) - read->getFloat(i));
  sides.push_back({"residual", stored.round(rest)});
  return values;
}

Status Residual::check(const Array *main, const std::vector<Stream> &sides,
                       const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 1); !valid)
    return valid;
  if (Status valid = checkShape(shape); !valid)
    return valid;
  if (Status valid =
          checkArray("stream 'residual'", sides[0].array, stored.type(), shape);
      !valid)
    return valid;
  return checkMain(keyword(), main, shape);
}

Result<Array> Residual::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result(ElementType::F32, shape);
  for (int64_t i = 0, n = result.size(); i < n; ++i)
    result.set(i, main.get<float>(i) + sides[0].array.getFloat(i));
  return result;
}
