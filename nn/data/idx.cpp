#include "adjoint/nn/data/idx.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include <fmt/ranges.h>
#include <sys/stat.h>
#include <zlib.h>

namespace adjoint::data {
namespace {

/// A file being read from its beginning to its end; one that is compressed reads as what it holds.
class IdxFile {
 public:
  explicit IdxFile(const std::string& path) : path_(path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) fail("cannot open {}: {}", path, std::strerror(errno));
    check(S_ISREG(status.st_mode), "cannot read {}: it is no file", path);
    bytes_on_disk_ = static_cast<uint64_t>(status.st_size);
    file_ = gzopen(path.c_str(), "rb");
    if (file_ == nullptr) fail("cannot open {}: {}", path, std::strerror(errno));
    (void)gzbuffer(file_, 1 << 18);
  }
  ~IdxFile() { gzclose(file_); }
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;

  const std::string& path() const { return path_; }
  uint64_t offset() const { return offset_; }

  /// The most bytes that the file can hold: deflate shrinks nothing to less than 1/1032.
  uint64_t capacity() const { return gzdirect(file_) ? bytes_on_disk_ : bytes_on_disk_ * 1032; }

  /// Reads up to `bytes` bytes; fewer only at the end of the file.
  uint64_t read_some(void* destination, uint64_t bytes) {
    uint64_t done = 0;
    while (done < bytes) {
      const auto wanted = static_cast<unsigned>(std::min<uint64_t>(bytes - done, 1 << 30));
      errno = 0;
      const int got = gzread(file_, static_cast<char*>(destination) + done, wanted);
      // zlib tells of a truncated stream only in gzerror, after the last bytes it could give.
      int code = Z_OK;
      const char* reason = gzerror(file_, &code);
      if (code == Z_BUF_ERROR) {
        fail(
            "{} is truncated: its compressed data ends after {} bytes of contents; fetch the file "
            "again",
            path_, offset_ + static_cast<uint64_t>(std::max(got, 0)));
      }
      check(got >= 0, "cannot read {} beyond byte {} of its contents: {}; fetch the file again",
            path_, offset_, code == Z_ERRNO ? std::strerror(errno) : reason);
      if (got == 0) break;
      done += static_cast<uint64_t>(got);
      offset_ += static_cast<uint64_t>(got);
    }
    return done;
  }

  void read(void* destination, uint64_t bytes, const char* what) {
    const uint64_t begin = offset_;
    const uint64_t got = read_some(destination, bytes);
    check(got == bytes,
          "{} is truncated: expected {} bytes of {} from byte {} on, got {}; fetch the file again",
          path_, bytes, what, begin, got);
  }

 private:
  std::string path_;
  uint64_t bytes_on_disk_ = 0;
  uint64_t offset_ = 0;
  gzFile file_ = nullptr;
};

ScalarType dtype_of(const std::string& path, uint8_t code) {
  switch (code) {
    case 0x08:
      return kUInt8;
    case 0x0C:
      return kInt32;
    case 0x0D:
      return kFloat32;
    case 0x0E:
      return kFloat64;
  }
  fail(
      "{}: byte 2 gives the dtype 0x{:02x}; expected 0x08 (uint8), 0x0c (int32), 0x0d (float32) or "
      "0x0e (float64)",
      path, code);
}

/// The sizes that follow the magic number; throws Error where no file of this length can hold so
/// many elements, before any memory is taken for them.
Dims read_sizes(IdxFile& file, int ndim, int64_t element_size) {
  Dims sizes;
  auto bytes = static_cast<uint64_t>(element_size);
  bool overflow = false;
  for (int i = 0; i < ndim; ++i) {
    uint8_t big_endian[4];
    file.read(big_endian, sizeof big_endian, "sizes");
    uint32_t size = 0;
    for (const uint8_t byte : big_endian) size = size << 8 | byte;
    sizes.push_back(size);
    overflow |= __builtin_mul_overflow(bytes, uint64_t{size}, &bytes);
  }
  check(!overflow && bytes <= file.capacity(),
        "{}: the sizes [{}] from byte 4 on need more bytes than the file can hold; it is truncated "
        "or "
        "no IDX file",
        file.path(), fmt::join(sizes, ", "));
  return sizes;
}

template <class Word>
void swap_bytes(void* data, int64_t count) {
  auto* words = static_cast<Word*>(data);
  for (int64_t i = 0; i < count; ++i) {
    if constexpr (sizeof(Word) == 4) {
      words[i] = __builtin_bswap32(words[i]);
    } else {
      words[i] = __builtin_bswap64(words[i]);
    }
  }
}

}  // namespace

Tensor read_idx(const std::string& path) {
  static_assert(std::endian::native == std::endian::little);
  IdxFile file(path);
  uint8_t magic[4];
  file.read(magic, sizeof magic, "magic number");
  check(magic[0] == 0 && magic[1] == 0,
        "{} is no IDX file: it begins with the bytes 0x{:02x} 0x{:02x}, expected 0x00 0x00", path,
        magic[0], magic[1]);
  const ScalarType dtype = dtype_of(path, magic[2]);
  check(magic[3] >= 1 && magic[3] <= kMaxDims, "{}: byte 3 gives {} dimensions, expected 1 to {}",
        path, magic[3], kMaxDims);
  const Dims sizes = read_sizes(file, magic[3], elementSize(dtype));

  Tensor tensor = empty(sizes, dtype);
  file.read(tensor.data_ptr(), tensor.nbytes(), "elements");
  const uint64_t end = file.offset();
  uint8_t extra = 0;
  check(file.read_some(&extra, 1) == 0,
        "{}: more bytes follow at byte {}, after the last element of [{}]; the sizes are wrong or "
        "the "
        "file is damaged",
        path, end, fmt::join(sizes, ", "));
  if (tensor.element_size() == 4) swap_bytes<uint32_t>(tensor.data_ptr(), tensor.numel());
  if (tensor.element_size() == 8) swap_bytes<uint64_t>(tensor.data_ptr(), tensor.numel());
  return tensor;
}

}  // namespace adjoint::data
