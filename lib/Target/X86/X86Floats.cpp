//===- X86Floats.cpp - Lookups of f32 on x86-64 ---------------------------===//
#include "../Registers.h"
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

/// Entries that AVX-512 looks up by permutes: 16 registers, two for each.
static constexpr int64_t mostEntries = 256;

namespace {

/// Looks f32 values up with the permutes of AVX-512 or AVX2: `lanes` codes at
/// a time in tables of `lanes` entries, or of twice as many where the target
/// permutes two registers. Larger tables by selecting between those on the
/// codes' upper bits.
struct LookupByPermute : OpRewritePattern<LookupOp> {
  LookupByPermute(MLIRContext *context, int64_t lanes, StringRef ofOne,
                  StringRef ofTwo)
      : OpRewritePattern(context, /*benefit=*/1 + lanes), lanes(lanes),
        ofOne(ofOne), ofTwo(ofTwo) {}

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    Location loc = op.getLoc();
    VectorType type = op.getType();
    int64_t entries = op.getTable().getType().getNumElements();
    // Beyond eight permutes a table is better looked up otherwise.
    if (!type.getElementType().isF32() || type.getNumElements() % lanes ||
        entries > (ofTwo.empty() ? 8 * lanes : mostEntries))
      return failure();

    // The table in whole registers; a short one repeats, so that the codes'
    // unused upper bits need no mask.
    SmallVector<Value> tables;
    for (int64_t begin = 0; begin < entries; begin += lanes) {
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < lanes; ++i)
        order.push_back((begin + i) % entries);
      tables.push_back(vector::ShuffleOp::create(b, loc, op.getTable(),
                                                 op.getTable(), order));
    }
    b.replaceOp(op, emitByRegisters(b, loc, type, lanes, op.getCodes(),
                                    [&](ArrayRef<Value> codes) {
                                      return emitRegister(b, loc, codes[0],
                                                          tables);
                                    }));
    return success();
  }

private:
  Value emitRegister(OpBuilder &b, Location loc, Value codes,
                     ArrayRef<Value> tables) const {
    auto type = VectorType::get(lanes, b.getF32Type());
    auto indexType = VectorType::get(lanes, b.getI32Type());
    if (codes.getType() != indexType)
      codes = arith::ExtUIOp::create(b, loc, indexType, codes);
    auto permute = [&](StringRef name, ValueRange operands) -> Value {
      return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                           operands)
          .getResults();
    };
    SmallVector<Value> found;
    if (tables.size() == 1 || ofTwo.empty()) {
      for (Value table : tables)
        found.push_back(permute(ofOne, {table, codes}));
      return emitSelections(b, loc, codes, found, lanes);
    }
    for (size_t i = 0; i < tables.size(); i += 2)
      found.push_back(permute(ofTwo, {tables[i], codes, tables[i + 1]}));
    return emitSelections(b, loc, codes, found, 2 * lanes);
  }

  int64_t lanes;
  StringRef ofOne, ofTwo;
};

/// Loads a small table as a whole and looks its entries up, instead of
/// gathering them.
struct GatherByLookup : OpRewritePattern<vector::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::GatherOp op,
                                PatternRewriter &b) const override {
    auto table = dyn_cast<MemRefType>(op.getBase().getType());
    VectorType type = op.getVectorType();
    if (!table || !table.hasStaticShape() || table.getRank() != 1 ||
        !table.areTrailingDimsContiguous(1) ||
        !table.getElementType().isF32() || type.getRank() != 1 ||
        type.isScalable() || type.getNumElements() % 16 ||
        !matchPattern(op.getMask(), m_One()) ||
        !isZeroInteger(op.getOffsets().front()))
      return failure();
    // A lookup takes codes modulo the number of entries.
    int64_t entries = table.getNumElements();
    if (entries > mostEntries || !llvm::isPowerOf2_64(entries))
      return failure();
    Location loc = op.getLoc();
    auto codeType = type.clone(b.getI32Type());
    Value codes = op.getIndices();
    Type element = op.getIndexVectorType().getElementType();
    if (element.isIndex())
      codes = arith::IndexCastOp::create(b, loc, codeType, codes);
    else if (!element.isInteger(32))
      return failure();
    Value values =
        vector::LoadOp::create(b, loc, VectorType::get(entries, b.getF32Type()),
                               op.getBase(), op.getOffsets());
    b.replaceOpWithNewOp<LookupOp>(op, type, codes, values);
    return success();
  }
};

/// Takes what is the same in all places of a gather to its offset. LLVM gathers
/// by places of 32 bits, in half of the instructions and less than half of the
/// time, where it sees that those left are as short.
struct GatherFromOffset : OpRewritePattern<vector::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::GatherOp op,
                                PatternRewriter &b) const override {
    auto array = dyn_cast<MemRefType>(op.getBase().getType());
    if (!array || array.getRank() == 0 ||
        !array.areTrailingDimsContiguous(array.getRank()) ||
        !op.getIndexVectorType().getElementType().isIndex())
      return failure();
    std::pair<Value, Value> parts = split(b, op.getLoc(), op.getIndices());
    if (!parts.first)
      return failure();
    SmallVector<Value> offsets(op.getOffsets());
    offsets.back() =
        arith::AddIOp::create(b, op.getLoc(), offsets.back(), parts.first);
    b.modifyOpInPlace(op, [&] {
      op.getOffsetsMutable().assign(offsets);
      op.getIndicesMutable().assign(parts.second);
    });
    return success();
  }

private:
  /// What all lanes of `places` share, or nothing, and what is left of them.
  static std::pair<Value, Value> split(OpBuilder &b, Location loc,
                                       Value places) {
    auto type = cast<VectorType>(places.getType());
    if (auto copied = places.getDefiningOp<vector::BroadcastOp>()) {
      Value source = copied.getSource();
      if (source.getType().isIndex())
        return {source, arith::ConstantOp::create(b, loc, b.getZeroAttr(type))};
      auto [same, rest] = split(b, loc, source);
      if (!same)
        return {Value(), places};
      return {same, vector::BroadcastOp::create(b, loc, type, rest)};
    }
    if (auto sum = places.getDefiningOp<arith::AddIOp>()) {
      auto [left, leftRest] = split(b, loc, sum.getLhs());
      auto [right, rightRest] = split(b, loc, sum.getRhs());
      Value same = left && right
                       ? arith::AddIOp::create(b, loc, left, right).getResult()
                   : left ? left
                          : right;
      if (!same)
        return {Value(), places};
      return {same, arith::AddIOp::create(b, loc, leftRest, rightRest)};
    }
    DenseIntElementsAttr factor;
    auto product = places.getDefiningOp<arith::MulIOp>();
    if (!product || !matchPattern(product.getRhs(), m_Constant(&factor)) ||
        !factor.isSplat())
      return {Value(), places};
    auto [same, rest] = split(b, loc, product.getLhs());
    if (!same)
      return {Value(), places};
    Value times = arith::ConstantIndexOp::create(
        b, loc, factor.getSplatValue<APInt>().getSExtValue());
    return {arith::MulIOp::create(b, loc, same, times),
            arith::MulIOp::create(b, loc, rest, product.getRhs())};
  }
};

} // namespace

void mlir::zq::populateX86FloatPatterns(RewritePatternSet &patterns,
                                        bool hasAVX512) {
  MLIRContext *context = patterns.getContext();
  patterns.add<LookupByPermute>(context, 8, "llvm.x86.avx2.permps", "");
  if (!hasAVX512)
    return;
  patterns.add<LookupByPermute>(context, 16, "llvm.x86.avx512.permvar.sf.512",
                                "llvm.x86.avx512.vpermi2var.ps.512");
  patterns.add<GatherByLookup>(context, /*benefit=*/2);
  patterns.add<GatherFromOffset>(context);
}
