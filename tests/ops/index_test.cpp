#include "adjoint/ops/index.h"

#include <gmock/gmock.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/ops/golden_case.h"
#include "adjoint/tests/ops/random_values.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Index, ValuesAndGradientsAreThoseOfPyTorch) {
  golden::Cases cases("index.txt");
  using Inputs = const std::vector<Tensor>&;
  cases.compare("index_select", [](Inputs x) { return x[0].index_select(1, x[1]); });
  cases.compare("index_add", [](Inputs x) { return x[0].index_add(1, x[1], x[2]); });
  cases.compare("index_add_alpha", [](Inputs x) { return x[0].index_add(-1, x[1], x[2], -0.5); });
  cases.compare("gather", [](Inputs x) { return x[0].gather(1, x[1]); });
  cases.compare("gather_first", [](Inputs x) { return x[0].gather(0, x[1]); });
  cases.compare("scatter_add", [](Inputs x) { return x[0].scatter_add(1, x[1], x[2]); });
  cases.compare("cat", [](Inputs x) { return cat({x[0], x[1], x[2]}, 1); });
  cases.compare("cat_last", [](Inputs x) { return cat({x[0].t(), x[1]}, -1); });
  cases.compare("stack", [](Inputs x) { return stack({x[0], x[1]}, 1); });
  cases.compare("stack_last", [](Inputs x) { return stack({x[0], x[1]}, -1); });
  EXPECT_EQ(cases.compared(), cases.count());
}

TEST(Index, WritingAndSingleElementsAreThoseOfPyTorch) {
  golden::Cases cases("index_ops.txt");
  using Inputs = const std::vector<Tensor>&;
  cases.compare("index_add_", [](Inputs x) { return x[0].clone().index_add_(1, x[1], x[2], 2); });
  cases.compare("index_add_0_dim",
                [](Inputs x) { return (x[0] * 2).index_add(0, tensor({0}), x[1]); });
  cases.compare("index_copy", [](Inputs x) { return index_copy(x[0], 1, x[1], x[2]); });
  cases.compare("index_copy_rows", [](Inputs x) { return x[0].t().index_copy(-2, x[1], x[2]); });
  cases.compare("index_copy_",
                [](Inputs x) { return (x[0] * 1).slice(0, 1).t().index_copy_(0, x[1], x[2]); });
  cases.compare("index_copy_0_dim", [](Inputs x) { return x[0].index_copy(0, tensor({2}), x[1]); });
  cases.compare("index_fill", [](Inputs x) { return index_fill(x[0], 1, x[1], 7); });
  cases.compare("index_fill_", [](Inputs x) { return (x[0] * 1).index_fill_(0, x[1], -2.5); });
  cases.compare("take", [](Inputs x) { return take(x[0].t(), x[1]); });
  cases.compare("take_0_dim", [](Inputs x) { return x[0].take(x[1]); });
  cases.compare("put", [](Inputs x) { return put(x[0], x[1], x[2]); });
  cases.compare("put_accumulate", [](Inputs x) { return put(x[0], x[1], x[2], true); });
  cases.compare("put_transposed", [](Inputs x) { return (x[0] * 1).t().put_(x[1], x[2]); });
  cases.compare("take_along_dim", [](Inputs x) { return take_along_dim(x[0], x[1], 1); });
  cases.compare("take_along_dim_broadcast", [](Inputs x) { return x[0].take_along_dim(x[1], 0); });
  cases.compare("take_along_dim_flat", [](Inputs x) { return take_along_dim(x[0], x[1]); });
  cases.compare("gather_3d", [](Inputs x) { return x[0].gather(-1, x[1]); });
  cases.compare("scatter", [](Inputs x) { return scatter(x[0], 1, x[1], x[2]); });
  cases.compare("scatter_larger_src", [](Inputs x) { return x[0].scatter(0, x[1], x[2]); });
  cases.compare("scatter_value", [](Inputs x) { return scatter(x[0], 1, x[1], 2.5); });
  cases.compare("scatter_", [](Inputs x) { return (x[0] * 1).t().scatter_(0, x[1], x[2]); });
  cases.compare("scatter_value_", [](Inputs x) { return (x[0] * 1).scatter_(0, x[1], 5); });
  cases.compare("scatter_add_", [](Inputs x) { return (x[0] * 1).scatter_add_(1, x[1], x[2]); });
  cases.compare("masked_select", [](Inputs x) { return masked_select(x[0], x[1] > 0); });
  cases.compare("masked_select_larger_mask", [](Inputs x) { return x[0].masked_select(x[1] > 0); });
  cases.compare("masked_select_none", [](Inputs x) { return x[0].masked_select(x[1] > 0); });
  cases.compare("masked_scatter", [](Inputs x) { return masked_scatter(x[0], x[1] > 0, x[2]); });
  cases.compare("masked_scatter_larger_mask",
                [](Inputs x) { return x[0].masked_scatter(x[1] > 0, x[2]); });
  cases.compare("masked_scatter_",
                [](Inputs x) { return (x[0] * 1).slice(1, 1).masked_scatter_(x[1] > 0, x[2]); });
  cases.compare("nonzero", [](Inputs x) { return nonzero(x[0]) + x[1]; });
  cases.compare("nonzero_none", [](Inputs x) { return argwhere(x[0]) + x[1]; });
  cases.compare("nonzero_0_dim", [](Inputs x) { return x[0].nonzero() + x[1]; });
  cases.compare("repeat_interleave_list", [](Inputs x) { return x[0].repeat_interleave(x[1], 1); });
  cases.compare("repeat_interleave_one", [](Inputs x) { return x[0].repeat_interleave(x[1], 0); });
  cases.compare("repeat_interleave_list_flat",
                [](Inputs x) { return repeat_interleave(x[0], x[1]); });
  cases.compare("repeat_interleave_counts",
                [](Inputs x) { return repeat_interleave(x[0]) + x[1]; });
  cases.compare("one_hot", [](Inputs x) { return one_hot(x[0]) + x[1]; });
  cases.compare("one_hot_classes", [](Inputs x) { return one_hot(x[0], 5) + x[1]; });
  EXPECT_EQ(cases.compared(), cases.count());
}

/// Each operation in place on memory of every dtype and layout, against its twin out of place; that
/// one against loops.
TEST(Index, InPlaceFormsDoTheSameInEveryDtypeAndLayout) {
  const Tensor list = tensor({2, 0, 2}), grid = tensor({{0, 2, 1}, {2, 2, 0}});
  for (const ScalarType dtype : {kUInt8, kInt32, kInt64, kFloat32, kFloat64, kBool}) {
    SCOPED_TRACE(dtype_name(dtype));
    const auto random = [&](IntArrayRef sizes) { return integers(sizes, kInt64, 0, 4).to(dtype); };
    for (const Tensor& x : {random({3, 3}), random({3, 3}).t(), random({3, 6}).slice(1, 1, 6, 2)}) {
      const Tensor rows = random({3, 3}), some = random({2, 3});
      const auto in_place = [&](const Tensor& expected, auto change) {
        const Tensor y = empty_strided(x.sizes(), {7, 2}, dtype).copy_(x);
        const Tensor view = y.t().t();
        const int64_t version = y._version();
        const Tensor& returned = change(view);
        EXPECT_TRUE(returned.is_same(view) && y.equal(expected)) << y << expected;
        EXPECT_GT(y._version(), version);
      };
      in_place(x.index_add(0, list, rows),
               [&](const Tensor& y) -> const Tensor& { return y.index_add_(0, list, rows); });
      in_place(x.index_copy(1, list, rows),
               [&](const Tensor& y) -> const Tensor& { return y.index_copy_(1, list, rows); });
      in_place(x.index_fill(1, list, 1),
               [&](const Tensor& y) -> const Tensor& { return y.index_fill_(1, list, 1); });
      in_place(x.scatter(0, grid, some),
               [&](const Tensor& y) -> const Tensor& { return y.scatter_(0, grid, some); });
      in_place(x.scatter(1, grid, 3),
               [&](const Tensor& y) -> const Tensor& { return y.scatter_(1, grid, 3); });
      in_place(x.scatter_add(1, grid, some),
               [&](const Tensor& y) -> const Tensor& { return y.scatter_add_(1, grid, some); });
      in_place(put(x, grid, some),
               [&](const Tensor& y) -> const Tensor& { return y.put_(grid, some); });
      in_place(x.masked_scatter(x != 0, rows),
               [&](const Tensor& y) -> const Tensor& { return y.masked_scatter_(x != 0, rows); });

      Tensor copied = x.clone(), scattered = x.clone();
      for (int64_t i = 0; i < 3; ++i) {
        copied.select(1, list[i].item<int64_t>()).copy_(rows.select(1, i));
        for (int64_t k = 0; k < 2; ++k) scattered[grid[k][i].item<int64_t>()][i].copy_(some[k][i]);
      }
      EXPECT_TRUE(x.index_copy(1, list, rows).equal(copied));
      EXPECT_TRUE(x.scatter(0, grid, some).equal(scattered));
    }
  }
}

TEST(Index, SourcesAndIndicesMayLieInWhatIsChanged) {
  Tensor x = arange(4);
  x.index_copy_(0, x.slice(0, 1, 4), x.slice(0, 0, 3));  // both are being overwritten
  EXPECT_TRUE(x.equal(tensor({0, 0, 1, 2})));
  x = arange(4);
  x.index_add_(0, tensor({1, 2}), x.slice(0, 0, 2));
  EXPECT_TRUE(x.equal(tensor({0, 1, 3, 3})));
  x = tensor({3, 2, 1, 0});
  x.index_fill_(0, x, -7);
  EXPECT_TRUE(x.equal(tensor({-7, -7, -7, -7})));
  x = tensor({3, 3, 1, 0});
  x.scatter_(0, x, x);
  EXPECT_TRUE(x.equal(tensor({0, 1, 1, 3})));
}

TEST(Index, NothingIsChangedByACallThatThrows) {
  const Tensor x = arange(4);
  EXPECT_THROW(x.index_fill_(0, tensor({0, 4}), 9), IndexError);
  EXPECT_THROW(x.scatter_(0, tensor({0, 9}), tensor({5, 5})), IndexError);
  EXPECT_THROW(x.index_copy_(0, tensor({0}), tensor({1.5})), Error);
  EXPECT_THROW(x.masked_scatter_(x > 0, tensor({5})), Error);
  EXPECT_THROW(x.put_(tensor({0, -5}), tensor({5, 5})), IndexError);
  EXPECT_TRUE(x.equal(arange(4)));
}

/// Indices are checked piece by piece, on several threads: here the wrong ones are in later pieces,
/// and the message names the least of them, or the greatest.
TEST(Index, WrongIndicesAreFoundWhereverTheyStand) {
  const Tensor x = zeros({300, 400}), src = ones({300, 400});
  for (const int64_t dim : {0, 1}) {
    const std::string size = std::to_string(x.size(dim));
    const Tensor index = adjoint::randint(x.size(dim), {300, 400}, kInt64);
    index[170][399] = x.size(dim);
    const std::string beyond = "index " + size + " is out of range for a dimension of size " + size;
    for (const std::string& message : {beyond, std::string("index -7 is out of range")}) {
      EXPECT_THAT(test::error_of([&] { x.gather(dim, index); }), HasSubstr("gather: " + message));
      EXPECT_THAT(test::error_of([&] { x.scatter(dim, index, 1); }),
                  HasSubstr("scatter: " + message));
      EXPECT_THAT(test::error_of([&] { x.scatter_(dim, index, src); }),
                  HasSubstr("scatter_: " + message));
      EXPECT_THAT(test::error_of([&] { x.scatter_add_(dim, index, src); }),
                  HasSubstr("scatter_add_: " + message));
      index[299][0] = -7;
      index[299][1] = -1;
    }
  }
  EXPECT_THROW(zeros({0}).gather(0, tensor({0})), IndexError);
  EXPECT_EQ(x.count_nonzero().item<int64_t>(), 0);
}

TEST(Index, NonzeroOfEveryKind) {
  EXPECT_EQ(nonzero(zeros({0, 3})).sizes(), IntArrayRef({0, 2}));
  EXPECT_EQ(nonzero(tensor(0)).sizes(), IntArrayRef({0, 0}));
  EXPECT_TRUE(nonzero(tensor({double{NAN}, -0.0, 0.0})).equal(tensor({{0}})));
  const Tensor x = integers({3, 4, 2}, kInt32, 0, 1).permute({2, 0, 1});
  const std::vector<Tensor> lists = nonzero_numpy(x);
  EXPECT_EQ(lists.size(), 3u);
  EXPECT_TRUE(x.index({lists[0], lists[1], lists[2]}).equal(x.masked_select(x != 0)));
  EXPECT_EQ(nonzero_numpy(tensor(5)).size(), 1u);
}

TEST(Index, SelectAndAddWorkAlongEveryDimensionAndLayout) {
  const Tensor x = integers({4, 6, 5}, kInt64).permute({2, 0, 1});
  for (int64_t d = 0; d < 3; ++d) {
    const Tensor index = tensor({3, 0, 3, 2});
    const Tensor y = x.index_select(d, index);
    for (int64_t i = 0; i < 4; ++i) {
      EXPECT_TRUE(y.select(d, i).equal(x.select(d, index[i].item<int64_t>())));
    }
    const Tensor back = zeros(x.sizes(), kInt64).index_add(d, index, y);
    EXPECT_TRUE(back.select(d, 3).equal(x.select(d, 3) * 2));
    EXPECT_TRUE(back.select(d, 1).equal(x.select(d, 1) * 0));
  }
}

TEST(Index, AddingAtAnIndexIsTheAdjointOfReadingThere) {
  // ⟨read(x), y⟩ = ⟨x, add(y)⟩, exactly on integers.
  const Tensor x = integers({5, 7, 3}, kInt64);
  const Tensor list = integers({11}, kInt64, 0, 6), y = integers({5, 11, 3}, kInt64);
  EXPECT_TRUE((x.index_select(1, list) * y)
                  .sum()
                  .equal((x * zeros({5, 7, 3}, kInt64).index_add(1, list, y)).sum()));
  const Tensor grid = integers({4, 9, 2}, kInt64, 0, 6), z = integers({4, 9, 2}, kInt64);
  EXPECT_TRUE((x.gather(1, grid) * z)
                  .sum()
                  .equal((x * zeros({5, 7, 3}, kInt64).scatter_add(1, grid, z)).sum()));
}

TEST(Index, EmptyAndZeroDimensional) {
  const Tensor none = zeros({0}, kInt64);
  EXPECT_EQ(ones({2, 3}).index_select(1, none).sizes(), IntArrayRef({2, 0}));
  EXPECT_EQ(ones({2, 0}).index_select(0, tensor({1, 1, 0})).sizes(), IntArrayRef({3, 0}));
  EXPECT_TRUE(ones({2, 3}).index_add(0, none, zeros({0, 3})).equal(ones({2, 3})));
  EXPECT_EQ(ones({2, 3}).gather(1, zeros({2, 0}, kInt64)).sizes(), IntArrayRef({2, 0}));
  EXPECT_EQ(full({}, 3.0).index_select(0, tensor({0})).item<float>(), 3);
  EXPECT_EQ(full({}, 3.0).gather(0, tensor(0)).item<float>(), 3);
  EXPECT_EQ(full({}, 3.0).scatter_add(0, tensor(0), full({}, 2.0)).item<float>(), 5);
  EXPECT_TRUE(tensor({5.0, 6.0}).index_select(0, tensor({1}, kInt32)).equal(tensor({6.0})));
}

TEST(Index, ErrorsNameTheIndexAndTheSize) {
  EXPECT_THAT(
      [] {
        zeros({2, 3}).index_select(1, tensor({0, 3}));
      },
      ThrowsMessage<IndexError>(
          HasSubstr("index_select: index 3 is out of range for a dimension of size 3")));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).gather(0, tensor({{-1}}));
      },
      ThrowsMessage<IndexError>(HasSubstr("gather: index -1 is out of range")));
  const auto message = [](const char* text) { return ThrowsMessage<Error>(HasSubstr(text)); };
  EXPECT_THAT([] { zeros({2}).index_select(0, zeros({1})); },
              message("index_select: indices are int64 or int32, got float32"));
  EXPECT_THAT([] { zeros({2}).index_select(0, tensor({{0}})); },
              message("index_select: expected a list of indices, got shape [1, 1]"));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).gather(1, tensor({0}));
      },
      message("gather: index [1] does not fit self [2, 3]"));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).gather(1, zeros({3, 1}, kInt64));
      },
      message("gather: index [3, 1] does not fit self [2, 3]"));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).index_add(1, tensor({0}), zeros({2, 2}));
      },
      message("expect a source of shape [2, 1], got [2, 2]"));
  EXPECT_THAT([] { zeros({2}).scatter_add(0, tensor({0}), zeros({1}, kFloat64)); },
              message("scatter_add: self is float32, but the source is float64"));
  const Tensor x = zeros({2, 3}), list = tensor({0});
  const auto text = [](const auto& f) { return test::error_of(f); };
  EXPECT_THAT(text([&] { x.index_fill(1, tensor({-4}), 1); }),
              HasSubstr("index_fill: index -4 is out of range for a dimension of size 3"));
  EXPECT_THAT(text([&] {
                x.index_copy(1, tensor({-1}), zeros({2, 1}));
              }),
              HasSubstr("index_copy: index -1 is out of range"));
  EXPECT_THAT(text([&] { x.take(tensor({6})); }), HasSubstr("take: index 6 is out of range"));
  EXPECT_THAT(text([&] { x.take(x); }), HasSubstr("take: indices are int64 or int32"));
  EXPECT_THAT(text([&] { zeros({0}).take(list); }), HasSubstr("take: index 0 is out of range"));
  EXPECT_THAT(text([&] { x.clone().put_(list, zeros({2})); }),
              HasSubstr("as many source elements as indices, got [2] and [1]"));
  EXPECT_THAT(text([&] { x.take_along_dim(list, 0); }),
              HasSubstr("as many dimensions as self, [2, 3], got [1]"));
  EXPECT_THAT(text([&] {
                x.scatter(0, zeros({1, 3}, kInt64), zeros({1, 2}));
              }),
              HasSubstr("scatter: index [1, 3] does not fit into src [1, 2]"));
  EXPECT_THAT(text([&] { x.masked_select(list); }),
              HasSubstr("masked_select: expected a bool tensor as mask, got int64"));
  EXPECT_THAT(text([&] { x.masked_select(list.expand({4}) > 0); }), HasSubstr("do not broadcast"));
  EXPECT_THAT(text([&] {
                x.clone().masked_scatter_(ones({3, 2, 3}, kBool), x);
              }),
              HasSubstr("does not broadcast to self"));
  EXPECT_THAT(text([&] { x.masked_scatter(x == 0, zeros({5})); }),
              HasSubstr("the mask is true 6 times, but the source has 5 elements"));
  EXPECT_THAT(text([&] { x.expand({2, 2, 3}).index_fill_(0, list, 1); }), HasSubstr("expanded"));
}

}  // namespace
}  // namespace adjoint
