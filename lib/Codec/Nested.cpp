//===- Nested.cpp - Codes of many bits, read at fewer ---------------------===//

#include "zq/Codec/Nested.h"
#include "Validate.h"

#include <algorithm>

using namespace zq::codec;

Nested::Nested(int stored, int read, Ties ties)
    : stored(stored), read(read), ties(ties) {
  assert(1 <= read && read <= stored && stored <= 8 && "not nested");
}

uint8_t Nested::decodeOne(uint8_t code) const {
  int count = 1 << stored, step = 1 << (stored - read);
  int integer = code >= count / 2 ? code - count : code;
  // The multiples of the step on either side; the count is one itself.
  int low = (integer + count) / step * step - count;
  bool highIsEven = low / step % 2 != 0;
  int rounded = low;
  if (low != integer &&
      roundsUp(ties, low, low + step, highIsEven, integer, /*index=*/0))
    rounded += step;
  return std::min(rounded, count / 2 - step) & (count - 1);
}

Result<Array> Nested::encode(const Array &input, const Below &below,
                             std::vector<Stream> &sides) const {
  (void)below, (void)sides;
  if (Status valid = check(&input, {}, input.shape); !valid)
    return valid.error();
  return input;
}

Status Nested::check(const Array *main, const std::vector<Stream> &sides,
                     const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (!main)
    return checkShape(shape);
  if (Status valid = checkMain(keyword(), main, shape, ElementType::I8); !valid)
    return valid;
  return checkCodes(keyword(), *main, int64_t(1) << stored);
}

Result<Array> Nested::decode(const Array &main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  std::vector<uint8_t> codeOf(size_t(1) << stored);
  for (size_t code = 0; code < codeOf.size(); ++code)
    codeOf[code] = decodeOne(static_cast<uint8_t>(code));
  Array codes(ElementType::I8, shape);
  for (int64_t i = 0, n = codes.size(); i < n; ++i)
    codes.set(i, codeOf[main.get<uint8_t>(i)]);
  return codes;
}
