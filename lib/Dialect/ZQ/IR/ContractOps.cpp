//===- ContractOps.cpp - Contractions in a compute domain -----------------===//
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// PlanesOp
//===----------------------------------------------------------------------===//

namespace {
/// The types of the results of a `zq.planes`.
struct PlanesTypes {
  RankedTensorType planes, scales, starts, totals;
  SmallVector<Type> asList() const { return {planes, scales, starts, totals}; }
};
} // namespace

static PlanesTypes getTypes(RankedTensorType source, int64_t count,
                            int64_t group, int64_t rows) {
  MLIRContext *context = source.getContext();
  int64_t height = source.getDimSize(0), columns = source.getDimSize(1);
  int64_t blocks = ShapedType::isDynamic(height)
                       ? ShapedType::kDynamic
                       : llvm::divideCeil(height, rows);
  int64_t groups = llvm::divideCeil(columns, group);
  return {
      RankedTensorType::get(
          {blocks, groups * group / laneDepth, count, rows, laneDepth},
          IntegerType::get(context, 8)),
      RankedTensorType::get({blocks, groups, rows}, Float32Type::get(context)),
      RankedTensorType::get({blocks, groups, count, rows},
                            IntegerType::get(context, 32)),
      RankedTensorType::get({blocks, groups, rows}, Float32Type::get(context))};
}

void PlanesOp::build(OpBuilder &b, OperationState &state, Value source,
                     int64_t count, int64_t group, int64_t rows,
                     int64_t offset) {
  PlanesTypes types =
      getTypes(cast<RankedTensorType>(source.getType()), count, group, rows);
  build(b, state, types.planes, types.scales, types.starts, types.totals,
        source, count, group, rows, offset);
}

LogicalResult PlanesOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  int64_t count = getCount(), group = getGroup(), rows = getRows();
  if (count < 1 || count > 2)
    return emitOpError("(Q1) has 1 or 2 planes, and not ") << count;
  if (group < laneDepth || group > 1024 || group % laneDepth)
    return emitOpError("(Q1) has groups of a multiple of ")
           << laneDepth << " up to 1024 columns, and not of " << group;
  if (rows < 1 || rows > 256)
    return emitOpError("(Q1) takes 1 to 256 rows at a time, and not ") << rows;
  if (getOffset() < 0 || getOffset() > 255)
    return emitOpError("(Q1) has an offset of 0 to 255, and not ")
           << getOffset();
  if (source.getRank() != 2 || source.isDynamicDim(1))
    return emitOpError("(Q2) takes a matrix with static columns, and not ")
           << source;
  PlanesTypes wanted = getTypes(source, count, group, rows);
  for (auto [result, type] : llvm::zip(getResults(), wanted.asList()))
    if (result.getType() != type)
      return emitOpError("(Q2) yields ")
             << type << ", and not " << result.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// ContractOp
//===----------------------------------------------------------------------===//

LogicalResult ContractOp::verify() {
  auto weight = cast<CompressedTensorType>(getWeight().getType());
  if (getLanes() < 4 || getLanes() > 64 || !llvm::isPowerOf2_64(getLanes()))
    return emitOpError("(N1) has 4 to 64 lanes, a power of two, and not ")
           << getLanes();
  std::string why;
  std::optional<LaneForm> form = getLaneForm(weight, getLanes(), why);
  if (!form)
    return emitOpError("(N1) has no form for this weight: ") << why;
  auto result = cast<RankedTensorType>(getResult().getType());
  ArrayRef<int64_t> shape = weight.getShape();
  if (result.getRank() != 2 || result.getDimSize(1) != shape[0])
    return emitOpError("(N2) yields a matrix with ")
           << shape[0] << " columns, and not " << result;
  if (getInit().getType() != result)
    return emitOpError("(N2) adds to ")
           << getInit().getType() << " and yields " << result;
  auto activation = [&](unsigned i) {
    return cast<RankedTensorType>(getActivations()[i].getType());
  };
  int64_t height = result.getDimSize(0);
  if (getActivations().size() == 1) {
    auto wanted = RankedTensorType::get({height, shape[1]},
                                        Float32Type::get(getContext()));
    if (activation(0) != wanted)
      return emitOpError("(N2) takes an activation of ")
             << wanted << ", and not " << activation(0);
    return success();
  }
  if (getActivations().size() != 4)
    return emitOpError("(N2) takes one activation, or the four results of a "
                       "'zq.planes', and not ")
           << getActivations().size();
  RankedTensorType planes = activation(0);
  if (planes.getRank() != 5 || planes.isDynamicDim(2) || planes.isDynamicDim(3))
    return emitOpError("(N2) takes planes of rank 5, and not ") << planes;
  auto source =
      RankedTensorType::get({height, shape[1]}, Float32Type::get(getContext()));
  PlanesTypes wanted =
      getTypes(source, planes.getDimSize(2), form->group, planes.getDimSize(3));
  for (auto [value, type] : llvm::zip(getActivations(), wanted.asList()))
    if (value.getType() != type)
      return emitOpError("(N2) takes ")
             << type << ", and not " << value.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// DotOp
//===----------------------------------------------------------------------===//

LogicalResult DotOp::verify() {
  auto bytes = cast<VectorType>(getLhs().getType());
  auto lanes = cast<VectorType>(getInit().getType());
  if (bytes.getNumElements() != 4 * lanes.getNumElements())
    return emitOpError("(B1) adds ")
           << bytes << " to " << lanes << ", which is not four to a lane";
  return success();
}
