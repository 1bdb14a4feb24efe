#pragma once

// Internal: for the reductions.

#include "adjoint/core/tensor.h"

namespace adjoint {

/// Which dimensions of which shape are reduced.
struct Reduced {
  /// Throws Error in the name of the operation.
  Reduced(const char* name, const Tensor& x, IntArrayRef dim)
      : sizes(x.sizes()), mask(dim_mask(name, dim, x.dim())) {}

  bool covers(std::size_t d) const { return (mask >> d & 1) != 0; }
  /// The shape of the result.
  Dims result(bool keepdim) const {
    Dims shape;
    for (std::size_t d = 0; d < sizes.size(); ++d) {
      if (!covers(d)) shape.push_back(sizes[d]);
      if (covers(d) && keepdim) shape.push_back(1);
    }
    return shape;
  }
  /// The number of elements that each result is made of.
  int64_t count() const {
    int64_t product = 1;
    for (std::size_t d = 0; d < sizes.size(); ++d) {
      if (covers(d)) product *= sizes[d];
    }
    return product;
  }
  /// A result, or its gradient, with size 1 where dimensions were reduced: it broadcasts to x.
  Tensor restore(const Tensor& t, bool keepdim) const {
    return keepdim || sizes.empty() ? t : t.view(result(true));
  }
  /// The same, repeated to x's shape.
  Tensor expand(const Tensor& t, bool keepdim) const { return restore(t, keepdim).expand(sizes); }

  Dims sizes;
  uint32_t mask;
};

}  // namespace adjoint
