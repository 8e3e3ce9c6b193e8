//===- TabulateProducts.cpp - Products with entries are looked up ---------===//
#include "PassOptions.h"
#include "Rotations.h"
#include "TableProducts.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/IR/DecodeBuilder.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

#include <cmath>

namespace mlir::zq {
#define GEN_PASS_DEF_TABULATEPRODUCTS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

//===----------------------------------------------------------------------===//
// Where tables pay
//===----------------------------------------------------------------------===//

// Operations, as the cost model counts them, that were measured with tables in
// the second cache: for a lookup, for a product of a table on vectors, and for
// a product where its values are added up in a vector, or a value that is moved
// so that they need not be.
static constexpr double lookupCost = 4, productCost = 4, movedCost = 1.8;
/// Rows of the activation that share a decode.
static constexpr double rowsPerDecode = 256;

/// Whether the stages above `stage` are factors that leave contractions.
static bool areRowFactors(CompressedTensorType type, unsigned stage) {
  return llvm::all_of(
      type.getCodec().getStages().take_front(stage), [&](auto above) {
        auto factor = dyn_cast<FactorAttrInterface>(above);
        auto split = dyn_cast<TensorStageAttrInterface>(above);
        return factor && !factor.hasZeroPoint() && !factor.isDivisor() &&
               split && split.canSplit(type.getShape());
      });
}

std::optional<TableProduct> mlir::zq::matchTableProduct(LinalgOp op,
                                                        int64_t lanes) {
  auto product = matchProduct(op);
  if (!product || !product->decode.getWindowType().getElementType().isF32() ||
      !getElementTypeOrSelf(product->activation.getType()).isF32() ||
      !getElementTypeOrSelf(product->init.getType()).isF32())
    return std::nullopt;
  auto type = cast<CompressedTensorType>(product->decode.getSource().getType());
  ArrayRef<StageAttrInterface> stages = type.getCodec().getStages();
  const auto *found = llvm::find_if(stages, [](StageAttrInterface stage) {
    return isa<EntriesAttrInterface>(stage);
  });
  if (found == stages.end() || found + 1 == stages.end())
    return std::nullopt;
  TableProduct table;
  table.product = *product;
  table.stage = found - stages.begin();
  auto stage = cast<EntriesAttrInterface>(*found);
  auto codes = dyn_cast<IntegerType>(found->getOutput(type.getElementType()));
  ArrayRef<int64_t> shape = type.getShape();
  SmallVector<int64_t> group = stage.getEntryGroup(shape.size());
  table.length = stage.getEntryLength(shape.size());
  table.terms = stage.getEntryTerms();
  table.columns = group[1] ? std::min(group[1], shape[1]) : shape[1];
  if (table.length < 2 || !codes || codes.getWidth() > 8 ||
      shape[1] % table.columns || table.columns % table.length ||
      (group[0] && group[0] < shape[0]) || !areRowFactors(type, table.stage))
    return std::nullopt;
  table.entries = int64_t(1) << codes.getWidth();

  double columns = shape[1], values = columns * shape[0];
  double rows = estimateElements(product->activation) / columns;
  double decode = CostModel(lanes).getDecodeCost(product->decode).operations;
  table.products =
      values * decode * std::ceil(rows / rowsPerDecode) + rows * values / lanes;
  double tableProducts = columns * table.terms * table.entries;
  table.tables =
      rows * values / table.length * table.terms * lookupCost +
      (table.movesEntries() ? rows * tableProducts * productCost / lanes +
                                  tableProducts / table.getRuns() * movedCost
                            : rows * tableProducts * movedCost);
  return table;
}

//===----------------------------------------------------------------------===//
// Tables and lookups
//===----------------------------------------------------------------------===//

namespace {

/// Rewrites one product.
class Tabulation {
public:
  Tabulation(RewriterBase &b, const TableProduct &table)
      : b(b), table(table), decode(this->table.product.decode),
        loc(this->table.product.op.getLoc()),
        type(cast<CompressedTensorType>(decode.getSource().getType())),
        columns(type.getShape()[1]) {}

  LogicalResult run();

private:
  Value decodeWhole(ArrayRef<int64_t> shape, CodecAttr codec,
                    ValueRange streams);
  FailureOr<Value> getEntries(const Part &part, ValueRange streams);
  Value moveEntries(Value entries);
  Value emitTables(Value entries);
  Value emitLookups(Value tables, Value codes);

  RewriterBase &b;
  TableProduct table;
  DecodeOp decode;
  Location loc;
  CompressedTensorType type;
  int64_t columns;
};

} // namespace

Value Tabulation::decodeWhole(ArrayRef<int64_t> shape, CodecAttr codec,
                              ValueRange streams) {
  auto whole =
      CompressedTensorType::get(b.getContext(), shape, b.getF32Type(), codec);
  Value source = AssembleOp::create(b, loc, whole, streams);
  Value init = tensor::EmptyOp::create(b, loc, shape, b.getF32Type());
  SmallVector<OpFoldResult> offsets(shape.size(), b.getIndexAttr(0));
  return DecodeOp::create(b, loc, source, offsets, init,
                          codec.getDecoderSymbol())
      .getResult();
}

/// The entries as f32, [groups of columns, terms, entries, values].
FailureOr<Value> Tabulation::getEntries(const Part &part, ValueRange streams) {
  RankedTensorType stored = part.array.getType(type.getShape());
  Value entries = streams.front();
  if (part.codec)
    entries = decodeWhole(stored.getShape(), part.codec, streams);
  else if (!stored.getElementType().isF32())
    entries =
        arith::ExtFOp::create(b, loc, stored.clone(b.getF32Type()), entries);
  // All rows share them: the first dimension is 1.
  SmallVector<int64_t> shape{columns / table.columns, table.terms,
                             table.entries, table.length};
  auto line = RankedTensorType::get({stored.getDimSize(1)}, b.getF32Type());
  SmallVector<ReassociationIndices> all{{0, 1}}, apart{{0, 1, 2, 3}};
  entries = tensor::CollapseShapeOp::create(b, loc, line, entries, all);
  return tensor::ExpandShapeOp::create(
             b, loc, RankedTensorType::get(shape, b.getF32Type()), entries,
             apart)
      .getResult();
}

/// Entries side by side for each of their values, so that vectors of products
/// are. No linalg.transpose, which a contraction would read through.
Value Tabulation::moveEntries(Value entries) {
  auto type = cast<RankedTensorType>(entries.getType());
  SmallVector<int64_t> shape(type.getShape());
  std::swap(shape[2], shape[3]);
  Value empty = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
  AffineMap maps[] = {AffineMap::getPermutationMap(
                          ArrayRef<unsigned>{0, 1, 3, 2}, b.getContext()),
                      b.getMultiDimIdentityMap(4)};
  SmallVector<utils::IteratorType> loops(4, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, empty.getType(), entries, empty, maps, loops,
             [](OpBuilder &b, Location loc, ValueRange values) {
               linalg::YieldOp::create(b, loc, values[0]);
             })
      .getResult(0);
}

/// The products of every run of an activation's row with every entry:
/// [rows of the activation..., codes of a row of the weight, entries].
Value Tabulation::emitTables(Value entries) {
  Value x = table.product.activation;
  auto source = cast<RankedTensorType>(x.getType());
  int64_t rank = source.getRank();
  int64_t groups = columns / table.columns, runs = table.getRuns();
  // x[..., group, run, value].
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, x);
  sizes.pop_back();
  SmallVector<OpFoldResult> cut(sizes);
  SmallVector<int64_t> cutShape(source.getShape().drop_back());
  SmallVector<ReassociationIndices> dims;
  for (int64_t i = 0; i + 1 < rank; ++i)
    dims.push_back({i});
  dims.push_back({rank - 1, rank, rank + 1});
  for (int64_t size : {groups, runs, table.length}) {
    cut.push_back(b.getIndexAttr(size));
    cutShape.push_back(size);
  }
  x = tensor::ExpandShapeOp::create(b, loc, source.clone(cutShape), x, dims,
                                    cut);
  // Loops: rows..., group, run, term, entry, value.
  SmallVector<OpFoldResult> shape(sizes);
  for (int64_t size : {groups, runs, table.terms, table.entries})
    shape.push_back(b.getIndexAttr(size));
  int64_t loops = shape.size() + 1;
  SmallVector<AffineExpr> d;
  for (int64_t i = 0; i < loops; ++i)
    d.push_back(b.getAffineDimExpr(i));
  SmallVector<AffineExpr> left(ArrayRef(d).take_front(rank + 1));
  left.push_back(d.back());
  SmallVector<AffineExpr> right{d[rank - 1], d[rank + 1], d[rank + 2],
                                d[rank + 3]};
  if (table.movesEntries()) {
    entries = moveEntries(entries);
    std::swap(right[2], right[3]);
  }
  MLIRContext *context = b.getContext();
  AffineMap maps[] = {
      AffineMap::get(loops, 0, left, context),
      AffineMap::get(loops, 0, right, context),
      AffineMap::get(loops, 0, ArrayRef(d).drop_back(), context)};
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::parallel);
  iterators.back() = utils::IteratorType::reduction;
  Value empty = tensor::EmptyOp::create(b, loc, shape, b.getF32Type());
  Value tables = emitSumOfProducts(b, loc, x, entries, zerosLike(b, loc, empty),
                                   maps, iterators);
  SmallVector<ReassociationIndices> joined;
  for (int64_t i = 0; i + 1 < rank; ++i)
    joined.push_back({i});
  joined.push_back({rank - 1, rank, rank + 1});
  joined.push_back({rank + 2});
  return tensor::CollapseShapeOp::create(b, loc, tables, joined);
}

/// init[..., n] + sum over j of tables[..., j, codes[n, j]].
Value Tabulation::emitLookups(Value tables, Value codes) {
  Value init = table.product.init;
  int64_t rank = cast<RankedTensorType>(init.getType()).getRank();
  MLIRContext *context = b.getContext();
  AffineExpr weight[] = {b.getAffineDimExpr(rank - 1),
                         b.getAffineDimExpr(rank)};
  AffineMap maps[] = {
      AffineMap::get(rank + 1, 0, weight, context),
      AffineMap::getMultiDimIdentityMap(rank + 1, context).dropResult(rank)};
  SmallVector<utils::IteratorType> iterators(rank + 1,
                                             utils::IteratorType::parallel);
  iterators.back() = utils::IteratorType::reduction;
  return linalg::GenericOp::create(
             b, loc, init.getType(), codes, init, maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange values) {
               SmallVector<Value> place;
               for (int64_t i = 0; i <= rank; ++i)
                 if (i != rank - 1)
                   place.push_back(linalg::IndexOp::create(b, loc, i));
               Value code =
                   arith::FPToUIOp::create(b, loc, b.getI32Type(), values[0]);
               place.push_back(arith::IndexCastUIOp::create(
                   b, loc, b.getIndexType(), code));
               Value found = tensor::ExtractOp::create(b, loc, tables, place);
               Value sum = arith::AddFOp::create(b, loc, values[1], found);
               linalg::YieldOp::create(b, loc, sum);
             })
      .getResult(0);
}

LogicalResult Tabulation::run() {
  b.setInsertionPoint(table.product.op);
  CodecAttr codec = type.getCodec();
  if (codec.getRecords())
    return decode.emitOpError("its records are taken apart by "
                              "zq-split-records");
  auto types = type.getStreamTypes(decode);
  auto parts = getParts(codec, type.getRank(), type.getElementType(), decode);
  if (failed(types) || failed(parts))
    return failure();
  ValueRange streams =
      DisassembleOp::create(b, loc, *types, decode.getSource()).getStreams();
  const Part &part = parts->front().front();
  size_t own = 1;
  if (part.codec)
    own = part.codec
              .getStreams(part.array.getShape().getNumResults(),
                          part.array.getElementType(), decode)
              ->size();
  FailureOr<Value> entries = getEntries(part, streams.take_front(own));
  if (failed(entries))
    return failure();
  // The codes, as the integers that they are.
  StageAttrInterface stage = codec.getStages().front();
  unsigned bits =
      stage.getOutput(type.getElementType()).getIntOrFloatBitWidth();
  SmallVector<StageAttrInterface> stages{QuantizeAttr::get(
      b.getContext(), b.getIntegerType(bits, /*isSigned=*/false))};
  llvm::append_range(stages, codec.getStages().drop_front());
  Value codes = decodeWhole(getMainShape(stage, type.getShape()),
                            CodecAttr::get(b.getContext(), stages),
                            streams.drop_front(own));
  b.replaceOp(table.product.op, emitLookups(emitTables(*entries), codes));
  return success();
}

namespace {
struct TabulateProductsPass
    : mlir::zq::impl::TabulateProductsBase<TabulateProductsPass> {
  using TabulateProductsBase::TabulateProductsBase;

  void runOnOperation() override {
    if (failed(checkAtLeast(1, getOperation(), "lanes", lanes)))
      return signalPassFailure();
    SmallVector<LinalgOp> ops;
    getOperation().walk([&](LinalgOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (LinalgOp op : ops) {
      auto table = matchTableProduct(op, lanes);
      if (!table)
        continue;
      op->emitRemark() << (table->pays() ? "products with entries are looked up"
                                         : "products with entries are not "
                                           "looked up")
                       << ": " << std::llround(table->tables)
                       << " operations predicted for tables and lookups, "
                       << std::llround(table->products)
                       << " for decoding and multiplying";
      if (table->stage == 0 && table->pays() &&
          failed(Tabulation(rewriter, *table).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
