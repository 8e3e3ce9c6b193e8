//===- Kernels.h - What kernels of contractions are put together from -----===//
//
// A kernel is a `gpu.launch` whose body is the program of one thread. Dense
// arrays are memrefs in it, compressed ones are what they are outside: a
// `zq.decode` of a small window gives a thread its weights in registers.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_KERNELS_H
#define ZQ_LIB_TARGET_NVVM_KERNELS_H

#include "Elementwise.h"
#include "KernelBuilder.h"
#include "MatrixProduct.h"
#include "ScaledCodes.h"

#include "zq/Dialect/ZQ/Transforms/Contractions.h"

namespace mlir::zq {

//===----------------------------------------------------------------------===//
// Arithmetic of the tensor cores
//===----------------------------------------------------------------------===//

/// How the products of a contraction are computed: each operand as a sum of
/// planes of 16-bit floats, of which some pairs are multiplied.
struct MmaDomain {
  FloatType element;
  int64_t xPlanes = 1, wPlanes = 1;
  /// Which plane of x is multiplied with which of w.
  SmallVector<std::pair<int64_t, int64_t>> products;
  /// Of a product, relative to it.
  double error = 0;
};

/// The cheapest domain for operands of the types `x` and `w` (f32, f16 or bf16)
/// whose error is at most `accuracy`, or else the one with the least error.
MmaDomain chooseMmaDomain(FloatType x, FloatType w, double accuracy);

/// A domain for a weight of codes under factors that leave the sum: the planes
/// of what the codes stand for, each a table of `mma.element`. Their entries
/// are `unit` times as large, which no sum notices and takes less to compute.
struct CodeDomain {
  MmaDomain mma;
  double unit = 1;
  /// What of the error is rounding that is left out, and so relative to the
  /// weight itself.
  double omitted = 0;
  SmallVector<SmallVector<float>> tables;
};

/// The domain, chosen as above, for a weight of type `w` whose codes, `field`
/// bits apart, stand for `values`. The rounding of the products with the
/// factors to `w` is left out, and counts as an error. Nothing where a plane is
/// no table that `findPackedTable` knows.
std::optional<CodeDomain> chooseCodeDomain(FloatType x, FloatType w,
                                           ArrayRef<float> values,
                                           int64_t field, double accuracy);

//===----------------------------------------------------------------------===//
// A product and what becomes of its results
//===----------------------------------------------------------------------===//

/// Emits the parts that all kernels of a product have. The builder stands
/// before the product at first, where arrays are made and sizes computed; then
/// `enter` puts it into the kernel, and `leave` behind it. `finish` comes last.
class ProductEmitter {
public:
  ProductEmitter(OpBuilder &builder, MatrixProduct product, MmaDomain domain,
                 int64_t processors);

  KernelBuilder b;
  MatrixProduct product;
  /// What alone uses the product's result, if it is elementwise.
  Elementwise epilogue;
  MmaDomain domain;
  /// Rows and columns of the weight.
  int64_t rows, depth;
  /// Rows of the activation, those of all m taken together, and how many such
  /// products there are.
  Value height, batches;
  /// The same where it is known, or kDynamic.
  int64_t staticHeight, staticBatches;
  /// Processors of the chip.
  int64_t processors;

  // Numbers.
  Value index(int64_t value);
  Value add(Value x, Value y);
  Value add(Value x, int64_t y);
  Value mul(Value x, int64_t y);
  Value div(Value x, int64_t y);
  Value rem(Value x, int64_t y);
  Value least(Value x, Value y);
  Value lessThan(Value x, Value y);

  /// Divides the columns among `count` blocks. Each stores its part of a sum to
  /// an array of its own, which a second kernel adds up, always in one order.
  void split(int64_t count);
  /// How many blocks are to share the columns where there would be `blocks`
  /// without that, and at most `most` have work.
  int64_t chooseSplits(int64_t blocks, int64_t most) const;
  /// The number of this block among those that share columns, and how many
  /// there are.
  Value part;
  int64_t parts = 1;

  /// Makes a launch with so much dynamic shared memory and puts the builder
  /// into its body. A block is of one product, and of one part of its columns.
  gpu::LaunchOp enter(Value gridX, Value gridY, int64_t threads,
                      int64_t sharedBytes = 0);
  /// Ends the body.
  void leave(gpu::LaunchOp launch);
  /// Emits one way to compute the product where it has at most `most` rows, and
  /// another where it has more.
  LogicalResult choose(int64_t most, function_ref<LogicalResult()> few,
                       function_ref<LogicalResult()> many);
  /// Takes back what was made where no kernel can be.
  void abandon();
  /// The results of the product, or of the epilogue, are what kernels stored.
  void finish();

  /// Makes the decoder for blocks of `width` elements that `readWeight` uses.
  LogicalResult makeDecoder(int64_t width);
  /// `count` elements of the weight that lie side by side, from this row and
  /// column on, in f32 or narrower. If they are decoded, they begin at a
  /// multiple of the decoder's width.
  Value readWeight(Value row, Value column, int64_t count);
  /// `count` elements of the activation that lie side by side, from this row
  /// and column on.
  Value readActivation(Value row, Value column, int64_t count);
  /// A pointer to the element of `array`, which has no gaps, at `place`.
  Value getPointer(Value array, ValueRange place);
  /// Of an element of the activation, in global memory; of the weight.
  Value getActivationPointer(Value row, Value column);
  Value getWeightPointer(Value row, Value column);
  /// `count` elements of the activation, `column` elements after `pointer`.
  Value loadActivation(Value pointer, Value column, int64_t count);
  /// As many zeros as elements of the activation, in memory. To be made before
  /// the launch.
  Value makeZeros(int64_t count);
  /// The planes of `values`, a vector, whose sum it is; zeros where `isValid`
  /// is there and false, and behind its end up to `size` elements.
  SmallVector<Value> getPlanes(Value values, int64_t planes, Value isValid,
                               int64_t size);
  /// Two neighbouring elements of a plane as an operand of the instruction.
  Value getPair(Value plane, int64_t at);
  /// sums += A B for a tile of 16 x 8 x 16.
  SmallVector<Value> multiply(ValueRange a, ValueRange bs, ValueRange sums);

  /// Stores the element at row `row` of the activation and row `column` of the
  /// weight, whose sum of products is `sum`.
  void store(Value row, Value column, Value sum);

private:
  Value getSourceToRound();
  Value toBuffer(Value tensor);
  /// The op whose result the kernel stores.
  Operation *getLast();
  Value getSize(ArrayRef<unsigned> loops);
  int64_t getStaticSize(ArrayRef<unsigned> loops);
  /// The indices of an array with dimensions along `loops`, which have no row
  /// where there is none given.
  SmallVector<Value> getPlace(ArrayRef<unsigned> loops, Value row,
                              Value weightRow, Value column);
  void finishElement(Value row, Value weightRow, Value sum);
  void addParts();

  /// What is decoded; what is not.
  Value source, dense;
  FlatSymbolRefAttr decoder;
  /// Of the loops of the product that are not along the weight alone.
  SmallVector<OpFoldResult> sizes;
  Value x, init, out;
  /// Behind which all this is.
  Operation *before;
  /// Of which product a kernel's code is.
  Value batch;
  /// Where the parts of sums are: memref<parts x batches x height x rows>.
  Value workspace;
};

/// A kernel for few rows of the activation: each warp holds 16 rows of the
/// weight in registers, and the warps of a block share the columns. Nothing is
/// decoded to memory.
LogicalResult emitRegisterKernel(ProductEmitter &emitter);

/// A kernel of the same kind for a weight of codes under factors: codes become
/// pairs of 16-bit floats, and what leaves the sum is multiplied to sums of
/// groups and of rows. Makes none and returns false where so many rows of the
/// activation and such groups do not go together.
FailureOr<bool> emitScaledKernel(ProductEmitter &emitter,
                                 const ScaledCodes &form,
                                 const CodeDomain &codes);

/// A kernel for many rows of the activation, and for all products but those
/// with rows of a compressed matrix: a block decodes weights to shared memory,
/// once for all its rows of the activation, and multiplies tiles of 128 by up
/// to 128. Makes none and returns false where a step's tiles take more than
/// `sharedMemory` bytes.
FailureOr<bool> emitSharedKernel(ProductEmitter &emitter, int64_t sharedMemory);

/// Why none can be used, or nothing where one can.
std::string whyNoKernel(MatrixProduct product);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_KERNELS_H
