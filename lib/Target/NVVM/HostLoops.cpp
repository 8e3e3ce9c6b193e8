//===- HostLoops.cpp - Loops of the host that wait for a device -----------===//
#include "HostLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

void mlir::zq::endLoopsOnFailure(ModuleOp module, StringRef works) {
  SmallVector<scf::ConditionOp> conditions;
  for (auto function : module.getOps<func::FuncOp>())
    function.walk([&](scf::ConditionOp op) { conditions.push_back(op); });
  if (conditions.empty())
    return;
  auto b = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(b.getI1Type(), {});
  auto callee = LLVM::LLVMFuncOp::create(b, module.getLoc(), works, type);
  for (scf::ConditionOp op : conditions) {
    b.setInsertionPoint(op);
    Value goesOn =
        LLVM::CallOp::create(b, op.getLoc(), callee, ValueRange()).getResult();
    op.getConditionMutable().assign(
        arith::AndIOp::create(b, op.getLoc(), op.getCondition(), goesOn));
  }
}
