//===- TensorMaps.cpp - Tensor maps that kernels ask their host for -------===//
#include "zq/Target/NVVM/TensorMaps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::TensorMapShape;
using ::zq::TensorMapSwizzle;
using ::zq::TensorMapType;

Value mlir::zq::createTensorMap(ImplicitLocOpBuilder &b, Value memref,
                                std::array<int64_t, 2> box, int64_t bits,
                                nvgpu::TensorMapSwizzleKind swizzle) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() == 1) {
    type = MemRefType::get({1, type.getDimSize(0)}, type.getElementType());
    memref = memref::ExpandShapeOp::create(
        b, type, memref, ArrayRef<ReassociationIndices>{{0, 1}});
  } else if (type.getRank() > 2) {
    SmallVector<ReassociationIndices> groups(2);
    for (int64_t dim = 0; dim + 1 < type.getRank(); ++dim)
      groups[0].push_back(dim);
    groups[1].push_back(type.getRank() - 1);
    memref = memref::CollapseShapeOp::create(b, memref, groups);
    type = cast<MemRefType>(memref.getType());
  }
  if (bits < 8) {
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = shape.back() * 8 / bits;
    type = MemRefType::get(shape, b.getIntegerType(bits));
    memref = UnrealizedConversionCastOp::create(b, type, memref).getResult(0);
  }
  Value any = memref::CastOp::create(
      b, UnrankedMemRefType::get(type.getElementType(), Attribute()), memref);
  auto shared = MemRefType::get(
      box, b.getI8Type(), MemRefLayoutAttrInterface(),
      b.getI64IntegerAttr(static_cast<int>(NVVM::NVVMMemorySpace::Shared)));
  auto mapType = nvgpu::TensorMapDescriptorType::get(
      b.getContext(), shared, swizzle,
      // What a box leaves of a line of the cache its neighbours read.
      nvgpu::TensorMapL2PromoKind::L2PROMO_256B,
      nvgpu::TensorMapOOBKind::OOB_ZERO,
      nvgpu::TensorMapInterleaveKind::INTERLEAVE_NONE);
  SmallVector<Value> extents;
  for (int64_t extent : box)
    extents.push_back(arith::ConstantIndexOp::create(b, extent));
  Value map = nvgpu::TmaCreateDescriptorOp::create(b, mapType, any, extents);
  return UnrealizedConversionCastOp::create(
             b, LLVM::LLVMPointerType::get(b.getContext()), map)
      .getResult(0);
}

Value mlir::zq::getTensorMapArray(nvgpu::TmaCreateDescriptorOp op) {
  auto cast = op.getTensor().getDefiningOp<memref::CastOp>();
  return cast ? cast.getSource() : Value();
}

/// What the driver calls elements of `type`.
static std::optional<TensorMapType> getElementType(Type type) {
  if (type.isF16())
    return TensorMapType::Float16;
  if (type.isBF16())
    return TensorMapType::BFloat16;
  if (type.isF32())
    return TensorMapType::Float32;
  if (type.isF64())
    return TensorMapType::Float64;
  if (!type.isIntOrFloat())
    return std::nullopt;
  switch (type.getIntOrFloatBitWidth()) {
  case 4:
    return TensorMapType::Packed16U4Align16B;
  case 6:
    return TensorMapType::Packed16U6Align16B;
  case 8:
    return TensorMapType::Uint8;
  case 16:
    return TensorMapType::Uint16;
  case 32:
    return TensorMapType::Uint32;
  case 64:
    return TensorMapType::Uint64;
  default:
    return std::nullopt;
  }
}

FailureOr<TensorMapShape>
mlir::zq::getTensorMapShape(nvgpu::TmaCreateDescriptorOp op) {
  Value array = getTensorMapArray(op);
  auto type = array ? dyn_cast<MemRefType>(array.getType()) : MemRefType();
  if (!type || !type.hasStaticShape() || !type.getLayout().isIdentity())
    return op.emitOpError("needs an array of known shape without gaps");
  nvgpu::TensorMapDescriptorType map = op.getTensorMap().getType();
  if (map.getOob() != nvgpu::TensorMapOOBKind::OOB_ZERO ||
      map.getInterleave() != nvgpu::TensorMapInterleaveKind::INTERLEAVE_NONE)
    return op.emitOpError("is not of a map with zeros outside of the array and "
                          "without interleaving");
  auto element = getElementType(type.getElementType());
  int64_t rank = type.getRank();
  if (!element || rank < 1 || rank > int64_t(TensorMapShape::maxRank) ||
      rank != int64_t(op.getBoxDimensions().size()))
    return op.emitOpError("has no tensor map: ") << type;
  TensorMapShape shape;
  shape.type = *element;
  shape.swizzle = static_cast<TensorMapSwizzle>(map.getSwizzle());
  shape.rank = rank;
  int64_t bits = type.getElementTypeBitWidth();
  for (int64_t i = 0; i < rank; ++i) {
    int64_t dim = rank - 1 - i;
    APInt extent;
    if (!matchPattern(op.getBoxDimensions()[dim], m_ConstantInt(&extent)))
      return op.emitOpError("needs a box of known extents");
    shape.box[i] = extent.getSExtValue();
    shape.sizes[i] = type.getDimSize(dim);
    bits *= shape.sizes[i];
    if (i + 1 < rank)
      shape.strides[i] = bits / 8;
  }
  return shape;
}

nvgpu::TmaCreateDescriptorOp mlir::zq::getTensorMap(Value operand) {
  auto cast = operand.getDefiningOp<UnrealizedConversionCastOp>();
  return cast && cast.getNumOperands() == 1
             ? cast.getOperand(0).getDefiningOp<nvgpu::TmaCreateDescriptorOp>()
             : nullptr;
}

/// A constant of the words of `shape`.
static LLVM::GlobalOp makeShape(OpBuilder &b, ModuleOp module,
                                const TensorMapShape &shape) {
  constexpr size_t count = sizeof(TensorMapShape) / sizeof(int64_t);
  int64_t words[count];
  std::memcpy(words, &shape, sizeof(words));
  std::string name;
  for (unsigned i = 0; name.empty() || module.lookupSymbol(name); ++i)
    name = "zq_tensor_map_" + std::to_string(i);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  return LLVM::GlobalOp::create(b, module.getLoc(),
                                LLVM::LLVMArrayType::get(b.getI64Type(), count),
                                /*isConstant=*/true, LLVM::Linkage::Internal,
                                name, b.getI64TensorAttr(words));
}

LogicalResult mlir::zq::lowerTensorMap(nvgpu::TmaCreateDescriptorOp op,
                                       StringRef function) {
  FailureOr<TensorMapShape> shape = getTensorMapShape(op);
  if (failed(shape))
    return failure();
  auto module = op->getParentOfType<ModuleOp>();
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(function);
  if (!callee) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    callee = LLVM::LLVMFuncOp::create(
        b, function,
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                    {pointer, pointer, pointer}));
  }
  Value map;
  {
    // Outside of loops, so that the stack does not grow.
    OpBuilder::InsertionGuard guard(b);
    auto host = op->getParentOfType<FunctionOpInterface>();
    b.setInsertionPointToStart(&host.getFunctionBody().front());
    map = LLVM::AllocaOp::create(
        b, pointer, b.getI8Type(),
        LLVM::ConstantOp::create(b, b.getI64Type(), TensorMapShape::mapBytes),
        TensorMapShape::mapAlignment);
  }
  Value array = getTensorMapArray(op);
  // The bytes, whatever the map takes them for.
  if (auto cast = array.getDefiningOp<UnrealizedConversionCastOp>();
      cast && isa<MemRefType>(cast.getOperand(0).getType()))
    array = cast.getOperand(0);
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, array);
  address = arith::IndexCastOp::create(b, b.getI64Type(), address);
  address = LLVM::IntToPtrOp::create(b, pointer, address);
  Value words = LLVM::AddressOfOp::create(b, makeShape(b, module, *shape));
  LLVM::CallOp::create(b, callee, ValueRange{map, address, words});

  // What led from the array to the map is of no use any more.
  SmallVector<Operation *> dead;
  for (Operation *user : op->getUsers()) {
    user->getResult(0).replaceAllUsesWith(map);
    dead.push_back(user);
  }
  Operation *source = op.getTensor().getDefiningOp();
  dead.push_back(op);
  for (Operation *unused : dead)
    unused->erase();
  while (source && source->use_empty() && source->getNumOperands() == 1) {
    Operation *next = source->getOperand(0).getDefiningOp();
    if (!isa<memref::CastOp, UnrealizedConversionCastOp>(source))
      break;
    source->erase();
    source = next;
  }
  return success();
}

SmallVector<bool> mlir::zq::getByValueOperands(gpu::LaunchFuncOp launch) {
  SmallVector<bool> isByValue(launch.getNumKernelOperands());
  auto kernel = SymbolTable::lookupNearestSymbolFrom<LLVM::LLVMFuncOp>(
      launch, launch.getKernelAttr());
  for (unsigned i = 0; kernel && i < isByValue.size(); ++i)
    isByValue[i] =
        bool(kernel.getArgAttr(i, LLVM::LLVMDialect::getByValAttrName()));
  return isByValue;
}
