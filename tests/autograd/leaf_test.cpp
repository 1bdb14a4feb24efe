// A leaf's place in the graphs that it is part of: its sink, which goes from graph to graph.

#include <thread>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

Tensor leaf(std::initializer_list<double> values) {
  return tensor(std::vector<double>(values), kFloat64).requires_grad_();
}

bool equal(const Tensor& t, std::initializer_list<double> values) {
  return t.equal(tensor(std::vector<double>(values), kFloat64));
}

TEST(Leaf, MayGoBeforeItsGraph) {
  const Tensor stays = leaf({1, 2});
  std::vector<Tensor> seen;
  Tensor y;
  {
    const Tensor goes = leaf({3, 4});
    goes.register_hook([&](const Tensor& g) { seen.push_back(g); });
    y = stays * 5 + goes * 7;
  }
  y.sum().backward();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(equal(seen[0], {7, 7}));
  EXPECT_TRUE(equal(stays.grad(), {5, 5}));
}

TEST(Leaf, IsFreedWithItsGradient) {
  std::weak_ptr<TensorImpl> freed;
  {
    const Tensor x = leaf({1, 2});
    (x * x).sum().backward();
    EXPECT_TRUE(equal(x.grad(), {2, 4}));
    freed = x.impl_ptr();
  }
  EXPECT_TRUE(freed.expired());
}

// Its number is below that of every node that leads to it, whichever graphs are alive.
TEST(Leaf, ReceivesEachGraphsWholeGradientOnce) {
  const Tensor x = leaf({1, 2});
  std::vector<Tensor> seen;
  x.register_hook([&](const Tensor& g) { seen.push_back(g); });
  const auto run = [&](const Tensor& y, std::initializer_list<double> expected) {
    seen.clear();
    y.backward({}, /*retain_graph=*/true);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_TRUE(equal(seen[0], expected));
  };
  Tensor first = (x * 2 + x * 3).sum();
  run(first, {5, 5});
  const Tensor second = (x * 5 + first * x).sum();  // first = 15, and again in its own gradient
  run(second, {35, 35});
  run(first, {5, 5});
  first.reset();
  run(second, {35, 35});
  run((x * 7 + x * 8).sum(), {15, 15});
  run(second, {35, 35});
}

TEST(Leaf, OfSeveralThreadsReceivesEachGraphsWholeGradient) {
  const Tensor x = leaf({1, 2});
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      // The graph is gone after each step, so the threads take the sink over from each other.
      for (int step = 0; step < 300; ++step) {
        const Tensor y = (x * i + x * step).sum();
        const Tensor g = autograd::grad({y}, {x})[0];
        const double expected = i + step;
        wrong[static_cast<std::size_t>(i)] += !equal(g, {expected, expected});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(Leaf, OfAnotherShapeHasAnotherSinkWithItsHooks) {
  const Tensor x = leaf({1, 2});
  int calls = 0;
  const unsigned hook = x.register_hook([&](const Tensor&) { ++calls; });
  const Tensor of_old_shape = x * 2;
  x.set_data(ones({3}, kFloat64));
  (x * 3).sum().backward();
  EXPECT_TRUE(equal(x.grad(), {3, 3, 3}));
  EXPECT_EQ(calls, 1);
  x.set_data(zeros({3}, kFloat64));
  x.remove_hook(hook);
  (x * 4).sum().backward();
  EXPECT_TRUE(equal(x.grad(), {7, 7, 7}));
  EXPECT_EQ(calls, 1);
}

TEST(Leaf, OfMoreEdgesThanANodeHoldsInItself) {
  const Tensor x = leaf({1}), y = leaf({2});
  const Tensor all = cat({x, y, x, y, x, x, y});
  EXPECT_EQ(all.grad_fn()->next_edges().size(), 7u);
  (all * arange(1, 8, kFloat64)).sum().backward();
  EXPECT_TRUE(equal(x.grad(), {1 + 3 + 5 + 6}));
  EXPECT_TRUE(equal(y.grad(), {2 + 4 + 7}));
}

}  // namespace
}  // namespace adjoint
