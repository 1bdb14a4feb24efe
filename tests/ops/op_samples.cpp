#include "adjoint/tests/ops/op_samples.h"

#include <fmt/format.h>

#include "adjoint/autograd/engine.h"
#include "adjoint/ops/activations.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/choose.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/copy.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/functions.h"
#include "adjoint/ops/random.h"
#include "adjoint/ops/update.h"

namespace adjoint::testing {
namespace {

const Generator& generator() {
  static const Generator own = make_generator(2022);
  return own;
}

/// The same elements in another layout, as a leaf.
Tensor leaf(const Tensor& t) { return t.detach().requires_grad_(); }

template <class F>
void add(OpSamples& samples, const std::string& op, const std::string& name, F f,
         variable_list inputs) {
  samples[op].push_back({name, std::move(f), std::move(inputs)});
}

void add_arithmetic(OpSamples& samples) {
  add_binary(samples, "add", normal_input, normal_input,
             [](const Tensor& a, const Tensor& b) { return a + b; });
  add(samples, "add", "alpha", [](const Tensor& a, const Tensor& b) { return a.add(b, 2.5); },
      {normal_input({3}), normal_input({2, 1})});
  add(samples, "add", "number", [](const Tensor& a) { return a.add(1.5, 2); }, {normal_input({3})});
  add(samples, "add", "in place",
      [](const Tensor& a, const Tensor& b) { return (a * 1.0).add_(b, 3); },
      {normal_input({2, 3}), normal_input({3})});
  add_binary(samples, "sub", normal_input, normal_input,
             [](const Tensor& a, const Tensor& b) { return a - b; });
  add(samples, "sub", "alpha", [](const Tensor& a, const Tensor& b) { return a.sub(b, -0.5); },
      {normal_input({3}), normal_input({2, 1})});
  add(samples, "sub", "number", [](const Tensor& a) { return a - 2; }, {normal_input({3})});
  add_unary(samples, "rsub", normal_input, [](const Tensor& x) { return 2 - x; });
  add(samples, "rsub", "alpha", [](const Tensor& x) { return rsub(x, 3, 0.5); },
      {normal_input({3})});
  add_binary(samples, "mul", normal_input, normal_input,
             [](const Tensor& a, const Tensor& b) { return a * b; });
  add(samples, "mul", "number", [](const Tensor& a) { return a * -1.5; }, {normal_input({3})});
  add(samples, "mul", "with itself", [](const Tensor& a) { return a * a; }, {normal_input({3})});
  add(samples, "mul", "in place",
      [](const Tensor& a, const Tensor& b) { return (a * 1.0).mul_(b); },
      {normal_input({2, 3}), normal_input({3})});
  add_binary(samples, "div", normal_input, positive_input,
             [](const Tensor& a, const Tensor& b) { return a / b; });
  add(samples, "div", "number", [](const Tensor& a) { return a / 4; }, {normal_input({3})});
  add(samples, "div", "in place",
      [](const Tensor& a, const Tensor& b) { return (a * 1.0).div_(b); },
      {normal_input({2, 3}), positive_input({3})});
  add_unary(samples, "neg", normal_input, [](const Tensor& x) { return -x; });

  const auto three = [&](const std::string& op, Make last, auto f) {
    add(samples, op, "same shape", f, {normal_input({2, 3}), normal_input({2, 3}), last({2, 3})});
    add(samples, op, "broadcast", f, {normal_input({2, 1}), normal_input({3}), last({})});
  };
  three("addcmul", normal_input,
        [](const Tensor& a, const Tensor& b, const Tensor& c) { return addcmul(a, b, c, 0.75); });
  three("addcdiv", positive_input,
        [](const Tensor& a, const Tensor& b, const Tensor& c) { return addcdiv(a, b, c, -1.25); });
  add_binary(samples, "lerp", normal_input, normal_input,
             [](const Tensor& a, const Tensor& b) { return lerp(a, b, 0.3); });
}

void add_functions(OpSamples& samples) {
  add_unary(samples, "abs", distinct_input, [](const Tensor& x) { return x.abs(); });
  add_unary(samples, "sign", distinct_input, [](const Tensor& x) { return x.sign() * x; });
  samples["sign"].push_back(
      {"alone", [](const Tensor& x) { return x.sign(); }, {distinct_input({3})}});
  add_unary(samples, "exp", normal_input, [](const Tensor& x) { return x.exp(); });
  add_unary(samples, "log", positive_input, [](const Tensor& x) { return x.log(); });
  add_unary(samples, "log1p", positive_input, [](const Tensor& x) { return x.log1p(); });
  add_unary(samples, "sqrt", positive_input, [](const Tensor& x) { return x.sqrt(); });
  add_unary(samples, "rsqrt", positive_input, [](const Tensor& x) { return x.rsqrt(); });
  add_unary(samples, "reciprocal", positive_input, [](const Tensor& x) { return x.reciprocal(); });
  add_unary(samples, "sin", normal_input, [](const Tensor& x) { return x.sin(); });
  add_unary(samples, "cos", normal_input, [](const Tensor& x) { return x.cos(); });
  add_unary(samples, "tanh", normal_input, [](const Tensor& x) { return x.tanh(); });
  add_unary(samples, "sigmoid", normal_input, [](const Tensor& x) { return x.sigmoid(); });
  add_unary(samples, "relu", distinct_input, [](const Tensor& x) { return x.relu(); });

  add_binary(samples, "pow", positive_input, normal_input,
             [](const Tensor& a, const Tensor& b) { return a.pow(b); });
  for (const double exponent : {0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.5}) {
    add(samples, "pow", fmt::format("to the {}", exponent),
        [exponent](const Tensor& x) { return x.pow(exponent) + x; }, {positive_input({2, 3})});
  }
  add(samples, "pow", "negative base", [](const Tensor& x) { return x.pow(3); },
      {normal_input({4})});
  add(samples, "pow", "of a number", [](const Tensor& x) { return pow(1.7, x); },
      {normal_input({2, 3})});

  // What the backward passes call, as functions of the upstream gradient and the value.
  add_binary(samples, "threshold_backward", normal_input, distinct_input,
             [](const Tensor& g, const Tensor& x) { return threshold_backward(g, x, 0); });
  add_binary(samples, "sigmoid_backward", normal_input, positive_input,
             [](const Tensor& g, const Tensor& y) { return sigmoid_backward(g, y); });
  add_binary(samples, "tanh_backward", normal_input, normal_input,
             [](const Tensor& g, const Tensor& y) { return tanh_backward(g, y); });
}

void add_choices(OpSamples& samples) {
  for (const bool larger : {true, false}) {
    const std::string op = larger ? "maximum" : "minimum";
    const auto f = [larger](const Tensor& a, const Tensor& b) {
      return larger ? a.maximum(b) : a.minimum(b);
    };
    // Two sets of numbers that are different from each other too.
    const auto shifted = [](IntArrayRef size) { return leaf(distinct_input(size) + 0.05); };
    add_binary(samples, op, distinct_input, +shifted, f);
  }
  add_unary(samples, "clamp", distinct_input, [](const Tensor& x) { return x.clamp(-0.4, 0.3); });
  add(samples, "clamp", "min", [](const Tensor& x) { return x.clamp(0.05); },
      {distinct_input({5})});
  add(samples, "clamp", "max", [](const Tensor& x) { return x.clamp(std::nullopt, 0.05); },
      {distinct_input({5})});
  const Tensor mask = tensor({{true, false, true}, {false, false, true}});
  add_binary(
      samples, "where", normal_input, normal_input, [mask](const Tensor& a, const Tensor& b) {
        return where(a.numel() * b.numel() == 0 ? mask.slice(0, 0, 1) : mask.select(0, 0), a, b);
      });
  add(samples, "where", "number", [mask](const Tensor& a) { return where(mask, a, 2.5); },
      {normal_input({2, 3})});
  add(samples, "masked_fill", "contiguous",
      [mask](const Tensor& x) { return x.masked_fill(mask, 2); }, {normal_input({2, 3})});
  add(samples, "masked_fill", "transposed",
      [mask](const Tensor& x) { return x.masked_fill(mask, 2); },
      {transposed(normal_input({3, 2}))});
  add(samples, "masked_fill", "broadcast mask",
      [mask](const Tensor& x) { return x.masked_fill(mask.select(0, 0), -1); },
      {normal_input({4, 3})});
}

void add_copies(OpSamples& samples) {
  add_unary(samples, "clone", normal_input, [](const Tensor& x) { return x.clone(); });
  add_unary(samples, "to", normal_input,
            [](const Tensor& x) { return x.to(kFloat32).to(kFloat64) * 0 + x; });
  add_unary(samples, "fill_", normal_input, [](const Tensor& x) {
    Tensor y = x * 2;
    return y.fill_(3) + x;
  });
  add(samples, "copy_", "whole", [](const Tensor& a, const Tensor& b) { return (a * 2).copy_(b); },
      {normal_input({2, 3}), normal_input({2, 3})});
  add(samples, "copy_", "broadcast",
      [](const Tensor& a, const Tensor& b) { return (a * 2).copy_(b); },
      {normal_input({2, 3}), normal_input({3})});
  for (const int64_t dim : {0, 1}) {
    add(samples, "flip", fmt::format("dimension {}", dim),
        [dim](const Tensor& x) { return x.flip(dim) * x; }, {normal_input({2, 3})});
  }
  add(samples, "flip", "two dimensions",
      [](const Tensor& x) {
        return x.flip({0, -1});
      },
      {transposed(normal_input({3, 2}))});
}

}  // namespace

Tensor normal_input(IntArrayRef size) {
  return randn(size, generator(), TensorOptions(kFloat64).requires_grad(true));
}

Tensor positive_input(IntArrayRef size) {
  return empty(size, kFloat64).uniform_(0.5, 2, generator()).requires_grad_();
}

Tensor distinct_input(IntArrayRef size) {
  const int64_t count = numel(size);
  const Tensor order = randperm(count, generator(), kFloat64);
  // No two are equal in magnitude either, and none is 0.
  return leaf(((order - static_cast<double>(count / 2)) * 0.2 + 0.07).view(size));
}

Tensor transposed(const Tensor& t) { return leaf(t.transpose(0, 1)); }

Tensor sliced(const Tensor& t) { return leaf(t.slice(-1, 1, std::nullopt, 2)); }

autograd::GradcheckFunction backward_of(autograd::GradcheckFunction f) {
  return [f = std::move(f)](const variable_list& all) {
    const variable_list inputs(all.begin(), all.end() - 1);
    return autograd::grad(f(inputs), inputs, {all.back()}, true, /*create_graph=*/true);
  };
}

void add_pointwise_samples(OpSamples& samples) {
  add_arithmetic(samples);
  add_functions(samples);
  add_choices(samples);
  add_copies(samples);
}

}  // namespace adjoint::testing
