//===- ChooseDomains.cpp - The arithmetic of contractions -----------------===//
#include "ConstantArrays.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Repack.h"
#include "llvm/Support/Format.h"

#include <numeric>

namespace mlir::zq {
#define GEN_PASS_DEF_CHOOSEDOMAINS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;
using linalg::LinalgOp;

static bool isOnF32(LinalgOp op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    return getElementTypeOrSelf(type).isF32();
  });
}

/// Reassociation of a tensor of `rank` to a matrix.
static SmallVector<ReassociationIndices> getMatrixDims(int64_t rank) {
  SmallVector<ReassociationIndices> dims(2);
  for (int64_t i = 0; i < rank; ++i)
    dims[rank == 1 ? 1 : i == rank - 1].push_back(i);
  if (rank == 1)
    dims = {{0, 1}};
  return dims;
}

/// `value` with all dimensions but the last one as one.
static Value toMatrix(OpBuilder &b, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 2)
    return value;
  SmallVector<ReassociationIndices> dims = getMatrixDims(type.getRank());
  if (type.getRank() > 2)
    return tensor::CollapseShapeOp::create(b, loc, value, dims);
  return tensor::ExpandShapeOp::create(
      b, loc,
      RankedTensorType::get({1, type.getDimSize(0)}, type.getElementType()),
      value, dims);
}

/// A matrix with the dimensions of `like` again.
static Value fromMatrix(OpBuilder &b, Location loc, Value matrix, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  if (type.getRank() == 2)
    return matrix;
  SmallVector<ReassociationIndices> dims = getMatrixDims(type.getRank());
  if (type.getRank() < 2)
    return tensor::CollapseShapeOp::create(b, loc, type, matrix, dims);
  return tensor::ExpandShapeOp::create(b, loc, type, matrix, dims,
                                       tensor::getMixedSizes(b, loc, like));
}

/// A constant weight in the layout for lanes; null where it is no constant, or
/// has no such layout.
static Value packConstant(OpBuilder &b, Value weight, int64_t lanes) {
  auto assemble = weight.getDefiningOp<AssembleOp>();
  auto type = cast<CompressedTensorType>(weight.getType());
  CompressedTensorType packed = withLanes(type, lanes);
  std::string why;
  if (!assemble || packed == type || !getLaneForm(packed, lanes, why))
    return nullptr;
  auto names = type.getCodec().getStreams(type.getShape().size(),
                                          type.getElementType(), assemble);
  if (failed(names))
    return nullptr;
  std::vector<::zq::codec::Stream> streams;
  for (auto [stream, name] : llvm::zip(assemble.getStreams(), *names)) {
    ElementsAttr constant;
    if (!matchPattern(stream, m_Constant(&constant)))
      return nullptr;
    auto array = getArray(constant);
    if (failed(array))
      return nullptr;
    streams.push_back({name.getName().str(), std::move(*array)});
  }
  auto changed = repack(type, streams, packed);
  // What is wrong with its streams is said where it is decoded.
  if (!changed)
    return nullptr;
  b.setInsertionPointAfter(assemble);
  return emitCompressed(b, assemble.getLoc(), packed, *changed, assemble);
}

/// Rows of the activation that are summed for together: as many as there are
/// registers for, in blocks of equal size. A row has `sums` of integers.
static int64_t getBlockRows(int64_t height, int64_t sums, int64_t lanes) {
  if (ShapedType::isDynamic(height))
    return 1;
  // 32 registers, or 16: sums of integers and of f32, and a few more.
  int64_t registers = lanes >= 16 ? 28 : 12;
  int64_t most = registers / (sums + 1) - (sums == 1 ? 2 : 1);
  int64_t blocks = llvm::divideCeil(std::max<int64_t>(height, 1), most);
  return llvm::divideCeil(std::max<int64_t>(height, 1), blocks);
}

namespace {
struct ChooseDomainsPass
    : mlir::zq::impl::ChooseDomainsBase<ChooseDomainsPass> {
  using ChooseDomainsBase::ChooseDomainsBase;

  void runOnOperation() override {
    SmallVector<LinalgOp> ops;
    getOperation().walk([&](LinalgOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (LinalgOp op : ops)
      if (std::optional<Product> product = matchProduct(op);
          product && isOnF32(op))
        choose(rewriter, *product);
  }

  void choose(IRRewriter &b, Product product);
};
} // namespace

/// The number of planes of the cheapest domain of integers whose error is at
/// most `accuracy`; 0 for f32.
static int64_t choosePlanes(ArrayRef<float> values, double accuracy) {
  for (int64_t planes : {1, 2})
    if (getPlanesError(planes, getByteTable(values, planes)) <= accuracy)
      return planes;
  return 0;
}

void ChooseDomainsPass::choose(IRRewriter &b, Product product) {
  LinalgOp op = product.op;
  Location loc = op.getLoc();
  Value weight = product.decode.getSource();
  std::string why;
  auto form =
      getLaneForm(cast<CompressedTensorType>(weight.getType()), lanes, why);
  if (!form) {
    weight = packConstant(b, weight, lanes);
    if (!weight)
      return;
    form =
        getLaneForm(cast<CompressedTensorType>(weight.getType()), lanes, why);
  }
  double wanted = getAccuracy(op, accuracy);

  int64_t planes = choosePlanes(form->values, wanted);
  ByteTable table = getByteTable(form->values, planes ? planes : 2);
  b.setInsertionPoint(op);
  Value x = toMatrix(b, loc, product.activation);
  Value init = toMatrix(b, loc, product.init);
  std::string text;
  llvm::raw_string_ostream os(text);
  SmallVector<Value> activations{x};
  if (planes) {
    int64_t rows =
        getBlockRows(cast<RankedTensorType>(x.getType()).getDimSize(0),
                     table.low.empty() ? planes : planes + 1, lanes);
    auto split =
        PlanesOp::create(b, loc, x, planes, form->group, rows, table.offset);
    activations.assign(split->result_begin(), split->result_end());
    os << "contraction in " << (planes == 1 ? "one plane" : "two planes")
       << " of 8-bit integers: error of a product at most "
       << llvm::format("%.2g", getPlanesError(planes, table))
       << " of the largest activation times the largest weight";
  } else {
    os << "contraction in f32: the error of two planes of 8-bit integers would "
          "be "
       << llvm::format("%.2g", getPlanesError(2, table));
  }
  os << ", asked for " << llvm::format("%.2g", wanted);
  op->emitRemark() << text;
  Value result = ContractOp::create(b, loc, init.getType(), activations, weight,
                                    lanes, init);
  b.replaceOp(op, fromMatrix(b, loc, result, product.init));
  if (product.decode.use_empty())
    b.eraseOp(product.decode);
}
