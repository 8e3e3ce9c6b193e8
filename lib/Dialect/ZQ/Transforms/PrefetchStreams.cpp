//===- PrefetchStreams.cpp - Software prefetch of what loops walk along ---===//
//
// The hardware's own prefetch follows one walk through memory well, and several
// side by side badly. What a loop nest reads next is known here exactly.
//
//===----------------------------------------------------------------------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "llvm/ADT/MapVector.h"

#include <cmath>

namespace mlir::zq {
#define GEN_PASS_DEF_PREFETCHSTREAMS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;

static constexpr int64_t lineBytes = 64;
/// A buffer of fewer bytes stays in a cache.
static constexpr int64_t leastBytes = 1 << 20;
/// How far ahead of all that a loop reads a prefetch is for: the time that
/// memory takes, at the rate of one core.
static constexpr int64_t leastLead = 16 << 10;
/// Of a loop that does little but read, which the hardware's own prefetch keeps
/// ahead of: farther, both fetch, and on Zen 4 products of one row in a plane
/// of integers lose a third, from 4 KiB on.
static constexpr int64_t leadOfIdleLoops = 1 << 10;
/// How far ahead a loop that multiplies longer than memory takes brings what is
/// in the second cache by then to the first one: its products would wait for
/// it.
static constexpr int64_t nearLead = 2 << 10;
/// How far ahead of each of several rows a loop brings what is in the second
/// cache to the first one, where it reads the rows again.
static constexpr int64_t rowLead = 512;
/// Products of vectors for each byte that a busy loop reads from memory, at
/// least: several rows with a weight of few bits.
static constexpr double busyProducts = 0.2;
/// The same of idle ones at most, which wait for nothing but memory.
static constexpr double idleProducts = 0.07;
/// How often a loop may read the same that is fetched for the first time.
static constexpr int64_t mostReads = 8;
/// A stream that is so many times slower than the fastest one of its loop is
/// fetched in bursts of so many lines: line by line it would break into the
/// fast one's, which the hardware then no longer follows.
static constexpr int64_t slowness = 4, burstLines = 4;
/// Beyond this the next row is too far ahead, and the loop's own is followed.
static constexpr int64_t mostRowLead = 128 << 10;

//===----------------------------------------------------------------------===//
// How an address depends on a loop
//===----------------------------------------------------------------------===//

static std::optional<double> getSlope(Value value, Value iv);

static std::optional<double> getSlope(AffineExpr expr, unsigned numDims,
                                      ValueRange operands, Value iv) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return getSlope(operands[dim.getPosition()], iv);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return getSlope(operands[numDims + symbol.getPosition()], iv);
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return 0;
  auto left = getSlope(binary.getLHS(), numDims, operands, iv);
  auto right = getSlope(binary.getRHS(), numDims, operands, iv);
  if (!left || !right)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return *left + *right;
  if (*left == 0 && *right == 0)
    return 0;
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (factor && expr.getKind() == AffineExprKind::Mul)
    return *left * factor.getValue();
  if (factor && expr.getKind() == AffineExprKind::FloorDiv)
    return *left / factor.getValue();
  return std::nullopt;
}

/// By how much `value` grows with `iv`, on average; nothing where that is not
/// known.
static std::optional<double> getSlope(Value value, Value iv) {
  if (value == iv)
    return 1;
  Operation *op = value.getDefiningOp();
  if (!op) {
    // What a loop carries depends on everything.
    auto argument = cast<BlockArgument>(value);
    if (isa<scf::ForOp>(argument.getOwner()->getParentOp()) &&
        argument.getArgNumber() > 0)
      return std::nullopt;
    return 0;
  }
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
    AffineMap map = apply.getAffineMap();
    return getSlope(map.getResult(0), map.getNumDims(), apply.getOperands(),
                    iv);
  }
  SmallVector<double> slopes;
  for (Value operand : op->getOperands()) {
    auto slope = getSlope(operand, iv);
    if (!slope)
      return std::nullopt;
    slopes.push_back(*slope);
  }
  if (isa<arith::AddIOp>(op))
    return slopes[0] + slopes[1];
  if (llvm::all_of(slopes, [](double slope) { return slope == 0; }))
    return op->getNumRegions() ? std::nullopt : std::optional<double>(0);
  if (auto factor = op->getNumOperands() == 2
                        ? getConstantIntValue(op->getOperand(1))
                        : std::nullopt) {
    if (isa<arith::MulIOp>(op))
      return slopes[0] * *factor;
    if (isa<arith::DivUIOp>(op) && *factor)
      return slopes[0] / *factor;
  }
  return std::nullopt;
}

static std::optional<double> getSlope(OpFoldResult value, Value iv) {
  auto dynamic = dyn_cast<Value>(value);
  return dynamic ? getSlope(dynamic, iv) : 0;
}

/// By how many bytes the place of `indices` in `buffer` moves with `iv`.
static std::optional<double>
getSlope(Value buffer, ArrayRef<OpFoldResult> indices, Value iv) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t offset;
  SmallVector<int64_t> strides;
  if (failed(type.getStridesAndOffset(strides, offset)) ||
      llvm::is_contained(strides, ShapedType::kDynamic))
    return std::nullopt;
  double slope = 0;
  for (auto [index, stride] : llvm::zip(indices, strides)) {
    auto part = getSlope(index, iv);
    if (!part)
      return std::nullopt;
    slope += *part * stride;
  }
  slope *= type.getElementTypeBitWidth() / 8;
  while (auto reshape = buffer.getDefiningOp<memref::CollapseShapeOp>())
    buffer = reshape.getSrc();
  auto view = buffer.getDefiningOp<memref::SubViewOp>();
  if (!view)
    return slope;
  auto begin = getSlope(view.getSource(), view.getMixedOffsets(), iv);
  return begin ? std::optional<double>(slope + *begin) : std::nullopt;
}

/// The buffer that `buffer` is a part of, or the same in another shape.
static Value getWhole(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>()) {
    if (!isa<memref::SubViewOp, memref::CollapseShapeOp>(view))
      break;
    buffer = view.getViewSource();
  }
  return buffer;
}

/// Whether a cache may not hold all of `buffer`, which a function is given.
static bool isLarge(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  auto argument = dyn_cast<BlockArgument>(buffer);
  if (!argument || type.getElementTypeBitWidth() % 8 ||
      !isa<FunctionOpInterface>(argument.getOwner()->getParentOp()))
    return false;
  return type.hasStaticShape() &&
         type.getNumElements() * type.getElementTypeBitWidth() / 8 >=
             leastBytes;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace {
/// A vector that an innermost loop reads from another place each time.
struct Stream {
  vector::TransferReadOp read;
  /// Bytes from one iteration to the next, and from a row that these make to
  /// the next row.
  int64_t step, rowStep;
  /// Bytes of such a row; 0 where that is not known.
  int64_t rowBytes = 0;
  bool isReadOnce = true;

  int64_t getBytes() {
    auto type = cast<VectorType>(read.getVector().getType());
    return type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }
};
} // namespace

/// How often `loop` runs; 0 where that is not known.
static int64_t getTripCount(scf::ForOp loop) {
  auto count = loop.getStaticTripCount();
  return count ? count->getSExtValue() : 0;
}

/// How often the loops around `loop` read the same with `read`; 0 where that is
/// not known.
static int64_t countReads(scf::ForOp loop, vector::TransferReadOp read,
                          ArrayRef<OpFoldResult> indices) {
  int64_t reads = 1;
  for (Operation *outer = loop->getParentOp();
       outer && !isa<FunctionOpInterface>(outer);
       outer = outer->getParentOp()) {
    SmallVector<Value> ivs;
    if (auto around = dyn_cast<scf::ForOp>(outer))
      ivs.push_back(around.getInductionVar());
    else if (outer->getNumRegions())
      for (BlockArgument argument : outer->getRegion(0).getArguments())
        ivs.push_back(argument);
    // A nest of several loops in one op: one that does not matter has a single
    // iteration as a rule.
    bool moves = llvm::any_of(ivs, [&](Value iv) {
      auto slope = getSlope(read.getBase(), indices, iv);
      return !slope || *slope != 0;
    });
    if (!ivs.empty() && !moves)
      reads *=
          isa<scf::ForOp>(outer) ? getTripCount(cast<scf::ForOp>(outer)) : 0;
  }
  return reads;
}

static std::optional<Stream> getStream(scf::ForOp loop,
                                       vector::TransferReadOp read) {
  if (!isa<MemRefType>(read.getBase().getType()) ||
      !isLarge(getWhole(read.getBase())))
    return std::nullopt;
  auto step = getConstantIntValue(loop.getStep());
  SmallVector<OpFoldResult> indices(read.getIndices());
  auto slope = getSlope(read.getBase(), indices, loop.getInductionVar());
  int64_t reads = countReads(loop, read, indices);
  if (!step || !slope || *slope <= 0 || reads < 1 || reads > mostReads)
    return std::nullopt;
  Stream stream{read, static_cast<int64_t>(std::llround(*slope * *step)), 0};
  stream.isReadOnce = reads == 1;
  if (stream.step <= 0)
    return std::nullopt;
  // Loops that go on where the one inside ended walk along the same row.
  stream.rowBytes = stream.step * getTripCount(loop);
  for (auto around = loop->getParentOfType<scf::ForOp>(); around;
       around = around->getParentOfType<scf::ForOp>()) {
    auto aroundStep = getConstantIntValue(around.getStep());
    auto row = getSlope(read.getBase(), indices, around.getInductionVar());
    if (!aroundStep || !row || *row <= 0)
      break;
    int64_t rowStep = std::llround(*row * *aroundStep);
    // What is no whole iteration is read after the loop.
    int64_t rest = rowStep - stream.rowBytes;
    if (rest < 0 || rest >= stream.step) {
      stream.rowStep = rowStep;
      break;
    }
    stream.rowBytes = rowStep * getTripCount(around);
  }
  return stream;
}

/// Products of vectors in an iteration of `loop`.
static int64_t countProducts(scf::ForOp loop) {
  return llvm::count_if(loop.getBody()->without_terminator(),
                        [](Operation &op) {
                          return isa<mlir::zq::DotOp>(op) ||
                                 (isa<arith::MulFOp>(op) &&
                                  isa<VectorType>(op.getResult(0).getType()));
                        });
}

/// Fetches the line `distance` bytes after the place of `stream`.
static void prefetch(OpBuilder &b, Stream &stream, int64_t distance,
                     int64_t locality) {
  Location loc = stream.read.getLoc();
  Value buffer = stream.read.getBase();
  int64_t bytes =
      cast<MemRefType>(buffer.getType()).getElementTypeBitWidth() / 8;
  SmallVector<Value> place(stream.read.getIndices());
  place.back() = arith::AddIOp::create(
      b, loc, place.back(),
      arith::ConstantIndexOp::create(b, loc, distance / bytes));
  memref::PrefetchOp::create(b, loc, buffer, place, /*isWrite=*/false, locality,
                             /*isDataCache=*/true);
}

/// The bytes of `stream` that the loop, which reads `perIteration` bytes of all
/// streams in each iteration, reads while it reads `ofAll`.
static int64_t getLead(Stream &stream, int64_t perIteration, int64_t ofAll) {
  int64_t lead = ofAll * stream.step / perIteration;
  return std::max(llvm::alignTo(lead, lineBytes), uint64_t(2 * lineBytes));
}

/// The same for rows that follow each other, where it may go on into the next
/// one.
static int64_t getFarLead(Stream &stream, int64_t perIteration, int64_t ofAll) {
  int64_t lead = getLead(stream, perIteration, ofAll);
  bool mayLeaveRow = stream.rowStep && stream.rowStep <= mostRowLead &&
                     stream.rowBytes < stream.rowStep;
  return mayLeaveRow ? llvm::alignTo(lead, stream.rowStep) : lead;
}

/// Fetches what an iteration reads of `stream`, `lead` bytes ahead.
static void fetch(Stream &stream, int64_t lead, int64_t locality) {
  OpBuilder b(stream.read);
  int64_t end = std::min(stream.step, stream.getBytes());
  for (int64_t line = 0; line < end; line += lineBytes)
    prefetch(b, stream, lead + line, locality);
}

/// Fetches `stream` some lines at a time, in one of as many iterations as it
/// takes to read them.
static void prefetchBurst(scf::ForOp loop, Stream &stream) {
  OpBuilder b(stream.read);
  Location loc = stream.read.getLoc();
  int64_t burst = burstLines * lineBytes;
  int64_t period = std::max<int64_t>(burst / stream.step, 1);
  int64_t step = *getConstantIntValue(loop.getStep());
  Value place = arith::SubIOp::create(b, loc, loop.getInductionVar(),
                                      loop.getLowerBound());
  place = arith::RemUIOp::create(
      b, loc, place, arith::ConstantIndexOp::create(b, loc, period * step));
  Value isFirst =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, place,
                            arith::ConstantIndexOp::create(b, loc, 0));
  auto branch = scf::IfOp::create(b, loc, isFirst, /*withElseRegion=*/false);
  b.setInsertionPoint(branch.thenYield());
  int64_t group = period * stream.step;
  for (int64_t line = 0; line < group; line += lineBytes)
    prefetch(b, stream, std::max(burst, group) + line, /*locality=*/3);
}

/// Lets nothing bring a read of `stream` before another one. The hardware loses
/// a walk whose lines are read out of order, as LLVM's scheduler would.
static void keepInOrder(Stream &stream) {
  OpBuilder b(stream.read);
  LLVM::FenceOp::create(b, stream.read.getLoc(), LLVM::AtomicOrdering::acq_rel,
                        "singlethread");
}

//===----------------------------------------------------------------------===//
// Rows that are read again
//===----------------------------------------------------------------------===//

namespace {
/// Rows side by side that an innermost loop reads along, one each by `reads`.
/// The loop around it reads them again, the next one goes on to as many more.
struct RowBlock {
  scf::ForOp again, next;
  /// Of the block, and of a row in an iteration.
  int64_t bytes, step;
  SmallVector<vector::TransferReadOp> reads;
};
} // namespace

/// The block that `read` is of; without its reads.
static std::optional<RowBlock> getBlock(scf::ForOp loop,
                                        vector::TransferReadOp read) {
  auto again = loop->getParentOfType<scf::ForOp>();
  auto next = again ? again->getParentOfType<scf::ForOp>() : scf::ForOp();
  auto type = dyn_cast<MemRefType>(read.getBase().getType());
  if (!next || !again.getInductionVar().getType().isIndex() ||
      !loop.getInductionVar().getType().isIndex() || !type ||
      !type.getElementType().isIntOrFloat() ||
      type.getElementTypeBitWidth() < 8 || !isLarge(getWhole(read.getBase())))
    return std::nullopt;
  SmallVector<OpFoldResult> indices(read.getIndices());
  auto getBytes = [&](scf::ForOp own) -> std::optional<int64_t> {
    auto slope = getSlope(read.getBase(), indices, own.getInductionVar());
    auto step = getConstantIntValue(own.getStep());
    if (!slope || !step)
      return std::nullopt;
    return std::llround(*slope * *step);
  };
  auto step = getBytes(loop), same = getBytes(again), bytes = getBytes(next);
  int64_t own = Stream{read, 0, 0}.getBytes();
  if (!step || !same || !bytes || *step != own || *same || *bytes <= 0 ||
      !getTripCount(loop) || getTripCount(again) < 2 ||
      countReads(again, read, indices) != 1)
    return std::nullopt;
  return RowBlock{again, next, *bytes, *step, {}};
}

/// The blocks that `loop` reads whole.
static SmallVector<RowBlock> getBlocks(scf::ForOp loop) {
  llvm::MapVector<Value, RowBlock> blocks;
  loop.getBody()->walk([&](vector::TransferReadOp read) {
    auto block = getBlock(loop, read);
    if (!block)
      return;
    auto &own = blocks.insert({getWhole(read.getBase()), *block}).first->second;
    if (own.bytes == block->bytes && own.step == block->step)
      own.reads.push_back(read);
  });
  SmallVector<RowBlock> whole;
  for (auto &[buffer, block] : blocks)
    if (int64_t(block.reads.size()) * block.step * getTripCount(loop) ==
        block.bytes)
      whole.push_back(block);
  return whole;
}

/// The number of the iteration that `loop` is in.
static Value getIteration(OpBuilder &b, scf::ForOp loop) {
  Location loc = loop.getLoc();
  Value place = arith::SubIOp::create(b, loc, loop.getInductionVar(),
                                      loop.getLowerBound());
  return arith::DivUIOp::create(b, loc, place, loop.getStep());
}

/// Fetches the block after the one that `loop` reads: in its order in memory,
/// as much in each iteration of all times that the loop runs for its block.
static void prefetchBlock(scf::ForOp loop, RowBlock &block) {
  vector::TransferReadOp read = block.reads.front();
  OpBuilder b(read);
  Location loc = read.getLoc();
  int64_t inner = getTripCount(loop),
          iterations = inner * getTripCount(block.again);
  int64_t lines = llvm::divideCeil(block.bytes, lineBytes * iterations);
  int64_t elementBytes =
      cast<MemRefType>(read.getBase().getType()).getElementTypeBitWidth() / 8;
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value done =
      arith::MulIOp::create(b, loc, getIteration(b, block.again), index(inner));
  done = arith::AddIOp::create(b, loc, done, getIteration(b, loop));
  done = arith::MulIOp::create(b, loc, done,
                               index(lines * lineBytes / elementBytes));
  // Instead of the loop's own place in the row.
  Value back = arith::MulIOp::create(b, loc, getIteration(b, loop),
                                     index(block.step / elementBytes));
  for (int64_t line = 0; line < lines; ++line) {
    SmallVector<Value> place(read.getIndices());
    place.back() = arith::SubIOp::create(b, loc, place.back(), back);
    place.back() = arith::AddIOp::create(b, loc, place.back(), done);
    place.back() = arith::AddIOp::create(
        b, loc, place.back(),
        index((block.bytes + line * lineBytes) / elementBytes));
    memref::PrefetchOp::create(b, loc, read.getBase(), place, /*isWrite=*/false,
                               /*locality=*/2, /*isDataCache=*/true);
  }
  for (vector::TransferReadOp read : block.reads) {
    Stream stream{read, block.step, 0};
    fetch(stream, rowLead, /*locality=*/3);
  }
}

static void prefetchInLoop(scf::ForOp loop) {
  SmallVector<RowBlock> blocks = getBlocks(loop);
  for (RowBlock &block : blocks)
    prefetchBlock(loop, block);
  SmallVector<Stream> streams;
  loop.getBody()->walk([&](vector::TransferReadOp read) {
    if (auto stream = getStream(loop, read))
      streams.push_back(*stream);
  });
  bool areReadOnce =
      llvm::any_of(streams, [](Stream &stream) { return stream.isReadOnce; });
  if (areReadOnce || !blocks.empty())
    llvm::erase_if(streams, [](Stream &stream) { return !stream.isReadOnce; });
  // Streams that go along at the same time wait for one memory: all of them are
  // fetched as many iterations ahead. Reads of less than a step share one.
  int64_t perIteration = 0, fastest = 0;
  for (Stream &stream : streams) {
    perIteration += std::min(stream.getBytes(), stream.step);
    fastest = std::max(fastest, stream.step);
  }
  int64_t products = countProducts(loop);
  bool isBusy = products >= busyProducts * perIteration;
  bool isIdle = products < idleProducts * perIteration;
  // What is read again is in the second cache then, from which an idle loop
  // reads as fast.
  if (isIdle && !areReadOnce)
    return;
  auto isSlow = [&](Stream &stream) {
    return isIdle && stream.step * slowness <= fastest && !stream.rowStep;
  };
  // Several reads of one buffer are one walk, where they leave no gaps: then
  // they take in what an iteration goes on by.
  SmallPtrSet<Value, 4> slow;
  llvm::SmallDenseMap<Value, int64_t> fast;
  for (Stream &stream : streams)
    if (!isSlow(stream))
      fast[getWhole(stream.read.getBase())] += stream.getBytes();
  for (Stream &stream : streams) {
    if (isSlow(stream)) {
      if (slow.insert(getWhole(stream.read.getBase())).second)
        prefetchBurst(loop, stream);
      continue;
    }
    // The hardware follows a single one; to fetch it too takes its time. One of
    // many reads is followed as well where there is more to do.
    bool isFollowed = isIdle || (!isBusy && stream.getBytes() < stream.step);
    if (isFollowed && !stream.rowStep && fast.size() == 1 &&
        fast.begin()->second == stream.step) {
      if (stream.getBytes() < stream.step)
        keepInOrder(stream);
      continue;
    }
    int64_t lead = isIdle ? leadOfIdleLoops : leastLead;
    fetch(stream, getFarLead(stream, perIteration, lead), /*locality=*/2);
    if (isBusy || !areReadOnce)
      fetch(stream, getLead(stream, perIteration, nearLead), /*locality=*/3);
  }
}

namespace {
struct PrefetchStreamsPass
    : mlir::zq::impl::PrefetchStreamsBase<PrefetchStreamsPass> {
  void runOnOperation() override {
    getOperation().walk([](scf::ForOp loop) {
      bool isInnermost = true;
      loop.getBody()->walk([&](LoopLikeOpInterface) { isInnermost = false; });
      if (isInnermost)
        prefetchInLoop(loop);
    });
  }
};
} // namespace
