//===- EncodeCodec.cpp - The way down a chain of stages -------------------===//

#include "Elements.h"
#include "ErrorFeedback.h"
#include "Validate.h"
#include "zq/Codec/Records.h"
#include "zq/Codec/Stage.h"

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;

/// What each stage's main array is to keep to: the range of the stage below.
static std::vector<Range> targetsOf(const Stages &chain) {
  std::vector<Range> targets(chain.size(), Range{-1, 1});
  for (size_t i = chain.size() - 1; i > 0; --i)
    targets[i - 1] = chain[i]->inputRange(targets[i]);
  return targets;
}

Range Codec::inputRange() const {
  return chain.front()->inputRange(targetsOf(chain).front());
}

namespace {
/// The stages whose rounding errors are fed back: from `first` to `last`, which
/// makes the codes. None where `first` is the end of the chain.
struct FedBack {
  size_t first;
  size_t last;

  explicit FedBack(const Stages &chain) : first(chain.size()), last(first) {
    size_t codes = 0;
    while (codes < chain.size() &&
           chain[codes]->mapping() != Stage::Mapping::ToCodes)
      ++codes;
    // What is lost below the codes is not seen by rounding to them, unless code
    // by code.
    for (size_t i = codes + 1; i < chain.size(); ++i)
      if (!chain[i]->isLossless() &&
          chain[i]->mapping() != Stage::Mapping::OfCodes)
        return;
    if (codes == chain.size())
      return;
    first = last = codes;
    while (first > 0 && chain[first - 1]->mapping() == Stage::Mapping::ToValues)
      --first;
  }
};
} // namespace

/// What a stage took in, and its side arrays, before codecs of their own.
struct Codec::Encoded {
  Shape shape;
  std::vector<Stream> sides;
  /// What the codecs of the sides are shown; null where that is nothing.
  std::shared_ptr<const Moment> momentOfSides = nullptr;
};

Status Codec::checkMoment(const Moment *moment, const Shape &shape) const {
  if (!moment)
    return {};
  const FedBack fedBack(chain);
  for (size_t i = 0; i != fedBack.first && !chain[i]->usesMoment(); ++i) {
    if (chain[i]->showsMomentToSides()) {
      for (size_t k = 0; k < chain[i]->numSides(); ++k)
        if (Status valid = chain[i]->sideCodec(k)->checkMoment(moment, shape);
            !valid)
          return valid;
      break;
    }
    if (!chain[i]->passesMoment())
      return Error{"activations are known, but " + chain[i]->keyword() +
                   ", which they reach first, does not look at them"};
  }
  if (shape.empty() || shape.back() != moment->size)
    return Error{"activations have " + std::to_string(moment->size) +
                 " elements, the tensor has shape " + toString(shape)};
  return {};
}

/// What stage number `stage` may ask of those below it. `moment`, which may be
/// null, is that of what it takes in; those below are shown it where it passes
/// it on, but for stages that choose what errors are fed back with.
Below Codec::below(size_t stage, Range target, const Moment *moment) const {
  const bool isShown = moment && chain[stage]->usesMoment();
  const Moment *further =
      isShown && stage < FedBack(chain).first && chain[stage]->passesMoment()
          ? moment
          : nullptr;
  return Below(
      target,
      [=](const Array &main) { return roundTrip(main, stage + 1, further); },
      isShown ? moment : nullptr);
}

/// The side arrays of a stage as they read back.
Result<std::vector<Stream>> Codec::readSides(size_t stage,
                                             const Encoded &encoded) const {
  const std::vector<Stream> &sides = encoded.sides;
  std::vector<Stream> result;
  for (size_t k = 0; k < sides.size(); ++k) {
    CodecRef codec = chain[stage]->sideCodec(k);
    Result<Array> read =
        codec ? codec->roundTrip(sides[k].array, 0, encoded.momentOfSides.get())
              : Result<Array>(sides[k].array);
    if (!read)
      return Error{sides[k].name + " of " + chain[stage]->keyword() + ": " +
                   read.message()};
    result.push_back({sides[k].name, std::move(*read)});
  }
  return result;
}

/// Encodes by one stage, and adds what it stores to `done`.
Result<Array> Codec::encodeStage(size_t stage, const Array &input,
                                 const Moment *moment,
                                 std::vector<Encoded> &done) const {
  Below below = this->below(stage, targetsOf(chain)[stage], moment);
  done.push_back({input.shape, {}});
  return chain[stage]->encode(input, below, done.back().sides);
}

/// Encodes by the stages from `first` to `last`, which makes codes, such that
/// errors are fed back: side arrays are those without feedback.
Result<Array> Codec::encodeWithFeedback(size_t first, size_t last,
                                        const Array &input,
                                        const Moment &moment,
                                        std::vector<Encoded> &done) const {
  Result<Array> values = finiteF32(chain[first]->keyword(), input);
  if (!values)
    return values.error();
  ElementMaps maps;
  Array main = *values;
  std::vector<Stream> sidesOfCodes;
  for (size_t i = first; i <= last; ++i) {
    Result<Array> next =
        encodeStage(i, main, i == first ? &moment : nullptr, done);
    if (!next)
      return next.error();
    auto sides = readSides(i, done.back());
    if (!sides)
      return sides.error();
    maps.push_back(chain[i]->elementMap(*sides, main.shape));
    main = std::move(*next);
    sidesOfCodes = std::move(*sides);
  }
  auto codesRead = readCodes(last);
  if (!codesRead)
    return codesRead.error();
  if (!codesRead->empty())
    maps.back()->readAs(*codesRead);

  Array adjusted = withErrorFeedback(*values, moment, maps);
  maps.pop_back();
  const ElementLine all{0, 1, adjusted.size()};
  for (const std::unique_ptr<ElementMap> &map : maps)
    map->encode(all, elements<float>(adjusted));
  return chain[last]->encodeBy(sidesOfCodes, adjusted);
}

/// What each code that stage number `stage` makes reads back as through the
/// stages below it; nothing where that is the code itself.
Result<std::vector<uint8_t>> Codec::readCodes(size_t stage) const {
  std::vector<uint8_t> result;
  size_t end = chain.size();
  while (end > stage + 1 && chain[end - 1]->isLossless())
    --end;
  if (end == stage + 1)
    return result;
  Array codes(ElementType::I8, {chain[end - 1]->mainCodes()});
  for (int64_t code = 0; code < codes.size(); ++code)
    codes.set(code, uint8_t(code));
  for (size_t i = end; i-- > stage + 1;) {
    if (chain[i]->isLossless())
      continue;
    Result<Array> read = chain[i]->decode(codes, {}, codes.shape);
    if (!read)
      return read.error();
    codes = std::move(*read);
  }
  const uint8_t *first = elements<uint8_t>(codes);
  result.assign(first, first + codes.size());
  return result;
}

/// Encodes by the stages from `first` to the one before `end`, of which `done`
/// gets what they store.
Result<Array> Codec::encodeStages(const Array &values, size_t first, size_t end,
                                  const Moment *moment,
                                  std::vector<Encoded> &done) const {
  const FedBack fedBack(chain);
  // The caller's, of which nothing is owned, or one that was made here.
  std::shared_ptr<const Moment> known(std::shared_ptr<const Moment>(), moment);
  Array main = values;
  for (size_t i = first; i < end; ++i) {
    if (known && i == fedBack.first) {
      Result<Array> next =
          encodeWithFeedback(i, fedBack.last, main, *known, done);
      if (!next)
        return next;
      main = std::move(*next);
      i = fedBack.last;
      known = nullptr;
      continue;
    }
    Result<Array> next = encodeStage(i, main, known.get(), done);
    if (!next)
      return next;
    main = std::move(*next);
    if (!known)
      continue;
    if (chain[i]->showsMomentToSides())
      done.back().momentOfSides = known;
    if (!chain[i]->passesMoment()) {
      known = nullptr;
      continue;
    }
    auto sides = readSides(i, done.back());
    if (!sides)
      return sides.error();
    known = std::make_shared<const Moment>(
        chain[i]->momentBelow(*known, *sides, done.back().shape));
  }
  return main;
}

/// What the stages from `first` on make of `values`. Below the last stage that
/// is not lossless nothing changes any more.
Result<Array> Codec::roundTrip(const Array &values, size_t first,
                               const Moment *moment) const {
  size_t end = chain.size();
  while (end > first && chain[end - 1]->isLossless())
    --end;
  if (first == end)
    return values;
  std::vector<Encoded> done;
  Result<Array> main = encodeStages(values, first, end, moment, done);
  if (!main)
    return main;
  for (size_t i = end; i-- > first;) {
    const Encoded &encoded = done[i - first];
    auto sides = readSides(i, encoded);
    if (!sides)
      return sides.error();
    main = chain[i]->decode(*main, *sides, encoded.shape);
    if (!main)
      return main;
  }
  return converted(std::move(*main), values.type);
}

Result<Array> Codec::roundTrip(const Array &values) const {
  if (Status valid = checkChain(); !valid)
    return valid.error();
  return roundTrip(values, 0, nullptr);
}

Result<std::vector<Stream>> Codec::encode(const Array &values,
                                          const Moment *moment) const {
  if (layout) {
    auto streams = Codec(chain).encode(values, moment);
    return streams ? layout->join(*streams, values.shape) : streams;
  }
  if (Status valid = checkChain(); !valid)
    return valid.error();
  if (Status valid = checkMoment(moment, values.shape); !valid)
    return valid.error();
  std::vector<Encoded> done;
  Result<Array> main = encodeStages(values, 0, chain.size(), moment, done);
  if (!main)
    return main.error();
  std::vector<Stream> streams;
  for (size_t i = 0; i < chain.size(); ++i)
    for (size_t k = 0; k < done[i].sides.size(); ++k) {
      Stream &side = done[i].sides[k];
      CodecRef codec = chain[i]->sideCodec(k);
      if (!codec) {
        streams.push_back(std::move(side));
        continue;
      }
      Result<std::vector<Stream>> coded =
          codec->encode(side.array, done[i].momentOfSides.get());
      if (!coded)
        return Error{side.name + " of " + chain[i]->keyword() + ": " +
                     coded.message()};
      for (Stream &stream : *coded)
        streams.push_back(
            {side.name + "." + stream.name, std::move(stream.array)});
    }
  streams.push_back({chain.back()->mainName(), std::move(*main)});
  numberNames(streams);
  return streams;
}
