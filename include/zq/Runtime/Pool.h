//===- Pool.h - Memory that calls of compiled code hand on ----------------===//
//
// A call of a model allocates the same intermediate tensors as the last one.
// From the C library they would come as fresh pages each time, which the system
// has to clear: half of the time of a call.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_RUNTIME_POOL_H
#define ZQ_RUNTIME_POOL_H

#include <cstddef>

namespace zq::runtime {

/// What is kept at most of memory that was freed, in bytes.
inline constexpr size_t poolLimit = size_t(1) << 30;

/// `size` bytes, aligned to 64. Never null: ends the process where there is no
/// memory, as compiled code does not ask.
void *poolAllocate(size_t size);

/// `count` times `size` bytes of zeros: what LLVM makes of an allocation that
/// is filled with zeros.
void *poolAllocateZeros(size_t count, size_t size);

/// Takes back what these gave; null is none. Large blocks are kept for
/// later calls, on whatever thread, up to `poolLimit`.
void poolFree(void *block);

/// Bytes that are kept now.
size_t poolKept();

} // namespace zq::runtime

#endif // ZQ_RUNTIME_POOL_H
