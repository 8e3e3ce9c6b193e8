//===- Npy.h - Arrays in NumPy's .npy format ------------------------------===//
//
// The format is that of numpy.lib.format, versions 1.0, 2.0 and 3.0.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_RUNTIME_NPY_H
#define ZQ_RUNTIME_NPY_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <string>

namespace zq::runtime {

/// What two bytes of no declared meaning ('<V2') are. NumPy has no bfloat16 of
/// its own, and the ml_dtypes package saves it under this description.
enum class VoidElements { AsBF16, Refused };

/// Reads the array in the file at `path`. Integers lose their sign flag (`u1`
/// and `i1` both become i8), booleans become i8, and an array in Fortran order
/// comes back in row-major order. Big-endian and structured elements are
/// refused. Nothing is allocated before the file is known to be as long as its
/// header says. Errors name the path.
codec::Result<codec::Array> readNpy(const std::string &path,
                                    VoidElements voids = VoidElements::AsBF16);

/// Writes `array` in row-major order as format version 1.0. Integers are
/// written as signed, except i8, which is written as `u1` as bytes are wont to
/// be; bf16 is written as `<V2`, and the 8-bit floats, for which the format has
/// no name, as `u1`. Appears at `path` complete or not at all. Errors name the
/// path.
codec::Status writeNpy(const std::string &path, const codec::Array &array);

} // namespace zq::runtime

#endif // ZQ_RUNTIME_NPY_H
