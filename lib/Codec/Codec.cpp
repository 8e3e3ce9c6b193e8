//===- Codec.cpp - A chain of stages --------------------------------------===//

#include "Validate.h"
#include "zq/Codec/Stage.h"

#include <algorithm>

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

/// Gives every name that occurs before an ordinal.
static void numberNames(std::vector<Stream> &streams) {
  std::vector<std::string> seen;
  for (Stream &stream : streams) {
    auto earlier = std::count(seen.begin(), seen.end(), stream.name);
    seen.push_back(stream.name);
    if (earlier > 0)
      stream.name += std::to_string(earlier);
  }
}

Result<std::vector<Stream>> Codec::encode(const Array &values) const {
  if (Status valid = checkChain(); !valid)
    return valid.error();
  std::vector<Range> targets(chain.size(), Range{-1, 1});
  for (size_t i = chain.size() - 1; i > 0; --i)
    targets[i - 1] = chain[i]->inputRange(targets[i]);

  std::vector<Stream> streams;
  Array main = values;
  for (size_t i = 0; i < chain.size(); ++i) {
    Result<Array> next = chain[i]->encode(main, targets[i], streams);
    if (!next)
      return next.error();
    main = std::move(*next);
  }
  streams.push_back({chain.back()->mainName(), std::move(main)});
  numberNames(streams);
  return streams;
}

/// The side streams of each stage, in the order of the chain.
static std::vector<std::vector<Stream>>
splitSides(const std::vector<std::shared_ptr<const Stage>> &chain,
           const std::vector<Stream> &streams) {
  std::vector<std::vector<Stream>> result;
  auto next = streams.begin();
  for (const std::shared_ptr<const Stage> &stage : chain) {
    result.emplace_back(next, next + stage->numSides());
    next += stage->numSides();
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

Status Codec::check(const std::vector<Stream> &streams,
                    const std::vector<int64_t> &shape, ElementType type) const {
  if (Status valid = checkChain(); !valid)
    return valid;
  ElementType decoded = chain.front()->decodedType();
  if (!isConvertible(decoded, type))
    return Error{chain.front()->keyword() + " decodes to " +
                 zq::codec::name(decoded) + ", not to " +
                 zq::codec::name(type)};
  size_t expected = 1;
  for (const std::shared_ptr<const Stage> &stage : chain)
    expected += stage->numSides();
  if (streams.size() != expected)
    return Error{"the codec has " + std::to_string(expected) +
                 " streams, got " + std::to_string(streams.size())};
  std::vector<std::vector<Stream>> sides = splitSides(chain, streams);
  for (size_t i = 0; i < chain.size(); ++i) {
    bool isLast = i + 1 == chain.size();
    const Array *main = isLast ? &streams.back().array : nullptr;
    if (Status valid = chain[i]->check(main, sides[i], shape); !valid)
      return valid;
  }
  return {};
}

Result<Array> Codec::decode(const std::vector<Stream> &streams,
                            const std::vector<int64_t> &shape,
                            ElementType type) const {
  if (Status valid = check(streams, shape, type); !valid)
    return valid.error();
  std::vector<std::vector<Stream>> sides = splitSides(chain, streams);
  Array main = streams.back().array;
  for (size_t i = chain.size(); i-- > 0;) {
    Result<Array> above = chain[i]->decode(main, sides[i], shape);
    if (!above)
      return above;
    main = std::move(*above);
  }
  if (main.type == type)
    return main;
  Array result(type, shape);
  for (int64_t i = 0, n = main.size(); i < n; ++i)
    result.setFloat(i, main.getFloat(i));
  return result;
}

bool Codec::isLossless() const {
  return std::all_of(
      chain.begin(), chain.end(),
      [](const std::shared_ptr<const Stage> &s) { return s->isLossless(); });
}

double zq::codec::bitsPerElement(const std::vector<Stream> &streams,
                                 const std::vector<int64_t> &shape) {
  int64_t elements = numElements(shape);
  if (elements == 0)
    return 0;
  double bytes = 0;
  for (const Stream &stream : streams)
    bytes += double(stream.array.bytes.size());
  return bytes * 8 / double(elements);
}
