#include "adjoint/ops/kernels/conv_lowering.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "adjoint/ops/kernels/conv_blocks.h"

namespace adjoint::kernels {
namespace {

// Measured on the shapes of tests/benchmarks/conv_kernels_bench.cpp.
constexpr int64_t kTileColumns = 512;            // positions of a tile
constexpr int64_t kSharedTilePositions = 128;    // smaller images share a tile
constexpr int64_t kColumnElements = 256 * 1024;  // of the columns: 1 MB of floats

/// Calls f with the value as a constant where it is one of kConstants, so that f's loops unroll and
/// vectorise.
template <int64_t... kConstants, class F>
void with_constant(int64_t value, const F& f) {
  if (!((value == kConstants && (f(std::integral_constant<int64_t, kConstants>()), true)) || ...)) {
    f(value);
  }
}

}  // namespace

template <class T>
Lowering<T>::Lowering(const ConvGeometry& geometry) : geometry_(geometry) {
  ConvGeometry& g = geometry_;
  const int64_t positions = g.output[0] * g.output[1];
  constexpr std::array<int64_t, 2> zeros{0, 0}, ones{1, 1};
  identity_ = g.kernel == ones && g.stride == ones && g.padding == zeros && g.output == g.input &&
              positions >= kSharedTilePositions;
  if (identity_) g.input = g.output = {1, positions};

  for (int axis = 0; axis < 2; ++axis) {
    const int64_t stride = g.stride[axis], dilation = g.dilation[axis];
    phases_[axis] = std::min(g.kernel[axis], stride / std::gcd(stride, dilation));
    overlap_[axis] = (g.kernel[axis] - 1) * dilation / stride;
  }

  const int64_t sharing = positions < kSharedTilePositions ? kTileColumns / positions : 1;
  units_ = ceil_div(g.batch, sharing);
  images_ = ceil_div(g.batch, units_);
  pieces_ = ceil_div(g.output[1], kTileColumns);
  piece_cols_ = ceil_div(g.output[1], pieces_);
  bands_ = ceil_div(g.output[0], std::max<int64_t>(1, kTileColumns / g.output[1]));
  band_rows_ = ceil_div(g.output[0], bands_);
  bands_ = ceil_div(g.output[0], band_rows_);

  const int64_t channels = g.in_channels / g.groups;
  const int64_t columns = images_ * band_rows_ * piece_cols_;
  const int64_t fitting = std::max<int64_t>(1, kColumnElements / (taps() * columns));
  channel_block_ = ceil_div(channels, ceil_div(channels, fitting));
}

template <class T>
Tile Lowering<T>::tile(int64_t index) const {
  const int64_t unit = index / tiles_per_unit(), part = index % tiles_per_unit();
  Tile tile;
  tile.image = unit * images_;
  tile.images = std::min(images_, geometry_.batch - tile.image);
  tile.row = part / pieces_ * band_rows_;
  tile.rows = std::min(band_rows_, geometry_.output[0] - tile.row);
  tile.col = part % pieces_ * piece_cols_;
  tile.cols = std::min(piece_cols_, geometry_.output[1] - tile.col);
  return tile;
}

template <class T>
typename Lowering<T>::Window Lowering<T>::window(const Tile& tile) const {
  Window w;
  w.rows = tile.rows + overlap_[0];
  w.cols = tile.cols + overlap_[1];
  w.pitch = ceil_div(w.cols, kPad) * kPad;
  w.plane = tile.images * w.rows * w.pitch;
  w.channel = phases_[0] * phases_[1] * w.plane;
  return w;
}

template <class T>
int64_t Lowering<T>::window_size(int64_t channels) const {
  return channels * window({0, images_, 0, band_rows_, 0, piece_cols_}).channel + kPad;
}

template <class T>
int64_t Lowering<T>::columns_size(int64_t channels) const {
  return channels * taps() * row_stride({0, images_, 0, band_rows_, 0, piece_cols_});
}

template <class T>
typename Lowering<T>::Span Lowering<T>::span(int axis, int64_t output_begin, int64_t phase,
                                             int64_t positions) const {
  const int64_t stride = geometry_.stride[axis], input = geometry_.input[axis];
  const int64_t residue = phase * geometry_.dilation[axis] % stride;
  const int64_t first = output_begin * stride + residue - geometry_.padding[axis];
  const int64_t begin = first >= 0 ? 0 : ceil_div(-first, stride);
  const int64_t end = input > first ? std::min(positions, ceil_div(input - first, stride)) : 0;
  return {first, begin, std::max(begin, end)};
}

/// Calls visit(w, channel, row) for each row of the window that lies on the input. Offsets: w of
/// that row in the window, for the first phase of the columns; channel of the channel of an image
/// in x, and row of the row in that channel. The order is that of addresses in x.
template <class T>
template <class Visit>
void Lowering<T>::visit_rows(const Tile& tile, int64_t channel, int64_t channels,
                             const Visit& visit) const {
  const auto& [in_h, in_w] = geometry_.input;
  const Window win = window(tile);
  for (int64_t phase = 0; phase < phases_[0]; ++phase) {
    const Span rows = span(0, tile.row, phase, win.rows);
    for (int64_t i = 0; i < tile.images; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t w =
            c * win.channel + phase * phases_[1] * win.plane + i * win.rows * win.pitch;
        const int64_t x = ((tile.image + i) * geometry_.in_channels + channel + c) * in_h * in_w;
        for (int64_t r = rows.begin; r < rows.end; ++r) {
          visit(w + r * win.pitch, x, (rows.first + r * geometry_.stride[0]) * in_w);
        }
      }
    }
  }
}

/// Calls visit(w, row) for each row of columns: w is the offset in the window of what the tap sees
/// first, and row is the offset of the row.
template <class T>
template <class Visit>
void Lowering<T>::visit_taps(const Tile& tile, int64_t channels, const Visit& visit) const {
  const Window win = window(tile);
  const auto& [kernel_h, kernel_w] = geometry_.kernel;
  int64_t row = 0;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t kh = 0; kh < kernel_h; ++kh) {
      const int64_t top = kh * geometry_.dilation[0] / geometry_.stride[0];
      for (int64_t kw = 0; kw < kernel_w; ++kw) {
        const int64_t left = kw * geometry_.dilation[1] / geometry_.stride[1];
        const int64_t phase = kh % phases_[0] * phases_[1] + kw % phases_[1];
        visit(c * win.channel + phase * win.plane + top * win.pitch + left, row);
        row += row_stride(tile);
      }
    }
  }
}

template <class T>
void Lowering<T>::im2col(const T* x, const Tile& tile, int64_t channel, int64_t channels,
                         T* window_data, T* columns) const {
  const Window win = window(tile);
  std::fill_n(window_data, channels * win.channel, T(0));
  with_constant<1, 2>(geometry_.stride[1], [&](auto stride) {
    for (int64_t phase = 0; phase < phases_[1]; ++phase) {
      fill_window(x, tile, channel, channels, phase, stride, window_data);
    }
  });
  // Addresses in `columns` increase: what a copy's last block writes too much is overwritten next.
  with_constant<1, 2, 3, 4>(blocks_of<T>(tile.cols), [&](auto blocks) {
    visit_taps(tile, channels, [&, blocks](int64_t w, int64_t row) {
      T* to = columns + row;
      for (int64_t i = 0; i < tile.images; ++i) {
        const T* from = window_data + w + i * win.rows * win.pitch;
        for (int64_t r = 0; r < tile.rows; ++r, from += win.pitch, to += tile.cols) {
          copy_blocks(from, blocks, to);
        }
      }
    });
  });
}

/// Copies what one phase of the columns sees of x, with the stride a constant where it is 1 or 2.
template <class T>
template <class Stride>
void Lowering<T>::fill_window(const T* x, const Tile& tile, int64_t channel, int64_t channels,
                              int64_t phase, Stride stride, T* window_data) const {
  const Window win = window(tile);
  const Span cols = span(1, tile.col, phase, win.cols);
  const int64_t n = cols.end - cols.begin;
  if (n == 0) return;
  const T* from = x + cols.first + cols.begin * stride;
  T* to = window_data + phase * win.plane + cols.begin;
  const auto gather_exactly = [=](int64_t w, int64_t plane, int64_t row) {
    for (int64_t i = 0; i < n; ++i) to[w + i] = from[plane + row + i * stride];
  };
  if constexpr (std::is_same_v<Stride, int64_t>) {
    visit_rows(tile, channel, channels, gather_exactly);
  } else {
    const RowGatherer<T, Stride::value> gather(n);
    const int64_t x_size =
        geometry_.batch * geometry_.in_channels * geometry_.input[0] * geometry_.input[1];
    const int64_t readable = x_size - (cols.first + cols.begin * stride) - gather.reach();
    visit_rows(tile, channel, channels, [=](int64_t w, int64_t plane, int64_t row) {
      if (plane + row <= readable) {
        gather(from + plane + row, to + w);
      } else {
        gather_exactly(w, plane, row);
      }
    });
  }
}

template <class T>
void Lowering<T>::col2im(const T* columns, const Tile& tile, int64_t channel, int64_t channels,
                         T* window_data, T* x) const {
  const Window win = window(tile);
  std::fill_n(window_data, channels * win.channel + kPad, T(0));
  with_constant<1, 2, 3, 4>(blocks_of<T>(tile.cols), [&](auto blocks) {
    const RowAdder<T, decltype(blocks)> add(tile.cols, blocks);
    visit_taps(tile, channels, [&, add](int64_t w, int64_t row) {
      const T* from = columns + row;
      for (int64_t i = 0; i < tile.images; ++i) {
        T* to = window_data + w + i * win.rows * win.pitch;
        for (int64_t r = 0; r < tile.rows; ++r, from += tile.cols, to += win.pitch) add(from, to);
      }
    });
  });
  add_window(window_data, tile, channel, channels, x);
}

/// Adds a channel's window to that channel of x: in blocks, for strides 1 and 2, as long as these
/// are inside of the channel, since others may be another thread's.
template <class T>
void Lowering<T>::add_window(const T* window_data, const Tile& tile, int64_t channel,
                             int64_t channels, T* x) const {
  const Window win = window(tile);
  const int64_t stride = geometry_.stride[1], in_w = geometry_.input[1];
  const int64_t plane_size = geometry_.input[0] * in_w;
  const auto add_exactly = [=](const Span& cols, const T* from, T* to) {
    for (int64_t i = cols.begin; i < cols.end; ++i) to[cols.first + i * stride] += from[i];
  };
  if (stride == 2 && phases_[1] == 2) {
    const std::array<Span, 2> cols{span(1, tile.col, 0, win.cols), span(1, tile.col, 1, win.cols)};
    const int64_t first = cols[0].first;
    const PairAdder<T> add(std::max<int64_t>(0, -first), std::min(2 * win.cols, in_w - first));
    visit_rows(tile, channel, channels, [=, &win](int64_t w, int64_t plane, int64_t row) {
      const T* even = window_data + w;
      const T* odd = even + win.plane;
      if (row + first + add.reach_begin() >= 0 && row + first + add.reach_end() <= plane_size) {
        add(even, odd, x + plane + row + first);
      } else {
        add_exactly(cols[0], even, x + plane + row);
        add_exactly(cols[1], odd, x + plane + row);
      }
    });
    return;
  }
  for (int64_t phase = 0; phase < phases_[1]; ++phase) {
    const Span cols = span(1, tile.col, phase, win.cols);
    if (cols.begin == cols.end) continue;
    const T* from = window_data + phase * win.plane;
    const int64_t first = cols.first + cols.begin, n = cols.end - cols.begin;
    const RowAdder<T, int64_t> add(n, blocks_of<T>(n));
    visit_rows(tile, channel, channels, [=](int64_t w, int64_t plane, int64_t row) {
      if (stride == 1 && row + first + add.reach() <= plane_size) {
        add(from + w + cols.begin, x + plane + row + first);
      } else {
        add_exactly(cols, from + w, x + plane + row);
      }
    });
  }
}

template class Lowering<float>;
template class Lowering<double>;

}  // namespace adjoint::kernels
