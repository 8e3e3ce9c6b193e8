//===- BlockScaledEpilogue.cpp - From sums to the result ------------------===//
#include "BlockScaledKernels.h"

using namespace mlir;
using namespace mlir::zq;

BlockScaledEpilogue::BlockScaledEpilogue(KernelBuilder &b,
                                         const BlockScaledProduct &product)
    : b(b), product(product) {
  result = b.getGlobal(product.result);
  if (product.init)
    init = b.getGlobal(product.init);
  auto add = [&](const BlockScaledProduct::Side &side,
                 SmallVector<Value> &rows) {
    for (BlockScaledOperand::Factor factor : side.operand.factors) {
      Value pointer = b.getGlobal(side.streams[factor.stream]);
      if (factor.isOfRows)
        rows.push_back(pointer);
      else
        uniform.push_back(b.load(b.getF32Type(), pointer, 4));
    }
  };
  add(product.a, ofRows);
  add(product.b, ofColumns);
}

/// The indices of the result's element for row `row` of a and `column` of b.
SmallVector<Value> BlockScaledEpilogue::getPlace(Int row, Int column) {
  if (product.isTransposed)
    std::swap(row, column);
  SmallVector<Value> place{column};
  ArrayRef<int64_t> shape =
      cast<MemRefType>(product.result.getType()).getShape();
  for (int64_t size : llvm::reverse(shape.drop_front().drop_back())) {
    place.push_back(row % size);
    row = row / size;
  }
  if (shape.size() > 1)
    place.push_back(row);
  std::reverse(place.begin(), place.end());
  for (Value &index : place)
    index = arith::IndexCastOp::create(b, b.getIndexType(), index);
  return place;
}

void BlockScaledEpilogue::store(Int row, Int column, ArrayRef<Value> sums,
                                int64_t tileM, int64_t tileN) {
  int64_t rows = product.a.operand.rows, columns = product.b.operand.rows;
  int64_t pitch = product.isTransposed ? rows : columns;
  Type f32 = b.getF32Type();
  // Neighbours lie side by side, and rows begin at multiples of their number.
  bool isVector =
      sums.size() > 1 && !product.isTransposed && columns % sums.size() == 0;
  int64_t step = isVector ? sums.size() : 1;
  for (int64_t i = 0, e = sums.size(); i < e; i += step) {
    Int at = column + i;
    auto finish = [&] {
      Int place = product.isTransposed ? at.wide() * pitch + row.wide()
                                       : row.wide() * pitch + at.wide();
      SmallVector<Value> values(sums.slice(i, step));
      for (int64_t lane = 0; lane < step; ++lane) {
        auto times = [&](Value factor) {
          values[lane] = arith::MulFOp::create(b, values[lane], factor);
        };
        for (Value factor : uniform)
          times(factor);
        for (Value pointer : ofRows)
          times(b.load(f32, b.at(pointer, row.wide() << 2), 4));
        for (Value pointer : ofColumns)
          times(b.load(f32, b.at(pointer, (at + lane).wide() << 2), 4));
      }
      int64_t alignment = llvm::bit_floor<uint64_t>(step);
      if (init) {
        Value all = b.pack(values);
        Value before =
            b.load(all.getType(), b.at(init, place << 2), 4 * alignment);
        values = b.unpack(arith::AddFOp::create(b, all, before));
      }
      if (product.epilogue)
        for (int64_t lane = 0; lane < step; ++lane)
          values[lane] =
              product.epilogue.emit(b, values[lane], getPlace(row, at + lane));
      int64_t bytes =
          llvm::divideCeil(values.front().getType().getIntOrFloatBitWidth(), 8);
      b.store(b.pack(values), b.at(result, place * bytes), bytes * alignment);
    };
    Int inside;
    if (rows % tileM != 0)
      inside = row < rows;
    if (columns % tileN != 0)
      inside = inside ? inside & (at < columns) : at < columns;
    if (inside)
      b.when(inside, finish);
    else
      finish();
  }
}
