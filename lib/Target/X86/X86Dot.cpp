//===- X86Dot.cpp - Sums of products of narrow numbers on x86-64 ----------===//
#include "../Registers.h"
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <map>

using namespace mlir;
using namespace mlir::zq;

/// An intrinsic for vectors of so many bits.
using Intrinsics = std::map<int64_t, StringRef>;

static Value call(OpBuilder &b, Location loc, Type type, StringRef name,
                  ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                       operands)
      .getResults();
}

static int64_t getBits(VectorType type) {
  return type.getNumElements() * type.getElementTypeBitWidth();
}

namespace {

/// By the instruction for bytes.
struct DotByInstruction : OpRewritePattern<DotOp> {
  DotByInstruction(MLIRContext *context, Intrinsics intrinsics)
      : OpRewritePattern(context, /*benefit=*/20),
        intrinsics(std::move(intrinsics)) {}

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    auto type = cast<VectorType>(op.getInit().getType());
    if (!op.isOfBytes() || !intrinsics.count(getBits(type)))
      return failure();
    b.replaceOp(op, call(b, op.getLoc(), type, intrinsics.at(getBits(type)),
                         {op.getInit(), op.getLhs(), op.getRhs()}));
    return success();
  }

  Intrinsics intrinsics;
};

/// By sums of two products of 16 bits each, of the even bytes and of the odd
/// ones. Exact: an unsigned byte times a signed one fits.
struct DotByPairs : OpRewritePattern<DotOp> {
  DotByPairs(MLIRContext *context, Intrinsics intrinsics)
      : OpRewritePattern(context, /*benefit=*/10),
        intrinsics(std::move(intrinsics)) {}

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    auto type = cast<VectorType>(op.getInit().getType());
    if (!op.isOfBytes() || !intrinsics.count(getBits(type)))
      return failure();
    Location loc = op.getLoc();
    auto halves = VectorType::get(2 * type.getNumElements(), b.getI16Type());
    Value lhs = vector::BitCastOp::create(b, loc, halves, op.getLhs());
    Value rhs = vector::BitCastOp::create(b, loc, halves, op.getRhs());
    Value eight = splat(b, loc, halves, 8);
    Value evenL =
        arith::AndIOp::create(b, loc, lhs, splat(b, loc, halves, 255));
    Value oddL = arith::ShRUIOp::create(b, loc, lhs, eight);
    Value evenR = arith::ShRSIOp::create(
        b, loc, arith::ShLIOp::create(b, loc, rhs, eight), eight);
    Value oddR = arith::ShRSIOp::create(b, loc, rhs, eight);
    StringRef name = intrinsics.at(getBits(type));
    Value sum = arith::AddIOp::create(b, loc, op.getInit(),
                                      call(b, loc, type, name, {evenL, evenR}));
    b.replaceOpWithNewOp<arith::AddIOp>(op, sum,
                                        call(b, loc, type, name, {oddL, oddR}));
    return success();
  }

  Intrinsics intrinsics;
};

/// By the instructions for 16-bit integers: one for sums of two products, and
/// perhaps one that adds them too.
struct DotOfWords : OpRewritePattern<DotOp> {
  DotOfWords(MLIRContext *context, Intrinsics pairs, Intrinsics dots)
      : OpRewritePattern(context, /*benefit=*/10), pairs(std::move(pairs)),
        dots(std::move(dots)) {}

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<VectorType>(op.getInit().getType());
    int64_t bits = getBits(type);
    if (!op.isOfWords() || !(dots.count(bits) || pairs.count(bits)))
      return failure();
    if (dots.count(bits)) {
      b.replaceOp(op, call(b, loc, type, dots.at(bits),
                           {op.getInit(), op.getLhs(), op.getRhs()}));
      return success();
    }
    b.replaceOpWithNewOp<arith::AddIOp>(
        op, op.getInit(),
        call(b, loc, type, pairs.at(bits), {op.getLhs(), op.getRhs()}));
    return success();
  }

  Intrinsics pairs, dots;
};

/// By the instruction for bf16, a register at a time.
struct DotOfBF16ByInstruction : OpRewritePattern<DotOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    constexpr int64_t lanes = 16;
    auto type = cast<VectorType>(op.getType());
    if (!op.isOfBF16() || type.getNumElements() % lanes)
      return failure();
    Location loc = op.getLoc();
    b.replaceOp(
        op, emitByRegisters(
                b, loc, type, lanes, {op.getInit(), op.getLhs(), op.getRhs()},
                [&](ArrayRef<Value> parts) {
                  return call(b, loc, parts[0].getType(),
                              "llvm.x86.avx512bf16.dpbf16ps.512", parts);
                }));
    return success();
  }
};

} // namespace

void mlir::zq::populateX86DotPatterns(RewritePatternSet &patterns,
                                      const llvm::StringSet<> &features) {
  auto has = [&](StringRef feature) { return features.contains(feature); };
  bool hasAVX512 = has("avx512f") && has("avx512bw") && has("avx512vl");
  Intrinsics pairs{{128, "llvm.x86.sse2.pmadd.wd"}}, dots, wordDots;
  if (has("avx2"))
    pairs[256] = "llvm.x86.avx2.pmadd.wd";
  if (hasAVX512)
    pairs[512] = "llvm.x86.avx512.pmaddw.d.512";
  if (has("avxvnni") || (has("avx512vnni") && hasAVX512)) {
    dots[128] = "llvm.x86.avx512.vpdpbusd.128";
    dots[256] = "llvm.x86.avx512.vpdpbusd.256";
    wordDots[128] = "llvm.x86.avx512.vpdpwssd.128";
    wordDots[256] = "llvm.x86.avx512.vpdpwssd.256";
  }
  if (has("avx512vnni") && hasAVX512) {
    wordDots[512] = "llvm.x86.avx512.vpdpwssd.512";
    dots[512] = "llvm.x86.avx512.vpdpbusd.512";
  }
  patterns.add<DotOfWords>(patterns.getContext(), pairs, std::move(wordDots));
  patterns.add<DotByPairs>(patterns.getContext(), std::move(pairs));
  if (hasX86BFloat16Dots(features))
    patterns.add<DotOfBF16ByInstruction>(patterns.getContext(), /*benefit=*/20);
  patterns.add<DotByInstruction>(patterns.getContext(), std::move(dots));
}
