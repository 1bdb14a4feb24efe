#pragma once

#include <algorithm>
#include <cstdint>

namespace adjoint {

/// The number of threads that parallel_for uses; at first the number of processors this process
/// may run on, or what the environment's OMP_NUM_THREADS says. The others wait for work in a loop
/// for 2 ms before they sleep, unless OMP_WAIT_POLICY is `passive`.
int get_num_threads();

/// Sets the number of threads for all later work. Throws Error unless n >= 1. Results never depend
/// on it: work is cut into pieces that are the same at every thread count.
void set_num_threads(int n);

/// True inside a parallel_for: parallel loops do not nest, an inner one runs on its own thread.
bool in_parallel_region();

namespace detail {
/// parallel_for for more than one piece; call(f, piece_begin, piece_end) calls f. (With a
/// std::function for each loop the library was 6% larger.)
void parallel_for(int64_t begin, int64_t end, int64_t grain, const void* f,
                  void (*call)(const void* f, int64_t begin, int64_t end));
}  // namespace detail

/// Calls f(piece_begin, piece_end) for consecutive pieces of [begin, end), each of `grain` elements
/// but the last. The pieces depend on `grain` alone, never on the number of threads, so that a
/// sum over the pieces in their order has the same bits everywhere. An exception from f is
/// rethrown here once all pieces have stopped.
template <class F>
void parallel_for(int64_t begin, int64_t end, int64_t grain, const F& f) {
  if (end <= begin) return;
  grain = std::max<int64_t>(grain, 1);
  if (end - begin <= grain) {
    f(begin, end);
    return;
  }
  detail::parallel_for(begin, end, grain, &f, [](const void* g, int64_t from, int64_t to) {
    (*static_cast<const F*>(g))(from, to);
  });
}

}  // namespace adjoint
