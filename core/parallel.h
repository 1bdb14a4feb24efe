#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>

namespace adjoint {

/// The number of threads that parallel_for uses; at first the number of processors this process
/// may run on, or what OMP_NUM_THREADS says.
int get_num_threads();

/// Sets the number of threads for all later work. Throws Error unless n >= 1. Results never depend
/// on it: work is cut into pieces that are the same at every thread count.
void set_num_threads(int n);

/// True inside a parallel_for: parallel loops do not nest, an inner one runs on its own thread.
bool in_parallel_region();

namespace detail {
/// Runs body(0) ... body(pieces - 1), each once, spread over the threads.
void run_pieces(int64_t pieces, const std::function<void(int64_t)>& body);
}  // namespace detail

/// Calls f(piece_begin, piece_end) for consecutive pieces of [begin, end), each of `grain` elements
/// but the last. The pieces depend on `grain` alone, never on the number of threads, so that a
/// sum over the pieces in their order has the same bits everywhere. An exception from f is
/// rethrown here once all pieces have stopped.
template <class F>
void parallel_for(int64_t begin, int64_t end, int64_t grain, const F& f) {
  if (end <= begin) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t pieces = (end - begin + grain - 1) / grain;
  if (pieces == 1) {
    f(begin, end);
    return;
  }
  detail::run_pieces(pieces, [&](int64_t i) {
    const int64_t from = begin + i * grain;
    f(from, std::min(from + grain, end));
  });
}

}  // namespace adjoint
