//===- X86Tiles.cpp - Products of bf16 in tiles on x86-64 -----------------===//
#include "../TileLoops.h"
#include "X86Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"

using namespace mlir;
using namespace mlir::zq;

static Value call(OpBuilder &b, Location loc, Type type, StringRef name,
                  ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                       operands)
      .getResults();
}

//===----------------------------------------------------------------------===//
// AMX
//===----------------------------------------------------------------------===//

namespace {

/// Where the elements of a memref are, for instructions that take an address
/// and the bytes from one row of a tile to the next.
class TileMemory {
public:
  TileMemory(OpBuilder &b, Location loc, Value memref);

  /// The element at `place`, and the bytes from a row to the next: rows are the
  /// dimension before the last.
  std::pair<Value, Value> getAddress(ValueRange place);

private:
  OpBuilder &b;
  Location loc;
  int64_t elementBytes;
  /// In bytes.
  Value base;
  SmallVector<Value> strides;
};

/// Tiles of 16 rows of 64 bytes in registers of their own: two of each operand,
/// and the four of their products.
struct MultiplyByAMX : OpRewritePattern<MultiplyTilesOp> {
  MultiplyByAMX(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/20) {}

  LogicalResult matchAndRewrite(MultiplyTilesOp op,
                                PatternRewriter &b) const override;
};

} // namespace

TileMemory::TileMemory(OpBuilder &b, Location loc, Value memref)
    : b(b), loc(loc),
      elementBytes(
          getElementTypeOrSelf(memref.getType()).getIntOrFloatBitWidth() / 8) {
  auto parts = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  Value bytes = arith::ConstantIndexOp::create(b, loc, elementBytes);
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(
      b, loc, parts.getBaseBuffer());
  Value offset = arith::MulIOp::create(b, loc, parts.getOffset(), bytes);
  base = arith::AddIOp::create(b, loc, address, offset);
  for (Value stride : parts.getStrides())
    strides.push_back(arith::MulIOp::create(b, loc, stride, bytes));
}

std::pair<Value, Value> TileMemory::getAddress(ValueRange place) {
  Value address = base;
  for (auto [at, stride] : llvm::zip(place, strides))
    address = arith::AddIOp::create(b, loc, address,
                                    arith::MulIOp::create(b, loc, at, stride));
  auto toInteger = [&](Value value) -> Value {
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), value);
  };
  Value pointer = LLVM::IntToPtrOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext()), toInteger(address));
  return {pointer, toInteger(strides[strides.size() - 2])};
}

LogicalResult MultiplyByAMX::matchAndRewrite(MultiplyTilesOp op,
                                             PatternRewriter &b) const {
  if (!getElementTypeOrSelf(op.getLhs().getType()).isBF16())
    return failure();
  for (Value operand : {op.getLhs(), op.getRhs(), op.getInit()}) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type || !type.isLastDimUnitStride())
      return failure();
  }
  Location loc = op.getLoc();
  Type tile = LLVM::LLVMX86AMXType::get(b.getContext());
  constexpr int64_t size = 16, count = tileRows / size;
  auto small = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, loc, value, 16);
  };
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value rows = small(size), bytes = small(64);
  TileMemory left(b, loc, op.getLhs()), right(b, loc, op.getRhs()),
      sums(b, loc, op.getInit());
  auto load = [&](TileMemory &memory, ValueRange place, StringRef name) {
    auto [pointer, stride] = memory.getAddress(place);
    return call(b, loc, tile, name, {rows, bytes, pointer, stride});
  };
  // Rows of the activation pass through once for each panel of the weight: the
  // first cache is the panel's.
  StringRef loadOnce = "llvm.x86.tileloaddt164.internal";
  StringRef loadNear = "llvm.x86.tileloadd64.internal";

  SmallVector<Value> zeros, before;
  auto start = scf::IfOp::create(
      b, loc, op.getFresh(),
      [&](OpBuilder &, Location) {
        for (int64_t i = 0; i < count * count; ++i)
          zeros.push_back(
              call(b, loc, tile, "llvm.x86.tilezero.internal", {rows, bytes}));
        scf::YieldOp::create(b, loc, zeros);
      },
      [&](OpBuilder &, Location) {
        for (int64_t i = 0; i < count * count; ++i)
          before.push_back(
              load(sums, {index(i / count * size), index(i % count * size)},
                   loadNear));
        scf::YieldOp::create(b, loc, before);
      });
  auto planePairs =
      getPlanePairs(cast<MemRefType>(op.getLhs().getType()).getDimSize(1),
                    cast<MemRefType>(op.getRhs().getType()).getDimSize(1));
  Value steps = memref::DimOp::create(b, loc, op.getLhs(), 0);
  // The sums that follow in memory are the next to be added to, as a rule: so
  // many rows of them are fetched in each step that all are at the end.
  int64_t stepCount = cast<MemRefType>(op.getLhs().getType()).getDimSize(0);
  int64_t rowsAhead = ShapedType::isDynamic(stepCount)
                          ? 2
                          : llvm::divideCeil(tileRows, stepCount);
  auto prefetchSums = [&](Value step) {
    Value first = arith::MulIOp::create(b, loc, step, index(rowsAhead));
    for (int64_t row = 0; row < rowsAhead; ++row)
      for (int64_t column = 0; column < tileRows; column += size)
        memref::PrefetchOp::create(
            b, loc, op.getInit(),
            ValueRange{
                arith::AddIOp::create(b, loc, first, index(tileRows + row)),
                index(column)},
            /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  };
  auto loop = scf::ForOp::create(
      b, loc, index(0), steps, index(1), start.getResults(),
      [&](OpBuilder &, Location, Value step, ValueRange carried) {
        SmallVector<Value> results(carried);
        prefetchSums(step);
        for (auto [i, j] : planePairs) {
          Value lefts[count], rights[count];
          for (int64_t k = 0; k < count; ++k) {
            lefts[k] = load(left, {step, index(i), index(k * size), index(0)},
                            loadOnce);
            rights[k] =
                load(right, {step, index(j), index(k), index(0), index(0)},
                     loadNear);
          }
          for (int64_t k = 0; k < count * count; ++k)
            results[k] = call(b, loc, tile, "llvm.x86.tdpbf16ps.internal",
                              {rows, bytes, bytes, results[k], lefts[k / count],
                               rights[k % count]});
        }
        scf::YieldOp::create(b, loc, results);
      });
  for (auto [i, sum] : llvm::enumerate(loop.getResults())) {
    auto [pointer, stride] =
        sums.getAddress({index(i / count * size), index(i % count * size)});
    LLVM::CallIntrinsicOp::create(
        b, loc, b.getStringAttr("llvm.x86.tilestored64.internal"),
        ValueRange{rows, bytes, pointer, stride, sum});
  }
  b.eraseOp(op);
  return success();
}

//===----------------------------------------------------------------------===//
// AVX-512
//===----------------------------------------------------------------------===//

namespace {

struct MultiplyByDots : OpRewritePattern<MultiplyTilesOp> {
  MultiplyByDots(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/10) {}

  LogicalResult matchAndRewrite(MultiplyTilesOp op,
                                PatternRewriter &b) const override {
    if (!getElementTypeOrSelf(op.getLhs().getType()).isBF16())
      return failure();
    return lowerToTileLoops(
        op, b,
        [](OpBuilder &b, Location loc, Value sums, Value left, Value right) {
          auto pairs = VectorType::get(2 * tileLanes, b.getBF16Type());
          return call(b, loc, sums.getType(),
                      "llvm.x86.avx512bf16.dpbf16ps.512",
                      {sums, vector::BitCastOp::create(b, loc, pairs, left),
                       vector::BitCastOp::create(b, loc, pairs, right)});
        });
  }
};

/// Two registers at a time; what is interleaved is so after rounding, when it
/// is one.
struct RoundByInstruction : OpRewritePattern<ToBF16Op> {
  RoundByInstruction(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/10) {}

  LogicalResult matchAndRewrite(ToBF16Op op,
                                PatternRewriter &b) const override {
    auto type = cast<VectorType>(op.getResult().getType());
    constexpr int64_t lanes = 16;
    if (type.getNumElements() != 2 * lanes)
      return failure();
    Location loc = op.getLoc();
    auto interleave = op.getSource().getDefiningOp<vector::InterleaveOp>();
    auto cut = [&](int64_t begin) -> Value {
      return vector::ExtractStridedSliceOp::create(
          b, loc, op.getSource(), ArrayRef<int64_t>{begin},
          ArrayRef<int64_t>{lanes}, ArrayRef<int64_t>{1});
    };
    Value low = interleave ? interleave.getLhs() : cut(0);
    Value high = interleave ? interleave.getRhs() : cut(lanes);
    Value rounded = call(b, loc, type, "llvm.x86.avx512bf16.cvtne2ps2bf16.512",
                         {high, low});
    if (interleave) {
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < lanes; ++i)
        order.append({i, lanes + i});
      rounded = vector::ShuffleOp::create(b, loc, rounded, rounded, order);
    }
    b.replaceOp(op, rounded);
    return success();
  }
};

} // namespace

bool mlir::zq::hasX86Tiles(const llvm::StringSet<> &features) {
  return features.contains("amx-tile") && features.contains("amx-bf16");
}

bool mlir::zq::hasX86BFloat16Dots(const llvm::StringSet<> &features) {
  return features.contains("avx512bf16") && features.contains("avx512f") &&
         features.contains("avx512bw");
}

void mlir::zq::populateX86TilePatterns(RewritePatternSet &patterns,
                                       const llvm::StringSet<> &features) {
  if (hasX86Tiles(features))
    patterns.add<MultiplyByAMX>(patterns.getContext());
  if (hasX86BFloat16Dots(features))
    patterns.add<MultiplyByDots, RoundByInstruction>(patterns.getContext());
}

//===----------------------------------------------------------------------===//
// The system's permission
//===----------------------------------------------------------------------===//

static constexpr StringLiteral permitName = "zq_permit_tiles";

/// Adds a function to `module` that asks Linux for the tile registers, once,
/// and ends the process where it does not get them.
static LLVM::LLVMFuncOp addPermit(ModuleOp module) {
  Location loc = module.getLoc();
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  MLIRContext *context = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context);
  Type i8 = b.getI8Type(), i32 = b.getI32Type(), i64 = b.getI64Type();
  Type none = LLVM::LLVMVoidType::get(context);
  auto declare = [&](StringRef name, Type result, ArrayRef<Type> arguments,
                     bool isVariadic = false) {
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return known;
    return LLVM::LLVMFuncOp::create(
        b, loc, name,
        LLVM::LLVMFunctionType::get(result, arguments, isVariadic));
  };
  auto syscall = declare("syscall", i64, {i64}, /*isVariadic=*/true);
  auto write = declare("write", i64, {i32, pointer, i64});
  auto abort = declare("abort", none, {});
  StringRef text =
      "zq: the system does not grant this process the matrix tiles "
      "(amx-tile) that its code is compiled for; compile for a CPU "
      "without them\n";
  auto message = LLVM::GlobalOp::create(
      b, loc, LLVM::LLVMArrayType::get(i8, text.size()), /*isConstant=*/true,
      LLVM::Linkage::Internal, "zq_no_tiles", b.getStringAttr(text));
  auto flag = LLVM::GlobalOp::create(b, loc, i8, /*isConstant=*/false,
                                     LLVM::Linkage::Internal, "zq_has_tiles",
                                     b.getI8IntegerAttr(0));

  auto permit = LLVM::LLVMFuncOp::create(b, loc, permitName,
                                         LLVM::LLVMFunctionType::get(none, {}),
                                         LLVM::Linkage::Internal);
  Block *entry = permit.addEntryBlock(b);
  Block *ask = b.createBlock(&permit.getBody(), permit.getBody().end());
  Block *refused = b.createBlock(&permit.getBody(), permit.getBody().end());
  Block *granted = b.createBlock(&permit.getBody(), permit.getBody().end());
  Block *done = b.createBlock(&permit.getBody(), permit.getBody().end());
  auto constant = [&](Type type, int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, loc, type,
                                    b.getIntegerAttr(type, value));
  };
  auto isZero = [&](Value value) -> Value {
    return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, value,
                                constant(value.getType(), 0));
  };
  // Threads that ask at once all get the same answer.
  auto order = LLVM::AtomicOrdering::monotonic;
  b.setInsertionPointToStart(entry);
  Value address = LLVM::AddressOfOp::create(b, loc, flag);
  Value known = LLVM::LoadOp::create(b, loc, i8, address, /*alignment=*/1,
                                     /*isVolatile=*/false,
                                     /*isNonTemporal=*/false,
                                     /*isInvariant=*/false,
                                     /*isInvariantGroup=*/false, order);
  LLVM::CondBrOp::create(b, loc, isZero(known), ask, done);

  // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
  b.setInsertionPointToStart(ask);
  Value answer =
      LLVM::CallOp::create(b, loc, syscall,
                           ValueRange{constant(i64, 158), constant(i64, 0x1023),
                                      constant(i64, 18)})
          .getResult();
  LLVM::CondBrOp::create(b, loc, isZero(answer), granted, refused);

  b.setInsertionPointToStart(refused);
  Value bytes = LLVM::AddressOfOp::create(b, loc, message);
  LLVM::CallOp::create(
      b, loc, write,
      ValueRange{constant(i32, 2), bytes, constant(i64, text.size())});
  LLVM::CallOp::create(b, loc, abort, ValueRange{});
  LLVM::UnreachableOp::create(b, loc);

  b.setInsertionPointToStart(granted);
  LLVM::StoreOp::create(b, loc, constant(i8, 1), address, /*alignment=*/1,
                        /*isVolatile=*/false, /*isNonTemporal=*/false,
                        /*isInvariantGroup=*/false, order);
  LLVM::BrOp::create(b, loc, done);

  b.setInsertionPointToStart(done);
  LLVM::ReturnOp::create(b, loc, ValueRange{});
  return permit;
}

void mlir::zq::addX86TilePermits(ModuleOp module) {
  bool usesTiles = false;
  module.walk([&](LLVM::CallIntrinsicOp op) {
    usesTiles |= op.getIntrin().starts_with("llvm.x86.tile");
  });
  if (!usesTiles)
    return;
  LLVM::LLVMFuncOp permit = addPermit(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    LLVM::CallOp::create(b, function.getLoc(), permit, ValueRange{});
  }
}
