//===- BoundRegisters.cpp - How many blocks an SM is to hold --------------===//
#include "LiveRegisters.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_BOUNDREGISTERS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Threads of an SM that hide each other's waiting, with 128 registers each.
static constexpr int64_t busyThreads = 512;
/// Smaller blocks may have all registers, which keeps ptxas from having some
/// other number of blocks in mind; those smaller still are left alone, and
/// those whose number their shared memory limits.
static constexpr int64_t largeBlock = 256, smallBlock = 128;
/// The most registers of live values that the assembler's order of a kernel
/// still fits into those 128. The NVVM form's order has more of them live: of
/// the products with all named formats, those of up to 194 fit, and those from
/// 234 on do not.
static constexpr int64_t mostLive = 208;

/// The threads of a block; 0 where they are not known.
static int64_t countThreads(gpu::LaunchFuncOp launch) {
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  int64_t threads = 1;
  for (Value size : {block.x, block.y, block.z}) {
    APInt known;
    if (!matchPattern(size, m_ConstantInt(&known)))
      return 0;
    threads *= known.getSExtValue();
  }
  return threads;
}

namespace {
struct BoundRegistersPass
    : mlir::zq::impl::BoundRegistersBase<BoundRegistersPass> {
  using BoundRegistersBase::BoundRegistersBase;

  void runOnOperation() override {
    SymbolTableCollection symbols;
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      int64_t threads = countThreads(launch);
      Operation *kernel =
          symbols.lookupNearestSymbolFrom(launch, launch.getKernelAttr());
      if (!kernel || threads < smallBlock ||
          (threads < largeBlock && launch.getDynamicSharedMemorySize()))
        return;
      bool isBound =
          threads >= largeBlock && countLiveRegisters(kernel) <= mostLive;
      int64_t blocks = isBound ? busyThreads / threads : 1;
      if (Value bytes = launch.getDynamicSharedMemorySize()) {
        APInt known;
        if (!matchPattern(bytes, m_ConstantInt(&known)))
          return;
        blocks = std::min(blocks, sharedMemory / (known.getSExtValue() +
                                                  Chip::sharedMemoryReserved));
      }
      OpBuilder b(launch);
      kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                      b.getI32IntegerAttr(std::max<int64_t>(blocks, 1)));
    });
  }
};
} // namespace
