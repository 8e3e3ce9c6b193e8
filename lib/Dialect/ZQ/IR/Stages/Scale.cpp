//===- Scale.cpp - Scales of blocks --------------------------------------===//
#include "StageSupport.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "zq/Codec/Scale.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::PowerOfTwoRule;
using ::zq::codec::ScaleStatistic;

//===----------------------------------------------------------------------===//
// What it is
//===----------------------------------------------------------------------===//

static constexpr std::pair<StringLiteral, ScaleStatistic> statistics[] = {
    {"absmax", ScaleStatistic::AbsMax}, {"meanabs", ScaleStatistic::MeanAbs},
    {"l2", ScaleStatistic::L2},         {"rms", ScaleStatistic::Rms},
    {"peak", ScaleStatistic::Peak},     {"search", ScaleStatistic::Search}};

static constexpr std::pair<StringLiteral, PowerOfTwoRule> rules[] = {
    {"ceil", PowerOfTwoRule::Ceil},
    {"floor", PowerOfTwoRule::Floor},
    {"down", PowerOfTwoRule::Down}};

static StringRef stringify(PowerOfTwoRule rule) {
  for (auto [name, value] : rules)
    if (value == rule)
      return name;
  llvm_unreachable("a rule without a name");
}

static StringRef stringify(ScaleStatistic statistic) {
  for (auto [name, value] : statistics)
    if (value == statistic)
      return name;
  llvm_unreachable("a statistic without a name");
}

/// Checks that scales stored as `stored` have the rule of rounding `rule`.
static LogicalResult verifyRule(ErrorFn emitError, Attribute stored,
                                PowerOfTwoRule rule) {
  auto type = dyn_cast<TypeAttr>(stored);
  if (type && isa<Float8E8M0FNUType>(type.getValue()))
    return success();
  return emitError() << "(scale 6) '" << stringify(rule)
                     << "' is a rule for f8E8M0FNU scales";
}

LogicalResult ScaleAttr::verify(ErrorFn emitError, ArrayRef<int64_t> block,
                                Attribute stored, Attribute zero,
                                ScaleStatistic statistic, PowerOfTwoRule rule,
                                bool divide, int64_t rows) {
  if (failed(verifyStored(emitError, stored, "(scale 1)", "a scale")))
    return failure();
  if (llvm::any_of(block, [](int64_t size) { return size < 0; }))
    return emitError() << "(scale 2) block sizes are positive";
  if (zero && !isa<UnitAttr>(zero) &&
      (failed(verifyStored(emitError, zero, "(scale 3)", "a zero point")) ||
       failed(verifySigned(emitError, zero, "(scale 4)", "a zero point"))))
    return failure();
  if (zero && statistic != ScaleStatistic::AbsMax &&
      statistic != ScaleStatistic::Search)
    return emitError()
           << "(scale 5) a zero point goes with absmax or search, and "
              "not with "
           << stringify(statistic);
  auto type = dyn_cast<TypeAttr>(stored);
  if (rule != PowerOfTwoRule::Ceil &&
      failed(verifyRule(emitError, stored, rule)))
    return failure();
  if (divide &&
      !(type && (type.getValue().isF32() || type.getValue().isBF16())))
    return emitError() << "(scale 10) what divides is stored as f32 or bf16";
  if (rows < 0 || rows > 255)
    return emitError() << "(scale 7) panels have 1 to 255 rows, and not "
                       << rows;
  if (rows && !type && (!zero || isa<CodecAttr>(zero)))
    return emitError() << "(scale 8) 'rows' is for arrays without a codec";
  if (statistic == ScaleStatistic::Peak)
    return verifySigned(emitError, stored, "(scale 9)", "a peak scale");
  return success();
}

LogicalResult ScaleAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t> shape,
                                     Type input) const {
  if (failed(verifyBlockRank(emitError, getBlock(), shape, "scale")))
    return failure();
  if (getRows() && shape.size() < 2)
    return emitError() << "(T3) 'scale' in panels of rows needs a tensor of "
                          "rank 2 or more";
  if (failed(verifyValues(emitError, input, "scale")))
    return failure();
  auto codec = dyn_cast<CodecAttr>(getStored());
  if (!codec || getStatistic() != ScaleStatistic::Peak)
    return success();
  // The codec tells what it holds only if it is sound.
  SmallVector<Part> parts;
  if (failed(getParts(shape.size(), input, /*scope=*/nullptr, parts)) ||
      failed(codec.verifyFor(emitError,
                             parts.front().array.getType(shape).getShape(),
                             parts.front().array.getElementType())))
    return failure();
  std::optional<::zq::codec::StoredFloats> stored = getStoredFloats(codec);
  if (stored && !stored->isSigned())
    return emitError() << "(T3) a peak scale has a sign, which its codec does "
                          "not hold (a scale by peak in it would)";
  return success();
}

Type ScaleAttr::getOutput(Type) const { return Float32Type::get(getContext()); }

LogicalResult ScaleAttr::getParts(int64_t rank, Type, Operation *,
                                  SmallVectorImpl<Part> &parts) const {
  SmallVector<AffineExpr> sizes =
      getBlockCounts(getContext(), rank, getBlock());
  addStored(parts, "scale", getStored(), rank, sizes);
  if (hasIntegerZero())
    addStream(parts, getContext(), "zero", IntegerType::get(getContext(), 8),
              rank, sizes);
  else if (getZero())
    addStored(parts, "zero", getZero(), rank, sizes);
  if (getRows())
    for (Part &part : parts)
      if (!part.codec)
        putInPanels(part, getRows());
  return success();
}

StageAttrInterface ScaleAttr::withPlainPart(unsigned index, Type type) const {
  // Without a codec it would be in panels, as the other part is.
  if (getRows())
    return nullptr;
  Attribute plain = TypeAttr::get(type);
  if (index == 0)
    return get(getContext(), getBlock(), plain, getZero(), getStatistic(),
               getRule(), getDivide(), getRows());
  if (hasIntegerZero())
    return nullptr;
  return get(getContext(), getBlock(), getStored(), plain, getStatistic(),
             getRule(), getDivide(), getRows());
}

Reference ScaleAttr::getReference(Type) const {
  ::zq::codec::ScaleOptions options;
  options.statistic = getStatistic();
  options.rule = getRule();
  options.divides = getDivide();
  options.rows = getRows();
  options.integerZero = hasIntegerZero();
  if (getZero() && !hasIntegerZero()) {
    options.zero = getStoredFloats(getZero());
    if (!options.zero)
      return nullptr;
  }
  std::optional<::zq::codec::StoredFloats> stored =
      getStoredFloats(getStored());
  if (!stored)
    return nullptr;
  std::vector<int64_t> block(getBlock().begin(), getBlock().end());
  return std::make_shared<::zq::codec::Scale>(std::move(block), *stored,
                                              std::move(options));
}

// The product, and reading the scale, which some elements share. A division
// takes about eight times as long as a product.
StageCost ScaleAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  double operations = getDivide() ? 8 : 2;
  return {getZero() ? operations + 1 : operations, 0};
}

bool ScaleAttr::isLossless() const { return false; }

//===----------------------------------------------------------------------===//
// Text form
//===----------------------------------------------------------------------===//

/// Where an option may stand: `zero`, `zero = stored`, a statistic, a rule,
/// `divide` or `rows = 16`.
static ParseResult parseOption(AsmParser &parser, Attribute &zero,
                               ScaleStatistic &statistic,
                               std::optional<PowerOfTwoRule> &rule,
                               bool &divide, int64_t &rows) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return failure();
  if (keyword == "zero") {
    zero = UnitAttr::get(parser.getContext());
    return success(failed(parser.parseOptionalEqual()) ||
                   succeeded(parseStored(parser, zero)));
  }
  if (keyword == "rows")
    return failure(parser.parseEqual() || parser.parseInteger(rows));
  for (auto [name, value] : statistics)
    if (keyword == name) {
      statistic = value;
      return success();
    }
  for (auto [name, value] : rules)
    if (keyword == name) {
      rule = value;
      return success();
    }
  if (keyword != "divide")
    return parser.emitError(loc)
           << "expected 'zero', 'absmax', 'meanabs', 'l2', 'rms', 'peak', "
              "'search', 'floor', 'ceil', 'down', 'divide' or 'rows', and not '"
           << keyword << "'";
  divide = true;
  return success();
}

Attribute ScaleAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> block;
  Attribute stored, zero;
  ScaleStatistic statistic = ScaleStatistic::AbsMax;
  std::optional<PowerOfTwoRule> rule;
  bool divide = false;
  int64_t rows = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseBlock(parser, block) || parser.parseComma() ||
      parseStored(parser, stored))
    return {};
  while (succeeded(parser.parseOptionalComma()))
    if (parseOption(parser, zero, statistic, rule, divide, rows))
      return {};
  if (parser.parseGreater())
    return {};
  auto emitError = [&] { return parser.emitError(loc); };
  // `ceil`, which is nothing when it is printed, may not be said in vain
  // either.
  if (rule && failed(verifyRule(emitError, stored, *rule)))
    return {};
  return getChecked(emitError, parser.getContext(), ArrayRef<int64_t>(block),
                    stored, zero, statistic,
                    rule.value_or(PowerOfTwoRule::Ceil), divide, rows);
}

void ScaleAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBlock(printer, getBlock());
  printer << ", ";
  printStored(printer, getStored());
  if (getZero())
    printer << ", zero";
  if (getZero() && !hasIntegerZero()) {
    printer << " = ";
    printStored(printer, getZero());
  }
  if (getStatistic() != ScaleStatistic::AbsMax)
    printer << ", " << stringify(getStatistic());
  if (getRule() != PowerOfTwoRule::Ceil)
    printer << ", " << stringify(getRule());
  if (getDivide())
    printer << ", divide";
  if (getRows())
    printer << ", rows = " << getRows();
  printer << '>';
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// Integers as f32, those of a broadcast before it: once for all lanes.
static Value emitIntegersToF32(DecodeBuilder &at, Value integers) {
  OpBuilder &b = at.builder;
  Type f32 = b.getF32Type(), lanes = getLanes(at, f32);
  auto broadcast = integers.getDefiningOp<vector::BroadcastOp>();
  if (!broadcast)
    return arith::SIToFPOp::create(b, at.loc, lanes, integers);
  Value one = arith::SIToFPOp::create(b, at.loc, f32, broadcast.getSource());
  return vector::BroadcastOp::create(b, at.loc, lanes, one);
}

/// `main`, less its zero point, times the scale or divided by it.
static Value applyScale(OpBuilder &b, Location loc, ScaleAttr stage, Value main,
                        Value scale) {
  if (stage.getDivide())
    return arith::DivFOp::create(b, loc, main, scale);
  return arith::MulFOp::create(b, loc, main, scale);
}

FailureOr<Value> ScaleAttr::emitDecode(DecodeBuilder &at, Value main) const {
  SmallVector<int64_t> group = getGroup(getBlock(), at.shape.size());
  OpBuilder &b = at.builder;
  FailureOr<Value> stored = at.loadPerGroup(0, group);
  if (failed(stored))
    return failure();
  Value scale = emitToF32(b, at.loc, *stored);
  if (getZero()) {
    FailureOr<Value> points = at.loadPerGroup(1, group);
    if (failed(points))
      return failure();
    Value zero = hasIntegerZero() ? emitIntegersToF32(at, *points)
                                  : emitToF32(b, at.loc, *points);
    main = arith::SubFOp::create(b, at.loc, main, zero);
  }
  return applyScale(b, at.loc, *this, main, scale);
}

//===----------------------------------------------------------------------===//
// Decoding above a tensor stage
//===----------------------------------------------------------------------===//

/// Whether one block has all of a dimension; an empty one has no blocks, unless
/// they are of the whole.
static bool isWhole(ArrayRef<int64_t> block, ArrayRef<int64_t> shape,
                    size_t dim) {
  return block.empty() || block[dim] == 0 ||
         (shape[dim] > 0 && block[dim] >= shape[dim]);
}

bool ScaleAttr::isBlockStage(ArrayRef<int64_t>) const { return true; }

// Such scales are broadcast along dimensions, so that a contraction may apply
// them to its result. Nothing widens tensors of 8-bit floats.
bool ScaleAttr::canSplit(ArrayRef<int64_t> shape) const {
  if (getRows())
    return false;
  auto isNarrow = [](Attribute stored) {
    auto type = dyn_cast_or_null<TypeAttr>(stored);
    return type && type.getValue().getIntOrFloatBitWidth() < 16;
  };
  if (isNarrow(getStored()) || isNarrow(getZero()))
    return false;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!isWhole(getBlock(), shape, i) && getBlock()[i] != 1)
      return false;
  return true;
}

FailureOr<Value> ScaleAttr::emitTensorDecode(TensorDecodeBuilder &at) const {
  OpBuilder &b = at.builder;
  size_t rank = at.shape.size();
  // The blocks of the window, and which of them an element is in.
  SmallVector<OpFoldResult> offsets(at.offsets), sizes(at.sizes);
  SmallVector<AffineExpr> blockOf = getDims(getContext(), rank);
  for (size_t i = 0; i < rank; ++i)
    if (isWhole(getBlock(), at.shape, i)) {
      offsets[i] = b.getIndexAttr(0);
      sizes[i] = b.getIndexAttr(1);
      blockOf[i] = b.getAffineConstantExpr(0);
    }

  // `of` of each element of `main` and what `side` has for its block.
  using Body = function_ref<Value(OpBuilder &, Location, Value, Value)>;
  auto withBlocks = [&](Value main, Value side, Body of) -> Value {
    AffineMap perElement = b.getMultiDimIdentityMap(rank);
    AffineMap maps[] = {
        perElement, AffineMap::get(rank, 0, blockOf, getContext()), perElement};
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    Value empty = at.empty(at.sizes);
    return linalg::GenericOp::create(
               b, at.loc, empty.getType(), ValueRange{main, side}, empty, maps,
               loops,
               [&](OpBuilder &b, Location loc, ValueRange values) {
                 linalg::YieldOp::create(b, loc,
                                         of(b, loc, values[0], values[1]));
               })
        .getResult(0);
  };
  Value main = at.decode(at.main, at.offsets, at.sizes);
  Value scales = at.decode(at.parts[0], offsets, sizes);
  if (getZero()) {
    Value zeros = hasIntegerZero() ? at.cut(at.parts[1], offsets, sizes)
                                   : at.decode(at.parts[1], offsets, sizes);
    main = withBlocks(
        main, zeros, [&](OpBuilder &b, Location loc, Value main, Value zero) {
          if (hasIntegerZero())
            zero = arith::SIToFPOp::create(b, loc, b.getF32Type(), zero);
          return arith::SubFOp::create(b, loc, main, zero).getResult();
        });
  }
  // A factor may leave the sum of a contraction.
  if (!getDivide())
    return ScaleOp::create(b, at.loc, main.getType(), main, scales).getResult();
  return withBlocks(main, scales,
                    [&](OpBuilder &b, Location loc, Value main, Value scale) {
                      return applyScale(b, loc, *this, main, scale);
                    });
}

//===----------------------------------------------------------------------===//
// Rows in lanes
//===----------------------------------------------------------------------===//

StageAttrInterface ScaleAttr::withLanes(Type, int64_t rank, int64_t lanes,
                                        int64_t) const {
  // A scale of several rows is read once for all of them.
  if (rank < 2 || getBlock().empty() || getBlock()[rank - 2] != 1 || getRows())
    return *this;
  bool isPlain =
      isa<TypeAttr>(getStored()) || (getZero() && !isa<CodecAttr>(getZero()));
  return get(getContext(), getBlock(), storeInLanes(getStored(), rank, lanes),
             storeInLanes(getZero(), rank, lanes), getStatistic(), getRule(),
             getDivide(), isPlain ? lanes : 0);
}

bool ScaleAttr::decodesInLanes(ArrayRef<int64_t> shape, int64_t lanes) const {
  return arePartsInLanes(*this, shape, getGroup(getBlock(), shape.size()),
                         lanes);
}

SmallVector<int64_t> ScaleAttr::getFactorBlock(int64_t rank) const {
  return getGroup(getBlock(), rank);
}

bool ScaleAttr::isDivisor() const { return static_cast<bool>(getDivide()); }

bool ScaleAttr::hasZeroPoint() const { return static_cast<bool>(getZero()); }

int64_t ScaleAttr::getFactorDigits() const {
  // A codec decodes to f32, and so is what one divides by a number.
  auto stored = dyn_cast<TypeAttr>(getStored());
  if (getDivide())
    return 24;
  auto type = stored ? dyn_cast<FloatType>(stored.getValue()) : FloatType();
  return type ? type.getFPMantissaWidth() : 24;
}

bool ScaleAttr::hasFactorInLanes(ArrayRef<int64_t> shape, int64_t lanes) const {
  // A division is no factor.
  return !getDivide() && decodesInLanes(shape, lanes);
}

Value ScaleAttr::emitFactor(LaneBuilder &at) const {
  // Streams of this dialect's stages, which `decodesInLanes` has seen.
  return emitFactorToF32(at, *at.loadPerGroup(0, getGroup(getBlock(), 2)));
}

Value ScaleAttr::emitZeroPoint(LaneBuilder &at) const {
  Value zero = *at.loadPerGroup(1, getGroup(getBlock(), 2));
  return hasIntegerZero() ? emitIntegersToF32(at, zero)
                          : emitToF32(at.builder, at.loc, zero);
}
