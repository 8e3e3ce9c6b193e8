//===- SharedTile.cpp - Operands of products in a block's memory ----------===//
#include "SharedTile.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::zq;

/// Bytes of an element, of the columns of a slab, and of 64 rows side by side.
static constexpr int64_t bytes = 2, slabBytes = SharedTile::slabSize * bytes,
                         blockBytes = SharedTile::blockRows * bytes;

Int SharedTile::getPlaneOffset(Int stage, int64_t plane) const {
  return stage * (planes * rows * columns * bytes) +
         plane * rows * columns * bytes;
}

Value SharedTile::getPointer(KernelBuilder &b, Int stage, int64_t plane,
                             Int row, Int column) const {
  Int offset = getPlaneOffset(stage, plane);
  if (isAlongDepth)
    return b.at(begin,
                offset + column / slabSize * (rows * slabBytes) +
                    b.getSwizzled({slabBytes},
                                  row * slabBytes + column % slabSize * bytes));
  return b.at(begin,
              offset + row / blockRows * (columns * blockBytes) +
                  b.getSwizzled({blockBytes},
                                column * blockBytes + row % blockRows * bytes));
}

SmallVector<SmallVector<Value>>
SharedTile::readFragments(KernelBuilder &b, MmaOperand operand, Int stage,
                          int64_t plane, int64_t slab, Int row, int64_t more,
                          int64_t count, Int lane) const {
  FragmentLayoutAttr layout = getMmaLayout(b.getContext(), operand, 16);
  SmallVector<MatrixOffset> beyond;
  if (count == 2)
    beyond.push_back({operand == MmaOperand::A ? 16 : 8, 0});
  Value pointer;
  Int offset = getPlaneOffset(stage, plane);
  if (isAlongDepth) {
    EmittedOffset own = b.getOffset(
        getSwizzled(getLdmatrixLayout(layout, beyond), {slabBytes}), lane);
    // Further rows are a multiple of those that the swizzle looks at. What is
    // known is part of the instruction.
    pointer = b.at(begin, offset + (row + own.row) * slabBytes + own.column);
    pointer = b.at(pointer, (slab * rows + more) * slabBytes);
  } else {
    EmittedOffset own = b.getOffset(
        getSwizzled(getTransposedLdmatrixLayout(layout, beyond), {blockBytes}),
        lane);
    row = row + more;
    // Rows from a multiple of their number on are bits that these lack.
    pointer = b.at(begin, offset + row / blockRows * (columns * blockBytes) +
                              (own.row + slab * slabSize) * blockBytes +
                              (own.column ^ (row % blockRows * bytes)));
  }
  SmallVector<Value> all =
      b.loadMatrices(pointer, count * layout.getRegisters(),
                     /*isTransposed=*/!isAlongDepth);
  SmallVector<SmallVector<Value>> fragments;
  for (int64_t i = 0; i < count; ++i)
    fragments.emplace_back(all.begin() + i * layout.getRegisters(),
                           all.begin() + (i + 1) * layout.getRegisters());
  if (element.isF16())
    for (SmallVector<Value> &fragment : fragments)
      for (Value &word : fragment)
        word = LLVM::BitcastOp::create(b, VectorType::get(2, element), word);
  return fragments;
}
