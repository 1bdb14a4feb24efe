#include "adjoint/ops/kernels/direct_conv_block.h"

#if defined(__x86_64__)

#include <array>
#include <utility>

namespace adjoint::kernels {
namespace {

/// So many products are added up before their sum is added to what there is: sums of thousands lose
/// fewer digits then, and the weight of a part stays in the first-level cache for a row of blocks.
constexpr int64_t kDepth = 256;

template <int kRows, int kVectors>
[[gnu::target("avx512f"), gnu::noinline]] void compute(const Block& block) {
  __m512 sums[kRows][kVectors] = {};
  const int64_t depth = block.depth, x_step = block.x_step;
  const int64_t* const offsets = block.offsets;
  const float* w = block.w;
  for (int64_t d = 0; d < depth; ++d, w += kVectors * kLanes) {
    __m512 weights[kVectors];
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) weights[j] = _mm512_loadu_ps(w + j * kLanes);
    const float* x = block.x + offsets[d];
#pragma GCC unroll 14
    for (int i = 0; i < kRows; ++i, x += x_step) {
      const __m512 element = _mm512_set1_ps(*x);
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) {
        sums[i][j] = _mm512_fmadd_ps(element, weights[j], sums[i][j]);
      }
    }
  }
#pragma GCC unroll 14
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) {
      const __m512 start = _mm512_loadu_ps(block.start + i * block.start_step + j * kLanes);
      _mm512_storeu_ps(block.sums + i * block.sums_step + j * kLanes, start + sums[i][j]);
    }
  }
}

using Compute = void (*)(const Block&);

template <int kVectors, int... kRow>
constexpr std::array<Compute, kBlockRows> blocks_of_rows(std::integer_sequence<int, kRow...>) {
  return {compute<kRow + 1, kVectors>...};
}

}  // namespace

void compute_rows(int64_t rows, int64_t vectors, Block block) {
  using Rows = std::make_integer_sequence<int, kBlockRows>;
  constexpr std::array<std::array<Compute, kBlockRows>, kBlockVectors> blocks{
      blocks_of_rows<1>(Rows()), blocks_of_rows<2>(Rows())};
  const int64_t depth = block.depth;
  // A phase without a tap has no depth, but a start.
  const int64_t parts = std::max<int64_t>(1, ceil_div(depth, kDepth));
  const int64_t part = ceil_div(depth, parts);
  for (int64_t i = 0; i < parts; ++i) {
    Block next = block;
    next.depth = std::min(part, depth - i * part);
    for (int64_t row = 0, left = ceil_div(rows, kBlockRows); left > 0; --left) {
      const int64_t count = ceil_div(rows - row, left);
      blocks[static_cast<std::size_t>(vectors - 1)][static_cast<std::size_t>(count - 1)](next);
      next.x += count * next.x_step;
      next.start += count * next.start_step;
      next.sums += count * next.sums_step;
      row += count;
    }
    block.offsets += part;
    block.w += part * vectors * kLanes;
    block.start = block.sums;
    block.start_step = block.sums_step;
  }
}

[[gnu::target("avx512f")]] void store_channels(const float* sums, const Panel& panel,
                                               int64_t positions, float* to, int64_t plane) {
  for (int64_t c = 0; c < panel.channels; c += kLanes) {
    const int64_t channels = std::min(kLanes, panel.channels - c);
    for (int64_t p = 0; p < positions; p += kLanes) {
      const int64_t count = std::min(kLanes, positions - p);
      transpose_square(count, channels, sums + p * panel.width() + c, panel.width(),
                       to + c * plane + p, plane, count);
    }
  }
}

[[gnu::target("avx512f")]] void load_channels(const float* from, int64_t plane, const Panel& panel,
                                              int64_t positions, float* to) {
  for (int64_t c = 0; c < panel.width(); c += kLanes) {
    const int64_t channels = std::min(kLanes, panel.channels - c);
    for (int64_t p = 0; p < positions; p += kLanes) {
      transpose_square(channels, std::min(kLanes, positions - p), from + c * plane + p, plane,
                       to + p * panel.width() + c, panel.width());
    }
  }
}

}  // namespace adjoint::kernels

#endif
