//===- TensorMap.cpp - Tensor maps for the emulated copy engine -----------===//
//
// Limits by the driver API's description of cuTensorMapEncodeTiled.
//
//===----------------------------------------------------------------------===//
#include "zq/Target/NVVM/EmulatorTensorMap.h"

#include "TensorMap.h"

#include <string>

using namespace zq::emulator;
using zq::TensorMapShape;
using zq::TensorMapSwizzle;
using zq::TensorMapType;
using zq::codec::Error;
using zq::codec::Status;

unsigned zq::emulator::getElementBits(TensorMapType type) {
  switch (type) {
  case TensorMapType::Uint8:
    return 8;
  case TensorMapType::Uint16:
  case TensorMapType::Float16:
  case TensorMapType::BFloat16:
    return 16;
  case TensorMapType::Uint64:
  case TensorMapType::Int64:
  case TensorMapType::Float64:
    return 64;
  case TensorMapType::Packed16U4Align8B:
  case TensorMapType::Packed16U4Align16B:
    return 4;
  case TensorMapType::Packed16U6Align16B:
    return 6;
  default:
    return 32;
  }
}

unsigned zq::emulator::getSharedBytes(TensorMapType type, unsigned elements) {
  if (type == TensorMapType::Packed16U4Align16B ||
      type == TensorMapType::Packed16U6Align16B)
    return elements;
  return elements * getElementBits(type) / 8;
}

Status zq::emulator::encodeTensorMap(TensorMap &map, const void *address,
                                     const TensorMapShape &shape) {
  auto fail = [](const std::string &text) {
    return Error{"tensor map: " + text};
  };
  auto at = reinterpret_cast<uint64_t>(address);
  bool isPadded = shape.type == TensorMapType::Packed16U4Align16B ||
                  shape.type == TensorMapType::Packed16U6Align16B;
  int64_t alignment = isPadded ? 32 : 16;
  if (reinterpret_cast<uint64_t>(&map) % TensorMapShape::mapAlignment)
    return fail("the map is not aligned to 64 bytes");
  if (shape.rank < 1 || shape.rank > int64_t(TensorMapShape::maxRank))
    return fail("rank " + std::to_string(shape.rank) + " is not 1 to 5");
  if (at % alignment)
    return fail("the array is not aligned to " + std::to_string(alignment) +
                " bytes");
  map = TensorMap();
  for (int64_t i = 0; i < shape.rank; ++i) {
    std::string dim = "dimension " + std::to_string(i) + ": ";
    if (shape.sizes[i] < 1 || shape.sizes[i] > int64_t(1) << 32)
      return fail(dim + "size " + std::to_string(shape.sizes[i]));
    if (shape.box[i] < 1 || shape.box[i] > 256)
      return fail(dim + "a box of " + std::to_string(shape.box[i]) +
                  " elements is not 1 to 256");
    map.sizes[i] = static_cast<uint32_t>(shape.sizes[i] - 1);
    map.box[i] = shape.box[i];
    if (i + 1 == shape.rank)
      break;
    int64_t stride = shape.strides[i];
    if (stride % alignment || stride < 0 || stride >= int64_t(1) << 40)
      return fail(dim + "stride " + std::to_string(stride) +
                  " is no multiple of " + std::to_string(alignment) +
                  " below 2^40");
    map.strides[i] = stride;
  }
  unsigned rowBytes = getSharedBytes(shape.type, shape.box[0]);
  static constexpr unsigned spans[] = {0, 32, 64, 128};
  unsigned span = spans[static_cast<unsigned>(shape.swizzle)];
  if (rowBytes % 16)
    return fail("a box's row of " + std::to_string(rowBytes) +
                " bytes is no multiple of 16");
  if (span && rowBytes > span)
    return fail("a box's row of " + std::to_string(rowBytes) +
                " bytes is over the swizzle's " + std::to_string(span));
  if (isPadded && shape.sizes[0] % 128)
    return fail("the innermost size is no multiple of 128");
  if (isPadded && (shape.swizzle == TensorMapSwizzle::Bytes32 ||
                   shape.swizzle == TensorMapSwizzle::Bytes64))
    return fail("this type has no swizzle of 32 or 64 bytes");
  map.address = at;
  map.rank = shape.rank;
  map.type = shape.type;
  map.swizzle = shape.swizzle;
  map.magic = tensorMapMagic;
  return {};
}
