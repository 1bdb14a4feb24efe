#pragma once

// Internal: the sums that direct_conv.cpp and direct_conv_weight.cpp are made of, for processors
// with AVX-512.

#include <algorithm>
#include <cstdint>
#include <span>

#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv_work.h"

namespace adjoint::kernels {

/// A block is the sums of at most so many positions: 28 registers of 32, beside one of the weight.
/// The products' other factor is no register: the instruction reads an element and repeats it. That
/// makes the fewest instructions. Blocks of 14 positions and two vectors, with registers for both
/// factors, are as fast on an idle machine, but 5% to 14% slower at the busy times of a shared one,
/// when a core issues fewer instructions; and up to 50% where the result has 16 channels or fewer.
inline constexpr int kBlockRows = 28;

/// So many products are added up before their sum is added to what there is: sums of thousands lose
/// fewer digits then, and the weight of a part stays in the first-level cache for a row of blocks.
inline constexpr int64_t kPart = 256;

/// Two stretches of memory that are needed soon. A block asks for a cache line of them at each step
/// of its depth: they come while it computes, which saves 2% to 7% of a convolution. (The last one
/// may ask for lines beyond their end, which is no access.)
struct Ahead {
  std::span<const float> first, second;
};

/// What is read and written to compute
///   sums[l][i][lane] = start[l][i][lane] + sum over d < depth of
///                      x[offsets[d] + l * x_line + i * x_step] * w[d][lane]
/// for 16 lanes; lines and steps count elements.
struct Block {
  int64_t depth;
  int64_t part = kPart;  ///< of the depth
  const float* x;
  int64_t x_line, x_step;
  const int64_t* offsets;
  const float* w;
  const float* start;
  int64_t start_line, start_step;
  float* sums;
  int64_t sums_line, sums_step;
  const float* ahead = nullptr;  ///< what to ask for
  int64_t ahead_step = 0;
};

/// So many lines of so many rows, or none, which are `x_step` elements of x apart, cut into blocks:
/// of the same number of rows, and of two to four lines where these are short.
struct Grid {
  Grid(int64_t lines, int64_t rows, int64_t x_step);

  int64_t lines, block_lines;
  Blocks rows;
};

/// Computes the sums of a grid; `block` has its first line and row, and the grid's step. Each sum
/// is added up in the same order, whatever the blocks are. What they asked for is taken away from
/// `ahead`.
void compute_grid(const Grid& grid, Block block, Ahead& ahead);

/// A vector's channels, of a group: 16, or what is left at the end.
struct Panel {
  int64_t first;     ///< channel
  int64_t channels;  ///< that exist
};

/// The channels of a group in panels.
struct Panels {
  explicit Panels(int64_t channels) : channels(channels), count(ceil_div(channels, kLanes)) {}

  Panel operator[](int64_t i) const {
    return {i * kLanes, std::min(kLanes, channels - i * kLanes)};
  }
  int64_t width() const { return count * kLanes; }  ///< of all, with lanes of no channel

  int64_t channels, count;
};

/// to[channel][p] = sums[p][channel] for so many channels, at most 16, of vectors of 16;
/// those of `to` are `plane` apart.
void store_channels(const float* sums, int64_t channels, int64_t positions, float* to,
                    int64_t plane);

/// to[p][channel] = from[channel][p] for so many channels, at most 16; 0 for those up to `width`.
void load_channels(const float* from, int64_t plane, int64_t channels, int64_t positions, float* to,
                   int64_t width = kLanes);

}  // namespace adjoint::kernels
