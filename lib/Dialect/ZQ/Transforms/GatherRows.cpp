//===- GatherRows.cpp - Only the rows that are asked for are decoded ------===//
//
// An embedding is a table of which an op reads some rows, at places that data
// decides: `tensor.extract` in the body of a linalg.generic, or a
// `tensor.gather`. The table is not decoded; each row is, where it is read.
//
//===----------------------------------------------------------------------===//
#include "PassOptions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::zq {
#define GEN_PASS_DEF_GATHERROWS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::GenericOp;

static Value emitIndex(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

/// `index`, or the nearest that is one of `size`.
static Value emitClamp(OpBuilder &b, Location loc, Value index, Value size) {
  Value last = arith::SubIOp::create(b, loc, size, emitIndex(b, loc, 1));
  index = arith::MinSIOp::create(b, loc, index, last);
  return arith::MaxSIOp::create(b, loc, index, emitIndex(b, loc, 0));
}

//===----------------------------------------------------------------------===//
// The form of all gathers: extracts in the body of a linalg.generic
//===----------------------------------------------------------------------===//

/// A `tensor.gather` reads element by element; its indices are clamped.
static void expandGather(IRRewriter &b, tensor::GatherOp op) {
  b.setInsertionPoint(op);
  Location loc = op.getLoc();
  RankedTensorType type = op.getResultType();
  auto sourceType = cast<RankedTensorType>(op.getSource().getType());
  int64_t batchRank =
      cast<RankedTensorType>(op.getIndices().getType()).getRank() - 1;
  // Without them the gathered dimensions are gone from the result.
  bool keepsUnits = type.getRank() == batchRank + sourceType.getRank();
  ArrayRef<int64_t> gathered = op.getGatherDims();

  SmallVector<OpFoldResult> sizes;
  for (int64_t i = 0; i < batchRank; ++i)
    sizes.push_back(tensor::getMixedSize(b, loc, op.getIndices(), i));
  for (int64_t i = 0; i < sourceType.getRank(); ++i) {
    if (!llvm::is_contained(gathered, i))
      sizes.push_back(tensor::getMixedSize(b, loc, op.getSource(), i));
    else if (keepsUnits)
      sizes.push_back(b.getIndexAttr(1));
  }
  Value empty = tensor::EmptyOp::create(b, loc, sizes, type.getElementType());
  AffineMap map = b.getMultiDimIdentityMap(sizes.size());
  SmallVector<utils::IteratorType> iterators(sizes.size(),
                                             utils::IteratorType::parallel);
  auto emitBody = [&](OpBuilder &inner, Location at, ValueRange) {
    SmallVector<Value> point;
    for (size_t i = 0; i < sizes.size(); ++i)
      point.push_back(linalg::IndexOp::create(inner, at, i));
    SmallVector<Value> batch(ArrayRef(point).take_front(batchRank)), indices;
    size_t next = batchRank;
    for (int64_t i = 0; i < sourceType.getRank(); ++i) {
      const int64_t *place = llvm::find(gathered, i);
      if (place == gathered.end()) {
        indices.push_back(point[next++]);
        continue;
      }
      next += keepsUnits;
      SmallVector<Value> coordinate(batch);
      coordinate.push_back(emitIndex(inner, at, place - gathered.begin()));
      Value index =
          tensor::ExtractOp::create(inner, at, op.getIndices(), coordinate);
      if (!index.getType().isIndex())
        index =
            arith::IndexCastOp::create(inner, at, inner.getIndexType(), index);
      Value size = getValueOrCreateConstantIndexOp(
          inner, at, tensor::getMixedSize(inner, at, op.getSource(), i));
      indices.push_back(emitClamp(inner, at, index, size));
    }
    Value element =
        tensor::ExtractOp::create(inner, at, op.getSource(), indices);
    linalg::YieldOp::create(inner, at, element);
  };
  Value result = GenericOp::create(b, loc, empty.getType(), ValueRange(), empty,
                                   map, iterators, emitBody)
                     .getResult(0);
  if (result.getType() != type)
    result = tensor::CastOp::create(b, loc, type, result);
  b.replaceOp(op, result);
}

/// What is extracted was computed element by element from a decode: so is the
/// element, in the body. Returns the extract of the decoded element, or none
/// where the ops between are of another kind.
static Value extractBeforeElementwise(IRRewriter &b,
                                      tensor::ExtractOp extract) {
  auto source = cast<linalg::LinalgOp>(extract.getTensor().getDefiningOp());
  auto isIdentity = [](AffineMap map) { return map.isIdentity(); };
  OpOperand *init = source.getDpsInitOperand(0);
  if (source.hasIndexSemantics() || source->getNumResults() != 1 ||
      !llvm::all_of(source.getIndexingMapsArray(), isIdentity) ||
      !source.getMatchingBlockArgument(init).use_empty())
    return {};
  b.setInsertionPoint(extract);
  OpOperand *input = source.getDpsInputOperand(0);
  Value element = tensor::ExtractOp::create(b, extract.getLoc(), input->get(),
                                            extract.getIndices());
  IRMapping mapping;
  mapping.map(source.getMatchingBlockArgument(input), element);
  for (Operation &op : source.getBlock()->without_terminator())
    b.clone(op, mapping);
  b.replaceOp(extract, mapping.lookupOrDefault(
                           source.getBlock()->getTerminator()->getOperand(0)));
  return element;
}

//===----------------------------------------------------------------------===//
// Gathers of rows
//===----------------------------------------------------------------------===//

namespace {

/// Extracts an element of a decode's result in the body of a linalg.generic.
class Gather {
public:
  Gather(GenericOp op, tensor::ExtractOp extract, DecodeOp decode)
      : op(op), extract(extract), decode(decode), loc(extract.getLoc()) {}

  /// Sorts the indices; says in `why` what keeps the rows from being decoded
  /// one by one.
  bool analyze(std::string &why);

  /// Decodes the rows, in a loop over them, and reads the body's element from
  /// their tensor. Replaces the generic.
  void decodeRows(IRRewriter &b);

  /// Keeps the extract, with every index clamped that data decides.
  void clamp(IRRewriter &b);

  /// Values of the rows that are asked for; a dynamic number counts as one.
  double countValues();

private:
  bool collect(Value value);
  Value emitStep(OpBuilder &b, Value value, ArrayRef<Value> iteration,
                 IRMapping &mapping);
  Value emitRow(OpBuilder &b, ArrayRef<Value> iteration,
                ArrayRef<OpFoldResult> window);

  GenericOp op;
  tensor::ExtractOp extract;
  DecodeOp decode;
  Location loc;
  /// For each dimension of the source the loop that walks along it; none where
  /// data decides the index.
  SmallVector<std::optional<unsigned>> windowLoops;
  /// The loops on which those indices depend.
  llvm::SmallSetVector<unsigned, 4> rowLoops;
};

} // namespace

/// Whether `value` can be computed outside of the generic; adds the loops that
/// it depends on.
bool Gather::collect(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && argument.getOwner() == op.getBody()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    AffineMap map = op.getMatchingIndexingMap(operand);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (map.isFunctionOfDim(loop))
        rowLoops.insert(loop);
    return op.isDpsInput(operand);
  }
  Operation *def = value.getDefiningOp();
  if (!def || def->getBlock() != op.getBody())
    return true;
  if (auto index = dyn_cast<linalg::IndexOp>(def)) {
    rowLoops.insert(index.getDim());
    return true;
  }
  // An element of another decode has to be gathered itself.
  if (auto inner = dyn_cast<tensor::ExtractOp>(def)) {
    if (isWeight(inner.getTensor().getDefiningOp()))
      return false;
  } else if (!isPure(def)) {
    return false;
  }
  return llvm::all_of(def->getOperands(),
                      [&](Value operand) { return collect(operand); });
}

bool Gather::analyze(std::string &why) {
  if (op.getNumReductionLoops()) {
    why = "the op that reads its elements is a reduction";
    return false;
  }
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  ArrayRef<int64_t> sizes = decode.getWindowType().getShape();
  for (auto [size, index] : llvm::zip(sizes, extract.getIndices())) {
    auto loop = index.getDefiningOp<linalg::IndexOp>();
    bool isAlong = loop && !ShapedType::isDynamic(size) &&
                   ranges[loop.getDim()] <= size &&
                   !ShapedType::isDynamic(ranges[loop.getDim()]) &&
                   !llvm::is_contained(windowLoops,
                                       std::optional<unsigned>(loop.getDim()));
    windowLoops.push_back(isAlong ? std::optional<unsigned>(loop.getDim())
                                  : std::nullopt);
    if (!isAlong && !collect(index)) {
      why = "an index into it is computed from another element of it";
      return false;
    }
  }
  if (!windowLoops.back()) {
    why = "single elements are read from it, not rows";
    return false;
  }
  for (std::optional<unsigned> loop : windowLoops)
    if (loop && rowLoops.contains(*loop)) {
      why = "an index into it depends on the place in the row";
      return false;
    }
  // A transform along another axis than the rows' needs all of them.
  auto type = cast<CompressedTensorType>(decode.getSource().getType());
  for (StageAttrInterface stage : type.getCodec().getStages()) {
    auto transform = dyn_cast<TransformAttrInterface>(stage);
    if (transform && !windowLoops[transform.getTransformAxis()]) {
      why = (Twine("'") + stage.getAbstractAttribute().getName() +
             "' mixes its rows")
                .str();
      return false;
    }
  }
  return true;
}

double Gather::countValues() {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  double values = 1;
  for (unsigned loop : rowLoops)
    values *= ShapedType::isDynamic(ranges[loop]) ? 1 : ranges[loop];
  for (std::optional<unsigned> loop : windowLoops)
    values *= loop ? ranges[*loop] : 1;
  return values;
}

/// `value` of the body, computed outside of it for one iteration.
Value Gather::emitStep(OpBuilder &b, Value value, ArrayRef<Value> iteration,
                       IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Value result = value;
  auto argument = dyn_cast<BlockArgument>(value);
  Operation *def = value.getDefiningOp();
  if (argument && argument.getOwner() == op.getBody()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    result = operand->get();
    if (isa<RankedTensorType>(result.getType())) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      SmallVector<Value> indices;
      for (unsigned i = 0; i < map.getNumResults(); ++i)
        indices.push_back(affine::AffineApplyOp::create(
            b, loc, map.getSubMap({i}), iteration));
      result = tensor::ExtractOp::create(b, loc, result, indices);
    }
  } else if (def && def->getBlock() == op.getBody()) {
    if (auto index = dyn_cast<linalg::IndexOp>(def)) {
      result = iteration[index.getDim()];
    } else {
      for (Value operand : def->getOperands())
        emitStep(b, operand, iteration, mapping);
      b.clone(*def, mapping);
      return mapping.lookup(value);
    }
  }
  mapping.map(value, result);
  return result;
}

/// Decodes the row of one iteration.
Value Gather::emitRow(OpBuilder &b, ArrayRef<Value> iteration,
                      ArrayRef<OpFoldResult> window) {
  IRMapping mapping;
  AffineExpr d0, d1;
  bindDims(b.getContext(), d0, d1);
  SmallVector<OpFoldResult> offsets = decode.getMixedOffsets();
  for (size_t dim = 0; dim < offsets.size(); ++dim) {
    if (windowLoops[dim])
      continue;
    Value size = getValueOrCreateConstantIndexOp(
        b, loc, tensor::getMixedSize(b, loc, decode.getInit(), dim));
    Value index = emitStep(b, extract.getIndices()[dim], iteration, mapping);
    index = emitClamp(b, loc, index, size);
    offsets[dim] = affine::makeComposedFoldedAffineApply(
        b, loc, d0 + d1, {OpFoldResult(index), offsets[dim]});
  }
  Type element = decode.getWindowType().getElementType();
  Value into = tensor::EmptyOp::create(b, loc, window, element);
  return DecodeOp::create(b, loc, decode.getSource(), offsets, into,
                          decode.getDecoderAttr())
      .getResult();
}

void Gather::decodeRows(IRRewriter &b) {
  b.setInsertionPoint(op);
  SmallVector<unsigned> loops(rowLoops.begin(), rowLoops.end());
  llvm::sort(loops);
  size_t rowRank = loops.size();
  // The tensor of all rows, and a row's place in it, of which the row itself
  // may lack or repeat dimensions of one element.
  SmallVector<int64_t> ranges = op.getStaticLoopRanges(), rowShape;
  SmallVector<OpFoldResult> window;
  for (std::optional<unsigned> loop : windowLoops) {
    window.push_back(b.getIndexAttr(loop ? ranges[*loop] : 1));
    if (!loop)
      continue;
    loops.push_back(*loop);
    rowShape.push_back(ranges[*loop]);
  }
  SmallVector<Range> domain =
      cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(b, loc);
  SmallVector<OpFoldResult> sizes;
  for (unsigned loop : loops)
    sizes.push_back(domain[loop].size);
  Type element = decode.getWindowType().getElementType();
  Value init = tensor::EmptyOp::create(b, loc, sizes, element);
  SmallVector<OpFoldResult> ones(loops.size(), b.getIndexAttr(1)),
      extent(rowRank, b.getIndexAttr(1));
  llvm::append_range(extent, ArrayRef(sizes).drop_front(rowRank));

  auto emitPlaced = [&](ValueRange at,
                        SmallVectorImpl<OpFoldResult> &place) -> Value {
    SmallVector<Value> iteration(op.getNumLoops(), emitIndex(b, loc, 0));
    for (auto [loop, value] : llvm::zip(loops, at))
      iteration[loop] = value;
    place.assign(at.begin(), at.end());
    place.append(rowShape.size(), b.getIndexAttr(0));
    Value row = emitRow(b, iteration, window);
    SmallVector<int64_t> placedShape(rowRank, 1);
    llvm::append_range(placedShape, rowShape);
    if (isRankReducedType(RankedTensorType::get(placedShape, element),
                          cast<RankedTensorType>(row.getType())) ==
        SliceVerificationResult::Success)
      return row;
    SmallVector<OpFoldResult> zeros(window.size(), b.getIndexAttr(0)),
        strides(window.size(), b.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(
        b, loc, RankedTensorType::get(rowShape, element), row, zeros, window,
        strides);
  };
  Value rows;
  SmallVector<OpFoldResult> place;
  if (rowRank == 0) {
    Value row = emitPlaced({}, place);
    rows =
        tensor::InsertSliceOp::create(b, loc, row, init, place, extent, ones);
  } else {
    auto loop = scf::ForallOp::create(
        b, loc, ArrayRef(sizes).take_front(rowRank), ValueRange(init),
        std::nullopt, [&](OpBuilder &, Location, ValueRange arguments) {
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToEnd(arguments.front().getParentBlock());
          Value row = emitPlaced(arguments.take_front(rowRank), place);
          auto end = scf::InParallelOp::create(b, loc);
          b.setInsertionPointToStart(end.getBody());
          tensor::ParallelInsertSliceOp::create(b, loc, row, arguments.back(),
                                                place, extent, ones);
        });
    rows = loop.getResult(0);
  }

  // The same generic with the rows as one input more.
  b.setInsertionPoint(op);
  SmallVector<Value> inputs(op.getInputs());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.insert(maps.begin() + inputs.size(),
              AffineMap::getMultiDimMapWithTargets(op.getNumLoops(), loops,
                                                   b.getContext()));
  inputs.push_back(rows);
  auto made =
      GenericOp::create(b, op.getLoc(), op.getResultTypes(), inputs,
                        op.getOutputs(), maps, op.getIteratorTypesArray());
  b.inlineRegionBefore(op.getRegion(), made.getRegion(),
                       made.getRegion().begin());
  BlockArgument gathered =
      made.getBody()->insertArgument(inputs.size() - 1, element, loc);
  b.replaceOp(extract, gathered);
  b.replaceOp(op, made.getResults());
}

void Gather::clamp(IRRewriter &b) {
  b.setInsertionPoint(extract);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (auto [dim, index] : llvm::enumerate(extract.getIndices())) {
    int64_t limit = decode.getWindowType().getDimSize(dim);
    auto loop = index.getDefiningOp<linalg::IndexOp>();
    if (loop && !ShapedType::isDynamic(limit) &&
        !ShapedType::isDynamic(ranges[loop.getDim()]) &&
        ranges[loop.getDim()] <= limit)
      continue;
    Value size = getValueOrCreateConstantIndexOp(
        b, loc, tensor::getMixedSize(b, loc, decode.getInit(), dim));
    b.startOpModification(extract);
    extract.getIndicesMutable()[dim].set(emitClamp(b, loc, index, size));
    b.finalizeOpModification(extract);
  }
}

//===----------------------------------------------------------------------===//
// Driver
//===----------------------------------------------------------------------===//

/// Decodes the rows that `extract` reads, or says why all are decoded.
static void lowerExtract(IRRewriter &b, tensor::ExtractOp extract,
                         const CostModel &model) {
  auto op = cast<GenericOp>(extract->getParentOp());
  auto decode = extract.getTensor().getDefiningOp<DecodeOp>();
  RankedTensorType window = decode.getWindowType();
  if (llvm::is_contained(window.getShape(), 0)) {
    // There is nothing to read, whatever the index.
    b.setInsertionPoint(extract);
    b.replaceOpWithNewOp<arith::ConstantOp>(extract,
                                            b.getZeroAttr(extract.getType()));
    return;
  }
  Gather gather(op, extract, decode);
  DecodeCost cost = model.getDecodeCost(decode);
  std::string why;
  bool byRows = gather.analyze(why);
  if (byRows && window.hasStaticShape() &&
      gather.countValues() > window.getNumElements()) {
    why = "more rows are read than there are";
    byRows = false;
  }
  if (byRows) {
    remarkPlacement(
        decode, /*fused=*/true,
        "decode fused by rows: those alone that are read",
        model.predict(Placement::PerPanel, cost, gather.countValues(), {}));
    gather.decodeRows(b);
    return;
  }
  double values = window.hasStaticShape() ? window.getNumElements() : 0;
  remarkPlacement(decode, /*fused=*/false,
                  "decode not fused by rows: " + Twine(why),
                  model.predict(Placement::UpFront, cost, values, {}));
  gather.clamp(b);
}

namespace {
struct GatherRowsPass : mlir::zq::impl::GatherRowsBase<GatherRowsPass> {
  using GatherRowsBase::GatherRowsBase;

  void runOnOperation() override {
    if (failed(checkAtLeast(1, getOperation(), "width", width)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    SmallVector<tensor::GatherOp> gathers;
    getOperation().walk([&](tensor::GatherOp op) { gathers.push_back(op); });
    for (tensor::GatherOp op : gathers)
      expandGather(rewriter, op);

    auto isInGeneric = [](tensor::ExtractOp op) {
      auto generic = dyn_cast<GenericOp>(op->getParentOp());
      return generic && generic.hasPureTensorSemantics() &&
             isWeight(op.getTensor().getDefiningOp());
    };
    SmallVector<tensor::ExtractOp> extracts;
    getOperation().walk([&](tensor::ExtractOp op) {
      if (isInGeneric(op))
        extracts.push_back(op);
    });
    // A step over one elementwise op leaves an extract before it.
    while (!extracts.empty()) {
      tensor::ExtractOp extract = extracts.pop_back_val();
      Value source = extract.getTensor();
      if (source.getDefiningOp<DecodeOp>()) {
        lowerExtract(rewriter, extract, CostModel(width));
        continue;
      }
      Value next = extractBeforeElementwise(rewriter, extract);
      if (next)
        extracts.push_back(next.getDefiningOp<tensor::ExtractOp>());
    }

    // Indices that only the rows needed are no inputs any more.
    RewritePatternSet patterns(&getContext());
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
