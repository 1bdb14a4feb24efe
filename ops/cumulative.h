#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Running results along one dimension: element i of the result is made of the elements 0 to i. A
// tensor without dimensions counts as having one of size 1.

/// Integers and bools add up in int64 unless a dtype says otherwise (x is converted to it first).
Tensor cumsum(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype = std::nullopt);
/// The same for products. The gradient is right where there are zeros too.
Tensor cumprod(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype = std::nullopt);
/// ln(e^x[0] + ... + e^x[i]) without overflow. Throws Error for integers.
Tensor logcumsumexp(const Tensor& x, int64_t dim);
/// The largest element so far and its index: the last one of equals (or of NaNs, which win), which
/// gets the gradient.
std::tuple<Tensor, Tensor> cummax(const Tensor& x, int64_t dim);
std::tuple<Tensor, Tensor> cummin(const Tensor& x, int64_t dim);
/// h[i] = a[i] h[i-1] + b[i] along a dimension, with h[-1] = 0, for a and b of one shape and dtype;
/// `reverse` starts at the other end: h[i] = a[i] h[i+1] + b[i]. Throws Error for integers. Its
/// derivatives are recurrences of the same kind in the other direction, and it is what the
/// gradients of cumprod and logcumsumexp are made of.
Tensor linear_recurrence(const Tensor& a, const Tensor& b, int64_t dim, bool reverse = false);
/// The differences of neighbours, n times over, after `prepend` and `append`, if given, were joined
/// to x. Bools give whether the neighbours differ.
Tensor diff(const Tensor& x, int64_t n = 1, int64_t dim = -1,
            const std::optional<Tensor>& prepend = std::nullopt,
            const std::optional<Tensor>& append = std::nullopt);

}  // namespace adjoint
