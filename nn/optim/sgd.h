#pragma once

#include "adjoint/nn/optim/optimizer.h"

namespace adjoint::optim {

/// lr >= 0, momentum >= 0, weight_decay >= 0; nesterov needs a momentum and no dampening.
struct SGDOptions : OptimizerCloneableOptions<SGDOptions> {
  SGDOptions(double lr) : lr_(lr) {}

  ADJOINT_ARG(double, lr);
  ADJOINT_ARG(double, momentum) = 0;
  ADJOINT_ARG(double, dampening) = 0;
  ADJOINT_ARG(double, weight_decay) = 0;
  ADJOINT_ARG(bool, nesterov) = false;

 public:
  void validate() const override;
  double get_lr() const override { return lr_; }
  void set_lr(double lr) override { lr_ = lr; }
  friend bool operator==(const SGDOptions& a, const SGDOptions& b);

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.number("lr", self.lr_);
    f.number("momentum", self.momentum_);
    f.number("dampening", self.dampening_);
    f.number("weight_decay", self.weight_decay_);
    f.number("nesterov", self.nesterov_);
  }
};

struct SGDParamState : OptimizerCloneableParamState<SGDParamState> {
  ADJOINT_ARG(Tensor, momentum_buffer);

 public:
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.optional_tensor("momentum_buffer", self.momentum_buffer_);
  }
};

/// Stochastic gradient descent. For a parameter p with gradient g, each step:
///
///   g = g + weight_decay * p
///   b = momentum * b + (1 - dampening) * g      (with momentum; b = g at the first step)
///   p = p - lr * b                              (nesterov: b is g + momentum * b here)
///
/// Momentum as in Sutskever et al., "On the importance of initialization and momentum in deep
/// learning" (2013), with the learning rate outside of b, as in PyTorch.
class SGD : public Optimizer {
 public:
  explicit SGD(std::vector<OptimizerParamGroup> param_groups, SGDOptions defaults)
      : Optimizer(std::move(param_groups), std::make_unique<SGDOptions>(defaults)) {}
  explicit SGD(std::vector<Tensor> params, SGDOptions defaults)
      : Optimizer(std::move(params), std::make_unique<SGDOptions>(defaults)) {}

  Tensor step(LossClosure closure = nullptr) override;

 protected:
  std::unique_ptr<OptimizerParamState> make_state() const override {
    return std::make_unique<SGDParamState>();
  }
};

}  // namespace adjoint::optim
