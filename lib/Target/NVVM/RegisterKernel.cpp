//===- RegisterKernel.cpp - Products with weights in registers ------------===//
#include "RegisterKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"
#include "zq/Target/NVVM/Chip.h"

using namespace mlir;
using namespace mlir::zq;

/// Warps of a block where there is work for them, and where its blocks alone do
/// not fill the chip.
static constexpr int64_t mostWarps = 8, mostWarpsOfFewBlocks = 16;
/// Warps that an SM is to have for as many bytes on their way as it can use.
static constexpr int64_t busyWarps = 16;
/// Tiles of the activation that share a decoded weight.
static constexpr int64_t mostTiles = 4;
/// Of shared memory that a kernel has without asking for it.
static constexpr int64_t mostSumBytes = Chip::sharedMemoryWithoutAsking;

int64_t RegisterKernel::countBlocks() const {
  int64_t blocks = llvm::divideCeil(e.rows, blockRows());
  if (!ShapedType::isDynamic(e.staticHeight))
    blocks *= llvm::divideCeil(e.staticHeight, tileRows() * tiles);
  return blocks;
}

void RegisterKernel::chooseBlock(int64_t mostBands) {
  auto choose = [&](int64_t count, int64_t most) {
    bands = count;
    warps = 1;
    while (warps < most && warps * 4 * run < e.depth &&
           2 * warps * 8 * tiles * blockRows() * 4 <= mostSumBytes)
      warps *= 2;
    return warps * countBlocks();
  };
  int64_t enough = std::min(choose(1, mostWarps), busyWarps * e.processors);
  for (int64_t count = mostBands; count > 1; count /= 2)
    for (int64_t most : {mostWarps, mostWarpsOfFewBlocks})
      if (choose(count, most) >= enough)
        return;
  choose(1, mostWarps);
}

LogicalResult RegisterKernel::emit() {
  Value gridX = e.index(llvm::divideCeil(e.rows, blockRows()));
  int64_t xTile = tileRows() * tiles;
  Value gridY = e.div(e.add(e.height, xTile - 1), xTile);
  // Four rounds of a warp take about as long as the launch that adds parts up.
  e.split(e.chooseSplits(countBlocks(), e.depth / (4 * run * warps) / 4));
  gpu::LaunchOp launch = e.enter(gridX, gridY, warps * 32);

  Value thread = launch.getThreadIds().x;
  lane = e.rem(thread, 32);
  Value warp = e.div(thread, 32);
  // Both operands have the same lanes for rows, and for four columns in a row.
  FragmentLayoutAttr layout =
      gatherColumns(getMmaLayout(b.getContext(), MmaOperand::B, 16));
  EmittedOffset own = b.getOffset(layout, Int(b, lane));
  group = own.row;
  place = own.column / layout.getContiguous();
  firstWeightRow = e.mul(launch.getBlockIds().x, blockRows());
  firstXRow = e.mul(launch.getBlockIds().y, xTile);
  // Rows beyond the last one are the last one, and not stored.
  for (int64_t i = 0; i < 2 * bands; ++i)
    weightRows.push_back(e.least(e.add(e.add(firstWeightRow, group), 8 * i),
                                 e.index(e.rows - 1)));
  Value lastXRow = arith::SubIOp::create(b, e.height, e.index(1));
  Value inTile = sections == 1 ? group : e.rem(group, tileRows());
  for (int64_t i = 0; i < tiles; ++i)
    xRows.push_back(
        e.least(e.add(e.add(firstXRow, inTile), tileRows() * i), lastXRow));
  if (failed(prepare()))
    return failure();

  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  FailureOr<Sums> sums = emitRounds(warp, Sums(4 * tiles * bands, zero));
  if (succeeded(sums))
    sums = emitTail(warp, *sums);
  if (failed(sums) || failed(reduceAndStore(launch, warp, *sums)))
    return failure();
  e.leave(launch);
  return success();
}

/// The rounds of four whole runs, which the warps share, those of all blocks
/// with a part of the columns.
FailureOr<RegisterKernel::Sums> RegisterKernel::emitRounds(Value warp,
                                                           Sums sums) {
  int64_t rounds = e.depth / (4 * run);
  if (!rounds)
    return sums;
  int64_t sharers = warps * e.parts;
  while (together > 1 && rounds % (together * sharers))
    together /= 2;
  Value number = warp;
  if (e.parts > 1)
    number = e.add(e.mul(e.part, warps), warp);
  auto loop = scf::ForOp::create(b, number, e.index(rounds / together),
                                 e.index(sharers), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  sums.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
  Value first = e.mul(loop.getInductionVar(), 4 * together);
  for (int64_t i = 0; i < together; ++i) {
    auto added = emitRun(e.add(e.add(first, place), 4 * i), nullptr, run, sums);
    if (failed(added))
      return failure();
    sums = *added;
  }
  scf::YieldOp::create(b, sums);
  return Sums(loop.result_begin(), loop.result_end());
}

/// Adds the run's first `length` columns, a multiple of the width.
FailureOr<RegisterKernel::Sums> RegisterKernel::emitRun(Value runIndex,
                                                        Value isValid,
                                                        int64_t length,
                                                        Sums sums) {
  Value begin = e.mul(runIndex, run);
  if (length == width)
    return emitWindow(begin, isValid, width, sums);
  // The decoder carries its state along this loop.
  auto loop =
      scf::ForOp::create(b, begin, e.add(begin, length), e.index(width), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  auto added = emitWindow(
      loop.getInductionVar(), isValid, width,
      Sums(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end()));
  if (failed(added))
    return failure();
  scf::YieldOp::create(b, *added);
  return Sums(loop.result_begin(), loop.result_end());
}

RegisterKernel::Sums
RegisterKernel::multiply(ArrayRef<SmallVector<Value>> weights,
                         ArrayRef<Value> xs, int64_t begin, int64_t end,
                         Sums sums) {
  for (int64_t k = begin; k < end; k += 4)
    for (auto [i, j] : e.domain.products) {
      SmallVector<Value> a, bs;
      for (int64_t half : {0, 2}) {
        for (const SmallVector<Value> &planes : weights)
          a.push_back(e.getPair(planes[j], k + half));
        bs.push_back(e.getPair(xs[i], k + half));
      }
      sums = e.multiply(a, bs, sums);
    }
  return sums;
}

/// The columns behind the last round of four whole runs: up to three runs, the
/// beginning of one, and of a window. One warp adds them; lanes without work
/// decode what others do, and multiply by zero.
FailureOr<RegisterKernel::Sums> RegisterKernel::emitTail(Value warp,
                                                         Sums sums) {
  int64_t rounds = e.depth / (4 * run);
  int64_t runs = e.depth / run - 4 * rounds;
  int64_t windows = e.depth % run / width;
  int64_t count = e.depth % width;
  if (!runs && !windows && !count)
    return sums;
  Value isMine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, warp,
                                       e.index(rounds % warps));
  if (e.parts > 1)
    isMine = arith::AndIOp::create(b, isMine, e.lessThan(e.part, e.index(1)));
  auto branch = scf::IfOp::create(b, TypeRange(ValueRange(sums)), isMine,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, sums);
  b.setInsertionPointToStart(branch.thenBlock());
  FailureOr<Sums> inside = sums;
  if (runs) {
    Value isValid = e.lessThan(place, e.index(runs));
    Value mine = e.least(place, e.index(runs - 1));
    inside = emitRun(e.add(mine, 4 * rounds), isValid, run, *inside);
  }
  Value isFirst = e.lessThan(place, e.index(1));
  if (windows && succeeded(inside))
    inside = emitRun(e.index(e.depth / run), isFirst, windows * width, *inside);
  if (count && succeeded(inside))
    inside = emitWindow(e.index(e.depth - count), isFirst, count, *inside);
  if (failed(inside))
    return failure();
  scf::YieldOp::create(b, *inside);
  return Sums(branch.result_begin(), branch.result_end());
}

/// Adds up the warps' sums through shared memory and stores what they make.
LogicalResult RegisterKernel::reduceAndStore(gpu::LaunchOp launch, Value warp,
                                             const Sums &sums) {
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  Value shared = launch.addWorkgroupAttribution(
      MemRefType::get({warps, 8 * tiles, blockRows()}, b.getF32Type(),
                      MemRefLayoutAttrInterface(), space),
      b.getLoc());
  Value thread = launch.getThreadIds().x;
  FragmentLayoutAttr layout = getMmaLayout(b.getContext(), MmaOperand::C, 32);
  EmittedOffset own = b.getOffset(layout, Int(b, lane));
  for (auto [i, sum] : llvm::enumerate(sums)) {
    MatrixOffset offset = layout.at({0, int64_t(i) % 4});
    int64_t tile = i / 4 % tiles, band = i / 4 / tiles;
    Value column = e.add(own.column, tile * 8 + offset.column);
    Value row = e.add(own.row, band * 16 + offset.row);
    memref::StoreOp::create(b, sum, shared, ValueRange{warp, column, row});
  }
  gpu::BarrierOp::create(b);
  int64_t xTile = tileRows() * tiles;
  auto loop = scf::ForOp::create(b, thread, e.index(blockRows() * xTile),
                                 e.index(32 * warps));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value at = loop.getInductionVar();
  Value row = e.rem(at, blockRows()), inTiles = e.div(at, blockRows());
  Value weightRow = e.add(firstWeightRow, row);
  Value xRow = e.add(firstXRow, inTiles);
  Value isThere = arith::AndIOp::create(
      b, e.lessThan(weightRow, e.index(e.rows)), e.lessThan(xRow, e.height));
  auto branch = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  Value column = inTiles;
  if (sections > 1)
    column =
        e.add(e.mul(e.div(inTiles, tileRows()), 8), e.rem(inTiles, tileRows()));
  Value sum;
  for (int64_t i = 0; i < warps; ++i)
    for (int64_t section = 0; section < sections; ++section) {
      Value part = memref::LoadOp::create(
          b, shared,
          ValueRange{e.index(i), e.add(column, section * tileRows()), row});
      sum = sum ? arith::AddFOp::create(b, sum, part).getResult() : part;
    }
  auto finished = finish(sum, weightRow);
  if (failed(finished))
    return failure();
  e.store(xRow, weightRow, *finished);
  return success();
}

//===----------------------------------------------------------------------===//
// Weights as their codec decodes them
//===----------------------------------------------------------------------===//

namespace {
class DecodedKernel : public RegisterKernel {
public:
  explicit DecodedKernel(ProductEmitter &e) : RegisterKernel(e) { choose(); }

private:
  void choose();
  LogicalResult prepare() override { return success(); }
  FailureOr<Sums> emitWindow(Value column, Value isValid, int64_t count,
                             Sums sums) override;
};
} // namespace

void DecodedKernel::choose() {
  DecodeOp decode = e.product.decode;
  auto type = cast<CompressedTensorType>(decode.getSource().getType());
  // What fills a load of 16 bytes, as far as registers allow.
  double bytes = CostModel(1).getDecodeCost(decode).bytes;
  width = bytes > 0 && bytes * 32 <= 24 ? 32 : 16;
  width = getDecoderWidth(decode, type, width, /*isScalar=*/true);
  run = std::max(width, type.getCodec().getChunk(2, decode));
  if (!ShapedType::isDynamic(e.staticHeight))
    tiles =
        std::clamp<int64_t>(llvm::divideCeil(e.staticHeight, 8), 1, mostTiles);
  chooseBlock(/*mostBands=*/1);
}

FailureOr<RegisterKernel::Sums> DecodedKernel::emitWindow(Value column,
                                                          Value isValid,
                                                          int64_t count,
                                                          Sums sums) {
  int64_t size = llvm::alignTo(count, 4);
  SmallVector<Value> weights[2];
  for (int64_t i : {0, 1})
    weights[i] = e.getPlanes(e.readWeight(weightRows[i], column, count),
                             e.domain.wPlanes, isValid, size);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    SmallVector<Value> xs =
        e.getPlanes(e.readActivation(xRows[tile], column, count),
                    e.domain.xPlanes, isValid, size);
    Sums tileSums(ArrayRef(sums).slice(4 * tile, 4));
    llvm::copy(multiply(weights, xs, 0, size, tileSums),
               sums.begin() + 4 * tile);
  }
  return sums;
}

LogicalResult mlir::zq::emitRegisterKernel(ProductEmitter &emitter) {
  DecodedKernel kernel(emitter);
  if (failed(emitter.makeDecoder(kernel.getWidth())))
    return failure();
  return kernel.emit();
}

std::string mlir::zq::whyNoKernel(MatrixProduct product) {
  if (!product.decode)
    return "";
  auto type = cast<CompressedTensorType>(product.decode.getSource().getType());
  CodecAttr codec = type.getCodec();
  if (codec.getRowsPerChunk(type.getRank()) > 1)
    return "its rows are decoded one after the other";
  return "";
}
