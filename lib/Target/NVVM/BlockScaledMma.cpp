//===- BlockScaledMma.cpp - Block-scaled products by mma.sync -------------===//
//
// A ring of stages in the block's memory, filled by cp.async some steps ahead;
// from there `ldmatrix` and the scales' words to registers, and mma.sync with
// block scales on them. Fragments and scale lanes are those of the PTX manual,
// sections 9.7.14.5 and 9.7.14.3.
//
//===----------------------------------------------------------------------===//
#include "BlockScaledKernels.h"

using namespace mlir;
using namespace mlir::zq;

static int64_t getStageBytes(const BlockScaledMode &mode,
                             const BlockScaledTile &tile) {
  return (tile.m + tile.n) * (tile.bytes + getScaleBytes(mode, tile));
}

int64_t mlir::zq::getMmaSharedBytes(const BlockScaledProduct &product,
                                    const BlockScaledTile &tile) {
  return tile.stages * getStageBytes(product.mode, tile);
}

BlockScaledTile mlir::zq::chooseMmaTile(const BlockScaledProduct &product,
                                        const Chip &chip) {
  int64_t m = product.a.operand.rows, n = product.b.operand.rows;
  BlockScaledTile tile;
  auto blocks = [&](int64_t size) {
    return llvm::divideCeil(m, size) * llvm::divideCeil(n, size);
  };
  if (n <= 8)
    tile = {64, 8, 4, 1, 0, 0};
  else if (n <= 16)
    tile = {64, 16, 4, 1, 0, 0};
  else if (n <= 32)
    tile = {64, 32, 2, 2, 0, 0};
  // A large tile reads less, a small one leaves fewer processors idle; these
  // chips have 48 to 188.
  else if (blocks(128) >= 48)
    tile = {128, 128, 2, 4, 0, 0};
  else
    tile = {64, 64, 2, 2, 0, 0};
  // A row has at least four bytes of scales in a stage, which is what cp.async
  // copies at least.
  tile.bytes = product.mode.scales == 1 ? 128 : 64;
  tile.stages = std::min<int64_t>(
      {4, chip.sharedMemoryPerBlock / getStageBytes(product.mode, tile),
       std::max<int64_t>(getStretches(product, tile), 2)});
  return tile;
}

namespace {

/// Where the parts of a stage begin.
struct Stage {
  int64_t a, b, scaleA, scaleB, size;
};

class MmaKernel {
public:
  MmaKernel(KernelBuilder &b, const BlockScaledProduct &product,
            const BlockScaledTile &tile, Int thread, Int blockM, Int blockN)
      : b(b), product(product), mode(product.mode), tile(tile), thread(thread),
        firstM(blockM * tile.m), firstN(blockN * tile.n),
        atomsM(tile.m / tile.warpsM / 16), atomsN(tile.n / tile.warpsN / 8),
        stretches(getStretches(product, tile)), copies(b, stretches) {
    scaleBytes = getScaleBytes(mode, tile);
    stage.a = 0;
    stage.b = stage.a + tile.m * tile.bytes;
    stage.scaleA = stage.b + tile.n * tile.bytes;
    stage.scaleB = stage.scaleA + tile.m * scaleBytes;
    stage.size = stage.scaleB + tile.n * scaleBytes;
  }

  void emit();

private:
  Int getPlace(Int row, Int byte);
  void addCopies(const BlockScaledProduct::Side &side, Int first,
                 int64_t panelRows, int64_t codes, int64_t scales);
  Value at(Int slot) { return b.at(shared, slot * stage.size); }
  SmallVector<Value> loadScales(Value from, Int row);
  SmallVector<Value> multiply(Value from, ValueRange sums);
  void store(ValueRange sums);

  KernelBuilder &b;
  const BlockScaledProduct &product;
  const BlockScaledMode &mode;
  const BlockScaledTile &tile;
  Int thread, firstM, firstN;
  /// Tiles of 16 and of 8 rows that a warp has.
  int64_t atomsM, atomsN, scaleBytes;
  Stage stage;
  Value shared;
  int64_t stretches;
  PanelCopies copies;

  /// Where the warp's part of the tile begins.
  Int lane, warpM, warpN;
  /// Of a lane: where its first sum lies, the row whose scales it gives, and
  /// the rows that `ldmatrix` reads by its address, with the byte in a step.
  Int rowC, columnC, scaleRow, rowA, byteA, rowB, byteB;
};

} // namespace

/// Where a byte of a row lies in a panel: swizzled, so that the same chunk of
/// 16 bytes of eight rows lies in different banks.
Int MmaKernel::getPlace(Int row, Int byte) {
  return b.getSwizzled({tile.bytes}, row * tile.bytes + byte);
}

void MmaKernel::addCopies(const BlockScaledProduct::Side &side, Int first,
                          int64_t panelRows, int64_t codes, int64_t scales) {
  PanelCopy::Layout layout = getCodeLayout(side.operand, mode, tile, true);
  layout.panelRows = panelRows;
  copies.add(PanelCopy(
      b, layout, b.getGlobal(side.getCodes()), first, thread,
      [&](Int row, Int chunk) { return getPlace(row, chunk << 4) + codes; }));
  layout = getScaleLayout(side.operand, mode, tile, scaleBytes);
  layout.panelRows = panelRows;
  copies.add(
      PanelCopy(b, layout, b.getGlobal(side.getScales()), first, thread,
                [&](Int row, Int) { return row * scaleBytes + scales; }));
}

/// The words of scales of a row in a stage.
SmallVector<Value> MmaKernel::loadScales(Value from, Int row) {
  int64_t words = scaleBytes / 4;
  Type type = b.getI32Type();
  Value pointer = b.at(from, row * scaleBytes);
  if (words > 1)
    type = VectorType::get(words, type);
  return b.unpack(b.load(type, pointer, scaleBytes));
}

/// The sums with a stage's products.
SmallVector<Value> MmaKernel::multiply(Value from, ValueRange sums) {
  SmallVector<Value> result(sums);
  Type f32 = b.getF32Type();
  auto type =
      LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  // A word of each lane serves two atoms of a, by the pairs of lanes that give
  // theirs, and four of b.
  SmallVector<SmallVector<Value>> scalesA, scalesB;
  for (int64_t i = 0; i < atomsM; i += 2) {
    int64_t rows = 16 * std::min<int64_t>(atomsM - i, 2);
    Int row = warpM + 16 * i + (scaleRow & (rows - 1));
    scalesA.push_back(loadScales(b.at(from, stage.scaleA), row));
  }
  for (int64_t j = 0; j < atomsN; j += 4) {
    int64_t rows = 8 * std::min<int64_t>(atomsN - j, 4);
    Int row = warpN + 8 * j + (scaleRow & (rows - 1));
    scalesB.push_back(loadScales(b.at(from, stage.scaleB), row));
  }
  SmallVector<Value> selector;
  for (int64_t i = 0; i < 4; ++i)
    selector.push_back(arith::ConstantOp::create(b, b.getI16IntegerAttr(i)));

  for (int64_t step = 0; step < tile.bytes / 32; ++step) {
    SmallVector<SmallVector<Value>> as, bs;
    Value panelA = b.at(from, getPlace(rowA, byteA + 32 * step));
    for (int64_t i = 0; i < atomsM; ++i)
      as.push_back(
          b.loadMatrices(b.at(panelA, stage.a + 16 * i * tile.bytes), 4));
    Value panelB = b.at(from, getPlace(rowB, byteB + 32 * step));
    for (int64_t j = 0; j < atomsN; j += 2) {
      SmallVector<Value> two = b.loadMatrices(
          b.at(panelB, stage.b + 8 * j * tile.bytes), atomsN > 1 ? 4 : 2);
      bs.emplace_back(two.begin(), two.begin() + 2);
      if (atomsN > 1)
        bs.emplace_back(two.begin() + 2, two.end());
    }
    int64_t word = step * mode.scales / 4, byte = step * mode.scales % 4;
    std::array<NVVM::MMATypes, 2> elements{product.a.operand.element,
                                           product.b.operand.element};
    auto scaleVector = mode.scales == 4   ? NVVM::ScaleVecSize::X4
                       : mode.scales == 2 ? NVVM::ScaleVecSize::X2
                                          : NVVM::ScaleVecSize::X1;
    for (int64_t i = 0; i < atomsM; ++i)
      for (int64_t j = 0; j < atomsN; ++j) {
        MutableArrayRef<Value> own =
            MutableArrayRef(result).slice(4 * (i * atomsN + j), 4);
        Value product = NVVM::MmaBlockScaleOp::create(
            b, type, as[i], bs[j], SmallVector<Value>(own),
            scalesA[i / 2][word], selector[byte], selector[i % 2],
            scalesB[j / 4][word], selector[byte], selector[j % 4],
            {16, 8, mode.step}, elements, scaleVector, mode.format, mode.kind);
        llvm::copy(b.unpack(product), own.begin());
      }
  }
  return result;
}

void MmaKernel::store(ValueRange sums) {
  BlockScaledEpilogue epilogue(b, product);
  for (int64_t i = 0; i < atomsM; ++i)
    for (int64_t j = 0; j < atomsN; ++j)
      for (int64_t half = 0; half < 2; ++half) {
        int64_t first = 4 * (i * atomsN + j) + 2 * half;
        epilogue.store(firstM + warpM + rowC + (16 * i + 8 * half),
                       firstN + warpN + columnC + 8 * j,
                       {sums[first], sums[first + 1]}, tile.m, tile.n);
      }
}

void MmaKernel::emit() {
  shared = b.getDynamicShared();
  lane = thread & 31;
  Int warp = thread >> 5;
  warpM = warp / tile.warpsN * (tile.m / tile.warpsM);
  warpN = warp % tile.warpsN * (tile.n / tile.warpsN);
  int64_t bits = mode.getContainerBits();
  auto layoutA = getMmaLayout(b.getContext(), MmaOperand::A, bits);
  auto layoutB = getMmaLayout(b.getContext(), MmaOperand::B, bits);
  auto layoutC = getMmaLayout(b.getContext(), MmaOperand::C, 32);
  EmittedOffset first = b.getOffset(layoutC, lane);
  rowC = first.row;
  columnC = first.column;
  scaleRow = b.getOffset(getMmaScaleLayout(b.getContext()), lane).row;
  EmittedOffset from = b.getOffset(getLdmatrixLayout(layoutA), lane);
  rowA = warpM + from.row;
  byteA = from.column;
  // Two atoms at a time, where there are.
  SmallVector<MatrixOffset> beyond;
  if (atomsN > 1)
    beyond.push_back({8, 0});
  from = b.getOffset(getLdmatrixLayout(layoutB, beyond), lane);
  rowB = warpN + from.row;
  byteB = from.column;

  addCopies(product.a, firstM, tile.m, stage.a, stage.scaleA);
  addCopies(product.b, firstN, tile.n, stage.b, stage.scaleB);

  int64_t ahead = tile.stages - 1;
  for (int64_t i = 0; i < ahead; ++i)
    copies.fill(b.i32(i), at(b.i32(i)), [] {});

  SmallVector<Value> inits(4 * atomsM * atomsN, b.f32(0));
  inits.push_back(b.i32(0));
  SmallVector<Value> sums =
      b.loop(b.i32(stretches), inits, [&](Int stretch, ValueRange carried) {
        Int slot(b, carried.back());
        b.waitCopies(ahead - 1);
        // This stage is there for all; the one before it is read by nobody.
        b.barrier();
        Int before = b.select(slot == 0, b.i32(ahead), slot - 1);
        SmallVector<Value> next;
        copies.fill(stretch + ahead, at(before),
                    [&] { next = multiply(at(slot), carried.drop_back()); });
        next.push_back(b.select(slot == ahead, b.i32(0), slot + 1));
        return next;
      });
  sums.pop_back();
  b.waitCopies(0);
  store(sums);
}

void mlir::zq::emitMmaKernel(KernelBuilder &b,
                             const BlockScaledProduct &product,
                             const BlockScaledTile &tile, Int thread,
                             Int blockM, Int blockN) {
  MmaKernel(b, product, tile, thread, blockM, blockN).emit();
}
