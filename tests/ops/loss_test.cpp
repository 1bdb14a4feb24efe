#include "adjoint/ops/loss.h"

#include <gmock/gmock.h>

#include "adjoint/autograd/engine.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/ops/golden_case.h"
#include "adjoint/tests/ops/random_values.h"

namespace adjoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Loss, ValuesAndGradientsAreThoseOfPyTorch) {
  golden::Cases cases("loss.txt");
  using Inputs = const std::vector<Tensor>&;
  const std::pair<const char*, int64_t> reductions[] = {
      {"none", Reduction::None}, {"mean", Reduction::Mean}, {"sum", Reduction::Sum}};
  for (const auto& [suffix, reduction] : reductions) {
    const int64_t r = reduction;
    const auto compare = [&, end = std::string(suffix)](const std::string& name, const auto& f) {
      cases.compare(name + "_" + end, f);
    };
    compare("mse", [r](Inputs x) { return mse_loss(x[0], x[1], r); });
    compare("l1", [r](Inputs x) { return l1_loss(x[0], x[1], r); });
    compare("bce", [r](Inputs x) { return binary_cross_entropy(x[0], x[1], {}, r); });
    compare("bce_weight",
            [r](Inputs x) { return binary_cross_entropy(x[0], x[1], x[2].detach(), r); });
    compare("logits",
            [r](Inputs x) { return binary_cross_entropy_with_logits(x[0], x[1], {}, {}, r); });
    compare("logits_weights", [r](Inputs x) {
      return binary_cross_entropy_with_logits(x[0], x[1], x[2].detach(), x[3].detach(), r);
    });
    compare("nll", [r](Inputs x) { return nll_loss(x[0], x[1], {}, r); });
    compare("nll_weight_ignore",
            [r](Inputs x) { return nll_loss(x[0], x[1], x[2].detach(), r, 2); });
    compare("cross_entropy", [r](Inputs x) { return cross_entropy_loss(x[0], x[1], {}, r); });
  }
  cases.compare("mse_broadcast", [](Inputs x) { return mse_loss(x[0], x[1]); });
  cases.compare("bce_certain", [](Inputs x) {
    return binary_cross_entropy(x[0], tensor({0.25, 0.0, 1.0, 0.0, 1.0}, kFloat64));
  });
  cases.compare("cross_entropy_rank_1", [](Inputs x) { return cross_entropy_loss(x[0], x[1]); });
  EXPECT_EQ(cases.compared(), cases.count());
}

TEST(Loss, SquaredErrorIsExactOnIntegers) {
  const Tensor a = integers({257, 301}, kFloat32), b = integers({257, 301}, kFloat32);
  const Tensor squares = mse_loss(a, b, Reduction::None);
  EXPECT_TRUE(squares.equal((a - b) * (a - b)));
  EXPECT_EQ(mse_loss(a, b, Reduction::Sum).item<float>(), squares.sum().item<float>());
  EXPECT_EQ(mse_loss(a, b).item<float>(), squares.mean().item<float>());
  EXPECT_EQ(mse_loss(a.t(), b.t(), Reduction::Sum).item<float>(), squares.sum().item<float>());
  EXPECT_EQ(mse_loss(a, full({}, 1.0), Reduction::Sum).item<float>(),
            ((a - 1) * (a - 1)).sum().item<float>());
  EXPECT_TRUE(std::isnan(mse_loss(zeros({0}), zeros({0})).item<float>()));
}

TEST(Loss, SquaredErrorHasItsSecondDerivatives) {
  // s(v) = Σ v (a - b)²·g, so d/da = 2 g (a - b), whose own derivatives are 2 g, -2 g, 2 (a - b).
  const Tensor a = integers({3, 4}, kFloat64).requires_grad_();
  const Tensor b = integers({3, 4}, kFloat64).requires_grad_();
  const Tensor g = integers({}, kFloat64, 1, 4).requires_grad_();
  const Tensor h = integers({3, 4}, kFloat64);
  const Tensor da = autograd::grad({mse_loss(a, b, Reduction::Sum)}, {a}, {g}, true, true)[0];
  EXPECT_TRUE(da.equal(2 * g * (a - b)));
  const auto second = autograd::grad({da}, {a, b, g}, {h});
  EXPECT_TRUE(second[0].equal(2 * g * h));
  EXPECT_TRUE(second[1].equal(-2 * g * h));
  EXPECT_TRUE(second[2].equal((2 * h * (a - b)).sum()));
}

TEST(Loss, TheSameBitsAtEveryThreadCount) {
  const Tensor a = reals({300, 331}, kFloat32), b = reals({300, 331}, kFloat32);
  const int before = get_num_threads();
  set_num_threads(1);
  const Tensor one = mse_loss(a, b);
  set_num_threads(3);
  EXPECT_TRUE(mse_loss(a, b).equal(one));
  set_num_threads(before);
}

TEST(Loss, CertainPredictionsHaveFiniteLosses) {
  const Tensor x = tensor({0.0, 0.0, 1.0, 1.0}, kFloat32),
               t = tensor({0.0, 1.0, 0.0, 1.0}, kFloat32);
  EXPECT_TRUE(binary_cross_entropy(x, t, {}, Reduction::None)
                  .equal(tensor({0.0, 100.0, 100.0, 0.0}, kFloat32)));
  const Tensor scores = tensor({-1000.0, 1000.0, 0.0}, kFloat32);
  EXPECT_TRUE(
      binary_cross_entropy_with_logits(scores, tensor({1.0, 0.0, 0.0}), {}, {}, Reduction::Sum)
          .allclose(tensor(2000 + std::log(2.0))));
}

TEST(Loss, IgnoredClassesDoNotCount) {
  const Tensor x = reals({3, 4}, kFloat64).requires_grad_();
  const Tensor loss = nll_loss(x, tensor({1, 2, 1}), {}, Reduction::Mean, 2);
  EXPECT_DOUBLE_EQ(loss.item<double>(), -(x[0][1] + x[2][1]).item<double>() / 2);
  loss.backward();
  EXPECT_TRUE(x.grad()[1].equal(zeros({4}, kFloat64)));
  EXPECT_TRUE(std::isnan(nll_loss(x, tensor({2, 2, 2}), {}, Reduction::Mean, 2).item<double>()));
  const Tensor hopeless = full({1, 2}, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(nll_loss(hopeless, tensor({-100}), {}, Reduction::Sum).item<float>(), 0);
}

TEST(Loss, ErrorsSayWhatIsWrong) {
  const auto message = [](const char* text) { return ThrowsMessage<Error>(HasSubstr(text)); };
  EXPECT_THAT(
      [] {
        mse_loss(zeros({2, 3}), zeros({4}));
      },
      message("shapes [2, 3] and [4] do not broadcast"));
  EXPECT_THAT([] { mse_loss(zeros({2}, kInt64), zeros({2}, kInt64)); },
              message("mse_loss: expected float32 or float64 tensors, got int64 and int64"));
  EXPECT_THAT([] { mse_loss(zeros({2}), zeros({2}), 3); }, message("mse_loss: reduction 3"));
  EXPECT_THAT(
      [] {
        binary_cross_entropy(tensor({0.5, 1.5}), zeros({2}));
      },
      message("binary_cross_entropy: every input has to be a probability"));
  EXPECT_THAT(
      [] {
        binary_cross_entropy(tensor({0.5, std::nan("")}), zeros({2}));
      },
      message("binary_cross_entropy: every input has to be a probability"));
  EXPECT_THAT(
      [] {
        binary_cross_entropy(zeros({2, 1}), zeros({2}));
      },
      message("input [2, 1] and target [2] differ in shape"));
  EXPECT_THAT(
      [] {
        cross_entropy_loss(zeros({2, 3}), tensor({0, 3}));
      },
      message("class 3 in the target is none of the 3 classes"));
  EXPECT_THAT(
      [] {
        nll_loss(zeros({2, 3}), tensor({0, -1}));
      },
      message("nll_loss: class -1 in the target is none of the 3 classes"));
  EXPECT_THAT(
      [] {
        nll_loss(zeros({2, 3}), tensor({0, 1, 2}));
      },
      message("input [2, 3] expects a target [2], got [3]"));
  EXPECT_THAT(
      [] {
        nll_loss(zeros({2, 3}), zeros({2}));
      },
      message("the target has to be classes, as int64, not float32"));
  EXPECT_THAT(
      [] {
        nll_loss(zeros({2, 3}), tensor({0, 1}), ones({2}));
      },
      message("3 classes expect as many weights, got [2]"));
}

}  // namespace
}  // namespace adjoint
