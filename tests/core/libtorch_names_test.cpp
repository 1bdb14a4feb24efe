// What code written for libtorch says about devices, options and checks.

#include "adjoint/core/libtorch_names.h"

#include <sstream>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace torch = adjoint;
using adjoint::test::error_of;

namespace {

TEST(LibtorchNames, Check) {
  int evaluated = 0;
  TORCH_CHECK(true, ++evaluated);
  EXPECT_EQ(evaluated, 0);
  const torch::Tensor x = torch::ones({2, 3});
  EXPECT_EQ(error_of([&] { TORCH_CHECK(x.dim() == 4, "expected 4 dimensions, got ", x.sizes()); }),
            "expected 4 dimensions, got [2, 3]");
  EXPECT_EQ(error_of([&] { TORCH_CHECK(x.dim() == 4); }), "expected x.dim() == 4 to be true");
  EXPECT_EQ(error_of([&] { TORCH_INTERNAL_ASSERT(false, 1, '/', 2); }), "1/2");
  EXPECT_EQ(error_of([&] { AT_ASSERT(x.numel() == 0); }), "expected x.numel() == 0 to be true");
  if (x.dim() == 2)
    TORCH_CHECK(true);
  else
    FAIL() << "a check is one statement";
}

TEST(LibtorchNames, DefaultDtype) {
  torch::set_default_dtype(torch::scalarTypeToTypeMeta(torch::kDouble));
  EXPECT_EQ(torch::ones({1}).dtype(), torch::kDouble);
  torch::set_default_dtype(torch::scalarTypeToTypeMeta(torch::kFloat));
  EXPECT_EQ(torch::typeMetaToScalarType(torch::ones({1}).dtype()), torch::kFloat);
}

TEST(Device, HasAnIndex) {
  EXPECT_EQ(torch::Device(torch::kCPU).index(), -1);
  EXPECT_EQ(torch::Device("cpu:0").index(), 0);
  EXPECT_TRUE(torch::Device(torch::kCPU, 0).has_index());
  EXPECT_FALSE(torch::Device(torch::kCPU, 0) == torch::Device("cpu"));
  EXPECT_TRUE(torch::ones({1}).device() == torch::Device("cpu"));
  EXPECT_EQ(torch::ones({1}).get_device(), -1);
  EXPECT_EQ(error_of([] { torch::Device(torch::kCPU, 1); }),
            "Device(kCPU, index): expected index 0 or -1");
  std::ostringstream out;
  out << torch::Device("cpu:0") << " " << torch::Device(torch::kCPU);
  EXPECT_EQ(out.str(), "cpu:0 cpu");
}

TEST(TensorOptions, KnowWhatWasSaid) {
  const auto options = torch::TensorOptions().dtype<double>().device(torch::kCPU, 0);
  EXPECT_EQ(torch::ones({1}, options).dtype(), torch::kDouble);
  EXPECT_FALSE(options.has_requires_grad());
  EXPECT_EQ(options.requires_grad(false).requires_grad_opt(), false);
  const torch::Tensor x = torch::ones({1});
  EXPECT_EQ(x.to(options.requires_grad(false)).dtype(), torch::kDouble);
  EXPECT_EQ(error_of([&] { x.to(options.requires_grad(true)); }),
            "to: the options say requires_grad, which to() does not change; call requires_grad_() "
            "on the result");
}

TEST(Tensor, AnswersAboutItself) {
  EXPECT_TRUE(torch::ones({1}, torch::kInt).is_signed());
  EXPECT_FALSE(torch::is_signed(torch::ones({1}, torch::kByte)));
  EXPECT_FALSE(torch::ones({1}, torch::kBool).is_signed());
  EXPECT_TRUE(torch::is_nonzero(torch::full({1, 1}, -0.5)));
  EXPECT_FALSE(torch::zeros({}).is_nonzero());
  EXPECT_EQ(
      error_of([] { torch::ones({2}).is_nonzero(); }),
      "is_nonzero: expected a tensor of one element, got shape [2], float32; reduce it first, "
      "as in x.any() or x.all()");
  EXPECT_THROW(torch::ones({0}).is_nonzero(), torch::Error);
  const torch::Tensor x = torch::ones({2}), same = x;
  EXPECT_EQ(x.use_count(), 2u);
  EXPECT_EQ(x.new_empty_strided({2, 2}, {1, 2}).strides(), torch::IntArrayRef({1, 2}));
  EXPECT_EQ(*torch::ones({2, 3}).sizes().rbegin(), 3);
}

}  // namespace
