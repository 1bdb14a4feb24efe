#pragma once

#include <algorithm>
#include <cstdint>

#include "adjoint/core/parallel.h"
#include "adjoint/core/shape.h"
#include "adjoint/ops/kernels/ceil_div.h"

namespace adjoint::kernels {

/// A contiguous array along one of its dimensions: as [outer, n, inner], it has outer * inner lines
/// of n elements each, which are `inner` apart.
struct Lines {
  Lines(IntArrayRef sizes, int64_t dim)
      : outer(numel(sizes.slice(0, static_cast<std::size_t>(dim)))),
        n(sizes[static_cast<std::size_t>(dim)]),
        inner(numel(sizes.slice(static_cast<std::size_t>(dim) + 1))) {}

  int64_t count() const { return outer * inner; }
  /// The place of a line's first element.
  int64_t begin(int64_t line) const { return line / inner * n * inner + line % inner; }

  int64_t outer, n, inner;
};

/// Elements a piece of work.
inline constexpr int64_t kLineGrain = 32768;

/// Goes along all lines, from the other end if `reverse`, with a state a line that is `start` at
/// first: calls f(state, i, at) for step i of a line, at the element `at` of the array.
template <class State, class F>
void scan(const Lines& lines, bool reverse, State start, F f) {
  if (lines.count() == 0 || lines.n == 0) return;
  if (lines.inner == 1) {  // the states stay in registers
    parallel_for(0, lines.outer, kLineGrain / lines.n, [&](int64_t begin, int64_t end) {
      const int64_t n = lines.n;
      int64_t line = begin;
      // Four lines at a time: each step waits for the one before, and half the time is gained by
      // having others to do meanwhile.
      for (; line + 4 <= end; line += 4) {
        State states[4] = {start, start, start, start};
        for (int64_t i = 0; i < n; ++i) {
          const int64_t at = line * n + (reverse ? n - 1 - i : i);
          for (int64_t k = 0; k < 4; ++k) f(states[k], i, at + k * n);
        }
      }
      for (; line < end; ++line) {
        State state = start;
        for (int64_t i = 0; i < n; ++i) f(state, i, line * n + (reverse ? n - 1 - i : i));
      }
    });
    return;
  }
  // Neighbouring lines side by side, so that the inner loop runs over neighbouring elements.
  constexpr int64_t kTile = 256;
  const int64_t tiles = ceil_div(lines.inner, kTile);
  const int64_t work = lines.n * std::min(lines.inner, kTile);
  parallel_for(0, lines.outer * tiles, kLineGrain / work, [&](int64_t begin, int64_t end) {
    State states[kTile];
    for (int64_t task = begin; task < end; ++task) {
      const int64_t column = task % tiles * kTile;
      const int64_t width = std::min(kTile, lines.inner - column);
      const int64_t first = task / tiles * lines.n * lines.inner + column;
      std::fill_n(states, width, start);
      for (int64_t i = 0; i < lines.n; ++i) {
        const int64_t row = first + (reverse ? lines.n - 1 - i : i) * lines.inner;
        for (int64_t j = 0; j < width; ++j) f(states[j], i, row + j);
      }
    }
  });
}

}  // namespace adjoint::kernels
