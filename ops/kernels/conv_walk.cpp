#include "adjoint/ops/kernels/conv_walk.h"

#if defined(__x86_64__)

#include <algorithm>
#include <utility>

#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/ceil_div.h"

namespace adjoint::kernels {
namespace {

/// Positions and columns of a tile, and elements of its window, at most: it is to stay in the
/// second-level cache, with the weight.
constexpr int64_t kTilePositions = 1024;
constexpr int64_t kTileCols = 512;
constexpr int64_t kWindow = 256 * 1024;
/// Images share a tile up to so many positions, whatever the size of its window.
constexpr int64_t kSharedPositions = 128;

Axis make_axis(const ConvGeometry& g, int axis, bool adjoint) {
  const int64_t stride = g.stride[axis], padding = g.padding[axis], dilation = g.dilation[axis];
  Axis a = adjoint ? Axis{g.input[axis], g.output[axis], stride, 1, {}}
                   : Axis{g.output[axis], g.input[axis], 1, stride, {}};
  a.phases.resize(static_cast<std::size_t>(std::min(a.step, a.size)));
  std::vector<int64_t> offsets;
  for (int64_t k = 0; k < g.kernel[axis]; ++k) {
    Tap tap{k, k * dilation - padding};
    int64_t phase = 0;
    if (adjoint) {
      phase = (tap.offset % stride + stride) % stride;
      tap.offset = (phase - tap.offset) / stride;
    }
    if (phase >= a.size) continue;  // there is no such position
    a.phases[static_cast<std::size_t>(phase)].push_back(tap);
    offsets.push_back(tap.offset);
  }
  if (!offsets.empty()) {
    const auto [lowest, highest] = std::minmax_element(offsets.begin(), offsets.end());
    a.lowest = *lowest;
    a.highest = *highest;
  }
  return a;
}

/// At least so many cache lines, such that the first rows of consecutive channels lie in sets of
/// the first-level cache that are some apart from each other: a block reads a few rows of many
/// channels, which would push each other out of a few sets otherwise. (It takes up to a tenth of a
/// convolution.)
int64_t spread_lines(int64_t lines) {
  constexpr int64_t kSets = 64, kApart = 8;
  lines |= 1;
  const int64_t set = lines % kSets;
  if (set < kApart) return lines + kApart;
  return set > kSets - kApart ? lines + 2 * kApart : lines;
}

/// How much of the source so many positions depend on.
int64_t extent(const Axis& axis, int64_t positions) {
  return (ceil_div(positions, axis.step) - 1) * axis.source_step + axis.highest - axis.lowest + 1;
}

}  // namespace

Walk::Walk(const ConvGeometry& g, bool adjoint, int64_t channels, int64_t shared)
    : h(make_axis(g, 0, adjoint)),
      w(make_axis(g, 1, adjoint)),
      batch_(g.batch),
      source_channels_(adjoint ? g.out_channels : g.in_channels) {
  // Tiles begin at the first phase.
  const auto even = [](const Axis& axis, int64_t largest) {
    const int64_t steps = ceil_div(axis.size, axis.step);
    const int64_t fitting = std::clamp<int64_t>(largest / axis.step, 1, steps);
    return ceil_div(steps, ceil_div(steps, fitting)) * axis.step;
  };
  cols_ = even(w, kTileCols);
  pitch = ceil_div(extent(w, cols_), kLanes) * kLanes;
  rows_ = even(h, kTilePositions / cols_);
  while (rows_ > h.step && channels * extent(h, rows_) * pitch > kWindow) {
    rows_ = even(h, rows_ - h.step);
  }
  bands_ = ceil_div(h.size, rows_);
  pieces_ = ceil_div(w.size, cols_);
  rows = extent(h, rows_);
  channel_stride = spread_lines(rows * pitch / kLanes) * kLanes;
  image_stride = channels * channel_stride;
  if (shared > 0 && bands_ * pieces_ == 1) {
    const int64_t plane = h.size * w.size;
    const int64_t fitting = std::max(shared / (rows * pitch), kSharedPositions / plane);
    images_ =
        std::clamp<int64_t>(std::min({fitting, kTilePositions / plane, kWindow / image_stride}), 1,
                            ceil_div(batch_, kItems));
    images_ = ceil_div(batch_, ceil_div(batch_, images_));
  }
}

Tile Walk::tile(int64_t index) const {
  Tile tile;
  tile.image = index / (bands_ * pieces_) * images_;
  tile.images = std::min(images_, batch_ - tile.image);
  tile.row = index / pieces_ % bands_ * rows_;
  tile.rows = std::min(rows_, h.size - tile.row);
  tile.col = index % pieces_ * cols_;
  tile.cols = std::min(cols_, w.size - tile.col);
  return tile;
}

void Walk::fill(const float* source, const Tile& tile, int64_t channel, int64_t channels,
                float* window) const {
  const int64_t plane = h.source_size * w.source_size;
  for (int64_t n = 0; n < tile.images; ++n) {
    fill_image(source + ((tile.image + n) * source_channels_ + channel) * plane, tile, channels,
               window + n * image_stride);
  }
}

std::span<const float> Walk::source_of(const float* source, const Tile& tile, int64_t channel,
                                       int64_t channels) const {
  if (bands_ * pieces_ > 1 || (tile.images > 1 && channels < source_channels_)) return {};
  const int64_t plane = h.source_size * w.source_size;
  return {source + (tile.image * source_channels_ + channel) * plane,
          static_cast<std::size_t>(tile.images * channels * plane)};
}

/// The channels of one image, which begin at `source`.
[[gnu::target("avx512f")]] void Walk::fill_image(const float* source, const Tile& tile,
                                                 int64_t channels, float* window) const {
  const int64_t top = tile.row / h.step * h.source_step + h.lowest;
  const int64_t left = tile.col / w.step * w.source_step + w.lowest;
  const int64_t source_rows = h.source_size, source_cols = w.source_size;
  // Which lanes of a row's vectors exist. (Counting them for each row took a tenth of a small
  // image's convolution.)
  const auto existing = [=](int64_t col) -> __mmask16 {
    return first_lanes(std::clamp<int64_t>(source_cols - col, 0, kLanes)) &
           ~first_lanes(std::clamp<int64_t>(-col, 0, kLanes));
  };
  for (int64_t j = 0; j < pitch; j += kLanes) {
    const __mmask16 lanes = existing(left + j);
    const int64_t begin = lanes == 0 ? 0 : std::clamp<int64_t>(-top, 0, rows);
    const int64_t end = lanes == 0 ? 0 : std::clamp<int64_t>(source_rows - top, begin, rows);
    for (int64_t c = 0; c < channels; ++c) {
      float* to = window + c * channel_stride + j;
      const float* from = source + (c * source_rows + top + begin) * source_cols + left + j;
      int64_t i = 0;
      for (; i < begin; ++i, to += pitch) _mm512_storeu_ps(to, _mm512_setzero_ps());
      for (; i < end; ++i, to += pitch, from += source_cols) {
        _mm512_storeu_ps(to, _mm512_maskz_loadu_ps(lanes, from));
      }
      for (; i < rows; ++i, to += pitch) _mm512_storeu_ps(to, _mm512_setzero_ps());
    }
  }
}

std::vector<Phase> phases_of(const Walk& walk, int64_t kernel_cols) {
  std::vector<Phase> phases;
  int64_t first = 0;
  for (std::size_t row = 0; row < walk.h.phases.size(); ++row) {
    for (std::size_t col = 0; col < walk.w.phases.size(); ++col) {
      Phase phase{static_cast<int64_t>(row), static_cast<int64_t>(col), first, {}, {}};
      for (const Tap& top : walk.h.phases[row]) {
        for (const Tap& left : walk.w.phases[col]) {
          phase.taps.push_back(top.k * kernel_cols + left.k);
          phase.offsets.push_back(walk.offset(top, left));
        }
      }
      first += static_cast<int64_t>(phase.taps.size());
      phases.push_back(std::move(phase));
    }
  }
  return phases;
}

void fill_offsets(const Walk& walk, const std::vector<Phase>& phases, int64_t channels,
                  int64_t* offsets) {
  for (const Phase& phase : phases) {
    for (int64_t c = 0; c < channels; ++c) {
      for (const int64_t tap : phase.offsets) *offsets++ = c * walk.channel_stride + tap;
    }
  }
}

}  // namespace adjoint::kernels

#endif
