#pragma once

// Internal: the arrays behind the random tensors of ops/random.h.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "adjoint/core/generator.h"

/// Fills of dense arrays with random numbers: for the same seed and the same sequence of calls the
/// numbers of PyTorch's CPU generator, on every machine and at every thread count.
///
/// T is any of the dtypes' element types (float, double, int64_t, int32_t, uint8_t, bool) unless
/// said otherwise. Without a generator the default one is used; its mutex is held during the call.
/// Wrong arguments throw Error before anything is drawn.
namespace adjoint::random {

/// Uniform on [from, to); float and double. Takes one word of the stream a float, two a double.
/// (As in PyTorch the rounding of x·(to-from)+from may yield `to` itself.)
template <class T>
void fill_uniform(T* data, int64_t n, double from, double to,
                  const std::optional<Generator>& generator = std::nullopt);

/// Normal with the given mean and standard deviation >= 0; float and double: what PyTorch's normal_
/// does with a contiguous tensor. From n = 16 on by Box-Muller on blocks of 16, of which the last
/// one ends at n and is drawn anew where n is no multiple; below that as fill_normal_elementwise.
template <class T>
void fill_normal(T* data, int64_t n, double mean, double std,
                 const std::optional<Generator>& generator = std::nullopt);

/// What PyTorch's normal_ does with a tensor that is not contiguous, or has under 16 elements: one
/// element after the other, computed in double, two from every Box-Muller pair. The second one of
/// the last pair is kept in the generator for the next call.
template <class T>
void fill_normal_elementwise(T* data, int64_t n, double mean, double std,
                             const std::optional<Generator>& generator = std::nullopt);

/// Integers from all of T's non-negative range, as random_() without arguments: [0, max of T], in a
/// floating-point type [0, 2^digits], in bool both values.
template <class T>
void fill_random(T* data, int64_t n, const std::optional<Generator>& generator = std::nullopt);

/// Integers from [from, to); without `to` from `from` up to the greatest that T can hold (2^digits
/// in a floating-point type). As randint and random_(from, to). In a floating-point type, bounds
/// that it cannot hold move inwards to ones that it can.
template <class T>
void fill_random_from_to(T* data, int64_t n, int64_t from, std::optional<int64_t> to,
                         const std::optional<Generator>& generator = std::nullopt);

/// 1 with probability p, else 0.
template <class T>
void fill_bernoulli(T* data, int64_t n, double p,
                    const std::optional<Generator>& generator = std::nullopt);

/// data[i] = 1 with probability p[i], else 0. P is float or double: the precision to which the
/// probabilities are met, and so the words of the stream that an element takes.
template <class T, class P>
void fill_bernoulli(T* data, const P* p, int64_t n,
                    const std::optional<Generator>& generator = std::nullopt);

/// Exponential with rate lambda > 0; float and double.
template <class T>
void fill_exponential(T* data, int64_t n, double lambda,
                      const std::optional<Generator>& generator = std::nullopt);

/// A random permutation of 0, ..., n-1; all types but bool. Throws Error if n-1 does not fit T.
/// (As in PyTorch 1.13; from 2.0 on PyTorch draws otherwise for n of 214,748,364 and more.)
template <class T>
void fill_randperm(T* data, int64_t n, const std::optional<Generator>& generator = std::nullopt);

/// The dimensions of a strided tensor from the greatest stride to the smallest: the order in which
/// PyTorch's in-place random functions walk over a tensor that is not contiguous. Such a tensor is
/// to be permuted so, and the elements of a dense fill copied to it in row-major order.
std::vector<int64_t> fill_order(std::span<const int64_t> sizes, std::span<const int64_t> strides);

}  // namespace adjoint::random
