//===- AArch64Dot.cpp - Sums of products of bytes on AArch64 --------------===//
#include "../Registers.h"
#include "AArch64Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

/// No byte of `value` is above this, as far as its definition shows: that of a
/// lookup, lowered or not, or of fields that were masked.
static uint64_t getLargestByte(Value value) {
  DenseIntElementsAttr elements;
  if (matchPattern(value, m_Constant(&elements))) {
    uint64_t largest = 0;
    for (const APInt &element : elements)
      largest = std::max(largest, element.getZExtValue());
    return largest;
  }
  auto largestOf = [](ValueRange values) {
    uint64_t largest = 0;
    for (Value value : values)
      largest = std::max(largest, getLargestByte(value));
    return largest;
  };
  Operation *op = value.getDefiningOp();
  if (!op)
    return 255;
  if (auto lookup = dyn_cast<LookupOp>(op))
    return getLargestByte(lookup.getTable());
  if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op))
    return call.getIntrin().starts_with("llvm.aarch64.neon.tb")
               ? largestOf(call.getArgs().drop_back())
           : call.getIntrin().starts_with("llvm.aarch64.sve.tbl")
               ? getLargestByte(call.getArgs().front())
               : 255;
  if (auto both = dyn_cast<arith::AndIOp>(op))
    return std::min(getLargestByte(both.getLhs()),
                    getLargestByte(both.getRhs()));
  if (auto either = dyn_cast<arith::OrIOp>(op)) {
    uint64_t largest = largestOf(either->getOperands());
    return llvm::PowerOf2Ceil(largest + 1) - 1;
  }
  if (auto insert = dyn_cast<vector::InsertStridedSliceOp>(op))
    return largestOf({insert.getValueToStore(), insert.getDest()});
  if (isa<vector::ShuffleOp>(op))
    return largestOf(op->getOperands());
  if (isa<vector::ExtractStridedSliceOp, vector::ScalableExtractOp>(op))
    return getLargestByte(op->getOperand(0));
  if (auto insert = dyn_cast<vector::ScalableInsertOp>(op))
    return getLargestByte(insert.getValueToStore());
  return 255;
}

namespace {

/// By the instructions for it: of unsigned and signed bytes, or of signed ones
/// alone. With these a byte that may be above 127 counts for 128 less, and 128
/// times the other operand makes up for it.
struct DotByInstruction : OpRewritePattern<DotOp> {
  DotByInstruction(MLIRContext *context, AArch64Units units)
      : OpRewritePattern(context, /*benefit=*/20), units(units) {}

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    if (!op.isOfBytes())
      return failure();
    Location loc = op.getLoc();
    auto type = cast<VectorType>(op.getType());
    // What is shorter than a register of SVE is one of NEON.
    int64_t scale = type.getNumElements() < 4 * units.scale ? 1 : units.scale;
    bool hasDot = units.hasDot || scale > 1;
    if (!hasDot && !units.hasMixedDot)
      return failure();
    auto integers = VectorType::get(4 * scale, b.getI32Type());
    auto bytes = VectorType::get(16 * scale, b.getI8Type());
    auto dot = [&](StringRef kind, Value sum, Value lhs, Value rhs) {
      std::string name =
          ("llvm.aarch64." + (scale > 1 ? "sve." + kind + ".nxv4i32"
                                        : "neon." + kind + ".v4i32.v16i8"))
              .str();
      return scale > 1
                 ? emitScalable(b, loc, integers, name, {sum, lhs, rhs}, scale)
                 : emitIntrinsic(b, loc, integers, name, {sum, lhs, rhs});
    };
    bool isSigned = getLargestByte(op.getLhs()) < 128;
    b.replaceOp(
        op,
        emitByRegisters(
            b, loc, type, 4 * scale, {op.getInit(), op.getLhs(), op.getRhs()},
            [&](ArrayRef<Value> parts) {
              Value sum = parts[0], lhs = parts[1], rhs = parts[2];
              if (isSigned && hasDot)
                return dot("sdot", sum, lhs, rhs);
              if (units.hasMixedDot)
                return dot("usdot", sum, lhs, rhs);
              Value least = splat(b, loc, bytes, -128);
              Value zero = splat(b, loc, integers, 0);
              Value missing = dot("sdot", zero, least, rhs);
              sum = dot("sdot", sum, arith::XOrIOp::create(b, loc, lhs, least),
                        rhs);
              return arith::SubIOp::create(b, loc, sum, missing).getResult();
            }));
    return success();
  }

  AArch64Units units;
};

/// By products of 16 bits, which are added up in pairs. Exact: an unsigned byte
/// times a signed one fits.
struct DotByPairs : OpRewritePattern<DotOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    if (!op.isOfBytes())
      return failure();
    Location loc = op.getLoc();
    auto integers = VectorType::get(4, b.getI32Type());
    auto words = VectorType::get(8, b.getI16Type());
    b.replaceOp(
        op,
        emitByRegisters(
            b, loc, cast<VectorType>(op.getType()), 4,
            {op.getInit(), op.getLhs(), op.getRhs()},
            [&](ArrayRef<Value> parts) {
              SmallVector<Value> pairs;
              for (int64_t half : {0, 8}) {
                auto cut = [&](Value bytes) -> Value {
                  return vector::ExtractStridedSliceOp::create(
                      b, loc, bytes, ArrayRef<int64_t>{half},
                      ArrayRef<int64_t>{8}, ArrayRef<int64_t>{1});
                };
                Value products = arith::MulIOp::create(
                    b, loc,
                    arith::ExtUIOp::create(b, loc, words, cut(parts[1])),
                    arith::ExtSIOp::create(b, loc, words, cut(parts[2])));
                pairs.push_back(emitIntrinsic(
                    b, loc, integers, "llvm.aarch64.neon.saddlp.v4i32.v8i16",
                    products));
              }
              Value sum = emitIntrinsic(b, loc, integers,
                                        "llvm.aarch64.neon.addp.v4i32", pairs);
              return arith::AddIOp::create(b, loc, sum, parts[0]).getResult();
            }));
    return success();
  }
};

} // namespace

void mlir::zq::populateAArch64DotPatterns(RewritePatternSet &patterns,
                                          AArch64Units units) {
  patterns.add<DotByPairs>(patterns.getContext(), /*benefit=*/10);
  patterns.add<DotByInstruction>(patterns.getContext(), units);
}
