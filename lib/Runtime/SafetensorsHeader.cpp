//===- SafetensorsHeader.cpp - The JSON header of a .safetensors file -----===//
//
// The header is read event by event, so that a wrong one is refused at the
// first wrong token, repeated names are seen, and nesting costs nothing.
//
//===----------------------------------------------------------------------===//
#include "SafetensorsHeader.h"

#include "FileAccess.h"

// JSON comes from a library since headers hold arbitrary UTF-8 with escapes,
// which is easy to get wrong by hand; this one is header-only, so that nothing
// more is linked, and works without exceptions. LLVM's own JSON is not used as
// programs without LLVM link these files too.
#include <nlohmann/json.hpp>

#include <set>

using namespace zq;
using namespace zq::runtime;
using codec::ElementType;
using codec::Error;
using codec::Result;
using nlohmann::json;
using nlohmann::ordered_json;

static const struct {
  const char *name;
  ElementType type;
} dtypes[] = {
    // The first name of a type is the one written.
    {"F64", ElementType::F64},
    {"F32", ElementType::F32},
    {"F16", ElementType::F16},
    {"BF16", ElementType::BF16},
    {"F8_E4M3", ElementType::F8E4M3FN},
    {"F8_E5M2", ElementType::F8E5M2},
    {"F8_E8M0", ElementType::F8E8M0FNU},
    {"U8", ElementType::I8},
    {"I8", ElementType::I8},
    {"BOOL", ElementType::I8},
    {"I16", ElementType::I16},
    {"U16", ElementType::I16},
    {"I32", ElementType::I32},
    {"U32", ElementType::I32},
    {"I64", ElementType::I64},
    {"U64", ElementType::I64},
};

static const char metadataKey[] = "__metadata__";

namespace {
/// Receives the parser's events. A handler that returns false ends the parse.
class HeaderReader final : public nlohmann::json_sax<json> {
public:
  explicit HeaderReader(uint64_t dataSize) : dataSize(dataSize) {}

  SafetensorsHeader header;
  std::string message;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(int64_t) override {
    return unexpected("a negative number");
  }
  bool number_float(double, const std::string &) override {
    return unexpected("a number that is not a 64-bit integer");
  }
  bool binary(json::binary_t &) override { return unexpected("binary data"); }
  bool number_unsigned(uint64_t value) override;
  bool string(std::string &value) override;
  bool start_object(size_t) override;
  bool key(std::string &value) override;
  bool end_object() override;
  bool start_array(size_t) override;
  bool end_array() override;
  bool parse_error(size_t position, const std::string &,
                   const nlohmann::detail::exception &) override {
    return fail("the header is malformed JSON at byte " +
                std::to_string(position));
  }

private:
  enum class Place { Outside, Top, Metadata, Tensor, List };
  enum class Field { None, DType, Shape, Offsets };

  bool fail(std::string text) {
    message = std::move(text);
    return false;
  }
  bool unexpected(const std::string &what) {
    switch (place) {
    case Place::Outside:
      return fail("the header is " + what + ", not an object");
    case Place::Top:
      return fail("entry " + quote(name) + " is " + what + ", not an object");
    case Place::Metadata:
      return fail("metadata " + quote(name) + " is " + what + ", not a string");
    case Place::Tensor:
    case Place::List:
      return fail(where() + "'" + fieldName() + "' holds " + what);
    }
    return fail("unexpected " + what);
  }
  std::string where() const { return "tensor " + quote(name) + ": "; }
  const char *fieldName() const {
    return field == Field::DType   ? "dtype"
           : field == Field::Shape ? "shape"
                                   : "data_offsets";
  }
  bool finishTensor();

  uint64_t dataSize;
  /// Bytes of the tensors so far.
  uint64_t claimed = 0;
  Place place = Place::Outside;
  Field field = Field::None;
  /// The key last seen at the top or in the metadata.
  std::string name;
  /// All keys at the top.
  std::set<std::string> names;
  SafetensorsEntry tensor;
  std::vector<uint64_t> offsets;
  bool hasType = false, hasShape = false, hasOffsets = false;
};
} // namespace

bool HeaderReader::number_unsigned(uint64_t value) {
  if (place != Place::List)
    return unexpected("a number");
  if (field == Field::Shape) {
    if (tensor.shape.size() == maxRank)
      return fail(where() + "more than " + std::to_string(maxRank) +
                  " dimensions");
    if (value > static_cast<uint64_t>(INT64_MAX))
      return fail(where() + "its size overflows");
    tensor.shape.push_back(static_cast<int64_t>(value));
    return true;
  }
  if (offsets.size() == 2)
    return fail(where() + "'data_offsets' holds more than two numbers");
  offsets.push_back(value);
  return true;
}

bool HeaderReader::string(std::string &value) {
  if (place == Place::Metadata) {
    header.metadata[name] = value;
    return true;
  }
  if (place != Place::Tensor || field != Field::DType)
    return unexpected("a string");
  for (const auto &dtype : dtypes)
    if (value == dtype.name) {
      tensor.type = dtype.type;
      return true;
    }
  return fail(where() + "unknown dtype " + quote(value));
}

bool HeaderReader::start_object(size_t) {
  switch (place) {
  case Place::Outside:
    place = Place::Top;
    return true;
  case Place::Top:
    if (name == metadataKey) {
      place = Place::Metadata;
      return true;
    }
    place = Place::Tensor;
    tensor = SafetensorsEntry();
    tensor.name = name;
    offsets.clear();
    hasType = hasShape = hasOffsets = false;
    return true;
  default:
    return unexpected("an object");
  }
}

bool HeaderReader::key(std::string &value) {
  if (place == Place::Tensor) {
    bool *seen = value == "dtype"          ? &hasType
                 : value == "shape"        ? &hasShape
                 : value == "data_offsets" ? &hasOffsets
                                           : nullptr;
    if (!seen)
      return fail(where() + "unknown field " + quote(value));
    if (*seen)
      return fail(where() + "'" + value + "' is given twice");
    *seen = true;
    field = seen == &hasType    ? Field::DType
            : seen == &hasShape ? Field::Shape
                                : Field::Offsets;
    return true;
  }
  name = value;
  if (place == Place::Metadata) {
    if (header.metadata.count(name))
      return fail("metadata " + quote(name) + " is given twice");
  } else if (!names.insert(name).second) {
    return fail("tensor " + quote(name) + " is given twice");
  }
  return true;
}

bool HeaderReader::end_object() {
  bool tensorEnds = place == Place::Tensor;
  place = place == Place::Top ? Place::Outside : Place::Top;
  return !tensorEnds || finishTensor();
}

bool HeaderReader::start_array(size_t) {
  if (place != Place::Tensor || field == Field::DType)
    return unexpected("an array");
  place = Place::List;
  return true;
}

bool HeaderReader::end_array() {
  place = Place::Tensor;
  return true;
}

bool HeaderReader::finishTensor() {
  if (!hasType || !hasShape || !hasOffsets)
    return fail(where() + "'dtype', 'shape' or 'data_offsets' is missing");
  if (offsets.size() != 2)
    return fail(where() + "'data_offsets' holds fewer than two numbers");
  tensor.begin = offsets[0];
  tensor.end = offsets[1];
  if (tensor.begin > tensor.end || tensor.end > dataSize)
    return fail(where() + "bytes " + std::to_string(tensor.begin) + " to " +
                std::to_string(tensor.end) + " are not within the " +
                std::to_string(dataSize) + " bytes of data");
  auto size = checkedByteSize(tensor.type, tensor.shape);
  if (!size)
    return fail(where() + "its size overflows");
  if (*size != tensor.end - tensor.begin)
    return fail(where() + "dtype and shape ask for " + std::to_string(*size) +
                " bytes, its offsets give " +
                std::to_string(tensor.end - tensor.begin));
  // The format forbids overlap; checking the sum is enough to keep a small file
  // from asking for much memory.
  if (*size > dataSize - claimed)
    return fail(where() + "its bytes overlap another tensor's");
  claimed += *size;
  header.tensors.push_back(std::move(tensor));
  return true;
}

Result<SafetensorsHeader> runtime::parseSafetensorsHeader(const char *text,
                                                          size_t size,
                                                          uint64_t dataSize) {
  // The format leaves no room for a leading space or byte order mark.
  if (size == 0 || *text != '{')
    return Error{"the header does not begin with '{'"};
  HeaderReader reader(dataSize);
  if (!json::sax_parse(text, text + size, &reader))
    return Error{reader.message};
  return std::move(reader.header);
}

/// Whether JSON can hold `text` as it is.
static bool isUtf8(const std::string &text) {
  // Without exceptions the printer cannot refuse, but it can replace.
  std::string printed =
      json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(printed, nullptr, /*allow_exceptions=*/false) == text;
}

Result<std::string>
runtime::printSafetensorsHeader(const SafetensorsHeader &header) {
  ordered_json root = ordered_json::object();
  for (const auto &[key, value] : header.metadata) {
    if (!isUtf8(key) || !isUtf8(value))
      return Error{"metadata " + quote(key) + " is not valid UTF-8"};
    root[metadataKey][key] = value;
  }
  std::set<std::string> names = {metadataKey};
  for (const SafetensorsEntry &tensor : header.tensors) {
    if (!names.insert(tensor.name).second)
      return Error{
          "tensor name " + quote(tensor.name) +
          (tensor.name == metadataKey ? " is reserved" : " is used twice")};
    if (!isUtf8(tensor.name))
      return Error{"tensor name " + quote(tensor.name) + " is not valid UTF-8"};
    const char *dtype = nullptr;
    for (const auto &entry : dtypes)
      if (!dtype && entry.type == tensor.type)
        dtype = entry.name;
    // An ordered object looks keys up one by one; names are known to differ,
    // so append without looking.
    ordered_json::object_t &entries = *root.get_ptr<ordered_json::object_t *>();
    entries.push_back({tensor.name,
                       {{"dtype", dtype},
                        {"shape", tensor.shape},
                        {"data_offsets", {tensor.begin, tensor.end}}}});
  }
  std::string text = root.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}
