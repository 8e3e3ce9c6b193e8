//===- Result.h - A value or a message that says why not ------------------===//
//
// The reference codecs use no exceptions and nothing of LLVM, so this is their
// way to report an error. A message is one line, without a trailing period,
// and names the offending element, stream or parameter.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_CODEC_RESULT_H
#define ZQ_CODEC_RESULT_H

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace zq::codec {

/// What went wrong, in one line.
struct Error {
  std::string message;
};

/// Either a `T` or an `Error`. Test it before looking inside.
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : state(std::move(value)) {}
  Result(Error error) : state(std::move(error)) {}

  explicit operator bool() const { return state.index() == 0; }

  T &operator*() {
    assert(*this && "reading the value of a failed result");
    return std::get<0>(state);
  }
  const T &operator*() const {
    assert(*this && "reading the value of a failed result");
    return std::get<0>(state);
  }
  T *operator->() { return &**this; }
  const T *operator->() const { return &**this; }

  /// The message of a failed result.
  const std::string &message() const {
    assert(!*this && "a successful result has no message");
    return std::get<1>(state).message;
  }
  /// The error of a failed result, to hand on.
  Error error() const { return Error{message()}; }

private:
  std::variant<T, Error> state;
};

/// Success, or an `Error`.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Error error) : failed(true), text(std::move(error.message)) {}

  /// True on success.
  explicit operator bool() const { return !failed; }
  const std::string &message() const { return text; }
  Error error() const { return Error{text}; }

private:
  bool failed = false;
  std::string text;
};

} // namespace zq::codec

#endif // ZQ_CODEC_RESULT_H
