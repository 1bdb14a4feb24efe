#include "adjoint/nn/modules/linear.h"

#include <fmt/ranges.h>

#include "adjoint/nn/functional.h"
#include "adjoint/nn/init.h"

namespace adjoint::nn {

LinearImpl::LinearImpl(const LinearOptions& options) : options(options) { LinearImpl::reset(); }

void LinearImpl::reset() {
  const int64_t in = options.in_features(), out = options.out_features();
  check(in >= 0 && out >= 0, "Linear: expected in_features and out_features >= 0, got {} and {}",
        in, out);
  weight = register_parameter("weight", empty({out, in}));
  bias = register_parameter("bias", options.bias() ? empty({out}) : Tensor());
  reset_parameters();
}

void LinearImpl::reset_parameters() { init::default_weight_and_bias_(weight, bias); }

void LinearImpl::pretty_print(std::ostream& out) const {
  out << "torch::nn::Linear(in_features=" << options.in_features()
      << ", out_features=" << options.out_features()
      << ", bias=" << (options.bias() ? "true" : "false") << ')';
}

Tensor LinearImpl::forward(const Tensor& input) { return functional::linear(input, weight, bias); }

void FlattenImpl::pretty_print(std::ostream& out) const {
  out << "torch::nn::Flatten(start_dim=" << options.start_dim() << ", end_dim=" << options.end_dim()
      << ')';
}

Tensor FlattenImpl::forward(const Tensor& input) {
  return input.flatten(options.start_dim(), options.end_dim());
}

void UnflattenImpl::pretty_print(std::ostream& out) const {
  out << fmt::format("torch::nn::Unflatten(dim={}, unflattened_size={{{}}})", options.dim(),
                     fmt::join(options.sizes(), ", "));
}

Tensor UnflattenImpl::forward(const Tensor& input) {
  return input.unflatten(options.dim(), options.sizes());
}

}  // namespace adjoint::nn
