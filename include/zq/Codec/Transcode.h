//===- Transcode.h - From one lossless coding to another ------------------===//
//
// What is smallest on disk is seldom what decodes fastest. A tensor may be
// distributed in one entropy code and changed to another when it is loaded,
// without a change of its values.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_TRANSCODE_H
#define ZQ_CODEC_TRANSCODE_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// The streams of `to` that decode to the very values that `streams` of `from`
/// decode to, a tensor of `shape`. The stages that both chains begin with (the
/// same objects) keep their streams as they are; the others are decoded and
/// encoded anew. Fails where one of these is not lossless, as its values would
/// change, where they do not hold the same type of symbols, and where `from`
/// does not take the streams.
Result<std::vector<Stream>> transcode(const Codec &from,
                                      const std::vector<Stream> &streams,
                                      const Shape &shape, const Codec &to);

} // namespace zq::codec

#endif // ZQ_CODEC_TRANSCODE_H
