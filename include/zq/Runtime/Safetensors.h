//===- Safetensors.h - Named arrays in a .safetensors file ----------------===//
//
// The format: an 8-byte little-endian length, a JSON header of that length
// which gives for each tensor its dtype, shape and byte range, and the bytes.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_RUNTIME_SAFETENSORS_H
#define ZQ_RUNTIME_SAFETENSORS_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace zq::runtime {

class InputFile;

struct NamedArray {
  std::string name;
  codec::Array array;
};

/// Everything in one file. The tensors stand in the header's order.
struct SafetensorsFile {
  std::vector<NamedArray> tensors;
  std::map<std::string, std::string> metadata;

  /// The tensor called `name`, or null.
  const codec::Array *find(const std::string &name) const;
};

/// One entry of a header. The tensor's bytes are [begin, end) counted from the
/// end of the header.
struct SafetensorsEntry {
  std::string name;
  codec::ElementType type = codec::ElementType::F32;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// Reads the header at once and tensors one by one when asked, so that a large
/// checkpoint is never in memory whole.
class SafetensorsReader {
public:
  /// Opens the file at `path` and checks its whole header: names differ, every
  /// byte range lies in the file and is as long as dtype and shape say. Signed
  /// and unsigned integers of one width become the same element type, BOOL
  /// becomes i8. Errors name the path and the tensor.
  static codec::Result<SafetensorsReader> open(const std::string &path);

  SafetensorsReader(SafetensorsReader &&) noexcept;
  SafetensorsReader &operator=(SafetensorsReader &&) noexcept;
  ~SafetensorsReader();

  /// The names of all tensors in the header's order.
  std::vector<std::string> names() const;
  /// All entries in the header's order.
  const std::vector<SafetensorsEntry> &entries() const { return tensors; }
  /// The entry called `name`, or null.
  const SafetensorsEntry *find(const std::string &name) const;
  /// The header's `__metadata__`.
  const std::map<std::string, std::string> &metadata() const { return notes; }

  /// Reads the tensor called `name`. Errors name the path and the tensor.
  codec::Result<codec::Array> read(const std::string &name) const;
  /// Reads the tensor of `entry`, which is one of `entries()`.
  codec::Result<codec::Array> read(const SafetensorsEntry &entry) const;

private:
  SafetensorsReader();

  std::unique_ptr<InputFile> file;
  uint64_t dataOffset = 0;
  std::vector<SafetensorsEntry> tensors;
  std::map<std::string, std::string> notes;
};

/// Reads the whole file at `path`, with the checks of SafetensorsReader::open.
codec::Result<SafetensorsFile> readSafetensors(const std::string &path);

/// Writes `contents`, the header in the order of `contents.tensors`, the bytes
/// of wider elements first so that every tensor is aligned to its element. i8
/// is written as U8, so that byte streams look like bytes to other programs.
/// Appears at `path` complete or not at all. Errors name the path; names must
/// differ and be valid UTF-8.
codec::Status writeSafetensors(const std::string &path,
                               const SafetensorsFile &contents);

} // namespace zq::runtime

#endif // ZQ_RUNTIME_SAFETENSORS_H
