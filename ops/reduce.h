#pragma once

#include "adjoint/core/tensor.h"

/// Reductions: fewer elements out than in. An empty list of dimensions means all of them; keepdim
/// leaves reduced dimensions with size 1. Results have the same bits at every thread count.
namespace adjoint {

/// Integers and bools add up in int64 unless a dtype says otherwise (x is converted to it first).
Tensor sum(const Tensor& x, std::optional<ScalarType> dtype = std::nullopt);
Tensor sum(const Tensor& x, IntArrayRef dim, bool keepdim = false,
           std::optional<ScalarType> dtype = std::nullopt);
/// NaN if there are no elements. Throws Error for integers, unless the dtype is a float.
Tensor mean(const Tensor& x, std::optional<ScalarType> dtype = std::nullopt);
Tensor mean(const Tensor& x, IntArrayRef dim, bool keepdim = false,
            std::optional<ScalarType> dtype = std::nullopt);
/// The same without the elements that are NaN.
Tensor nansum(const Tensor& x, std::optional<ScalarType> dtype = std::nullopt);
Tensor nansum(const Tensor& x, IntArrayRef dim, bool keepdim = false,
              std::optional<ScalarType> dtype = std::nullopt);
Tensor nanmean(const Tensor& x, IntArrayRef dim = {}, bool keepdim = false,
               std::optional<ScalarType> dtype = std::nullopt);
/// The product, in int64 for integers and bools unless a dtype says otherwise. The gradient is
/// right where there are zeros too.
Tensor prod(const Tensor& x, std::optional<ScalarType> dtype = std::nullopt);
Tensor prod(const Tensor& x, int64_t dim, bool keepdim = false,
            std::optional<ScalarType> dtype = std::nullopt);
/// ln Σ eˣ without overflow. Integers give the default dtype.
Tensor logsumexp(const Tensor& x, IntArrayRef dim, bool keepdim = false);
/// How many elements are not 0; NaN is not.
Tensor count_nonzero(const Tensor& x, std::optional<int64_t> dim = std::nullopt);
Tensor count_nonzero(const Tensor& x, IntArrayRef dim);
/// Undoes a broadcast: sums x to the shape `size`, from which x's shape can be expanded.
Tensor sum_to_size(const Tensor& x, IntArrayRef size);

/// The largest element; NaN if there is one. Throws Error if x is empty. The gradient is spread
/// evenly over all that are equally large.
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
Tensor amax(const Tensor& x, IntArrayRef dim = {}, bool keepdim = false);
Tensor amin(const Tensor& x, IntArrayRef dim = {}, bool keepdim = false);
/// The smallest and the largest element.
std::tuple<Tensor, Tensor> aminmax(const Tensor& x, std::optional<int64_t> dim = std::nullopt,
                                   bool keepdim = false);
/// The largest elements along a dimension and their indices: the first one of equals (or of NaNs),
/// which gets the whole gradient.
std::tuple<Tensor, Tensor> max(const Tensor& x, int64_t dim, bool keepdim = false);
std::tuple<Tensor, Tensor> min(const Tensor& x, int64_t dim, bool keepdim = false);
/// Element by element: maximum(x, other).
Tensor max(const Tensor& x, const Tensor& other);
Tensor min(const Tensor& x, const Tensor& other);
/// Index of the first largest element, along `dim` or of the flattened x.
Tensor argmax(const Tensor& x, std::optional<int64_t> dim = std::nullopt, bool keepdim = false);
Tensor argmin(const Tensor& x, std::optional<int64_t> dim = std::nullopt, bool keepdim = false);

/// Whether some element (any), or every element (all), is not zero. Bool, but uint8 for uint8.
Tensor any(const Tensor& x);
Tensor any(const Tensor& x, int64_t dim, bool keepdim = false);
Tensor all(const Tensor& x);
Tensor all(const Tensor& x, int64_t dim, bool keepdim = false);

/// (Σ |x|ᵖ)^(1/p), for p = ∞ the largest and for p = -∞ the smallest |x|, for p = 0 the number of
/// elements that are not 0. Where the norm is 0 its subgradient is 0. Throws Error for integers.
Tensor norm(const Tensor& x, const Scalar& p = 2);
Tensor norm(const Tensor& x, const std::optional<Scalar>& p, IntArrayRef dim, bool keepdim = false);

/// Mean squared distance from the mean, times n / (n - 1) if unbiased; std is its root.
Tensor var(const Tensor& x, bool unbiased = true);
Tensor var(const Tensor& x, IntArrayRef dim, bool unbiased = true, bool keepdim = false);
inline Tensor var(const Tensor& x, int dim) { return x.var(dim); }
Tensor std(const Tensor& x, bool unbiased = true);
Tensor std(const Tensor& x, IntArrayRef dim, bool unbiased = true, bool keepdim = false);
inline Tensor std(const Tensor& x, int dim) { return x.std(dim); }
/// Both the variance, or its root, and the mean.
std::tuple<Tensor, Tensor> var_mean(const Tensor& x, bool unbiased = true);
std::tuple<Tensor, Tensor> var_mean(const Tensor& x, IntArrayRef dim, bool unbiased = true,
                                    bool keepdim = false);
inline std::tuple<Tensor, Tensor> var_mean(const Tensor& x, int dim) {
  return var_mean(x, IntArrayRef(dim));
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& x, bool unbiased = true);
std::tuple<Tensor, Tensor> std_mean(const Tensor& x, IntArrayRef dim, bool unbiased = true,
                                    bool keepdim = false);
inline std::tuple<Tensor, Tensor> std_mean(const Tensor& x, int dim) {
  return std_mean(x, IntArrayRef(dim));
}

}  // namespace adjoint
