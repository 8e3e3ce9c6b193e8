//===- VerifyRewrites.cpp - The algebra leaves the meaning ----------------===//
#include "Inputs.h"
#include "zq/Verification/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Pipelines/Pipelines.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/xxhash.h"

namespace mlir::zq {
#define GEN_PASS_DEF_VERIFYREWRITES
#include "zq/Verification/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::verification;
using ::zq::codec::Array;

namespace {

using Results = std::vector<BoundedTensor>;

/// The module as one pass leaves it.
struct Version {
  /// "zq-move-rotations".
  std::string pass;
  OwningOpRef<ModuleOp> module;

  /// What has become of a function; null where it is gone.
  func::FuncOp find(func::FuncOp func) const {
    return ModuleOp(*module).lookupSymbol<func::FuncOp>(func.getName());
  }
};

/// How far apart two versions of a result are.
struct Difference {
  /// The largest quotient of difference and the sum of both bounds.
  double ratio = 0;
  int64_t at = -1;
  int64_t bounded = 0, unbounded = 0;
};

/// What is seen of one function in all cases.
struct Findings {
  double ratio = 0;
  /// The pass after which that was.
  std::string pass;
  int64_t bounded = 0, unbounded = 0;
};

} // namespace

/// A decoder that the reference does not know, as a function of which nothing
/// is known but that the same streams decode to the same values.
static FailureOr<Array> decodeAsAny(CompressedTensorType type,
                                    const std::vector<Array> &streams) {
  uint64_t hash =
      llvm::xxh3_64bits(type.getCodec().getDecoderSymbol().getValue());
  for (const Array &stream : streams)
    hash = hash * 31 + llvm::xxh3_64bits(stream.bytes);
  Random random(hash);
  return makeArray(*toReferenceType(type.getElementType()),
                   type.getShape().vec(), ValuePattern::Gaussian, random);
}

/// Whether two versions of a function are the same, op by op. One that calls
/// another may be the same and compute something else.
static bool isSame(func::FuncOp a, func::FuncOp b) {
  if (!a || !b)
    return !a && !b;
  bool calls = a.walk([](func::CallOp) {
                  return WalkResult::interrupt();
                }).wasInterrupted();
  return !calls && OperationEquivalence::isEquivalentTo(
                       a, b, OperationEquivalence::IgnoreLocations);
}

static Difference compare(const BoundedTensor &before,
                          const BoundedTensor &after) {
  Difference result;
  for (int64_t i = 0, n = before.size(); i < n; ++i) {
    double bound = before.errors[i] + after.errors[i];
    if (!std::isfinite(bound)) {
      ++result.unbounded;
      continue;
    }
    ++result.bounded;
    double a = before.values[i], b = after.values[i];
    bool same = a == b || (std::isnan(a) && std::isnan(b));
    double difference = same ? 0 : std::fabs(a - b);
    // Also where one of them is NaN.
    double ratio = same ? 0 : difference / bound;
    if (std::isnan(ratio))
      ratio = std::numeric_limits<double>::infinity();
    if (result.at < 0 || ratio > result.ratio) {
      result.ratio = ratio;
      result.at = i;
    }
  }
  return result;
}

namespace {

struct VerifyRewritesPass
    : mlir::zq::impl::VerifyRewritesBase<VerifyRewritesPass> {
  using VerifyRewritesBase::VerifyRewritesBase;

  /// Those of the passes, which run inside of this one, and of the evaluator.
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<func::FuncDialect>();
    SmallVector<OpPassManager> pipelines;
    if (succeeded(getPipelines(pipelines, llvm::nulls())))
      for (const OpPassManager &pipeline : pipelines)
        pipeline.getDependentDialects(registry);
  }

  void runOnOperation() override {
    if (failed(verify()))
      signalPassFailure();
  }

private:
  LogicalResult getPipelines(SmallVectorImpl<OpPassManager> &pipelines,
                             raw_ostream &errors) const;
  LogicalResult makeVersions(SmallVectorImpl<Version> &versions);
  LogicalResult verify();
  LogicalResult verify(func::FuncOp func, const Sizes &sizes,
                       ArrayRef<Version> all);
  FailureOr<Results> evaluate(func::FuncOp original, const Version &version,
                              const Case &example);
  LogicalResult compareResults(func::FuncOp func, const Version &version,
                               const Case &example, const Results &before,
                               const Results &after, Findings &findings);
};

} // namespace

/// A pipeline for each pass to check.
LogicalResult
VerifyRewritesPass::getPipelines(SmallVectorImpl<OpPassManager> &pipelines,
                                 raw_ostream &errors) const {
  if (passes.empty()) {
    for (std::unique_ptr<Pass> &pass :
         createAlgebraPasses(lanes, /*panelRows=*/lanes))
      pipelines.emplace_back(ModuleOp::getOperationName())
          .addPass(std::move(pass));
    return success();
  }
  for (const std::string &name : passes) {
    pipelines.emplace_back(ModuleOp::getOperationName());
    if (failed(parsePassPipeline(name, pipelines.back(), errors)))
      return failure();
  }
  return success();
}

/// The module as it is, and as each pass leaves it that changes something.
LogicalResult
VerifyRewritesPass::makeVersions(SmallVectorImpl<Version> &versions) {
  SmallVector<OpPassManager> pipelines;
  std::string errors;
  llvm::raw_string_ostream os(errors);
  if (failed(getPipelines(pipelines, os)))
    return emitError(getOperation().getLoc()) << StringRef(errors).rtrim();
  // The remarks of the passes are for those who compile the module.
  ScopedDiagnosticHandler handler(&getContext(), [](Diagnostic &diagnostic) {
    return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
  });
  versions.push_back({"", getOperation().clone()});
  for (OpPassManager &pipeline : pipelines) {
    std::string name;
    for (Pass &pass : pipeline.getPasses())
      name += (name.empty() ? "" : ",") + pass.getArgument().str();
    OwningOpRef<ModuleOp> module = versions.back().module->clone();
    OperationFingerPrint before(*module);
    PassManager manager(&getContext());
    static_cast<OpPassManager &>(manager) = std::move(pipeline);
    if (failed(manager.run(*module)))
      return emitError(getOperation().getLoc())
             << name << " fails on this module";
    if (OperationFingerPrint(*module) != before)
      versions.push_back({name, std::move(module)});
  }
  return success();
}

FailureOr<Results> VerifyRewritesPass::evaluate(func::FuncOp original,
                                                const Version &version,
                                                const Case &example) {
  func::FuncOp func = version.find(original);
  if (!func)
    return emitError(original.getLoc())
           << version.pass << " removes this function";
  auto results = evaluateReference(func, example.inputs, decodeAsAny);
  if (failed(results)) {
    InFlightDiagnostic error = emitError(original.getLoc())
                               << "cannot be evaluated";
    if (!version.pass.empty())
      error << " after " << version.pass;
    return error << ", for " << example.name;
  }
  return std::move(*results);
}

LogicalResult
VerifyRewritesPass::compareResults(func::FuncOp func, const Version &version,
                                   const Case &example, const Results &before,
                                   const Results &after, Findings &findings) {
  for (auto [i, a, b] : llvm::enumerate(before, after)) {
    if (a.shape != b.shape)
      return emitError(func.getLoc())
             << version.pass << " changes the shape of result " << i << ", for "
             << example.name;
    Difference found = compare(a, b);
    findings.bounded += found.bounded;
    findings.unbounded += found.unbounded;
    if (found.ratio > 1) {
      std::string numbers;
      llvm::raw_string_ostream(numbers) << llvm::format(
          "%.9g +- %.2g before and %.9g +- %.2g after", a.values[found.at],
          a.errors[found.at], b.values[found.at], b.errors[found.at]);
      return emitError(func.getLoc())
             << version.pass << " changes what this function computes: element "
             << found.at << " of result " << i << " is " << numbers << ", for "
             << example.name;
    }
    if (findings.pass.empty() || found.ratio > findings.ratio) {
      findings.ratio = found.ratio;
      findings.pass = version.pass;
    }
  }
  return success();
}

LogicalResult VerifyRewritesPass::verify(func::FuncOp func, const Sizes &sizes,
                                         ArrayRef<Version> all) {
  // Those that change this function, after the module as it is.
  SmallVector<const Version *> versions = {&all.front()};
  for (const Version &version : all.drop_front())
    if (!isSame(versions.back()->find(func), version.find(func)))
      versions.push_back(&version);
  InputOptions options;
  options.seed = seed;
  options.randomCases = randomCases;
  options.exhaustLimit = exhaustLimit;
  auto inputs = Inputs::make(func, sizes, options);
  if (failed(inputs))
    return failure();
  Findings findings;
  for (size_t i = 0, n = inputs->getNumCases(); i < n; ++i) {
    Case example = inputs->getCase(i);
    auto before = evaluate(func, *versions.front(), example);
    if (failed(before))
      return failure();
    for (const Version *version : ArrayRef(versions).drop_front()) {
      auto after = evaluate(func, *version, example);
      if (failed(after) || failed(compareResults(func, *version, example,
                                                 *before, *after, findings)))
        return failure();
      before = std::move(after);
    }
  }
  if (versions.size() == 1) {
    emitRemark(func.getLoc())
        << "no pass changes anything; evaluated in " << inputs->describe();
    return success();
  }
  if (findings.bounded == 0 && findings.unbounded > 0)
    return emitError(func.getLoc())
           << "nothing could be checked: in no case is "
              "anything promised of any result";
  InFlightDiagnostic remark = emitRemark(func.getLoc());
  remark << "unchanged by ";
  llvm::interleaveComma(
      ArrayRef(versions).drop_front(), remark,
      [&](const Version *version) { remark << version->pass; });
  std::string ratio;
  llvm::raw_string_ostream(ratio) << llvm::format("%.2g", findings.ratio);
  remark << " in " << inputs->describe() << "; the largest difference is "
         << ratio << " of the bound, after " << findings.pass;
  if (findings.unbounded > 0)
    remark << "; nothing is promised of " << findings.unbounded << " of "
           << findings.bounded + findings.unbounded << " elements";
  return success();
}

LogicalResult VerifyRewritesPass::verify() {
  SmallVector<Version> versions;
  if (failed(makeVersions(versions)))
    return failure();
  Sizes sizes(getOperation());
  bool failedAny = false;
  for (auto func : getOperation().getOps<func::FuncOp>())
    if (!func.isExternal())
      failedAny |= failed(verify(func, sizes, versions));
  return failure(failedAny);
}
