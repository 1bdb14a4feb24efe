// Functions of floating-point numbers over the whole range of their arguments, against the C
// library: float32 against its float64 functions.

#include <cmath>
#include <cstring>
#include <numbers>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/ops/random_values.h"

namespace torch = adjoint;
using adjoint::Tensor;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

/// Floats of all magnitudes and both signs: every `step`-th pattern of bits; and all special ones.
Tensor floats(uint32_t step) {
  std::vector<float> made{0.F, -0.F, 1.F, -1.F, kInf, -kInf, NAN, 1e-45F, -1e-45F, 3.4028235e38F};
  for (uint64_t bits = 0; bits >> 32 == 0; bits += step) {
    const auto pattern = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &pattern, sizeof(value));
    made.push_back(value);
  }
  return torch::tensor(made);
}

/// Whether y is the exact value, rounded, within so many units in the last place; and its very bits
/// where that is a zero or infinite.
testing::AssertionResult is_close(float y, double exact, double ulps) {
  const auto rounded = static_cast<float>(exact);
  if (std::isnan(rounded) ? std::isnan(y)
                          : y == rounded && std::signbit(y) == std::signbit(exact)) {
    return testing::AssertionSuccess();
  }
  int exponent;
  std::frexp(exact, &exponent);
  const double ulp = std::ldexp(1., std::max(exponent - 24, -149));
  if (std::isfinite(y) && rounded != 0 && std::abs(y - exact) <= ulps * ulp) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << y << " for " << exact;
}

using Exact = double (*)(double);

struct Function {
  const char* name;
  Tensor (Tensor::*ours)() const;
  Tensor& (Tensor::*in_place)() const;
  Exact exact;
};

const std::vector<Function>& functions() {
  static const std::vector<Function> all{
      {"exp2", &Tensor::exp2, &Tensor::exp2_, std::exp2},
      {"expm1", &Tensor::expm1, &Tensor::expm1_, std::expm1},
      {"log2", &Tensor::log2, &Tensor::log2_, std::log2},
      {"log10", &Tensor::log10, &Tensor::log10_, std::log10},
      {"log1p", &Tensor::log1p, &Tensor::log1p_, std::log1p},
      {"sin", &Tensor::sin, &Tensor::sin_, std::sin},
      {"cos", &Tensor::cos, &Tensor::cos_, std::cos},
      {"tan", &Tensor::tan, &Tensor::tan_, std::tan},
      {"asin", &Tensor::asin, &Tensor::asin_, std::asin},
      {"acos", &Tensor::acos, &Tensor::acos_, std::acos},
      {"atan", &Tensor::atan, &Tensor::atan_, std::atan},
      {"sinh", &Tensor::sinh, &Tensor::sinh_, std::sinh},
      {"cosh", &Tensor::cosh, &Tensor::cosh_, std::cosh},
      {"asinh", &Tensor::asinh, &Tensor::asinh_, std::asinh},
      {"acosh", &Tensor::acosh, &Tensor::acosh_, std::acosh},
      {"atanh", &Tensor::atanh, &Tensor::atanh_, std::atanh},
      {"erf", &Tensor::erf, &Tensor::erf_, std::erf},
      {"erfc", &Tensor::erfc, &Tensor::erfc_, std::erfc},
  };
  return all;
}

TEST(FloatMath, IsWithinHalfAnUlpOfTheExactValue) {
  const Tensor x = floats(65521);
  for (const Function& f : functions()) {
    const Tensor y = (x.*f.ours)();
    for (int64_t i = 0; i < x.numel(); ++i) {
      const float at = x.data_ptr<float>()[i];
      ASSERT_TRUE(is_close(y.data_ptr<float>()[i], f.exact(at), 0.515)) << f.name << " of " << at;
    }
  }
}

/// Next to a multiple of a quarter turn nearly all digits of an angle cancel; up to where the
/// formulas of sin, cos and tan hold, and beyond.
TEST(FloatMath, AnglesNextToQuarterTurns) {
  std::vector<float> angles;
  for (int n = 1; n < 200000; n += n < 1000 ? 1 : 17) {
    const auto quarters = static_cast<float>(n * std::numbers::pi / 2);
    angles.insert(angles.end(), {quarters, -quarters, std::nextafter(quarters, kInf)});
  }
  const Tensor x = torch::tensor(angles);
  for (const Function& f : functions()) {
    if (f.exact != Exact(std::sin) && f.exact != Exact(std::cos) && f.exact != Exact(std::tan)) {
      continue;
    }
    const Tensor y = (x.*f.ours)();
    for (int64_t i = 0; i < x.numel(); ++i) {
      const float at = x.data_ptr<float>()[i];
      ASSERT_TRUE(is_close(y.data_ptr<float>()[i], f.exact(at), 0.515)) << f.name << " of " << at;
    }
  }
}

/// Among them are angles that the formulas of sin, cos and tan do not hold for.
TEST(FloatMath, ElementsDoNotDependOnTheirPlace) {
  const Tensor x = floats(1000003);
  const Tensor spaced = torch::empty({x.numel(), 3}).select(1, 1);
  spaced.copy_(x);
  for (const Function& f : functions()) {
    const Tensor y = (x.*f.ours)(), changed = x.clone(), changed_spaced = spaced.clone();
    const auto same = [&](const Tensor& other) {
      return (y.eq(other) | (y.isnan() & other.isnan())).all().item<bool>();
    };
    EXPECT_TRUE(same((spaced.*f.ours)())) << f.name;
    EXPECT_TRUE(same((changed.*f.in_place)())) << f.name;
    EXPECT_TRUE(same((changed_spaced.*f.in_place)())) << f.name;
    for (const int64_t i : {0, 1, 5, 9, 700}) {
      EXPECT_TRUE(same(torch::cat({y.narrow(0, 0, i), (x.narrow(0, i, 1).*f.ours)(),
                                   y.narrow(0, i + 1, y.numel() - i - 1)})))
          << f.name;
    }
  }
}

TEST(FloatMath, PowersAndAnglesOfPairs) {
  const Tensor x = floats(20000003), y = x.view({-1, 1});
  const Tensor powers = x.pow(y), angles = x.atan2(y);
  const int64_t n = x.numel();
  for (int64_t i = 0; i < n * n; ++i) {
    const double a = x.data_ptr<float>()[i % n], b = x.data_ptr<float>()[i / n];
    ASSERT_TRUE(is_close(powers.data_ptr<float>()[i], std::pow(a, b), 0.515)) << a << " ^ " << b;
    ASSERT_TRUE(is_close(angles.data_ptr<float>()[i], std::atan2(a, b), 0.515)) << a << ", " << b;
  }
  for (const double e : {2.5, -7.25, 0.1, 0., 33.}) {
    const Tensor power = x.pow(e), other = x.pow(torch::full({}, e, torch::kFloat32));
    EXPECT_TRUE((power.eq(other) | (power.isnan() & other.isnan())).all().item<bool>()) << e;
  }
}

template <class T>
bool same_bits(T a, T b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

/// What PyTorch defines, from an exact fmod.
template <class T>
void expect_exact_division(const Tensor& x, const Tensor& y) {
  const Tensor fmod = x.fmod(y), remainder = x.remainder(y), floor = x.floor_divide(y);
  for (int64_t i = 0; i < x.numel(); ++i) {
    const T a = x.data_ptr<T>()[i], b = y.data_ptr<T>()[i], rest = std::fmod(a, b);
    ASSERT_TRUE(same_bits(fmod.data_ptr<T>()[i], rest)) << a << " fmod " << b;
    const bool correct = rest != 0 && (rest < 0) != (b < 0);
    ASSERT_TRUE(same_bits(remainder.data_ptr<T>()[i], correct ? rest + b : rest))
        << a << " % " << b;
    T whole = (a - rest) / b - (correct ? 1 : 0);
    if (whole != 0) {
      whole = std::floor(whole) + (whole - std::floor(whole) > T(0.5) ? 1 : 0);
    } else {
      whole = std::copysign(T(0), a / b);
    }
    ASSERT_TRUE(same_bits(floor.data_ptr<T>()[i], b == 0 ? a / b : whole)) << a << " // " << b;
  }
  EXPECT_TRUE((x.clone().fmod_(y).eq(fmod) | fmod.isnan()).all().item<bool>());
}

TEST(FloatMath, RemaindersAreExact) {
  const Tensor all = floats(20000003);
  const Tensor a = all.repeat(all.numel()), b = all.repeat_interleave(all.numel());
  expect_exact_division<float>(a, b);
  expect_exact_division<double>(a.to(torch::kFloat64), b.to(torch::kFloat64));
  // Multiples and their neighbours, where a rounded quotient is an integer that is one too large.
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const Tensor divisor = adjoint::reals({40000}, dtype) + 1.5;
    const Tensor multiple = divisor * adjoint::integers({40000}, dtype, -9000000, 9000000);
    const double eps = dtype == torch::kFloat32 ? 0x1p-23 : 0x1p-52;
    for (const double shift : {0., eps, -eps, 2 * eps, -2 * eps}) {
      const Tensor dividend = multiple * (1 + shift);
      if (dtype == torch::kFloat32) {
        expect_exact_division<float>(dividend, divisor);
      } else {
        expect_exact_division<double>(dividend, divisor);
      }
    }
  }
}

}  // namespace
