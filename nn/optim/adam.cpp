#include "adjoint/nn/optim/adam.h"

#include <cmath>

#include "adjoint/nn/optim/elementwise.h"
#include "adjoint/ops/creation.h"

namespace adjoint::optim {
namespace {

template <class Options>
void validate_adam(const char* name, const Options& options) {
  const auto [beta1, beta2] = options.betas();
  check(options.lr() >= 0, "{}: expected a learning rate >= 0, got {}", name, options.lr());
  check(options.eps() >= 0, "{}: expected an eps >= 0, got {}", name, options.eps());
  check(beta1 >= 0 && beta1 < 1, "{}: expected the first beta in [0, 1), got {}", name, beta1);
  check(beta2 >= 0 && beta2 < 1, "{}: expected the second beta in [0, 1), got {}", name, beta2);
  check(options.weight_decay() >= 0, "{}: expected a weight_decay >= 0, got {}", name,
        options.weight_decay());
}

template <class Options>
bool equal_adam(const Options& a, const Options& b) {
  return a.lr() == b.lr() && a.betas() == b.betas() && a.eps() == b.eps() &&
         a.weight_decay() == b.weight_decay() && a.amsgrad() == b.amsgrad();
}

/// The numbers of one step, the same for all elements.
template <class T>
struct Coefficients {
  template <class Options>
  Coefficients(const Options& options, int64_t step) {
    const auto [b1, b2] = options.betas();
    const double t = static_cast<double>(step);
    beta1 = static_cast<T>(b1);
    beta2 = static_cast<T>(b2);
    take1 = static_cast<T>(1 - b1);
    take2 = static_cast<T>(1 - b2);
    step_size = static_cast<T>(options.lr() / (1 - std::pow(b1, t)));
    root_correction2 = static_cast<T>(std::sqrt(1 - std::pow(b2, t)));
    eps = static_cast<T>(options.eps());
    decay = static_cast<T>(options.weight_decay());
    keep = static_cast<T>(1 - options.lr() * options.weight_decay());
  }

  T beta1, beta2, take1, take2, step_size, root_correction2, eps, decay, keep;
};

enum class Decay { kNone, kIntoGradient, kDecoupled };

/// One pass over all arrays, in PyTorch's order of operations. The coefficients are captured by
/// value: by reference the loop would not vectorise.
template <class T, class Options>
void adam_step(const Options& options, Decay decay, AdamParamState& state, const Tensor& p,
               const Tensor& grad) {
  const Coefficients<T> c(options, state.step());
  T* __restrict const ps = p.data_ptr<T>();
  T* __restrict const ms = state.exp_avg().template data_ptr<T>();
  T* __restrict const vs = state.exp_avg_sq().template data_ptr<T>();
  T* __restrict const maxima =
      options.amsgrad() ? state.max_exp_avg_sq().template data_ptr<T>() : nullptr;
  const T* __restrict const gs = grad.data_ptr<T>();
  detail::with_flags(
      [=, n = p.numel()](auto amsgrad, auto into_gradient, auto decoupled) {
        detail::over_elements(n, [=](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const T x = decoupled ? ps[i] * c.keep : ps[i];
            const T g = into_gradient ? gs[i] + c.decay * x : gs[i];
            const T m = ms[i] * c.beta1 + c.take1 * g;
            const T v = vs[i] * c.beta2 + c.take2 * g * g;
            ms[i] = m;
            vs[i] = v;
            T second = v;
            if constexpr (amsgrad) {
              // NaN wins, as in torch.maximum.
              second = maxima[i] >= v || maxima[i] != maxima[i] ? maxima[i] : v;
              maxima[i] = second;
            }
            ps[i] = x - c.step_size * m / (std::sqrt(second) / c.root_correction2 + c.eps);
          }
        });
      },
      options.amsgrad(), decay == Decay::kIntoGradient, decay == Decay::kDecoupled);
}

/// A step of Adam or AdamW for one parameter: makes and counts its state, then the pass.
template <class Options>
void step_parameter(const char* name, Decay decay, const Options& options, AdamParamState& state,
                    const Tensor& p, const Tensor& grad) {
  for (Tensor* moment : {&state.exp_avg(), &state.exp_avg_sq(), &state.max_exp_avg_sq()}) {
    if (moment == &state.max_exp_avg_sq() && !options.amsgrad()) continue;
    if (!moment->defined()) *moment = zeros(p.sizes(), p.scalar_type());
    detail::check_state(name, *moment, p);
  }
  state.step(state.step() + 1);
  if (options.weight_decay() == 0) decay = Decay::kNone;
  dispatch_floating(name, p.scalar_type(), [&]<class T>(std::type_identity<T>) {
    adam_step<T>(options, decay, state, p, grad);
  });
}

}  // namespace

void AdamOptions::validate() const { validate_adam("Adam", *this); }
void AdamWOptions::validate() const { validate_adam("AdamW", *this); }
bool operator==(const AdamOptions& a, const AdamOptions& b) { return equal_adam(a, b); }
bool operator==(const AdamWOptions& a, const AdamWOptions& b) { return equal_adam(a, b); }

Tensor Adam::step(LossClosure closure) {
  Tensor loss = evaluate(closure);
  update<AdamOptions, AdamParamState>(
      [](const AdamOptions& options, AdamParamState& state, const Tensor& p, const Tensor& grad) {
        step_parameter("Adam", Decay::kIntoGradient, options, state, p, grad);
      });
  return loss;
}

Tensor AdamW::step(LossClosure closure) {
  Tensor loss = evaluate(closure);
  update<AdamWOptions, AdamWParamState>(
      [](const AdamWOptions& options, AdamWParamState& state, const Tensor& p, const Tensor& grad) {
        step_parameter("AdamW", Decay::kDecoupled, options, state, p, grad);
      });
  return loss;
}

}  // namespace adjoint::optim
