#include "adjoint/ops/kernels/conv.h"

#include <algorithm>
#include <type_traits>

#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv_lowering.h"
#include "adjoint/ops/kernels/conv_work.h"
#include "adjoint/ops/kernels/direct_conv.h"
#include "adjoint/ops/kernels/gemm.h"
#include "adjoint/ops/kernels/narrow_conv.h"

// One walk serves the three maps: over the groups, the tiles and blocks of input channels, with a
// product for each.
//   conv2d:            Y[out, positions]      += W[out, channels * taps] columns
//   conv_transpose2d:  columns                 = W^T Y,  added to x
//   conv2d_weight:     W[out, channels * taps] += Y columns^T
// Threads take whole groups, tiles and channel blocks such that no two of them write to the same
// place, and everything that is summed is summed in an order that the geometry alone fixes.
//
// Floats take faster ways where there are any: see direct_conv.h and narrow_conv.h.

namespace adjoint::kernels {
namespace {

/// Elements to fill in one piece of work, at least.
constexpr int64_t kFill = 32 * 1024;

/// Fills the channels of an image with their bias, or with zeros.
template <class T>
void fill_channels(const T* bias, int64_t channels, int64_t plane, T* image) {
  if (!bias) {
    std::fill_n(image, channels * plane, T(0));
  } else if (plane == 1) {  // a call for each element took a tenth of a kernel_covers_input layer
    std::copy_n(bias, channels, image);
  } else {
    for (int64_t c = 0; c < channels; ++c) std::fill_n(image + c * plane, plane, bias[c]);
  }
}

template <class T>
void fill_batch(const T* bias, int64_t batch, int64_t channels, int64_t plane, T* data) {
  parallel_for(0, batch, ceil_div(kFill, channels * plane + 1), [&](int64_t first, int64_t last) {
    for (int64_t n = first; n < last; ++n) {
      fill_channels(bias, channels, plane, data + n * channels * plane);
    }
  });
}

/// The matrix Y [channels, positions] of a tile. That of one image is a part of y; of several it
/// is gathered in a buffer.
template <class T>
struct TileOutput {
  TileOutput(const ConvGeometry& g, const Tile& tile, int64_t channel, int64_t channels)
      : images(tile.images),
        channels(channels),
        plane(g.output[0] * g.output[1]),
        image_stride(g.out_channels * plane),
        offset(tile.image * image_stride + channel * plane + tile.row * g.output[1] + tile.col) {}

  bool in_place() const { return images == 1; }
  int64_t row_stride() const { return images * plane; }

  void gather(const T* y, T* buffer) const {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < images; ++i) {
        buffer = std::copy_n(y + offset + i * image_stride + c * plane, plane, buffer);
      }
    }
  }
  void scatter(const T* buffer, T* y) const {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < images; ++i, buffer += plane) {
        std::copy_n(buffer, plane, y + offset + i * image_stride + c * plane);
      }
    }
  }

  int64_t images, channels, plane, image_stride, offset;
};

/// The buffers of one thread's walk, for blocks of `in` input channels.
template <class T>
struct Workspace {
  Workspace(const Lowering<T>& lowering, int64_t in, int64_t out)
      : window(lowering.is_identity() ? 0 : lowering.window_size(in)),
        columns(lowering.is_identity() ? 0 : lowering.columns_size(in)),
        output(lowering.images_per_unit() == 1 ? 0 : out * lowering.tile(0).columns()) {}

  Scratch<T> window, columns, output;
};

/// True if each image has one output position, whose taps are just the input: x is the matrix
/// X [batch, in_channels * taps] then, and y is Y [batch, out_channels]. A product of these takes a
/// quarter of the walk's time.
bool kernel_covers_input(const ConvGeometry& g) {
  constexpr std::array<int64_t, 2> zeros{0, 0}, ones{1, 1};
  return g.output == ones && g.kernel == g.input && g.padding == zeros && g.dilation == ones;
}

/// For stride 1, the adjoint is a convolution too: of y, with the kernel turned round, and with the
/// channels' parts exchanged. This is its geometry. (Its padding can be negative: it then leaves
/// out the first positions of y.)
ConvGeometry turned_round(const ConvGeometry& g) {
  ConvGeometry turned = g;
  std::swap(turned.in_channels, turned.out_channels);
  std::swap(turned.input, turned.output);
  for (int i = 0; i < 2; ++i) turned.padding[i] = (g.kernel[i] - 1) * g.dilation[i] - g.padding[i];
  return turned;
}

/// The weight of that convolution: turned[i, o, k] = w[o, i, taps - 1 - k] in each group.
template <class T>
void turn_round(const Sizes& s, int64_t groups, const T* w, T* turned) {
  for (int64_t group = 0; group < groups; ++group, w += s.out * s.in * s.taps) {
    for (int64_t i = 0; i < s.in; ++i) {
      for (int64_t o = 0; o < s.out; ++o, turned += s.taps) {
        std::reverse_copy(w + (o * s.in + i) * s.taps, w + (o * s.in + i + 1) * s.taps, turned);
      }
    }
  }
}

/// Where x itself is the matrix of columns: its part for a tile.
template <class T>
T* identity_columns(const ConvGeometry& g, const Tile& tile, int64_t channel, T* x) {
  return x + (tile.image * g.in_channels + channel) * g.input[0] * g.input[1] +
         tile.row * g.input[1] + tile.col;
}

}  // namespace

template <class T>
void conv2d(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y) {
  const Sizes s(g);
  if (s.empty) return fill_batch(bias, g.batch, g.out_channels, s.y_plane, y);
  if (kernel_covers_input(g)) {
    if (bias) fill_batch(bias, g.batch, g.out_channels, 1, y);
    for (int64_t group = 0; group < g.groups; ++group) {
      const Matrix<T> xs{x + group * s.in * s.taps, g.in_channels * s.taps};
      const Matrix<T> ws{w + group * s.out * s.in * s.taps, s.in * s.taps, true};
      parallel_gemm(g.batch, s.out, s.in * s.taps, xs, ws, T(bias ? 1 : 0), y + group * s.out,
                    g.out_channels);
    }
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    if (direct_conv2d_pays(g)) return direct_conv2d(g, x, w, bias, y);
    if (narrow_conv2d_pays(g)) return narrow_conv2d(g, x, w, bias, y);
  }

  const Lowering<T> lowering(g);
  const Blocks ins(s.in, lowering.channel_block(), 1, s.in);
  const Blocks outs(s.out, s.out, ceil_div(kItems, lowering.tiles() * g.groups), 64);
  const int64_t items = lowering.tiles() * g.groups * outs.count;
  parallel_for(0, items, grain(g, s, items), [&](int64_t first, int64_t last) {
    const Workspace<T> space(lowering, ins.size, outs.size);
    for (int64_t item = first; item < last; ++item) {
      const Tile tile = lowering.tile(item / outs.count / g.groups);
      const int64_t group = item / outs.count % g.groups;
      const int64_t out = group * s.out + outs.begin(item % outs.count);
      const int64_t out_count = outs.length(item % outs.count);
      const TileOutput<T> tile_y(g, tile, out, out_count);
      T* ys = tile_y.in_place() ? y + tile_y.offset : space.output.get();
      for (int64_t c = 0; c < out_count; ++c) {
        std::fill_n(ys + c * tile_y.row_stride(), tile.columns(), bias ? bias[out + c] : T(0));
      }
      for (int64_t block = 0; block < ins.count; ++block) {
        const int64_t in = ins.begin(block), in_count = ins.length(block);
        const Matrix<T> ws{w + (out * s.in + in) * s.taps, s.in * s.taps};
        Matrix<T> columns{space.columns.get(), lowering.row_stride(tile)};
        if (lowering.is_identity()) {
          columns = {identity_columns(g, tile, group * s.in + in, x), s.x_plane};
        } else {
          lowering.im2col(x, tile, group * s.in + in, in_count, space.window.get(),
                          space.columns.get());
        }
        gemm(out_count, tile.columns(), in_count * s.taps, ws, columns, T(1), ys,
             tile_y.row_stride());
      }
      if (!tile_y.in_place()) tile_y.scatter(ys, y);
    }
  });
}

template <class T>
void conv_transpose2d(const ConvGeometry& g, const T* y, const T* w, const T* bias, T* x) {
  const Sizes s(g);
  if (s.empty) return fill_batch(bias, g.batch, g.in_channels, s.x_plane, x);
  if (kernel_covers_input(g)) {
    if (bias) fill_batch(bias, g.batch, g.in_channels, s.x_plane, x);
    for (int64_t group = 0; group < g.groups; ++group) {
      const Matrix<T> ys{y + group * s.out, g.out_channels};
      const Matrix<T> ws{w + group * s.out * s.in * s.taps, s.in * s.taps};
      parallel_gemm(g.batch, s.in * s.taps, s.out, ys, ws, T(bias ? 1 : 0),
                    x + group * s.in * s.taps, g.in_channels * s.taps);
    }
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    if (direct_conv_transpose2d_pays(g)) return direct_conv_transpose2d(g, y, w, bias, x);
  }

  if (g.stride == std::array<int64_t, 2>{1, 1} && s.taps > 1) {
    // The columns are fewer than those of the adjoint if y has fewer channels, and copied instead
    // of added up: 3x as fast from 3 to 32 channels, 10% from 32 to 64, and no faster from 64
    // to 64.
    const ConvGeometry turned = turned_round(g);
    const bool narrow = std::is_same_v<T, float> && narrow_conv2d_pays(turned);
    if (narrow || 2 * s.out <= s.in) {
      const Scratch<T> turned_w(g.in_channels * s.out * s.taps);
      turn_round(s, g.groups, w, turned_w.get());
      return conv2d(turned, y, turned_w.get(), bias, x);
    }
  }

  const Lowering<T> lowering(g);
  const Blocks ins(s.in, lowering.channel_block(), ceil_div(kItems, lowering.units() * g.groups),
                   ceil_div(64, s.taps));
  const int64_t items = lowering.units() * g.groups * ins.count;
  parallel_for(0, items, grain(g, s, items), [&](int64_t first, int64_t last) {
    const Workspace<T> space(lowering, ins.size, s.out);
    for (int64_t item = first; item < last; ++item) {
      const int64_t unit = item / ins.count / g.groups;
      const int64_t group = item / ins.count % g.groups;
      const int64_t in = ins.begin(item % ins.count), in_count = ins.length(item % ins.count);
      const int64_t channel = group * s.in + in;
      const Matrix<T> ws{w + (group * s.out * s.in + in) * s.taps, s.in * s.taps, true};
      for (int64_t part = 0; part < lowering.tiles_per_unit(); ++part) {
        const Tile tile = lowering.tile(unit * lowering.tiles_per_unit() + part);
        if (part == 0) {
          for (int64_t n = tile.image; n < tile.image + tile.images; ++n) {
            fill_channels(bias ? bias + channel : nullptr, in_count, s.x_plane,
                          x + (n * g.in_channels + channel) * s.x_plane);
          }
        }
        const TileOutput<T> tile_y(g, tile, group * s.out, s.out);
        if (!tile_y.in_place()) tile_y.gather(y, space.output.get());
        const Matrix<T> ys{tile_y.in_place() ? y + tile_y.offset : space.output.get(),
                           tile_y.row_stride()};
        if (lowering.is_identity()) {
          gemm(in_count, tile.columns(), s.out, ws, ys, T(1), identity_columns(g, tile, channel, x),
               s.x_plane);
        } else {
          gemm(in_count * s.taps, tile.columns(), s.out, ws, ys, T(0), space.columns.get(),
               lowering.row_stride(tile));
          lowering.col2im(space.columns.get(), tile, channel, in_count, space.window.get(), x);
        }
      }
    }
  });
}

template <class T>
void conv2d_weight(const ConvGeometry& g, const T* x, const T* y, T* w) {
  const Sizes s(g);
  const int64_t weights = g.out_channels * s.in * s.taps;
  if (s.empty) {
    std::fill_n(w, weights, T(0));
    return;
  }
  if (kernel_covers_input(g)) {
    for (int64_t group = 0; group < g.groups; ++group) {
      const Matrix<T> ys{y + group * s.out, g.out_channels, true};
      const Matrix<T> xs{x + group * s.in * s.taps, g.in_channels * s.taps};
      parallel_gemm(s.out, s.in * s.taps, g.batch, ys, xs, T(0), w + group * s.out * s.in * s.taps,
                    s.in * s.taps);
    }
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    if (direct_conv2d_weight_pays(g)) return direct_conv2d_weight(g, x, y, w);
    if (narrow_conv2d_weight_pays(g)) return narrow_conv2d_weight(g, x, y, w);
  }

  // Chunks of the tiles have partial sums of their own, of which the first is in w.
  const Lowering<T> lowering(g);
  const int64_t fitting = std::min(lowering.tiles(), 1 + kPartialSums / weights);
  const Blocks ins(s.in, lowering.channel_block(),
                   fitting >= kItems ? 1 : ceil_div(kItems, g.groups), ceil_div(64, s.taps));
  const Blocks chunks(lowering.tiles(), lowering.tiles(),
                      std::min(fitting, ceil_div(kItems, g.groups * ins.count)), 1);
  const Scratch<T> partial_sums((chunks.count - 1) * weights);
  const int64_t items = chunks.count * g.groups * ins.count;
  parallel_for(0, items, grain(g, s, items), [&](int64_t first, int64_t last) {
    const Workspace<T> space(lowering, ins.size, s.out);
    for (int64_t item = first; item < last; ++item) {
      const int64_t chunk = item / ins.count / g.groups;
      const int64_t group = item / ins.count % g.groups;
      const int64_t in = ins.begin(item % ins.count), in_count = ins.length(item % ins.count);
      T* sum = (chunk == 0 ? w : partial_sums.get() + (chunk - 1) * weights) +
               (group * s.out * s.in + in) * s.taps;
      for (int64_t i = 0; i < chunks.length(chunk); ++i) {
        const Tile tile = lowering.tile(chunks.begin(chunk) + i);
        const TileOutput<T> tile_y(g, tile, group * s.out, s.out);
        if (!tile_y.in_place()) tile_y.gather(y, space.output.get());
        const Matrix<T> ys{tile_y.in_place() ? y + tile_y.offset : space.output.get(),
                           tile_y.row_stride()};
        Matrix<T> columns{space.columns.get(), lowering.row_stride(tile), true};
        if (lowering.is_identity()) {
          columns = {identity_columns(g, tile, group * s.in + in, x), s.x_plane, true};
        } else {
          lowering.im2col(x, tile, group * s.in + in, in_count, space.window.get(),
                          space.columns.get());
        }
        gemm(s.out, in_count * s.taps, tile.columns(), ys, columns, T(i == 0 ? 0 : 1), sum,
             s.in * s.taps);
      }
    }
  });
  add_partial_sums(chunks.count - 1, weights, partial_sums.get(), w);
}

template void conv2d(const ConvGeometry&, const float*, const float*, const float*, float*);
template void conv2d(const ConvGeometry&, const double*, const double*, const double*, double*);
template void conv_transpose2d(const ConvGeometry&, const float*, const float*, const float*,
                               float*);
template void conv_transpose2d(const ConvGeometry&, const double*, const double*, const double*,
                               double*);
template void conv2d_weight(const ConvGeometry&, const float*, const float*, float*);
template void conv2d_weight(const ConvGeometry&, const double*, const double*, double*);

}  // namespace adjoint::kernels
