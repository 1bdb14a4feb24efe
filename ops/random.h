#pragma once

#include "adjoint/core/generator.h"
#include "adjoint/core/tensor.h"

namespace adjoint {

// Random tensors: for the same seed PyTorch's numbers, at every thread count. Where no generator is
// given the default one is used, which manual_seed sets.

/// Uniform on [0, 1).
Tensor rand(IntArrayRef size, const TensorOptions& options = {});
Tensor rand(IntArrayRef size, std::optional<Generator> generator,
            const TensorOptions& options = {});
Tensor rand_like(const Tensor& self, const TensorOptions& options = {});
/// Standard normal.
Tensor randn(IntArrayRef size, const TensorOptions& options = {});
Tensor randn(IntArrayRef size, std::optional<Generator> generator,
             const TensorOptions& options = {});
Tensor randn_like(const Tensor& self, const TensorOptions& options = {});
/// Integers from [low, high), or [0, high), as int64 unless options say otherwise.
Tensor randint(int64_t high, IntArrayRef size, const TensorOptions& options = kInt64);
Tensor randint(int64_t high, IntArrayRef size, std::optional<Generator> generator,
               const TensorOptions& options = kInt64);
Tensor randint(int64_t low, int64_t high, IntArrayRef size, const TensorOptions& options = kInt64);
Tensor randint(int64_t low, int64_t high, IntArrayRef size, std::optional<Generator> generator,
               const TensorOptions& options = kInt64);
Tensor randint_like(const Tensor& self, int64_t high, const TensorOptions& options = {});
Tensor randint_like(const Tensor& self, int64_t low, int64_t high,
                    const TensorOptions& options = {});
/// 0, ..., n-1 in random order.
Tensor randperm(int64_t n, const TensorOptions& options = kInt64);
Tensor randperm(int64_t n, std::optional<Generator> generator,
                const TensorOptions& options = kInt64);

/// Normal with mean and standard deviation, each a number or a tensor (which broadcast). No
/// gradient flows to them.
Tensor normal(double mean, double std, IntArrayRef size,
              std::optional<Generator> generator = std::nullopt, const TensorOptions& options = {});
Tensor normal(const Tensor& mean, double std = 1,
              std::optional<Generator> generator = std::nullopt);
Tensor normal(double mean, const Tensor& std, std::optional<Generator> generator = std::nullopt);
Tensor normal(const Tensor& mean, const Tensor& std,
              std::optional<Generator> generator = std::nullopt);

/// 1 with probability self[i] (or p), else 0; of self's shape and dtype. No gradient flows.
Tensor bernoulli(const Tensor& self, std::optional<Generator> generator = std::nullopt);
Tensor bernoulli(const Tensor& self, double p, std::optional<Generator> generator = std::nullopt);

/// While training: zeroes each element with probability p and divides the others by 1-p. Otherwise
/// the input itself.
Tensor dropout(const Tensor& input, double p, bool train);
Tensor& dropout_(Tensor& self, double p, bool train);

}  // namespace adjoint
