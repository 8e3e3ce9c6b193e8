//===- ReportStorage.cpp - Bits per weight of compressed tensors ----------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "zq/Dialect/ZQ/IR/Storage.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::zq {
#define GEN_PASS_DEF_REPORTSTORAGE
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// The types of the streams that `value` is assembled from, with the sizes that
/// a cast to the codec's types hides; none where it comes from elsewhere.
static SmallVector<Type> getActualTypes(Value value) {
  auto assemble = value.getDefiningOp<AssembleOp>();
  if (!assemble)
    return {};
  return llvm::map_to_vector(assemble.getStreams(), [](Value stream) {
    if (auto cast = stream.getDefiningOp<tensor::CastOp>())
      stream = cast.getSource();
    return stream.getType();
  });
}

namespace {
struct ReportStoragePass
    : mlir::zq::impl::ReportStorageBase<ReportStoragePass> {
  void runOnOperation() override {
    // Each type once, and each tensor whose streams say more than its type.
    using Tensor = std::pair<CompressedTensorType, SmallVector<Type>>;
    SmallVector<Tensor> tensors;
    auto add = [&](Value value) {
      auto type = dyn_cast<CompressedTensorType>(value.getType());
      if (!type)
        return;
      Tensor tensor(type, getActualTypes(value));
      if (!llvm::is_contained(tensors, tensor))
        tensors.push_back(std::move(tensor));
    };
    getOperation().walk([&](Operation *op) {
      for (Region &region : op->getRegions())
        for (Block &block : region)
          llvm::for_each(block.getArguments(), add);
      llvm::for_each(op->getResults(), add);
    });

    std::string text;
    llvm::raw_string_ostream os(text);
    for (const auto &[type, actual] : tensors) {
      auto storage = getStorage(type, getOperation(), actual);
      if (failed(storage)) {
        getOperation().emitError("the codec's decoder ")
            << type.getCodec().getDecoderSymbol()
            << " does not exist or has another rank than the tensor";
        return signalPassFailure();
      }
      os << type << '\n';
      printStorage(os, *storage);
      os << '\n';
    }
    // As upstream's reports: beside the module, which goes to stdout.
    llvm::errs() << text;
    markAllAnalysesPreserved();
  }
};
} // namespace
