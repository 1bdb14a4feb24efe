// The reverse sweep: what backward and grad compute, accumulate, keep and free.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::grad;
using test::error_of;
using testing::HasSubstr;

Tensor leaf(IntArrayRef values) {
  Tensor t = empty({static_cast<int64_t>(values.size())}, kFloat64);
  std::copy(values.begin(), values.end(), t.data_ptr<double>());
  return t.requires_grad_();
}

std::vector<double> values(const Tensor& t) {
  const Tensor dense = t.detach().contiguous();
  const double* p = dense.data_ptr<double>();
  return {p, p + dense.numel()};
}

TEST(Engine, AccumulatesIntoLeaves) {
  const Tensor x = leaf({1, 2, 3}), y = leaf({4, 5, 6});
  (x * y + x).sum().backward();
  EXPECT_EQ(values(x.grad()), (std::vector<double>{5, 6, 7}));
  EXPECT_EQ(values(y.grad()), (std::vector<double>{1, 2, 3}));
  (x * 2).sum().backward();
  EXPECT_EQ(values(x.grad()), (std::vector<double>{7, 8, 9}));
}

/// Gives memory of its own, which nobody but the gradient's handle refers to, as the gradient.
struct FromBuffer : autograd::Function<FromBuffer> {
  static Tensor forward(autograd::AutogradContext*, const Tensor& x) { return x * 1; }
  static autograd::variable_list backward(autograd::AutogradContext*, autograd::variable_list) {
    return {from_blob(buffer.data(), {2}, kFloat64)};
  }
  static inline std::vector<double> buffer{3, 4};
};

TEST(Engine, LeavesSomeoneElsesMemoryAlone) {
  const Tensor x = leaf({1, -2});
  (FromBuffer::apply(x) + x).sum().backward();  // a second gradient is added to it
  EXPECT_EQ(values(x.grad()), (std::vector<double>{4, 5}));
  EXPECT_EQ(FromBuffer::buffer, (std::vector<double>{3, 4}));

  const Tensor y = leaf({1, -2});
  FromBuffer::apply(y.relu()).sum().backward();  // an activation's rule gets it
  EXPECT_EQ(values(y.grad()), (std::vector<double>{3, 0}));
  EXPECT_EQ(FromBuffer::buffer, (std::vector<double>{3, 4}));

  const Tensor z = leaf({1, -2});
  FromBuffer::apply(z).sum().backward();  // a leaf keeps it, and adds the next one to it
  z.sum().backward();
  EXPECT_EQ(values(z.grad()), (std::vector<double>{4, 5}));
  EXPECT_EQ(FromBuffer::buffer, (std::vector<double>{3, 4}));
}

TEST(Engine, SumsOverAllPathsOnce) {
  const Tensor x = leaf({3});
  const Tensor a = x * x;  // used twice, and x a third time
  (a * a + a * x).sum().backward();
  EXPECT_EQ(values(x.grad()), (std::vector<double>{4 * 27 + 3 * 9}));
}

TEST(Engine, UndoesBroadcastingAndPromotion) {
  const Tensor row = leaf({1, 2, 3});
  const Tensor column = empty({2, 1}, kFloat32).fill_(2).requires_grad_();
  const Tensor y = row * column;
  EXPECT_EQ(y.scalar_type(), kFloat64);
  y.sum().backward();
  EXPECT_EQ(values(row.grad()), (std::vector<double>{4, 4, 4}));
  EXPECT_EQ(column.grad().scalar_type(), kFloat32);
  EXPECT_EQ(column.grad().sizes(), IntArrayRef({2, 1}));
  EXPECT_EQ(column.grad()[1].item<double>(), 6);
}

TEST(Engine, GradReturnsAndLeavesGradAlone) {
  const Tensor x = leaf({2}), y = leaf({5}), unused = leaf({1});
  const Tensor z = x * x * y;
  const auto grads = grad({z}, {x, y}, {}, /*retain_graph=*/true);
  EXPECT_EQ(values(grads[0]), (std::vector<double>{20}));
  EXPECT_EQ(values(grads[1]), (std::vector<double>{4}));
  EXPECT_FALSE(x.grad().defined());
  EXPECT_THAT(error_of([&] { grad({z}, {unused}, {}, true); }), HasSubstr("allow_unused"));
  EXPECT_FALSE(grad({z}, {unused}, {}, true, false, /*allow_unused=*/true)[0].defined());
}

TEST(Engine, GradNeedsInputs) {
  const Tensor x = leaf({2});
  EXPECT_EQ(error_of([&] { grad({(x * x).sum()}, {}); }), "grad: the list of inputs is empty");
}

TEST(Engine, GradOfAnIntermediateTensor) {
  const Tensor x = leaf({3});
  const Tensor a = x * x;
  const Tensor z = a * a * x;
  const auto grads = grad({z}, {a, x});
  EXPECT_EQ(values(grads[0]), (std::vector<double>{2 * 9 * 3}));
  EXPECT_EQ(values(grads[1]), (std::vector<double>{54 * 6 + 81}));
}

TEST(Engine, HigherOrders) {
  const Tensor x = leaf({2});
  Tensor d = x * x * x * x;
  for (const double expected : {32.0, 48.0, 48.0, 24.0}) {
    d = grad({d}, {x}, {}, {}, /*create_graph=*/true)[0];
    EXPECT_EQ(values(d), (std::vector<double>{expected}));
  }
}

TEST(Engine, BackwardToInputsOnly) {
  const Tensor x = leaf({2}), y = leaf({3});
  const Tensor z = x * y;
  z.backward({}, {}, false, TensorList(x));
  EXPECT_EQ(values(x.grad()), (std::vector<double>{3}));
  EXPECT_FALSE(y.grad().defined());
}

TEST(Engine, SecondBackwardNeedsRetainGraph) {
  const Tensor x = leaf({2});
  Tensor z = x * x;
  z.backward({}, /*retain_graph=*/true);
  z.backward();
  EXPECT_EQ(values(x.grad()), (std::vector<double>{8}));
  const std::string message = error_of([&] { z.backward(); });
  EXPECT_THAT(message, HasSubstr("retain_graph=true"));
  EXPECT_THAT(message, HasSubstr("mul"));
}

TEST(Engine, SavedTensorsAreFreedByBackward) {
  const Tensor x = leaf({2});
  const Tensor z = x * x;
  EXPECT_EQ(z.grad_fn()->saved().size(), 2u);
  z.backward();
  EXPECT_TRUE(z.grad_fn()->saved().empty());
}

TEST(Engine, UpstreamGradients) {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = x * x;
  EXPECT_THAT(error_of([&] { y.backward(); }), HasSubstr("shape [3]"));
  EXPECT_THAT(error_of([&] { y.backward(leaf({1, 2})); }), HasSubstr("[2]"));
  y.backward(leaf({10, 1, 0}).detach());
  EXPECT_EQ(values(x.grad()), (std::vector<double>{20, 4, 0}));
}

TEST(Engine, NothingToDifferentiate) {
  const Tensor x = empty({1}, kFloat64).fill_(1);
  EXPECT_THAT(error_of([&] { (x * 2).backward(); }), HasSubstr("does not require grad"));
  EXPECT_THAT(error_of([&] { empty({1}, kInt64).requires_grad_(); }), HasSubstr("floating-point"));
  const Tensor w = leaf({1});
  const NoGradGuard no_grad;
  EXPECT_FALSE((w * 2).requires_grad());
}

TEST(Engine, ChangedSavedTensorIsAnError) {
  const Tensor x = leaf({1, 2});
  const Tensor a = x * 1;
  const Tensor y = (a * a).sum();
  a.add_(1);
  const std::string message = error_of([&] { y.backward(); });
  EXPECT_THAT(message, HasSubstr("mul"));
  EXPECT_THAT(message, HasSubstr("[2]"));
  EXPECT_THAT(message, HasSubstr("version 0"));
  EXPECT_THAT(message, HasSubstr("version 1"));
}

TEST(Engine, RetainGradAndHooks) {
  const Tensor x = leaf({1, 2});
  const Tensor a = x * 3;
  a.retain_grad();
  int calls = 0;
  const unsigned hook = x.register_hook([&](const Tensor& g) {
    ++calls;
    return g * 10;
  });
  (a * a).sum().backward();
  EXPECT_EQ(values(a.grad()), (std::vector<double>{6, 12}));
  EXPECT_EQ(values(x.grad()), (std::vector<double>{180, 360}));
  x.remove_hook(hook);
  (a * 1).sum().backward({}, {}, false, TensorList(x));
  EXPECT_EQ(calls, 1);
}

TEST(Engine, ExceptionInARuleLeavesTheEngineUsable) {
  const Tensor x = leaf({1});
  const Tensor bad = autograd::record("bad", x.detach().clone(), {x},
                                      [](const Tensor&) -> autograd::Grads { fail("on purpose"); });
  EXPECT_EQ(error_of([&] { (bad * 2).backward(); }), "on purpose");
  (x * 2).backward();
  EXPECT_EQ(values(x.grad()), (std::vector<double>{2}));
}

TEST(Engine, RuleWithAWrongShapeIsNamed) {
  const Tensor x = leaf({1, 2});
  const Tensor bad = autograd::record("bad_shape", x.detach().clone(), {x}, [](const Tensor&) {
    return autograd::Grads{empty({3}, kFloat64)};
  });
  EXPECT_THAT(error_of([&] { bad.sum().backward(); }), HasSubstr("bad_shape"));
}

TEST(Engine, AMillionOperationsDeep) {
  const Tensor x = leaf({1});
  {
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y + 1;
    y.backward();
    EXPECT_EQ(values(x.grad()), (std::vector<double>{1}));
  }
  Tensor y = x;
  for (int i = 0; i < 1'000'000; ++i) y = y * x;  // released without a backward: saved tensors too
}

TEST(Engine, NoCycleKeepsAGraphAlive) {
  const Tensor x = leaf({1, 2});
  std::weak_ptr<TensorImpl> watched;
  {
    Tensor y = x.exp();  // saves its own output
    watched = y.impl_ptr();
    const Tensor z = y * y;
    y.mul_(2);  // saves what was y, and becomes y's origin
  }
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace adjoint
