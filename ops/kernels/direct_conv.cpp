#include "adjoint/ops/kernels/direct_conv.h"

#include <algorithm>
#include <span>
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

/// conv2d, or its adjoint: result[n, o] = bias[o] + the sum over the channels c of the source and
/// the taps.
struct SumOverTaps {
  SumOverTaps(const ConvGeometry& geometry, bool adjoint, const float* w, const float* bias)
      : g(geometry),
        s(g),
        from(adjoint ? s.out : s.in),
        to(adjoint ? s.in : s.out),
        panels(to),
        walk(g, adjoint, from),
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
        pack(w + group * s.out * s.in * s.taps + panel.first * to_step, to_step, from_step,
             panel.channels, weight(group, panel));
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
      const Scratch<float> sums(walk.positions() * kLanes);
      std::vector<Grid> grids;
      Tile cut{};  // into these
      for (int64_t item = begin; item < end; ++item) {
        const Tile tile = tile_of(item);
        if (!tile.same_positions(cut)) {
          grids = grids_of(tile);
          cut = tile;
        }
        const int64_t group = group_of(item), share = item % shares.count;
        walk.fill(source, tile, group * from, from, window.get());
        for (int64_t i = 0; i < shares.length(share); ++i) {
          std::span<const float> next;  // the first panel asks for what the next item is made of
          if (i == 0 && item + 1 < end) {
            next = walk.source_of(source, tile_of(item + 1), group_of(item + 1) * from, from);
          }
          compute_panel(tile, grids, group, panels[shares.begin(share) + i], window.get(), next,
                        sums.get(), result);
        }
      }
    });
  }

  /// How the positions of each phase in a tile are cut into blocks.
  std::vector<Grid> grids_of(const Tile& tile) const {
    std::vector<Grid> grids;
    for (const Phase& phase : phases) {
      grids.emplace_back(ceil_div(tile.rows - phase.row, walk.h.step),
                         ceil_div(tile.cols - phase.col, walk.w.step), walk.w.source_step);
    }
    return grids;
  }

  /// The channels of a panel at all positions of a tile; asks for `next` meanwhile.
  void compute_panel(const Tile& tile, const std::vector<Grid>& grids, int64_t group,
                     const Panel& panel, const float* window, std::span<const float> next,
                     float* sums, float* result) const {
    const Runs runs(walk, tile);
    const int64_t channels = g.groups * to, channel = group * to + panel.first;
    Ahead ahead{runs.memory(result, channels, channel, panel.channels), next};
    for (std::size_t i = 0; i < phases.size(); ++i) {
      sum_phase(tile, phases[i], grids[i], group, panel, window, sums, ahead);
    }
    for (int64_t run = 0; run < runs.count(); ++run) {
      store_channels(sums + run * runs.length * kLanes, panel.channels, runs.length,
                     result + runs.offset(run, channels, channel), runs.plane);
    }
  }

  /// The weight of a panel as blocks read it: for each phase, channel of the source and tap a row
  /// of the panel's channels.
  float* weight(int64_t group, const Panel& panel) const {
    return weights.get() + (group * panels.width() + panel.first) * from * s.taps;
  }

  /// Puts the weight of a panel's channels into that order; its channels of the result and of the
  /// source are so many elements apart.
  void pack(const float* w, int64_t to_step, int64_t from_step, int64_t channels,
            float* packed) const {
    if (phases.size() == 1 && from_step == s.taps) {  // the order that it has
      load_channels(w, to_step, channels, from * s.taps, packed);
      return;
    }
    const Scratch<float> rows(s.taps * kLanes);
    for (int64_t c = 0; c < from; ++c, w += from_step) {
      load_channels(w, to_step, channels, s.taps, rows.get());
      for (const Phase& phase : phases) {
        const auto count = static_cast<int64_t>(phase.taps.size());
        float* row = packed + (phase.first * from + c * count) * kLanes;
        for (const int64_t tap : phase.taps) {
          row = std::copy_n(rows.get() + tap * kLanes, kLanes, row);
        }
      }
    }
  }

  /// The positions of one phase, for all channels of a panel: sums[row, col, channel].
  void sum_phase(const Tile& tile, const Phase& phase, const Grid& grid, int64_t group,
                 const Panel& panel, const float* window, float* sums, Ahead& ahead) const {
    compute_grid(grid,
                 {.depth = from * static_cast<int64_t>(phase.taps.size()),
                  .x = window,
                  .x_line = walk.h.source_step * walk.pitch,
                  .x_step = walk.w.source_step,
                  .offsets = offsets.get() + phase.first * from,
                  .w = weight(group, panel) + phase.first * from * kLanes,
                  .start = biases.get() + group * panels.width() + panel.first,
                  .start_line = 0,
                  .start_step = 0,
                  .sums = sums + (phase.row * tile.cols + phase.col) * kLanes,
                  .sums_line = walk.h.step * tile.cols * kLanes,
                  .sums_step = walk.w.step * kLanes},
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

/// Short rows make small blocks, each of which reads the whole weight: too much unless it stays in
/// the second-level cache.
bool rows_fill_blocks(const Sizes& s, int64_t row) {
  return row >= 4 || s.in * s.out * s.taps <= 256 * 1024;
}

}  // namespace

// Measured over 190 shapes: kernels from 1x1 to 11x11, 1 to 256 channels, images 2 to 64 wide.
// Where these say yes, the direct way takes from a third to all of the time of products with
// columns. The adjoint of a 1x1 kernel of stride 1 and the like have no columns to save.

bool direct_conv2d_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && s.out >= kLanes / 2 && rows_fill_blocks(s, g.output[1]);
}

bool direct_conv_transpose2d_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && s.in >= 3 * kLanes / 4 &&
         s.out * s.taps >= 16 * g.stride[0] * g.stride[1] &&
         rows_fill_blocks(s, g.input[1] / g.stride[1]);
}

void direct_conv2d(const ConvGeometry& g, const float* x, const float* w, const float* bias,
                   float* y) {
  SumOverTaps(g, false, w, bias).run(x, y);
}

void direct_conv_transpose2d(const ConvGeometry& g, const float* y, const float* w,
                             const float* bias, float* x) {
  SumOverTaps(g, true, w, bias).run(y, x);
}

}  // namespace adjoint::kernels

#else

namespace adjoint::kernels {

bool direct_conv2d_pays(const ConvGeometry&) { return false; }
bool direct_conv_transpose2d_pays(const ConvGeometry&) { return false; }
void direct_conv2d(const ConvGeometry&, const float*, const float*, const float*, float*) {}
void direct_conv_transpose2d(const ConvGeometry&, const float*, const float*, const float*,
                             float*) {}

}  // namespace adjoint::kernels

#endif
