#pragma once

#include <functional>
#include <memory>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/core/tensor.h"
#include "adjoint/nn/arg.h"
#include "adjoint/nn/optim/state_fields.h"

namespace adjoint::optim {

/// What an optimizer keeps for one parameter from step to step.
class OptimizerParamState {
 public:
  virtual ~OptimizerParamState() = default;
  virtual std::unique_ptr<OptimizerParamState> clone() const = 0;
  /// See state_fields.h. Throw Error if the class does not name its fields.
  virtual void write(FieldWriter& to) const = 0;
  virtual void read(FieldReader& from) = 0;
};

/// The hyperparameters of one parameter group.
class OptimizerOptions {
 public:
  virtual ~OptimizerOptions() = default;
  virtual std::unique_ptr<OptimizerOptions> clone() const = 0;
  /// Throws Error if a value is out of its range. Called when a group is added, and at every step.
  virtual void validate() const {}
  virtual double get_lr() const;
  virtual void set_lr(double lr);
  virtual void write(FieldWriter& to) const = 0;
  virtual void read(FieldReader& from) = 0;
};

namespace detail {

[[noreturn]] void fail_no_fields(const std::type_info& type);

/// Implements clone, write and read of Base for a class that is copyable and names its fields.
template <class Base, class Derived>
class CloneableWithFields : public Base {
 public:
  std::unique_ptr<Base> clone() const override { return std::make_unique<Derived>(self()); }
  void write(FieldWriter& to) const override {
    if constexpr (HasFields<Derived>) {
      Derived::fields(self(), to);
    } else {
      fail_no_fields(typeid(Derived));
    }
  }
  void read(FieldReader& from) override {
    if constexpr (HasFields<Derived>) {
      Derived::fields(static_cast<Derived&>(*this), from);
    } else {
      fail_no_fields(typeid(Derived));
    }
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace detail

/// Bases for the state and the options of an optimizer of your own.
template <class Derived>
class OptimizerCloneableParamState
    : public detail::CloneableWithFields<OptimizerParamState, Derived> {};
template <class Derived>
class OptimizerCloneableOptions : public detail::CloneableWithFields<OptimizerOptions, Derived> {};

/// Parameters that share their options. Without options of its own a group takes the optimizer's
/// defaults.
class OptimizerParamGroup {
 public:
  OptimizerParamGroup(std::vector<Tensor> params) : params_(std::move(params)) {}
  OptimizerParamGroup(std::vector<Tensor> params, std::unique_ptr<OptimizerOptions> options)
      : params_(std::move(params)), options_(std::move(options)) {}
  OptimizerParamGroup(const OptimizerParamGroup& other)
      : params_(other.params_), options_(other.options_ ? other.options_->clone() : nullptr) {}
  OptimizerParamGroup(OptimizerParamGroup&&) = default;
  OptimizerParamGroup& operator=(OptimizerParamGroup other) {
    params_ = std::move(other.params_);
    options_ = std::move(other.options_);
    return *this;
  }

  bool has_options() const { return options_ != nullptr; }
  /// Throw Error if the group has none.
  OptimizerOptions& options();
  const OptimizerOptions& options() const;
  void set_options(std::unique_ptr<OptimizerOptions> options) { options_ = std::move(options); }
  std::vector<Tensor>& params() { return params_; }
  const std::vector<Tensor>& params() const { return params_; }

 private:
  std::vector<Tensor> params_;
  std::unique_ptr<OptimizerOptions> options_;
};

/// Changes parameters after each backward pass so that the loss falls; the base of SGD, Adam and
/// AdamW, and of optimizers of your own: derive, override step() (`update` below does all of it but
/// the formula), and make_state() too if the state is to be loaded.
class Optimizer {
 public:
  using LossClosure = std::function<Tensor()>;

  /// Throws Error for options out of their range, for a group without parameters, and for
  /// parameters that are no leaves, not floating-point, or given twice.
  Optimizer(std::vector<OptimizerParamGroup> param_groups,
            std::unique_ptr<OptimizerOptions> defaults);
  Optimizer(std::vector<Tensor> parameters, std::unique_ptr<OptimizerOptions> defaults);
  Optimizer(const Optimizer&) = delete;
  Optimizer(Optimizer&&) = default;
  virtual ~Optimizer() = default;

  /// One step, from the gradients that are there; parameters without a gradient stay as they are.
  /// `closure`, if given, is called first: it computes the loss and the gradients; its loss is
  /// returned.
  virtual Tensor step(LossClosure closure = nullptr) = 0;
  /// Zeroes all gradients, or with set_to_none makes them undefined (cheaper: the next backward
  /// need not add to them; and a parameter that gets no gradient is not changed by momentum).
  void zero_grad(bool set_to_none = false);

  /// Errors as in the constructor.
  void add_param_group(const OptimizerParamGroup& group);
  /// Adds parameters to the first group.
  void add_parameters(const std::vector<Tensor>& parameters);
  /// The parameters of the first group.
  std::vector<Tensor>& parameters();
  const std::vector<Tensor>& parameters() const;
  /// The number of parameter tensors in all groups.
  std::size_t size() const noexcept;

  OptimizerOptions& defaults() noexcept { return *defaults_; }
  const OptimizerOptions& defaults() const noexcept { return *defaults_; }
  std::vector<OptimizerParamGroup>& param_groups() noexcept { return param_groups_; }
  const std::vector<OptimizerParamGroup>& param_groups() const noexcept { return param_groups_; }

  /// What is kept for each parameter, by `parameter.impl()`; empty before the first step.
  using StateMap = std::unordered_map<void*, std::unique_ptr<OptimizerParamState>>;
  StateMap& state() noexcept { return state_; }
  const StateMap& state() const noexcept { return state_; }

  /// All that the next step depends on besides parameters and gradients, as named tensors. Names
  /// follow PyTorch's state_dict; parameters are numbered from 0 through all groups:
  ///
  ///   param_groups.0.params       int64 [n]: which parameters form the group
  ///   param_groups.0.lr           float64 [] (bool [] for flags; betas is float64 [2])
  ///   state.0.step                int64 []
  ///   state.0.exp_avg             of the parameter's shape and dtype; so exp_avg_sq,
  ///                               max_exp_avg_sq (amsgrad), momentum_buffer (SGD)
  ///
  /// A parameter that was never stepped has no state. The state tensors are the optimizer's own,
  /// not copies: they change with the next step.
  NamedTensors state_dict() const;
  /// Takes over (copies) what state_dict() of an optimizer of the same kind gave. Throws one Error
  /// that lists all that is missing, unknown or of the wrong shape or dtype; this optimizer is
  /// unchanged then.
  void load_state_dict(const NamedTensors& state);

 protected:
  /// A fresh state of one parameter, for load_state_dict to fill.
  virtual std::unique_ptr<OptimizerParamState> make_state() const;
  /// Calls the closure, with recording on, if there is one.
  static Tensor evaluate(const LossClosure& closure);

  /// Calls step(options, state, parameter, gradient) for each parameter that has a gradient, with
  /// recording off. Parameter and gradient are contiguous and of one shape and dtype; the step
  /// writes into the parameter. A parameter's state is made when it is first needed.
  template <class Options, class State, class Step>
  void update(Step&& step);

 private:
  void check_new_parameters(const std::vector<Tensor>& parameters) const;
  /// Whether p takes part in this step. Throws Error if its gradient is not of its shape and dtype.
  static bool has_gradient(const Tensor& p);
  /// p's elements in order: p itself where it is contiguous.
  static Tensor contiguous_values(const Tensor& p);
  /// Ends the in-place change of p, whose new elements are `values`.
  static void commit(Tensor& p, const Tensor& values);

  std::vector<OptimizerParamGroup> param_groups_;
  StateMap state_;
  std::unique_ptr<OptimizerOptions> defaults_;
};

template <class Options, class State, class Step>
void Optimizer::update(Step&& step) {
  const NoGradGuard no_grad;
  for (OptimizerParamGroup& group : param_groups_) {
    const auto* options = dynamic_cast<const Options*>(&group.options());
    check(options != nullptr, "step: a parameter group has options of another optimizer");
    options->validate();
    for (Tensor& p : group.params()) {
      if (!has_gradient(p)) continue;
      auto& state = state_[p.impl()];
      if (state == nullptr) state = std::make_unique<State>();
      const Tensor values = contiguous_values(p);
      step(*options, static_cast<State&>(*state), values, contiguous_values(p.grad()));
      commit(p, values);
    }
  }
}

}  // namespace adjoint::optim
