#include <fmt/format.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/join.h"
#include "adjoint/ops/pad.h"
#include "adjoint/ops/view.h"
#include "adjoint/tests/ops/op_samples.h"

namespace adjoint::testing {
namespace {

template <class F>
void add(OpSamples& samples, const std::string& op, const std::string& name, F f,
         variable_list inputs) {
  samples[op].push_back({name, std::move(f), std::move(inputs)});
}

void add_views(OpSamples& samples) {
  // The square of the view, so that the second derivatives are not zero.
  const auto view = [&](const std::string& op, const std::string& name, auto f, Tensor x) {
    const auto squared = [f](const Tensor& t) {
      const Tensor y = f(t);
      return y * y;
    };
    add(samples, op, name, squared, {x});
  };
  view(
      "view", "fewer dimensions",
      [](const Tensor& x) {
        return x.view({6, -1});
      },
      normal_input({2, 3, 2}));
  view(
      "view", "of a slice",
      [](const Tensor& x) {
        return x.view({2, 3, 1});
      },
      sliced(normal_input({2, 6})));
  view(
      "view", "no elements",
      [](const Tensor& x) {
        return x.view({3, 0});
      },
      normal_input({0, 3}));
  view(
      "view", "one element",
      [](const Tensor& x) {
        return x.view({1, 1});
      },
      normal_input({}));
  view(
      "view", "reshape that copies", [](const Tensor& x) { return x.reshape(6); },
      transposed(normal_input({2, 3})));
  view(
      "view", "unflatten",
      [](const Tensor& x) {
        return x.unflatten(1, {2, 3});
      },
      normal_input({2, 6}));
  view(
      "view", "flatten", [](const Tensor& x) { return x.flatten(1); }, normal_input({2, 3, 2}));
  view(
      "transpose", "matrix", [](const Tensor& x) { return x.transpose(0, 1); },
      normal_input({2, 3}));
  view(
      "transpose", "negative dimensions", [](const Tensor& x) { return x.transpose(-1, -3); },
      normal_input({2, 3, 2}));
  view(
      "permute", "three dimensions",
      [](const Tensor& x) {
        return x.permute({2, 0, 1});
      },
      normal_input({2, 3, 2}));
  view(
      "permute", "movedim", [](const Tensor& x) { return x.movedim(0, 2); },
      sliced(normal_input({2, 3, 4})));
  view(
      "select", "row", [](const Tensor& x) { return x[1]; }, normal_input({3, 2}));
  view(
      "select", "last column", [](const Tensor& x) { return x.select(-1, -1); },
      transposed(normal_input({3, 2})));
  view(
      "select", "unbind",
      [](const Tensor& x) {
        const std::vector<Tensor> rows = x.unbind();
        return rows[0] * rows[2];
      },
      normal_input({3, 2}));
  view(
      "slice", "step", [](const Tensor& x) { return x.slice(1, 1, std::nullopt, 2); },
      normal_input({2, 6}));
  view(
      "slice", "step with a remainder", [](const Tensor& x) { return x.slice(0, 0, 5, 3); },
      normal_input({5, 2}));
  view(
      "slice", "nothing", [](const Tensor& x) { return x.slice(0, 2, 2); }, normal_input({3}));
  view(
      "slice", "narrow", [](const Tensor& x) { return x.narrow(-1, 1, 2); },
      transposed(normal_input({3, 2})));
  view(
      "slice", "split",
      [](const Tensor& x) {
        const std::vector<Tensor> parts = x.split(2);
        return parts[0].sum() * parts[2];
      },
      normal_input({5}));
  view(
      "expand", "one dimension",
      [](const Tensor& x) {
        return x.expand({2, 3});
      },
      normal_input({2, 1}));
  view(
      "expand", "new dimensions",
      [](const Tensor& x) {
        return x.expand({4, 2, -1});
      },
      transposed(normal_input({3, 2})));
  view(
      "expand", "no dimensions",
      [](const Tensor& x) {
        return x.expand({2, 2});
      },
      normal_input({}));
  view(
      "squeeze", "all", [](const Tensor& x) { return x.squeeze(); }, normal_input({1, 3, 1}));
  view(
      "squeeze", "one", [](const Tensor& x) { return x.squeeze(-1); }, normal_input({1, 3, 1}));
  view(
      "unsqueeze", "first", [](const Tensor& x) { return x.unsqueeze(0); }, normal_input({3}));
  view(
      "unsqueeze", "last", [](const Tensor& x) { return x.unsqueeze(-1); },
      transposed(normal_input({3, 2})));
  view(
      "as_strided", "windows",
      [](const Tensor& x) {
        return x.as_strided({4, 3}, {1, 1});
      },
      normal_input({6}));
  view(
      "as_strided", "offset",
      [](const Tensor& x) {
        return x.as_strided({2, 2}, {1, 3}, 1);
      },
      normal_input({2, 3}));

  // What only backward passes do.
  add(samples, "slice_backward", "step",
      backward_of([](const Tensor& x) { return x.slice(0, 1, 5, 2); }),
      {normal_input({6, 2}), normal_input({2, 2})});
  add(samples, "slice_backward", "of select", backward_of([](const Tensor& x) { return x[1]; }),
      {normal_input({2, 3}), normal_input({3})});
  add(samples, "scatter_strided", "overlapping windows", backward_of([](const Tensor& x) {
        return x.as_strided({4, 3}, {1, 1});
      }),
      {normal_input({6}), normal_input({4, 3})});
  const auto through_a_view = [](const Tensor& x, const Tensor& v) {
    const Tensor y = x * 2;
    y.select(1, 0).copy_(v * v);
    y.slice(0, 1, 2).mul_(x.select(0, 0));
    return y * y;
  };
  add(samples, "as_strided_scatter", "in place through views", through_a_view,
      {normal_input({2, 3}), normal_input({2})});
}

void add_indexing(OpSamples& samples) {
  const Tensor index = tensor({2, 0, 2});
  for (const int64_t dim : {0, 1}) {
    const std::string name = fmt::format("dimension {}", dim);
    const auto f = [=](const Tensor& x) { return index_select(x, dim, index) * 2; };
    add(samples, "index_select", name, f, {normal_input({3, 3})});
    add(samples, "index_select", name + ", transposed", f, {transposed(normal_input({3, 3}))});
    add(samples, "index_add", name,
        [=](const Tensor& x, const Tensor& s) { return index_add(x, dim, index, s, 1.5); },
        {normal_input({3, 3}), normal_input({3, 3})});
    const Tensor each = tensor({{0, 1, 1}, {2, 0, 1}});
    add(samples, "gather", name, [=](const Tensor& x) { return gather(x, dim, each); },
        {normal_input({3, 3})});
    add(samples, "scatter_add", name,
        [=](const Tensor& x, const Tensor& s) { return scatter_add(x, dim, each, s); },
        {normal_input({3, 3}), normal_input({2, 3})});
  }
}

}  // namespace

void add_view_samples(OpSamples& samples) {
  add_views(samples);
  add_indexing(samples);
  const auto join = [&](const std::string& name, int64_t dim, variable_list parts) {
    add(
        samples, "cat", name, [dim](const variable_list& all) { return cat(all, dim) * 2; },
        std::move(parts));
  };
  join("rows", 0, {normal_input({2, 3}), normal_input({1, 3}), transposed(normal_input({3, 2}))});
  join("columns", -1, {normal_input({2, 1}), sliced(normal_input({2, 4})).detach()});
  join("no elements", 0, {normal_input({0, 3}), normal_input({2, 3})});
  add(samples, "cat", "stack",
      [](const Tensor& a, const Tensor& b) {
        return stack({a, b, a}, 1);
      },
      {normal_input({2, 3}), normal_input({2, 3})});

  const auto padded = [&](const std::string& name, std::vector<int64_t> widths,
                          const std::string& mode, Tensor x) {
    add(samples, "constant_pad_nd", name,
        [=](const Tensor& t) {
          const Tensor y = pad(t, widths, mode);
          return mode == "constant" ? constant_pad_nd(y, {1, 0}, 2) : constant_pad_nd(y, {1, 0});
        },
        {std::move(x)});
  };
  padded("last", {1, 2}, "constant", normal_input({2, 3}));
  padded("two, cut off", {-1, 2, 1, -1}, "constant", normal_input({3, 3}));
  padded("transposed", {0, 1, 2, 0}, "constant", transposed(normal_input({3, 2})));
  padded("reflect", {1, 2, 1, 0}, "reflect", normal_input({1, 2, 3}));
  padded("replicate", {1, 2, 1, 0}, "replicate", normal_input({1, 2, 3}));
  padded("circular", {1, 2, 1, 0}, "circular", normal_input({1, 2, 3}));
}

}  // namespace adjoint::testing
