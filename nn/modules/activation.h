#pragma once

#include "adjoint/nn/cloneable.h"
#include "adjoint/nn/functional.h"
#include "adjoint/nn/options/activation.h"
#include "adjoint/nn/pimpl.h"

namespace adjoint::nn {

/// max(x, 0), element by element; ReLU(true) overwrites its input.
class ReLUImpl : public Cloneable<ReLUImpl> {
 public:
  explicit ReLUImpl(const ReLUOptions& options = {}) : options(options) {}

  void reset() override {}
  void pretty_print(std::ostream& out) const override {
    out << "torch::nn::ReLU(" << (options.inplace() ? "inplace=true" : "") << ')';
  }
  Tensor forward(Tensor input) { return functional::relu(std::move(input), options); }

  ReLUOptions options;
};
ADJOINT_MODULE(ReLU);

/// 1 / (1 + exp(-x)), element by element.
class SigmoidImpl : public Cloneable<SigmoidImpl> {
 public:
  void reset() override {}
  void pretty_print(std::ostream& out) const override { out << "torch::nn::Sigmoid()"; }
  Tensor forward(const Tensor& input) { return functional::sigmoid(input); }
};
ADJOINT_MODULE(Sigmoid);

/// tanh(x), element by element.
class TanhImpl : public Cloneable<TanhImpl> {
 public:
  void reset() override {}
  void pretty_print(std::ostream& out) const override { out << "torch::nn::Tanh()"; }
  Tensor forward(const Tensor& input) { return functional::tanh(input); }
};
ADJOINT_MODULE(Tanh);

}  // namespace adjoint::nn
