//===- DFloat11.h - Reading tensors published as DFloat11 -----------------===//
//
// DFloat11 (arXiv:2504.11651, github.com/LeanModels/DFloat11) stores bf16 with
// Huffman-coded exponents. Its layout is read, never written: what is decoded
// is the same bf16, to be encoded anew by `fields` and any entropy stage.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_DFLOAT11_H
#define ZQ_CODEC_DFLOAT11_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

namespace zq::codec {

/// The buffers of a DFloat11 module, all i8 as in its files, under the names
/// they have there. A code belongs to the thread in whose 8 bytes of
/// `encodedExponent` it begins, a thread to a block of `threadsPerBlock`.
struct DFloat11 {
  /// [k, 256]. The first k - 1 are the levels of the decode table, the first of
  /// all its root: indexed by a byte of the code, an entry below 240 is the
  /// exponent, another one e goes on in table 256 - e with the next byte. The
  /// last one has the code length of every exponent, 1 to 32.
  Array luts;
  /// [n], the codes of all elements, most significant bit first.
  Array encodedExponent;
  /// [elements], sign in bit 7, mantissa below.
  Array signMantissa;
  /// [4 * (blocks + 1)], little-endian 32-bit words: the first element that
  /// begins in each block, then the number of elements.
  Array outputPositions;
  /// [ceil(threads * 5 / 8)], for each thread of each block the bits before its
  /// first code, 5 bits each, most significant bit first.
  Array gaps;
  int64_t threadsPerBlock = 512;
};

/// The bf16 tensor of `shape` that `published` holds. Where several tensors
/// were compressed as one, that is a tensor of all their elements. Fails where
/// buffers have not the shapes they should, on bits that are no code, on codes
/// that run past the end, and where positions or gaps tell of another place
/// than the codes do.
Result<Array> importDFloat11(const DFloat11 &published,
                             const std::vector<int64_t> &shape);

} // namespace zq::codec

#endif // ZQ_CODEC_DFLOAT11_H
