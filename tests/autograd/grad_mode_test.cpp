// Grad modes: what is recorded under which guard, and what inference tensors may be used for. The
// expectations are what PyTorch 1.13 does.

#include "adjoint/autograd/grad_mode.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using test::error_of;
using ::testing::HasSubstr;

TEST(GradMode, GuardsNestAndAreOfTheirThread) {
  const Tensor w = ones({2}).requires_grad_();
  EXPECT_TRUE(GradMode::is_enabled());
  {
    const NoGradGuard no_grad;
    EXPECT_FALSE((w * 2).requires_grad());
    {
      const AutoGradMode on(true);
      EXPECT_TRUE((w * 2).requires_grad());
    }
    EXPECT_FALSE(GradMode::is_enabled());
    bool elsewhere = false;
    std::thread([&] { elsewhere = GradMode::is_enabled() && !InferenceMode::is_enabled(); }).join();
    EXPECT_TRUE(elsewhere);
  }
  EXPECT_TRUE(GradMode::is_enabled());
  GradMode::set_enabled(false);
  EXPECT_FALSE(GradMode::is_enabled());
  GradMode::set_enabled(true);
}

TEST(InferenceMode, SetsBothModesForAScope) {
  EXPECT_FALSE(InferenceMode::is_enabled());
  {
    const InferenceMode guard;
    EXPECT_TRUE(InferenceMode::is_enabled());
    EXPECT_FALSE(GradMode::is_enabled());
    {
      const InferenceMode off(false);
      EXPECT_FALSE(InferenceMode::is_enabled());
      EXPECT_TRUE(GradMode::is_enabled());
      EXPECT_FALSE(ones({1}).is_inference());
    }
    EXPECT_TRUE(InferenceMode::is_enabled());
    EXPECT_FALSE(GradMode::is_enabled());
  }
  EXPECT_FALSE(InferenceMode::is_enabled());
  EXPECT_TRUE(GradMode::is_enabled());
}

/// What the tests below share: tensors made inside.
struct Made {
  Tensor weight = ones({2}, kFloat64).requires_grad_();
  Tensor inference, result, view_of_normal, view_of_inference;
  Made() {
    const InferenceMode guard;
    inference = full({2}, 3, kFloat64);
    result = weight * 2;
    view_of_normal = weight.view({2, 1});
    view_of_inference = inference.view({2, 1});
  }
};

TEST(InferenceMode, WhichTensorsAreInferenceTensors) {
  const Made made;
  EXPECT_TRUE(made.inference.is_inference());
  EXPECT_TRUE(made.result.is_inference());
  EXPECT_FALSE(made.result.requires_grad());
  EXPECT_FALSE(made.view_of_normal.is_inference());
  EXPECT_TRUE(made.view_of_inference.is_inference());
  EXPECT_FALSE(made.view_of_inference.is_view());  // it is not tracked
  EXPECT_FALSE(made.weight.is_inference());
  // Afterwards: views and detached ones are too, results and clones are not.
  EXPECT_TRUE(made.inference.view({1, 2}).is_inference());
  EXPECT_TRUE(made.inference.detach().is_inference());
  EXPECT_FALSE((made.inference * 2).is_inference());
  EXPECT_FALSE(made.inference.clone().is_inference());
}

TEST(InferenceMode, InferenceTensorsCanBeReadButNotSaved) {
  const Made made;
  const Tensor sum = made.weight + made.inference;  // saves nothing
  sum.sum().backward();
  EXPECT_EQ(made.weight.grad()[0].item<double>(), 1);
  EXPECT_THAT(error_of([&] { made.weight* made.inference; }),
              AllOf(HasSubstr("inference tensor (shape [2], float64) cannot be saved"),
                    HasSubstr("clone()")));
  (made.weight * made.inference.clone()).sum().backward();
  EXPECT_EQ(made.weight.grad()[0].item<double>(), 4);
  const Tensor target = zeros({2}, kFloat64);
  target.copy_(made.inference);
  EXPECT_EQ(target[1].item<double>(), 3);
  const Tensor y = made.weight * 1;
  y.add_(made.inference);
  EXPECT_TRUE(y.requires_grad());
}

TEST(InferenceMode, InferenceTensorsCannotBeChangedOutside) {
  const Made made;
  EXPECT_THAT(error_of([&] { made.inference.add_(1); }),
              AllOf(HasSubstr("add_"), HasSubstr("outside of it")));
  EXPECT_THAT(error_of([&] { made.inference.zero_(); }), HasSubstr("InferenceMode"));
  EXPECT_THAT(error_of([&] { made.view_of_inference.add_(1); }), HasSubstr("InferenceMode"));
  EXPECT_THAT(error_of([&] { made.inference.requires_grad_(); }), HasSubstr("InferenceMode"));
  {
    const NoGradGuard no_grad;
    EXPECT_THAT(error_of([&] { made.inference.add_(1); }), HasSubstr("InferenceMode"));
  }
  EXPECT_EQ(made.inference[0].item<double>(), 3);
  const InferenceMode guard;
  made.inference.add_(1);
  EXPECT_EQ(made.inference[0].item<double>(), 4);
  EXPECT_TRUE(ones({1}, TensorOptions().requires_grad(true)).requires_grad());
}

TEST(InferenceMode, NormalTensorsMayBeChangedInside) {
  const Made made;
  const Tensor y = made.weight * 1;
  const Tensor z = y * y;
  const int64_t version = y._version();
  {
    const InferenceMode guard;
    made.weight.add_(1);
    y.add_(1);
  }
  EXPECT_EQ(made.weight[0].item<double>(), 2);
  EXPECT_EQ(y._version(), version + 1);
  EXPECT_THAT(error_of([&] { z.sum().backward(); }), HasSubstr("changed in place"));
  // A view of a normal tensor that was made inside is not known to the graph.
  EXPECT_THROW(made.view_of_normal.add_(1), Error);
}

TEST(InferenceMode, BackwardInsideOfAGraphMadeOutside) {
  const Tensor w = ones({2}, kFloat64).requires_grad_();
  const Tensor loss = (w * w).sum();
  {
    const InferenceMode guard;
    loss.backward();
  }
  EXPECT_EQ(w.grad()[0].item<double>(), 2);
}

}  // namespace
}  // namespace adjoint
