//===- KernelBuilder.cpp - Writing kernels for one thread -----------------===//
#include "KernelBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// Sums and products fit, so that constants can be taken out of addresses.
static constexpr auto noOverflow = arith::IntegerOverflowFlags::nsw;

Int Int::like(int64_t other) const {
  Type type = value.getType();
  return Int(*b, b->createOrFold<arith::ConstantOp>(
                     type, b->getIntegerAttr(type, other)));
}

Int Int::operator+(Int other) const {
  return Int(*b,
             b->createOrFold<arith::AddIOp>(value, other.value, noOverflow));
}
Int Int::operator-(Int other) const {
  return Int(*b, b->createOrFold<arith::SubIOp>(value, other.value));
}
Int Int::operator*(Int other) const {
  return Int(*b,
             b->createOrFold<arith::MulIOp>(value, other.value, noOverflow));
}
Int Int::operator&(Int other) const {
  return Int(*b, b->createOrFold<arith::AndIOp>(value, other.value));
}
Int Int::operator|(Int other) const {
  return Int(*b, b->createOrFold<arith::OrIOp>(value, other.value));
}
Int Int::operator^(Int other) const {
  return Int(*b, b->createOrFold<arith::XOrIOp>(value, other.value));
}
Int Int::operator<<(int64_t bits) const {
  return Int(*b, b->createOrFold<arith::ShLIOp>(value, like(bits).value));
}
Int Int::operator>>(int64_t bits) const {
  return Int(*b, b->createOrFold<arith::ShRUIOp>(value, like(bits).value));
}
Int Int::operator/(int64_t divisor) const {
  return Int(*b, b->createOrFold<arith::DivUIOp>(value, like(divisor).value));
}
Int Int::operator%(int64_t divisor) const {
  return Int(*b, b->createOrFold<arith::RemUIOp>(value, like(divisor).value));
}
Int Int::operator+(int64_t other) const { return *this + like(other); }
Int Int::operator-(int64_t other) const { return *this - like(other); }
Int Int::operator*(int64_t other) const { return *this * like(other); }
Int Int::operator&(int64_t other) const { return *this & like(other); }
Int Int::operator|(int64_t other) const { return *this | like(other); }
Int Int::operator^(int64_t other) const { return *this ^ like(other); }

Int Int::compare(arith::CmpIPredicate predicate, Int other) const {
  return Int(*b, b->createOrFold<arith::CmpIOp>(predicate, value, other.value));
}
Int Int::operator<(Int other) const {
  return compare(arith::CmpIPredicate::slt, other);
}
Int Int::operator<(int64_t other) const { return *this < like(other); }
Int Int::operator==(int64_t other) const {
  return compare(arith::CmpIPredicate::eq, like(other));
}
Int Int::operator!=(int64_t other) const {
  return compare(arith::CmpIPredicate::ne, like(other));
}

Int Int::wide() const {
  return Int(*b, b->createOrFold<arith::ExtUIOp>(b->getI64Type(), value));
}

Int KernelBuilder::i32(int64_t value) {
  return Int(*this, arith::ConstantOp::create(*this, getI32IntegerAttr(value)));
}

Int KernelBuilder::i64(int64_t value) {
  return Int(*this, arith::ConstantOp::create(*this, getI64IntegerAttr(value)));
}

Value KernelBuilder::f32(float value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}

Int KernelBuilder::toI32(Value index) {
  return Int(*this, createOrFold<arith::IndexCastOp>(getI32Type(), index));
}

Value KernelBuilder::select(Int condition, Value yes, Value no) {
  return createOrFold<arith::SelectOp>(condition, yes, no);
}

Int KernelBuilder::select(Int condition, Int yes, Int no) {
  return Int(*this, select(condition, Value(yes), Value(no)));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static Value getPointer(KernelBuilder &b, Value memref,
                        NVVM::NVVMMemorySpace space) {
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, memref);
  address = arith::IndexCastOp::create(b, b.getI64Type(), address);
  auto type =
      LLVM::LLVMPointerType::get(b.getContext(), static_cast<unsigned>(space));
  return LLVM::IntToPtrOp::create(b, type, address);
}

Value KernelBuilder::getGlobal(Value memref) {
  return getPointer(*this, memref, NVVM::NVVMMemorySpace::Global);
}

Value KernelBuilder::getShared(Value memref) {
  return getPointer(*this, memref, NVVM::NVVMMemorySpace::Shared);
}

Value KernelBuilder::getDynamicShared() {
  auto space =
      gpu::AddressSpaceAttr::get(getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get({ShapedType::kDynamic}, getI8Type(),
                              MemRefLayoutAttrInterface(), space);
  return getShared(gpu::DynamicSharedMemoryOp::create(*this, type));
}

Value KernelBuilder::at(Value pointer, Int offset) {
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             LLVM::GEPArg(Value(offset)));
}

Value KernelBuilder::at(Value pointer, int64_t offset) {
  return offset ? at(pointer, i32(offset)) : pointer;
}

Value KernelBuilder::load(Type type, Value pointer, int64_t alignment) {
  return LLVM::LoadOp::create(*this, type, pointer, alignment);
}

void KernelBuilder::store(Value value, Value pointer, int64_t alignment) {
  LLVM::StoreOp::create(*this, value, pointer, alignment);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelBuilder::when(Int condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(*this, Value(condition),
                                  /*withElseRegion=*/false);
  InsertionGuard guard(*this);
  setInsertionPoint(branch.thenYield());
  body();
}

SmallVector<Value> KernelBuilder::when(Int condition,
                                       function_ref<SmallVector<Value>()> body,
                                       ValueRange otherwise) {
  auto branch = scf::IfOp::create(*this, otherwise.getTypes(), Value(condition),
                                  /*addThenBlock=*/true, /*addElseBlock=*/true);
  InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(*this, body());
  setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(*this, otherwise);
  return branch.getResults();
}

SmallVector<Value>
KernelBuilder::loop(Int count, ValueRange inits,
                    function_ref<SmallVector<Value>(Int, ValueRange)> body) {
  auto loop = scf::ForOp::create(*this, i32(0), count, i32(1), inits);
  InsertionGuard guard(*this);
  // Without values there is a terminator already.
  if (inits.empty())
    setInsertionPoint(loop.getBody()->getTerminator());
  else
    setInsertionPointToStart(loop.getBody());
  SmallVector<Value> results =
      body(Int(*this, loop.getInductionVar()), loop.getRegionIterArgs());
  if (!inits.empty())
    scf::YieldOp::create(*this, results);
  return loop.getResults();
}

void KernelBuilder::waitUntil(function_ref<Value()> done) {
  auto loop = scf::WhileOp::create(*this, TypeRange(), ValueRange());
  InsertionGuard guard(*this);
  createBlock(&loop.getBefore());
  Value isDone = done();
  Value isNot = arith::XOrIOp::create(
      *this, isDone, arith::ConstantOp::create(*this, getBoolAttr(true)));
  scf::ConditionOp::create(*this, isNot, ValueRange());
  createBlock(&loop.getAfter());
  scf::YieldOp::create(*this);
}

//===----------------------------------------------------------------------===//
// Threads together
//===----------------------------------------------------------------------===//

void KernelBuilder::barrier() { gpu::BarrierOp::create(*this); }

void KernelBuilder::copyAsync(Value shared, Value global, int64_t bytes,
                              Int condition) {
  // Past L1 where the copy is long enough for that.
  auto cache = bytes == 16 ? NVVM::LoadCacheModifierKind::CG
                           : NVVM::LoadCacheModifierKind::CA;
  Value size;
  if (condition)
    size = select(condition, i32(bytes), i32(0));
  NVVM::CpAsyncOp::create(*this, shared, global, bytes, cache, size);
}

void KernelBuilder::commitCopies() {
  NVVM::CpAsyncCommitGroupOp::create(*this);
}

void KernelBuilder::waitCopies(int64_t groups) {
  NVVM::CpAsyncWaitGroupOp::create(*this, groups);
}

void KernelBuilder::initBarrier(Value barrier, int64_t arrivals) {
  NVVM::MBarrierInitOp::create(*this, barrier, i32(arrivals),
                               /*predicate=*/Value());
}

void KernelBuilder::arrive(Value barrier) {
  NVVM::MBarrierArriveOp::create(*this, getI64Type(), barrier,
                                 /*count=*/Value());
}

void KernelBuilder::arriveExpecting(Value barrier, int64_t bytes) {
  NVVM::MBarrierArriveExpectTxOp::create(
      *this, getI64Type(), barrier, i32(bytes), NVVM::MemScopeKind::CTA,
      /*relaxed=*/false, /*predicate=*/Value());
}

void KernelBuilder::waitBarrier(Value barrier, Int parity) {
  waitUntil([&]() -> Value {
    return NVVM::MBarrierTryWaitOp::create(*this, getI1Type(), barrier, parity,
                                           /*ticks=*/Value());
  });
}

void KernelBuilder::fenceAsync() {
  NVVM::FenceProxyOp::create(
      *this, NVVM::ProxyKind::async_shared,
      NVVM::SharedSpaceAttr::get(getContext(), NVVM::SharedSpace::shared_cta));
}

void KernelBuilder::warpBarrier() { NVVM::SyncWarpOp::create(*this, i32(-1)); }

void KernelBuilder::copyBox(Value shared, Value tensorMap, ArrayRef<Int> at,
                            Value barrier) {
  SmallVector<Value> coordinates(llvm::reverse(at));
  NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      *this, shared, tensorMap, coordinates, barrier,
      /*im2colOffsets=*/ValueRange(), /*multicastMask=*/Value(),
      /*l2CacheHint=*/Value(), NVVM::TMALoadMode::TILE, /*isCTAOnly=*/true,
      /*group=*/nullptr, /*predicate=*/Value());
}

EmittedOffset KernelBuilder::getOffset(FragmentLayoutAttr layout, Int lane) {
  auto offset = LaneOffsetOp::create(*this, lane, layout);
  return {Int(*this, offset.getRow()), Int(*this, offset.getColumn())};
}

Int KernelBuilder::getSwizzled(Swizzle swizzle, Int address) {
  if (!swizzle.span)
    return address;
  return address ^ ((address >> 3) & ((swizzle.span - 1) & ~int64_t(15)));
}

SmallVector<Value> KernelBuilder::loadMatrices(Value shared, int64_t count,
                                               bool isTransposed) {
  auto type = LLVM::LLVMStructType::getLiteral(
      getContext(), SmallVector<Type>(count, getI32Type()));
  auto shape = NVVM::LdStMatrixShapeAttr::get(getContext(), 8, 8);
  return unpack(NVVM::LdMatrixOp::create(*this, type, shared, count,
                                         isTransposed ? NVVM::MMALayout::col
                                                      : NVVM::MMALayout::row,
                                         shape, NVVM::LdStMatrixEltType::B16));
}

Value KernelBuilder::pack(ArrayRef<Value> values) {
  if (values.size() == 1)
    return values.front();
  auto type = VectorType::get(values.size(), values.front().getType());
  // Not poison, which leaves a kernel as a constant that nothing brings back.
  Value vector = arith::ConstantOp::create(*this, type, getZeroAttr(type));
  for (size_t i = 0; i < values.size(); ++i)
    vector =
        LLVM::InsertElementOp::create(*this, vector, values[i], Value(i32(i)));
  return vector;
}

SmallVector<Value> KernelBuilder::unpack(Value aggregate) {
  SmallVector<Value> parts;
  Type type = aggregate.getType();
  if (auto vector = dyn_cast<VectorType>(type))
    for (int64_t i = 0; i < vector.getNumElements(); ++i)
      parts.push_back(
          LLVM::ExtractElementOp::create(*this, aggregate, Value(i32(i))));
  else if (auto fields = dyn_cast<LLVM::LLVMStructType>(type))
    for (size_t i = 0; i < fields.getBody().size(); ++i)
      parts.push_back(LLVM::ExtractValueOp::create(*this, aggregate, i));
  else
    parts.push_back(aggregate);
  return parts;
}
