//===- AArch64Lookup.cpp - Lookups in registers on AArch64 ----------------===//
#include "../Registers.h"
#include "AArch64Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

/// The codes modulo `entries`, in lanes of `type`.
static Value emitIndices(OpBuilder &b, Location loc, Value codes,
                         VectorType type, int64_t entries) {
  auto from = cast<VectorType>(codes.getType());
  if (from.getElementTypeBitWidth() < type.getElementTypeBitWidth())
    codes = arith::ExtUIOp::create(b, loc, type, codes);
  else if (from.getElementTypeBitWidth() > type.getElementTypeBitWidth())
    codes = arith::TruncIOp::create(b, loc, type, codes);
  if (!llvm::isUIntN(type.getElementTypeBitWidth(), entries))
    return codes;
  return arith::AndIOp::create(b, loc, codes, splat(b, loc, type, entries - 1));
}

/// `table` in registers of `width` elements, the last one filled up by
/// repeating it.
static SmallVector<Value> cutTable(OpBuilder &b, Location loc, Value table,
                                   int64_t width) {
  int64_t entries = cast<VectorType>(table.getType()).getNumElements();
  SmallVector<Value> registers;
  for (int64_t begin = 0; begin < entries; begin += width) {
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < width; ++i)
      order.push_back((begin + i) % entries);
    registers.push_back(vector::ShuffleOp::create(b, loc, table, table, order));
  }
  return registers;
}

/// Bytes of `table`, at most 256, by indices of bytes: four registers of table
/// at a time. An index that is beyond those leaves what was found before.
static Value emitTableOfBytes(OpBuilder &b, Location loc, Value table,
                              Value indices) {
  auto type = cast<VectorType>(indices.getType());
  SmallVector<Value> registers = cutTable(b, loc, table, 16);
  Value found;
  for (size_t begin = 0; begin < registers.size(); begin += 4) {
    size_t count = std::min<size_t>(4, registers.size() - begin);
    SmallVector<Value> operands(registers.begin() + begin,
                                registers.begin() + begin + count);
    Value at = indices;
    if (begin) {
      operands.insert(operands.begin(), found);
      at = arith::SubIOp::create(b, loc, indices,
                                 splat(b, loc, type, 16 * begin));
    }
    operands.push_back(at);
    found = emitIntrinsic(
        b, loc, type,
        (begin ? "llvm.aarch64.neon.tbx" : "llvm.aarch64.neon.tbl") +
            std::to_string(count) + ".v16i8",
        operands);
  }
  return found;
}

namespace {

/// Bytes, by NEON.
struct LookupBytes : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    if (!op.getType().getElementType().isInteger(8))
      return failure();
    int64_t entries = op.getTable().getType().getNumElements();
    Value indices = emitIndices(b, loc, op.getCodes(), op.getType(), entries);
    b.replaceOp(op, emitByRegisters(b, loc, op.getType(), 16, indices,
                                    [&](ArrayRef<Value> parts) {
                                      return emitTableOfBytes(
                                          b, loc, op.getTable(), parts[0]);
                                    }));
    return success();
  }
};

/// Values of two or four bytes, by NEON: a lane's bytes follow one another in
/// the table.
struct LookupByBytes : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type element = op.getType().getElementType();
    int64_t width = element.getIntOrFloatBitWidth() / 8;
    int64_t entries = op.getTable().getType().getNumElements();
    // What more entries take is slower than loads.
    if (width == 1 || width * entries > 256)
      return failure();
    auto indexType = VectorType::get(16 / width, b.getIntegerType(8 * width));
    auto bytes = VectorType::get(16, b.getI8Type());
    // A byte of each index: the code times `width`, then 0 and on.
    int64_t factor = 0, steps = 0;
    for (int64_t i = 0; i < width; ++i) {
      factor |= width << 8 * i;
      steps |= i << 8 * i;
    }
    Value table = vector::BitCastOp::create(
        b, loc, VectorType::get(width * entries, b.getI8Type()), op.getTable());
    b.replaceOp(
        op,
        emitByRegisters(
            b, loc, op.getType(), 16 / width, op.getCodes(),
            [&](ArrayRef<Value> codes) {
              Value at = emitIndices(b, loc, codes[0], indexType, entries);
              at = arith::MulIOp::create(b, loc, at,
                                         splat(b, loc, indexType, factor));
              at = arith::AddIOp::create(b, loc, at,
                                         splat(b, loc, indexType, steps));
              Value found = emitTableOfBytes(
                  b, loc, table, vector::BitCastOp::create(b, loc, bytes, at));
              return vector::BitCastOp::create(
                         b, loc, VectorType::get(16 / width, element), found)
                  .getResult();
            }));
    return success();
  }
};

/// By SVE, whose lookups take elements of any size from one register. What is
/// beyond it is zero.
struct LookupByElements : OpRewritePattern<LookupOp> {
  LookupByElements(MLIRContext *context, int64_t scale)
      : OpRewritePattern(context, /*benefit=*/4), scale(scale) {}

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type element = op.getType().getElementType();
    int64_t bits = element.getIntOrFloatBitWidth(), lanes = 128 / bits * scale;
    int64_t entries = op.getTable().getType().getNumElements();
    // What takes more than eight registers is looked up otherwise, and so is
    // what fills less than one.
    if (entries > 8 * lanes || op.getType().getNumElements() < lanes)
      return failure();
    auto type = VectorType::get(lanes, b.getIntegerType(bits));
    Value table = op.getTable();
    if (element != type.getElementType())
      table = vector::BitCastOp::create(
          b, loc, VectorType::get(entries, type.getElementType()), table);
    SmallVector<Value> registers = cutTable(b, loc, table, lanes);
    std::string name = "llvm.aarch64.sve.tbl.nxv" + std::to_string(128 / bits) +
                       "i" + std::to_string(bits);
    Value indices =
        emitIndices(b, loc, op.getCodes(),
                    op.getType().clone(type.getElementType()), entries);
    b.replaceOp(
        op,
        emitByRegisters(
            b, loc, op.getType(), lanes, indices, [&](ArrayRef<Value> parts) {
              Value found;
              for (auto [i, part] : llvm::enumerate(registers)) {
                Value at = parts[0];
                if (i)
                  at = arith::SubIOp::create(b, loc, at,
                                             splat(b, loc, type, i * lanes));
                Value here =
                    emitScalable(b, loc, type, name, {part, at}, scale);
                found =
                    found
                        ? arith::OrIOp::create(b, loc, found, here).getResult()
                        : here;
              }
              if (element == type.getElementType())
                return found;
              return arith::BitcastOp::create(
                         b, loc, VectorType::get(lanes, element), found)
                  .getResult();
            }));
    return success();
  }

  int64_t scale;
};

} // namespace

void mlir::zq::populateAArch64LookupPatterns(RewritePatternSet &patterns,
                                             AArch64Units units) {
  patterns.add<LookupBytes, LookupByBytes>(patterns.getContext(),
                                           /*benefit=*/3);
  if (units.scale > 1)
    patterns.add<LookupByElements>(patterns.getContext(), units.scale);
}
