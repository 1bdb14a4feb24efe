#pragma once

#include "adjoint/nn/cloneable.h"
#include "adjoint/nn/options/linear.h"
#include "adjoint/nn/pimpl.h"

namespace adjoint::nn {

/// y = x Aᵀ + b: [..., in] to [..., out]. weight A is [out, in], bias b [out] or undefined; both
/// start uniform in ±1/sqrt(in).
class LinearImpl : public Cloneable<LinearImpl> {
 public:
  LinearImpl(int64_t in_features, int64_t out_features)
      : LinearImpl(LinearOptions(in_features, out_features)) {}
  /// Throws Error for negative sizes.
  explicit LinearImpl(const LinearOptions& options);

  void reset() override;
  /// Draws new initial values.
  void reset_parameters();
  void pretty_print(std::ostream& out) const override;
  Tensor forward(const Tensor& input);

  LinearOptions options;
  Tensor weight;
  Tensor bias;
};
ADJOINT_MODULE(Linear);

/// Returns its input.
class IdentityImpl : public Cloneable<IdentityImpl> {
 public:
  void reset() override {}
  void pretty_print(std::ostream& out) const override { out << "torch::nn::Identity()"; }
  Tensor forward(const Tensor& input) { return input; }
};
ADJOINT_MODULE(Identity);

/// Makes one dimension of those from start_dim to end_dim: [N, C, H, W] to [N, C H W].
class FlattenImpl : public Cloneable<FlattenImpl> {
 public:
  explicit FlattenImpl(const FlattenOptions& options = {}) : options(options) {}

  void reset() override {}
  void pretty_print(std::ostream& out) const override;
  Tensor forward(const Tensor& input);

  FlattenOptions options;
};
ADJOINT_MODULE(Flatten);

/// Makes several dimensions of one: Unflatten(UnflattenOptions(1, {16, 7, 7})) turns [N, 784] into
/// [N, 16, 7, 7].
class UnflattenImpl : public Cloneable<UnflattenImpl> {
 public:
  UnflattenImpl(int64_t dim, std::vector<int64_t> sizes)
      : UnflattenImpl(UnflattenOptions(dim, std::move(sizes))) {}
  explicit UnflattenImpl(const UnflattenOptions& options) : options(options) {}

  void reset() override {}
  void pretty_print(std::ostream& out) const override;
  Tensor forward(const Tensor& input);

  UnflattenOptions options;
};
ADJOINT_MODULE(Unflatten);

}  // namespace adjoint::nn
