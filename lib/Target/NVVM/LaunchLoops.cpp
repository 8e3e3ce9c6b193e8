//===- LaunchLoops.cpp - Parallel loops as kernels ------------------------===//
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::zq;

namespace mlir::zq {
#define GEN_PASS_DEF_LAUNCHLOOPS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

/// Threads of a block.
static constexpr int64_t blockSize = 128;

/// A launch of `total` threads whose body is made by `emit`, which is given the
/// thread's number.
static gpu::LaunchOp
createLaunch(ImplicitLocOpBuilder &b, Value total, int64_t threads,
             function_ref<void(ImplicitLocOpBuilder &, Value)> emit) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, value);
  };
  Value one = constant(1), size = constant(threads);
  Value blocks = arith::CeilDivUIOp::create(b, total, size);
  auto launch = gpu::LaunchOp::create(b, blocks, one, one, size, one, one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&launch.getBody().front());
  Value number = arith::AddIOp::create(
      b, arith::MulIOp::create(b, launch.getBlockIds().x, size),
      launch.getThreadIds().x);
  Value isThere =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, total);
  auto branch = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
  gpu::TerminatorOp::create(b);
  b.setInsertionPointToStart(&branch.getThenRegion().front());
  emit(b, number);
  return launch;
}

/// Replaces a loop without results, whose iterations are independent, by a
/// launch with a thread for each of them. The last dimension varies fastest.
static void launchLoop(LoopLikeOpInterface loop) {
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  SmallVector<Value> lower = getValueOrCreateConstantIndexOp(
      b, b.getLoc(), *loop.getLoopLowerBounds());
  SmallVector<Value> upper = getValueOrCreateConstantIndexOp(
      b, b.getLoc(), *loop.getLoopUpperBounds());
  SmallVector<Value> steps =
      getValueOrCreateConstantIndexOp(b, b.getLoc(), *loop.getLoopSteps());
  SmallVector<Value> trips;
  Value total = arith::ConstantIndexOp::create(b, 1);
  for (auto [low, high, step] : llvm::zip(lower, upper, steps)) {
    Value distance = arith::SubIOp::create(b, high, low);
    Value none = arith::ConstantIndexOp::create(b, 0);
    distance = arith::MaxSIOp::create(b, distance, none);
    trips.push_back(arith::CeilDivUIOp::create(b, distance, step));
    total = arith::MulIOp::create(b, total, trips.back());
  }
  createLaunch(b, total, blockSize, [&](ImplicitLocOpBuilder &b, Value number) {
    SmallVector<Value> ivs(trips.size());
    for (size_t i = trips.size(); i-- > 0;) {
      Value at = number;
      if (i) {
        at = arith::RemUIOp::create(b, number, trips[i]);
        number = arith::DivUIOp::create(b, number, trips[i]);
      }
      ivs[i] = arith::AddIOp::create(b, lower[i],
                                     arith::MulIOp::create(b, at, steps[i]));
    }
    Block *body = &loop.getLoopRegions().front()->front();
    body->getTerminator()->erase();
    Block *into = b.getInsertionBlock();
    into->getOperations().splice(b.getInsertionPoint(), body->getOperations());
    for (auto [argument, iv] : llvm::zip(body->getArguments(), ivs))
      argument.replaceAllUsesWith(iv);
  });
  loop->erase();
}

/// Whether `op` itself reads or writes what an array holds.
static bool touchesMemory(Operation *op) {
  bool touches = false;
  op->walk([&](Operation *inner) {
    auto effects = dyn_cast<MemoryEffectOpInterface>(inner);
    if (!effects || isa<memref::CopyOp, gpu::LaunchOp>(inner))
      return WalkResult::advance();
    touches |= effects.hasEffect<MemoryEffects::Read>() ||
               effects.hasEffect<MemoryEffects::Write>();
    return WalkResult::advance();
  });
  return touches;
}

/// Whether nothing writes to what `array` holds, for all that its uses say.
static bool isNeverWritten(Value array) {
  if (auto argument = dyn_cast<BlockArgument>(array);
      argument && !isa<func::FuncOp>(argument.getOwner()->getParentOp()))
    return false;
  return llvm::all_of(array.getUsers(), [](Operation *user) {
    auto effects = dyn_cast<MemoryEffectOpInterface>(user);
    return effects && !effects.hasEffect<MemoryEffects::Write>() &&
           !effects.hasEffect<MemoryEffects::Free>() &&
           !isa<ViewLikeOpInterface>(user);
  });
}

/// Whether `op` is part of what a kernel can do for itself: arithmetic, and
/// reading what is never written.
static bool belongsInKernel(Operation *op) {
  if (op->getNumRegions() || op->getNumResults() != 1 ||
      isa<MemRefType, TensorType>(op->getResult(0).getType()))
    return false;
  if (isMemoryEffectFree(op))
    return true;
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  return effects && effects.onlyHasEffect<MemoryEffects::Read>() &&
         llvm::all_of(op->getOperands(), [](Value operand) {
           return !isa<MemRefType>(operand.getType()) ||
                  isNeverWritten(operand);
         });
}

/// Moves what the host would read from arrays for a kernel, tables and what is
/// made of them, into the kernel.
static void sinkReads(gpu::LaunchOp launch) {
  Block &body = launch.getBody().front();
  // Copies of what is outside, in the order in which they are needed.
  DenseMap<Operation *, Operation *> copies;
  std::function<Operation *(Operation *)> sink =
      [&](Operation *op) -> Operation * {
    if (Operation *copy = copies.lookup(op))
      return copy;
    IRMapping map;
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp(); def && belongsInKernel(def))
        map.map(operand, sink(def)->getResult(0));
    OpBuilder b(launch.getContext());
    b.setInsertionPointToStart(&body);
    if (Operation *last = copies.lookup(nullptr))
      b.setInsertionPointAfter(last);
    Operation *copy = b.clone(*op, map);
    return copies[op] = copies[nullptr] = copy;
  };
  // Only what leads to a read: sizes are computed once, outside.
  std::function<bool(Operation *)> reads = [&](Operation *op) {
    if (!op || !belongsInKernel(op))
      return false;
    return !isMemoryEffectFree(op) ||
           llvm::any_of(op->getOperands(), [&](Value operand) {
             return reads(operand.getDefiningOp());
           });
  };
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(launch.getBody(), captured);
  for (Value value : captured)
    if (Operation *def = value.getDefiningOp(); reads(def))
      replaceAllUsesInRegionWith(value, sink(def)->getResult(0),
                                 launch.getBody());
}

/// Moves views of arrays into the kernel, which is given the arrays.
static void sinkViews(gpu::LaunchOp launch) {
  auto findView = [&]() -> Operation * {
    SetVector<Value> captured;
    getUsedValuesDefinedAbove(launch.getBody(), captured);
    for (Value value : captured)
      if (Operation *def = value.getDefiningOp();
          isa_and_nonnull<memref::SubViewOp, memref::ExpandShapeOp,
                          memref::CollapseShapeOp, memref::CastOp>(def))
        return def;
    return nullptr;
  };
  while (Operation *view = findView()) {
    auto b = OpBuilder::atBlockBegin(&launch.getBody().front());
    Operation *copy = b.clone(*view);
    replaceAllUsesInRegionWith(view->getResult(0), copy->getResult(0),
                               launch.getBody());
  }
}

/// Arrays of one thread lie in its local memory. Fails with an error where the
/// size of one is not known.
static LogicalResult makeArraysLocal(gpu::LaunchOp launch) {
  SmallVector<memref::AllocOp> arrays;
  launch->walk([&](memref::AllocOp op) { arrays.push_back(op); });
  for (memref::AllocOp array : arrays) {
    if (!array.getType().hasStaticShape())
      return array.emitOpError("in a kernel has a size that is not known: ")
             << array.getType();
    // Not once for each iteration of a loop.
    OpBuilder b(launch.getContext());
    b.setInsertionPointToStart(&launch.getBody().front());
    Value local = memref::AllocaOp::create(b, array.getLoc(), array.getType(),
                                           array.getAlignmentAttr());
    for (Operation *user : llvm::make_early_inc_range(array->getUsers()))
      if (isa<memref::DeallocOp>(user))
        user->erase();
    array.replaceAllUsesWith(local);
    array->erase();
  }
  return success();
}

/// Ops of one block that become one kernel of one thread: some that write, and
/// what they are computed of.
struct Straight {
  SmallVector<Operation *> writes;
  SetVector<Operation *> ops;
};

/// Adds what `op` is computed of to `ops`, as far as it is of the same block,
/// has no regions and only reads.
static void addReads(Operation *op, SetVector<Operation *> &ops) {
  for (Value operand : op->getOperands()) {
    Operation *def = operand.getDefiningOp();
    if (!def || def->getBlock() != op->getBlock() || def->getNumRegions() ||
        isa<MemRefType>(operand.getType()) || ops.contains(def))
      continue;
    auto effects = dyn_cast<MemoryEffectOpInterface>(def);
    if (!isMemoryEffectFree(def) &&
        !(effects && effects.onlyHasEffect<MemoryEffects::Read>()))
      continue;
    addReads(def, ops);
    ops.insert(def);
  }
}

static bool isBefore(Operation *a, Operation *b) {
  return a->isBeforeInBlock(b);
}

/// Whether nothing but the group's own ops writes from its first op to `last`.
static bool isUndisturbed(const Straight &group, Operation *last) {
  Operation *first = group.writes.front();
  for (Operation *op : group.ops)
    if (!isMemoryEffectFree(op) && isBefore(op, first))
      first = op;
  for (Operation *op = first; op != last; op = op->getNextNode())
    if (!group.ops.contains(op) && !isMemoryEffectFree(op)) {
      auto effects = dyn_cast<MemoryEffectOpInterface>(op);
      if (!effects || effects.hasEffect<MemoryEffects::Write>() ||
          effects.hasEffect<MemoryEffects::Free>())
        return false;
    }
  return true;
}

/// The groups of `writes`, which are in order: ops whose reads come before
/// another's write belong to that one's group.
static SmallVector<Straight> groupWrites(ArrayRef<Operation *> writes) {
  SmallVector<Straight> groups;
  for (Operation *op : writes) {
    Straight own;
    addReads(op, own.ops);
    own.ops.insert(op);
    own.writes.push_back(op);
    if (!groups.empty() &&
        groups.back().writes.back()->getBlock() == op->getBlock()) {
      Straight both = groups.back();
      bool reads = llvm::any_of(own.ops, [&](Operation *read) {
        return !isMemoryEffectFree(read) && isBefore(read, both.writes.back());
      });
      both.ops.insert_range(own.ops);
      both.writes.push_back(op);
      if (reads && isUndisturbed(both, op)) {
        groups.back() = std::move(both);
        continue;
      }
    }
    groups.push_back(std::move(own));
  }
  return groups;
}

/// Puts a group, whose ops work on arrays, into a kernel of one thread where
/// the last of them is.
static void launchAlone(const Straight &group) {
  Operation *last = group.writes.back();
  last->emitRemark() << "runs on one thread of the GPU: none of its loops is "
                        "parallel";
  SmallVector<Operation *> ops(group.ops.begin(), group.ops.end());
  // What others computed before may lie before an array that is read.
  if (!isUndisturbed(group, last))
    ops.assign(group.writes.begin(), group.writes.end());
  llvm::sort(ops, isBefore);
  ImplicitLocOpBuilder b(last->getLoc(), last);
  Value one = arith::ConstantIndexOp::create(b, 1);
  createLaunch(b, one, 1, [&](ImplicitLocOpBuilder &b, Value) {
    IRMapping copies;
    for (Operation *op : ops)
      b.clone(*op, copies);
  });
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty())
      op->erase();
}

namespace {
struct LaunchLoopsPass : mlir::zq::impl::LaunchLoopsBase<LaunchLoopsPass> {
  using LaunchLoopsBase::LaunchLoopsBase;

  /// Copies of arrays with gaps become loops; the host has none but of bytes in
  /// a row.
  void expandCopies() {
    auto hasGaps = [](Value array) {
      auto type = dyn_cast<MemRefType>(array.getType());
      return type && !type.getLayout().isIdentity();
    };
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp op) {
      if (!op->getParentOfType<gpu::LaunchOp>() &&
          (hasGaps(op.getSource()) || hasGaps(op.getTarget())))
        copies.push_back(op);
    });
    for (memref::CopyOp op : copies) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      auto copy = [&](OpBuilder &b, Location loc, ValueRange place) {
        Value element = memref::LoadOp::create(b, loc, op.getSource(), place);
        memref::StoreOp::create(b, loc, element, op.getTarget(), place);
      };
      int64_t rank = cast<MemRefType>(op.getSource().getType()).getRank();
      SmallVector<Value> lower(rank, arith::ConstantIndexOp::create(b, 0));
      SmallVector<Value> steps(rank, arith::ConstantIndexOp::create(b, 1));
      SmallVector<Value> upper;
      for (int64_t dim = 0; dim < rank; ++dim)
        upper.push_back(memref::DimOp::create(b, op.getSource(), dim));
      if (rank)
        scf::ParallelOp::create(b, lower, upper, steps, copy);
      else
        copy(b, op.getLoc(), {});
      op.erase();
    }
  }

  void runOnOperation() override {
    expandCopies();
    SmallVector<LoopLikeOpInterface> loops;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<gpu::LaunchOp, gpu::GPUModuleOp>(op))
        return WalkResult::skip();
      if (!isa<scf::ForallOp, scf::ParallelOp>(op) || op->getNumResults())
        return WalkResult::advance();
      loops.push_back(cast<LoopLikeOpInterface>(op));
      return WalkResult::skip();
    });
    for (LoopLikeOpInterface loop : loops)
      launchLoop(loop);

    // Loops on the host remain where they hold launches.
    SmallVector<Operation *> others;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<gpu::LaunchOp, gpu::GPUModuleOp>(op))
        return WalkResult::skip();
      if (!op->getParentOfType<func::FuncOp>() || op->getNumResults() ||
          !touchesMemory(op))
        return WalkResult::advance();
      bool launches = false;
      op->walk([&](gpu::LaunchOp) { launches = true; });
      if (launches || op->hasTrait<OpTrait::IsTerminator>() ||
          isa<memref::DeallocOp>(op))
        return WalkResult::advance();
      others.push_back(op);
      return WalkResult::skip();
    });
    for (const Straight &group : groupWrites(others))
      launchAlone(group);

    getOperation().walk([&](gpu::LaunchOp launch) {
      sinkViews(launch);
      sinkReads(launch);
      if (failed(makeArraysLocal(launch)))
        signalPassFailure();
    });
    remarkReads();
  }

  /// What the host itself reads, for a branch or the bound of a loop.
  void remarkReads() {
    getOperation().walk([](memref::LoadOp load) {
      if (!load->getParentOfType<gpu::LaunchOp>() &&
          !load->getParentOfType<gpu::GPUModuleOp>() &&
          !isOpTriviallyDead(load))
        load.emitRemark() << "the host waits for the GPU here, and reads this";
    });
  }
};
} // namespace
