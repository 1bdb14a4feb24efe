#pragma once

// Internal: what of the source each position of a convolution's result depends on, and in what
// pieces direct_conv*.cpp and narrow_conv.cpp go through them.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv.h"
#include "adjoint/ops/kernels/conv_work.h"

namespace adjoint::kernels {

/// A tap of the kernel, and which position of the source it sees from position 0 of its phase.
struct Tap {
  int64_t k, offset;
};

/// How the result depends on the source along one axis. Positions of the result with the same
/// remainder modulo `step` are a phase: its j-th, phase + j * step, sees the source at
/// j * source_step + tap.offset, for each of its taps.
struct Axis {
  int64_t size, source_size;
  int64_t step, source_step;
  std::vector<std::vector<Tap>> phases;
  int64_t lowest = 0, highest = 0;  ///< the taps' offsets
};

/// As many elements as a window can have.
inline constexpr int64_t kAnyWindow = std::numeric_limits<int64_t>::max();

/// The positions of the result in tiles of whole images, bands of whole rows, or pieces of these;
/// and the window, which is what of the source a tile depends on, [image, channel, row, column],
/// with zeros where it lies outside. For the adjoint, the result is x and the source y.
class Walk {
 public:
  /// The window has so many channels. Small images share a tile as long as its window has no more
  /// than `shared` elements of a channel, or few positions.
  Walk(const ConvGeometry& geometry, bool adjoint, int64_t channels, int64_t shared = 0);

  int64_t tiles() const { return ceil_div(batch_, images_) * bands_ * pieces_; }
  Tile tile(int64_t index) const;
  /// Images and positions of the largest tile, and elements of its window.
  int64_t images() const { return images_; }
  int64_t positions() const { return images_ * rows_ * cols_; }
  int64_t window_size() const { return images_ * image_stride; }

  /// Where in the window the position (row, col) of a tile begins to look for its taps, and how far
  /// from there the taps are.
  int64_t offset(int64_t row, int64_t col) const {
    return row / h.step * h.source_step * pitch + col / w.step * w.source_step;
  }
  int64_t offset(const Tap& row, const Tap& col) const {
    return (row.offset - h.lowest) * pitch + col.offset - w.lowest;
  }

  /// Copies channels [channel, channel + channels) of the tile's part of the batch `source` to the
  /// window.
  void fill(const float* source, const Tile& tile, int64_t channel, int64_t channels,
            float* window) const;
  /// Where that is read, if it lies together, and nothing otherwise.
  std::span<const float> source_of(const float* source, const Tile& tile, int64_t channel,
                                   int64_t channels) const;

  const Axis h, w;
  int64_t rows, pitch;                   ///< of a channel of the window; elements of a row
  int64_t channel_stride, image_stride;  ///< of the window

 private:
  void fill_image(const float* source, const Tile& tile, int64_t channels, float* window) const;

  int64_t batch_, source_channels_;
  int64_t images_ = 1, rows_, cols_, bands_, pieces_;
};

/// A tile's positions as they lie in the result: one run for each image where its rows are whole,
/// one for each row otherwise.
struct Runs {
  Runs(const Walk& walk, const Tile& tile)
      : tile(tile),
        per_image(tile.cols == walk.w.size ? 1 : tile.rows),
        length(tile.rows / per_image * tile.cols),
        cols(walk.w.size),
        plane(walk.h.size * cols) {}

  int64_t count() const { return tile.images * per_image; }
  /// The memory of so many channels, if it lies together, and nothing otherwise.
  std::span<const float> memory(const float* y, int64_t channels, int64_t channel,
                                int64_t count) const {
    if (length < plane || (tile.images > 1 && count < channels)) return {};
    return {y + offset(0, channels, channel),
            static_cast<std::size_t>(tile.images * count * plane)};
  }
  /// Where a run begins in a channel of [batch, channels, rows, cols].
  int64_t offset(int64_t run, int64_t channels, int64_t channel) const {
    return ((tile.image + run / per_image) * channels + channel) * plane +
           (tile.row + run % per_image) * cols + tile.col;
  }

  Tile tile;
  int64_t per_image, length, cols, plane;
};

/// One phase of both axes.
struct Phase {
  int64_t row, col;           ///< of the first position
  int64_t first = 0;          ///< how many taps the phases before have
  std::vector<int64_t> taps;  ///< row of the kernel * columns + column
  std::vector<int64_t> offsets;
};

std::vector<Phase> phases_of(const Walk& walk, int64_t kernel_cols);

/// Where in the window the taps of each phase and channel are: [phase, channel, tap].
void fill_offsets(const Walk& walk, const std::vector<Phase>& phases, int64_t channels,
                  int64_t* offsets);

}  // namespace adjoint::kernels
