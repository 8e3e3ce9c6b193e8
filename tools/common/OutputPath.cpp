//===- OutputPath.cpp - Where a tool is to write --------------------------===//
#include "common/OutputPath.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using ::zq::codec::Error;
using ::zq::codec::Status;

Status mlir::zq::checkOutputPath(llvm::StringRef path) {
  if (path == "-")
    return {};
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  std::error_code error = llvm::sys::fs::access(
      folder.empty() ? "." : folder, llvm::sys::fs::AccessMode::Write);
  if (!error && !folder.empty() && !llvm::sys::fs::is_directory(folder))
    error = std::make_error_code(std::errc::not_a_directory);
  if (!error && llvm::sys::fs::is_directory(path))
    error = std::make_error_code(std::errc::is_a_directory);
  if (error)
    return Error{"cannot write '" + path.str() + "': " + error.message()};
  return {};
}
