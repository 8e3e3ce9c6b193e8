//===- Hadamard.h - Walsh-Hadamard rotation along an axis -----------------===//
//
// Spreads outliers over a block. Orthogonal, so its inverse costs the same.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_HADAMARD_H
#define ZQ_CODEC_HADAMARD_H

#include "zq/Codec/Stage.h"

#include <optional>

namespace zq::codec {

/// The sign (+1 or -1) of position `index` along the rotated axis, counted over
/// the whole axis: -1 where the top bit of `splitmix64(seed, index)` is set.
float hadamardSign(uint64_t seed, int64_t index);

/// The largest order of a Hadamard matrix that blocks are made of, beside
/// powers of two. There is one for every odd number times four up to it, which
/// holds the widths of published models: 11008 is 172 * 64, 18944 is 148 * 128.
inline constexpr int64_t largestHadamardOrder = 180;

/// The m of a block of m * 2^k elements: 1, or an odd number times four up to
/// `largestHadamardOrder`; 0 where `size` is no such product.
int64_t hadamardOrder(int64_t size);

/// The Hadamard matrix of an order that `hadamardOrder` gives: signs,
/// row-major. By Paley's first construction where order - 1 is a prime, by his
/// second where order / 2 - 1 is a prime that is 1 modulo 4 (Paley 1933). With
/// chi the quadratic character, let C be Q[i][j] = chi(i - j) with a row of
/// ones above it, a column of chi(-1) on its left and 0 in the corner:
///   first   H = I + C,                                  C antisymmetric,
///   second  H = C x [1 1; 1 -1] + I x [1 -1; -1 -1],    C symmetric.
/// Those of 52, 92, 100, 116, 156 and 172 are of four circulant matrices
/// A, B, C, D of signs with AA' + BB' + CC' + DD' = order * I (Williamson
/// 1944), and with R, that reverses the columns (Goethals and Seidel 1967),
///   H = [A BR CR DR; -BR A D'R -C'R; -CR -D'R A B'R; -DR C'R -B'R A].
/// Matrices need not be symmetric.
const std::vector<int8_t> &hadamardMatrix(int64_t order);

/// The sizes of the blocks that cover an axis of `length`: as many of `block`
/// (one that has a `hadamardOrder`) as fit, the rest in descending powers of
/// two (100 by 128: 64, 32, 4).
std::vector<int64_t> hadamardBlocks(int64_t length, int64_t block);

/// Rotates in place the `length` elements data[0], data[stride], ..., block by
/// block. With n = m * 2^k the size of a block, H = H_m x H_2^k the Kronecker
/// product of `hadamardMatrix(m)` and the Walsh-Hadamard matrix in natural
/// (Sylvester) order, s the signs (all 1 without a seed), c = float(1/sqrt(n)):
///   forward  y = c * (H (s .* x)),   inverse  x = s .* (c * (H^T y)).
/// All in f32: H_2^k as butterflies (a, b) -> (a + b, a - b) over distances 1,
/// 2, ..., 2^(k-1) in this order; then, unless m is 1, for each residue b the
/// elements b, b + 2^k, ..., b + (m-1) 2^k become sums of themselves, begun
/// with the first one and its sign, the others added or subtracted in ascending
/// order; then the factor c.
void hadamardRow(float *data, int64_t stride, int64_t length, int64_t block,
                 std::optional<uint64_t> seed, bool inverse);

/// Rotates along `axis` by `hadamardRow`. Takes finite floating-point values,
/// hands on f32. No side streams. A single round sends a one-hot vector to
/// entries of one magnitude; more rounds are more stages, with other seeds.
class Hadamard : public Stage {
public:
  /// Requires 0 <= axis and a block that has a `hadamardOrder`. Without a seed
  /// no signs.
  Hadamard(int64_t axis, int64_t block, std::optional<uint64_t> seed = {});

  std::string keyword() const override { return "hadamard"; }
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const Shape &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const Shape &shape) const override;
  bool passesMoment() const override { return true; }
  Moment momentBelow(const Moment &moment, const std::vector<Stream> &sides,
                     const Shape &shape) const override;
  /// Values of magnitude up to r come out of magnitude up to r * sqrt(block).
  Range inputRange(Range target) const override;
  bool isLossless() const override { return false; }

private:
  void rotate(Array &values, bool inverse) const;

  int64_t axis;
  int64_t block;
  std::optional<uint64_t> seed;
};

} // namespace zq::codec

#endif // ZQ_CODEC_HADAMARD_H
