//===- PackWeights.cpp - Weights laid out for rows in lanes ---------------===//
#include "PassOptions.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Records.h"
#include "zq/Dialect/ZQ/IR/Repack.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

namespace mlir::zq {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// Whether some contraction uses all of what `value` decodes to, along the last
/// dimension, and nothing looks at its streams.
static bool isContracted(Value value) {
  bool found = false;
  for (Operation *user : value.getUsers()) {
    auto decode = dyn_cast<DecodeOp>(user);
    if (!decode)
      return false;
    if (!decode.isWhole())
      continue;
    for (OpOperand &use : decode.getResult().getUses()) {
      auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
      if (!op || !op.getNumReductionLoops())
        continue;
      AffineMap map = op.getMatchingIndexingMap(&use);
      auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
      found |= last && op.getIteratorTypesArray()[last.getPosition()] ==
                           utils::IteratorType::reduction;
    }
  }
  return found;
}

/// What is left to a contraction of an argument that has `type` in place of its
/// own: the stages that no decoder has a part in, such as rotations, are taken
/// out of the codec; below factors, where `zq-split-codecs` exchanges the two.
static CompressedTensorType getContracted(BlockArgument argument,
                                          CompressedTensorType type) {
  CodecAttr codec = type.getCodec();
  auto shapes = codec.getShapes(type.getShape());
  SmallVector<StageAttrInterface> stages(codec.getStages());
  auto isInDecoder = [&](size_t i) {
    auto stage = dyn_cast<TensorStageAttrInterface>(stages[i]);
    return i + 1 == stages.size() || !stage || stage.isBlockStage(shapes[i]);
  };
  size_t first = 0;
  while (!isInDecoder(first))
    ++first;
  size_t inner = first;
  while (inner < stages.size() && isInDecoder(inner))
    ++inner;
  // It goes to the activation, and leaves the shape as it was.
  if (first == 0 && inner < stages.size() &&
      llvm::all_of(
          argument.getUsers(),
          [&](Operation *user) {
            return canExchange(cast<DecodeOp>(user), inner);
          }))
    stages.erase(stages.begin() + inner);
  return CompressedTensorType::get(
      type.getContext(), shapes[first],
      codec.getInputs(type.getElementType())[first],
      CodecAttr::get(type.getContext(), ArrayRef(stages).drop_front(first)));
}

namespace {
struct PackWeightsPass : mlir::zq::impl::PackWeightsBase<PackWeightsPass> {
  using PackWeightsBase::PackWeightsBase;

  CompressedTensorType storeCodes(func::FuncOp function, BlockArgument argument,
                                  CompressedTensorType type);
  CompressedTensorType putInRecords(CompressedTensorType packed);

  void runOnOperation() override {
    if (failed(checkAtLeast(1, getOperation(), "lanes", lanes)))
      return signalPassFailure();
    SymbolTableCollection symbols;
    SymbolUserMap users(symbols, getOperation());
    getOperation().walk([&](func::FuncOp function) {
      if (function.isExternal() || !users.getUsers(function).empty())
        return;
      SmallVector<Type> types;
      for (BlockArgument argument : function.getArguments()) {
        types.push_back(argument.getType());
        auto type = dyn_cast<CompressedTensorType>(argument.getType());
        if (!type || !isContracted(argument))
          continue;
        CompressedTensorType packed =
            withLanes(storeCodes(function, argument, type), lanes);
        // Where rows are not in lanes, panels of them would be decoded once for
        // each row.
        CompressedTensorType left = getContracted(argument, packed);
        auto leaves = [&](Operation *user) {
          return leavesBelowRowFactor(cast<DecodeOp>(user), left, lanes);
        };
        std::string why;
        if (packed == type || (!getLaneForm(left, lanes, why) &&
                               !llvm::all_of(argument.getUsers(), leaves)))
          continue;
        // Streams of which only some are contracted are taken apart.
        if (recordShare > 0 && left == packed)
          packed = putInRecords(packed);
        argument.setType(packed);
        types.back() = packed;
        ++this->packed;
      }
      function.setFunctionType(FunctionType::get(
          &getContext(), types, function.getFunctionType().getResults()));
    });
  }
};
} // namespace

/// Columns that an iteration of a kernel reads at least, and so does a record.
static constexpr int64_t leastColumns = 64;

/// `packed` with its factors beside its codes, where a kernel reads both, and
/// factors are no small part of it.
CompressedTensorType
PackWeightsPass::putInRecords(CompressedTensorType packed) {
  std::string why;
  std::optional<LaneForm> form = getLaneForm(packed, lanes, why);
  if (!form || form->isSequential)
    return packed;
  int64_t step = std::lcm(form->group, form->columns);
  step = std::lcm(step, form->factorColumns);
  return withRecords(packed, step * llvm::divideCeil(leastColumns, step),
                     recordShare);
}

/// The type in which codes are read faster, if that may be changed: raw ones
/// where decoding takes longer than reading more bytes, however few are left.
CompressedTensorType PackWeightsPass::storeCodes(func::FuncOp function,
                                                 BlockArgument argument,
                                                 CompressedTensorType type) {
  CompressedTensorType raw = withRawCodes(type);
  std::string why;
  if (raw == type ||
      !getLaneForm(getContracted(argument, withLanes(raw, lanes)), lanes, why))
    return type;
  Type codes = type.getCodec().getInputs(type.getElementType()).back();
  StageAttrInterface coder = type.getCodec().getStages().back();
  double bytes = 8 * codes.getIntOrFloatBitWidth();
  double decoding = coder.getCodesCost(codes), reading = bytes * memoryCost;
  if (decoding <= reading)
    return type;
  auto number = [](double value) {
    return llvm::formatv("{0:F2}", value).str();
  };
  function.emitRemark()
      << "argument " << argument.getArgNumber() << ": decoding 64 codes of "
      << coder << " takes as long as " << number(decoding)
      << " vector instructions, reading them raw " << number(reading) << ": "
      << (recode ? "stored raw" : "raw codes would be faster")
      << "; coded ones may be where a byte from memory takes more than "
      << number(decoding / bytes) << " instructions, and not "
      << number(memoryCost);
  return recode ? raw : type;
}
