// autograd::functional against definitions written out by hand, against each other, and against
// shapes and errors of PyTorch's torch.autograd.functional.

#include "adjoint/autograd/functional.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using namespace autograd::functional;
using autograd::variable_list;
using test::error_of;
using ::testing::HasSubstr;

Tensor random(IntArrayRef shape) { return randn(shape, kFloat64); }

bool close(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() && a.allclose(b, 1e-12, 1e-12);
}

Tensor diagonal_matrix(const Tensor& elements) {
  return eye(elements.numel(), kFloat64) * elements;
}

Tensor exp_reducer(const Tensor& x) { return x.exp().sum(1); }
Tensor adder(const Tensor& x, const Tensor& y) { return 2 * x + 3 * y; }
Tensor cubes(const Tensor& x) { return (x * x * x).sum(); }

TEST(Functional, JacobianOfATensorByATensor) {
  manual_seed(1);
  const Tensor x = random({2, 3});
  const Tensor j = jacobian(exp_reducer, x);
  ASSERT_EQ(j.sizes(), IntArrayRef({2, 2, 3}));
  EXPECT_FALSE(j.requires_grad());
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(close(j[i][i], x[i].exp()));
    EXPECT_TRUE(close(j[i][1 - i], zeros({3}, kFloat64)));
  }
  EXPECT_FALSE(x.requires_grad());
}

TEST(Functional, JacobianShapesFollowInputsAndOutputs) {
  manual_seed(2);
  const Tensor x = random({2}), y = random({2});
  const variable_list by_both = jacobian(adder, {x, y});
  EXPECT_TRUE(close(by_both[0], eye(2, kFloat64) * 2));
  EXPECT_TRUE(close(by_both[1], eye(2, kFloat64) * 3));
  const auto two = [](const Tensor& a) { return std::tuple(a * a, a.sum()); };
  const variable_list of_both = jacobian(two, x);
  EXPECT_TRUE(close(of_both[0], diagonal_matrix(2 * x)));
  EXPECT_TRUE(close(of_both[1], ones({2}, kFloat64)));
  const auto lists = [](const variable_list& all) { return variable_list{all[0] * all[1]}; };
  const std::vector<variable_list> grid = jacobian(lists, {x, y});
  ASSERT_EQ(grid.size(), 1u);
  EXPECT_TRUE(close(grid[0][0], diagonal_matrix(y)));
  EXPECT_TRUE(close(grid[0][1], diagonal_matrix(x)));
  // Without dimensions, and without elements.
  EXPECT_EQ(jacobian(cubes, tensor(2.0, kFloat64)).item<double>(), 12);
  EXPECT_EQ(jacobian([](const Tensor& a) { return a * 2; }, zeros({0, 3}, kFloat64)).sizes(),
            IntArrayRef({0, 3, 0, 3}));
}

TEST(Functional, ProductsAreThoseWithTheJacobian) {
  manual_seed(3);
  const Tensor x = random({3, 2}), u = random({3}), v = random({3, 2});
  const Tensor j = jacobian(exp_reducer, x).reshape({3, 6});
  const auto [y, uj] = vjp(exp_reducer, x, u);
  EXPECT_TRUE(close(y, exp_reducer(x)));
  EXPECT_TRUE(close(uj, j.t().mv(u).view({3, 2})));
  const auto [again, jv] = jvp(exp_reducer, x, v);
  EXPECT_TRUE(close(again, y));
  EXPECT_TRUE(close(jv, j.mv(v.flatten())));
  EXPECT_FALSE(y.requires_grad() || uj.requires_grad() || jv.requires_grad());
  // Of several inputs, and without v where there is one element.
  const Tensor a = random({2}), b = random({2}), w = random({2});
  const auto [sum, grads] = vjp(adder, {a, b}, w);
  EXPECT_TRUE(close(grads[0], 2 * w) && close(grads[1], 3 * w));
  EXPECT_TRUE(close(jvp(adder, {a, b}, {a, w}).second, 2 * a + 3 * w));
  EXPECT_TRUE(close(vjp(cubes, a).second, 3 * a * a));
  EXPECT_EQ(jvp(cubes, tensor(2.0, kFloat64)).second.item<double>(), 12);
}

TEST(Functional, SecondDerivatives) {
  manual_seed(4);
  const Tensor x = random({2, 2}), y = random({2}), v = random({2, 2}), u = random({2});
  const auto f = [](const Tensor& a, const Tensor& b) { return (a.mv(b) * a.exp().sum(0)).sum(); };
  const auto h = hessian(f, {x, y});
  ASSERT_EQ(h[0][0].sizes(), IntArrayRef({2, 2, 2, 2}));
  ASSERT_EQ(h[1][0].sizes(), IntArrayRef({2, 2, 2}));
  EXPECT_TRUE(close(h[0][1].reshape({4, 2}).t(), h[1][0].reshape({2, 4})));  // it is symmetric
  const Tensor row0 = h[0][0].reshape({4, 4}).mv(v.flatten()) + h[0][1].reshape({4, 2}).mv(u);
  const Tensor row1 = h[1][0].reshape({2, 4}).mv(v.flatten()) + h[1][1].mv(u);
  for (const auto& [value, product] : {hvp(f, {x, y}, {v, u}), vhp(f, {x, y}, {v, u})}) {
    EXPECT_TRUE(close(value, f(x, y)));
    EXPECT_TRUE(close(product[0], row0.view({2, 2})));
    EXPECT_TRUE(close(product[1], row1));
  }
  EXPECT_TRUE(close(hessian(cubes, y), diagonal_matrix(6 * y)));
  EXPECT_TRUE(close(hvp(cubes, y, u).second, 6 * y * u));
  EXPECT_TRUE(close(vhp(cubes, y, u).second, 6 * y * u));
  // Linear in one input: the second derivative is zeros.
  const auto linear =
      hessian([](const Tensor& a, const Tensor& b) { return (a * a).sum() + b.sum(); }, {y, u});
  EXPECT_TRUE(close(linear[1][1], zeros({2, 2}, kFloat64)));
  EXPECT_TRUE(close(linear[0][0], eye(2, kFloat64) * 2));
}

TEST(Functional, CreateGraphMakesResultsDifferentiable) {
  manual_seed(5);
  const Tensor x = random({2}).requires_grad_(), w = random({2}).requires_grad_();
  const Tensor j = jacobian([](const Tensor& a) { return a * a * a; }, x, /*create_graph=*/true);
  EXPECT_TRUE(close(autograd::grad({j.sum()}, {x})[0], 6 * x));
  const auto [y, product] = vjp([](const Tensor& a) { return a * a; }, x, w, true);
  const auto grads = autograd::grad({product.sum()}, {x, w});
  EXPECT_TRUE(close(grads[0], 2 * w) && close(grads[1], 2 * x));
  const auto jv = jvp([](const Tensor& a) { return a * a; }, x, w, true).second;
  const auto grads2 = autograd::grad({jv.sum()}, {x, w});
  EXPECT_TRUE(close(grads2[0], 2 * w) && close(grads2[1], 2 * x));
  const Tensor h = hessian(cubes, x, true);
  EXPECT_TRUE(close(autograd::grad({h.sum()}, {x})[0], full({2}, 6, kFloat64)));
  EXPECT_TRUE(close(autograd::grad({hvp(cubes, x, w, true).second.sum()}, {x})[0], 6 * w));
  EXPECT_TRUE(close(autograd::grad({vhp(cubes, x, w, true).second.sum()}, {w})[0], 6 * x));
  EXPECT_FALSE(x.grad().defined());
  // A captured tensor is constant for the function, even if it is the input.
  const auto captured = jacobian([&](const Tensor& a) { return a * x; }, x);
  EXPECT_TRUE(close(captured, diagonal_matrix(x.detach())));
}

TEST(Functional, WorksUnderNoGrad) {
  const NoGradGuard no_grad;
  const Tensor x = ones({2}, kFloat64);
  EXPECT_TRUE(close(jacobian([](const Tensor& a) { return a * a; }, x), eye(2, kFloat64) * 2));
  EXPECT_TRUE(close(hvp(cubes, x, x).second, 6 * x));
}

TEST(Functional, IndependenceIsZeroOrWithStrictAnError) {
  const Tensor x = ones({2}, kFloat64), y = ones({2}, kFloat64);
  const auto first = [](const Tensor& a, const Tensor&) { return a * a; };
  EXPECT_TRUE(close(jacobian(first, {x, y})[1], zeros({2, 2}, kFloat64)));
  EXPECT_TRUE(close(vjp(first, {x, y}, x).second[1], zeros({2}, kFloat64)));
  EXPECT_THAT(error_of([&] {
                jacobian(first, {x, y}, false, true);
              }),
              HasSubstr("jacobian (strict): the function does not depend on input 1"));
  EXPECT_THAT(error_of([&] { vjp(first, {x, y}, x, false, true); }), HasSubstr("input 1"));
  const auto constant = [](const Tensor& a) { return a.detach(); };
  EXPECT_TRUE(close(jvp(constant, x, x).second, zeros({2}, kFloat64)));
  EXPECT_THAT(error_of([&] { jvp(constant, x, x, false, true); }),
              HasSubstr("output 0 of the function does not require grad"));
  const auto linear = [](const Tensor& a) { return a.sum(); };
  EXPECT_TRUE(close(hessian(linear, x), zeros({2, 2}, kFloat64)));
  EXPECT_THAT(error_of([&] { hessian(linear, x, false, true); }), HasSubstr("linear"));
  EXPECT_THAT(error_of([&] { vhp(linear, x, x, false, true); }), HasSubstr("linear"));
  EXPECT_THAT(error_of([&] { hvp(linear, x, x, false, true); }), HasSubstr("linear"));
}

TEST(Functional, WrongUses) {
  const Tensor x = ones({2}, kFloat64);
  const auto square = [](const Tensor& a) { return a * a; };
  EXPECT_THAT(error_of([&] { vjp(square, x); }),
              HasSubstr("vjp: the vector v can only be left out"));
  EXPECT_THAT(error_of([&] { jvp(square, x); }), HasSubstr("v can only be left out"));
  EXPECT_THAT(error_of([&] { vjp(square, x, ones({3}, kFloat64)); }),
              HasSubstr("v's tensor 0 has shape [3], but output 0 has shape [2]"));
  EXPECT_THAT(error_of([&] { jvp(square, x, {x, x}); }), HasSubstr("v has 2 tensors"));
  EXPECT_THAT(error_of([&] { hessian(square, x); }), HasSubstr("return a single element"));
  EXPECT_THAT(error_of([&] {
                hvp([](const Tensor& a) { return variable_list{a, a}; }, x, x);
              }),
              HasSubstr("return a single tensor, it returned 2"));
  EXPECT_THAT(error_of([&] { jacobian(square, ones({2}, kInt64)); }), HasSubstr("floating-point"));
  EXPECT_THAT(error_of([&] { jacobian(adder, {x, x, x}); }), HasSubstr("3 tensors"));
}

}  // namespace
}  // namespace adjoint
