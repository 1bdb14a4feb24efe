#include "adjoint/ops/kernels/fold.h"

#include <algorithm>

#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/conv_lowering.h"

// The convolution's own lowering, a tile at a time; what a convolution would multiply with its
// weights is copied between the tile and the array instead.

namespace adjoint::kernels {
namespace {

constexpr int64_t kPieces = 64;
constexpr int64_t kPieceElements = 32 * 1024;  // of the columns: some 10 us

/// A lowering, its input channels in blocks, and how its tiles lie in the array of columns.
template <class T>
struct Columns {
  explicit Columns(const ConvGeometry& g)
      : lowering(g),
        channels(g.in_channels),
        block(lowering.channel_block()),
        blocks(ceil_div(channels, block)),
        width(g.output[1]),
        plane(g.output[0] * g.output[1]),
        elements(g.batch * channels * lowering.taps() * plane) {}

  int64_t block_begin(int64_t i) const { return i * block; }
  int64_t block_length(int64_t i) const { return std::min(block, channels - i * block); }
  /// How many items make a piece for a thread.
  int64_t grain(int64_t items) const {
    return ceil_div(items, std::clamp<int64_t>(elements / kPieceElements, 1, kPieces));
  }

  /// Calls visit(offset in the array, offset in the tile's columns, length) for every stretch that
  /// both have in common.
  template <class Visit>
  void visit_stretches(const Tile& tile, int64_t channel, int64_t count, const Visit& visit) const {
    const int64_t taps = lowering.taps(), length = tile.rows * tile.cols;
    const int64_t row_stride = lowering.row_stride(tile);
    for (int64_t r = 0; r < count * taps; ++r) {
      for (int64_t i = 0; i < tile.images; ++i) {
        const int64_t row = ((tile.image + i) * channels + channel) * taps + r;
        visit(row * plane + tile.row * width + tile.col, r * row_stride + i * length, length);
      }
    }
  }

  Lowering<T> lowering;
  int64_t channels, block, blocks;
  int64_t width, plane, elements;
};

bool has_columns(const ConvGeometry& g) {
  return g.batch * g.in_channels * g.kernel[0] * g.kernel[1] * g.output[0] * g.output[1] != 0;
}

}  // namespace

template <class T>
void im2col(const ConvGeometry& g, const T* x, T* columns) {
  if (!has_columns(g)) return;
  const Columns<T> c(g);
  const int64_t items = c.lowering.tiles() * c.blocks;
  parallel_for(0, items, c.grain(items), [&](int64_t first, int64_t last) {
    const Scratch<T> window(c.lowering.window_size(c.block)),
        tiled(c.lowering.columns_size(c.block));
    for (int64_t item = first; item < last; ++item) {
      const Tile tile = c.lowering.tile(item / c.blocks);
      const int64_t channel = c.block_begin(item % c.blocks);
      const int64_t count = c.block_length(item % c.blocks);
      c.lowering.im2col(x, tile, channel, count, window.get(), tiled.get());
      c.visit_stretches(tile, channel, count, [&](int64_t at, int64_t from, int64_t length) {
        std::copy_n(tiled.get() + from, length, columns + at);
      });
    }
  });
}

template <class T>
void col2im(const ConvGeometry& g, const T* columns, T* x) {
  const int64_t plane = g.input[0] * g.input[1];
  if (!has_columns(g)) {
    std::fill_n(x, g.batch * g.in_channels * plane, T(0));
    return;
  }
  const Columns<T> c(g);
  // The tiles of a unit overlap in x: they are one thread's, in a fixed order.
  const int64_t items = c.lowering.units() * c.blocks, parts = c.lowering.tiles_per_unit();
  parallel_for(0, items, c.grain(items), [&](int64_t first, int64_t last) {
    const Scratch<T> window(c.lowering.window_size(c.block)),
        tiled(c.lowering.columns_size(c.block));
    for (int64_t item = first; item < last; ++item) {
      const int64_t unit = item / c.blocks;
      const int64_t channel = c.block_begin(item % c.blocks);
      const int64_t count = c.block_length(item % c.blocks);
      const Tile images = c.lowering.tile(unit * parts);
      for (int64_t n = images.image; n < images.image + images.images; ++n) {
        std::fill_n(x + (n * c.channels + channel) * plane, count * plane, T(0));
      }
      for (int64_t part = 0; part < parts; ++part) {
        const Tile tile = c.lowering.tile(unit * parts + part);
        c.visit_stretches(tile, channel, count, [&](int64_t at, int64_t to, int64_t length) {
          std::copy_n(columns + at, length, tiled.get() + to);
        });
        c.lowering.col2im(tiled.get(), tile, channel, count, window.get(), x);
      }
    }
  });
}

template void im2col(const ConvGeometry&, const float*, float*);
template void im2col(const ConvGeometry&, const double*, double*);
template void col2im(const ConvGeometry&, const float*, float*);
template void col2im(const ConvGeometry&, const double*, double*);

}  // namespace adjoint::kernels
