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
