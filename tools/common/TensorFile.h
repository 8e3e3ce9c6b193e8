//===- TensorFile.h - A tensor of a file that a tool reads ------*- C++ -*-===//
#ifndef ZQ_TOOLS_COMMON_TENSORFILE_H
#define ZQ_TOOLS_COMMON_TENSORFILE_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"
#include "zq/Runtime/Safetensors.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir::zq {

/// Where a tensor is: `FILE.npy`, `FILE.safetensors`, or
/// `FILE.safetensors:TENSOR`.
struct TensorPath {
  std::string file;
  /// Empty where it is not said, and in a .npy file, which holds one.
  std::string tensor;

  bool isNpy() const { return llvm::StringRef(file).ends_with(".npy"); }
};

/// Takes a path apart. Errors say what was expected, and not of what.
::zq::codec::Result<TensorPath> parseTensorPath(llvm::StringRef text);

/// The name of the tensor that `path` means in its file, which is open: the one
/// it says, or the only one; a compressed tensor is one. Errors say what there
/// is, and not in which file.
::zq::codec::Result<std::string>
findTensor(const ::zq::runtime::SafetensorsReader &file,
           const TensorPath &path);

/// Reads the dense tensor that `path` means. Errors name the file; a compressed
/// tensor is one.
::zq::codec::Result<::zq::codec::Array> readDense(const TensorPath &path);

} // namespace mlir::zq

#endif // ZQ_TOOLS_COMMON_TENSORFILE_H
