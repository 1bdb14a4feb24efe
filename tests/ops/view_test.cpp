// Views: which elements they show, what they share, and what they refuse. Their gradients are in
// the table of op_samples.

#include "adjoint/ops/view.h"

#include <limits>

#include <gmock/gmock.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using test::error_of;
using testing::HasSubstr;

Tensor counting(IntArrayRef sizes) { return arange(numel(sizes)).view(sizes).clone(); }

std::vector<int64_t> values(const Tensor& t) {
  const Tensor dense = t.contiguous();
  return {dense.data_ptr<int64_t>(), dense.data_ptr<int64_t>() + dense.numel()};
}

using V = std::vector<int64_t>;

TEST(View, ShareMemory) {
  const Tensor x = counting({2, 3, 4});
  for (const Tensor& view : {x.view({6, 4}),
                             x.transpose(0, 2),
                             x.permute({1, 0, 2}),
                             x.select(1, 2),
                             x.slice(2, 1, 4, 2),
                             x.narrow(1, 1, 2),
                             x.unsqueeze(1),
                             x.flatten(),
                             x.unflatten(2, {2, 2}),
                             x.expand({5, 2, 3, 4}),
                             x[1],
                             x.as_strided({2, 2}, {1, 4}, 3),
                             x.movedim(0, 2),
                             x.movedim({0, 1}, {2, 0}),
                             x.moveaxis(0, 1),
                             x.numpy_T(),
                             x.mT(),
                             x.swapdims(0, 1),
                             x.diagonal(1, 0, 2),
                             x.unfold(2, 3, 1),
                             x.split({1, 1})[1],
                             x.tensor_split(2)[0]}) {
    EXPECT_TRUE(view.is_alias_of(x));
    EXPECT_TRUE(view.is_view());
    EXPECT_TRUE(view._base().is_same(x));
    EXPECT_TRUE(view.slice(0, 0, 1)._base().is_same(x));
  }
  EXPECT_FALSE(x.transpose(0, 2).reshape({24}).is_alias_of(x));
  EXPECT_FALSE(x.is_view());
}

TEST(View, ShowTheRightElements) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(values(x.t()), (V{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(values(x[1]), (V{3, 4, 5}));
  EXPECT_EQ(values(x[-1]), (V{3, 4, 5}));
  EXPECT_EQ(values(x.slice(1, 1)), (V{1, 2, 4, 5}));
  EXPECT_EQ(values(x.slice(1, 0, 3, 2)), (V{0, 2, 3, 5}));
  EXPECT_EQ(values(x.slice(1, -2, -1)), (V{1, 4}));
  EXPECT_EQ(values(x.slice(0, 5, 9)), V());
  EXPECT_EQ(values(x.narrow(1, -2, 2)), (V{1, 2, 4, 5}));
  EXPECT_EQ(values(x[0].expand({2, 3})), (V{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(values(x.view({3, -1})), (V{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(x.view({3, -1}).sizes(), IntArrayRef({3, 2}));
  EXPECT_EQ(values(x.t().reshape({-1})), (V{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(values(x.as_strided({3}, {2}, 1)), (V{1, 3, 5}));
  const Tensor cube = counting({2, 3, 4});
  EXPECT_EQ(cube.permute({2, 0, 1}).strides(), IntArrayRef({1, 12, 4}));
  EXPECT_EQ(cube.movedim(0, 2).sizes(), IntArrayRef({3, 4, 2}));
  EXPECT_EQ(cube.flatten(1).sizes(), IntArrayRef({2, 12}));
  EXPECT_EQ(cube.unsqueeze(-1).squeeze(-1).sizes(), cube.sizes());
  EXPECT_EQ(counting({1, 2, 1, 3}).squeeze().sizes(), IntArrayRef({2, 3}));
  EXPECT_EQ(counting({2, 3}).squeeze(0).sizes(), IntArrayRef({2, 3}));
}

TEST(View, DiagonalsAndWindows) {
  const Tensor x = counting({3, 4});
  EXPECT_EQ(values(x.diagonal()), (V{0, 5, 10}));
  EXPECT_EQ(values(x.diagonal(2)), (V{2, 7}));
  EXPECT_EQ(values(x.diagonal(-1)), (V{4, 9}));
  EXPECT_EQ(values(x.diagonal(1, 1, 0)), (V{4, 9}));
  EXPECT_EQ(x.diagonal(4).sizes(), IntArrayRef({0}));
  EXPECT_EQ(x.diagonal(std::numeric_limits<int64_t>::min()).sizes(), IntArrayRef({0}));
  EXPECT_EQ(values(counting({2, 3, 2}).diagonal(0, 0, 2)), (V{0, 7, 2, 9, 4, 11}));
  EXPECT_EQ(values(x[0].unfold(0, 2, 1)), (V{0, 1, 1, 2, 2, 3}));
  EXPECT_EQ(values(x.unfold(0, 2, 1).select(0, 1)), (V{4, 8, 5, 9, 6, 10, 7, 11}));
  EXPECT_EQ(x.unfold(1, 3, 5).sizes(), IntArrayRef({3, 1, 3}));
  EXPECT_EQ(x.unfold(1, 0, 2).sizes(), IntArrayRef({3, 3, 0}));
  EXPECT_EQ(x.unfold(1, 1, std::numeric_limits<int64_t>::max()).sizes(), IntArrayRef({3, 1, 1}));
  EXPECT_EQ(counting({}).unfold(0, 1, 1).sizes(), IntArrayRef({1}));
  EXPECT_EQ(counting({}).unfold(0, 0, 1).sizes(), IntArrayRef({0}));
  EXPECT_EQ(x.slice(1, 3, 0, std::numeric_limits<int64_t>::max()).sizes(), IntArrayRef({3, 0}));
  EXPECT_EQ(values(x[0].slice(0, 1, 4, std::numeric_limits<int64_t>::max())), V{1});
}

TEST(View, DimensionsInAnotherOrder) {
  const Tensor x = zeros({2, 3, 4, 5});
  EXPECT_EQ(x.movedim({0, 1}, {2, 0}).sizes(), IntArrayRef({3, 4, 2, 5}));
  EXPECT_EQ(x.movedim({-1, 0}, {0, -1}).sizes(), IntArrayRef({5, 3, 4, 2}));
  EXPECT_EQ(moveaxis(x, IntArrayRef(), IntArrayRef()).sizes(), x.sizes());
  EXPECT_EQ(zeros({}).movedim(0, 0).dim(), 0);
  EXPECT_EQ(x.numpy_T().sizes(), IntArrayRef({5, 4, 3, 2}));
  EXPECT_EQ(x.mT().sizes(), IntArrayRef({2, 3, 5, 4}));
  EXPECT_EQ(swapdims(x, 0, -1).sizes(), swapaxes(x, 3, 0).sizes());
  EXPECT_EQ(atleast_1d(zeros({})).sizes(), IntArrayRef({1}));
  EXPECT_EQ(atleast_2d(zeros({3})).sizes(), IntArrayRef({1, 3}));
  EXPECT_EQ(atleast_3d(zeros({3})).sizes(), IntArrayRef({1, 3, 1}));
  EXPECT_EQ(atleast_3d(zeros({2, 3})).sizes(), IntArrayRef({2, 3, 1}));
  EXPECT_TRUE(atleast_3d(x).is_same(x));
}

TEST(View, ViewsWhereTheMemoryAllows) {
  const Tensor x = counting({2, 3, 4});
  // Dimensions that lie one behind the other can be joined and split, others cannot.
  EXPECT_TRUE(x.slice(0, 0, 1).view({12}).is_alias_of(x));
  EXPECT_TRUE(x.transpose(0, 1).view({3, 2, 2, 2}).is_alias_of(x));
  EXPECT_THAT(error_of([&] { x.transpose(0, 1).view({6, 4}); }), HasSubstr("use reshape"));
  EXPECT_THAT(error_of([&] { x.slice(2, 0, 2).view({12}); }), HasSubstr("use reshape"));
  EXPECT_EQ(counting({0, 3}).view({3, 0}).sizes(), IntArrayRef({3, 0}));
  EXPECT_EQ(counting({1}).view(IntArrayRef()).dim(), 0);
}

TEST(View, Splits) {
  const Tensor x = counting({5, 2});
  std::vector<int64_t> sizes;
  for (const Tensor& part : x.split(2)) sizes.push_back(part.size(0));
  EXPECT_EQ(sizes, (V{2, 2, 1}));
  EXPECT_EQ(x.chunk(2)[1].size(0), 2);
  const auto lengths = [](const std::vector<Tensor>& parts) {
    V found;
    for (const Tensor& part : parts) found.push_back(part.size(0));
    return found;
  };
  EXPECT_EQ(lengths(x.split({2, 0, 3})), (V{2, 0, 3}));
  EXPECT_EQ(lengths(split_with_sizes(x, {5})), V{5});
  EXPECT_EQ(lengths(x.split(std::numeric_limits<int64_t>::max())), V{5});
  EXPECT_EQ(lengths(x.tensor_split(3)), (V{2, 2, 1}));
  EXPECT_EQ(lengths(x.tensor_split(7)), (V{1, 1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(lengths(x.tensor_split({3, 1, -1})), (V{3, 0, 3, 1}));
  EXPECT_EQ(lengths(x.tensor_split(IntArrayRef())), V{5});
  EXPECT_EQ(lengths(zeros({0}).split(0)), V{0});
  EXPECT_EQ(lengths(zeros({0}).split(3)), V{0});
  EXPECT_EQ(lengths(zeros({0}).chunk(3)), (V{0, 0, 0}));
  EXPECT_EQ(lengths(x.chunk(4)), (V{2, 2, 1}));
  EXPECT_EQ(x.unbind(1).size(), 2u);
  EXPECT_EQ(values(x.unbind(1)[1]), (V{1, 3, 5, 7, 9}));
}

TEST(View, Errors) {
  const Tensor x = counting({2, 3});
  EXPECT_THAT(error_of([&] { x.view({4, 2}); }), HasSubstr("does not fit 6 elements"));
  EXPECT_THAT(error_of([&] { x.view({-1, -1}); }), HasSubstr("only one size can be -1"));
  EXPECT_THAT(error_of([&] { x.view({-1, 4}); }), HasSubstr("does not fit 6 elements"));
  EXPECT_THAT(error_of([&] { x.select(0, 2); }), HasSubstr("index 2 is out of range"));
  EXPECT_THAT(error_of([&] { x.select(2, 0); }), HasSubstr("dimension 2 is out of range"));
  EXPECT_THAT(error_of([&] { x.permute({0, 0}); }), HasSubstr("more than once"));
  EXPECT_THAT(error_of([&] { x.permute({0}); }), HasSubstr("expected 2 dimensions"));
  EXPECT_THAT(error_of([&] { x.slice(0, 0, 2, 0); }), HasSubstr("positive step"));
  EXPECT_THAT(error_of([&] { x.narrow(1, 2, 2); }), HasSubstr("do not lie in dimension 1"));
  EXPECT_THAT(error_of([&] { x.expand({4, 3}); }), HasSubstr("only dimensions of size 1"));
  EXPECT_THAT(error_of([&] { x.as_strided({3, 3}, {3, 1}); }), HasSubstr("reach element 8"));
  EXPECT_THAT(error_of([&] { x.as_strided({2}, {-1}, 1); }), HasSubstr("negative"));
  EXPECT_THAT(error_of([&] { counting({2, 2, 2}).t(); }), HasSubstr("transpose(d0, d1)"));
  EXPECT_THAT(error_of([&] {
                counting({1, 1, 1, 1, 1, 1, 1, 1}).unsqueeze(0);
              }),
              HasSubstr("at most 8 dimensions"));
  EXPECT_THAT(error_of([&] { Tensor().sizes(); }), HasSubstr("undefined"));
  EXPECT_THROW(x[2], IndexError);
  EXPECT_THAT(error_of([&] { x.split({1, 2}); }), HasSubstr("do not add up to dimension 0"));
  EXPECT_THAT(error_of([&] { x.split({3, -1}); }), HasSubstr("[3, -1]"));
  EXPECT_THAT(error_of([&] { x.split(0); }), HasSubstr("split: expected a positive size"));
  EXPECT_THAT(error_of([&] { x.chunk(0); }), HasSubstr("a positive number of chunks"));
  EXPECT_THAT(error_of([&] { x.tensor_split(0); }), HasSubstr("a positive number of sections"));
  EXPECT_THAT(error_of([&] { x.movedim({0, 0}, {0, 1}); }), HasSubstr("more than once"));
  EXPECT_THAT(error_of([&] { x.movedim({0, 1}, {0, -2}); }), HasSubstr("more than once"));
  EXPECT_THAT(error_of([&] { x.movedim({0, 1}, {1}); }), HasSubstr("as many destinations"));
  EXPECT_THAT(error_of([&] { x[0].mT(); }), HasSubstr("mT: expected a matrix"));
  EXPECT_THAT(error_of([&] { x[0].diagonal(); }), HasSubstr("at least 2 dimensions, got 1"));
  EXPECT_THAT(error_of([&] { x.diagonal(0, 1, -1); }), HasSubstr("dim1 and dim2 are both 1"));
  EXPECT_THAT(error_of([&] { x.unfold(1, 4, 1); }), HasSubstr("windows of size 4 do not fit"));
  EXPECT_THAT(error_of([&] { x.unfold(1, -1, 1); }), HasSubstr("windows of size -1 do not fit"));
  EXPECT_THAT(error_of([&] { x.unfold(1, 1, 0); }), HasSubstr("unfold: expected a positive step"));
  EXPECT_THAT(error_of([&] { x.unfold(1, 2, 1).add_(1); }), HasSubstr("share one place"));
  EXPECT_THAT(error_of([&] {
                diagonal_backward(x, {3, 3}, 0, 0, 1);
              }),
              HasSubstr("the diagonal of [3, 3] has shape [3], got [2, 3]"));
  EXPECT_THAT(error_of([&] { x._base(); }), HasSubstr("is no view"));
}

}  // namespace
}  // namespace adjoint
