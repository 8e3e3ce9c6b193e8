//===- Transcode.cpp - From one lossless coding to another ----------------===//

#include "zq/Codec/Transcode.h"
#include "Validate.h"
#include "zq/Codec/Records.h"

#include <algorithm>

using namespace zq::codec;

using Stages = std::vector<std::shared_ptr<const Stage>>;

/// The stages of `codec` from the `first` on, all of them lossless.
static Result<Codec> tailOf(const Codec &codec, size_t first) {
  Codec tail(Stages(codec.stages().begin() + first, codec.stages().end()));
  if (!tail.isLossless())
    return Error{"the codecs differ from " + tail.stages().front()->keyword() +
                 " on, and not only in lossless stages"};
  return tail;
}

Result<std::vector<Stream>>
zq::codec::transcode(const Codec &from, const std::vector<Stream> &streams,
                     const Shape &shape, const Codec &to) {
  if (from.records() || to.records())
    return Error{"streams in records are taken apart before"};
  size_t shared = 0;
  while (shared < std::min(from.stages().size(), to.stages().size()) &&
         from.stages()[shared] == to.stages()[shared])
    ++shared;
  if (shared == from.stages().size() && shared == to.stages().size())
    return streams;
  for (const Codec *longer : {&from, &to})
    if (shared == std::min(from.stages().size(), to.stages().size()) &&
        shared < longer->stages().size())
      return Error{longer->stages()[shared]->keyword() +
                   " follows where the other codec ends"};
  Result<Codec> oldTail = tailOf(from, shared), newTail = tailOf(to, shared);
  if (!oldTail || !newTail)
    return oldTail ? newTail.error() : oldTail.error();
  ElementType type = oldTail->stages().front()->decodedType();
  if (newTail->stages().front()->decodedType() != type)
    return Error{newTail->stages().front()->keyword() + " decodes to " +
                 name(newTail->stages().front()->decodedType()) + ", but " +
                 oldTail->stages().front()->keyword() + " to " + name(type)};
  if (streams.size() != from.numStreams())
    return Error{"the codec has " + std::to_string(from.numStreams()) +
                 " streams, got " + std::to_string(streams.size())};

  if (Status valid = checkShape(shape); !valid)
    return valid.error();
  Shape tailShape = shape;
  for (size_t i = 0; i < shared; ++i)
    tailShape = from.stages()[i]->mainShape(tailShape);
  auto tail = streams.end() - oldTail->numStreams();
  Result<Array> symbols =
      oldTail->decode({tail, streams.end()}, tailShape, type);
  if (!symbols)
    return symbols.error();
  Result<std::vector<Stream>> coded = newTail->encode(*symbols);
  if (!coded)
    return coded;
  std::vector<Stream> result(streams.begin(), tail);
  result.insert(result.end(), coded->begin(), coded->end());
  numberNames(result);
  return result;
}
