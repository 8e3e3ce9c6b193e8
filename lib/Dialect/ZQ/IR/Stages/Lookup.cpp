//===- Lookup.cpp - Values to indices of a table -----------------------===//
#include "StageSupport.h"

#include "zq/Codec/Quantize.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult LookupAttr::verify(ErrorFn emitError, DenseF32ArrayAttr table) {
  return verifyTable(emitError, table, "(lookup 1)", "(lookup 2)");
}

LogicalResult LookupAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  return verifyValues(emitError, input, "lookup");
}

Type LookupAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), llvm::Log2_64_Ceil(getTable().size()));
}

LogicalResult LookupAttr::getParts(int64_t, Type, Operation *,
                                   SmallVectorImpl<Part> &) const {
  return success();
}

Reference LookupAttr::getReference(Type) const {
  ArrayRef<float> table = getTable().asArrayRef();
  return std::make_shared<::zq::codec::Lookup>(
      std::vector<float>(table.begin(), table.end()));
}

StageCost LookupAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return getLookupCost(getTable().size());
}

bool LookupAttr::isLossless() const { return false; }

FailureOr<Value> LookupAttr::emitDecode(DecodeBuilder &at, Value main) const {
  return emitLookup(at, main, getTable().asArrayRef());
}
