#include "adjoint/tests/libtorch/show.h"

namespace {

void promotion() {
  const torch::Tensor bytes = torch::tensor({200, 100}, torch::kByte);
  const torch::Tensor ints = torch::tensor({7, -7}, torch::kInt);
  const torch::Tensor longs = torch::tensor({2, 3});
  const torch::Tensor floats = torch::tensor({0.5, 1.5});
  const torch::Tensor doubles = torch::tensor({0.5, 1.5}, torch::kDouble);
  const torch::Tensor bools = torch::tensor({true, false});
  SHOW(bytes + bytes);
  SHOW(bytes + ints);
  SHOW(ints + longs);
  SHOW(longs + floats);
  SHOW(floats + doubles);
  SHOW(floats + torch::tensor(1.0, torch::kDouble));
  SHOW(longs + torch::tensor(1.5));
  SHOW(longs * 1.5);
  SHOW(ints * 2);
  SHOW(bools + bools);
  SHOW(bools * 2);
  SHOW(bools - bools);
  SHOW(bools.logical_not() + 1.5);
  SHOW(ints / longs);
  SHOW(ints / 2);
  SHOW(torch::div(ints, 2, "trunc"));
  SHOW(torch::div(ints, 2, "floor"));
  SHOW(torch::floor_divide(ints, longs));
  SHOW(torch::fmod(ints, 3));
  SHOW(torch::remainder(ints, 3));
  SHOW(torch::remainder(torch::tensor({-2.5, 2.5}), -2));
  SHOW(torch::pow(longs, 2));
  SHOW(torch::pow(longs, -1));
  SHOW(torch::pow(longs, 0.5));
  SHOW(torch::pow(2, longs));
  SHOW(2 - longs);
  SHOW(1 / doubles);
  SHOW(-ints);
  SHOW(-bools);
  SHOW(longs.add(floats, 2));
  SHOW(torch::add(longs, 1, 3));
  SHOW(torch::sub(longs, longs, 2));
  SHOW(longs / 0);
  SHOW(torch::div(longs, torch::tensor({0, 1}), "trunc"));
  SHOW(torch::sqrt(longs));
  SHOW(torch::exp(bools));
  SHOW(torch::ones({2, 1}) + torch::ones({3}));
  SHOW(torch::ones({2}) + torch::ones({3}));
  SHOW(torch::ones({0, 3}) + torch::ones({3}));
}

void of_one_variable() {
  const torch::Tensor x = torch::tensor({-1.75, -0.5, 0.0, 0.5, 2.5}, torch::kDouble);
  const torch::Tensor p = torch::tensor({0.25, 0.5, 1.0, 3.0}, torch::kDouble);
  const torch::Tensor u = torch::tensor({-0.75, 0.0, 0.5}, torch::kDouble);
  SHOW(torch::exp(x));
  SHOW(torch::exp2(x));
  SHOW(torch::expm1(x));
  SHOW(torch::log(p));
  SHOW(torch::log(x));
  SHOW(torch::log2(p));
  SHOW(torch::log10(p));
  SHOW(torch::log1p(p));
  SHOW(torch::sqrt(p));
  SHOW(torch::rsqrt(p));
  SHOW(torch::square(x));
  SHOW(torch::reciprocal(x));
  SHOW(torch::abs(x));
  SHOW(torch::sign(x));
  SHOW(torch::sin(x));
  SHOW(torch::cos(x));
  SHOW(torch::tan(x));
  SHOW(torch::asin(u));
  SHOW(torch::acos(u));
  SHOW(torch::atan(x));
  SHOW(torch::sinh(x));
  SHOW(torch::cosh(x));
  SHOW(torch::tanh(x));
  SHOW(torch::asinh(x));
  SHOW(torch::acosh(p + 1));
  SHOW(torch::atanh(u));
  SHOW(torch::atan2(x, torch::flip(x, {0})));
  SHOW(torch::erf(x));
  SHOW(torch::erfc(x));
  SHOW(torch::sigmoid(x));
  SHOW(torch::relu(x));
  SHOW(torch::floor(x));
  SHOW(torch::ceil(x));
  SHOW(torch::round(x));
  SHOW(torch::round(torch::tensor({0.5, 1.5, 2.5, -0.5})));
  SHOW(torch::round(x * 1.234, 2));
  SHOW(torch::trunc(x));
  SHOW(torch::frac(x));
  SHOW(torch::clamp(x, -1, 1));
  SHOW(torch::clamp(x, torch::nullopt, 0.25));
  SHOW(torch::clamp_min(x, 0));
  SHOW(torch::clamp_max(x, 0));
  SHOW(torch::clamp(x, torch::zeros({5}, torch::kDouble), torch::ones({5}, torch::kDouble)));
  SHOW(torch::nan_to_num(torch::tensor({NAN, INFINITY, 1.0f}), 0.0, 9.0));
  SHOW(torch::softmax(x, 0));
  SHOW(torch::log_softmax(x, -1));
}

void of_several() {
  const torch::Tensor a = torch::tensor({1.0, -2.0, 3.5}, torch::kDouble);
  const torch::Tensor b = torch::tensor({0.5, -3.0, 3.5}, torch::kDouble);
  SHOW(torch::maximum(a, b));
  SHOW(torch::minimum(a, b));
  SHOW(torch::max(a, b));
  SHOW(torch::fmax(a, torch::full({3}, NAN)));
  SHOW(torch::lerp(a, b, 0.25));
  SHOW(torch::lerp(a, b, torch::tensor({0.0, 0.5, 1.0}, torch::kDouble)));
  SHOW(torch::addcmul(a, a, b, 2));
  SHOW(torch::addcdiv(a, a, b, -1));
  SHOW(a == b);
  SHOW(a != b);
  SHOW(a < b);
  SHOW(a <= b);
  SHOW(a > 0);
  SHOW(a >= 1);
  SHOW(torch::tensor({1, 2}) == torch::tensor({1.0, 2.5}));
  SHOW((a > 0) & (b > 0));
  SHOW((a > 0) | (b > 0));
  SHOW((a > 0) ^ (b > 1));
  SHOW(~(a > 0));
  SHOW(torch::logical_and(a, b));
  SHOW(torch::logical_or(a, torch::zeros({3})));
  SHOW(torch::logical_xor(a, b));
  SHOW(torch::logical_not(torch::tensor({0, 3})));
  SHOW(torch::bitwise_and(torch::tensor({6, 3}), 2));
  SHOW(torch::bitwise_or(torch::tensor({4, 1}), torch::tensor({1, 1})));
  SHOW(~torch::tensor({0, 5}));
  SHOW(torch::tensor({1, -3, 7}).bitwise_left_shift(torch::tensor({0, 1, 2})));
  SHOW(torch::bitwise_left_shift(torch::tensor({1, -3}), 4));
  SHOW(torch::bitwise_right_shift(torch::tensor({9, -3}), 1));
  SHOW(torch::bitwise_right_shift(100, torch::tensor({1, 2, 3})));
  SHOW(torch::tensor({5, 6}, torch::kUInt8).bitwise_left_shift_(7));
  SHOW(torch::tensor({1.5}).bitwise_left_shift(1));
  SHOW(torch::tensor({true}).bitwise_left_shift(torch::tensor({true})));
  SHOW(torch::tensor({1.5}) & torch::tensor({1.5}));
  SHOW(torch::isnan(torch::tensor({1.0, NAN})));
  SHOW(torch::isinf(torch::tensor({-INFINITY, NAN})));
  SHOW(torch::isfinite(torch::tensor({1.0, INFINITY})));
  SHOW(torch::signbit(a));
  SHOW(torch::maximum(a, torch::tensor({NAN, 0.f, 0.f})));
  SHOW(torch::logaddexp(a, torch::tensor({2.0})));
  SHOW(torch::logaddexp2(a, -a));
  SHOW(torch::logaddexp(torch::tensor({1}), torch::tensor({2})));
  SHOW(torch::xlogy(torch::tensor({0.0, 2.0}), torch::tensor({0.0, 3.0})));
  SHOW(torch::xlogy(torch::tensor({0, 2}), 3));
  SHOW(torch::xlogy(2, torch::tensor({1, 3})));
  SHOW(torch::tensor({1.0, 2.0}).xlogy_(torch::tensor({3})));
  SHOW(torch::tensor({1}).xlogy_(2));
  SHOW(torch::tensor({1.0, 5.0}).clamp_min_(torch::tensor({2.0, 2.0})));
  SHOW(torch::tensor({1.0, 5.0}).clamp_max_(torch::tensor({2.0, 2.0})));
  SHOW(torch::tensor({1.0, 5.0}).clip(torch::tensor({2.0, 2.0})));
  SHOW(torch::tensor({1, 1, 3}).bincount({}, 6));
}

}  // namespace

void arithmetic() {
  promotion();
  of_one_variable();
  of_several();
}
