//===- ChooseDomains.cpp - The arithmetic of contractions -----------------===//
#include "ChooseRows.h"
#include "ConstantArrays.h"
#include "LaneKernel.h"
#include "PassOptions.h"
#include "RoundedPanels.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Repack.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/Transforms/FloatPlanes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"
#include "llvm/Support/Format.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace mlir::zq {
#define GEN_PASS_DEF_CHOOSEDOMAINS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

static bool isOnF32(LinalgOp op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    return getElementTypeOrSelf(type).isF32();
  });
}

/// The streams of a constant; nothing where it is none.
static std::optional<std::vector<::zq::codec::Stream>>
getConstantStreams(AssembleOp assemble, CompressedTensorType type) {
  auto names = type.getCodec().getStreams(type.getShape().size(),
                                          type.getElementType(), assemble);
  if (failed(names))
    return std::nullopt;
  std::vector<::zq::codec::Stream> streams;
  for (auto [stream, name] : llvm::zip(assemble.getStreams(), *names)) {
    // One whose size is up to the data hides it in its type.
    while (auto cast = stream.getDefiningOp<tensor::CastOp>())
      stream = cast.getSource();
    ElementsAttr constant;
    if (!matchPattern(stream, m_Constant(&constant)))
      return std::nullopt;
    auto array = getArray(constant);
    if (failed(array))
      return std::nullopt;
    streams.push_back({name.getName().str(), std::move(*array)});
  }
  return streams;
}

/// Vector instructions of a core in which 64 weights are read and their codes
/// decoded: the one goes on while the other waits.
static double getReadingTime(CompressedTensorType type,
                             ArrayRef<::zq::codec::Stream> streams,
                             double memoryCost) {
  double bytes = 0, values = ShapedType::getNumElements(type.getShape());
  for (const ::zq::codec::Stream &stream : streams)
    bytes += stream.array.bytes.size();
  StageAttrInterface last = type.getCodec().getStages().back();
  Type codes = type.getCodec().getInputs(type.getElementType()).back();
  return std::max(64 * bytes / values * memoryCost, last.getCodesCost(codes));
}

/// A constant weight in the layout for lanes, the one that is read fastest if
/// it may be recoded; null where it is no constant, or has no such layout.
static Value packConstant(OpBuilder &b, Value weight, int64_t lanes,
                          bool recode, double memoryCost) {
  auto assemble = weight.getDefiningOp<AssembleOp>();
  auto type = cast<CompressedTensorType>(weight.getType());
  if (!assemble)
    return nullptr;
  auto streams = getConstantStreams(assemble, type);
  if (!streams)
    return nullptr;
  SmallVector<CompressedTensorType> candidates{type};
  if (recode)
    llvm::append_range(candidates, getRecodings(type));
  CompressedTensorType best;
  std::vector<::zq::codec::Stream> bestStreams;
  double least = 0;
  for (CompressedTensorType candidate : candidates) {
    CompressedTensorType packed = withLanes(candidate, lanes);
    std::string why;
    if ((packed == type && !recode) || !getLaneForm(packed, lanes, why))
      continue;
    auto changed = repack(type, *streams, packed);
    // What is wrong with its streams is said where it is decoded.
    if (!changed)
      return nullptr;
    double time = getReadingTime(packed, *changed, memoryCost);
    if (best && time >= least)
      continue;
    best = packed;
    bestStreams = std::move(*changed);
    least = time;
  }
  if (!best || best == type)
    return nullptr;
  b.setInsertionPointAfter(assemble);
  return emitCompressed(b, assemble.getLoc(), best, bestStreams, assemble);
}

/// Rows of the activation that are summed for together: as many as there are
/// registers for, in blocks of equal size. A row has `sums` of integers.
static int64_t getBlockRows(int64_t height, int64_t sums, int64_t registers) {
  if (ShapedType::isDynamic(height))
    return 1;
  // Sums of integers and of f32, and a few more.
  int64_t most = (registers - 4) / (sums + 1) - (sums == 1 ? 2 : 1);
  int64_t blocks = llvm::divideCeil(std::max<int64_t>(height, 1), most);
  return llvm::divideCeil(std::max<int64_t>(height, 1), blocks);
}

/// Columns of the activation that share a scale, at most: what ends their sums
/// takes 1 % of the time, and twice that with half as many.
static constexpr int64_t longestRun = 256;

/// Columns of the activation that share a scale: a group of the weight's for a
/// single row, whose kernel waits for memory. With more rows their scales would
/// cost as much as the weight's.
static int64_t chooseRun(const LaneForm &form, int64_t height,
                         int64_t columns) {
  int64_t unit = std::lcm(form.group, form.columns);
  if (ShapedType::isDynamic(height) || height <= 1 || unit > longestRun)
    return form.group;
  int64_t units = llvm::divideCeil(columns, unit);
  int64_t runs = llvm::divideCeil(units, longestRun / unit);
  int64_t run = unit * llvm::divideCeil(units, runs);
  // All runs but the last are of one size, of which their number tells.
  int64_t groups = llvm::divideCeil(columns, form.group);
  int64_t perRun = llvm::divideCeil(groups, llvm::divideCeil(columns, run));
  return perRun * form.group == run ? run : form.group;
}

//===----------------------------------------------------------------------===//
// Domains and what they cost
//===----------------------------------------------------------------------===//

namespace {
/// What a contraction's products are computed in.
struct Domain {
  enum { Floats, Integers, Words, Tiles } kind = Floats;
  /// Planes of integers of the activation, of 8 bits each or one of 16.
  int64_t planes = 0;
  /// Of bf16 of both operands.
  FloatPlanes floats;
  /// The largest magnitude of the integers in a plane of 16 bits.
  int64_t limit = 0;
  /// Columns that share a scale of the weight where it is rounded once more.
  int64_t rounded = 0;
  /// Of a product, as `zq-choose-domains` documents it.
  double error = 0;
  /// Vector instructions for a column of `lanes` rows of the weight with all
  /// rows of the activation.
  double cost = 0;
};
} // namespace

// Vector instructions for a column of one panel, as measured: what a product
// takes with all around it, and what is done once for many rows.
static constexpr double floatCost = 2;
/// Values of f32 that no permutation looks up.
static constexpr double valueCost = 5;
/// A product of integers, and what ends the sums of a group.
static constexpr double integerCost = 0.28, groupCost = 1.6;
static constexpr double decodeCost = 10, planeCost = 4;
/// Looking up a weight of 16 bits instead of one of a byte.
static constexpr double wordCost = 0.5;
/// Entries of a table of 16-bit integers: those of a register.
static constexpr size_t longestWordTable = 32;
/// Decoding a weight and rounding it once more, for `roundedRows` rows.
static constexpr double roundingCost = 18;
/// Bytes of a decoded panel of 32 rows: it lies in the first cache, beside the
/// next one and the activation. The first is for CPUs with a unit for tiles,
/// which have a larger cache.
static constexpr int64_t unitPanelBytes = 1 << 15;
static constexpr int64_t panelBytes = 1 << 14;

/// Columns of the activation, in steps, that are multiplied before the next:
/// the panel's, all of one size.
static int64_t getTileSteps(const LaneForm &form, int64_t columns,
                            int64_t planes, int64_t rate) {
  int64_t unit = std::lcm(form.columns, tileDepth) / tileDepth;
  int64_t bytes = rate < unitRate ? panelBytes : unitPanelBytes;
  int64_t most = bytes / (2 * tileRows * tileDepth * planes);
  int64_t steps = llvm::divideCeil(columns, tileDepth);
  steps = llvm::divideCeil(steps, llvm::divideCeil(steps, most));
  return llvm::alignTo(steps, unit);
}

static Domain getFloats(const LaneForm &form, int64_t height) {
  Domain domain;
  domain.cost = floatCost * height;
  if (form.values.size() > longestPermute)
    domain.cost += valueCost * llvm::divideCeil(height, floatRows);
  return domain;
}

/// The largest magnitude of `values`, and the least one that is not 0.
static std::pair<double, double> getMagnitudes(ArrayRef<float> values) {
  double least = std::numeric_limits<double>::infinity(), largest = 0;
  for (double value : values)
    if (std::isfinite(value) && value != 0) {
      least = std::min(least, std::fabs(value));
      largest = std::max(largest, std::fabs(value));
    }
  return {largest, least};
}

/// What the largest value is of a row's largest one, at most. A table's error
/// is of its largest value: a factor of each row has brought the largest weight
/// near that, or near the largest value of the choice that the block made; but
/// where there is none, all weights of a row may be the least value.
static double getSpread(const LaneForm &form) {
  bool hasRowFactor =
      llvm::any_of(form.factors, [](const LaneForm::Factor &factor) {
        return factor.block[0] == 1;
      });
  if (hasRowFactor && !form.choiceBits)
    return 1;
  auto [largest, least] = getMagnitudes(form.values);
  if (hasRowFactor) {
    least = largest;
    ArrayRef<float> values = form.values;
    for (size_t length = size_t(1) << form.bits; !values.empty();
         values = values.drop_front(length))
      if (double own = getMagnitudes(values.take_front(length)).first)
        least = std::min(least, own);
  }
  return largest / least;
}

/// The error of a product in `planes` of integers, of the largest activation
/// times the largest weight of its row.
static double getIntegersError(const LaneForm &form, int64_t planes) {
  ByteTable table = getByteTable(form.values, planes);
  if (table.error > 0)
    table.error *= getSpread(form);
  return getPlanesError(planes, table);
}

static Domain getIntegers(const LaneForm &form, int64_t planes,
                          int64_t height) {
  Domain domain;
  domain.kind = Domain::Integers;
  domain.planes = planes;
  ByteTable table = getByteTable(form.values, planes);
  domain.error = getIntegersError(form, planes);
  int64_t sums = table.low.empty() ? planes : planes + 1;
  int64_t products = table.low.empty() ? planes : 2 * planes;
  domain.cost =
      (integerCost * products + groupCost / form.group * sums) * height;
  return domain;
}

/// In one plane of 16-bit integers, where the table is one of a register.
/// Values that bytes hold are looked up in fewer instructions.
static std::optional<Domain> getWords(const LaneForm &form, int64_t height) {
  if (form.values.size() > longestWordTable ||
      getByteTable(form.values, /*planes=*/2).low.empty())
    return std::nullopt;
  Domain domain;
  domain.kind = Domain::Words;
  domain.planes = 1;
  WordTable table = getWordTable(form.values, form.group);
  domain.limit = table.limit;
  if (table.error > 0)
    table.error *= getSpread(form);
  domain.error = getWordsError(table);
  // Two products where there is one of bytes.
  domain.cost = (2 * integerCost + groupCost / form.group) * height + wordCost;
  return domain;
}

/// With the weight rounded to one plane of integers too: few factors, and a
/// kernel that looks nothing up.
static std::optional<Domain> getRounded(const LaneForm &form, int64_t lanes,
                                        int64_t columns, int64_t height) {
  int64_t group = getRoundedGroup(form, columns);
  if (!group || lanes > tileLanes || ShapedType::isDynamic(height))
    return std::nullopt;
  Domain domain;
  domain.kind = Domain::Integers;
  domain.planes = 1;
  domain.rounded = group;
  ByteTable table;
  table.error = roundedError;
  domain.error = getPlanesError(/*planes=*/1, table);
  int64_t rounds = llvm::divideCeil(height, roundedRows);
  domain.cost =
      (integerCost + groupCost / group) * height + roundingCost * rounds;
  return domain;
}

/// With the fewest products of bf16 whose error is at most `accuracy`.
static std::optional<Domain> getTiles(const LaneForm &form, int64_t height,
                                      int64_t rate, double accuracy) {
  // Tiles are filled a step at a time, in any order.
  if (!rate || ShapedType::isDynamic(height) || accuracy <= 0 ||
      form.isSequential)
    return std::nullopt;
  int64_t digits = getDigits(form);
  // Decoding rounds to f32 after each factor and offset.
  size_t roundings = form.factors.size() + form.offsets.size() + 1;
  double rounding = digits > f32Digits ? std::ldexp(roundings, -f32Digits) : 0;
  auto planes =
      chooseFloatPlanes(f32Digits, digits, bf16Digits, accuracy - rounding);
  if (!planes)
    return std::nullopt;
  Domain domain;
  domain.kind = Domain::Tiles;
  domain.floats = *planes;
  domain.error = planes->error + rounding;
  double products = getPlanePairs(planes->left, planes->right).size();
  double rows = llvm::alignTo(height, tileRows);
  domain.cost = products * rows * tileLanes / rate + decodeCost +
                planeCost * (planes->right - 1);
  return domain;
}

/// The cheapest domain whose error is at most `accuracy`, which f32's always
/// is.
static Domain chooseDomain(const LaneForm &form, int64_t lanes, int64_t columns,
                           int64_t height, int64_t rate, bool hasWords,
                           double accuracy) {
  // Rows of unknown number are likely few.
  int64_t rows = ShapedType::isDynamic(height) ? 1 : height;
  std::optional<Domain> best;
  for (int64_t planes : {1, 2})
    if (Domain domain = getIntegers(form, planes, rows);
        domain.error <= accuracy && !best)
      best = domain;
  if (auto words = hasWords ? getWords(form, rows) : std::nullopt;
      words && words->error <= accuracy && (!best || words->cost < best->cost))
    best = words;
  if (auto rounded = getRounded(form, lanes, columns, height);
      rounded && rounded->error <= accuracy &&
      (!best || rounded->cost < best->cost))
    best = rounded;
  if (auto tiles = getTiles(form, height, rate, accuracy);
      tiles && (!best || tiles->cost < best->cost))
    best = tiles;
  Domain floats = getFloats(form, rows);
  return best && best->cost <= floats.cost ? *best : floats;
}

/// What the remark on a contraction says.
static std::string describe(const Domain &domain, const LaneForm &form,
                            double accuracy) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto count = [&](int64_t planes) {
    os << (planes == 1   ? "one"
           : planes == 2 ? "two"
                         : "three")
       << (planes == 1 ? " plane" : " planes");
  };
  os << "contraction in ";
  switch (domain.kind) {
  case Domain::Floats:
    if (getIntegersError(form, 2) <= accuracy)
      os << "f32, which takes no longer than others: error of two planes of "
            "8-bit integers "
         << printBound(getIntegersError(form, 2));
    else
      os << "f32: the error of two planes of 8-bit integers would be "
         << printBound(getIntegersError(form, 2));
    break;
  case Domain::Integers:
    count(domain.planes);
    os << " of 8-bit integers"
       << (domain.rounded ? ", weights rounded to such" : "")
       << ": error of a product at most " << printBound(domain.error)
       << " of the largest activation times the largest weight";
    break;
  case Domain::Words:
    os << "one plane of 16-bit integers: error of a product at most "
       << printBound(domain.error)
       << " of the largest activation times the largest weight";
    break;
  case Domain::Tiles:
    os << "tiles of bf16, activations in ";
    count(domain.floats.left);
    os << " and weights in ";
    count(domain.floats.right);
    os << ": error of a product at most " << printBound(domain.error)
       << " of it";
    break;
  }
  os << ", asked for " << llvm::format("%g", accuracy);
  return text;
}

/// Elementwise ops read the results of contractions as the matrices that these
/// are, so that tiles of both are the same.
static LogicalResult foldReshapes(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  auto isOfContract = [](OpOperand *operand) {
    Operation *reshape = operand->get().getDefiningOp();
    return isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
               reshape) &&
           reshape->hasOneUse() &&
           isInDomain(reshape->getOperand(0).getDefiningOp());
  };
  linalg::populateFoldReshapeOpsByCollapsingPatterns(patterns, isOfContract);
  linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, isOfContract);
  return applyPatternsGreedily(root, std::move(patterns));
}

namespace {
struct ChooseDomainsPass
    : mlir::zq::impl::ChooseDomainsBase<ChooseDomainsPass> {
  using ChooseDomainsBase::ChooseDomainsBase;

  void runOnOperation() override {
    if (failed(checkAtLeast(1, getOperation(), "lanes", lanes)))
      return signalPassFailure();
    if (!(accuracy >= 0)) {
      getOperation()->emitError("accuracy is ")
          << accuracy << ", and not 0 or more";
      return signalPassFailure();
    }
    SmallVector<LinalgOp> ops;
    getOperation().walk([&](LinalgOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (LinalgOp op : ops) {
      forbidDots(op);
      std::string why;
      if (choose(rewriter, op, why))
        continue;
      rewriter.setInsertionPoint(op);
      if (!chooseRows(rewriter, op, {lanes, accuracy, tileRate, dots}) &&
          !why.empty())
        op->emitRemark() << "contraction in loops of f32 along the rows of its "
                            "decoded weight, and in no compute domain: "
                         << why;
    }
    if (failed(foldReshapes(getOperation())))
      signalPassFailure();
  }

  bool choose(IRRewriter &b, LinalgOp op, std::string &why);
};
} // namespace

/// Whether `op` is a contraction that reads a decode.
static bool contractsDecoded(LinalgOp op) {
  return isSumOfProducts(op) && llvm::any_of(op.getDpsInputs(), [](Value x) {
           return isWeight(x.getDefiningOp());
         });
}

/// Why a weight of `type`, which has no form for lanes, is in no domain: what
/// its codec lacks, or that nobody has laid it out.
static std::string explain(CompressedTensorType type, int64_t lanes) {
  std::string ofPacked;
  if (getLaneForm(withLanes(type, lanes), lanes, ofPacked))
    return "the weight is in no panels of " + std::to_string(lanes) +
           " rows, which its codec has (zq-pack-weights lays out arguments)";
  return "the weight has no panels of rows, since " + ofPacked;
}

/// Makes a `zq.contract` of `op` if that is a product with a weight that has a
/// form for lanes. Else `why` says what such a product lacks; nothing is said
/// of other ops.
bool ChooseDomainsPass::choose(IRRewriter &b, LinalgOp op, std::string &why) {
  std::optional<Product> found = matchProduct(op);
  if (!found || !isOnF32(op)) {
    if (contractsDecoded(op))
      why = found ? "it is not of f32"
                  : "it is no product with a whole decoded matrix along the "
                    "rows of that";
    return false;
  }
  Product product = *found;
  Location loc = op.getLoc();
  Value weight = product.decode.getSource();
  if (Value packed = packConstant(b, weight, lanes, recode, memoryCost))
    weight = packed;
  auto compressed = cast<CompressedTensorType>(weight.getType());
  auto form = getLaneForm(compressed, lanes, why);
  if (!form) {
    why = explain(compressed, lanes);
    return false;
  }
  double wanted = getAccuracy(op, accuracy);
  b.setInsertionPoint(op);
  Value x = toMatrix(b, loc, product.activation);
  Value init = toMatrix(b, loc, product.init);
  auto type = cast<RankedTensorType>(x.getType());
  int64_t height = type.getDimSize(0);
  Domain domain = chooseDomain(*form, lanes, type.getDimSize(1), height,
                               tileRate, words, wanted);
  SmallVector<Value> activations{x};
  IntegerAttr planes;
  switch (domain.kind) {
  case Domain::Floats:
    break;
  case Domain::Integers:
  case Domain::Words: {
    ByteTable table = getByteTable(form->values, domain.planes);
    int64_t sums = domain.planes + !table.low.empty();
    IntegerAttr limit;
    if (domain.rounded)
      sums = 1, table.offset = roundedOffset;
    if (domain.kind == Domain::Words)
      sums = 1, table.offset = 0, limit = b.getI64IntegerAttr(domain.limit);
    auto split = PlanesOp::create(
        b, loc, x, domain.planes, domain.rounded ? domain.rounded : form->group,
        getBlockRows(height, sums, registers), table.offset, limit);
    if (!domain.rounded)
      setRun(split, chooseRun(*form, height, type.getDimSize(1)));
    activations.assign(split->result_begin(), split->result_end());
    break;
  }
  case Domain::Tiles:
    // As a constant, which is still seen to be zero after tiling.
    if (auto fill = init.getDefiningOp<linalg::FillOp>();
        fill && matchPattern(fill.getInputs().front(), m_AnyZeroFloat()))
      init = arith::ConstantOp::create(b, loc, b.getZeroAttr(init.getType()));
    planes = b.getI64IntegerAttr(domain.floats.right);
    activations = {
        TilesOp::create(b, loc, x, domain.floats.left,
                        getTileSteps(*form, type.getDimSize(1),
                                     domain.floats.right, tileRate))};
    break;
  }
  op->emitRemark() << describe(domain, *form, wanted);
  Value result = ContractOp::create(
      b, loc, init.getType(), activations, weight,
      /*row=*/Value(), b.getI64IntegerAttr(lanes),
      domain.rounded ? b.getUnitAttr() : UnitAttr(), planes, init);
  b.replaceOp(op, fromMatrix(b, loc, result, product.init));
  if (product.decode.use_empty())
    b.eraseOp(product.decode);
  return true;
}
