#include "adjoint/core/shape.h"

#include <gmock/gmock.h>

#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using test::error_of;
using ::testing::HasSubstr;
using Ints = std::vector<int64_t>;

constexpr int64_t kHuge = int64_t{1} << 40;

TEST(Dims, HoldsUpToEightNumbers) {
  Dims dims{2, 3};
  dims.insert(1, 7);
  dims.push_back(4);
  EXPECT_EQ(dims.vec(), (Ints{2, 7, 3, 4}));
  dims.erase(0);
  EXPECT_EQ(dims.vec(), (Ints{7, 3, 4}));
  EXPECT_EQ(dims.back(), 4);
  const Dims copy = dims;
  dims[0] = 1;
  EXPECT_FALSE(dims == copy);
  EXPECT_FALSE(dims == Dims({1, 3}));
  EXPECT_TRUE(Dims().empty());
  EXPECT_EQ(Dims(8, 5).vec(), Ints(8, 5));
  EXPECT_THAT(error_of([] { Dims(8, 5).push_back(1); }), HasSubstr("at most 8 dimensions, got 9"));
  EXPECT_THAT(error_of([] { Dims(IntArrayRef(Ints(9, 1))); }), HasSubstr("at most 8 dimensions"));
}

TEST(Shape, NumelRefusesWhatDoesNotFit) {
  EXPECT_EQ(numel({}), 1);
  EXPECT_EQ(numel({2, 3, 4}), 24);
  EXPECT_EQ(numel({2, 0, 4}), 0);
  EXPECT_EQ(numel({kHuge, int64_t{1} << 22}), int64_t{1} << 62);
  EXPECT_THAT(error_of([] { numel({kHuge, kHuge}); }), HasSubstr("63 bits"));
  EXPECT_THAT(error_of([] { numel({int64_t{1} << 32, int64_t{1} << 31}); }), HasSubstr("63 bits"));
  // A product that overflows to 0, and one that is 0 but has strides that overflow.
  EXPECT_THAT(error_of([] { numel({int64_t{1} << 32, int64_t{1} << 32}); }), HasSubstr("63 bits"));
  EXPECT_THAT(error_of([] { numel({0, kHuge, kHuge}); }), HasSubstr("63 bits"));
  EXPECT_THAT(error_of([] { contiguous_strides({0, kHuge, kHuge}); }), HasSubstr("63 bits"));
  EXPECT_THAT(error_of([] { contiguous_strides({2, kHuge, kHuge}); }), HasSubstr("63 bits"));
  EXPECT_THAT(error_of([] { numel({2, -1}); }), HasSubstr("[2, -1]: no size is negative"));
}

TEST(Shape, ContiguousStrides) {
  EXPECT_EQ(contiguous_strides({2, 3, 4}).vec(), (Ints{12, 4, 1}));
  EXPECT_EQ(contiguous_strides({2, 0, 4}).vec(), (Ints{4, 4, 1}));
  EXPECT_EQ(contiguous_strides({}).size(), 0u);
  EXPECT_TRUE(is_contiguous({2, 3}, {3, 1}));
  EXPECT_FALSE(is_contiguous({2, 3}, {1, 2}));
  EXPECT_TRUE(is_contiguous({1, 3}, {77, 1}));  // a stride that is never taken does not count
  EXPECT_TRUE(is_contiguous({0, 3}, {5, 5}));
  EXPECT_EQ(span_of({2, 3}, {10, 2}), 15);
  EXPECT_EQ(span_of({}, {}), 1);
  EXPECT_EQ(span_of({2, 0}, {10, 2}), 0);
}

TEST(Shape, OverlapIsFound) {
  EXPECT_FALSE(may_overlap({2, 3}, {3, 1}));
  EXPECT_FALSE(may_overlap({3, 2}, {1, 3}));
  EXPECT_TRUE(may_overlap({2, 3}, {0, 1}));
  EXPECT_TRUE(may_overlap({4, 3}, {1, 1}));
  EXPECT_FALSE(may_overlap({1, 3}, {0, 1}));
  EXPECT_FALSE(may_overlap({0, 3}, {0, 0}));
}

TEST(Shape, WrapDim) {
  EXPECT_EQ(wrap_dim("sum", -1, 3), 2);
  EXPECT_EQ(wrap_dim("sum", 2, 3), 2);
  EXPECT_EQ(wrap_dim("sum", -1, 0), 0);  // no dimensions count as one
  EXPECT_EQ(wrap_dim("sum", 0, 0), 0);
  EXPECT_THROW(wrap_dim("sum", 3, 3), IndexError);
  EXPECT_THROW(wrap_dim("sum", -4, 3), IndexError);
  EXPECT_THROW(wrap_dim("sum", std::numeric_limits<int64_t>::min(), 3), IndexError);
  EXPECT_THAT(error_of([] { wrap_dim("sum", 1, 0); }),
              HasSubstr("sum: dimension 1 is out of range: expected -1 to 0 for a tensor of 0"));
  EXPECT_EQ(dim_mask("sum", {0, -1}, 3), 0b101u);
  EXPECT_EQ(dim_mask("sum", {}, 3), 0b111u);
  EXPECT_THAT(error_of([] {
                dim_mask("sum", {1, -2}, 3);
              }),
              HasSubstr("sum: dimension -2 appears more than"));
}

TEST(Shape, Broadcasting) {
  EXPECT_EQ(broadcast_shapes({2, 1, 3}, {4, 1}).vec(), (Ints{2, 4, 3}));
  EXPECT_EQ(broadcast_shapes({}, {2, 3}).vec(), (Ints{2, 3}));
  EXPECT_EQ(broadcast_shapes({1}, {0}).vec(), Ints{0});
  EXPECT_EQ(broadcast_shapes({5, 0}, {1, 1}).vec(), (Ints{5, 0}));
  EXPECT_THAT(error_of([] {
                broadcast_shapes({2, 3}, {2});
              }),
              HasSubstr("shapes [2, 3] and [2] do not broadcast: sizes 3 and 2 at dimension 1"));
  EXPECT_THROW(broadcast_shapes({0}, {2}), Error);
  EXPECT_TRUE(is_expandable_to({1, 3}, {2, 4, 3}));
  EXPECT_FALSE(is_expandable_to({2, 4, 3}, {4, 3}));
  EXPECT_FALSE(is_expandable_to({2}, {1}));
  EXPECT_EQ(expanded_strides({1, 3}, {3, 1}, {2, 4, 3}).vec(), (Ints{0, 0, 1}));
}

TEST(Shape, InferredSizes) {
  EXPECT_EQ(infer_size("sum", {2, -1}, 6).vec(), (Ints{2, 3}));
  EXPECT_EQ(infer_size("sum", {-1}, 0).vec(), Ints{0});
  EXPECT_EQ(infer_size("sum", {}, 1).size(), 0u);
  EXPECT_THAT(error_of([] {
                infer_size("sum", {-1, -1}, 4);
              }),
              HasSubstr("sum: only one size can be -1"));
  EXPECT_THAT(error_of([] { infer_size("sum", {0, -1}, 0); }), HasSubstr("could be anything"));
  EXPECT_THAT(error_of([] {
                infer_size("sum", {4, -1}, 6);
              }),
              HasSubstr("does not fit 6 elements"));
  EXPECT_THAT(error_of([] { infer_size("sum", {-2}, 6); }), HasSubstr("invalid size -2"));
  EXPECT_THAT(error_of([] { infer_size("sum", {kHuge, kHuge}, 6); }), HasSubstr("too large"));
}

TEST(Shape, StridesOfAView) {
  EXPECT_EQ(view_strides({2, 3, 4}, {12, 4, 1}, {6, 4})->vec(), (Ints{4, 1}));
  EXPECT_EQ(view_strides({2, 6}, {10, 1}, {2, 3, 2})->vec(), (Ints{10, 2, 1}));
  EXPECT_FALSE(view_strides({2, 6}, {10, 1}, {12}).has_value());
  EXPECT_FALSE(view_strides({3, 2}, {1, 3}, {6}).has_value());
  EXPECT_EQ(view_strides({3, 2}, {1, 3}, {3, 1, 2})->vec(), (Ints{1, 6, 3}));
  EXPECT_EQ(view_strides({}, {}, {1, 1})->size(), 2u);
  EXPECT_EQ(view_strides({0, 3}, {3, 1}, {3, 0})->vec(), (Ints{1, 1}));
}

}  // namespace
}  // namespace adjoint
