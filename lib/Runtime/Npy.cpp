//===- Npy.cpp - Arrays in NumPy's .npy format ----------------------------===//
//
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
//===----------------------------------------------------------------------===//
#include "zq/Runtime/Npy.h"

#include "FileAccess.h"

#include <algorithm>
#include <cstring>

using namespace zq;
using namespace zq::runtime;
using codec::Array;
using codec::ElementType;
using codec::Error;
using codec::Result;
using codec::Status;

/// The magic string and the two bytes of the version.
static constexpr char magic[] = "\x93NUMPY";
static constexpr size_t magicSize = 6;
static constexpr size_t versionEnd = magicSize + 2;

/// NumPy itself refuses headers over 10 000 bytes unless told otherwise.
static constexpr uint64_t maxHeaderSize = 1 << 20;

namespace {
/// What a header says.
struct NpyHeader {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Reads the one form of Python literal that a header may be: a dictionary with
/// the three keys 'descr', 'fortran_order' and 'shape'.
class HeaderParser {
public:
  HeaderParser(const char *begin, const char *end) : next(begin), end(end) {}

  Result<NpyHeader> parse();

private:
  void skipSpace() {
    while (next != end && std::strchr(" \t\r\n", *next) && *next)
      ++next;
  }
  /// Takes `text` if it comes next.
  bool take(const char *text) {
    skipSpace();
    size_t size = std::strlen(text);
    if (static_cast<size_t>(end - next) < size ||
        std::memcmp(next, text, size) != 0)
      return false;
    next += size;
    return true;
  }
  bool parseString(std::string &text);
  bool parseBool(bool &value);
  bool parseDimension(int64_t &value);
  bool parseShape(std::vector<int64_t> &shape);

  const char *next;
  const char *end;
};
} // namespace

bool HeaderParser::parseString(std::string &text) {
  skipSpace();
  if (next == end || (*next != '\'' && *next != '"'))
    return false;
  const char *close = std::find(next + 1, end, *next);
  if (close == end)
    return false;
  text.assign(next + 1, close);
  next = close + 1;
  return text.find('\\') == std::string::npos;
}

bool HeaderParser::parseBool(bool &value) {
  value = take("True");
  return value || take("False");
}

bool HeaderParser::parseDimension(int64_t &value) {
  skipSpace();
  if (next == end || *next < '0' || *next > '9')
    return false;
  value = 0;
  for (; next != end && *next >= '0' && *next <= '9'; ++next)
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, *next - '0', &value))
      return false;
  // Python 2 wrote long integers so.
  if (next != end && *next == 'L')
    ++next;
  return true;
}

bool HeaderParser::parseShape(std::vector<int64_t> &shape) {
  if (!take("("))
    return false;
  while (!take(")")) {
    int64_t dim;
    if (shape.size() == maxRank || !parseDimension(dim))
      return false;
    shape.push_back(dim);
    if (take(","))
      continue;
    // One element without a comma would be a number, not a tuple.
    return shape.size() > 1 && take(")");
  }
  return true;
}

Result<NpyHeader> HeaderParser::parse() {
  NpyHeader header;
  bool hasDescr = false, hasOrder = false, hasShape = false;
  if (!take("{"))
    return Error{"the header is not a dictionary"};
  while (!take("}")) {
    std::string key;
    if (!parseString(key) || !take(":"))
      return Error{"the header is malformed"};
    bool *seen = key == "descr"           ? &hasDescr
                 : key == "fortran_order" ? &hasOrder
                 : key == "shape"         ? &hasShape
                                          : nullptr;
    if (!seen || *seen)
      return Error{"unexpected key " + quote(key) + " in the header"};
    *seen = true;
    if (seen == &hasDescr && !parseString(header.descr))
      return Error{"only plain element types are supported"};
    if (seen == &hasOrder && !parseBool(header.fortranOrder))
      return Error{"'fortran_order' is neither True nor False"};
    if (seen == &hasShape && !parseShape(header.shape))
      return Error{"'shape' is not a tuple of at most " +
                   std::to_string(maxRank) + " dimensions"};
    if (!take(",")) {
      if (take("}"))
        break;
      return Error{"the header is malformed"};
    }
  }
  skipSpace();
  if (next != end)
    return Error{"the header goes on after its dictionary"};
  if (!hasDescr || !hasOrder || !hasShape)
    return Error{"the header lacks 'descr', 'fortran_order' or 'shape'"};
  return header;
}

static Result<ElementType> parseDescr(const std::string &descr,
                                      VoidElements voids) {
  static const struct {
    const char *descr;
    ElementType type;
  } table[] = {
      {"<f8", ElementType::F64}, {"<f4", ElementType::F32},
      {"<f2", ElementType::F16}, {"|i1", ElementType::I8},
      {"|u1", ElementType::I8},  {"|b1", ElementType::I8},
      {"<i2", ElementType::I16}, {"<u2", ElementType::I16},
      {"<i4", ElementType::I32}, {"<u4", ElementType::I32},
      {"<i8", ElementType::I64}, {"<u8", ElementType::I64},
  };
  for (const auto &entry : table)
    if (descr == entry.descr)
      return entry.type;
  if (descr == "<V2" || descr == "|V2") {
    if (voids == VoidElements::AsBF16)
      return ElementType::BF16;
    return Error{"the meaning of elements of type " + quote(descr) +
                 " is not known"};
  }
  if (!descr.empty() && descr[0] == '>')
    return Error{"big-endian elements of type " + quote(descr) +
                 " are not supported"};
  return Error{"elements of type " + quote(descr) + " are not supported"};
}

static const char *printDescr(ElementType type) {
  switch (type) {
  case ElementType::F64:
    return "<f8";
  case ElementType::F32:
    return "<f4";
  case ElementType::F16:
    return "<f2";
  case ElementType::BF16:
    return "<V2";
  case ElementType::F8E4M3FN:
  case ElementType::F8E5M2:
  case ElementType::F8E8M0FNU:
  case ElementType::I8:
    return "|u1";
  case ElementType::I16:
    return "<i2";
  case ElementType::I32:
    return "<i4";
  case ElementType::I64:
    return "<i8";
  }
  return "";
}

/// Puts elements stored first dimension fastest into row-major order.
static void transposeFromFortran(Array &array) {
  size_t width = static_cast<size_t>(codec::byteWidth(array.type));
  size_t rank = array.shape.size();
  std::vector<int64_t> strides(rank, 1), index(rank, 0);
  for (size_t k = 1; k < rank; ++k)
    strides[k] = strides[k - 1] * array.shape[k - 1];

  std::vector<uint8_t> rowMajor(array.bytes.size());
  int64_t source = 0;
  for (size_t at = 0; at < rowMajor.size(); at += width) {
    std::memcpy(&rowMajor[at],
                &array.bytes[static_cast<size_t>(source) * width], width);
    for (size_t k = rank; k-- > 0;) {
      source += strides[k];
      if (++index[k] < array.shape[k])
        break;
      source -= strides[k] * array.shape[k];
      index[k] = 0;
    }
  }
  array.bytes = std::move(rowMajor);
}

Result<Array> runtime::readNpy(const std::string &path, VoidElements voids) {
  auto file = InputFile::open(path);
  if (!file)
    return file.error();
  auto start = file->read(0, std::min<uint64_t>(file->size(), versionEnd + 4));
  if (!start)
    return start.error();
  if (start->size() < versionEnd + 2 ||
      std::memcmp(start->data(), magic, magicSize) != 0)
    return file->error("not a .npy file");
  unsigned major = (*start)[magicSize];
  if (major < 1 || major > 3)
    return file->error("unknown .npy version " + std::to_string(major));

  // The header's length has two bytes in version 1 and four from 2 on.
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (start->size() < versionEnd + lengthBytes)
    return file->error("the header is truncated");
  uint64_t headerSize = 0;
  for (size_t i = lengthBytes; i-- > 0;)
    headerSize = headerSize << 8 | (*start)[versionEnd + i];
  uint64_t headerBegin = versionEnd + lengthBytes;
  if (headerSize > maxHeaderSize)
    return file->error("the header is too long");
  if (headerSize > file->size() - headerBegin)
    return file->error("the header is truncated");
  auto text = file->read(headerBegin, headerSize);
  if (!text)
    return text.error();
  const char *begin = reinterpret_cast<const char *>(text->data());
  auto header = HeaderParser(begin, begin + text->size()).parse();
  if (!header)
    return file->error(header.message());
  auto type = parseDescr(header->descr, voids);
  if (!type)
    return file->error(type.message());

  uint64_t dataSize = file->size() - headerBegin - headerSize;
  auto expected = checkedByteSize(*type, header->shape);
  if (!expected)
    return file->error("the array's size overflows");
  if (*expected != dataSize)
    return file->error("the header asks for " + std::to_string(*expected) +
                       " bytes of data, the file has " +
                       std::to_string(dataSize));
  auto bytes = file->read(headerBegin + headerSize, dataSize);
  if (!bytes)
    return bytes.error();
  Array array;
  array.type = *type;
  array.shape = std::move(header->shape);
  array.bytes = std::move(*bytes);
  if (header->fortranOrder && array.shape.size() > 1)
    transposeFromFortran(array);
  return array;
}

Status runtime::writeNpy(const std::string &path, const Array &array) {
  if (checkedByteSize(array.type, array.shape) != array.bytes.size())
    return Error{"cannot write " + quote(path) +
                 ": the array's shape does not fit its bytes"};
  std::string header = "{'descr': '" + std::string(printDescr(array.type)) +
                       "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < array.shape.size(); ++i)
    header += (i ? " " : "") + std::to_string(array.shape[i]) + ",";
  header += "), }";
  // The data begins at a multiple of 64 bytes, and a newline ends the header.
  size_t unpadded = versionEnd + 2 + header.size() + 1;
  header.append((64 - unpadded % 64) % 64, ' ');
  header += '\n';

  std::string start(magic, magicSize);
  start += {'\x01', '\x00', static_cast<char>(header.size() & 0xff),
            static_cast<char>(header.size() >> 8)};
  start += header;
  auto file = OutputFile::create(path);
  if (!file)
    return file.error();
  if (auto status = file->write(start.data(), start.size()); !status)
    return status;
  if (auto status = file->write(array.bytes.data(), array.bytes.size());
      !status)
    return status;
  return file->commit();
}
