//===- X86Widen.cpp - Floats of a byte to f32 by permutes -----------------===//
//
// A float of a byte is a bf16 too, which is the upper half of an f32: both of
// its bytes are looked up, and brought to their places. Lookups in two
// registers take pipes that products need, so that a register of bytes is
// looked up at once where there are so many, and the rest is done by what takes
// others.
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
    auto type = cast<VectorType>(op.getType());
    auto codesType = VectorType::get(from.getNumElements(), b.getI8Type());
    Value codes = arith::BitcastOp::create(b, loc, codesType, op.getIn());
    bool areWide = from.getNumElements() % numBytes == 0;
    Value result =
        emitByRegisters(b, loc, type, areWide ? numBytes : lanes, codes,
                        [&](ArrayRef<Value> parts) {
                          return areWide
                                     ? emitRegisters(b, loc, parts[0], tables)
                                     : emitRegister(b, loc, parts[0], tables);
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

  /// Byte `index` of two registers for each of the indices.
  static Value permute(PatternRewriter &b, Location loc, Value first,
                       Value index, Value second) {
    return LLVM::CallIntrinsicOp::create(
               b, loc, index.getType(),
               b.getStringAttr("llvm.x86.avx512.vpermi2var.qi.512"),
               ValueRange{first, index, second})
        .getResults();
  }

  /// The lower and the upper bytes of the bf16s that a register of codes stands
  /// for.
  static std::pair<Value, Value> lookUp(PatternRewriter &b, Location loc,
                                        Value codes, Value tables[2][2]) {
    Value low = permute(b, loc, tables[0][0], codes, tables[0][1]);
    Value high = permute(b, loc, tables[1][0], codes, tables[1][1]);
    Value sign = arith::AndIOp::create(b, loc, codes,
                                       splat(b, loc, codes.getType(), 0x80));
    return {low, arith::OrIOp::create(b, loc, high, sign)};
  }

  /// The f32s of as many codes as a register has bytes.
  static Value emitRegisters(PatternRewriter &b, Location loc, Value codes,
                             Value tables[2][2]) {
    constexpr int64_t count = numBytes / lanes, blockBytes = 16;
    // Four registers side by side: a lane has a code of each.
    SmallVector<int64_t> order;
    for (int64_t block = 0; block < numBytes; block += blockBytes)
      for (int64_t pair = 0; pair < count; pair += 2)
        for (int64_t lane = 0; lane < blockBytes / count; ++lane)
          for (int64_t part : {pair, pair + 1})
            order.push_back(part * lanes + block / count + lane);
    codes = vector::ShuffleOp::create(b, loc, codes, codes, order);
    auto [low, high] = lookUp(b, loc, codes, tables);
    auto words = VectorType::get(lanes, b.getI32Type());
    SmallVector<Value> results;
    // The bf16s of two registers, one in each half of a lane.
    for (int64_t pair = 0; pair < count; pair += 2) {
      order.clear();
      for (int64_t block = 0; block < numBytes; block += blockBytes)
        for (int64_t i = 0; i < blockBytes / 2; ++i)
          order.append({block + pair * 4 + i, numBytes + block + pair * 4 + i});
      Value both = vector::ShuffleOp::create(b, loc, low, high, order);
      both = vector::BitCastOp::create(b, loc, words, both);
      results.push_back(
          arith::ShLIOp::create(b, loc, both, splat(b, loc, words, 16)));
      results.push_back(arith::AndIOp::create(
          b, loc, both, splat(b, loc, words, int64_t(0xffff) << 16)));
    }
    auto floats = VectorType::get(lanes, b.getF32Type());
    auto all = VectorType::get(numBytes, b.getF32Type());
    Value whole = arith::ConstantOp::create(b, loc, b.getZeroAttr(all));
    for (auto [i, result] : llvm::enumerate(results))
      whole = vector::InsertStridedSliceOp::create(
          b, loc, vector::BitCastOp::create(b, loc, floats, result), whole,
          ArrayRef<int64_t>{int64_t(i) * lanes}, ArrayRef<int64_t>{1});
    return whole;
  }

  static Value emitRegister(PatternRewriter &b, Location loc, Value codes,
                            Value tables[2][2]) {
    auto type = VectorType::get(numBytes, b.getI8Type());
    // Code 0, whose bytes are zeros, behind the others.
    SmallVector<int64_t> order(numBytes, lanes);
    std::iota(order.begin(), order.begin() + lanes, 0);
    Value wide = vector::ShuffleOp::create(
        b, loc, codes, splat(b, loc, codes.getType(), 0), order);
    auto [low, high] = lookUp(b, loc, wide, tables);
    // The upper half of each float.
    SmallVector<int8_t> places;
    for (int64_t lane = 0; lane < lanes; ++lane)
      places.append({int8_t(lanes), int8_t(lanes), int8_t(lane),
                     int8_t(numBytes + lane)});
    Value index = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, ArrayRef<int8_t>(places)));
    return vector::BitCastOp::create(b, loc,
                                     VectorType::get(lanes, b.getF32Type()),
                                     permute(b, loc, low, index, high));
  }
};

} // namespace

void mlir::zq::populateX86WidenPatterns(RewritePatternSet &patterns) {
  patterns.add<WidenByPermute>(patterns.getContext());
}
