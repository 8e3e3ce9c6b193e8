//===- Target.h - What shared code may ask of a target --------------------===//
//
// Passes and pipelines know a target by this interface only; what is particular
// to one stays in its folder under lib/Target.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_TARGET_H
#define ZQ_TARGET_TARGET_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "zq/Codec/Result.h"

#include <memory>
#include <string>

namespace mlir::zq {

class Target {
public:
  virtual ~Target();

  /// What the target lacks of the widest unit of its kind, for a remark; empty
  /// where it lacks nothing.
  virtual std::string getShortfall() const = 0;

  /// Lanes of f32 in a vector register.
  virtual int64_t getLanes() const = 0;

  /// Rows of a panel of packed weights: lanes of f32 in the registers that
  /// contractions work on at once.
  virtual int64_t getPanelRows() const = 0;

  /// Vector registers that a register tile may take for accumulators.
  virtual int64_t getAccumulators() const = 0;

  /// Whether there are instructions that load each lane from a place of its
  /// own.
  virtual bool hasGathers() const = 0;

  /// Vector registers that there are.
  virtual int64_t getVectorRegisters() const = 0;

  /// Products of bf16 that the target's lowering of `zq.multiply_tiles` makes
  /// in the time of one vector instruction, with operands in a cache; 0 where
  /// it has nothing better than products of f32.
  virtual int64_t getTileRate() const { return 0; }

  /// Whether `zq.dot` of bf16 is an instruction, at the rate of others.
  virtual bool hasFloatDots() const { return false; }

  /// Whether `zq.dot` of 16-bit integers and `zq.lookup` of such take hardly
  /// more instructions for as many registers than those of bytes.
  virtual bool hasWordDots() const { return false; }

  /// Vector instructions that a core runs in the time in which it reads a byte
  /// from memory.
  virtual double getMemoryCost() const { return 0.5; }

  /// Bytes of factors, for each of codes, from which on a core reads both
  /// faster as one stream than as two; 0 where it never does, as far as is
  /// known.
  virtual double getRecordShare() const { return 0; }

  /// Lets the public functions of `module`, which `populateVectorOpPatterns`
  /// has lowered, begin with what the system wants to be asked for before.
  virtual void addEntryChecks(ModuleOp module) const {}

  /// Lowers `zq.lookup` and whatever else the target has instructions for. The
  /// target-neutral lowerings are there with a lower benefit.
  virtual void populateVectorOpPatterns(RewritePatternSet &patterns) const = 0;
};

/// x86-64 with `features` as LLVM writes them ("+avx512f,+avx2"); "host" is the
/// machine that this runs on.
std::unique_ptr<Target> getX86Target(StringRef features);

/// AArch64 with `features` as LLVM writes them ("+neon,+dotprod"). With "+sve",
/// "vscale=2" says that its vectors are of 256 bits.
std::unique_ptr<Target> getAArch64Target(StringRef features);

/// The CPU that `features` describes: x86-64, or AArch64 where they begin with
/// "aarch64," ("aarch64,+neon,+dotprod"). "host" is this machine.
std::unique_ptr<Target> getTarget(StringRef features);

/// Whether `features` are as `getTarget` takes them: a word that is no feature
/// of the architecture, or has no sign before it, is an error.
::zq::codec::Status checkFeatures(StringRef features);

/// The features of this machine, as `getTarget` takes them.
std::string getHostFeatures();

/// Lowerings of `zq.unpack`, `zq.lookup`, `zq.expand`, `zq.dot`, `zq.to_bf16`
/// and `zq.multiply_tiles` to plain vector, arith and scf ops.
void populateVectorOpPatterns(RewritePatternSet &patterns);

/// Gathers whose indices count the elements of a view with gaps in row-major
/// order become gathers at distances in memory, as all lowerings take them.
void populateGatherPatterns(RewritePatternSet &patterns);

/// Conversions between bf16 and f32 by integers, exact for subnormals, where
/// there are no instructions for them that are.
void populateBFloat16Patterns(RewritePatternSet &patterns);

/// Lowerings of functions of the math dialect on f32 and narrower to
/// polynomials, whose errors `lib/Reference/MathRules.cpp` bounds.
void populateMathPatterns(RewritePatternSet &patterns);

} // namespace mlir::zq

#endif // ZQ_TARGET_TARGET_H
