//===- Sizes.cpp - Sizes for what is dynamic ------------------------------===//
#include "Sizes.h"

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
using namespace mlir::zq::verification;

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

void Sizes::addOp(Operation *op) {
  auto equateAll = [&](auto &&as, auto &&bs) {
    for (auto [a, b] : llvm::zip(as, bs))
      equate(a, b);
  };
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    for (OpOperand &init : destination.getDpsInitsMutable())
      if (OpResult result = destination.getTiedOpResult(&init))
        equate(init.get(), result);
  if (OpTrait::hasElementwiseMappableTraits(op))
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

std::optional<int64_t> Sizes::choose(Size size, int64_t free) const {
  auto isSame = [&](const std::pair<Size, int64_t> &fact) {
    return classes.isEquivalent(fact.first, size);
  };
  auto found = llvm::find_if(known, isSame);
  if (found != known.end())
    return found->second;
  std::optional<int64_t> limit;
  for (const auto &fact : atMost)
    if (isSame(fact))
      limit = std::min(limit.value_or(fact.second), fact.second);
  if (limit)
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
