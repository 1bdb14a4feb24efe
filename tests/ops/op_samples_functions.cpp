// Samples of functions, rounding, division, choices and comparisons in place.

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/choose.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/division.h"
#include "adjoint/ops/functions.h"
#include "adjoint/ops/log_domain.h"
#include "adjoint/ops/rounding.h"
#include "adjoint/ops/trigonometry.h"
#include "adjoint/ops/update.h"
#include "adjoint/tests/ops/op_samples.h"

namespace adjoint::testing {
namespace {

template <class F>
void add(OpSamples& samples, const std::string& op, const std::string& name, F f,
         variable_list inputs) {
  samples[op].push_back({name, std::move(f), std::move(inputs)});
}

/// Within (-0.85, 0.85), no two of equal magnitude: the domain of the arcs.
Tensor small_input(IntArrayRef size) {
  return (positive_input(size).detach() * 0.8 - 0.9).mul(1.1).requires_grad_();
}
/// Between 1.5 and 3.
Tensor above_one_input(IntArrayRef size) {
  return (positive_input(size).detach() + 1).requires_grad_();
}

struct UnaryCase {
  const char* op;
  Make make;
  Tensor (Tensor::*function)() const;
  Tensor& (Tensor::*in_place)() const;
};

void add_functions_of_one(OpSamples& samples) {
  const UnaryCase cases[] = {
      {"exp2", normal_input, &Tensor::exp2, &Tensor::exp2_},
      {"expm1", normal_input, &Tensor::expm1, &Tensor::expm1_},
      {"log2", positive_input, &Tensor::log2, &Tensor::log2_},
      {"log10", positive_input, &Tensor::log10, &Tensor::log10_},
      {"erf", normal_input, &Tensor::erf, &Tensor::erf_},
      {"erfc", normal_input, &Tensor::erfc, &Tensor::erfc_},
      {"tan", small_input, &Tensor::tan, &Tensor::tan_},
      {"asin", small_input, &Tensor::asin, &Tensor::asin_},
      {"acos", small_input, &Tensor::acos, &Tensor::acos_},
      {"atan", normal_input, &Tensor::atan, &Tensor::atan_},
      {"sinh", normal_input, &Tensor::sinh, &Tensor::sinh_},
      {"cosh", normal_input, &Tensor::cosh, &Tensor::cosh_},
      {"asinh", normal_input, &Tensor::asinh, &Tensor::asinh_},
      {"acosh", above_one_input, &Tensor::acosh, &Tensor::acosh_},
      {"atanh", small_input, &Tensor::atanh, &Tensor::atanh_},
      {"floor", distinct_input, &Tensor::floor, &Tensor::floor_},
      {"ceil", distinct_input, &Tensor::ceil, &Tensor::ceil_},
      {"round", distinct_input, &Tensor::round, &Tensor::round_},
      {"trunc", distinct_input, &Tensor::trunc, &Tensor::trunc_},
      {"frac", distinct_input, &Tensor::frac, &Tensor::frac_},
  };
  for (const UnaryCase& c : cases) {
    // The product, because a function that is constant between its jumps would not be seen.
    add_unary(samples, c.op, c.make,
              [f = c.function](const Tensor& x) { return (x.*f)() * x + (x.*f)(); });
    add(samples, c.op, "in place",
        [f = c.in_place](const Tensor& x) {
          const Tensor y = x * 1.0;
          return (y.*f)() * x;
        },
        {c.make({2, 3})});
    add(samples, c.op, "in place in a view",
        [f = c.in_place](const Tensor& x) {
          const Tensor y = x * 1.0;
          (y.select(1, 1).*f)();
          return y;
        },
        {c.make({2, 3})});
  }
  const std::pair<const char*, Tensor& (Tensor::*)() const> others[] = {
      {"log1p", &Tensor::log1p_}, {"rsqrt", &Tensor::rsqrt_},
      {"sign", &Tensor::sign_},   {"reciprocal", &Tensor::reciprocal_},
      {"sin", &Tensor::sin_},     {"cos", &Tensor::cos_},
      {"pow", &Tensor::square_},
  };
  for (const auto& [op, in_place] : others) {
    add(samples, op, "in place",
        [f = in_place](const Tensor& x) {
          const Tensor y = x * 1.0;
          return (y.*f)() * x;
        },
        {positive_input({2, 3})});
  }
  add(samples, "round", "decimals", [](const Tensor& x) { return x.round(1) * x; },
      {distinct_input({2, 3})});
  add(samples, "round", "decimals in place",
      [](const Tensor& x) { return (x * 1.0).round_(-1) * x; }, {distinct_input({2, 3})});
  add_unary(samples, "nan_to_num", distinct_input,
            [](const Tensor& x) { return x.nan_to_num() * x; });
  add(samples, "nan_to_num", "in place",
      [](const Tensor& x) {
        Tensor y = x * 1.0;
        return nan_to_num_(y) * x;
      },
      {distinct_input({3})});
}

void add_functions_of_two(OpSamples& samples) {
  add_binary(samples, "atan2", normal_input, positive_input,
             [](const Tensor& a, const Tensor& b) { return a.atan2(b); });
  add(samples, "atan2", "in place",
      [](const Tensor& a, const Tensor& b) { return (a * 1.0).atan2_(b); },
      {normal_input({2, 3}), positive_input({3})});
  add_binary(samples, "logaddexp", normal_input, normal_input,
             [](const Tensor& a, const Tensor& b) { return a.logaddexp(b); });
  add_binary(samples, "logaddexp2", normal_input, normal_input,
             [](const Tensor& a, const Tensor& b) { return a.logaddexp2(b); });
  add_binary(samples, "xlogy", normal_input, positive_input,
             [](const Tensor& a, const Tensor& b) { return a.xlogy(b); });
  add(samples, "xlogy", "in place",
      [](const Tensor& a, const Tensor& b) { return (a * 1.0).xlogy_(b); },
      {normal_input({2, 3}), positive_input({3})});
  add(samples, "xlogy", "number", [](const Tensor& a) { return a.xlogy(2.5); },
      {normal_input({2, 3})});
  add(samples, "xlogy", "of a number", [](const Tensor& b) { return xlogy(2.5, b); },
      {positive_input({2, 3})});
  add(samples, "pow", "in place, tensor",
      [](const Tensor& a, const Tensor& b) { return (a * 1.0).pow_(b); },
      {positive_input({2, 3}), normal_input({3})});

  const auto divided = [&](const std::string& op, auto f, auto in_place) {
    // Not near a jump: the quotients are no integers.
    const auto dividend = [](IntArrayRef size) { return distinct_input(size); };
    const auto divisor = [](IntArrayRef size) {
      return (distinct_input(size).detach() * 0.1 + 1.83).requires_grad_();
    };
    add_binary(samples, op, +dividend, +divisor,
               [f](const Tensor& a, const Tensor& b) { return f(a, b) * (a + b) + f(a, b); });
    add(samples, op, "in place",
        [in_place](const Tensor& a, const Tensor& b) { return in_place(a * 1.0, b) * b; },
        {dividend({2, 3}), divisor({3})});
  };
  using Ts = const Tensor&;
  divided(
      "div_trunc", [](Ts a, Ts b) { return a.div(b, "trunc"); },
      [](Ts a, Ts b) { return a.div_(b, "trunc"); });
  divided(
      "floor_divide", [](Ts a, Ts b) { return a.floor_divide(b); },
      [](Ts a, Ts b) { return a.div_(b, "floor"); });
  divided(
      "fmod", [](Ts a, Ts b) { return a.fmod(b); }, [](Ts a, Ts b) { return a.fmod_(b); });
  divided(
      "remainder", [](Ts a, Ts b) { return a % b; }, [](Ts a, Ts b) { return a.remainder_(b); });
  add(samples, "fmod", "number", [](Ts a) { return a.fmod(0.35); }, {distinct_input({4})});
  add(samples, "remainder", "of a number", [](Ts b) { return remainder(5.3, b); },
      {positive_input({4})});

  const auto shifted = [](IntArrayRef size) {
    return (distinct_input(size).detach() + 0.05).requires_grad_();
  };
  add_binary(samples, "fmax", distinct_input, +shifted, [](Ts a, Ts b) { return a.fmax(b) * a; });
  add_binary(samples, "fmin", distinct_input, +shifted, [](Ts a, Ts b) { return a.fmin(b) * a; });
  add_binary(samples, "clamp_tensor", distinct_input, +shifted,
             [](Ts x, Ts low) { return x.clamp(low) * x; });
  add(samples, "clamp_tensor", "max", [](Ts x, Ts high) { return x.clamp_max(high) * x; },
      {distinct_input({2, 3}), shifted({3})});
  add(samples, "clamp_tensor", "both", [](Ts x, Ts low, Ts high) { return x.clamp(low, high) * x; },
      {distinct_input({3, 4}), (shifted({4}).detach() - 0.4).requires_grad_(),
       (shifted({3, 1}).detach() + 0.6).requires_grad_()});
  add(samples, "clamp_tensor", "in place",
      [](Ts x, Ts low, Ts high) { return (x * 1.0).clamp_(low, high); },
      {distinct_input({3, 4}), (shifted({4}).detach() - 0.4).requires_grad_(),
       (shifted({3, 1}).detach() + 0.6).requires_grad_()});
}

void add_others(OpSamples& samples) {
  using Ts = const Tensor&;
  const auto lerped = [](Ts a, Ts b, Ts w) { return a.lerp(b, w); };
  add(samples, "lerp", "tensor weight", lerped,
      {normal_input({2, 3}), normal_input({2, 3}), distinct_input({2, 3})});
  add(samples, "lerp", "tensor weight, broadcast", lerped,
      {normal_input({2, 1}), normal_input({3}), distinct_input({})});
  add(samples, "lerp", "tensor weight, in place",
      [](Ts a, Ts b, Ts w) { return (a * 1.0).lerp_(b, w); },
      {normal_input({2, 3}), normal_input({3}), distinct_input({2, 1})});
  const Tensor mask = tensor({{true, false, true}, {false, false, true}});
  add(samples, "where", "masked_fill with a tensor",
      [mask](Ts x, Ts value) { return x.masked_fill(mask, value); },
      {normal_input({2, 3}), normal_input({})});
  add(samples, "where", "masked_fill_ with a tensor",
      [mask](Ts x, Ts value) { return (x * 1.0).masked_fill_(mask, value); },
      {normal_input({2, 3}), normal_input({})});
  add(samples, "where", "method", [mask](Ts x, Ts y) { return x.where(mask, y); },
      {normal_input({2, 3}), normal_input({3})});

  // In place, the answers replace what was there, with its gradient.
  using InPlace = Tensor& (Tensor::*)(const Tensor&) const;
  const std::pair<const char*, InPlace> answers[] = {
      {"eq_", &Tensor::eq_},
      {"ne_", &Tensor::ne_},
      {"lt_", &Tensor::lt_},
      {"le_", &Tensor::le_},
      {"gt_", &Tensor::gt_},
      {"ge_", &Tensor::ge_},
      {"logical_and_", &Tensor::logical_and_},
      {"logical_or_", &Tensor::logical_or_},
      {"logical_xor_", &Tensor::logical_xor_},
  };
  const Tensor other = full({3}, 0.31, kFloat64);
  for (const auto& [op, in_place] : answers) {
    add(samples, op, "against a constant",
        [f = in_place, other](Ts x) {
          const Tensor y = x * 1.0;
          return (y.*f)(other) + x;
        },
        {distinct_input({2, 3})});
  }
  add(samples, "logical_not_", "alone",
      [](Ts x) {
        const Tensor y = x * 1.0;
        return y.logical_not_() + x;
      },
      {distinct_input({2, 3})});
}

}  // namespace

void add_function_samples(OpSamples& samples) {
  add_functions_of_one(samples);
  add_functions_of_two(samples);
  add_others(samples);
}

}  // namespace adjoint::testing
