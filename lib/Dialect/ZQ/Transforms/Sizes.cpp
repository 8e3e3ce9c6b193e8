//===- Sizes.cpp - Sizes for what is dynamic ------------------------------===//
#include "zq/Dialect/ZQ/Transforms/Sizes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::zq;

Sizes::Sizes(ModuleOp module) {
  module.walk([&](Operation *op) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          addType(argument);
    for (Value result : op->getResults())
      addType(result);
  });
  module.walk([&](Operation *op) { addOp(op); });
}

void Sizes::addType(Value value) {
  if (value.getType().isIndex())
    classes.insert(getSize(value, 0));
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    classes.insert(getSize(value, dim));
    if (!ShapedType::isDynamic(size))
      known.push_back({getSize(value, dim), size});
  }
}

void Sizes::equate(Value a, Value b) {
  if (a.getType().isIndex() && b.getType().isIndex())
    return equate(getSize(a, 0), getSize(b, 0));
  auto type = dyn_cast<RankedTensorType>(a.getType());
  auto other = dyn_cast<RankedTensorType>(b.getType());
  if (!type || !other || type.getRank() != other.getRank())
    return;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    equate(getSize(a, dim), getSize(b, dim));
}

void Sizes::equate(Size size, OpFoldResult value) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    known.push_back({size, *constant});
  else
    equate(size, getSize(cast<Value>(value), 0));
}

void Sizes::equateAlone(Value narrow, Value wide,
                        ArrayRef<ReassociationIndices> groups) {
  auto type = cast<RankedTensorType>(wide.getType());
  for (auto [dim, group] : llvm::enumerate(groups)) {
    std::optional<int64_t> alone;
    int64_t others = 1;
    for (int64_t part : group)
      if (type.isDynamicDim(part) && !alone)
        alone = part;
      else
        others *= type.getDimSize(part);
    if (alone && others == 1)
      equate(getSize(narrow, dim), getSize(wide, *alone));
  }
}

void Sizes::addOp(Operation *op) {
  auto equateAll = [&](auto &&as, auto &&bs) {
    for (auto [a, b] : llvm::zip(as, bs))
      equate(a, b);
  };
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    for (OpOperand &init : destination.getDpsInitsMutable())
      if (OpResult result = destination.getTiedOpResult(&init))
        equate(init.get(), result);
  // Of numbers, such an op computes another.
  if (OpTrait::hasElementwiseMappableTraits(op) &&
      isa<RankedTensorType>(op->getResult(0).getType()))
    for (Value operand : op->getOperands())
      equate(operand, op->getResult(0));

  llvm::TypeSwitch<Operation *>(op)
      .Case([&](linalg::LinalgOp linalgOp) {
        // The operands' dimensions by loop.
        SmallVector<std::optional<Size>> loops(linalgOp.getNumLoops());
        for (OpOperand &operand : linalgOp->getOpOperands()) {
          AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
          for (auto [dim, expr] : llvm::enumerate(map.getResults()))
            if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
              Size size = getSize(operand.get(), dim);
              std::optional<Size> &found = loops[loop.getPosition()];
              if (found)
                equate(*found, size);
              found = size;
            }
        }
      })
      .Case([&](RotateOp rotate) {
        equate(rotate.getSource(), rotate.getResult());
      })
      .Case([&](DecodeOp decode) {
        auto type = cast<CompressedTensorType>(decode.getSource().getType());
        for (auto [dim, size] : llvm::enumerate(type.getShape()))
          atMost.push_back({getSize(decode.getResult(), dim), size});
      })
      .Case([&](tensor::CastOp cast) {
        equate(cast.getSource(), cast.getDest());
      })
      .Case([&](tensor::DimOp dim) {
        if (std::optional<int64_t> constant = dim.getConstantIndex())
          equate(getSize(dim.getSource(), *constant),
                 getSize(dim.getResult(), 0));
      })
      .Case([&](tensor::EmptyOp empty) {
        for (auto [dim, size] : llvm::enumerate(empty.getMixedSizes()))
          equate(getSize(empty.getResult(), dim), size);
      })
      .Case([&](tensor::ExtractSliceOp slice) {
        int64_t dim = 0;
        llvm::SmallBitVector dropped = slice.getDroppedDims();
        for (auto [source, size] : llvm::enumerate(slice.getMixedSizes()))
          if (!dropped.test(source))
            equate(getSize(slice.getResult(), dim++), size);
      })
      .Case([&](tensor::InsertSliceOp insert) {
        equate(insert.getDest(), insert.getResult());
      })
      .Case([&](tensor::ExpandShapeOp expand) {
        for (auto [dim, size] : llvm::enumerate(expand.getMixedOutputShape()))
          equate(getSize(expand.getResult(), dim), size);
        equateAlone(expand.getSrc(), expand.getResult(),
                    expand.getReassociationIndices());
      })
      .Case([&](tensor::CollapseShapeOp collapse) {
        equateAlone(collapse.getResult(), collapse.getSrc(),
                    collapse.getReassociationIndices());
      })
      .Case([&](arith::ConstantOp constant) {
        if (constant.getType().isIndex())
          equate(getSize(constant, 0), OpFoldResult(constant.getValue()));
      })
      .Case([&](func::CallOp call) {
        auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
            call, call.getCalleeAttr());
        if (!callee || callee.isExternal())
          return;
        equateAll(call.getOperands(), callee.getArguments());
        callee.walk([&](func::ReturnOp end) {
          equateAll(call.getResults(), end.getOperands());
        });
      })
      .Case([&](scf::ForOp loop) {
        equateAll(loop.getInitArgs(), loop.getRegionIterArgs());
        equateAll(loop.getInitArgs(), loop.getResults());
        equateAll(loop.getInitArgs(), loop.getYieldedValues());
      })
      .Case([&](scf::IfOp branch) {
        for (Region *region : branch.getRegions())
          if (!region->empty())
            equateAll(branch.getResults(),
                      region->front().getTerminator()->getOperands());
      });
}

bool Sizes::isSame(Value a, int64_t dimA, Value b, int64_t dimB) const {
  return classes.isEquivalent(getSize(a, dimA), getSize(b, dimB));
}

std::optional<int64_t> Sizes::getKnown(Value tensor, int64_t dim) const {
  for (auto [place, size] : known)
    if (classes.isEquivalent(place, getSize(tensor, dim)))
      return size;
  return std::nullopt;
}

std::optional<int64_t> Sizes::getLimit(Value tensor, int64_t dim) const {
  std::optional<int64_t> limit;
  for (auto [place, size] : atMost)
    if (classes.isEquivalent(place, getSize(tensor, dim)))
      limit = std::min(limit.value_or(size), size);
  return limit;
}

std::optional<int64_t> Sizes::choose(Size size, int64_t free) const {
  Value value = Value::getFromOpaquePointer(size.first);
  if (std::optional<int64_t> found = getKnown(value, size.second))
    return found;
  if (std::optional<int64_t> limit = getLimit(value, size.second))
    return std::min(*limit, free);
  return std::nullopt;
}

SmallVector<int64_t> Sizes::getShape(Value tensor, int64_t free) const {
  SmallVector<int64_t> shape;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    shape.push_back(ShapedType::isDynamic(size)
                        ? choose(getSize(tensor, dim), free).value_or(free)
                        : size);
  return shape;
}

int64_t Sizes::getIndex(Value index, int64_t free) const {
  Size size = getSize(index, 0);
  if (std::optional<int64_t> chosen = choose(size, free))
    return *chosen;
  // The size of some tensor.
  for (auto member = classes.findLeader(size); member != classes.member_end();
       ++member)
    if (!Value::getFromOpaquePointer(member->first).getType().isIndex())
      return free;
  return 0;
}
