//===- LiveRegisters.cpp - Registers that a kernel's values take ----------===//
#include "LiveRegisters.h"

#include "mlir/Analysis/Liveness.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::zq;

/// Bits of a value of `type`; predicates are in registers of their own.
static int64_t countBits(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * countBits(vector.getElementType());
  if (auto array = dyn_cast<LLVM::LLVMArrayType>(type))
    return array.getNumElements() * countBits(array.getElementType());
  if (auto structure = dyn_cast<LLVM::LLVMStructType>(type)) {
    int64_t bits = 0;
    for (Type member : structure.getBody())
      bits += llvm::alignTo(countBits(member), 32);
    return bits;
  }
  if (isa<LLVM::LLVMPointerType, IndexType>(type))
    return 64;
  return type.isIntOrFloat() && !type.isInteger(1)
             ? type.getIntOrFloatBitWidth()
             : 0;
}

/// Registers of a value; none for what instructions take from elsewhere:
/// constants, and parameters.
static int64_t countRegisters(Value value) {
  if (Operation *op = value.getDefiningOp())
    if (op->hasTrait<OpTrait::ConstantLike>() ||
        isa<LLVM::UndefOp, LLVM::PoisonOp, LLVM::ZeroOp, LLVM::AddressOfOp>(op))
      return 0;
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (argument.getOwner()->isEntryBlock())
      return 0;
  return llvm::divideCeil(countBits(value.getType()), 32);
}

/// The most of a block: from its end, where the values are live that later
/// blocks read, back to its beginning.
static int64_t countInBlock(Block &block, const Liveness &liveness) {
  DenseSet<Value> live;
  int64_t now = 0, most = 0;
  auto add = [&](Value value) {
    if (live.insert(value).second)
      now += countRegisters(value);
    most = std::max(most, now);
  };
  llvm::for_each(liveness.getLiveOut(&block), add);
  for (Operation &op : llvm::reverse(block)) {
    llvm::for_each(op.getResults(), add);
    for (Value result : op.getResults()) {
      live.erase(result);
      now -= countRegisters(result);
    }
    llvm::for_each(op.getOperands(), add);
  }
  return most;
}

int64_t mlir::zq::countLiveRegisters(Operation *kernel) {
  Liveness liveness(kernel);
  int64_t most = 0;
  kernel->walk([&](Block *block) {
    most = std::max(most, countInBlock(*block, liveness));
  });
  return most;
}
