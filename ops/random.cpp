#include "adjoint/ops/random.h"

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/core/random.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"

namespace adjoint {
namespace {

using OptionalGenerator = std::optional<Generator>;

/// Overwrites self: draw(dense) fills a dense tensor. Where self is not contiguous its elements are
/// drawn in the order in which they lie in memory, as PyTorch does.
template <class Draw>
Tensor& overwrite(const char* name, const Tensor& self, const Draw& draw) {
  check(!may_overlap(self.sizes(), self.strides()),
        "{}: cannot write to an expanded tensor ({}, strides [{}]), where several elements share "
        "one place in memory; write to its clone()",
        name, self.describe(), fmt::join(self.strides(), ", "));
  const bool recorded = autograd::needs_recording({self});
  if (!recorded) autograd::check_inplace(name, self);
  if (self.is_contiguous() && !recorded) {
    draw(self);
    autograd::bump_version(self);
  } else {
    const std::vector<int64_t> order = random::fill_order(self.sizes(), self.strides());
    Dims sizes(order.size(), 0), back(order.size(), 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      sizes[i] = self.sizes()[static_cast<std::size_t>(order[i])];
      back[static_cast<std::size_t>(order[i])] = static_cast<int64_t>(i);
    }
    const Tensor drawn = empty(sizes, self.scalar_type());
    draw(drawn);
    // Recorded as any other copy: the gradient of what was there before is zero.
    self.copy_(drawn.permute(back));
  }
  return const_cast<Tensor&>(self);
}

/// What is drawn into a tensor that another call makes must not be recorded.
template <class Make>
Tensor made(const TensorOptions& options, const Make& make) {
  Tensor result = make(options.requires_grad(false));
  if (options.requires_grad()) result.requires_grad_();
  return result;
}

/// Contiguous, unlike empty_like's: PyTorch draws these in the order of the indices.
Tensor blank(const Tensor& like) { return empty(like.sizes(), like.options()); }

}  // namespace

Tensor& Tensor::uniform_(double from, double to, std::optional<Generator> generator) const {
  return overwrite("uniform_", *this, [&](const Tensor& dense) {
    dispatch_floating("uniform_", scalar_type(), [&]<class T>(std::type_identity<T>) {
      random::fill_uniform(dense.data_ptr<T>(), dense.numel(), from, to, generator);
    });
  });
}

Tensor& Tensor::normal_(double mean, double std, std::optional<Generator> generator) const {
  return overwrite("normal_", *this, [&](const Tensor& dense) {
    dispatch_floating("normal_", scalar_type(), [&]<class T>(std::type_identity<T>) {
      const auto fill =
          is_contiguous() ? random::fill_normal<T> : random::fill_normal_elementwise<T>;
      fill(dense.data_ptr<T>(), dense.numel(), mean, std, generator);
    });
  });
}

Tensor& Tensor::random_(int64_t from, std::optional<int64_t> to,
                        std::optional<Generator> generator) const {
  return overwrite("random_", *this, [&](const Tensor& dense) {
    dispatch(scalar_type(), [&]<class T>(std::type_identity<T>) {
      random::fill_random_from_to(dense.data_ptr<T>(), dense.numel(), from, to, generator);
    });
  });
}

Tensor& Tensor::random_(int64_t to, std::optional<Generator> generator) const {
  return random_(0, to, std::move(generator));
}

Tensor& Tensor::random_(std::optional<Generator> generator) const {
  return overwrite("random_", *this, [&](const Tensor& dense) {
    dispatch(scalar_type(), [&]<class T>(std::type_identity<T>) {
      random::fill_random(dense.data_ptr<T>(), dense.numel(), generator);
    });
  });
}

Tensor& Tensor::bernoulli_(double p, std::optional<Generator> generator) const {
  return overwrite("bernoulli_", *this, [&](const Tensor& dense) {
    dispatch(scalar_type(), [&]<class T>(std::type_identity<T>) {
      random::fill_bernoulli(dense.data_ptr<T>(), dense.numel(), p, generator);
    });
  });
}

Tensor& Tensor::bernoulli_(const Tensor& p, std::optional<Generator> generator) const {
  check(is_expandable_to(p.sizes(), sizes()),
        "bernoulli_: the probabilities, {}, do not broadcast to {}", p.describe(), describe());
  check(p.is_floating_point(), "bernoulli_: the probabilities must be float32 or float64, got {}",
        p.scalar_type());
  return overwrite("bernoulli_", *this, [&](const Tensor& dense) {
    // The probabilities in the order in which the elements are drawn.
    const Tensor each = p.detach().expand(sizes());
    const Tensor ordered = each.permute(random::fill_order(sizes(), strides())).contiguous();
    dispatch(scalar_type(), [&]<class T>(std::type_identity<T>) {
      dispatch_floating("bernoulli_", p.scalar_type(), [&]<class P>(std::type_identity<P>) {
        random::fill_bernoulli(dense.data_ptr<T>(), ordered.data_ptr<P>(), dense.numel(),
                               generator);
      });
    });
  });
}

Tensor rand(IntArrayRef size, OptionalGenerator generator, const TensorOptions& options) {
  return made(options, [&](const TensorOptions& plain) {
    return empty(size, plain).uniform_(0, 1, generator);
  });
}

Tensor rand(IntArrayRef size, const TensorOptions& options) {
  return rand(size, std::nullopt, options);
}

Tensor rand_like(const Tensor& self, const TensorOptions& options) {
  return made(options,
              [&](const TensorOptions& plain) { return empty_like(self, plain).uniform_(); });
}

Tensor randn(IntArrayRef size, OptionalGenerator generator, const TensorOptions& options) {
  return normal(0, 1, size, std::move(generator), options);
}

Tensor randn(IntArrayRef size, const TensorOptions& options) {
  return randn(size, std::nullopt, options);
}

Tensor randn_like(const Tensor& self, const TensorOptions& options) {
  return made(options,
              [&](const TensorOptions& plain) { return empty_like(self, plain).normal_(); });
}

Tensor randint(int64_t low, int64_t high, IntArrayRef size, OptionalGenerator generator,
               const TensorOptions& options) {
  return made(options, [&](const TensorOptions& plain) {
    return empty(size, plain).random_(low, high, generator);
  });
}

Tensor randint(int64_t low, int64_t high, IntArrayRef size, const TensorOptions& options) {
  return randint(low, high, size, std::nullopt, options);
}

Tensor randint(int64_t high, IntArrayRef size, const TensorOptions& options) {
  return randint(0, high, size, std::nullopt, options);
}

Tensor randint(int64_t high, IntArrayRef size, OptionalGenerator generator,
               const TensorOptions& options) {
  return randint(0, high, size, std::move(generator), options);
}

Tensor randint_like(const Tensor& self, int64_t low, int64_t high, const TensorOptions& options) {
  return made(options, [&](const TensorOptions& plain) {
    return empty_like(self, plain).random_(low, high);
  });
}

Tensor randint_like(const Tensor& self, int64_t high, const TensorOptions& options) {
  return randint_like(self, 0, high, options);
}

Tensor randperm(int64_t n, OptionalGenerator generator, const TensorOptions& options) {
  return made(options, [&](const TensorOptions& plain) {
    Tensor order = empty({n}, plain);
    check(order.scalar_type() != kBool, "randperm: a bool tensor cannot hold a permutation");
    dispatch(order.scalar_type(), [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::same_as<T, bool>) {
        random::fill_randperm(order.data_ptr<T>(), n, generator);
      }
    });
    return order;
  });
}

Tensor randperm(int64_t n, const TensorOptions& options) {
  return randperm(n, std::nullopt, options);
}

Tensor normal(double mean, double std, IntArrayRef size, OptionalGenerator generator,
              const TensorOptions& options) {
  return made(options, [&](const TensorOptions& plain) {
    return empty(size, plain).normal_(mean, std, generator);
  });
}

Tensor normal(const Tensor& mean, double std, OptionalGenerator generator) {
  const NoGradGuard no_grad;
  return blank(mean).normal_(0, std, std::move(generator)).add_(mean);
}

Tensor normal(double mean, const Tensor& std, OptionalGenerator generator) {
  const NoGradGuard no_grad;
  return blank(std).normal_(0, 1, std::move(generator)).mul_(std).add_(mean);
}

Tensor normal(const Tensor& mean, const Tensor& std, OptionalGenerator generator) {
  const NoGradGuard no_grad;
  const Dims size = broadcast_shapes(mean.sizes(), std.sizes(), "normal");
  return empty(size, mean.options()).normal_(0, 1, std::move(generator)).mul_(std).add_(mean);
}

Tensor Tensor::bernoulli(OptionalGenerator generator) const {
  return adjoint::bernoulli(*this, std::move(generator));
}
Tensor Tensor::bernoulli(double p, OptionalGenerator generator) const {
  return adjoint::bernoulli(*this, p, std::move(generator));
}

Tensor bernoulli(const Tensor& self, OptionalGenerator generator) {
  return blank(self).bernoulli_(self, std::move(generator));
}

Tensor bernoulli(const Tensor& self, double p, OptionalGenerator generator) {
  return blank(self).bernoulli_(p, std::move(generator));
}

namespace {

/// What dropout multiplies with: 1/(1-p) with probability 1-p, else 0.
Tensor dropout_mask(const Tensor& input, double p) {
  if (p == 1) return zeros_like(input);
  return blank(input).bernoulli_(1 - p).div_(1 - p);
}

bool drops(const Tensor& input, double p, bool train) {
  check(p >= 0 && p <= 1, "dropout: expected a probability between 0 and 1, got {}", p);
  return train && p != 0 && input.numel() > 0;
}

}  // namespace

Tensor dropout(const Tensor& input, double p, bool train) {
  return drops(input, p, train) ? input.mul(dropout_mask(input, p)) : input;
}

Tensor& dropout_(Tensor& self, double p, bool train) {
  return drops(self, p, train) ? self.mul_(dropout_mask(self, p)) : self;
}

}  // namespace adjoint
