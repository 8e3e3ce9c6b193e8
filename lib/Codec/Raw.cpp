//===- Raw.cpp - Values as they are ---------------------------------------===//

#include "zq/Codec/Raw.h"
#include "Elements.h"
#include "Validate.h"

using namespace zq::codec;

Result<Array> Raw::encode(const Array &input, const Below &below,
                          std::vector<Stream> &sides) const {
  (void)below, (void)sides;
  if (Status valid = checkFloat(keyword(), input); !valid)
    return valid.error();
  return converted(input, stored);
}

Status Raw::check(const Array *main, const std::vector<Stream> &sides,
                  const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (!main)
    return Error{"raw must be the last stage"};
  return checkArray("stream 'values'", *main, stored, shape);
}

Result<Array> Raw::decode(const Array &main, const std::vector<Stream> &sides,
                          const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  return converted(main, decodedType());
}
