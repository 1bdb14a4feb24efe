// Samples of running results, products, sorting, logsumexp and what is made of matrix products.

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/cumulative.h"
#include "adjoint/ops/einsum.h"
#include "adjoint/ops/matmul.h"
#include "adjoint/ops/reduce.h"
#include "adjoint/ops/sort.h"
#include "adjoint/tests/ops/op_samples.h"

namespace adjoint::testing {
namespace {

using Ts = const Tensor&;

template <class F>
void add(OpSamples& samples, const std::string& op, const std::string& name, F f,
         variable_list inputs) {
  samples[op].push_back({name, std::move(f), std::move(inputs)});
}

/// f(x, dim) over dimensions and layouts.
template <class F>
void add_along(OpSamples& samples, const std::string& op, Make make, F f) {
  std::vector<OpSample>& list = samples[op];
  const auto with = [&](const std::string& name, int64_t dim, Tensor x) {
    list.push_back({name, [f, dim](Ts t) { return f(t, dim); }, {std::move(x)}});
  };
  with("first", 0, make({3, 2}));
  with("middle", 1, make({2, 3, 2}));
  with("last", -1, make({2, 4}));
  with("transposed", 0, transposed(make({2, 3})));
  with("sliced", 1, sliced(make({2, 6})));
  with("one element", 0, make({1, 3}));
  with("no dimensions", 0, make({}));
  with("no elements", 1, make({0, 3}));
  list.push_back({"expanded", [f](Ts t) { return f(t.expand({3, 2}), 0); }, {make({2})}});
}

/// Numbers with zeros among them, so that 0, 1 and 2 of them are in a line.
Tensor input_with_zeros() {
  const Tensor x = normal_input({3, 4}).detach();
  for (const auto& [i, j] : {std::pair{0, 1}, {1, 0}, {1, 2}, {2, 3}}) x[i][j].fill_(0);
  return x.requires_grad_();
}

Tensor values(const std::tuple<Tensor, Tensor>& both) { return std::get<0>(both); }

void add_running(OpSamples& samples) {
  add_along(samples, "cumsum", normal_input, [](Ts x, int64_t d) { return x.cumsum(d); });
  add_along(samples, "cumprod", normal_input, [](Ts x, int64_t d) { return x.cumprod(d); });
  add_along(samples, "prod", normal_input, [](Ts x, int64_t d) { return x.prod(d); });
  add_along(samples, "logcumsumexp", normal_input,
            [](Ts x, int64_t d) { return x.logcumsumexp(d); });
  add_along(samples, "cummax", distinct_input, [](Ts x, int64_t d) { return values(x.cummax(d)); });
  add_along(samples, "cummin", distinct_input, [](Ts x, int64_t d) { return values(x.cummin(d)); });
  for (const int64_t dim : {0, 1}) {
    add(samples, "cumprod", "zeros", [dim](Ts x) { return x.cumprod(dim); }, {input_with_zeros()});
    add(samples, "prod", "zeros", [dim](Ts x) { return x.prod(dim, true); }, {input_with_zeros()});
  }
  add(samples, "prod", "all", [](Ts x) { return x.prod(); }, {positive_input({2, 3})});
  add(samples, "prod", "all, one zero", [](Ts x) { return x.select(0, 0).prod(); },
      {input_with_zeros()});
  add(samples, "cumsum", "in place", [](Ts x) { return (x * 1.0).cumsum_(1); },
      {normal_input({2, 3})});
  add(samples, "cumprod", "in place", [](Ts x) { return (x * 1.0).cumprod_(0); },
      {normal_input({2, 3})});
  for (const bool reverse : {false, true}) {
    const auto recurrence = [reverse](Ts a, Ts b) { return linear_recurrence(a, b, 0, reverse); };
    add(samples, "linear_recurrence", "both", recurrence,
        {normal_input({4, 2}), transposed(normal_input({2, 4}))});
    add(samples, "linear_recurrence", "terms only", recurrence,
        {normal_input({4, 2}).detach(), normal_input({4, 2})});
  }
}

void add_ordered(OpSamples& samples) {
  add_along(samples, "sort", distinct_input, [](Ts x, int64_t d) { return values(x.sort(d)); });
  add(samples, "sort", "descending", [](Ts x) { return values(x.sort(true, 0, true)); },
      {distinct_input({3, 2})});
  add_along(samples, "topk", distinct_input, [](Ts x, int64_t d) { return values(x.topk(1, d)); });
  add(samples, "topk", "two smallest", [](Ts x) { return values(x.topk(2, 0, false)); },
      {distinct_input({3, 2})});
  add_along(samples, "kthvalue", distinct_input,
            [](Ts x, int64_t d) { return values(x.kthvalue(1, d)); });
  add(samples, "kthvalue", "second, keepdim", [](Ts x) { return values(x.kthvalue(2, 1, true)); },
      {distinct_input({2, 3})});
  add_along(samples, "median", distinct_input, [](Ts x, int64_t d) { return values(x.median(d)); });
  add(samples, "median", "all", [](Ts x) { return x.median() * x; }, {distinct_input({2, 3})});
}

void add_reductions(OpSamples& samples) {
  add_along(samples, "logsumexp", normal_input, [](Ts x, int64_t d) { return x.logsumexp(d); });
  add(samples, "logsumexp", "two, keepdim",
      [](Ts x) {
        return x.logsumexp({0, 2}, true);
      },
      {normal_input({2, 3, 2})});
  add(samples, "sum", "nansum", [](Ts x) { return x.nansum(1); }, {normal_input({2, 3})});
  add(samples, "sum", "nanmean", [](Ts x) { return nanmean(x, 0); }, {normal_input({2, 3})});
  add(samples, "amax", "aminmax",
      [](Ts x) {
        const auto [low, high] = aminmax(x, 1);
        return low * high;
      },
      {distinct_input({2, 3})});
  add(samples, "var", "var_mean",
      [](Ts x) {
        const auto [var, mean] = var_mean(x, 0);
        return var * mean;
      },
      {normal_input({3, 2})});
}

void add_products(OpSamples& samples) {
  const auto einsum_of = [&](const std::string& op, const char* equation, variable_list inputs) {
    samples[op].push_back(
        {std::string("einsum ") + equation,
         [equation](const variable_list& x) { return variable_list{einsum(equation, x)}; },
         std::move(inputs)});
  };
  einsum_of("diagonal", "ii->i", {normal_input({3, 3})});
  einsum_of("diagonal", "iji->j",
            {transposed(normal_input({3, 6})).detach().view({3, 2, 3}).requires_grad_()});
  einsum_of("bmm", "...ij,jk->...ik", {normal_input({2, 3, 2}), normal_input({2, 3})});
  einsum_of("bmm", "ij,ij->", {normal_input({2, 3}), transposed(normal_input({3, 2}))});
  einsum_of("bmm", "ij,jk,kl->il",
            {normal_input({2, 3}), normal_input({3, 2}), normal_input({2, 2})});
  einsum_of("mul", "i,j->ji", {normal_input({2}), normal_input({3})});
  add(samples, "bmm", "tensordot",
      [](Ts a, Ts b) {
        return tensordot(a, b, {0, 2}, {1, 0});
      },
      {normal_input({2, 3, 2}), normal_input({2, 2, 3})});
  add(samples, "bmm", "inner", [](Ts a, Ts b) { return inner(a, b); },
      {normal_input({2, 3}), normal_input({4, 3})});
  add(samples, "bmm", "baddbmm", [](Ts s, Ts a, Ts b) { return baddbmm(s, a, b, 0.5, -2); },
      {normal_input({2, 1, 2}), normal_input({2, 2, 3}), normal_input({2, 3, 2})});
  add(samples, "bmm", "baddbmm_",
      [](Ts s, Ts a, Ts b) { return (s * 1.0).baddbmm_(a, b, 0.5, -2); },
      {normal_input({2, 2, 2}), normal_input({2, 2, 3}), normal_input({2, 3, 2})});
  add(samples, "mm", "addmv", [](Ts s, Ts a, Ts b) { return addmv(s, a, b); },
      {normal_input({}), normal_input({2, 3}), normal_input({3})});
  add(samples, "addmm", "in place", [](Ts s, Ts a, Ts b) { return (s * 1.0).addmm_(a, b, 0.5); },
      {normal_input({2, 2}), normal_input({2, 3}), normal_input({3, 2})});
  add(samples, "mm", "addmv_", [](Ts s, Ts a, Ts b) { return (s * 1.0).addmv_(a, b, 0.5, 2); },
      {normal_input({2}), normal_input({2, 3}), normal_input({3})});
  add(samples, "mul", "addr_", [](Ts s, Ts a, Ts b) { return (s * 1.0).addr_(a, b, 0.5, 2); },
      {normal_input({2, 3}), normal_input({2}), normal_input({3})});
  add(samples, "mul", "addr", [](Ts s, Ts a, Ts b) { return addr(s, a, b, 0.5, 2); },
      {normal_input({3}), normal_input({2}), normal_input({3})});
  add(samples, "diagonal", "trace, tall", [](Ts x) { return trace(x); }, {normal_input({4, 2})});
  samples["mm"].push_back({"chain_matmul",
                           [](const variable_list& m) { return variable_list{chain_matmul(m)}; },
                           {normal_input({2, 3}), normal_input({3, 1}), normal_input({1, 2})}});
}

}  // namespace

void add_running_samples(OpSamples& samples) {
  add_running(samples);
  add_ordered(samples);
  add_reductions(samples);
  add_products(samples);
}

}  // namespace adjoint::testing
