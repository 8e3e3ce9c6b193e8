//===- Safetensors.cpp - Named arrays in a .safetensors file --------------===//
#include "zq/Runtime/Safetensors.h"

#include "FileAccess.h"
#include "SafetensorsHeader.h"

#include <algorithm>
#include <numeric>

using namespace zq;
using namespace zq::runtime;
using codec::Array;
using codec::Error;
using codec::Result;
using codec::Status;

/// Bytes of the length in front of the header.
static constexpr uint64_t lengthSize = 8;

/// The format's own limit on headers.
static constexpr uint64_t maxHeaderSize = 100'000'000;

const Array *SafetensorsFile::find(const std::string &name) const {
  for (const NamedArray &tensor : tensors)
    if (tensor.name == name)
      return &tensor.array;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

SafetensorsReader::SafetensorsReader() = default;
SafetensorsReader::SafetensorsReader(SafetensorsReader &&) noexcept = default;
SafetensorsReader &
SafetensorsReader::operator=(SafetensorsReader &&) noexcept = default;
SafetensorsReader::~SafetensorsReader() = default;

Result<SafetensorsReader> SafetensorsReader::open(const std::string &path) {
  auto file = InputFile::open(path);
  if (!file)
    return file.error();
  if (file->size() < lengthSize)
    return file->error("too short for a .safetensors file");
  auto start = file->read(0, lengthSize);
  if (!start)
    return start.error();
  uint64_t headerSize = 0;
  for (size_t i = lengthSize; i-- > 0;)
    headerSize = headerSize << 8 | (*start)[i];
  uint64_t rest = file->size() - lengthSize;
  if (headerSize > maxHeaderSize || headerSize > rest)
    return file->error("not a .safetensors file, or truncated: a header of " +
                       std::to_string(headerSize) + " bytes in a file of " +
                       std::to_string(file->size()));
  auto text = file->read(lengthSize, headerSize);
  if (!text)
    return text.error();
  auto header =
      parseSafetensorsHeader(reinterpret_cast<const char *>(text->data()),
                             text->size(), rest - headerSize);
  if (!header)
    return file->error(header.message());

  SafetensorsReader reader;
  reader.file = std::make_unique<InputFile>(std::move(*file));
  reader.dataOffset = lengthSize + headerSize;
  reader.tensors = std::move(header->tensors);
  reader.notes = std::move(header->metadata);
  return reader;
}

std::vector<std::string> SafetensorsReader::names() const {
  std::vector<std::string> names;
  names.reserve(tensors.size());
  for (const SafetensorsEntry &tensor : tensors)
    names.push_back(tensor.name);
  return names;
}

const SafetensorsEntry *SafetensorsReader::find(const std::string &name) const {
  for (const SafetensorsEntry &tensor : tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

Result<Array> SafetensorsReader::read(const SafetensorsEntry &entry) const {
  auto bytes = file->read(dataOffset + entry.begin, entry.end - entry.begin);
  if (!bytes)
    return bytes.error();
  Array array;
  array.type = entry.type;
  array.shape = entry.shape;
  array.bytes = std::move(*bytes);
  return array;
}

Result<Array> SafetensorsReader::read(const std::string &name) const {
  if (const SafetensorsEntry *entry = find(name))
    return read(*entry);
  return file->error("no tensor " + quote(name));
}

Result<SafetensorsFile> runtime::readSafetensors(const std::string &path) {
  auto reader = SafetensorsReader::open(path);
  if (!reader)
    return reader.error();
  SafetensorsFile contents;
  contents.metadata = reader->metadata();
  for (const SafetensorsEntry &entry : reader->entries()) {
    auto array = reader->read(entry);
    if (!array)
      return array.error();
    contents.tensors.push_back({entry.name, std::move(*array)});
  }
  return contents;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Status runtime::writeSafetensors(const std::string &path,
                                 const SafetensorsFile &contents) {
  auto failure = [&](const std::string &text) {
    return Error{"cannot write " + quote(path) + ": " + text};
  };
  // Wider elements first: then every tensor begins at a multiple of its width.
  std::vector<size_t> order(contents.tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    int64_t widthA = codec::byteWidth(contents.tensors[a].array.type);
    int64_t widthB = codec::byteWidth(contents.tensors[b].array.type);
    return widthA != widthB ? widthA > widthB : a < b;
  });

  SafetensorsHeader header;
  header.metadata = contents.metadata;
  for (const auto &[name, array] : contents.tensors) {
    if (checkedByteSize(array.type, array.shape) != array.bytes.size())
      return failure("the shape of tensor " + quote(name) +
                     " does not fit its bytes");
    header.tensors.push_back({name, array.type, array.shape, 0, 0});
  }
  uint64_t offset = 0;
  for (size_t i : order) {
    header.tensors[i].begin = offset;
    offset += contents.tensors[i].array.bytes.size();
    header.tensors[i].end = offset;
  }
  auto text = printSafetensorsHeader(header);
  if (!text)
    return failure(text.message());
  if (text->size() > maxHeaderSize)
    return failure("the header is too long");

  auto file = OutputFile::create(path);
  if (!file)
    return file.error();
  uint8_t length[lengthSize];
  for (size_t i = 0; i < lengthSize; ++i)
    length[i] = static_cast<uint8_t>(text->size() >> 8 * i);
  if (auto status = file->write(length, lengthSize); !status)
    return status;
  if (auto status = file->write(text->data(), text->size()); !status)
    return status;
  for (size_t i : order) {
    const Array &array = contents.tensors[i].array;
    if (auto status = file->write(array.bytes.data(), array.bytes.size());
        !status)
      return status;
  }
  return file->commit();
}
