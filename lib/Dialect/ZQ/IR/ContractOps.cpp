//===- ContractOps.cpp - Contractions in a compute domain -----------------===//
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"
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

/// Those of `count` planes of bytes, or of one of 16-bit integers, whose even
/// columns lie apart from the odd ones: that many parts of each four columns.
static PlanesTypes getTypes(RankedTensorType source, int64_t count,
                            bool isOfWords, int64_t group, int64_t runs,
                            int64_t rows) {
  MLIRContext *context = source.getContext();
  int64_t parts = isOfWords ? 2 : count;
  int64_t depth = isOfWords ? laneDepth / 2 : laneDepth;
  int64_t height = source.getDimSize(0), columns = source.getDimSize(1);
  int64_t blocks = ShapedType::isDynamic(height)
                       ? ShapedType::kDynamic
                       : llvm::divideCeil(height, rows);
  int64_t groups = llvm::divideCeil(columns, group);
  return {
      RankedTensorType::get(
          {blocks, groups * group / laneDepth, parts, rows, depth},
          IntegerType::get(context, isOfWords ? 16 : 8)),
      RankedTensorType::get({blocks, runs, rows}, Float32Type::get(context)),
      RankedTensorType::get({blocks, groups, rows},
                            IntegerType::get(context, 32)),
      RankedTensorType::get({blocks, groups, rows}, Float32Type::get(context))};
}

int64_t mlir::zq::getRun(Value scales, int64_t columns, int64_t group) {
  int64_t groups = llvm::divideCeil(columns, group);
  auto type = cast<RankedTensorType>(scales.getType());
  int64_t runs = type.getRank() == 3 ? type.getDimSize(1) : groups;
  return runs > 0 ? group * llvm::divideCeil(groups, runs) : group;
}

void mlir::zq::setRun(PlanesOp op, int64_t run) {
  auto type = cast<RankedTensorType>(op.getScales().getType());
  SmallVector<int64_t> shape(type.getShape());
  int64_t columns =
      cast<RankedTensorType>(op.getSource().getType()).getDimSize(1);
  shape[1] = llvm::divideCeil(columns, run);
  op.getScales().setType(type.clone(shape));
}

/// How many runs `scales` has, or as many as it should have.
static int64_t getRunCount(Value scales, int64_t columns, int64_t group) {
  return llvm::divideCeil(columns, getRun(scales, columns, group));
}

void PlanesOp::build(OpBuilder &b, OperationState &state, Value source,
                     int64_t count, int64_t group, int64_t rows, int64_t offset,
                     IntegerAttr limit) {
  auto type = cast<RankedTensorType>(source.getType());
  int64_t groups = llvm::divideCeil(type.getDimSize(1), group);
  PlanesTypes types = getTypes(type, count, /*isOfWords=*/limit != nullptr,
                               group, groups, rows);
  build(b, state, types.planes, types.scales, types.starts, types.totals,
        source, b.getI64IntegerAttr(count), limit, b.getI64IntegerAttr(group),
        b.getI64IntegerAttr(rows), b.getI64IntegerAttr(offset));
}

LogicalResult PlanesOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  int64_t count = getCount(), group = getGroup(), rows = getRows();
  if (count < 1 || count > 2)
    return emitOpError("(Q1) has 1 or 2 planes, and not ") << count;
  if (getLimit() && count != 1)
    return emitOpError("(Q1) has one plane of 16-bit integers, and not ")
           << count;
  if (getLimit() && (*getLimit() < 1 || *getLimit() > 32767))
    return emitOpError("(Q1) has a limit of 1 to 32767, and not ")
           << *getLimit();
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
  int64_t runs = getRunCount(getScales(), source.getDimSize(1), group);
  PlanesTypes wanted =
      getTypes(source, count, getLimit().has_value(), group, runs, rows);
  for (auto [result, type] : llvm::zip(getResults(), wanted.asList()))
    if (result.getType() != type)
      return emitOpError("(Q2) yields ")
             << type << ", and not " << result.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// TilesOp
//===----------------------------------------------------------------------===//

RankedTensorType mlir::zq::getTilesType(Type element, ArrayRef<int64_t> source,
                                        int64_t planes, int64_t steps,
                                        bool isRight) {
  int64_t parts = llvm::divideCeil(source[1], tileDepth * steps);
  int64_t blocks = llvm::divideCeil(source[0], tileRows);
  SmallVector<int64_t> shape{parts, blocks, steps, planes};
  if (isRight)
    llvm::append_range(shape, getRightTile(element));
  else
    shape.append({tileRows, tileDepth});
  return RankedTensorType::get(shape, element);
}

void TilesOp::build(OpBuilder &b, OperationState &state, Value source,
                    int64_t planes, int64_t steps) {
  auto type = cast<RankedTensorType>(source.getType());
  build(b, state, getTilesType(b.getBF16Type(), type.getShape(), planes, steps),
        source,
        /*right=*/false, planes, steps);
}

/// Whether there are so many planes of `element`.
static bool hasPlanes(Type element, int64_t planes) {
  return planes >= 1 && planes <= (element.isF32() ? 1 : 3);
}

LogicalResult TilesOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  int64_t planes = getPlanes(), steps = getSteps();
  Type element = getElementTypeOrSelf(getResult().getType());
  if (!hasPlanes(element, planes) || steps < 1)
    return emitOpError("(T1) has 1 to 3 planes, one of f32, and at least one "
                       "step, and not ")
           << planes << " and " << steps;
  if (source.getRank() != 2 || !source.hasStaticShape())
    return emitOpError("(T2) takes a matrix of static shape, and not ")
           << source;
  RankedTensorType wanted =
      getTilesType(element, source.getShape(), planes, steps, getRight());
  if (getResult().getType() != wanted)
    return emitOpError("(T2) yields ")
           << wanted << ", and not " << getResult().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// ContractOp
//===----------------------------------------------------------------------===//

/// Checks the activation of `op`, whose result fits its weight.
static LogicalResult verifyTiles(ContractOp op, const LaneForm &form) {
  int64_t planes = *op.getPlanes();
  if (planes < 1 || planes > 3 || op.getLanes() != tileLanes)
    return op.emitOpError("(N3) has 1 to 3 planes and 16 lanes, and not ")
           << planes << " and " << op.getLanes();
  if (form.isSequential)
    return op.emitOpError("(N3) has a weight in planes, which no state goes "
                          "through");
  auto result = cast<RankedTensorType>(op.getResult().getType());
  auto weight = cast<CompressedTensorType>(op.getWeight().getType());
  auto tiles = op.getActivations().size() == 1
                   ? cast<RankedTensorType>(op.getActivations()[0].getType())
                   : RankedTensorType();
  if (!tiles || tiles.getRank() != 6 || !tiles.hasStaticShape() ||
      !result.hasStaticShape())
    return op.emitOpError("(N3) takes the result of a 'zq.tiles' with planes");
  RankedTensorType wanted = getTilesType(
      BFloat16Type::get(op.getContext()),
      {result.getDimSize(0), weight.getShape()[1]}, tiles.getDimSize(3),
      std::max<int64_t>(tiles.getDimSize(2), 1));
  if (tiles != wanted)
    return op.emitOpError("(N2) takes ") << wanted << ", and not " << tiles;
  if (tiles.getDimSize(2) * tileDepth % form.columns)
    return op.emitOpError("(N3) takes steps of whole tiles of ")
           << form.columns << " columns of the weight";
  return success();
}

/// Checks the activations of `op`, four of which the first one has rank 5.
static LogicalResult verifyRounded(ContractOp op, const LaneForm &form) {
  auto result = cast<RankedTensorType>(op.getResult().getType());
  int64_t columns =
      cast<CompressedTensorType>(op.getWeight().getType()).getShape()[1];
  int64_t group = getRoundedGroup(form, columns);
  if (!group || op.getLanes() > tileLanes || !result.hasStaticShape() ||
      result.getDimSize(0) < 1)
    return op.emitOpError("(N4) rounds weights in panels of at most ")
           << tileLanes
           << " rows that decode in groups of columns, for a known number of "
              "rows of the activation, one or more";
  auto source = RankedTensorType::get({result.getDimSize(0), columns},
                                      Float32Type::get(op.getContext()));
  auto planes = cast<RankedTensorType>(op.getActivations()[0].getType());
  PlanesTypes wanted =
      getTypes(source, /*count=*/1, /*isOfWords=*/false, group,
               llvm::divideCeil(columns, group), planes.getDimSize(3));
  for (auto [value, type] : llvm::zip(op.getActivations(), wanted.asList()))
    if (value.getType() != type)
      return op.emitOpError("(N4) takes ")
             << type << ", and not " << value.getType();
  return success();
}

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
  bool fits = result.getRank() == 2 && !result.isDynamicDim(1) &&
              (getRow() ? result.getDimSize(1) <= shape[0]
                        : result.getDimSize(1) == shape[0]);
  if (!fits)
    return emitOpError("(N2) yields a matrix with ")
           << (getRow() ? "at most " : "") << shape[0] << " columns, and not "
           << result;
  if (getInit().getType() != result)
    return emitOpError("(N2) adds to ")
           << getInit().getType() << " and yields " << result;
  if (getRounded() && getActivations().size() != 4)
    return emitOpError("(N4) is rounded with the four results of a "
                       "'zq.planes' only");
  if (isOnTiles())
    return verifyTiles(*this, *form);
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
  if (planes.getRank() != 5 || planes.isDynamicDim(2) ||
      planes.isDynamicDim(3) || planes.getDimSize(3) < 1)
    return emitOpError("(N2) takes planes of rank 5 and some rows, and not ")
           << planes;
  auto source =
      RankedTensorType::get({height, shape[1]}, Float32Type::get(getContext()));
  if (getRounded())
    return verifyRounded(*this, *form);
  int64_t runs = getRunCount(getActivations()[1], shape[1], form->group);
  PlanesTypes wanted = getTypes(source, planes.getDimSize(2),
                                planes.getElementType().isInteger(16),
                                form->group, runs, planes.getDimSize(3));
  for (auto [value, type] : llvm::zip(getActivations(), wanted.asList()))
    if (value.getType() != type)
      return emitOpError("(N2) takes ")
             << type << ", and not " << value.getType();
  int64_t run = getRun(getActivations()[1], shape[1], form->group);
  if (run > form->group && run % form->columns)
    return emitOpError("(N2) takes runs of whole tiles of ")
           << form->columns << " columns of the weight, and not of " << run;
  auto producer = getActivations()[0].getDefiningOp<PlanesOp>();
  if (!producer || !producer.getLimit())
    return success();
  int64_t most = getWordTable(form->values, form->group).limit;
  if (static_cast<int64_t>(*producer.getLimit()) > most)
    return emitOpError("(N2) takes 16-bit integers up to ")
           << most << ", since sums of a group are of 32 bits, and not up to "
           << *producer.getLimit();
  return success();
}

//===----------------------------------------------------------------------===//
// ContractRowsOp
//===----------------------------------------------------------------------===//

LogicalResult ContractRowsOp::verify() {
  auto tiles = cast<RankedTensorType>(getActivation().getType());
  Type element = tiles.getElementType();
  if (!hasPlanes(element, getPlanes()))
    return emitOpError("(V1) has 1 to 3 planes, one of f32, and not ")
           << getPlanes();
  Type weight = getWeight().getType();
  auto compressed = dyn_cast<CompressedTensorType>(weight);
  ArrayRef<int64_t> shape = compressed
                                ? compressed.getShape()
                                : cast<RankedTensorType>(weight).getShape();
  auto result = cast<RankedTensorType>(getResult().getType());
  auto fits = [&](int64_t columns) {
    return getRow() ? columns <= shape[0] : columns == shape[0];
  };
  if (shape.size() != 2 || ShapedType::isDynamicShape(shape) ||
      result.getRank() != 2 || !result.hasStaticShape() ||
      !fits(result.getDimSize(1)) || getInit().getType() != result ||
      tiles.getRank() != 7 || !tiles.hasStaticShape())
    return emitOpError("(V2) does not multiply ")
           << tiles << " and " << weight << " to " << result;
  RankedTensorType wanted = getTilesType(
      element, {result.getDimSize(0), shape[1]}, tiles.getDimSize(3),
      std::max<int64_t>(tiles.getDimSize(2), 1), /*isRight=*/true);
  if (tiles != wanted || !hasPlanes(element, tiles.getDimSize(3)))
    return emitOpError("(V2) takes ") << wanted << ", and not " << tiles;
  return success();
}

//===----------------------------------------------------------------------===//
// MultiplyTilesOp
//===----------------------------------------------------------------------===//

LogicalResult MultiplyTilesOp::verify() {
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto rhs = cast<ShapedType>(getRhs().getType());
  auto init = cast<ShapedType>(getInit().getType());
  auto fits = [](ShapedType type, ArrayRef<int64_t> tail) {
    return type.getRank() == static_cast<int64_t>(tail.size()) + 2 &&
           type.getDimSize(1) >= 1 && type.getShape().drop_front(2) == tail;
  };
  if (!fits(lhs, {tileRows, tileDepth}) ||
      !fits(rhs, getRightTile(rhs.getElementType())) ||
      lhs.getElementType() != rhs.getElementType() ||
      init.getShape() != ArrayRef<int64_t>{tileRows, tileRows} ||
      (!lhs.isDynamicDim(0) && !rhs.isDynamicDim(0) &&
       lhs.getDimSize(0) != rhs.getDimSize(0)))
    return emitOpError("(M1) does not multiply ")
           << lhs << " and " << rhs << " to " << init;
  bool isOnTensors = isa<RankedTensorType>(init);
  auto ahead = getAhead() ? cast<ShapedType>(getAhead().getType()) : lhs;
  for (Type type : {Type(lhs), Type(rhs), Type(ahead)})
    if (isa<RankedTensorType>(type) != isOnTensors)
      return emitOpError("(M1) takes tensors or memrefs, and not both");
  if (getResults().size() != isOnTensors ||
      (isOnTensors && getResult(0).getType() != init))
    return emitOpError("(M1) yields its destination where that is a tensor");
  if (getAhead() && (ahead.getRank() != 2 || !ahead.hasStaticShape() ||
                     ahead.getNumElements() == 0))
    return emitOpError("(M2) fetches a matrix of a known size, and not ")
           << ahead;
  return success();
}

void MultiplyTilesOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (isa<RankedTensorType>(getInit().getType()))
    return;
  for (OpOperand *operand :
       {&getLhsMutable(), &getRhsMutable(), &getInitMutable()})
    effects.emplace_back(MemoryEffects::Read::get(), operand);
  effects.emplace_back(MemoryEffects::Write::get(), &getInitMutable());
}

//===----------------------------------------------------------------------===//
// DotOp
//===----------------------------------------------------------------------===//

LogicalResult DotOp::verify() {
  auto factors = cast<VectorType>(getLhs().getType());
  auto lanes = cast<VectorType>(getInit().getType());
  if (factors.getNumElements() !=
      (isOfBytes() ? 4 : 2) * lanes.getNumElements())
    return emitOpError("(B1) adds ")
           << factors << " to " << lanes << ", which is not "
           << (isOfBytes() ? "four" : "two") << " to a lane";
  if (lanes.getElementType().isInteger() == isOfBF16())
    return emitOpError("(B1) adds products of ")
           << factors.getElementType() << " to " << lanes.getElementType();
  return success();
}
