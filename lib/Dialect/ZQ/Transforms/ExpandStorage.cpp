//===- ExpandStorage.cpp - Compressed tensors as their streams ------------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::zq {
#define GEN_PASS_DEF_EXPANDSTORAGE
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

namespace {

struct AssembleConversion : OpConversionPattern<AssembleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(AssembleOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> streams;
    for (ValueRange stream : adaptor.getStreams())
      llvm::append_range(streams, stream);
    rewriter.replaceOpWithMultiple(op, {streams});
    return success();
  }
};

struct DisassembleConversion : OpConversionPattern<DisassembleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DisassembleOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, llvm::to_vector(adaptor.getSource()));
    return success();
  }
};

/// What canonicalization makes of an `scf.if` that does nothing but choose.
struct SelectConversion : OpConversionPattern<arith::SelectOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::SelectOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> streams;
    for (auto [yes, no] :
         llvm::zip_equal(adaptor.getTrueValue(), adaptor.getFalseValue()))
      streams.push_back(arith::SelectOp::create(
          rewriter, op.getLoc(), llvm::getSingleElement(adaptor.getCondition()),
          yes, no));
    rewriter.replaceOpWithMultiple(op, {streams});
    return success();
  }
};

struct ExpandStoragePass
    : mlir::zq::impl::ExpandStorageBase<ExpandStoragePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    TypeConverter types;
    types.addConversion([](Type type) { return type; });
    types.addConversion(
        [module](CompressedTensorType type,
                 SmallVectorImpl<Type> &results) -> LogicalResult {
          auto streams = type.getStreamTypes(module);
          if (failed(streams))
            return failure();
          llvm::append_range(results, *streams);
          return success();
        });

    ConversionTarget target(getContext());
    target.addIllegalOp<AssembleOp, DisassembleOp>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return types.isSignatureLegal(op.getFunctionType()) &&
             types.isLegal(&op.getBody());
    });
    target.markUnknownOpDynamicallyLegal(
        [&](Operation *op) { return types.isLegal(op); });

    RewritePatternSet patterns(&getContext());
    patterns.add<AssembleConversion, DisassembleConversion, SelectConversion>(
        types, &getContext());
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   types);
    populateCallOpTypeConversionPattern(patterns, types);
    populateReturnOpTypeConversionPattern(patterns, types);
    scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns,
                                                         target);
    if (failed(applyFullConversion(module, target, std::move(patterns))))
      return signalPassFailure();

    // Whatever decodes has been inlined by now.
    for (DecoderOp decoder :
         llvm::make_early_inc_range(module.getOps<DecoderOp>()))
      if (SymbolTable::symbolKnownUseEmpty(decoder, module))
        decoder.erase();
  }
};
} // namespace
