// In-place changes of tensors, views and bases: values and gradients are right, or it is an Error.
// Each program is also run out of place, which is the witness.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

using testing::HasSubstr;

Tensor range(int64_t n, double first = 1) {
  Tensor t = empty({n}, kFloat64);
  for (int64_t i = 0; i < n; ++i) t.data_ptr<double>()[i] = first + static_cast<double>(i);
  return t;
}

std::vector<double> values(const Tensor& t) {
  const Tensor dense = t.detach().contiguous();
  const double* p = dense.data_ptr<double>();
  return {p, p + dense.numel()};
}

using V = std::vector<double>;

TEST(InPlace, TakesTheOperationsPlaceInTheGraph) {
  const Tensor x = range(3).requires_grad_(), w = range(3, 4).requires_grad_();
  const Tensor y = x * 1;
  y.mul_(w);
  y.add_(x);
  EXPECT_EQ(values(y), (V{5, 12, 21}));
  y.sum().backward();
  EXPECT_EQ(values(x.grad()), (V{5, 6, 7}));
  EXPECT_EQ(values(w.grad()), (V{1, 2, 3}));
}

TEST(InPlace, LeafThatRequiresGradIsRefused) {
  const Tensor x = range(3).requires_grad_();
  EXPECT_THROW(x.add_(1), Error);
  EXPECT_THROW(x[0].add_(1), Error);
  EXPECT_EQ(values(x), (V{1, 2, 3}));  // nothing was changed
  const NoGradGuard no_grad;
  x.add_(1);
  EXPECT_EQ(values(x), (V{2, 3, 4}));
}

TEST(InPlace, ChangeOfABaseReachesItsViews) {
  const Tensor x = range(6).requires_grad_();
  const Tensor base = x * 1;
  const Tensor row = base.view({2, 3})[1];
  base.mul_(10);
  EXPECT_EQ(values(row), (V{40, 50, 60}));
  row.sum().backward();
  EXPECT_EQ(values(x.grad()), (V{0, 0, 0, 10, 10, 10}));
}

TEST(InPlace, ChangeOfAViewReachesItsBase) {
  const Tensor x = range(6).requires_grad_(), w = range(3, 7).requires_grad_();
  const Tensor base = x * 1;
  const Tensor row = base.view({2, 3})[1];
  row.mul_(w);
  EXPECT_EQ(values(base), (V{1, 2, 3, 28, 40, 54}));
  (base * base).sum().backward();
  EXPECT_EQ(values(x.grad()), (V{2, 4, 6, 2 * 28 * 7, 2 * 40 * 8, 2 * 54 * 9}));
  EXPECT_EQ(values(w.grad()), (V{2 * 28 * 4, 2 * 40 * 5, 2 * 54 * 6}));
}

TEST(InPlace, ChangeOfAViewReachesOtherViews) {
  const Tensor x = range(4).requires_grad_();
  const Tensor base = x * 1;
  const Tensor left = base.slice(0, 0, 3), right = base.slice(0, 1, 4);
  left.mul_(5);
  EXPECT_EQ(values(right), (V{10, 15, 4}));
  right.sum().backward();
  EXPECT_EQ(values(x.grad()), (V{0, 5, 5, 1}));
}

TEST(InPlace, ABufferFilledRowByRow) {
  const Tensor w = range(2, 3).requires_grad_();
  const Tensor buffer = empty({3, 2}, kFloat64).fill_(1);
  for (int64_t i = 0; i < 3; ++i) buffer[i].copy_(w * static_cast<double>(i));
  EXPECT_TRUE(buffer.requires_grad());
  (buffer * buffer).sum().backward();
  EXPECT_EQ(values(w.grad()), (V{2 * 3 * 5, 2 * 4 * 5}));
}

TEST(InPlace, ThroughATransposedView) {
  const Tensor x = range(6).requires_grad_();
  const Tensor base = x.view({2, 3}) * 1;
  base.t().slice(0, 1, 3).mul_(2);
  EXPECT_EQ(values(base), (V{1, 4, 6, 4, 10, 12}));
  const auto first = autograd::grad({(base * base).sum()}, {x}, {}, {}, /*create_graph=*/true)[0];
  EXPECT_EQ(values(first), (V{2, 16, 24, 8, 40, 48}));
  const auto second = autograd::grad({first.sum()}, {x})[0];
  EXPECT_EQ(values(second), (V{2, 8, 8, 2, 8, 8}));
}

TEST(InPlace, ViewMadeWithoutGradIsRefused) {
  const Tensor x = range(3).requires_grad_();
  const Tensor base = x * 1;
  Tensor view;
  {
    const NoGradGuard no_grad;
    view = base.slice(0, 0, 2);
  }
  EXPECT_THROW(view.mul_(2), Error);
}

TEST(InPlace, ExpandedTensorIsRefused) {
  const Tensor x = range(1).expand({3});
  EXPECT_THROW(x.add_(1), Error);
  EXPECT_THROW(x.copy_(range(3)), Error);
}

TEST(InPlace, DetachSharesVersionsAndDataDoesNot) {
  const Tensor x = range(2).requires_grad_();
  Tensor a = x * 1;
  Tensor y = (a * a).sum();
  a.data().mul_(1);
  y.backward();  // not noticed: that is what data() is for
  a = x * 1;
  y = (a * a).sum();
  a.detach().mul_(1);
  EXPECT_THROW(y.backward(), Error);
}

TEST(InPlace, ResultMustFit) {
  const Tensor x = range(3);
  EXPECT_THROW(x.add_(empty({2, 3}, kFloat64).fill_(1)), Error);
  const Tensor ints = empty({3}, kInt64).fill_(1);
  EXPECT_THROW(ints.add_(0.5), Error);
  EXPECT_EQ(ints[0].item<int64_t>(), 1);
}

TEST(InPlace, CopyOfALeafGetsANodeOfItsOwn) {
  const Tensor x = range(2).requires_grad_();
  const Tensor y = empty({2}, kFloat64);
  y.copy_(x);
  EXPECT_FALSE(y.is_leaf());
  (y * y).sum().backward();
  EXPECT_EQ(values(x.grad()), (V{2, 4}));
}

}  // namespace
}  // namespace adjoint
