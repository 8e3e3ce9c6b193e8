//===- RotationKernel.cpp - Rotations by blocks of threads ----------------===//
//
// A run is a block of a transform's butterflies. A thread takes up to eight
// elements for three distances at a time; between such passes they change
// places through the block's memory.
//
//===----------------------------------------------------------------------===//
#include "RotationKernel.h"
#include "EncodeKernels.h"
#include "zq/Dialect/ZQ/IR/Butterflies.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::zq;

namespace {

/// Elements that a thread has at a time.
constexpr int64_t perThread = 8;
/// Of a block, as short runs share one.
constexpr int64_t elementsOfBlock = perThread * encodeThreads;

/// The largest matrix whose rows a thread adds up from registers.
constexpr int64_t maxOrder = 36;

/// A run on its line.
struct Run {
  Int row, column;
  /// Null where there always is one.
  Int isThere;
};

using Form = Butterflies::Block;

/// The code of one thread for some runs of one form.
class RunEmitter {
public:
  /// `signs` are those of a line, or null, and `matrix` is the form's, where it
  /// is too large for registers; `count` runs are the block's.
  RunEmitter(KernelBuilder &b, const EncodeSource &source, Value signs,
             Value matrix, Value result, Value shared, Int thread,
             const Form &form, int64_t count)
      : b(b), source(source), signs(signs), matrix(matrix), result(result),
        shared(shared), thread(thread), form(form), size(form.getSize()),
        count(count), order(form.order), power(form.power) {}

  /// `find` tells where the run with a number below `count` is.
  void emit(function_ref<Run(Int)> find);

  /// What a run takes of the block's memory.
  static int64_t getBytes(int64_t size) { return getPlaces(size) * 4; }

private:
  /// Eight words more for each 64, so that threads eight elements apart meet
  /// other banks.
  static int64_t getPlaces(int64_t size) { return size + (size + 63) / 64 * 8; }
  Value at(Int run, Int element);
  void forEachItem(int64_t items, function_ref<void(Int)> body);
  void emitPass(int64_t distance, int64_t length, function_ref<Run(Int)> find);
  void emitSums(function_ref<Run(Int)> find);
  void emitLongSums(function_ref<Run(Int)> find);
  SmallVector<Value> readSource(const Run &run, Int element, int64_t length);
  void storeResult(const Run &run, Int element, Value value);

  KernelBuilder &b;
  const EncodeSource &source;
  Value signs, matrix, result, shared;
  Int thread;
  const Form &form;
  int64_t size, count, order, power;
};

} // namespace

Value RunEmitter::at(Int run, Int element) {
  Int place = run * getPlaces(size) + element + element / 64 * 8;
  return b.at(shared, place * 4);
}

void RunEmitter::forEachItem(int64_t items, function_ref<void(Int)> body) {
  for (int64_t first = 0; first < items; first += encodeThreads) {
    Int item = thread + first;
    if (first + encodeThreads <= items)
      body(item);
    else
      b.when(item < items, [&] { body(item); });
  }
}

/// `length` elements of a run side by side, with their signs.
SmallVector<Value> RunEmitter::readSource(const Run &run, Int element,
                                          int64_t length) {
  int64_t width = std::gcd(std::gcd(source.getWidth(), length), size);
  SmallVector<Value> values;
  for (int64_t i = 0; i < length; i += width) {
    Int column = run.column + element + i;
    SmallVector<Value> read = source.read(b, run.row, column, width);
    if (signs)
      for (int64_t j = 0; j < width; ++j) {
        Value sign = b.load(b.getF32Type(),
                            b.at(b.getGlobal(signs), (column + j) * 4), 4);
        read[j] = arith::MulFOp::create(b, read[j], sign);
      }
    values.append(read);
  }
  return values;
}

void RunEmitter::storeResult(const Run &run, Int element, Value value) {
  value = arith::MulFOp::create(b, value, b.f32(form.factor));
  auto store = [&] {
    Int place =
        run.row.wide() * source.getColumns() + (run.column + element).wide();
    b.store(value, b.at(b.getGlobal(result), place * 4), 4);
  };
  if (run.isThere)
    b.when(run.isThere, store);
  else
    store();
}

/// The butterflies over `distance` and its next multiples, between `length`
/// elements that are that far apart.
void RunEmitter::emitPass(int64_t distance, int64_t length,
                          function_ref<Run(Int)> find) {
  int64_t perRun = size / length;
  bool isFirst = distance == 1;
  bool isLast = distance * length == power && order == 1;
  forEachItem(count * perRun, [&](Int item) {
    Int number = item / perRun, rest = item % perRun;
    Int first = rest / distance * (distance * length) + rest % distance;
    SmallVector<Value> values;
    Run run;
    if (isFirst || isLast)
      run = find(number);
    if (isFirst)
      values = readSource(run, first, length);
    else
      for (int64_t i = 0; i < length; ++i)
        values.push_back(
            b.load(b.getF32Type(), at(number, first + i * distance), 4));
    for (int64_t step = 1; step < length; step *= 2)
      for (int64_t i = 0; i < length; ++i) {
        if (i & step)
          continue;
        Value low = values[i], high = values[i + step];
        values[i] = arith::AddFOp::create(b, low, high);
        values[i + step] = arith::SubFOp::create(b, low, high);
      }
    for (auto [i, value] : llvm::enumerate(values)) {
      Int element = first + i * distance;
      if (isLast)
        storeResult(run, element, value);
      else
        b.store(value, at(number, element), 4);
    }
  });
  if (!isLast)
    b.barrier();
}

/// The signed sums of elements that are `power` apart.
void RunEmitter::emitSums(function_ref<Run(Int)> find) {
  forEachItem(count * power, [&](Int item) {
    Int number = item / power, residue = item % power;
    Run run = find(number);
    SmallVector<Value> values;
    for (int64_t j = 0; j < order; ++j) {
      Int element = residue + j * power;
      values.push_back(power == 1
                           ? readSource(run, element, 1).front()
                           : b.load(b.getF32Type(), at(number, element), 4));
    }
    for (int64_t i = 0; i < order; ++i) {
      Value sum;
      for (int64_t j = 0; j < order; ++j) {
        bool isNegative = form.matrix[i * order + j] < 0;
        if (!sum)
          sum = isNegative ? arith::NegFOp::create(b, values[j]).getResult()
                           : values[j];
        else if (isNegative)
          sum = arith::SubFOp::create(b, sum, values[j]);
        else
          sum = arith::AddFOp::create(b, sum, values[j]);
      }
      storeResult(run, residue + i * power, sum);
    }
  });
}

/// The same where there are more than registers have: a thread has one sum at a
/// time.
void RunEmitter::emitLongSums(function_ref<Run(Int)> find) {
  forEachItem(count * size, [&](Int item) {
    Int number = item / size, element = item % size;
    Int row = element / power, residue = element % power;
    Run run = find(number);
    auto emitTerm = [&](Int j) -> Value {
      Int from = residue + j * power;
      Value value = power == 1 ? readSource(run, from, 1).front()
                               : b.load(b.getF32Type(), at(number, from), 4);
      Value sign = b.load(b.getF32Type(),
                          b.at(b.getGlobal(matrix), (row * order + j) * 4), 4);
      return arith::MulFOp::create(b, value, sign);
    };
    auto sum = b.loop(
        b.i32(order - 1), emitTerm(b.i32(0)),
        [&](Int j, ValueRange before) -> SmallVector<Value> {
          return {arith::AddFOp::create(b, before.front(), emitTerm(j + 1))};
        });
    storeResult(run, element, sum.front());
  });
}

void RunEmitter::emit(function_ref<Run(Int)> find) {
  // A run of one element is one pass of no butterflies.
  int64_t distance = 1;
  do {
    int64_t length = std::min(perThread, power / distance);
    if (power > 1 || order == 1)
      emitPass(distance, length, find);
    distance *= length;
  } while (distance < power);
  if (matrix)
    emitLongSums(find);
  else if (order > 1)
    emitSums(find);
}

/// Signs of a line as an array; null where there are none.
static Value makeSigns(OpBuilder &b, Location loc, ArrayRef<float> signs) {
  if (signs.empty())
    return nullptr;
  int64_t length = signs.size();
  auto type = RankedTensorType::get(length, b.getF32Type());
  Value constant =
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, signs));
  return bufferization::ToBufferOp::create(
      b, loc, MemRefType::get(length, b.getF32Type()), constant,
      /*read_only=*/true);
}

/// The matrix of a form, where a thread has no registers for its rows.
static Value makeMatrix(OpBuilder &b, Location loc, const Form &form) {
  if (form.order <= maxOrder)
    return nullptr;
  return makeSigns(b, loc, SmallVector<float>(form.matrix));
}

std::string mlir::zq::whyNoRotationKernel(Value value,
                                          TransformAttrInterface transform) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape())
    return "its size is not known";
  // Places in arrays are numbers of 32 bits.
  if (type.getNumElements() > (int64_t(1) << 30))
    return "it has more than 2^30 elements";
  if (transform.getTransformAxis() != type.getRank() - 1)
    return "its lines are not along the last axis";
  return getButterflies(transform, type.getShape().back())
             ? ""
             : "it is no map of butterflies";
}

Value mlir::zq::emitRotationKernels(OpBuilder &b, Location loc, Value value,
                                    TransformAttrInterface transform) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!whyNoRotationKernel(value, transform).empty() || !type.getNumElements())
    return nullptr;
  std::optional<Butterflies> map =
      getButterflies(transform, type.getShape().back());
  EncodeSource source = EncodeSource::of(b, loc, value);
  int64_t columns = source.getColumns(), rows = source.getSize() / columns;
  // Equal runs share kernels; what is left of a line has one of its own.
  const Form &whole = map->blocks.front();
  int64_t size = whole.getSize();
  auto differs = llvm::find_if(
      map->blocks, [&](const Form &form) { return form.getSize() != size; });
  int64_t perLine = differs - map->blocks.begin();
  Value signs = makeSigns(b, loc, map->signs);
  Value matrix = makeMatrix(b, loc, whole);
  Value result = memref::AllocOp::create(
      b, loc, MemRefType::get(type.getShape(), b.getF32Type()));

  int64_t runs = rows * perLine;
  int64_t count = std::clamp<int64_t>(elementsOfBlock / size, 1, runs);
  launchEncodeKernel(
      b, loc, llvm::divideCeil(runs, count), count * RunEmitter::getBytes(size),
      [&](KernelBuilder &k, Int thread, Int block) {
        RunEmitter emitter(k, source, signs, matrix, result,
                           k.getDynamicShared(), thread, whole, count);
        emitter.emit([&](Int number) {
          Run run;
          Int own = block * count + number;
          // Beyond the last one is that again, and not stored.
          if (runs % count) {
            run.isThere = own < runs;
            own = k.select(run.isThere, own, k.i32(runs - 1));
          }
          run.row = own / perLine, run.column = own % perLine * size;
          return run;
        });
      });
  if (int64_t first = perLine * size; first < columns) {
    ArrayRef<Form> rest = ArrayRef(map->blocks).drop_front(perLine);
    int64_t largest = 0;
    for (const Form &own : rest)
      largest = std::max(largest, own.getSize());
    launchEncodeKernel(
        b, loc, rows, RunEmitter::getBytes(largest),
        [&](KernelBuilder &k, Int thread, Int block) {
          int64_t begin = first;
          for (const Form &own : rest) {
            // What the one before read from the block's memory is no longer
            // needed.
            if (begin != first)
              k.barrier();
            assert(own.order == 1 && "the rest is of powers of two");
            RunEmitter emitter(k, source, signs, /*matrix=*/nullptr, result,
                               k.getDynamicShared(), thread, own, /*count=*/1);
            emitter.emit([&](Int) { return Run{block, k.i32(begin), {}}; });
            begin += own.getSize();
          }
        });
  }
  return bufferization::ToTensorOp::create(
      b, loc, RankedTensorType::get(type.getShape(), b.getF32Type()), result,
      /*restrict=*/true, /*writable=*/true);
}
