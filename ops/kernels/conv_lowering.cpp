#include "adjoint/ops/kernels/conv_lowering.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "adjoint/ops/kernels/conv_blocks.h"

namespace adjoint::kernels {
namespace {

// Measured on the shapes of tests/benchmarks/conv_shapes.h.
constexpr int64_t kTileColumns = 512;            // positions of a tile
constexpr int64_t kSharedTilePositions = 128;    // smaller images share a tile
constexpr int64_t kSharedTileColumns = 800;      // of so many positions
constexpr int64_t kEvenUnits = 4;                // threads share them evenly
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
    for (int64_t k = 0; k < g.kernel[axis]; ++k) {
      taps_[axis].push_back({k * dilation / stride, k % phases_[axis]});
    }
    overlap_[axis] = taps_[axis].back().begin;
  }

  // 13 units of 10 images take two threads 5% longer than 8 of 16.
  const int64_t sharing = positions < kSharedTilePositions ? kSharedTileColumns / positions : 1;
  units_ = ceil_div(g.batch, sharing);
  if (sharing > 1 && units_ > 2) {
    units_ = std::min(g.batch, ceil_div(units_, kEvenUnits) * kEvenUnits);
  }
  images_ = ceil_div(g.batch, units_);
  units_ = ceil_div(g.batch, images_);  // the images may fill fewer
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

/// For stride 2: where the pairs of columns of both phases meet the input; position j of the
/// sequence is column first + j.
template <class T>
typename Lowering<T>::Span Lowering<T>::pairs(const Tile& tile) const {
  const int64_t first = tile.col * 2 - geometry_.padding[1];
  return {first, std::max<int64_t>(0, -first),
          std::min(2 * window(tile).cols, geometry_.input[1] - first)};
}

// The visitors find where rows begin; loops over the rows stand in functions of their own, which
// are not inlined: inside the visitors GCC keeps their counters in memory, at 9 cycles a row
// instead of
// 3. What is called for each row is passed by value and holds values: stores of blocks may alias
// anything that is reachable by a reference, which would be loaded again for every row.

/// The rows of one image that lie both in one phase of the window and on the input.
struct WindowRows {
  int64_t w, pitch, w_channel;  ///< offset in the window; from row to row, channel to channel
  int64_t x, x_channel;         ///< offset of the channel in the batch
  int64_t row, row_step;        ///< offset of the row in the channel
  int64_t channels, count;      ///< rows of a channel
};

template <class Visit>
[[gnu::noinline]] void for_each_row(const WindowRows rows, const Visit visit) {
  for (int64_t c = 0; c < rows.channels; ++c) {
    const int64_t w = rows.w + c * rows.w_channel, x = rows.x + c * rows.x_channel;
    for (int64_t i = 0; i < rows.count; ++i) {
      visit(w + i * rows.pitch, x, rows.row + i * rows.row_step);
    }
  }
}

/// The rows of one tap: what it sees along each output row of a tile.
struct TapRows {
  int64_t w, pitch, w_image;  ///< offset in the window; from row to row, image to image
  int64_t row, cols;          ///< offset in the columns; from row to row
  int64_t images, count;      ///< rows of an image
};

template <class Visit>
[[gnu::noinline]] void for_each_row(const TapRows rows, const Visit visit) {
  int64_t row = rows.row;
  for (int64_t i = 0; i < rows.images; ++i) {
    int64_t w = rows.w + i * rows.w_image;
    for (int64_t r = 0; r < rows.count; ++r, w += rows.pitch, row += rows.cols) visit(w, row);
  }
}

/// Calls visit(w, x, row), which are the offsets that WindowRows names (w for the first phase of
/// the columns), for each row of the window that lies on the input. The order is that of addresses
/// in x, for each phase of the rows.
template <class T>
template <class Visit>
void Lowering<T>::visit_rows(const Tile& tile, int64_t channel, int64_t channels,
                             Visit visit) const {
  const auto [in_h, in_w] = geometry_.input;
  const Window win = window(tile);
  for (int64_t phase = 0; phase < phases_[0]; ++phase) {
    const Span rows = span(0, tile.row, phase, win.rows);
    for (int64_t i = 0; i < tile.images; ++i) {
      for_each_row(
          WindowRows{.w = phase * phases_[1] * win.plane + (i * win.rows + rows.begin) * win.pitch,
                     .pitch = win.pitch,
                     .w_channel = win.channel,
                     .x = ((tile.image + i) * geometry_.in_channels + channel) * in_h * in_w,
                     .x_channel = in_h * in_w,
                     .row = (rows.first + rows.begin * geometry_.stride[0]) * in_w,
                     .row_step = geometry_.stride[0] * in_w,
                     .channels = channels,
                     .count = rows.end - rows.begin},
          visit);
    }
  }
}

/// Calls visit(w, row), which are the offsets that TapRows names, for each row of each tap. The
/// order is that of addresses in the columns.
template <class T>
template <class Visit>
void Lowering<T>::visit_taps(const Tile& tile, int64_t channels, Visit visit) const {
  const Window win = window(tile);
  TapRows rows{.w = 0,
               .pitch = win.pitch,
               .w_image = win.rows * win.pitch,
               .row = 0,
               .cols = tile.cols,
               .images = tile.images,
               .count = tile.rows};
  for (int64_t c = 0; c < channels; ++c) {
    for (const auto [top, phase_h] : taps_[0]) {
      for (const auto [left, phase_w] : taps_[1]) {
        rows.w =
            c * win.channel + (phase_h * phases_[1] + phase_w) * win.plane + top * win.pitch + left;
        for_each_row(rows, visit);
        rows.row += row_stride(tile);
      }
    }
  }
}

template <class T>
void Lowering<T>::im2col(const T* x, const Tile& tile, int64_t channel, int64_t channels,
                         T* window_data, T* columns) const {
  std::fill_n(window_data, channels * window(tile).channel, T(0));
  if (geometry_.stride[1] == 2 && phases_[1] == 2) {
    fill_window_pairs(x, tile, channel, channels, window_data);
  } else {
    for (int64_t phase = 0; phase < phases_[1]; ++phase) {
      fill_window(x, tile, channel, channels, phase, window_data);
    }
  }
  // What a copy's last block writes too much is overwritten next, or beyond the end of the columns.
  with_constant<1, 2, 3, 4>(blocks_of<T>(tile.cols), [&](auto blocks) {
    visit_taps(tile, channels, [=](int64_t w, int64_t row) {
      copy_blocks(window_data + w, blocks, columns + row);
    });
  });
}

/// Copies what one phase of the columns sees of x: in blocks for strides 1 and 2, while these do
/// not reach beyond the batch. The zeros that a last block writes too much fall on the padding at
/// the beginning of the next row.
template <class T>
void Lowering<T>::fill_window(const T* x, const Tile& tile, int64_t channel, int64_t channels,
                              int64_t phase, T* window_data) const {
  const Window win = window(tile);
  const Span cols = span(1, tile.col, phase, win.cols);
  const int64_t n = cols.end - cols.begin;
  if (n == 0) return;
  const int64_t first = cols.first + cols.begin * geometry_.stride[1];
  const int64_t x_size =
      geometry_.batch * geometry_.in_channels * geometry_.input[0] * geometry_.input[1];
  T* to = window_data + phase * win.plane + cols.begin;
  with_constant<1, 2>(geometry_.stride[1], [&](auto stride) {
    const auto gather_exactly = [=](const T* from, T* to_row) {
      for (int64_t i = 0; i < n; ++i) to_row[i] = from[i * stride];
    };
    if constexpr (std::is_same_v<decltype(stride), int64_t>) {
      visit_rows(tile, channel, channels, [=](int64_t w, int64_t plane, int64_t row) {
        gather_exactly(x + plane + row + first, to + w);
      });
    } else {
      with_constant<1, 2>(blocks_of<T>(n), [&](auto blocks) {
        const RowGatherer<T, stride, decltype(blocks)> gather(n, blocks);
        const int64_t last_safe = x_size - gather.reach();
        visit_rows(tile, channel, channels, [=](int64_t w, int64_t plane, int64_t row) {
          const int64_t from = plane + row + first;
          from <= last_safe ? gather(x + from, to + w) : gather_exactly(x + from, to + w);
        });
      });
    }
  });
}

/// The same for stride 2 and both phases at once, which are every other element of a row.
template <class T>
void Lowering<T>::fill_window_pairs(const T* x, const Tile& tile, int64_t channel, int64_t channels,
                                    T* window_data) const {
  const Window win = window(tile);
  const auto [first, begin, end] = pairs(tile);
  if (begin >= end) return;
  const int64_t x_size =
      geometry_.batch * geometry_.in_channels * geometry_.input[0] * geometry_.input[1];
  with_constant<1, 2>(Pairs<T, int64_t>::blocks(begin, end), [&](auto blocks) {
    const PairSplitter<T, decltype(blocks)> split(begin, end, blocks);
    const int64_t first_safe = -split.reach_begin(), last_safe = x_size - split.reach_end();
    visit_rows(tile, channel, channels, [=](int64_t w, int64_t plane, int64_t row) {
      const int64_t from = plane + row + first;
      T* even = window_data + w;
      T* odd = even + win.plane;
      if (from >= first_safe && from <= last_safe) {
        split(x + from, even, odd);
      } else {
        for (int64_t i = (begin + 1) / 2; 2 * i < end; ++i) even[i] = x[from + 2 * i];
        for (int64_t i = begin / 2; 2 * i + 1 < end; ++i) odd[i] = x[from + 2 * i + 1];
      }
    });
  });
}

template <class T>
void Lowering<T>::col2im(const T* columns, const Tile& tile, int64_t channel, int64_t channels,
                         T* window_data, T* x) const {
  std::fill_n(window_data, channels * window(tile).channel + kPad, T(0));
  with_constant<1, 2, 3, 4>(blocks_of<T>(tile.cols), [&](auto blocks) {
    const RowAdder<T, decltype(blocks)> add(tile.cols, blocks);
    visit_taps(tile, channels,
               [=](int64_t w, int64_t row) { add(columns + row, window_data + w); });
  });
  if (geometry_.stride[1] == 2 && phases_[1] == 2) {
    add_window_pairs(window_data, tile, channel, channels, x);
  } else {
    for (int64_t phase = 0; phase < phases_[1]; ++phase) {
      add_window(window_data, tile, channel, channels, phase, x);
    }
  }
}

/// Adds one phase of the columns to x: in blocks for stride 1, while these do not reach beyond the
/// channel that they belong to, since the next one may be another thread's.
template <class T>
void Lowering<T>::add_window(const T* window_data, const Tile& tile, int64_t channel,
                             int64_t channels, int64_t phase, T* x) const {
  const Window win = window(tile);
  const Span cols = span(1, tile.col, phase, win.cols);
  const int64_t n = cols.end - cols.begin, stride = geometry_.stride[1];
  if (n == 0) return;
  const int64_t first = cols.first + cols.begin * stride;
  const T* from = window_data + phase * win.plane + cols.begin;
  with_constant<1, 2>(blocks_of<T>(n), [&](auto blocks) {
    const RowAdder<T, decltype(blocks)> add(n, blocks);
    const int64_t last_safe =
        stride == 1 ? geometry_.input[0] * geometry_.input[1] - add.reach() : -1;
    visit_rows(tile, channel, channels, [=](int64_t w, int64_t plane, int64_t row) {
      T* to = x + plane + row + first;
      if (row + first <= last_safe) {
        add(from + w, to);
      } else {
        for (int64_t i = 0; i < n; ++i) to[i * stride] += from[w + i];
      }
    });
  });
}

/// The same for stride 2 and both phases at once, which are every other element of a row.
template <class T>
void Lowering<T>::add_window_pairs(const T* window_data, const Tile& tile, int64_t channel,
                                   int64_t channels, T* x) const {
  const Window win = window(tile);
  const auto [first, begin, end] = pairs(tile);
  if (begin >= end) return;
  with_constant<1, 2>(Pairs<T, int64_t>::blocks(begin, end), [&](auto blocks) {
    const PairAdder<T, decltype(blocks)> add(begin, end, blocks);
    const int64_t last_safe = geometry_.input[0] * geometry_.input[1] - add.reach_end();
    visit_rows(tile, channel, channels, [=](int64_t w, int64_t plane, int64_t row) {
      const T* even = window_data + w;
      const T* odd = even + win.plane;
      T* to = x + plane + row + first;
      if (row + first + add.reach_begin() >= 0 && row + first <= last_safe) {
        add(even, odd, to);
      } else {
        for (int64_t i = (begin + 1) / 2; 2 * i < end; ++i) to[2 * i] += even[i];
        for (int64_t i = begin / 2; 2 * i + 1 < end; ++i) to[2 * i + 1] += odd[i];
      }
    });
  });
}

template class Lowering<float>;
template class Lowering<double>;

}  // namespace adjoint::kernels
