//===- ChooseRows.cpp - Products with weights that are read row by row ----===//
#include "ChooseRows.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/FloatPlanes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/Format.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

// Vector instructions for a column of 16 rows of the weight, as measured: what
// a product takes in loops of f32 along the columns, how many products of f32
// in tiles are made in the time of one, and what packing a panel takes for each
// of its planes.
static constexpr double floatCost = 2, floatRate = 12, packCost = 12;
/// The first of these with a weight that is not decoded, and in dots, so many
/// times what these take alone.
static constexpr double denseCost = 1.6, dotShare = 1.5;
/// Bytes of a panel of 32 rows of the weight, in the first cache or near it:
/// vectors read the activation's tile as fast from the second one, and with
/// fewer columns sums are loaded and stored more often.
static constexpr int64_t panelBytes = 1 << 15;
/// Columns of a part that need not decode on their own.
static constexpr int64_t mostColumns = 4096;

namespace {
/// In what the operands are multiplied.
struct RowDomain {
  Type element;
  /// Of the activation, and of the weight.
  int64_t left = 1, right = 1;
  double error = 0, cost = 0;
};
} // namespace

static int64_t getElementDigits(Type type) {
  return getElementTypeOrSelf(type).isBF16() ? bf16Digits : f32Digits;
}

/// The cheapest domain whose error is at most `accuracy`, f32 if there is none.
/// With `mayLoseSmall` numbers below 2^-126 may count as zero.
static RowDomain chooseDomain(const Product &product, Type weight,
                              double accuracy, bool mayLoseSmall,
                              const RowOptions &options) {
  MLIRContext *context = product.init.getContext();
  int64_t height = ShapedType::getNumElements(
      cast<RankedTensorType>(product.init.getType()).getShape().drop_back());
  double products = llvm::alignTo(height, tileRows) * tileLanes;
  RowDomain floats{Float32Type::get(context)};
  floats.cost = products / floatRate + packCost;
  if (!options.tileRate || !mayLoseSmall)
    return floats;
  auto planes =
      chooseFloatPlanes(getElementDigits(product.activation.getType()),
                        getElementDigits(weight), bf16Digits, accuracy);
  if (!planes)
    return floats;
  RowDomain tiles{BFloat16Type::get(context), planes->left, planes->right,
                  planes->error};
  size_t pairs = getPlanePairs(planes->left, planes->right).size();
  tiles.cost = pairs * products / options.tileRate + packCost * planes->right;
  return tiles.cost < floats.cost ? tiles : floats;
}

/// Columns of a part, in steps: all of one size, and such that each part of a
/// compressed weight decodes on its own.
static int64_t getSteps(int64_t columns, int64_t granule,
                        const RowDomain &domain) {
  int64_t values = panelBytes / (domain.element.getIntOrFloatBitWidth() / 8);
  int64_t most = values / (tileRows * tileDepth * domain.right);
  int64_t steps = llvm::divideCeil(columns, tileDepth);
  steps = llvm::divideCeil(steps, llvm::divideCeil(steps, most));
  int64_t unit = std::lcm(granule, tileDepth) / tileDepth;
  return unit * tileDepth <= mostColumns ? llvm::alignTo(steps, unit) : steps;
}

/// What is given up where both operands are bf16.
static constexpr StringLiteral smallAsZero =
    "products are exact, and numbers below 2^-126 may count as zero";

static std::string describe(const RowDomain &domain, double accuracy) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "contraction row by row in tiles of ";
  if (domain.element.isF32()) {
    os << "f32";
    return text;
  }
  auto count = [&](int64_t planes) {
    os << planes << (planes == 1 ? " plane" : " planes");
  };
  os << "bf16, activations in ";
  count(domain.left);
  os << " and weights in ";
  count(domain.right);
  os << ": ";
  if (domain.left == 1 && domain.right == 1 && domain.error == 0)
    os << smallAsZero;
  else
    os << "error of a product at most " << printBound(domain.error) << " of it";
  os << ", asked for " << llvm::format("%g", accuracy);
  return text;
}

/// Whether both inputs of `op` are of `element`.
static bool areBoth(LinalgOp op, Type element) {
  return llvm::all_of(op.getDpsInputs(), [&](Value input) {
    return getElementTypeOrSelf(input.getType()) == element;
  });
}

/// Lets `op` be summed by dots, where it can be: their products are exact.
static bool chooseDots(RewriterBase &b, LinalgOp op, double accuracy) {
  Location loc = op.getLoc();
  if (failed(allowDots(b, op)))
    return false;
  std::string text;
  llvm::raw_string_ostream(text)
      << "contraction in dots of bf16: " << smallAsZero << ", asked for "
      << llvm::format("%g", accuracy);
  emitRemark(loc) << text;
  return true;
}

/// What a product takes in loops along the columns.
static double getLoopCost(bool isDense, bool usesDots, int64_t tileRate) {
  // By a unit for tiles all is faster than it is by dots; what f32 takes in
  // loops was not measured on CPUs with one.
  if (!isDense || tileRate >= unitRate)
    return floatCost;
  return usesDots && tileRate ? dotShare * tileLanes / tileRate : denseCost;
}

bool mlir::zq::chooseRows(RewriterBase &b, LinalgOp op,
                          const RowOptions &options) {
  if (options.lanes != tileLanes)
    return false;
  std::optional<Product> product = matchProduct(op);
  // What is decoded in another role goes into the loops that use it.
  if (!product && llvm::none_of(op.getDpsInputs(), [](Value input) {
        return isWeight(input.getDefiningOp());
      }))
    product = matchDenseProduct(op);
  if (!product || op.hasDynamicShape() ||
      !getElementTypeOrSelf(product->init.getType()).isF32())
    return false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Type element = getElementTypeOrSelf(input->get().getType());
    if (!(element.isF32() || element.isBF16()) || !isMultipliedAsF32(op, input))
      return false;
  }
  DecodeOp decode = product->decode;
  Value weight = product->weight;
  // A decoder of the program's own is named by the op that decodes.
  if (decode && !decode.getDecoderAttr())
    weight = decode.getSource();
  // Of two dense operands nothing may be rounded off unless that is said.
  double wanted = getAccuracy(op, options.accuracy);
  double accuracy = decode ? wanted : getAccuracy(op, 0);
  bool mayLoseSmall = wanted > 0,
       areBF16 = areBoth(op, BFloat16Type::get(op.getContext()));
  RowDomain domain = chooseDomain(*product, product->weight.getType(), accuracy,
                                  mayLoseSmall, options);
  if (areBF16 && !mayLoseSmall && (options.hasDots || options.tileRate))
    op->emitRemark() << "contraction of bf16 in f32: in dots, " << smallAsZero
                     << ", asked for 0";
  Value x = toMatrix(b, op.getLoc(), product->activation);
  auto type = cast<RankedTensorType>(x.getType());
  bool mayUseDots = options.hasDots && mayLoseSmall && areBF16;
  if (domain.cost >=
      getLoopCost(!decode, mayUseDots, options.tileRate) * type.getDimSize(0))
    return mayUseDots && chooseDots(b, op, wanted);

  Location loc = op.getLoc();
  int64_t granule = 1;
  if (auto compressed = dyn_cast<CompressedTensorType>(weight.getType()))
    granule =
        compressed.getCodec().getGranule(2, compressed.getElementType(), op);
  int64_t steps = getSteps(type.getDimSize(1), granule, domain);
  auto tiles = TilesOp::create(b, loc,
                               getTilesType(domain.element, type.getShape(),
                                            domain.left, steps,
                                            /*isRight=*/true),
                               x, /*right=*/true, domain.left, steps);
  // As a constant, which is still seen to be zero after tiling.
  Value init = toMatrix(b, loc, product->init);
  if (auto fill = init.getDefiningOp<linalg::FillOp>();
      fill && matchPattern(fill.getInputs().front(), m_AnyZeroFloat()))
    init = arith::ConstantOp::create(b, loc, b.getZeroAttr(init.getType()));
  // Of dense operands in f32 nothing is decoded or given up.
  if (decode || !domain.element.isF32())
    op->emitRemark() << describe(domain, wanted);
  Value result = ContractRowsOp::create(b, loc, init.getType(), tiles, weight,
                                        /*row=*/Value(), domain.right, init);
  b.replaceOp(op, fromMatrix(b, loc, result, product->init));
  if (decode && decode.use_empty())
    b.eraseOp(decode);
  return true;
}
