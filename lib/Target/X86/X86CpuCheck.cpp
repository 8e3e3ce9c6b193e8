//===- X86CpuCheck.cpp - What an x86-64 CPU has, asked by cpuid -----------===//
#include "../CpuFeatures.h"

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Module.h"

#include <map>

using llvm::StringRef;

namespace {

enum Register { EAX, EBX, ECX, EDX };

/// Registers that the operating system must save, as bits of XCR0.
enum State : uint32_t {
  None = 0,
  AVX = 0x6,
  AVX512 = 0xe6,
  AMX = 0x60000,
  APX = 0x80000
};

/// A bit of what cpuid gives for a leaf and a subleaf: Intel's manual, volume
/// 2, CPUID, and AMD's, volume 3, appendix E.
struct Feature {
  StringRef name;
  uint32_t leaf, subleaf;
  Register in;
  int bit;
  State state;
};

} // namespace

// The newest first, since that says most about the CPU.
static constexpr Feature known[] = {
    {"egpr", 7, 1, EDX, 21, APX},
    {"ndd", 7, 1, EDX, 21, APX},
    {"nf", 7, 1, EDX, 21, APX},
    {"ccmp", 7, 1, EDX, 21, APX},
    {"push2pop2", 7, 1, EDX, 21, APX},
    {"ppx", 7, 1, EDX, 21, APX},
    {"cf", 7, 1, EDX, 21, APX},
    {"zu", 7, 1, EDX, 21, APX},
    {"amx-fp16", 7, 1, EAX, 21, AMX},
    {"amx-bf16", 7, 0, EDX, 22, AMX},
    {"amx-int8", 7, 0, EDX, 25, AMX},
    {"amx-tile", 7, 0, EDX, 24, AMX},
    {"avx10.1", 7, 1, EDX, 19, AVX512},
    {"avx512vp2intersect", 7, 0, EDX, 8, AVX512},
    {"avx512fp16", 7, 0, EDX, 23, AVX512},
    {"avx512bf16", 7, 1, EAX, 5, AVX512},
    {"avx512vpopcntdq", 7, 0, ECX, 14, AVX512},
    {"avx512bitalg", 7, 0, ECX, 12, AVX512},
    {"avx512vnni", 7, 0, ECX, 11, AVX512},
    {"avx512vbmi2", 7, 0, ECX, 6, AVX512},
    {"avx512vbmi", 7, 0, ECX, 1, AVX512},
    {"avx512ifma", 7, 0, EBX, 21, AVX512},
    {"avx512vl", 7, 0, EBX, 31, AVX512},
    {"avx512bw", 7, 0, EBX, 30, AVX512},
    {"avx512cd", 7, 0, EBX, 28, AVX512},
    {"avx512dq", 7, 0, EBX, 17, AVX512},
    {"avx512f", 7, 0, EBX, 16, AVX512},
    {"cmpccxadd", 7, 1, EAX, 7, None},
    {"avxvnniint16", 7, 1, EDX, 10, AVX},
    {"avxvnniint8", 7, 1, EDX, 4, AVX},
    {"avxneconvert", 7, 1, EDX, 5, AVX},
    {"avxifma", 7, 1, EAX, 23, AVX},
    {"avxvnni", 7, 1, EAX, 4, AVX},
    {"gfni", 7, 0, ECX, 8, None},
    {"avx2", 7, 0, EBX, 5, AVX},
    {"fma", 1, 0, ECX, 12, AVX},
    {"f16c", 1, 0, ECX, 29, AVX},
    {"fma4", 0x80000001, 0, ECX, 16, AVX},
    {"xop", 0x80000001, 0, ECX, 11, AVX},
    {"tbm", 0x80000001, 0, ECX, 21, None},
    {"avx", 1, 0, ECX, 28, AVX},
    {"bmi2", 7, 0, EBX, 8, None},
    {"bmi", 7, 0, EBX, 3, None},
    {"lzcnt", 0x80000001, 0, ECX, 5, None},
    {"movbe", 1, 0, ECX, 22, None},
    {"prfchw", 0x80000001, 0, ECX, 8, None},
    {"popcnt", 1, 0, ECX, 23, None},
    {"sse4.2", 1, 0, ECX, 20, None},
    {"sse4.1", 1, 0, ECX, 19, None},
    {"ssse3", 1, 0, ECX, 9, None},
    {"sse3", 1, 0, ECX, 0, None}};

namespace {

class CpuId {
public:
  explicit CpuId(llvm::IRBuilder<> &b);

  /// Whether the CPU has `feature`, and the system saves its registers.
  llvm::Value *emitHas(const Feature &feature);
  /// Whether the CPU has version `least` of AVX10.
  llvm::Value *emitHasAVX10(int least);

private:
  llvm::Value *emitRegister(uint32_t leaf, uint32_t subleaf, Register in);

  llvm::IRBuilder<> &b;
  /// The answers so far, by leaf and subleaf.
  std::map<std::pair<uint32_t, uint32_t>, llvm::Value *> answers;
  llvm::Value *state = nullptr;
};

} // namespace

/// Ends with the registers that the system saves, for which xgetbv may be asked
/// only where the system says so.
CpuId::CpuId(llvm::IRBuilder<> &b) : b(b) {
  llvm::Function *function = b.GetInsertBlock()->getParent();
  llvm::Value *isSaved = b.CreateIsNotNull(
      b.CreateAnd(emitRegister(1, 0, ECX), uint64_t(1) << 27));
  auto *ask = llvm::BasicBlock::Create(b.getContext(), "ask", function);
  auto *asked = llvm::BasicBlock::Create(b.getContext(), "asked", function);
  llvm::BasicBlock *before = b.GetInsertBlock();
  b.CreateCondBr(isSaved, ask, asked);
  b.SetInsertPoint(ask);
  auto *pair = llvm::StructType::get(b.getInt32Ty(), b.getInt32Ty());
  auto *xgetbv = llvm::InlineAsm::get(
      llvm::FunctionType::get(pair, {b.getInt32Ty()}, false), "xgetbv",
      "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", /*hasSideEffects=*/true);
  llvm::Value *saved =
      b.CreateExtractValue(b.CreateCall(xgetbv, {b.getInt32(0)}), 0);
  b.CreateBr(asked);
  b.SetInsertPoint(asked);
  auto *phi = b.CreatePHI(b.getInt32Ty(), 2);
  phi->addIncoming(b.getInt32(0), before);
  phi->addIncoming(saved, ask);
  state = phi;
}

/// Zero for leaves that the CPU does not know.
llvm::Value *CpuId::emitRegister(uint32_t leaf, uint32_t subleaf, Register in) {
  llvm::Value *&answer = answers[{leaf, subleaf}];
  if (!answer) {
    llvm::Type *i32 = b.getInt32Ty();
    auto *four = llvm::StructType::get(i32, i32, i32, i32);
    auto *cpuid = llvm::InlineAsm::get(
        llvm::FunctionType::get(four, {i32, i32}, false), "cpuid",
        "={ax},={bx},={cx},={dx},0,2,~{dirflag},~{fpsr},~{flags}",
        /*hasSideEffects=*/true);
    answer = b.CreateCall(cpuid, {b.getInt32(leaf), b.getInt32(subleaf)});
  }
  llvm::Value *bits = b.CreateExtractValue(answer, in);
  uint32_t range = leaf & 0x80000000;
  if (leaf == range)
    return bits;
  llvm::Value *isKnown =
      b.CreateICmpUGE(emitRegister(range, 0, EAX), b.getInt32(leaf));
  if (subleaf)
    isKnown = b.CreateAnd(isKnown, b.CreateICmpUGE(emitRegister(leaf, 0, EAX),
                                                   b.getInt32(subleaf)));
  return b.CreateSelect(isKnown, bits, b.getInt32(0));
}

llvm::Value *CpuId::emitHas(const Feature &feature) {
  llvm::Value *bits = emitRegister(feature.leaf, feature.subleaf, feature.in);
  llvm::Value *has =
      b.CreateIsNotNull(b.CreateAnd(bits, uint64_t(1) << feature.bit));
  if (feature.state == None)
    return has;
  return b.CreateAnd(has, b.CreateICmpEQ(b.CreateAnd(state, feature.state),
                                         b.getInt32(feature.state)));
}

llvm::Value *CpuId::emitHasAVX10(int least) {
  llvm::Value *version = b.CreateAnd(emitRegister(0x24, 0, EBX), 0xff);
  return b.CreateICmpUGE(version, b.getInt32(least));
}

llvm::Value *
mlir::zq::emitMissingX86Feature(llvm::IRBuilder<> &b,
                                const llvm::StringSet<> &features) {
  llvm::Value *missing = llvm::ConstantPointerNull::get(b.getPtrTy());
  CpuId cpu(b);
  auto require = [&](llvm::Value *isThere, StringRef name) {
    missing = b.CreateSelect(isThere, missing, b.CreateGlobalString(name));
  };
  // What is asked last is named first.
  for (const Feature &feature : llvm::reverse(known))
    if (features.contains(feature.name))
      require(cpu.emitHas(feature), feature.name);
  if (features.contains("avx10.2"))
    require(cpu.emitHasAVX10(2), "avx10.2");
  return missing;
}
