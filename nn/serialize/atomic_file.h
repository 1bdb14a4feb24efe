#pragma once

// Internal: how the library writes its files.

#include <cstddef>
#include <string>
#include <string_view>

namespace adjoint::serialize {

/// A file that is either written whole or not at all.
///
/// It is written under another name in the same folder, and commit() puts it in place of `path`
/// after it has reached the disk; whatever fails before, or a crash, leaves an older file of that
/// name as it was. Without commit() nothing is left. Where `path` is no regular file (a terminal,
/// a pipe, /dev/null) there is nothing to keep: it is written directly.
///
/// All functions throw Error with the file's name, what failed and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();

 private:
  [[noreturn]] void fail_with_errno(const char* what) const;
  void discard() noexcept;

  std::string path_;       ///< as given, for messages
  std::string target_;     ///< `path` with symbolic links followed
  std::string temporary_;  ///< empty: written directly
  int fd_ = -1;
};

}  // namespace adjoint::serialize
