#include "adjoint/tests/libtorch/show.h"

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::grad;
using torch::autograd::variable_list;

// Hooks on nodes, backward within backward, and wrong uses of both.

namespace {

torch::Tensor leaf(std::vector<double> values) {
  return torch::tensor(values, torch::kDouble).requires_grad_();
}

struct TimesTen : torch::autograd::FunctionPreHook {
  variable_list operator()(const variable_list& grads) override {
    variable_list changed;
    for (const torch::Tensor& g : grads) changed.push_back(g.defined() ? g * 10 : g);
    return changed;
  }
};

struct PlusOne : torch::autograd::FunctionPostHook {
  explicit PlusOne(std::vector<size_t>& calls) : calls(calls) {}
  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    calls.push_back(outputs.size());
    calls.push_back(inputs.size());
    variable_list changed;
    for (const torch::Tensor& g : outputs) changed.push_back(g.defined() ? g + 1 : g);
    return changed;
  }
  std::vector<size_t>& calls;
};

void hooks_of_nodes() {
  std::vector<size_t> calls;
  const torch::Tensor x = leaf({1, 2}), y = leaf({3, 5});
  torch::Tensor z = x * y;
  z.grad_fn()->add_pre_hook(std::make_unique<TimesTen>());
  const uintptr_t key = z.grad_fn()->add_post_hook(std::make_unique<PlusOne>(calls));
  z.sum().backward({}, /*retain_graph=*/true);
  SHOW(x.grad());
  SHOW(y.grad());
  SHOW(calls);
  SHOW(z.grad_fn()->del_post_hook(key));
  SHOW(z.grad_fn()->del_post_hook(key));
  SHOW(grad({z.sum()}, {x}));
  SHOW(grad({(x * 3).sum()}, {x}));

  torch::Tensor w = x * 3;
  const auto sink = w.grad_fn()->next_edge(0).function;
  sink->add_post_hook(std::make_unique<PlusOne>(calls));
  sink->add_pre_hook(std::make_unique<TimesTen>());
  x.mutable_grad().reset();
  w.sum().backward();
  SHOW(x.grad());
  SHOW(calls);
  SHOW(sink->num_inputs());
  SHOW(sink->num_outputs());

  const torch::Tensor v = leaf({1, 2});
  torch::Tensor u = v * 3;
  u.register_hook([](torch::Tensor g) { return g + 1; });
  u.grad_fn()->add_pre_hook(std::make_unique<TimesTen>());
  u.sum().backward({}, /*retain_graph=*/true);
  SHOW(v.grad());
}

void hooks_of_tensors() {
  const torch::Tensor x = leaf({1, 2});
  const unsigned shape = x.register_hook([](torch::Tensor) { return torch::ones({7}); });
  ATTEMPT((x * 2).sum().backward());
  x.remove_hook(shape);
  const unsigned type = x.register_hook([](torch::Tensor g) { return g.to(torch::kFloat); });
  ATTEMPT((x * 2).sum().backward());
  x.remove_hook(type);
  x.register_hook([](torch::Tensor) { return torch::Tensor(); });
  (x * 2).sum().backward();
  SHOW(x.grad());
  ATTEMPT(x.remove_hook(9));
}

void gradients_asked_for() {
  const torch::Tensor x = leaf({1, 2});
  ATTEMPT(grad({x.sum()}, {}));
  ATTEMPT(grad({x * 2}, {x}));
  ATTEMPT(grad({x.sum()}, {x, x}));
  SHOW(grad({x.sum(), (x * x).sum()}, {x}));
  SHOW(grad({x}, {x}, {torch::ones({2}, torch::kDouble)}));
  SHOW(grad({x * 2}, {x}, {torch::ones({2})}));
  ATTEMPT(grad({x.sum()}, {x}, {torch::ones({}), torch::ones({})}));
  ATTEMPT(grad({x.sum()}, {x.detach()}));
  torch::Tensor y = x * 2, z = y * y;
  z.sum().backward({}, torch::nullopt, false, std::vector<torch::Tensor>{y});
  SHOW(y.grad());
  ATTEMPT(x.sum().backward({}, torch::nullopt, false, std::vector<torch::Tensor>{}));
}

// x², whose gradient is computed by a backward of its own, `depth` times within one another.
struct Nested : Function<Nested> {
  static torch::Tensor forward(AutogradContext* ctx, torch::Tensor x, int64_t depth) {
    ctx->saved_data["x"] = x.detach();
    ctx->saved_data["depth"] = depth;
    return x * x;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const torch::AutoGradMode recording(true);
    const int64_t depth = ctx->saved_data["depth"].toInt();
    const torch::Tensor x = ctx->saved_data["x"].toTensor().detach().requires_grad_();
    torch::Tensor y = depth > 0 ? apply(x, depth - 1) : x * x;
    y.sum().backward();
    return {grads[0] * x.grad(), torch::Tensor()};
  }
};

struct Fails : Function<Fails> {
  static torch::Tensor forward(AutogradContext*, torch::Tensor x) { return x * 2; }
  static variable_list backward(AutogradContext*, variable_list) {
    throw std::runtime_error("not today");
  }
};

void reentrance() {
  const torch::Tensor x = leaf({3, 4});
  Nested::apply(x, 3).sum().backward();
  SHOW(x.grad());
  Nested::apply(x, 2000).sum().backward();
  SHOW(x.grad());
  ATTEMPT(Fails::apply(x).sum().backward());
  SHOW(torch::GradMode::is_enabled());
  SHOW(torch::autograd::GradMode::is_enabled());
  x.mutable_grad().reset();
  (x * 2).sum().backward();
  SHOW(x.grad());
}

void inference() {
  torch::Tensor made;
  {
    torch::InferenceMode guard;
    made = torch::ones({2}, torch::kDouble);
    made.add_(1);
    const torch::InferenceMode off(false);
    SHOW(torch::ones({2}).is_inference());
    SHOW((leaf({1}) * 2).requires_grad());
  }
  const torch::Tensor x = leaf({1, 2});
  SHOW(made);
  ATTEMPT(made.add_(1));
  ATTEMPT(x * made);
  SHOW((x + made).requires_grad());
  SHOW(made.view({2, 1}).is_inference());
  SHOW(made.clone().is_inference());
  ATTEMPT(made.requires_grad_());
}

}  // namespace

void engine() {
  hooks_of_nodes();
  hooks_of_tensors();
  gradients_asked_for();
  reentrance();
  inference();
}
