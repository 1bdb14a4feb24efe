#include "adjoint/ops/kernels/direct_conv_block.h"

#if defined(__x86_64__)

#include <array>
#include <utility>

namespace adjoint::kernels {
namespace {

/// So many products are added up before their sum is added to what there is: sums of thousands lose
/// fewer digits then, and the weight of a part stays in the first-level cache for a row of blocks.
constexpr int64_t kDepth = 256;

template <int kLines, int kRows, int kVectors>
[[gnu::target("avx512f"), gnu::noinline]] void compute(const Block& block) {
  __m512 sums[kLines][kRows][kVectors] = {};
  const int64_t depth = block.depth, x_line = block.x_line, x_step = block.x_step;
  const int64_t* const offsets = block.offsets;
  const float *w = block.w, *ahead = block.ahead;
  const int64_t ahead_step = block.ahead_step;
  for (int64_t d = 0; d < depth; ++d, w += kVectors * kLanes, ahead += ahead_step) {
    __builtin_prefetch(ahead, 0, 2);
    __m512 weights[kVectors];
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) weights[j] = _mm512_loadu_ps(w + j * kLanes);
    const float* line = block.x + offsets[d];
#pragma GCC unroll 2
    for (int l = 0; l < kLines; ++l, line += x_line) {
      const float* x = line;
#pragma GCC unroll 14
      for (int i = 0; i < kRows; ++i, x += x_step) {
        const __m512 element = _mm512_set1_ps(*x);
#pragma GCC unroll 2
        for (int j = 0; j < kVectors; ++j) {
          sums[l][i][j] = _mm512_fmadd_ps(element, weights[j], sums[l][i][j]);
        }
      }
    }
  }
  const Block b = block;  // what is written below is not part of it
#pragma GCC unroll 2
  for (int l = 0; l < kLines; ++l) {
#pragma GCC unroll 14
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) {
        const float* start = b.start + l * b.start_line + i * b.start_step + j * kLanes;
        float* to = b.sums + l * b.sums_line + i * b.sums_step + j * kLanes;
        _mm512_storeu_ps(to, _mm512_loadu_ps(start) + sums[l][i][j]);
      }
    }
  }
}

using Compute = void (*)(const Block&);

template <int kLines, int kVectors, int... kRow>
constexpr auto blocks_of_rows(std::integer_sequence<int, kRow...>) {
  return std::array<Compute, sizeof...(kRow)>{compute<kLines, kRow + 1, kVectors>...};
}

/// Tables by vectors and rows, each less 1.
template <int kLines>
constexpr auto blocks_of_lines() {
  using Rows = std::make_integer_sequence<int, kBlockRows / kLines>;
  return std::array{blocks_of_rows<kLines, 1>(Rows()), blocks_of_rows<kLines, 2>(Rows())};
}

/// Lets a block ask for as much as it has steps.
void take(Ahead& ahead, Block& block) {
  std::span<const float>& memory = ahead.first.empty() ? ahead.second : ahead.first;
  block.ahead = memory.data();
  block.ahead_step = memory.empty() ? 0 : kLanes;
  memory = memory.subspan(
      std::min(memory.size(), static_cast<std::size_t>(block.depth * block.ahead_step)));
}

/// Computes blocks of kLines lines each.
template <int kLines>
void compute_rows(int64_t rows, int64_t vectors, Block block, Ahead& ahead) {
  static constexpr auto blocks = blocks_of_lines<kLines>();
  for (int64_t row = 0, left = ceil_div(rows, kBlockRows / kLines); left > 0; --left) {
    const int64_t count = ceil_div(rows - row, left);
    take(ahead, block);
    blocks[static_cast<std::size_t>(vectors - 1)][static_cast<std::size_t>(count - 1)](block);
    block.x += count * block.x_step;
    block.start += count * block.start_step;
    block.sums += count * block.sums_step;
    row += count;
  }
}

}  // namespace

void compute_lines(int64_t lines, int64_t rows, int64_t vectors, Block block, Ahead& ahead) {
  // Two lines at once where one fills no more than half of a block.
  const int64_t pairs = rows <= kBlockRows / 2 ? lines / 2 : 0;
  const int64_t depth = block.depth;
  // A phase without a tap has no depth, but a start.
  const Blocks parts(std::max<int64_t>(depth, 1), kDepth, 1, 1);
  for (int64_t i = 0; i < parts.count; ++i) {
    Block next = block;
    next.depth = std::min(parts.length(i), depth);
    const auto skip = [&](int64_t count) {
      next.x += count * next.x_line;
      next.start += count * next.start_line;
      next.sums += count * next.sums_line;
    };
    for (int64_t pair = 0; pair < pairs; ++pair, skip(2)) {
      compute_rows<2>(rows, vectors, next, ahead);
    }
    for (int64_t l = 2 * pairs; l < lines; ++l, skip(1)) {
      compute_rows<1>(rows, vectors, next, ahead);
    }
    block.offsets += next.depth;
    block.w += next.depth * vectors * kLanes;
    block.start = block.sums;
    block.start_line = block.sums_line;
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
