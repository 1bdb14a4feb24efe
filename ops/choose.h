#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// One of several values, element by element.

/// The larger of both; NaN if either is. Where both are equal each gets half of the gradient.
inline Tensor maximum(const Tensor& self, const Tensor& other) { return self.maximum(other); }
inline Tensor minimum(const Tensor& self, const Tensor& other) { return self.minimum(other); }

/// The same, but of a number and a NaN the number. Where both are equal self gets the gradient.
inline Tensor fmax(const Tensor& self, const Tensor& other) { return self.fmax(other); }
inline Tensor fmin(const Tensor& self, const Tensor& other) { return self.fmin(other); }

/// min(max(x, min), max), of the dtype that bounds and tensor promote to. A NaN stays one; at the
/// borders the derivative is 1. Bounds that are tensors broadcast, and get the gradient where they
/// are taken. Throws Error if neither is given.
inline Tensor clamp(const Tensor& self, const std::optional<Scalar>& min = std::nullopt,
                    const std::optional<Scalar>& max = std::nullopt) {
  return self.clamp(min, max);
}
inline Tensor clamp(const Tensor& self, const Tensor& min, const Tensor& max = {}) {
  return self.clamp(min, max);
}
inline Tensor& clamp_(Tensor& self, const std::optional<Scalar>& min = std::nullopt,
                      const std::optional<Scalar>& max = std::nullopt) {
  return self.clamp_(min, max);
}
inline Tensor& clamp_(Tensor& self, const Tensor& min, const Tensor& max = {}) {
  return self.clamp_(min, max);
}
inline Tensor clamp_min(const Tensor& self, const Scalar& min) { return self.clamp(min); }
inline Tensor clamp_min(const Tensor& self, const Tensor& min) { return self.clamp(min); }
inline Tensor& clamp_min_(Tensor& self, const Scalar& min) { return self.clamp_(min); }
inline Tensor clamp_max(const Tensor& self, const Scalar& max) { return self.clamp_max(max); }
inline Tensor clamp_max(const Tensor& self, const Tensor& max) { return self.clamp_max(max); }
inline Tensor& clamp_max_(Tensor& self, const Scalar& max) { return self.clamp_max_(max); }
inline Tensor clip(const Tensor& self, const std::optional<Scalar>& min,
                   const std::optional<Scalar>& max = std::nullopt) {
  return self.clamp(min, max);
}

/// Numbers for what is none: `nan` (0) for NaN, and `posinf` and `neginf` (the dtype's largest and
/// lowest) for the infinities, whose derivative is 0. Integers stay what they are.
inline Tensor nan_to_num(const Tensor& self, std::optional<double> nan = std::nullopt,
                         std::optional<double> posinf = std::nullopt,
                         std::optional<double> neginf = std::nullopt) {
  return self.nan_to_num(nan, posinf, neginf);
}
Tensor& nan_to_num_(Tensor& self, std::optional<double> nan = std::nullopt,
                    std::optional<double> posinf = std::nullopt,
                    std::optional<double> neginf = std::nullopt);

/// self where the condition, a bool tensor, is true, and other elsewhere; all three broadcast.
Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other);
Tensor where(const Tensor& condition, const Tensor& self, const Scalar& other);
Tensor where(const Tensor& condition, const Scalar& self, const Tensor& other);
Tensor where(const Tensor& condition, const Scalar& self, const Scalar& other);
/// The indices of all elements that are not zero, a tensor for each dimension.
std::vector<Tensor> where(const Tensor& condition);

/// `value`, which has to fit self's dtype, where the bool mask is true. Both broadcast.
inline Tensor masked_fill(const Tensor& self, const Tensor& mask, const Scalar& value) {
  return self.masked_fill(mask, value);
}
/// The value may be a tensor without dimensions, which gets the sum of the gradient there.
inline Tensor masked_fill(const Tensor& self, const Tensor& mask, const Tensor& value) {
  return self.masked_fill(mask, value);
}

}  // namespace adjoint
