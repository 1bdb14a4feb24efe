#include "adjoint/nn/optim/sgd.h"

#include "adjoint/nn/optim/elementwise.h"

namespace adjoint::optim {

void SGDOptions::validate() const {
  check(lr_ >= 0, "SGD: expected a learning rate >= 0, got {}", lr_);
  check(momentum_ >= 0, "SGD: expected a momentum >= 0, got {}", momentum_);
  check(weight_decay_ >= 0, "SGD: expected a weight_decay >= 0, got {}", weight_decay_);
  check(!nesterov_ || (momentum_ > 0 && dampening_ == 0),
        "SGD: nesterov needs momentum > 0 and dampening 0, got momentum {} and dampening {}",
        momentum_, dampening_);
}

bool operator==(const SGDOptions& a, const SGDOptions& b) {
  return a.lr_ == b.lr_ && a.momentum_ == b.momentum_ && a.dampening_ == b.dampening_ &&
         a.weight_decay_ == b.weight_decay_ && a.nesterov_ == b.nesterov_;
}

namespace {

/// p -= lr * g.
template <class T>
void plain_step(const SGDOptions& options, const Tensor& p, const Tensor& grad) {
  T* const ps = p.data_ptr<T>();
  const T* const gs = grad.data_ptr<T>();
  const T lr = static_cast<T>(options.lr()), decay = static_cast<T>(options.weight_decay());
  detail::with_flags(
      [=, n = p.numel()](auto has_decay) {
        detail::over_elements(n, [=](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const T g = has_decay ? gs[i] + decay * ps[i] : gs[i];
            ps[i] -= lr * g;
          }
        });
      },
      options.weight_decay() != 0);
}

/// b = keep * b + take * g, and p -= lr * (b, or g + momentum * b).
template <class T>
void momentum_step(const SGDOptions& options, bool first, const Tensor& p, const Tensor& grad,
                   const Tensor& buffer) {
  T* __restrict const ps = p.data_ptr<T>();
  T* __restrict const bs = buffer.data_ptr<T>();
  const T* __restrict const gs = grad.data_ptr<T>();
  const T lr = static_cast<T>(options.lr()), decay = static_cast<T>(options.weight_decay());
  const T momentum = static_cast<T>(options.momentum());
  const T take = static_cast<T>(first ? 1 : 1 - options.dampening());
  detail::with_flags(
      [=, n = p.numel()](auto has_decay, auto nesterov, auto is_first) {
        detail::over_elements(n, [=](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const T g = has_decay ? gs[i] + decay * ps[i] : gs[i];
            const T b = is_first ? g : momentum * bs[i] + take * g;
            bs[i] = b;
            ps[i] -= lr * (nesterov ? g + momentum * b : b);
          }
        });
      },
      options.weight_decay() != 0, options.nesterov(), first);
}

}  // namespace

Tensor SGD::step(LossClosure closure) {
  Tensor loss = evaluate(closure);
  update<SGDOptions, SGDParamState>(
      [](const SGDOptions& options, SGDParamState& state, const Tensor& p, const Tensor& grad) {
        dispatch_floating("SGD", p.scalar_type(), [&]<class T>(std::type_identity<T>) {
          if (options.momentum() == 0) return plain_step<T>(options, p, grad);
          Tensor& buffer = state.momentum_buffer();
          const bool first = !buffer.defined();
          if (first) buffer = empty(p.sizes(), p.scalar_type());
          detail::check_state("SGD", buffer, p);
          momentum_step<T>(options, first, p, grad, buffer);
        });
      });
  return loss;
}

}  // namespace adjoint::optim
