#pragma once

#include "adjoint/nn/cloneable.h"
#include "adjoint/nn/options/fold.h"
#include "adjoint/nn/pimpl.h"

namespace adjoint::nn {

/// Adds the columns of the kernel's positions up to an image: [N, C kh kw, L] to [N, C, H, W], or
/// the same without N. The adjoint of Unfold; see col2im in ops/fold.h.
class FoldImpl : public Cloneable<FoldImpl> {
 public:
  FoldImpl(ExpandingArray<2> output_size, ExpandingArray<2> kernel_size)
      : FoldImpl(FoldOptions(output_size, kernel_size)) {}
  explicit FoldImpl(const FoldOptions& options) : options(options) {}

  void reset() override {}
  void pretty_print(std::ostream& out) const override;
  Tensor forward(const Tensor& input);

  FoldOptions options;
};
ADJOINT_MODULE(Fold);

/// Lays out what the kernel covers at each of its positions: [N, C, H, W] to [N, C kh kw, L], or
/// the same without N; see im2col in ops/fold.h.
class UnfoldImpl : public Cloneable<UnfoldImpl> {
 public:
  UnfoldImpl(ExpandingArray<2> kernel_size) : UnfoldImpl(UnfoldOptions(kernel_size)) {}
  explicit UnfoldImpl(const UnfoldOptions& options) : options(options) {}

  void reset() override {}
  void pretty_print(std::ostream& out) const override;
  Tensor forward(const Tensor& input);

  UnfoldOptions options;
};
ADJOINT_MODULE(Unfold);

}  // namespace adjoint::nn
