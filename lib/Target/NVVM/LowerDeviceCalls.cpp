//===- LowerDeviceCalls.cpp - Host code to calls of a device's runtime ----===//
#include "HostLoops.h"
#include "zq/Target/NVVM/Passes.h"
#include "zq/Target/NVVM/TensorMaps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_LOWERDEVICECALLS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Whether `op` becomes calls.
static bool isDeviceOp(Operation *op) {
  return isa<memref::AllocOp, memref::DeallocOp, memref::CopyOp,
             memref::GetGlobalOp, memref::LoadOp, gpu::LaunchFuncOp,
             nvgpu::TmaCreateDescriptorOp>(op);
}

namespace {
/// Turns the ops of one function into calls.
class Lowering {
public:
  Lowering(ModuleOp module) : module(module), b(module.getContext()) {
    pointer = LLVM::LLVMPointerType::get(b.getContext());
    i64 = b.getI64Type();
    nothing = LLVM::LLVMVoidType::get(b.getContext());
  }

  LogicalResult lower(Operation *op);

private:
  /// Calls the runtime's function `name`, which is declared where it is not.
  Value call(StringRef name, Type result, ValueRange operands);
  Value getNumber(int64_t value) {
    return LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(value));
  }
  Value toI64(Value index) {
    return arith::IndexCastOp::create(b, loc, i64, index);
  }
  /// The address of an element, or of an array's first one.
  Value getAddress(Value memref, ValueRange indices = {});
  /// The bytes of an array; null and an error for one with gaps.
  Value getBytes(Operation *op, Value memref);
  /// `address` as an array of `type`.
  Value toMemRef(MemRefType type, Value address, ValueRange dynamicSizes);
  LogicalResult lowerLaunch(gpu::LaunchFuncOp launch);
  LogicalResult lowerLoad(memref::LoadOp load);
  /// Room for a value of `type` for the whole of the function.
  Value allocaAtEntry(Operation *op, Type type, int64_t count = 1);

  ModuleOp module;
  OpBuilder b;
  Location loc = b.getUnknownLoc();
  Type pointer, i64, nothing;
};
} // namespace

Value Lowering::call(StringRef name, Type result, ValueRange operands) {
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
  if (!function) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    SmallVector<Type> types(operands.getTypes());
    function = LLVM::LLVMFuncOp::create(
        b, module.getLoc(), name, LLVM::LLVMFunctionType::get(result, types));
  }
  auto call = LLVM::CallOp::create(b, loc, function, operands);
  return call->getNumResults() ? call.getResult() : Value();
}

/// Bytes of an element.
static int64_t getWidth(MemRefType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

Value Lowering::getAddress(Value memref, ValueRange indices) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  Value address =
      toI64(memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref));
  Value elements = toI64(metadata.getOffset());
  for (auto [index, stride] : llvm::zip(indices, metadata.getStrides())) {
    Value skipped = LLVM::MulOp::create(b, loc, toI64(index), toI64(stride));
    elements = LLVM::AddOp::create(b, loc, elements, skipped);
  }
  Value bytes = LLVM::MulOp::create(
      b, loc, elements,
      getNumber(getWidth(cast<MemRefType>(memref.getType()))));
  Value first = LLVM::AddOp::create(b, loc, address, bytes);
  return LLVM::IntToPtrOp::create(b, loc, pointer, first);
}

Value Lowering::getBytes(Operation *op, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (!memref::isStaticShapeAndContiguousRowMajor(type) &&
      !type.getLayout().isIdentity()) {
    op->emitOpError("copies an array with gaps: ") << type;
    return nullptr;
  }
  Value bytes = getNumber(getWidth(type));
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    Value size = type.isDynamicDim(dim)
                     ? toI64(memref::DimOp::create(b, loc, memref, dim))
                     : getNumber(type.getDimSize(dim));
    bytes = LLVM::MulOp::create(b, loc, bytes, size);
  }
  return bytes;
}

Value Lowering::toMemRef(MemRefType type, Value address,
                         ValueRange dynamicSizes) {
  SmallVector<Type> fields{pointer, pointer, i64};
  int64_t rank = type.getRank();
  if (rank)
    fields.append(2, LLVM::LLVMArrayType::get(i64, rank));
  Value packed = LLVM::PoisonOp::create(
      b, loc, LLVM::LLVMStructType::getLiteral(b.getContext(), fields));
  auto insert = [&](Value value, ArrayRef<int64_t> at) {
    packed = LLVM::InsertValueOp::create(b, loc, packed, value, at);
  };
  insert(address, {0});
  insert(address, {1});
  insert(getNumber(0), {2});
  Value stride = getNumber(1);
  for (int64_t dim = rank - 1; dim >= 0; --dim) {
    Value size = type.isDynamicDim(dim)
                     ? toI64(dynamicSizes[type.getDynamicDimIndex(dim)])
                     : getNumber(type.getDimSize(dim));
    insert(size, {3, dim});
    insert(stride, {4, dim});
    stride = LLVM::MulOp::create(b, loc, stride, size);
  }
  return UnrealizedConversionCastOp::create(b, loc, type, packed).getResult(0);
}

Value Lowering::allocaAtEntry(Operation *op, Type type, int64_t count) {
  OpBuilder::InsertionGuard guard(b);
  auto function = op->getParentOfType<func::FuncOp>();
  b.setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(b, loc, pointer, type, getNumber(count));
}

LogicalResult Lowering::lowerLaunch(gpu::LaunchFuncOp launch) {
  if (launch.hasClusterSize() || launch.getAsyncToken() ||
      !launch.getAsyncDependencies().empty())
    return launch.emitOpError("with clusters or tokens has no lowering");
  SmallVector<Value> operands;
  // The driver and the emulator know a kernel by its name alone.
  std::string symbol =
      "zq_kernel_name_" + launch.getKernelName().getValue().str();
  std::string text = launch.getKernelName().getValue().str() + '\0';
  auto global = module.lookupSymbol<LLVM::GlobalOp>(symbol);
  if (global)
    operands.push_back(LLVM::AddressOfOp::create(b, loc, global));
  else
    operands.push_back(LLVM::createGlobalString(loc, b, symbol, text,
                                                LLVM::Linkage::Internal));
  for (gpu::KernelDim3 sizes :
       {launch.getGridSizeOperandValues(), launch.getBlockSizeOperandValues()})
    for (Value size : {sizes.x, sizes.y, sizes.z})
      operands.push_back(
          size.getType().isIndex() ? toI64(size)
          : size.getType() == i64
              ? size
              : arith::ExtUIOp::create(b, loc, i64, size).getResult());
  Value shared = launch.getDynamicSharedMemorySize();
  operands.push_back(
      shared ? arith::ExtUIOp::create(b, loc, i64, shared).getResult()
             : getNumber(0));
  auto arguments = launch.getKernelOperands();
  Value pointers =
      allocaAtEntry(launch, pointer, std::max<int64_t>(arguments.size(), 1));
  SmallVector<bool> isByValue = getByValueOperands(launch);
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    Value slot = argument;
    if (!isByValue[i]) {
      slot = allocaAtEntry(launch, argument.getType());
      LLVM::StoreOp::create(b, loc, argument, slot);
    }
    Value place = LLVM::GEPOp::create(b, loc, pointer, pointer, pointers,
                                      ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(b, loc, slot, place);
  }
  operands.push_back(pointers);
  call("zq_device_launch", nothing, operands);
  launch.erase();
  return success();
}

LogicalResult Lowering::lowerLoad(memref::LoadOp load) {
  Type type = load.getType();
  if (!LLVM::isCompatibleType(type))
    return load.emitOpError("reads on the host what it has no type for: ")
           << type;
  Value slot = allocaAtEntry(load, type);
  call("zq_device_read", nothing,
       {slot, getAddress(load.getMemRef(), load.getIndices()),
        getNumber(getWidth(load.getMemRefType()))});
  load.replaceAllUsesWith(LLVM::LoadOp::create(b, loc, type, slot).getResult());
  load.erase();
  return success();
}

LogicalResult Lowering::lower(Operation *op) {
  b.setInsertionPoint(op);
  loc = op->getLoc();
  if (auto launch = dyn_cast<gpu::LaunchFuncOp>(op))
    return lowerLaunch(launch);
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return lowerLoad(load);
  if (auto map = dyn_cast<nvgpu::TmaCreateDescriptorOp>(op))
    return lowerTensorMap(map, "zq_device_tensor_map");
  if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
    Value bytes = getNumber(getWidth(alloc.getType()));
    if (!alloc.getType().getLayout().isIdentity())
      return op->emitOpError("allocates an array with gaps");
    for (int64_t size : alloc.getType().getShape())
      if (!ShapedType::isDynamic(size))
        bytes = LLVM::MulOp::create(b, loc, bytes, getNumber(size));
    for (Value size : alloc.getDynamicSizes())
      bytes = LLVM::MulOp::create(b, loc, bytes, toI64(size));
    Value address = call("zq_device_alloc", pointer, bytes);
    alloc.replaceAllUsesWith(
        toMemRef(alloc.getType(), address, alloc.getDynamicSizes()));
    alloc.erase();
    return success();
  }
  if (auto dealloc = dyn_cast<memref::DeallocOp>(op)) {
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(
        b, loc, dealloc.getMemref());
    call("zq_device_free", nothing,
         LLVM::IntToPtrOp::create(b, loc, pointer, toI64(address)).getResult());
    dealloc.erase();
    return success();
  }
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    Value bytes = getBytes(op, copy.getTarget());
    if (!bytes || !getBytes(op, copy.getSource()))
      return failure();
    call("zq_device_copy", nothing,
         {getAddress(copy.getTarget()), getAddress(copy.getSource()), bytes});
    copy.erase();
    return success();
  }
  auto get = cast<memref::GetGlobalOp>(op);
  auto global = module.lookupSymbol<memref::GlobalOp>(get.getName());
  if (!global || !global.getConstant())
    return op->emitOpError("is no constant: the device has no copy of it");
  // It stays, and gives the host's address.
  b.setInsertionPointAfter(get);
  Operation *extract =
      memref::ExtractAlignedPointerAsIndexOp::create(b, loc, get);
  Value host =
      LLVM::IntToPtrOp::create(b, loc, pointer, toI64(extract->getResult(0)));
  int64_t size = get.getType().getNumElements() * getWidth(get.getType());
  Value address = call("zq_device_constant", pointer, {host, getNumber(size)});
  get.getResult().replaceAllUsesExcept(toMemRef(get.getType(), address, {}),
                                       extract);
  return success();
}

namespace {
struct LowerDeviceCallsPass
    : mlir::zq::impl::LowerDeviceCallsBase<LowerDeviceCallsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isDeviceOp(op))
          ops.push_back(op);
      });
    Lowering lowering(getOperation());
    for (Operation *op : ops)
      if (failed(lowering.lower(op)))
        return signalPassFailure();
    endOnFailure(getOperation(), "zq_device_works");
    // What becomes of the kernels is another path's business.
    for (auto kernels :
         llvm::make_early_inc_range(getOperation().getOps<gpu::GPUModuleOp>()))
      kernels.erase();
    getOperation()->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }
};
} // namespace
