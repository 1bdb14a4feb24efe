// Views: which elements they show, what they share, and what they refuse. Their gradients are in
// the table of op_samples.

#include "adjoint/ops/view.h"

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
  for (const Tensor& view :
       {x.view({6, 4}), x.transpose(0, 2), x.permute({1, 0, 2}), x.select(1, 2),
        x.slice(2, 1, 4, 2), x.narrow(1, 1, 2), x.unsqueeze(1), x.flatten(), x.unflatten(2, {2, 2}),
        x.expand({5, 2, 3, 4}), x[1], x.as_strided({2, 2}, {1, 4}, 3), x.movedim(0, 2)}) {
    EXPECT_TRUE(view.is_alias_of(x));
    EXPECT_TRUE(view.is_view());
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
}

}  // namespace
}  // namespace adjoint
