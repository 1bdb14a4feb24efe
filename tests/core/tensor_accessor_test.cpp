#include "adjoint/core/tensor_accessor.h"

#include <gmock/gmock.h>

#include "adjoint/core/tensor.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using test::error_of;
using ::testing::HasSubstr;

Tensor counting(IntArrayRef sizes) {
  const Tensor made = empty(sizes, kInt32);
  for (int i = 0; i < made.numel(); ++i) made.data_ptr<int32_t>()[i] = i;
  return made;
}

TEST(TensorAccessor, ReadsAndWritesWhatTheTensorShows) {
  const Tensor base = counting({4, 3, 2});
  // x[i, j, k] = base[1 + k, j, i], a view that begins in the middle.
  const Tensor x = base.alias({2, 3, 3}, {1, 2, 6}, 6);
  const auto a = x.accessor<int32_t, 3>();
  for (int64_t i = 0; i < 2; ++i) {
    const auto plane = a[i];
    for (int64_t j = 0; j < 3; ++j) {
      for (int64_t k = 0; k < 3; ++k) EXPECT_EQ(plane[j][k], 6 * (1 + k) + 2 * j + i);
    }
  }
  a[1][2][0] = -5;
  EXPECT_EQ(base.data_ptr<int32_t>()[11], -5);
  EXPECT_EQ(a.sizes(), IntArrayRef({2, 3, 3}));
  EXPECT_EQ(a[0].sizes(), IntArrayRef({3, 3}));
  EXPECT_EQ(a[0].strides(), IntArrayRef({2, 6}));
  EXPECT_EQ(a.size(0), 2);
  EXPECT_EQ(a.stride(2), 6);
  EXPECT_EQ(a.data(), x.data_ptr<int32_t>());
}

TEST(TensorAccessor, CountsNoVersionAndLivesWithAnEmptyTensor) {
  const Tensor x = counting({3});
  x.accessor<int32_t, 1>()[2] = 9;
  EXPECT_EQ(x._version(), 0);
  const Tensor none = counting({0, 2});
  EXPECT_EQ((none.accessor<int32_t, 2>().size(1)), 2);
}

TEST(TensorAccessor, WantsTheTensorsOwnTypeAndDimensions) {
  const Tensor x = counting({2, 2});
  EXPECT_THAT(error_of([&] { x.accessor<int32_t, 1>(); }),
              HasSubstr("accessor<int32, 1>: the tensor has 2 dimensions"));
  EXPECT_THAT(error_of([&] { x.accessor<float, 2>(); }), HasSubstr("the tensor's dtype is int32"));
}

}  // namespace
}  // namespace adjoint
