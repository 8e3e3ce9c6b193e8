//===- Wrap.h - What stands behind the types of the C API -----------------===//
#ifndef ZQ_LIB_CAPI_WRAP_H
#define ZQ_LIB_CAPI_WRAP_H

#include "zq-c/Codec.h"
#include "zq/Codec/Result.h"
#include "zq/Codec/Stage.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <mutex>
#include <string>
#include <vector>

struct ZqError {
  std::string message;
};

struct ZqCodec {
  mlir::zq::CodecAttr codec;
};

struct ZqTensorType {
  explicit ZqTensorType(mlir::zq::CompressedTensorType type);

  mlir::zq::CompressedTensorType type;
  std::string text;
  std::vector<int64_t> shape;
  struct Stream {
    std::string name;
    ZqElementType element;
    std::vector<int64_t> shape;
  };
  std::vector<Stream> streams;
};

struct ZqTensor {
  ZqTensorType type;
  std::vector<zq::codec::Stream> streams;
};

namespace mlir::zq::capi {

/// The context of all codecs and types, which lives as long as the process.
MLIRContext *getContext();

/// Held while something is parsed or verified in that context, whose
/// diagnostics would otherwise mix with another thread's.
std::mutex &getMutex();

inline ZqError *wrap(const std::string &message) {
  return new ZqError{message};
}

inline ::zq::codec::ElementType unwrap(ZqElementType type) {
  return static_cast<::zq::codec::ElementType>(type);
}
inline ZqElementType wrap(::zq::codec::ElementType type) {
  return static_cast<ZqElementType>(type);
}

/// A copy of an array of the caller.
::zq::codec::Array unwrap(const ZqArray &array);

inline void send(StringRef text, ZqTextCallback callback, void *user) {
  callback(text.data(), text.size(), user);
}

} // namespace mlir::zq::capi

#endif // ZQ_LIB_CAPI_WRAP_H
