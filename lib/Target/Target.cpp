//===- Target.cpp - What shared code may ask of a target ------------------===//
#include "zq/Target/Target.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir::zq;

Target::~Target() = default;

std::unique_ptr<Target> mlir::zq::getTarget(llvm::StringRef features) {
  std::string host;
  if (features == "host") {
    host = getHostFeatures();
    features = host;
  }
  if (features.consume_front("aarch64"))
    return getAArch64Target(features);
  return getX86Target(features);
}

std::string mlir::zq::getHostFeatures() {
  std::string text;
  if (llvm::Triple(llvm::sys::getDefaultTargetTriple()).isAArch64())
    text = "aarch64";
  for (auto &[name, enabled] : llvm::sys::getHostCPUFeatures()) {
    if (!enabled)
      continue;
    if (!text.empty())
      text += ',';
    text += '+';
    text += name;
  }
  return text;
}
