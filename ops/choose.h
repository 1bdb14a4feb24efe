#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// One of several values, element by element.

/// The larger of both; NaN if either is. Where both are equal each gets half of the gradient.
inline Tensor maximum(const Tensor& self, const Tensor& other) { return self.maximum(other); }
inline Tensor minimum(const Tensor& self, const Tensor& other) { return self.minimum(other); }

/// min(max(x, min), max), of the dtype that the numbers and the tensor promote to. A NaN stays one;
/// at the borders the derivative is 1. Throws Error if neither is given.
inline Tensor clamp(const Tensor& self, const std::optional<Scalar>& min = std::nullopt,
                    const std::optional<Scalar>& max = std::nullopt) {
  return self.clamp(min, max);
}
inline Tensor clamp_min(const Tensor& self, const Scalar& min) { return self.clamp(min); }
inline Tensor clamp_max(const Tensor& self, const Scalar& max) {
  return self.clamp(std::nullopt, max);
}

/// self where the condition, a bool tensor, is true, and other elsewhere; all three broadcast.
Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other);
Tensor where(const Tensor& condition, const Tensor& self, const Scalar& other);
Tensor where(const Tensor& condition, const Scalar& self, const Tensor& other);
Tensor where(const Tensor& condition, const Scalar& self, const Scalar& other);

/// `value`, which has to fit self's dtype, where the bool mask is true. Both broadcast.
inline Tensor masked_fill(const Tensor& self, const Tensor& mask, const Scalar& value) {
  return self.masked_fill(mask, value);
}

}  // namespace adjoint
