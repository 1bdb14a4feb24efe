#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Sums with a product or quotient in one pass over memory: what optimizers' steps are made of.

/// self + value * tensor1 * tensor2. Throws Error if a fractional value meets integers.
Tensor addcmul(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
               const Scalar& value = 1);
/// self + value * tensor1 / tensor2. Throws Error for integers.
Tensor addcdiv(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
               const Scalar& value = 1);
/// self + weight * (end - self). Throws Error unless all are of one floating-point dtype.
Tensor lerp(const Tensor& self, const Tensor& end, const Scalar& weight);
Tensor lerp(const Tensor& self, const Tensor& end, const Tensor& weight);

}  // namespace adjoint
