//===- PartOps.cpp - Ops that put decoded parts together ------------------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::zq;

LogicalResult ScaleOp::verify() {
  auto type = cast<RankedTensorType>(getSource().getType());
  auto scales = cast<RankedTensorType>(getScales().getType());
  auto fits = [](auto sizes) {
    return std::get<1>(sizes) == 1 || std::get<0>(sizes) == std::get<1>(sizes);
  };
  if (type.getRank() != scales.getRank() ||
      !llvm::all_of(llvm::zip(type.getShape(), scales.getShape()), fits))
    return emitOpError("(C1) ") << scales << " does not scale " << type;
  return success();
}

LogicalResult ProductOp::verify() {
  auto left = cast<RankedTensorType>(getLeft().getType());
  auto right = cast<RankedTensorType>(getRight().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  int64_t rank = result.getRank();
  auto agree = [&] {
    if (rank < 2 || left.getRank() != rank || right.getRank() != rank ||
        left.isDynamicDim(rank - 1) ||
        left.getDimSize(rank - 1) != right.getDimSize(rank - 2))
      return false;
    for (int64_t dim = 0; dim < rank - 2; ++dim)
      if (left.getDimSize(dim) != result.getDimSize(dim) ||
          right.getDimSize(dim) != result.getDimSize(dim))
        return false;
    return left.getDimSize(rank - 2) == result.getDimSize(rank - 2) &&
           right.getDimSize(rank - 1) == result.getDimSize(rank - 1);
  };
  if (!agree())
    return emitOpError("(P1) ")
           << left << " times " << right << " is no " << result;
  return success();
}

void ScatterOp::build(OpBuilder &builder, OperationState &state,
                      ValueRange sparse, Value main,
                      ArrayRef<OpFoldResult> offsets, ArrayRef<int64_t> shape,
                      bool replace) {
  SmallVector<Value> values;
  SmallVector<int64_t> constants;
  dispatchIndexOpFoldResults(offsets, values, constants);
  build(builder, state, main.getType(), sparse[0], sparse[1], sparse[2], main,
        values, constants, shape, replace);
}

SmallVector<OpFoldResult> ScatterOp::getMixedOffsets() {
  return getMixedValues(getStaticOffsets(), getOffsets(), getContext());
}

bool ScatterOp::isWhole() {
  return cast<RankedTensorType>(getMain().getType()).getShape() == getShape() &&
         llvm::all_of(getStaticOffsets(),
                      [](int64_t offset) { return offset == 0; });
}

LogicalResult ScatterOp::verify() {
  int64_t rank = cast<RankedTensorType>(getMain().getType()).getRank();
  int64_t dynamic = llvm::count_if(getStaticOffsets(), ShapedType::isDynamic);
  if (rank == 0 || static_cast<int64_t>(getStaticOffsets().size()) != rank ||
      static_cast<int64_t>(getShape().size()) != rank ||
      dynamic != static_cast<int64_t>(getOffsets().size()))
    return emitOpError("(K1) needs an offset and a size of the whole for each "
                       "dimension of ")
           << getMain().getType();
  auto sparse = [](Value value) {
    return cast<RankedTensorType>(value.getType());
  };
  int64_t rows = ShapedType::getNumElements(getShape().drop_back()) + 1;
  if (sparse(getRows()).getShape() != ArrayRef(rows) ||
      sparse(getColumns()).getRank() != 1 || sparse(getValues()).getRank() != 1)
    return emitOpError("(K2) needs the beginnings of ")
           << rows - 1 << " rows and their end, with columns and values, and "
           << "not " << getRows().getType() << ", " << getColumns().getType()
           << ", " << getValues().getType();
  return success();
}
