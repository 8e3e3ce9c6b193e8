//===- Link.cpp - Objects as shared libraries -----------------------------===//
#include "Link.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using llvm::StringRef;
using ::zq::codec::Error;
using ::zq::codec::Status;

/// The first of `names` that LLVM's folder or PATH has; empty where none is.
static std::string findProgram(llvm::ArrayRef<StringRef> names) {
  for (StringRef name : names) {
    if (auto path = llvm::sys::findProgramByName(name, {ZQ_LLVM_TOOLS}))
      return *path;
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  }
  return "";
}

/// Runs `command`; the first line that it prints says what went wrong.
static Status runLinker(const std::vector<std::string> &command,
                        const std::string &output) {
  llvm::SmallString<128> log;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("zq-link", "log", log))
    return Error{"cannot link " + output + ": " + error.message()};
  llvm::SmallVector<StringRef> arguments(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(
      command.front(), arguments, std::nullopt, redirects, 0, 0, &message);
  if (status != 0 && message.empty())
    if (auto text = llvm::MemoryBuffer::getFile(log))
      message = (*text)->getBuffer().split('\n').first.str();
  llvm::sys::fs::remove(log);
  if (status != 0)
    return Error{"cannot link " + output + ": " + message};
  return {};
}

Status mlir::zq::compile::linkForeignLibrary(const std::string &object,
                                             const std::string &output) {
  std::string linker = findProgram({"ld.lld"});
  if (linker.empty())
    return Error{"cannot link " + output +
                 ": no ld.lld in " ZQ_LLVM_TOOLS
                 " or on PATH; a .o needs no linker"};
  return runLinker({linker, "-shared", "-o", output, object}, output);
}

Status mlir::zq::compile::linkSharedLibrary(const std::string &object,
                                            const std::string &output,
                                            bool threads) {
  std::vector<std::string> command;
  std::string driver = findProgram({"clang", "clang-22", "cc"});
  if (!driver.empty()) {
    command = {driver, "-shared", "-o", output, object, "-lm"};
    // The driver of GCC may not know the option; its own linker will do.
    if (StringRef(llvm::sys::path::filename(driver)).starts_with("clang") &&
        !findProgram({"ld.lld"}).empty())
      command.push_back("-fuse-ld=lld");
  } else {
    driver = findProgram({"ld.lld", "ld"});
    if (driver.empty())
      return Error{"cannot link " + output +
                   ": neither clang nor ld.lld in " ZQ_LLVM_TOOLS
                   " or on PATH; a .o needs no linker"};
    command = {driver, "-shared", "-o", output, object};
  }
  if (threads) {
    StringRef library = ZQ_LIBOMP;
    std::string folder = llvm::sys::path::parent_path(library).str();
    bool isLinker =
        StringRef(llvm::sys::path::filename(driver)).starts_with("ld");
    command.push_back(library.str());
    command.push_back(isLinker ? "-rpath=" + folder : "-Wl,-rpath," + folder);
  }
  return runLinker(command, output);
}
