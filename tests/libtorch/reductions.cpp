#include "adjoint/tests/libtorch/show.h"

namespace {

void sums() {
  const torch::Tensor x = torch::tensor({{1.0, -2.0, 3.0}, {4.0, 5.5, -6.0}}, torch::kDouble);
  const torch::Tensor whole = torch::arange(6).view({2, 3});
  SHOW(x.sum());
  SHOW(x.sum(0));
  SHOW(x.sum(torch::IntArrayRef{0, 1}, /*keepdim=*/true));
  SHOW(torch::sum(whole, 1));
  SHOW(torch::sum(whole, torch::kFloat));
  SHOW(torch::tensor({true, true}).sum());
  SHOW(torch::tensor({200, 100}, torch::kByte).sum());
  SHOW(x.mean());
  SHOW(x.mean(1, true));
  SHOW(whole.mean());
  SHOW(whole.mean(torch::kFloat));
  SHOW(x.prod());
  SHOW(x.prod(1));
  SHOW(whole.prod());
  SHOW(x.var());
  SHOW(x.var(/*unbiased=*/false));
  SHOW(x.var(1));
  SHOW(x.std(0, false, true));
  SHOW(torch::std(x));
  SHOW(torch::var_mean(x, 1));
  SHOW(torch::std_mean(x));
  SHOW(x.norm());
  SHOW(x.norm(1));
  SHOW(torch::norm(x, 3));
  SHOW(x.norm(2, 1));
  SHOW(x.norm(INFINITY, 0, true));
  SHOW(torch::logsumexp(x, 1));
  SHOW(torch::nansum(torch::tensor({1.0, NAN})));
  SHOW(torch::count_nonzero(whole));
  SHOW(torch::zeros({0}).sum());
  SHOW(torch::zeros({0}).mean());
  SHOW(torch::zeros({0, 2}).prod(0));
  SHOW(torch::zeros({0}).max());
  SHOW(x.sum(2));
  SHOW(x.sum(torch::IntArrayRef{0, 0}));
  SHOW(torch::trace(x));
}

void extremes() {
  const torch::Tensor x = torch::tensor({{1.0, 9.0, 3.0}, {4.0, 5.0, 5.0}});
  SHOW(x.max());
  SHOW(x.min());
  SHOW(x.max(1));
  SHOW(x.min(0, true));
  SHOW(std::get<1>(torch::max(x, 0)));
  SHOW(x.argmax());
  SHOW(x.argmax(1));
  SHOW(x.argmin(0, true));
  SHOW(x.amax(0));
  SHOW(x.amin({0, 1}));
  SHOW(torch::any(x > 8));
  SHOW(torch::all(x > 0, 1));
  SHOW(torch::all(torch::zeros({0})));
  SHOW(torch::tensor({1.0, NAN, 2.0}).max());
  SHOW(torch::tensor({1.0, NAN, 2.0}).argmax());
  SHOW(torch::median(torch::tensor({3, 1, 2})));
}

void along_lines() {
  const torch::Tensor x = torch::tensor({{3, 1, 2}, {0, 5, 4}});
  SHOW(torch::cumsum(x, 1));
  SHOW(torch::cumprod(x, 0));
  SHOW(torch::cumsum(torch::tensor({0.5, 0.25}), 0));
  SHOW(torch::cumsum(torch::tensor({true, true}), 0));
  SHOW(torch::sort(x));
  SHOW(torch::sort(x, 1, /*descending=*/true));
  SHOW(torch::argsort(x));
  SHOW(torch::topk(x, 2));
  SHOW(torch::topk(x, 1, 0, /*largest=*/false));
  SHOW(torch::topk(x, 4));
  SHOW(torch::kthvalue(x, 2));
  SHOW(std::get<0>(torch::_unique(torch::tensor({3, 1, 3, 2}))));
  SHOW(torch::sort(torch::tensor({2.0, NAN, 1.0})));
}

}  // namespace

void reductions() {
  sums();
  extremes();
  along_lines();
}
