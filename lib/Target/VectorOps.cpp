//===- VectorOps.cpp - Target-neutral lowerings of zq's vector ops --------===//
#include "Registers.h"
#include "TileLoops.h"
#include "zq/Target/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "zq/Dialect/ZQ/IR/FieldExtraction.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Codes of 1, 2, 4 or 8 bits: halve the fields until they are the codes'.
struct UnpackByHalves : OpRewritePattern<UnpackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnpackOp op,
                                PatternRewriter &b) const override {
    int64_t bits = op.getBits();
    if (8 % bits)
      return failure();
    Location loc = op.getLoc();
    Value fields = op.getSource();
    for (int64_t width = 4; width >= bits; width /= 2) {
      auto type = cast<VectorType>(fields.getType());
      Value low = arith::AndIOp::create(b, loc, fields,
                                        splat(b, loc, type, (1 << width) - 1));
      Value high =
          arith::ShRUIOp::create(b, loc, fields, splat(b, loc, type, width));
      fields = vector::InterleaveOp::create(b, loc, low, high);
    }
    b.replaceOp(op, fields);
    return success();
  }
};

/// Codes of any width.
struct UnpackByWords : OpRewritePattern<UnpackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnpackOp op,
                                PatternRewriter &b) const override {
    int64_t bits = op.getBits();
    auto result = cast<VectorType>(op.getResult().getType());
    SmallVector<int64_t> starts;
    for (int64_t j = 0; j < result.getNumElements(); ++j)
      starts.push_back(j * bits);
    b.replaceOp(op, emitFields(b, op.getLoc(), op.getSource(), starts, bits,
                               result.getElementType()));
    return success();
  }
};

/// A tree of selections, one level for each bit of the codes: right for every
/// target.
struct LookupBySelection : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<VectorType>(op.getResult().getType());
    SmallVector<Value> candidates;
    int64_t entries =
        cast<VectorType>(op.getTable().getType()).getNumElements();
    for (int64_t i = 0; i < entries; ++i)
      candidates.push_back(vector::BroadcastOp::create(
          b, loc, type, vector::ExtractOp::create(b, loc, op.getTable(), i)));
    b.replaceOp(op, emitSelections(b, loc, op.getCodes(), candidates, 1));
    return success();
  }
};

/// 16-bit integers as their two bytes, whose lookups targets have: both of the
/// even codes, and both of the odd ones, in words.
struct LookupWordsByBytes : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    VectorType type = op.getType(), codes = op.getCodes().getType();
    int64_t count = type.getNumElements();
    if (!type.getElementType().isInteger(16))
      return failure();
    // A table has no more entries than bytes number.
    if (!codes.getElementType().isInteger(8)) {
      Value bytes = arith::TruncIOp::create(b, loc, codes.clone(b.getI8Type()),
                                            op.getCodes());
      b.replaceOpWithNewOp<LookupOp>(op, type, bytes, op.getTable());
      return success();
    }
    if (count % 2)
      return failure();
    auto words = VectorType::get(count / 2, b.getI16Type());
    // What each code's byte `place` is.
    auto lookUp = [&](int64_t place) -> Value {
      VectorType entries = op.getTable().getType();
      Value shifted = op.getTable();
      if (place)
        shifted =
            arith::ShRUIOp::create(b, loc, shifted, splat(b, loc, entries, 8));
      Value table = arith::TruncIOp::create(
          b, loc, entries.clone(b.getI8Type()), shifted);
      Value found = LookupOp::create(b, loc, type.clone(b.getI8Type()),
                                     op.getCodes(), table);
      return vector::BitCastOp::create(b, loc, words, found);
    };
    Value lower = lookUp(0), upper = lookUp(1);
    auto constant = [&](int64_t value) { return splat(b, loc, words, value); };
    Value even = arith::OrIOp::create(
        b, loc, arith::AndIOp::create(b, loc, lower, constant(0x00ff)),
        arith::ShLIOp::create(b, loc, upper, constant(8)));
    Value odd = arith::OrIOp::create(
        b, loc, arith::AndIOp::create(b, loc, upper, constant(-0x0100)),
        arith::ShRUIOp::create(b, loc, lower, constant(8)));
    b.replaceOpWithNewOp<vector::InterleaveOp>(op, even, odd);
    return success();
  }
};

/// A longer table goes to memory, where each lane loads its entry. A remark
/// says so once for a function and a kind of table.
struct LookupInMemory : OpRewritePattern<LookupOp> {
  LookupInMemory(MLIRContext *context, PatternBenefit benefit)
      : OpRewritePattern(context, benefit),
        told(std::make_shared<DenseSet<std::pair<Operation *, Type>>>()) {}

  void remark(LookupOp op) const {
    auto function = op->getParentOfType<FunctionOpInterface>();
    VectorType table = op.getTable().getType();
    if (!function || !told->insert({function.getOperation(), table}).second)
      return;
    function->emitRemark("lookups in ")
        << table.getNumElements() << " entries of " << table.getElementType()
        << ": a load for each element, since the target has no permute for "
           "them";
  }

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    int64_t entries = op.getTable().getType().getNumElements();
    if (entries <= 16)
      return failure();
    remark(op);
    // A place on the stack for the function or the thread, not for each
    // iteration of a loop.
    Operation *scope = op->getParentOp();
    while (!isa<FunctionOpInterface, gpu::LaunchOp, scf::ForallOp>(scope) &&
           scope->getName().getStringRef() != "omp.parallel")
      scope = scope->getParentOp();
    Value memory;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&scope->getRegion(0).front());
      memory = memref::AllocaOp::create(
          b, loc, MemRefType::get({entries}, op.getType().getElementType()));
    }
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    vector::StoreOp::create(b, loc, op.getTable(), memory, zero);
    SmallVector<Value> found;
    for (int64_t i = 0; i < op.getType().getNumElements(); ++i) {
      Value code = vector::ExtractOp::create(b, loc, op.getCodes(), i);
      code = arith::AndIOp::create(b, loc, code,
                                   splat(b, loc, code.getType(), entries - 1));
      code = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), code);
      found.push_back(memref::LoadOp::create(b, loc, memory, code));
    }
    b.replaceOpWithNewOp<vector::FromElementsOp>(op, op.getType(), found);
    return success();
  }

  /// Functions and types of tables that there was a remark for.
  std::shared_ptr<DenseSet<std::pair<Operation *, Type>>> told;
};

/// Each lane counts the lanes set before it and looks the byte of that number
/// up.
struct ExpandByLookup : OpRewritePattern<ExpandOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExpandOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<VectorType>(op.getResult().getType());
    int64_t lanes = type.getNumElements();
    auto bytes = type.clone(b.getI8Type());
    Value zero = splat(b, loc, bytes, 0);
    // Lanes from lane -shift of `value` on; 0 before its first.
    auto shiftUp = [&](Value value, int64_t shift) {
      SmallVector<int64_t> order;
      for (int64_t lane = 0; lane < lanes; ++lane)
        order.push_back(lane < shift ? lanes : lane - shift);
      return vector::ShuffleOp::create(b, loc, value, zero, order).getResult();
    };
    Value counts =
        shiftUp(arith::ExtUIOp::create(b, loc, bytes, op.getMask()), 1);
    for (int64_t shift = 1; shift < lanes; shift *= 2)
      counts = arith::AddIOp::create(b, loc, counts, shiftUp(counts, shift));

    SmallVector<int64_t> order;
    for (int64_t i = 0, n = llvm::PowerOf2Ceil(lanes); i < n; ++i)
      order.push_back(std::min(i, lanes - 1));
    Value table = vector::ShuffleOp::create(b, loc, op.getSource(),
                                            op.getSource(), order);
    Value found = LookupOp::create(b, loc, type, counts, table);
    b.replaceOpWithNewOp<arith::SelectOp>(op, op.getMask(), found,
                                          op.getPassthru());
    return success();
  }
};

/// Four products of 32-bit lanes.
struct DotByLanes : OpRewritePattern<DotOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    if (!op.isOfBytes())
      return failure();
    Location loc = op.getLoc();
    Type type = op.getInit().getType();
    Value lhs = vector::BitCastOp::create(b, loc, type, op.getLhs());
    Value rhs = vector::BitCastOp::create(b, loc, type, op.getRhs());
    Value sum = op.getInit();
    for (int64_t byte = 0; byte < 4; ++byte) {
      Value x = arith::AndIOp::create(
          b, loc,
          arith::ShRUIOp::create(b, loc, lhs, splat(b, loc, type, 8 * byte)),
          splat(b, loc, type, 255));
      Value y = arith::ShLIOp::create(b, loc, rhs,
                                      splat(b, loc, type, 24 - 8 * byte));
      y = arith::ShRSIOp::create(b, loc, y, splat(b, loc, type, 24));
      sum = arith::AddIOp::create(b, loc, sum,
                                  arith::MulIOp::create(b, loc, x, y));
    }
    b.replaceOp(op, sum);
    return success();
  }
};

/// Products of the lower halves of 32-bit lanes, and of the upper ones.
struct DotOfWordsByLanes : OpRewritePattern<DotOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    if (!op.isOfWords())
      return failure();
    Location loc = op.getLoc();
    Type type = op.getInit().getType();
    Value sixteen = splat(b, loc, type, 16), sum = op.getInit();
    for (bool isUpper : {false, true}) {
      auto widen = [&](Value words) -> Value {
        Value lanes = vector::BitCastOp::create(b, loc, type, words);
        if (!isUpper)
          lanes = arith::ShLIOp::create(b, loc, lanes, sixteen);
        return arith::ShRSIOp::create(b, loc, lanes, sixteen);
      };
      Value product =
          arith::MulIOp::create(b, loc, widen(op.getLhs()), widen(op.getRhs()));
      sum = arith::AddIOp::create(b, loc, sum, product);
    }
    b.replaceOp(op, sum);
    return success();
  }
};

/// Products of f32, the even ones and the odd ones.
struct DotByFMA : OpRewritePattern<DotOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DotOp op, PatternRewriter &b) const override {
    if (!op.isOfBF16())
      return failure();
    Location loc = op.getLoc();
    auto lhs = vector::DeinterleaveOp::create(b, loc, op.getLhs());
    auto rhs = vector::DeinterleaveOp::create(b, loc, op.getRhs());
    auto extend = [&](Value values) -> Value {
      return arith::ExtFOp::create(b, loc, op.getInit().getType(), values);
    };
    auto flag = arith::FastMathFlags::contract;
    Value sum = op.getInit();
    for (auto [x, y] : llvm::zip(lhs.getResults(), rhs.getResults()))
      sum = arith::AddFOp::create(
          b, loc, sum,
          arith::MulFOp::create(b, loc, extend(x), extend(y), flag), flag);
    b.replaceOp(op, sum);
    return success();
  }
};

/// Products of f32, two for each pair of bf16, which are its upper bits.
struct MultiplyByFMA : OpRewritePattern<MultiplyTilesOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MultiplyTilesOp op,
                                PatternRewriter &b) const override {
    bool isF32 = getElementTypeOrSelf(op.getLhs().getType()).isF32();
    return lowerToTileLoops(
        op, b,
        [=](OpBuilder &b, Location loc, Value sums, Value left, Value right) {
          Type type = left.getType();
          auto flag = arith::FastMathFlags::contract;
          if (isF32) {
            auto cast = [&](Value words) -> Value {
              return arith::BitcastOp::create(b, loc, sums.getType(), words);
            };
            Value product =
                arith::MulFOp::create(b, loc, cast(left), cast(right), flag);
            return arith::AddFOp::create(b, loc, sums, product, flag)
                .getResult();
          }
          for (bool isUpper : {false, true}) {
            auto widen = [&](Value words) -> Value {
              words = isUpper
                          ? arith::AndIOp::create(
                                b, loc, words, splat(b, loc, type, 0xffff0000))
                                .getResult()
                          : arith::ShLIOp::create(b, loc, words,
                                                  splat(b, loc, type, 16))
                                .getResult();
              return arith::BitcastOp::create(b, loc, sums.getType(), words);
            };
            Value product =
                arith::MulFOp::create(b, loc, widen(left), widen(right), flag);
            sums = arith::AddFOp::create(b, loc, sums, product, flag);
          }
          return sums;
        });
  }
};

/// As any other conversion.
struct RoundByTruncation : OpRewritePattern<ToBF16Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ToBF16Op op,
                                PatternRewriter &b) const override {
    b.replaceOpWithNewOp<arith::TruncFOp>(op, op.getResult().getType(),
                                          op.getSource());
    return success();
  }
};

/// Vectors of floats of a byte, by arithmetic on their fields.
struct WidenSmallFloats : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &b) const override {
    auto type = dyn_cast<VectorType>(op.getIn().getType());
    if (!type || type.getElementTypeBitWidth() != 8 ||
        !getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    b.replaceOp(op, emitToF32(b, op.getLoc(), op.getIn()));
    return success();
  }
};

/// Rows of bf16 are widened one by one, where each can be seen to be made of.
struct ExtendBeforeInsert : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto extend = [&](Value value) -> Value {
      Type type = withElement(value.getType(), getElementTypeOrSelf(op));
      return arith::ExtFOp::create(b, loc, type, value);
    };
    if (auto insert =
            op.getIn().getDefiningOp<vector::InsertStridedSliceOp>()) {
      b.replaceOpWithNewOp<vector::InsertStridedSliceOp>(
          op, extend(insert.getValueToStore()), extend(insert.getDest()),
          insert.getOffsets(), insert.getStrides());
      return success();
    }
    auto broadcast = op.getIn().getDefiningOp<vector::BroadcastOp>();
    if (!broadcast)
      return failure();
    b.replaceOpWithNewOp<vector::BroadcastOp>(op, op.getType(),
                                              extend(broadcast.getSource()));
    return success();
  }
};

/// bf16 to f32 by integers: LLVM calls a library for vectors of odd lengths on
/// CPUs without arithmetic on bf16.
struct ExtendFromBF16 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &b) const override {
    Type source = op.getIn().getType(), result = op.getType();
    if (!getElementTypeOrSelf(source).isBF16() ||
        !getElementTypeOrSelf(result).isF32())
      return failure();
    Location loc = op.getLoc();
    Type i32 = withElement(result, b.getI32Type());
    Value bits = arith::BitcastOp::create(
        b, loc, withElement(source, b.getI16Type()), op.getIn());
    bits = arith::ExtUIOp::create(b, loc, i32, bits);
    bits = arith::ShLIOp::create(b, loc, bits, splat(b, loc, i32, 16));
    b.replaceOpWithNewOp<arith::BitcastOp>(op, result, bits);
    return success();
  }
};

/// f32 to bf16 by integers, rounded to nearest even. The instruction that
/// AVX-512 has takes subnormals for zero, and CPUs without it call a library.
/// All on integers to the end, for the same reason.
struct TruncateToBF16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &b) const override {
    Type result = op.getType();
    if (!getElementTypeOrSelf(result).isBF16() ||
        !getElementTypeOrSelf(op.getIn()).isF32())
      return failure();
    Location loc = op.getLoc();
    Type i32 = withElement(result, b.getI32Type());
    Type i16 = withElement(result, b.getI16Type());
    auto constant = [&](int64_t value) { return splat(b, loc, i32, value); };
    Value bits = arith::BitcastOp::create(b, loc, i32, op.getIn());
    Value upper = arith::ShRUIOp::create(b, loc, bits, constant(16));
    Value isOdd = arith::AndIOp::create(b, loc, upper, constant(1));
    Value rounded = arith::AddIOp::create(
        b, loc, arith::AddIOp::create(b, loc, bits, constant(0x7fff)), isOdd);
    rounded = arith::ShRUIOp::create(b, loc, rounded, constant(16));
    // A NaN keeps its sign and what is left of its payload, and is quiet.
    Value magnitude = arith::AndIOp::create(b, loc, bits, constant(0x7fffffff));
    Value isNaN = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt,
                                        magnitude, constant(0x7f800000));
    Value quiet = arith::OrIOp::create(b, loc, upper, constant(0x40));
    Value chosen = arith::SelectOp::create(b, loc, isNaN, quiet, rounded);
    b.replaceOpWithNewOp<arith::BitcastOp>(
        op, result, arith::TruncIOp::create(b, loc, i16, chosen));
    return success();
  }
};

/// A part of a vector of bf16 is one of its bits, for the same reason.
struct ExtractBF16Bits : OpRewritePattern<vector::ExtractStridedSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ExtractStridedSliceOp op,
                                PatternRewriter &b) const override {
    Type source = op.getSource().getType(), result = op.getType();
    if (!getElementTypeOrSelf(result).isBF16())
      return failure();
    Location loc = op.getLoc();
    Value bits = arith::BitcastOp::create(
        b, loc, withElement(source, b.getI16Type()), op.getSource());
    Value part = vector::ExtractStridedSliceOp::create(
        b, loc, withElement(result, b.getI16Type()), bits, op.getOffsets(),
        op.getSizes(), op.getStrides());
    b.replaceOpWithNewOp<arith::BitcastOp>(op, result, part);
    return success();
  }
};

} // namespace

void mlir::zq::populateVectorOpPatterns(RewritePatternSet &patterns) {
  patterns.add<LookupWordsByBytes>(patterns.getContext(), /*benefit=*/3);
  patterns.add<UnpackByHalves, LookupInMemory>(patterns.getContext(),
                                               /*benefit=*/2);
  patterns.add<UnpackByWords, LookupBySelection, ExpandByLookup, DotByLanes,
               DotOfWordsByLanes, DotByFMA, MultiplyByFMA, RoundByTruncation,
               WidenSmallFloats>(patterns.getContext(),
                                 /*benefit=*/1);
}

void mlir::zq::populateBFloat16Patterns(RewritePatternSet &patterns) {
  patterns.add<ExtendBeforeInsert>(patterns.getContext(), /*benefit=*/3);
  patterns.add<ExtendFromBF16, TruncateToBF16, ExtractBF16Bits>(
      patterns.getContext());
}
