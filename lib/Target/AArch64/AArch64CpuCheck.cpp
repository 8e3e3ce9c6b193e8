//===- AArch64CpuCheck.cpp - What an AArch64 CPU has, asked by Linux ------===//
#include "../CpuFeatures.h"

#include "llvm/IR/Module.h"

using llvm::StringRef;

namespace {
/// A bit of what getauxval gives for AT_HWCAP (16) or AT_HWCAP2 (26): Linux,
/// arch/arm64/include/uapi/asm/hwcap.h.
struct Feature {
  StringRef name;
  int hwcap, bit;
};
} // namespace

// The newest first, since that says most about the CPU.
static constexpr Feature known[] = {
    {"sve2p1", 26, 36},  {"sve2", 26, 1},      {"sve", 16, 22},
    {"i8mm", 26, 13},    {"bf16", 26, 14},     {"fp16fml", 16, 23},
    {"dotprod", 16, 20}, {"fullfp16", 16, 10}, {"complxnum", 16, 14},
    {"jsconv", 16, 13},  {"fptoint", 26, 8},   {"rcpc", 16, 15},
    {"lse", 16, 8},      {"rdm", 16, 12},      {"crc", 16, 7},
    {"cssc", 26, 34},    {"mops", 26, 43},     {"neon", 16, 1}};

llvm::Value *mlir::zq::emitMissingAArch64Feature(
    llvm::IRBuilder<> &b, const llvm::StringSet<> &features, int64_t vscale) {
  llvm::Module *module = b.GetInsertBlock()->getModule();
  auto getauxval = module->getOrInsertFunction(
      "getauxval", llvm::FunctionType::get(b.getInt64Ty(), {b.getInt64Ty()},
                                           /*isVarArg=*/false));
  llvm::Value *first = b.CreateCall(getauxval, {b.getInt64(16)});
  llvm::Value *second = b.CreateCall(getauxval, {b.getInt64(26)});
  llvm::Value *missing = llvm::ConstantPointerNull::get(b.getPtrTy());
  auto require = [&](llvm::Value *isThere, StringRef name) {
    missing = b.CreateSelect(isThere, missing, b.CreateGlobalString(name));
  };
  if (vscale > 1) {
    // PR_SVE_GET_VL: bytes of a vector in the lower 16 bits, or an error.
    auto prctl = module->getOrInsertFunction(
        "prctl", llvm::FunctionType::get(b.getInt32Ty(), {b.getInt32Ty()},
                                         /*isVarArg=*/true));
    llvm::Value *zero = b.getInt64(0);
    llvm::Value *length =
        b.CreateCall(prctl, {b.getInt32(51), zero, zero, zero, zero});
    require(
        b.CreateICmpEQ(b.CreateAnd(length, 0xffff), b.getInt32(16 * vscale)),
        "SVE vectors of " + std::to_string(128 * vscale) + " bits");
  }
  // What is asked last is named first.
  for (const Feature &feature : llvm::reverse(known))
    if (features.contains(feature.name))
      require(b.CreateIsNotNull(
                  b.CreateAnd(feature.hwcap == 16 ? first : second,
                              b.getInt64(uint64_t(1) << feature.bit))),
              feature.name);
  return missing;
}
