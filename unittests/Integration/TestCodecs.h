//===- TestCodecs.h - Codecs that decoding is tested with -----------------===//
#ifndef ZQ_UNITTESTS_INTEGRATION_TESTCODECS_H
#define ZQ_UNITTESTS_INTEGRATION_TESTCODECS_H

#include "zq/Codec/Stage.h"

#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace mlir::zq::test {

using ::zq::codec::Array;
using ::zq::codec::ElementType;
using ::zq::codec::Stream;

/// A codec's text, as it stands between the brackets of `#zq.codec<...>`, and
/// the logical element type.
struct TestCodec {
  std::string text;
  std::string element = "f32";

  ElementType elementType() const;
  /// The decoder of examples/lut3.mlir, which no C++ but that of this file
  /// knows.
  bool isCustom() const { return text == "@lut3"; }
  /// What stands before `at` in a `zq.decode`.
  std::string usingClause() const { return isCustom() ? "using @lut3 " : ""; }
  /// `!zq.tensor<...>`.
  std::string type(const std::vector<int64_t> &shape) const;

  /// Whether it takes in tensors of `shape`. A user's decoder does.
  bool isLegal(const std::vector<int64_t> &shape) const;
  /// Whether the reference says so.
  bool isLossless() const;

  /// Encodes and decodes by the reference. Fail the test on an error.
  std::vector<Stream> encode(const Array &values) const;
  Array decode(const std::vector<Stream> &streams,
               const std::vector<int64_t> &shape) const;
  /// As `encode`; false, nothing failed and `why` said, where the reference
  /// refuses.
  bool tryEncode(const Array &values, std::vector<Stream> &streams,
                 std::string &why) const;
  /// As `decode`; false, and nothing failed, where the reference refuses.
  bool tryDecode(const std::vector<Stream> &streams,
                 const std::vector<int64_t> &shape, Array &decoded) const;
};

/// How GoogleTest shows a codec.
inline void PrintTo(const TestCodec &codec, std::ostream *os) {
  *os << codec.text << " as " << codec.element;
}

/// The named codecs.
std::vector<TestCodec> getNamedFormats();

/// A few codecs for tests that take long: block scales, a rotation, an entropy
/// coder of values and of codes, and @lut3.
std::vector<TestCodec> getRepresentatives();

/// A spread over every stage and every parameter for tensors of `rank` 1, 2 or
/// 3; for rank 2 those of codecs/*.txt and the representatives as well.
std::vector<TestCodec> getTestCodecs(size_t rank);

/// A codec's stages, written for tensors of rank 2, for another rank: the first
/// dimension of a block goes, or one of 2 comes before it.
std::string adaptRank(std::string text, size_t rank);

/// The text of the decoder that @lut3 names.
std::string readLut3Decoder();

/// Normally distributed.
Array gaussianValues(ElementType type, const std::vector<int64_t> &shape,
                     std::mt19937 &random);

/// Rows of zeros, of one value, of subnormals, of signed zeros, of the largest
/// finite values, and of all magnitudes, in turn.
Array extremeValues(ElementType type, const std::vector<int64_t> &shape,
                    std::mt19937 &random);

/// Any bits at all: NaN with payloads, infinities, subnormals, -0.
Array anyBits(ElementType type, const std::vector<int64_t> &shape,
              std::mt19937 &random);

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_INTEGRATION_TESTCODECS_H
