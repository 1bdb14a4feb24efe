#pragma once

// Internal: how the work of a convolution is cut up, whichever way it is done.

#include <algorithm>
#include <cstdint>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/conv.h"

namespace adjoint::kernels {

/// What the work is cut into at least, where it can be: enough for the threads of a common
/// processor to share evenly.
inline constexpr int64_t kItems = 8;
/// What work is handed to threads in: at most so many pieces, and such that one is worth handing
/// over (multiply-adds: some 10 us).
inline constexpr int64_t kPieces = 64;
inline constexpr int64_t kPieceWork = 256 * 1024;

/// Sizes that follow from a geometry.
struct Sizes {
  explicit Sizes(const ConvGeometry& g)
      : in(g.in_channels / g.groups),
        out(g.out_channels / g.groups),
        taps(g.kernel[0] * g.kernel[1]),
        x_plane(g.input[0] * g.input[1]),
        y_plane(g.output[0] * g.output[1]),
        empty(g.batch * in * out * taps * y_plane == 0) {}

  int64_t in, out;           ///< channels of a group
  int64_t taps;              ///< of the kernel
  int64_t x_plane, y_plane;  ///< positions of a channel
  bool empty;                ///< no output depends on any input
};

/// How many of the items of a walk make a piece.
inline int64_t grain(const ConvGeometry& g, const Sizes& s, int64_t items) {
  const int64_t work = g.batch * g.out_channels * s.in * s.taps * s.y_plane;
  return ceil_div(items, std::clamp<int64_t>(work / kPieceWork, 1, kPieces));
}

/// Elements of the partial sums of a weight gradient, at most.
inline constexpr int64_t kPartialSums = 1024 * 1024;

/// Adds so many arrays of `size` elements, one behind the other, to another, in their order.
template <class T>
void add_partial_sums(int64_t count, int64_t size, const T* from, T* to) {
  parallel_for(0, size, 16 * 1024, [&](int64_t begin, int64_t end) {
    for (int64_t part = 0; part < count; ++part) {
      const T* elements = from + part * size;
      for (int64_t i = begin; i < end; ++i) to[i] += elements[i];
    }
  });
}

/// A share of a convolution's output positions: several whole images, a band of whole rows of one
/// image, or a piece of one row.
struct Tile {
  int64_t image, images;
  int64_t row, rows;
  int64_t col, cols;
  int64_t columns() const { return images * rows * cols; }
  /// Whether what is worked out for the positions of one image holds for another tile too.
  bool same_positions(const Tile& other) const { return rows == other.rows && cols == other.cols; }
};

/// A range in blocks of equal size, but for the last: at most `largest`, and so small that there
/// are `wanted` of them unless that takes them below `smallest`.
struct Blocks {
  Blocks(int64_t range, int64_t largest, int64_t wanted, int64_t smallest) : range(range) {
    const int64_t fitting = std::min(largest, std::max(smallest, ceil_div(range, wanted)));
    size = ceil_div(range, ceil_div(range, fitting));
    count = ceil_div(range, size);
  }
  int64_t begin(int64_t i) const { return i * size; }
  int64_t length(int64_t i) const { return std::min(size, range - i * size); }

  int64_t range, size, count;
};

}  // namespace adjoint::kernels
