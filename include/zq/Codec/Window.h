//===- Window.h - Frequent symbols in a few bits, the others apart --------===//
//
// Codes of fixed width for the symbols of a window, one code kept for "not in
// the window". Nearly as fast to decode as packed codes, since only the place
// among the escapes depends on what came before (TCA-TBE of ZipServ,
// arXiv:2603.17435; ZipCCL, arXiv:2604.27844).
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_WINDOW_H
#define ZQ_CODEC_WINDOW_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Bytes of zeros at the end of `nested` and `escapes`, so that a decoder may
/// load what 64 symbols can take wherever it stands.
inline constexpr int64_t windowSlack = 64;

/// What the codes of a window stand for.
enum class WindowKind {
  /// Code c is symbol base + c.
  Base,
  /// Code c is entry c of a palette.
  Palette,
};

/// Codes i8 symbols by windows of fixed width, one inside the other. Terminal;
/// lossless. A code of k bits is one of the window's 2^k - 1 symbols, or all
/// ones: an escape, which the next window codes, and after the last window the
/// symbol itself as a byte. With L windows of k0, k1, ... bits, streams:
///   base:    i8 [1], or
///   palette: i8 [2^k0 - 1 + 2^k1 - 1 + ...], the symbols of the first window,
///            then those of the next one;
///   offsets: i32 [dims but the last..., ceil(last / chunk), L], for each chunk
///            and each window after the first the byte of its `nested` at
///            which the chunk begins; then the index of its first escape.
///            Chunk c of a row holds its elements
///            [c * chunk, min((c + 1) * chunk, last));
///   nested:  i8 [n], once for each window after the first: the codes of what
///            escaped from the window before, in order, chunks in row-major
///            order, each beginning on a byte, least significant bit first;
///            then `windowSlack` zeros;
///   escapes: i8 [n], what escaped from the last window, in order; then
///            `windowSlack` zeros;
///   codes:   (main) the codes of the first window, of every element, as `Pack`
///            lays them out.
class Window : public Stage {
public:
  /// Requires 1 <= symbolBits <= 8, one or more widths from 1 to symbolBits,
  /// exactly one with `WindowKind::Base`, and chunk >= 1.
  Window(int symbolBits, std::vector<int> widths, WindowKind kind,
         int64_t chunk);

  std::string keyword() const override { return "window"; }
  /// Takes the windows that leave the fewest escapes: the most frequent
  /// symbols, or the interval that holds the most; the lower one of equals.
  /// Fails on symbols of more than `symbolBits`, on streams beyond 2^31 - 1
  /// bytes and on rank 0.
  Result<Array> encode(const Array &input, const Below &below,
                       std::vector<Stream> &sides) const override;
  /// Fails where a chunk runs into the slack of a stream.
  Result<Array> decode(const Array &main, const std::vector<Stream> &sides,
                       const std::vector<int64_t> &shape) const override;
  Status check(const Array *main, const std::vector<Stream> &sides,
               const std::vector<int64_t> &shape) const override;
  size_t numSides() const override { return 2 + widths.size(); }
  bool isTerminal() const override { return true; }
  std::string mainName() const override { return "codes"; }
  ElementType decodedType() const override { return ElementType::I8; }
  int64_t decodedCodes() const override { return int64_t(1) << symbolBits; }
  bool isLossless() const override { return true; }

  /// How many symbols the windows hold together.
  int64_t numSymbols() const;

private:
  Array chooseWindow(const Array &input) const;
  Status checkWindow(const Array &window) const;
  std::vector<int64_t> offsetsShape(const std::vector<int64_t> &shape) const;

  int symbolBits;
  std::vector<int> widths;
  WindowKind kind;
  int64_t chunk;
};

} // namespace zq::codec

#endif // ZQ_CODEC_WINDOW_H
