//===- SharedKernel.cpp - Products with weights in shared memory ----------===//
//
// For many rows of the activation, where products are what takes time: a block
// decodes each weight once for all its rows of the activation.
//
// A step of a block takes several runs of columns side by side, a window of
// each. A run is what a decoder goes through one window after the other; where
// it has no state, a run is a window. The order of k is free, so that the
// windows of a step lie in shared memory as if they were neighbours, in slabs
// of 16 columns, in which the four columns of a lane are 8 bytes:
//
//   [stage][plane][slab][row][16]
//
// A warp's loads of fragments are then 256 consecutive bytes. Weights have two
// stages: while some warps multiply one, others decode the next. Activations
// that need no conversion are copied asynchronously, further ahead.
//
//===----------------------------------------------------------------------===//
#include "Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
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

/// Columns of a slab: those of one instruction.
constexpr int64_t slabSize = 16;
constexpr int64_t warps = 8, threads = 32 * warps;
/// Warps along the weight's rows; the others lie along the activation's.
constexpr int64_t rowWarps = 4, columnWarps = warps / rowWarps;
/// Bytes of an asynchronous copy.
constexpr int64_t copyBytes = 16;

/// A matrix in shared memory, in stages.
struct Tile {
  int64_t stages, planes, rows;
  /// memref<stages x planes x slabs x rows x 16>
  Value array;
};

class SharedKernel {
public:
  explicit SharedKernel(ProductEmitter &e) : e(e), b(e.b) {}
  FailureOr<bool> emit(int64_t sharedMemory);

private:
  bool choose(int64_t sharedMemory);
  int64_t getBytes();
  int64_t getTileBytes(const Tile &tile);
  Value getView(int64_t offset, ArrayRef<int64_t> shape, Type element);

  Values emitRuns(Values sums);
  Values emitTail(Values sums);
  Values emitColumns(Value firstStep, ArrayRef<Value> indices,
                     ArrayRef<Value> isValid, int64_t length, Values sums);
  Values emitStep(Value step, ArrayRef<Value> columns, ArrayRef<Value> isValid,
                  int64_t count, Values sums);
  std::pair<Value, Value> getItem(int64_t item);
  void fillW(Value stage, ArrayRef<Value> columns, ArrayRef<Value> isValid,
             int64_t count);
  void fillX(Value step);
  void fillXTail(Value step, int64_t count);
  void fillXPieces(Value stage, int64_t piece,
                   function_ref<std::pair<Value, Value>(Value, Value)> place);
  void copyPiece(Value row, Value column, Value isValid, ValueRange into);
  void store(const Tile &tile, Value stage, int64_t plane, Value row,
             Value column, Value values);
  Values multiplyStage(Value wStage, Value xStage, Values sums);
  Value readFragment(const Tile &tile, Value stage, int64_t plane, int64_t slab,
                     Value row);
  void storeResults(const Values &sums);

  ProductEmitter &e;
  ImplicitLocOpBuilder &b;
  /// Columns that are decoded together; of a run; runs of a step.
  int64_t width, run, runs;
  /// Columns of a step, and its slabs.
  int64_t stepColumns, slabs;
  /// Windows of a run, and rounds of `runs` runs.
  int64_t windows, rounds;
  /// Rows of a block's tiles.
  int64_t wRows, xRows;
  /// Windows of the weight that a thread decodes in a step.
  int64_t items;
  /// Whether activations are copied asynchronously; in this kernel at all, and
  /// where code is being emitted. Whether that is behind the last whole run.
  bool mayCopy, isAsync, inTail = false;
  Tile w, x;
  Value memory, thread, lane, warp;
  Value firstWRow, firstXRow;
};

} // namespace

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

bool SharedKernel::choose(int64_t sharedMemory) {
  auto type =
      cast<CompressedTensorType>(e.product.decode.getSource().getType());
  width = getDecoderWidth(e.product.decode, type, slabSize);
  run = std::max(width, type.getCodec().getChunk(2, e.product.decode));
  windows = run / width;
  Type element =
      cast<ShapedType>(e.product.activation.getType()).getElementType();
  int64_t perCopy = copyBytes * 8 / e.domain.element.getIntOrFloatBitWidth();
  isAsync = mayCopy = e.depth >= run && element == e.domain.element &&
                      width % perCopy == 0 && e.depth % perCopy == 0;
  w.planes = e.domain.wPlanes, x.planes = e.domain.xPlanes;
  w.stages = 2, x.stages = isAsync ? 3 : 2;

  // The largest that fits. Two windows for each thread at most: one where the
  // decoder has a state, or windows or planes are many.
  bool isFew = !ShapedType::isDynamic(e.staticHeight) && e.staticHeight <= 64;
  bool isOne = windows > 1 || width > 16 || x.planes + w.planes > 2;
  for (int64_t most : {isFew ? 64 : 128, 64})
    for (int64_t fewer : {isOne ? 1 : 2, 1, 0}) {
      xRows = most, wRows = 128;
      x.rows = xRows, w.rows = wRows;
      runs = std::max<int64_t>(1, fewer * threads / wRows);
      while (width * runs % slabSize)
        ++runs;
      stepColumns = width * runs;
      slabs = stepColumns / slabSize;
      rounds = llvm::divideCeil(e.depth / run, runs);
      items = llvm::divideCeil(wRows * runs, threads);
      if (getBytes() <= sharedMemory && (windows == 1 || items == 1))
        return true;
    }
  return false;
}

int64_t SharedKernel::getBytes() {
  int64_t results = wRows * xRows * 4;
  return std::max(getTileBytes(w) + getTileBytes(x), results);
}

int64_t SharedKernel::getTileBytes(const Tile &tile) {
  return tile.stages * tile.planes * tile.rows * stepColumns * 2;
}

Value SharedKernel::getView(int64_t offset, ArrayRef<int64_t> shape,
                            Type element) {
  auto space = cast<MemRefType>(memory.getType()).getMemorySpace();
  auto type =
      MemRefType::get(shape, element, MemRefLayoutAttrInterface(), space);
  return memref::ViewOp::create(b, type, memory, e.index(offset), ValueRange{});
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

FailureOr<bool> SharedKernel::emit(int64_t sharedMemory) {
  if (!choose(sharedMemory))
    return false;
  if (failed(e.makeDecoder(width)))
    return failure();
  int64_t wBytes = getTileBytes(w);
  Value gridX = e.index(llvm::divideCeil(e.rows, wRows));
  Value gridY = e.div(e.add(e.height, xRows - 1), xRows);
  gpu::LaunchOp launch = e.enter(gridX, gridY, threads, getBytes());
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  memory = gpu::DynamicSharedMemoryOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type(),
                         MemRefLayoutAttrInterface(), space));
  for (Tile *tile : {&w, &x})
    tile->array =
        getView(tile == &w ? 0 : wBytes,
                {tile->stages, tile->planes, slabs, tile->rows, slabSize},
                e.domain.element);
  thread = launch.getThreadIds().x;
  lane = e.rem(thread, 32), warp = e.div(thread, 32);
  firstWRow = e.mul(launch.getBlockIds().x, wRows);
  firstXRow = e.mul(launch.getBlockIds().y, xRows);

  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  Values sums(wRows * xRows / threads, zero);
  sums = emitRuns(sums);
  sums = emitTail(sums);
  storeResults(sums);
  e.leave(launch);
  return true;
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
  if (isAsync)
    for (int64_t stage = 0; stage + 1 < x.stages; ++stage)
      fillX(e.index(stage));
  int64_t wholeRuns = e.depth / run;
  auto loop = scf::ForOp::create(
      b, e.index(0), e.index(rounds), e.index(1), sums,
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
  Values indices, isValid;
  for (int64_t i = 0; i < items; ++i) {
    isValid.push_back(e.lessThan(getItem(i).second, e.index(1)));
    indices.push_back(e.index(e.depth / run));
  }
  // Nothing is under way any more.
  isAsync = false, inTail = true;
  gpu::BarrierOp::create(b);
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

/// The windows at `columns`, one for each item of this thread, of `count`
/// columns.
Values SharedKernel::emitStep(Value step, ArrayRef<Value> columns,
                              ArrayRef<Value> isValid, int64_t count,
                              Values sums) {
  Value wStage = e.rem(step, w.stages), xStage = e.rem(step, x.stages);
  fillW(wStage, columns, isValid, count);
  if (isAsync)
    NVVM::CpAsyncWaitGroupOp::create(b, x.stages - 2);
  else if (inTail)
    fillXTail(step, count);
  else
    fillX(step);
  gpu::BarrierOp::create(b);
  // What was multiplied before the barrier makes room.
  if (isAsync)
    fillX(e.add(step, x.stages - 1));
  return multiplyStage(wStage, xStage, std::move(sums));
}

//===----------------------------------------------------------------------===//
// Filling shared memory
//===----------------------------------------------------------------------===//

/// Stores `values` for `row` and the columns of the step from `column` on, all
/// of one slab.
void SharedKernel::store(const Tile &tile, Value stage, int64_t plane,
                         Value row, Value column, Value values) {
  vector::StoreOp::create(b, values, tile.array,
                          ValueRange{stage, e.index(plane),
                                     e.div(column, slabSize), row,
                                     e.rem(column, slabSize)});
}

void SharedKernel::fillW(Value stage, ArrayRef<Value> columns,
                         ArrayRef<Value> isValid, int64_t count) {
  int64_t piece = std::gcd(width, slabSize);
  for (int64_t i = 0; i < items; ++i) {
    auto [row, runIndex] = getItem(i);
    auto emit = [&, row = row, runIndex = runIndex] {
      Value place = e.least(e.add(firstWRow, row), e.index(e.rows - 1));
      Values planes = e.getPlanes(e.readWeight(place, columns[i], count),
                                  w.planes, isValid[i], width);
      Value first = e.mul(runIndex, width);
      for (auto [plane, values] : llvm::enumerate(planes))
        for (int64_t at = 0; at < width; at += piece)
          store(w, stage, plane, row, e.add(first, at),
                vector::ExtractStridedSliceOp::create(
                    b, values, ArrayRef<int64_t>{at}, ArrayRef<int64_t>{piece},
                    ArrayRef<int64_t>{1}));
    };
    if ((i + 1) * threads <= wRows * runs) {
      emit();
      continue;
    }
    // Fewer windows than threads.
    auto branch = scf::IfOp::create(b, e.lessThan(runIndex, e.index(runs)),
                                    /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    emit();
  }
}

/// Copies a piece of a row asynchronously, or zeros.
void SharedKernel::copyPiece(Value row, Value column, Value isValid,
                             ValueRange into) {
  Value bytes;
  if (isValid) {
    auto number = [&](int64_t value) -> Value {
      return arith::ConstantIntOp::create(b, value, 32);
    };
    bytes = arith::SelectOp::create(b, isValid, number(copyBytes), number(0));
  }
  NVVM::CpAsyncOp::create(b, e.getPointer(x.array, into, 3),
                          e.getActivationPointer(row, column),
                          b.getI32IntegerAttr(copyBytes),
                          NVVM::LoadCacheModifierKindAttr::get(
                              b.getContext(), NVVM::LoadCacheModifierKind::CG),
                          bytes);
}

/// Fills a stage with pieces of `piece` columns. `place` says where the columns
/// of a run are that begin `at` columns after the window's first one, and
/// whether they are there; null where they always are.
void SharedKernel::fillXPieces(
    Value stage, int64_t piece,
    function_ref<std::pair<Value, Value>(Value, Value)> place) {
  int64_t perRow = stepColumns / piece, total = perRow * xRows;
  Value lastRow = arith::SubIOp::create(b, e.height, e.index(1));
  auto emit = [&](Value number) {
    Value row = e.div(number, perRow);
    Value first = e.mul(e.rem(number, perRow), piece);
    auto [column, isValid] = place(e.div(first, width), e.rem(first, width));
    Value xRow = e.least(e.add(firstXRow, row), lastRow);
    if (isAsync) {
      copyPiece(xRow, column, isValid,
                {stage, e.index(0), e.div(first, slabSize), row,
                 e.rem(first, slabSize)});
      return;
    }
    Values planes = e.getPlanes(e.readActivation(xRow, column, piece), x.planes,
                                isValid, piece);
    for (auto [plane, values] : llvm::enumerate(planes))
      store(x, stage, plane, row, first, values);
  };
  int64_t whole = total / threads * threads;
  for (int64_t at = 0; at < whole; at += threads)
    emit(e.add(thread, at));
  if (whole == total)
    return;
  Value number = e.add(thread, whole);
  auto branch = scf::IfOp::create(b, e.lessThan(number, e.index(total)),
                                  /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&branch.getThenRegion().front());
  emit(number);
}

/// Brings the activation's columns of a step; zeros for what there is not.
void SharedKernel::fillX(Value step) {
  Value round = e.div(step, windows), window = e.rem(step, windows);
  int64_t wholeRuns = e.depth / run;
  int64_t piece = std::gcd(std::gcd(width, slabSize), int64_t(8));
  fillXPieces(e.rem(step, x.stages), piece, [&](Value runIndex, Value at) {
    Value index = e.add(e.mul(round, runs), runIndex);
    Value isValid;
    if (isAsync || wholeRuns % runs) {
      isValid = e.lessThan(index, e.index(wholeRuns));
      index = e.least(index, e.index(wholeRuns - 1));
    }
    Value column = e.add(e.mul(index, run), e.mul(window, width));
    return std::make_pair(e.add(column, at), isValid);
  });
  if (isAsync)
    NVVM::CpAsyncCommitGroupOp::create(b);
}

/// The same for a step of the tail, whose first run alone has columns, `count`
/// of them.
void SharedKernel::fillXTail(Value step, int64_t count) {
  int64_t first = e.depth / run * run;
  int64_t piece =
      std::gcd(std::gcd(std::gcd(width, slabSize), int64_t(8)), count);
  Value begin = e.add(
      e.mul(arith::SubIOp::create(b, step, e.index(rounds * windows)), width),
      first);
  fillXPieces(e.rem(step, x.stages), piece, [&](Value runIndex, Value at) {
    Value isValid = arith::AndIOp::create(b, e.lessThan(runIndex, e.index(1)),
                                          e.lessThan(at, e.index(count)));
    Value place = arith::SelectOp::create(b, isValid, at, e.index(0));
    return std::make_pair(e.add(begin, place), isValid);
  });
}

//===----------------------------------------------------------------------===//
// Multiplying
//===----------------------------------------------------------------------===//

/// The four columns of this lane in a slab.
Value SharedKernel::readFragment(const Tile &tile, Value stage, int64_t plane,
                                 int64_t slab, Value row) {
  return vector::LoadOp::create(b, VectorType::get(4, e.domain.element),
                                tile.array,
                                ValueRange{stage, e.index(plane), e.index(slab),
                                           row, e.mul(e.rem(lane, 4), 4)});
}

Values SharedKernel::multiplyStage(Value wStage, Value xStage, Values sums) {
  int64_t wTiles = wRows / rowWarps / 16, xTiles = xRows / columnWarps / 8;
  Value group = e.div(lane, 4);
  Value wRow = e.add(e.mul(e.rem(warp, rowWarps), 16 * wTiles), group);
  Value xRow = e.add(e.mul(e.div(warp, rowWarps), 8 * xTiles), group);
  for (int64_t slab = 0; slab < slabs; ++slab) {
    SmallVector<Values> a(w.planes);
    for (int64_t plane = 0; plane < w.planes; ++plane)
      for (int64_t half = 0; half < 2 * wTiles; ++half)
        a[plane].push_back(
            readFragment(w, wStage, plane, slab, e.add(wRow, 8 * half)));
    for (int64_t j = 0; j < xTiles; ++j) {
      Values bs;
      for (int64_t plane = 0; plane < x.planes; ++plane)
        bs.push_back(readFragment(x, xStage, plane, slab, e.add(xRow, 8 * j)));
      for (int64_t i = 0; i < wTiles; ++i) {
        auto tile = MutableArrayRef(sums).slice(4 * (i * xTiles + j), 4);
        for (auto [xPlane, wPlane] : e.domain.products) {
          Value upper = a[wPlane][2 * i], lower = a[wPlane][2 * i + 1];
          Values next = e.multiply(
              {e.getPair(upper, 0), e.getPair(lower, 0), e.getPair(upper, 2),
               e.getPair(lower, 2)},
              {e.getPair(bs[xPlane], 0), e.getPair(bs[xPlane], 2)}, tile);
          llvm::copy(next, tile.begin());
        }
      }
    }
  }
  return sums;
}

/// Through shared memory, so that neighbours in the result are stored together
/// and what follows the product is there once.
void SharedKernel::storeResults(const Values &sums) {
  if (mayCopy)
    NVVM::CpAsyncWaitGroupOp::create(b, 0);
  gpu::BarrierOp::create(b);
  Value results = getView(0, {xRows, wRows}, b.getF32Type());
  int64_t wTiles = wRows / rowWarps / 16, xTiles = xRows / columnWarps / 8;
  Value wRow = e.add(e.mul(e.rem(warp, rowWarps), 16 * wTiles), e.div(lane, 4));
  Value xRow =
      e.add(e.mul(e.div(warp, rowWarps), 8 * xTiles), e.mul(e.rem(lane, 4), 2));
  for (int64_t i = 0; i < wTiles; ++i)
    for (int64_t j = 0; j < xTiles; ++j)
      for (int64_t k = 0; k < 4; ++k)
        memref::StoreOp::create(b, sums[4 * (i * xTiles + j) + k], results,
                                ValueRange{e.add(xRow, 8 * j + k % 2),
                                           e.add(wRow, 16 * i + k / 2 * 8)});
  gpu::BarrierOp::create(b);
  scf::ForOp::create(
      b, thread, e.index(wRows * xRows), e.index(threads), ValueRange{},
      [&](OpBuilder &, Location, Value at, ValueRange) {
        Value row = e.rem(at, wRows), column = e.div(at, wRows);
        Value wPlace = e.add(firstWRow, row), xPlace = e.add(firstXRow, column);
        Value isThere =
            arith::AndIOp::create(b, e.lessThan(wPlace, e.index(e.rows)),
                                  e.lessThan(xPlace, e.height));
        scf::IfOp::create(b, isThere, [&](OpBuilder &, Location) {
          e.store(xPlace, wPlace,
                  memref::LoadOp::create(b, results, ValueRange{column, row}));
          scf::YieldOp::create(b, b.getLoc());
        });
        scf::YieldOp::create(b, b.getLoc());
      });
}

FailureOr<bool> mlir::zq::emitSharedKernel(ProductEmitter &emitter,
                                           int64_t sharedMemory) {
  return SharedKernel(emitter).emit(sharedMemory);
}
