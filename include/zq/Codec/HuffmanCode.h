//===- HuffmanCode.h - Length-limited canonical prefix codes --------------===//
//
// The code itself, apart from the layout of the streams written with it.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_HUFFMANCODE_H
#define ZQ_CODEC_HUFFMANCODE_H

#include "zq/Codec/Result.h"

#include <cstdint>
#include <vector>

namespace zq::codec {

/// The code lengths that minimise sum(counts[i] * length[i]) among prefix codes
/// of lengths up to `maxLength`, by package-merge (Larmore, Hirschberg 1990).
/// 0 for symbols that do not occur; a symbol alone gets length 1. Fails where
/// more than 2^maxLength symbols occur.
Result<std::vector<int>> huffmanLengths(const std::vector<int64_t> &counts,
                                        int maxLength);

/// The canonical code of these lengths: shorter codes first, symbols of one
/// length in ascending order. Canonical codes are read from the top bit down;
/// these are reversed, so that the first bit of a code is bit 0, as they are
/// written and looked up.
std::vector<uint16_t> canonicalCodes(const std::vector<int> &lengths);

/// The decode table of 2^maxLength entries, indexed by the next `maxLength`
/// bits of the stream, the next bit in bit 0: symbol | length << 8. Slots that
/// no code reaches (with one symbol or none) repeat the first entry of the
/// code, or hold symbol 0 with length 1, so that any bits decode to something.
std::vector<uint16_t> huffmanTable(const std::vector<int> &lengths,
                                   int maxLength);

} // namespace zq::codec

#endif // ZQ_CODEC_HUFFMANCODE_H
