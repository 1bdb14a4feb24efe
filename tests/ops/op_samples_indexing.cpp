#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/indexing.h"
#include "adjoint/ops/rearrange.h"
#include "adjoint/ops/view.h"
#include "adjoint/tests/ops/op_samples.h"

namespace adjoint::testing {
namespace {

using indexing::None;
using indexing::Slice;
using indexing::TensorIndex;

template <class F>
void add(OpSamples& samples, const std::string& op, const std::string& name, F f,
         variable_list inputs) {
  // The square of the result, so that the second derivatives are not zero.
  const auto squared = [f = std::move(f)](const variable_list& all) {
    const Tensor y = f(all);
    return y * y;
  };
  samples[op].push_back({name, squared, std::move(inputs)});
}

using In = const variable_list&;

void add_index_lists(OpSamples& samples) {
  const auto get = [&](const std::string& name, std::vector<TensorIndex> indices, Tensor x) {
    add(samples, "index", name, [indices](In all) { return all[0].index(indices); }, {x});
  };
  const Tensor list = tensor({1, 0, -1}), column = tensor({{0}, {1}});
  get("list with repetitions", {list}, normal_input({3, 2}));
  get("last dimension, transposed", {"...", list}, transposed(normal_input({3, 2})));
  get("side by side, broadcast", {Slice(), column, list}, normal_input({2, 2, 3}));
  get("apart", {list, Slice(1), tensor(1), list}, normal_input({2, 3, 2, 3}));
  get("mask", {tensor({{true, false}, {true, true}})}, sliced(normal_input({2, 4})));
  get("mask and integer", {-1, None, tensor({true, false, true})}, normal_input({2, 3}));
  get("nothing", {tensor({false, false})}, normal_input({2, 3}));
  get("of nothing", {Slice(), tensor({0, 1})}, normal_input({0, 2}));
  get("without dimensions", {true, None}, normal_input({}));

  const auto put = [&](const std::string& op, const std::string& name,
                       std::vector<TensorIndex> indices, Tensor x, Tensor value) {
    add(samples, op, name,
        [indices](In all) { return (all[0] * 1).index_put_(indices, all[1] * all[1]); },
        {std::move(x), std::move(value)});
  };
  put("index_copy", "index_put_", {list}, normal_input({3, 2}), normal_input({2}));
  put("index_copy", "index_put_, one place twice", {tensor({1, 1, 0})}, normal_input({3}),
      normal_input({3}));
  put("index_copy", "index_put_ apart", {column, Slice(), list}, normal_input({2, 2, 3}),
      normal_input({3, 1}));
  put("index_copy", "index_put_ of a mask", {"...", tensor({true, false, true})},
      transposed(normal_input({3, 2})), normal_input({}));
  put("as_strided_scatter", "index_put_ of a slice", {Slice(None, None, 2), 1},
      normal_input({3, 2}), normal_input({2}));
}

void add_slices(OpSamples& samples) {
  const Tensor list = tensor({2, 0}), twice = tensor({1, 1});
  const auto both = [&](const std::string& name, int64_t dim, Tensor at, Tensor x, Tensor source) {
    add(samples, "index_copy", name, [=](In all) { return all[0].index_copy(dim, at, all[1]); },
        {x, source});
    add(samples, "index_fill", name, [=](In all) { return all[0].index_fill(dim, at, 0.5); }, {x});
  };
  both("rows", 0, list, normal_input({3, 2}), normal_input({2, 2}));
  both("columns, transposed", -1, list, transposed(normal_input({3, 2})),
       transposed(normal_input({2, 2})));
  both("one slice twice", 1, twice, normal_input({2, 3}), sliced(normal_input({2, 4})));
  both("no index", 0, zeros({0}, kInt64), normal_input({2}), normal_input({0}));
  both("no elements", 1, list, normal_input({0, 3}), normal_input({0, 2}));
  both("without dimensions", 0, tensor({0}), normal_input({}), normal_input({}));
  add(samples, "index_add", "in place, in a view",
      [=](In all) {
        const Tensor y = all[0] * 1;
        y.t().index_add_(0, twice, all[1], 2);
        return y;
      },
      {normal_input({2, 3}), normal_input({2, 2})});
}

void add_elements(OpSamples& samples) {
  const auto both = [&](const std::string& name, int64_t dim, Tensor at, Tensor x, Tensor source) {
    add(samples, "scatter", name, [=](In all) { return all[0].scatter(dim, at, all[1]); },
        {x, source});
    add(samples, "scatter_value", name, [=](In all) { return all[0].scatter(dim, at, 0.5); }, {x});
  };
  both("columns", 1, tensor({{2, 0}, {1, 2}}), normal_input({2, 3}), normal_input({2, 2}));
  both("fewer than src, one twice", 0, tensor({{1, 0}, {1, 1}}), transposed(normal_input({3, 2})),
       normal_input({3, 2}));
  both("no index", -1, zeros({2, 0}, kInt64), normal_input({2, 3}), normal_input({2, 3}));
  both("without dimensions", 0, tensor(0), normal_input({}), normal_input({}));
  add(samples, "scatter_add", "in place",
      [](In all) {
        return (all[0] * 1).scatter_add_(0, tensor({1, 1}), all[1]);
      },
      {normal_input({2}), normal_input({3})});
  add(samples, "index_select", "take",
      [](In all) {
        return all[0].take(tensor({{0, -1}, {0, 2}}));
      },
      {transposed(normal_input({2, 3}))});
  add(samples, "index_select", "masked_select, broadcast",
      [](In all) {
        return all[0].masked_select(tensor({{true}, {false}, {true}}));
      },
      {normal_input({2})});
  add(samples, "index_copy", "masked_scatter",
      [](In all) {
        return all[0].masked_scatter(tensor({true, false, true}), all[1]);
      },
      {normal_input({2, 3}), normal_input({5})});
  add(samples, "index_copy", "put, transposed",
      [](In all) {
        return (all[0] * 1).t().put_(tensor({1, -1, 1}), all[1]);
      },
      {normal_input({2, 3}), normal_input({3})});
  add(samples, "index_add", "put, accumulated",
      [](In all) {
        return put(all[0], tensor({1, -1, 1}), all[1], true);
      },
      {normal_input({2, 3}), normal_input({3})});
  add(samples, "gather", "take_along_dim, broadcast",
      [](In all) {
        return all[0].take_along_dim(tensor({{0, 1, 1}}), 0);
      },
      {normal_input({2, 1})});
}

void add_rearrangements(OpSamples& samples) {
  const auto one = [&](const std::string& op, const std::string& name, auto f, Tensor x) {
    add(samples, op, name, [f](In all) { return f(all[0]); }, {std::move(x)});
  };
  using X = const Tensor&;
  one(
      "roll", "flat", [](X x) { return x.roll(4); }, transposed(normal_input({2, 3})));
  one(
      "roll", "two dimensions",
      [](X x) {
        return x.roll({-1, 5}, {0, -1});
      },
      normal_input({2, 3}));
  one(
      "roll", "no elements", [](X x) { return x.roll(1, 1); }, normal_input({2, 0}));
  one(
      "roll", "one number", [](X x) { return x.roll(1); }, normal_input({}));
  one(
      "flip", "rot90",
      [](X x) {
        return x.rot90(1, {0, 2});
      },
      normal_input({2, 2, 2}));
  one(
      "expand", "repeat",
      [](X x) {
        return x.repeat({2, 1, 2});
      },
      transposed(normal_input({2, 2})));
  one(
      "expand", "repeat, no dimensions", [](X x) { return x.repeat(3); }, normal_input({}));
  one(
      "index_select", "repeat_interleave", [](X x) { return x.repeat_interleave(2, 0); },
      sliced(normal_input({2, 4})));
  one(
      "index_select", "repeat_interleave of a list",
      [](X x) {
        return x.repeat_interleave(tensor({0, 2, 1}), 1);
      },
      normal_input({2, 3}));
  one(
      "masked_fill", "tril", [](X x) { return x.tril(); }, transposed(normal_input({3, 2})));
  one(
      "masked_fill", "triu_", [](X x) { return (x * 1).triu_(-1); }, normal_input({2, 2, 3}));
  one(
      "as_strided_scatter", "fill_diagonal_", [](X x) { return (x * 1).fill_diagonal_(2, true); },
      normal_input({4, 2}));

  one(
      "diagonal", "matrix", [](X x) { return x.diagonal(); }, normal_input({2, 3}));
  one(
      "diagonal", "above, transposed", [](X x) { return x.diagonal(1); },
      transposed(normal_input({3, 2})));
  one(
      "diagonal", "of a batch", [](X x) { return x.diagonal(-1, -1, 0); }, normal_input({3, 2, 3}));
  one(
      "diagonal", "beyond the end", [](X x) { return x.diagonal(7); }, normal_input({2, 3}));
  one(
      "scatter_strided", "diag_embed", [](X x) { return x.diag_embed(-1, 0, 2); },
      transposed(normal_input({3, 2})));
  one(
      "scatter_strided", "diag", [](X x) { return x.diag(1); }, normal_input({2}));

  one(
      "unfold", "overlapping", [](X x) { return x.unfold(0, 3, 1); }, normal_input({5, 2}));
  one(
      "unfold", "apart, transposed", [](X x) { return x.unfold(-1, 1, 2); },
      transposed(normal_input({4, 2})));
  one(
      "unfold", "empty windows", [](X x) { return x.unfold(0, 0, 1); }, normal_input({2}));
  one(
      "unfold", "no elements", [](X x) { return x.unfold(1, 2, 1); }, normal_input({0, 3}));
  one(
      "unfold", "without dimensions", [](X x) { return x.unfold(0, 1, 1); }, normal_input({}));
  const auto folded = [&](const std::string& name, IntArrayRef sizes, int64_t dim, int64_t size,
                          int64_t step, Tensor g) {
    one(
        "unfold_backward", name,
        [=, sizes = Dims(sizes)](X x) { return unfold_backward(x, sizes, dim, size, step); }, g);
  };
  folded("overlapping", {2, 5}, 1, 3, 2, normal_input({2, 2, 3}));
  folded("apart", {5, 2}, 0, 1, 2, normal_input({3, 2, 1}));
  folded("strided", {4}, 0, 2, 2, transposed(normal_input({2, 2})));
  folded("without dimensions", {}, 0, 1, 1, normal_input({1}));
}

}  // namespace

void add_indexing_samples(OpSamples& samples) {
  add_index_lists(samples);
  add_slices(samples);
  add_elements(samples);
  add_rearrangements(samples);
}

}  // namespace adjoint::testing
