//===- X86Widen.cpp - Floats of a byte to f32 by permutes -----------------===//
//
// A float of a byte is a bf16 too, which is the upper half of an f32: both of
// its bytes are looked up, and brought to their places.
//
//===----------------------------------------------------------------------===//
#include "../Registers.h"
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Codec/Minifloat.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;

/// Lanes of f32 in a register, and its bytes.
static constexpr int64_t lanes = 16, numBytes = 64;

/// Whether `op` makes whole registers of f32 from floats of a byte.
static bool isToRegisters(arith::ExtFOp op) {
  auto type = dyn_cast<VectorType>(op.getType());
  return type && type.getRank() == 1 && !type.isScalable() &&
         type.getNumElements() % lanes == 0 && type.getElementType().isF32() &&
         getElementTypeOrSelf(op.getIn()).getIntOrFloatBitWidth() == 8;
}

namespace {

/// Widens floats of a byte by permutes of registers: all of them are bf16s too,
/// both of whose bytes are looked up. The sign stays what it is.
struct WidenByPermute : OpRewritePattern<arith::ExtFOp> {
  WidenByPermute(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/3) {}

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &b) const override {
    if (!isToRegisters(op))
      return failure();
    auto from = cast<VectorType>(op.getIn().getType());
    auto format = toMinifloat(from.getElementType());
    if (!format || !format->hasSign)
      return failure();
    Location loc = op.getLoc();
    Value tables[2][2];
    for (int byte : {0, 1})
      for (int half : {0, 1})
        tables[byte][half] = emitTable(b, loc, *format, byte, half * numBytes);
    auto codesType = VectorType::get(from.getNumElements(), b.getI8Type());
    Value codes = arith::BitcastOp::create(b, loc, codesType, op.getIn());
    Value result =
        emitByRegisters(b, loc, cast<VectorType>(op.getType()), lanes, codes,
                        [&](ArrayRef<Value> parts) {
                          return emitRegister(b, loc, parts[0], tables);
                        });
    b.replaceOp(op, result);
    return success();
  }

private:
  /// Byte `byte` of the bf16s that codes from `begin` on stand for.
  static Value emitTable(PatternRewriter &b, Location loc,
                         const ::zq::codec::Minifloat &format, int byte,
                         int64_t begin) {
    SmallVector<int8_t> bytes;
    for (int64_t code = begin; code < begin + numBytes; ++code) {
      float value = ::zq::codec::decodeMinifloat(format, code);
      auto bits = llvm::bit_cast<uint32_t>(value);
      assert(!(bits & 0xffff) && "a float of a byte is a bf16");
      bytes.push_back(static_cast<int8_t>(bits >> (16 + 8 * byte)));
    }
    auto type = VectorType::get(numBytes, b.getI8Type());
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes)));
  }

  static Value emitRegister(PatternRewriter &b, Location loc, Value codes,
                            Value tables[2][2]) {
    auto type = VectorType::get(numBytes, b.getI8Type());
    auto permute = [&](Value first, Value index, Value second) -> Value {
      return LLVM::CallIntrinsicOp::create(
                 b, loc, type,
                 b.getStringAttr("llvm.x86.avx512.vpermi2var.qi.512"),
                 ValueRange{first, index, second})
          .getResults();
    };
    // Code 0, whose bytes are zeros, behind the others.
    SmallVector<int64_t> order(numBytes, lanes);
    std::iota(order.begin(), order.begin() + lanes, 0);
    Value wide = vector::ShuffleOp::create(
        b, loc, codes, splat(b, loc, codes.getType(), 0), order);
    Value low = permute(tables[0][0], wide, tables[0][1]);
    Value high = permute(tables[1][0], wide, tables[1][1]);
    Value sign = arith::AndIOp::create(b, loc, wide, splat(b, loc, type, 0x80));
    high = arith::OrIOp::create(b, loc, high, sign);
    // The upper half of each float.
    SmallVector<int8_t> places;
    for (int64_t lane = 0; lane < lanes; ++lane)
      places.append({int8_t(lanes), int8_t(lanes), int8_t(lane),
                     int8_t(numBytes + lane)});
    Value index = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, ArrayRef<int8_t>(places)));
    return vector::BitCastOp::create(b, loc,
                                     VectorType::get(lanes, b.getF32Type()),
                                     permute(low, index, high));
  }
};

} // namespace

void mlir::zq::populateX86WidenPatterns(RewritePatternSet &patterns) {
  patterns.add<WidenByPermute>(patterns.getContext());
}
