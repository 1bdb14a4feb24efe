#pragma once

#include "adjoint/nn/cloneable.h"
#include "adjoint/nn/functional.h"
#include "adjoint/nn/options/loss.h"
#include "adjoint/nn/pimpl.h"

namespace adjoint::nn {

/// Mean (or sum, or none of both) of (input - target)².
class MSELossImpl : public Cloneable<MSELossImpl> {
 public:
  explicit MSELossImpl(const MSELossOptions& options = {}) : options(options) {}

  void reset() override {}
  void pretty_print(std::ostream& out) const override { out << "torch::nn::MSELoss()"; }
  Tensor forward(const Tensor& input, const Tensor& target) {
    return functional::mse_loss(input, target, options);
  }

  MSELossOptions options;
};
ADJOINT_MODULE(MSELoss);

/// Mean (or sum, or none of both) of the binary cross entropy between the probabilities `input`, in
/// [0, 1], and the targets.
class BCELossImpl : public Cloneable<BCELossImpl> {
 public:
  explicit BCELossImpl(const BCELossOptions& options = {}) : options(options) {
    BCELossImpl::reset();
  }

  /// The weight becomes a buffer, of its own, so that it is converted with the module.
  void reset() override {
    if (options.weight().defined()) options.weight(options.weight().detach().clone());
    register_buffer("weight", options.weight());
  }
  void pretty_print(std::ostream& out) const override { out << "torch::nn::BCELoss()"; }
  Tensor forward(const Tensor& input, const Tensor& target) {
    return functional::binary_cross_entropy(input, target, options);
  }

  BCELossOptions options;
};
ADJOINT_MODULE(BCELoss);

}  // namespace adjoint::nn
