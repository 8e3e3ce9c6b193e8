//===- LowerByteVectors.cpp - Vectors of bytes in one thread's registers --===//
//
// What entropy coders do with vectors of bytes. A thread has its lanes one
// after the other: to count those before a lane is one addition for each, and a
// small table that is known at run time only lies in two registers.
//
//===----------------------------------------------------------------------===//
#include "PackedTables.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Each lane loads the element of the stream that it takes: those that take
/// none load the next one's, and do without it.
struct ExpandInStream : OpRewritePattern<ExpandOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExpandOp op,
                                PatternRewriter &b) const override {
    auto read = op.getSource().getDefiningOp<vector::TransferReadOp>();
    auto type = cast<VectorType>(op.getResult().getType());
    if (!read || !isa<RankedTensorType>(read.getBase().getType()) ||
        read.getMask() || read.hasOutOfBoundsDim() ||
        !read.getPermutationMap().isMinorIdentity())
      return failure();
    Location loc = op.getLoc();
    Value next = read.getIndices().back();
    SmallVector<Value> found;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      SmallVector<Value> place(read.getIndices());
      place.back() = next;
      Value taken = tensor::ExtractOp::create(b, loc, read.getBase(), place);
      Value isTaken = vector::ExtractOp::create(b, loc, op.getMask(), i);
      found.push_back(arith::SelectOp::create(
          b, loc, isTaken, taken,
          vector::ExtractOp::create(b, loc, op.getPassthru(), i)));
      if (i + 1 < type.getNumElements())
        next = arith::AddIOp::create(
            b, loc, next,
            arith::IndexCastUIOp::create(b, loc, b.getIndexType(), isTaken));
    }
    b.replaceOpWithNewOp<vector::FromElementsOp>(op, type, found);
    return success();
  }
};

/// A table of up to 16 bytes: an instruction picks one of eight.
struct LookupInRegisters : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &b) const override {
    auto tableType = cast<VectorType>(op.getTable().getType());
    int64_t entries = tableType.getNumElements();
    if (!tableType.getElementType().isInteger(8) || entries > 16 ||
        matchPattern(op.getTable(), m_Constant()))
      return failure();
    Location loc = op.getLoc();
    Type i32 = b.getI32Type();
    SmallVector<int64_t> places;
    for (int64_t i = 0; i < 16; ++i)
      places.push_back(i % entries);
    Value bytes =
        vector::ShuffleOp::create(b, loc, op.getTable(), op.getTable(), places);
    Value words =
        vector::BitCastOp::create(b, loc, VectorType::get(4, i32), bytes);
    SmallVector<Value> table;
    for (int64_t i = 0; i < 4; ++i)
      table.push_back(vector::ExtractOp::create(b, loc, words, i));
    auto constant = [&](int64_t value) {
      return arith::ConstantIntOp::create(b, loc, i32, value);
    };
    auto pick = [&](Value low, Value high, Value code) -> Value {
      return NVVM::PermuteOp::create(b, loc, i32, low, high, code,
                                     NVVM::PermuteMode::DEFAULT);
    };
    SmallVector<Value> found;
    for (int64_t i = 0; i < op.getType().getNumElements(); ++i) {
      Value code = vector::ExtractOp::create(b, loc, op.getCodes(), i);
      if (code.getType() != i32)
        code = arith::ExtUIOp::create(b, loc, i32, code);
      Value place = arith::AndIOp::create(b, loc, code, constant(7));
      Value byte = pick(table[0], table[1], place);
      if (entries > 8) {
        Value upper = arith::AndIOp::create(b, loc, code, constant(8));
        upper = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, upper,
                                      constant(0));
        byte = arith::SelectOp::create(b, loc, upper,
                                       pick(table[2], table[3], place), byte);
      }
      found.push_back(arith::TruncIOp::create(b, loc, b.getI8Type(), byte));
    }
    b.replaceOpWithNewOp<vector::FromElementsOp>(op, op.getType(), found);
    return success();
  }
};

} // namespace

void mlir::zq::populateByteVectorPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandInStream, LookupInRegisters>(patterns.getContext(),
                                                  /*benefit=*/20);
}
