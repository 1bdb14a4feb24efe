#include <sstream>

#include "adjoint/tests/libtorch/show.h"

namespace optim = torch::optim;

namespace {

// A few steps down (a - 3)² + 2 b².
template <class Optimizer, class Options>
void descend(const Options& options) {
  torch::Tensor a = torch::tensor({1.0, -1.0}, torch::kDouble).requires_grad_();
  torch::Tensor b = torch::tensor({2.0}, torch::kDouble).requires_grad_();
  Optimizer optimizer({a, b}, options);
  for (int step = 0; step < 20; ++step) {
    optimizer.zero_grad();
    torch::Tensor loss = (a - 3).square().sum() + 2 * b.square().sum();
    loss.backward();
    optimizer.step();
  }
  SHOW(a);
  SHOW(b);
}

void param_groups() {
  torch::nn::Linear first(2, 2), second(2, 1);
  {
    torch::NoGradGuard no_grad;
    for (torch::Tensor& p : first->parameters()) p.fill_(0.5);
    for (torch::Tensor& p : second->parameters()) p.fill_(-0.25);
  }
  std::vector<optim::OptimizerParamGroup> groups;
  groups.emplace_back(first->parameters());
  groups.emplace_back(second->parameters(),
                      std::make_unique<optim::SGDOptions>(optim::SGDOptions(0.5).momentum(0.9)));
  optim::SGD sgd(groups, optim::SGDOptions(0.1));
  const torch::Tensor x = torch::tensor({{1.0, 2.0}, {-1.0, 0.5}});
  for (int step = 0; step < 3; ++step) {
    sgd.zero_grad();
    second(first(x)).square().mean().backward();
    sgd.step();
  }
  SHOW(first->weight);
  SHOW(second->weight);
  SHOW(sgd.param_groups().size());
  SHOW(static_cast<optim::SGDOptions&>(sgd.param_groups()[0].options()).lr());
  SHOW(static_cast<optim::SGDOptions&>(sgd.param_groups()[1].options()).momentum());
  for (auto& group : sgd.param_groups()) {
    static_cast<optim::SGDOptions&>(group.options()).lr(0);
  }
  sgd.step();
  SHOW(first->bias);
  sgd.add_param_group(optim::OptimizerParamGroup({torch::ones({1}).requires_grad_()}));
  SHOW(sgd.param_groups().size());
}

void closures() {
  torch::Tensor a = torch::tensor({4.0}, torch::kDouble).requires_grad_();
  optim::Adam adam({a}, optim::AdamOptions(0.5));
  int calls = 0;
  const torch::Tensor loss = adam.step([&] {
    ++calls;
    adam.zero_grad();
    torch::Tensor l = a.square().sum();
    l.backward();
    return l;
  });
  SHOW(loss);
  SHOW(calls);
  SHOW(a);
}

void resumed() {
  torch::Tensor a = torch::tensor({1.0, 2.0}, torch::kDouble).requires_grad_();
  torch::Tensor b = a.detach().clone().requires_grad_();
  optim::Adam one({a}, optim::AdamOptions(0.1)), two({b}, optim::AdamOptions(0.1));
  const auto step = [](torch::Tensor& p, optim::Adam& adam) {
    adam.zero_grad();
    p.pow(4).sum().backward();
    adam.step();
  };
  step(a, one);
  step(b, two);
  std::stringstream file;
  torch::save(one, file);
  optim::Adam restored({b}, optim::AdamOptions(0.1));
  torch::load(restored, file);
  step(a, one);
  step(b, restored);
  SHOW(a);
  SHOW(b);
}

}  // namespace

void optimizers() {
  descend<optim::SGD>(optim::SGDOptions(0.05));
  descend<optim::SGD>(optim::SGDOptions(0.05).momentum(0.5).dampening(0.1).weight_decay(0.01));
  descend<optim::SGD>(optim::SGDOptions(0.05).momentum(0.9).nesterov(true));
  descend<optim::Adam>(optim::AdamOptions(0.1));
  descend<optim::Adam>(
      optim::AdamOptions(0.1).betas({0.8, 0.99}).eps(1e-6).weight_decay(0.1).amsgrad(true));
  descend<optim::AdamW>(optim::AdamWOptions(0.1).weight_decay(0.5));
  param_groups();
  closures();
  resumed();
}
