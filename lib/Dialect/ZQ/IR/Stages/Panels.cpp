//===- Panels.cpp - Codes with rows side by side --------------------------===//
#include "StageSupport.h"

#include "zq/Codec/InPanels.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;

/// The one stage of a coder; null where it is no such.
static StageAttrInterface getOnlyStage(Attribute coder) {
  auto codec = dyn_cast<CodecAttr>(coder);
  return codec && codec.getStages().size() == 1 ? codec.getStages().front()
                                                : StageAttrInterface();
}

StageAttrInterface PanelsAttr::getStage() const {
  return getOnlyStage(getCoder());
}

/// Columns that a block of a decoder may have; it lies in one chunk.
static constexpr int64_t largestBlock = 64;

LogicalResult PanelsAttr::verify(ErrorFn emitError, ArrayRef<int64_t> sizes,
                                 Attribute coder) {
  auto isPowerOfTwo = [](int64_t size, int64_t least, int64_t most) {
    return least <= size && size <= most && llvm::isPowerOf2_64(size);
  };
  if (sizes.size() != 2 || !isPowerOfTwo(sizes[0], 4, 64) ||
      !isPowerOfTwo(sizes[1], 1, 8))
    return emitError()
           << "(panels 1) a panel has 4 to 64 rows and 1 to 8 codes of each "
              "side by side, powers of two";
  StageAttrInterface stage = getOnlyStage(coder);
  if (!stage || isa<TensorStageAttrInterface>(stage) || !stage.isLossless() ||
      stage.getRowsPerChunk() != 1 ||
      stage.getChunk(nullptr) % (sizes[0] * largestBlock))
    return emitError() << "(panels 2) codes go to one lossless stage that "
                          "begins each line anew, in chunks of a multiple of "
                       << sizes[0] * largestBlock << " codes";
  return success();
}

/// The dimensions of what the other stage takes in.
static AffineMap getLines(PanelsAttr stage) {
  AffineExpr row, column;
  bindDims(stage.getContext(), row, column);
  int64_t lanes = stage.getLanes(), depth = stage.getDepth();
  return AffineMap::get(
      2, 0, {row.ceilDiv(lanes), column.ceilDiv(depth) * (lanes * depth)},
      stage.getContext());
}

/// `shape` in panels.
static SmallVector<int64_t> getLines(PanelsAttr stage,
                                     ArrayRef<int64_t> shape) {
  return getLines(stage).compose(shape);
}

LogicalResult PanelsAttr::verifyInput(ErrorFn emitError,
                                      ArrayRef<int64_t> shape,
                                      Type input) const {
  if (failed(verifyCodes(emitError, input, "panels")))
    return failure();
  if (shape.size() != 2)
    return emitError() << "(T3) 'panels' takes in a matrix, and not a tensor "
                          "of rank "
                       << shape.size();
  if (!isa<NoneType>(getStage().getOutput(input)))
    return emitError() << "(T3) 'panels' hands codes to a stage that ends the "
                          "chain, and not to "
                       << getStage();
  return getStage().verifyInput(emitError, getLines(*this, shape), input);
}

Type PanelsAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult PanelsAttr::getParts(int64_t rank, Type input, Operation *scope,
                                   SmallVectorImpl<Part> &parts) const {
  // Of another rank it is an error later.
  if (rank != 2)
    return success();
  size_t first = parts.size();
  if (failed(getStage().getParts(rank, input, scope, parts)))
    return failure();
  for (Part &part : llvm::drop_begin(parts, first))
    part.array = StreamAttr::get(
        getContext(), part.array.getName(), part.array.getElementType(),
        part.array.getShape().compose(getLines(*this)));
  return success();
}

int64_t PanelsAttr::getChunk(Operation *scope) const {
  return getStage().getChunk(scope) / getLanes();
}

/// Codes of a line that decode together: whole rows of neighbours.
static int64_t getStep(PanelsAttr stage, Type input, Operation *scope) {
  return std::lcm(stage.getStage().getGranule(input, scope),
                  stage.getLanes() * stage.getDepth());
}

int64_t PanelsAttr::getGranule(Type input, Operation *scope) const {
  return getStep(*this, input, scope) / getLanes();
}

Reference PanelsAttr::getReference(Type input) const {
  Reference coder = getStage().getReference(input);
  return coder ? std::make_shared<::zq::codec::InPanels>(getLanes(), getDepth(),
                                                         std::move(coder))
               : nullptr;
}

// A row is decoded with all those beside it.
StageCost PanelsAttr::getCost(ArrayRef<int64_t> shape, Type input,
                              Operation *scope) const {
  StageCost cost = getStage().getCost(getLines(*this, shape), input, scope);
  return {cost.vector * getLanes(), cost.scalar * getLanes()};
}

bool PanelsAttr::isLossless() const { return true; }

double PanelsAttr::getCodesCost(Type input) const {
  return getStage().getCodesCost(input);
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// Where the other stage finds `width` codes of line `panel` that begin with
/// the panel's `column`.
static DecodeBuilder enterLine(DecodeBuilder &at, PanelsAttr stage, Value panel,
                               Value column, int64_t width) {
  Value place = arith::MulIOp::create(at.builder, at.loc, column,
                                      at.index(stage.getLanes()));
  DecodeBuilder line(at.builder, at.loc, getLines(stage, at.shape),
                     {panel, place}, width, at.scope);
  line.input = at.input;
  line.parts = at.parts;
  line.state = at.state;
  return line;
}

static Value getPanel(DecodeBuilder &at, PanelsAttr stage) {
  return arith::DivUIOp::create(at.builder, at.loc, at.position[0],
                                at.index(stage.getLanes()));
}

FailureOr<SmallVector<Value>> PanelsAttr::emitInit(DecodeBuilder &at) const {
  DecodeBuilder line =
      enterLine(at, *this, getPanel(at, *this), at.position[1], /*width=*/0);
  return getStage().emitInit(line);
}

FailureOr<Value> PanelsAttr::emitDecode(DecodeBuilder &at, Value) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  DecodeBuilder line = enterLine(at, *this, getPanel(at, *this), at.position[1],
                                 at.width * getLanes());
  FailureOr<Value> codes = getStage().emitDecode(line, nullptr);
  if (failed(codes))
    return failure();
  at.state = line.state;
  // Neighbours as one integer: the row's own of each vector of all rows'.
  Type neighbours = b.getIntegerType(8 * getDepth());
  int64_t count = at.width / getDepth();
  Value all = vector::BitCastOp::create(
      b, loc, VectorType::get(count * getLanes(), neighbours), *codes);
  Value row =
      arith::RemUIOp::create(b, loc, at.position[0], at.index(getLanes()));
  SmallVector<Value> own;
  for (int64_t i = 0; i < count; ++i) {
    Value rows = vector::ExtractStridedSliceOp::create(
        b, loc, all, ArrayRef<int64_t>{i * getLanes()},
        ArrayRef<int64_t>{getLanes()}, ArrayRef<int64_t>{1});
    own.push_back(vector::ExtractOp::create(b, loc, rows, row));
  }
  Value together = vector::FromElementsOp::create(
      b, loc, VectorType::get(count, neighbours), own);
  return vector::BitCastOp::create(b, loc, zq::getLanes(at, b.getI8Type()),
                                   together)
      .getResult();
}

//===----------------------------------------------------------------------===//
// Rows in lanes
//===----------------------------------------------------------------------===//

int64_t PanelsAttr::getLaneColumns(Type input, int64_t lanes,
                                   int64_t depth) const {
  if (getLanes() != lanes || getDepth() != depth)
    return 0;
  return getStep(*this, input, /*scope=*/nullptr) / lanes;
}

SmallVector<Value> PanelsAttr::emitCodes(LaneBuilder &at) const {
  int64_t width = getStep(*this, at.input, at.scope);
  DecodeBuilder line = enterLine(at, *this, at.panel, at.column, width);
  // A stage of this dialect that has parts, which those of the weight are,
  // decodes.
  Value codes = *getStage().emitDecode(line, nullptr);
  at.state = line.state;
  SmallVector<Value> result;
  int64_t size = getLanes() * getDepth();
  for (int64_t begin = 0; begin < width; begin += size)
    result.push_back(vector::ExtractStridedSliceOp::create(
        at.builder, at.loc, codes, ArrayRef<int64_t>{begin},
        ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1}));
  return result;
}
