//===- Scale.cpp - Scales of blocks --------------------------------------===//
#include "StageSupport.h"

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

static StringRef stringify(ScaleStatistic statistic) {
  for (auto [name, value] : statistics)
    if (value == statistic)
      return name;
  llvm_unreachable("a statistic without a name");
}

LogicalResult ScaleAttr::verify(ErrorFn emitError, ArrayRef<int64_t> block,
                                Attribute stored, Attribute zero,
                                ScaleStatistic statistic, PowerOfTwoRule rule) {
  if (failed(verifyStored(emitError, stored, "scale")))
    return failure();
  if (llvm::any_of(block, [](int64_t size) { return size < 0; }))
    return emitError() << "scale: block sizes are positive";
  if (zero && !isa<UnitAttr>(zero) &&
      (failed(verifyStored(emitError, zero, "zero")) ||
       failed(verifySigned(emitError, zero, "scale", "a zero point"))))
    return failure();
  if (zero && statistic != ScaleStatistic::AbsMax &&
      statistic != ScaleStatistic::Search)
    return emitError() << "scale: a zero point goes with absmax or search, and "
                          "not with "
                       << stringify(statistic);
  auto type = dyn_cast<TypeAttr>(stored);
  if (rule != PowerOfTwoRule::Ceil &&
      !(type && isa<Float8E8M0FNUType>(type.getValue())))
    return emitError() << "scale: 'floor' is a rule for f8E8M0FNU scales";
  if (statistic == ScaleStatistic::Peak)
    return verifySigned(emitError, stored, "scale", "a peak scale");
  return success();
}

LogicalResult ScaleAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t> shape,
                                     Type input) const {
  if (failed(verifyBlockRank(emitError, getBlock(), shape, "scale")))
    return failure();
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
  return success();
}

StageAttrInterface ScaleAttr::withPlainPart(unsigned index, Type type) const {
  Attribute plain = TypeAttr::get(type);
  if (index == 0)
    return get(getContext(), getBlock(), plain, getZero(), getStatistic(),
               getRule());
  if (hasIntegerZero())
    return nullptr;
  return get(getContext(), getBlock(), getStored(), plain, getStatistic(),
             getRule());
}

Reference ScaleAttr::getReference(Type) const {
  ::zq::codec::ScaleOptions options;
  options.statistic = getStatistic();
  options.rule = getRule();
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

bool ScaleAttr::isLossless() const { return false; }

//===----------------------------------------------------------------------===//
// Text form
//===----------------------------------------------------------------------===//

/// Where an option may stand: `zero`, `zero = stored`, a statistic or a rule.
static ParseResult parseOption(AsmParser &parser, Attribute &zero,
                               ScaleStatistic &statistic,
                               PowerOfTwoRule &rule) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return failure();
  if (keyword == "zero") {
    zero = UnitAttr::get(parser.getContext());
    return success(failed(parser.parseOptionalEqual()) ||
                   succeeded(parseStored(parser, zero)));
  }
  for (auto [name, value] : statistics)
    if (keyword == name) {
      statistic = value;
      return success();
    }
  if (keyword != "floor" && keyword != "ceil")
    return parser.emitError(loc)
           << "expected 'zero', 'absmax', 'meanabs', 'l2', 'rms', 'peak', "
              "'search', 'floor' or 'ceil', and not '"
           << keyword << "'";
  rule = keyword == "floor" ? PowerOfTwoRule::Floor : PowerOfTwoRule::Ceil;
  return success();
}

Attribute ScaleAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> block;
  Attribute stored, zero;
  ScaleStatistic statistic = ScaleStatistic::AbsMax;
  PowerOfTwoRule rule = PowerOfTwoRule::Ceil;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseBlock(parser, block) || parser.parseComma() ||
      parseStored(parser, stored))
    return {};
  while (succeeded(parser.parseOptionalComma()))
    if (parseOption(parser, zero, statistic, rule))
      return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(block), stored, zero, statistic, rule);
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
  if (getRule() == PowerOfTwoRule::Floor)
    printer << ", floor";
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
  return arith::MulFOp::create(b, at.loc, main, scale).getResult();
}
