#include "adjoint/autograd/gradcheck.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/autograd/gradcheck_gtest.h"
#include "adjoint/autograd/record.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/random.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint::autograd {
namespace {

using test::error_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TensorOptions checked_input() { return TensorOptions(kFloat64).requires_grad(true); }

/// x * y with a rule of one's choice.
template <class Rule>
auto product_with(Rule rule) {
  return [rule](const Tensor& x, const Tensor& y) {
    return record("product", x.detach() * y.detach(), {x, y},
                  [x = save(x), y = save(y), rule](const Tensor& g) {
                    return Grads{rule(g, y.get()), g * x.get()};
                  });
  };
}

template <class Check>
std::string report_of(const Check& check) {
  try {
    check();
  } catch (const GradcheckError& e) {
    return e.what();
  }
  return "no error";
}

std::string report(const GradcheckFunction& f, const variable_list& inputs,
                   const GradcheckOptions& options = {}) {
  EXPECT_FALSE(gradcheck(f, inputs, GradcheckOptions(options).raise_exception(false)));
  return report_of([&] { gradcheck(f, inputs, options); });
}

const auto kRight = product_with([](const Tensor& g, const Tensor& y) { return g * y; });

TEST(Gradcheck, PassesRightRulesInEveryMode) {
  manual_seed(1);
  const Tensor x = randn({2, 3}, checked_input()), y = randn({2, 3}, checked_input());
  for (const bool fast : {false, true}) {
    for (const int order : {2, 4}) {
      const GradcheckOptions options = GradcheckOptions().fast_mode(fast).order(order);
      EXPECT_GRADCHECK(kRight, {x, y}, options);
      EXPECT_GRADGRADCHECK(kRight, {x, y}, options);
    }
  }
  EXPECT_GRADGRADCHECK(kRight, {x, y}, GradcheckOptions().gen_non_contig_grad_outputs(true));
}

TEST(Gradcheck, TakesFunctionsOfAnyForm) {
  const Tensor x = randn({2}, checked_input()), y = randn({2}, checked_input());
  EXPECT_TRUE(gradcheck([](const Tensor& a) { return a * a; }, x));
  EXPECT_TRUE(gradcheck([](Tensor a, Tensor b) { return variable_list{a * b, a + b}; }, {x, y}));
  EXPECT_TRUE(gradcheck([](const variable_list& all) { return all[0] * all[1]; }, {x, y}));
  EXPECT_TRUE(gradcheck([](auto a, auto b) { return std::tuple(a * b, b * b); }, {x, y}));
  EXPECT_THROW(gradcheck([](const Tensor& a) { return a; }, {x, y}), Error);
  // Of inputs that it also uses through other handles.
  EXPECT_TRUE(gradcheck([&](const Tensor& a, const Tensor&) { return a * y; }, {x, y}));
}

TEST(Gradcheck, ReportNamesOperationInputElementAndValues) {
  const Tensor x = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}, checked_input());
  const Tensor y = tensor({{7.0, 8.0, 9.0}, {-1.0, -2.0, -20.0}}, checked_input());
  EXPECT_EQ(
      report(product_with([](const Tensor& g, const Tensor& y) { return g * -y; }), {x, y}),
      "gradcheck: the gradient of output 0 (computed by product) with respect to input 0 is wrong\n"
      "  output 0: shape [2, 3], float64; input 0: shape [2, 3], float64\n"
      "  6 of 36 elements of the Jacobian disagree: |analytic - numeric| > 1e-05 + 0.001 * "
      "|numeric|; the worst 5:\n"
      "  output element   input element          analytic        numeric          error\n"
      "  [1, 2]           [1, 2]                       20            -20             40\n"
      "  [0, 2]           [0, 2]                       -9              9             18\n"
      "  [0, 1]           [0, 1]                       -8              8             16\n"
      "  [0, 0]           [0, 0]                       -7              7             14\n"
      "  [1, 1]           [1, 1]                        2             -2              4\n"
      "  pattern: the sign is flipped\n");
}

TEST(Gradcheck, ReportsSimplePatterns) {
  manual_seed(2);
  const Tensor x = randn({3, 3}, checked_input()), y = randn({3, 3}, checked_input());
  const auto report_of_rule = [&](auto rule) { return report(product_with(rule), {x, y}); };
  EXPECT_THAT(report_of_rule([](const Tensor& g, const Tensor& y) { return g * y * 2; }),
              HasSubstr("pattern: analytic = 2 * numeric\n"));
  EXPECT_THAT(report_of_rule([](const Tensor& g, const Tensor& y) { return (g * y).t(); }),
              HasSubstr("pattern: the gradient is transposed in its last two dimensions\n"));
  EXPECT_THAT(report_of_rule([](const Tensor& g, const Tensor& y) {
                return (g * y).flip({0, 1});
              }),
              HasSubstr("pattern: the gradient is flipped along its last two dimensions"));
  EXPECT_THAT(report_of_rule([](const Tensor&, const Tensor&) { return Tensor(); }),
              HasSubstr("pattern: the analytic gradient is zero there"));
  EXPECT_THAT(report_of_rule([](const Tensor& g, const Tensor& y) {
                Tensor row = tensor({{1.0}, {2.5}, {1.0}}, kFloat64);
                return g * y * row;
              }),
              AllOf(HasSubstr("3 of 81 elements"),
                    HasSubstr("pattern: only elements at index 1 of dimension 0 of the output are "
                              "wrong\n"),
                    HasSubstr("pattern: analytic = 2.5 * numeric\n")));
}

TEST(Gradcheck, ReportsAMissingTerm) {
  // x² + x, whose rule leaves the second term out.
  const auto f = [](const Tensor& x) {
    return record("poly", x.detach() * x.detach() + x.detach(), {x},
                  [x = save(x)](const Tensor& g) { return Grads{g * 2 * x.get()}; });
  };
  EXPECT_THAT(report(f, {tensor({1.0, 3.0}, checked_input())}),
              AllOf(HasSubstr("2 of 4 elements"),
                    HasSubstr("[1]              [1]                           6              7"),
                    Not(HasSubstr("pattern"))));
}

TEST(Gradcheck, ReportsWrongSecondDerivativesOnly) {
  manual_seed(3);
  const Tensor x = randn({2, 2}, checked_input()), y = randn({2, 2}, checked_input());
  // The first derivative is right, but its own rule is computed from a wrong one.
  const auto f = product_with([](const Tensor& g, const Tensor& y) {
    return record("dx", g.detach() * y.detach(), {g, y},
                  [g = save(g), y = save(y)](const Tensor& gg) {
                    return Grads{gg * y.get(), gg * g.get() * 3};
                  });
  });
  EXPECT_GRADCHECK(f, {x, y});
  EXPECT_THAT(report_of([&] {
                gradgradcheck(f, {x, y});
              }),
              AllOf(HasSubstr("gradgradcheck: the gradient of the gradient of input 0 (computed by "
                              "dx) with respect to input 1 is wrong"),
                    HasSubstr("analytic = 3 * numeric")));
  // A rule that forgets where its values came from.
  const auto detached =
      product_with([](const Tensor& g, const Tensor& y) { return g.detach() * y.detach(); });
  EXPECT_GRADCHECK(detached, {x, y});
  EXPECT_THAT(report_of([&] {
                gradgradcheck(detached, {x, y});
              }),
              HasSubstr("gradgradcheck: the gradient of input 0 (shape [2, 2], float64) does not "
                        "require grad, but depends on input 1"));
  EXPECT_FALSE(gradgradcheck(detached, {x, y}, GradcheckOptions().raise_exception(false)));
}

TEST(Gradcheck, ReportsNonDeterministicAndNonLinearRules) {
  const Tensor x = ones({2}, checked_input()), y = ones({2}, checked_input());
  int calls = 0;
  const auto drifting = product_with(
      [&calls](const Tensor& g, const Tensor& y) { return g * y * (1 + 1e-9 * ++calls); });
  EXPECT_THAT(report(drifting, {x, y}),
              AllOf(HasSubstr("backward is not deterministic"), HasSubstr("nondet_tol = 0")));
  calls = 0;
  EXPECT_GRADCHECK(drifting, {x, y}, GradcheckOptions().nondet_tol(1e-6));
  EXPECT_THAT(
      report(product_with([](const Tensor& g, const Tensor& y) { return g * g * y; }), {x, y}),
      HasSubstr("is not linear in the upstream gradient"));
}

TEST(Gradcheck, ReportsAFunctionThatDrawsRandomNumbers) {
  EXPECT_THAT(
      report([](const Tensor& x) { return x * rand_like(x); }, {ones({2}, checked_input())}),
      HasSubstr("note: the function gives different values for the same inputs"));
}

TEST(Gradcheck, FastModeFindsAndExplainsErrors) {
  manual_seed(4);
  const Tensor x = randn({4, 5}, checked_input()), y = randn({4, 5}, checked_input());
  EXPECT_THAT(report(product_with([](const Tensor& g, const Tensor& y) { return g * y * 2; }),
                     {x, y}, GradcheckOptions().fast_mode(true)),
              HasSubstr("pattern: analytic = 2 * numeric\n"));
}

TEST(Gradcheck, OrderFourResolvesAHundredTimesSmallerErrors) {
  manual_seed(5);
  const Tensor x = randn({4}, checked_input()), y = randn({4}, checked_input());
  const auto slightly_wrong =
      product_with([](const Tensor& g, const Tensor& y) { return g * y * 1.0003; });
  EXPECT_GRADCHECK(slightly_wrong, {x, y});
  EXPECT_THAT(report(slightly_wrong, {x, y}, GradcheckOptions().order(4)),
              HasSubstr("analytic = 1 * numeric"));
  EXPECT_EQ(GradcheckOptions().order(4).atol(), 1e-7);
  EXPECT_EQ(GradcheckOptions().eps(1e-2).order(4).eps(), 1e-2);
  EXPECT_THROW(GradcheckOptions().order(3), Error);
}

TEST(Gradcheck, TellsKinksFromWrongRules) {
  // |x| with the derivative `at_zero` at 0.
  const auto magnitude = [](double at_zero) {
    return [at_zero](const Tensor& x) {
      Tensor y = x.detach().clone(), slope = x.detach().clone();
      for (int64_t i = 0; i < x.numel(); ++i) {
        const double value = x.data_ptr<double>()[i];
        y.data_ptr<double>()[i] = std::abs(value);
        slope.data_ptr<double>()[i] = value > 0 ? 1 : value < 0 ? -1 : at_zero;
      }
      return record("abs", y, {x}, [slope](const Tensor& g) { return Grads{g * slope}; });
    };
  };
  const Tensor x = tensor({-2.0, 0.0, 1.0}, checked_input());
  EXPECT_THAT(
      report(magnitude(1), {x}, GradcheckOptions().allow_kinks(false)),
      AllOf(HasSubstr("1 of 9 elements"), HasSubstr("(a kink: -1 to the left, 1 to the right)")));
  EXPECT_GRADCHECK(magnitude(1), {x});
  EXPECT_GRADCHECK(magnitude(-0.5), {x}, GradcheckOptions().order(4));
  EXPECT_GRADCHECK(magnitude(1), {x}, GradcheckOptions().fast_mode(true));
  EXPECT_THAT(report(magnitude(1.5), {x}), HasSubstr("a kink"));
  // A jump is no kink: whatever the gradient, it is wrong.
  const auto jump = [](const Tensor& x) {
    return record("jump", x.detach().ge(0.0).to(kFloat64), {x},
                  [](const Tensor& g) { return Grads{g * 3}; });
  };
  EXPECT_THAT(report(jump, {x}), Not(HasSubstr("a kink")));
  // What float32 rounds off is none either.
  const auto rounded = [](const Tensor& a) { return a.to(kFloat32) * 2; };
  EXPECT_THAT(report(rounded, {x}), Not(HasSubstr("a kink")));
}

TEST(Gradcheck, RefusesOptionsWithoutMeaning) {
  const Tensor x = ones({2}, checked_input());
  const auto message = [&](const GradcheckOptions& options) {
    return error_of([&] { gradcheck([](const Tensor& a) { return a * a; }, x, options); });
  };
  EXPECT_EQ(message(GradcheckOptions().eps(0)),
            "gradcheck: eps is the step of the differences and has to be positive, got 0");
  EXPECT_THAT(message(GradcheckOptions().eps(NAN)), HasSubstr("has to be positive, got nan"));
  EXPECT_EQ(message(GradcheckOptions().atol(-1)),
            "gradcheck: tolerances cannot be negative, got atol -1, rtol 0.001, nondet_tol 0");
  EXPECT_THAT(message(GradcheckOptions().rtol(NAN)), HasSubstr("rtol nan"));
  EXPECT_THAT(message(GradcheckOptions().nondet_tol(-1)), HasSubstr("nondet_tol -1"));
}

TEST(Gradcheck, ChecksDtypesOfGradients) {
  const Tensor x = ones({2}, checked_input()), y = ones({2}, kFloat32).requires_grad_();
  EXPECT_GRADCHECK([&](const Tensor& a) { return a * y.detach(); }, {x},
                   GradcheckOptions().check_grad_dtypes(true));
}

TEST(Gradcheck, ChecksNonContiguousAndNonLeafInputsAndLeavesThemAsTheyWere) {
  manual_seed(6);
  const Tensor leaf = randn({3, 4}, checked_input());
  const Tensor x = leaf.t(), y = (leaf * 2).slice(0, 0, 3, 2).t();
  const Tensor before = leaf.detach().clone();
  const int64_t version = leaf._version();
  const auto f = [](const Tensor& a) { return a * a; };
  EXPECT_GRADCHECK(f, {x});
  EXPECT_GRADGRADCHECK(f, {y});
  EXPECT_TRUE(leaf.equal(before));
  EXPECT_EQ(leaf._version(), version);
  EXPECT_FALSE(leaf.grad().defined());
}

TEST(Gradcheck, ZeroSizedAndDimensionlessTensors) {
  EXPECT_GRADCHECK(kRight, {zeros({0, 3}, checked_input()), zeros({0, 3}, checked_input())});
  EXPECT_GRADGRADCHECK(kRight, {tensor(2.0, checked_input()), tensor(3.0, checked_input())});
  EXPECT_THAT(report(product_with([](const Tensor& g, const Tensor& y) { return g * -y; }),
                     {tensor(2.0, checked_input()), tensor(3.0, checked_input())}),
              HasSubstr("  []               []                           -3              3"));
}

TEST(Gradcheck, RefusesInputsThatItCannotCheck) {
  const Tensor x = ones({2, 3}, checked_input());
  const auto message = [](const variable_list& inputs) {
    try {
      gradcheck([](const variable_list& all) { return all[0] * 2; }, inputs,
                GradcheckOptions().raise_exception(false));
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message({ones({2}, kFloat64)}), HasSubstr("at least one input that requires grad"));
  EXPECT_THAT(message({ones({3}, kFloat64).expand({2, 3}).requires_grad_()}),
              HasSubstr("input 0 overlaps itself in memory"));
  EXPECT_THAT(message({x, x}), HasSubstr("input 0 and input 1 share memory"));
  EXPECT_THAT(message({x, x.detach().select(0, 1)}), HasSubstr("share memory"));
  // Different elements of one storage are fine.
  EXPECT_EQ(message({x.select(0, 0), x.select(0, 1)}), "no error");
}

TEST(Gradcheck, UndifferentiatedOutputsMustBeConstant) {
  EXPECT_THAT(report([](const Tensor& x) { return x.detach() * 2; }, {ones({2}, checked_input())}),
              HasSubstr("output 0 (shape [2], float64) does not require grad, but depends on input "
                        "0: at [0] its derivative by element [0] is 2"));
  EXPECT_GRADCHECK([](const Tensor& x) { return ones_like(x.detach()); },
                   {ones({2}, checked_input())});
}

TEST(Gradcheck, FindsARuleThatIgnoresItsUpstreamGradient) {
  const auto two = [](const Tensor& x) {
    const std::vector<Tensor> outputs =
        record("two", {x.detach() * 2, x.detach() * 3}, {x}, [](Grads&& g, Needs) {
          const Tensor a = g[0].defined() ? g[0] * 2 : ones({2}, kFloat64);
          return Grads{g[1].defined() ? a + g[1] * 3 : a};
        });
    return outputs;
  };
  EXPECT_THAT(report(two, {ones({2}, checked_input())}), HasSubstr("the gradient of output 1"));
}

}  // namespace
}  // namespace adjoint::autograd
