//===- CheckNVVM.cpp - Whether a chip has what kernels use ----------------===//
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Matchers.h"
#include "zq/Target/NVVM/InstructionTable.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_CHECKNVVM
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Emits an error if `op` is no instruction of `chip`.
static LogicalResult checkInstruction(Operation *op, const Chip &chip) {
  const Instruction *instruction = lookUpInstruction(op);
  if (!instruction)
    return op->emitOpError("is not in the table of instructions: no chip is "
                           "known to have this form of it");
  if (instruction->isOn(chip))
    return success();
  InFlightDiagnostic error = op->emitOpError();
  if (!instruction->form.empty())
    error << instruction->form << ' ';
  if (!instruction->hasIt(chip))
    return error << "is no instruction of " << chip.name << ", but of "
                 << getChipsWith(*instruction);
  return error << "needs PTX " << instruction->ptx / 10 << '.'
               << instruction->ptx % 10 << ", and " << chip.name
               << " is compiled with " << chip.ptx / 10 << '.' << chip.ptx % 10;
}

/// Functions of LLVM that code generation would call a library for.
static bool needsLibrary(Operation *op) {
  if (op->getNumResults() != 1)
    return false;
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  if (isa<LLVM::Exp2Op>(op))
    return !type.isF32() && !type.isF16();
  return isa<LLVM::ExpOp, LLVM::Exp10Op, LLVM::LogOp, LLVM::Log2Op,
             LLVM::Log10Op, LLVM::PowOp, LLVM::SinOp, LLVM::CosOp, LLVM::TanOp,
             LLVM::TanhOp, LLVM::SinhOp, LLVM::CoshOp, LLVM::ASinOp,
             LLVM::ACosOp, LLVM::ATanOp, LLVM::ATan2Op>(op);
}

/// Emits an error if `op` is nothing that kernels of `chip` may consist of.
static LogicalResult checkOp(Operation *op, const Chip &chip) {
  if (isa<gpu::GPUModuleOp>(op))
    return success();
  if (isa<LLVM::InlineAsmOp, NVVM::InlinePtxOp>(op))
    return op->emitOpError("is text that nobody checks: kernels are made of "
                           "ops and intrinsics");
  if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op)) {
    if (call.getIntrin().starts_with("llvm.nvvm."))
      return checkInstruction(op, chip);
    return success();
  }
  if (isa_and_nonnull<NVVM::NVVMDialect>(op->getDialect()))
    return checkInstruction(op, chip);
  if (!isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()))
    return op->emitOpError("is left in a kernel");
  if (needsLibrary(op))
    return op->emitOpError("needs a library, which kernels are not linked "
                           "with");
  if (auto call = dyn_cast<LLVM::CallOp>(op)) {
    auto callee = call.getCallee();
    auto function =
        callee ? SymbolTable::lookupNearestSymbolFrom<LLVM::LLVMFuncOp>(
                     op, call.getCalleeAttr())
               : nullptr;
    if (!function || function.isExternal())
      return op->emitOpError("calls ")
             << (callee ? ("'" + *callee + "'").str() : "a pointer")
             << ", which is nowhere: kernels are linked with no library";
  }
  return success();
}

/// Bytes that a global takes in shared memory; -1 where that is unknown.
static int64_t getSharedBytes(LLVM::GlobalOp global) {
  if (global.getAddrSpace() !=
      static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared))
    return 0;
  DataLayout layout = DataLayout::closest(global);
  return layout.getTypeSize(global.getGlobalType());
}

/// Bytes of shared memory that `kernel` declares.
static int64_t getStaticBytes(LLVM::LLVMFuncOp kernel) {
  llvm::DenseSet<Operation *> globals;
  int64_t bytes = 0;
  kernel.walk([&](LLVM::AddressOfOp op) {
    auto global = SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(
        op, op.getGlobalNameAttr());
    if (global && globals.insert(global).second)
      bytes += getSharedBytes(global);
  });
  return bytes;
}

/// Emits an error if `kernel` declares more shared memory than a block may
/// have without asking, which static memory cannot do.
static LogicalResult checkSharedMemory(LLVM::LLVMFuncOp kernel) {
  int64_t bytes = getStaticBytes(kernel);
  if (bytes <= Chip::sharedMemoryWithoutAsking)
    return success();
  return kernel.emitError("kernel '")
         << kernel.getName() << "' declares " << bytes
         << " bytes of shared memory; more than "
         << Chip::sharedMemoryWithoutAsking << " have to be dynamic";
}

/// Emits an error if the blocks of `launch` are more than `chip` has room for,
/// as far as their sizes are known.
static LogicalResult checkLaunch(gpu::LaunchFuncOp launch, const Chip &chip) {
  int64_t threads = 1;
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  for (Value size : {block.x, block.y, block.z}) {
    APInt known;
    if (matchPattern(size, m_ConstantInt(&known)))
      threads *= known.getSExtValue();
  }
  if (threads > Chip::threadsPerBlock)
    return launch.emitOpError("has blocks of ")
           << threads << " threads, and there may be " << Chip::threadsPerBlock;
  APInt dynamic;
  Value size = launch.getDynamicSharedMemorySize();
  if (!size || !matchPattern(size, m_ConstantInt(&dynamic)))
    return success();
  int64_t bytes = dynamic.getSExtValue();
  if (auto kernel = SymbolTable::lookupNearestSymbolFrom<LLVM::LLVMFuncOp>(
          launch, launch.getKernelAttr()))
    bytes += getStaticBytes(kernel);
  if (bytes <= chip.sharedMemoryPerBlock)
    return success();
  return launch.emitOpError("has blocks with ")
         << bytes << " bytes of shared memory, and a block of " << chip.name
         << " may have " << chip.sharedMemoryPerBlock;
}

namespace {
struct CheckNVVMPass : mlir::zq::impl::CheckNVVMBase<CheckNVVMPass> {
  using CheckNVVMBase::CheckNVVMBase;

  void runOnOperation() override {
    auto parsed = parseChip(chip);
    if (!parsed) {
      getOperation().emitError(parsed.message());
      return signalPassFailure();
    }
    for (auto kernels : getOperation().getOps<gpu::GPUModuleOp>()) {
      kernels.walk([&](Operation *op) {
        if (failed(checkOp(op, **parsed)))
          signalPassFailure();
      });
      for (auto function : kernels.getOps<LLVM::LLVMFuncOp>())
        if (failed(checkSharedMemory(function)))
          signalPassFailure();
    }
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      if (failed(checkLaunch(launch, **parsed)))
        signalPassFailure();
    });
  }
};
} // namespace
