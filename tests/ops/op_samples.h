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
void add_function_samples(OpSamples& samples);
void add_running_samples(OpSamples& samples);

inline const OpSamples& op_samples() {
  static const OpSamples all = [] {
    OpSamples samples;
    add_pointwise_samples(samples);
    add_reduction_samples(samples);
    add_view_samples(samples);
    add_indexing_samples(samples);
    add_product_samples(samples);
    add_function_samples(samples);
    add_running_samples(samples);
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

using Make = Tensor (*)(IntArrayRef);

/// Adds a function of one tensor over the layouts that a tensor can have.
template <class F>
void add_unary(OpSamples& samples, const std::string& op, Make make, F f) {
  std::vector<OpSample>& list = samples[op];
  list.push_back({"contiguous", f, {make({2, 3})}});
  list.push_back({"transposed", f, {transposed(make({3, 2}))}});
  list.push_back({"sliced", f, {sliced(make({2, 6}))}});
  list.push_back({"expanded",
                  [f](const Tensor& x) {
                    return f(x.expand({2, 3}));
                  },
                  {make({2, 1})}});
  list.push_back({"no dimensions", f, {make({})}});
  list.push_back({"no elements", f, {make({0, 3})}});
}

/// Adds a function of two tensors that broadcast.
template <class F>
void add_binary(OpSamples& samples, const std::string& op, Make a, Make b, F f) {
  std::vector<OpSample>& list = samples[op];
  list.push_back({"same shape", f, {a({2, 3}), b({2, 3})}});
  list.push_back({"transposed", f, {transposed(a({3, 2})), b({2, 3})}});
  list.push_back({"sliced", f, {a({2, 3}), sliced(b({2, 6}))}});
  list.push_back({"broadcast", f, {a({2, 1, 3}), b({4, 1})}});
  list.push_back({"broadcast no dimensions", f, {a({}), b({2, 3})}});
  list.push_back({"expanded",
                  [f](const Tensor& x, const Tensor& y) {
                    return f(x.expand({2, 3}), y);
                  },
                  {a({3}), b({2, 3})}});
  list.push_back({"no dimensions", f, {a({}), b({})}});
  list.push_back({"no elements", f, {a({0, 3}), b({3})}});
  list.push_back({"first only", f, {a({2, 3}), b({2, 3}).detach()}});
  list.push_back({"second only", f, {a({2, 3}).detach(), b({2, 3})}});
}

/// The gradients of f as a function of the inputs and the upstream gradient: for operations that
/// only a backward pass performs. f(x) has one output; its upstream gradient comes last.
autograd::GradcheckFunction backward_of(autograd::GradcheckFunction f);

}  // namespace adjoint::testing
