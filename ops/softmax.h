#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

/// exp(x) divided by its sum along `dim`; large values do not overflow. With a dtype, x is
/// converted to it first.
Tensor softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype = std::nullopt);
/// log(softmax(x)), computed without rounding small probabilities to 0.
Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype = std::nullopt);

/// The gradient of softmax's input: y (g - Σ g y), where y is its output and g that's gradient.
Tensor softmax_backward(const Tensor& grad_output, const Tensor& output, int64_t dim);
/// The gradient of log_softmax's input: g - e^y Σ g.
Tensor log_softmax_backward(const Tensor& grad_output, const Tensor& output, int64_t dim);

}  // namespace adjoint
