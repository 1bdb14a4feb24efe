#include "adjoint/examples/autoencoder/canvas.h"

#include <algorithm>
#include <cmath>

#include "adjoint/examples/autoencoder/font.h"

namespace autoencoder {

Canvas::Canvas(int width, int height, Color background)
    : width_(width), height_(height), pixels_(adjoint::empty({height, width, 3}, adjoint::kUInt8)) {
  rectangle(0, 0, width, height, background);
}

void Canvas::blend(int x, int y, double opacity, Color color) {
  if (x < 0 || x >= width_ || y < 0 || y >= height_) return;
  uint8_t* pixel = pixels_.data_ptr<uint8_t>() + (static_cast<int64_t>(y) * width_ + x) * 3;
  const uint8_t channels[] = {color.red, color.green, color.blue};
  for (int c = 0; c < 3; ++c) {
    pixel[c] = static_cast<uint8_t>(std::lround(pixel[c] + opacity * (channels[c] - pixel[c])));
  }
}

void Canvas::rectangle(int x, int y, int width, int height, Color color) {
  for (int row = y; row < y + height; ++row) {
    for (int column = x; column < x + width; ++column) blend(column, row, 1, color);
  }
}

void Canvas::line(double x0, double y0, double x1, double y1, double thickness, Color color) {
  const double radius = thickness / 2, margin = radius + 1;
  const double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
  for (int y = static_cast<int>(std::min(y0, y1) - margin); y <= std::max(y0, y1) + margin; ++y) {
    for (int x = static_cast<int>(std::min(x0, x1) - margin); x <= std::max(x0, x1) + margin; ++x) {
      // The distance to the nearest point of the line; the edge is one pixel wide.
      const double along = ((x - x0) * dx + (y - y0) * dy) / std::max(length2, 1e-9);
      const double t = std::clamp(along, 0.0, 1.0);
      const double distance = std::hypot(x - x0 - t * dx, y - y0 - t * dy);
      const double opacity = std::clamp(radius + 0.5 - distance, 0.0, 1.0);
      if (opacity > 0) blend(x, y, opacity, color);
    }
  }
}

void Canvas::text(int x, int y, std::string_view text, Color color) {
  for (const char character : text) {
    const Glyph& glyph = glyph_of(character);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if (glyph.ink(row, column)) rectangle(x + 2 * column, y + 2 * row, 2, 2, color);
      }
    }
    x += 2 * (kGlyphWidth + 1);
  }
}

void Canvas::picture(int x, int y, const adjoint::Tensor& grey, int scale) {
  const adjoint::Tensor dense = grey.contiguous();
  const uint8_t* value = dense.data_ptr<uint8_t>();
  for (int row = 0; row < grey.size(0); ++row) {
    for (int column = 0; column < grey.size(1); ++column, ++value) {
      rectangle(x + column * scale, y + row * scale, scale, scale, {*value, *value, *value});
    }
  }
}

}  // namespace autoencoder
