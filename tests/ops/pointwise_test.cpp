// Element-by-element operations against PyTorch, at their edges, and in place.

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/ops/kernels/vector_math.h"
#include "adjoint/tests/golden/lines.h"

namespace torch = adjoint;
using adjoint::Scalar;
using adjoint::Tensor;
using adjoint::golden::Results;
using testing::HasSubstr;
using testing::ThrowsMessage;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// ---- PyTorch's numbers --------------------------------------------------------------------------

const adjoint::golden::Functions& functions() {
  using In = const std::vector<Tensor>&;
  static const adjoint::golden::Functions all = {
      {"add", [](In x) -> Results { return {x[0] + x[1]}; }},
      {"sub", [](In x) -> Results { return {x[0] - x[1]}; }},
      {"mul", [](In x) -> Results { return {x[0] * x[1]}; }},
      {"div", [](In x) -> Results { return {x[0] / x[1]}; }},
      {"add_alpha", [](In x) -> Results { return {torch::add(x[0], x[1], 3)}; }},
      {"sub_alpha", [](In x) -> Results { return {torch::sub(x[0], x[1], 3)}; }},
      {"maximum", [](In x) -> Results { return {torch::maximum(x[0], x[1])}; }},
      {"minimum", [](In x) -> Results { return {torch::minimum(x[0], x[1])}; }},
      {"eq", [](In x) -> Results { return {x[0] == x[1]}; }},
      {"ne", [](In x) -> Results { return {x[0] != x[1]}; }},
      {"lt", [](In x) -> Results { return {x[0] < x[1]}; }},
      {"le", [](In x) -> Results { return {x[0] <= x[1]}; }},
      {"gt", [](In x) -> Results { return {x[0] > x[1]}; }},
      {"ge", [](In x) -> Results { return {x[0] >= x[1]}; }},
      {"logical_and", [](In x) -> Results { return {x[0].logical_and(x[1])}; }},
      {"logical_or", [](In x) -> Results { return {x[0].logical_or(x[1])}; }},
      {"neg", [](In x) -> Results { return {-x[0]}; }},
      {"abs", [](In x) -> Results { return {torch::abs(x[0])}; }},
      {"sign", [](In x) -> Results { return {torch::sign(x[0])}; }},
      {"exp", [](In x) -> Results { return {torch::exp(x[0])}; }},
      {"log", [](In x) -> Results { return {torch::log(x[0])}; }},
      {"log1p", [](In x) -> Results { return {torch::log1p(x[0])}; }},
      {"sqrt", [](In x) -> Results { return {torch::sqrt(x[0])}; }},
      {"rsqrt", [](In x) -> Results { return {torch::rsqrt(x[0])}; }},
      {"square", [](In x) -> Results { return {torch::square(x[0])}; }},
      {"reciprocal", [](In x) -> Results { return {torch::reciprocal(x[0])}; }},
      {"sin", [](In x) -> Results { return {torch::sin(x[0])}; }},
      {"cos", [](In x) -> Results { return {torch::cos(x[0])}; }},
      {"tanh", [](In x) -> Results { return {torch::tanh(x[0])}; }},
      {"sigmoid", [](In x) -> Results { return {torch::sigmoid(x[0])}; }},
      {"relu", [](In x) -> Results { return {torch::relu(x[0])}; }},
      {"pow0", [](In x) -> Results { return {x[0].pow(0)}; }},
      {"pow2", [](In x) -> Results { return {x[0].pow(2)}; }},
      {"pow3", [](In x) -> Results { return {x[0].pow(3)}; }},
      {"pow_half", [](In x) -> Results { return {x[0].pow(0.5)}; }},
      {"pow_minus_half", [](In x) -> Results { return {x[0].pow(-0.5)}; }},
      {"pow_minus1", [](In x) -> Results { return {x[0].pow(-1)}; }},
      {"pow_minus2", [](In x) -> Results { return {x[0].pow(-2)}; }},
      {"pow_real", [](In x) -> Results { return {x[0].pow(2.5)}; }},
      {"number_pow", [](In x) -> Results { return {torch::pow(2.5, x[0])}; }},
      {"zero_pow", [](In x) -> Results { return {torch::pow(0, x[0])}; }},
      {"pow", [](In x) -> Results { return {torch::pow(x[0], x[1])}; }},
      {"add_number", [](In x) -> Results { return {x[0] + 2}; }},
      {"rsub", [](In x) -> Results { return {2 - x[0]}; }},
      {"mul_number", [](In x) -> Results { return {3 * x[0]}; }},
      {"div_number", [](In x) -> Results { return {x[0] / 3}; }},
      {"rdiv", [](In x) -> Results { return {3 / x[0]}; }},
      {"clamp", [](In x) -> Results { return {torch::clamp(x[0], -1, 2)}; }},
      {"clamp_min", [](In x) -> Results { return {torch::clamp_min(x[0], 1)}; }},
      {"clamp_max", [](In x) -> Results { return {torch::clamp_max(x[0], 1)}; }},
      {"eq_number", [](In x) -> Results { return {x[0] == 1}; }},
      {"lt_number", [](In x) -> Results { return {x[0] < 1}; }},
      {"logical_not", [](In x) -> Results { return {x[0].logical_not()}; }},
      {"isnan", [](In x) -> Results { return {x[0].isnan()}; }},
      {"isinf", [](In x) -> Results { return {x[0].isinf()}; }},
      {"isfinite", [](In x) -> Results { return {x[0].isfinite()}; }},
      {"to_float32", [](In x) -> Results { return {x[0].to(torch::kFloat32)}; }},
      {"to_float64", [](In x) -> Results { return {x[0].to(torch::kFloat64)}; }},
      {"to_int64", [](In x) -> Results { return {x[0].to(torch::kInt64)}; }},
      {"to_bool", [](In x) -> Results { return {x[0].to(torch::kBool)}; }},
      {"flip", [](In x) -> Results { return {x[0].flip(0)}; }},
      {"addcmul", [](In x) -> Results { return {torch::addcmul(x[0], x[1], x[2], 0.5)}; }},
      {"addcdiv", [](In x) -> Results { return {torch::addcdiv(x[0], x[1], x[2], 0.5)}; }},
      {"lerp_low", [](In x) -> Results { return {torch::lerp(x[0], x[1], 0.25)}; }},
      {"lerp_high", [](In x) -> Results { return {torch::lerp(x[0], x[1], 0.75)}; }},
      {"where", [](In x) -> Results { return {torch::where(x[0], x[1], x[2])}; }},
      {"masked_fill", [](In x) -> Results { return {x[0].masked_fill(x[1], 2.5)}; }},
  };
  return all;
}

TEST(Pointwise, AgreesWithPyTorch) { adjoint::golden::compare_lines("pointwise.txt", functions()); }

// ---- vector math: the same bits everywhere ------------------------------------------------------

template <class T, class Ours, class Exact>
void expect_accurate(double from, double to, double ulps, Ours ours, Exact exact) {
  for (int i = 0; i <= 20000; ++i) {
    const T x = static_cast<T>(from + (to - from) * i / 20000);
    const long double right = exact(static_cast<long double>(x));
    const T rounded = std::abs(static_cast<T>(right));
    const long double ulp =
        std::nextafter(rounded, T(INFINITY)) - static_cast<long double>(rounded);
    ASSERT_LE(std::abs(ours(x) - right), ulps * ulp) << "at " << x;
  }
}

template <class T>
void expect_accurate_functions(double smallest_log, double largest_log) {
  namespace k = adjoint::kernels;
  const auto exp = [](T x) { return k::exp(x); };
  const auto log = [](T x) { return k::log(x); };
  const auto tanh = [](T x) { return k::tanh(x); };
  const auto sigmoid = [](T x) { return k::sigmoid(x); };
  const auto exact_exp = [](long double x) { return std::exp(x); };
  const auto exact_log = [](long double x) { return std::log(x); };
  const auto exact_tanh = [](long double x) { return std::tanh(x); };
  expect_accurate<T>(-2, 2, 1.5, exp, exact_exp);
  expect_accurate<T>(smallest_log, largest_log, 1.5, exp, exact_exp);
  expect_accurate<T>(0.01, 4, 1.5, log, exact_log);
  expect_accurate<T>(0.999, 1.001, 1.5, log, exact_log);
  expect_accurate<T>(std::exp(smallest_log), 1e4 * std::exp(smallest_log), 1.5, log, exact_log);
  expect_accurate<T>(-1, 1, 3, tanh, exact_tanh);
  expect_accurate<T>(-1e-4, 1e-4, 3, tanh, exact_tanh);
  expect_accurate<T>(-25, 25, 3, tanh, exact_tanh);
  expect_accurate<T>(-30, 30, 3, sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); });
}

TEST(VectorMath, IsAccurate) {
  expect_accurate_functions<float>(-100, 88.7);  // e^-100 is denormal
  expect_accurate_functions<double>(-740, 709.7);
}

TEST(VectorMath, ElementsDoNotDependOnTheirPlace) {
  torch::manual_seed(3);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const Tensor x = torch::randn({70000}, dtype) * 4;
    const Tensor odd = torch::empty({70000, 3}, dtype).select(1, 1);
    odd.copy_(x);
    using Unary = Tensor (*)(const Tensor&);
    for (const Unary f : {Unary(torch::exp), Unary(torch::tanh), Unary(torch::sigmoid),
                          Unary([](const Tensor& t) { return torch::log(torch::abs(t)); })}) {
      const Tensor whole = f(x);
      EXPECT_TRUE(whole.equal(f(odd))) << "strided";
      for (const int64_t from : {1, 2, 3, 5, 7, 13, 40001}) {
        for (const int64_t length : {1, 2, 3, 7, 9, 15, 17, 31, 63}) {
          EXPECT_TRUE(f(x.narrow(0, from, length)).equal(whole.narrow(0, from, length)));
        }
      }
    }
  }
}

// ---- dtypes and errors --------------------------------------------------------------------------

Tensor of(std::vector<double> values, adjoint::ScalarType dtype) {
  return torch::tensor(values, torch::kFloat64).to(dtype);
}

template <class T>
std::vector<T> values(const Tensor& t) {
  const Tensor c = t.contiguous();
  return {c.data_ptr<T>(), c.data_ptr<T>() + c.numel()};
}

TEST(Pointwise, NumbersPromoteByTheirKindOnly) {
  EXPECT_EQ((of({1}, torch::kUInt8) + 1).dtype(), torch::kUInt8);
  EXPECT_EQ((of({1}, torch::kInt32) * 1.5).dtype(), torch::kFloat32);
  EXPECT_EQ((of({1}, torch::kFloat64) * 1.5).dtype(), torch::kFloat64);
  EXPECT_EQ((of({1}, torch::kBool) + 1).dtype(), torch::kInt64);
  EXPECT_EQ((1 / of({2}, torch::kInt64)).dtype(), torch::kFloat32);
  EXPECT_EQ(torch::clamp(of({1}, torch::kInt64), 0.5, 2).dtype(), torch::kFloat32);
  const Tensor mask = of({1, 0}, torch::kBool);
  EXPECT_EQ(torch::where(mask, 1, 2).dtype(), torch::kInt64);
  EXPECT_EQ(torch::where(mask, 1.0, 2).dtype(), torch::kFloat32);
  EXPECT_EQ(values<double>(torch::where(mask, of({1, 2}, torch::kFloat64), 0.1)),
            (std::vector<double>{1, 0.1}));
}

TEST(Pointwise, Uint8WrapsAround) {
  const Tensor x = of({1, 200}, torch::kUInt8);
  EXPECT_EQ(values<uint8_t>(x + 300), (std::vector<uint8_t>{45, 244}));
  EXPECT_EQ(values<uint8_t>(x - 2), (std::vector<uint8_t>{255, 198}));
  EXPECT_EQ(values<uint8_t>(x * x), (std::vector<uint8_t>{1, 64}));
  EXPECT_EQ(values<uint8_t>(-x), (std::vector<uint8_t>{255, 56}));
}

TEST(Pointwise, WrongTypesAreErrors) {
  const Tensor flags = of({1, 0}, torch::kBool), whole = of({1, 2}, torch::kInt64);
  const auto message = [](const char* text) {
    return ThrowsMessage<adjoint::Error>(HasSubstr(text));
  };
  EXPECT_THAT([&] { flags - flags; }, message("sub: a bool"));
  EXPECT_THAT([&] { whole - flags; }, message("sub: a bool"));
  EXPECT_THAT([&] { 1 - flags; }, message("rsub: a bool"));
  EXPECT_THAT([&] { -flags; }, message("neg: a bool"));
  EXPECT_THAT([&] { torch::add(whole, whole, 0.5); }, message("alpha is a fraction"));
  EXPECT_THAT([&] { whole.pow(-1); }, message("negative"));
  EXPECT_THAT([&] { torch::clamp(whole); }, message("give a minimum"));
  EXPECT_THAT([&] { torch::where(whole, whole, whole); }, message("bool"));
  EXPECT_THAT([&] { torch::lerp(whole, whole, 0.5); }, message("lerp"));
  EXPECT_THAT([&] { torch::addcdiv(whole, whole, whole); }, message("addcdiv"));
  EXPECT_THAT([&] { torch::add(torch::zeros({2, 3}), torch::zeros({2, 4})); }, message("[2, 3]"));
}

TEST(Pointwise, ABoundThatIsNaNGivesNaN) {
  const Tensor x = of({-1, kNaN, 3}, torch::kFloat32);
  for (const float v : values<float>(torch::clamp(x, 0, kNaN))) EXPECT_TRUE(std::isnan(v));
  for (const float v : values<float>(torch::clamp(x, kNaN, 9))) EXPECT_TRUE(std::isnan(v));
}

/// So many are computed in blocks.
TEST(Pointwise, MillionsOfElementsAreThoseOfTheirParts) {
  const int64_t n = 2'100'003, cut = 1'000'001;
  const Tensor a = torch::randn({n}), b = torch::randn({n});
  const auto compute = [](const Tensor& x, const Tensor& y) {
    return torch::where(x < y, x * 3, (x - y).exp());
  };
  const Tensor parts = torch::cat({compute(a.narrow(0, 0, cut), b.narrow(0, 0, cut)),
                                   compute(a.narrow(0, cut, n - cut), b.narrow(0, cut, n - cut))});
  EXPECT_TRUE(compute(a, b).equal(parts));
}

/// Each operand of three has an innermost loop of its own where it repeats one element.
TEST(Pointwise, AnyOfThreeOperandsMayRepeat) {
  const auto random = [] { return torch::randn({7, 65}); };
  for (int repeated = 0; repeated < 8; ++repeated) {
    const auto operand = [&](int k) {
      return (repeated >> k & 1) != 0 ? random() : random().narrow(1, 0, 1);
    };
    const Tensor a = operand(0), b = operand(1), c = operand(2);
    const auto whole = [](const Tensor& t) { return t.expand({7, 65}).contiguous(); };
    const Tensor one_by_one = torch::addcmul(whole(a), whole(b), whole(c), 0.5);
    EXPECT_TRUE(torch::addcmul(a, b, c, 0.5).expand({7, 65}).equal(one_by_one)) << repeated;
    const Tensor chosen = torch::where(whole(a) < 0, whole(b), whole(c));
    EXPECT_TRUE(torch::where(a < 0, b, c).expand({7, 65}).equal(chosen)) << repeated;
  }
}

// ---- in place -----------------------------------------------------------------------------------

TEST(InPlace, ComputesIntoAnyView) {
  Tensor x = torch::arange(12, torch::kFloat64).view({3, 4});
  x.t().mul_(torch::tensor({1.0, 2.0, 3.0, 4.0}, torch::kFloat64).unsqueeze(1));
  EXPECT_EQ(values<double>(x), (std::vector<double>{0, 2, 6, 12, 4, 10, 18, 28, 8, 18, 30, 44}));
  x.select(1, 2).sub_(1);
  EXPECT_EQ(values<double>(x), (std::vector<double>{0, 2, 5, 12, 4, 10, 17, 28, 8, 18, 29, 44}));
}

TEST(InPlace, ReadsWhatItOverlapsBeforeItWrites) {
  Tensor x = torch::arange(90000, torch::kInt64).view({300, 300});
  const Tensor expected = x + x.t().contiguous();
  x.add_(x.t());
  EXPECT_TRUE(x.equal(expected));
  Tensor line = torch::arange(9, torch::kInt64);
  line.slice(0, 1).add_(line.slice(0, 0, 8));
  EXPECT_EQ(values<int64_t>(line), (std::vector<int64_t>{0, 1, 3, 5, 7, 9, 11, 13, 15}));
}

TEST(InPlace, KeepsShapeAndDtype) {
  const auto message = [](const char* text) {
    return ThrowsMessage<adjoint::Error>(HasSubstr(text));
  };
  Tensor whole = of({1, 2}, torch::kInt64);
  EXPECT_THAT([&] { whole.add_(0.5); }, message("cannot be stored in a tensor of int64"));
  EXPECT_THAT([&] { whole.div_(2); }, message("cannot be stored"));
  EXPECT_THAT(
      [&] {
        whole.add_(torch::zeros({3, 2}, torch::kInt64));
      },
      message("in place, shape [2]"));
  EXPECT_THAT([&] { torch::zeros({1}).expand({3}).add_(1); }, message("clone()"));
  EXPECT_EQ(values<int64_t>(whole), (std::vector<int64_t>{1, 2}));
  // float64 computes, float32 keeps
  Tensor x = of({1, 2}, torch::kFloat32);
  x.add_(of({0.5, 0.25}, torch::kFloat64));
  EXPECT_EQ(values<float>(x), (std::vector<float>{1.5, 2.25}));
}

TEST(InPlace, EveryOperationEqualsItsTwin) {
  torch::manual_seed(5);
  const Tensor a = torch::rand({3, 5}, torch::kFloat64) + 0.5,
               b = torch::rand({5}, torch::kFloat64) + 0.5;
  const Tensor mask = b > 1;
  const std::vector<std::pair<std::function<void(Tensor)>, Tensor>> all = {
      {[&](Tensor x) { x += b; }, a + b},
      {[&](Tensor x) { x += 2; }, a + 2},
      {[&](Tensor x) { x.add_(b, 3); }, torch::add(a, b, 3)},
      {[&](Tensor x) { x -= b; }, a - b},
      {[&](Tensor x) { x -= 2; }, a - 2},
      {[&](Tensor x) { x *= b; }, a * b},
      {[&](Tensor x) { x *= 2; }, a * 2},
      {[&](Tensor x) { x /= b; }, a / b},
      {[&](Tensor x) { x /= 2; }, a / 2},
      {[&](Tensor x) { x.pow_(3); }, a.pow(3)},
      {[&](Tensor x) { x.neg_(); }, -a},
      {[&](Tensor x) { x.abs_(); }, a.abs()},
      {[&](Tensor x) { x.exp_(); }, a.exp()},
      {[&](Tensor x) { x.log_(); }, a.log()},
      {[&](Tensor x) { x.sqrt_(); }, a.sqrt()},
      {[&](Tensor x) { x.tanh_(); }, a.tanh()},
      {[&](Tensor x) { x.sigmoid_(); }, a.sigmoid()},
      {[&](Tensor x) { x.relu_(); }, a.relu()},
      {[&](Tensor x) { x.clamp_(0.7, 1.2); }, a.clamp(0.7, 1.2)},
      {[&](Tensor x) { x.addcmul_(b, b, 2); }, torch::addcmul(a, b, b, 2)},
      {[&](Tensor x) { x.addcdiv_(b, b + 1, 2); }, torch::addcdiv(a, b, b + 1, 2)},
      {[&](Tensor x) { x.lerp_(b, 0.3); }, torch::lerp(a, b, 0.3)},
      {[&](Tensor x) { x.masked_fill_(mask, 7); }, a.masked_fill(mask, 7)},
  };
  const Tensor g = torch::randn({3, 5}, torch::kFloat64);
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(i);
    const Tensor plain = a.clone();
    all[i].first(plain);
    EXPECT_TRUE(plain.equal(all[i].second));
    // Recorded: the same value, and a gradient that reaches the leaf behind the changed tensor.
    const Tensor leaf = a.clone().requires_grad_();
    const Tensor changed = leaf * 1;
    all[i].first(changed);
    EXPECT_TRUE(changed.detach().equal(all[i].second));
    changed.backward(g);
    ASSERT_TRUE(leaf.grad().defined());
    EXPECT_EQ(leaf.grad().sizes(), leaf.sizes());
  }
}

TEST(InPlace, AProductKeepsTheOldValueForTheOtherFactor) {
  const Tensor x = of({2, 3}, torch::kFloat64), w = of({5, 7}, torch::kFloat64).requires_grad_();
  Tensor y = x.clone();
  y *= w;
  y.backward(of({1, 10}, torch::kFloat64));
  EXPECT_EQ(values<double>(w.grad()), (std::vector<double>{2, 30}));
}

TEST(InPlace, ChangingASavedOutputIsAnError) {
  const Tensor x = torch::ones({2}).requires_grad_();
  Tensor y = x.sigmoid();
  const Tensor sum = y * 1;
  {
    const adjoint::NoGradGuard no_grad;
    y.add_(1);
  }
  EXPECT_THAT([&] { sum.backward(torch::ones({2})); },
              ThrowsMessage<adjoint::Error>(HasSubstr("sigmoid")));
}

// Second order through the fused backward passes, where the first derivative is saved as well:
// d²/dx² of sigmoid is s (1-s) (1-2s), of tanh -2 t (1-t²).
TEST(Pointwise, FusedBackwardPassesHaveRules) {
  const Tensor x = of({-1.5, 0.25, 2}, torch::kFloat64).requires_grad_();
  const auto second = [&](const Tensor& y) {
    const Tensor first = torch::autograd::grad({y}, {x}, {torch::ones({3}, torch::kFloat64)},
                                               std::nullopt, /*create_graph=*/true)[0];
    return torch::autograd::grad({first}, {x}, {torch::ones({3}, torch::kFloat64)})[0];
  };
  const Tensor s = x.sigmoid().detach(), t = x.tanh().detach();
  EXPECT_TRUE(second(x.sigmoid()).allclose(s * (1 - s) * (1 - 2 * s), 1e-13, 0));
  EXPECT_TRUE(second(x.tanh()).allclose(-2 * t * (1 - t * t), 1e-13, 0));
}

TEST(Pointwise, ResultsDoNotDependOnTheNumberOfThreads) {
  torch::manual_seed(11);
  const Tensor a = torch::randn({130, 517}), b = torch::randn({517, 130});
  const int before = adjoint::get_num_threads();
  std::vector<Tensor> results;
  for (const int threads : {1, 2, 5}) {
    adjoint::set_num_threads(threads);
    results.push_back(torch::tanh(a * 2 + b.t()) / (1 + torch::exp(a)));
  }
  adjoint::set_num_threads(before);
  EXPECT_TRUE(results[0].equal(results[1]));
  EXPECT_TRUE(results[0].equal(results[2]));
}

}  // namespace
