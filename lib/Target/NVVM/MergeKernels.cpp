//===- MergeKernels.cpp - All kernels of a module in one ------------------===//
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_MERGEKERNELS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

namespace {
struct MergeKernelsPass : mlir::zq::impl::MergeKernelsBase<MergeKernelsPass> {
  void runOnOperation() override {
    SmallVector<gpu::GPUModuleOp> modules(
        getOperation().getOps<gpu::GPUModuleOp>());
    if (modules.size() < 2)
      return;
    SmallVector<gpu::LaunchFuncOp> launches;
    getOperation().walk([&](gpu::LaunchFuncOp op) { launches.push_back(op); });

    gpu::GPUModuleOp merged = modules.front();
    SymbolTable symbols(merged);
    for (gpu::GPUModuleOp module : llvm::drop_begin(modules)) {
      SmallVector<Operation *> body;
      for (Operation &op : module.getBody()->getOperations())
        body.push_back(&op);
      // Names first, while all that uses them is in one place still.
      DenseMap<StringAttr, StringAttr> renamed;
      SymbolTable own(module);
      for (Operation *op : body) {
        auto symbol = dyn_cast<SymbolOpInterface>(op);
        if (!symbol)
          continue;
        StringAttr before = symbol.getNameAttr();
        if (symbols.lookup(before)) {
          auto after = own.renameToUnique(op, {&symbols});
          if (failed(after))
            return signalPassFailure();
          renamed[before] = *after;
        }
      }
      for (gpu::LaunchFuncOp launch : launches) {
        if (launch.getKernelModuleName() != module.getNameAttr())
          continue;
        StringAttr name = launch.getKernelName();
        if (auto found = renamed.find(name); found != renamed.end())
          name = found->second;
        launch.setKernelAttr(SymbolRefAttr::get(
            merged.getNameAttr(), {FlatSymbolRefAttr::get(name)}));
      }
      for (Operation *op : body) {
        op->remove();
        symbols.insert(op);
      }
      module.erase();
    }
  }
};
} // namespace
