//===- Target.cpp - What shared code may ask of a target ------------------===//
#include "zq/Target/Target.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir::zq;
using ::zq::codec::Error;
using ::zq::codec::Status;

Target::~Target() = default;

/// The names of the features that CPUs of an architecture may have.
static llvm::StringSet<> getKnownFeatures(bool isAArch64) {
  llvm::Triple triple(isAArch64 ? "aarch64-unknown-linux-gnu"
                                : "x86_64-unknown-linux-gnu");
  if (isAArch64) {
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64TargetMC();
  } else {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
  }
  llvm::StringSet<> names;
  std::string message;
  if (const auto *target = llvm::TargetRegistry::lookupTarget(triple, message))
    if (std::unique_ptr<llvm::MCSubtargetInfo> info{
            target->createMCSubtargetInfo(triple, "", "")})
      for (const llvm::SubtargetFeatureKV &feature :
           info->getAllProcessorFeatures())
        names.insert(feature.Key);
  return names;
}

Status mlir::zq::checkFeatures(llvm::StringRef features) {
  if (features == "host")
    return {};
  bool isAArch64 = features.consume_front("aarch64");
  llvm::StringSet<> known = getKnownFeatures(isAArch64);
  llvm::SmallVector<llvm::StringRef> list;
  features.split(list, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (llvm::StringRef feature : list) {
    llvm::StringRef name = feature;
    int64_t scale;
    if (isAArch64 && name.consume_front("vscale=")) {
      if (name.getAsInteger(10, scale) || scale < 1)
        return Error{"vscale is a number of 1 or more, and not '" + name.str() +
                     "'"};
      continue;
    }
    if (!name.consume_front("+") && !name.consume_front("-"))
      return Error{"a feature is +NAME or -NAME, and not '" + feature.str() +
                   "'"};
    if (!known.contains(name))
      return Error{"LLVM knows no feature '" + name.str() + "' of " +
                   (isAArch64 ? "AArch64" : "x86-64")};
  }
  return {};
}

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
