#pragma once

#include <map>
#include <string>
#include <vector>

#include "adjoint/autograd/gradcheck.h"

/// Sample inputs of every operation, over which the gradient checks run.
namespace adjoint::testing {

using autograd::variable_list;

struct OpSample {
  std::string name;  ///< what is special: "expanded", "keepdim"
  autograd::GradcheckFunction function;
  variable_list inputs;
};

/// The samples of one operation. The key is the name under which the operation is recorded.
using OpSamples = std::map<std::string, std::vector<OpSample>>;

void add_pointwise_samples(OpSamples& samples);
void add_reduction_samples(OpSamples& samples);
void add_view_samples(OpSamples& samples);
void add_indexing_samples(OpSamples& samples);
void add_product_samples(OpSamples& samples);

inline const OpSamples& op_samples() {
  static const OpSamples all = [] {
    OpSamples samples;
    add_pointwise_samples(samples);
    add_reduction_samples(samples);
    add_view_samples(samples);
    add_indexing_samples(samples);
    add_product_samples(samples);
    return samples;
  }();
  return all;
}

/// Float64 leaves that require grad, from a generator of their own: the same on every run.
/// Normal numbers.
Tensor normal_input(IntArrayRef size);
/// Between 0.5 and 2.
Tensor positive_input(IntArrayRef size);
/// All different by at least 0.1, so that no small step changes their order, and none near 0.
Tensor distinct_input(IntArrayRef size);
/// Constants of the same kinds come from detach(). Of the layout that its name says:
Tensor transposed(const Tensor& t);
Tensor sliced(const Tensor& t);

/// The gradients of f as a function of the inputs and the upstream gradient: for operations that
/// only a backward pass performs. f(x) has one output; its upstream gradient comes last.
autograd::GradcheckFunction backward_of(autograd::GradcheckFunction f);

}  // namespace adjoint::testing
