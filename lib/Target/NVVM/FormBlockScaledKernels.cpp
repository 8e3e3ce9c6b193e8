//===- FormBlockScaledKernels.cpp - Products that need no decoding --------===//
#include "BlockScaledKernels.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::zq {
#define GEN_PASS_DEF_FORMBLOCKSCALEDKERNELS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

namespace {

/// y[..., n] = init[..., n] + sum over k of x[..., k] w[n, k], both compressed.
struct Contraction {
  LinalgOp op;
  DecodeOp x, w;
  Value init;
};

/// What block-scaled products a chip has.
enum class Unit { None, Mma, Tcgen05 };

} // namespace

static Unit getUnit(StringRef chip) {
  return llvm::StringSwitch<Unit>(chip)
      .Cases({"sm_120a", "sm_120f", "sm_121a"}, Unit::Mma)
      .Cases({"sm_100a", "sm_100f", "sm_103a"}, Unit::Tcgen05)
      .Default(Unit::None);
}

/// The loops that `map` runs along, in order; none where it does more.
static std::optional<SmallVector<unsigned>> getLoops(AffineMap map) {
  SmallVector<unsigned> loops;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || llvm::is_contained(loops, dim.getPosition()))
      return std::nullopt;
    loops.push_back(dim.getPosition());
  }
  return loops;
}

/// `op` as a product of two whole compressed tensors.
static std::optional<Contraction> match(LinalgOp op) {
  if (!linalg::isaContractionOpInterface(op) || op.getNumDpsInputs() != 2 ||
      !op.hasPureTensorSemantics() ||
      !llvm::all_of(op->getOperandTypes(), [](Type type) {
        return getElementTypeOrSelf(type).isF32();
      }))
    return std::nullopt;
  if (!llvm::all_of(op.getBlock()->without_terminator(), [](Operation &body) {
        return isa<arith::MulFOp, arith::AddFOp>(body);
      }))
    return std::nullopt;
  // One over nothing leaves its destination as it is.
  if (llvm::is_contained(op.getStaticLoopRanges(), 0))
    return std::nullopt;
  auto result = getLoops(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  for (unsigned i : {1u, 0u}) {
    OpOperand *weight = op.getDpsInputOperand(i);
    OpOperand *other = op.getDpsInputOperand(1 - i);
    auto w = weight->get().getDefiningOp<DecodeOp>();
    auto x = other->get().getDefiningOp<DecodeOp>();
    auto rows = getLoops(op.getMatchingIndexingMap(weight));
    auto left = getLoops(op.getMatchingIndexingMap(other));
    if (!w || !x || !w.isWhole() || !x.isWhole() || !rows || !left || !result ||
        rows->size() != 2 || left->empty() || result->empty() ||
        op.getNumLoops() != left->size() + 1)
      continue;
    // All but the last loop are the result's, in one order.
    if (left->back() == (*rows)[1] && result->back() == (*rows)[0] &&
        llvm::equal(ArrayRef(*left).drop_back(), ArrayRef(*result).drop_back()))
      return Contraction{op, x, w, op.getDpsInits().front()};
  }
  return std::nullopt;
}

static Value toBuffer(OpBuilder &b, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto buffer = MemRefType::get(type.getShape(), type.getElementType());
  return bufferization::ToBufferOp::create(b, loc, buffer, tensor,
                                           /*read_only=*/true);
}

/// The streams of what `decode` decodes, as memrefs.
static FailureOr<SmallVector<Value>> getStreams(OpBuilder &b, DecodeOp decode) {
  auto type = cast<CompressedTensorType>(decode.getSource().getType());
  auto types = type.getStreamTypes(decode);
  if (failed(types))
    return failure();
  SmallVector<Value> streams;
  for (Value stream :
       DisassembleOp::create(b, decode.getLoc(), *types, decode.getSource())
           .getStreams())
    streams.push_back(toBuffer(b, decode.getLoc(), stream));
  return streams;
}

/// Whether `value` is known to be zeros.
static bool isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
  return matchPattern(value, m_AnyZeroFloat());
}

/// What is to be said of the way `layout` is copied, if it is a slow one.
static void describe(raw_ostream &os, StringRef what,
                     const PanelCopy::Layout &layout) {
  if (layout.isAsync())
    return;
  if (layout.form != PanelCopy::Form::AsIs)
    os << "; codes of " << what << " are spread to bytes on the way";
  if (layout.getUnit() < 4)
    os << "; rows of " << what << " have " << layout.pitch
       << " bytes and are read " << layout.getUnit() << " at a time";
}

namespace {
struct FormBlockScaledKernelsPass
    : mlir::zq::impl::FormBlockScaledKernelsBase<FormBlockScaledKernelsPass> {
  using FormBlockScaledKernelsBase::FormBlockScaledKernelsBase;

  void runOnOperation() override {
    SmallVector<LinalgOp> ops;
    getOperation().walk([&](LinalgOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (LinalgOp op : ops)
      if (std::optional<Contraction> contraction = match(op))
        if (failed(form(rewriter, *contraction)))
          return signalPassFailure();
  }

  LogicalResult form(IRRewriter &b, Contraction contraction);
};
} // namespace

LogicalResult FormBlockScaledKernelsPass::form(IRRewriter &b,
                                               Contraction contraction) {
  LinalgOp op = contraction.op;
  Location loc = op.getLoc();
  std::string why;
  auto getOperand = [&](DecodeOp decode) {
    return getBlockScaledOperand(
        cast<CompressedTensorType>(decode.getSource().getType()), why);
  };
  auto refuse = [&] {
    op->emitRemark() << "operands are decoded: " << why;
    return success();
  };
  auto x = getOperand(contraction.x);
  auto w = x ? getOperand(contraction.w) : std::nullopt;
  if (!w)
    return refuse();
  BlockScaledProduct product;
  auto mode = getBlockScaledMode(*x, *w, why);
  if (!mode)
    return refuse();
  Unit unit = getUnit(chip);
  if (unit == Unit::None) {
    why = chip + " has no block-scaled products";
    return refuse();
  }

  b.setInsertionPoint(op);
  auto xStreams = getStreams(b, contraction.x);
  auto wStreams = getStreams(b, contraction.w);
  if (failed(xStreams) || failed(wStreams))
    return failure();
  product.mode = *mode;
  product.a = {*x, *xStreams};
  product.b = {*w, *wStreams};
  // Tiles are narrow on the side of b only.
  product.isTransposed =
      x->rows < w->rows && x->rows <= (unit == Unit::Mma ? 32 : 64);
  if (product.isTransposed)
    std::swap(product.a, product.b);
  if (!isZero(contraction.init))
    product.init = toBuffer(b, loc, contraction.init);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  product.result = memref::AllocOp::create(
      b, loc, MemRefType::get(type.getShape(), type.getElementType()));

  bool isMma = unit == Unit::Mma;
  BlockScaledTile tile =
      isMma ? chooseMmaTile(product) : chooseTcgen05Tile(product);
  int64_t shared = isMma ? getMmaSharedBytes(product, tile)
                         : getTcgen05SharedBytes(product, tile);
  int64_t blocksM = llvm::divideCeil(product.a.operand.rows, tile.m);
  int64_t blocksN = llvm::divideCeil(product.b.operand.rows, tile.n);
  if (blocksN > 65535)
    return op->emitOpError("has ")
           << product.b.operand.rows
           << " columns, more than the blocks of one kernel cover";

  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value one = index(1);
  Value bytes = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(shared));
  auto launch =
      gpu::LaunchOp::create(b, loc, index(blocksM), index(blocksN), one,
                            index(tile.getThreads()), one, one, bytes);
  {
    KernelBuilder kernel(loc,
                         OpBuilder::atBlockBegin(&launch.getBody().front()));
    (isMma ? emitMmaKernel : emitTcgen05Kernel)(
        kernel, product, tile, kernel.toI32(launch.getThreadIds().x),
        kernel.toI32(launch.getBlockIds().x),
        kernel.toI32(launch.getBlockIds().y));
    gpu::TerminatorOp::create(kernel);
  }

  std::string text;
  llvm::raw_string_ostream os(text);
  os << "block-scaled product, " << NVVM::stringifyMMABlockScaleKind(mode->kind)
     << ", nothing decoded: "
     << "tiles of " << tile.m << "x" << tile.n << "x"
     << tile.bytes / 32 * mode->step
     << (product.isTransposed ? " with the weight's rows first" : "") << ", "
     << tile.stages << " stages, " << shared << " bytes shared";
  describe(os, "the left operand", getCodeLayout(*x, *mode, tile, isMma));
  describe(os, "the right operand", getCodeLayout(*w, *mode, tile, isMma));
  op->emitRemark() << text;

  Value result = bufferization::ToTensorOp::create(
      b, loc, type, product.result, /*restrict=*/true, /*writable=*/true);
  b.replaceOp(op, result);
  for (DecodeOp decode : {contraction.x, contraction.w})
    if (decode->use_empty())
      b.eraseOp(decode);
  return success();
}
