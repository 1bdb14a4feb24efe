#pragma once

#include <optional>

#include "adjoint/autograd/tensor_function.h"

namespace adjoint::autograd {

/// What gradcheck throws where a gradient is wrong; the message is the report.
class GradcheckError : public Error {
 public:
  using Error::Error;
};

/// A function whose gradients are to be checked.
using GradcheckFunction = TensorFunction;

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
  /// Whether a gradient has to have its input's dtype. (The engine converts what rules return, so
  /// it always has.)
  GradcheckOptions& check_grad_dtypes(bool value) { return set(check_grad_dtypes_, value); }
  bool check_grad_dtypes() const { return check_grad_dtypes_; }
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
  /// Where the function has a kink, as relu at 0, it has two derivatives, one to each side. A
  /// gradient between them (a subgradient) is then accepted, and the place logged as a kink; with
  /// false it is an error, as in PyTorch. On by default.
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
  bool check_grad_dtypes_ = false;
  bool fast_mode_ = false;
  bool non_contiguous_ = false;
  bool allow_kinks_ = true;
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
