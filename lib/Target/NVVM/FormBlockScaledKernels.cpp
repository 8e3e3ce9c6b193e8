//===- FormBlockScaledKernels.cpp - Products that need no decoding --------===//
#include "BlockScaledKernels.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/NVVM/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
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

/// Whether `op` computes in f32 alone, so that nothing is rounded on the way.
static bool isOfF32(LinalgOp op) {
  return llvm::all_of(
             op->getOperandTypes(),
             [](Type type) { return getElementTypeOrSelf(type).isF32(); }) &&
         llvm::all_of(op.getBlock()->without_terminator(), [](Operation &body) {
           return isa<arith::MulFOp, arith::AddFOp>(body);
         });
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

/// What is to be said of codes that do not come in boxes.
static void describeBoxes(raw_ostream &os, StringRef what,
                          const BlockScaledOperand &operand,
                          const BlockScaledMode &mode) {
  if (!comesInBoxes(operand, mode))
    os << "; codes of " << what << " come by threads, no box has rows of "
       << operand.getCodePitch() << " bytes";
}

namespace {
struct FormBlockScaledKernelsPass
    : mlir::zq::impl::FormBlockScaledKernelsBase<FormBlockScaledKernelsPass> {
  using FormBlockScaledKernelsBase::FormBlockScaledKernelsBase;

  void runOnOperation() override {
    auto chip = parseChip(chipName);
    if (!chip) {
      getOperation().emitError() << chip.message();
      return signalPassFailure();
    }
    // No elementwise op, which may become the end of another's kernel.
    SmallVector<LinalgOp> ops;
    getOperation().walk([&](LinalgOp op) {
      if (op.getNumReductionLoops())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (LinalgOp op : ops) {
      std::optional<Product> product = matchProduct(op);
      if (product && product->activation.getDefiningOp<DecodeOp>() &&
          isOfF32(op) && failed(form(rewriter, *product, **chip)))
        return signalPassFailure();
    }
  }

  LogicalResult form(IRRewriter &b, Product contraction, const Chip &chip);
};
} // namespace

LogicalResult FormBlockScaledKernelsPass::form(IRRewriter &b,
                                               Product contraction,
                                               const Chip &chip) {
  LinalgOp op = contraction.op;
  auto activation = contraction.activation.getDefiningOp<DecodeOp>();
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
  auto x = getOperand(activation);
  auto w = x ? getOperand(contraction.decode) : std::nullopt;
  if (!w)
    return refuse();
  BlockScaledProduct product;
  auto mode = getBlockScaledMode(*x, *w, why);
  if (!mode)
    return refuse();
  bool isMma = chip.hasMmaBlockScale();
  if (!isMma && !chip.hasTcgen05()) {
    why = (chip.name + " has no block-scaled products").str();
    return refuse();
  }

  product.epilogue = Elementwise::findConsumer(op);
  Operation *last = product.epilogue ? product.epilogue.getOp() : op;
  b.setInsertionPoint(last);
  if (product.epilogue)
    product.epilogue.makeBuffers(b);
  auto xStreams = getStreams(b, activation);
  auto wStreams = getStreams(b, contraction.decode);
  if (failed(xStreams) || failed(wStreams))
    return failure();
  product.mode = *mode;
  product.a = {*x, *xStreams};
  product.b = {*w, *wStreams};
  // Tiles are narrow on the side of b only.
  product.isTransposed = x->rows < w->rows && x->rows <= (isMma ? 32 : 64);
  if (product.isTransposed)
    std::swap(product.a, product.b);
  if (!isZero(contraction.init))
    product.init = toBuffer(b, loc, contraction.init);
  auto type = cast<RankedTensorType>(last->getResult(0).getType());
  product.result = memref::AllocOp::create(
      b, loc, MemRefType::get(type.getShape(), type.getElementType()));

  BlockScaledTile tile =
      isMma ? chooseMmaTile(product, chip) : chooseTcgen05Tile(product, chip);
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
  if (!isMma) {
    describeBoxes(os, "the left operand", *x, *mode);
    describeBoxes(os, "the right operand", *w, *mode);
  }
  describe(os, "the left operand", getCodeLayout(*x, *mode, tile, isMma));
  describe(os, "the right operand", getCodeLayout(*w, *mode, tile, isMma));
  op->emitRemark() << text;

  Value result = bufferization::ToTensorOp::create(
      b, loc, type, product.result, /*restrict=*/true, /*writable=*/true);
  b.replaceOp(last, result);
  if (last != op)
    b.eraseOp(op);
  for (DecodeOp decode : {activation, contraction.decode})
    if (decode->use_empty())
      b.eraseOp(decode);
  return success();
}
