// Autograd from several threads at once, and the order and size of what the engine does. (This file
// is also run under ThreadSanitizer.)

#include <atomic>
#include <ctime>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::grad;
using autograd::variable_list;
using test::error_of;
using ::testing::HasSubstr;

/// Runs f(0), ..., f(n-1) in threads of their own.
template <class F>
void in_threads(int n, const F& f) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back([&f, i] { f(i); });
  for (std::thread& thread : threads) thread.join();
}

Tensor leaf(std::initializer_list<double> values) {
  return tensor(std::vector<double>(values), kFloat64).requires_grad_();
}

TEST(ParallelAutograd, GraphsOfTheirOwnWithSharedConstants) {
  const Tensor shared = randn({8, 8}, kFloat64);
  std::vector<Tensor> gradients(4);
  in_threads(4, [&](int i) {
    const Tensor w = ones({8, 8}, kFloat64).requires_grad_();
    for (int step = 0; step < 20; ++step) {
      w.mutable_grad().reset();
      (shared.matmul(w).tanh() * w).sum().backward();
    }
    gradients[static_cast<std::size_t>(i)] = w.grad();
  });
  for (const Tensor& gradient : gradients) EXPECT_TRUE(gradient.equal(gradients[0]));
}

TEST(ParallelAutograd, GradOfASharedLeaf) {
  const Tensor w = leaf({1, 2, 3});
  std::vector<Tensor> gradients(4);
  in_threads(4, [&](int i) {
    for (int step = 0; step < 20; ++step) {
      gradients[static_cast<std::size_t>(i)] = grad({(w * w * (i + 1)).sum()}, {w})[0];
    }
  });
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(gradients[static_cast<std::size_t>(i)].equal(w.detach() * (2 * (i + 1))));
  }
  EXPECT_FALSE(w.grad().defined());
}

TEST(ParallelAutograd, ModesAndErrorsStayInTheirThread) {
  std::atomic<int> wrong = 0;
  in_threads(4, [&](int i) {
    for (int step = 0; step < 50; ++step) {
      const Tensor x = leaf({1});
      if (i == 0) {
        const NoGradGuard guard;
        wrong += (x * 2).requires_grad();
      } else if (i == 1) {
        const InferenceMode guard;
        wrong += !(x * 2).is_inference();
      } else if (i == 2) {
        const Tensor bad = x * 2;
        bad.register_hook([](const Tensor&) { fail("on purpose"); });
        try {
          bad.backward();
          ++wrong;
        } catch (const Error&) {
        }
      } else {
        const Tensor y = autograd::checkpoint([](const Tensor& a) { return a.exp(); }, x);
        wrong += !y.requires_grad() || y.is_inference();
        y.backward();
        wrong += !x.grad().equal(x.detach().exp());
      }
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST(ParallelAutograd, AGraphMadeInOneThreadAndSweptInAnother) {
  const Tensor x = leaf({2, 3});
  Tensor y = (x * x).exp().sum();
  std::thread([&] { y.backward(); }).join();
  EXPECT_TRUE(x.grad().equal(x.detach().square().exp() * (2 * x.detach())));
  // The last owner of a deep graph may be any thread.
  for (int i = 0; i < 100'000; ++i) y = y + 1;
  std::thread([last = std::move(y)]() mutable { last.reset(); }).join();
}

TEST(EngineContract, GradWithDuplicatesAndTheOutputItself) {
  const Tensor x = leaf({3});
  const Tensor y = x * x, z = y * 2;
  const variable_list grads = grad({z, z}, {x, y, x, z}, {}, /*retain_graph=*/true);
  EXPECT_EQ(grads[0].item<double>(), 24);
  EXPECT_EQ(grads[1].item<double>(), 4);
  EXPECT_EQ(grads[2].item<double>(), 24);
  EXPECT_EQ(grads[3].item<double>(), 2);
  // Of a leaf by itself.
  EXPECT_EQ(grad({x}, {x})[0].item<double>(), 1);
}

TEST(EngineContract, UndefinedAndMissing) {
  const Tensor x = leaf({3}), other = leaf({1});
  const Tensor y = x * x;
  EXPECT_EQ(grad({y}, {x}, {Tensor()}, true)[0].item<double>(), 6);
  EXPECT_THAT(error_of([&] { grad({y}, {Tensor()}, {}, true); }), HasSubstr("undefined"));
  EXPECT_THAT(error_of([&] { grad({Tensor()}, {x}, {}, true); }), HasSubstr("undefined"));
  EXPECT_THAT(error_of([&] {
                grad({y}, {x}, {Tensor(), Tensor()}, true);
              }),
              HasSubstr("expected one upstream gradient an output (1), got 2"));
  EXPECT_THAT(error_of([&] { grad({y}, {other}, {}, true); }), HasSubstr("allow_unused=true"));
  EXPECT_THAT(error_of([&] { grad({y}, {x.detach()}, {}, true); }),
              HasSubstr("input 0 (shape [1], float64) does not require grad"));
  // backward with inputs that are not reached leaves them without a gradient.
  y.backward({}, true, false, TensorList(other));
  EXPECT_FALSE(other.grad().defined());
  EXPECT_THAT(error_of([&] { y.backward({}, true, false, TensorList()); }), HasSubstr("empty"));
  const Tensor intermediate = y * 1;
  (intermediate * 2).backward({}, true, false, TensorList(intermediate));
  EXPECT_EQ(intermediate.grad().item<double>(), 2);  // of a non-leaf too
  EXPECT_FALSE(x.grad().defined());
}

TEST(EngineContract, TheSecondTime) {
  const Tensor x = leaf({3});
  const Tensor y = x * x;
  grad({y}, {x});
  EXPECT_EQ(
      error_of([&] { grad({y}, {x}); }),
      "backward through mul a second time, but what it had saved was freed by the first; pass "
      "retain_graph=true to the first backward or grad call");
  // What saved nothing can be passed any number of times; create_graph retains.
  const Tensor s = x + 1;
  s.backward();
  s.backward();
  const Tensor z = x * x;
  grad({z}, {x}, {}, {}, /*create_graph=*/true);
  grad({z}, {x});
}

TEST(EngineContract, LinearInTheSizeOfTheGraph) {
  const auto ticks = [](int length) {
    const Tensor x = leaf({1});
    const std::clock_t start = std::clock();  // of the processor: other programs do not count
    {
      Tensor y = x;
      for (int i = 0; i < length; ++i) y = y * x;
      y.backward();
    }
    return static_cast<double>(std::clock() - start);
  };
  ticks(1000);
  // Ten times as long takes about ten times as long; a quadratic cost would be a hundred.
  EXPECT_LT(ticks(200'000), 40 * ticks(20'000));
}

}  // namespace
}  // namespace adjoint
