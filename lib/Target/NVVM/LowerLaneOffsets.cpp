//===- LowerLaneOffsets.cpp - Where lanes' elements lie, as arithmetic ----===//
#include "KernelBuilder.h"
#include "KernelVectors.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;

/// The sum, by XOR, of `images` of the bits that are set in `number`, the
/// lowest first. Bits that stay side by side move together.
static Int emitLinear(KernelBuilder &b, Int number, ArrayRef<int64_t> images) {
  Int sum;
  for (size_t first = 0; first < images.size();) {
    size_t count = 1;
    while (first + count < images.size() &&
           images[first + count] == images[first] << count)
      ++count;
    int64_t image = images[first];
    if (image) {
      // A run of bits moves as a whole if its lowest becomes one bit.
      bool isBit = llvm::isPowerOf2_64(image);
      count = isBit ? count : 1;
      Int bits = first ? number >> first : number;
      bits = bits & ((int64_t(1) << count) - 1);
      Int term = bits;
      if (image != 1)
        term = isBit ? bits << llvm::Log2_64(image) : bits * image;
      sum = sum ? sum ^ term : term;
    }
    first += count;
  }
  return sum ? sum : number & 0;
}

namespace {
struct LowerLaneOffset : OpRewritePattern<LaneOffsetOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LaneOffsetOp op,
                                PatternRewriter &rewriter) const override {
    KernelBuilder b(op.getLoc(), rewriter);
    auto emit = [&](int64_t MatrixOffset::*coordinate) -> Value {
      SmallVector<int64_t> images;
      for (const MatrixOffset &offset : op.getLayout().getLanes())
        images.push_back(offset.*coordinate);
      return emitLinear(b, Int(b, op.getLane()), images);
    };
    Value row = emit(&MatrixOffset::row);
    rewriter.replaceOp(op, {row, emit(&MatrixOffset::column)});
    return success();
  }
};
} // namespace

void mlir::zq::populateLaneOffsetPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerLaneOffset>(patterns.getContext());
}
