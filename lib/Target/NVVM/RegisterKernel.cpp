//===- RegisterKernel.cpp - Products with weights in registers ------------===//
//
// For few rows of the activation, where the weight's bytes are what takes time:
// every compressed byte goes from global memory to registers once, by wide
// loads, and is decoded there.
//
// The weight is the M operand of the instruction. The order of k within a
// product is free as long as both operands have the same, so a lane takes
// whatever run of columns its decoder likes: the four lanes of a row take four
// runs side by side, and the lanes of a column of the result the same ones.
//
//===----------------------------------------------------------------------===//
#include "Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"
#include "zq/Dialect/ZQ/Transforms/Placement.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Sums of four elements for each eight rows of the activation.
using Sums = SmallVector<Value>;

class RegisterKernel {
public:
  explicit RegisterKernel(ProductEmitter &e) : e(e), b(e.b) {}
  LogicalResult emit();

private:
  void choose();
  Sums emitRun(Value run, Value isValid, int64_t length, Sums sums);
  Sums emitWindow(Value column, Value isValid, int64_t count, Sums sums);
  Sums emitTail(Value warp, Sums sums);
  void reduceAndStore(gpu::LaunchOp launch, Value warp, const Sums &sums);

  ProductEmitter &e;
  ImplicitLocOpBuilder &b;
  /// Columns that are decoded together, and that a lane takes one after the
  /// other before it skips those of its neighbours.
  int64_t width, run;
  /// Tiles of eight rows of the activation, and warps of a block.
  int64_t tiles, warps;
  /// This lane's place in its group of four.
  Value place;
  /// The weight's rows of this lane, and the activation's.
  Value weightRows[2];
  SmallVector<Value> xRows;
  Value firstWeightRow, firstXRow;
};

} // namespace

/// Warps of a block where there is work for them.
static constexpr int64_t mostWarps = 8;
/// Tiles of the activation that share a decoded weight.
static constexpr int64_t mostTiles = 4;

void RegisterKernel::choose() {
  DecodeOp decode = e.product.decode;
  auto type = cast<CompressedTensorType>(decode.getSource().getType());
  // What fills a load of 16 bytes, as far as registers allow.
  double bytes = CostModel(1).getDecodeCost(decode).bytes;
  width = bytes > 0 && bytes * 32 <= 24 ? 32 : 16;
  width = getDecoderWidth(decode, type, width);
  run = std::max(width, type.getCodec().getChunk(2, decode));
  tiles = 1;
  if (!ShapedType::isDynamic(e.staticHeight))
    tiles =
        std::clamp<int64_t>(llvm::divideCeil(e.staticHeight, 8), 1, mostTiles);
  warps = 1;
  while (warps < mostWarps && warps * 4 * run < e.depth)
    warps *= 2;
}

LogicalResult RegisterKernel::emit() {
  choose();
  if (failed(e.makeDecoder(width)))
    return failure();
  Value gridX = e.index(llvm::divideCeil(e.rows, 16));
  Value gridY = e.div(e.add(e.height, 8 * tiles - 1), 8 * tiles);
  gpu::LaunchOp launch = e.enter(gridX, gridY, warps * 32);

  Value thread = launch.getThreadIds().x;
  Value lane = e.rem(thread, 32), warp = e.div(thread, 32);
  Value group = e.div(lane, 4);
  place = e.rem(lane, 4);
  firstWeightRow = e.mul(launch.getBlockIds().x, 16);
  firstXRow = e.mul(launch.getBlockIds().y, 8 * tiles);
  // Rows beyond the last one are the last one, and not stored.
  for (int64_t i : {0, 1})
    weightRows[i] = e.least(e.add(e.add(firstWeightRow, group), 8 * i),
                            e.index(e.rows - 1));
  Value lastXRow = arith::SubIOp::create(b, e.height, e.index(1));
  for (int64_t i = 0; i < tiles; ++i)
    xRows.push_back(e.least(e.add(e.add(firstXRow, group), 8 * i), lastXRow));

  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  Sums sums(4 * tiles, zero);
  int64_t rounds = e.depth / (4 * run);
  if (rounds) {
    auto loop = scf::ForOp::create(
        b, warp, e.index(rounds), e.index(warps), sums,
        [&](OpBuilder &, Location, Value round, ValueRange carried) {
          Value first = e.mul(round, 4);
          scf::YieldOp::create(
              b, b.getLoc(),
              emitRun(e.add(first, place), nullptr, run, Sums(carried)));
        });
    sums.assign(loop.result_begin(), loop.result_end());
  }
  sums = emitTail(warp, sums);
  reduceAndStore(launch, warp, sums);
  e.leave(launch);
  return success();
}

/// Adds the run's first `length` columns, a multiple of the width.
Sums RegisterKernel::emitRun(Value runIndex, Value isValid, int64_t length,
                             Sums sums) {
  Value begin = e.mul(runIndex, run);
  if (length == width)
    return emitWindow(begin, isValid, width, sums);
  // The decoder carries its state along this loop.
  auto loop = scf::ForOp::create(
      b, begin, e.add(begin, length), e.index(width), sums,
      [&](OpBuilder &, Location, Value column, ValueRange carried) {
        scf::YieldOp::create(b, b.getLoc(),
                             emitWindow(column, isValid, width, Sums(carried)));
      });
  return Sums(loop.result_begin(), loop.result_end());
}

/// Adds `count` columns, where they are valid.
Sums RegisterKernel::emitWindow(Value column, Value isValid, int64_t count,
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
    SmallVector<Value> tileSums(ArrayRef(sums).slice(4 * tile, 4));
    for (int64_t k = 0; k < size; k += 4)
      for (auto [i, j] : e.domain.products) {
        SmallVector<Value> a, bs;
        for (int64_t half : {0, 2}) {
          for (auto &planes : weights)
            a.push_back(e.getPair(planes[j], k + half));
          bs.push_back(e.getPair(xs[i], k + half));
        }
        tileSums = e.multiply(a, bs, tileSums);
      }
    llvm::copy(tileSums, sums.begin() + 4 * tile);
  }
  return sums;
}

/// The columns behind the last round of four whole runs: up to three runs, the
/// beginning of one, and of a window. One warp adds them; lanes without work
/// decode what others do, and multiply by zero.
Sums RegisterKernel::emitTail(Value warp, Sums sums) {
  int64_t rounds = e.depth / (4 * run);
  int64_t runs = e.depth / run - 4 * rounds;
  int64_t windows = e.depth % run / width;
  int64_t count = e.depth % width;
  if (!runs && !windows && !count)
    return sums;
  Value isMine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, warp,
                                       e.index(rounds % warps));
  auto branch = scf::IfOp::create(
      b, isMine,
      [&](OpBuilder &, Location) {
        Sums inside = sums;
        if (runs) {
          Value isValid = e.lessThan(place, e.index(runs));
          Value mine = e.least(place, e.index(runs - 1));
          inside = emitRun(e.add(mine, 4 * rounds), isValid, run, inside);
        }
        Value isFirst = e.lessThan(place, e.index(1));
        if (windows)
          inside =
              emitRun(e.index(e.depth / run), isFirst, windows * width, inside);
        if (count)
          inside = emitWindow(e.index(e.depth - count), isFirst, count, inside);
        scf::YieldOp::create(b, b.getLoc(), inside);
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, b.getLoc(), sums);
      });
  return Sums(branch.result_begin(), branch.result_end());
}

/// Adds up the warps' sums through shared memory and stores what they make.
void RegisterKernel::reduceAndStore(gpu::LaunchOp launch, Value warp,
                                    const Sums &sums) {
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  Value shared = launch.addWorkgroupAttribution(
      MemRefType::get({warps, 8 * tiles, 16}, b.getF32Type(),
                      MemRefLayoutAttrInterface(), space),
      b.getLoc());
  Value thread = launch.getThreadIds().x;
  Value group = e.div(e.rem(thread, 32), 4);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value column = e.add(e.mul(place, 2), i / 4 * 8 + i % 2);
    Value row = e.add(group, i % 4 / 2 * 8);
    memref::StoreOp::create(b, sum, shared, ValueRange{warp, column, row});
  }
  gpu::BarrierOp::create(b);
  scf::ForOp::create(
      b, thread, e.index(128 * tiles), e.index(32 * warps), ValueRange{},
      [&](OpBuilder &, Location, Value at, ValueRange) {
        Value row = e.rem(at, 16), column = e.div(at, 16);
        Value weightRow = e.add(firstWeightRow, row);
        Value xRow = e.add(firstXRow, column);
        Value isThere =
            arith::AndIOp::create(b, e.lessThan(weightRow, e.index(e.rows)),
                                  e.lessThan(xRow, e.height));
        scf::IfOp::create(b, isThere, [&](OpBuilder &, Location) {
          Value sum;
          for (int64_t i = 0; i < warps; ++i) {
            Value part = memref::LoadOp::create(
                b, shared, ValueRange{e.index(i), column, row});
            sum = sum ? arith::AddFOp::create(b, sum, part).getResult() : part;
          }
          e.store(xRow, weightRow, sum);
          scf::YieldOp::create(b, b.getLoc());
        });
        scf::YieldOp::create(b, b.getLoc());
      });
}

LogicalResult mlir::zq::emitRegisterKernel(ProductEmitter &emitter) {
  return RegisterKernel(emitter).emit();
}

std::string mlir::zq::whyNoKernel(Product product) {
  auto type = cast<CompressedTensorType>(product.decode.getSource().getType());
  CodecAttr codec = type.getCodec();
  if (codec.getRowsPerChunk(type.getRank()) > 1)
    return "its rows are decoded one after the other";
  return "";
}
