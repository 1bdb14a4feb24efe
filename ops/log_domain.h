#pragma once

#include "adjoint/core/tensor.h"

/// Sums and products next to a logarithm, without the overflow and the NaN of the plain formulas.
/// Each is a method too.
namespace adjoint {

/// log(exp(self) + exp(other)) of floating-point numbers.
Tensor logaddexp(const Tensor& self, const Tensor& other);
/// log2(2^self + 2^other) of floating-point numbers.
Tensor logaddexp2(const Tensor& self, const Tensor& other);
/// self * log(other), which is 0 where self is, unless other is NaN.
Tensor xlogy(const Tensor& self, const Tensor& other);
Tensor xlogy(const Tensor& self, const Scalar& other);
Tensor xlogy(const Scalar& self, const Tensor& other);

}  // namespace adjoint
