//===- AffineOps.cpp - Indices by affine maps -----------------------------===//
#include "Interpreter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;

FailureOr<bool> mlir::zq::reference::runAffineOp(Operation *op,
                                                 Environment &environment) {
  if (!isa<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(op))
    return false;
  auto map = cast<AffineMapAttr>(op->getAttr("map")).getValue();
  auto operands =
      environment.getIndices(op, getAsOpFoldResult(op->getOperands()));
  if (failed(operands))
    return failure();
  Builder b(op->getContext());
  SmallVector<Attribute> constants, folded;
  for (int64_t operand : *operands)
    constants.push_back(b.getIndexAttr(operand));
  if (failed(map.constantFold(constants, folded)))
    return op->emitError() << "'" << op->getName()
                           << "' divides by what is not positive";
  SmallVector<int64_t> values;
  for (Attribute value : folded)
    values.push_back(cast<IntegerAttr>(value).getInt());
  int64_t result = isa<affine::AffineMaxOp>(op) ? *llvm::max_element(values)
                                                : *llvm::min_element(values);
  environment.bind(op->getResult(0), Scalar::exact(double(result)));
  return true;
}
