#pragma once

#include <cstdint>
#include <string_view>

#include "adjoint/adjoint.h"

namespace autoencoder {

struct Color {
  uint8_t red, green, blue;
};

/// A picture to draw on. x goes right, y down, in pixels; what lies outside is left out.
class Canvas {
 public:
  Canvas(int width, int height, Color background);

  int width() const { return width_; }
  int height() const { return height_; }
  /// uint8 [height, width, 3], for write_png.
  const adjoint::Tensor& pixels() const { return pixels_; }

  void rectangle(int x, int y, int width, int height, Color color);
  /// With smooth edges and round ends.
  void line(double x0, double y0, double x1, double y1, double thickness, Color color);
  void disc(double x, double y, double radius, Color color) { line(x, y, x, y, 2 * radius, color); }
  /// y is the top of the capital letters; a character takes text_width pixels, each of the font's
  /// pixels 2x2.
  void text(int x, int y, std::string_view text, Color color);
  /// A grey picture, uint8 [rows, columns], each of its pixels `scale` x `scale`.
  void picture(int x, int y, const adjoint::Tensor& grey, int scale);

  static constexpr int kTextHeight = 14;
  static int text_width(std::string_view text) { return static_cast<int>(text.size()) * 12; }

 private:
  void blend(int x, int y, double opacity, Color color);

  int width_, height_;
  adjoint::Tensor pixels_;
};

}  // namespace autoencoder
