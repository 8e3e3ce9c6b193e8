//===- LaneKernel.cpp - Contractions with a weight's rows in the lanes ----===//
//
// A panel of rows is read from its first column to its last: one stream of
// codes, and one for each factor and offset. The sums of a group of columns
// that share all of these are exact integers, or f32; the factors multiply them
// once, and the offsets the sum of the activations. In f32 offsets are added to
// each weight instead.
//
//===----------------------------------------------------------------------===//
#include "LaneKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"

#include "llvm/ADT/bit.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::zq;

/// Columns that an iteration has at least, where one row is summed: enough to
/// make the loop's own work small.
static constexpr int64_t leastStep = 64;

/// Columns that an iteration has at most for the sake of coded factors.
static constexpr int64_t longestStep = 128;

/// Columns of one group that follow one another without a loop, where several
/// rows are summed.
static constexpr int64_t longestRun = 32;

/// Sums in flight that hide the latency of a product, where the loop has few of
/// its own, and products that a part of a sum has at least: adding up the parts
/// takes time too.
static constexpr int64_t sumsInFlight = 8, leastProducts = 4;

LaneKernel::LaneKernel(
    OpBuilder &builder, ContractOp op,
    SmallVector<SmallVector<DecodeBuilder::StoredPart>> parts)
    : b(builder), loc(op.getLoc()), op(op), parts(std::move(parts)),
      lanes(op.getLanes()) {
  auto weight = cast<CompressedTensorType>(op.getWeight().getType());
  codec = weight.getCodec();
  inputs = codec.getInputs(weight.getElementType());
  shape.assign(weight.getShape().begin(), weight.getShape().end());
  columns = shape[1];
  std::string why;
  form = *getLaneForm(weight, lanes, why);
  // Places in records are known where a step has whole ones.
  for (const DecodeBuilder::StoredPart &part : this->parts[form.source])
    if (auto component = part.streams.front().getDefiningOp<ComponentOp>())
      form.factorColumns = std::lcm<int64_t>(
          form.factorColumns, component.getItems() * form.columns);
  floats = VectorType::get(lanes, b.getF32Type());
  integers = VectorType::get(lanes, b.getI32Type());
  byteType = VectorType::get(lanes * laneDepth, b.getI8Type());
  if (inIntegers()) {
    chooseTables(cast<RankedTensorType>(op.getActivations()[0].getType()));
    chooseChains();
    return;
  }
  bytes = getByteTable(form.values, /*planes=*/1);
  int64_t height =
      cast<RankedTensorType>(op.getResult().getType()).getDimSize(0);
  rows = ShapedType::isDynamic(height) || height == 0
             ? 1
             : llvm::divideCeil(height, llvm::divideCeil(height, floatRows));
  table = arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(
          VectorType::get(form.values.size(), b.getF32Type()),
          ArrayRef(form.values)));
  chooseHalves();
  chooseChains();
}

/// The tables of integers for `activation`, the planes of one.
void LaneKernel::chooseTables(RankedTensorType activation) {
  slices = activation.getDimSize(2);
  rows = activation.getDimSize(3);
  run = getRun(op.getActivations()[1], columns, form.group);
  if (activation.getElementType().isInteger(16)) {
    planes = 1;
    WordTable words = getWordTable(form.values, form.group);
    unit = words.unit;
    auto type = VectorType::get(words.words.size(), b.getI16Type());
    wordTable = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, ArrayRef(words.words)));
    return;
  }
  planes = slices;
  bytes = getByteTable(form.values, planes);
  unit = bytes.unit;
  table = getBytes(bytes.bytes);
  if (!bytes.low.empty())
    lowTable = getBytes(bytes.low);
}

void LaneKernel::chooseChains() {
  int64_t sums = rows, products = std::min(form.group, columns);
  if (inIntegers()) {
    sums *= planes + (lowTable ? 1 : 0);
    products /= laneDepth;
  }
  chains = std::clamp<int64_t>(
      std::min(sumsInFlight / sums, products / leastProducts), 1, sumsInFlight);
}

//===----------------------------------------------------------------------===//
// Small ops
//===----------------------------------------------------------------------===//

Value LaneKernel::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value LaneKernel::add(Value x, int64_t y) {
  return y ? arith::AddIOp::create(b, loc, x, index(y)).getResult() : x;
}

/// Sums in registers may be fused with the products that they add.
static constexpr auto contractFlag = arith::FastMathFlags::contract;

/// The number of the run of `size` columns that begins `offset` columns after
/// `column`, which begins one too: so that the columns of a loop's iteration
/// are apart by constants.
Value LaneKernel::divide(Value column, int64_t offset, int64_t size) {
  return add(arith::DivUIOp::create(b, loc, column, index(size)),
             offset / size);
}

Value LaneKernel::addF(Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, y, contractFlag);
}

Value LaneKernel::mulF(Value x, Value y) {
  return arith::MulFOp::create(b, loc, x, y, contractFlag);
}

Value LaneKernel::toLanes(Value value) {
  if (isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      b, loc, VectorType::get(lanes, value.getType()), value);
}

/// A table as a vector.
Value LaneKernel::getBytes(ArrayRef<uint8_t> values) {
  return arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(
          VectorType::get(values.size(), b.getI8Type()),
          ArrayRef(reinterpret_cast<const int8_t *>(values.data()),
                   values.size())));
}

//===----------------------------------------------------------------------===//
// The loop along a panel
//===----------------------------------------------------------------------===//

/// Sets the source's state to that at the beginning of the panel.
void LaneKernel::startPanel() {
  state.clear();
  if (inIntegers() && form.infinite)
    extent = arith::ConstantOp::create(b, loc, b.getZeroAttr(byteType));
  if (!form.isSequential)
    return;
  LaneBuilder at = getBuilder(form.source, index(0));
  at.position = {arith::MulIOp::create(b, loc, panel, index(lanes)), index(0)};
  // Its parts are the weight's, so that there are all that it needs.
  state = *codec.getStages()[form.source].emitInit(at);
}

/// Reads the codes of the source's tile that begins `offset` columns after
/// `column`, which begins one too.
void LaneKernel::readCodes(Value column, int64_t offset) {
  LaneBuilder at = getBuilder(form.source, column, offset, form.columns);
  at.state = state;
  codes = cast<CodeSourceAttrInterface>(codec.getStages()[form.source])
              .emitCodes(at);
  state = at.state;
}

/// Emits `body` in a loop from 0 to `end` that carries `values`, the source's
/// state and the extent along.
void LaneKernel::loopWithState(int64_t end, int64_t step,
                               SmallVector<Value> &values,
                               function_ref<void(Value)> body) {
  size_t count = values.size();
  auto enter = [&](ValueRange carried) {
    values.assign(carried.begin(), carried.begin() + count);
    state.assign(carried.begin() + count, carried.end());
    if (extent)
      extent = state.pop_back_val();
  };
  auto carry = [&] {
    SmallVector<Value> carried(values);
    llvm::append_range(carried, state);
    if (extent)
      carried.push_back(extent);
    return carried;
  };
  auto loop = scf::ForOp::create(
      b, loc, index(0), index(end), index(step), carry(),
      [&](OpBuilder &, Location, Value i, ValueRange carried) {
        enter(carried);
        body(i);
        scf::YieldOp::create(b, loc, carry());
      });
  enter(loop.getResults());
}

/// Columns that follow one another without a loop: `otherwise` where several
/// rows are summed. A source with a state has work enough in each of its tiles.
int64_t LaneKernel::getLeastRun(int64_t otherwise) const {
  return form.isSequential ? form.columns : rows > 1 ? otherwise : leastStep;
}

/// Whole groups, and whole tiles of the source; those of coded factors too
/// where they are not many columns, so that each is read once.
int64_t LaneKernel::getStep() const {
  int64_t step = std::lcm(form.group, form.columns);
  int64_t ofFactors = std::lcm(step, form.factorColumns);
  if (ofFactors <= longestStep)
    step = ofFactors;
  return step * llvm::divideCeil(getLeastRun(/*otherwise=*/step), step);
}

/// What the first column of a step is a multiple of.
int64_t LaneKernel::getMultiple() const {
  return hasRuns() ? std::gcd(getStep(), run) : getStep();
}

SmallVector<Value> LaneKernel::emitSums(Value panel, Value block) {
  this->panel = panel, this->block = block;
  // Two sums for a single row, so that one does not wait for the other.
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats));
  Sums sums(rows > 1 ? rows : 2, zero);
  startPanel();
  sums = hasRuns() ? emitRuns(sums) : emitSteps(sums, index(0), columns);
  if (rows == 1)
    sums = {addF(sums[0], sums[1])};

  Value ofRows = emitRowFactors();
  if (inIntegers()) {
    Value one =
        toLanes(arith::ConstantOp::create(b, loc, b.getF32FloatAttr(unit)));
    ofRows = ofRows ? mulF(ofRows, one) : one;
  }
  for (Value &sum : sums) {
    if (ofRows)
      sum = mulF(sum, ofRows);
    if (extent)
      sum = passOnInfinite(sum);
  }
  return sums;
}

/// Adds `count` columns from `begin` on, a step at a time.
LaneKernel::Sums LaneKernel::emitSteps(Sums sums, Value begin, int64_t count) {
  int64_t step = getStep(), whole = count / step * step;
  auto getColumn = [&](Value place) -> Value {
    return arith::AddIOp::create(b, loc, begin, place);
  };
  if (whole > step)
    loopWithState(whole, step, sums, [&](Value place) {
      sums = emitColumns(sums, getColumn(place), step);
    });
  else if (whole)
    sums = emitColumns(sums, begin, step);
  if (whole < count)
    sums = emitColumns(sums, getColumn(index(whole)), count - whole);
  return sums;
}

/// Adds all columns. The sums of a run are in units of the activations' scale,
/// which multiplies them once.
LaneKernel::Sums LaneKernel::emitRuns(Sums sums) {
  auto addRun = [&](Value column, int64_t count) {
    Sums ofRun(sums.size(),
               arith::ConstantOp::create(b, loc, b.getZeroAttr(floats)));
    ofRun = emitSteps(ofRun, column, count);
    Value at = arith::DivUIOp::create(b, loc, column, index(run));
    for (auto [row, sum] : llvm::enumerate(sums))
      sum = addF(sum,
                 mulF(ofRun[row], toLanes(getScale(at, rows > 1 ? row : 0))));
  };
  int64_t whole = columns / run * run;
  if (whole)
    loopWithState(whole, run, sums, [&](Value column) { addRun(column, run); });
  if (whole < columns)
    addRun(index(whole), columns - whole);
  return sums;
}

/// The scale of run `run` of row `row`.
Value LaneKernel::getScale(Value run, int64_t row) {
  return tensor::ExtractOp::create(b, loc, op.getActivations()[1],
                                   ValueRange{block, run, index(row)});
}

/// Adds `count` columns from `column` on, which begins a step.
LaneKernel::Sums LaneKernel::emitColumns(Sums sums, Value column,
                                         int64_t count) {
  codes.clear();
  straight = count;
  for (int64_t offset = 0; offset < count; offset += form.group) {
    startGroup(column, offset);
    emitGroup(column, offset, std::min(offset + form.group, count));
    sums = finishGroup(sums, column, offset);
  }
  return sums;
}

/// Adds the columns from `offset` up to `end`, all of one group, to its sums.
void LaneKernel::emitGroup(Value column, int64_t offset, int64_t end) {
  // Long groups are loops: code for each of their columns would not fit the
  // instruction cache, and takes long to compile.
  int64_t chunk =
      form.columns * llvm::divideCeil(getLeastRun(longestRun), form.columns);
  int64_t looped = (end - offset) / chunk * chunk;
  if (form.group % form.columns == 0 && looped > chunk) {
    Value begin = add(column, offset);
    loopWithState(looped, chunk, groupSums, [&](Value place) {
      addRun(arith::AddIOp::create(b, loc, begin, place), 0, chunk);
    });
    offset += looped;
  }
  addRun(column, offset, end);
}

/// Adds the columns from `offset` up to `end` one after the other. Codes come a
/// tile of the source at a time, which may lie in several groups.
void LaneKernel::addRun(Value column, int64_t offset, int64_t end) {
  for (; offset < end; offset += laneDepth) {
    if (offset % form.columns == 0)
      readCodes(column, offset);
    addColumns(codes[offset % form.columns / laneDepth], column, offset, end);
  }
}

/// The factors of the group `offset` columns after `column`, a multiple of
/// `multiple`: where several blocks are read together, with those after it.
Value LaneKernel::readFactor(const LaneForm::Factor &form, Value column,
                             int64_t offset, int64_t multiple) {
  auto own = cast<FactorAttrInterface>(codec.getStages()[form.stage]);
  int64_t block = form.block[1];
  if (form.together == 1 || multiple % block) {
    LaneBuilder at = getBuilder(form.stage, column, offset, multiple);
    return toLanes(own.emitFactor(at));
  }
  int64_t first = offset / block / form.together * form.together;
  int64_t count = std::min<int64_t>(form.together,
                                    llvm::divideCeil(straight, block) - first);
  Value &all = together[form.stage];
  if (offset == first * block) {
    LaneBuilder at = getBuilder(form.stage, column, offset, multiple);
    at.groups = count;
    all = own.emitFactor(at);
  }
  if (count == 1)
    return all;
  return vector::ExtractStridedSliceOp::create(
      b, loc, all, ArrayRef<int64_t>{(offset / block - first) * lanes},
      ArrayRef<int64_t>{lanes}, ArrayRef<int64_t>{1});
}

/// Sets what makes weights of the values of the group `offset` columns after
/// `column`, a multiple of `multiple`.
void LaneKernel::readGroup(Value column, int64_t offset, int64_t multiple) {
  zeroPoint = factor = addend = choice = Value();
  // The stage that maps values to codes has factors where it chooses.
  unsigned end = form.choiceBits ? form.source : form.map;
  for (unsigned stage = 0; stage < end; ++stage) {
    LaneBuilder at = getBuilder(stage, column, offset, multiple);
    if (auto own = dyn_cast<ChoiceAttrInterface>(codec.getStages()[stage]))
      choice = spreadChoice(own.emitChoice(at));
    if (auto own = dyn_cast<OffsetAttrInterface>(codec.getStages()[stage])) {
      Value one = own.emitOffset(at);
      // The factors above multiply it too.
      one = factor ? mulF(one, factor) : one;
      addend = addend ? addF(addend, one) : one;
      continue;
    }
    auto own = cast<FactorAttrInterface>(codec.getStages()[stage]);
    if (own.hasZeroPoint())
      zeroPoint = toLanes(own.emitZeroPoint(at));
    const auto *ofStage =
        llvm::find_if(form.factors, [&](const LaneForm::Factor &factor) {
          return factor.stage == stage;
        });
    if (ofStage->isOfRows)
      continue;
    Value one = readFactor(*ofStage, column, offset, multiple);
    factor = factor ? mulF(factor, one) : one;
  }
}

/// What the group's values are but for the factors of whole rows.
Value LaneKernel::toWeights(Value values) {
  if (zeroPoint)
    values = arith::SubFOp::create(b, loc, values, zeroPoint);
  if (factor)
    values = arith::MulFOp::create(b, loc, values, factor);
  if (addend)
    values = arith::AddFOp::create(b, loc, values, addend);
  return values;
}

void LaneKernel::startGroup(Value column, int64_t offset) {
  groupSums.clear();
  readGroup(column, offset, getMultiple());
  if (!inIntegers()) {
    groupSums.assign(rows,
                     arith::ConstantOp::create(b, loc, b.getZeroAttr(floats)));
    groupSums.append((chains - 1) * rows, groupSums.front());
    return;
  }
  Value group = divide(column, offset, form.group);
  // The other plane, the products of both lower bytes, and the other parts.
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(integers));
  groupSums.append((planes - 1) * rows, zero);
  // Words have no offset to make up for.
  for (int64_t row = 0; row < rows; ++row)
    groupSums.push_back(inWords() ? zero
                                  : toLanes(tensor::ExtractOp::create(
                                        b, loc, op.getActivations()[2],
                                        ValueRange{block, group, index(row)})));
  if (lowTable)
    groupSums.append(rows, zero);
  groupSums.append((chains - 1) * groupSums.size(), zero);
}

/// Adds up the parts of each of the group's sums.
void LaneKernel::joinChains() {
  size_t sums = groupSums.size() / chains;
  while (groupSums.size() > sums) {
    Value part = groupSums.pop_back_val();
    Value &into = groupSums[groupSums.size() - sums];
    into = inIntegers() ? arith::AddIOp::create(b, loc, into, part).getResult()
                        : addF(into, part);
  }
}

/// Adds the columns `offset` and on, as many as are in `codes` and below
/// `limit`, to the group's sums.
void LaneKernel::addColumns(Value codes, Value column, int64_t offset,
                            int64_t limit) {
  // Of the sum at `place`, the part that the products at `step` go to.
  auto getSum = [&](int64_t step, int64_t place) -> Value & {
    return groupSums[step % chains * (groupSums.size() / chains) + place];
  };
  if (inIntegers()) {
    if (extent)
      noteInfinite(codes);
    codes = addChoice(codes);
    // Planes have the same weights.
    SmallVector<Value> weights =
        inWords() ? lookUpWords(codes)
                  : SmallVector<Value>(slices, lookUpBytes(codes, table));
    Value low;
    if (lowTable)
      low = lookUpBytes(codes, lowTable);
    for (int64_t slice = 0; slice < slices; ++slice)
      for (int64_t row = 0; row < rows; ++row) {
        Value x = readFactors(column, offset, slice, row);
        auto addTo = [&](int64_t step, int64_t place, Value weights) {
          Value &sum = getSum(step, place * rows + row);
          sum = DotOp::create(b, loc, integers, weights, x, sum);
        };
        int64_t step = offset / laneDepth;
        if (inWords())
          addTo(step * slices + slice, 0, weights[slice]);
        else
          addTo(step, slice, weights[slice]);
        if (low)
          addTo(step, slice + 1, low);
      }
    return;
  }
  for (int64_t i = 0; i < laneDepth && offset + i < limit; ++i) {
    Value weights = lookUpFloats(codes, i);
    // Without an offset the factor multiplies the sum.
    if (addend)
      weights = toWeights(weights);
    else if (zeroPoint)
      weights = arith::SubFOp::create(b, loc, weights, zeroPoint);
    for (int64_t row = 0; row < rows; ++row) {
      Value x = tensor::ExtractOp::create(
          b, loc, op.getActivations()[0],
          ValueRange{getRow(row), add(column, offset + i)});
      Value &sum = getSum(offset + i, row);
      sum = addF(sum, mulF(weights, toLanes(x)));
    }
  }
}

/// What slice `slice` of row `row` has of the four columns from `offset` after
/// `column` on: 32 bits for all lanes.
Value LaneKernel::readFactors(Value column, int64_t offset, int64_t slice,
                              int64_t row) {
  // As elements in a row: an address of its own, with constants between
  // columns.
  Value flat = tensor::CollapseShapeOp::create(
      b, loc, op.getActivations()[0],
      SmallVector<ReassociationIndices>{{0}, {1, 2, 3, 4}});
  auto type = cast<RankedTensorType>(flat.getType());
  Type element = type.getElementType();
  int64_t bits = element.getIntOrFloatBitWidth(), depth = 32 / bits;
  Value begin = column;
  if (int64_t perColumn = slices * rows * depth / laneDepth; perColumn > 1)
    begin = arith::MulIOp::create(b, loc, column, index(perColumn));
  int64_t place = (offset / laneDepth * slices + slice) * rows + row;
  Value x = vector::TransferReadOp::create(
      b, loc, VectorType::get(depth, element), flat,
      ValueRange{block, add(begin, place * depth)},
      std::optional<Value>(
          arith::ConstantOp::create(b, loc, b.getZeroAttr(element))),
      ArrayRef<bool>(true));
  x = vector::BitCastOp::create(b, loc, VectorType::get(1, b.getI32Type()), x);
  x = toLanes(vector::ExtractOp::create(b, loc, x, 0));
  return vector::BitCastOp::create(b, loc,
                                   VectorType::get(lanes * depth, element), x);
}

/// The group's sum of row `row` as f32.
Value LaneKernel::joinPlanes(int64_t row) {
  Value sum = groupSums[row];
  // The sums of 128 products of a byte and seven bits leave eight bits.
  if (planes == 2)
    sum = arith::AddIOp::create(
        b, loc, arith::ShLIOp::create(b, loc, sum, splat(b, loc, integers, 8)),
        groupSums[rows + row]);
  sum = arith::SIToFPOp::create(b, loc, floats, sum);
  if (!lowTable)
    return sum;
  Value step =
      toLanes(arith::ConstantOp::create(b, loc, b.getF32FloatAttr(256)));
  Value low =
      arith::SIToFPOp::create(b, loc, floats, groupSums[2 * rows + row]);
  return addF(mulF(sum, step), low);
}

/// Makes sums of products with weights of the group that begins at `offset`,
/// and adds them to `sums`.
LaneKernel::Sums LaneKernel::finishGroup(Sums sums, Value column,
                                         int64_t offset) {
  joinChains();
  Value group = divide(column, offset, form.group);
  // The sum of the activations in units of the bytes, times `sign`.
  auto getTotal = [&](int64_t row, float sign) {
    Value total = tensor::ExtractOp::create(
        b, loc, op.getActivations()[3], ValueRange{block, group, index(row)});
    Value inUnits =
        arith::ConstantOp::create(b, loc, b.getF32FloatAttr(sign / unit));
    return toLanes(arith::MulFOp::create(b, loc, total, inUnits));
  };
  for (int64_t row = 0; row < rows; ++row) {
    Value &into = rows > 1 ? sums[row] : sums[offset / form.group % 2];
    Value sum = groupSums[row], scale = factor;
    if (!inIntegers()) {
      into = addF(into, factor && !addend ? mulF(sum, factor) : sum);
      continue;
    }
    sum = joinPlanes(row);
    if (zeroPoint)
      sum = addF(sum, mulF(zeroPoint, getTotal(row, -1)));
    if (addend) {
      if (factor)
        sum = mulF(sum, factor);
      sum = addF(sum, mulF(addend, getTotal(row, 1)));
      scale = Value();
    }
    if (!hasRuns()) {
      Value x = toLanes(getScale(group, row));
      scale = scale ? mulF(scale, x) : x;
    }
    into = addF(into, scale ? mulF(sum, scale) : sum);
  }
  return sums;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

int64_t LaneKernel::getChunk(int64_t multiple) const {
  return std::lcm(form.columns, multiple);
}

SmallVector<Value> LaneKernel::emitWeights(Value panel, Value column,
                                           int64_t chunk, int64_t count) {
  this->panel = panel;
  straight = count;
  // So many columns from a multiple of as many on share all factors.
  int64_t run = std::gcd(form.group, chunk);
  SmallVector<Value> weights;
  for (int64_t offset = 0; offset < count; offset += laneDepth) {
    if (offset % form.columns == 0)
      readCodes(column, offset);
    if (offset % run == 0)
      readGroup(column, offset, chunk);
    for (int64_t i = 0; i < std::min(laneDepth, count - offset); ++i)
      weights.push_back(
          toWeights(lookUpFloats(codes[offset % form.columns / laneDepth], i)));
  }
  return weights;
}

Value LaneKernel::emitRowFactors(Value panel) {
  this->panel = panel;
  return emitRowFactors();
}

LaneBuilder LaneKernel::getBuilder(unsigned stage, Value column, int64_t offset,
                                   int64_t multiple) {
  LaneBuilder at(b, loc, shape, lanes, laneDepth, op);
  at.input = inputs[stage];
  at.parts = parts[stage];
  at.panel = panel;
  at.moveTo(column, offset, multiple);
  return at;
}

/// The product of the factors of whole rows; null where there is none.
Value LaneKernel::emitRowFactors() {
  Value product;
  for (const LaneForm::Factor &factor : form.factors) {
    if (!factor.isOfRows)
      continue;
    LaneBuilder at = getBuilder(factor.stage, index(0));
    Value one =
        toLanes(cast<FactorAttrInterface>(codec.getStages()[factor.stage])
                    .emitFactor(at));
    product = product ? mulF(product, one) : one;
  }
  return product;
}

/// The place of row `row` of the block, of which there may be less: the last
/// one instead.
Value LaneKernel::getRow(int64_t row) {
  Value place = add(arith::MulIOp::create(b, loc, block, index(rows)), row);
  if (rows == 1)
    return place;
  Value height = tensor::DimOp::create(b, loc, op.getInit(), 0);
  Value last = arith::SubIOp::create(b, loc, height, index(1));
  return arith::MinUIOp::create(b, loc, place, last);
}

/// Tables of more entries are computed where they can be.
static constexpr size_t longestTable = 32;

/// What to add to each code, modulo their number, to get its byte: codes of
/// integers. Nothing where that is not so, or a table is short.
static std::optional<int64_t> getDistance(const ByteTable &table) {
  ArrayRef<uint8_t> bytes = table.bytes;
  if (bytes.size() <= longestTable || table.error != 0 || !table.low.empty())
    return std::nullopt;
  for (size_t code = 0; code < bytes.size(); ++code)
    if (bytes[code] != (code + bytes[0]) % bytes.size())
      return std::nullopt;
  return bytes[0];
}

/// `codes` plus `distance`, modulo `count`.
static Value addToCodes(OpBuilder &b, Location loc, Value codes,
                        int64_t distance, int64_t count) {
  auto type = cast<VectorType>(codes.getType());
  if (distance)
    codes = arith::AddIOp::create(b, loc, codes, splat(b, loc, type, distance));
  int64_t values = int64_t(1) << type.getElementTypeBitWidth();
  return count == values ? codes
                         : arith::AndIOp::create(b, loc, codes,
                                                 splat(b, loc, type, count - 1))
                               .getResult();
}

/// A choice for each lane as the upper bits of its codes' bytes.
Value LaneKernel::spreadChoice(Value choice) {
  Value words = arith::ExtUIOp::create(b, loc, integers, choice);
  words = arith::MulIOp::create(
      b, loc, words,
      splat(b, loc, integers, static_cast<int32_t>(0x01010101u << form.bits)));
  return vector::BitCastOp::create(b, loc, byteType, words);
}

/// `codes` with the group's choice above them, where there is one.
Value LaneKernel::addChoice(Value codes) {
  if (!choice)
    return codes;
  codes = arith::AndIOp::create(
      b, loc, codes, splat(b, loc, byteType, (int64_t(1) << form.bits) - 1));
  return arith::OrIOp::create(b, loc, codes, choice);
}

Value LaneKernel::lookUpBytes(Value codes, Value table) {
  if (std::optional<int64_t> distance = getDistance(bytes))
    return addToCodes(b, loc, codes, *distance, bytes.bytes.size());
  return LookupOp::create(b, loc, byteType, codes, table);
}

/// The 16-bit integers of the even bytes of `codes`, and of the odd ones.
SmallVector<Value> LaneKernel::lookUpWords(Value codes) {
  auto type = VectorType::get(byteType.getNumElements(), b.getI16Type());
  Value words = LookupOp::create(b, loc, type, codes, wordTable);
  auto both = vector::DeinterleaveOp::create(b, loc, words);
  return {both->result_begin(), both->result_end()};
}

/// Raises the extent to that of `codes`.
void LaneKernel::noteInfinite(Value codes) {
  Value own = codes;
  if (form.infinite->mask != 0xFF)
    own = arith::AndIOp::create(b, loc, codes,
                                splat(b, loc, byteType, form.infinite->mask));
  extent = arith::MaxUIOp::create(b, loc, extent, own);
}

/// `sum`, or NaN in lanes whose codes were not all of finite values.
Value LaneKernel::passOnInfinite(Value sum) {
  Value isInfinite =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, extent,
                            splat(b, loc, byteType, form.infinite->least));
  Value bytes = arith::ExtSIOp::create(b, loc, byteType, isInfinite);
  Value words = vector::BitCastOp::create(b, loc, integers, bytes);
  Value hasAny = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, words,
                                       splat(b, loc, integers, 0));
  Value nan = toLanes(arith::ConstantOp::create(
      b, loc, b.getF32FloatAttr(std::numeric_limits<float>::quiet_NaN())));
  return arith::SelectOp::create(b, loc, hasAny, nan, sum);
}

/// Looks values up in two tables of bytes, where they have no other digits.
void LaneKernel::chooseHalves() {
  if (form.values.size() <= longestPermute)
    return;
  SmallVector<float> values(form.values);
  // Those that stand for nothing finite too.
  if (!form.choiceBits)
    values = getCodeValues(
        codec.getStages().slice(form.map, form.source - form.map),
        ArrayRef(inputs).slice(form.map, form.source - form.map), 2);
  SmallVector<uint8_t> upper, lower;
  for (float value : values) {
    uint32_t bits = llvm::bit_cast<uint32_t>(value);
    if (bits & 0xFFFF)
      return;
    upper.push_back(bits >> 24);
    lower.push_back(bits >> 16);
  }
  upperHalves = getBytes(upper);
  lowerHalves = getBytes(lower);
}

/// The values of byte `place` of each lane's codes, whose upper bytes are
/// looked up: a pair of them is in the words that both bytes make of two codes.
Value LaneKernel::joinHalves(Value codes, int64_t place) {
  Value upper = LookupOp::create(b, loc, byteType, codes, upperHalves);
  Value lower = LookupOp::create(b, loc, byteType, codes, lowerHalves);
  SmallVector<int64_t> order;
  int64_t count = byteType.getNumElements(), first = place / 2 * 2;
  for (int64_t lane = 0; lane < count; lane += laneDepth)
    for (int64_t code : {lane + first, lane + first + 1})
      order.append({count + code, code});
  Value pairs = vector::ShuffleOp::create(b, loc, upper, lower, order);
  pairs = vector::BitCastOp::create(b, loc, integers, pairs);
  if (place % 2)
    pairs =
        arith::AndIOp::create(b, loc, pairs, splat(b, loc, integers, -0x10000));
  else
    pairs = arith::ShLIOp::create(b, loc, pairs, splat(b, loc, integers, 16));
  return vector::BitCastOp::create(b, loc, floats, pairs);
}

/// The values of byte `place` of each lane's codes.
Value LaneKernel::lookUpFloats(Value codes, int64_t place) {
  Value words = vector::BitCastOp::create(b, loc, integers, addChoice(codes));
  if (place)
    words = arith::ShRUIOp::create(b, loc, words,
                                   splat(b, loc, integers, 8 * place));
  std::optional<int64_t> distance = getDistance(bytes);
  if (!distance && upperHalves)
    return joinHalves(addChoice(codes), place);
  if (!distance && !choice && form.values.size() > longestPermute) {
    // As along a row: by arithmetic where that is shorter.
    Value own = arith::TruncIOp::create(
        b, loc, VectorType::get(lanes, b.getI8Type()), words);
    if (form.bits < 8)
      own = arith::AndIOp::create(
          b, loc, own,
          splat(b, loc, cast<VectorType>(own.getType()), (1 << form.bits) - 1));
    // Stages that map values and codes, as the form says.
    for (unsigned stage = form.source; stage-- > form.map;) {
      LaneBuilder at = getBuilder(stage, index(0));
      own = *codec.getStages()[stage].emitDecode(at, own);
    }
    return own;
  }
  if (!distance)
    return LookupOp::create(b, loc, floats, words, table);
  words = addToCodes(b, loc, words, *distance, bytes.bytes.size());
  words = arith::SubIOp::create(b, loc, words,
                                splat(b, loc, integers, bytes.offset));
  Value values = arith::SIToFPOp::create(b, loc, floats, words);
  if (bytes.unit == 1)
    return values;
  Value unit = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(bytes.unit));
  return arith::MulFOp::create(b, loc, values, toLanes(unit));
}
