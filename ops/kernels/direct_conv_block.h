#pragma once

// Internal: the sums that direct_conv.cpp is made of, for processors with AVX-512.

#include <algorithm>
#include <cstdint>
#include <span>

#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv_work.h"

namespace adjoint::kernels {

/// A block is the sums of at most so many positions and vectors: 28 registers of 32, the others for
/// what they are made of.
inline constexpr int kBlockRows = 14;
inline constexpr int kBlockVectors = 2;

/// Two stretches of memory that are needed soon. A block asks for a cache line of them at each step
/// of its depth: they come while it computes, which saves 2% to 7% of a convolution. (The last one
/// may ask for lines beyond their end, which is no access.)
struct Ahead {
  std::span<const float> first, second;
};

/// What is read and written to compute
///   sums[l][i][lane] = start[l][i][lane] + sum over d < depth of
///                      x[offsets[d] + l * x_line + i * x_step] * w[d][lane]
/// for 16 lanes a vector; lines and steps count elements.
struct Block {
  int64_t depth;
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

/// Computes `lines` lines of `rows` rows of sums in blocks of about the same number of rows, of one
/// line or, where these are short, of two; `block` is the first. Each sum is added up in the same
/// order, whatever the blocks are. What they asked for is taken away from `ahead`.
void compute_lines(int64_t lines, int64_t rows, int64_t vectors, Block block, Ahead& ahead);

/// Channels of the result, of a group, that are computed together: one or two vectors of them. The
/// last ones may go beyond the channels that there are.
struct Panel {
  int64_t first;     ///< channel
  int64_t channels;  ///< that exist
  int64_t vectors;
  int64_t width() const { return vectors * kLanes; }
};

/// The channels of a group in panels.
struct Panels {
  explicit Panels(int64_t channels)
      : channels(channels),
        vectors(ceil_div(channels, kLanes)),
        count(ceil_div(vectors, kBlockVectors)) {}

  Panel operator[](int64_t i) const {
    const int64_t begin = i * vectors / count, end = (i + 1) * vectors / count;
    return {begin * kLanes, std::min(end * kLanes, channels) - begin * kLanes, end - begin};
  }
  int64_t width() const { return vectors * kLanes; }

  int64_t channels, vectors, count;
};

/// to[channel][p] = sums[p][channel] for the channels of a panel; those of `to` are `plane` apart.
void store_channels(const float* sums, const Panel& panel, int64_t positions, float* to,
                    int64_t plane);

/// to[p][channel] = from[channel][p], 0 for channels that do not exist.
void load_channels(const float* from, int64_t plane, const Panel& panel, int64_t positions,
                   float* to);

}  // namespace adjoint::kernels
