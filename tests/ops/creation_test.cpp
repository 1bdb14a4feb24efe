#include "adjoint/ops/creation.h"

#include <gmock/gmock.h>

#include "adjoint/ops/compare.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/rearrange.h"

namespace adjoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <class T>
std::vector<T> elements(const Tensor& t) {
  return std::vector<T>(t.data_ptr<T>(), t.data_ptr<T>() + t.numel());
}

TEST(Creation, TensorDeducesShapeAndDtypeAsLibtorchDoes) {
  EXPECT_EQ(std::string(tensor({1, 2}).describe()), "shape [2], int64");
  EXPECT_EQ(std::string(tensor({1.0, 2.0}).describe()), "shape [2], float32");
  EXPECT_EQ(std::string(tensor({true, false}).describe()), "shape [2], bool");
  EXPECT_EQ(std::string(tensor(1.5).describe()), "shape [], float32");
  EXPECT_EQ(std::string(tensor(uint8_t{1}).describe()), "shape [], uint8");
  EXPECT_EQ(std::string(tensor({1}).describe()), "shape [1], int64");
  EXPECT_EQ(std::string(tensor({{1}}).describe()), "shape [1, 1], int64");
  EXPECT_EQ(std::string(tensor({}).describe()), "shape [0], float32");
  EXPECT_EQ(std::string(tensor({{}, {}}).describe()), "shape [2, 0], float32");
  EXPECT_EQ(std::string(tensor({{{{{{{1, 2}}}}}}}).describe()),
            "shape [1, 1, 1, 1, 1, 1, 2], int64");
  EXPECT_EQ(std::string(tensor(std::vector<double>{1, 2}).describe()), "shape [2], float32");
  EXPECT_EQ(std::string(tensor(std::vector<int>{1, 2}).describe()), "shape [2], int64");
  EXPECT_EQ(std::string(tensor(ArrayRef<bool>({true})).describe()), "shape [1], bool");
  EXPECT_EQ(std::string(tensor({1, 2}, kFloat64).describe()), "shape [2], float64");
  EXPECT_TRUE(tensor({1.0}, requires_grad()).requires_grad());
  EXPECT_EQ(elements<int64_t>(tensor({{1, 2, 3}, {4, 5, 6}})),
            (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(elements<double>(tensor({0.1, -2.5}, kFloat64)), (std::vector<double>{0.1, -2.5}));
  EXPECT_EQ(elements<int32_t>(tensor({1.9, -1.9}, kInt32)), (std::vector<int32_t>{1, -1}));
}

TEST(Creation, TheDefaultDtypeIsThatOfFloatingPointNumbers) {
  set_default_dtype(kFloat64);
  EXPECT_EQ(tensor({1.0f}).dtype(), kFloat64);
  EXPECT_EQ(tensor({}).dtype(), kFloat64);
  EXPECT_EQ(full({2}, 1.0).dtype(), kFloat64);
  EXPECT_EQ(arange(0.0, 1.0, 0.25).dtype(), kFloat64);
  EXPECT_EQ(arange(3).dtype(), kInt64);
  set_default_dtype(kFloat32);
}

TEST(Creation, TensorRefusesRaggedAndMixedLists) {
  try {
    tensor({{1, 2}, {3}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "tensor: expected all sub-lists to have sizes [2] as the first one has, but "
                 "number 1 has sizes [1]");
  }
  EXPECT_THROW(tensor({1.0, 2}), Error);
  EXPECT_THROW(tensor({300}, kUInt8), Error);
  EXPECT_THROW(tensor({1.0, NAN}, kInt64), Error);
}

TEST(Creation, FullsAndOnes) {
  EXPECT_EQ(elements<float>(zeros({2, 2})), (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(elements<bool>(ones({2}, kBool)), (std::vector<bool>{true, true}));
  EXPECT_EQ(elements<int64_t>(full({2}, 7)), (std::vector<int64_t>{7, 7}));
  EXPECT_EQ(full({2}, true).dtype(), kBool);
  EXPECT_EQ(std::string(scalar_tensor(3).describe()), "shape [], float32");
  EXPECT_EQ(elements<int32_t>(eye(2, 3, kInt32)), (std::vector<int32_t>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(elements<int32_t>(eye(3, 2, kInt32)), (std::vector<int32_t>{1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(zeros({0, 3}).numel(), 0);
  EXPECT_THROW(zeros({-1}), Error);
  EXPECT_THROW(ones({2}, dtype(kInt64).requires_grad(true)), Error);
  EXPECT_EQ(tensor({1, 2}).new_ones({3}).dtype(), kInt64);
  EXPECT_EQ(tensor({1, 2}).new_full({3}, 2, kFloat64).dtype(), kFloat64);
}

TEST(Creation, ArangeAndLinspace) {
  EXPECT_EQ(elements<int64_t>(arange(7, 0, -3)), (std::vector<int64_t>{7, 4, 1}));
  EXPECT_EQ(elements<float>(arange(1, 2, 0.25)), (std::vector<float>{1, 1.25, 1.5, 1.75}));
  EXPECT_EQ(elements<double>(arange(3, kFloat64)), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(arange(0).numel(), 0);
  const int64_t large = int64_t{1} << 62;
  EXPECT_EQ(elements<int64_t>(arange(large, large + 3, 2)),
            (std::vector<int64_t>{large, large + 2}));
  EXPECT_EQ(elements<float>(linspace(-1, 1, 5)), (std::vector<float>{-1, -0.5, 0, 0.5, 1}));
  EXPECT_EQ(elements<float>(linspace(3, 5, 1)), (std::vector<float>{3}));
  EXPECT_EQ(elements<int32_t>(linspace(-3, 5, 6, kInt32)),
            (std::vector<int32_t>{-3, -1, 0, 1, 3, 5}));
  EXPECT_EQ(linspace(0.1, 0.7, 50, kFloat64).data_ptr<double>()[49], 0.7);
  EXPECT_THROW(arange(0, 5, 0), Error);
  EXPECT_THROW(arange(0, 5, -1), Error);
  EXPECT_THROW(arange(0.0, INFINITY), Error);
  EXPECT_THROW(arange(3, kBool), Error);
  EXPECT_THROW(linspace(0, 1, -1), Error);
}

TEST(Creation, Logspace) {
  EXPECT_EQ(elements<float>(logspace(0, 2, 3)), (std::vector<float>{1, 10, 100}));
  EXPECT_EQ(elements<int64_t>(logspace(0, 3, 4, 2, kInt64)), (std::vector<int64_t>{1, 2, 4, 8}));
  EXPECT_EQ(elements<double>(logspace(-1, 1, 5, 10, kFloat64)),  // PyTorch's
            (std::vector<double>{0.1, 0.31622776601683794, 1, 3.1622776601683795, 10}));
  EXPECT_EQ(elements<float>(logspace(1, 5, 1)), (std::vector<float>{10}));
  EXPECT_EQ(logspace(0, 1, 0).numel(), 0);
  EXPECT_TRUE(std::isnan(logspace(0, 1, 3, -2).data_ptr<float>()[1]));
  EXPECT_THROW(logspace(0, 1, -1), Error);
}

TEST(Creation, IndicesOfTriangles) {
  // Exactly those where tril and triu leave ones.
  for (const auto& [rows, columns] : {std::pair{3, 4}, {4, 3}, {1, 1}, {0, 2}, {3, 0}}) {
    for (const int64_t k : {-9, -1, 0, 1, 2, 9}) {
      const Tensor all = ones({rows, columns});
      EXPECT_TRUE(tril_indices(rows, columns, k).equal(all.tril(k).nonzero().t()));
      EXPECT_TRUE(triu_indices(rows, columns, k).equal(all.triu(k).nonzero().t()));
    }
  }
  EXPECT_TRUE(tril_indices(2, 2, 0, kInt32).equal(tensor({{0, 1, 1}, {0, 0, 1}}, kInt32)));
  EXPECT_EQ(triu_indices(2, 2, std::numeric_limits<int64_t>::min()).sizes(), IntArrayRef({2, 4}));
  EXPECT_THROW(tril_indices(-1, 3), Error);
  EXPECT_THROW(triu_indices(2, 2, 0, kFloat32), Error);
}

TEST(Creation, OneHot) {
  EXPECT_TRUE(one_hot(tensor({0, 2})).equal(tensor({{1, 0, 0}, {0, 0, 1}})));
  EXPECT_EQ(one_hot(tensor({{0}, {2}}).t(), 4).sizes(), IntArrayRef({1, 2, 4}));
  EXPECT_EQ(one_hot(tensor(2)).sizes(), IntArrayRef({3}));
  EXPECT_EQ(one_hot(zeros({0}, kInt64), 3).sizes(), IntArrayRef({0, 3}));
  const auto message = [](const char* text) { return ThrowsMessage<Error>(HasSubstr(text)); };
  EXPECT_THAT([] { one_hot(zeros({0}, kInt64)); }, message("give num_classes"));
  EXPECT_THAT([] { one_hot(tensor({0, 2}), 2); }, message("class 2 is not one of 2"));
  EXPECT_THAT([] { one_hot(tensor({-1})); }, message("must not be negative, got -1"));
  EXPECT_THAT([] { one_hot(tensor({1.0})); }, message("x.to(torch::kInt64)"));
  EXPECT_THAT([] { one_hot(tensor({1}), 0); }, message("a positive number of classes"));
}

TEST(Creation, Meshgrid) {
  const std::vector<Tensor> grids = meshgrid({tensor({1, 2}), tensor({3, 4, 5})});
  EXPECT_TRUE(grids[0].equal(tensor({{1, 1, 1}, {2, 2, 2}})));
  EXPECT_TRUE(grids[1].equal(tensor({{3, 4, 5}, {3, 4, 5}})));
  EXPECT_TRUE(meshgrid({tensor({1, 2}), tensor({3, 4, 5})}, "xy")[1].equal(grids[1].t()));
  EXPECT_EQ(meshgrid({tensor(1), tensor({1, 2})}, "xy")[0].sizes(), IntArrayRef({2, 1}));
  EXPECT_EQ(meshgrid({zeros({0}), zeros({2})})[1].sizes(), IntArrayRef({0, 2}));
  EXPECT_EQ(meshgrid(tensor({1, 2}), "xy")[0].sizes(), IntArrayRef({2}));
  EXPECT_THROW(meshgrid(TensorList()), Error);
  EXPECT_THROW(meshgrid({zeros({2}), zeros({2, 2})}), Error);
  EXPECT_THROW(meshgrid({zeros({2}), tensor({1})}), Error);
  EXPECT_THROW(meshgrid({zeros({2}), zeros({2})}, "ab"), Error);
}

TEST(Creation, LikeKeepsTheOrderInMemory) {
  const auto strides = [](IntArrayRef sizes, IntArrayRef strides) {
    return zeros_like(zeros({1000}).alias(sizes, strides, 0)).strides().vec();
  };
  using Strides = std::vector<int64_t>;
  EXPECT_EQ(strides({3, 4}, {4, 1}), (Strides{4, 1}));
  EXPECT_EQ(strides({3, 4}, {1, 3}), (Strides{1, 3}));
  EXPECT_EQ(strides({3, 4}, {2, 20}), (Strides{1, 3}));  // not dense: its order, made dense
  EXPECT_EQ(strides({2, 3, 4}, {4, 0, 1}), (Strides{12, 4, 1}));  // expanded
  EXPECT_EQ(strides({2, 3, 4}, {1, 0, 2}), (Strides{1, 2, 6}));
  EXPECT_EQ(strides({2, 3, 4, 5}, {1, 2, 6, 24}), (Strides{1, 2, 6, 24}));
  EXPECT_EQ(full_like(zeros({2}, kInt32), 2.0).dtype(), kInt32);
  EXPECT_EQ(ones_like(zeros({2}, kInt32), kFloat64).dtype(), kFloat64);
}

}  // namespace
}  // namespace adjoint
