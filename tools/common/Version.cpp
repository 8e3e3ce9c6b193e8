//===- Version.cpp - What tools call themselves ---------------------------===//
#include "common/Version.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

void mlir::zq::printVersion() {
  llvm::cl::AddExtraVersionPrinter(
      [](llvm::raw_ostream &os) { os << "zq version " ZQ_VERSION "\n"; });
}
