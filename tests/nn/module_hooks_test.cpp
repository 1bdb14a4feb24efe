// Hooks on modules: what Python's do, called where the module is called.

#include "adjoint/nn/module_hooks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::variable_list;
using nn::Module;
using test::error_of;
using ::testing::HasSubstr;

/// a*x + b*y, with an argument that is no tensor in between.
struct CombineImpl : Module {
  Tensor forward(const Tensor& x, double a, Tensor y) { return x * a + y * 2; }
};
ADJOINT_MODULE(Combine);
struct PairImpl : Module {
  std::tuple<Tensor, Tensor> forward(const Tensor& x) { return {x * 2, x * 3}; }
};
ADJOINT_MODULE(Pair);
struct CountImpl : Module {
  int64_t forward(const Tensor& x) { return x.numel(); }
};
ADJOINT_MODULE(Count);

Tensor number(double value) { return full({1}, value, kFloat64).requires_grad_(); }
double value(const Tensor& t) { return t.item<double>(); }

TEST(ModuleHooks, ForwardHooksSeeAndReplace) {
  Combine combine;
  std::vector<std::string> order;
  auto pre = combine->register_forward_pre_hook([&](Module& module, const variable_list& inputs) {
    EXPECT_EQ(&module, combine.get());
    EXPECT_EQ(inputs.size(), 2u);
    order.push_back("pre");
    return variable_list{inputs[0] * 10, inputs[1]};
  });
  auto post = combine->register_forward_hook(
      [&](Module&, const variable_list& inputs, const variable_list& outputs) {
        EXPECT_EQ(value(inputs[0]), 10);
        EXPECT_EQ(value(outputs[0]), 34);
        order.push_back("post");
        return outputs[0] + 1;
      });
  combine->register_forward_hook([&](Module&, auto&, const variable_list& outputs) {
    order.push_back(fmt::format("look {}", value(outputs[0])));
  });
  EXPECT_EQ(value(combine(number(1), 3.0, number(2))), 35);
  EXPECT_EQ(order, (std::vector<std::string>{"pre", "post", "look 35"}));
  // forward() itself has no hooks, as in Python.
  EXPECT_EQ(value(combine->forward(number(1), 3.0, number(2))), 7);
  pre.remove();
  post.remove();
  post.remove();
  EXPECT_EQ(value(combine(number(1), 3.0, number(2))), 7);
  EXPECT_EQ(order.back(), "look 7");
}

TEST(ModuleHooks, RunWithinASequentialAndOnIt) {
  nn::Sequential model(nn::Linear(2, 3), nn::ReLU());
  std::vector<std::string> calls;
  for (const auto& module : model->modules()) {
    module->register_forward_hook(
        [&](Module& m, const variable_list&, const variable_list&) { calls.push_back(m.name()); });
  }
  model(ones({4, 2}));
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_THAT(calls[0], HasSubstr("LinearImpl"));
  EXPECT_THAT(calls[1], HasSubstr("ReLUImpl"));
  EXPECT_THAT(calls[2], HasSubstr("SequentialImpl"));
  model->forward(ones({4, 2}));
  EXPECT_EQ(calls.size(), 5u);
}

TEST(ModuleHooks, OtherResults) {
  Pair pair;
  pair->register_forward_hook([](Module&, const variable_list&, const variable_list& outputs) {
    return variable_list{outputs[1], outputs[0]};
  });
  const auto [a, b] = pair(number(1));
  EXPECT_EQ(value(a), 3);
  EXPECT_EQ(value(b), 2);
  Count count;
  int calls = 0;
  count->register_forward_pre_hook([&](Module&, const variable_list&) { ++calls; });
  EXPECT_EQ(count(ones({5})), 5);
  EXPECT_EQ(calls, 1);
}

TEST(ModuleHooks, FullBackwardHookGetsBothSides) {
  Combine combine;
  variable_list grad_inputs, grad_outputs;
  int calls = 0;
  combine->register_full_backward_hook(
      [&](Module&, const variable_list& inputs, const variable_list& outputs) {
        ++calls;
        grad_inputs = inputs;
        grad_outputs = outputs;
      });
  const Tensor x = number(1), y = number(2);
  const Tensor out = combine(x, 3.0, y);
  (out * 5).backward();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(value(grad_outputs[0]), 5);
  EXPECT_EQ(value(grad_inputs[0]), 15);
  EXPECT_EQ(value(grad_inputs[1]), 10);
  EXPECT_EQ(value(x.grad()), 15);
  EXPECT_EQ(value(y.grad()), 10);
}

TEST(ModuleHooks, FullBackwardHookMayReplaceGradInputs) {
  nn::Linear linear(nn::LinearOptions(2, 1).bias(false));
  auto handle = linear->register_full_backward_hook(
      [](Module&, const variable_list& inputs, const variable_list&) { return inputs[0] * 100; });
  const Tensor x = ones({1, 2}).requires_grad_();
  linear(x).backward();
  EXPECT_TRUE(x.grad().equal(linear->weight.detach() * 100));
  EXPECT_TRUE(linear->weight.grad().equal(ones({1, 2})));
  handle.remove();
  x.mutable_grad().reset();
  linear(x).backward();
  EXPECT_TRUE(x.grad().equal(linear->weight.detach()));
}

TEST(ModuleHooks, FullBackwardHookOfTheFirstLayer) {
  nn::Linear linear(2, 1);
  int calls = 0;
  linear->register_full_backward_hook(
      [&](Module&, const variable_list& inputs, const variable_list& outputs) {
        ++calls;
        EXPECT_EQ(inputs.size(), 1u);
        EXPECT_FALSE(inputs[0].defined());
        EXPECT_TRUE(outputs[0].equal(ones({3, 1})));
      });
  linear(ones({3, 2})).sum().backward();
  EXPECT_EQ(calls, 1);
  const NoGradGuard no_grad;
  EXPECT_FALSE(linear(ones({3, 2})).requires_grad());
}

TEST(ModuleHooks, BackwardAfterTheModuleIsGone) {
  const Tensor x = ones({1, 2}).requires_grad_();
  Tensor y;
  bool called = false;
  {
    nn::Linear linear(2, 1);
    linear->register_full_backward_hook([&](Module& module, const auto&, const auto&) {
      called = module.parameters().size() == 2;
    });
    y = linear(x);
  }
  y.backward();
  EXPECT_TRUE(called);
}

TEST(ModuleHooks, WrongUses) {
  Combine combine;
  auto handle = combine->register_forward_pre_hook(
      [](Module&, const variable_list& inputs) { return inputs[0]; });
  EXPECT_THAT(error_of([&] { combine(number(1), 1.0, number(2)); }),
              AllOf(HasSubstr("CombineImpl returned 1 tensors in place of 2")));
  handle.remove();
  combine->register_full_backward_hook([](Module&, const auto&, const auto&) {});
  EXPECT_THROW(combine(number(1), 1.0, number(2)).mul_(2), Error);
  combine->register_forward_hook([](Module&, const auto&, const auto&) { fail("from a hook"); });
  EXPECT_EQ(error_of([&] { combine(number(1), 1.0, number(2)); }), "from a hook");
}

TEST(ModuleHooks, AClonesHooksAreItsOwn) {
  nn::Linear linear(2, 1);
  int calls = 0;
  auto handle = linear->register_forward_pre_hook([&](Module&, const variable_list&) { ++calls; });
  nn::Linear copy(std::dynamic_pointer_cast<nn::LinearImpl>(linear->clone()));
  handle.remove();
  linear(ones({1, 2}));
  EXPECT_EQ(calls, 0);
  copy(ones({1, 2}));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace adjoint
