#include <thread>

#include "adjoint/tests/libtorch/show.h"

namespace {

torch::Tensor leaf(std::initializer_list<double> values) {
  return torch::tensor(std::vector<double>(values), torch::kDouble).requires_grad_();
}

void gradients() {
  const torch::Tensor x = leaf({1, 2, 3}), w = leaf({0.5, -1, 2});
  torch::Tensor y = (x * w).sum();
  SHOW(y.requires_grad());
  SHOW(y.is_leaf());
  SHOW(x.grad().defined());
  y.backward();
  SHOW(x.grad());
  SHOW(w.grad());
  ATTEMPT(y.backward());
  (x * x).sum().backward();
  SHOW(x.grad());
  x.mutable_grad().zero_();
  torch::Tensor z = x * 3;
  z.backward(torch::tensor({1.0, 10.0, 100.0}, torch::kDouble), /*retain_graph=*/true);
  z.backward(torch::ones({3}, torch::kDouble));
  SHOW(x.grad());
  ATTEMPT((x * 2).backward());
  ATTEMPT(x.detach().sum().backward());
  ATTEMPT((x * 2).backward(torch::ones({2}, torch::kDouble)));

  const torch::Tensor v = leaf({2});
  v.square().mul(w).sum().backward({}, torch::nullopt, false, std::vector<torch::Tensor>{v});
  SHOW(v.grad());
  SHOW(w.grad());

  // Broadcast and promoted inputs get gradients of their own shape and dtype.
  const torch::Tensor f = torch::ones({2, 1}, torch::requires_grad());
  (f * x).sum().backward();
  SHOW(f.grad());
}

void higher_orders() {
  const torch::Tensor x = leaf({1, 2}), y = leaf({3, -1});
  const torch::Tensor f = (x.pow(3) * y).sum();
  const auto first = torch::autograd::grad({f}, {x, y}, {}, torch::nullopt, true);
  SHOW(first);
  SHOW(first[0].requires_grad());
  const auto second = torch::autograd::grad({first[0].sum()}, {x, y}, {}, true, true);
  SHOW(second);
  SHOW(torch::autograd::grad({second[0].sum()}, {x}));
  SHOW(torch::autograd::grad({x * y}, {x}, {torch::tensor({2.0, 5.0}, torch::kDouble)}));
  SHOW(torch::autograd::grad({x.sum()}, {y}));
  SHOW(torch::autograd::grad({x.sum()}, {y}, {}, torch::nullopt, false, /*allow_unused=*/true));
  SHOW(x.grad().defined());
  torch::autograd::backward({x.sum(), y.prod()}, {});
  SHOW(x.grad());
  SHOW(y.grad());
}

void hooks() {
  const torch::Tensor x = leaf({1, 2});
  int calls = 0;
  const unsigned number = x.register_hook([&](torch::Tensor) { ++calls; });
  torch::Tensor y = x * 2;
  y.register_hook([](torch::Tensor grad) { return grad * 10; });
  y.retain_grad();
  SHOW(y.retains_grad());
  y.sum().backward();
  SHOW(x.grad());
  SHOW(y.grad());
  SHOW(calls);
  x.remove_hook(number);
  (x * 3).sum().backward();
  SHOW(calls);
  torch::Tensor bad = x * 2;
  bad.register_hook([](torch::Tensor) { throw std::runtime_error("stop"); });
  ATTEMPT(bad.sum().backward());
  x.mutable_grad().reset();
  (x * 4).sum().backward();
  SHOW(x.grad());
  ATTEMPT(torch::ones({2}).register_hook([](torch::Tensor) {}));
}

void modes() {
  const torch::Tensor x = leaf({1, 2});
  {
    torch::NoGradGuard no_grad;
    SHOW((x * 2).requires_grad());
    torch::AutoGradMode on(true);
    SHOW((x * 2).requires_grad());
    SHOW(torch::GradMode::is_enabled());
  }
  SHOW(torch::GradMode::is_enabled());
  {
    torch::InferenceMode inference;
    torch::Tensor y = x * 2;
    SHOW(y.is_inference());
    SHOW(y.requires_grad());
    SHOW(torch::InferenceMode::is_enabled());
  }
  bool in_thread = false;
  torch::NoGradGuard no_grad;
  std::thread([&] { in_thread = torch::GradMode::is_enabled(); }).join();
  SHOW(in_thread);
  SHOW(x.detach().requires_grad());
  SHOW(x.data().requires_grad());
}

void views_and_changes() {
  const torch::Tensor x = leaf({1, 2, 3, 4});
  torch::Tensor base = x * 1;
  torch::Tensor view = base.slice(0, 1, 3);
  view.mul_(10);
  SHOW(view.requires_grad());
  (base * base).sum().backward();
  SHOW(x.grad());

  x.mutable_grad().zero_();
  base = x * 1;
  view = base[0];
  base.mul_(5);
  SHOW(view);
  view.backward();
  SHOW(x.grad());

  x.mutable_grad().zero_();
  torch::Tensor filled = torch::zeros({4}, torch::kDouble);
  filled.slice(0, 0, 2).copy_(x.slice(0, 2, 4));
  SHOW(filled.requires_grad());
  filled.index_put_({torch::tensor({3})}, x[0] * 2);
  (filled * torch::arange(1, 5)).sum().backward();
  SHOW(x.grad());

  torch::Tensor saved = x.exp();
  saved.add_(1);
  ATTEMPT(saved.sum().backward());
  ATTEMPT(x.add_(1));
  ATTEMPT(x[0].fill_(1));
  {
    torch::NoGradGuard no_grad;
    ATTEMPT(x.add_(1));
  }
  SHOW(x);
  ATTEMPT((x * 1).requires_grad_(false));
  ATTEMPT(torch::tensor({1, 2}).requires_grad_());
}

void nodes() {
  const torch::Tensor x = leaf({1, 2});
  const torch::Tensor y = x.exp() * x;
  SHOW(y.grad_fn() != nullptr);
  SHOW(y.grad_fn()->next_edges().size());
  SHOW(y.grad_fn()->next_edge(0).function == x.exp().grad_fn());
  SHOW(x.grad_fn() == nullptr);
  SHOW(x.output_nr());
  SHOW(torch::zeros({2}).grad_fn() == nullptr);
}

}  // namespace

void backward() {
  gradients();
  higher_orders();
  hooks();
  modes();
  views_and_changes();
  nodes();
}
