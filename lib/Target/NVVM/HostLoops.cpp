//===- HostLoops.cpp - A host that waits for a failed device --------------===//
#include "HostLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace {
/// Asks whether the device works, where it is needed.
class Guard {
public:
  Guard(ModuleOp module, StringRef works) : module(module), works(works) {}

  void end(scf::ConditionOp op);
  void end(scf::ForOp op);
  void divide(Operation *op);

private:
  Value isWorking(OpBuilder &b, Location loc);

  ModuleOp module;
  StringRef works;
  LLVM::LLVMFuncOp callee;
};
} // namespace

Value Guard::isWorking(OpBuilder &b, Location loc) {
  if (!callee)
    callee = module.lookupSymbol<LLVM::LLVMFuncOp>(works);
  if (!callee) {
    auto atTop = OpBuilder::atBlockBegin(module.getBody());
    auto type = LLVM::LLVMFunctionType::get(b.getI1Type(), {});
    callee = LLVM::LLVMFuncOp::create(atTop, module.getLoc(), works, type);
  }
  return LLVM::CallOp::create(b, loc, callee, ValueRange()).getResult();
}

static bool isKnown(Value value) { return matchPattern(value, m_Constant()); }

void Guard::end(scf::ConditionOp op) {
  OpBuilder b(op);
  Value goesOn = isWorking(b, op.getLoc());
  op.getConditionMutable().assign(
      arith::AndIOp::create(b, op.getLoc(), op.getCondition(), goesOn));
}

/// No iterations, in steps of one: a step of zero would never end.
void Guard::end(scf::ForOp op) {
  if (isKnown(op.getLowerBound()) && isKnown(op.getUpperBound()) &&
      isKnown(op.getStep()))
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value goesOn = isWorking(b, loc);
  Value one = arith::ConstantOp::create(
      b, loc, b.getIntegerAttr(op.getStep().getType(), 1));
  op.setUpperBound(arith::SelectOp::create(b, loc, goesOn, op.getUpperBound(),
                                           op.getLowerBound()));
  op.setStep(arith::SelectOp::create(b, loc, goesOn, op.getStep(), one));
}

/// A quotient by what was to be read: a zero ends the process.
void Guard::divide(Operation *op) {
  Value divisor = op->getOperand(1);
  if (isKnown(divisor))
    return;
  OpBuilder b(op);
  Value one = arith::ConstantOp::create(b, op->getLoc(),
                                        b.getIntegerAttr(divisor.getType(), 1));
  op->setOperand(1, arith::SelectOp::create(b, op->getLoc(),
                                            isWorking(b, op->getLoc()), divisor,
                                            one));
}

void mlir::zq::endOnFailure(ModuleOp module, StringRef works) {
  Guard guard(module, works);
  for (auto function : module.getOps<func::FuncOp>())
    function.walk([&](Operation *op) {
      if (auto condition = dyn_cast<scf::ConditionOp>(op))
        guard.end(condition);
      else if (auto loop = dyn_cast<scf::ForOp>(op))
        guard.end(loop);
      else if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp,
                   arith::RemUIOp, arith::CeilDivSIOp, arith::CeilDivUIOp,
                   arith::FloorDivSIOp>(op) &&
               op->getResult(0).getType().isIntOrIndex())
        guard.divide(op);
    });
}
