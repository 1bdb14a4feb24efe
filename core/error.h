#pragma once

#include <exception>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace adjoint {

/// What every wrong use throws. The message says what was called, what was expected, what was
/// given and, where there is a usual one, the cure. Plays the part of c10::Error.
class Error : public std::exception {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const char* what_without_backtrace() const noexcept { return message_.c_str(); }
  const std::string& msg() const noexcept { return message_; }

 private:
  std::string message_;
};

/// An index outside its range; what libtorch code catches as c10::IndexError.
class IndexError : public Error {
 public:
  using Error::Error;
};

/// Throws Error with the formatted message.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws Error with the message as it stands.
[[noreturn]] inline void fail(const char* message) { throw Error(message); }

/// Throws Error with the message, formatted only then, unless `condition` holds. The arguments are
/// evaluated always and in any order: keep them cheap, and off errno and what the condition
/// changes.
template <class... Args>
inline void check(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) [[unlikely]] {
    fail(format, std::forward<Args>(args)...);
  }
}
/// Most messages in headers are as they stand: unlike a format, that costs no time to compile.
inline void check(bool condition, const char* message) {
  if (!condition) [[unlikely]] {
    fail(message);
  }
}

}  // namespace adjoint
