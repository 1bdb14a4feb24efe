#include "adjoint/ops/kernels/direct_conv_block.h"

#if defined(__x86_64__)

#include <array>
#include <utility>

namespace adjoint::kernels {
namespace {

/// The sums of kLines lines of kRows rows. Each element of x has one use, so that the compiler
/// makes it an operand of the instruction. Where it knows the step, addresses take no instructions;
/// 0 stands for any other.
template <int kStep, int kLines, int kRows>
[[gnu::target("avx512f"), gnu::noinline]] void compute(const Block& block) {
  __m512 sums[kLines][kRows] = {};
  const int64_t depth = block.depth, x_line = block.x_line;
  const int64_t* const offsets = block.offsets;
  const float *w = block.w, *ahead = block.ahead;
  const int64_t ahead_step = block.ahead_step;
  for (int64_t d = 0; d < depth; ++d, w += kLanes, ahead += ahead_step) {
    __builtin_prefetch(ahead, 0, 2);
    const __m512 weight = _mm512_loadu_ps(w);
    const float* x = block.x + offsets[d];
#pragma GCC unroll 4
    for (int l = 0; l < kLines; ++l, x += x_line) {
      // An address of one register: with a second one, the processor makes two operations of each
      // of the instructions below.
      asm("" : "+r"(x));
      const int64_t x_step = kStep == 0 ? block.x_step : kStep;
#pragma GCC unroll 28
      for (int i = 0; i < kRows; ++i) {
        sums[l][i] = _mm512_fmadd_ps(_mm512_set1_ps(x[i * x_step]), weight, sums[l][i]);
      }
    }
  }
  const Block b = block;  // what is written below is not part of it
#pragma GCC unroll 4
  for (int l = 0; l < kLines; ++l) {
#pragma GCC unroll 28
    for (int i = 0; i < kRows; ++i) {
      const float* start = b.start + l * b.start_line + i * b.start_step;
      float* to = b.sums + l * b.sums_line + i * b.sums_step;
      _mm512_storeu_ps(to, _mm512_loadu_ps(start) + sums[l][i]);
    }
  }
}

using Compute = void (*)(const Block&);
/// By rows, less 1.
using Computes = std::array<Compute, kBlockRows>;

template <int kStep, int kLines, int... kRow>
constexpr Computes blocks_of_rows(std::integer_sequence<int, kRow...>) {
  return {compute<kStep, kLines, kRow + 1>...};
}

template <int kStep, int kLines>
constexpr Computes kBlocks =
    blocks_of_rows<kStep, kLines>(std::make_integer_sequence<int, kBlockRows / kLines>());

/// For 1 to 4 lines. Each of these tables is 5 to 20 kB of program: only common steps have blocks
/// of several lines.
const Computes& find_blocks(int64_t x_step, int64_t lines) {
  if (lines == 4) return x_step == 1 ? kBlocks<1, 4> : kBlocks<2, 4>;
  if (lines == 3) return x_step == 1 ? kBlocks<1, 3> : kBlocks<2, 3>;
  if (lines == 2) return x_step == 1 ? kBlocks<1, 2> : kBlocks<2, 2>;
  if (x_step == 1) return kBlocks<1, 1>;
  if (x_step == 2) return kBlocks<2, 1>;
  return x_step == 4 ? kBlocks<4, 1> : kBlocks<0, 1>;
}

/// How many lines a block should have, that there be as few blocks as possible.
int64_t choose_lines(int64_t lines, int64_t rows, int64_t x_step) {
  if (x_step > 2) return 1;
  int64_t best = 1, fewest = lines * rows + 1;
  for (const int64_t n : {1, 2, 3, 4}) {
    const int64_t blocks = ceil_div(lines, n) * ceil_div(rows, kBlockRows / n);
    if (blocks < fewest) {
      fewest = blocks;
      best = n;
    }
  }
  return best;
}

/// Lets a block ask for as much as it has steps.
void take(Ahead& ahead, Block& block) {
  std::span<const float>& memory = ahead.first.empty() ? ahead.second : ahead.first;
  block.ahead = memory.data();
  block.ahead_step = memory.empty() ? 0 : kLanes;
  memory = memory.subspan(
      std::min(memory.size(), static_cast<std::size_t>(block.depth * block.ahead_step)));
}

/// Calls f(begin, count) for each 16 of so many positions. The last call is for the last 16, some
/// of them once more, if there are as many: whole squares are transposed in two thirds of the time.
template <class F>
void for_squares(int64_t positions, F f) {
  for (int64_t p = 0; p < positions; p += kLanes) {
    const int64_t begin = std::clamp<int64_t>(positions - kLanes, 0, p);
    f(begin, std::min(kLanes, positions - begin));
  }
}

}  // namespace

Grid::Grid(int64_t lines, int64_t rows, int64_t x_step)
    : lines(rows > 0 ? lines : 0),
      block_lines(choose_lines(lines, rows, x_step)),
      rows(std::max<int64_t>(rows, 1), kBlockRows / block_lines, 1, 1) {}

void compute_grid(const Grid& grid, Block block, Ahead& ahead) {
  // A phase without a tap has no depth, but a start.
  const Blocks parts(std::max<int64_t>(block.depth, 1), block.part, 1, 1);
  const int64_t depth = block.depth;
  const float* const x = block.x;
  float* const sums = block.sums;
  for (int64_t part = 0; part < parts.count; ++part) {
    const float* const start = block.start;
    block.depth = std::min(parts.length(part), depth);
    for (int64_t line = 0; line < grid.lines; line += grid.block_lines) {
      const Computes& blocks =
          find_blocks(block.x_step, std::min(grid.block_lines, grid.lines - line));
      for (int64_t j = 0; j < grid.rows.count; ++j) {
        const int64_t row = grid.rows.begin(j);
        block.x = x + line * block.x_line + row * block.x_step;
        block.start = start + line * block.start_line + row * block.start_step;
        block.sums = sums + line * block.sums_line + row * block.sums_step;
        take(ahead, block);
        blocks[static_cast<std::size_t>(grid.rows.length(j) - 1)](block);
      }
    }
    block.offsets += block.depth;
    block.w += block.depth * kLanes;
    block.start = sums;
    block.start_line = block.sums_line;
    block.start_step = block.sums_step;
  }
}

[[gnu::target("avx512f")]] void store_channels(const float* sums, int64_t channels,
                                               int64_t positions, float* to, int64_t plane) {
  for_squares(positions, [&](int64_t p, int64_t count) {
    transpose_square(count, channels, sums + p * kLanes, kLanes, to + p, plane, count);
  });
}

[[gnu::target("avx512f")]] void load_channels(const float* from, int64_t plane, int64_t channels,
                                              int64_t positions, float* to, int64_t width) {
  for_squares(positions, [&](int64_t p, int64_t count) {
    transpose_square(channels, count, from + p, plane, to + p * width, width, width);
  });
}

}  // namespace adjoint::kernels

#endif
