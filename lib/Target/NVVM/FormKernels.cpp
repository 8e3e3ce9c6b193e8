//===- FormKernels.cpp - Contractions as kernels of tensor cores ----------===//
#include "Kernels.h"
#include "PackedTables.h"
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

  LogicalResult form(Product product) {
    linalg::LinalgOp op = product.op;
    auto x = cast<RankedTensorType>(product.activation.getType());
    Type w = product.decode.getWindowType().getElementType();
    if (!isMultiplied(x.getElementType()) || !isMultiplied(w) ||
        !isMultiplied(getElementTypeOrSelf(op->getResult(0).getType())))
      return success();
    if (std::string why = whyNoKernel(product); !why.empty()) {
      op->emitRemark() << "not on tensor cores: " << why;
      return success();
    }
    Location loc = op.getLoc();
    double wanted = getAccuracy(op, accuracy);
    MmaDomain domain = chooseMmaDomain(cast<FloatType>(x.getElementType()),
                                       cast<FloatType>(w), wanted);
    ArrayRef<int64_t> heights = x.getShape().drop_back();
    bool isTall = !llvm::any_of(heights, ShapedType::isDynamic) &&
                  ShapedType::getNumElements(heights) > fewRows;
    auto say = [&](StringRef where, const MmaDomain &used) {
      std::string text;
      llvm::raw_string_ostream(text)
          << "contraction on tensor cores: weights in " << where << ", "
          << used.products.size() << " product"
          << (used.products.size() > 1 ? "s" : "") << " of " << used.element
          << " each, error at most " << llvm::format("%.2g", used.error)
          << ", asked for " << llvm::format("%.2g", wanted);
      emitRemark(loc) << text;
    };
    OpBuilder b(op);
    ProductEmitter emitter(b, product, domain);
    if (isTall) {
      FailureOr<bool> made = emitSharedKernel(emitter, sharedMemory);
      if (failed(made))
        return failure();
      if (*made) {
        say("shared memory", domain);
        return success();
      }
      say("registers, since what decodes together is too much for shared "
          "memory",
          domain);
      return emitRegisterKernel(emitter);
    }
    FailureOr<bool> made = formScaled(emitter, wanted);
    if (failed(made))
      return failure();
    say(*made ? "registers as codes and factors" : "registers",
        emitter.domain);
    return *made ? success() : emitRegisterKernel(emitter);
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
    FailureOr<bool> made = emitScaledKernel(emitter, *form, *codes);
    if (succeeded(made) && !*made)
      emitter.domain = plain;
    return made;
  }

  /// A thread rotates a line: the more of them, the more threads.
  void splitRotations() {
    SmallVector<RotateOp> rotations;
    getOperation().walk([&](RotateOp op) {
      if (!op.getInverse() && !op->getParentOfType<gpu::LaunchOp>())
        rotations.push_back(op);
    });
    for (RotateOp op : rotations) {
      OpBuilder b(op);
      if (Value result = op.getTransformInterface().emitRuns(b, op.getLoc(),
                                                             op.getSource())) {
        op.getResult().replaceAllUsesWith(result);
        op.erase();
      }
    }
  }

  void runOnOperation() override {
    splitRotations();
    // No elementwise op, which may become the end of another's kernel.
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.getNumReductionLoops())
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      std::optional<Product> product = matchProduct(op);
      if (product && failed(form(*product)))
        return signalPassFailure();
    }
  }
};
} // namespace
