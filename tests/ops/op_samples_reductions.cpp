#include <cmath>

#include <fmt/format.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/loss.h"
#include "adjoint/ops/reduce.h"
#include "adjoint/ops/softmax.h"
#include "adjoint/tests/ops/op_samples.h"

namespace adjoint::testing {
namespace {

using Make = Tensor (*)(IntArrayRef);

/// f(x, dims, keepdim) over choices of dimensions and layouts; no dimensions stand for all.
template <class F>
void add_over_dims(OpSamples& samples, const std::string& op, Make make, F f,
                   bool several_dims = true) {
  std::vector<OpSample>& list = samples[op];
  const auto with = [&](const std::string& name, Dims dims, bool keepdim, Tensor x) {
    list.push_back(
        {name, [=](const Tensor& t) { return f(t, IntArrayRef(dims), keepdim); }, {std::move(x)}});
  };
  with("first", {0}, false, make({3, 2}));
  with("middle, keepdim", {1}, true, make({2, 3, 2}));
  with("last", {-1}, false, make({2, 3}));
  with("transposed", {0}, false, transposed(make({2, 3})));
  with("sliced", {1}, true, sliced(make({2, 6})));
  with("of one element", {0}, false, make({1, 3}));
  if (several_dims) with("two, keepdim", {0, 2}, true, make({2, 3, 2}));
  list.push_back({"expanded",
                  [=](const Tensor& t) {
                    return f(t.expand({2, 3}), IntArrayRef(Dims{1}), false);
                  },
                  {make({3})}});
}

template <class F>
void add(OpSamples& samples, const std::string& op, const std::string& name, F f,
         variable_list inputs) {
  samples[op].push_back({name, std::move(f), std::move(inputs)});
}

void add_losses(OpSamples& samples) {
  for (const int64_t reduction : {Reduction::None, Reduction::Mean, Reduction::Sum}) {
    const std::string name = fmt::format("reduction {}", reduction);
    const auto with = [&](const std::string& op, auto f, variable_list inputs) {
      add(samples, op, name, f, std::move(inputs));
    };
    with("mse_loss", [=](const Tensor& x, const Tensor& y) { return mse_loss(x, y, reduction); },
         {normal_input({2, 3}), transposed(normal_input({3, 2}))});
    const Tensor upstream = reduction == Reduction::None ? normal_input({2, 3}) : normal_input({});
    with("mse_loss_backward",
         [=](const Tensor& g, const Tensor& x, const Tensor& y) {
           return mse_loss_backward(g, x, y, reduction);
         },
         {upstream, normal_input({2, 3}), normal_input({2, 3})});
    // Probabilities: between 0.17 and 0.67.
    const auto probabilities = [](const Tensor& x) { return x / 3; };
    with("binary_cross_entropy",
         [=](const Tensor& x, const Tensor& y, const Tensor& w) {
           return binary_cross_entropy(probabilities(x), probabilities(y.detach()), w.detach(),
                                       reduction);
         },
         {positive_input({2, 3}), positive_input({2, 3}).detach(), positive_input({3}).detach()});
    with("binary_cross_entropy_with_logits",
         [=](const Tensor& x, const Tensor& y, const Tensor& w, const Tensor& p) {
           return binary_cross_entropy_with_logits(x, probabilities(y), w, p, reduction);
         },
         {normal_input({2, 3}), positive_input({2, 3}).detach(), positive_input({3}).detach(),
          positive_input({3}).detach()});
  }
}

}  // namespace

void add_reduction_samples(OpSamples& samples) {
  add_over_dims(samples, "sum", normal_input,
                [](const Tensor& x, IntArrayRef d, bool keep) { return x.sum(d, keep); });
  add(samples, "sum", "all", [](const Tensor& x) { return x.sum(); }, {normal_input({2, 3})});
  add(samples, "sum", "no dimensions", [](const Tensor& x) { return x.sum(); }, {normal_input({})});
  add(samples, "sum", "no elements", [](const Tensor& x) { return x.sum(0); },
      {normal_input({0, 3})});
  add_over_dims(samples, "mean", normal_input,
                [](const Tensor& x, IntArrayRef d, bool keep) { return x.mean(d, keep); });
  add(samples, "mean", "all", [](const Tensor& x) { return x.mean(); },
      {transposed(normal_input({2, 3}))});
  add(samples, "mean", "no dimensions", [](const Tensor& x) { return x.mean(); },
      {normal_input({})});
  add(samples, "sum_to_size", "column",
      [](const Tensor& x) {
        return x.sum_to_size({2, 1});
      },
      {normal_input({4, 2, 3})});
  add(samples, "sum_to_size", "number", [](const Tensor& x) { return x.sum_to_size({}); },
      {normal_input({2, 3})});

  for (const bool unbiased : {true, false}) {
    const auto dims = [&](const std::string& op, auto f) {
      const std::string name = unbiased ? "unbiased" : "biased";
      add(samples, op, name + " all", [=](const Tensor& x) { return f(x, IntArrayRef(), false); },
          {normal_input({2, 3})});
      add(samples, op, name + " last",
          [=](const Tensor& x) { return f(x, IntArrayRef(Dims{-1}), false); },
          {transposed(normal_input({3, 2}))});
      add(samples, op, name + " two, keepdim",
          [=](const Tensor& x) {
            return f(x, IntArrayRef(Dims{0, 2}), true);
          },
          {normal_input({2, 3, 2})});
    };
    dims("var", [unbiased](const Tensor& x, IntArrayRef d, bool keep) {
      return d.empty() ? var(x, unbiased) : var(x, d, unbiased, keep);
    });
    dims("std", [unbiased](const Tensor& x, IntArrayRef d, bool keep) {
      return d.empty() ? std(x, unbiased) : std(x, d, unbiased, keep);
    });
  }
  for (const double p : {0.0, 1.0, 2.0, 3.0, HUGE_VAL}) {
    add(samples, "norm", fmt::format("p = {}, all", p),
        [p](const Tensor& x) { return x.norm(p) + x.sum(); }, {distinct_input({2, 3})});
    add(samples, "norm", fmt::format("p = {}, last, keepdim", p),
        [p](const Tensor& x) { return norm(x, p, {1}, true) + x; },
        {transposed(distinct_input({3, 2}))});
  }

  add_over_dims(samples, "amax", distinct_input,
                [](const Tensor& x, IntArrayRef d, bool keep) { return x.amax(d, keep); });
  add_over_dims(samples, "amin", distinct_input,
                [](const Tensor& x, IntArrayRef d, bool keep) { return x.amin(d, keep); });
  const auto values = [](const std::tuple<Tensor, Tensor>& both) { return std::get<0>(both); };
  add_over_dims(
      samples, "max", distinct_input,
      [=](const Tensor& x, IntArrayRef d, bool keep) { return values(x.max(d[0], keep)); }, false);
  add(samples, "max", "all", [](const Tensor& x) { return x.max(); }, {distinct_input({2, 3})});
  add_over_dims(
      samples, "min", distinct_input,
      [=](const Tensor& x, IntArrayRef d, bool keep) { return values(x.min(d[0], keep)); }, false);
  add(samples, "min", "all", [](const Tensor& x) { return x.min(); }, {distinct_input({2, 3})});

  const auto ignore_keepdim = [](auto f) {
    return [f](const Tensor& x, IntArrayRef d, bool) { return f(x, d[0]); };
  };
  add_over_dims(samples, "softmax", normal_input,
                ignore_keepdim([](const Tensor& x, int64_t d) { return softmax(x, d); }), false);
  add_over_dims(samples, "log_softmax", normal_input,
                ignore_keepdim([](const Tensor& x, int64_t d) { return log_softmax(x, d); }),
                false);
  for (const int64_t dim : {0, 1, -1}) {
    const std::string name = fmt::format("dim {}", dim);
    add(samples, "softmax_backward", name,
        [=](const Tensor& g, const Tensor& y) { return softmax_backward(g, y, dim); },
        {normal_input({2, 3, 2}), transposed(positive_input({3, 2, 2}))});
    add(samples, "log_softmax_backward", name,
        [=](const Tensor& g, const Tensor& y) { return log_softmax_backward(g, y, dim); },
        {transposed(normal_input({3, 2, 2})), normal_input({2, 3, 2})});
  }
  add_losses(samples);
}

}  // namespace adjoint::testing
