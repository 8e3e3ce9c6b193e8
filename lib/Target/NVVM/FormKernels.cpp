//===- FormKernels.cpp - Contractions as kernels of tensor cores ----------===//
#include "Kernels.h"
#include "PackedTables.h"
#include "RotationKernel.h"
#include "WarpDecode.h"
#include "zq/Dialect/ZQ/Transforms/FloatPlanes.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_FORMKERNELS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Whether tensor cores take elements of `type`, by way of planes.
static bool isMultiplied(Type type) {
  return type.isF32() || type.isF16() || type.isBF16();
}

/// Rows of an activation up to which the weight's bytes take the time.
static constexpr int64_t fewRows = 32;

namespace {
struct FormKernelsPass : mlir::zq::impl::FormKernelsBase<FormKernelsPass> {
  using FormKernelsBase::FormKernelsBase;

  LogicalResult form(const MatrixProduct &product) {
    linalg::LinalgOp op = product.op;
    auto elementOf = [](Value value) {
      return getElementTypeOrSelf(value.getType());
    };
    Type x = elementOf(product.activation), w = elementOf(product.weight);
    if (!isMultiplied(x) || !isMultiplied(w) ||
        !isMultiplied(elementOf(op->getResult(0))))
      return success();
    if (std::string why = whyNoKernel(product); !why.empty()) {
      op->emitRemark() << "not on tensor cores: " << why;
      return success();
    }
    Location loc = op.getLoc();
    // Only who compresses weights has said how much accuracy they are worth.
    double wanted = getAccuracy(op, product.decode ? double(accuracy) : 0);
    MmaDomain domain =
        chooseMmaDomain(cast<FloatType>(x), cast<FloatType>(w), wanted);
    auto say = [&](StringRef where, const ProductEmitter &emitter) {
      const MmaDomain &used = emitter.domain;
      std::string text;
      llvm::raw_string_ostream os(text);
      os << "contraction on tensor cores: " << where << ", "
         << used.products.size() << " product"
         << (used.products.size() > 1 ? "s" : "") << " of " << used.element
         << " each, error at most " << printBound(used.error) << ", asked for "
         << llvm::format("%g", wanted);
      if (emitter.parts > 1)
        os << ", columns in " << emitter.parts << " parts";
      emitRemark(loc) << text;
    };
    OpBuilder b(op);
    ProductEmitter emitter(b, product, domain, processors);
    auto few = [&]() -> LogicalResult {
      FailureOr<bool> made = formScaled(emitter, wanted);
      if (failed(made))
        return failure();
      if (!*made && failed(emitRegisterKernel(emitter)))
        return failure();
      say(*made ? "weights in registers as codes and factors"
                : "weights in registers",
          emitter);
      emitter.domain = domain;
      return success();
    };
    auto many = [&]() -> LogicalResult {
      FailureOr<bool> made = emitSharedKernel(emitter, sharedMemory);
      if (failed(made))
        return failure();
      if (!*made && failed(emitRegisterKernel(emitter)))
        return failure();
      say(*made ? "weights in shared memory"
                : "weights in registers, since what decodes together is too "
                  "much for shared memory",
          emitter);
      return success();
    };
    LogicalResult result = success();
    if (!product.isOfCompressedRows()) {
      FailureOr<bool> made = emitSharedKernel(emitter, sharedMemory);
      if (failed(made))
        return failure();
      if (!*made) {
        emitter.abandon();
        op->emitRemark() << "not on tensor cores: what decodes together is no "
                            "part of a block's rows";
        return success();
      }
      say(product.decode ? "weights in shared memory"
                         : "both operands in shared memory",
          emitter);
    } else if (ShapedType::isDynamic(emitter.staticHeight)) {
      result = emitter.choose(fewRows, few, many);
    } else {
      result = emitter.staticHeight > fewRows ? many() : few();
    }
    if (succeeded(result))
      emitter.finish();
    return result;
  }

  /// The kernel that multiplies codes and scales sums, where the weight has
  /// that form and neither more products are needed than for its values, nor
  /// more accuracy is lost than was asked for.
  FailureOr<bool> formScaled(ProductEmitter &emitter, double wanted) {
    DecodeOp decode = emitter.product.decode;
    auto form = findScaledCodes(
        cast<CompressedTensorType>(decode.getSource().getType()), decode);
    if (!form)
      return false;
    auto elementOf = [](Value value) {
      return cast<FloatType>(getElementTypeOrSelf(value.getType()));
    };
    auto codes = chooseCodeDomain(elementOf(emitter.product.activation),
                                  elementOf(decode.getResult()), form->values,
                                  getFieldBits(form->bits), wanted);
    MmaDomain plain = emitter.domain;
    if (!codes || codes->mma.products.size() > plain.products.size() ||
        codes->mma.error > std::max(wanted, plain.error))
      return false;
    // Where offsets are added, a weight may be much less than what is
    // multiplied for it: errors of that would be no errors of the weight.
    if (!form->offsets.empty() && codes->mma.error > codes->omitted)
      return false;
    FailureOr<bool> made = emitScaledKernel(emitter, *form, *codes);
    if (succeeded(made) && !*made)
      emitter.domain = plain;
    return made;
  }

  /// Blocks of threads rotate runs of lines. What they cannot a thread does for
  /// each line: the more of them, the more threads.
  void formRotations() {
    SmallVector<RotateOp> rotations;
    getOperation().walk([&](RotateOp op) {
      if (!op.getInverse() && !op->getParentOfType<gpu::LaunchOp>())
        rotations.push_back(op);
    });
    for (RotateOp op : rotations) {
      OpBuilder b(op);
      Value result = emitRotationKernels(b, op.getLoc(), op.getSource(),
                                         op.getTransformInterface());
      if (!result) {
        if (std::string why =
                whyNoRotationKernel(op.getSource(), op.getTransformInterface());
            !why.empty())
          op.emitRemark(
              "rotated by a thread for each line, and not by blocks: ")
              << why;
        result =
            op.getTransformInterface().emitRuns(b, op.getLoc(), op.getSource());
      }
      if (result) {
        Operation *source = op.getSource().getDefiningOp();
        op.getResult().replaceAllUsesWith(result);
        op.erase();
        // Done on the way.
        if (source && isOpTriviallyDead(source))
          source->erase();
      }
    }
  }

  /// Weights whose rows are decoded one after the other are decoded by warps,
  /// once, and multiplied as dense ones: as accurately as compressed ones.
  LogicalResult formDecodes() {
    SmallVector<DecodeOp> decodes;
    getOperation().walk([&](DecodeOp op) {
      auto type = cast<CompressedTensorType>(op.getSource().getType());
      if (type.getCodec().getRowsPerChunk(type.getRank()) > 1 &&
          !op->getParentOfType<gpu::LaunchOp>())
        decodes.push_back(op);
    });
    for (DecodeOp op : decodes) {
      OpBuilder b(op);
      FailureOr<Value> decoded = emitWarpDecode(b, op);
      if (failed(decoded))
        return failure();
      if (!*decoded)
        continue;
      op->emitRemark() << "decoded once, by a warp for each row: its rows are "
                          "decoded one after the other";
      for (Operation *user : op->getUsers())
        if (isa<linalg::LinalgOp>(user) && !user->hasAttr("zq.accuracy"))
          user->setAttr("zq.accuracy", b.getF64FloatAttr(accuracy));
      op.getResult().replaceAllUsesWith(*decoded);
      op.erase();
    }
    return success();
  }

  void runOnOperation() override {
    formRotations();
    if (failed(formDecodes()))
      return signalPassFailure();
    // No elementwise op, which may become the end of another's kernel.
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.getNumReductionLoops())
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      std::optional<MatrixProduct> product = matchMatrixProduct(op);
      if (product && failed(form(*product)))
        return signalPassFailure();
    }
  }
};
} // namespace
