//===- Pack.cpp - Codes to a dense string of bits -------------------------===//

#include "zq/Codec/Pack.h"
#include "Validate.h"

using namespace zq::codec;

Pack::Pack(int bits) : bits(bits) {
  assert(1 <= bits && bits <= 8 && "codes have 1 to 8 bits");
}

std::vector<int64_t>
Pack::streamShape(const std::vector<int64_t> &shape) const {
  std::vector<int64_t> result = shape;
  result.back() = ceilDiv(shape.back() * bits, 8);
  return result;
}

Result<Array> Pack::encode(const Array &input, const Below &below,
                           std::vector<Stream> &sides) const {
  (void)below, (void)sides;
  const std::vector<int64_t> &shape = input.shape;
  if (Status valid =
          checkArray("the input of pack", input, ElementType::I8, shape);
      !valid)
    return valid.error();
  if (shape.empty())
    return Error{"pack needs a tensor of rank 1 or more"};
  if (Status valid = checkCodes(keyword(), input, int64_t(1) << bits); !valid)
    return valid.error();

  Array packed(ElementType::I8, streamShape(shape));
  int64_t length = shape.back(), rowBytes = packed.shape.back();
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    int64_t row = i / length, bit = i % length * bits;
    for (int b = 0; b < bits; ++b, ++bit)
      packed.bytes[row * rowBytes + bit / 8] |= (input.get<uint8_t>(i) >> b & 1)
                                                << bit % 8;
  }
  return packed;
}

Status Pack::check(const Array *main, const std::vector<Stream> &sides,
                   const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (!main)
    return Error{"pack must be the last stage"};
  if (shape.empty())
    return Error{"pack needs a tensor of rank 1 or more"};
  if (Status valid = checkShape(shape); !valid)
    return valid;
  return checkArray("stream 'codes'", *main, ElementType::I8,
                    streamShape(shape));
}

Result<Array> Pack::decode(const Array &main, const std::vector<Stream> &sides,
                           const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array codes(ElementType::I8, shape);
  int64_t length = shape.back(), rowBytes = main.shape.back();
  for (int64_t i = 0, n = codes.size(); i < n; ++i) {
    int64_t row = i / length, bit = i % length * bits;
    uint8_t code = 0;
    for (int b = 0; b < bits; ++b, ++bit)
      code |= (main.bytes[row * rowBytes + bit / 8] >> bit % 8 & 1) << b;
    codes.set(i, code);
  }
  return codes;
}
