//===- BlockScaledTcgen05.cpp - Block-scaled products by tcgen05 ----------===//
//
// A ring of stages in the block's memory, and warps with work of their own. One
// thread has the copy engine bring boxes of codes; four warps bring scales,
// whose places no box has, and codes that come in no boxes; one thread tells
// the tensor core to take the scales to tensor memory and to multiply. A stage
// has two mbarriers: one that it is filled, by the copy engine and the four
// warps, and one that it is empty, by the tensor core. The sums stay in tensor
// memory until the end, when the four warps store them. Layouts are those of
// the PTX manual, section 9.7.16: operands in rows of 128 bytes with the
// 128-byte swizzle, scales in chunks of 128 rows of a word.
//
//===----------------------------------------------------------------------===//
#include "BlockScaledKernels.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "zq/Target/NVVM/TensorMaps.h"

using namespace mlir;
using namespace mlir::zq;

/// Where operands with a 128-byte swizzle may begin.
static constexpr int64_t atomBytes = 1024;
/// A word of scales of each of 128 rows.
static constexpr int64_t scaleChunk = scaleChunkBytes128x4;
/// Columns of tensor memory that such a chunk takes.
static constexpr int64_t scaleColumns = 4;

namespace {

/// Where the parts of a stage begin.
struct Stage {
  Stage(const BlockScaledMode &mode, const BlockScaledTile &tile)
      : words(getScaleBytes(mode, tile) / 4), b(tile.m * tile.bytes),
        scaleA(b + tile.n * tile.bytes), scaleB(scaleA + words * scaleChunk),
        size(llvm::alignTo(scaleB + words * scaleChunk, atomBytes)) {}

  /// Words of scales of a row.
  int64_t words;
  int64_t a = 0, b, scaleA, scaleB, size;
};

} // namespace

int64_t mlir::zq::getTcgen05SharedBytes(const BlockScaledProduct &product,
                                        const BlockScaledTile &tile) {
  // The stages, from the first multiple of an atom on; behind them two barriers
  // of 8 bytes for each, one for the sums, and the address in tensor memory.
  return atomBytes + tile.stages * (Stage(product.mode, tile).size + 16) + 16;
}

BlockScaledTile mlir::zq::chooseTcgen05Tile(const BlockScaledProduct &product,
                                            const Chip &chip) {
  int64_t n = product.b.operand.rows;
  BlockScaledTile tile{128, 128, 4, 1, 128, 0};
  for (int64_t size : {64, 32, 16, 8})
    if (n <= size)
      tile.n = size;
  int64_t size = Stage(product.mode, tile).size + 16;
  tile.stages =
      std::min<int64_t>({4, (chip.sharedMemoryPerBlock - atomBytes - 16) / size,
                         std::max<int64_t>(getStretches(product, tile), 2)});
  tile.leaders = comesInBoxes(product.a.operand, product.mode) ||
                         comesInBoxes(product.b.operand, product.mode)
                     ? 2
                     : 1;
  return tile;
}

namespace {

class Tcgen05Kernel {
public:
  Tcgen05Kernel(KernelBuilder &b, const BlockScaledProduct &product,
                const BlockScaledTile &tile, Int thread, Int blockM, Int blockN)
      : b(b), product(product), mode(product.mode), tile(tile), thread(thread),
        firstM(blockM * tile.m), firstN(blockN * tile.n), stage(mode, tile),
        stretches(getStretches(product, tile)), copies(b, stretches) {}

  void emit();

private:
  void addCopies(const BlockScaledProduct::Side &side, Int first,
                 int64_t panelRows, int64_t codes, int64_t scales);
  Value at(Int slot) { return b.at(shared, slot * stage.size); }
  Value getFull(Int slot) { return b.at(barriers, slot << 3); }
  Value getEmpty(Int slot) { return b.at(getFull(slot), 8 * tile.stages); }
  void forEachStretch(function_ref<void(Int stretch, Int slot, Int parity)>);
  Value getTensorAddress(Int column);
  Value getDescriptor(Int address, int64_t rowGroup, int64_t swizzle);
  int64_t getInstruction(int64_t scale);
  void setUp();
  void copyAsThreads();
  void copyAsBoxes();
  void multiply(Int stretch, Int slot);
  void store();

  KernelBuilder &b;
  const BlockScaledProduct &product;
  const BlockScaledMode &mode;
  const BlockScaledTile &tile;
  Int thread, firstM, firstN;
  Stage stage;
  int64_t stretches;
  PanelCopies copies;
  /// Codes that the copy engine brings: a map, the first row, the number of
  /// rows, and where they lie in a stage.
  struct Box {
    Value map;
    Int row;
    int64_t rows, place;
  };
  SmallVector<Box> boxes;

  /// The stages, and what lies behind them.
  Value shared, barriers, finished, slotOfAddress;
  /// Tensor memory: the sums come first, then the scales of each stage.
  Int tensor;
  int64_t firstScale, tensorColumns;
};

} // namespace

void Tcgen05Kernel::addCopies(const BlockScaledProduct::Side &side, Int first,
                              int64_t panelRows, int64_t codes,
                              int64_t scales) {
  PanelCopy::Layout layout = getCodeLayout(side.operand, mode, tile, false);
  layout.panelRows = panelRows;
  if (comesInBoxes(side.operand, mode)) {
    int64_t bits = side.operand.bits;
    Value map = createTensorMap(b, side.getCodes(), {panelRows, tile.bytes},
                                bits < mode.getContainerBits() ? bits : 8,
                                nvgpu::TensorMapSwizzleKind::SWIZZLE_128B);
    boxes.push_back({map, first, panelRows, codes});
  } else {
    // As the copy engine would.
    copies.add(PanelCopy(
        b, layout, b.getGlobal(side.getCodes()), first, thread,
        [&](Int row, Int chunk) {
          return b.getSwizzled({tile.bytes}, row * tile.bytes + (chunk << 4)) +
                 codes;
        }));
  }
  layout = getScaleLayout(side.operand, mode, tile, 4);
  layout.panelRows = panelRows;
  auto rowLayout = getScaleLayout128x4(b.getContext());
  copies.add(PanelCopy(b, layout, b.getGlobal(side.getScales()), first, thread,
                       [&](Int row, Int word) {
                         return word * scaleChunk +
                                b.getOffset(rowLayout, row).column + scales;
                       }));
}

Value Tcgen05Kernel::getTensorAddress(Int column) {
  auto type = LLVM::LLVMPointerType::get(
      b.getContext(), static_cast<unsigned>(NVVM::NVVMMemorySpace::Tensor));
  return LLVM::IntToPtrOp::create(b, type, Value(tensor + column));
}

/// A matrix in the block's memory whose groups of eight rows are `rowGroup`
/// bytes apart, K-major [PTX 9.7.16.4].
Value Tcgen05Kernel::getDescriptor(Int address, int64_t rowGroup,
                                   int64_t swizzle) {
  uint64_t fixed = uint64_t(rowGroup >> 4) << 32 | uint64_t(1) << 46 |
                   uint64_t(swizzle) << 61;
  return ((address & 0x3FFFF) >> 4).wide() | int64_t(fixed);
}

/// The instruction descriptor where the scales are those from byte `scale` on
/// of their words [PTX 9.7.16.4.2].
int64_t Tcgen05Kernel::getInstruction(int64_t scale) {
  bool isPacked = mode.step == 64;
  auto getCode = [&](NVVM::MMATypes element) -> int64_t {
    switch (element) {
    case NVVM::MMATypes::e4m3:
      return 0;
    case NVVM::MMATypes::e5m2:
      return 1;
    case NVVM::MMATypes::e2m3:
      return 3;
    case NVVM::MMATypes::e3m2:
      return 4;
    default:
      return isPacked ? 1 : 5;
    }
  };
  bool isPowerOfTwo = mode.format == NVVM::BlockScaleFormat::UE8M0;
  return scale << 4 | getCode(product.a.operand.element) << 7 |
         getCode(product.b.operand.element) << 10 | (tile.n >> 3) << 17 |
         int64_t(isPowerOfTwo) << 23 | (tile.m >> 7) << 27 | scale << 29;
}

/// Barriers and tensor memory.
void Tcgen05Kernel::setUp() {
  Value dynamic = b.getDynamicShared();
  Int address(b, LLVM::PtrToIntOp::create(b, b.getI32Type(), dynamic));
  // From here on addresses are multiples of an atom.
  Int gap = (b.i32(0) - address) & (atomBytes - 1);
  shared = b.at(dynamic, gap);
  barriers = b.at(shared, tile.stages * stage.size);
  finished = b.at(barriers, 16 * tile.stages);
  slotOfAddress = b.at(finished, 8);

  firstScale = std::max<int64_t>(tile.n, 32);
  tensorColumns = llvm::PowerOf2Ceil(
      firstScale + tile.stages * 2 * stage.words * scaleColumns);
  b.when(thread < 32, [&] {
    NVVM::Tcgen05AllocOp::create(b, slotOfAddress, b.i32(tensorColumns));
    NVVM::Tcgen05RelinquishAllocPermitOp::create(b);
  });
  b.when(thread == 0, [&] {
    for (int64_t i = 0; i < tile.stages; ++i) {
      b.initBarrier(getFull(b.i32(i)),
                    tile.getWorkers() / 32 + (boxes.empty() ? 0 : 1));
      b.initBarrier(getEmpty(b.i32(i)), 1);
    }
    b.initBarrier(finished, 1);
    NVVM::FenceMbarrierInitOp::create(b);
  });
  NVVM::Tcgen05FenceOp::create(b, NVVM::Tcgen05FenceKind::BEFORE_THREAD_SYNC);
  b.barrier();
  NVVM::Tcgen05FenceOp::create(b, NVVM::Tcgen05FenceKind::AFTER_THREAD_SYNC);
  tensor = Int(b, b.load(b.getI32Type(), slotOfAddress, 4));
}

/// Has the tensor core multiply what is in a stage; by one thread.
void Tcgen05Kernel::multiply(Int stretch, Int slot) {
  Int from(b, LLVM::PtrToIntOp::create(b, b.getI32Type(), at(slot)));
  Int scales = slot * (2 * stage.words * scaleColumns) + firstScale;
  auto getScale = [&](int64_t side, int64_t word) {
    return getTensorAddress(scales +
                            (side * stage.words + word) * scaleColumns);
  };
  for (int64_t word = 0; word < stage.words; ++word)
    for (int64_t side = 0; side < 2; ++side) {
      int64_t begin = side ? stage.scaleB : stage.scaleA;
      NVVM::Tcgen05CpOp::create(
          b, NVVM::Tcgen05CpShape::SHAPE_32x128b, NVVM::CTAGroupKind::CTA_1,
          NVVM::Tcgen05CpMulticast::WARPX4, /*srcFormat=*/nullptr,
          getScale(side, word),
          getDescriptor(from + (begin + word * scaleChunk), 128, 0));
    }
  auto block = mode.scales == 4 ? NVVM::Tcgen05MMABlockScale::BLOCK16
                                : NVVM::Tcgen05MMABlockScale::BLOCK32;
  for (int64_t step = 0; step < tile.bytes / 32; ++step) {
    int64_t word = step * mode.scales / 4, byte = step * mode.scales % 4;
    // The first product of all overwrites what is in tensor memory.
    Value adds = step ? Value(arith::ConstantOp::create(b, b.getBoolAttr(true)))
                      : Value(stretch != 0);
    NVVM::Tcgen05MMABlockScaleOp::create(
        b, mode.kind, NVVM::CTAGroupKind::CTA_1, block,
        NVVM::Tcgen05MMACollectorOp::DISCARD, getTensorAddress(b.i32(0)),
        getDescriptor(from + (stage.a + 32 * step), 8 * tile.bytes, 2),
        getDescriptor(from + (stage.b + 32 * step), 8 * tile.bytes, 2),
        b.i32(getInstruction(byte)), adds, getScale(0, word),
        getScale(1, word));
  }
  NVVM::Tcgen05CommitOp::create(b, getEmpty(slot), /*multicastMask=*/Value());
}

/// `body` for each stretch with its stage and the parity of the stage's phase.
void Tcgen05Kernel::forEachStretch(
    function_ref<void(Int stretch, Int slot, Int parity)> body) {
  b.loop(b.i32(stretches), {b.i32(0), b.i32(0)},
         [&](Int stretch, ValueRange carried) -> SmallVector<Value> {
           Int slot(b, carried[0]), parity(b, carried[1]);
           body(stretch, slot, parity);
           Int isLast = slot == tile.stages - 1;
           return {b.select(isLast, b.i32(0), slot + 1),
                   b.select(isLast, parity ^ 1, parity)};
         });
}

/// Fills stages by all threads of the warps that copy. A stage is told to be
/// full `lag` stretches later, when its copies have come. There is a stage more
/// than that, with which the tensor core is at work while they wait for an
/// empty one.
void Tcgen05Kernel::copyAsThreads() {
  int64_t lag = tile.stages - 2;
  auto tell = [&](Int slot) {
    b.fenceAsync();
    b.warpBarrier();
    b.when((thread & 31) == 0, [&] { b.arrive(getFull(slot)); });
  };
  forEachStretch([&](Int stretch, Int slot, Int parity) {
    b.waitBarrier(getEmpty(slot), parity ^ 1);
    copies.fill(stretch, at(slot), [] {});
    b.waitCopies(lag);
    b.when(b.i32(lag - 1) < stretch, [&] {
      tell(b.select(slot < lag, slot + (tile.stages - lag), slot - lag));
    });
  });
  b.waitCopies(0);
  for (int64_t i = stretches - lag; i < stretches; ++i)
    tell(b.i32(i % tile.stages));
}

/// Has the copy engine fill stages; by one thread.
void Tcgen05Kernel::copyAsBoxes() {
  forEachStretch([&](Int stretch, Int slot, Int parity) {
    b.waitBarrier(getEmpty(slot), parity ^ 1);
    int64_t bytes = 0;
    for (const Box &box : boxes)
      bytes += box.rows * tile.bytes;
    b.arriveExpecting(getFull(slot), bytes);
    for (const Box &box : boxes)
      b.copyBox(b.at(at(slot), box.place), box.map,
                {box.row, stretch * tile.bytes}, getFull(slot));
  });
}

void Tcgen05Kernel::store() {
  BlockScaledEpilogue epilogue(b, product);
  int64_t width = std::min<int64_t>(tile.n, 32);
  auto bits = VectorType::get(width, b.getI32Type());
  // A warp reads the 32 lanes that are its own, each thread one row.
  Int warp = thread >> 5;
  for (int64_t column = 0; column < tile.n; column += width) {
    Value loaded = NVVM::Tcgen05LdOp::create(
        b, bits, /*pack=*/false, NVVM::Tcgen05LdStShape::SHAPE_32X32B,
        getTensorAddress((warp << 21) + column), /*offset=*/Value());
    NVVM::Tcgen05WaitOp::create(b, NVVM::Tcgen05WaitKind::LOAD);
    Value sums = LLVM::BitcastOp::create(
        b, VectorType::get(width, b.getF32Type()), loaded);
    SmallVector<Value> row = b.unpack(sums);
    for (int64_t i = 0; i < width; i += 4)
      epilogue.store(firstM + thread, firstN + (column + i),
                     ArrayRef(row).slice(i, 4), tile.m, tile.n);
  }
}

void Tcgen05Kernel::emit() {
  addCopies(product.a, firstM, tile.m, stage.a, stage.scaleA);
  addCopies(product.b, firstN, tile.n, stage.b, stage.scaleB);
  setUp();

  int64_t workers = tile.getWorkers();
  b.when(thread == workers, [&] {
    forEachStretch([&](Int stretch, Int slot, Int parity) {
      b.waitBarrier(getFull(slot), parity);
      multiply(stretch, slot);
    });
    NVVM::Tcgen05CommitOp::create(b, finished, /*multicastMask=*/Value());
  });
  if (!boxes.empty())
    b.when(thread == workers + 32, [&] { copyAsBoxes(); });
  b.when(thread < workers, [&] {
    copyAsThreads();
    b.waitBarrier(finished, b.i32(0));
    NVVM::Tcgen05FenceOp::create(b, NVVM::Tcgen05FenceKind::AFTER_THREAD_SYNC);
    store();
  });

  NVVM::Tcgen05FenceOp::create(b, NVVM::Tcgen05FenceKind::BEFORE_THREAD_SYNC);
  b.barrier();
  b.when(thread < 32, [&] {
    NVVM::Tcgen05FenceOp::create(b, NVVM::Tcgen05FenceKind::AFTER_THREAD_SYNC);
    NVVM::Tcgen05DeallocOp::create(b, getTensorAddress(b.i32(0)),
                                   b.i32(tensorColumns));
  });
}

void mlir::zq::emitTcgen05Kernel(KernelBuilder &b,
                                 const BlockScaledProduct &product,
                                 const BlockScaledTile &tile, Int thread,
                                 Int blockM, Int blockN) {
  Tcgen05Kernel(b, product, tile, thread, blockM, blockN).emit();
}
