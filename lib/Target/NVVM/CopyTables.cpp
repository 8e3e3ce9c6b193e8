//===- CopyTables.cpp - Tables in a block's memory ------------------------===//
#include "BareKernelArguments.h"
#include "KernelBuilder.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_COPYTABLES
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Bytes of an access, and of a thread's part of what is copied: four accesses
/// are little beside a loop of lookups.
static constexpr int64_t copyBytes = 16, mostPerThread = 4 * copyBytes;
/// Threads of an SM that hide each other's waiting.
static constexpr int64_t busyThreads = 512;

namespace {
/// The loads of an array.
using Loads = SmallVector<Operation *>;
} // namespace

static std::optional<int64_t> getConstant(Value value) {
  APInt known;
  if (!matchPattern(value, m_ConstantInt(&known)))
    return std::nullopt;
  return known.getSExtValue();
}

/// The threads of blocks along x without dynamic shared memory; nothing for
/// others. Kernels with such memory hold so much in registers that one more
/// address is one too many.
static std::optional<int64_t> countThreads(gpu::LaunchFuncOp launch) {
  gpu::KernelDim3 size = launch.getBlockSizeOperandValues();
  if (launch.getDynamicSharedMemorySize() || getConstant(size.y) != 1 ||
      getConstant(size.z) != 1)
    return std::nullopt;
  return getConstant(size.x);
}

/// Elements narrower than a byte take one.
static int64_t countBytes(MemRefType type) {
  return type.getNumElements() *
         DataLayout().getTypeSize(type.getElementType()).getFixedValue();
}

/// Whether as many threads as hide each other's waiting, or as many as before,
/// still fit an SM of whatever chip.
static bool fits(int64_t threads, int64_t own, int64_t more) {
  if (own + more > Chip::sharedMemoryWithoutAsking)
    return false;
  return llvm::all_of(getChips(), [&](const Chip &chip) {
    auto blocksWith = [&](int64_t bytes) {
      return chip.sharedMemoryPerSM / (bytes + Chip::sharedMemoryReserved);
    };
    return blocksWith(own + more) >=
           std::min<int64_t>(blocksWith(own),
                             llvm::divideCeil(busyThreads, threads));
  });
}

/// Whether a loop accesses a place that what was loaded says.
static bool isLookup(Operation *load, ValueRange indices) {
  if (!load->getParentOfType<LoopLikeOpInterface>())
    return false;
  BackwardSliceOptions options;
  options.omitBlockArguments = true;
  SetVector<Operation *> slice;
  for (Value index : indices)
    if (Operation *op = index.getDefiningOp())
      (void)getBackwardSlice(op, &slice, options);
  return llvm::any_of(slice, [](Operation *op) {
    return isa<memref::LoadOp, vector::LoadOp, LLVM::LoadOp>(op);
  });
}

/// The tables of a kernel, which it only reads, and where it looks them up.
static llvm::MapVector<Value, Loads> findTables(gpu::GPUFuncOp kernel) {
  llvm::MapVector<Value, Loads> tables;
  auto look = [&](Operation *load, Value array, ValueRange indices) {
    auto type = cast<MemRefType>(array.getType());
    BlockArgument pointer = getKernelArgument(array);
    if (!pointer || !type.hasStaticShape() || !type.getLayout().isIdentity() ||
        countBytes(type) == 0 || countBytes(type) % copyBytes ||
        !isLookup(load, indices))
      return;
    // No other argument leads there.
    for (StringRef name : {LLVM::LLVMDialect::getReadonlyAttrName(),
                           LLVM::LLVMDialect::getNoAliasAttrName()})
      if (!kernel.getArgAttr(pointer.getArgNumber(), name))
        return;
    tables[array].push_back(load);
  };
  kernel.walk([&](Operation *op) {
    if (auto load = dyn_cast<memref::LoadOp>(op))
      look(load, load.getMemref(), load.getIndices());
    else if (auto load = dyn_cast<vector::LoadOp>(op))
      look(load, load.getBase(), load.getIndices());
  });
  return tables;
}

/// Has the threads of a block copy `array` to memory of their own.
static Value copyTable(KernelBuilder &b, gpu::GPUFuncOp kernel, Value array,
                       Int thread, int64_t threads) {
  auto type = cast<MemRefType>(array.getType());
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  Value copy = kernel.addWorkgroupAttribution(
      MemRefType::get(type.getShape(), type.getElementType(),
                      MemRefLayoutAttrInterface(), space),
      array.getLoc());
  Value from = getKernelArgument(array), to = b.getShared(copy);
  auto piece = VectorType::get(copyBytes / 4, b.getI32Type());
  int64_t pieces = countBytes(type) / copyBytes;
  for (int64_t first = 0; first < pieces; first += threads) {
    Int own = thread + first;
    auto copyPiece = [&] {
      b.store(b.load(piece, b.at(from, own * copyBytes), copyBytes),
              b.at(to, own * copyBytes), copyBytes);
    };
    if (first + threads > pieces)
      b.when(own < pieces, copyPiece);
    else
      copyPiece();
  }
  return copy;
}

static void copyTables(gpu::GPUFuncOp kernel, int64_t threads) {
  int64_t own = 0;
  for (BlockArgument memory : kernel.getWorkgroupAttributions())
    own += llvm::alignTo(countBytes(cast<MemRefType>(memory.getType())),
                         copyBytes);
  auto tables = findTables(kernel);
  tables.remove_if([&](const std::pair<Value, Loads> &table) {
    int64_t bytes = countBytes(cast<MemRefType>(table.first.getType()));
    if (bytes > mostPerThread * threads || !fits(threads, own, bytes))
      return true;
    own += bytes;
    return false;
  });
  if (tables.empty())
    return;
  OpBuilder builder(kernel.getContext());
  builder.setInsertionPointToStart(&kernel.getBody().front());
  KernelBuilder b(kernel.getLoc(), builder);
  Int thread = b.toI32(gpu::ThreadIdOp::create(b, gpu::Dimension::x));
  for (auto &[array, loads] : tables) {
    Value copy = copyTable(b, kernel, array, thread, threads);
    for (Operation *load : loads)
      load->replaceUsesOfWith(array, copy);
  }
  b.barrier();
}

namespace {
struct CopyTablesPass : mlir::zq::impl::CopyTablesBase<CopyTablesPass> {
  void runOnOperation() override {
    SymbolTableCollection symbols;
    llvm::MapVector<Operation *, SmallVector<gpu::LaunchFuncOp>> launches;
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      if (Operation *kernel =
              symbols.lookupNearestSymbolFrom(launch, launch.getKernelAttr()))
        launches[kernel].push_back(launch);
    });
    for (auto &[op, own] : launches) {
      auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
      std::optional<int64_t> threads = countThreads(own.front());
      if (kernel && threads && own.size() == 1)
        copyTables(kernel, *threads);
    }
  }
};
} // namespace
