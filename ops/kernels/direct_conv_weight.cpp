#include <algorithm>
#include <cstdint>

#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv_walk.h"
#include "adjoint/ops/kernels/conv_work.h"
#include "adjoint/ops/kernels/direct_conv.h"
#include "adjoint/ops/kernels/direct_conv_block.h"

// The weight's gradient, of the functions in direct_conv.h.

#if defined(__x86_64__)

namespace adjoint::kernels {
namespace {

/// The weight's gradient: sums[o, c, k] of y[o, p] x[c, p + k] over the positions p. In a block,
/// the lanes are channels of y, and the rows those of x and the taps of a row of the kernel. These
/// lie behind one another for that: xs[panel of x][p][c]. Few channels are read where they lie;
/// there the rows are the taps, and the lines channels.
struct WeightSums {
  explicit WeightSums(const ConvGeometry& geometry)
      : g(geometry),
        s(g),
        panels(s.out),
        x_panels(s.in, kLanes, 1, 1),
        walk(g, false, s.in, kSharedWindow),
        in_place(s.in <= kInPlace && g.dilation[1] == 1),
        together(g.dilation[1] == 1 ? g.kernel[1] : 1),
        grid(in_place ? Grid(s.in, g.kernel[1], 1)
                      : Grid(g.kernel[0], together * x_panels.size, 1)),
        x_position(in_place ? 1 : x_panels.size),
        x_image(in_place ? walk.image_stride : walk.rows * walk.pitch * x_panels.size),
        panel_size(x_panels.size * s.taps * kLanes),
        size(g.groups * panels.count * x_panels.count * panel_size),
        fitting(std::min(walk.tiles(), 1 + kPartialSums / size)),
        apart(fitting >= kItems ? 1 : ceil_div(kItems, g.groups)),
        shares(panels.count, panels.count, ceil_div(apart, 2), 1),
        x_shares(x_panels.count, x_panels.count, ceil_div(apart, shares.count), 1),
        parts(g.groups * shares.count * x_shares.count),
        chunks(walk.tiles(), walk.tiles(), std::min(fitting, ceil_div(kItems, parts)), 1),
        sums(chunks.count * size) {}

  void run(const float* x, const float* y, float* w) const {
    const int64_t items = chunks.count * parts;
    parallel_for(0, items, grain(g, s, items), [&](int64_t begin, int64_t end) {
      const Buffers buffers{
          Scratch<float>(walk.window_size()),
          Scratch<float>(in_place ? walk.window_size() : walk.images() * x_image * x_shares.size),
          Scratch<int64_t>(walk.positions()), Scratch<float>(walk.positions() * kLanes)};
      for (int64_t item = begin; item < end; ++item) add_item(item, x, y, buffers);
    });
    add_partial_sums(chunks.count - 1, size, sums.get() + size, sums.get());
    parallel_for(0, g.groups * panels.count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Panel panel = panels[i % panels.count];
        const int64_t first = i / panels.count * s.out + panel.first;
        store(sums.get() + offset(i / panels.count, i % panels.count), panel,
              w + first * s.in * s.taps);
      }
    });
  }

  struct Buffers {
    Scratch<float> window, xs;
    Scratch<int64_t> offsets;
    Scratch<float> ys;
  };

  /// The sums of a chunk of the tiles, for some panels of one group.
  void add_item(int64_t item, const float* x, const float* y, const Buffers& buffers) const {
    const int64_t chunk = item / parts, group = item % parts / shares.count / x_shares.count;
    const int64_t share = item / x_shares.count % shares.count;
    const int64_t x_panel = x_shares.begin(item % x_shares.count);
    const int64_t x_count = x_shares.length(item % x_shares.count);
    const int64_t in = x_panels.begin(x_panel);
    const int64_t in_count = std::min(x_count * x_panels.size, s.in - in);
    for (int64_t i = 0; i < chunks.length(chunk); ++i) {
      const Tile tile = walk.tile(chunks.begin(chunk) + i);
      const Runs runs(walk, tile);
      load_x(x, tile, group, x_panel, x_count, buffers.window.get(), buffers.xs.get());
      fill_offsets(tile, buffers.offsets.get());
      Ahead ahead;
      if (i + 1 < chunks.length(chunk)) {
        const Tile next = walk.tile(chunks.begin(chunk) + i + 1);
        ahead.first = walk.source_of(x, next, group * s.in + in, in_count);
        ahead.second = Runs(walk, next).memory(y, g.out_channels, 0, g.out_channels);
      }
      for (int64_t p = shares.begin(share), last = p + shares.length(share); p < last; ++p) {
        const Panel panel = panels[p];
        for (int64_t run = 0; run < runs.count(); ++run) {
          load_channels(y + runs.offset(run, g.out_channels, group * s.out + panel.first),
                        runs.plane, panel.channels, runs.length,
                        buffers.ys.get() + run * runs.length * kLanes);
        }
        float* to = sums.get() + chunk * size + offset(group, p) + x_panel * panel_size;
        for (int64_t j = 0; j < x_count; ++j, to += panel_size) {
          add_products(buffers.xs.get() + j * tile.images * x_image, buffers.offsets.get(),
                       runs.count() * runs.length, buffers.ys.get(), i == 0, to, ahead);
        }
      }
    }
  }

  /// Where the sums of a panel begin: for each panel of x, tap and channel of x a row of the
  /// panel's channels.
  int64_t offset(int64_t group, int64_t panel) const {
    return (group * panels.count + panel) * x_panels.count * panel_size;
  }

  /// Puts panels of a tile of x into that order; `window` is used meanwhile.
  void load_x(const float* x, const Tile& tile, int64_t group, int64_t x_panel, int64_t count,
              float* window, float* xs) const {
    if (in_place) return walk.fill(x, tile, group * s.in, s.in, xs);
    for (int64_t i = x_panel; i < x_panel + count; ++i) {
      // One after the other: what is copied to the window stays in the first-level cache.
      const int64_t channels = x_panels.length(i);
      walk.fill(x, tile, group * s.in + x_panels.begin(i), channels, window);
      for (int64_t n = 0; n < tile.images; ++n, xs += x_image) {
        load_channels(window + n * walk.image_stride, walk.channel_stride, channels,
                      walk.rows * walk.pitch, xs, x_panels.size);
      }
    }
  }

  /// Where in a panel of x each position of a tile begins to look for its taps.
  void fill_offsets(const Tile& tile, int64_t* offsets) const {
    for (int64_t n = 0; n < tile.images; ++n) {
      for (int64_t row = 0; row < tile.rows; ++row) {
        const int64_t first = n * x_image + walk.offset(row, 0) * x_position;
        const int64_t step = walk.offset(0, 1) * x_position;
        for (int64_t col = 0; col < tile.cols; ++col) *offsets++ = first + col * step;
      }
    }
  }

  /// Adds the products of a panel of x and one of y to their sums, or begins these.
  void add_products(const float* xs, const int64_t* offsets, int64_t positions, const float* ys,
                    bool first, float* sums, Ahead& ahead) const {
    const int64_t width = x_panels.size, cols = g.kernel[1];
    const int64_t row_of_kernel = g.dilation[0] * walk.pitch * x_position;
    const auto compute = [&](int64_t x, int64_t x_line, int64_t sum, int64_t sums_line) {
      static constexpr float kZeros[kLanes] = {};
      float* to = sums + sum * kLanes;
      compute_grid(grid,
                   {.depth = positions,
                    .part = std::max<int64_t>(kPart / g.stride[1], 64),
                    .x = xs + x,
                    .x_line = x_line,
                    .x_step = 1,
                    .offsets = offsets,
                    .w = ys,
                    .start = first ? kZeros : to,
                    .start_line = first ? 0 : sums_line * kLanes,
                    .start_step = first ? 0 : kLanes,
                    .sums = to,
                    .sums_line = sums_line * kLanes,
                    .sums_step = kLanes},
                   ahead);
    };
    if (in_place) {
      for (int64_t k = 0; k < g.kernel[0]; ++k) {
        compute(k * row_of_kernel, walk.channel_stride, k * width * cols, cols);
      }
    } else {
      for (int64_t col = 0; col < cols; col += together) {
        compute(col * g.dilation[1] * width, row_of_kernel, col * width, cols * width);
      }
    }
  }

  /// w[o, c, k] of a panel from its sums.
  void store(const float* sums, const Panel& panel, float* w) const {
    const Scratch<float> rows(panel_size);
    const int64_t width = x_panels.size, cols = g.kernel[1];
    for (int64_t i = 0; i < x_panels.count; ++i, sums += panel_size) {
      float* to = rows.get();
      for (int64_t c = 0; c < x_panels.length(i); ++c) {
        for (int64_t row = 0; row < g.kernel[0]; ++row) {
          for (int64_t col = 0; col < cols; ++col) {
            const int64_t sum =
                in_place ? (row * width + c) * cols + col : (row * cols + col) * width + c;
            to = std::copy_n(sums + sum * kLanes, kLanes, to);
          }
        }
      }
      store_channels(rows.get(), panel.channels, x_panels.length(i) * s.taps,
                     w + x_panels.begin(i) * s.taps, s.in * s.taps);
    }
  }

  /// A panel of x, 16 channels, is to stay in the first-level cache, or, of larger tiles, what a
  /// part of the positions depends on.
  static constexpr int64_t kSharedWindow = 512;
  /// At most so many channels are read in place: a block can have as many lines.
  static constexpr int64_t kInPlace = 4;

  const ConvGeometry& g;
  const Sizes s;
  const Panels panels;
  const Blocks x_panels;
  const Walk walk;
  const bool in_place;
  const int64_t together;             ///< columns of the kernel whose channels make one row
  const Grid grid;                    ///< of a row of the kernel, or of such columns of all rows
  const int64_t x_position, x_image;  ///< steps of xs
  const int64_t panel_size;           ///< sums of a panel of x and one of y
  const int64_t size;                 ///< of all sums
  // Chunks of the tiles have partial sums of their own. Where memory is short of these, shares of
  // the panels, and of those of x, are computed apart from each other.
  const int64_t fitting, apart;  ///< how many chunks memory allows, and shares there should be
  const Blocks shares, x_shares;
  const int64_t parts;  ///< that a chunk is computed in
  const Blocks chunks;
  const Scratch<float> sums;
};

}  // namespace

// Measured over the shapes that direct_conv.cpp names.
bool direct_conv2d_weight_pays(const ConvGeometry& g) {
  const Sizes s(g);
  return has_avx512() && s.taps > 1 && s.out >= kLanes / 4 && std::max(s.in, g.kernel[1]) >= 5;
}

void direct_conv2d_weight(const ConvGeometry& g, const float* x, const float* y, float* w) {
  WeightSums(g).run(x, y, w);
}

}  // namespace adjoint::kernels

#else

namespace adjoint::kernels {

bool direct_conv2d_weight_pays(const ConvGeometry&) { return false; }
void direct_conv2d_weight(const ConvGeometry&, const float*, const float*, float*) {}

}  // namespace adjoint::kernels

#endif
