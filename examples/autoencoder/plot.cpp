#include "adjoint/examples/autoencoder/plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace autoencoder {
namespace {

constexpr Color kPaper{255, 255, 255}, kInk{60, 60, 67}, kGrid{226, 226, 230};
constexpr int kWidth = 800, kHeight = 500;
constexpr int kLeft = 90, kRight = 30, kTop = 60, kBottom = 70;

/// Maps values to pixels.
struct Axes {
  double x_end, log_low, log_high;

  double x(double value) const { return kLeft + value / x_end * (kWidth - kLeft - kRight); }
  double y(double value) const {
    const double share = (std::log10(value) - log_low) / (log_high - log_low);
    return kHeight - kBottom - share * (kHeight - kTop - kBottom);
  }
};

/// The range of all values with a little room around it.
Axes fit_axes(double x_end, const std::vector<Series>& series) {
  double low = INFINITY, high = 0;
  for (const Series& line : series) {
    for (const auto& [x, y] : line.points) {
      if (!(std::isfinite(y) && y > 0)) continue;
      low = std::min(low, y);
      high = std::max(high, y);
    }
  }
  if (high == 0) low = high = 1;
  return {x_end, std::log10(low) - 0.08, std::log10(high) + 0.08};
}

/// 1, 2 and 5 times the powers of ten within the axis, and more of them where that is too few.
std::vector<double> ticks_of(const Axes& axes) {
  const bool wide = axes.log_high - axes.log_low > 3, narrow = axes.log_high - axes.log_low < 0.8;
  std::vector<int> digits = wide     ? std::vector<int>{1}
                            : narrow ? std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9}
                                     : std::vector<int>{1, 2, 5};
  std::vector<double> ticks;
  for (int power = static_cast<int>(std::floor(axes.log_low)); power <= axes.log_high; ++power) {
    for (const int digit : digits) {
      const double tick = digit * std::pow(10.0, power);
      const double log = std::log10(tick);
      if (log >= axes.log_low && log <= axes.log_high) ticks.push_back(tick);
    }
  }
  return ticks;
}

void draw_axes(Canvas& canvas, const Axes& axes, const std::string& x_label) {
  for (const double tick : ticks_of(axes)) {
    const int y = static_cast<int>(std::lround(axes.y(tick)));
    canvas.rectangle(kLeft, y, kWidth - kLeft - kRight, 1, kGrid);
    const std::string label = fmt::format("{:g}", tick);
    canvas.text(kLeft - 8 - Canvas::text_width(label), y - Canvas::kTextHeight / 2, label, kInk);
  }
  // At most 10 whole numbers along x.
  const int step = std::max(1, static_cast<int>(std::ceil(axes.x_end / 10)));
  for (int tick = 0; tick <= axes.x_end; tick += step) {
    const int x = static_cast<int>(std::lround(axes.x(tick)));
    canvas.rectangle(x, kHeight - kBottom, 1, 6, kInk);
    const std::string label = std::to_string(tick);
    canvas.text(x - Canvas::text_width(label) / 2 + 1, kHeight - kBottom + 12, label, kInk);
  }
  canvas.rectangle(kLeft, kHeight - kBottom, kWidth - kLeft - kRight, 1, kInk);
  canvas.text((kLeft + kWidth - kRight - Canvas::text_width(x_label)) / 2,
              kHeight - Canvas::kTextHeight - 12, x_label, kInk);
}

void draw_series(Canvas& canvas, const Axes& axes, const Series& line) {
  const std::pair<double, double>* before = nullptr;
  for (const auto& point : line.points) {
    if (!(std::isfinite(point.second) && point.second > 0)) continue;
    const double x = axes.x(point.first), y = axes.y(point.second);
    if (before != nullptr) {
      canvas.line(axes.x(before->first), axes.y(before->second), x, y, 2, line.color);
    }
    if (line.marked) canvas.disc(x, y, 4.5, line.color);
    before = &point;
  }
}

/// In the upper right, below each other.
void draw_legend(Canvas& canvas, const std::vector<Series>& series) {
  int y = kTop;
  for (const Series& line : series) {
    if (line.points.empty()) continue;
    const std::string label = fmt::format("{} {:.4f}", line.name, line.points.back().second);
    const int x = kWidth - kRight - 10 - Canvas::text_width(label);
    canvas.text(x, y, label, kInk);
    canvas.line(x - 34, y + 6, x - 12, y + 6, 2, line.color);
    if (line.marked) canvas.disc(x - 23, y + 6, 4.5, line.color);
    y += 24;
  }
}

}  // namespace

Canvas plot(const std::string& title, const std::string& x_label, double x_end,
            const std::vector<Series>& series) {
  Canvas canvas(kWidth, kHeight, kPaper);
  const Axes axes = fit_axes(x_end, series);
  canvas.text(kLeft, 22, title, kInk);
  draw_axes(canvas, axes, x_label);
  for (const Series& line : series) draw_series(canvas, axes, line);
  draw_legend(canvas, series);
  return canvas;
}

}  // namespace autoencoder
