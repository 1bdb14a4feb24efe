// An activation's rule may write its result over the gradient that it gets. Whoever still looks at
// that gradient must not notice.

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

struct Activation {
  const char* name;
  std::function<Tensor(const Tensor&)> f;
};

class ActivationGradient : public testing::TestWithParam<Activation> {
 protected:
  ActivationGradient() { manual_seed(1); }
  Tensor f(const Tensor& x) const { return GetParam().f(x); }

  Tensor w = randn({4, 5}), x = randn({4, 5}).requires_grad_();
  /// What backward gives where it cannot overwrite anything: a graph is made of it.
  Tensor expected = autograd::grad({(f(x) * w).sum()}, {x}, {}, true, true)[0].detach();
};

TEST_P(ActivationGradient, IsThatOfARecordedBackward) {
  (f(x) * w).sum().backward();
  EXPECT_TRUE(x.grad().equal(expected));
}

TEST_P(ActivationGradient, LeavesTheCallersGradientAlone) {
  const Tensor given = w.clone();
  f(x).backward(given);
  EXPECT_TRUE(given.equal(w));
  EXPECT_TRUE(x.grad().equal(expected));
}

TEST_P(ActivationGradient, LeavesARetainedGradientAlone) {
  const Tensor y = f(x);
  y.retain_grad();
  (y * w).sum().backward();
  EXPECT_TRUE(y.grad().equal(w));
  EXPECT_TRUE(x.grad().equal(expected));
}

TEST_P(ActivationGradient, LeavesAHooksGradientAlone) {
  const Tensor y = f(x);
  Tensor seen;
  y.register_hook([&](const Tensor& g) { seen = g; });
  (y * w).sum().backward();
  EXPECT_TRUE(seen.equal(w));
  EXPECT_TRUE(x.grad().equal(expected));
}

TEST_P(ActivationGradient, LeavesAViewThatAHookHasTakenAlone) {
  const Tensor y = f(x);
  Tensor seen;
  y.register_hook([&](const Tensor& g) { seen = g.detach().flatten(); });
  (y * w).sum().backward();
  EXPECT_TRUE(seen.equal(w.flatten()));
  EXPECT_TRUE(x.grad().equal(expected));
}

TEST_P(ActivationGradient, LeavesAnAskedForGradientAlone) {
  const Tensor y = f(x);
  const auto grads = autograd::grad({(y * w).sum()}, {y, x});
  EXPECT_TRUE(grads[0].equal(w));
  EXPECT_TRUE(grads[1].equal(expected));
}

TEST_P(ActivationGradient, SharesAGradientWithItsNeighbours) {
  const Tensor a = x.detach().requires_grad_(), b = x.detach().requires_grad_();
  // A sum hands the same gradient to both; the parts of a concatenation get views of one.
  ((f(x) + f(a) + b) * w).sum().backward();
  EXPECT_TRUE(x.grad().equal(expected));
  EXPECT_TRUE(a.grad().equal(expected));
  EXPECT_TRUE(b.grad().equal(w));

  const Tensor c = x.detach().requires_grad_(), d = x.detach().requires_grad_();
  (cat({f(c), f(d), f(d)}) * cat({w, w, w})).sum().backward();
  EXPECT_TRUE(c.grad().equal(expected));
  EXPECT_TRUE(d.grad().equal(expected + expected));
}

TEST_P(ActivationGradient, CanBeAskedForTwice) {
  const Tensor loss = (f(x) * w).sum();
  EXPECT_TRUE(autograd::grad({loss}, {x}, {}, true)[0].equal(expected));
  EXPECT_TRUE(autograd::grad({loss}, {x}, {}, true)[0].equal(expected));
}

TEST_P(ActivationGradient, OfALargerShapeAndOfAnotherDtype) {
  const Tensor y = f(x);
  (y.to(kFloat64) * w.to(kFloat64)).sum().backward();  // the gradient is converted on its way
  EXPECT_TRUE(x.grad().allclose(expected));
  const Tensor z = x.detach().requires_grad_();
  f(z).sum().backward();  // an expanded one
  EXPECT_TRUE(z.grad().equal(autograd::grad({f(x).sum()}, {x}, {}, true, true)[0]));
}

INSTANTIATE_TEST_SUITE_P(
    Activations, ActivationGradient,
    testing::Values(Activation{"relu", [](const Tensor& t) { return t.relu(); }},
                    Activation{"sigmoid", [](const Tensor& t) { return t.sigmoid(); }},
                    Activation{"tanh", [](const Tensor& t) { return t.tanh(); }}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace adjoint
