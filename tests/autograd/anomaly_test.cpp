#include "adjoint/autograd/anomaly.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::AnomalyMode;
using autograd::DetectAnomalyGuard;
using test::error_of;
using ::testing::HasSubstr;
using ::testing::Not;

Tensor leaf() { return tensor({{0.0, 4.0}, {1.0, 0.0}}, kFloat64).requires_grad_(); }

/// sqrt's derivative at 0 is infinite, and 0 * infinity is NaN: the rule of mul makes it.
[[gnu::noinline]] Tensor zero_times_root(const Tensor& x) {
  const Tensor scaled = x * zeros({2, 2}, kFloat64);
  return scaled.sqrt().sum() + x.sum();
}

TEST(AnomalyMode, IsOffUnlessAskedFor) {
  EXPECT_FALSE(AnomalyMode::is_enabled());
  const Tensor x = leaf();
  const Tensor y = zero_times_root(x);
  EXPECT_EQ(y.grad_fn()->trace(), nullptr);
  y.backward();
  EXPECT_TRUE(std::isnan(x.grad()[0][0].item<double>()));
  {
    const DetectAnomalyGuard outer;
    EXPECT_TRUE(AnomalyMode::is_enabled() && AnomalyMode::should_check_nan());
    {
      const DetectAnomalyGuard inner(/*check_nan=*/false);
      EXPECT_FALSE(AnomalyMode::should_check_nan());
    }
    EXPECT_TRUE(AnomalyMode::is_enabled() && AnomalyMode::should_check_nan());
  }
  EXPECT_FALSE(AnomalyMode::is_enabled());
  EXPECT_TRUE(AnomalyMode::should_check_nan());
}

TEST(AnomalyMode, NamesTheFirstOperationThatMadeANaN) {
  const DetectAnomalyGuard guard;
  const Tensor x = leaf();
  const std::string message = error_of([&] { zero_times_root(x).backward(); });
  EXPECT_THAT(message,
              HasSubstr("anomaly mode: the rule of mul returned NaN as gradient of its input 0 "
                        "(shape [2, 2], float64): in 4 of 4 elements, the first one at [0, 0]; its "
                        "upstream gradient has no NaN, but infinities\n"
                        "  mul was recorded in\n"));
  // Where, in functions, innermost first: without the machinery around them.
  EXPECT_THAT(message, HasSubstr("    adjoint::Tensor::mul(adjoint::Tensor const&) const\n"));
  EXPECT_THAT(message, HasSubstr("zero_times_root(adjoint::Tensor const&)\n"));
  EXPECT_THAT(message, Not(HasSubstr("autograd::Node")));
  EXPECT_LT(message.find("Tensor::mul"), message.find("zero_times_root"));
  EXPECT_FALSE(x.grad().defined());
}

TEST(AnomalyMode, WithoutNaNNothingChanges) {
  const Tensor x = tensor({2.0, 3.0}, kFloat64).requires_grad_();
  const DetectAnomalyGuard guard;
  (x * x).sqrt().sum().backward();
  EXPECT_EQ(x.grad()[1].item<double>(), 1);
  // A NaN that goes to nobody is none.
  const Tensor zero = zeros({2}, kFloat64).requires_grad_();
  (zero.detach().sqrt() * x).sum().backward();
}

TEST(AnomalyMode, ChecksNoNaNIfNotAsked) {
  const DetectAnomalyGuard guard(/*check_nan=*/false);
  const Tensor x = leaf();
  zero_times_root(x).backward();
  EXPECT_TRUE(std::isnan(x.grad()[0][0].item<double>()));
}

TEST(AnomalyMode, SaysWhereTheUpstreamGradientWasNaN) {
  const DetectAnomalyGuard guard;
  const Tensor x = leaf();
  const Tensor y = x * 2;
  EXPECT_THAT(error_of([&] {
                y.backward(full({2, 2}, NAN, kFloat64));
              }),
              HasSubstr("the gradient of output 0 of mul (shape [2, 2], float64) is NaN in 4 of 4 "
                        "elements, and no rule made it so"));
}

TEST(AnomalyMode, SaysSoIfTheForwardPassWasNotTraced) {
  const Tensor x = leaf();
  const Tensor y = zero_times_root(x);
  const DetectAnomalyGuard guard;
  EXPECT_THAT(
      error_of([&] { y.backward(); }),
      HasSubstr("mul was recorded while anomaly mode was off: turn it on before the forward"));
}

TEST(AnomalyMode, AddsThePlaceToOtherErrors) {
  const DetectAnomalyGuard guard;
  const Tensor a = leaf() * 1;
  const Tensor y = a.exp();
  y.detach().add_(1);
  EXPECT_THAT(
      error_of([&] { y.sum().backward(); }),
      AllOf(HasSubstr("exp: a tensor that backward needs"), HasSubstr("exp was recorded in\n")));
}

TEST(AnomalyMode, FollowsHigherOrdersToTheirForward) {
  const DetectAnomalyGuard guard;
  const Tensor x = leaf();
  // Its derivative is sqrt(0 * x), which has none itself.
  const Tensor y =
      autograd::record("odd", x.detach() * 0, {x}, [x = autograd::save(x)](const Tensor& g) {
        return autograd::Grads{g * (x.get() * 0).sqrt()};
      });
  const Tensor first = autograd::grad({y.sum()}, {x}, {}, {}, /*create_graph=*/true)[0];
  EXPECT_THAT(error_of([&] { autograd::grad({first.sum()}, {x}); }),
              AllOf(HasSubstr("the rule of mul returned NaN"),
                    HasSubstr("  during the backward of odd, which was recorded in\n")));
}

}  // namespace
}  // namespace adjoint
