//===- FileAccess.h - Files read by offset and written whole --------------===//
//
// What the tensor formats share: reading ranges of a regular file, replacing a
// file only once its new contents are complete, and sizes checked for overflow.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_LIB_RUNTIME_FILEACCESS_H
#define ZQ_LIB_RUNTIME_FILEACCESS_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zq::runtime {

/// A tensor from a file may have this many dimensions (NumPy's limit was the
/// same for two decades).
constexpr size_t maxRank = 32;

/// `text` between quotes on one line: control characters are escaped, and of a
/// long text only the beginning is kept.
std::string quote(const std::string &text, size_t limit = 80);

/// The bytes that an array takes, or nothing when the element count, zero
/// dimensions left aside, or the byte count exceeds 63 bits, or when a
/// dimension is negative. Leaving zeros aside keeps every stride in range too.
std::optional<uint64_t> checkedByteSize(codec::ElementType type,
                                        const std::vector<int64_t> &shape);

/// A regular file open for reading.
class InputFile {
public:
  static codec::Result<InputFile> open(const std::string &path);
  InputFile(InputFile &&other) noexcept;
  InputFile &operator=(InputFile &&other) noexcept;
  ~InputFile();

  /// Bytes in the file when it was opened.
  uint64_t size() const { return length; }
  /// An error that begins with the path.
  codec::Error error(const std::string &text) const;
  /// The bytes [offset, offset + count). The range is checked against the file
  /// before anything is allocated.
  codec::Result<std::vector<uint8_t>> read(uint64_t offset,
                                           uint64_t count) const;

private:
  InputFile(std::string path, int descriptor, uint64_t length)
      : path(std::move(path)), descriptor(descriptor), length(length) {}

  std::string path;
  int descriptor;
  uint64_t length;
};

/// A file under construction. It has a temporary name beside its destination
/// until `commit`; without a commit nothing is left of it. A destination that
/// is not a regular file, such as /dev/stdout, is written to directly.
class OutputFile {
public:
  static codec::Result<OutputFile> create(const std::string &path);
  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&other) = delete;
  ~OutputFile();

  codec::Status write(const void *data, size_t count);
  codec::Status commit();

private:
  OutputFile(std::string path, std::string target, std::string temporary,
             int descriptor)
      : path(std::move(path)), target(std::move(target)),
        temporary(std::move(temporary)), descriptor(descriptor) {}

  /// The error for the path as the user wrote it and a value of errno.
  static codec::Error failure(const std::string &path, int code);

  std::string path;
  std::string target;
  /// Empty when written to directly.
  std::string temporary;
  int descriptor;
};

} // namespace zq::runtime

#endif // ZQ_LIB_RUNTIME_FILEACCESS_H
