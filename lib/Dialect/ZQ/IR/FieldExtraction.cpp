//===- FieldExtraction.cpp - Fields of bits to vector lanes ---------------===//
#include "zq/Dialect/ZQ/IR/FieldExtraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::zq;

Type mlir::zq::getCodeType(MLIRContext *context, int64_t bits) {
  return IntegerType::get(context, bits <= 8 ? 8 : bits <= 16 ? 16 : 32);
}

/// The bits that a lane has to hold for a field to be shifted to its bottom.
static int64_t getLaneBits(ArrayRef<int64_t> starts, int64_t width,
                           bool isShifted) {
  bool isAligned = !isShifted && llvm::all_of(starts, [](int64_t start) {
    return start % 8 == 0;
  });
  if (isAligned && (width == 8 || width == 16 || width == 32))
    return width;
  int64_t needed = 0;
  for (int64_t start : starts)
    needed = std::max(needed, start % 8 + width + (isShifted ? 7 : 0));
  // Few machines shift bytes.
  return needed <= 16 ? 16 : needed <= 32 ? 32 : 64;
}

/// `values` in lanes of `element`, zero-extended or truncated.
static Value resize(OpBuilder &b, Location loc, Value values, Type element) {
  auto type = cast<VectorType>(values.getType());
  unsigned from = type.getElementTypeBitWidth();
  unsigned to = element.getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtUIOp::create(b, loc, type.clone(element), values);
  if (from > to)
    return arith::TruncIOp::create(b, loc, type.clone(element), values);
  return values;
}

Value mlir::zq::emitFields(OpBuilder &b, Location loc, Value bytes,
                           ArrayRef<int64_t> starts, int64_t width,
                           Type element, Value shift) {
  int64_t count = starts.size();
  int64_t last = cast<VectorType>(bytes.getType()).getNumElements() - 1;
  int64_t laneBits = getLaneBits(starts, width, bool(shift));

  // Every lane gets the bytes that its field may lie in.
  SmallVector<int64_t> order;
  for (int64_t start : starts)
    for (int64_t byte = 0; byte < laneBits / 8; ++byte)
      order.push_back(std::min(start / 8 + byte, last));
  Value lanes = bytes;
  if (!llvm::equal(order, llvm::seq<int64_t>(0, last + 1)))
    lanes = vector::ShuffleOp::create(b, loc, bytes, bytes, order);
  auto type = VectorType::get(count, b.getIntegerType(laneBits));
  if (laneBits != 8)
    lanes = vector::BitCastOp::create(b, loc, type, lanes);
  if (laneBits == width)
    return resize(b, loc, lanes, element);

  auto constant = [&](ArrayRef<Attribute> values) -> Value {
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(type, values));
  };
  SmallVector<Attribute> shifts;
  for (int64_t start : starts)
    shifts.push_back(b.getIntegerAttr(type.getElementType(), start % 8));
  Value places = constant(shifts);
  if (shift) {
    if (laneBits > 32)
      shift = arith::ExtUIOp::create(b, loc, type.getElementType(), shift);
    else if (laneBits < 32)
      shift = arith::TruncIOp::create(b, loc, type.getElementType(), shift);
    places = arith::AddIOp::create(
        b, loc, places, vector::BroadcastOp::create(b, loc, type, shift));
  }
  lanes = arith::ShRUIOp::create(b, loc, lanes, places);
  Attribute mask =
      b.getIntegerAttr(type.getElementType(), (int64_t(1) << width) - 1);
  lanes = arith::AndIOp::create(b, loc, lanes, constant(mask));
  return resize(b, loc, lanes, element);
}
