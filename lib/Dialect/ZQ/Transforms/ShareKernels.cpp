//===- ShareKernels.cpp - Equal work becomes one function -----------------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::zq {
#define GEN_PASS_DEF_SHAREKERNELS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

namespace {
/// One op that does enough work to be a function, and what it takes from
/// around it.
struct Kernel {
  Operation *op;
  /// What differs from one kernel to the next: the function's arguments.
  SmallVector<Value> arguments;
  /// What is made anew inside.
  SmallVector<Operation *> copied;
};
} // namespace

/// Whether an op is so cheap, and takes so little, that a function has its own.
static bool isCopied(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() ||
         (isa<tensor::EmptyOp>(op) && op->getNumOperands() == 0);
}

/// Whether the results can be allocated by a caller that knows their types.
static bool hasStaticResults(Operation *op) {
  return llvm::all_of(op->getResultTypes(), [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  });
}

/// Whether an op only says where in what it takes something lies.
static bool isView(Operation *op) {
  auto assemble = dyn_cast<AssembleOp>(op);
  return isa<ComponentOp>(op) ||
         (assemble && llvm::any_of(assemble.getStreams(), [](Value stream) {
            return stream.getDefiningOp<ComponentOp>();
          }));
}

/// Makes `value` an argument of `kernel`, or what it is made of where the
/// kernel makes it anew.
static void take(Kernel &kernel, llvm::SmallDenseSet<Value> &seen,
                 Value value) {
  if (!seen.insert(value).second)
    return;
  Operation *source = value.getDefiningOp();
  if (!source || !(isCopied(source) || isView(source))) {
    kernel.arguments.push_back(value);
    return;
  }
  for (Value operand : source->getOperands())
    take(kernel, seen, operand);
  kernel.copied.push_back(source);
}

static std::optional<Kernel> getKernel(Operation *op) {
  if (!isa<scf::ForallOp, scf::ForOp, ContractOp, ContractRowsOp, PlanesOp,
           TilesOp>(op) ||
      !hasStaticResults(op))
    return std::nullopt;
  llvm::SetVector<Value> taken(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), taken);
  Kernel kernel{op, {}, {}};
  llvm::SmallDenseSet<Value> seen;
  for (Value value : taken)
    take(kernel, seen, value);
  return kernel;
}

/// A function that does what `kernel` does, in no module yet.
static func::FuncOp makeFunction(const Kernel &kernel) {
  OpBuilder b(kernel.op->getContext());
  Location loc = kernel.op->getLoc();
  auto type = b.getFunctionType(ValueRange(kernel.arguments).getTypes(),
                                kernel.op->getResultTypes());
  auto function = func::FuncOp::create(loc, "kernel", type);
  function.setPrivate();
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(kernel.arguments, body->getArguments());
  for (Operation *op : kernel.copied)
    b.clone(*op, mapping);
  Operation *clone = b.clone(*kernel.op, mapping);
  func::ReturnOp::create(b, loc, clone->getResults());
  return function;
}

/// The function as text, which tells it from any that does something else.
static std::string print(func::FuncOp function) {
  std::string text;
  llvm::raw_string_ostream os(text);
  function->print(os, OpPrintingFlags().useLocalScope().printGenericOpForm());
  return text;
}

namespace {
struct ShareKernelsPass : mlir::zq::impl::ShareKernelsBase<ShareKernelsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    // Ops that are equal, in the order in which the first of each is found.
    SmallVector<SmallVector<Operation *>> groups;
    llvm::StringMap<size_t> places;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!llvm::hasSingleElement(function.getBody()))
        continue;
      for (Operation &op : function.getBody().front()) {
        std::optional<Kernel> kernel = getKernel(&op);
        if (!kernel)
          continue;
        func::FuncOp alone = makeFunction(*kernel);
        size_t place =
            places.try_emplace(print(alone), groups.size()).first->second;
        alone->destroy();
        if (place == groups.size())
          groups.emplace_back();
        groups[place].push_back(&op);
      }
    }

    SymbolTable symbols(module);
    for (ArrayRef<Operation *> equal : groups) {
      if (equal.size() < 2)
        continue;
      func::FuncOp function = makeFunction(*getKernel(equal.front()));
      symbols.insert(function);
      for (Operation *op : equal) {
        // What it takes may be another kernel's result by now.
        Kernel kernel = *getKernel(op);
        OpBuilder b(op);
        auto call =
            func::CallOp::create(b, op->getLoc(), function, kernel.arguments);
        op->replaceAllUsesWith(call);
        op->erase();
      }
    }
  }
};
} // namespace
