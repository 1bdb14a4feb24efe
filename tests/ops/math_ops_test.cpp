// Functions, division, rounding, choices, reductions, running results, sorting and products against
// PyTorch: values, dtypes and gradients.

#include "adjoint/adjoint.h"
#include "adjoint/tests/golden/lines.h"

namespace torch = adjoint;
using adjoint::Tensor;
using adjoint::golden::Functions;
using adjoint::golden::Results;
using Inputs = const std::vector<Tensor>&;

namespace {

/// All outputs of an operation that has several.
template <class... T>
Results outputs_of(const std::tuple<T...>& outputs) {
  return std::apply([](const auto&... t) { return Results{t...}; }, outputs);
}
Results outputs_of(const Tensor& output) { return {output}; }

/// Adds a function of the first input, or of the first two, three, ...
template <class F>
void add(Functions& to, const std::string& name, F f) {
  to[name] = [f](Inputs x) -> Results {
    if constexpr (std::is_invocable_v<F, const Tensor&>) {
      return outputs_of(f(x[0]));
    } else if constexpr (std::is_invocable_v<F, const Tensor&, const Tensor&>) {
      return outputs_of(f(x[0], x[1]));
    } else {
      return outputs_of(f(x[0], x[1], x[2]));
    }
  };
}

void add_elementwise(Functions& to) {
  using Unary = Tensor (*)(const Tensor&);
  const std::map<std::string, Unary> unary = {
      {"exp2", torch::exp2},
      {"expm1", torch::expm1},
      {"log2", torch::log2},
      {"log10", torch::log10},
      {"erf", torch::erf},
      {"erfc", torch::erfc},
      {"tan", torch::tan},
      {"asin", torch::arcsin},
      {"acos", torch::arccos},
      {"atan", torch::arctan},
      {"sinh", torch::sinh},
      {"cosh", torch::cosh},
      {"asinh", torch::arcsinh},
      {"acosh", torch::arccosh},
      {"atanh", torch::arctanh},
      {"isposinf", torch::isposinf},
      {"isneginf", torch::isneginf},
      {"signbit", torch::signbit},
      {"floor", torch::floor},
      {"ceil", torch::ceil},
      {"round", torch::round},
      {"trunc", torch::fix},
      {"frac", torch::frac},
      {"bitwise_not", [](const Tensor& x) { return ~x; }},
      {"nan_to_num", [](const Tensor& x) { return x.nan_to_num(); }},
      {"nan_to_num_to", [](const Tensor& x) { return torch::nan_to_num(x, 1, 2, -3); }},
      {"round_2", [](const Tensor& x) { return torch::round(x, 2); }},
      {"round_minus_1", [](const Tensor& x) { return x.round(-1); }},
      {"and_number", [](const Tensor& x) { return x & 3; }},
      {"remainder_number", [](const Tensor& x) { return x % -3; }},
      {"fmod_number", [](const Tensor& x) { return x.fmod(2.5); }},
      {"number_remainder", [](const Tensor& x) { return 17 % x; }},
      {"xlogy_number", [](const Tensor& x) { return x.xlogy(2.5); }},
      {"number_xlogy", [](const Tensor& y) { return torch::xlogy(2, y); }},
  };
  for (const auto& [name, f] : unary) add(to, name, f);
  using Binary = Tensor (*)(const Tensor&, const Tensor&);
  const std::map<std::string, Binary> binary = {
      {"floor_divide", [](const Tensor& a, const Tensor& b) { return torch::floor_divide(a, b); }},
      {"fmod", torch::fmod},
      {"remainder", [](const Tensor& a, const Tensor& b) { return a % b; }},
      {"div_trunc", [](const Tensor& a, const Tensor& b) { return a.div(b, "trunc"); }},
      {"div_floor", [](const Tensor& a, const Tensor& b) { return torch::div(a, b, "floor"); }},
      {"atan2", torch::arctan2},
      {"logaddexp", torch::logaddexp},
      {"logaddexp2", torch::logaddexp2},
      {"xlogy", [](const Tensor& a, const Tensor& b) { return a.xlogy(b); }},
      {"fmax", torch::fmax},
      {"fmin", torch::fmin},
      {"logical_xor", torch::logical_xor},
      {"bitwise_and", [](const Tensor& a, const Tensor& b) { return a & b; }},
      {"bitwise_or", [](const Tensor& a, const Tensor& b) { return a | b; }},
      {"bitwise_xor", [](const Tensor& a, const Tensor& b) { return a ^ b; }},
      {"bitwise_left_shift", torch::bitwise_left_shift},
      {"bitwise_right_shift", torch::bitwise_right_shift},
      {"clamp_low", [](const Tensor& x, const Tensor& low) { return x.clamp_min(low); }},
      {"clamp_high", [](const Tensor& x, const Tensor& high) { return x.clamp_max(high); }},
      {"eq_", [](const Tensor& x, const Tensor& y) { return x.clone().eq_(y); }},
      {"ne_", [](const Tensor& x, const Tensor& y) { return x.clone().ne_(y); }},
      {"lt_", [](const Tensor& x, const Tensor& y) { return x.clone().lt_(y); }},
      {"le_", [](const Tensor& x, const Tensor& y) { return x.clone().le_(y); }},
      {"gt_", [](const Tensor& x, const Tensor& y) { return x.clone().gt_(y); }},
      {"ge_", [](const Tensor& x, const Tensor& y) { return x.clone().ge_(y); }},
      {"logical_and_", [](const Tensor& x, const Tensor& y) { return x.clone().logical_and_(y); }},
      {"logical_or_", [](const Tensor& x, const Tensor& y) { return x.clone().logical_or_(y); }},
      {"logical_xor_", [](const Tensor& x, const Tensor& y) { return x.clone().logical_xor_(y); }},
  };
  for (const auto& [name, f] : binary) {
    add(to, name, [f = f](const Tensor& a, const Tensor& b) { return f(a, b); });
  }
  add(to, "logical_not_", [](const Tensor& x) -> Tensor { return x.clone().logical_not_(); });
  using Ternary = Tensor (*)(const Tensor&, const Tensor&, const Tensor&);
  const std::map<std::string, Ternary> ternary = {
      {"clamp_tensors",
       [](const Tensor& x, const Tensor& low, const Tensor& high) { return x.clamp(low, high); }},
      {"masked_fill_tensor",
       [](const Tensor& x, const Tensor& m, const Tensor& v) { return x.masked_fill(m, v); }},
      {"where_method",
       [](const Tensor& x, const Tensor& c, const Tensor& y) { return x.where(c, y); }},
      {"lerp_tensor",
       [](const Tensor& a, const Tensor& b, const Tensor& w) { return a.lerp(b, w); }},
  };
  for (const auto& [name, f] : ternary) add(to, name, f);
}

void add_reductions(Functions& to) {
  using Ts = const Tensor&;
  add(to, "nansum", [](Ts x) { return x.nansum(); });
  add(to, "nansum_1", [](Ts x) { return x.nansum(1); });
  add(to, "nanmean", [](Ts x) { return torch::nanmean(x); });
  add(to, "nanmean_0", [](Ts x) { return torch::nanmean(x, 0); });
  add(to, "prod", [](Ts x) { return x.prod(); });
  add(to, "prod_0", [](Ts x) { return x.prod(0); });
  add(to, "prod_last_keepdim", [](Ts x) { return torch::prod(x, -1, true); });
  add(to, "logsumexp_1", [](Ts x) { return x.logsumexp(1); });
  add(to, "logsumexp_01_keepdim", [](Ts x) { return x.logsumexp({0, 1}, true); });
  add(to, "count_nonzero", [](Ts x) { return x.count_nonzero(); });
  add(to, "count_nonzero_0", [](Ts x) { return x.count_nonzero(std::optional<int64_t>(0)); });
  add(to, "aminmax", [](Ts x) { return torch::aminmax(x); });
  add(to, "aminmax_1", [](Ts x) { return torch::aminmax(x, 1); });
  add(to, "aminmax_0_keepdim", [](Ts x) { return torch::aminmax(x, 0, true); });
  add(to, "var_mean", [](Ts x) { return torch::var_mean(x); });
  add(to, "std_mean_0",
      [](Ts x) { return torch::std_mean(x, adjoint::IntArrayRef(0), false, true); });
  add(to, "cumsum_0", [](Ts x) { return x.cumsum(0); });
  add(to, "cumsum_1", [](Ts x) { return x.cumsum(1); });
  add(to, "cumsum_transposed", [](Ts x) { return x.t().cumsum(0); });
  add(to, "sort_sliced", [](Ts x) { return x.t().slice(1, 0, std::nullopt, 2).sort(); });
  add(to, "cumprod_0", [](Ts x) { return x.cumprod(0); });
  add(to, "cumprod_1", [](Ts x) { return x.cumprod(-1); });
  add(to, "logcumsumexp_0", [](Ts x) { return x.logcumsumexp(0); });
  add(to, "logcumsumexp_1", [](Ts x) { return x.logcumsumexp(1); });
  add(to, "cummax_1", [](Ts x) { return x.cummax(1); });
  add(to, "cummin_0", [](Ts x) { return x.cummin(0); });
  add(to, "diff", [](Ts x) { return x.diff(); });
  add(to, "diff_2_0", [](Ts x) { return x.diff(2, 0); });
  add(to, "sort", [](Ts x) { return x.sort(); });
  add(to, "sort_0_descending", [](Ts x) { return x.sort(true, 0, true); });
  add(to, "topk_2", [](Ts x) { return x.topk(2); });
  add(to, "topk_1_0_smallest", [](Ts x) { return x.topk(1, 0, false); });
  add(to, "kthvalue_2", [](Ts x) { return x.kthvalue(2); });
  add(to, "kthvalue_1_0_keepdim", [](Ts x) { return x.kthvalue(1, 0, true); });
  add(to, "median", [](Ts x) { return x.median(); });
  add(to, "median_1", [](Ts x) { return x.median(1); });
  add(to, "median_0_keepdim", [](Ts x) { return x.median(0, true); });
  add(to, "unique", [](Ts x) { return torch::_unique2(x, true, true, true); });
  add(to, "unique_0", [](Ts x) { return torch::unique_dim(x, 0, true, true, true); });
  add(to, "unique_consecutive", [](Ts x) { return torch::unique_consecutive(x, true, true); });
  add(to, "unique_consecutive_1", [](Ts x) { return torch::unique_consecutive(x, true, true, 1); });
  add(to, "bincount", [](Ts x) { return torch::bincount(x); });
  add(to, "bincount_6", [](Ts x) { return torch::bincount(x, {}, 6); });
  add(to, "bincount_weights", [](Ts x, Ts w) { return torch::bincount(x, w); });
}

void add_products(Functions& to) {
  using Ts = const Tensor&;
  add(to, "baddbmm", [](Ts s, Ts a, Ts b) { return s.baddbmm(a, b, 0.5, -2); });
  add(to, "addmv", [](Ts s, Ts a, Ts b) { return s.addmv(a, b, 0.5, -2); });
  add(to, "addr", [](Ts s, Ts a, Ts b) { return s.addr(a, b, 0.5, -2); });
  add(to, "addr_ints", [](Ts s, Ts a, Ts b) { return torch::addr(s, a, b); });
  add(to, "inner", [](Ts a, Ts b) { return a.inner(b); });
  add(to, "trace", [](Ts x) { return x.trace(); });
  to["chain_matmul"] = [](Inputs x) -> Results { return {torch::chain_matmul(x)}; };
  add(to, "tensordot", [](Ts a, Ts b) { return torch::tensordot(a, b, {1, -1}, {2, 0}); });
  add(to, "tensordot_0", [](Ts a, Ts b) { return torch::tensordot(a, b, {}, {}); });
  for (const char* equation : {"ii",
                               "ii->i",
                               "ij->ji",
                               "ij->",
                               "...ij->...ji",
                               "iij->ji",
                               "i...->...",
                               "ij,jk",
                               "ij,jk->ki",
                               "bij,bjk->bik",
                               "i,j->ij",
                               "ij,ij->ij",
                               "ij,ij->",
                               "b...ij,b...jk->...ik",
                               "ijk,jil->kl",
                               "ij,k->j",
                               "ii,ij->j",
                               "bn,anm,bm->ba",
                               "a b , b c -> c a",
                               "iAb,Ab->i",
                               "...i,...i->...",
                               "ij,kl,mj->il"}) {
    to[std::string("einsum ") + equation] = [equation](Inputs x) -> Results {
      return {torch::einsum(equation, x)};
    };
  }
}

TEST(MathOps, AgreeWithPyTorch) {
  Functions functions;
  add_elementwise(functions);
  add_reductions(functions);
  add_products(functions);
  adjoint::golden::compare_lines("math_ops.txt", functions);
}

}  // namespace
