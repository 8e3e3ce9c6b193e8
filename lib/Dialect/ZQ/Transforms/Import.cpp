//===- Import.cpp - Foreign spellings of compressed tensors ---------------===//
#include "Dequantization.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::zq {
#define GEN_PASS_DEF_IMPORT
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// Scales as the type that is computed in holds them.
static DenseElementsAttr getScales(RankedTensorType type,
                                   ArrayRef<double> scales) {
  SmallVector<Attribute> values;
  for (double scale : scales)
    values.push_back(FloatAttr::get(type.getElementType(), scale));
  return DenseElementsAttr::get(type, values);
}

static DenseElementsAttr getZeros(ArrayRef<int64_t> shape,
                                  ArrayRef<int64_t> zeros,
                                  MLIRContext *context) {
  return DenseElementsAttr::get(
      RankedTensorType::get(shape, IntegerType::get(context, 64)), zeros);
}

/// Fills in the blocks, scales and zero points of a quantized type.
static LogicalResult readParameters(quant::QuantizedType type,
                                    Dequantization &found) {
  MLIRContext *context = type.getContext();
  int64_t rank = found.shape.size();
  found.block.assign(rank, 0);
  auto set = [&](ArrayRef<int64_t> shape, ArrayRef<double> scales,
                 ArrayRef<int64_t> zeros) {
    found.scale.constant =
        getScales(RankedTensorType::get(shape, found.stored), scales);
    found.zero.constant = getZeros(shape, zeros, context);
  };
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type)) {
    set({}, uniform.getScale(), uniform.getZeroPoint());
    return success();
  }
  if (auto axis = dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    int64_t count = axis.getScales().size();
    found.block[axis.getQuantizedDimension()] = 1;
    set(count, axis.getScales(), axis.getZeroPoints());
    return success();
  }
  if (auto blocks = dyn_cast<quant::UniformQuantizedSubChannelType>(type)) {
    for (auto [dim, size] : blocks.getBlockSizeInfo())
      found.block[dim] = size;
    found.scale.constant = blocks.getScales();
    found.zero.constant = blocks.getZeroPoints();
    // The storage type is signless; the flag says how to read it.
    found.zero.isUnsigned = !blocks.isSigned();
    return success();
  }
  return failure();
}

/// The decode that stands for `op`; fails where there is none.
static FailureOr<Value> importCast(quant::DequantizeCastOp op) {
  auto leave = [&](StringRef why) {
    op.emitRemark() << "not imported: " << why;
    return failure();
  };
  auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
  if (!result)
    return leave("needs a ranked tensor");
  auto storage = op.getInput().getDefiningOp<quant::StorageCastOp>();
  if (!storage)
    return leave("its operand is not the quant.scast of an integer tensor");
  auto type =
      cast<quant::QuantizedType>(getElementTypeOrSelf(op.getInput().getType()));

  Dequantization found;
  found.codes = storage.getInput();
  found.isUnsigned = !type.isSigned();
  found.shape.assign(result.getShape().begin(), result.getShape().end());
  found.element = found.stored = result.getElementType();
  if (!result.hasStaticShape())
    return leave("needs a static shape");
  if (failed(readParameters(type, found)))
    return leave("the type is not uniformly quantized");
  // The arithmetic is in the expressed type; where a difference of codes does
  // not fit it, the order of roundings is another.
  bool isExact =
      found.element.isF32() || found.element.isF16() ||
      (found.element.isBF16() &&
       llvm::all_of(found.zero.constant.getValues<APInt>(),
                    [](const APInt &zero) { return zero.isZero(); }));
  if (!isExact)
    return leave("the arithmetic of its element type is not that of f32 "
                 "rounded");
  OpBuilder builder(op);
  return importDequantization(builder, op, found);
}

/// Imports a generic, together with the reshape that merges its groups.
static void importGeneric(linalg::GenericOp op) {
  std::optional<Dequantization> found = matchDequantization(op);
  if (!found)
    return;
  Operation *replaced = op;
  if (op->hasOneUse()) {
    auto collapse = dyn_cast<tensor::CollapseShapeOp>(*op->user_begin());
    if (collapse && succeeded(collapseDimensions(
                        *found, collapse.getResultType().getShape(),
                        collapse.getReassociationIndices())))
      replaced = collapse;
  }
  OpBuilder builder(op);
  FailureOr<Value> decoded = importDequantization(builder, op, *found);
  if (failed(decoded))
    return;
  replaced->getResult(0).replaceAllUsesWith(*decoded);
  replaced->erase();
  if (replaced != op)
    op.erase();
}

namespace {
struct ImportPass : mlir::zq::impl::ImportBase<ImportPass> {
  void runOnOperation() override {
    SmallVector<quant::DequantizeCastOp> casts;
    SmallVector<linalg::GenericOp> generics;
    getOperation().walk([&](Operation *op) {
      if (auto cast = dyn_cast<quant::DequantizeCastOp>(op))
        casts.push_back(cast);
      else if (auto generic = dyn_cast<linalg::GenericOp>(op))
        generics.push_back(generic);
    });
    for (quant::DequantizeCastOp op : casts) {
      FailureOr<Value> decoded = importCast(op);
      if (failed(decoded))
        continue;
      auto storage = op.getInput().getDefiningOp<quant::StorageCastOp>();
      op.getResult().replaceAllUsesWith(*decoded);
      op.erase();
      if (storage->use_empty())
        storage.erase();
    }
    for (linalg::GenericOp op : generics)
      importGeneric(op);
  }
};
} // namespace
