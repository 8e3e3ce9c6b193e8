//===- AArch64Target.cpp - Vector units of AArch64 ------------------------===//
//
// NEON, and SVE where code is made for one width of it that is above NEON's: at
// 128 bits NEON has the same instructions and needs no predicates.
//
//===----------------------------------------------------------------------===//
#include "AArch64Patterns.h"

#include "zq/Target/Target.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::zq;

Value mlir::zq::emitIntrinsic(OpBuilder &b, Location loc, Type type,
                              StringRef name, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                       operands)
      .getResults();
}

Value mlir::zq::emitScalable(OpBuilder &b, Location loc, VectorType type,
                             StringRef name, ValueRange operands,
                             int64_t scale) {
  auto toScalable = [&](Type fixed) {
    auto vector = cast<VectorType>(fixed);
    return VectorType::get(vector.getNumElements() / scale,
                           vector.getElementType(), /*scalableDims=*/true);
  };
  SmallVector<Value> scalable;
  for (Value operand : operands) {
    VectorType into = toScalable(operand.getType());
    scalable.push_back(vector::ScalableInsertOp::create(
        b, loc, operand, LLVM::PoisonOp::create(b, loc, into), 0));
  }
  Value result = emitIntrinsic(b, loc, toScalable(type), name, scalable);
  return vector::ScalableExtractOp::create(b, loc, type, result, 0);
}

namespace {

class AArch64Target : public Target {
public:
  explicit AArch64Target(StringRef text) {
    llvm::StringSet<> features;
    for (StringRef feature : llvm::split(text, ',')) {
      if (feature.consume_front("vscale="))
        feature.getAsInteger(10, units.scale);
      else if (feature.consume_front("+"))
        features.insert(feature);
    }
    if (!features.contains("sve"))
      units.scale = 1;
    units.hasDot = features.contains("dotprod");
    units.hasMixedDot = features.contains("i8mm");
  }

  std::string getShortfall() const override {
    return units.hasDot || units.hasMixedDot || units.scale > 1
               ? ""
               : "the CPU has no sums of products of bytes (dotprod): products "
                 "of 16 bits instead";
  }
  int64_t getLanes() const override { return 4 * units.scale; }
  // Two registers at least: they share each load of an activation.
  int64_t getPanelRows() const override {
    return std::max<int64_t>(8, getLanes());
  }
  bool hasGathers() const override { return units.scale > 1; }
  // Half of the registers; the others hold operands and the decode's work.
  int64_t getAccumulators() const override { return 16; }
  int64_t getVectorRegisters() const override { return 32; }

  void populateVectorOpPatterns(RewritePatternSet &patterns) const override {
    mlir::zq::populateVectorOpPatterns(patterns);
    populateBFloat16Patterns(patterns);
    populateAArch64FieldPatterns(patterns);
    populateAArch64LookupPatterns(patterns, units);
    populateAArch64DotPatterns(patterns, units);
  }

private:
  AArch64Units units;
};

} // namespace

std::unique_ptr<Target> mlir::zq::getAArch64Target(StringRef features) {
  return std::make_unique<AArch64Target>(features);
}
