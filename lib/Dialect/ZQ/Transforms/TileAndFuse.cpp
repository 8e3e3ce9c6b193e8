//===- TileAndFuse.cpp - Loops around decode and its consumer -------------===//
//
// Drives upstream's tiling and fusion. A loop nest is made for each op whose
// result nothing else fuses: parallel tiles outside, in which the producers of
// the tile are pulled; then, inside, a contraction's register tile and a
// vector's worth of the lane dimension, to which the decode is pulled once more
// where its values are used in few places.
//
// All tile sizes divide the sizes they tile, or the op is split before: every
// inner shape is static, and there is no masked or partial tile.
//
//===----------------------------------------------------------------------===//
#include "ActivationTiles.h"
#include "ContractTiles.h"
#include "RegisterTiles.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_TILEANDFUSE
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// The loop along the last dimension of what `map` reads.
static std::optional<unsigned> findLane(AffineMap map) {
  auto last = dyn_cast_if_present<AffineDimExpr>(
      map.getNumResults() ? map.getResults().back() : AffineExpr());
  return last ? std::optional<unsigned>(last.getPosition()) : std::nullopt;
}

static LogicalResult emitDynamicLanes(Operation *op) {
  return op->emitOpError("has a dynamic size along the last dimension of its "
                         "weight, which is not supported");
}

/// Erases `op` if nothing uses it, and then what only it used.
static void eraseIfDead(RewriterBase &rewriter, Operation *op) {
  if (!op || !isOpTriviallyDead(op))
    return;
  SmallVector<Value> operands(op->getOperands());
  rewriter.eraseOp(op);
  for (Value operand : operands)
    eraseIfDead(rewriter, operand.getDefiningOp());
}

namespace {

/// What the driver has to know of the target.
struct KernelConfig {
  RegisterFile registers;
  /// Rows of the result's last dimension in a parallel tile.
  int64_t panel;
  /// Whether registers hold one element each.
  bool isScalar;
  /// Where all decodes run that a contraction uses; up to the cost model where
  /// there is none.
  std::optional<Placement> placement;
};

/// Which ops that are to be tiled are still there while others are rewritten.
struct Remaining : RewriterBase::Listener {
  void notifyOperationErased(Operation *op) override { ops.erase(op); }
  DenseSet<Operation *> ops;
};

class Tiler {
public:
  Tiler(IRRewriter &rewriter, KernelConfig config)
      : rewriter(rewriter), config(config) {
    rewriter.setListener(&remaining);
  }
  ~Tiler() { rewriter.setListener(nullptr); }

  /// Decides where the decode runs of each contraction of `block`, and says so.
  void placeDecodes(Block &block);
  LogicalResult tileBlock(Block &block);

private:
  WeightUses getUses(linalg::LinalgOp op, AffineMap map, DecodeOp decode);
  /// Elements along the lanes of a weight that are taken at a time: a block of
  /// its decode, if it has one.
  int64_t getLaneWidth(DecodeOp decode);
  LogicalResult tileRoot(TilingInterface root);
  void noteFused(Operation *op, tensor::ExtractSliceOp slice);
  void noteUnfused(DecodeOp op);
  SmallVector<int64_t> getParallelTile(TilingInterface root);
  LogicalResult tileElementwise(linalg::LinalgOp op);
  LogicalResult tileContraction(linalg::LinalgOp op);
  LogicalResult tileLaneReduction(linalg::LinalgOp op, unsigned lane,
                                  int64_t width, bool fuse);
  LogicalResult tileLaneParallel(linalg::LinalgOp op, unsigned lane,
                                 int64_t width, bool fuse);

  /// Tiles into scf.for loops, in `order` if one is given, fuses decodes into
  /// the innermost if asked, and returns the tiled op.
  FailureOr<linalg::LinalgOp>
  tileToLoops(linalg::LinalgOp op, ArrayRef<int64_t> sizes, bool fuse,
              std::optional<unsigned> partialReduction = std::nullopt,
              ArrayRef<int64_t> order = {});
  FailureOr<SmallVector<linalg::LinalgOp>>
  tileRegisters(linalg::LinalgOp op, SmallVector<int64_t> sizes, bool fuse,
                ArrayRef<int64_t> order);
  LogicalResult fuseWeight(tensor::ExtractSliceOp slice,
                           MutableArrayRef<LoopLikeOpInterface> loops);

  IRRewriter &rewriter;
  KernelConfig config;
  Remaining remaining;
  /// Decodes that have a remark, and are not pulled into what uses them.
  DenseSet<Operation *> placedUpFront;
};

} // namespace

//===----------------------------------------------------------------------===//
// Placement
//===----------------------------------------------------------------------===//

/// The placement of its decode, on a contraction while it is tiled: tiling
/// copies it to the tile.
static constexpr StringLiteral placementName = "zq.placement";

/// The values of a window; a dimension of unknown size counts as one.
static double countValues(RankedTensorType window) {
  double values = 1;
  for (int64_t size : window.getShape())
    values *= ShapedType::isDynamic(size) ? 1 : size;
  return values;
}

static StringRef getPlacement(Operation *op) {
  auto placement = op->getAttrOfType<StringAttr>(placementName);
  return placement ? placement.getValue() : StringRef();
}

/// Whether a contraction uses the weight that `op` produces.
static bool leadsToContraction(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    return !getPlacement(user).empty() ||
           (isWeight(user) && leadsToContraction(user));
  });
}

int64_t Tiler::getLaneWidth(DecodeOp decode) {
  if (!decode)
    return config.registers.width;
  return getDecoderWidth(
      decode, cast<CompressedTensorType>(decode.getSource().getType()),
      config.registers.width, config.isScalar);
}

/// How often each value of the weight that `map` reads is used. A loop of
/// unknown size counts as one.
WeightUses Tiler::getUses(linalg::LinalgOp op, AffineMap map, DecodeOp decode) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<int64_t> tile =
      getParallelTile(cast<TilingInterface>(op.getOperation()));
  for (auto [size, range] : llvm::zip(tile, ranges)) {
    range = ShapedType::isDynamic(range) ? 1 : range;
    size = size ? size : range;
  }
  SmallVector<int64_t> registers =
      getRegisterTile(op, tile, *findLane(map), getLaneWidth(decode),
                      /*fuse=*/true, config.registers);
  WeightUses uses;
  for (auto [dim, range] : llvm::enumerate(ranges)) {
    if (map.isFunctionOfDim(dim))
      continue;
    uses.whole *= range;
    uses.tile *= tile[dim];
    uses.registers *= registers[dim] ? registers[dim] : 1;
  }
  return uses;
}

void Tiler::placeDecodes(Block &block) {
  CostModel model(config.registers.width);
  for (Operation &op : block) {
    auto contraction = dyn_cast<linalg::LinalgOp>(op);
    if (!contraction || !contraction.getNumReductionLoops() || op.use_empty())
      continue;
    auto [weight, decode] = findWeight(contraction);
    AffineMap map = contraction.getMatchingIndexingMap(weight);
    // What cannot be tiled is an error there.
    if (!decode || !findLane(map))
      continue;
    RankedTensorType window = decode.getWindowType();
    if (window.getShape().back() == ShapedType::kDynamic)
      continue;
    double values = countValues(window);
    WeightUses uses = getUses(contraction, map, decode);
    DecodeCost cost = model.getDecodeCost(decode);
    Prediction chosen =
        config.placement ? model.predict(*config.placement, cost, values, uses)
                         : model.choose(cost, values, uses);
    // Rows side by side would each go through those before in their chunk.
    auto type = cast<CompressedTensorType>(decode.getSource().getType());
    if (!config.placement && chosen.placement == Placement::InRegisters &&
        type.getCodec().getRowsPerChunk(type.getRank()) > 1)
      chosen = model.predict(Placement::PerPanel, cost, values, uses);
    op.setAttr(placementName,
               rewriter.getStringAttr(stringify(chosen.placement)));
    if (chosen.placement == Placement::UpFront) {
      placedUpFront.insert(decode);
      remarkPlacement(decode, /*fused=*/false,
                      "decode not fused: once up front; tiles that use each "
                      "value: " +
                          Twine(static_cast<int64_t>(uses.whole / uses.tile)),
                      chosen);
      continue;
    }
    remarkPlacement(decode, /*fused=*/true,
                    "decode fused " + Twine(stringify(chosen.placement)) +
                        ": uses of each value in a tile: " +
                        Twine(static_cast<int64_t>(uses.tile)),
                    chosen);
  }
}

//===----------------------------------------------------------------------===//
// Parallel tiles
//===----------------------------------------------------------------------===//

/// The contraction that ends in `root` through elementwise ops, or null.
static linalg::LinalgOp findContraction(Operation *root) {
  auto op = dyn_cast_or_null<linalg::LinalgOp>(root);
  if (!op)
    return {};
  if (op.getNumReductionLoops())
    return op;
  for (OpOperand *input : op.getDpsInputOperands())
    if (auto found = findContraction(input->get().getDefiningOp()))
      if (input->get().hasOneUse() &&
          dependsOnAllLoops(op, input, op.getStaticLoopRanges()))
        return found;
  return {};
}

SmallVector<int64_t> Tiler::getParallelTile(TilingInterface root) {
  if (SmallVector<int64_t> sizes = getContractTile(root); !sizes.empty())
    return sizes;
  SmallVector<utils::IteratorType> iterators = root.getLoopIteratorTypes();
  SmallVector<int64_t> sizes(iterators.size(), 0);
  SmallVector<Range> domain;
  {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(root);
    domain = root.getIterationDomain(rewriter);
  }
  SmallVector<unsigned> parallel;
  for (auto [i, type] : llvm::enumerate(iterators))
    if (type == utils::IteratorType::parallel)
      parallel.push_back(i);
  bool contracts = static_cast<bool>(findContraction(root));
  for (auto [place, dim] : llvm::enumerate(parallel)) {
    int64_t size =
        getConstantIntValue(domain[dim].size).value_or(ShapedType::kDynamic);
    size_t fromLast = parallel.size() - 1 - place;
    if (isa<DecodeOp>(root.getOperation()) && fromLast == 0) {
      // Whole rows: their decoder may carry a state along.
      sizes[dim] = ShapedType::isDynamic(size) ? 1 : size;
      continue;
    }
    int64_t limit = 1;
    // What a rotation has loops over are lines, not elements.
    if (fromLast == 0)
      limit = contracts || isa<RotateOp>(root.getOperation())
                  ? config.panel
                  : 16 * config.registers.width;
    else if (fromLast == 1)
      limit = contracts ? 256 : config.panel;
    sizes[dim] = largestDivisor(size, limit);
  }
  return sizes;
}

/// Whether what reads `slice` wants its decode up front.
static bool isUsedFromMemory(tensor::ExtractSliceOp slice) {
  return llvm::any_of(slice->getUsers(), [](Operation *user) {
    return getPlacement(user) == stringify(Placement::UpFront);
  });
}

/// The remark on a decode that goes into a tile of another op than a
/// contraction, which has its own.
void Tiler::noteFused(Operation *op, tensor::ExtractSliceOp slice) {
  auto decode = dyn_cast<DecodeOp>(op);
  if (!decode || placedUpFront.contains(op))
    return;
  Operation *user = *slice->getUsers().begin();
  auto linalgOp = dyn_cast<linalg::LinalgOp>(user);
  // A weight through elementwise ops is noted at its contraction; what else
  // uses it is another matter.
  if (!getPlacement(user).empty() || leadsToContraction(user))
    return;
  Placement placement = linalgOp ? Placement::InRegisters : Placement::PerPanel;
  RankedTensorType window = decode.getWindowType();
  CostModel model(config.registers.width);
  remarkPlacement(decode, /*fused=*/true,
                  "decode fused " + Twine(stringify(placement)) + ": into '" +
                      user->getName().getStringRef() + "'",
                  model.predict(placement, model.getDecodeCost(decode),
                                countValues(window), {}));
}

LogicalResult Tiler::tileRoot(TilingInterface root) {
  // Tiles of one element each would hide it.
  if (linalg::LinalgOp contraction = findContraction(root)) {
    DecodeOp decode = findWeight(contraction).second;
    if (decode &&
        decode.getWindowType().getShape().back() == ShapedType::kDynamic)
      return emitDynamicLanes(contraction);
  }
  SmallVector<int64_t> sizes = getParallelTile(root);
  bool readsContract = !getContractTile(root).empty();
  // Whole tasks of a contraction, and what is left over.
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    auto op = dyn_cast<linalg::LinalgOp>(root.getOperation());
    int64_t rest =
        readsContract && size ? op.getStaticLoopRanges()[dim] % size : 0;
    if (!rest)
      continue;
    for (linalg::LinalgOp part :
         splitRoot(rewriter, op, dim, op.getStaticLoopRanges()[dim] - rest))
      if (failed(tileRoot(cast<TilingInterface>(part.getOperation()))))
        return failure();
    return success();
  }
  scf::SCFTileAndFuseOptions options;
  SmallVector<OpFoldResult> tile =
      getAsIndexOpFoldResult(rewriter.getContext(), sizes);
  options.tilingOptions.setTileSizes(tile).setLoopType(
      scf::SCFTilingOptions::LoopType::ForallOp);
  // Pull what makes this tile, and nothing that several tiles would compute
  // again: the operands of a contraction are pulled only if they are weights.
  SmallPtrSet<Operation *, 4> pulled{root};
  options.setFusionControlFn(
      [&](tensor::ExtractSliceOp slice, OpResult producer, bool isInit)
          -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
        Operation *op = producer.getOwner();
        if (isWeight(op) && !isInit) {
          if (isUsedFromMemory(slice))
            return std::nullopt;
          noteFused(op, slice);
          return scf::SCFTileAndFuseOptions::ControlFnResult{};
        }
        if (isInit || isa<linalg::FillOp>(op))
          return scf::SCFTileAndFuseOptions::ControlFnResult{};
        // Each tile reads its own part of what goes into an elementwise op, or
        // of what a contraction adds to. A sum that is broadcast would be
        // computed again by each of the tiles it goes to.
        auto reduction = dyn_cast<linalg::LinalgOp>(op);
        bool isContract = readsContract && isInDomain(op);
        bool isSum =
            isContract || (reduction && reduction.getNumReductionLoops());
        bool isOwnPart = llvm::all_of(slice->getUses(), [&](OpOperand &use) {
          auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
          if (!user || !(linalg::isElementwise(user) || user.isDpsInit(&use)))
            return false;
          SmallVector<int64_t> ranges = user.getStaticLoopRanges();
          // In the tile; the whole root's tell which are not tiled at all.
          if (auto whole = dyn_cast<linalg::LinalgOp>(root.getOperation());
              whole && whole.getNumLoops() == ranges.size())
            ranges = whole.getStaticLoopRanges();
          else
            ranges.assign(ranges.size(), ShapedType::kDynamic);
          return !isSum || dependsOnAllLoops(user, &use, ranges);
        });
        // The op that this tile is of still uses the whole.
        bool isOnlyHere =
            llvm::all_of(producer.getUsers(), [&](Operation *user) {
              return user == slice || pulled.contains(user);
            });
        if (!isOwnPart || !isOnlyHere || !(reduction || isContract))
          return std::nullopt;
        pulled.insert(op);
        return scf::SCFTileAndFuseOptions::ControlFnResult{};
      });
  // Without a parallel dimension there is one tile: the op as it stands.
  if (llvm::all_of(sizes, [](int64_t size) { return size == 0; })) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(root.getOperation());
    return linalgOp && linalgOp.getNumReductionLoops()
               ? tileContraction(linalgOp)
               : success();
  }
  rewriter.setInsertionPoint(root);
  auto result =
      scf::tileConsumerAndFuseProducersUsingSCF(rewriter, root, options);
  if (failed(result))
    return root->emitOpError("cannot be tiled");

  for (Value value : root->getResults())
    rewriter.replaceAllUsesWith(value, result->replacements.lookup(value));
  eraseIfDead(rewriter, root);

  SmallVector<Operation *> tiled(result->tiledAndFusedOps.begin(),
                                 result->tiledAndFusedOps.end());
  remaining.ops.insert_range(tiled);
  // What that erases is no longer among those that remain.
  for (Operation *op : tiled)
    if (remaining.ops.contains(op) && isInDomain(op))
      shareDestination(rewriter, op);

  // The inner loops. Producers first, so that a contraction finds its decode
  // next to it.
  for (Operation *op : tiled) {
    auto linalgOp = remaining.ops.contains(op) ? dyn_cast<linalg::LinalgOp>(op)
                                               : linalg::LinalgOp();
    if (!linalgOp)
      continue;
    LogicalResult inner = linalgOp.getNumReductionLoops()
                              ? tileContraction(linalgOp)
                              : tileElementwise(linalgOp);
    if (failed(inner))
      return failure();
  }

  // What was pulled in left a slice of its whole behind, which would keep that
  // one alive.
  SmallVector<Operation *> slices;
  for (LoopLikeOpInterface loop : result->loops)
    loop->walk([&](tensor::ExtractSliceOp slice) { slices.push_back(slice); });
  for (Operation *slice : llvm::reverse(slices)) {
    if (!isOpTriviallyDead(slice))
      continue;
    Operation *source = slice->getOperand(0).getDefiningOp();
    rewriter.eraseOp(slice);
    if (isInDomain(source))
      eraseIfDead(rewriter, source);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Inner loops
//===----------------------------------------------------------------------===//

/// Pulls the weight that `slice` reads to where it reads it, and what that is
/// made of along with it. The values go to a destination of their own: they are
/// not part of any larger tensor any more.
LogicalResult Tiler::fuseWeight(tensor::ExtractSliceOp slice,
                                MutableArrayRef<LoopLikeOpInterface> loops) {
  SmallVector<tensor::ExtractSliceOp> slices{slice};
  while (!slices.empty()) {
    tensor::ExtractSliceOp next = slices.pop_back_val();
    auto fused = scf::tileAndFuseProducerOfSlice(rewriter, next, loops);
    if (!fused)
      return next->emitOpError("cannot be fused");
    for (Operation *op : fused->tiledOps) {
      auto tile = dyn_cast<DestinationStyleOpInterface>(op);
      if (!tile || !isWeight(op))
        continue;
      giveOwnDestination(rewriter, tile);
    }
    for (Operation *made : fused->generatedSlices) {
      auto another = dyn_cast<tensor::ExtractSliceOp>(made);
      if (another && !isOpTriviallyDead(another) &&
          isWeight(another.getSource().getDefiningOp()))
        slices.push_back(another);
    }
    eraseIfDead(rewriter, next);
  }
  return success();
}

FailureOr<linalg::LinalgOp>
Tiler::tileToLoops(linalg::LinalgOp op, ArrayRef<int64_t> sizes, bool fuse,
                   std::optional<unsigned> partialReduction,
                   ArrayRef<int64_t> order) {
  scf::SCFTilingOptions options;
  SmallVector<OpFoldResult> tile =
      getAsIndexOpFoldResult(rewriter.getContext(), sizes);
  options.setTileSizes(tile);
  if (!order.empty())
    options.setInterchange(order);
  if (partialReduction) {
    options.setReductionTilingStrategy(
        ReductionTilingStrategy::PartialReductionOuterReduction);
    options.setReductionDims({*partialReduction});
  }
  rewriter.setInsertionPoint(op);
  auto result = scf::tileUsingSCF(
      rewriter, cast<TilingInterface>(op.getOperation()), options);
  if (failed(result))
    return op->emitOpError("cannot be tiled");
  rewriter.replaceOp(op, result->replacements);

  auto inner = dyn_cast<linalg::LinalgOp>(result->tiledOps.front());
  if (!inner)
    return result->tiledOps.front()->emitOpError("is no linalg op");
  if (partialReduction) {
    // Upstream leaves indices of this kind of tile as they were.
    SmallVector<OpFoldResult> offsets(sizes.size());
    auto *loop = result->loops.begin();
    for (auto [offset, size] : llvm::zip(offsets, sizes))
      if (size)
        offset = *(*loop++).getSingleInductionVar();
    linalg::offsetIndices(rewriter, inner, offsets);
  }
  if (fuse) {
    for (Value input : SmallVector<Value>(inner.getDpsInputs())) {
      auto slice = input.getDefiningOp<tensor::ExtractSliceOp>();
      if (!slice || !isWeight(slice.getSource().getDefiningOp()))
        continue;
      if (failed(fuseWeight(slice, result->loops)))
        return failure();
    }
  }
  return inner;
}

/// Takes loops of one iteration out of the maps of what `op` reads, as they are
/// in a tile of a convolution's windows. A dimension that a loop then steps
/// through by more than one element is sliced with that stride, so that the
/// maps pick dimensions, as vectors need it.
static void simplifyMaps(RewriterBase &rewriter, linalg::GenericOp op) {
  MLIRContext *context = op.getContext();
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<AffineExpr> dims;
  for (auto [dim, range] : llvm::enumerate(ranges))
    dims.push_back(range == 1 ? getAffineConstantExpr(0, context)
                              : getAffineDimExpr(dim, context));
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap &map = maps[input->getOperandNumber()];
    auto type = dyn_cast<RankedTensorType>(input->get().getType());
    if (!type || map.isProjectedPermutation())
      continue;
    SmallVector<AffineExpr> results;
    SmallVector<OpFoldResult> offsets(type.getRank(), rewriter.getIndexAttr(0)),
        sizes, strides;
    for (auto [expr, size] : llvm::zip(map.getResults(), type.getShape())) {
      AffineExpr simple = expr.replaceDims(dims);
      int64_t stride = 1, length = size;
      auto product = dyn_cast<AffineBinaryOpExpr>(simple);
      if (product && product.getKind() == AffineExprKind::Mul) {
        auto dim = dyn_cast<AffineDimExpr>(product.getLHS());
        auto factor = dyn_cast<AffineConstantExpr>(product.getRHS());
        if (dim && factor) {
          simple = dim;
          stride = factor.getValue();
          length = ranges[dim.getPosition()];
        }
      }
      results.push_back(simple);
      sizes.push_back(rewriter.getIndexAttr(length));
      strides.push_back(rewriter.getIndexAttr(stride));
    }
    map = AffineMap::get(map.getNumDims(), 0, results, context);
    rewriter.setInsertionPoint(op);
    Value slice = tensor::ExtractSliceOp::create(
        rewriter, op.getLoc(), input->get(), offsets, sizes, strides);
    rewriter.modifyOpInPlace(op, [&] { input->set(slice); });
  }
  rewriter.modifyOpInPlace(op, [&] {
    op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  });
}

LogicalResult Tiler::tileElementwise(linalg::LinalgOp op) {
  // Rows of at most a few vectors.
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  if (ranges.empty())
    return success();
  SmallVector<int64_t> sizes(ranges.size(), 1);
  sizes.back() = largestDivisor(ranges.back(), 4 * config.registers.width);
  auto tile = tileToLoops(op, sizes, /*fuse=*/true);
  if (failed(tile))
    return failure();
  if (auto generic = dyn_cast<linalg::GenericOp>(tile->getOperation()))
    simplifyMaps(rewriter, generic);
  return success();
}

LogicalResult Tiler::tileContraction(linalg::LinalgOp op) {
  StringRef placement = getPlacement(op);
  op->removeAttr(placementName);
  if (!isa<linalg::GenericOp>(op)) {
    rewriter.setInsertionPoint(op);
    auto generic = linalg::generalizeNamedOp(rewriter, op);
    if (failed(generic))
      return op->emitOpError("cannot be written as linalg.generic");
    op = *generic;
  }
  // A product may be added without a rounding of its own: the sum's error bound
  // covers that, as it does the order that the tiling gives the sum. Nothing
  // may be factored out of it, whatever the program's flags are; `afn` is what
  // lets it be summed by dots. Decoding keeps every rounding.
  op->getRegion(0).walk([&](arith::ArithFastMathInterface arithmetic) {
    if (isa<arith::AddFOp, arith::MulFOp>(arithmetic))
      arithmetic->setAttr(arithmetic.getFastMathAttrName(),
                          arith::FastMathFlagsAttr::get(
                              rewriter.getContext(),
                              (arithmetic.getFastMathFlagsAttr().getValue() &
                               arith::FastMathFlags::afn) |
                                  arith::FastMathFlags::contract));
  });

  auto [weight, decode] = findWeight(op);
  AffineMap map = op.getMatchingIndexingMap(weight);
  std::optional<unsigned> loop = findLane(map);
  if (!loop)
    return op->emitOpError("has a weight whose last dimension is no loop");
  unsigned lane = *loop;
  if (ShapedType::isDynamic(op.getStaticLoopRanges()[lane]))
    return emitDynamicLanes(op);
  int64_t width = getLaneWidth(decode);
  bool fuse = placement == stringify(Placement::InRegisters);

  bool reduces =
      op.getIteratorTypesArray()[lane] == utils::IteratorType::reduction;
  return reduces ? tileLaneReduction(op, lane, width, fuse)
                 : tileLaneParallel(op, lane, width, fuse);
}

/// Tiles `op` by `sizes` of register tiles. Where one of them does not divide
/// its loop, that one's tiles are of this size and, behind them, of one less:
/// within the other loops, where both read the same.
FailureOr<SmallVector<linalg::LinalgOp>>
Tiler::tileRegisters(linalg::LinalgOp op, SmallVector<int64_t> sizes, bool fuse,
                     ArrayRef<int64_t> order) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges(),
                       ofUneven(sizes.size(), 0);
  std::optional<unsigned> uneven;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (size && !ShapedType::isDynamic(ranges[dim]) && ranges[dim] % size) {
      uneven = dim;
      std::swap(ofUneven[dim], size);
    }
  if (llvm::any_of(sizes, [](int64_t size) { return size != 0; })) {
    auto tile = tileToLoops(op, sizes, fuse, std::nullopt, order);
    if (failed(tile))
      return failure();
    op = *tile;
  }
  if (!uneven)
    return SmallVector<linalg::LinalgOp>{op};
  int64_t &size = ofUneven[*uneven], range = ranges[*uneven];
  int64_t smaller = llvm::divideCeil(range, size) * size - range;
  SmallVector<linalg::LinalgOp> tiles;
  for (linalg::LinalgOp part :
       splitRoot(rewriter, op, *uneven, range - smaller * (size - 1))) {
    auto tile = tileToLoops(part, ofUneven, fuse);
    if (failed(tile))
      return failure();
    tiles.push_back(*tile);
    --size;
  }
  return tiles;
}

/// Lanes along a contracted dimension: partial sums in the lanes, added up
/// after the loop.
LogicalResult Tiler::tileLaneReduction(linalg::LinalgOp op, unsigned lane,
                                       int64_t width, bool fuse) {
  SmallVector<linalg::LinalgOp> parts{op};
  int64_t size = op.getStaticLoopRanges()[lane];
  if (size > width && size % width) {
    rewriter.setInsertionPoint(op);
    auto [main, tail] =
        linalg::splitOp(rewriter, cast<TilingInterface>(op.getOperation()),
                        lane, rewriter.getIndexAttr(size - size % width));
    if (!main || !tail)
      return op->emitOpError("cannot be split");
    parts = {cast<linalg::LinalgOp>(main.getOperation()),
             cast<linalg::LinalgOp>(tail.getOperation())};
    // The split reads slices of the weight; pull the weight through them.
    for (linalg::LinalgOp part : parts)
      for (Value input : SmallVector<Value>(part.getDpsInputs())) {
        auto slice = input.getDefiningOp<tensor::ExtractSliceOp>();
        if (!slice || !isWeight(slice.getSource().getDefiningOp()))
          continue;
        if (failed(fuseWeight(slice, {})))
          return failure();
      }
  }

  for (linalg::LinalgOp part : parts) {
    int64_t range = part.getStaticLoopRanges()[lane];
    int64_t step = std::min(width, range);
    // What is not decoded here need not be taken block by block.
    int64_t lanes = config.registers.width * (allowsDots(part) ? 2 : 1);
    if (!fuse && range % lanes == 0)
      step = lanes;
    SmallVector<int64_t> sizes = getRegisterTile(
        part, part.getStaticLoopRanges(), lane, step, fuse, config.registers);
    SmallVector<unsigned> reductions;
    part.getReductionDims(reductions);
    for (unsigned dim : reductions)
      if (dim != lane)
        sizes[dim] = 1;
    SmallVector<int64_t> order = fuse || reductions.size() > 1
                                     ? SmallVector<int64_t>()
                                     : getLoopOrder(part, lane);
    auto tiles = tileRegisters(part, sizes, fuse, order);
    if (failed(tiles))
      return failure();
    for (linalg::LinalgOp tile : *tiles) {
      SmallVector<int64_t> laneSizes(tile.getNumLoops(), 0);
      laneSizes[lane] = step;
      if (failed(tileToLoops(tile, laneSizes, fuse, lane)))
        return failure();
    }
  }
  return success();
}

/// Lanes along a dimension of the result: each step of the contraction adds to
/// whole vectors of it.
LogicalResult Tiler::tileLaneParallel(linalg::LinalgOp op, unsigned lane,
                                      int64_t width, bool fuse) {
  if (!fuse)
    width = config.registers.width;
  SmallVector<int64_t> sizes = getRegisterTile(
      op, op.getStaticLoopRanges(), lane, width, fuse, config.registers);
  sizes[lane] = largestDivisor(op.getStaticLoopRanges()[lane], width);
  auto tile = tileToLoops(op, sizes, fuse);
  if (failed(tile))
    return failure();
  SmallVector<int64_t> steps(op.getNumLoops(), 0);
  SmallVector<unsigned> reductions;
  tile->getReductionDims(reductions);
  for (unsigned dim : reductions)
    steps[dim] = 1;
  return tileToLoops(*tile, steps, fuse);
}

//===----------------------------------------------------------------------===//
// Driver
//===----------------------------------------------------------------------===//

/// An op whose loops run over nothing leaves its destination as it is.
static void replaceEmpty(IRRewriter &rewriter, Operation *root) {
  SmallVector<DestinationStyleOpInterface> empty;
  root->walk([&](DestinationStyleOpInterface op) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op.getOperation());
    bool isEmpty =
        linalgOp ? llvm::is_contained(linalgOp.getStaticLoopRanges(), 0)
                 : isa<DecodeOp, RotateOp>(op) &&
                       llvm::is_contained(
                           cast<RankedTensorType>(op->getResult(0).getType())
                               .getShape(),
                           0);
    if (isEmpty && op.hasPureTensorSemantics())
      empty.push_back(op);
  });
  for (DestinationStyleOpInterface op : empty)
    rewriter.replaceOp(op, SmallVector<Value>(op.getDpsInits()));
}

/// The remark on a decode that nothing pulls into its tiles.
void Tiler::noteUnfused(DecodeOp op) {
  if (placedUpFront.contains(op))
    return;
  RankedTensorType window = op.getWindowType();
  CostModel model(config.registers.width);
  std::string users;
  for (Operation *user : op->getUsers())
    if (!isa<tensor::DimOp>(user))
      users += (users.empty() ? "'" : ", '") +
               user->getName().getStringRef().str() + "'";
  if (users.empty())
    return;
  remarkPlacement(op, /*fused=*/false,
                  "decode not fused: the whole of it is used by " + users,
                  model.predict(Placement::UpFront, model.getDecodeCost(op),
                                countValues(window), {}));
}

LogicalResult Tiler::tileBlock(Block &block) {
  // Consumers first, so that they pull their producers; what is left of those
  // comes next. What the tiling itself makes is no root.
  SmallVector<Operation *> roots;
  for (Operation &op : block)
    if (isa<PlanesOp, TilesOp>(op) ||
        (isa<linalg::LinalgOp, DecodeOp, RotateOp>(op) &&
         op.getNumResults() == 1 &&
         isa<RankedTensorType>(op.getResult(0).getType())))
      roots.push_back(&op);
  remaining.ops.insert_range(roots);
  for (Operation *root : llvm::reverse(roots)) {
    if (!remaining.ops.contains(root))
      continue;
    if (root->use_empty()) {
      rewriter.eraseOp(root);
      continue;
    }
    if (isa<PlanesOp, TilesOp>(root)) {
      for (Operation *pulled : tileActivation(rewriter, root))
        if (auto op = dyn_cast<linalg::LinalgOp>(pulled);
            op && failed(tileElementwise(op)))
          return failure();
      continue;
    }
    if (auto decode = dyn_cast<DecodeOp>(root)) {
      // In a loop already, which is its tile.
      if (isa<scf::ForallOp>(block.getParentOp())) {
        CostModel model(config.registers.width);
        remarkPlacement(decode, /*fused=*/true,
                        "decode fused per panel: in a loop of the program's",
                        model.predict(Placement::PerPanel,
                                      model.getDecodeCost(decode),
                                      countValues(decode.getWindowType()), {}));
        continue;
      }
      noteUnfused(decode);
    }
    if (failed(tileRoot(cast<TilingInterface>(root))))
      return failure();
  }
  return success();
}

/// The option's names.
static std::optional<Placement> parsePlacement(StringRef text) {
  return llvm::StringSwitch<std::optional<Placement>>(text)
      .Case("registers", Placement::InRegisters)
      .Case("panel", Placement::PerPanel)
      .Case("up-front", Placement::UpFront)
      .Default(std::nullopt);
}

namespace {
struct TileAndFusePass : mlir::zq::impl::TileAndFuseBase<TileAndFusePass> {
  using TileAndFuseBase::TileAndFuseBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    if (width < 1 || accumulators < 1 || panel < 1) {
      getOperation().emitError()
          << "width, accumulators and panel are at least 1, and not "
          << width.getValue() << ", " << accumulators.getValue() << " and "
          << panel.getValue();
      return signalPassFailure();
    }
    KernelConfig config{{width, accumulators}, panel, scalar, std::nullopt};
    if (placement != "auto") {
      config.placement = parsePlacement(placement);
      if (!config.placement) {
        getOperation().emitError() << "unknown placement '" << placement
                                   << "'; known are auto, registers, panel "
                                      "and up-front";
        return signalPassFailure();
      }
    }
    if (!shortfall.empty())
      getOperation().walk([&](FunctionOpInterface function) {
        bool decodes = false;
        function->walk([&](DecodeOp) { decodes = true; });
        if (decodes)
          function->emitRemark() << shortfall;
      });
    replaceEmpty(rewriter, getOperation());
    // The blocks that are there now, and not those of the loops to come.
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) {
      Operation *parent = block->getParentOp();
      // A launch is a kernel already.
      if (isa<FunctionOpInterface, scf::ForOp, scf::ForallOp, scf::IfOp,
              scf::WhileOp>(parent) &&
          !parent->getParentOfType<gpu::LaunchOp>())
        blocks.push_back(block);
    });
    for (Block *block : blocks) {
      Tiler tiler(rewriter, config);
      tiler.placeDecodes(*block);
      if (failed(tiler.tileBlock(*block)))
        return signalPassFailure();
    }
  }
};
} // namespace
