//===- SharedKernel.cpp - Products with operands in shared memory ---------===//
//
// For many rows of the activation, where products are what takes time: a block
// decodes each weight once for all its rows of the activation. Also for weights
// that are stored the other way, and for products of two dense operands.
//
// A step of a block takes several runs of columns side by side, a window of
// each. A run is what a decoder goes through one window after the other; where
// it has no state, a run is a window, and where rows are not decoded at all, it
// is eight columns. The order of k is free, so that the windows of a step lie
// in shared memory as if they were neighbours. Operands have two stages: while
// some warps multiply one, others fill the next. What needs no conversion is
// copied asynchronously, further ahead.
//
//===----------------------------------------------------------------------===//
#include "Kernels.h"
#include "SharedTile.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;

namespace {

using Values = SmallVector<Value>;

constexpr int64_t slabSize = SharedTile::slabSize;
constexpr int64_t warps = 8, threads = 32 * warps;
/// Warps along the weight's rows; the others lie along the activation's.
constexpr int64_t rowWarps = 4, columnWarps = warps / rowWarps;
/// Bytes of an asynchronous copy, and the elements that they are.
constexpr int64_t copyBytes = 16, perCopy = copyBytes / 2;
/// Columns that are read together where rows are not decoded.
constexpr int64_t denseRun = perCopy;

/// An operand and its tile.
struct Side {
  bool isWeight = false;
  SharedTile tile;
  /// Whether the elements that lie together are neighbours of a row.
  bool isAlongDepth = true;
  /// Whether it is copied asynchronously, but for the tail.
  bool mayCopy = false;
  /// The block's first row, and how many there are at all.
  Value first, rows;
  /// How many rows lie side by side in memory, or kDynamic.
  int64_t neighbours = 0;
};

class SharedKernel {
public:
  explicit SharedKernel(ProductEmitter &e) : e(e), b(e.b) { w.isWeight = true; }
  FailureOr<bool> emit(int64_t sharedMemory);

private:
  /// Where columns of a step are in the operands, those of a run from its
  /// `at`th in this window on; and whether they are there, null where they
  /// always are.
  using Place = std::function<std::pair<Value, Value>(Value run, Value at)>;

  bool choose(int64_t sharedMemory);
  bool chooseWindows();
  bool chooseCopies(Side &side, Type source);
  int64_t getBytes();

  Values emitRuns(Values sums);
  Values emitTail(Values sums);
  Values emitColumns(Value firstStep, ArrayRef<Value> indices,
                     ArrayRef<Value> isValid, int64_t length, Values sums);
  Values emitStep(Value step, ArrayRef<Value> columns, ArrayRef<Value> isValid,
                  int64_t count, Values sums);
  bool isCopied(const Side &side) const { return side.mayCopy && !inTail; }
  void copyAhead(Value step);
  Place getPlace(Value step, int64_t count);
  std::pair<Value, Value> getItem(int64_t item);
  void fillDecodedRows(Value stage, ArrayRef<Value> columns,
                       ArrayRef<Value> isValid, int64_t count);
  void fillDecodedColumns(Value step, int64_t count);
  void decodeColumn(Value stage, Value row, Value column, Value isValid,
                    Value stepColumn);
  void fillDense(Side &side, Value step, int64_t count);
  void fillPiece(Side &side, Value stage, int64_t piece, Value row,
                 Value stepColumn, const Place &place);
  void forEachItem(int64_t total, function_ref<void(Value)> body);
  void store(Side &side, Value stage, int64_t plane, Value row,
             Value stepColumn, Value values);
  Values multiplyStage(Value wStage, Value xStage, Values sums);
  void storeResults(const Values &sums);

  Value when(Value condition, Value otherCondition);

  ProductEmitter &e;
  KernelBuilder &b;
  /// Columns that are decoded together; of a run; runs of a step.
  int64_t width, run, runs;
  /// Columns of a step, and its slabs.
  int64_t stepColumns, slabs;
  /// Windows of a run, and rounds of `runs` runs.
  int64_t windows, rounds;
  /// Rows of a block's tiles.
  int64_t wRows = 128, xRows;
  /// Windows of the weight that a thread decodes in a step.
  int64_t items = 0;
  /// Whether the weight's rows are decoded along their columns, and if its
  /// columns are along its rows, how many rows together and in one run.
  bool decodesRows;
  int64_t rowWidth = 0, rowRun = 0;
  /// Whether that is behind the last whole run.
  bool inTail = false;
  Side w, x;
  Value memory, thread, lane, warp;
};

} // namespace

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// What is decoded together. Fails where a block cannot share it.
bool SharedKernel::chooseWindows() {
  width = run = denseRun, windows = 1;
  if (!e.product.decode)
    return true;
  auto type =
      cast<CompressedTensorType>(e.product.decode.getSource().getType());
  int64_t own =
      getDecoderWidth(e.product.decode, type, slabSize, /*isScalar=*/true);
  int64_t chunk =
      std::max(own, type.getCodec().getChunk(type.getRank(), e.product.decode));
  if (decodesRows) {
    width = own, run = chunk;
    windows = run / width;
    return true;
  }
  rowWidth = own, rowRun = chunk;
  return wRows % rowRun == 0;
}

/// Whether `side`, an array of `source`, is as it is to be in shared memory, in
/// pieces of 16 bytes.
bool SharedKernel::chooseCopies(Side &side, Type source) {
  if (source != e.domain.element)
    return false;
  if (!side.isAlongDepth)
    return !ShapedType::isDynamic(side.neighbours) &&
           side.neighbours % perCopy == 0;
  return e.depth >= run && width % perCopy == 0 && e.depth % perCopy == 0;
}

bool SharedKernel::choose(int64_t sharedMemory) {
  w.isAlongDepth = e.product.isWeightAlongDepth();
  x.isAlongDepth = e.product.isActivationAlongDepth();
  // Of several dimensions that are rows those of the last one are neighbours;
  // none are where the array has another dimension last.
  auto getNeighbours = [](Value array, bool areNeighbours) {
    return areNeighbours ? cast<ShapedType>(array.getType()).getShape().back()
                         : ShapedType::kDynamic;
  };
  w.neighbours = getNeighbours(e.product.weight,
                               e.product.wLoops.back() == e.product.columnLoop);
  ArrayRef<unsigned> rowLoops = e.product.rowLoops;
  x.neighbours = getNeighbours(e.product.activation,
                               !rowLoops.empty() &&
                                   e.product.xLoops.back() == rowLoops.back());
  decodesRows = e.product.decode && w.isAlongDepth;
  if (!chooseWindows())
    return false;
  auto elementOf = [](Value value) {
    return getElementTypeOrSelf(value.getType());
  };
  x.mayCopy = chooseCopies(x, elementOf(e.product.activation));
  w.mayCopy = !e.product.decode && chooseCopies(w, elementOf(e.product.weight));
  w.tile.planes = e.domain.wPlanes, x.tile.planes = e.domain.xPlanes;
  for (Side *side : {&w, &x}) {
    side->tile.stages = side->mayCopy ? 3 : 2;
    side->tile.isAlongDepth = side->isAlongDepth;
    side->tile.element = e.domain.element;
  }

  // The largest that fits. Two windows for each thread at most: one where the
  // decoder has a state, or windows or planes are many.
  bool isKnown = !ShapedType::isDynamic(e.staticHeight);
  int64_t most = isKnown && e.staticHeight <= 64 ? 64 : 128;
  if (isKnown && !decodesRows && x.isAlongDepth)
    while (most > 16 && e.staticHeight <= most / 2)
      most /= 2;
  bool isOne = windows > 1 || width > 16 || x.tile.planes + w.tile.planes > 2;
  for (int64_t rows : {most, std::min<int64_t>(most, 64)})
    for (int64_t fewer : {isOne ? 1 : 2, 1, 0}) {
      xRows = rows;
      runs = decodesRows ? std::max<int64_t>(1, fewer * threads / wRows)
                         : (fewer == 2   ? 64
                            : fewer == 1 ? 32
                                         : 16) /
                               width;
      while (width * runs % slabSize)
        ++runs;
      stepColumns = width * runs;
      slabs = stepColumns / slabSize;
      rounds = llvm::divideCeil(e.depth / run, runs);
      items = decodesRows ? llvm::divideCeil(wRows * runs, threads) : 0;
      w.tile.rows = wRows, x.tile.rows = xRows;
      w.tile.columns = x.tile.columns = stepColumns;
      if (getBytes() <= sharedMemory && (windows == 1 || items == 1))
        return true;
    }
  return false;
}

int64_t SharedKernel::getBytes() {
  int64_t results = wRows * xRows * 4;
  return std::max(w.tile.getBytes() + x.tile.getBytes(), results);
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

FailureOr<bool> SharedKernel::emit(int64_t sharedMemory) {
  if (!choose(sharedMemory))
    return false;
  if (e.product.decode && failed(e.makeDecoder(decodesRows ? width : rowWidth)))
    return failure();
  int64_t blocks = llvm::divideCeil(e.rows, wRows);
  Value gridX = e.index(blocks);
  Value gridY = e.div(e.add(e.height, xRows - 1), xRows);
  if (!ShapedType::isDynamic(e.staticHeight))
    e.split(e.chooseSplits(blocks * llvm::divideCeil(e.staticHeight, xRows),
                           rounds));
  gpu::LaunchOp launch = e.enter(gridX, gridY, threads, getBytes());
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  memory = gpu::DynamicSharedMemoryOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type(),
                         MemRefLayoutAttrInterface(), space));
  Value pointer = b.getShared(memory);
  w.tile.setBegin(pointer);
  x.tile.setBegin(b.at(pointer, w.tile.getBytes()));
  thread = launch.getThreadIds().x;
  lane = e.rem(thread, 32), warp = e.div(thread, 32);
  w.first = e.mul(launch.getBlockIds().x, wRows);
  x.first = e.mul(launch.getBlockIds().y, xRows);
  w.rows = e.index(e.rows), x.rows = e.height;

  Value zero = b.f32(0);
  Values sums(wRows * xRows / threads, zero);
  sums = emitRuns(sums);
  sums = emitTail(sums);
  storeResults(sums);
  e.leave(launch);
  return true;
}

/// Both where there are two.
Value SharedKernel::when(Value condition, Value otherCondition) {
  if (!condition || !otherCondition)
    return condition ? condition : otherCondition;
  return arith::AndIOp::create(b, condition, otherCondition);
}

/// Row and run of a window that this thread decodes in each step: rows vary
/// fastest.
std::pair<Value, Value> SharedKernel::getItem(int64_t item) {
  Value number = e.add(thread, item * threads);
  return {e.rem(number, wRows), e.div(number, wRows)};
}

Values SharedKernel::emitRuns(Values sums) {
  if (!rounds)
    return sums;
  Value begin = e.index(0), end = e.index(rounds);
  if (e.parts > 1) {
    int64_t perPart = llvm::divideCeil(rounds, e.parts);
    begin = e.mul(e.part, perPart);
    end = e.least(e.add(begin, perPart), end);
  }
  Value firstStep = e.mul(begin, windows);
  if (w.mayCopy || x.mayCopy)
    for (int64_t stage : {0, 1})
      copyAhead(e.add(firstStep, stage));
  int64_t wholeRuns = e.depth / run;
  auto loop = scf::ForOp::create(
      b, begin, end, e.index(1), sums,
      [&](OpBuilder &, Location, Value round, ValueRange carried) {
        Values indices, isValid;
        for (int64_t i = 0; i < items; ++i) {
          Value index = e.add(e.mul(round, runs), getItem(i).second);
          isValid.push_back(nullptr);
          // Runs beyond the last whole one are that one, times zero.
          if (wholeRuns % runs || wRows * runs % threads) {
            isValid.back() = e.lessThan(index, e.index(wholeRuns));
            index = e.least(index, e.index(wholeRuns - 1));
          }
          indices.push_back(index);
        }
        scf::YieldOp::create(b, b.getLoc(),
                             emitColumns(e.mul(round, windows), indices,
                                         isValid, run, Values(carried)));
      });
  return Values(loop.result_begin(), loop.result_end());
}

/// The steps of `length` columns of runs, one after the other.
Values SharedKernel::emitColumns(Value firstStep, ArrayRef<Value> indices,
                                 ArrayRef<Value> isValid, int64_t length,
                                 Values sums) {
  Values begins;
  for (Value index : indices)
    begins.push_back(e.mul(index, run));
  if (length == width)
    return emitStep(firstStep, begins, isValid, width, sums);
  // The decoder carries its state along this loop, so there is only one.
  Value begin = llvm::getSingleElement(begins);
  auto loop = scf::ForOp::create(
      b, begin, e.add(begin, length), e.index(width), sums,
      [&](OpBuilder &, Location, Value column, ValueRange carried) {
        Value step = e.add(
            firstStep, e.div(arith::SubIOp::create(b, column, begin), width));
        scf::YieldOp::create(
            b, b.getLoc(),
            emitStep(step, column, isValid, width, Values(carried)));
      });
  return Values(loop.result_begin(), loop.result_end());
}

/// The columns behind the last whole run: windows of one run, of which the
/// last one may be short. Other runs of the step are zeros.
Values SharedKernel::emitTail(Values sums) {
  int64_t rest = e.depth % run;
  if (!rest)
    return sums;
  // One of the blocks with a part of the columns adds these.
  Value isMine;
  if (e.parts > 1)
    isMine = e.lessThan(e.part, e.index(1));
  Values indices, isValid;
  for (int64_t i = 0; i < items; ++i) {
    isValid.push_back(when(e.lessThan(getItem(i).second, e.index(1)), isMine));
    indices.push_back(e.index(e.depth / run));
  }
  if (w.mayCopy || x.mayCopy)
    b.waitCopies(0);
  inTail = true;
  b.barrier();
  Value step = e.index(rounds * windows);
  int64_t whole = rest / width * width;
  if (whole)
    sums = emitColumns(step, indices, isValid, whole, sums);
  if (int64_t count = rest % width) {
    Values columns(items, e.index(e.depth - count));
    sums = emitStep(e.add(step, whole / width), columns, isValid, count, sums);
  }
  return sums;
}

/// A step whose windows of the weight, one for each item of this thread where
/// rows are decoded, are at `columns`, of `count` columns.
Values SharedKernel::emitStep(Value step, ArrayRef<Value> columns,
                              ArrayRef<Value> isValid, int64_t count,
                              Values sums) {
  Value wStage = e.rem(step, w.tile.stages);
  Value xStage = e.rem(step, x.tile.stages);
  if (decodesRows)
    fillDecodedRows(wStage, columns, isValid, count);
  else if (e.product.decode)
    fillDecodedColumns(step, count);
  else if (!isCopied(w))
    fillDense(w, step, count);
  if (!isCopied(x))
    fillDense(x, step, count);
  bool copies = isCopied(w) || isCopied(x);
  if (copies)
    b.waitCopies(1);
  b.barrier();
  // What was multiplied before the barrier makes room.
  if (copies)
    copyAhead(e.add(step, 2));
  return multiplyStage(wStage, xStage, std::move(sums));
}

/// Begins to copy what a later step multiplies.
void SharedKernel::copyAhead(Value step) {
  for (Side *side : {&w, &x})
    if (isCopied(*side))
      fillDense(*side, step, width);
  b.commitCopies();
}

//===----------------------------------------------------------------------===//
// Filling shared memory
//===----------------------------------------------------------------------===//

/// Where the columns of `step` are; of a step of the tail only the first run
/// has any, `count` of them.
SharedKernel::Place SharedKernel::getPlace(Value step, int64_t count) {
  int64_t wholeRuns = e.depth / run;
  if (inTail) {
    Value begin = e.add(
        e.mul(arith::SubIOp::create(b, step, e.index(rounds * windows)), width),
        wholeRuns * run);
    return [this, begin, count](Value runIndex, Value at) {
      Value isValid = when(e.lessThan(runIndex, e.index(1)),
                           e.lessThan(at, e.index(count)));
      if (e.parts > 1)
        isValid = when(isValid, e.lessThan(e.part, e.index(1)));
      Value place = b.createOrFold<arith::SelectOp>(isValid, at, e.index(0));
      return std::make_pair(e.add(begin, place), isValid);
    };
  }
  Value round = e.div(step, windows), window = e.rem(step, windows);
  return [this, round, window, wholeRuns](Value runIndex, Value at) {
    Value index = e.add(e.mul(round, runs), runIndex), isValid;
    // What is copied ahead may be beyond the end.
    if (w.mayCopy || x.mayCopy || wholeRuns % runs) {
      isValid = e.lessThan(index, e.index(wholeRuns));
      index = e.least(index, e.index(wholeRuns - 1));
    }
    Value column = e.add(e.mul(index, run), e.mul(window, width));
    return std::make_pair(e.add(column, at), isValid);
  };
}

/// Calls `body` for the numbers of `total` items that are this thread's.
void SharedKernel::forEachItem(int64_t total, function_ref<void(Value)> body) {
  int64_t whole = total / threads * threads;
  for (int64_t at = 0; at < whole; at += threads)
    body(e.add(thread, at));
  if (whole == total)
    return;
  Value number = e.add(thread, whole);
  b.when(Int(b, e.lessThan(number, e.index(total))), [&] { body(number); });
}

/// Stores `values` for `row` and the columns of the step from `stepColumn` on,
/// or the rows from `row` on.
void SharedKernel::store(Side &side, Value stage, int64_t plane, Value row,
                         Value stepColumn, Value values) {
  int64_t size = cast<VectorType>(values.getType()).getNumElements() * 2;
  Value pointer = side.tile.getPointer(b, b.toI32(stage), plane, b.toI32(row),
                                       b.toI32(stepColumn));
  b.store(values, pointer, std::gcd(size, copyBytes));
}

/// Elements `from` to `from` + `count` of a vector.
static Value slice(KernelBuilder &b, Value values, int64_t from,
                   int64_t count) {
  return vector::ExtractStridedSliceOp::create(b, values, from, count,
                                               ArrayRef<int64_t>{1});
}

void SharedKernel::fillDecodedRows(Value stage, ArrayRef<Value> columns,
                                   ArrayRef<Value> isValid, int64_t count) {
  int64_t piece = std::gcd(width, perCopy);
  for (int64_t i = 0; i < items; ++i) {
    auto [row, runIndex] = getItem(i);
    auto emit = [&, row = row, runIndex = runIndex] {
      Value place = e.least(e.add(w.first, row), e.index(e.rows - 1));
      Values planes = e.getPlanes(e.readWeight(place, columns[i], count),
                                  w.tile.planes, isValid[i], width);
      Value first = e.mul(runIndex, width);
      for (auto [plane, values] : llvm::enumerate(planes))
        for (int64_t at = 0; at < width; at += piece)
          store(w, stage, plane, row, e.add(first, at),
                slice(b, values, at, piece));
    };
    if ((i + 1) * threads <= wRows * runs)
      emit();
    else // Fewer windows than threads.
      b.when(Int(b, e.lessThan(runIndex, e.index(runs))), emit);
  }
}

/// A run of rows for each column: what is decoded together lies in rows side by
/// side.
void SharedKernel::fillDecodedColumns(Value step, int64_t count) {
  Value stage = e.rem(step, w.tile.stages);
  Place place = getPlace(step, count);
  int64_t perColumn = wRows / rowRun;
  forEachItem(perColumn * stepColumns, [&](Value number) {
    Value stepColumn = e.div(number, perColumn);
    Value row = e.mul(e.rem(number, perColumn), rowRun);
    auto [column, isValid] =
        place(e.div(stepColumn, width), e.rem(stepColumn, width));
    if (rowRun == rowWidth)
      return decodeColumn(stage, row, column, isValid, stepColumn);
    // The decoder carries its state along this loop, of rows of the weight.
    Value begin = e.add(w.first, row);
    scf::ForOp::create(
        b, begin, e.add(begin, rowRun), e.index(rowWidth), ValueRange{},
        [&, column = column, isValid = isValid](OpBuilder &, Location,
                                                Value weightRow, ValueRange) {
          decodeColumn(stage, arith::SubIOp::create(b, weightRow, w.first),
                       column, isValid, stepColumn);
          scf::YieldOp::create(b, b.getLoc());
        });
  });
}

/// Decodes the rows of the block from `row` on that lie together, as far as
/// there are any. What is stored for others is in sums that nobody stores.
void SharedKernel::decodeColumn(Value stage, Value row, Value column,
                                Value isValid, Value stepColumn) {
  Value first = e.add(w.first, row);
  int64_t rest = e.rows % rowWidth;
  auto decode = [&](Value from, int64_t count) {
    Values planes = e.getPlanes(e.readWeight(from, column, count),
                                w.tile.planes, isValid, rowWidth);
    int64_t piece = std::gcd(rowWidth, perCopy);
    for (auto [plane, values] : llvm::enumerate(planes))
      for (int64_t at = 0; at < rowWidth; at += piece)
        store(w, stage, plane, e.add(row, at), stepColumn,
              slice(b, values, at, piece));
  };
  if (e.rows >= rowWidth)
    b.when(Int(b, e.lessThan(first, e.index(e.rows - rowWidth + 1))),
           [&] { decode(first, rowWidth); });
  if (rest)
    b.when(Int(b, first) == e.rows - rest,
           [&] { decode(e.index(e.rows - rest), rest); });
}

/// Fills a stage with what is not decoded, piece by piece.
void SharedKernel::fillDense(Side &side, Value step, int64_t count) {
  Value stage = e.rem(step, side.tile.stages);
  Place place = getPlace(step, count);
  int64_t rows = side.tile.rows;
  if (side.isAlongDepth) {
    int64_t piece = std::gcd(std::gcd(width, slabSize), perCopy);
    if (inTail)
      piece = std::gcd(piece, count);
    int64_t perRow = stepColumns / piece;
    return forEachItem(perRow * rows, [&](Value number) {
      fillPiece(side, stage, piece, e.div(number, perRow),
                e.mul(e.rem(number, perRow), piece), place);
    });
  }
  int64_t piece = ShapedType::isDynamic(side.neighbours)
                      ? 1
                      : std::gcd(side.neighbours, perCopy);
  int64_t perColumn = rows / piece;
  forEachItem(perColumn * stepColumns, [&](Value number) {
    fillPiece(side, stage, piece, e.mul(e.rem(number, perColumn), piece),
              e.div(number, perColumn), place);
  });
}

/// Brings a piece to this row and column of the tile; zeros for columns that
/// there are not, anything for such rows.
void SharedKernel::fillPiece(Side &side, Value stage, int64_t piece, Value row,
                             Value stepColumn, const Place &place) {
  auto [column, isValid] =
      place(e.div(stepColumn, width), e.rem(stepColumn, width));
  int64_t together = side.isAlongDepth ? 1 : piece;
  Value last = arith::SubIOp::create(b, side.rows, e.index(together));
  Value from = e.least(e.add(side.first, row), last);
  if (isCopied(side)) {
    Value source = side.isWeight ? e.getWeightPointer(from, column)
                                 : e.getActivationPointer(from, column);
    Int condition = isValid ? Int(b, isValid) : Int();
    b.copyAsync(side.tile.getPointer(b, b.toI32(stage), 0, b.toI32(row),
                                     b.toI32(stepColumn)),
                source, copyBytes, condition);
    return;
  }
  Value read = side.isWeight ? e.readWeight(from, column, piece)
                             : e.readActivation(from, column, piece);
  Values planes = e.getPlanes(read, side.tile.planes, isValid, piece);
  for (auto [plane, values] : llvm::enumerate(planes))
    store(side, stage, plane, row, stepColumn, values);
}

//===----------------------------------------------------------------------===//
// Multiplying
//===----------------------------------------------------------------------===//

Values SharedKernel::multiplyStage(Value wStage, Value xStage, Values sums) {
  int64_t wTiles = wRows / rowWarps / 16, xTiles = xRows / columnWarps / 8;
  Int ownLane = b.toI32(lane);
  Int wRow = b.toI32(e.mul(e.rem(warp, rowWarps), 16 * wTiles));
  Int xRow = b.toI32(e.mul(e.div(warp, rowWarps), 8 * xTiles));
  Int wFrom = b.toI32(wStage), xFrom = b.toI32(xStage);
  // What one instruction loads.
  int64_t together = std::min<int64_t>(xTiles, 2);
  for (int64_t slab = 0; slab < slabs; ++slab) {
    // By planes, then tiles.
    SmallVector<SmallVector<Values>> as(w.tile.planes), bs(x.tile.planes);
    for (int64_t plane = 0; plane < w.tile.planes; ++plane)
      for (int64_t i = 0; i < wTiles; ++i)
        as[plane].append(w.tile.readFragments(b, MmaOperand::A, wFrom, plane,
                                              slab, wRow, 16 * i, 1, ownLane));
    for (int64_t j = 0; j < xTiles; ++j) {
      if (j % together == 0)
        for (int64_t plane = 0; plane < x.tile.planes; ++plane)
          bs[plane] = x.tile.readFragments(b, MmaOperand::B, xFrom, plane, slab,
                                           xRow, 8 * j, together, ownLane);
      for (int64_t i = 0; i < wTiles; ++i) {
        auto tile = MutableArrayRef(sums).slice(4 * (i * xTiles + j), 4);
        for (auto [xPlane, wPlane] : e.domain.products)
          llvm::copy(e.multiply(as[wPlane][i], bs[xPlane][j % together], tile),
                     tile.begin());
      }
    }
  }
  return sums;
}

/// Through shared memory, so that neighbours in the result are stored together
/// and what follows the product is there once.
void SharedKernel::storeResults(const Values &sums) {
  if (w.mayCopy || x.mayCopy)
    b.waitCopies(0);
  b.barrier();
  auto space = cast<MemRefType>(memory.getType()).getMemorySpace();
  Value results = memref::ViewOp::create(
      b,
      MemRefType::get({xRows, wRows}, b.getF32Type(),
                      MemRefLayoutAttrInterface(), space),
      memory, e.index(0), ValueRange{});
  int64_t wTiles = wRows / rowWarps / 16, xTiles = xRows / columnWarps / 8;
  FragmentLayoutAttr layout = getMmaLayout(b.getContext(), MmaOperand::C, 32);
  EmittedOffset own = b.getOffset(layout, Int(b, lane));
  Value wRow = e.add(e.mul(e.rem(warp, rowWarps), 16 * wTiles), own.row);
  Value xRow = e.add(e.mul(e.div(warp, rowWarps), 8 * xTiles), own.column);
  for (int64_t i = 0; i < wTiles; ++i)
    for (int64_t j = 0; j < xTiles; ++j)
      for (int64_t k = 0; k < 4; ++k) {
        MatrixOffset at = layout.at({0, k});
        memref::StoreOp::create(b, sums[4 * (i * xTiles + j) + k], results,
                                ValueRange{e.add(xRow, 8 * j + at.column),
                                           e.add(wRow, 16 * i + at.row)});
      }
  b.barrier();
  scf::ForOp::create(
      b, thread, e.index(wRows * xRows), e.index(threads), ValueRange{},
      [&](OpBuilder &, Location, Value at, ValueRange) {
        Value row = e.rem(at, wRows), column = e.div(at, wRows);
        Value wPlace = e.add(w.first, row), xPlace = e.add(x.first, column);
        Value isThere = arith::AndIOp::create(b, e.lessThan(wPlace, w.rows),
                                              e.lessThan(xPlace, x.rows));
        b.when(Int(b, isThere), [&] {
          e.store(xPlace, wPlace,
                  memref::LoadOp::create(b, results, ValueRange{column, row}));
        });
        scf::YieldOp::create(b, b.getLoc());
      });
}

FailureOr<bool> mlir::zq::emitSharedKernel(ProductEmitter &emitter,
                                           int64_t sharedMemory) {
  return SharedKernel(emitter).emit(sharedMemory);
}
