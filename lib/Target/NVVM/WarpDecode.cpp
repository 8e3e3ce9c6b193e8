//===- WarpDecode.cpp - Weights that warps decode -------------------------===//
//
// Where rows are decoded one after the other, and many states side by side, one
// thread would have all states of a chunk in its registers and wait for each
// step. A warp has two of 64 in each lane, and a warp for each row goes through
// the rows before it in its chunk as well, which takes no longer than waiting
// for them would.
//
//===----------------------------------------------------------------------===//
#include "WarpDecode.h"
#include "Words.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "zq/Dialect/ZQ/IR/SharedBlocks.h"
#include "zq/Target/NVVM/Chip.h"

using namespace mlir;
using namespace mlir::zq;

/// Warps of a block, which have nothing to do with each other.
static constexpr int64_t warps = 4;

namespace {
/// What the lanes of a warp tell each other.
class WarpBlock : public SharedBlock {
public:
  explicit WarpBlock(Value lane) : SharedBlock(Chip::warpSize, lane) {}

  SmallVector<Value> emitRanks(OpBuilder &b, Location loc, Value mask,
                               Value &count) override;
  Value emitLookup(OpBuilder &b, Location loc, Value codes,
                   Value part) override;
};
} // namespace

/// All lanes say what they have by a vote for each of their elements.
SmallVector<Value> WarpBlock::emitRanks(OpBuilder &b, Location loc, Value mask,
                                        Value &count) {
  Words words(b, loc);
  Type i32 = b.getI32Type();
  Value lane = arith::IndexCastOp::create(b, loc, i32, thread);
  Value below = arith::SubIOp::create(
      b, loc, arith::ShLIOp::create(b, loc, words.constant(1), lane),
      words.constant(1));
  Value before = words.constant(0), all = words.constant(0);
  SmallVector<Value> bits;
  for (int64_t i = 0; i < cast<VectorType>(mask.getType()).getNumElements();
       ++i) {
    bits.push_back(vector::ExtractOp::create(b, loc, mask, i));
    Value votes =
        NVVM::VoteSyncOp::create(b, loc, i32, words.constant(0xffffffff),
                                 bits.back(), NVVM::VoteSyncKind::ballot);
    all = words.add(all, LLVM::CtPopOp::create(b, loc, votes));
    Value others = arith::AndIOp::create(b, loc, votes, below);
    before = words.add(before, LLVM::CtPopOp::create(b, loc, others));
  }
  SmallVector<Value> ranks;
  for (Value bit : bits) {
    ranks.push_back(
        arith::IndexCastUIOp::create(b, loc, b.getIndexType(), before));
    before = words.add(before, arith::ExtUIOp::create(b, loc, i32, bit));
  }
  count = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), all);
  return ranks;
}

/// The lane that has the entry gives its words.
Value WarpBlock::emitLookup(OpBuilder &b, Location loc, Value codes,
                            Value part) {
  Words words(b, loc);
  Type i32 = b.getI32Type();
  int64_t entries = cast<VectorType>(part.getType()).getNumElements();
  assert((entries == 4 || entries == 8) && "entries of one or two words");
  auto packed = VectorType::get(entries / 4, i32);
  Value all = vector::BitCastOp::create(b, loc, packed, part);
  auto type = cast<VectorType>(codes.getType());
  SmallVector<Value> found;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    Value code = vector::ExtractOp::create(b, loc, codes, i);
    code = arith::ExtUIOp::create(b, loc, i32, code);
    Value owner = words.shift(code, -int64_t(llvm::Log2_64(entries)));
    SmallVector<Value> own;
    for (int64_t word = 0; word < entries / 4; ++word)
      own.push_back(NVVM::ShflOp::create(
          b, loc, i32, words.constant(0xffffffff),
          vector::ExtractOp::create(b, loc, all, word), owner,
          words.constant(Chip::warpSize - 1), NVVM::ShflKind::idx,
          /*return_value_and_is_valid=*/UnitAttr()));
    Value entry =
        words.permute(own.front(), own.back(), words.mask(code, entries - 1));
    found.push_back(arith::TruncIOp::create(b, loc, b.getI8Type(), entry));
  }
  return vector::FromElementsOp::create(b, loc, type, found);
}

namespace {
/// The program of one lane.
class RowDecoder {
public:
  RowDecoder(ImplicitLocOpBuilder &b, DecodeOp op, ValueRange streams,
             Value out, int64_t block)
      : b(b), op(op),
        type(cast<CompressedTensorType>(op.getSource().getType())),
        streams(streams), out(out), block(block), own(block / Chip::warpSize) {}

  LogicalResult emit(Value row, Value lane);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  SmallVector<Value> getPlace(Value row);
  Value convert(Value values);
  void store(Value values, ArrayRef<Value> place, Value column);

  ImplicitLocOpBuilder &b;
  DecodeOp op;
  CompressedTensorType type;
  SmallVector<Value> streams;
  Value out;
  /// Elements that the warp decodes together, and how many of them a lane.
  int64_t block, own;
};
} // namespace

/// The first element of a row, whose number counts those of all dimensions.
SmallVector<Value> RowDecoder::getPlace(Value row) {
  SmallVector<Value> place{index(0)};
  for (int64_t size : llvm::reverse(type.getShape().drop_back())) {
    place.push_back(arith::RemUIOp::create(b, row, index(size)));
    row = arith::DivUIOp::create(b, row, index(size));
  }
  std::reverse(place.begin(), place.end());
  return place;
}

/// The only rounding that no stage does itself.
Value RowDecoder::convert(Value values) {
  auto result = VectorType::get(own, op.getWindowType().getElementType());
  if (values.getType() == result)
    return values;
  if (!getElementTypeOrSelf(values.getType()).isF32())
    values = emitToF32(b, b.getLoc(), values);
  if (values.getType() == result)
    return values;
  return arith::TruncFOp::create(b, result, values);
}

/// Stores what is there of the lane's elements.
void RowDecoder::store(Value values, ArrayRef<Value> place, Value column) {
  int64_t columns = type.getShape().back();
  SmallVector<Value> at(place);
  for (int64_t i = 0; i < own; ++i) {
    at.back() = arith::AddIOp::create(b, column, index(i));
    Value element = vector::ExtractOp::create(b, values, i);
    OpBuilder::InsertionGuard guard(b);
    if (columns % block) {
      Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                            at.back(), index(columns));
      auto branch = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
      b.setInsertionPointToStart(branch.thenBlock());
    }
    memref::StoreOp::create(b, element, out, at);
  }
}

LogicalResult RowDecoder::emit(Value row, Value lane) {
  WarpBlock shared(lane);
  CodecAttr codec = type.getCodec();
  SmallVector<Value> place = getPlace(row);
  DecodeBuilder at(b, b.getLoc(), type.getShape(), place, own, op);
  auto state =
      emitSharedInit(at, shared, codec, type.getElementType(), streams);
  if (failed(state))
    return failure();
  int64_t columns = type.getShape().back();
  Value first = arith::MulIOp::create(b, lane, index(own));
  auto loop =
      scf::ForOp::create(b, index(0), index(columns), index(block), *state);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value column = arith::AddIOp::create(b, loop.getInductionVar(), first);
  // Lanes beyond the end of a row read what is at its end.
  at.position.back() =
      arith::MinUIOp::create(b, column, index((columns - 1) / own * own));
  at.state.assign(loop.getRegionIterArgs().begin(),
                  loop.getRegionIterArgs().end());
  auto values =
      emitSharedBlock(at, shared, codec, type.getElementType(), streams);
  if (failed(values))
    return failure();
  store(convert(*values), place, column);
  scf::YieldOp::create(b, at.state);
  return success();
}

FailureOr<Value> mlir::zq::emitWarpDecode(OpBuilder &builder, DecodeOp op) {
  auto type = cast<CompressedTensorType>(op.getSource().getType());
  ArrayRef<int64_t> shape = type.getShape();
  int64_t size = ShapedType::getNumElements(shape);
  int64_t block = getSharedBlock(type, Chip::warpSize, op);
  if (!block || !op.isWhole() || !size)
    return Value();
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  b.setInsertionPoint(op);
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, value);
  };
  auto streams =
      DisassembleOp::create(b, *type.getStreamTypes(op), op.getSource());
  Value out = memref::AllocOp::create(
      b, MemRefType::get(shape, op.getWindowType().getElementType()));
  int64_t rows = size / shape.back();
  Value one = index(1);
  auto launch =
      gpu::LaunchOp::create(b, index(llvm::divideCeil(rows, warps)), one, one,
                            index(warps * Chip::warpSize), one, one);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&launch.getBody().front());
    Value thread = launch.getThreadIds().x, size = index(Chip::warpSize);
    Value row = arith::AddIOp::create(
        b, arith::MulIOp::create(b, launch.getBlockIds().x, index(warps)),
        arith::DivUIOp::create(b, thread, size));
    Value lane = arith::RemUIOp::create(b, thread, size);
    Value isThere =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, row, index(rows));
    auto branch = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
    gpu::TerminatorOp::create(b);
    b.setInsertionPointToStart(branch.thenBlock());
    RowDecoder decoder(b, op, streams.getStreams(), out, block);
    if (failed(decoder.emit(row, lane)))
      return failure();
  }
  b.setInsertionPointAfter(launch);
  return bufferization::ToTensorOp::create(b, op.getWindowType(), out,
                                           /*restrict=*/b.getUnitAttr(),
                                           /*writable=*/b.getUnitAttr())
      .getResult();
}
