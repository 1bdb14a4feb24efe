#include "adjoint/nn/data/png.h"

#include <vector>

#include <png.h>

#include "adjoint/nn/serialize/atomic_file.h"

namespace adjoint::data {
namespace {

/// libpng's handle on one picture; it reports errors in `message` and never jumps or exits.
struct Image : png_image {
  Image() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(this); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
};

/// libpng counts the bytes of a picture in 32 bits, and limits its sides.
void check_size(const std::string& path, int64_t height, int64_t width) {
  constexpr int64_t kMaxSide = 1'000'000, kMaxPixels = int64_t{1} << 30;
  check(height <= kMaxSide && width <= kMaxSide && height * width <= kMaxPixels,
        "{}: a picture of {} x {} pixels is too large", path, width, height);
}

}  // namespace

void write_png(const std::string& path, const Tensor& image) {
  const bool grey = image.dim() == 2;
  check(image.scalar_type() == kUInt8 && (grey || (image.dim() == 3 && image.size(2) == 3)) &&
            image.numel() > 0,
        "write_png: expected a uint8 picture [height, width] or [height, width, 3], got {}",
        image.describe());
  check_size(path, image.size(0), image.size(1));
  const Tensor dense = image.contiguous();

  Image png;
  png.height = static_cast<png_uint_32>(image.size(0));
  png.width = static_cast<png_uint_32>(image.size(1));
  png.format = grey ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<std::byte> encoded(bytes);
  check(png_image_write_to_memory(&png, encoded.data(), &bytes, 0, dense.data_ptr(), 0, nullptr),
        "write_png: cannot encode {}: {}", path, png.message);

  serialize::AtomicFile file(path);
  file.write(encoded.data(), bytes);
  file.commit();
}

Tensor read_png(const std::string& path, bool grey) {
  Image png;
  check(png_image_begin_read_from_file(&png, path.c_str()), "cannot read {}: {}", path,
        png.message);
  check_size(path, png.height, png.width);
  png.format = grey ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  Dims sizes{png.height, png.width};
  if (!grey) sizes.push_back(3);
  Tensor image = empty(sizes, kUInt8);
  const png_color black{0, 0, 0};
  check(png_image_finish_read(&png, &black, image.data_ptr(), 0, nullptr), "cannot read {}: {}",
        path, png.message);
  return image;
}

}  // namespace adjoint::data
