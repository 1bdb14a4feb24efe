#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint::testing {

/// Numbers in [-1, 1], float64, without a pattern to the eye: those of tests/golden/pattern.py, bit
/// by bit, so that goldens need not store what they were computed from.
inline Tensor pattern(IntArrayRef sizes, int64_t seed) {
  const Tensor made = empty(sizes, kFloat64);
  double* const value = made.data_ptr<double>();
  for (int64_t i = 0; i < made.numel(); ++i) {
    value[i] = static_cast<double>((i * 7919 + seed * 104729) % 2003 - 1001) / 1001;
  }
  return made;
}

}  // namespace adjoint::testing
