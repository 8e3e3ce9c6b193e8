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

ProductEmitter::ProductEmitter(OpBuilder &builder, Product product,
                               MmaDomain domain)
    : b(product.op.getLoc(), builder), product(product),
      epilogue(Elementwise::findConsumer(product.op)),
      domain(std::move(domain)) {
  b.setInsertionPoint(getLast());
  ArrayRef<int64_t> weight =
      cast<CompressedTensorType>(product.decode.getSource().getType())
          .getShape();
  rows = weight[0], depth = weight[1];
  source = getSourceToRound();
  auto type = cast<RankedTensorType>(product.activation.getType());
  leading = tensor::getMixedSizes(b, b.getLoc(), product.activation);
  leading.pop_back();
  staticHeight = ShapedType::getNumElements(type.getShape().drop_back());
  if (llvm::any_of(type.getShape().drop_back(), ShapedType::isDynamic))
    staticHeight = ShapedType::kDynamic;
  height = index(1);
  for (OpFoldResult size : leading)
    height = arith::MulIOp::create(
        b, height, getValueOrCreateConstantIndexOp(b, b.getLoc(), size));

  x = toBuffer(product.activation);
  if (!isZero(product.init))
    init = toBuffer(product.init);
  if (epilogue)
    epilogue.makeBuffers(b);
  Operation *last = getLast();
  auto result = cast<RankedTensorType>(last->getResult(0).getType());
  SmallVector<Value> dynamic;
  for (auto [size, from] : llvm::zip(result.getShape(), leading))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), from));
  out = memref::AllocOp::create(
      b, MemRefType::get(result.getShape(), result.getElementType()), dynamic);
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

gpu::LaunchOp ProductEmitter::enter(Value gridX, Value gridY, int64_t threads,
                                    int64_t sharedBytes) {
  Value one = index(1), shared;
  if (sharedBytes)
    shared = arith::ConstantIntOp::create(b, sharedBytes, 32);
  auto launch = gpu::LaunchOp::create(b, gridX, gridY, one, index(threads), one,
                                      one, shared);
  b.setInsertionPointToStart(&launch.getBody().front());
  return launch;
}

void ProductEmitter::leave(gpu::LaunchOp launch) {
  gpu::TerminatorOp::create(b);
  b.setInsertionPointAfter(launch);
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

SmallVector<Value> ProductEmitter::getPlace(Value row, Value last,
                                            int64_t rank) {
  SmallVector<Value> place;
  if (rank == 2)
    place.push_back(row);
  if (rank > 2) {
    SmallVector<Value> basis;
    for (OpFoldResult size : leading)
      basis.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
    Value left = row;
    place.resize(leading.size());
    for (size_t i = leading.size(); i-- > 1;) {
      place[i] = arith::RemUIOp::create(b, left, basis[i]);
      left = arith::DivUIOp::create(b, left, basis[i]);
    }
    place[0] = left;
  }
  place.push_back(last);
  return place;
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
  Location loc = b.getLoc();
  Type element = product.decode.getWindowType().getElementType();
  if (source != product.decode.getSource())
    element = b.getF32Type();
  Value empty =
      tensor::EmptyOp::create(b, ArrayRef<int64_t>{1, count}, element);
  Value window =
      DecodeOp::create(b, source, ArrayRef<OpFoldResult>{row, column}, empty,
                       decoder)
          .getResult();
  auto vector = VectorType::get({1, count}, element);
  Value padding = arith::ConstantOp::create(b, b.getZeroAttr(element));
  bool inBounds[] = {true, true};
  Value zero = index(0);
  Value values = vector::TransferReadOp::create(
      b, loc, vector, window, ValueRange{zero, zero},
      std::optional<Value>(padding), ArrayRef<bool>(inBounds));
  return vector::ShapeCastOp::create(b, VectorType::get(count, element),
                                     values);
}

Value ProductEmitter::readActivation(Value row, Value column, int64_t count) {
  auto type = cast<MemRefType>(x.getType());
  return vector::LoadOp::create(b,
                                VectorType::get(count, type.getElementType()),
                                x, getPlace(row, column, type.getRank()));
}

Value ProductEmitter::getPointer(Value array, ValueRange place,
                                 unsigned space) {
  auto type = cast<MemRefType>(array.getType());
  Value offset = index(0);
  for (auto [dim, at] : llvm::enumerate(place)) {
    Value size = memref::DimOp::create(b, array, dim);
    offset = add(arith::MulIOp::create(b, offset, size), at);
  }
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, array);
  address = add(address, mul(offset, type.getElementTypeBitWidth() / 8));
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext(), space), number);
}

Value ProductEmitter::getActivationPointer(Value row, Value column) {
  int64_t rank = cast<MemRefType>(x.getType()).getRank();
  return getPointer(x, getPlace(row, column, rank), 1);
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
  auto type = cast<MemRefType>(out.getType());
  SmallVector<Value> place = getPlace(row, column, type.getRank());
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
