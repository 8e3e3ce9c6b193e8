//===- FileAccess.cpp - Files read by offset and written whole ------------===//
#include "FileAccess.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

using namespace zq;
using namespace zq::runtime;
using codec::Error;
using codec::Result;
using codec::Status;

// Both formats store little-endian elements, and arrays hold the machine's
// order; bytes are copied between them as they are.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "tensor files are copied without swapping bytes");

static std::string reason(int code) {
  return std::generic_category().message(code);
}

std::string runtime::quote(const std::string &text, size_t limit) {
  static const char hex[] = "0123456789abcdef";
  std::string line = "'";
  for (unsigned char c : text) {
    if (line.size() > limit) {
      line += "...";
      break;
    }
    if (c < 0x20 || c == 0x7f) {
      line += "\\x";
      line += hex[c >> 4];
      line += hex[c & 15];
    } else {
      line += static_cast<char>(c);
    }
  }
  return line + "'";
}

std::optional<uint64_t>
runtime::checkedByteSize(codec::ElementType type,
                         const std::vector<int64_t> &shape) {
  int64_t bytes = codec::byteWidth(type);
  bool empty = false;
  for (int64_t dim : shape) {
    if (dim < 0)
      return std::nullopt;
    if (dim == 0)
      empty = true;
    else if (__builtin_mul_overflow(bytes, dim, &bytes))
      return std::nullopt;
  }
  return empty ? 0 : static_cast<uint64_t>(bytes);
}

//===----------------------------------------------------------------------===//
// InputFile
//===----------------------------------------------------------------------===//

Result<InputFile> InputFile::open(const std::string &path) {
  std::string prefix = "cannot read " + quote(path, PATH_MAX) + ": ";
  // Not blocking, so that a pipe without a writer is refused, not waited for.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return Error{prefix + reason(errno)};
  struct stat info = {};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    return Error{prefix + (S_ISDIR(info.st_mode) ? reason(EISDIR)
                                                 : "not a regular file")};
  }
  return InputFile(path, descriptor, static_cast<uint64_t>(info.st_size));
}

InputFile::InputFile(InputFile &&other) noexcept
    : path(std::move(other.path)), descriptor(other.descriptor),
      length(other.length) {
  other.descriptor = -1;
}

InputFile &InputFile::operator=(InputFile &&other) noexcept {
  std::swap(path, other.path);
  std::swap(descriptor, other.descriptor);
  std::swap(length, other.length);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor >= 0)
    ::close(descriptor);
}

Error InputFile::error(const std::string &text) const {
  return Error{quote(path, PATH_MAX) + ": " + text};
}

Result<std::vector<uint8_t>> InputFile::read(uint64_t offset,
                                             uint64_t count) const {
  if (offset > length || count > length - offset)
    return error("the file ends early");
  // A sparse file can claim any size. Without exceptions a vector cannot
  // report that memory is short, so ask for it once before.
  void *probe = ::operator new(count, std::nothrow);
  if (!probe && count != 0)
    return error("too large for memory");
  ::operator delete(probe);

  std::vector<uint8_t> bytes(count);
  uint64_t filled = 0;
  while (filled < count) {
    ssize_t got = ::pread(descriptor, bytes.data() + filled, count - filled,
                          static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return error(reason(errno));
    if (got == 0)
      return error("the file ends early");
    filled += static_cast<uint64_t>(got);
  }
  return bytes;
}

//===----------------------------------------------------------------------===//
// OutputFile
//===----------------------------------------------------------------------===//

Error OutputFile::failure(const std::string &path, int code) {
  return Error{"cannot write " + quote(path, PATH_MAX) + ": " + reason(code)};
}

Result<OutputFile> OutputFile::create(const std::string &path) {
  std::string target = path;
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode))
      return failure(path, EISDIR);
    // Renaming would replace a file that may not be written to.
    if (::access(path.c_str(), W_OK) != 0)
      return failure(path, errno);
    if (!S_ISREG(info.st_mode)) {
      int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (descriptor < 0)
        return failure(path, errno);
      return OutputFile(path, path, "", descriptor);
    }
    // Replace what a symbolic link points at, not the link.
    if (char *resolved = ::realpath(path.c_str(), nullptr)) {
      target = resolved;
      std::free(resolved);
    }
  }

  static std::atomic<unsigned> counter{0};
  for (int attempt = 0;; ++attempt) {
    std::string temporary = target + ".tmp" + std::to_string(::getpid()) + "-" +
                            std::to_string(counter++);
    int descriptor = ::open(temporary.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0)
      return OutputFile(path, target, temporary, descriptor);
    // Another process with this id, perhaps on another machine, may have left
    // a file behind; a few names further there is a free one.
    if (errno != EEXIST || attempt == 100)
      return failure(path, errno);
  }
}

OutputFile::OutputFile(OutputFile &&other) noexcept
    : path(std::move(other.path)), target(std::move(other.target)),
      temporary(std::move(other.temporary)), descriptor(other.descriptor) {
  other.descriptor = -1;
  other.temporary.clear();
}

OutputFile::~OutputFile() {
  if (descriptor >= 0)
    ::close(descriptor);
  if (!temporary.empty())
    ::unlink(temporary.c_str());
}

namespace {

/// While it lives, a write beyond the limit on a file's size fails with EFBIG
/// in this thread and sends no signal, which would end the process.
class NoFileSizeSignal {
public:
  NoFileSizeSignal() {
    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
  }
  ~NoFileSizeSignal() {
    const timespec now{};
    if (!sigismember(&before, SIGXFSZ))
      while (sigtimedwait(&signals, nullptr, &now) > 0) {
      }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  NoFileSizeSignal(const NoFileSizeSignal &) = delete;

private:
  sigset_t signals, before;
};

} // namespace

Status OutputFile::write(const void *data, size_t count) {
  NoFileSizeSignal block;
  const char *next = static_cast<const char *>(data);
  while (count > 0) {
    ssize_t put = ::write(descriptor, next, count);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return failure(path, errno);
    next += put;
    count -= static_cast<size_t>(put);
  }
  return Status();
}

Status OutputFile::commit() {
  // Network file systems report a full disk only here.
  int code = ::close(descriptor) == 0 ? 0 : errno;
  descriptor = -1;
  if (code != 0)
    return failure(path, code);
  if (temporary.empty())
    return Status();
  if (::rename(temporary.c_str(), target.c_str()) != 0)
    return failure(path, errno);
  temporary.clear();
  return Status();
}
