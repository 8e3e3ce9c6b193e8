//===- FloatFields.cpp - bf16 as exponent and the rest --------------------===//

#include "zq/Codec/FloatFields.h"
#include "Validate.h"

using namespace zq::codec;

Result<Array> FloatFields::encode(const Array &input, const Below &below,
                                  std::vector<Stream> &sides) const {
  (void)below;
  if (Status valid = checkArray("the input of float_fields", input,
                                ElementType::BF16, input.shape);
      !valid)
    return valid.error();
  Array exponent(ElementType::I8, input.shape);
  Array rest(ElementType::I8, input.shape);
  for (int64_t i = 0, n = input.size(); i < n; ++i) {
    uint16_t bits = input.get<uint16_t>(i);
    exponent.set<uint8_t>(i, bits >> 7 & 0xFF);
    rest.set<uint8_t>(i, (bits >> 8 & 0x80) | (bits & 0x7F));
  }
  sides.push_back({"sign_mantissa", std::move(rest)});
  return exponent;
}

Status FloatFields::check(const Array *main, const std::vector<Stream> &sides,
                          const std::vector<int64_t> &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 1); !valid)
    return valid;
  if (Status valid = checkArray("stream 'sign_mantissa'", sides[0].array,
                                ElementType::I8, shape);
      !valid)
    return valid;
  if (main)
    return checkArray("the main array of float_fields", *main, ElementType::I8,
                      shape);
  return {};
}

Result<Array> FloatFields::decode(const Array &main,
                                  const std::vector<Stream> &sides,
                                  const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array values(ElementType::BF16, shape);
  for (int64_t i = 0, n = values.size(); i < n; ++i) {
    int exponent = main.get<uint8_t>(i);
    int rest = sides[0].array.get<uint8_t>(i);
    values.set<uint16_t>(i, (rest & 0x80) << 8 | exponent << 7 | (rest & 0x7F));
  }
  return values;
}
