#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// In order, along one dimension (the last one unless told). NaN counts as larger than all numbers.
// Equals stay in the order that they had, everywhere, whether a stable order was asked for or not.
// Each function returns the values and the indices that they had; gradients go where the values
// came from.

std::tuple<Tensor, Tensor> sort(const Tensor& x, int64_t dim = -1, bool descending = false);
std::tuple<Tensor, Tensor> sort(const Tensor& x, std::optional<bool> stable, int64_t dim = -1,
                                bool descending = false);
Tensor argsort(const Tensor& x, int64_t dim = -1, bool descending = false);
Tensor argsort(const Tensor& x, bool stable, int64_t dim = -1, bool descending = false);
inline Tensor argsort(const Tensor& x, int dim, bool descending = false) {
  return argsort(x, int64_t{dim}, descending);  // or 0 could mean not stable
}
/// Sorted along the first dimension.
Tensor msort(const Tensor& x);
/// The k largest or smallest elements, in their order (also if `sorted` is false). Throws Error for
/// a k that is negative or larger than the dimension.
std::tuple<Tensor, Tensor> topk(const Tensor& x, int64_t k, int64_t dim = -1, bool largest = true,
                                bool sorted = true);
/// The k-th smallest element; k counts from 1.
std::tuple<Tensor, Tensor> kthvalue(const Tensor& x, int64_t k, int64_t dim = -1,
                                    bool keepdim = false);
/// The lower of the middle elements; NaN if there is one. Over all elements the gradient is spread
/// evenly over those that are equal to it; no elements give NaN, or the lowest integer.
Tensor median(const Tensor& x);
std::tuple<Tensor, Tensor> median(const Tensor& x, int64_t dim, bool keepdim = false);

}  // namespace adjoint
