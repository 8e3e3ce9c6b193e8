//===- Comparison.cpp - Results against the reference's -------------------===//
#include "Comparison.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Reference/Evaluator.h"
#include "zq/Runtime/Jit.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::run;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;

/// Decodes a whole tensor by a `zq.decoder` of `module`, compiled in a module
/// of its own with nothing around it to fuse with.
static FailureOr<Array> decodeAlone(ModuleOp module, CompressedTensorType type,
                                    const std::vector<Array> &streams) {
  FlatSymbolRefAttr symbol = type.getCodec().getDecoderSymbol();
  auto decoder = module.lookupSymbol<DecoderOp>(symbol.getAttr());
  if (!decoder)
    return module.emitError("no decoder ") << symbol << " in the module";
  Location loc = decoder.getLoc();
  OwningOpRef<ModuleOp> alone = ModuleOp::create(loc);
  OpBuilder b = OpBuilder::atBlockEnd(alone->getBody());
  b.clone(*decoder);

  RankedTensorType dense = type.getDenseType();
  auto function = func::FuncOp::create(b, loc, "decode_alone",
                                       b.getFunctionType({type}, {dense}));
  b.setInsertionPointToStart(function.addEntryBlock());
  Value init =
      tensor::EmptyOp::create(b, loc, dense.getShape(), dense.getElementType());
  SmallVector<OpFoldResult> offsets(dense.getRank(), b.getIndexAttr(0));
  Value decoded =
      DecodeOp::create(b, loc, function.getArgument(0), offsets, init, symbol)
          .getResult();
  func::ReturnOp::create(b, loc, decoded);

  auto compiled = JitFunction::compile(*alone, "decode_alone");
  if (failed(compiled))
    return failure();
  SmallVector<const Array *> arrays;
  for (const Array &stream : streams)
    arrays.push_back(&stream);
  Result<std::vector<Array>> results = (*compiled)->call(arrays);
  if (!results)
    return decoder.emitError("cannot decode alone: ") << results.message();
  return std::move(results->front());
}

Result<Comparison> mlir::zq::run::compareWithReference(
    ModuleOp module, StringRef entry, const std::vector<Input> &inputs,
    const std::vector<Array> &results, double accuracy) {
  std::vector<EvaluatorInput> arguments;
  for (const Input &input : inputs)
    arguments.push_back({input.arrays});
  auto expected = evaluateReference(
      module.lookupSymbol<func::FuncOp>(entry), arguments,
      [&](CompressedTensorType type, const std::vector<Array> &streams) {
        return decodeAlone(module, type, streams);
      },
      accuracy);
  if (failed(expected))
    return Error{"the reference cannot evaluate @" + entry.str()};

  Comparison comparison;
  for (size_t i = 0; i < results.size(); ++i) {
    const BoundedTensor &wanted = (*expected)[i];
    BoundComparison found = compareWithBound(wanted, results[i]);
    comparison.unbounded += found.unbounded;
    if (found.largestAt >= 0 &&
        !(found.largestDifference < comparison.largestDifference)) {
      comparison.largestDifference = found.largestDifference;
      comparison.boundThere = wanted.errors[found.largestAt];
    }
    comparison.worstRatio = std::max(comparison.worstRatio, found.largestRatio);
    if (!found.isWithin() && comparison.violation.empty()) {
      llvm::raw_string_ostream os(comparison.violation);
      os << found.violations << " of " << wanted.size()
         << " elements of result " << i << " exceed the bound";
      if (found.ratioAt >= 0)
        os << ", element " << found.ratioAt << " the most: the reference has "
           << wanted.values[found.ratioAt] << " +- "
           << wanted.errors[found.ratioAt];
    }
  }
  return comparison;
}
