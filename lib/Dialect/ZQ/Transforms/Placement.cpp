//===- Placement.cpp - The cost model -------------------------------------===//
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

bool mlir::zq::isWeight(Operation *op) {
  if (isa_and_nonnull<DecodeOp>(op))
    return true;
  auto linalgOp = dyn_cast_or_null<linalg::LinalgOp>(op);
  return linalgOp && linalgOp.getNumLoops() == linalgOp.getNumParallelLoops() &&
         linalgOp.getNumDpsInputs() == 1 &&
         isWeight(linalgOp.getDpsInputs().front().getDefiningOp());
}

DecodeOp mlir::zq::getDecode(Operation *weight) {
  while (auto chain = dyn_cast<linalg::LinalgOp>(weight))
    weight = chain.getDpsInputs().front().getDefiningOp();
  return cast<DecodeOp>(weight);
}

//===----------------------------------------------------------------------===//
// One value
//===----------------------------------------------------------------------===//

static double getBytes(Type type) { return type.getIntOrFloatBitWidth() / 8.0; }

/// Adds what all values of a tensor cost.
static LogicalResult addCost(CodecAttr codec, ArrayRef<int64_t> shape,
                             Type element, Operation *scope, int64_t lanes,
                             DecodeCost &total) {
  auto parts = getParts(codec, shape.size(), element, scope);
  if (failed(parts))
    return failure();
  for (auto [stage, input, own, at] :
       llvm::zip(codec.getStages(), codec.getInputs(element), *parts,
                 codec.getShapes(shape))) {
    double values = ShapedType::getNumElements(at);
    StageCost cost = stage.getCost(at, input, scope);
    total.operations += values * (cost.vector / lanes + cost.scalar);
    for (const Part &part : own) {
      RankedTensorType type = part.array.getType(at);
      if (part.codec) {
        if (failed(addCost(part.codec, type.getShape(), type.getElementType(),
                           scope, lanes, total)))
          return failure();
      } else if (type.hasStaticShape()) {
        total.bytes += type.getNumElements() * getBytes(type.getElementType());
      } else {
        total.bytes += values * getBytes(input);
      }
    }
  }
  return success();
}

DecodeCost CostModel::getDecodeCost(DecodeOp op) const {
  auto type = cast<CompressedTensorType>(op.getSource().getType());
  DecodeCost cost;
  double values = ShapedType::getNumElements(type.getShape());
  // A decoder that is missing is an error elsewhere.
  if (values == 0 || failed(addCost(type.getCodec(), type.getShape(),
                                    type.getElementType(), op, lanes, cost)))
    return {};
  cost.bytes /= values;
  cost.operations /= values;
  cost.denseBytes = getBytes(type.getElementType());
  return cost;
}

//===----------------------------------------------------------------------===//
// Placements
//===----------------------------------------------------------------------===//

// What docs/Rationale.md measures under "Placement".
/// Operations that take as long as a byte from memory.
static constexpr double memoryTime = 0.5;
/// Bytes that stay in a core's own cache.
static constexpr double cacheSize = 1 << 20;

StringRef mlir::zq::stringify(Placement placement) {
  switch (placement) {
  case Placement::InRegisters:
    return "in registers";
  case Placement::PerPanel:
    return "per panel";
  case Placement::UpFront:
    return "up front";
  }
  llvm_unreachable("unknown placement");
}

Prediction CostModel::predict(Placement placement, const DecodeCost &cost,
                              double values, const WeightUses &uses) const {
  double tiles = uses.whole / uses.tile;
  double reads = uses.whole / uses.registers;
  double decodes = placement == Placement::InRegisters ? reads
                   : placement == Placement::PerPanel  ? tiles
                                                       : 1;
  // A vector of f32 is stored or loaded in one operation.
  double cacheTime = 1 / (4.0 * lanes);
  double dense = values * cost.denseBytes;
  Prediction result;
  result.placement = placement;
  result.bytesRead = decodes * values * cost.bytes;
  result.operations = decodes * values * cost.operations;
  // Streams come from memory once for each tile, and then from cache.
  double cold = std::min(decodes, tiles);
  result.time =
      values * cost.bytes * (cold * memoryTime + (decodes - cold) * cacheTime) +
      result.operations;
  if (placement == Placement::InRegisters)
    return result;
  result.bytesWritten = decodes * dense;
  double panelTime = placement == Placement::UpFront && dense > cacheSize
                         ? memoryTime
                         : cacheTime;
  result.time += result.bytesWritten * panelTime;
  if (placement == Placement::UpFront)
    result.time += tiles * dense * panelTime;
  result.time += reads * dense * cacheTime;
  return result;
}

Prediction CostModel::choose(const DecodeCost &cost, double values,
                             const WeightUses &uses) const {
  Prediction best = predict(Placement::InRegisters, cost, values, uses);
  for (Placement placement : {Placement::PerPanel, Placement::UpFront}) {
    Prediction next = predict(placement, cost, values, uses);
    if (next.time < best.time)
      best = next;
  }
  return best;
}

void mlir::zq::remarkPlacement(DecodeOp op, bool fused, const Twine &what,
                               const Prediction &prediction) {
  auto read = std::llround(prediction.bytesRead),
       operations = std::llround(prediction.operations),
       written = std::llround(prediction.bytesWritten);
  auto function = op->getParentOfType<FunctionOpInterface>();
  remark::RemarkOpts options =
      remark::RemarkOpts::name("decode")
          .category("zq-placement")
          .function(function ? function.getName() : "");
  remark::detail::InFlightRemark remark =
      fused ? remark::passed(op.getLoc(), options)
            : remark::missed(op.getLoc(), options);
  // There is none unless the engine is asked for it.
  if (remark) {
    std::string text = what.str();
    remark << text << remark::metric("bytesRead", read)
           << remark::metric("operations", operations)
           << remark::metric("bytesWritten", written);
    return;
  }
  op.emitRemark() << what << "; predicted: " << read << " bytes read, "
                  << operations << " operations, " << written
                  << " bytes written";
}
