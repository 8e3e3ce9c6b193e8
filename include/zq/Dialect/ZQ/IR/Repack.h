//===- Repack.h - Streams in another layout -------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_REPACK_H
#define ZQ_DIALECT_ZQ_IR_REPACK_H

#include "zq/Codec/Stage.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

namespace mlir::zq {

/// `type` with its codes, which the last stage stores, raw. Itself where they
/// are no codes of at most 8 bits, or that stage is not lossless.
CompressedTensorType withRawCodes(CompressedTensorType type);

/// The same for each stage that offers to store codes so that they are read
/// fast.
SmallVector<CompressedTensorType> getRecodings(CompressedTensorType type);

/// Whether `to` is `from` in the layout for some number of lanes, perhaps with
/// raw codes, or the very type; in records or not, of whatever size.
bool isInLanesOf(CompressedTensorType from, CompressedTensorType to);

/// The streams of a tensor of type `to` that stand for the very codes, scales
/// and so on that `streams` of `from` do. The types' codecs differ in nothing
/// but their layout, as `withLanes` makes them differ: the panels of side
/// arrays, a last stage that is lossless: any other of the same codes, and
/// records.
/// Fails where they differ otherwise, and where `streams` are not those of
/// `from`.
::zq::codec::Result<std::vector<::zq::codec::Stream>>
repack(CompressedTensorType from,
       const std::vector<::zq::codec::Stream> &streams,
       CompressedTensorType to);

/// The streams of a tensor of type `to` that decodes to the very values that
/// `streams` of `from` decode to. The types' codecs begin with the same stages
/// and go on with lossless ones, as an entropy code is changed to one that is
/// decoded faster; either may be in records. Fails where they differ otherwise,
/// where a decoder is known to the IR only, and where `streams` are not those
/// of `from`.
::zq::codec::Result<std::vector<::zq::codec::Stream>>
transcode(CompressedTensorType from,
          const std::vector<::zq::codec::Stream> &streams,
          CompressedTensorType to);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_IR_REPACK_H
