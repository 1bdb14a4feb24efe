#include "adjoint/ops/rearrange.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/ops/golden_case.h"
#include "adjoint/tests/ops/random_values.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using test::error_of;
using ::testing::HasSubstr;

/// A base and another view of it, after `view` of it was multiplied and the base added to: as
/// through() in indexing.py.
template <class View>
auto through(View view) {
  return [view](const std::vector<Tensor>& x) {
    const Tensor base = x[0] * 1;
    const Tensor shown = view(base), before = base.flatten().slice(0, 1);
    const int64_t version = base._version();
    shown.mul_(x[1]);
    EXPECT_GT(base._version(), version);
    base.add_(1);
    EXPECT_EQ(shown._version(), base._version());
    return cat({(base * base).flatten(), (shown * shown).flatten(), before});
  };
}

TEST(Rearrange, ValuesAndGradientsAreThoseOfPyTorch) {
  golden::Cases cases("rearrange.txt");
  using Inputs = const std::vector<Tensor>&;
  cases.compare("flip", [](Inputs x) { return flip(x[0], {0, -1}); });
  cases.compare("fliplr", [](Inputs x) { return fliplr(x[0]); });
  cases.compare("flipud", [](Inputs x) { return flipud(x[0]); });
  cases.compare("roll", [](Inputs x) { return roll(x[0], 5); });
  cases.compare("roll_dims", [](Inputs x) { return roll(x[0], {1, -6}, {0, -1}); });
  cases.compare("roll_twice", [](Inputs x) { return x[0].roll({1, 3}, {1, 1}); });
  for (const int64_t k : {-1, 0, 1, 2, 7}) {
    cases.compare(fmt::format("rot90_{}", k), [k](Inputs x) { return rot90(x[0], k, {2, 0}); });
  }
  cases.compare("repeat", [](Inputs x) { return x[0].repeat({2, 1, 3}); });
  cases.compare("repeat_transposed", [](Inputs x) { return x[0].t().repeat({3, 2}); });
  cases.compare("repeat_nothing", [](Inputs x) { return x[0].repeat({2, 0}); });
  cases.compare("repeat_0_dim", [](Inputs x) { return x[0].repeat({2, 2}); });
  cases.compare("tile", [](Inputs x) { return tile(x[0], 2); });
  cases.compare("tile_more", [](Inputs x) { return tile(x[0], {2, 1, 2}); });
  cases.compare("repeat_interleave", [](Inputs x) { return repeat_interleave(x[0], 3, 1); });
  cases.compare("repeat_interleave_flat", [](Inputs x) { return x[0].repeat_interleave(2); });
  for (const int64_t k : {-5, -1, 0, 2, 9}) {
    cases.compare(fmt::format("tril_{}", k), [k](Inputs x) { return tril(x[0], k); });
    cases.compare(fmt::format("triu_{}", k), [k](Inputs x) { return triu(x[0], k); });
    cases.compare(fmt::format("diagonal_{}", k),
                  [k](Inputs x) { return diagonal(x[0], k, -1, 0); });
  }
  for (const int64_t k : {-2, 0, 1}) {
    cases.compare(fmt::format("diag_{}", k), [k](Inputs x) { return diag(x[0], k); });
    cases.compare(fmt::format("diag_matrix_{}", k), [k](Inputs x) { return diag(x[0], k); });
    cases.compare(fmt::format("diag_embed_{}", k),
                  [k](Inputs x) { return diag_embed(x[0], k, 0, -2); });
  }
  cases.compare("tril_", [](Inputs x) { return (x[0] * 1).t().tril_(); });
  cases.compare("triu_", [](Inputs x) { return (x[0] * 1).triu_(1); });
  cases.compare("fill_diagonal_", [](Inputs x) { return (x[0] * 1).fill_diagonal_(5); });
  cases.compare("fill_diagonal_wrap", [](Inputs x) { return (x[0] * 1).fill_diagonal_(5, true); });
  cases.compare("fill_diagonal_wide",
                [](Inputs x) { return (x[0] * 1).t().fill_diagonal_(5, true); });
  cases.compare("fill_diagonal_cube", [](Inputs x) { return (x[0] * 1).fill_diagonal_(5); });

  cases.compare("movedim", [](Inputs x) { return movedim(x[0], {0, -1}, {1, 0}); });
  cases.compare("numpy_T", [](Inputs x) { return x[0].numpy_T(); });
  cases.compare("mT", [](Inputs x) { return x[0].mT(); });
  cases.compare("unfold", [](Inputs x) { return x[0].unfold(1, 3, 2); });
  cases.compare("unfold_overlapping", [](Inputs x) { return x[0].unfold(-2, 3, 1); });
  cases.compare("unfold_apart", [](Inputs x) { return x[0].unfold(0, 1, 3); });
  cases.compare("unfold_0_dim", [](Inputs x) { return x[0].unfold(0, 1, 1); });
  cases.compare("split_sizes", [](Inputs x) {
    const std::vector<Tensor> parts = split(x[0], {1, 0, 3}, 1);
    return cat({parts[0] * 0, parts[1], parts[2] * 2}, 1);
  });
  const auto sums = [](const std::vector<Tensor>& parts) {
    std::vector<Tensor> made;
    for (const Tensor& part : parts) made.push_back(part.sum());
    return stack(made);
  };
  cases.compare("tensor_split", [&](Inputs x) { return sums(tensor_split(x[0], 3, 1)); });
  cases.compare("tensor_split_at", [&](Inputs x) { return sums(tensor_split(x[0], {1, -2}, 1)); });

  cases.compare("through_diagonal", through([](const Tensor& a) { return a.diagonal(1, 0, 2); }));
  cases.compare("through_unfold", through([](const Tensor& a) { return a.unfold(0, 2, 2); }));
  cases.compare("through_index", through([](const Tensor& a) {
                  return a.index({indexing::Slice(1), indexing::None, "...", -1});
                }));
  cases.compare("through_movedim", through([](const Tensor& a) {
                  return a.movedim({0, 1}, {1, 2});
                }));
  cases.compare("through_split", through([](const Tensor& a) { return a.split({1, 2}, 1)[1]; }));
  cases.compare("base_of_unfold", [](Inputs x) {
    const Tensor base = x[0] * 1, windows = base.unfold(0, 3, 1);
    base.mul_(3);
    return windows * windows;
  });

  cases.compare("hstack", [](Inputs x) { return hstack({x[0], x[1]}); });
  cases.compare("hstack_1d", [](Inputs x) { return hstack({x[0], x[1]}); });
  cases.compare("vstack", [](Inputs x) { return row_stack({x[0], x[1]}); });
  cases.compare("dstack", [](Inputs x) { return dstack({x[0], x[1]}); });
  cases.compare("dstack_1d", [](Inputs x) { return dstack({x[0], x[1]}); });
  cases.compare("column_stack", [](Inputs x) { return column_stack(x); });
  cases.compare("column_stack_0_dim", [](Inputs x) { return column_stack(x); });
  cases.compare("meshgrid_ij", [](Inputs x) { return concat(meshgrid(x)); });
  cases.compare("meshgrid_xy", [](Inputs x) { return concat(meshgrid(x, "xy")); });
  EXPECT_EQ(cases.compared(), cases.count());
}

TEST(Rearrange, TilesAndRollsByTheirDefinition) {
  // Up to eight dimensions, which leaves no room for a helping ninth.
  const Tensor x = integers({2, 1, 2, 1, 2, 1, 1, 3}, kInt32).transpose(0, 7);
  const Tensor y = x.repeat({1, 2, 2, 1, 1, 3, 1, 2}), z = x.roll({2, 1}, {0, -1});
  const Tensor w = x.repeat_interleave(2, 4);
  ASSERT_EQ(y.sizes(), IntArrayRef({3, 2, 4, 1, 2, 3, 1, 4}));
  const auto at = [](const Tensor& t, const Dims& index) {
    Tensor element = t;
    for (const int64_t i : index) element = element[i];
    return element.item<int>();
  };
  Dims i(8, 0);
  for (int64_t n = 0; n < y.numel(); ++n) {
    Dims source(i), rolled(i), spread(i);
    for (std::size_t d = 0; d < 8; ++d) {
      source[d] = rolled[d] = i[d] % x.sizes()[d];
      spread[d] = i[d] % w.sizes()[d];
    }
    EXPECT_EQ(at(y, i), at(x, source));
    Dims to = rolled;
    to[0] = (to[0] + 2) % 3;
    to[7] = (to[7] + 1) % 2;
    EXPECT_EQ(at(z, to), at(x, rolled));
    Dims from = spread;
    from[4] /= 2;
    EXPECT_EQ(at(w, spread), at(x, from));
    for (std::size_t d = 8; d-- > 0;) {
      if (++i[d] < y.sizes()[d]) break;
      i[d] = 0;
    }
  }
}

TEST(Rearrange, GivesNewTensors) {
  const Tensor x = tensor({{1, 2}, {3, 4}}), one = tensor({7});
  for (const Tensor& y :
       {x.flip(IntArrayRef()), x.roll(0), x.roll({0, 0}, {0, 1}), x.rot90(4), x.repeat({1, 1}),
        x.tile({}), x.repeat_interleave(1, 0), x.diag(), x.tril(5)}) {
    EXPECT_FALSE(y.is_alias_of(x));
  }
  for (const Tensor& y : {one.repeat(1), one.repeat(3), one.repeat_interleave(3),
                          one.repeat({2, 2}), one.diag_embed()}) {
    EXPECT_FALSE(y.is_alias_of(one));
    EXPECT_TRUE(y.is_contiguous());
  }
}

TEST(Rearrange, NaNsOutsideOfATriangleAreGone) {
  const Tensor x = full({2, 2}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(x.tril()[0][1].item<float>(), 0);
  EXPECT_TRUE(std::isnan(x.tril()[1][0].item<float>()));
  EXPECT_TRUE(ones({2, 2}, kBool).triu().equal(tensor({{true, true}, {false, true}})));
}

TEST(Rearrange, EmptyAndZeroDimensional) {
  EXPECT_EQ(zeros({0, 3}).roll(1).sizes(), IntArrayRef({0, 3}));
  EXPECT_EQ(zeros({0, 3}).roll(7, 0).sizes(), IntArrayRef({0, 3}));
  EXPECT_EQ(tensor(3).roll(1).dim(), 0);
  EXPECT_EQ(tensor(3).flip(0).item<int>(), 3);
  EXPECT_EQ(tensor(3).repeat({}).dim(), 0);
  EXPECT_EQ(tensor(3).repeat(0).sizes(), IntArrayRef({0}));
  EXPECT_EQ(zeros({0, 2}).repeat({3, 2}).sizes(), IntArrayRef({0, 4}));
  EXPECT_EQ(zeros({0, 2}).repeat_interleave(3, 1).sizes(), IntArrayRef({0, 6}));
  EXPECT_EQ(zeros({2, 0}).repeat_interleave(3, 0).sizes(), IntArrayRef({6, 0}));
  EXPECT_EQ(tensor(3).repeat_interleave(2).sizes(), IntArrayRef({2}));
  EXPECT_EQ(zeros({2, 0}).tril().sizes(), IntArrayRef({2, 0}));
  EXPECT_EQ(zeros({0}).diag(2).sizes(), IntArrayRef({2, 2}));
  EXPECT_EQ(zeros({0, 3}).diag().sizes(), IntArrayRef({0}));
  EXPECT_EQ(zeros({0, 3}).fill_diagonal_(1, true).numel(), 0);
  EXPECT_EQ(zeros({3, 0}).fill_diagonal_(1, true).numel(), 0);
  EXPECT_EQ(repeat_interleave(tensor({1, 2}, kInt32)).scalar_type(), kInt32);
  EXPECT_EQ(zeros({3}).repeat_interleave(tensor({0})).sizes(), IntArrayRef({0}));
}

TEST(Rearrange, Errors) {
  const Tensor x = zeros({2, 3});
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(error_of([&] {
                x.roll({1, 2}, {0});
              }),
              HasSubstr("roll: expected one shift a dimension"));
  EXPECT_THAT(error_of([&] { x.roll({1, 2}); }), HasSubstr("roll: expected one shift"));
  EXPECT_THAT(error_of([] { zeros({}).roll(1, 0); }), HasSubstr("roll: a tensor without"));
  EXPECT_THAT(error_of([&] { x.rot90(1, {0, 0}); }), HasSubstr("more than once"));
  EXPECT_THAT(error_of([&] { x.rot90(1, {0}); }), HasSubstr("rot90: expected two dimensions"));
  EXPECT_THAT(error_of([&] { x[0].rot90(); }), HasSubstr("rot90: expected a tensor of at least 2"));
  EXPECT_THAT(error_of([&] { x.repeat(2); }), HasSubstr("use tile"));
  EXPECT_THAT(error_of([&] { x.repeat({2, -1}); }), HasSubstr("cannot be negative"));
  EXPECT_THAT(error_of([&] { x.repeat({most, 1}); }), HasSubstr("cannot be repeated"));
  EXPECT_THAT(error_of([&] { x.repeat({most / 8, 8}); }), HasSubstr("63 bits"));
  EXPECT_THAT(error_of([&] { x.repeat_interleave(-1); }), HasSubstr("cannot be negative"));
  EXPECT_THAT(error_of([&] {
                x.repeat_interleave(tensor({1, -1}), 0);
              }),
              HasSubstr("cannot be negative, got -1"));
  EXPECT_THAT(error_of([&] {
                x.repeat_interleave(tensor({1, 2}), 1);
              }),
              HasSubstr("one for each of the 3 slices, got shape [2]"));
  EXPECT_THAT(error_of([&] { repeat_interleave(tensor({most, most})); }), HasSubstr("63 bits"));
  EXPECT_THAT(error_of([&] { repeat_interleave(x); }), HasSubstr("a list of int64 or int32"));
  EXPECT_THAT(error_of([&] { x[0].tril(); }), HasSubstr("tril: expected a matrix"));
  EXPECT_THAT(error_of([] { zeros({2, 2, 2}).diag(); }), HasSubstr("diag: expected a vector"));
  EXPECT_THAT(error_of([&] { x.diag_embed(0, 1, 1); }), HasSubstr("dim1 and dim2 are both 1"));
  EXPECT_THAT(error_of([&] { x.diag_embed(most); }), HasSubstr("cannot have a diagonal number"));
  EXPECT_THAT(error_of([] { zeros({2, 3, 2}).fill_diagonal_(1); }), HasSubstr("must be equal"));
  EXPECT_THAT(error_of([] { zeros({3}).expand({3, 3}).fill_diagonal_(1); }), HasSubstr("expanded"));
}

}  // namespace
}  // namespace adjoint
