//===- BlockScaledTcgen05.cpp - Block-scaled products by tcgen05 ----------===//
//
// All threads fill a ring of stages in the block's memory; the first one tells
// the tensor core to take the scales to tensor memory, to multiply, and to
// arrive at the stage's barrier when it has read it. The sums stay in tensor
// memory until the end. Layouts are those of the PTX manual, section 9.7.16:
// operands in rows of 128 bytes with the 128-byte swizzle, scales in chunks of
// 128 rows of a word.
//
//===----------------------------------------------------------------------===//
#include "BlockScaledKernels.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::zq;

/// Where operands with a 128-byte swizzle may begin.
static constexpr int64_t atomBytes = 1024;
/// A word of scales of each of 128 rows.
static constexpr int64_t scaleChunk = 512;
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
  // The stages, from the first multiple of an atom on; behind them a barrier of
  // 8 bytes for each and the address in tensor memory.
  return atomBytes + tile.stages * (Stage(product.mode, tile).size + 8) + 8;
}

BlockScaledTile mlir::zq::chooseTcgen05Tile(const BlockScaledProduct &product,
                                            const Chip &chip) {
  int64_t n = product.b.operand.rows;
  BlockScaledTile tile{128, 128, 4, 1, 128, 0};
  for (int64_t size : {64, 32, 16, 8})
    if (n <= size)
      tile.n = size;
  int64_t size = Stage(product.mode, tile).size + 8;
  tile.stages =
      std::min<int64_t>({4, (chip.sharedMemoryPerBlock - atomBytes - 8) / size,
                         std::max<int64_t>(getStretches(product, tile), 2)});
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
  Value getBarrier(Int slot) { return b.at(barriers, slot << 3); }
  Value getTensorAddress(Int column);
  Value getDescriptor(Int address, int64_t rowGroup, int64_t swizzle);
  int64_t getInstruction(int64_t scale);
  void setUp();
  void multiply(Int stretch, Int slot);
  void wait(Int slot, Int phase);
  void store();

  KernelBuilder &b;
  const BlockScaledProduct &product;
  const BlockScaledMode &mode;
  const BlockScaledTile &tile;
  Int thread, firstM, firstN;
  Stage stage;
  int64_t stretches;
  PanelCopies copies;

  /// The stages, and what lies behind them.
  Value shared, barriers, slotOfAddress;
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
  copies.add(PanelCopy(b, layout, b.getGlobal(side.getCodes()), first, thread,
                       [&](Int row, Int chunk) {
                         return row * tile.bytes + ((chunk ^ (row & 7)) << 4) +
                                codes;
                       }));
  layout = getScaleLayout(side.operand, mode, tile, 4);
  layout.panelRows = panelRows;
  copies.add(PanelCopy(b, layout, b.getGlobal(side.getScales()), first, thread,
                       [&](Int row, Int word) {
                         return word * scaleChunk + ((row & 31) << 4) +
                                ((row >> 5) << 2) + scales;
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
  slotOfAddress = b.at(barriers, 8 * tile.stages);

  firstScale = std::max<int64_t>(tile.n, 32);
  tensorColumns = llvm::PowerOf2Ceil(
      firstScale + tile.stages * 2 * stage.words * scaleColumns);
  b.when(thread < 32, [&] {
    NVVM::Tcgen05AllocOp::create(b, slotOfAddress, b.i32(tensorColumns));
    NVVM::Tcgen05RelinquishAllocPermitOp::create(b);
  });
  b.when(thread == 0, [&] {
    for (int64_t i = 0; i < tile.stages; ++i)
      NVVM::MBarrierInitOp::create(b, getBarrier(b.i32(i)), b.i32(1),
                                   /*predicate=*/Value());
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
  NVVM::Tcgen05CommitOp::create(b, getBarrier(slot), /*multicastMask=*/Value());
}

/// Until the tensor core has read a stage for the time of this parity.
void Tcgen05Kernel::wait(Int slot, Int phase) {
  Value barrier = getBarrier(slot);
  b.waitUntil([&]() -> Value {
    return NVVM::MBarrierTryWaitOp::create(b, b.getI1Type(), barrier, phase,
                                           /*ticks=*/Value());
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
  setUp();
  addCopies(product.a, firstM, tile.m, stage.a, stage.scaleA);
  addCopies(product.b, firstN, tile.n, stage.b, stage.scaleB);

  int64_t ahead = tile.stages - 1;
  for (int64_t i = 0; i < ahead; ++i)
    copies.fill(b.i32(i), at(b.i32(i)), [] {});
  b.loop(b.i32(stretches), {b.i32(0), b.i32(0)},
         [&](Int stretch, ValueRange carried) -> SmallVector<Value> {
           Int slot(b, carried[0]), phase(b, carried[1]);
           b.waitCopies(ahead - 1);
           // What threads wrote is for the tensor core to read.
           NVVM::FenceProxyOp::create(
               b, NVVM::ProxyKind::async_shared,
               NVVM::SharedSpaceAttr::get(b.getContext(),
                                          NVVM::SharedSpace::shared_cta));
           b.barrier();
           b.when(thread == 0, [&] { multiply(stretch, slot); });
           // The stage before this one is free once it has been read.
           Int isFirst = slot == 0;
           Int before = b.select(isFirst, b.i32(ahead), slot - 1);
           b.when(stretch != 0,
                  [&] { wait(before, b.select(isFirst, phase ^ 1, phase)); });
           copies.fill(stretch + ahead, at(before), [] {});
           Int isLast = slot == ahead;
           return {b.select(isLast, b.i32(0), slot + 1),
                   b.select(isLast, phase ^ 1, phase)};
         });
  b.waitCopies(0);
  int64_t last = stretches - 1;
  wait(b.i32(last % tile.stages), b.i32(last / tile.stages % 2));
  NVVM::Tcgen05FenceOp::create(b, NVVM::Tcgen05FenceKind::AFTER_THREAD_SYNC);
  store();

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
