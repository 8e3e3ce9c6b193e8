//===- Chunks.cpp - Streams of data-dependent length and their index ------===//

#include "Chunks.h"
#include "Validate.h"

using namespace zq::codec;

std::vector<int64_t> zq::codec::chunkShape(const std::vector<int64_t> &shape,
                                           int64_t chunk) {
  std::vector<int64_t> result = shape;
  result.back() = ceilDiv(shape.back(), chunk);
  return result;
}

ChunkSpan zq::codec::chunkSpan(int64_t index, const std::vector<int64_t> &shape,
                               int64_t chunk) {
  int64_t length = shape.back(), perRow = ceilDiv(length, chunk);
  int64_t row = index / perRow, start = index % perRow * chunk;
  return {row * length + start, std::min(chunk, length - start)};
}

Status zq::codec::checkStream(const std::string &name, const Array &stream,
                              ElementType type, int64_t slack) {
  if (stream.shape.size() != 1)
    return Error{"stream '" + name + "' has shape " + toString(stream.shape) +
                 ", expected one dimension"};
  if (Status valid =
          checkArray("stream '" + name + "'", stream, type, stream.shape);
      !valid)
    return valid;
  if (stream.size() < slack || stream.size() > INT32_MAX)
    return Error{"stream '" + name + "' has " + std::to_string(stream.size()) +
                 (byteWidth(type) == 1 ? " bytes" : " elements") +
                 ", expected " + std::to_string(slack) + " to 2^31 - 1"};
  return {};
}

Status zq::codec::checkOffset(int64_t chunk, int64_t entry, int64_t end,
                              const std::string &unit) {
  if (entry >= 0 && entry <= end)
    return {};
  return Error{"chunk " + std::to_string(chunk) + " starts at " + unit + " " +
               std::to_string(entry) + " of " + std::to_string(end)};
}

Error zq::codec::pastTheEnd(int64_t chunk, const std::string &name) {
  return {"chunk " + std::to_string(chunk) + " runs past the end of stream '" +
          name + "'"};
}

Result<Array> zq::codec::byteStream(const std::string &keyword,
                                    const std::string &name,
                                    std::vector<uint8_t> bytes, int64_t slack) {
  bytes.resize(bytes.size() + slack);
  if (bytes.size() > INT32_MAX)
    return Error{"stream '" + name + "' of " + keyword +
                 " exceeds 2^31 - 1 bytes"};
  Array stream;
  stream.type = ElementType::I8;
  stream.shape = {int64_t(bytes.size())};
  stream.bytes = std::move(bytes);
  return stream;
}
