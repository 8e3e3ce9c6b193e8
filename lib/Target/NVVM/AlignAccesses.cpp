//===- AlignAccesses.cpp - How vectors in a kernel's memory are aligned ---===//
//
// MLIR promises no more than an element's alignment for a vector in memory, so
// that LLVM would load it element by element. What is known is: the arrays'
// beginnings, the sizes in their types, the steps of loops, constants.
// All in terms of zero bits at an integer's low end, which adding keeps,
// multiplying adds up, and wrapping around does not touch.
//
//===----------------------------------------------------------------------===//
#include "BareKernelArguments.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_ALIGNACCESSES
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Of dynamic shared memory: what the widest swizzle repeats after.
static constexpr int64_t dynamicSharedAlignment = 1024;
/// Of memory that a kernel declares.
static constexpr int64_t ownAlignment = 16;
/// More zero bits than any alignment has; what 0 has.
static constexpr unsigned manyBits = 32;

static unsigned countZeros(int64_t value) {
  return value
             ? std::min<unsigned>(llvm::countr_zero<uint64_t>(value), manyBits)
             : manyBits;
}

namespace {
/// Zero bits at the low end of index values and addresses.
class LowZeros {
public:
  /// Of an integer.
  unsigned of(Value value) {
    auto known = bits.find(value);
    if (known != bits.end())
      return known->second;
    // A value that depends on itself gets here again by way of a loop's
    // iteration argument only, and that one is known while it is looked at.
    unsigned result = std::min(compute(value), manyBits);
    if (assumptions == 0)
      bits[value] = result;
    return result;
  }

  /// Of the address of the first byte of `memref`'s buffer, before its offset.
  unsigned ofBase(Value memref);

  /// Of the byte address of `memref` at `indices`.
  unsigned ofAddress(Value memref, ValueRange indices);

private:
  unsigned compute(Value value);
  unsigned ofIterationArgument(scf::ForOp loop, unsigned index);
  unsigned ofResult(OpFoldResult value) {
    if (auto attr = dyn_cast<Attribute>(value))
      return countZeros(cast<IntegerAttr>(attr).getInt());
    return of(cast<Value>(value));
  }

  DenseMap<Value, unsigned> bits;
  /// How many iteration arguments are assumed to have what they begin with.
  unsigned assumptions = 0;
};
} // namespace

unsigned LowZeros::ofIterationArgument(scf::ForOp loop, unsigned index) {
  BlockArgument argument = loop.getRegionIterArg(index);
  unsigned result = of(loop.getInitArgs()[index]);
  Value next = loop.getYieldedValues()[index];
  // Downwards to what the loop keeps.
  ++assumptions;
  while (true) {
    bits[argument] = result;
    unsigned kept = std::min(result, of(next));
    if (kept == result)
      break;
    result = kept;
  }
  --assumptions;
  bits.erase(argument);
  return result;
}

unsigned LowZeros::compute(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return countZeros(constant.getSExtValue());
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    if (!loop)
      return 0;
    if (argument == loop.getInductionVar())
      return std::min(of(loop.getLowerBound()), of(loop.getStep()));
    return ofIterationArgument(loop, argument.getArgNumber() - 1);
  }
  Operation *op = value.getDefiningOp();
  auto operand = [&](unsigned index) { return of(op->getOperand(index)); };
  return llvm::TypeSwitch<Operation *, unsigned>(op)
      .Case<arith::AddIOp, arith::SubIOp, arith::OrIOp, arith::XOrIOp,
            arith::RemSIOp, arith::RemUIOp, arith::MinSIOp, arith::MinUIOp,
            arith::MaxSIOp, arith::MaxUIOp>(
          [&](auto) { return std::min(operand(0), operand(1)); })
      .Case([&](arith::AndIOp) { return std::max(operand(0), operand(1)); })
      .Case([&](arith::MulIOp) { return operand(0) + operand(1); })
      .Case([&](arith::SelectOp) { return std::min(operand(1), operand(2)); })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
            arith::ExtUIOp, arith::TruncIOp>([&](auto) { return operand(0); })
      .Case([&](arith::ShLIOp shift) -> unsigned {
        APInt by;
        if (!matchPattern(shift.getRhs(), m_ConstantInt(&by)))
          return operand(0);
        return operand(0) + by.getLimitedValue(manyBits);
      })
      .Case<arith::ShRUIOp, arith::ShRSIOp>([&](auto) -> unsigned {
        APInt by;
        if (!matchPattern(op->getOperand(1), m_ConstantInt(&by)))
          return 0;
        unsigned lost = by.getLimitedValue(manyBits);
        return operand(0) > lost ? operand(0) - lost : 0;
      })
      .Case<arith::DivUIOp, arith::DivSIOp>([&](auto) -> unsigned {
        APInt by;
        if (!matchPattern(op->getOperand(1), m_ConstantInt(&by)) ||
            !by.isPowerOf2())
          return 0;
        return operand(0) > by.logBase2() ? operand(0) - by.logBase2() : 0;
      })
      .Case([&](scf::IfOp branch) {
        unsigned index = cast<OpResult>(value).getResultNumber();
        return std::min(of(branch.thenYield().getOperand(index)),
                        of(branch.elseYield().getOperand(index)));
      })
      .Case([&](scf::ForOp loop) {
        return ofIterationArgument(loop,
                                   cast<OpResult>(value).getResultNumber());
      })
      .Default([](Operation *) { return 0; });
}

unsigned LowZeros::ofBase(Value memref) {
  if (auto argument = dyn_cast<BlockArgument>(memref)) {
    auto kernel = dyn_cast<gpu::GPUFuncOp>(argument.getOwner()->getParentOp());
    if (!kernel)
      return 0;
    unsigned inputs = kernel.getFunctionType().getNumInputs();
    if (argument.getArgNumber() < inputs)
      return 0;
    unsigned index = argument.getArgNumber() - inputs;
    auto align = cast_or_null<IntegerAttr>(kernel.getWorkgroupAttributionAttr(
        index, LLVM::LLVMDialect::getAlignAttrName()));
    return align ? countZeros(align.getInt()) : 0;
  }
  return llvm::TypeSwitch<Operation *, unsigned>(memref.getDefiningOp())
      .Case<memref::CastOp, memref::MemorySpaceCastOp>(
          [&](auto op) { return ofBase(op.getSource()); })
      .Case(
          [&](memref::ReinterpretCastOp op) { return ofBase(op.getSource()); })
      .Case([&](memref::ExtractStridedMetadataOp op) {
        return ofBase(op.getSource());
      })
      .Case([&](memref::ViewOp op) {
        return std::min(ofBase(op.getSource()), of(op.getByteShift()));
      })
      .Case([&](memref::AssumeAlignmentOp op) {
        return std::max(ofBase(op.getMemref()), countZeros(op.getAlignment()));
      })
      .Case([&](memref::AllocaOp op) {
        return countZeros(op.getAlignment().value_or(1));
      })
      .Case([&](gpu::DynamicSharedMemoryOp) {
        return countZeros(dynamicSharedAlignment);
      })
      .Case([&](memref::GetGlobalOp op) -> unsigned {
        auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
            op, op.getNameAttr());
        return global ? countZeros(global.getAlignment().value_or(1)) : 0;
      })
      .Case([&](UnrealizedConversionCastOp) -> unsigned {
        BlockArgument argument = getKernelArgument(memref);
        if (!argument)
          return 0;
        auto kernel =
            cast<FunctionOpInterface>(argument.getOwner()->getParentOp());
        auto align = kernel.getArgAttrOfType<IntegerAttr>(
            argument.getArgNumber(), LLVM::LLVMDialect::getAlignAttrName());
        return align ? countZeros(align.getInt()) : 0;
      })
      .Default([](Operation *) { return 0; });
}

unsigned LowZeros::ofAddress(Value memref, ValueRange indices) {
  auto type = cast<MemRefType>(memref.getType());
  Type element = type.getElementType();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() % 8)
    return 0;
  unsigned scale = countZeros(element.getIntOrFloatBitWidth() / 8);
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return 0;
  auto cast = memref.getDefiningOp<memref::ReinterpretCastOp>();
  auto mixed = [&](int64_t known, auto get) -> unsigned {
    if (!ShapedType::isDynamic(known))
      return countZeros(known);
    return cast ? ofResult(get()) : 0;
  };
  unsigned result = std::min(ofBase(memref), scale + mixed(offset, [&] {
                                               return cast.getMixedOffsets()[0];
                                             }));
  for (size_t dim = 0; dim < indices.size(); ++dim)
    result =
        std::min(result, scale + of(indices[dim]) + mixed(strides[dim], [&] {
                           return cast.getMixedStrides()[dim];
                         }));
  return result;
}

/// Gives the memory that a kernel declares an alignment, where it has none.
static void alignOwnMemory(gpu::GPUModuleOp module) {
  Builder b(module.getContext());
  StringRef name = LLVM::LLVMDialect::getAlignAttrName();
  module.walk([&](gpu::GPUFuncOp kernel) {
    for (unsigned i = 0; i < kernel.getNumWorkgroupAttributions(); ++i)
      if (!kernel.getWorkgroupAttributionAttr(i, name))
        kernel.setWorkgroupAttributionAttr(i, name,
                                           b.getI64IntegerAttr(ownAlignment));
  });
  module.walk([&](memref::AllocaOp op) {
    if (!op.getAlignment())
      op.setAlignment(ownAlignment);
  });
  module.walk([&](memref::GlobalOp op) {
    if (!op.getAlignment())
      op.setAlignment(ownAlignment);
  });
}

namespace {
struct AlignAccessesPass
    : mlir::zq::impl::AlignAccessesBase<AlignAccessesPass> {
  void runOnOperation() override {
    alignOwnMemory(getOperation());
    LowZeros zeros;
    // A transfer of several rows is one line in the source.
    DenseSet<Location> told;
    auto align = [&](auto op, VectorType type) {
      int64_t width = type.getElementTypeBitWidth();
      if (type.isScalable() || width % 8)
        return;
      int64_t bytes = type.getNumElements() * width / 8;
      // LLVM loads no more at a time than the vector's largest power of two.
      int64_t wanted = std::min<int64_t>(llvm::bit_floor<uint64_t>(bytes), 16);
      int64_t known = int64_t(1)
                      << zeros.ofAddress(op.getBase(), op.getIndices());
      if (int64_t(op.getAlignment().value_or(1)) < std::min(known, wanted))
        op.setAlignment(std::min(known, wanted));
      int64_t got = op.getAlignment().value_or(width / 8);
      if (got < wanted && told.insert(op.getLoc()).second)
        op->emitRemark() << bytes << " bytes are accessed " << got
                         << " at a time: their address is not known to be a "
                            "multiple of more";
    };
    getOperation().walk([&](Operation *op) {
      llvm::TypeSwitch<Operation *>(op)
          .Case<vector::LoadOp, vector::StoreOp>(
              [&](auto op) { align(op, op.getVectorType()); })
          .Case<vector::MaskedLoadOp, vector::MaskedStoreOp>(
              [&](auto op) { align(op, op.getVectorType()); });
    });
  }
};
} // namespace
