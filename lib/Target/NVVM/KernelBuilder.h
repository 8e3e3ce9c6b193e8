//===- KernelBuilder.h - Writing kernels for one thread -------------------===//
//
// What the bodies of kernels are written with: integers that compute with the
// usual signs, pointers with offsets in bytes, and the steps of an asynchronous
// pipeline. Emits arith, scf, llvm and nvvm ops into a `gpu.launch`.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_TARGET_NVVM_KERNELBUILDER_H
#define ZQ_LIB_TARGET_NVVM_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "zq/Target/NVVM/FragmentLayout.h"

namespace mlir::zq {

class KernelBuilder;

/// An integer of the kernel, 32 bits wide unless said otherwise. Operations on
/// constants are done at once. Sums and products are not to overflow as signed
/// numbers.
class Int {
public:
  Int() = default;
  Int(KernelBuilder &b, Value value) : b(&b), value(value) {}

  operator Value() const { return value; }
  explicit operator bool() const { return !!value; }

  Int operator+(Int other) const;
  Int operator-(Int other) const;
  Int operator*(Int other) const;
  Int operator&(Int other) const;
  Int operator|(Int other) const;
  Int operator^(Int other) const;
  Int operator<<(int64_t bits) const;
  /// Towards zero, of what is not negative; so does division.
  Int operator>>(int64_t bits) const;
  Int operator/(int64_t divisor) const;
  Int operator%(int64_t divisor) const;
  Int operator+(int64_t other) const;
  Int operator-(int64_t other) const;
  Int operator*(int64_t other) const;
  Int operator&(int64_t other) const;
  Int operator|(int64_t other) const;
  Int operator^(int64_t other) const;
  /// Comparisons are of signed numbers; conditions combine by `&` and `|`.
  Int operator<(Int other) const;
  Int operator<(int64_t other) const;
  Int operator==(int64_t other) const;
  Int operator!=(int64_t other) const;
  /// The number with 64 bits.
  Int wide() const;

private:
  Int compare(arith::CmpIPredicate predicate, Int other) const;
  Int like(int64_t other) const;

  KernelBuilder *b = nullptr;
  Value value;
};

/// A place in a matrix that is known at run time.
struct EmittedOffset {
  Int row, column;
};

class KernelBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Int i32(int64_t value);
  Int i64(int64_t value);
  Value f32(float value);
  Int toI32(Value index);
  Int select(Int condition, Int yes, Int no);
  Value select(Int condition, Value yes, Value no);

  /// Where an array begins: in global memory, or in that of the block.
  Value getGlobal(Value memref);
  Value getShared(Value memref);
  /// The dynamic memory of the block.
  Value getDynamicShared();
  /// The address `offset` bytes after `pointer`.
  Value at(Value pointer, Int offset);
  Value at(Value pointer, int64_t offset);
  Value load(Type type, Value pointer, int64_t alignment);
  void store(Value value, Value pointer, int64_t alignment);

  /// Calls `body` where `condition` holds.
  void when(Int condition, function_ref<void()> body);
  /// The values that `body` returns where `condition` holds, else `otherwise`.
  SmallVector<Value> when(Int condition,
                          function_ref<SmallVector<Value>()> body,
                          ValueRange otherwise);
  /// `body` for each number from 0 to `count` - 1 with the values that it
  /// returned the last time.
  SmallVector<Value>
  loop(Int count, ValueRange inits,
       function_ref<SmallVector<Value>(Int, ValueRange)> body);
  /// Does nothing until `done`, emitted once and run again and again, holds.
  void waitUntil(function_ref<Value()> done);

  /// All threads of the block.
  void barrier();
  /// Begins to copy 4, 8 or 16 bytes from global memory to the block's; zeros
  /// instead where `condition` does not hold, if there is one.
  void copyAsync(Value shared, Value global, int64_t bytes, Int condition);
  void commitCopies();
  /// Until all but the last `groups` that were committed are there.
  void waitCopies(int64_t groups);

  /// An mbarrier, 8 bytes of the block's memory, for so many arrivals.
  void initBarrier(Value barrier, int64_t arrivals);
  void arrive(Value barrier);
  /// The same, with so many bytes that copies to the block's memory will bring.
  void arriveExpecting(Value barrier, int64_t bytes);
  /// Until the phase of this parity is over.
  void waitBarrier(Value barrier, Int parity);
  /// What the thread wrote to the block's memory is there for the copy engine
  /// and the tensor core.
  void fenceAsync();
  /// All lanes of the warp.
  void warpBarrier();
  /// Begins to copy a box of an array, at coordinates in elements, outermost
  /// first; `barrier` is told of its bytes.
  void copyBox(Value shared, Value tensorMap, ArrayRef<Int> at, Value barrier);

  /// Where the first element of a lane lies.
  EmittedOffset getOffset(FragmentLayoutAttr layout, Int lane);
  /// Where an address goes.
  Int getSwizzled(Swizzle swizzle, Int address);

  /// `ldmatrix` of `count` matrices of 8 rows of 16 bytes, one i32 of each;
  /// the rows are the fragments' columns with `isTransposed`.
  SmallVector<Value> loadMatrices(Value shared, int64_t count,
                                  bool isTransposed = false);
  /// One value, or as many as a vector.
  Value pack(ArrayRef<Value> values);
  /// The fields of a struct, or the elements of a vector.
  SmallVector<Value> unpack(Value aggregate);
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_KERNELBUILDER_H
