//===- ArrayTypes.h - Arrays and the tensor types they stand for ----------===//
#ifndef ZQ_RUNTIME_ARRAYTYPES_H
#define ZQ_RUNTIME_ARRAYTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <string>
#include <vector>

namespace mlir::zq {

/// The tensor type of `array` as MLIR writes it.
std::string describe(const ::zq::codec::Array &array);

/// Whether `array` has the element type and shape of `type`, a dynamic size
/// standing for any; the error says what differs.
::zq::codec::Status checkArray(const ::zq::codec::Array &array,
                               RankedTensorType type);

/// The same for the arguments of a function: their number, and each of them.
::zq::codec::Status checkArrays(ArrayRef<const ::zq::codec::Array *> arrays,
                                ArrayRef<RankedTensorType> types);

/// An array of `type`, which has a static shape, of zeros.
::zq::codec::Array makeArray(RankedTensorType type);

/// Appends the descriptor of the memref of `shape` without gaps that lies at
/// `memory`: two pointers, the offset, sizes and strides, each of 64 bits.
void appendDescriptor(std::vector<int64_t> &words, const void *memory,
                      ArrayRef<int64_t> shape);

/// The dense tensors that stand for an argument or result of `type` in memory:
/// the streams of a compressed tensor, or the tensor itself. Fails on any other
/// type, and where a decoder symbol is missing in `scope`.
FailureOr<SmallVector<RankedTensorType>> getStoredTypes(Type type,
                                                        Operation *scope);

} // namespace mlir::zq

#endif // ZQ_RUNTIME_ARRAYTYPES_H
