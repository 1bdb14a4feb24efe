#pragma once

// Internal: the loops of the optimizers.

#include <utility>

#include "adjoint/core/parallel.h"
#include "adjoint/core/tensor.h"

namespace adjoint::optim::detail {

/// Elements a piece: four arrays of it stay within a core's second-level cache, and what one piece
/// costs hides the hand-over to a thread.
inline constexpr int64_t kPiece = 16384;

/// Runs kernel(i_begin, i_end) over n elements on all threads.
template <class Kernel>
void over_elements(int64_t n, const Kernel& kernel) {
  parallel_for(0, n, kPiece, kernel);
}

/// Calls f with std::bool_constant for each of the flags, so that a loop is compiled without its
/// branches.
template <class F>
void with_flags(F&& f) {
  f();
}
template <class F, class... Rest>
void with_flags(F&& f, bool first, Rest... rest) {
  const auto bound = [&](auto flag) {
    with_flags([&](auto... others) { f(flag, others...); }, rest...);
  };
  first ? bound(std::true_type()) : bound(std::false_type());
}

/// Throws Error unless a state tensor still fits its parameter.
inline void check_state(const char* optimizer, const Tensor& state, const Tensor& p) {
  check(state.sizes() == p.sizes() && state.scalar_type() == p.scalar_type(),
        "{}: a parameter of {} has kept state of {}; make the optimizer after converting the "
        "module",
        optimizer, p.describe(), state.describe());
}

}  // namespace adjoint::optim::detail
