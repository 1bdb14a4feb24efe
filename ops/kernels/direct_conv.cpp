#include "adjoint/ops/kernels/direct_conv.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv_walk.h"
#include "adjoint/ops/kernels/conv_work.h"
#include "adjoint/ops/kernels/direct_conv_block.h"

#if defined(__x86_64__)

namespace adjoint::kernels {
namespace {

/// A tile's positions as they lie in the result: one run for each image where its rows are whole,
/// one for each row otherwise.
struct Runs {
  Runs(const Walk& walk, const Tile& tile)
      : tile(tile),
        per_image(tile.cols == walk.w.size ? 1 : tile.rows),
        length(tile.rows / per_image * tile.cols),
        cols(walk.w.size),
        plane(walk.h.size * cols) {}

  int64_t count() const { return tile.images * per_image; }
  /// The memory of so many channels, if it lies together, and nothing otherwise.
  std::span<const float> memory(const float* y, int64_t channels, int64_t channel,
                                int64_t count) const {
    if (length < plane || (tile.images > 1 && count < channels)) return {};
    return {y + offset(0, channels, channel),
            static_cast<std::size_t>(tile.images * count * plane)};
  }
  /// Where a run begins in a channel of [batch, channels, rows, cols].
  int64_t offset(int64_t run, int64_t channels, int64_t channel) const {
    return ((tile.image + run / per_image) * channels + channel) * plane +
           (tile.row + run % per_image) * cols + tile.col;
  }

  Tile tile;
  int64_t per_image, length, cols, plane;
};

/// conv2d, or its adjoint: result[n, o] = bias[o] + the sum over the channels c of the source and
/// the taps.
struct SumOverTaps {
  SumOverTaps(const ConvGeometry& geometry, bool adjoint, const float* w, const float* bias)
      : g(geometry),
        s(g),
        from(adjoint ? s.out : s.in),
        to(adjoint ? s.in : s.out),
        panels(to),
        walk(g, adjoint, from, false),
        phases(phases_of(walk, g.kernel[1])),
        offsets(from * s.taps),
        weights(g.groups * panels.width() * from * s.taps),
        biases(g.groups * panels.width()) {
    fill_offsets(walk, phases, from, offsets.get());
    std::fill_n(biases.get(), g.groups * panels.width(), 0.0F);
    const int64_t to_step = adjoint ? s.taps : s.in * s.taps;
    const int64_t from_step = adjoint ? s.in * s.taps : s.taps;
    parallel_for(0, g.groups * panels.count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t group = i / panels.count;
        const Panel panel = panels[i % panels.count];
        pack(w + group * s.out * s.in * s.taps + panel.first * to_step, to_step, from_step, panel,
             weight(group, panel));
        if (bias) {
          std::copy_n(bias + group * to + panel.first, panel.channels,
                      biases.get() + group * panels.width() + panel.first);
        }
      }
    });
  }

  void run(const float* source, float* result) const {
    // Tiles and groups, and where these are few, shares of the panels.
    const Blocks shares(panels.count, panels.count, ceil_div(kItems, walk.tiles() * g.groups), 1);
    const int64_t items = walk.tiles() * g.groups * shares.count;
    const auto tile_of = [&](int64_t item) { return walk.tile(item / shares.count / g.groups); };
    const auto group_of = [&](int64_t item) { return item / shares.count % g.groups; };
    parallel_for(0, items, grain(g, s, items), [&](int64_t begin, int64_t end) {
      const Scratch<float> window(walk.window_size());
      const Scratch<float> sums(walk.positions() * kBlockVectors * kLanes);
      for (int64_t item = begin; item < end; ++item) {
        const Tile tile = tile_of(item);
        const int64_t group = group_of(item), share = item % shares.count;
        walk.fill(source, tile, group * from, from, window.get());
        for (int64_t i = 0; i < shares.length(share); ++i) {
          std::span<const float> next;  // the first panel asks for what the next item is made of
          if (i == 0 && item + 1 < end) {
            next = walk.source_of(source, tile_of(item + 1), group_of(item + 1) * from, from);
          }
          compute_panel(tile, group, panels[shares.begin(share) + i], window.get(), next,
                        sums.get(), result);
        }
      }
    });
  }

  /// The channels of a panel at all positions of a tile; asks for `next` meanwhile.
  void compute_panel(const Tile& tile, int64_t group, const Panel& panel, const float* window,
                     std::span<const float> next, float* sums, float* result) const {
    const Runs runs(walk, tile);
    const int64_t channels = g.groups * to, channel = group * to + panel.first;
    Ahead ahead{runs.memory(result, channels, channel, panel.channels), next};
    for (const Phase& phase : phases) sum_phase(tile, phase, group, panel, window, sums, ahead);
    for (int64_t run = 0; run < runs.count(); ++run) {
      store_channels(sums + run * runs.length * panel.width(), panel, runs.length,
                     result + runs.offset(run, channels, channel), runs.plane);
    }
  }

  /// The weight of a panel as blocks read it: for each phase, channel of the source and tap a row
  /// of the panel's channels.
  float* weight(int64_t group, const Panel& panel) const {
    return weights.get() + (group * panels.width() + panel.first) * from * s.taps;
  }

  /// Puts the weight into that order; its channels of the result and of the source are so many
  /// elements apart.
  void pack(const float* w, int64_t to_step, int64_t from_step, const Panel& panel,
            float* packed) const {
    if (phases.size() == 1 && from_step == s.taps) {  // the order that it has
      load_channels(w, to_step, panel, from * s.taps, packed);
      return;
    }
    const Scratch<float> rows(s.taps * panel.width());
    for (int64_t c = 0; c < from; ++c, w += from_step) {
      load_channels(w, to_step, panel, s.taps, rows.get());
      for (const Phase& phase : phases) {
        const auto count = static_cast<int64_t>(phase.taps.size());
        float* row = packed + (phase.first * from + c * count) * panel.width();
        for (const int64_t tap : phase.taps) {
          row = std::copy_n(rows.get() + tap * panel.width(), panel.width(), row);
        }
      }
    }
  }

  /// The positions of one phase, for all channels of a panel: sums[row, col, channel].
  void sum_phase(const Tile& tile, const Phase& phase, int64_t group, const Panel& panel,
                 const float* window, float* sums, Ahead& ahead) const {
    if (phase.row >= tile.rows || phase.col >= tile.cols) return;
    compute_lines(ceil_div(tile.rows - phase.row, walk.h.step),
                  ceil_div(tile.cols - phase.col, walk.w.step), panel.vectors,
                  {.depth = from * static_cast<int64_t>(phase.taps.size()),
                   .x = window,
                   .x_line = walk.h.source_step * walk.pitch,
                   .x_step = walk.w.source_step,
                   .offsets = offsets.get() + phase.first * from,
                   .w = weight(group, panel) + phase.first * from * panel.width(),
                   .start = biases.get() + group * panels.width() + panel.first,
                   .start_line = 0,
                   .start_step = 0,
                   .sums = sums + (phase.row * tile.cols + phase.col) * panel.width(),
                   .sums_line = walk.h.step * tile.cols * panel.width(),
                   .sums_step = walk.w.step * panel.width()},
                  ahead);
  }

  const ConvGeometry& g;
  const Sizes s;
  const int64_t from, to;  ///< channels of a group, of the source and of the result
  const Panels panels;
  const Walk walk;
  const std::vector<Phase> phases;
  const Scratch<int64_t> offsets;  ///< of each phase's channels and taps, in the window
  const Scratch<float> weights, biases;
};

/// Where in the window each position of a tile begins to look for its taps.
void fill_position_offsets(const Walk& walk, const Tile& tile, int64_t* offsets) {
  for (int64_t n = 0; n < tile.images; ++n) {
    for (int64_t row = 0; row < tile.rows; ++row) {
      for (int64_t col = 0; col < tile.cols; ++col) {
        *offsets++ = n * walk.image_stride + walk.offset(row, col);
      }
    }
  }
}

/// sums[c, k][o] = (start or 0) + the sum over a tile's positions p of x[c, p + k] y[p][o]. The
/// rows of a block are channels of x or, where these are fewer, the taps of a row of the kernel;
/// the lines are the other.
void add_products(const Walk& walk, const ConvGeometry& g, int64_t channels, const float* window,
                  const int64_t* offsets, int64_t positions, const float* y, const Panel& panel,
                  bool first, float* sums, Ahead& ahead) {
  static constexpr float kZeros[kBlockVectors * kLanes] = {};
  struct Side {
    int64_t count, x_step, step;
  };
  Side row{channels, walk.channel_stride, g.kernel[0] * g.kernel[1] * panel.width()};
  Side line{g.kernel[1], g.dilation[1], panel.width()};
  if (row.count < line.count) std::swap(row, line);
  for (const Tap& top : walk.h.phases[0]) {
    float* to = sums + top.k * g.kernel[1] * panel.width();
    compute_lines(line.count, row.count, panel.vectors,
                  {.depth = positions,
                   .x = window + walk.offset(top, walk.w.phases[0][0]),
                   .x_line = line.x_step,
                   .x_step = row.x_step,
                   .offsets = offsets,
                   .w = y,
                   .start = first ? kZeros : to,
                   .start_line = first ? 0 : line.step,
                   .start_step = first ? 0 : row.step,
                   .sums = to,
                   .sums_line = line.step,
                   .sums_step = row.step},
                  ahead);
  }
}

/// Short rows make small blocks, each of which reads the whole weight: too much unless it stays in
/// the second-level cache.
bool rows_fill_blocks(const Sizes& s, int64_t row) {
  return row >= kBlockRows / 2 || s.in * s.out * s.taps <= 256 * 1024;
}

}  // namespace

// Measured over 190 shapes: kernels from 1x1 to 11x11, 1 to 256 channels, images 2 to 64 wide.
// Where these say yes, the direct way takes from a third to all of the time of products with
// columns. The adjoint of a 1x1 kernel of stride 1 and the like have no columns to save.

bool direct_conv2d_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && s.out >= kLanes / 2 && s.in * s.taps >= 48 &&
         rows_fill_blocks(s, g.output[1]);
}

bool direct_conv_transpose2d_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && s.in >= 3 * kLanes / 4 &&
         s.out * s.taps >= 16 * g.stride[0] * g.stride[1] &&
         rows_fill_blocks(s, g.input[1] / g.stride[1]);
}

bool direct_conv2d_weight_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && s.out >= kLanes / 4 && std::max(s.in, g.kernel[1]) >= 5;
}

void direct_conv2d(const ConvGeometry& g, const float* x, const float* w, const float* bias,
                   float* y) {
  SumOverTaps(g, false, w, bias).run(x, y);
}

void direct_conv_transpose2d(const ConvGeometry& g, const float* y, const float* w,
                             const float* bias, float* x) {
  SumOverTaps(g, true, w, bias).run(y, x);
}

void direct_conv2d_weight(const ConvGeometry& g, const float* x, const float* y, float* w) {
  const Sizes s(g);
  const Panels panels(s.out);
  const Walk walk(g, false, s.in, true);
  // Chunks of the tiles have partial sums of their own: for each panel, channel of x and tap a row
  // of the panel's channels. Where memory is short of these, shares of the panels, and of the
  // channels of x, are computed apart from each other.
  const int64_t weights = g.groups * panels.width() * s.in * s.taps;
  const int64_t fitting = std::min(walk.tiles(), 1 + kPartialSums / weights);
  const int64_t apart = fitting >= kItems ? 1 : ceil_div(kItems, g.groups);
  const Blocks shares(panels.count, panels.count, ceil_div(apart, 2), 1);
  const Blocks ins(s.in, s.in, ceil_div(apart, shares.count), ceil_div(64, s.taps));
  const int64_t parts = g.groups * shares.count * ins.count;
  const Blocks chunks(walk.tiles(), walk.tiles(), std::min(fitting, ceil_div(kItems, parts)), 1);
  const Scratch<float> sums(chunks.count * weights);
  const auto panel_sums = [&](int64_t group, const Panel& panel) {
    return sums.get() + (group * panels.width() + panel.first) * s.in * s.taps;
  };
  const int64_t items = chunks.count * parts;
  parallel_for(0, items, grain(g, s, items), [&](int64_t begin, int64_t end) {
    const Scratch<float> window(walk.window_size());
    const Scratch<int64_t> offsets(walk.positions());
    const Scratch<float> ys(walk.positions() * kBlockVectors * kLanes);
    for (int64_t item = begin; item < end; ++item) {
      const int64_t chunk = item / parts, group = item % parts / shares.count / ins.count;
      const int64_t share = item / ins.count % shares.count;
      const int64_t in = ins.begin(item % ins.count), in_count = ins.length(item % ins.count);
      for (int64_t i = 0; i < chunks.length(chunk); ++i) {
        const Tile tile = walk.tile(chunks.begin(chunk) + i);
        const Runs runs(walk, tile);
        walk.fill(x, tile, group * s.in + in, in_count, window.get());
        fill_position_offsets(walk, tile, offsets.get());
        Ahead ahead;
        if (i + 1 < chunks.length(chunk)) {
          const Tile next = walk.tile(chunks.begin(chunk) + i + 1);
          ahead.first = walk.source_of(x, next, group * s.in + in, in_count);
          ahead.second = Runs(walk, next).memory(y, g.out_channels, 0, g.out_channels);
        }
        for (int64_t p = 0; p < shares.length(share); ++p) {
          const Panel panel = panels[shares.begin(share) + p];
          for (int64_t run = 0; run < runs.count(); ++run) {
            load_channels(y + runs.offset(run, g.out_channels, group * s.out + panel.first),
                          runs.plane, panel, runs.length,
                          ys.get() + run * runs.length * panel.width());
          }
          add_products(walk, g, in_count, window.get(), offsets.get(), runs.count() * runs.length,
                       ys.get(), panel, i == 0,
                       panel_sums(group, panel) + chunk * weights + in * s.taps * panel.width(),
                       ahead);
        }
      }
    }
  });
  add_partial_sums(chunks.count - 1, weights, sums.get() + weights, sums.get());
  parallel_for(0, g.groups * panels.count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t group = i / panels.count;
      const Panel panel = panels[i % panels.count];
      store_channels(panel_sums(group, panel), panel, s.in * s.taps,
                     w + (group * s.out + panel.first) * s.in * s.taps, s.in * s.taps);
    }
  });
}

}  // namespace adjoint::kernels

#else

namespace adjoint::kernels {

bool direct_conv2d_pays(const ConvGeometry&) { return false; }
bool direct_conv_transpose2d_pays(const ConvGeometry&) { return false; }
bool direct_conv2d_weight_pays(const ConvGeometry&) { return false; }
void direct_conv2d(const ConvGeometry&, const float*, const float*, const float*, float*) {}
void direct_conv_transpose2d(const ConvGeometry&, const float*, const float*, const float*,
                             float*) {}
void direct_conv2d_weight(const ConvGeometry&, const float*, const float*, float*) {}

}  // namespace adjoint::kernels

#endif
