//===- Stage.h - One stage of a codec, as the reference defines it --------===//
//
// A codec is a tree of stages. Along its main way they form a chain, outermost
// first as the encoder sees them: each stage takes what the one above hands it
// and hands on one main array; whatever else it has to store it puts into side
// arrays, each of which is a stream, or has a codec of its own. The last stage
// of a chain hands on nothing: its main array is a stream too.
//
// This is the meaning of every stage. Compiled decoding on every target
// is bit-identical to `decode`, the order of roundings included.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_STAGE_H
#define ZQ_CODEC_STAGE_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Moment.h"
#include "zq/Codec/Result.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace zq::codec {

/// A named array as it is stored.
struct Stream {
  std::string name;
  Array array;
};

/// The interval of real numbers that a stage can take in without saturating.
struct Range {
  double low = 0;
  double high = 0;
};

/// What an encoder may ask of the stages below its own.
class Below {
public:
  using RoundTrip = std::function<Result<Array>(const Array &)>;

  /// Nothing below: every value is taken in and comes back as it is.
  Below() = default;
  Below(Range range, RoundTrip roundTrip = {}, const Moment *moment = nullptr)
      : interval(range), codec(std::move(roundTrip)), activations(moment) {}
  Below(double low, double high) : interval{low, high} {}

  /// The range of values that the stage below takes in.
  Range range() const { return interval; }

  /// What `main`, handed on, will read as once it is stored and decoded.
  Result<Array> roundTrip(const Array &main) const {
    return codec ? codec(main) : Result<Array>(main);
  }

  /// What the tensor that the stage takes in is multiplied by; null where that
  /// is not known, and errors count alike.
  const Moment *moment() const { return activations; }

private:
  Range interval;
  RoundTrip codec;
  const Moment *activations = nullptr;
};

/// Elements of a tensor at equal distances, by row-major index.
struct ElementLine {
  int64_t first;
  int64_t stride;
  int64_t count;

  int64_t at(int64_t i) const { return first + i * stride; }
};

/// What a stage does to each element, or to few together, once its side arrays
/// are known.
class ElementMap {
public:
  virtual ~ElementMap();

  /// What is encoded together: so many rows (lines along the last dimension)
  /// of one column, or columns of one row, each from a multiple of the number
  /// on, and cut short at an end. One of both is 1. Lines hold all elements of
  /// whatever they hold one of.
  struct Together {
    int64_t rows = 1;
    int64_t columns = 1;
  };
  virtual Together together() const { return {}; }

  /// Makes of `values`, those of the elements of `line`, what is handed on; of
  /// a stage that makes codes, the values that these stand for.
  virtual void encode(const ElementLine &line, float *values) const = 0;

  /// The inverse, as far as `encode` has one.
  virtual void decode(const ElementLine &line, float *values) const = 0;

  /// Of a stage that makes codes: code c will read back as `codesRead[c]`.
  virtual void readAs(const std::vector<uint8_t> &codesRead);
};

class Codec;
using CodecRef = std::shared_ptr<const Codec>;
using Shape = std::vector<int64_t>;

class Stage {
public:
  virtual ~Stage();

  /// The keyword of the textual form: "scale", "quantize", "huffman".
  virtual std::string keyword() const = 0;

  /// Encodes `input`, appends this stage's side arrays to `sides` in a fixed
  /// order, as they are before a codec of their own, and returns the main
  /// array. Fails, naming the element, on values that the stage cannot hold
  /// (NaN and infinity under a scale).
  virtual Result<Array> encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const = 0;

  /// Inverse of `encode`: `main` is what the stage below decoded to (for the
  /// last stage: its stored stream), `sides` this stage's own side arrays,
  /// decoded, `shape` the shape of what `encode` took in. Streams may come from
  /// outside: anything inconsistent is an error, and nothing is read out of
  /// bounds.
  virtual Result<Array> decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const = 0;

  /// Whether stored arrays are fit for `decode`: element types, shapes, and
  /// those values that decoding relies on (offsets in range, table entries
  /// legal, codes that exist). `sides` are this stage's own side arrays,
  /// decoded; `main` is its main array, null where that is not at hand because
  /// a stage below has yet to decode it. Cheap beside decoding; `decode` does
  /// it first.
  virtual Status check(const Array *main, const std::vector<Stream> &sides,
                       const Shape &shape) const = 0;

  /// How many side arrays `encode` appends.
  virtual size_t numSides() const { return 0; }

  /// The codec of side array `index`; null where it is stored as it is.
  virtual CodecRef sideCodec(size_t index) const;

  /// The shape of side array `index`, which has a codec, of a tensor of
  /// `shape`; `earlier` are the side arrays before it, decoded but not yet
  /// checked.
  virtual Result<Shape> sideShape(size_t index, const Shape &shape,
                                  const std::vector<Stream> &earlier) const;

  /// The shape of the main array of a tensor of `shape`.
  virtual Shape mainShape(const Shape &shape) const { return shape; }

  /// The name of the main array where it is stored: "values", "codes", "bits".
  virtual std::string mainName() const { return "values"; }

  /// Not 0: the main array holds codes, and `check` refuses those from here
  /// on.
  virtual int64_t mainCodes() const { return 0; }

  /// Not 0: `decode` returns codes below this, whatever the streams hold that
  /// `check` takes.
  virtual int64_t decodedCodes() const { return 0; }

  /// The element type of the array that `decode` returns.
  virtual ElementType decodedType() const { return ElementType::F32; }

  /// Whether the main array is a stream: nothing can follow this stage.
  virtual bool isTerminal() const { return false; }

  /// The range this stage takes in when the one below it takes in `target`.
  virtual Range inputRange(Range target) const { return target; }

  /// Whether encoding looks at `Below::moment`.
  virtual bool usesMoment() const { return false; }

  /// Whether side arrays are multiplied by the same activations as the tensor,
  /// so that their codecs are shown the moment. All have codecs then, and the
  /// tensor's shape.
  virtual bool showsMomentToSides() const { return false; }

  /// Whether `momentBelow` says something: an error of the main array is one of
  /// the tensor, of equal norm.
  virtual bool passesMoment() const { return false; }

  /// The moment of what the main array is multiplied by, where the tensor is by
  /// activations of `moment`; `sides` are this stage's own, decoded.
  virtual Moment momentBelow(const Moment &moment,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const;

  /// Whether elements are encoded one by one, or few together to codes, once
  /// the side arrays are chosen: values to values, values to codes, or codes to
  /// codes.
  enum class Mapping { None, ToValues, ToCodes, OfCodes };
  virtual Mapping mapping() const { return Mapping::None; }

  /// Of a stage with a map from values to codes: the codes of finite f32 values
  /// by side arrays that are chosen already, decoded. The default is that of
  /// stages without any.
  virtual Result<Array> encodeBy(const std::vector<Stream> &sides,
                                 const Array &values) const;

  /// That map, of a stage that has one from values, for a tensor of `shape`;
  /// `sides` are decoded. It refers to this stage.
  virtual std::unique_ptr<ElementMap>
  elementMap(const std::vector<Stream> &sides, const Shape &shape) const;

  /// Whether `decode(encode(x))` gives back every bit of x, for every x that
  /// `encode` accepts.
  virtual bool isLossless() const = 0;
};

class Records;

/// A chain of stages.
class Codec {
public:
  /// With `records` some of its streams are stored side by side.
  explicit Codec(std::vector<std::shared_ptr<const Stage>> stages,
                 std::shared_ptr<const Records> records = nullptr);

  /// Encodes a dense array. What the last stage aims at is the interval [-1, 1]
  /// unless it is a quantizer, which knows its own. Streams come in the order
  /// of the stages, a stage's sides in its own order, the last stage's main
  /// stream last of all. In the place of a side with a codec come that codec's
  /// streams, named "side.stream". A name that occurs twice gets an ordinal:
  /// "scale", "scale1". Records come after the streams that lie in none.
  ///
  /// With the moment of what the tensor will be multiplied by, the error of the
  /// products is made small: stages that look at the moment store aside what
  /// counts most, and where the stages from one on encode element by element,
  /// rounding errors are fed back (GPTQ): side arrays are chosen as without a
  /// moment, then each column makes up for those before it. Fails where no
  /// stage that the moment reaches does either, or it is not of the last
  /// dimension.
  Result<std::vector<Stream>> encode(const Array &values,
                                     const Moment *moment = nullptr) const;

  /// Decodes `streams` (in the order of `encode`; names are not looked at) to
  /// a tensor of `shape` and `type`. A chain that decodes to f32 may be asked
  /// for f64, f16 or bf16 as well, rounded to nearest even as the very last
  /// step.
  Result<Array> decode(const std::vector<Stream> &streams, const Shape &shape,
                       ElementType type) const;

  /// Whether streams from outside are fit for compiled code, which looks at
  /// nothing any more: their number, the element type asked for, what each
  /// stage checks of its own, and that every code stands for something. Codes
  /// are decoded for that where a stage has fewer of them than the one below
  /// can hold. `decode` finds, beyond it, entropy-coded chunks that end early.
  Status check(const std::vector<Stream> &streams, const Shape &shape,
               ElementType type) const;

  /// decode(encode(values)), in the element type of `values`.
  Result<Array> roundTrip(const Array &values) const;

  /// The range of values that the outermost stage takes in.
  Range inputRange() const;

  /// How many streams `encode` returns.
  size_t numStreams() const;

  bool isLossless() const;
  const std::vector<std::shared_ptr<const Stage>> &stages() const {
    return chain;
  }
  /// Null where every stream is an array of its own.
  const Records *records() const { return layout.get(); }

private:
  Status checkChain() const;
  Status checkStreams(const std::vector<Stream> &streams, const Shape &shape,
                      ElementType type,
                      std::vector<std::vector<Stream>> &sides) const;
  Status checkMoment(const Moment *moment, const Shape &shape) const;
  Below below(size_t stage, Range target, const Moment *moment) const;
  struct Encoded;
  Result<Array> encodeStage(size_t stage, const Array &input,
                            const Moment *moment,
                            std::vector<Encoded> &done) const;
  Result<Array> encodeWithFeedback(size_t first, size_t last,
                                   const Array &input, const Moment &moment,
                                   std::vector<Encoded> &done) const;
  Result<std::vector<uint8_t>> readCodes(size_t stage) const;
  Result<Array> encodeStages(const Array &values, size_t first, size_t end,
                             const Moment *moment,
                             std::vector<Encoded> &done) const;
  Result<std::vector<Stream>> readSides(size_t stage,
                                        const Encoded &encoded) const;
  Result<Array> roundTrip(const Array &values, size_t first,
                          const Moment *moment) const;
  Result<std::vector<std::vector<Stream>>>
  decodeSides(const std::vector<Stream> &streams,
              const std::vector<Shape> &shapes) const;
  std::vector<Shape> shapesOf(const Shape &shape) const;

  std::vector<std::shared_ptr<const Stage>> chain;
  std::shared_ptr<const Records> layout;
};

/// Gives every name that an earlier stream has an ordinal: "scale1".
void numberNames(std::vector<Stream> &streams);

/// Stored bits, side streams included, per element of a tensor of `shape`; 0
/// for a tensor without elements.
double bitsPerElement(const std::vector<Stream> &streams, const Shape &shape);

} // namespace zq::codec

#endif // ZQ_CODEC_STAGE_H
