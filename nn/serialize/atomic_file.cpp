#include "adjoint/nn/serialize/atomic_file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adjoint/core/error.h"

namespace adjoint::serialize {
namespace {

/// What `path` leads to through symbolic links, so that a link stays one.
std::string follow_links(const std::string& path) {
  std::error_code error;
  const auto followed = std::filesystem::weakly_canonical(path, error);
  return error ? path : followed.string();
}

/// A name in the same folder that no one else uses: other processes have another number, and other
/// files of this process another count. Long names are cut, since a file system limits them.
std::string temporary_name(const std::filesystem::path& target) {
  static std::atomic<unsigned> count{0};
  const std::string name =
      fmt::format(".{}.{}-{}.tmp", target.filename().string().substr(0, 100), getpid(), count++);
  return (target.parent_path() / name).string();
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(follow_links(path)) {
  check(!path.empty(), "cannot write a file: its name is empty");
  struct stat status {};
  const bool exists = stat(target_.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    fd_ = open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd_ < 0) fail_with_errno("open");
    return;
  }
  // rename() would replace a file that we may not write to.
  if (exists && access(target_.c_str(), W_OK) != 0) fail_with_errno("open");
  temporary_ = temporary_name(target_);
  fd_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ < 0) {
    temporary_.clear();  // not ours to remove
    fail_with_errno("create");
  }
  if (exists) (void)fchmod(fd_, status.st_mode & 07777);  // a nicety: failing it loses nothing
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::write(const void* data, std::size_t bytes) {
  check(fd_ >= 0, "cannot write {}: it is committed already", path_);
  // Below 2^31 bytes a call, which is the most that Linux takes.
  constexpr std::size_t kMost = std::size_t{1} << 30;
  const auto* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(fd_, next, std::min(bytes, kMost));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_with_errno("write");
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  check(fd_ >= 0, "cannot commit {}: it is committed already", path_);
  if (!temporary_.empty() && fsync(fd_) != 0) fail_with_errno("write");
  const int closed = close(std::exchange(fd_, -1));
  if (closed != 0) fail_with_errno("write");
  if (temporary_.empty()) return;
  if (rename(temporary_.c_str(), target_.c_str()) != 0) fail_with_errno("create");
  temporary_.clear();
  // The new name is on the disk once the folder is. Some file systems cannot sync a folder; the
  // file is in place by now, so that is no failure.
  const std::string folder = std::filesystem::path(target_).parent_path().string();
  const int folder_fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (folder_fd >= 0) {
    (void)fsync(folder_fd);
    close(folder_fd);
  }
}

void AtomicFile::fail_with_errno(const char* what) const {
  const char* reason = std::strerror(errno);
  fail("cannot {} {}: {}", what, path_, reason);
}

void AtomicFile::discard() noexcept {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
  fd_ = -1;
}

}  // namespace adjoint::serialize
