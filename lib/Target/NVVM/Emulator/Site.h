//===- Site.h - What compiled code tells of the op that it runs -----------===//
//
// The contract between the pass zq-emulate-kernels and the emulator's runtime:
// an op becomes a call
//
//   void zqsim_<op>(const Site *site, const uint64_t *operands, void *results)
//
// Each operand starts a slot of 8 bytes (a vector takes several), an i1 is a
// byte. Results lie as in a C struct.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_SITE_H
#define ZQ_TARGET_NVVM_EMULATOR_SITE_H

#include <cstdint>

namespace zq::emulator {

/// Number formats, in attributes of sites.
enum Format : int32_t {
  NoFormat,
  F16,
  BF16,
  TF32,
  F32,
  S32,
  S8,
  U8,
  E4M3,
  E5M2,
  E2M3,
  E3M2,
  E2M1,
  UE8M0,
  UE4M3,
};

enum Rounding : int32_t { RoundNearest, RoundZero, RoundUp, RoundDown };

enum Reduction : int32_t {
  ReduceAdd,
  ReduceMin,
  ReduceMax,
  ReduceUMin,
  ReduceUMax,
  ReduceAnd,
  ReduceOr,
  ReduceXor,
  ReduceFMin,
  ReduceFMax,
};

enum ShuffleKind : int32_t { ShuffleXor, ShuffleUp, ShuffleDown, ShuffleIndex };
enum VoteKind : int32_t { VoteAny, VoteAll, VoteBallot, VoteUniform };
enum BarrierReduction : int32_t { ReducePopc = 1, ReduceAll, ReduceAny };
/// Kinds of matrices that ldmatrix and stmatrix move.
enum MatrixKind : int32_t {
  Matrix8x8b16,
  Matrix16x8b8,
  Matrix8x16b6,
  Matrix8x16b4
};

/// How tcgen05.ld and .st spread words over lanes.
enum TensorShape : int32_t {
  TensorShape16x64b,
  TensorShape16x128b,
  TensorShape16x256b,
  TensorShape32x32b,
  TensorShape16x32bx2,
};
enum TensorKind : int32_t {
  TensorF16,
  TensorTF32,
  TensorF8F6F4,
  TensorI8,
  TensorMXF8F6F4,
  TensorMXF4,
  TensorMXF4NVF4,
};

/// One op in a kernel.
struct Site {
  const char *op;
  /// Where it stands in the source.
  const char *where;
  int32_t attributes[12];
};

/// How an address is used, in the call before a load or a store.
enum AccessFlags : int32_t {
  AccessWrite = 1,
  AccessAtomic = 2,
  AccessShared = 4,
  AccessGlobal = 8,
};

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_SITE_H
