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
//===----------------------------------------------------------------------===//
#include "KernelBuilder.h"
#include "PackedTables.h"
#include "RegisterKernel.h"

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
  ScaledKernel(ProductEmitter &e, const ScaledCodes &form,
               const CodeDomain &codes)
      : RegisterKernel(e), form(form), codes(codes),
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

  int64_t getSections(int64_t width) const;
  int64_t getTiles(int64_t sections) const;
  Value arrange(Value plane, int64_t count);
  FailureOr<SmallVector<Value>> readWeight(Value row, Value column,
                                           Value isValid, int64_t count,
                                           int64_t size);
  SmallVector<Value> readActivation(int64_t tile, Value column, Value isValid,
                                    int64_t count, int64_t size);

  const ScaledCodes &form;
  const CodeDomain &codes;
  int64_t field;
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

/// How many of the four lanes of a row have factors of their own, where each
/// takes `width` columns; 0 where a lane's factors change in the midst of them.
int64_t ScaledKernel::getSections(int64_t width) const {
  int64_t columns = form.group;
  if (columns && columns % width && (width % columns || columns % 4))
    return 0;
  for (int64_t sections : {1, 2})
    if (columns % (4 * width / sections) == 0)
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
  // sections take more tiles for the same products. In sixteenths of an
  // instruction for each weight: a tile's products, activations and their
  // order, and what a window takes for addresses and factors.
  int64_t most =
      std::min<int64_t>(llvm::bit_floor<uint64_t>(128 / form.bits), 32);
  int64_t least = std::max<int64_t>(32 / field, 4);
  int64_t bestCost = 0;
  for (int64_t candidate = most; candidate >= least; candidate /= 2) {
    int64_t its = getSections(candidate);
    int64_t cost = 7 * getTiles(its) + 112 / candidate;
    if (!its || candidate % granule || getTiles(its) > mostTiles ||
        (width && cost >= bestCost))
      continue;
    bestCost = cost;
    width = candidate;
    sections = its;
    tiles = getTiles(its);
  }
  if (!width)
    return false;
  run = width;
  together = most / width;
  chooseWarps();
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
  Value none = e.getPointer(zeros, e.index(0), 1);
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
    SmallVector<APFloat> entries;
    for (float value : table) {
      APFloat entry(value);
      bool isInexact;
      entry.convert(e.domain.element.getFloatSemantics(),
                    APFloat::rmNearestTiesToEven, &isInexact);
      entries.push_back(entry);
    }
    auto type = VectorType::get(entries.size(), e.domain.element);
    Value constant =
        arith::ConstantOp::create(b, DenseElementsAttr::get(type, entries));
    Value plane = LookupOp::create(b, VectorType::get(width, e.domain.element),
                                   *read, constant);
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
  SmallVector<SmallVector<Value>> weights;
  for (Value row : weightRows) {
    auto planes = readWeight(row, column, isValid, count, size);
    if (failed(planes))
      return failure();
    weights.push_back(*planes);
  }
  SmallVector<SmallVector<Value>> xs;
  for (int64_t tile = 0; tile < tiles; ++tile)
    xs.push_back(readActivation(tile, column, isValid, count, size));

  int64_t length = form.group ? std::min(form.group, size) : size;
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  for (int64_t begin = 0; begin < size; begin += length) {
    int64_t end = std::min(begin + length, size);
    Value factors[2];
    for (auto [row, factor] : llvm::zip(weightRows, factors)) {
      if (!form.group)
        continue;
      auto read = reader->readGroupFactor(row, e.add(column, begin));
      if (failed(read))
        return failure();
      factor = *read;
    }
    for (int64_t tile = 0; tile < tiles; ++tile) {
      MutableArrayRef<Value> tileSums(sums.begin() + 4 * tile, 4);
      if (!form.group) {
        llvm::copy(multiply(weights, xs[tile], begin, end, Sums(tileSums)),
                   tileSums.begin());
        continue;
      }
      Sums added = multiply(weights, xs[tile], begin, end, Sums(4, zero));
      for (auto [i, sum] : llvm::enumerate(tileSums))
        sum = math::FmaOp::create(b, added[i], factors[i / 2], sum);
    }
  }
  return sums;
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
