//===- Core.cpp - Errors and arrays of the C API --------------------------===//
#include "zq-c/Core.h"

#include "Wrap.h"
#include "zq/Runtime/Program.h"

using namespace mlir::zq::capi;

// The enumeration of the C API is the reference's.
static_assert(int(zq::codec::ElementType::F64) == ZQ_F64);
static_assert(int(zq::codec::ElementType::F32) == ZQ_F32);
static_assert(int(zq::codec::ElementType::F16) == ZQ_F16);
static_assert(int(zq::codec::ElementType::BF16) == ZQ_BF16);
static_assert(int(zq::codec::ElementType::F8E4M3FN) == ZQ_F8E4M3FN);
static_assert(int(zq::codec::ElementType::F8E5M2) == ZQ_F8E5M2);
static_assert(int(zq::codec::ElementType::F8E8M0FNU) == ZQ_F8E8M0FNU);
static_assert(int(zq::codec::ElementType::I8) == ZQ_I8);
static_assert(int(zq::codec::ElementType::I16) == ZQ_I16);
static_assert(int(zq::codec::ElementType::I32) == ZQ_I32);
static_assert(int(zq::codec::ElementType::I64) == ZQ_I64);

const char *zqErrorGetMessage(const ZqError *error) {
  return error->message.c_str();
}

void zqErrorDestroy(ZqError *error) { delete error; }

void zqGetVersion(ZqTextCallback callback, void *user) {
  send(mlir::zq::getCompilerVersion(), callback, user);
}

zq::codec::Array mlir::zq::capi::unwrap(const ZqArray &array) {
  ::zq::codec::Array copy;
  copy.type = unwrap(array.type);
  copy.shape.assign(array.shape, array.shape + array.rank);
  auto *bytes = static_cast<const uint8_t *>(array.data);
  int64_t size = copy.size() * ::zq::codec::byteWidth(copy.type);
  if (size)
    copy.bytes.assign(bytes, bytes + size);
  return copy;
}
