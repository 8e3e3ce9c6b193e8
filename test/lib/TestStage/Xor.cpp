//===- Xor.cpp - Codes with some bits flipped -----------------------------===//
#include "Xor.h"

using namespace test_zq;
using ::zq::codec::Array;
using ::zq::codec::Below;
using ::zq::codec::ElementType;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::codec::Stream;

Status Xor::check(const Array *main, const std::vector<Stream> &sides,
                  const std::vector<int64_t> &shape) const {
  if (!sides.empty())
    return Error{"xor has no side streams, got " +
                 std::to_string(sides.size())};
  if (main && (main->type != ElementType::I8 || main->shape != shape ||
               main->bytes.size() != size_t(main->size())))
    return Error{"the main array of xor is not the tensor's codes"};
  return {};
}

Result<Array> Xor::decode(const Array &main, const std::vector<Stream> &sides,
                          const std::vector<int64_t> &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array codes = main;
  for (uint8_t &code : codes.bytes)
    code ^= mask;
  return codes;
}

Result<Array> Xor::encode(const Array &input, const Below &,
                          std::vector<Stream> &) const {
  return decode(input, {}, input.shape);
}
