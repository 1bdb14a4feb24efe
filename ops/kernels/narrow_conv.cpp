#include "adjoint/ops/kernels/narrow_conv.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv_walk.h"
#include "adjoint/ops/kernels/conv_work.h"

#if defined(__x86_64__)

namespace adjoint::kernels {
namespace {

/// How far loads may run over what is meant.
constexpr int64_t kMargin = 2 * kLanes;

/// Lane i is element 2 i of two vectors.
[[gnu::target("avx512f")]] __m512i even_elements() {
  return _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
}

/// Elements 0, kStride, 2 kStride, ... of x; 0 in other lanes, where there may be no number.
template <int kStride>
[[gnu::target("avx512f")]] __m512 load(const float* x, __mmask16 lanes) {
  static_assert(kStride == 1 || kStride == 2);
  if constexpr (kStride == 1) return _mm512_maskz_loadu_ps(lanes, x);
  return _mm512_maskz_permutex2var_ps(lanes, _mm512_loadu_ps(x), even_elements(),
                                      _mm512_loadu_ps(x + kLanes));
}

/// So many products are added up before their sum is added to what there is: sums of thousands lose
/// fewer digits then.
constexpr int64_t kDepth = 64;

/// At most 16 neighbouring positions of a row: where they begin to look for their taps, and where
/// in the result they are.
struct Vector {
  int64_t x, y;
  __mmask16 lanes;
};

/// For some o and some vectors of positions: y[o, p] = start + the sum over d < depth of w[o, d]
/// x[p * stride + offsets[d]]; start is bias[o] or, without one, y[o, p].
struct RowSums {
  int64_t depth;
  const float* x;
  const int64_t* offsets;
  const float* w;
  int64_t w_step;
  const float* bias;
  float* y;
  int64_t y_step;
};

template <int kStride, int kOut, int kVectors>
[[gnu::target("avx512f"), gnu::noinline]] void sum_rows(const RowSums& rows,
                                                        const Vector* vectors) {
  __m512 sums[kOut][kVectors] = {};
  const int64_t w_step = rows.w_step;
  for (int64_t d = 0; d < rows.depth; ++d) {
    const float* from = rows.x + rows.offsets[d];
    __m512 x[kVectors];
#pragma GCC unroll 6
    for (int j = 0; j < kVectors; ++j) x[j] = load<kStride>(from + vectors[j].x, kAll);
#pragma GCC unroll 4
    for (int o = 0; o < kOut; ++o) {
      const __m512 w = _mm512_set1_ps(rows.w[o * w_step + d]);
#pragma GCC unroll 6
      for (int j = 0; j < kVectors; ++j) sums[o][j] = _mm512_fmadd_ps(w, x[j], sums[o][j]);
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < kOut; ++o) {
#pragma GCC unroll 6
    for (int j = 0; j < kVectors; ++j) {
      const __mmask16 lanes = vectors[j].lanes;
      float* y = rows.y + o * rows.y_step + vectors[j].y;
      const __m512 start =
          rows.bias ? _mm512_set1_ps(rows.bias[o]) : _mm512_maskz_loadu_ps(lanes, y);
      _mm512_mask_storeu_ps(y, lanes, start + sums[o][j]);
    }
  }
}

/// Sums over rows of positions, of each 16th position in one lane: w[o, d] += sum of y[o, p]
/// x[offsets[d] + p * stride], where a w is 16 elements.
struct Dots {
  int64_t images, rows, cols;
  const float* x;
  int64_t x_image, x_row;
  const int64_t* offsets;
  const float* y;
  int64_t y_image, y_row, y_step;
  float* w;
  int64_t w_step;
};

template <int kStride, int kOut, int kTaps>
[[gnu::target("avx512f"), gnu::noinline]] void add_dots(const Dots& dots) {
  __m512 sums[kOut][kTaps] = {};
  for (int64_t image = 0; image < dots.images; ++image) {
    for (int64_t row = 0; row < dots.rows; ++row) {
      const float* x = dots.x + image * dots.x_image + row * dots.x_row;
      const float* y = dots.y + image * dots.y_image + row * dots.y_row;
      for (int64_t col = 0; col < dots.cols; col += kLanes, x += kStride * kLanes, y += kLanes) {
        const __mmask16 lanes = first_lanes(std::min(kLanes, dots.cols - col));
        __m512 ys[kOut];
#pragma GCC unroll 3
        for (int o = 0; o < kOut; ++o) ys[o] = _mm512_maskz_loadu_ps(lanes, y + o * dots.y_step);
#pragma GCC unroll 9
        for (int d = 0; d < kTaps; ++d) {
          const __m512 xs = load<kStride>(x + dots.offsets[d], lanes);
#pragma GCC unroll 3
          for (int o = 0; o < kOut; ++o) sums[o][d] = _mm512_fmadd_ps(ys[o], xs, sums[o][d]);
        }
      }
    }
  }
#pragma GCC unroll 3
  for (int o = 0; o < kOut; ++o) {
#pragma GCC unroll 9
    for (int d = 0; d < kTaps; ++d) {
      float* w = dots.w + (o * dots.w_step + d) * kLanes;
      _mm512_storeu_ps(w, _mm512_loadu_ps(w) + sums[o][d]);
    }
  }
}

// Channels of y, and vectors or taps, of one block: as many sums as the registers hold.
constexpr int kRowOut = 4, kRowVectors = 6;
constexpr int kDotsOut = 3, kDotsTaps = 9;

/// Tables of the functions above, by stride, channels of y, and vectors or taps, each less 1.
template <int kStride, int kOut, int... k>
constexpr auto row_vectors(std::integer_sequence<int, k...>) {
  return std::array{&sum_rows<kStride, kOut, k + 1>...};
}
template <int kStride, int... k>
constexpr auto row_table(std::integer_sequence<int, k...>) {
  return std::array{row_vectors<kStride, k + 1>(std::make_integer_sequence<int, kRowVectors>())...};
}
template <int kStride, int kOut, int... k>
constexpr auto dots_taps(std::integer_sequence<int, k...>) {
  return std::array{&add_dots<kStride, kOut, k + 1>...};
}
template <int kStride, int... k>
constexpr auto dots_table(std::integer_sequence<int, k...>) {
  return std::array{dots_taps<kStride, k + 1>(std::make_integer_sequence<int, kDotsTaps>())...};
}
constexpr std::array kRowSums{row_table<1>(std::make_integer_sequence<int, kRowOut>()),
                              row_table<2>(std::make_integer_sequence<int, kRowOut>())};
constexpr std::array kDotSums{dots_table<1>(std::make_integer_sequence<int, kDotsOut>()),
                              dots_table<2>(std::make_integer_sequence<int, kDotsOut>())};

/// The positions of a tile, row by row.
std::vector<Vector> vectors_of(const Walk& walk, const Tile& tile) {
  std::vector<Vector> vectors;
  for (int64_t row = 0; row < tile.rows; ++row) {
    for (int64_t col = 0; col < tile.cols; col += kLanes) {
      vectors.push_back({walk.offset(row, col), row * walk.w.size + col,
                         first_lanes(std::min(kLanes, tile.cols - col))});
    }
  }
  return vectors;
}

}  // namespace

bool narrow_conv2d_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && g.stride[1] <= 2 && s.out <= 4;
}

bool narrow_conv2d_weight_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && g.stride[1] <= 2 && (s.in < 5 || s.out < 4);
}

void narrow_conv2d(const ConvGeometry& g, const float* x, const float* w, const float* bias,
                   float* y) {
  const Sizes s(g);
  const Walk walk(g, false, s.in);
  const Scratch<int64_t> offsets(s.in * s.taps);
  fill_offsets(walk, phases_of(walk, g.kernel[1]), s.in, offsets.get());
  static constexpr float kZeros[kRowOut] = {};
  const int64_t depth = s.in * s.taps;
  const int64_t items = walk.tiles() * g.groups;
  parallel_for(0, items, grain(g, s, items), [&](int64_t begin, int64_t end) {
    const Scratch<float> window(walk.window_size() + kMargin);
    std::vector<Vector> vectors;
    Tile cut{};  // into these
    for (int64_t item = begin; item < end; ++item) {
      const Tile tile = walk.tile(item / g.groups);
      if (!tile.same_positions(cut)) {
        vectors = vectors_of(walk, tile);
        cut = tile;
      }
      const int64_t group = item % g.groups;
      walk.fill(x, tile, group * s.in, s.in, window.get());
      const Blocks blocks(static_cast<int64_t>(vectors.size()), kRowVectors, 1, 1);
      for (int64_t o = 0; o < s.out; o += kRowOut) {
        const int64_t channel = group * s.out + o, outs = std::min<int64_t>(kRowOut, s.out - o);
        const float* start = bias ? bias + channel : kZeros;
        for (int64_t i = 0; i < blocks.count; ++i) {
          const auto count = static_cast<std::size_t>(blocks.length(i));
          for (int64_t d = 0; d < depth; d += kDepth) {
            kRowSums[g.stride[1] - 1][outs - 1][count - 1](
                {.depth = std::min(kDepth, depth - d),
                 .x = window.get(),
                 .offsets = offsets.get() + d,
                 .w = w + channel * depth + d,
                 .w_step = depth,
                 .bias = d == 0 ? start : nullptr,
                 .y = y + (tile.image * g.out_channels + channel) * s.y_plane +
                      tile.row * g.output[1] + tile.col,
                 .y_step = s.y_plane},
                vectors.data() + blocks.begin(i));
          }
        }
      }
    }
  });
}

void narrow_conv2d_weight(const ConvGeometry& g, const float* x, const float* y, float* w) {
  const Sizes s(g);
  const Walk walk(g, false, s.in, kAnyWindow);
  const Scratch<int64_t> offsets(s.in * s.taps);
  fill_offsets(walk, phases_of(walk, g.kernel[1]), s.in, offsets.get());
  const int64_t weights = g.out_channels * s.in * s.taps;
  // Chunks of the tiles have partial sums of their own, of a vector for each weight.
  const Blocks chunks(walk.tiles(), walk.tiles(),
                      std::min(1 + kPartialSums / (weights * kLanes), ceil_div(kItems, g.groups)),
                      1);
  const Scratch<float> sums(chunks.count * weights * kLanes);
  const int64_t items = chunks.count * g.groups;
  parallel_for(0, items, grain(g, s, items), [&](int64_t begin, int64_t end) {
    const Scratch<float> window(walk.window_size() + kMargin);
    for (int64_t item = begin; item < end; ++item) {
      const int64_t chunk = item / g.groups, group = item % g.groups;
      float* sum = sums.get() + (chunk * weights + group * s.out * s.in * s.taps) * kLanes;
      std::fill_n(sum, s.out * s.in * s.taps * kLanes, 0.0F);
      for (int64_t i = 0; i < chunks.length(chunk); ++i) {
        const Tile tile = walk.tile(chunks.begin(chunk) + i);
        walk.fill(x, tile, group * s.in, s.in, window.get());
        for (int64_t o = 0; o < s.out; o += kDotsOut) {
          const int64_t outs = std::min<int64_t>(kDotsOut, s.out - o);
          for (int64_t d = 0; d < s.in * s.taps; d += kDotsTaps) {
            const int64_t taps = std::min<int64_t>(kDotsTaps, s.in * s.taps - d);
            kDotSums[g.stride[1] - 1][outs - 1][taps - 1](
                {.images = tile.images,
                 .rows = tile.rows,
                 .cols = tile.cols,
                 .x = window.get(),
                 .x_image = walk.image_stride,
                 .x_row = walk.offset(1, 0),
                 .offsets = offsets.get() + d,
                 .y = y + (tile.image * g.out_channels + group * s.out + o) * s.y_plane +
                      tile.row * g.output[1] + tile.col,
                 .y_image = g.out_channels * s.y_plane,
                 .y_row = g.output[1],
                 .y_step = s.y_plane,
                 .w = sum + (o * s.in * s.taps + d) * kLanes,
                 .w_step = s.in * s.taps});
          }
        }
      }
    }
  });
  parallel_for(0, weights, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float total = 0;
      for (int64_t chunk = 0; chunk < chunks.count; ++chunk) {
        const float* lanes = sums.get() + (chunk * weights + i) * kLanes;
        total = std::accumulate(lanes, lanes + kLanes, total);
      }
      w[i] = total;
    }
  });
}

}  // namespace adjoint::kernels

#else

namespace adjoint::kernels {

bool narrow_conv2d_pays(const ConvGeometry&) { return false; }
bool narrow_conv2d_weight_pays(const ConvGeometry&) { return false; }
void narrow_conv2d(const ConvGeometry&, const float*, const float*, const float*, float*) {}
void narrow_conv2d_weight(const ConvGeometry&, const float*, const float*, float*) {}

}  // namespace adjoint::kernels

#endif
