#include "adjoint/tests/libtorch/show.h"

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;
using torch::autograd::variable_list;

namespace {

// y = x wᵀ + b with an optional bias, its gradients written out.
class AffineFunction : public Function<AffineFunction> {
 public:
  static torch::Tensor forward(AutogradContext* ctx, torch::Tensor input, torch::Tensor weight,
                               torch::Tensor bias = torch::Tensor()) {
    ctx->save_for_backward({input, weight, bias});
    torch::Tensor output = input.mm(weight.t());
    if (bias.defined()) output += bias.unsqueeze(0).expand_as(output);
    return output;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grad_outputs) {
    const auto saved = ctx->get_saved_variables();
    const torch::Tensor input = saved[0], weight = saved[1], bias = saved[2];
    const torch::Tensor grad = grad_outputs[0];
    torch::Tensor grad_bias;
    if (bias.defined()) grad_bias = grad.sum(0);
    return {grad.mm(weight), grad.t().mm(input), grad_bias};
  }
};

// x scaled by a number, and shifted.
struct ScaleAndShift : public Function<ScaleAndShift> {
  static variable_list forward(AutogradContext* ctx, const torch::Tensor& x, double scale,
                               int64_t shift) {
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["shift"] = shift;
    return {x * scale, x + shift};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const double scale = ctx->saved_data["scale"].toDouble();
    SHOW(ctx->saved_data["shift"].toInt());
    return {grads[0] * scale + grads[1], torch::Tensor(), torch::Tensor()};
  }
};

struct Doubled : public Function<Doubled> {
  static torch::Tensor forward(AutogradContext* ctx, torch::Tensor x) {
    x.mul_(2);
    ctx->mark_dirty({x});
    return x;
  }
  static tensor_list backward(AutogradContext*, tensor_list grads) { return {grads[0] * 2}; }
};

// The largest element and its place, of which the latter has no gradient.
struct Largest : public Function<Largest> {
  static variable_list forward(AutogradContext* ctx, torch::Tensor x) {
    const auto [value, index] = x.max(0);
    ctx->mark_non_differentiable({index});
    ctx->save_for_backward({x, index});
    return {value, index};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    return {torch::zeros_like(saved[0]).index_put_({saved[1]}, grads[0])};
  }
};

struct CubeFunction : public Function<CubeFunction> {
  static torch::Tensor forward(AutogradContext* ctx, torch::Tensor x) {
    ctx->save_for_backward({x});
    return x * x * x;
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const torch::Tensor x = ctx->get_saved_variables()[0];
    return {3 * x * x * grads[0]};
  }
};

struct Partial : public Function<Partial> {
  static variable_list forward(AutogradContext* ctx, torch::Tensor a, torch::Tensor b) {
    ctx->set_materialize_grads(false);
    return {a * 2, b * 3};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    SHOW(grads[0].defined());
    SHOW(grads[1].defined());
    SHOW(ctx->needs_input_grad(0));
    SHOW(ctx->needs_input_grad(1));
    return {grads[0] * 2, torch::Tensor()};
  }
};

// Runs a backward pass of its own within the outer one.
struct Nested : public Function<Nested> {
  static torch::Tensor forward(AutogradContext* ctx, torch::Tensor x) {
    ctx->save_for_backward({x});
    return x.square();
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    torch::AutoGradMode on(true);
    const torch::Tensor x = ctx->get_saved_variables()[0].detach().requires_grad_();
    x.square().backward(torch::ones_like(x));
    return {x.grad() * grads[0]};
  }
};

struct Wrong : public Function<Wrong> {
  static torch::Tensor forward(AutogradContext*, torch::Tensor x) { return x * 2; }
  static tensor_list backward(AutogradContext*, tensor_list grads) { return {grads[0], grads[0]}; }
};

torch::Tensor leaf(torch::IntArrayRef size) {
  int64_t count = 1;
  for (const int64_t s : size) count *= s;
  return (torch::arange(count, torch::kDouble) * 0.5 - 1).view(size).requires_grad_();
}

}  // namespace

void functions() {
  const torch::Tensor x = leaf({2, 3}), w = leaf({4, 3}), b = leaf({4});
  torch::Tensor y = AffineFunction::apply(x, w, b);
  SHOW(y);
  (y * y).sum().backward();
  SHOW(x.grad());
  SHOW(w.grad());
  SHOW(b.grad());
  AffineFunction::apply(x.detach(), w).sum().backward();
  SHOW(w.grad());

  const torch::Tensor v = leaf({3});
  const variable_list both = ScaleAndShift::apply(v, 2.5, 4);
  SHOW(both);
  (both[0].sum() + both[1].prod()).backward();
  SHOW(v.grad());
  v.mutable_grad().zero_();
  ScaleAndShift::apply(v, 2.5, 4)[0].sum().backward();
  SHOW(v.grad());

  v.mutable_grad().zero_();
  torch::Tensor changed = v * 1;
  const torch::Tensor doubled = Doubled::apply(changed);
  SHOW(doubled.is_same(changed));
  (doubled * doubled).sum().backward();
  SHOW(v.grad());
  ATTEMPT(Doubled::apply(v));

  v.mutable_grad().zero_();
  const variable_list largest = Largest::apply(v);
  SHOW(largest[1].requires_grad());
  (largest[0] * 7).backward();
  SHOW(v.grad());

  const auto cube = CubeFunction::apply(v);
  const auto first = torch::autograd::grad({cube.sum()}, {v}, {}, torch::nullopt, true);
  SHOW(first);
  SHOW(torch::autograd::grad({first[0].sum()}, {v}));

  const variable_list outputs = Partial::apply(v, b.detach());
  SHOW(outputs[1].requires_grad());
  outputs[0].sum().backward();

  v.mutable_grad().zero_();
  Nested::apply(v * 2).sum().backward();
  SHOW(v.grad());
  ATTEMPT(Wrong::apply(v).sum().backward());
  torch::Tensor late = CubeFunction::apply(v * 1);
  late.sum().backward();
  ATTEMPT(late.sum().backward());
  torch::NoGradGuard no_grad;
  SHOW(CubeFunction::apply(v).requires_grad());
}
