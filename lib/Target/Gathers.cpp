//===- Gathers.cpp - Gathers from views of arrays -------------------------===//
#include "zq/Target/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Vectorization of `tensor.extract` makes gathers whose indices count elements
/// in row-major order, and what they are lowered to takes them for distances in
/// memory. In a view with gaps, such as a slice of columns, these differ.
struct GatherFromView : OpRewritePattern<vector::GatherOp> {
  // Before any lowering.
  GatherFromView(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/10) {}

  LogicalResult matchAndRewrite(vector::GatherOp op,
                                PatternRewriter &b) const override {
    auto type = dyn_cast<MemRefType>(op.getBase().getType());
    if (!type || type.areTrailingDimsContiguous(type.getRank()))
      return failure();
    Location loc = op.getLoc();
    auto view = memref::ExtractStridedMetadataOp::create(b, loc, op.getBase());
    SmallVector<Value> sizes =
        getValues(b, loc, view.getConstifiedMixedSizes());
    SmallVector<Value> strides =
        getValues(b, loc, view.getConstifiedMixedStrides());

    // Where it begins, and how far the view reaches.
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value begin = arith::ConstantIndexOp::create(b, loc, 0), extent = one;
    for (auto [offset, size, stride] :
         llvm::zip(op.getOffsets(), sizes, strides)) {
      begin = arith::MulIOp::create(b, loc, begin, size);
      begin = arith::AddIOp::create(b, loc, begin, offset);
      Value last = arith::SubIOp::create(b, loc, size, one);
      last = arith::MulIOp::create(b, loc, last, stride);
      extent = arith::AddIOp::create(b, loc, extent, last);
    }
    auto flatType = MemRefType::get(
        ShapedType::kDynamic, type.getElementType(),
        StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, 1),
        type.getMemorySpace());
    Value flat = memref::ReinterpretCastOp::create(
        b, loc, flatType, view.getBaseBuffer(), OpFoldResult(view.getOffset()),
        OpFoldResult(extent), OpFoldResult(b.getIndexAttr(1)));
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    b.replaceOpWithNewOp<vector::GatherOp>(
        op, op.getVectorType(), flat, zero,
        getPlaces(b, op, begin, sizes, strides), op.getMask(),
        op.getPassThru());
    return success();
  }

private:
  static SmallVector<Value> getValues(OpBuilder &b, Location loc,
                                      ArrayRef<OpFoldResult> numbers) {
    return llvm::map_to_vector(numbers, [&](OpFoldResult number) {
      return getValueOrCreateConstantIndexOp(b, loc, number);
    });
  }

  /// The distances in memory of the elements that the indices count from
  /// `begin` on.
  static Value getPlaces(OpBuilder &b, vector::GatherOp op, Value begin,
                         ArrayRef<Value> sizes, ArrayRef<Value> strides) {
    Location loc = op.getLoc();
    auto type = op.getIndexVectorType().clone(b.getIndexType());
    auto splat = [&](Value number) -> Value {
      return vector::BroadcastOp::create(b, loc, type, number);
    };
    Value rest = op.getIndices();
    if (rest.getType() != type)
      rest = arith::IndexCastOp::create(b, loc, type, rest);
    rest = arith::AddIOp::create(b, loc, rest, splat(begin));
    Value places = splat(arith::ConstantIndexOp::create(b, loc, 0));
    for (size_t dim = sizes.size(); dim--;) {
      Value at = rest;
      if (dim) {
        at = arith::RemUIOp::create(b, loc, rest, splat(sizes[dim]));
        rest = arith::DivUIOp::create(b, loc, rest, splat(sizes[dim]));
      }
      at = arith::MulIOp::create(b, loc, at, splat(strides[dim]));
      places = arith::AddIOp::create(b, loc, places, at);
    }
    return places;
  }
};
} // namespace

void mlir::zq::populateGatherPatterns(RewritePatternSet &patterns) {
  patterns.add<GatherFromView>(patterns.getContext());
}
