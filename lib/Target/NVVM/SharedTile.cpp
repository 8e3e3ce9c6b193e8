//===- SharedTile.cpp - Operands of products in a block's memory ----------===//
#include "SharedTile.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::zq;

/// Bytes of an element, and of 64 of them side by side.
static constexpr int64_t bytes = 2, blockBytes = SharedTile::blockRows * bytes;
static constexpr Swizzle swizzle{blockBytes};

/// For a column of a slab, as lanes have four side by side, its number (the row
/// of the layout) among those of the instruction.
static FragmentLayoutAttr getColumnOrder(MLIRContext *context) {
  FragmentLayoutAttr natural = getMmaLayout(context, MmaOperand::B, 16);
  FragmentLayoutAttr gathered = gatherColumns(natural);
  SmallVector<MatrixOffset> lanes;
  for (int64_t column = 1; column < SharedTile::slabSize; column *= 2)
    lanes.push_back({natural.at(*gathered.find({0, column})).column, 0});
  return FragmentLayoutAttr::get(context, lanes, ArrayRef<MatrixOffset>(), 16);
}

Int SharedTile::getPlaneOffset(Int stage, int64_t plane) const {
  return stage * (planes * rows * columns * bytes) +
         plane * rows * columns * bytes;
}

Value SharedTile::getPointer(KernelBuilder &b, Int stage, int64_t plane,
                             Int row, Int column) const {
  Int offset = getPlaneOffset(stage, plane);
  if (isAlongDepth)
    return b.at(begin,
                offset + (column / slabSize * rows + row) * (slabSize * bytes) +
                    column % slabSize * bytes);
  Int number = b.getOffset(getColumnOrder(b.getContext()), column).row;
  Int place = (column / slabSize * slabSize + number) * blockBytes +
              row % blockRows * bytes;
  return b.at(begin, offset + row / blockRows * (columns * blockBytes) +
                         b.getSwizzled(swizzle, place));
}

SmallVector<Value> SharedTile::loadFragment(KernelBuilder &b,
                                            FragmentLayoutAttr layout,
                                            Int offset, Int row,
                                            Int lane) const {
  EmittedOffset first = b.getOffset(layout, lane);
  // The words of the lane's columns, for each of its rows.
  llvm::SmallMapVector<int64_t, SmallVector<Value>, 2> words;
  int64_t perRegister = layout.getElementsPerRegister();
  int64_t perRow = 4 / perRegister;
  SmallVector<Value> registers;
  for (int64_t i = 0; i < layout.getRegisters(); ++i) {
    MatrixOffset at = layout.at({0, i * perRegister});
    auto [own, isNew] = words.try_emplace(at.row);
    if (isNew)
      own->second = b.unpack(b.load(
          VectorType::get(perRow, b.getI32Type()),
          b.at(begin, offset + (row + first.row + at.row) * (slabSize * bytes) +
                          first.column * bytes),
          4 * bytes));
    registers.push_back(own->second[at.column / perRegister]);
  }
  return registers;
}

SmallVector<SmallVector<Value>>
SharedTile::readFragments(KernelBuilder &b, MmaOperand operand, Int stage,
                          int64_t plane, int64_t slab, Int row, int64_t count,
                          Int lane) const {
  FragmentLayoutAttr layout = getMmaLayout(b.getContext(), operand, 16);
  int64_t height = operand == MmaOperand::A ? 16 : 8;
  Int offset = getPlaneOffset(stage, plane);
  SmallVector<SmallVector<Value>> fragments;
  if (isAlongDepth) {
    offset = offset + slab * rows * slabSize * bytes;
    for (int64_t i = 0; i < count; ++i)
      fragments.push_back(loadFragment(b, gatherColumns(layout), offset,
                                       row + i * height, lane));
  } else {
    SmallVector<MatrixOffset> beyond;
    if (count == 2)
      beyond.push_back({height, 0});
    FragmentLayoutAttr pointers =
        getSwizzled(getTransposedLdmatrixLayout(layout, beyond), swizzle);
    EmittedOffset own = b.getOffset(pointers, lane);
    // Rows from a multiple of their number on are bits that these lack.
    Int place = own.column ^ (row % blockRows * bytes);
    offset = offset + row / blockRows * (columns * blockBytes) +
             own.row * blockBytes + slab * slabSize * blockBytes;
    SmallVector<Value> all =
        b.loadMatrices(b.at(begin, offset + place),
                       count * layout.getRegisters(), /*isTransposed=*/true);
    for (int64_t i = 0; i < count; ++i)
      fragments.emplace_back(all.begin() + i * layout.getRegisters(),
                             all.begin() + (i + 1) * layout.getRegisters());
  }
  if (element.isF16())
    for (SmallVector<Value> &fragment : fragments)
      for (Value &word : fragment)
        word = LLVM::BitcastOp::create(b, VectorType::get(2, element), word);
  return fragments;
}
