#include "adjoint/ops/kernels/conv_lowering.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace adjoint::kernels {
namespace {

// Measured on the shapes of tests/benchmarks/conv_kernels_bench.cpp.
constexpr int64_t kTileColumns = 512;            // positions of a tile
constexpr int64_t kSharedTilePositions = 128;    // smaller images share a tile
constexpr int64_t kColumnElements = 256 * 1024;  // of the columns: 1 MB of floats

/// Elements in the blocks that rows are copied in: 32 bytes.
template <class T>
constexpr int64_t kBlock = 32 / sizeof(T);

/// Copies n elements in whole blocks: up to kBlock - 1 elements beyond are read and written.
template <class T>
inline void copy_blocks(const T* from, int64_t n, T* to) {
  for (int64_t i = 0; i < n; i += kBlock<T>) std::memcpy(to + i, from + i, 32);
}

/// to += from for n elements, in whole blocks: up to kBlock - 1 elements beyond are read, and have
/// 0 added to them in `to`.
template <class T>
inline void add_blocks(const T* from, int64_t n, T* to) {
  const int64_t whole = n / kBlock<T> * kBlock<T>;
  for (int64_t i = 0; i < whole; ++i) to[i] += from[i];
  if (whole == n) return;
  for (int64_t i = 0; i < kBlock<T>; ++i) to[whole + i] += i < n - whole ? from[whole + i] : T(0);
}

/// Calls f with the stride as a constant where it is 1 or 2, so that the loops in f vectorise.
template <class F>
void with_constant_stride(int64_t stride, const F& f) {
  if (stride == 1) {
    f(std::integral_constant<int64_t, 1>());
  } else if (stride == 2) {
    f(std::integral_constant<int64_t, 2>());
  } else {
    f(stride);
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

/// Calls visit(w, x, n, stride) for each row of the window that lies on the input: w and x are the
/// offsets of the first element on it in the window and in the batch, n is how many there are, and
/// in x they are `stride` apart.
template <class T>
template <class Visit>
void Lowering<T>::visit_rows(const Tile& tile, int64_t channel, int64_t channels,
                             const Visit& visit) const {
  const auto& [in_h, in_w] = geometry_.input;
  const auto& [stride_h, stride_w] = geometry_.stride;
  const Window win = window(tile);
  const int64_t group_image = geometry_.in_channels * in_h * in_w;
  with_constant_stride(stride_w, [&](auto stride) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t ph = 0; ph < phases_[0]; ++ph) {
        // Row r of this phase is row top + r * stride_h of the input; columns alike.
        const int64_t top =
            tile.row * stride_h + ph * geometry_.dilation[0] % stride_h - geometry_.padding[0];
        const int64_t row_begin = top >= 0 ? 0 : ceil_div(-top, stride_h);
        const int64_t row_end = in_h > top ? std::min(win.rows, ceil_div(in_h - top, stride_h)) : 0;
        for (int64_t pw = 0; pw < phases_[1]; ++pw) {
          const int64_t left =
              tile.col * stride_w + pw * geometry_.dilation[1] % stride_w - geometry_.padding[1];
          const int64_t begin = left >= 0 ? 0 : ceil_div(-left, stride_w);
          const int64_t end = in_w > left ? std::min(win.cols, ceil_div(in_w - left, stride_w)) : 0;
          if (begin >= end) continue;
          const int64_t plane = c * win.channel + (ph * phases_[1] + pw) * win.plane;
          for (int64_t i = 0; i < tile.images; ++i) {
            const int64_t image = (tile.image + i) * group_image + (channel + c) * in_h * in_w;
            for (int64_t r = row_begin; r < row_end; ++r) {
              visit(plane + (i * win.rows + r) * win.pitch + begin,
                    image + (top + r * stride_h) * in_w + left + begin * stride_w, end - begin,
                    stride);
            }
          }
        }
      }
    }
  });
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
  visit_rows(tile, channel, channels, [&](int64_t w, int64_t x_offset, int64_t n, auto stride) {
    const T* from = x + x_offset;
    T* to = window_data + w;
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
  });
  // Addresses in `columns` increase: what a copy's last block writes too much is overwritten next.
  visit_taps(tile, channels, [&](int64_t w, int64_t row) {
    const T* from = window_data + w;
    T* to = columns + row;
    for (int64_t i = 0; i < tile.images; ++i) {
      for (int64_t r = 0; r < tile.rows; ++r) {
        copy_blocks(from + (i * win.rows + r) * win.pitch, tile.cols, to);
        to += tile.cols;
      }
    }
  });
}

template <class T>
void Lowering<T>::col2im(const T* columns, const Tile& tile, int64_t channel, int64_t channels,
                         T* window_data, T* x) const {
  const Window win = window(tile);
  std::fill_n(window_data, channels * win.channel + kPad, T(0));
  visit_taps(tile, channels, [&](int64_t w, int64_t row) {
    const T* from = columns + row;
    T* to = window_data + w;
    for (int64_t i = 0; i < tile.images; ++i) {
      for (int64_t r = 0; r < tile.rows; ++r) {
        add_blocks(from, tile.cols, to + (i * win.rows + r) * win.pitch);
        from += tile.cols;
      }
    }
  });
  visit_rows(tile, channel, channels, [&](int64_t w, int64_t x_offset, int64_t n, auto stride) {
    const T* from = window_data + w;
    T* to = x + x_offset;
    for (int64_t i = 0; i < n; ++i) to[i * stride] += from[i];
  });
}

template class Lowering<float>;
template class Lowering<double>;

}  // namespace adjoint::kernels
