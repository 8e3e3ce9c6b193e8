//===- EncodeKernels.cpp - Kernels that encode ----------------------------===//
#include "EncodeKernels.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// What is encoded
//===----------------------------------------------------------------------===//

/// The largest power of two that divides all of `sizes`.
static int64_t getCommonPower(ArrayRef<int64_t> sizes) {
  uint64_t bits = 0;
  for (int64_t size : sizes)
    bits |= size;
  return int64_t(1) << llvm::countr_zero(bits);
}

void mlir::zq::launchEncodeKernel(
    OpBuilder &b, Location loc, int64_t blocks, int64_t sharedBytes,
    function_ref<void(KernelBuilder &, Int, Int)> body) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value one = index(1), shared;
  if (sharedBytes)
    shared =
        arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(sharedBytes));
  auto op = gpu::LaunchOp::create(b, loc, index(blocks), one, one,
                                  index(encodeThreads), one, one, shared);
  KernelBuilder kernel(loc, OpBuilder::atBlockBegin(&op.getBody().front()));
  body(kernel, kernel.toI32(op.getThreadIds().x),
       kernel.toI32(op.getBlockIds().x));
  gpu::TerminatorOp::create(kernel);
}

EncodeSource EncodeSource::of(OpBuilder &b, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  EncodeSource source;
  source.shape = llvm::to_vector(type.getShape());
  source.element = type.getElementType();
  source.producer = Elementwise::findProducer(value);
  if (source.producer)
    source.producer.makeBuffers(b);
  else
    source.array = bufferization::ToBufferOp::create(
        b, loc, MemRefType::get(type.getShape(), type.getElementType()), value,
        /*read_only=*/true);
  return source;
}

int64_t EncodeSource::getWidth() const {
  // Of an op each operand has its own layout; what lies together is found by
  // the code generator.
  return array ? getCommonPower({getColumns(), 4}) : 1;
}

SmallVector<Value> EncodeSource::read(KernelBuilder &b, Int row, Int column,
                                      int64_t width) const {
  Type f32 = b.getF32Type();
  auto widen = [&](Value value) -> Value {
    return value.getType() == f32 ? value
                                  : arith::ExtFOp::create(b, f32, value);
  };
  if (array) {
    int64_t bytes = element.getIntOrFloatBitWidth() / 8;
    Type type = width > 1 ? Type(VectorType::get(width, element)) : element;
    Int place = row.wide() * getColumns() + column.wide();
    Value loaded =
        b.load(type, b.at(b.getGlobal(array), place * bytes), width * bytes);
    SmallVector<Value> values;
    if (width == 1)
      return {widen(loaded)};
    for (Value value : b.unpack(loaded))
      values.push_back(widen(value));
    return values;
  }
  SmallVector<Value> place{column};
  for (int64_t size : llvm::reverse(ArrayRef(shape).drop_front().drop_back())) {
    place.push_back(row % size);
    row = row / size;
  }
  if (shape.size() > 1)
    place.push_back(row);
  std::reverse(place.begin(), place.end());
  for (Value &index : place)
    index = arith::IndexCastOp::create(b, b.getIndexType(), index);
  return {widen(producer.emit(b, Value(), place))};
}

static Int getMagnitude(KernelBuilder &b, Value value) {
  return Int(b, arith::BitcastOp::create(b, b.getI32Type(), value)) &
         0x7FFFFFFF;
}

/// Magnitudes of floats compare as their bits do.
static Int getLarger(KernelBuilder &b, Int x, Int y) {
  return Int(b, arith::MaxUIOp::create(b, x, y));
}

//===----------------------------------------------------------------------===//
// The largest magnitude of a tensor
//===----------------------------------------------------------------------===//

int64_t mlir::zq::getMaximumBlocks(int64_t size) {
  // 16 elements a thread, unless that makes too many maxima.
  return std::min<int64_t>(llvm::divideCeil(size, 16 * encodeThreads),
                           encodeThreads);
}

/// The largest of all threads' numbers, for the first thread.
static Int reduceMaximum(KernelBuilder &b, Int largest, Int thread) {
  auto reduce = [&](Int value) {
    return Int(b, NVVM::ReduxOp::create(b, b.getI32Type(), value,
                                        NVVM::ReduxKind::UMAX, b.i32(-1)));
  };
  Value shared = b.getDynamicShared();
  largest = reduce(largest);
  b.when((thread & 31) == 0,
         [&] { b.store(largest, b.at(shared, (thread >> 5) << 2), 4); });
  b.barrier();
  // Every warp does the same, so that none is alone in it.
  int64_t warps = encodeThreads / 32;
  return reduce(Int(
      b, b.load(b.getI32Type(), b.at(shared, (thread & (warps - 1)) << 2), 4)));
}

void mlir::zq::emitMaximum(KernelBuilder &b, const EncodeSource &source,
                           Value maxima, Int thread, Int block) {
  int64_t width = source.getWidth();
  int64_t pieces = source.getSize() / width;
  int64_t threads = getMaximumBlocks(source.getSize()) * encodeThreads;
  Int first = block * encodeThreads + thread;
  int64_t rounds = llvm::divideCeil(pieces, threads);
  SmallVector<Value> largest =
      b.loop(b.i32(rounds), {b.i32(0)}, [&](Int round, ValueRange carried) {
        Int piece = round * threads + first;
        // The last round reads something again.
        if (pieces % threads != 0)
          piece = b.select(piece < pieces, piece, b.i32(0));
        int64_t perRow = source.getColumns() / width;
        Int result(b, carried.front());
        for (Value value :
             source.read(b, piece / perRow, piece % perRow * width, width))
          result = getLarger(b, result, getMagnitude(b, value));
        return SmallVector<Value>{result};
      });
  Int found = reduceMaximum(b, Int(b, largest.front()), thread);
  b.when(thread == 0,
         [&] { b.store(found, b.at(b.getGlobal(maxima), block << 2), 4); });
}

void mlir::zq::emitTensorScale(KernelBuilder &b, const OnlineEncoding &encoding,
                               Value maxima, int64_t count, Value scale,
                               Int thread) {
  Int own = b.select(thread < count, thread, b.i32(0));
  Int largest(b,
              b.load(b.getI32Type(), b.at(b.getGlobal(maxima), own << 2), 4));
  largest = reduceMaximum(b, largest, thread);
  b.when(thread == 0, [&] {
    b.store(emitScale(b, *encoding.tensor, largest).value, b.getGlobal(scale),
            4);
  });
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// Codes as words, the first one in the lowest bits.
static SmallVector<Value> packCodes(KernelBuilder &b, ArrayRef<Int> codes,
                                    int64_t bits) {
  SmallVector<Value> words(llvm::divideCeil(codes.size() * bits, 32));
  auto add = [&](int64_t word, Int part) {
    words[word] = words[word] ? Value(Int(b, words[word]) | part) : Value(part);
  };
  for (size_t i = 0; i < codes.size(); ++i) {
    int64_t first = i * bits, shift = first % 32;
    add(first / 32, shift ? codes[i] << shift : codes[i]);
    if (shift + bits > 32)
      add(first / 32 + 1, codes[i] >> (32 - shift));
  }
  return words;
}

/// Stores the bytes of a block at `place` of `codes`, as far as they lie in the
/// row.
static void storeCodes(KernelBuilder &b, const OnlineEncoding &encoding,
                       ArrayRef<Value> words, Value codes, Int row,
                       Int column) {
  int64_t pitch = encoding.getPitch(), bytes = encoding.getBlockBytes();
  int64_t unit = getCommonPower({pitch, bytes, 16});
  Int first = column / encoding.block * bytes;
  Value begin = b.at(b.getGlobal(codes), row.wide() * pitch + first.wide());
  for (int64_t i = 0; i < bytes; i += unit) {
    auto storeUnit = [&] {
      Value value;
      if (unit >= 4) {
        value = b.pack(words.slice(i / 4, unit / 4));
      } else {
        Int part = Int(b, words[i / 4]) >> (8 * (i % 4));
        value =
            arith::TruncIOp::create(b, b.getIntegerType(8 * unit), Value(part));
      }
      b.store(value, b.at(begin, i), unit);
    };
    if (pitch % bytes == 0)
      storeUnit();
    else
      b.when(first + i < pitch, storeUnit);
  }
}

void mlir::zq::emitEncode(KernelBuilder &b, const OnlineEncoding &encoding,
                          const EncodeSource &source, Value tensorScale,
                          Value scales, Value codes, Int thread, Int block) {
  int64_t perRow = encoding.getBlocksPerRow();
  int64_t total = encoding.rows * perRow;
  bool isRagged = encoding.columns % encoding.block != 0;
  Int index = block * encodeThreads + thread;
  auto encode = [&] {
    Int row = index / perRow, number = index % perRow;
    Int column = number * encoding.block;
    Value ofTensor;
    if (tensorScale)
      ofTensor = b.load(b.getF32Type(), b.getGlobal(tensorScale), 4);
    SmallVector<Value> values;
    SmallVector<Int> inside;
    int64_t width = std::min(source.getWidth(), encoding.block);
    for (int64_t i = 0; i < encoding.block; i += width) {
      Int at = column + i, isInside;
      if (isRagged) {
        isInside = at < encoding.columns;
        at = b.select(isInside, at, b.i32(0));
      }
      for (Value value : source.read(b, row, at, width)) {
        if (isRagged)
          value = b.select(isInside, value, b.f32(0));
        values.push_back(ofTensor ? emitScaled(b, value, ofTensor) : value);
        inside.push_back(isInside);
      }
    }
    Int extent = b.i32(0);
    for (Value value : values)
      extent = getLarger(b, extent, getMagnitude(b, value));
    StoredScale scale = emitScale(b, encoding.scale, extent);
    int64_t scaleBits = encoding.scale.stored.getIntOrFloatBitWidth();
    Value stored = scale.bits;
    if (scaleBits < 32)
      stored = arith::TruncIOp::create(b, b.getIntegerType(scaleBits), stored);
    b.store(stored, b.at(b.getGlobal(scales), index.wide() * (scaleBits / 8)),
            scaleBits / 8);
    SmallVector<Int> found;
    for (auto [value, isInside] : llvm::zip(values, inside)) {
      Int code = emitCode(b, encoding, emitScaled(b, value, scale.value));
      // What fills the last byte of a row is zero, whatever the code of 0 is.
      found.push_back(isRagged ? b.select(isInside, code, b.i32(0)) : code);
    }
    storeCodes(b, encoding, packCodes(b, found, encoding.bits), codes, row,
               column);
  };
  if (total % encodeThreads == 0)
    encode();
  else
    b.when(index < total, encode);
}
