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
#include "ScaledCodes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
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
/// `enter` puts it into the kernel.
class ProductEmitter {
public:
  ProductEmitter(OpBuilder &builder, Product product, MmaDomain domain);

  ImplicitLocOpBuilder b;
  Product product;
  /// What alone uses the product's result, if it is elementwise.
  Elementwise epilogue;
  MmaDomain domain;
  /// Rows and columns of the weight.
  int64_t rows, depth;
  /// Rows of the activation, all its leading dimensions taken together.
  Value height;
  /// The same where it is known, or kDynamic.
  int64_t staticHeight;

  // Numbers.
  Value index(int64_t value);
  Value add(Value x, Value y);
  Value add(Value x, int64_t y);
  Value mul(Value x, int64_t y);
  Value div(Value x, int64_t y);
  Value rem(Value x, int64_t y);
  Value least(Value x, Value y);
  Value lessThan(Value x, Value y);

  /// Makes a launch with so much dynamic shared memory and puts the builder
  /// into its body.
  gpu::LaunchOp enter(Value gridX, Value gridY, int64_t threads,
                      int64_t sharedBytes = 0);
  /// Ends the body; the results of the product, or of the epilogue, are what
  /// the kernel stores.
  void leave(gpu::LaunchOp launch);

  /// Makes the decoder for blocks of `width` columns that `readWeight` uses.
  LogicalResult makeDecoder(int64_t width);
  /// `count` consecutive elements of a row of the weight, in f32 or narrower;
  /// `column` is a multiple of the decoder's width.
  Value readWeight(Value row, Value column, int64_t count);
  /// `count` consecutive elements of row `row` of the activation.
  Value readActivation(Value row, Value column, int64_t count);
  /// A pointer in `space` to the element of `array` at `place`, an array
  /// without gaps.
  Value getPointer(Value array, ValueRange place, unsigned space);
  /// Of an element of the activation, in global memory.
  Value getActivationPointer(Value row, Value column);
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
  SmallVector<Value> getPlace(Value row, Value last, int64_t rank);

  /// What is decoded.
  Value source;
  FlatSymbolRefAttr decoder;
  /// Sizes of the activation's leading dimensions.
  SmallVector<OpFoldResult> leading;
  Value x, init, out;
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

/// A kernel for many rows of the activation: a block decodes weights to shared
/// memory, once for all its rows of the activation, and multiplies tiles of 128
/// by up to 128. Makes none and returns false where a step's tiles take more
/// than `sharedMemory` bytes.
FailureOr<bool> emitSharedKernel(ProductEmitter &emitter, int64_t sharedMemory);

/// Why neither can be used, or nothing where they can.
std::string whyNoKernel(Product product);

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_KERNELS_H
