//===- X86Target.cpp - Vector units of x86-64 -----------------------------===//
#include "X86Patterns.h"

#include "zq/Target/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Shifts one lane as a number. Where a single bit is kept of a shifted
/// `<1 x i64>`, LLVM 22 tests that bit of an i32, and cannot select the
/// distance, an i64 still, "any_extend"ed to it.
template <typename ShiftOp>
struct ShiftOneLane : OpRewritePattern<ShiftOp> {
  using OpRewritePattern<ShiftOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ShiftOp op, PatternRewriter &b) const override {
    auto type = dyn_cast<VectorType>(op.getType());
    if (!type || type.getRank() != 1 || type.isScalable() ||
        type.getNumElements() != 1)
      return failure();
    Location loc = op.getLoc();
    auto first = [&](Value vector) -> Value {
      return vector::ExtractOp::create(b, loc, vector, int64_t(0));
    };
    Value shifted =
        ShiftOp::create(b, loc, first(op.getLhs()), first(op.getRhs()));
    b.replaceOpWithNewOp<vector::BroadcastOp>(op, type, shifted);
    return success();
  }
};

/// AVX-512 expands the floats of a register by one instruction, VBMI2 its
/// bytes.
struct ExpandByInstruction : OpRewritePattern<ExpandOp> {
  ExpandByInstruction(MLIRContext *context, bool hasVBMI2)
      : OpRewritePattern(context, /*benefit=*/2), hasVBMI2(hasVBMI2) {}

  LogicalResult matchAndRewrite(ExpandOp op,
                                PatternRewriter &b) const override {
    auto type = cast<VectorType>(op.getResult().getType());
    int64_t size = type.getNumElements() * type.getElementTypeBitWidth();
    if (!type.getElementType().isF32() && !hasVBMI2)
      return failure();
    if (size != 128 && size != 256 && size != 512)
      return failure();
    auto call = LLVM::CallIntrinsicOp::create(
        b, op.getLoc(), type, b.getStringAttr("llvm.x86.avx512.mask.expand"),
        ValueRange{op.getSource(), op.getPassthru(), op.getMask()});
    b.replaceOp(op, call.getResults());
    return success();
  }

  bool hasVBMI2;
};

class X86Target : public Target {
public:
  explicit X86Target(StringRef text) {
    SmallVector<StringRef> list;
    text.split(list, ',', -1, /*KeepEmpty=*/false);
    for (StringRef feature : list)
      if (feature.consume_front("+"))
        features.insert(feature);
  }

  bool hasAVX512() const {
    return features.contains("avx512f") && features.contains("avx512bw") &&
           features.contains("avx512vl");
  }
  bool hasAVX2() const { return features.contains("avx2"); }

  std::string getShortfall() const override {
    if (hasAVX512())
      return "";
    return (Twine("the CPU has no AVX-512: vectors of ") + Twine(getLanes()) +
            " f32 (" + (hasAVX2() ? "AVX2" : "SSE2") + ")")
        .str();
  }
  int64_t getLanes() const override {
    return hasAVX512() ? 16 : hasAVX2() ? 8 : 4;
  }
  int64_t getPanelRows() const override { return getLanes(); }
  // LLVM loads one by one where AVX2's instruction is the slower way.
  bool hasGathers() const override {
    return hasAVX512() || (hasAVX2() && features.contains("fast-gather"));
  }
  // Half of the registers; the others hold operands and the decode's work.
  int64_t getAccumulators() const override { return hasAVX512() ? 16 : 8; }

  int64_t getVectorRegisters() const override { return hasAVX512() ? 32 : 16; }

  int64_t getTileRate() const override {
    if (!hasAVX512())
      return 0;
    // A tile of 16 x 16 x 32 products takes 16 cycles, in which there are two
    // vector instructions each; half of that is reached.
    if (hasX86Tiles(features))
      return 128;
    if (!hasX86BFloat16Dots(features))
      return 0;
    // 32 products at the rate of any vector instruction, of which nine in ten
    // are dots; at half that rate on the cores that have arithmetic on f16 too,
    // Sapphire Rapids and its successors.
    return features.contains("avx512fp16") ? 14 : 28;
  }

  bool hasFloatDots() const override { return hasX86BFloat16Dots(features); }

  // Without permutes of words, dots of bytes are the shorter way if they are
  // instructions.
  bool hasWordDots() const override {
    return hasAVX512() || (hasAVX2() && !features.contains("avxvnni"));
  }

  // 15 GB/s and 853e9 operations on bytes, 128 an instruction, as
  // docs/performance.md measures for one core.
  double getMemoryCost() const override { return 0.45; }

  // On Zen 4 one stream is faster by 12 % with a fifth of the bytes in factors,
  // by 4 % with a ninth, and level or slower with less.
  double getRecordShare() const override { return hasAVX512() ? 0.125 : 0; }

  void addEntryChecks(ModuleOp module) const override {
    addX86TilePermits(module);
  }

  void populateVectorOpPatterns(RewritePatternSet &patterns) const override {
    mlir::zq::populateVectorOpPatterns(patterns);
    patterns.add<ShiftOneLane<arith::ShLIOp>, ShiftOneLane<arith::ShRSIOp>,
                 ShiftOneLane<arith::ShRUIOp>>(patterns.getContext());
    populateX86TilePatterns(patterns, features);
    populateBFloat16Patterns(patterns);
    populateX86DotPatterns(patterns, features);
    // Those of AVX2 also with AVX-512, for blocks of eight.
    if (hasAVX512() || hasAVX2())
      populateX86FloatPatterns(patterns, hasAVX512());
    if (hasAVX512())
      patterns.add<ExpandByInstruction>(patterns.getContext(),
                                        features.contains("avx512vbmi2"));
    if (hasAVX512() || hasAVX2() || features.contains("ssse3")) {
      X86ByteUnits units{hasAVX512() ? 64
                         : hasAVX2() ? 32
                                     : 16,
                         hasAVX512() && features.contains("avx512vbmi"),
                         // AMD's cores alone have it.
                         features.contains("sse4a")};
      populateX86BytePatterns(patterns, units);
      populateX86ByteFieldPatterns(patterns, units);
      if (units.hasVBMI) {
        populateX86CodeBitPatterns(patterns);
        populateX86WidenPatterns(patterns);
      }
    }
  }

private:
  llvm::StringSet<> features;
};

} // namespace

std::unique_ptr<Target> mlir::zq::getX86Target(StringRef features) {
  return std::make_unique<X86Target>(features == "host" ? getHostFeatures()
                                                        : features.str());
}
