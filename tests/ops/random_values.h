#pragma once

#include <random>

#include "adjoint/core/tensor.h"

namespace adjoint {

/// Test inputs: the same sequence in every run of a program, whatever the random operations do.
inline uint32_t next_random() {
  static std::mt19937 generator;
  return static_cast<uint32_t>(generator());
}

/// Integers from low to high, so that sums and products are exact in every dtype.
inline Tensor integers(IntArrayRef size, ScalarType dtype, int64_t low = -4, int64_t high = 4) {
  Tensor made = empty(size, dtype);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < made.numel(); ++i) {
      made.data_ptr<T>()[i] = static_cast<T>(low + next_random() % (high - low + 1));
    }
  });
  return made;
}

/// Real numbers in [-1, 1).
inline Tensor reals(IntArrayRef size, ScalarType dtype) {
  Tensor made = empty(size, dtype);
  dispatch_floating("reals", dtype, [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < made.numel(); ++i) {
      made.data_ptr<T>()[i] = static_cast<T>(next_random() / 2147483648.0 - 1);
    }
  });
  return made;
}

}  // namespace adjoint
