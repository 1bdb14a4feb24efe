#pragma once

#include <tuple>

#include "adjoint/nn/optim/optimizer.h"

namespace adjoint::optim {

/// lr >= 0, betas in [0, 1), eps >= 0, weight_decay >= 0.
struct AdamOptions : OptimizerCloneableOptions<AdamOptions> {
  using betas_t = std::tuple<double, double>;
  AdamOptions(double lr = 1e-3) : lr_(lr) {}

  ADJOINT_ARG(double, lr) = 1e-3;
  ADJOINT_ARG(betas_t, betas) = {0.9, 0.999};
  ADJOINT_ARG(double, eps) = 1e-8;
  ADJOINT_ARG(double, weight_decay) = 0;
  ADJOINT_ARG(bool, amsgrad) = false;

 public:
  void validate() const override;
  double get_lr() const override { return lr_; }
  void set_lr(double lr) override { lr_ = lr; }
  friend bool operator==(const AdamOptions& a, const AdamOptions& b);

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.number("lr", self.lr_);
    f.number("betas", self.betas_);
    f.number("eps", self.eps_);
    f.number("weight_decay", self.weight_decay_);
    f.number("amsgrad", self.amsgrad_);
  }
};

/// As AdamOptions, but for the default of weight_decay.
struct AdamWOptions : OptimizerCloneableOptions<AdamWOptions> {
  using betas_t = std::tuple<double, double>;
  AdamWOptions(double lr = 1e-3) : lr_(lr) {}

  ADJOINT_ARG(double, lr) = 1e-3;
  ADJOINT_ARG(betas_t, betas) = {0.9, 0.999};
  ADJOINT_ARG(double, eps) = 1e-8;
  ADJOINT_ARG(double, weight_decay) = 1e-2;
  ADJOINT_ARG(bool, amsgrad) = false;

 public:
  void validate() const override;
  double get_lr() const override { return lr_; }
  void set_lr(double lr) override { lr_ = lr; }
  friend bool operator==(const AdamWOptions& a, const AdamWOptions& b);

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    AdamOptions::fields(self, f);
  }

  friend struct AdamOptions;
};

/// The moments of one parameter; max_exp_avg_sq is undefined without amsgrad.
struct AdamParamState : OptimizerCloneableParamState<AdamParamState> {
  ADJOINT_ARG(int64_t, step) = 0;
  ADJOINT_ARG(Tensor, exp_avg);
  ADJOINT_ARG(Tensor, exp_avg_sq);
  ADJOINT_ARG(Tensor, max_exp_avg_sq);

 public:
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.number("step", self.step_);
    f.tensor("exp_avg", self.exp_avg_);
    f.tensor("exp_avg_sq", self.exp_avg_sq_);
    f.optional_tensor("max_exp_avg_sq", self.max_exp_avg_sq_);
  }
};
using AdamWParamState = AdamParamState;

/// Adam (Kingma and Ba, 2015). For a parameter p with gradient g, step t = 1, 2, ...:
///
///   g = g + weight_decay * p
///   m = beta1 * m + (1 - beta1) * g
///   v = beta2 * v + (1 - beta2) * g²
///   p = p - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
///
/// With amsgrad (Reddi et al., 2018) the largest v so far stands in the last line.
class Adam : public Optimizer {
 public:
  explicit Adam(std::vector<OptimizerParamGroup> param_groups, AdamOptions defaults = {})
      : Optimizer(std::move(param_groups), std::make_unique<AdamOptions>(defaults)) {}
  explicit Adam(std::vector<Tensor> params, AdamOptions defaults = {})
      : Optimizer(std::move(params), std::make_unique<AdamOptions>(defaults)) {}

  Tensor step(LossClosure closure = nullptr) override;

 protected:
  std::unique_ptr<OptimizerParamState> make_state() const override {
    return std::make_unique<AdamParamState>();
  }
};

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019): instead of the first line, each
/// step begins with p = (1 - lr * weight_decay) * p.
class AdamW : public Optimizer {
 public:
  explicit AdamW(std::vector<OptimizerParamGroup> param_groups, AdamWOptions defaults = {})
      : Optimizer(std::move(param_groups), std::make_unique<AdamWOptions>(defaults)) {}
  explicit AdamW(std::vector<Tensor> params, AdamWOptions defaults = {})
      : Optimizer(std::move(params), std::make_unique<AdamWOptions>(defaults)) {}

  Tensor step(LossClosure closure = nullptr) override;

 protected:
  std::unique_ptr<OptimizerParamState> make_state() const override {
    return std::make_unique<AdamWParamState>();
  }
};

}  // namespace adjoint::optim
