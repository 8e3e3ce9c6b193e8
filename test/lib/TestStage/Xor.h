//===- Xor.h - Codes with some bits flipped -------------------------------===//
//
// The reference of the stage in TestStage.td.
//
//===----------------------------------------------------------------------===//
#ifndef TEST_ZQ_XOR_H
#define TEST_ZQ_XOR_H

#include "zq/Codec/Stage.h"

namespace test_zq {

/// Flips the bits of `mask` in each i8 code. Lossless. No side streams.
class Xor : public ::zq::codec::Stage {
  using Array = ::zq::codec::Array;
  using Status = ::zq::codec::Status;
  template <typename T>
  using Result = ::zq::codec::Result<T>;
  using Streams = std::vector<::zq::codec::Stream>;

public:
  explicit Xor(uint8_t mask) : mask(mask) {}

  std::string keyword() const override { return "xor"; }
  Result<Array> encode(const Array &input, const ::zq::codec::Below &below,
                       Streams &sides) const override;
  Result<Array> decode(const Array &main, const Streams &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const Streams &sides,
               const std::vector<int64_t> &shape) const override;
  std::string mainName() const override { return "codes"; }
  ::zq::codec::ElementType decodedType() const override {
    return ::zq::codec::ElementType::I8;
  }
  bool isLossless() const override { return true; }

private:
  uint8_t mask;
};

} // namespace test_zq

#endif // TEST_ZQ_XOR_H
