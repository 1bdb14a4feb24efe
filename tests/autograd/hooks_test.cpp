// Hooks on tensors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using test::error_of;
using ::testing::HasSubstr;

double first(const Tensor& t) { return t.flatten()[0].item<double>(); }

TEST(Hook, SeesAndReplacesTheCompleteGradient) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const Tensor y = x * 2;
  std::vector<double> seen;
  y.register_hook([&](const Tensor& g) { seen.push_back(first(g)); });  // only looks
  y.register_hook([](Tensor g) { return g * 10; });
  y.register_hook([&](const Tensor& g) { seen.push_back(first(g)); });
  (y * 3 + y * 4).sum().backward();  // two paths: one call
  EXPECT_EQ(seen, (std::vector<double>{7, 70}));
  EXPECT_EQ(first(x.grad()), 140);
}

using autograd::FunctionPostHook;
using autograd::FunctionPreHook;
using autograd::variable_list;
using Change = std::function<variable_list(const variable_list&)>;

/// Hooks of a node that do what the test says.
struct Before : FunctionPreHook {
  explicit Before(Change f) : change(std::move(f)) {}
  variable_list operator()(const variable_list& grads) override { return change(grads); }
  Change change;
};
struct After : FunctionPostHook {
  using Function = std::function<variable_list(const variable_list&, const variable_list&)>;
  explicit After(Function f) : change(std::move(f)) {}
  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    return change(outputs, inputs);
  }
  Function change;
};
std::unique_ptr<Before> before(Change f) { return std::make_unique<Before>(std::move(f)); }
std::unique_ptr<After> after(After::Function f) { return std::make_unique<After>(std::move(f)); }

TEST(NodeHook, BeforeAndAfterTheRule) {
  const Tensor x = full({2}, 3, kFloat64).requires_grad_();
  const Tensor y = x * x;
  y.register_hook([](const Tensor& g) { return g + 1; });  // first: 2
  y.grad_fn()->add_pre_hook(before([](const variable_list& g) { return variable_list{g[0] * 5}; }));
  const auto key = y.grad_fn()->add_post_hook(
      after([](const variable_list& outputs, const variable_list& inputs) {
        EXPECT_EQ(outputs.size(), 2u);  // x is an input twice
        EXPECT_EQ(inputs.size(), 1u);
        EXPECT_EQ(first(inputs[0]), 10);
        EXPECT_EQ(first(outputs[0]), 30);
        return variable_list{outputs[0] * 0, outputs[1] + 1};
      }));
  y.sum().backward({}, /*retain_graph=*/true);
  EXPECT_EQ(first(x.grad()), 31);
  EXPECT_TRUE(y.grad_fn()->del_post_hook(key));
  EXPECT_FALSE(y.grad_fn()->del_post_hook(key));
  EXPECT_EQ(first(autograd::grad({y.sum()}, {x})[0]), 60);
  EXPECT_EQ(first(autograd::grad({(x * x).sum()}, {x})[0]), 6);  // another node has none
}

TEST(NodeHook, OfALeafsSinkStaysWithTheLeaf) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  int calls = 0;
  const auto sink = (x * 2).grad_fn()->next_edge(0).function;
  sink->add_post_hook(after([&](const variable_list& outputs, const variable_list& inputs) {
    ++calls;
    EXPECT_TRUE(outputs.empty());
    EXPECT_EQ(first(inputs[0]), 3);
    EXPECT_TRUE(x.grad().defined());  // it has been added
    return outputs;
  }));
  (x * 3).sum().backward();
  EXPECT_EQ(calls, 1);
  x.set_data(ones({5}, kFloat64));
  x.mutable_grad().reset();
  (x * 3).sum().backward();
  EXPECT_EQ(calls, 2);
}

TEST(NodeHook, RunsOnlyWhereTheRuleDoes) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const Tensor y = x * 2, z = y * 3;
  int calls = 0;
  y.grad_fn()->add_pre_hook(before([&](const variable_list& g) { return ++calls, g; }));
  EXPECT_EQ(first(autograd::grad({z.sum()}, {y}, {}, /*retain_graph=*/true)[0]), 3);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(first(autograd::grad({z.sum()}, {x})[0]), 6);
  EXPECT_EQ(calls, 1);
}

TEST(NodeHook, IsPartOfTheGraphUnderCreateGraph) {
  const Tensor x = full({1}, 3, kFloat64).requires_grad_();
  const Tensor y = x * x;
  y.grad_fn()->add_pre_hook(
      before([&](const variable_list& g) { return variable_list{g[0] * x}; }));
  const Tensor d = autograd::grad({y.sum()}, {x}, {}, {}, /*create_graph=*/true)[0];  // 2x²
  EXPECT_EQ(first(autograd::grad({d.sum()}, {x})[0]), 12);
}

TEST(NodeHook, MayRemoveItselfAndThrow) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const Tensor y = x * 2;
  std::uintptr_t key = 0;
  key = y.grad_fn()->add_post_hook(after([&](const variable_list& outputs, const variable_list&) {
    EXPECT_TRUE(y.grad_fn()->del_post_hook(key));
    return outputs;
  }));
  y.sum().backward();
  y.grad_fn()->add_pre_hook(before([](const variable_list&) -> variable_list { fail("stop"); }));
  EXPECT_EQ(error_of([&] { y.sum().backward(); }), "stop");
  (x * 2).sum().backward();
  EXPECT_EQ(first(x.grad()), 4);
}

TEST(NodeHook, MustReturnWhatFits) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const auto message = [&](const Change& change) {
    const Tensor y = x * 2;
    y.grad_fn()->add_pre_hook(before(change));
    return error_of([&] { y.sum().backward(); });
  };
  EXPECT_EQ(message([](const variable_list&) { return variable_list(); }),
            "pre hook of mul: it returned 0 gradients for 1 outputs");
  EXPECT_EQ(message([](const variable_list&) { return variable_list{ones({3})}; }),
            "pre hook of mul: it returned a gradient of shape [3] for output 0 of shape [2]");
  const Tensor y = x * 2;
  y.grad_fn()->add_post_hook(
      after([](const variable_list&, const variable_list&) { return variable_list(); }));
  EXPECT_THAT(error_of([&] { y.sum().backward(); }),
              HasSubstr("post hook of mul: it returned 0 gradients for"));
  EXPECT_THAT(error_of([&] { y.grad_fn()->add_pre_hook(nullptr); }), HasSubstr("null"));
  EXPECT_THAT(error_of([&] { y.grad_fn()->add_post_hook(nullptr); }), HasSubstr("null"));
}

TEST(Hook, KeepsTheDtype) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const unsigned hook = x.register_hook([](const Tensor& g) { return g.to(kFloat32); });
  EXPECT_EQ(error_of([&] { (x * 2).sum().backward(); }),
            "hook on an output of AccumulateGrad: it returned a gradient of dtype float32 in place "
            "of float64");
  x.remove_hook(hook);
}

TEST(Hook, OnALeafComesBeforeAccumulation) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const unsigned hook = x.register_hook([](const Tensor& g) { return -g; });
  (x * 2).sum().backward();
  EXPECT_EQ(first(x.grad()), -2);
  EXPECT_EQ(first(autograd::grad({(x * 2).sum()}, {x})[0]), -2);
  x.remove_hook(hook);
  (x * 2).sum().backward();
  EXPECT_EQ(first(x.grad()), 0);
  EXPECT_THAT(error_of([&] { x.remove_hook(hook); }), HasSubstr("no hook number"));
}

TEST(Hook, IsPartOfTheGraphUnderCreateGraph) {
  const Tensor x = full({1}, 3, kFloat64).requires_grad_();
  const Tensor y = x * x;
  y.register_hook([&](const Tensor& g) { return g * x; });
  const Tensor d = autograd::grad({y.sum()}, {x}, {}, {}, /*create_graph=*/true)[0];  // 2x²
  EXPECT_EQ(first(d), 18);
  EXPECT_EQ(first(autograd::grad({d.sum()}, {x})[0]), 12);
}

TEST(Hook, MayThrowRemoveItselfAndRunBackward) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const unsigned thrower =
      x.register_hook([](const Tensor&) { throw std::runtime_error("from a hook"); });
  EXPECT_THROW((x * 2).sum().backward(), std::runtime_error);
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(GradMode::is_enabled());
  x.remove_hook(thrower);

  int calls = 0;
  unsigned once = 0;
  once = x.register_hook([&](const Tensor&) {
    ++calls;
    x.remove_hook(once);
  });
  (x * 2).sum().backward();
  (x * 2).sum().backward();
  EXPECT_EQ(calls, 1);

  const Tensor other = ones({1}, kFloat64).requires_grad_();
  x.register_hook([&](const Tensor&) {
    const AutoGradMode recording(true);
    (other * 5).backward();
  });
  (x * 2).sum().backward();
  EXPECT_EQ(first(other.grad()), 5);
  EXPECT_EQ(first(x.grad()), 6);
}

TEST(Hook, WrongUses) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const Tensor y = x * 2;
  y.register_hook([](const Tensor&) { return ones({3}, kFloat64); });
  EXPECT_THAT(error_of([&] { y.sum().backward(); }),
              AllOf(HasSubstr("hook on an output of mul"), HasSubstr("[3] in place of [2]")));
  EXPECT_THAT(error_of([] { ones({2}).register_hook([](const Tensor&) {}); }),
              HasSubstr("does not require grad"));
}

TEST(Hook, RetainGradAndHooksStayWithTheirTensorThroughInPlaceChanges) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const Tensor y = x * 2;
  double before = 0, after = 0;
  y.register_hook([&](const Tensor& g) { before = first(g); });
  y.mul_(3);
  y.register_hook([&](const Tensor& g) { after = first(g); });
  y.sum().backward();
  EXPECT_EQ(before, 3);  // of y as it was then
  EXPECT_EQ(after, 1);
}

TEST(RetainGrad, IsOfTheTensorsLastPlace) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const Tensor y = x * 2;
  y.retain_grad();
  y.mul_(3);
  EXPECT_TRUE(y.retains_grad());
  (y * 5).sum().backward();
  EXPECT_EQ(first(y.grad()), 5);
  EXPECT_EQ(first(x.grad()), 30);
  // Of a base that is changed through a view, and of that view.
  const Tensor base = x * 2;
  const Tensor view = base.view({2, 1});
  base.retain_grad();
  view.retain_grad();
  view.mul_(3);
  (base * 7 + view.flatten()).sum().backward();
  EXPECT_EQ(first(view.grad()), 1);
  EXPECT_EQ(first(base.grad()), 8);
}

}  // namespace
}  // namespace adjoint
