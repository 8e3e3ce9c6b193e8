//===- ProductEmitter.cpp - Parts of kernels of products ------------------===//
#include "Kernels.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::zq;

/// Whether every element of `value` is a zero of whatever sign.
static bool isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs().front();
  return matchPattern(value, m_AnyZeroFloat());
}

Operation *ProductEmitter::getLast() {
  return epilogue ? epilogue.getOp().getOperation() : product.op;
}

ProductEmitter::ProductEmitter(OpBuilder &builder, MatrixProduct theProduct,
                               MmaDomain domain, int64_t processors)
    : b(theProduct.op.getLoc(), builder), product(std::move(theProduct)),
      epilogue(Elementwise::findConsumer(product.op)),
      domain(std::move(domain)), processors(processors) {
  b.setInsertionPoint(getLast());
  before = getLast()->getPrevNode();
  SmallVector<int64_t> ranges = product.op.getStaticLoopRanges();
  rows = ranges[product.columnLoop], depth = ranges[product.depthLoop];
  if (product.decode)
    source = getSourceToRound();
  else
    dense = toBuffer(product.weight);
  sizes.resize(ranges.size());
  for (auto [loop, size] :
       llvm::zip(product.xLoops,
                 tensor::getMixedSizes(b, b.getLoc(), product.activation)))
    sizes[loop] = size;
  height = getSize(product.rowLoops);
  staticHeight = getStaticSize(product.rowLoops);
  batches = getSize(product.batchLoops);
  staticBatches = getStaticSize(product.batchLoops);

  x = toBuffer(product.activation);
  if (!isZero(product.init))
    init = toBuffer(product.init);
  if (epilogue)
    epilogue.makeBuffers(b);
  Operation *last = getLast();
  auto result = cast<RankedTensorType>(last->getResult(0).getType());
  SmallVector<Value> dynamic;
  for (auto [size, loop] : llvm::zip(result.getShape(), product.yLoops))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(getSize(loop));
  out = memref::AllocOp::create(
      b, MemRefType::get(result.getShape(), result.getElementType()), dynamic);
}

Value ProductEmitter::getSize(ArrayRef<unsigned> loops) {
  Value size = index(1);
  for (unsigned loop : loops)
    size = b.createOrFold<arith::MulIOp>(
        size, getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[loop]));
  return size;
}

int64_t ProductEmitter::getStaticSize(ArrayRef<unsigned> loops) {
  int64_t size = 1;
  for (unsigned loop : loops) {
    std::optional<int64_t> known = getConstantIntValue(sizes[loop]);
    if (!known)
      return ShapedType::kDynamic;
    size *= *known;
  }
  return size;
}

/// The weight as values of f32, where it only is of another type since its
/// values are rounded to it after all stages: tensor cores take them rounded,
/// and a GPU rounds pairs by an instruction, whose NaNs are its own.
Value ProductEmitter::getSourceToRound() {
  Value weight = product.decode.getSource();
  auto type = cast<CompressedTensorType>(weight.getType());
  Type f32 = b.getF32Type();
  CodecAttr codec = type.getCodec();
  if (type.getElementType() == f32 || codec.getDecoderSymbol() ||
      product.decode.getWindowType().getElementType() != domain.element ||
      type.getElementType() != domain.element)
    return weight;
  auto wide = CompressedTensorType::getChecked(
      [] { return InFlightDiagnostic(); }, b.getContext(), type.getShape(), f32,
      codec);
  if (!wide)
    return weight;
  auto streams = type.getStreamTypes(product.decode);
  auto wideStreams = wide.getStreamTypes(product.decode);
  if (failed(streams) || failed(wideStreams) ||
      !llvm::equal(*streams, *wideStreams))
    return weight;
  auto parts = DisassembleOp::create(b, *streams, weight);
  return AssembleOp::create(b, wide, parts.getStreams());
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value ProductEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}
Value ProductEmitter::add(Value x, Value y) {
  return arith::AddIOp::create(b, x, y);
}
Value ProductEmitter::add(Value x, int64_t y) {
  return y ? add(x, index(y)) : x;
}
Value ProductEmitter::mul(Value x, int64_t y) {
  return arith::MulIOp::create(b, x, index(y));
}
Value ProductEmitter::div(Value x, int64_t y) {
  return arith::DivUIOp::create(b, x, index(y));
}
Value ProductEmitter::rem(Value x, int64_t y) {
  return arith::RemUIOp::create(b, x, index(y));
}
Value ProductEmitter::least(Value x, Value y) {
  return arith::MinUIOp::create(b, x, y);
}
Value ProductEmitter::lessThan(Value x, Value y) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x, y);
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

Value ProductEmitter::toBuffer(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return bufferization::ToBufferOp::create(
      b, MemRefType::get(type.getShape(), type.getElementType()), tensor,
      b.getUnitAttr());
}

int64_t ProductEmitter::chooseSplits(int64_t blocks, int64_t most) const {
  if (ShapedType::isDynamic(staticBatches))
    return 1;
  // A sum's parts are written and read once each, which is to be little beside
  // the columns that a block reads for it.
  constexpr int64_t columnsPerPart = 256;
  most = std::min(most, depth / columnsPerPart);
  blocks = std::max<int64_t>(blocks * staticBatches, 1);
  return std::clamp<int64_t>(processors / blocks, 1,
                             std::max<int64_t>(most, 1));
}

void ProductEmitter::split(int64_t count) {
  parts = count;
  if (parts == 1)
    return;
  SmallVector<Value> dynamic;
  if (ShapedType::isDynamic(staticHeight))
    dynamic.push_back(height);
  workspace = memref::AllocOp::create(
      b,
      MemRefType::get({parts, staticBatches, staticHeight, rows},
                      b.getF32Type()),
      dynamic);
}

gpu::LaunchOp ProductEmitter::enter(Value gridX, Value gridY, int64_t threads,
                                    int64_t sharedBytes) {
  Value one = index(1), shared;
  if (sharedBytes)
    shared = arith::ConstantIntOp::create(b, sharedBytes, 32);
  Value gridZ = parts == 1 ? batches : mul(batches, parts);
  auto launch = gpu::LaunchOp::create(b, gridX, gridY, gridZ, index(threads),
                                      one, one, shared);
  b.setInsertionPointToStart(&launch.getBody().front());
  batch = launch.getBlockIds().z;
  if (parts > 1) {
    part = rem(batch, parts);
    batch = div(batch, parts);
  }
  return launch;
}

void ProductEmitter::leave(gpu::LaunchOp launch) {
  gpu::TerminatorOp::create(b);
  b.setInsertionPointAfter(launch);
  if (parts > 1)
    addParts();
}

/// A kernel with a thread for each sum.
void ProductEmitter::addParts() {
  constexpr int64_t threads = 128;
  Value perBatch = mul(height, rows);
  Value total = arith::MulIOp::create(b, batches, perBatch);
  Value one = index(1);
  auto launch = gpu::LaunchOp::create(b, div(add(total, threads - 1), threads),
                                      one, one, index(threads), one, one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&launch.getBody().front());
  Value number =
      add(mul(launch.getBlockIds().x, threads), launch.getThreadIds().x);
  auto branch = scf::IfOp::create(b, lessThan(number, total),
                                  /*withElseRegion=*/false);
  gpu::TerminatorOp::create(b);
  b.setInsertionPointToStart(branch.thenBlock());
  batch = arith::DivUIOp::create(b, number, perBatch);
  Value rest = arith::RemUIOp::create(b, number, perBatch);
  Value row = div(rest, rows), weightRow = rem(rest, rows);
  Value sum;
  for (int64_t i = 0; i < parts; ++i) {
    Value own = memref::LoadOp::create(
        b, workspace, ValueRange{index(i), batch, row, weightRow});
    sum = sum ? arith::AddFOp::create(b, sum, own).getResult() : own;
  }
  finishElement(row, weightRow, sum);
}

LogicalResult ProductEmitter::choose(int64_t most,
                                     function_ref<LogicalResult()> few,
                                     function_ref<LogicalResult()> many) {
  Value isFew =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ule, height, index(most));
  auto branch = scf::IfOp::create(b, isFew, /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.thenBlock());
  if (failed(few()))
    return failure();
  b.setInsertionPointToStart(branch.elseBlock());
  split(1);
  if (failed(many()))
    return failure();
  b.setInsertionPointAfter(branch);
  return success();
}

void ProductEmitter::abandon() {
  for (Operation *op = getLast()->getPrevNode(); op != before;) {
    Operation *previous = op->getPrevNode();
    op->erase();
    op = previous;
  }
}

void ProductEmitter::finish() {
  Operation *last = getLast();
  Value result = bufferization::ToTensorOp::create(
      b, last->getResult(0).getType(), out, /*restrict=*/b.getUnitAttr(),
      /*writable=*/b.getUnitAttr());
  last->getResult(0).replaceAllUsesWith(result);
  if (epilogue)
    epilogue.getOp()->erase();
  product.op->erase();
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

SmallVector<Value> ProductEmitter::getPlace(ArrayRef<unsigned> loops, Value row,
                                            Value weightRow, Value column) {
  DenseMap<unsigned, Value> at;
  at[product.columnLoop] = weightRow;
  at[product.depthLoop] = column;
  auto takeApart = [&](Value number, ArrayRef<unsigned> of) {
    for (unsigned loop : llvm::reverse(of)) {
      if (loop == of.front()) {
        at[loop] = number;
        break;
      }
      Value size = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[loop]);
      at[loop] = arith::RemUIOp::create(b, number, size);
      number = arith::DivUIOp::create(b, number, size);
    }
  };
  if (row)
    takeApart(row, product.rowLoops);
  takeApart(batch, product.batchLoops);
  return llvm::map_to_vector(loops,
                             [&](unsigned loop) { return at.lookup(loop); });
}

LogicalResult ProductEmitter::makeDecoder(int64_t width) {
  auto type = cast<CompressedTensorType>(source.getType());
  auto made = materializeDecoder(product.decode, type, width);
  if (failed(made))
    return failure();
  decoder = FlatSymbolRefAttr::get(made->getSymNameAttr());
  return success();
}

Value ProductEmitter::readWeight(Value row, Value column, int64_t count) {
  SmallVector<Value> place = getPlace(product.wLoops, Value(), row, column);
  if (dense) {
    Type element = cast<MemRefType>(dense.getType()).getElementType();
    return vector::LoadOp::create(b, VectorType::get(count, element), dense,
                                  place);
  }
  Location loc = b.getLoc();
  Type element = product.decode.getWindowType().getElementType();
  if (source != product.decode.getSource())
    element = b.getF32Type();
  SmallVector<int64_t> shape(place.size(), 1);
  shape.back() = count;
  Value empty = tensor::EmptyOp::create(b, shape, element);
  Value window =
      DecodeOp::create(b, source, getAsOpFoldResult(place), empty, decoder)
          .getResult();
  auto vector = VectorType::get(shape, element);
  Value padding = arith::ConstantOp::create(b, b.getZeroAttr(element));
  SmallVector<bool> inBounds(place.size(), true);
  SmallVector<Value> begin(place.size(), index(0));
  Value values = vector::TransferReadOp::create(b, loc, vector, window, begin,
                                                std::optional<Value>(padding),
                                                ArrayRef<bool>(inBounds));
  return vector::ShapeCastOp::create(b, VectorType::get(count, element),
                                     values);
}

Value ProductEmitter::readActivation(Value row, Value column, int64_t count) {
  auto type = cast<MemRefType>(x.getType());
  return vector::LoadOp::create(
      b, VectorType::get(count, type.getElementType()), x,
      getPlace(product.xLoops, row, Value(), column));
}

Value ProductEmitter::getPointer(Value array, ValueRange place) {
  auto type = cast<MemRefType>(array.getType());
  Value offset = index(0);
  for (auto [dim, at] : llvm::enumerate(place)) {
    Value size = memref::DimOp::create(b, array, dim);
    offset = add(arith::MulIOp::create(b, offset, size), at);
  }
  // A sum of pointers, by which it is seen of which array this is.
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), offset);
  Value base = b.getGlobal(array);
  return LLVM::GEPOp::create(b, base.getType(), type.getElementType(), base,
                             LLVM::GEPArg(number));
}

Value ProductEmitter::getActivationPointer(Value row, Value column) {
  return getPointer(x, getPlace(product.xLoops, row, Value(), column));
}

Value ProductEmitter::getWeightPointer(Value row, Value column) {
  return getPointer(dense, getPlace(product.wLoops, Value(), row, column));
}

Value ProductEmitter::loadActivation(Value pointer, Value column,
                                     int64_t count) {
  Type element = cast<MemRefType>(x.getType()).getElementType();
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  Value offset = arith::IndexCastOp::create(b, b.getI64Type(), column);
  Value place = LLVM::GEPOp::create(b, pointer.getType(), element, pointer,
                                    LLVM::GEPArg(offset));
  // Rows begin as arrays do where their lengths are multiples of that.
  int64_t alignment = std::gcd(16, std::gcd(depth, count) * bytes);
  return LLVM::LoadOp::create(b, VectorType::get(count, element), place,
                              alignment);
}

Value ProductEmitter::makeZeros(int64_t count) {
  auto type = RankedTensorType::get(
      count, cast<MemRefType>(x.getType()).getElementType());
  return toBuffer(arith::ConstantOp::create(b, b.getZeroAttr(type)));
}

SmallVector<Value> ProductEmitter::getPlanes(Value values, int64_t planes,
                                             Value isValid, int64_t size) {
  auto type = cast<VectorType>(values.getType());
  auto narrow = type.clone(domain.element);
  auto f32 = type.clone(b.getF32Type());
  SmallVector<Value> found;
  if (type.getElementType() == domain.element) {
    found.push_back(values);
  } else {
    if (!type.getElementType().isF32())
      values = arith::ExtFOp::create(b, f32, values);
    for (int64_t plane = 0; plane < planes; ++plane) {
      // The instruction: its NaNs are canonical, which no decode's are.
      found.push_back(LLVM::FPTruncOp::create(b, narrow, values));
      if (plane + 1 < planes)
        values = arith::SubFOp::create(
            b, values, LLVM::FPExtOp::create(b, f32, found.back()));
    }
  }
  for (Value &plane : found) {
    if (isValid)
      plane = arith::SelectOp::create(
          b, isValid, plane,
          arith::ConstantOp::create(b, b.getZeroAttr(narrow)));
    if (type.getNumElements() != size) {
      auto whole = VectorType::get(size, domain.element);
      plane = vector::InsertStridedSliceOp::create(
          b, plane, arith::ConstantOp::create(b, b.getZeroAttr(whole)),
          ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
    }
  }
  return found;
}

Value ProductEmitter::getPair(Value plane, int64_t at) {
  // As words first: those that were made as such are found again.
  int64_t count = cast<VectorType>(plane.getType()).getNumElements();
  Value words = vector::BitCastOp::create(
      b, VectorType::get(count / 2, b.getI32Type()), plane);
  Value word = vector::ExtractOp::create(b, words, at / 2);
  if (!domain.element.isF16())
    return word;
  return LLVM::BitcastOp::create(b, VectorType::get(2, domain.element), word);
}

SmallVector<Value> ProductEmitter::multiply(ValueRange a, ValueRange bs,
                                            ValueRange sums) {
  auto type =
      domain.element.isF16() ? NVVM::MMATypes::f16 : NVVM::MMATypes::bf16;
  SmallVector<Type> fields(4, b.getF32Type());
  auto result = LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
  Value product = NVVM::MmaOp::create(
      b, result, a, bs, sums, ArrayRef<int64_t>{16, 8, 16}, std::nullopt,
      std::nullopt, std::array<NVVM::MMATypes, 2>{type, type},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  SmallVector<Value> elements;
  for (int64_t i = 0; i < 4; ++i)
    elements.push_back(
        LLVM::ExtractValueOp::create(b, product, ArrayRef<int64_t>{i}));
  return elements;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// `value` as a float of type `type`.
static Value convertFloat(ImplicitLocOpBuilder &b, Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtFOp::create(b, type, value);
  if (from > to)
    return arith::TruncFOp::create(b, type, value);
  return value;
}

void ProductEmitter::store(Value row, Value column, Value sum) {
  if (parts == 1)
    return finishElement(row, column, sum);
  memref::StoreOp::create(b, sum, workspace,
                          ValueRange{part, batch, row, column});
}

/// What becomes of a whole sum.
void ProductEmitter::finishElement(Value row, Value weightRow, Value sum) {
  SmallVector<Value> place = getPlace(product.yLoops, row, weightRow, Value());
  if (init) {
    Value before = memref::LoadOp::create(b, init, place);
    sum =
        arith::AddFOp::create(b, sum, convertFloat(b, before, b.getF32Type()));
  }
  sum = convertFloat(b, sum,
                     getElementTypeOrSelf(product.op->getResult(0).getType()));
  if (epilogue)
    sum = epilogue.emit(b, sum, place);
  memref::StoreOp::create(b, sum, out, place);
}
