//===- LayoutEmitter.cpp - What layouts say of a lane, at run time --------===//
#include "LayoutEmitter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;

Int mlir::zq::emitLinear(KernelBuilder &b, Int number,
                         ArrayRef<int64_t> images) {
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
      Int bits = (number >> first) & ((int64_t(1) << count) - 1);
      Int term = isBit ? bits << llvm::Log2_64(image) : bits * image;
      sum = sum ? sum ^ term : term;
    }
    first += count;
  }
  return sum ? sum : b.i32(0);
}

/// The rows, or the columns, of offsets.
static SmallVector<int64_t> project(ArrayRef<MatrixOffset> offsets,
                                    int64_t MatrixOffset::*coordinate) {
  SmallVector<int64_t> images;
  for (const MatrixOffset &offset : offsets)
    images.push_back(offset.*coordinate);
  return images;
}

static EmittedOffset emitOffset(KernelBuilder &b, Int number,
                                ArrayRef<MatrixOffset> offsets) {
  return {emitLinear(b, number, project(offsets, &MatrixOffset::row)),
          emitLinear(b, number, project(offsets, &MatrixOffset::column))};
}

EmittedOffset mlir::zq::emitFirst(KernelBuilder &b,
                                  const FragmentLayout &layout, Int lane) {
  return emitOffset(b, lane, layout.getLaneOffsets());
}

EmittedOffset mlir::zq::emitLdmatrixRow(KernelBuilder &b,
                                        const FragmentLayout &layout, Int lane,
                                        ArrayRef<MatrixOffset> beyond) {
  // Of a linear map the images of the bits tell all.
  SmallVector<MatrixOffset> images;
  for (int64_t bit = 0; bit < 5; ++bit)
    images.push_back(layout.getLdmatrixRow(int64_t(1) << bit, beyond));
  return emitOffset(b, lane, images);
}

Int mlir::zq::emitSwizzle(KernelBuilder &, Swizzle swizzle, Int address) {
  if (!swizzle.span)
    return address;
  return address ^ ((address >> 3) & ((swizzle.span - 1) & ~int64_t(15)));
}
