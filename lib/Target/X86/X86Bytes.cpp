//===- X86Bytes.cpp - Tables and products of bytes on x86-64 --------------===//
#include "X86Bytes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
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

/// The element `value` in each lane of `type`.
static Value splat(OpBuilder &b, Location loc, VectorType type, int64_t value) {
  return arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(
          type, b.getIntegerAttr(type.getElementType(), value)));
}

static int64_t getBits(VectorType type) {
  return type.getNumElements() * type.getElementTypeBitWidth();
}

/// Entries `begin` and on of `table`, `count` of them, again and again until
/// they fill `type`.
static Value repeatTable(OpBuilder &b, Location loc, Value table, int64_t begin,
                         int64_t count, VectorType type) {
  int64_t entries = cast<VectorType>(table.getType()).getNumElements();
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    order.push_back((begin + i % count) % entries);
  return vector::ShuffleOp::create(b, loc, table, table, order);
}

/// Of `found`, one vector for each value of the codes' bits from `bit` up, the
/// one that each code says.
static Value selectByBits(OpBuilder &b, Location loc, SmallVector<Value> found,
                          Value codes, int64_t bit) {
  auto type = cast<VectorType>(codes.getType());
  for (; found.size() > 1; bit *= 2) {
    Value isSet = arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::ne,
        arith::AndIOp::create(b, loc, codes,
                              splat(b, loc, type, static_cast<int8_t>(bit))),
        splat(b, loc, type, 0));
    for (size_t i = 0; i < found.size() / 2; ++i)
      found[i] = arith::SelectOp::create(b, loc, isSet, found[2 * i + 1],
                                         found[2 * i]);
    found.resize(found.size() / 2);
  }
  return found.front();
}

namespace {

/// Whether a lookup is one of bytes by bytes.
bool isOfBytes(LookupOp op) {
  return cast<VectorType>(op.getTable().getType())
             .getElementType()
             .isInteger(8) &&
         cast<VectorType>(op.getCodes().getType()).getElementType().isInteger(8);
}

/// By permutes of whole registers, which take an index modulo their length, or
/// modulo that of two.
struct LookupByBytePermute : OpRewritePattern<LookupOp> {
  explicit LookupByBytePermute(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/20) {}

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    static const Intrinsics one = {{128, "llvm.x86.avx512.permvar.qi.128"},
                                   {256, "llvm.x86.avx512.permvar.qi.256"},
                                   {512, "llvm.x86.avx512.permvar.qi.512"}};
    static const Intrinsics two = {
        {128, "llvm.x86.avx512.vpermi2var.qi.128"},
        {256, "llvm.x86.avx512.vpermi2var.qi.256"},
        {512, "llvm.x86.avx512.vpermi2var.qi.512"}};
    auto type = cast<VectorType>(op.getResult().getType());
    if (!isOfBytes(op) || !one.count(getBits(type)))
      return failure();
    Location loc = op.getLoc();
    int64_t entries =
        cast<VectorType>(op.getTable().getType()).getNumElements();
    int64_t lanes = type.getNumElements();
    if (entries <= lanes) {
      Value table = repeatTable(b, loc, op.getTable(), 0, entries, type);
      b.replaceOp(op, call(b, loc, type, one.at(getBits(type)),
                           {table, op.getCodes()}));
      return success();
    }
    SmallVector<Value> found;
    for (int64_t begin = 0; begin < entries; begin += 2 * lanes)
      found.push_back(
          call(b, loc, type, two.at(getBits(type)),
               {repeatTable(b, loc, op.getTable(), begin, lanes, type),
                op.getCodes(),
                repeatTable(b, loc, op.getTable(), begin + lanes, lanes,
                            type)}));
    b.replaceOp(op, selectByBits(b, loc, std::move(found), op.getCodes(),
                                 2 * lanes));
    return success();
  }
};

/// By shuffles within 16 bytes, whose index has four bits.
struct LookupByShuffle : OpRewritePattern<LookupOp> {
  LookupByShuffle(MLIRContext *context, Intrinsics intrinsics)
      : OpRewritePattern(context, /*benefit=*/10),
        intrinsics(std::move(intrinsics)) {}

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto type = cast<VectorType>(op.getResult().getType());
    if (!isOfBytes(op) || !intrinsics.count(getBits(type)))
      return failure();
    Location loc = op.getLoc();
    Value low = arith::AndIOp::create(b, loc, op.getCodes(),
                                      splat(b, loc, type, 15));
    int64_t entries =
        cast<VectorType>(op.getTable().getType()).getNumElements();
    SmallVector<Value> found;
    for (int64_t begin = 0; begin < entries; begin += 16)
      found.push_back(
          call(b, loc, type, intrinsics.at(getBits(type)),
               {repeatTable(b, loc, op.getTable(), begin,
                            std::min<int64_t>(entries, 16), type),
                low}));
    b.replaceOp(op,
                selectByBits(b, loc, std::move(found), op.getCodes(), 16));
    return success();
  }

  Intrinsics intrinsics;
};

/// By the instruction for it.
struct DotByInstruction : OpRewritePattern<DotOp> {
  DotByInstruction(MLIRContext *context, Intrinsics intrinsics)
      : OpRewritePattern(context, /*benefit=*/20),
        intrinsics(std::move(intrinsics)) {}

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    auto type = cast<VectorType>(op.getInit().getType());
    if (!intrinsics.count(getBits(type)))
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
    if (!intrinsics.count(getBits(type)))
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
    b.replaceOpWithNewOp<arith::AddIOp>(
        op, sum, call(b, loc, type, name, {oddL, oddR}));
    return success();
  }

  Intrinsics intrinsics;
};

} // namespace

void mlir::zq::populateX86BytePatterns(RewritePatternSet &patterns,
                                       const llvm::StringSet<> &features) {
  MLIRContext *context = patterns.getContext();
  auto has = [&](StringRef feature) { return features.contains(feature); };
  bool hasAVX512 = has("avx512f") && has("avx512bw") && has("avx512vl");
  if (hasAVX512 && has("avx512vbmi"))
    patterns.add<LookupByBytePermute>(context);
  Intrinsics shuffles, pairs{{128, "llvm.x86.sse2.pmadd.wd"}}, dots;
  if (has("ssse3") || has("avx2"))
    shuffles[128] = "llvm.x86.ssse3.pshuf.b.128";
  if (has("avx2")) {
    shuffles[256] = "llvm.x86.avx2.pshuf.b";
    pairs[256] = "llvm.x86.avx2.pmadd.wd";
  }
  if (hasAVX512) {
    shuffles[512] = "llvm.x86.avx512.pshuf.b.512";
    pairs[512] = "llvm.x86.avx512.pmaddw.d.512";
  }
  if (has("avxvnni") || (has("avx512vnni") && hasAVX512)) {
    dots[128] = "llvm.x86.avx512.vpdpbusd.128";
    dots[256] = "llvm.x86.avx512.vpdpbusd.256";
  }
  if (has("avx512vnni") && hasAVX512)
    dots[512] = "llvm.x86.avx512.vpdpbusd.512";
  patterns.add<LookupByShuffle>(context, std::move(shuffles));
  patterns.add<DotByPairs>(context, std::move(pairs));
  patterns.add<DotByInstruction>(context, std::move(dots));
}
