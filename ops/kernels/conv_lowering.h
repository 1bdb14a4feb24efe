#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv.h"
#include "adjoint/ops/kernels/conv_work.h"

namespace adjoint::kernels {

/// How a convolution becomes matrix products, a tile at a time. im2col writes the columns of a
/// tile,
///   columns[(c, k), p] = x[c, p * stride + k * dilation - padding]   [channels * taps, positions]
/// for some of the input channels, and col2im, its adjoint, adds such a matrix to x.
///
/// Between x and the columns stands the tile's window on x: what the tile's taps touch, with the
/// zeros of the padding in place, and taken apart by phase, which is the position modulo the
/// stride: [channel, phase, image, row, column]. There, what one tap sees along an output row is
/// contiguous, for any stride, dilation and padding. So a row of columns is copied without a check
/// and in blocks of a fixed size (memcpy is 4x slower on the 7 or 14 elements of a small image).
template <class T>
class Lowering {
 public:
  explicit Lowering(const ConvGeometry& geometry);

  /// A unit is the images of one tile, or one image with all of its tiles.
  int64_t units() const { return units_; }
  int64_t images_per_unit() const { return images_; }
  int64_t tiles_per_unit() const { return bands_ * pieces_; }
  int64_t tiles() const { return units() * tiles_per_unit(); }
  /// Tiles are numbered unit by unit.
  Tile tile(int64_t index) const;

  int64_t taps() const { return geometry_.kernel[0] * geometry_.kernel[1]; }
  /// The number of input channels to lower at once for the columns to stay in the cache.
  int64_t channel_block() const { return channel_block_; }
  /// True if x itself is the matrix of columns: kernel 1x1, stride 1, no padding, large images.
  bool is_identity() const { return identity_; }

  /// The distance from one row of a tile's columns to the next: some blocks more than its
  /// length, since the last block of a copy runs over the end.
  static int64_t row_stride(const Tile& tile) {
    return ceil_div(tile.columns(), kPad) * kPad + kPad;
  }
  /// The number of elements in the largest window and columns of so many channels.
  int64_t window_size(int64_t channels) const;
  int64_t columns_size(int64_t channels) const;

  /// Writes the columns of channels [channel, channel + channels) of the batch x.
  void im2col(const T* x, const Tile& tile, int64_t channel, int64_t channels, T* window,
              T* columns) const;
  /// Adds the columns of channels [channel, channel + channels) to the batch x.
  void col2im(const T* columns, const Tile& tile, int64_t channel, int64_t channels, T* window,
              T* x) const;

 private:
  static constexpr int64_t kPad = 8;

  /// Where a tap lies along one axis: at which row or column of which phase it begins.
  struct Tap {
    int64_t begin, phase;
  };
  /// Sizes of the window of one channel.
  struct Window {
    int64_t rows, cols, pitch;  ///< of one image in one phase
    int64_t plane;              ///< elements of one phase
    int64_t channel;            ///< elements of one channel
  };
  Window window(const Tile& tile) const;

  /// Where a phase of the window meets the input along one axis: its positions [begin, end) are the
  /// rows or columns first + position * stride.
  struct Span {
    int64_t first, begin, end;
  };
  Span span(int axis, int64_t output_begin, int64_t phase, int64_t positions) const;
  Span pairs(const Tile& tile) const;

  template <class Visit>
  void visit_rows(const Tile& tile, int64_t channel, int64_t channels, Visit visit) const;
  template <class Visit>
  void visit_taps(const Tile& tile, int64_t channels, Visit visit) const;
  void fill_window(const T* x, const Tile& tile, int64_t channel, int64_t channels, int64_t phase,
                   T* window_data) const;
  void fill_window_pairs(const T* x, const Tile& tile, int64_t channel, int64_t channels,
                         T* window_data) const;
  void add_window(const T* window_data, const Tile& tile, int64_t channel, int64_t channels,
                  int64_t phase, T* x) const;
  void add_window_pairs(const T* window_data, const Tile& tile, int64_t channel, int64_t channels,
                        T* x) const;

  ConvGeometry geometry_;
  std::array<int64_t, 2> phases_;  ///< the residues of k * dilation modulo stride, by axis
  std::array<std::vector<Tap>, 2> taps_;
  std::array<int64_t, 2> overlap_;  ///< where the last tap begins
  int64_t units_, images_;
  int64_t bands_, band_rows_;
  int64_t pieces_, piece_cols_;
  int64_t channel_block_;
  bool identity_;
};

}  // namespace adjoint::kernels
