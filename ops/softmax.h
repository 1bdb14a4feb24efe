#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

/// exp(x) divided by its sum along `dim`; large values do not overflow. With a dtype, x is
/// converted to it first.
Tensor softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype = std::nullopt);
/// log(softmax(x)), computed without rounding small probabilities to 0.
Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype = std::nullopt);

}  // namespace adjoint
