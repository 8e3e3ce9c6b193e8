//===- Codebook.h - Vector quantization with learned entries --------------===//
//
// Sums of entries of code books: AQLM, VPTQ, product and residual quantization,
// scalar tables per row.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_CODEBOOK_H
#define ZQ_CODEC_CODEBOOK_H

#include "zq/Codec/Blocks.h"
#include "zq/Codec/StoredFloats.h"

namespace zq::codec {

/// Replaces each vector of values by the codes of entries, one out of every
/// book, whose sum is near. Vectors lie along one axis of the tensor; the last
/// one of a line may be cut short, and is encoded as if zeros followed.
///
/// Takes finite floating-point values, hands on codes (`codeType(bits)`): with
/// vectors of L elements ceil(n / L) along their axis of size n, and along the
/// last axis `books` times as many, those of one vector being neighbours in the
/// order of the books. Stream:
///   codebook: the entries, as `stored` or with a codec of their own (f32), of
///             the tensor's rank: ceil(dim / group) per dimension (1 where the
///             group is all of it), the last times books * 2^bits * L. Along
///             the last axis of a group's part lies book after book, in it
///             entry after entry, in it element after element.
/// A group of ?x8 with vectors of 1x8 is product quantization.
///
/// Decodes to f32: the entries summed in f32 in the order of the books.
///
/// The encoder trains every group on at most max(2^14, 4 * 2^bits) of its
/// vectors, evenly spaced, book after book on what the books before left
/// (`kMeans`). Then it gives every vector the nearest entry as it will be read
/// back, again book after book. With `Fit::Additive` two rounds of training
/// follow in which each book's entries are the means of what all others leave,
/// and vectors choose again, one book at a time, in three sweeps. The search is
/// exact, but it is the whole cost: about 1000 distances for each vector, book
/// and round with 2^16 entries of 8 elements (about a minute for 4096 x 4096).
class Codebook : public Stage {
public:
  enum class Fit { Residual, Additive };

  struct Options {
    /// The shape of a vector: all ones but along its axis. Where all are ones
    /// that is the last.
    Shape vector;
    /// 2^bits entries a book, 1 to 16 bits.
    int bits = 8;
    /// 1 to 16.
    int books = 1;
    Fit fit = Fit::Residual;
    /// Elements that share books; 0 is a whole dimension, and none at all the
    /// whole tensor. Along the vectors' axis a multiple of their length.
    Shape group;
    /// How entries are stored; signed.
    StoredFloats stored = ElementType::F16;
  };

  explicit Codebook(Options options);

  std::string keyword() const override { return "codebook"; }
  /// Fails on values that are not finite.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails on codes of more than `bits` bits.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  size_t numSides() const override { return 1; }
  CodecRef sideCodec(size_t index) const override;
  Result<Shape> sideShape(size_t index, const Shape &shape,
                          const std::vector<Stream> &earlier) const override;
  Shape mainShape(const Shape &shape) const override;
  std::string mainName() const override { return "codes"; }
  int64_t mainCodes() const override { return int64_t(1) << options.bits; }
  /// Entries go where the values are; what counts is that they can be stored.
  Range inputRange(Range target) const override;
  /// Vectors are rounded one by one.
  Mapping mapping() const override { return Mapping::ToCodes; }
  Result<Array> encodeBy(const std::vector<Stream> &sides,
                         const Array &values) const override;
  std::unique_ptr<ElementMap> elementMap(const std::vector<Stream> &sides,
                                         const Shape &shape) const override;
  bool isLossless() const override { return false; }

private:
  class Map;
  struct Vectors;

  int64_t perBook() const { return int64_t(1) << options.bits; }
  /// Of choosing again, one book at a time.
  int sweeps() const { return options.fit == Fit::Additive ? 3 : 0; }
  template <typename CodeOf>
  float sumOfEntries(const Array &entries, int64_t group, int64_t element,
                     CodeOf codeOf) const;
  std::vector<float> rowsOf(const Array &values) const;
  std::vector<std::vector<int64_t>> membersOf(const Shape &shape,
                                              int64_t count) const;
  Status checkRank(size_t rank) const;
  Result<Shape> entriesShape(const Shape &shape) const;

  Options options;
  Blocks groups;
  size_t axis;
  int64_t length;
};

} // namespace zq::codec

#endif // ZQ_CODEC_CODEBOOK_H
