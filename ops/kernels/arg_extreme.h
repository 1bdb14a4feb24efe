#pragma once

#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/kernels/reduce.h"

namespace adjoint::kernels {

/// The index of the first element that is `best`, or NaN; there is one. By blocks, for a loop that
/// may end at any element does not vectorise: max along rows of 2048 took 3.5 times as long.
template <class T>
int64_t first_of(const T* in, int64_t n, T best) {
  constexpr int64_t kBlock = 64;
  const auto is_best = [best](T x) { return (x == best) | (x != x); };
  int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    int found = 0;
    for (int64_t k = 0; k < kBlock; ++k) found |= is_best(in[i + k]) ? 1 : 0;
    if (found != 0) break;
  }
  while (!is_best(in[i])) ++i;
  return i;
}

/// Extreme elements along the middle dimension of a contiguous array [outer, n, inner], n > 0, and
/// their indices there: of equals, or of NaNs, the first. Fold is Max<T> or Min<T>.
template <class Fold, class T>
void arg_extreme(const T* in, int64_t outer, int64_t n, int64_t inner, T* values,
                 int64_t* indices) {
  using reduce_detail::kSegment;
  using reduce_detail::kTile;
  if (inner == 1) {
    // Two passes over a run, the first one in vector registers, are faster than one that takes an
    // index along.
    parallel_for(0, outer, std::max<int64_t>(1, kSegment / n), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        const T* run = in + o * n;
        const T best =
            reduce_detail::fold_elements<Fold>(run, n, 1, 1, reduce_detail::Steps({}, 0));
        values[o] = best;
        indices[o] = first_of(run, n, best);
      }
    });
    return;
  }
  const int64_t tiles = ceil_div(inner, kTile);
  const int64_t work = std::min(inner, kTile) * n;
  const int64_t grain = std::max<int64_t>(1, kSegment / work);
  parallel_for(0, outer * tiles, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t column = task % tiles * kTile;
      const int64_t width = std::min(kTile, inner - column);
      const T* row = in + task / tiles * n * inner + column;
      T* best = values + task / tiles * inner + column;
      int64_t* index = indices + task / tiles * inner + column;
      std::copy_n(row, width, best);
      std::fill_n(index, width, 0);
      for (int64_t i = 1; i < n; ++i) {
        row += inner;
        for (int64_t j = 0; j < width; ++j) {
          const T better = Fold::add(best[j], row[j]);
          // Equal values, and a NaN that was there already, stay where they are.
          const bool stays = better == best[j] || best[j] != best[j];
          index[j] = stays ? index[j] : i;
          best[j] = better;
        }
      }
    }
  });
}

}  // namespace adjoint::kernels
