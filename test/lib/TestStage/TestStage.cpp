//===- TestStage.cpp - A stage of a dialect outside of zq -----------------===//
#include "TestStage.h"

#include "Xor.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace test_zq;

#include "TestStageDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "TestStageAttributes.cpp.inc"

void TestZQDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "TestStageAttributes.cpp.inc"
      >();
}

LogicalResult XorAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              int64_t mask) {
  if (mask < 1 || mask > 255)
    return emitError() << "(xor 1) the mask is from 1 to 255, and not " << mask;
  return success();
}

LogicalResult XorAttr::verifyInput(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<int64_t>, Type input) const {
  auto codes = dyn_cast<IntegerType>(input);
  if (codes && getMask() >> codes.getWidth() == 0)
    return success();
  return emitError() << "(T3) 'xor' with mask " << getMask()
                     << " takes in codes of as many bits, but gets " << input;
}

Type XorAttr::getOutput(Type input) const { return input; }

LogicalResult XorAttr::getParts(int64_t, Type, Operation *,
                                SmallVectorImpl<mlir::zq::Part> &) const {
  return success();
}

FailureOr<Value> XorAttr::emitDecode(mlir::zq::DecodeBuilder &at,
                                     Value main) const {
  auto type = cast<VectorType>(main.getType());
  Value mask = arith::ConstantOp::create(
      at.builder, at.loc,
      DenseElementsAttr::get(
          type, at.builder.getIntegerAttr(type.getElementType(), getMask())));
  return arith::XOrIOp::create(at.builder, at.loc, main, mask).getResult();
}

mlir::zq::StageCost XorAttr::getCost(ArrayRef<int64_t>, Type,
                                     Operation *) const {
  return {/*vector=*/1, /*scalar=*/0};
}

std::shared_ptr<const ::zq::codec::Stage> XorAttr::getReference(Type) const {
  return std::make_shared<Xor>(getMask());
}

bool XorAttr::isLossless() const { return true; }
