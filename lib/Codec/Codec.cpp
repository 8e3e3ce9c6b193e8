//===- Codec.cpp - A chain of stages --------------------------------------===//

#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/Stage.h"

#include <algorithm>
#include <set>

using namespace zq::codec;

Stage::~Stage() = default;

Codec::Codec(std::vector<std::shared_ptr<const Stage>> stages)
    : chain(std::move(stages)) {}

Status Codec::checkChain() const {
  if (chain.empty())
    return Error{"a codec needs a stage"};
  for (size_t i = 0; i + 1 < chain.size(); ++i)
    if (chain[i]->isTerminal())
      return Error{chain[i + 1]->keyword() + " cannot follow " +
                   chain[i]->keyword()};
  return {};
}

void zq::codec::numberNames(std::vector<Stream> &streams) {
  std::set<std::string> seen;
  for (Stream &stream : streams) {
    std::string name = stream.name;
    for (int ordinal = 1; !seen.insert(stream.name).second; ++ordinal)
      stream.name = name + std::to_string(ordinal);
  }
}

CodecRef Stage::sideCodec(size_t) const { return nullptr; }

Result<Shape> Stage::sideShape(size_t index, const Shape &,
                               const std::vector<Stream> &) const {
  return Error{keyword() + " gives side array " + std::to_string(index) +
               " no codec"};
}

size_t Codec::numStreams() const {
  size_t count = 1;
  for (const std::shared_ptr<const Stage> &stage : chain)
    for (size_t i = 0, n = stage->numSides(); i < n; ++i) {
      CodecRef codec = stage->sideCodec(i);
      count += codec ? codec->numStreams() : 1;
    }
  return count;
}

/// What each stage's main array is to keep to: the range of the stage below.
static std::vector<Range>
targetsOf(const std::vector<std::shared_ptr<const Stage>> &chain) {
  std::vector<Range> targets(chain.size(), Range{-1, 1});
  for (size_t i = chain.size() - 1; i > 0; --i)
    targets[i - 1] = chain[i]->inputRange(targets[i]);
  return targets;
}

Range Codec::inputRange() const {
  return chain.front()->inputRange(targetsOf(chain).front());
}

Status Codec::checkMoment(const Moment *moment, const Shape &shape) const {
  if (!moment)
    return {};
  if (!chain.front()->usesMoment())
    return Error{"activations are known, but " + chain.front()->keyword() +
                 ", the outermost stage, does not look at them"};
  if (shape.empty() || shape.back() != moment->size)
    return Error{"activations have " + std::to_string(moment->size) +
                 " elements, the tensor has shape " + toString(shape)};
  return {};
}

/// What stage number `stage` may ask of those below it. They are shown the
/// moment where it has looked at it.
Below Codec::below(size_t stage, Range target, const Moment *moment) const {
  if (!chain[stage]->usesMoment())
    moment = nullptr;
  return Below(
      target,
      [=](const Array &main) { return roundTrip(main, stage + 1, moment); },
      moment);
}

/// What the stages from `first` on make of `values`. Below the last stage that
/// is not lossless nothing changes any more.
Result<Array> Codec::roundTrip(const Array &values, size_t first,
                               const Moment *moment) const {
  size_t end = chain.size();
  while (end > first && chain[end - 1]->isLossless())
    --end;
  std::vector<Range> targets = targetsOf(chain);
  std::vector<std::vector<Stream>> sides(chain.size());
  std::vector<Shape> shapes;
  Array main;
  for (size_t i = first; i < end; ++i) {
    const Array &input = i == first ? values : main;
    shapes.push_back(input.shape);
    Below below = this->below(i, targets[i], moment);
    moment = below.moment();
    Result<Array> next = chain[i]->encode(input, below, sides[i]);
    if (!next)
      return next;
    main = std::move(*next);
    std::vector<Stream> stored = std::move(sides[i]);
    sides[i].clear();
    for (size_t k = 0; k < stored.size(); ++k) {
      CodecRef codec = chain[i]->sideCodec(k);
      if (!codec) {
        sides[i].push_back(std::move(stored[k]));
        continue;
      }
      Result<Array> read = codec->roundTrip(stored[k].array);
      if (!read)
        return read;
      sides[i].push_back({stored[k].name, std::move(*read)});
    }
  }
  if (first == end)
    return values;
  for (size_t i = end; i-- > first;) {
    Result<Array> above = chain[i]->decode(main, sides[i], shapes[i - first]);
    if (!above)
      return above;
    main = std::move(*above);
  }
  return converted(std::move(main), values.type);
}

Result<Array> Codec::roundTrip(const Array &values) const {
  if (Status valid = checkChain(); !valid)
    return valid.error();
  return roundTrip(values, 0, nullptr);
}

Result<std::vector<Stream>> Codec::encode(const Array &values,
                                          const Moment *moment) const {
  if (Status valid = checkChain(); !valid)
    return valid.error();
  if (Status valid = checkMoment(moment, values.shape); !valid)
    return valid.error();
  std::vector<Range> targets = targetsOf(chain);
  std::vector<Stream> streams;
  Array main;
  for (size_t i = 0; i < chain.size(); ++i) {
    Below below = this->below(i, targets[i], moment);
    moment = below.moment();
    std::vector<Stream> sides;
    Result<Array> next = chain[i]->encode(i == 0 ? values : main, below, sides);
    if (!next)
      return next.error();
    main = std::move(*next);
    for (size_t k = 0; k < sides.size(); ++k) {
      CodecRef codec = chain[i]->sideCodec(k);
      if (!codec) {
        streams.push_back(std::move(sides[k]));
        continue;
      }
      Result<std::vector<Stream>> coded = codec->encode(sides[k].array);
      if (!coded)
        return Error{sides[k].name + " of " + chain[i]->keyword() + ": " +
                     coded.message()};
      for (Stream &stream : *coded)
        streams.push_back(
            {sides[k].name + "." + stream.name, std::move(stream.array)});
    }
  }
  streams.push_back({chain.back()->mainName(), std::move(main)});
  numberNames(streams);
  return streams;
}

/// The shape that each stage takes in, of a tensor of `shape`.
std::vector<Shape> Codec::shapesOf(const Shape &shape) const {
  std::vector<Shape> shapes{shape};
  for (size_t i = 0; i + 1 < chain.size(); ++i)
    shapes.push_back(chain[i]->mainShape(shapes.back()));
  return shapes;
}

/// The side arrays of each stage, decoded. Requires as many streams as
/// `numStreams` says.
Result<std::vector<std::vector<Stream>>>
Codec::decodeSides(const std::vector<Stream> &streams,
                   const std::vector<Shape> &shapes) const {
  std::vector<std::vector<Stream>> result;
  auto next = streams.begin();
  for (size_t i = 0; i < chain.size(); ++i) {
    std::vector<Stream> sides;
    for (size_t k = 0, n = chain[i]->numSides(); k < n; ++k) {
      CodecRef codec = chain[i]->sideCodec(k);
      if (!codec) {
        sides.push_back(*next++);
        continue;
      }
      Result<Shape> shape = chain[i]->sideShape(k, shapes[i], sides);
      if (!shape)
        return shape.error();
      std::vector<Stream> own(next, next + codec->numStreams());
      next += own.size();
      Result<Array> side =
          codec->decode(own, *shape, codec->stages().front()->decodedType());
      if (!side)
        return Error{"a side array of " + chain[i]->keyword() + ": " +
                     side.message()};
      sides.push_back({"", std::move(*side)});
    }
    result.push_back(std::move(sides));
  }
  return result;
}

/// Whether a tensor of `type` can come from an array of type `decoded`.
static bool isConvertible(ElementType decoded, ElementType type) {
  if (decoded == type)
    return true;
  return decoded == ElementType::F32 &&
         (type == ElementType::F64 || type == ElementType::F16 ||
          type == ElementType::BF16);
}

/// What `check` asks but that codes exist. Hands out the decoded side arrays.
Status Codec::checkStreams(const std::vector<Stream> &streams,
                           const Shape &shape, ElementType type,
                           std::vector<std::vector<Stream>> &sides) const {
  if (Status valid = checkChain(); !valid)
    return valid;
  ElementType decoded = chain.front()->decodedType();
  if (!isConvertible(decoded, type))
    return Error{chain.front()->keyword() + " decodes to " +
                 zq::codec::name(decoded) + ", not to " +
                 zq::codec::name(type)};
  if (streams.size() != numStreams())
    return Error{"the codec has " + std::to_string(numStreams()) +
                 " streams, got " + std::to_string(streams.size())};
  if (Status valid = checkShape(shape); !valid)
    return valid;
  std::vector<Shape> shapes = shapesOf(shape);
  auto decodedSides = decodeSides(streams, shapes);
  if (!decodedSides)
    return decodedSides.error();
  sides = std::move(*decodedSides);
  for (size_t i = 0; i < chain.size(); ++i) {
    bool isLast = i + 1 == chain.size();
    const Array *main = isLast ? &streams.back().array : nullptr;
    if (Status valid = chain[i]->check(main, sides[i], shapes[i]); !valid)
      return valid;
  }
  return {};
}

/// The first stage that has fewer codes than the one below may decode to; the
/// end where every code exists.
static size_t
firstToLookAt(const std::vector<std::shared_ptr<const Stage>> &chain) {
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    int64_t own = chain[i]->mainCodes(), below = chain[i + 1]->decodedCodes();
    if (own && (!below || below > own))
      return i;
  }
  return chain.size();
}

Status Codec::check(const std::vector<Stream> &streams, const Shape &shape,
                    ElementType type) const {
  std::vector<std::vector<Stream>> sides;
  if (Status valid = checkStreams(streams, shape, type, sides); !valid)
    return valid;
  const size_t first = firstToLookAt(chain);
  if (first == chain.size())
    return {};
  std::vector<Shape> shapes = shapesOf(shape);
  Array main;
  for (size_t i = chain.size(); --i > first;) {
    const Array &below = i + 1 == chain.size() ? streams.back().array : main;
    Result<Array> above = chain[i]->decode(below, sides[i], shapes[i]);
    if (!above)
      return above.error();
    main = std::move(*above);
  }
  return chain[first]->check(&main, sides[first], shapes[first]);
}

Result<Array> Codec::decode(const std::vector<Stream> &streams,
                            const Shape &shape, ElementType type) const {
  std::vector<std::vector<Stream>> sides;
  if (Status valid = checkStreams(streams, shape, type, sides); !valid)
    return valid.error();
  std::vector<Shape> shapes = shapesOf(shape);
  Array main;
  for (size_t i = chain.size(); i-- > 0;) {
    const Array &below = i + 1 == chain.size() ? streams.back().array : main;
    Result<Array> above = chain[i]->decode(below, sides[i], shapes[i]);
    if (!above)
      return above;
    main = std::move(*above);
  }
  return converted(std::move(main), type);
}

bool Codec::isLossless() const {
  for (const std::shared_ptr<const Stage> &stage : chain) {
    if (!stage->isLossless())
      return false;
    for (size_t i = 0, n = stage->numSides(); i < n; ++i)
      if (CodecRef codec = stage->sideCodec(i); codec && !codec->isLossless())
        return false;
  }
  return true;
}

double zq::codec::bitsPerElement(const std::vector<Stream> &streams,
                                 const Shape &shape) {
  int64_t elements = numElements(shape);
  if (elements == 0)
    return 0;
  double bytes = 0;
  for (const Stream &stream : streams)
    bytes += double(stream.array.bytes.size());
  return bytes * 8 / double(elements);
}
