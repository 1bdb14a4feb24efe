// Checkpoints: the same values and gradients as without, to the bit, and less kept in between.

#include "adjoint/autograd/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::checkpoint;
using autograd::CheckpointOptions;
using autograd::grad;
using autograd::Tape;
using autograd::variable_list;
using test::error_of;
using ::testing::HasSubstr;

Tensor block(const Tensor& x, const Tensor& w) {
  const Tensor h = x.matmul(w).tanh();
  return dropout(h * h.exp(), 0.5, /*train=*/true).matmul(w).sigmoid();
}

/// The gradients of f by x and w, and of the random numbers drawn afterwards.
template <class F>
variable_list gradients_of(const F& f, bool input_requires_grad = true) {
  manual_seed(7);
  const Tensor x = randn({5, 4}).requires_grad_(input_requires_grad);
  const Tensor w = randn({4, 4}).requires_grad_();
  const Tensor y = f(x * 1, w);
  const Tensor after = randn({3});
  y.square().sum().backward();
  return {y.detach(), w.grad(), input_requires_grad ? x.grad() : w.grad(), after, randn({3})};
}

void expect_equal(const variable_list& a, const variable_list& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].equal(b[i])) << i;
}

const auto checkpointed = [](const Tensor& x, const Tensor& w) { return checkpoint(block, x, w); };

TEST(Checkpoint, GivesTheSameBits) {
  expect_equal(gradients_of(checkpointed), gradients_of(block));
  const auto two = [](const auto& f) {
    return [f](const Tensor& x, const Tensor& w) { return f(f(x, w), w); };
  };
  expect_equal(gradients_of(two(checkpointed)), gradients_of(two(block)));
  // One within another.
  const auto nested = [&](const Tensor& x, const Tensor& w) {
    return checkpoint(two(checkpointed), x, w);
  };
  expect_equal(gradients_of(nested), gradients_of(two(block)));
}

TEST(Checkpoint, ReachesWhatTheFunctionCaptured) {
  const auto captured = [](const Tensor& x, const Tensor& w) {
    return checkpoint([w](const Tensor& a) { return block(a, w); }, x);
  };
  expect_equal(gradients_of(captured), gradients_of(block));
  // Also where no argument requires grad, which a reentrant checkpoint cannot do.
  expect_equal(gradients_of(captured, false), gradients_of(block, false));
}

TEST(Checkpoint, KeepsNothingButTheInputs) {
  manual_seed(8);
  const Tensor x = randn({100, 4}).requires_grad_(), w = randn({4, 4}).requires_grad_();
  const auto deep = [](const Tensor& a, const Tensor& b) {
    Tensor h = a;
    for (int i = 0; i < 10; ++i) h = h.matmul(b).tanh();
    return h;
  };
  const Tape plain = Tape::of(deep(x, w)), thrifty = Tape::of(checkpoint(deep, x, w));
  EXPECT_EQ(plain.size(), thrifty.size());
  EXPECT_GE(plain.saved_bytes(), 10u * 100 * 4 * sizeof(float));
  EXPECT_LE(thrifty.saved_bytes(), x.nbytes() + w.nbytes());
}

TEST(Checkpoint, SeveralOutputs) {
  const Tensor x = tensor({1.0, 2.0}, kFloat64).requires_grad_();
  const auto list = checkpoint([](const Tensor& a) { return variable_list{a.exp(), a * a}; }, x);
  const auto [first, second] =
      checkpoint([](const Tensor& a) { return std::tuple(a.exp(), a * a); }, x);
  EXPECT_TRUE(first.equal(list[0]) && second.equal(list[1]));
  (list[1] * 3).sum().backward();  // the other output is not used
  EXPECT_TRUE(x.grad().equal(6 * x.detach()));
  x.mutable_grad().reset();
  (first.sum() + second.sum()).backward();
  EXPECT_TRUE(x.grad().equal(x.detach().exp() + 2 * x.detach()));
}

TEST(Checkpoint, RunsOnceMoreAndOnlyIfNeeded) {
  int runs = 0;
  const auto f = [&runs](const Tensor& a) {
    ++runs;
    return (a * a).exp();
  };
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  checkpoint(f, x).sum().backward();
  EXPECT_EQ(runs, 2);
  {
    const NoGradGuard no_grad;
    EXPECT_FALSE(checkpoint(f, x).requires_grad());
  }
  EXPECT_EQ(runs, 3);
  // Rules that need nothing do not make it run.
  const auto sum = [&runs](const Tensor& a) {
    ++runs;
    return a.sum() + 1;
  };
  checkpoint(sum, x).backward();
  EXPECT_EQ(runs, 4);
  // With retain_graph what was computed again stays.
  const Tensor y = checkpoint(f, x).sum();
  y.backward({}, /*retain_graph=*/true);
  y.backward();
  EXPECT_EQ(runs, 6);
  EXPECT_THAT(error_of([&] { y.backward(); }), HasSubstr("second time"));
}

TEST(Checkpoint, WorksWithGradInputsAndHigherOrders) {
  const Tensor x = tensor({0.3, -0.7}, kFloat64).requires_grad_();
  const Tensor w = tensor({2.0, 1.5}, kFloat64).requires_grad_();
  const auto f = [](const Tensor& a, const Tensor& b) { return (a * b).tanh() * a; };
  Tensor plain = f(x, w), thrifty = checkpoint(f, x, w);
  for (int order = 0; order < 3; ++order) {
    const auto expected = grad({plain.sum()}, {x, w}, {}, {}, /*create_graph=*/true);
    const auto found = grad({thrifty.sum()}, {x, w}, {}, {}, /*create_graph=*/true);
    EXPECT_TRUE(found[0].equal(expected[0]) && found[1].equal(expected[1])) << order;
    plain = expected[0];
    thrifty = found[0];
  }
  checkpoint(f, x, w).sum().backward({}, {}, false, TensorList(w));
  EXPECT_TRUE(w.grad().equal(grad({f(x, w).sum()}, {w})[0]));
  EXPECT_FALSE(x.grad().defined());
  // Parts that are detached inside.
  const auto detaching = [](const Tensor& a) { return a.exp().detach() * a; };
  EXPECT_TRUE(grad({checkpoint(detaching, x).sum()}, {x})[0].equal(x.detach().exp()));
}

TEST(Checkpoint, RngStateCanBeLeftAlone) {
  manual_seed(9);
  const Tensor x = ones({50}).requires_grad_();
  const auto noisy = [](const Tensor& a) { return dropout(a * a, 0.5, true); };
  const auto mask_agrees = [&](const CheckpointOptions& options) {
    x.mutable_grad().reset();
    const Tensor y = checkpoint(options, noisy, x);
    y.sum().backward();
    return x.grad().ne(0).equal(y.ne(0));
  };
  EXPECT_TRUE(mask_agrees(CheckpointOptions()));
  EXPECT_FALSE(mask_agrees(CheckpointOptions().preserve_rng_state(false)));
}

TEST(Checkpoint, WrongUses) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  // An input changed between forward and backward.
  const Tensor a = x * 1;
  const Tensor y = checkpoint([](const Tensor& t) { return t.exp() * t; }, a);
  a.detach().add_(1);
  EXPECT_THAT(error_of([&] { y.sum().backward(); }), HasSubstr("changed in place"));
  // A function that does something else the second time.
  int calls = 0;
  const auto growing = [&](const Tensor& t) {
    return ++calls == 1 ? t.exp().exp() : t.view({2, 1}).exp().view({2});
  };
  EXPECT_THAT(error_of([&] { checkpoint(growing, x).sum().backward(); }),
              AllOf(HasSubstr("checkpoint: when the function ran again"), HasSubstr("1 tensors")));
  calls = 0;
  const auto changing = [&](const Tensor& t) {
    return ++calls == 1 ? (t * 2).exp() : (t * 2).view({1, 2}).exp().view({2});
  };
  EXPECT_THAT(error_of([&] { checkpoint(changing, x).sum().backward(); }),
              AllOf(HasSubstr("tensor number 0"), HasSubstr("shape [1, 2]")));
  // One that changes in place what it has saved.
  const auto in_place = [](const Tensor& t) {
    const Tensor e = t.exp();
    const Tensor result = e * 1;
    e.detach().mul_(2);
    return result;
  };
  EXPECT_THAT(error_of([&] { checkpoint(in_place, x).sum().backward(); }),
              HasSubstr("changes a tensor (shape [2], float64) in place"));
  // One that throws the second time: everything stays usable.
  calls = 0;
  const auto throwing = [&](const Tensor& t) {
    check(++calls != 2, "on purpose");
    return t.exp();
  };
  const Tensor z = checkpoint(throwing, x).sum();
  EXPECT_EQ(error_of([&] { z.backward({}, true); }), "on purpose");
  z.backward();
  EXPECT_TRUE(x.grad().equal(x.detach().exp()));
}

}  // namespace
}  // namespace adjoint
