//===- BareKernelArguments.cpp - Arrays of kernels as pointers ------------===//
#include "BareKernelArguments.h"
#include "zq/Target/NVVM/Passes.h"
#include "zq/Target/NVVM/TensorMaps.h"

#include "mlir/Analysis/AliasAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_BAREKERNELARGUMENTS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Whether what is computed of `address` is only read from. As a number it may
/// become part of other addresses, which are followed as well.
static bool isOnlyReadFrom(Value address, DenseSet<Operation *> &seen) {
  return llvm::all_of(address.getUsers(), [&](Operation *user) {
    if (!seen.insert(user).second)
      return true;
    if (auto load = dyn_cast<LLVM::LoadOp>(user))
      return !load.getVolatile_();
    // A terminator hands it on to where it is not followed.
    return isPure(user) && user->getNumRegions() == 0 &&
           !user->hasTrait<OpTrait::IsTerminator>() &&
           llvm::all_of(user->getResults(), [&](Value result) {
             return isOnlyReadFrom(result, seen);
           });
  });
}

/// Whether nothing writes through `memref` or what is made of it.
static bool isOnlyRead(Value memref) {
  for (Operation *user : memref.getUsers()) {
    if (isa<ViewLikeOpInterface>(user) && user->getNumResults() == 1) {
      if (!isOnlyRead(user->getResult(0)))
        return false;
      continue;
    }
    if (auto pointer = dyn_cast<memref::ExtractAlignedPointerAsIndexOp>(user)) {
      DenseSet<Operation *> seen;
      if (!isOnlyReadFrom(pointer.getResult(), seen))
        return false;
      continue;
    }
    auto effects = dyn_cast<MemoryEffectOpInterface>(user);
    if (!effects || effects.hasEffect<MemoryEffects::Write>() ||
        effects.hasEffect<MemoryEffects::Free>())
      return false;
  }
  return true;
}

/// Where an array of a kernel's memory lies, for the kernel.
static Type getPointerType(MLIRContext *context) {
  return LLVM::LLVMPointerType::get(
      context, static_cast<unsigned>(NVVM::NVVMMemorySpace::Global));
}

/// The array that `memref` is a view of; null where it is not known.
static Value getRoot(Value memref) {
  while (Operation *op = memref.getDefiningOp()) {
    if (isa<memref::AllocOp, memref::GetGlobalOp>(op))
      return memref;
    auto view = dyn_cast<ViewLikeOpInterface>(op);
    if (!view)
      return nullptr;
    memref = view.getViewSource();
  }
  // What callers pass to a function are arrays of their own.
  auto *parent = cast<BlockArgument>(memref).getOwner()->getParentOp();
  return isa<FunctionOpInterface>(parent) ? memref : nullptr;
}

/// The arguments of `kernel` for arrays that may be in one place with another's
/// and of which one is written to.
static llvm::SmallBitVector findShared(gpu::GPUFuncOp kernel,
                                       ArrayRef<gpu::LaunchFuncOp> launches) {
  unsigned count = kernel.getFunctionType().getNumInputs();
  llvm::SmallBitVector shared(count);
  auto isArray = [&](unsigned i) {
    return isa<MemRefType>(kernel.getArgument(i).getType());
  };
  for (gpu::LaunchFuncOp launch : launches) {
    if (SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernelAttr()) !=
        kernel)
      continue;
    for (unsigned i = 0; i < count; ++i)
      for (unsigned j = 0; j < i; ++j) {
        if (!isArray(i) || !isArray(j) ||
            (isOnlyRead(kernel.getArgument(i)) &&
             isOnlyRead(kernel.getArgument(j))))
          continue;
        Value a = getRoot(launch.getKernelOperand(i));
        Value b = getRoot(launch.getKernelOperand(j));
        if (!a || !b || a == b)
          shared.set(i), shared.set(j);
      }
  }
  return shared;
}

/// The ops of a kernel that make `map` of one of its arguments, in order;
/// nothing where it is made of something else.
static SmallVector<Operation *>
getTensorMapOps(gpu::GPUFuncOp kernel, nvgpu::TmaCreateDescriptorOp map,
                BlockArgument &array) {
  SmallVector<Operation *> ops{map};
  Value source = map.getTensor();
  while (Operation *op = source.getDefiningOp()) {
    if (!isMemoryEffectFree(op) || op->getNumOperands() != 1)
      return {};
    ops.push_back(op);
    source = op->getOperand(0);
  }
  array = cast<BlockArgument>(source);
  if (array.getOwner() != &kernel.getBody().front() ||
      array.getArgNumber() >= kernel.getFunctionType().getNumInputs())
    return {};
  for (Value extent : map.getBoxDimensions()) {
    Operation *op = extent.getDefiningOp();
    if (!op || !op->hasTrait<OpTrait::ConstantLike>())
      return {};
    ops.push_back(op);
  }
  std::reverse(ops.begin(), ops.end());
  return ops;
}

/// Has the host make the maps that `kernel` asks for, which become arguments.
static LogicalResult hoistTensorMaps(gpu::GPUFuncOp kernel,
                                     ArrayRef<gpu::LaunchFuncOp> launches) {
  SmallVector<nvgpu::TmaCreateDescriptorOp> maps;
  kernel.walk([&](nvgpu::TmaCreateDescriptorOp op) { maps.push_back(op); });
  auto pointer = LLVM::LLVMPointerType::get(kernel.getContext());
  for (nvgpu::TmaCreateDescriptorOp map : maps) {
    BlockArgument array;
    SmallVector<Operation *> ops = getTensorMapOps(kernel, map, array);
    if (ops.empty())
      return map.emitOpError("is not of an array that the kernel is given");
    for (gpu::LaunchFuncOp launch : launches) {
      if (SymbolTable::lookupNearestSymbolFrom(
              launch, launch.getKernelAttr()) != kernel)
        continue;
      OpBuilder b(launch);
      IRMapping mapping;
      mapping.map(array, launch.getKernelOperand(array.getArgNumber()));
      for (Operation *op : ops)
        b.clone(*op, mapping);
      Value operand = UnrealizedConversionCastOp::create(
                          b, launch.getLoc(), pointer, mapping.lookup(map))
                          .getResult(0);
      launch.getKernelOperandsMutable().append(operand);
    }
    OpBuilder b(map);
    NamedAttrList attrs;
    attrs.set(LLVM::LLVMDialect::getByValAttrName(),
              TypeAttr::get(LLVM::LLVMArrayType::get(
                  b.getI8Type(), ::zq::TensorMapShape::mapBytes)));
    attrs.set(LLVM::LLVMDialect::getAlignAttrName(),
              b.getI64IntegerAttr(::zq::TensorMapShape::mapAlignment));
    unsigned index = kernel.getFunctionType().getNumInputs();
    (void)kernel.insertArgument(
        index, pointer, attrs.getDictionary(b.getContext()), map.getLoc());
    for (Operation *user : llvm::make_early_inc_range(map->getUsers())) {
      if (!isa<UnrealizedConversionCastOp>(user))
        return user->emitOpError("uses a tensor map other than by its pointer");
      user->getResult(0).replaceAllUsesWith(kernel.getArgument(index));
      user->erase();
    }
    for (Operation *op : llvm::reverse(ops))
      if (op->use_empty())
        op->erase();
  }
  return success();
}

/// Pointers to global memory that are made of the number of the address where
/// `array` lies are `pointer`, of which it is seen what it points to.
static void replaceMadePointers(Value array, Value pointer) {
  SmallVector<Operation *> made;
  for (Operation *address : array.getUsers())
    if (isa<memref::ExtractAlignedPointerAsIndexOp>(address))
      for (Operation *number : address->getUsers())
        if (isa<arith::IndexCastOp>(number))
          llvm::copy_if(number->getUsers(), std::back_inserter(made),
                        llvm::IsaPred<LLVM::IntToPtrOp>);
  for (Operation *op : made)
    if (op->getResult(0).getType() == pointer.getType())
      op->getResult(0).replaceAllUsesWith(pointer);
}

/// Replaces argument `index` of `kernel` by a pointer and sizes; returns how
/// many arguments there are instead. `isShared` says that another argument may
/// lead to the same array.
static unsigned lowerArgument(gpu::GPUFuncOp kernel, unsigned index,
                              bool isShared) {
  BlockArgument old = kernel.getArgument(index);
  auto type = cast<MemRefType>(old.getType());
  OpBuilder b(kernel.getBody());
  Location loc = old.getLoc();

  NamedAttrList attrs;
  StringRef align = LLVM::LLVMDialect::getAlignAttrName();
  attrs.set(align, b.getI64IntegerAttr(16));
  if (!isShared)
    attrs.set(LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
  if (isOnlyRead(old))
    attrs.set(LLVM::LLVMDialect::getReadonlyAttrName(), b.getUnitAttr());
  unsigned next = index + 1;
  (void)kernel.insertArgument(next, getPointerType(b.getContext()),
                              attrs.getDictionary(b.getContext()), loc);
  Value pointer = kernel.getArgument(next++);
  SmallVector<Value> dynamic;
  for (size_t i = 0; i < type.getNumDynamicDims(); ++i) {
    (void)kernel.insertArgument(next, b.getI64Type(), {}, loc);
    dynamic.push_back(kernel.getArgument(next++));
  }

  // The descriptor that memrefs become in the LLVM dialect.
  auto generic = LLVM::LLVMPointerType::get(b.getContext());
  auto i64 = b.getI64Type();
  SmallVector<Type> fields{generic, generic, i64};
  int64_t rank = type.getRank();
  if (rank)
    fields.append(2, LLVM::LLVMArrayType::get(i64, rank));
  replaceMadePointers(old, pointer);
  auto descriptor = LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
  auto constant = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(value));
  };
  Value cast = LLVM::AddrSpaceCastOp::create(b, loc, generic, pointer);
  Value packed = LLVM::PoisonOp::create(b, loc, descriptor);
  auto insert = [&](Value value, ArrayRef<int64_t> at) {
    packed = LLVM::InsertValueOp::create(b, loc, packed, value, at);
  };
  insert(cast, {0});
  insert(cast, {1});
  insert(constant(0), {2});
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < rank; ++dim)
    sizes.push_back(type.isDynamicDim(dim)
                        ? dynamic[type.getDynamicDimIndex(dim)]
                        : constant(type.getDimSize(dim)));
  Value stride = rank ? constant(1) : Value();
  for (int64_t dim = rank - 1; dim >= 0; --dim) {
    insert(sizes[dim], {3, dim});
    insert(stride, {4, dim});
    if (dim)
      stride = LLVM::MulOp::create(b, loc, stride, sizes[dim]);
  }
  Value memref =
      UnrealizedConversionCastOp::create(b, loc, type, packed).getResult(0);
  old.replaceAllUsesWith(memref);
  (void)kernel.eraseArgument(index);
  return next - index - 1;
}

/// Appends what is passed for `array`.
static LogicalResult appendOperands(OpBuilder &b, gpu::LaunchFuncOp launch,
                                    Value array,
                                    SmallVectorImpl<Value> &operands) {
  Location loc = launch.getLoc();
  auto type = cast<MemRefType>(array.getType());
  if (!type.getLayout().isIdentity())
    return launch.emitOpError("passes an array with gaps to a kernel: ")
           << type;
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, array);
  address = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
  operands.push_back(LLVM::IntToPtrOp::create(
      b, loc, getPointerType(b.getContext()), address));
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      operands.push_back(arith::IndexCastOp::create(
          b, loc, b.getI64Type(), memref::DimOp::create(b, loc, array, dim)));
  return success();
}

BlockArgument mlir::zq::getKernelArgument(Value memref) {
  auto cast = memref.getDefiningOp<UnrealizedConversionCastOp>();
  if (!cast || cast.getNumOperands() != 1)
    return nullptr;
  // The pointer is the descriptor's second field.
  auto insert = cast.getOperand(0).getDefiningOp<LLVM::InsertValueOp>();
  while (insert && insert.getPosition() != ArrayRef<int64_t>{1})
    insert = insert.getContainer().getDefiningOp<LLVM::InsertValueOp>();
  if (!insert)
    return nullptr;
  Value pointer = insert.getValue();
  if (auto generic = pointer.getDefiningOp<LLVM::AddrSpaceCastOp>())
    pointer = generic.getArg();
  auto argument = dyn_cast<BlockArgument>(pointer);
  return argument &&
                 isa<FunctionOpInterface>(argument.getOwner()->getParentOp())
             ? argument
             : nullptr;
}

namespace {
struct BareKernelArgumentsPass
    : mlir::zq::impl::BareKernelArgumentsBase<BareKernelArgumentsPass> {
  void runOnOperation() override {
    SmallVector<gpu::LaunchFuncOp> launches;
    getOperation().walk([&](gpu::LaunchFuncOp op) { launches.push_back(op); });
    WalkResult hoisted = getOperation().walk([&](gpu::GPUFuncOp kernel) {
      return kernel.isKernel() && failed(hoistTensorMaps(kernel, launches))
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    if (hoisted.wasInterrupted())
      return signalPassFailure();
    llvm::DenseMap<Operation *, llvm::SmallBitVector> shared;
    getOperation().walk([&](gpu::GPUFuncOp kernel) {
      if (kernel.isKernel())
        shared[kernel] = findShared(kernel, launches);
    });
    for (gpu::LaunchFuncOp launch : launches) {
      OpBuilder b(launch);
      SmallVector<Value> operands;
      for (Value operand : launch.getKernelOperands()) {
        if (!isa<MemRefType>(operand.getType())) {
          operands.push_back(operand);
          if (operand.getType().isIndex())
            operands.back() = arith::IndexCastOp::create(
                b, launch.getLoc(), b.getI64Type(), operand);
          continue;
        }
        if (failed(appendOperands(b, launch, operand, operands)))
          return signalPassFailure();
      }
      launch.getKernelOperandsMutable().assign(operands);
    }
    getOperation().walk([&](gpu::GPUFuncOp kernel) {
      if (!kernel.isKernel())
        return;
      // Behind the arguments, the body's block has the workgroup's memory.
      auto countArguments = [&] {
        return kernel.getFunctionType().getNumInputs();
      };
      unsigned before = 0;
      for (unsigned i = 0; i < countArguments(); ++before) {
        BlockArgument argument = kernel.getArgument(i);
        if (isa<MemRefType>(argument.getType())) {
          i += lowerArgument(kernel, i, shared[kernel][before]);
          continue;
        }
        if (argument.getType().isIndex()) {
          OpBuilder b(kernel.getBody());
          auto cast = arith::IndexCastOp::create(b, argument.getLoc(),
                                                 b.getIndexType(), argument);
          argument.replaceAllUsesExcept(cast, cast);
          argument.setType(b.getI64Type());
          SmallVector<Type> types(kernel.getFunctionType().getInputs());
          types[i] = b.getI64Type();
          kernel.setFunctionType(b.getFunctionType(types, {}));
        }
        ++i;
      }
    });
  }
};
} // namespace
