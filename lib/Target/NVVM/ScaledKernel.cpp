//===- ScaledKernel.cpp - Products with codes, scaled afterwards ----------===//
//
// The weight's codes become pairs of 16-bit floats by instructions on pairs.
// The sum over a group of columns is multiplied by the group's factor, not each
// weight; factors of rows are multiplied to what a kernel stores.
//
// A lane's run of columns is what one load brings, which may have another
// factor than those of its neighbours, while an instruction adds up all four.
// Where that is so, the columns of the result are put to use that so few rows
// of the activation leave empty: each row has one for each section of lanes
// with a factor of its own, and zeros for the activations of other sections. As
// a lane holds the sums of two columns, these are those of its own section.
//
// Where a group's factor has so few digits that its products with what codes
// stand for are exact, the weights may be multiplied by it instead, in pairs.
// Lanes need no sections then, which pays for more rows of the activation; and
// a table whose bits need a multiplication to be numbers has that for nothing.
//
// An offset of a group is multiplied by the sum of its activations. These are
// products of the same form with ones for the weight, shared by all rows of a
// warp.
//
//===----------------------------------------------------------------------===//
#include "KernelBuilder.h"
#include "PackedTables.h"
#include "RegisterKernel.h"
#include "Words.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;

/// Tiles of the result that share a weight.
static constexpr int64_t mostTiles = 4;

namespace {
class ScaledKernel : public RegisterKernel {
public:
  ScaledKernel(ProductEmitter &e, const ScaledCodes &form, CodeDomain codes)
      : RegisterKernel(e), form(form), codes(std::move(codes)),
        field(getFieldBits(form.bits)) {}

  /// Chooses the sizes; false where there are none.
  bool choose();
  /// What is made before the launch.
  void makeOperands();

private:
  LogicalResult prepare() override;
  FailureOr<Sums> emitWindow(Value column, Value isValid, int64_t count,
                             Sums sums) override;
  FailureOr<Value> finish(Value sum, Value weightRow) override;
  LogicalResult emitBand(ArrayRef<Value> rows, ArrayRef<SmallVector<Value>> xs,
                         ArrayRef<Sums> xSums, Value column, Value isValid,
                         int64_t count, MutableArrayRef<Value> sums);
  Sums addUp(ArrayRef<Value> xs, int64_t begin, int64_t end);
  FailureOr<Value> readOffsets(Value row, Value column, int64_t size);
  Value takeGroups(Value all, int64_t size);

  bool isExactWeighed(ArrayRef<float> table) const;
  bool areDifferencesExact() const;
  void planWeighing();
  bool canTake(int64_t width) const;
  int64_t getSections(int64_t width) const;
  int64_t getTiles(int64_t sections) const;
  int64_t getCost(int64_t width, bool onWeights) const;
  Value arrange(Value plane, int64_t count);
  FailureOr<SmallVector<Value>> readWeight(Value row, Value column,
                                           Value isValid, int64_t count,
                                           int64_t size);
  SmallVector<Value> readActivation(int64_t tile, Value column, Value isValid,
                                    int64_t count, int64_t size);
  FailureOr<Value> readFactors(Value row, Value column, int64_t size);
  Value lookUp(Value bytes, ArrayRef<float> table);
  Value toPair(Value values, int64_t group);
  Value weigh(Value plane, Value factors);
  Value subtract(Value plane, Value zeroPoints);

  const ScaledCodes &form;
  CodeDomain codes;
  int64_t field;
  /// Whether weights are multiplied by the factors of their groups, whether
  /// they can be, and whether that replaces a multiplication; and factors are
  /// 2^factorExponent times as large then.
  bool weighs = false, canWeigh = false, isFree = false;
  int64_t factorExponent = 0;
  std::optional<ScaledCodesReader> reader;
  /// In which order the columns of a word of codes are multiplied; none where
  /// that is their own.
  SmallVector<int64_t> order;
  /// Where there are sections: whether a lane's column of the result is of its
  /// own section, zeros, and the activation's rows or else the zeros with how
  /// far columns lie apart there.
  Value isOwn, zeros;
  SmallVector<Value> bases;
  Value step;
};
} // namespace

static bool isExactIn(double value, FloatType type) {
  APFloat number(value);
  bool isInexact;
  number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                 &isInexact);
  return !isInexact;
}

/// Whether the products of the table with any factor are exact. Factors are
/// those of the form, 2^factorExponent times as large.
bool ScaledKernel::isExactWeighed(ArrayRef<float> table) const {
  double least = std::ldexp(form.factors->least, factorExponent);
  int64_t digits = form.factors->digits;
  if (!isExactIn(std::ldexp(form.factors->largest, factorExponent),
                 e.domain.element) ||
      !isExactIn(least, e.domain.element))
    return false;
  for (float entry : table) {
    if (std::isnan(entry))
      continue;
    if (!isExactIn(entry * least, e.domain.element))
      return false;
    // All significands; exponents have no end below the largest of f32.
    for (int64_t i = int64_t(1) << (digits - 1); i < int64_t(1) << digits; ++i)
      if (!isExactIn(std::ldexp(entry, -std::ilogb(entry ? entry : 1.0f)) * i,
                     e.domain.element))
        return false;
  }
  return true;
}

/// Whether what codes stand for less any zero point is a number of the table's
/// type.
bool ScaledKernel::areDifferencesExact() const {
  if (codes.tables.size() != 1)
    return false;
  for (float point : form.zeroPoints)
    for (float entry : codes.tables[0])
      if (!isExactIn(point * codes.unit, e.domain.element) ||
          !isExactIn(entry - point * codes.unit, e.domain.element))
        return false;
  return true;
}

/// Finds whether weights may be multiplied by factors, and at what cost.
void ScaledKernel::planWeighing() {
  // Its exponents are those of f32: what overflows would there as well.
  if (!form.group || !form.factors || !form.zeroPoints.empty() ||
      !form.offsets.empty() || !e.domain.element.isBF16() ||
      codes.tables.size() != 1)
    return;
  canWeigh = isExactWeighed(codes.tables[0]);
  auto raw = findPackedTable(codes.tables[0], e.domain.element, field)
                 ->getRawExponent();
  if (!raw)
    return;
  SmallVector<float> table(codes.tables[0]);
  for (float &entry : table)
    entry = std::ldexp(entry, *raw);
  // As much of what they are too small by as the largest factor has room for.
  factorExponent =
      std::min<int64_t>(-*raw, std::numeric_limits<float>::max_exponent - 1 -
                                   std::ilogb(form.factors->largest));
  isFree = isExactWeighed(table);
  if (!isFree) {
    factorExponent = 0;
    return;
  }
  canWeigh = true;
}

/// Whether the factors of `width` columns of a lane change at their ends only,
/// or else where products end.
bool ScaledKernel::canTake(int64_t width) const {
  int64_t columns = form.group;
  return !columns || columns % width == 0 ||
         (width % columns == 0 && columns % 4 == 0);
}

/// How many of the four lanes of a row have factors of their own, where each
/// takes `width` columns.
int64_t ScaledKernel::getSections(int64_t width) const {
  for (int64_t sections : {1, 2})
    if (form.group % (4 * width / sections) == 0)
      return sections;
  return 4;
}

int64_t ScaledKernel::getTiles(int64_t sections) const {
  // Where the height is not known, blocks are to share weights all the same.
  int64_t height = ShapedType::isDynamic(e.staticHeight)
                       ? 8
                       : std::max<int64_t>(e.staticHeight, 1);
  return llvm::divideCeil(height * sections, 8);
}

/// In sixteenths of an instruction for each weight: a tile's products,
/// activations and their order; what a window takes for addresses and factors;
/// and the multiplications by these, of sums or of pairs of weights. Offsets
/// take products and multiplications of their own.
int64_t ScaledKernel::getCost(int64_t width, bool onWeights) const {
  int64_t numTiles = getTiles(onWeights ? 1 : getSections(width));
  int64_t cost = 7 * numTiles + 112 / width;
  if (!form.offsets.empty())
    cost += 2 * numTiles + 32 * numTiles / std::min(form.group, width);
  if (onWeights)
    return cost + (isFree ? 0 : 8);
  return form.group ? cost + 32 * numTiles / std::min(form.group, width) : cost;
}

bool ScaledKernel::choose() {
  auto type =
      cast<CompressedTensorType>(e.product.decode.getSource().getType());
  CodecAttr codec = type.getCodec();
  auto storage = CodecAttr::get(type.getContext(),
                                codec.getStages().drop_front(form.map + 1));
  int64_t granule = storage.getGranule(
      2, codec.getInputs(type.getElementType())[form.map + 1],
      e.product.decode);
  // As many codes as one load brings, as far as registers allow; fewer where
  // sections take more tiles for the same products.
  int64_t most =
      std::min<int64_t>(llvm::bit_floor<uint64_t>(128 / form.bits), 32);
  int64_t least = std::max<int64_t>(32 / field, 4);
  if (!form.zeroPoints.empty() && !areDifferencesExact())
    return false;
  planWeighing();
  int64_t bestCost = 0;
  for (int64_t candidate = most; candidate >= least; candidate /= 2)
    for (bool onWeights : {false, true}) {
      int64_t its = onWeights ? 1 : getSections(candidate);
      int64_t cost = getCost(candidate, onWeights);
      if ((onWeights && !canWeigh) || !canTake(candidate) ||
          candidate % granule || getTiles(its) > mostTiles ||
          (width && cost >= bestCost))
        continue;
      bestCost = cost;
      width = candidate;
      sections = its;
      tiles = getTiles(its);
      weighs = onWeights;
    }
  if (!width)
    return false;
  if (weighs && isFree) {
    int64_t raw = *findPackedTable(codes.tables[0], e.domain.element, field)
                       ->getRawExponent();
    for (float &entry : codes.tables[0])
      entry = std::ldexp(entry, raw);
    codes.unit = std::ldexp(codes.unit, raw + factorExponent);
  }
  run = width;
  // What activations take, where they are many, serves twice the rows.
  chooseBlock(tiles > 1 && e.domain.xPlanes == 1 ? 2 : 1);
  // Twice what one load brings of a row, as far as registers allow: so many
  // bytes are on their way while others are multiplied.
  together = std::max<int64_t>((tiles <= 2 ? 2 : 1) * most / width / bands, 1);
  int64_t perWord = 32 / field;
  auto wanted =
      findPackedTable(codes.tables[0], e.domain.element, field)->getOrder();
  bool isNatural = llvm::equal(wanted, llvm::seq<int64_t>(0, perWord));
  if (!isNatural && form.group % perWord == 0)
    order = wanted;
  return true;
}

void ScaledKernel::makeOperands() {
  reader.emplace(b, form, e.product.decode.getSource(), e.product.decode,
                 width);
  if (sections > 1)
    zeros = e.makeZeros(width);
}

LogicalResult ScaledKernel::prepare() {
  if (sections == 1)
    return success();
  // A row of the weight is a row of the A operand for all of its four lanes, a
  // column of the result a column of the B operand for all four.
  isOwn = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                e.div(group, 8 / sections),
                                e.div(place, 4 / sections));
  step = arith::SelectOp::create(b, isOwn, e.index(1), e.index(0));
  Value none = e.getPointer(zeros, e.index(0));
  for (Value row : xRows)
    bases.push_back(arith::SelectOp::create(
        b, isOwn, e.getActivationPointer(row, e.index(0)), none));
  return success();
}

/// The elements of a plane in the order in which pairs of them are multiplied.
Value ScaledKernel::arrange(Value plane, int64_t count) {
  int64_t perWord = order.size();
  if (!perWord || count % perWord)
    return plane;
  SmallVector<int64_t> mask;
  for (int64_t word = 0; word < count; word += perWord)
    for (int64_t at : order)
      mask.push_back(word + at);
  return vector::ShuffleOp::create(b, plane, plane, mask);
}

FailureOr<SmallVector<Value>> ScaledKernel::readWeight(Value row, Value column,
                                                       Value isValid,
                                                       int64_t count,
                                                       int64_t size) {
  auto read = reader->readCodes(row, column);
  if (failed(read))
    return failure();
  SmallVector<Value> planes;
  for (const SmallVector<float> &table : codes.tables) {
    Value plane = lookUp(*read, table);
    if (count != width)
      plane = vector::ExtractStridedSliceOp::create(
          b, plane, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{count},
          ArrayRef<int64_t>{1});
    plane = e.getPlanes(plane, 1, isValid, size).front();
    planes.push_back(arrange(plane, size));
  }
  return planes;
}

SmallVector<Value> ScaledKernel::readActivation(int64_t tile, Value column,
                                                Value isValid, int64_t count,
                                                int64_t size) {
  Value values;
  if (isOwn && !isValid) {
    values = e.loadActivation(bases[tile],
                              arith::MulIOp::create(b, column, step), count);
  } else {
    if (isOwn)
      isValid = arith::AndIOp::create(b, isValid, isOwn);
    values = e.readActivation(xRows[tile], column, count);
  }
  SmallVector<Value> planes =
      e.getPlanes(values, e.domain.xPlanes, isValid, size);
  for (Value &plane : planes)
    plane = arrange(plane, size);
  return planes;
}

FailureOr<RegisterKernel::Sums> ScaledKernel::emitWindow(Value column,
                                                         Value isValid,
                                                         int64_t count,
                                                         Sums sums) {
  int64_t size = llvm::alignTo(count, 4);
  SmallVector<SmallVector<Value>> xs;
  for (int64_t tile = 0; tile < tiles; ++tile)
    xs.push_back(readActivation(tile, column, isValid, count, size));
  // By groups, then tiles.
  SmallVector<Sums> xSums;
  int64_t length = form.group ? std::min(form.group, size) : size;
  for (int64_t begin = 0; begin < size && !form.offsets.empty();
       begin += length)
    for (int64_t tile = 0; tile < tiles; ++tile)
      xSums.push_back(addUp(xs[tile], begin, std::min(begin + length, size)));
  // One band after the other: registers have the weights of one at a time.
  for (int64_t band = 0; band < bands; ++band) {
    MutableArrayRef<Value> own(sums.begin() + 4 * tiles * band, 4 * tiles);
    if (failed(emitBand(ArrayRef(weightRows).slice(2 * band, 2), xs, xSums,
                        column, isValid, count, own)))
      return failure();
  }
  return sums;
}

/// The sums of a tile's activations from `begin` to `end`, times the unit of
/// the codes, where those of their products are.
RegisterKernel::Sums ScaledKernel::addUp(ArrayRef<Value> xs, int64_t begin,
                                         int64_t end) {
  FloatType element = e.domain.element;
  auto pair = VectorType::get(4, element);
  Value ones = arith::ConstantOp::create(
      b, DenseElementsAttr::get(pair, b.getFloatAttr(element, codes.unit)));
  SmallVector<Value> a(4, e.getPair(ones, 0));
  Sums sums(4, arith::ConstantOp::create(b, b.getF32FloatAttr(0)));
  for (int64_t k = begin; k < end; k += 4)
    for (Value plane : xs)
      sums =
          e.multiply(a, {e.getPair(plane, k), e.getPair(plane, k + 2)}, sums);
  return sums;
}

/// Adds the products of two rows with the activations of each tile to `sums`.
LogicalResult ScaledKernel::emitBand(ArrayRef<Value> rows,
                                     ArrayRef<SmallVector<Value>> xs,
                                     ArrayRef<Sums> xSums, Value column,
                                     Value isValid, int64_t count,
                                     MutableArrayRef<Value> sums) {
  int64_t size = llvm::alignTo(count, 4);
  SmallVector<SmallVector<Value>> weights;
  for (Value row : rows) {
    auto planes = readWeight(row, column, isValid, count, size);
    if (failed(planes))
      return failure();
    weights.push_back(*planes);
    if (form.zeroPoints.empty())
      continue;
    // Lanes that are not valid have zeros to multiply these with.
    auto points = reader->readZeroPoints(row, column);
    if (failed(points))
      return failure();
    Value &plane = weights.back().front();
    plane = subtract(plane, *points);
  }
  int64_t length = form.group ? std::min(form.group, size) : size;
  Value factors[2], offsets[2];
  for (auto [row, plane, own, offset] :
       llvm::zip(rows, weights, factors, offsets)) {
    if (!form.group)
      continue;
    if (!xSums.empty()) {
      auto read = readOffsets(row, column, size);
      if (failed(read))
        return failure();
      offset = *read;
    }
    auto read = readFactors(row, column, size);
    if (failed(read))
      return failure();
    own = *read;
    if (weighs)
      plane[0] = weigh(plane[0], own);
  }
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  for (int64_t begin = 0; begin < size; begin += length) {
    int64_t end = std::min(begin + length, size);
    Value own[2];
    for (int64_t i = 0; i < 2 && form.group && !weighs; ++i)
      own[i] = vector::ExtractOp::create(b, factors[i], begin / length);
    for (int64_t at = 0; at < 4 * tiles && !xSums.empty(); ++at) {
      Value offset =
          vector::ExtractOp::create(b, offsets[at % 4 / 2], begin / length);
      const Sums &added = xSums[begin / length * tiles + at / 4];
      sums[at] = math::FmaOp::create(b, added[at % 4], offset, sums[at]);
    }
    for (int64_t tile = 0; tile < tiles; ++tile) {
      auto tileSums = sums.slice(4 * tile, 4);
      if (!own[0]) {
        llvm::copy(multiply(weights, xs[tile], begin, end, Sums(tileSums)),
                   tileSums.begin());
        continue;
      }
      Sums added = multiply(weights, xs[tile], begin, end, Sums(4, zero));
      for (auto [i, sum] : llvm::enumerate(tileSums))
        sum = math::FmaOp::create(b, added[i], own[i / 2], sum);
    }
  }
  return success();
}

/// One of each group of `size` columns.
Value ScaledKernel::takeGroups(Value all, int64_t size) {
  SmallVector<int64_t> begins;
  for (int64_t begin = 0; begin < size; begin += form.group)
    begins.push_back(begin);
  return vector::ShuffleOp::create(b, all, all, begins);
}

FailureOr<Value> ScaledKernel::readOffsets(Value row, Value column,
                                           int64_t size) {
  auto read = reader->readOffsets(row, column);
  if (failed(read))
    return failure();
  return takeGroups(*read, size);
}

/// The factors of the groups of a row that `size` columns from `column` on are
/// of, one for each: f32, or of the weights' type where these are multiplied.
FailureOr<Value> ScaledKernel::readFactors(Value row, Value column,
                                           int64_t size) {
  // By a rule for pairs, where their codes have one.
  FloatType element = e.domain.element;
  if (weighs && findPackedTable(form.factors->values, element, /*field=*/8)) {
    auto read = reader->readGroupFactorCodes(row, column);
    if (failed(read))
      return failure();
    return lookUp(takeGroups(*read, size), form.factors->values);
  }
  auto read = reader->readGroupFactors(row, column);
  if (failed(read))
    return failure();
  Value factors = takeGroups(*read, size);
  if (!weighs)
    return factors;
  auto type = cast<VectorType>(factors.getType()).clone(element);
  return LLVM::FPTruncOp::create(b, type, factors).getResult();
}

/// What codes stand for in a table, rounded to the weights' type.
Value ScaledKernel::lookUp(Value bytes, ArrayRef<float> table) {
  SmallVector<APFloat> entries;
  for (float value : table) {
    bool isInexact;
    entries.emplace_back(value).convert(e.domain.element.getFloatSemantics(),
                                        APFloat::rmNearestTiesToEven,
                                        &isInexact);
  }
  FloatType element = e.domain.element;
  auto type = VectorType::get(static_cast<int64_t>(entries.size()), element);
  int64_t count = cast<VectorType>(bytes.getType()).getNumElements();
  return LookupOp::create(
      b, VectorType::get(count, element), bytes,
      arith::ConstantOp::create(b, DenseElementsAttr::get(type, entries)));
}

/// The value of a group in both halves of a word.
Value ScaledKernel::toPair(Value values, int64_t group) {
  Value pair = vector::ShuffleOp::create(b, values, values,
                                         ArrayRef<int64_t>{group, group});
  pair = vector::BitCastOp::create(b, VectorType::get(1, b.getI32Type()), pair);
  return vector::ExtractOp::create(b, pair, 0);
}

/// What `of` makes of the pairs of a plane, in whatever order within a group,
/// and the group that each is of.
static Value mapPairs(KernelBuilder &b, Value plane, int64_t length,
                      function_ref<Value(Value pair, int64_t group)> of) {
  auto type = cast<VectorType>(plane.getType());
  auto words = VectorType::get(type.getNumElements() / 2, b.getI32Type());
  Value packed = vector::BitCastOp::create(b, words, plane);
  SmallVector<Value> made;
  for (int64_t i = 0; i < words.getNumElements(); ++i)
    made.push_back(of(vector::ExtractOp::create(b, packed, i), 2 * i / length));
  Value all = vector::FromElementsOp::create(b, words, made);
  return vector::BitCastOp::create(b, type, all);
}

/// The products of a plane with the factors of its groups.
Value ScaledKernel::weigh(Value plane, Value factors) {
  FloatType element = e.domain.element;
  Words emit(b, b.getLoc());
  SmallVector<Value> pairs;
  for (int64_t i = 0; i < cast<VectorType>(factors.getType()).getNumElements();
       ++i) {
    pairs.push_back(toPair(factors, i));
    if (factorExponent)
      pairs.back() = emit.multiplyPairs(element, pairs.back(),
                                        std::ldexp(1.0f, factorExponent));
  }
  return mapPairs(b, plane, form.group, [&](Value pair, int64_t group) {
    return emit.multiplyPairs(element, pair, pairs[group]);
  });
}

/// A plane less the zero points of its columns, a vector of f32.
Value ScaledKernel::subtract(Value plane, Value zeroPoints) {
  FloatType element = e.domain.element;
  int64_t size = cast<VectorType>(plane.getType()).getNumElements();
  int64_t length = form.group ? std::min(form.group, size) : size;
  SmallVector<int64_t> begins;
  for (int64_t begin = 0; begin < size; begin += length)
    begins.push_back(begin);
  Value points = vector::ShuffleOp::create(b, zeroPoints, zeroPoints, begins);
  auto wide = cast<VectorType>(points.getType());
  Value unit = arith::ConstantOp::create(
      b, DenseElementsAttr::get(
             wide, b.getF32FloatAttr(static_cast<float>(-codes.unit))));
  points = arith::MulFOp::create(b, points, unit);
  points = LLVM::FPTruncOp::create(b, wide.clone(element), points);
  SmallVector<Value> pairs;
  for (size_t i = 0; i < begins.size(); ++i)
    pairs.push_back(toPair(points, i));
  Words emit(b, b.getLoc());
  return mapPairs(b, plane, length, [&](Value pair, int64_t group) {
    return emit.addPairs(element, pair, pairs[group]);
  });
}

FailureOr<Value> ScaledKernel::finish(Value sum, Value weightRow) {
  if (codes.unit != 1) {
    float unit = 1 / codes.unit;
    sum = arith::MulFOp::create(
        b, sum, arith::ConstantOp::create(b, b.getF32FloatAttr(unit)));
  }
  auto factor = reader->readRowFactor(weightRow);
  if (failed(factor))
    return failure();
  return *factor ? arith::MulFOp::create(b, sum, *factor).getResult() : sum;
}

FailureOr<bool> mlir::zq::emitScaledKernel(ProductEmitter &emitter,
                                           const ScaledCodes &form,
                                           const CodeDomain &codes) {
  emitter.domain = codes.mma;
  ScaledKernel kernel(emitter, form, codes);
  if (!kernel.choose())
    return false;
  kernel.makeOperands();
  if (failed(kernel.emit()))
    return failure();
  return true;
}
