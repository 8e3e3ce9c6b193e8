//===- MatrixProduct.cpp - Contractions as products of matrices -----------===//
#include "MatrixProduct.h"

#include "zq/Dialect/ZQ/Transforms/Contractions.h"

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

/// The product with `weight` for w; none where it is no such product.
static std::optional<MatrixProduct> matchWith(LinalgOp op, OpOperand *weight,
                                              OpOperand *other) {
  OpOperand *result = op.getDpsInitOperand(0);
  MatrixProduct product;
  product.op = op;
  if (auto decode = weight->get().getDefiningOp<DecodeOp>();
      decode && decode.isWhole())
    product.decode = decode;
  product.activation = other->get(), product.weight = weight->get();
  product.init = result->get();
  auto x = getPermutedLoops(op.getMatchingIndexingMap(other));
  auto w = getPermutedLoops(op.getMatchingIndexingMap(weight));
  auto y = getPermutedLoops(op.getMatchingIndexingMap(result));
  if (!x || !w || !y || x->empty() || w->empty())
    return std::nullopt;
  product.xLoops = *x, product.wLoops = *w, product.yLoops = *y;
  bool hasColumn = false, hasDepth = false;
  for (unsigned loop : *y) {
    bool isOfX = llvm::is_contained(*x, loop);
    bool isOfW = llvm::is_contained(*w, loop);
    if (isOfX && isOfW) {
      product.batchLoops.push_back(loop);
    } else if (isOfX) {
      product.rowLoops.push_back(loop);
    } else if (isOfW && !hasColumn) {
      product.columnLoop = loop;
      hasColumn = true;
    } else {
      return std::nullopt;
    }
  }
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (llvm::is_contained(*y, loop))
      continue;
    if (hasDepth || !llvm::is_contained(*x, loop) ||
        !llvm::is_contained(*w, loop))
      return std::nullopt;
    product.depthLoop = loop;
    hasDepth = true;
  }
  if (!hasColumn || !hasDepth)
    return std::nullopt;
  // What is decoded together are neighbours in a row or in a column.
  if (product.decode && product.wLoops.back() != product.columnLoop &&
      product.wLoops.back() != product.depthLoop)
    return std::nullopt;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (ShapedType::isDynamic(sizes[product.columnLoop]) ||
      ShapedType::isDynamic(sizes[product.depthLoop]))
    return std::nullopt;
  return product;
}

std::optional<MatrixProduct> mlir::zq::matchMatrixProduct(LinalgOp op) {
  if (!isSumOfProducts(op) || !op.hasPureTensorSemantics())
    return std::nullopt;
  // One over nothing leaves its destination as it is, which tiling sees to.
  if (llvm::is_contained(op.getStaticLoopRanges(), 0))
    return std::nullopt;
  std::optional<MatrixProduct> dense;
  for (unsigned weight : {1u, 0u})
    if (auto product = matchWith(op, op.getDpsInputOperand(weight),
                                 op.getDpsInputOperand(1 - weight))) {
      if (product->decode)
        return product;
      if (!dense)
        dense = product;
    }
  // A compressed operand that is no weight is not decoded to memory for this.
  if (llvm::any_of(op.getDpsInputs(), [](Value input) {
        return input.getDefiningOp<DecodeOp>() != nullptr;
      }))
    return std::nullopt;
  return dense;
}
