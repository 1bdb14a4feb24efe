#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Different values and how often they occur. Nothing here has a derivative. Where a tensor of
// inverse indices (into the values, one an element) or of counts was not asked for, it is empty.
// The values are sorted, also where that was not asked for; each NaN is a value of its own.

/// The different values and the inverse indices, of x's shape.
std::tuple<Tensor, Tensor> _unique(const Tensor& x, bool sorted = true,
                                   bool return_inverse = false);
/// The different values, the inverse indices, and the counts.
std::tuple<Tensor, Tensor, Tensor> _unique2(const Tensor& x, bool sorted = true,
                                            bool return_inverse = false,
                                            bool return_counts = false);
/// The different slices along `dim`, in lexicographical order.
std::tuple<Tensor, Tensor, Tensor> unique_dim(const Tensor& x, int64_t dim, bool sorted = true,
                                              bool return_inverse = false,
                                              bool return_counts = false);
/// One of each run of equal elements, or of equal slices along `dim`, in the order that they have.
std::tuple<Tensor, Tensor, Tensor> unique_consecutive(const Tensor& x, bool return_inverse = false,
                                                      bool return_counts = false,
                                                      std::optional<int64_t> dim = std::nullopt);
/// How often each of 0, 1, 2, ... occurs in x, a list of integers >= 0; with weights, the sum of
/// those of the same number. At least `minlength` elements; int64, or the weights' dtype (float64
/// for integers).
Tensor bincount(const Tensor& x, const std::optional<Tensor>& weights = std::nullopt,
                int64_t minlength = 0);

}  // namespace adjoint
