//===- Planes.cpp - The low bits of codes aside ---------------------------===//

#include "zq/Codec/Planes.h"
#include "Validate.h"

#include <cassert>

using namespace zq::codec;

Planes::Planes(int bits, int low, CodecRef lowCodec)
    : bits(bits), low(low), lowCodec(std::move(lowCodec)) {
  assert(1 <= low && low < bits && bits <= 8 && "not two planes");
}

Result<Array> Planes::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below;
  if (Status valid = checkArray("the input of planes", input, ElementType::I8,
                                input.shape);
      !valid)
    return valid.error();
  if (Status valid = checkCodes(keyword(), input, int64_t(1) << bits); !valid)
    return valid.error();
  Array upper(ElementType::I8, input.shape);
  Array lower(ElementType::I8, input.shape);
  const int mask = (1 << low) - 1;
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    const uint8_t code = input.get<uint8_t>(i);
    upper.set(i, uint8_t(code >> low));
    lower.set(i, uint8_t(code & mask));
  }
  sides.push_back({"low", std::move(lower)});
  return upper;
}

Status Planes::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 1); !valid)
    return valid;
  const Array &lower = sides[0].array;
  if (Status valid = checkArray("stream 'low'", lower, ElementType::I8, shape);
      !valid)
    return valid;
  if (Status valid = checkCodes("low", lower, int64_t(1) << low); !valid)
    return valid;
  if (Status valid = checkMain(keyword(), main, shape, ElementType::I8);
      !valid || !main)
    return valid;
  return checkCodes("the upper plane", *main, int64_t(1) << (bits - low));
}

Result<Array> Planes::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array codes(ElementType::I8, shape);
  for (int64_t i = 0, n = codes.size(); i < n; ++i)
    codes.set(i, uint8_t(main.get<uint8_t>(i) << low |
                         sides[0].array.get<uint8_t>(i)));
  return codes;
}
