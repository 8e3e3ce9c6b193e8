//===- Target.cpp - What shared code may ask of a target ------------------===//
#include "zq/Target/Target.h"

#include "llvm/TargetParser/Host.h"

using namespace mlir::zq;

Target::~Target() = default;

std::string mlir::zq::getHostFeatures() {
  std::string text;
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
