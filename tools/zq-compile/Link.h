//===- Link.h - Objects as shared libraries -------------------------------===//
#ifndef ZQ_TOOLS_ZQ_COMPILE_LINK_H
#define ZQ_TOOLS_ZQ_COMPILE_LINK_H

#include "zq/Codec/Result.h"

#include <string>

namespace mlir::zq::compile {

/// Links `object` into the shared library `output`, by the clang or ld.lld of
/// LLVM's own folder, else by one on PATH. With `threads` the library needs
/// LLVM's OpenMP runtime, and knows where it was found.
::zq::codec::Status linkSharedLibrary(const std::string &object,
                                      const std::string &output, bool threads);

/// Links `object`, of another architecture than this machine's, by ld.lld. The
/// library names no others: the program that loads it has the C and the
/// mathematical library, and OpenMP's runtime where the code has threads.
::zq::codec::Status linkForeignLibrary(const std::string &object,
                                       const std::string &output);

} // namespace mlir::zq::compile

#endif // ZQ_TOOLS_ZQ_COMPILE_LINK_H
