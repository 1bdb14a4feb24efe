#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

/// What gradcheck throws where a gradient is wrong; the message is the report.
class GradcheckError : public Error {
 public:
  using Error::Error;
};

/// A function whose gradients are to be checked: of a list of tensors, or of one to eight tensors;
/// it returns a tensor, a list, or a tuple of them.
class GradcheckFunction {
 public:
  template <class F>
  requires(!std::same_as<std::decay_t<F>, GradcheckFunction>) GradcheckFunction(F f)
      : call_([f = std::move(f)](const variable_list& inputs) mutable {
          if constexpr (takes_tensors<F>(std::make_index_sequence<kMaxArguments + 1>())) {
            return call_with_tensors<0>(f, inputs);
          } else {
            return listed(f(inputs));
          }
        }) {}

  variable_list operator()(const variable_list& inputs) const { return call_(inputs); }

 private:
  static constexpr std::size_t kMaxArguments = 8;

  template <class F, std::size_t... I>
  static constexpr bool takes(std::index_sequence<I...>) {
    return std::is_invocable_v<F&, decltype((void(I), std::declval<const Tensor&>()))...>;
  }
  template <class F, std::size_t... N>
  static constexpr bool takes_tensors(std::index_sequence<N...>) {
    return (takes<F>(std::make_index_sequence<N>()) || ...);
  }
  template <class F, std::size_t... I>
  static variable_list apply(F& f, const variable_list& inputs, std::index_sequence<I...>) {
    return listed(f(inputs[I]...));
  }
  template <std::size_t N, class F>
  static variable_list call_with_tensors(F& f, const variable_list& inputs) {
    if constexpr (takes<F>(std::make_index_sequence<N>())) {
      if (inputs.size() == N) return apply(f, inputs, std::make_index_sequence<N>());
    }
    if constexpr (N < kMaxArguments) return call_with_tensors<N + 1>(f, inputs);
    fail("gradcheck: the function does not take {} tensors", inputs.size());
  }

  static variable_list listed(Tensor output) { return {std::move(output)}; }
  static variable_list listed(variable_list outputs) { return outputs; }
  template <class... Tensors>
  static variable_list listed(const std::tuple<Tensors...>& outputs) {
    return std::apply([](const auto&... each) { return variable_list{each...}; }, outputs);
  }

  std::function<variable_list(const variable_list&)> call_;
};

/// Options of gradcheck and gradgradcheck, with PyTorch's names, defaults and meaning; each setter
/// returns the options: `GradcheckOptions().eps(1e-4).nondet_tol(1e-12)`.
class GradcheckOptions {
 public:
  /// The step of the differences: 1e-6, or 1e-3 if the order is 4.
  GradcheckOptions& eps(double value) { return set(eps_, value); }
  double eps() const { return eps_.value_or(order_ == 4 ? 1e-3 : 1e-6); }
  /// Values agree if |analytic - numeric| <= atol + rtol * |numeric|. 1e-5, or 1e-7 at order 4.
  GradcheckOptions& atol(double value) { return set(atol_, value); }
  double atol() const { return atol_.value_or(order_ == 4 ? 1e-7 : 1e-5); }
  /// 1e-3, or 1e-5 at order 4.
  GradcheckOptions& rtol(double value) { return set(rtol_, value); }
  double rtol() const { return rtol_.value_or(order_ == 4 ? 1e-5 : 1e-3); }
  /// Whether a wrong gradient throws GradcheckError, or makes the check return false.
  GradcheckOptions& raise_exception(bool value) { return set(raise_exception_, value); }
  bool raise_exception() const { return raise_exception_; }
  /// By how much two backward passes with the same upstream gradient may differ.
  GradcheckOptions& nondet_tol(double value) { return set(nondet_tol_, value); }
  double nondet_tol() const { return nondet_tol_; }
  /// Whether to check that outputs which receive no gradient, or zeros, are handled.
  GradcheckOptions& check_undefined_grad(bool value) { return set(check_undefined_grad_, value); }
  bool check_undefined_grad() const { return check_undefined_grad_; }
  /// Compare one random projection vᵀJu of each Jacobian in place of all its elements: two
  /// evaluations an input, however large it is. A failure is explained by the full check.
  GradcheckOptions& fast_mode(bool value) { return set(fast_mode_, value); }
  bool fast_mode() const { return fast_mode_; }
  /// gradgradcheck: make the random upstream gradients non-contiguous.
  GradcheckOptions& gen_non_contig_grad_outputs(bool value) { return set(non_contiguous_, value); }
  bool gen_non_contig_grad_outputs() const { return non_contiguous_; }

  /// Of the differences' error in eps: 2 as in PyTorch, or 4, which evaluates at four points in
  /// place of two and resolves a hundred times smaller errors.
  GradcheckOptions& order(int value) {
    check(value == 2 || value == 4, "GradcheckOptions: the order is 2 or 4, got {}", value);
    return set(order_, value);
  }
  int order() const { return order_; }
  /// Where the function has a kink, as relu at 0, the differences to both sides disagree; accept
  /// then whatever lies between them (a subgradient), and log the place.
  GradcheckOptions& allow_kinks(bool value) { return set(allow_kinks_, value); }
  bool allow_kinks() const { return allow_kinks_; }

 private:
  template <class T, class V>
  GradcheckOptions& set(T& member, V value) {
    member = value;
    return *this;
  }

  std::optional<double> eps_, atol_, rtol_;
  double nondet_tol_ = 0;
  int order_ = 2;
  bool raise_exception_ = true;
  bool check_undefined_grad_ = true;
  bool fast_mode_ = false;
  bool non_contiguous_ = false;
  bool allow_kinks_ = false;
};

/// Compares the gradients that backward computes with finite differences: every element of the
/// Jacobian of each output that requires grad by each input that does. Beyond that it checks that
/// backward is linear in the upstream gradient, and yields the same twice.
///
/// Inputs should be float64. They are changed in place while the check runs, so the function may
/// use them through other handles too (the parameters of a module). Returns true, or throws
/// GradcheckError with a report of what is wrong where. Throws Error if no input requires grad, if
/// an input overlaps itself or another one in memory.
bool gradcheck(const GradcheckFunction& function, const variable_list& inputs,
               const GradcheckOptions& options = {});
inline bool gradcheck(const GradcheckFunction& function, const Tensor& input,
                      const GradcheckOptions& options = {}) {
  return gradcheck(function, variable_list{input}, options);
}

/// The same for second derivatives: checks the gradients as functions of the inputs and of the
/// upstream gradients. `grad_outputs` are those, one an output that requires grad; random ones
/// unless given.
bool gradgradcheck(const GradcheckFunction& function, const variable_list& inputs,
                   const variable_list& grad_outputs, const GradcheckOptions& options = {});
inline bool gradgradcheck(const GradcheckFunction& function, const variable_list& inputs,
                          const GradcheckOptions& options = {}) {
  return gradgradcheck(function, inputs, {}, options);
}
inline bool gradgradcheck(const GradcheckFunction& function, const Tensor& input,
                          const GradcheckOptions& options = {}) {
  return gradgradcheck(function, variable_list{input}, options);
}

}  // namespace adjoint::autograd
