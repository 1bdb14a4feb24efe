#include "adjoint/nn/modules/fold.h"

#include "adjoint/nn/functional.h"

namespace adjoint::nn {
namespace {

template <class Options>
void print_kernel(std::ostream& out, const Options& options) {
  out << "kernel_size=" << options.kernel_size() << ", dilation=" << options.dilation()
      << ", padding=" << options.padding() << ", stride=" << options.stride() << ')';
}

}  // namespace

void FoldImpl::pretty_print(std::ostream& out) const {
  out << "torch::nn::Fold(output_size=" << options.output_size() << ", ";
  print_kernel(out, options);
}

Tensor FoldImpl::forward(const Tensor& input) { return functional::fold(input, options); }

void UnfoldImpl::pretty_print(std::ostream& out) const {
  out << "torch::nn::Unfold(";
  print_kernel(out, options);
}

Tensor UnfoldImpl::forward(const Tensor& input) { return functional::unfold(input, options); }

}  // namespace adjoint::nn
