//===- Codec.cpp - A chain of stages --------------------------------------===//

#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/Records.h"
#include "zq/Codec/Stage.h"

#include <algorithm>
#include <set>

using namespace zq::codec;

Stage::~Stage() = default;
ElementMap::~ElementMap() = default;

Codec::Codec(std::vector<std::shared_ptr<const Stage>> stages,
             std::shared_ptr<const Records> records)
    : chain(std::move(stages)), layout(std::move(records)) {}

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

Moment Stage::momentBelow(const Moment &moment, const std::vector<Stream> &,
                          const Shape &) const {
  return moment;
}

Result<Array> Stage::encodeBy(const std::vector<Stream> &,
                              const Array &values) const {
  std::vector<Stream> sides;
  return encode(values, {}, sides);
}

void ElementMap::readAs(const std::vector<uint8_t> &) {}

std::unique_ptr<ElementMap> Stage::elementMap(const std::vector<Stream> &,
                                              const Shape &) const {
  return nullptr;
}

size_t Codec::numStreams() const {
  size_t count = 1;
  for (const std::shared_ptr<const Stage> &stage : chain)
    for (size_t i = 0, n = stage->numSides(); i < n; ++i) {
      CodecRef codec = stage->sideCodec(i);
      count += codec ? codec->numStreams() : 1;
    }
  return layout ? layout->numStreams(count) : count;
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
  if (layout) {
    auto own = layout->split(streams, shape);
    return own ? Codec(chain).check(*own, shape, type) : Status(own.error());
  }
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
  if (layout) {
    auto own = layout->split(streams, shape);
    return own ? Codec(chain).decode(*own, shape, type)
               : Result<Array>(own.error());
  }
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
