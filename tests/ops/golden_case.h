#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/tests/golden/golden.h"

namespace adjoint::golden {

/// The cases of one file that tests/golden/reduce_ops.py wrote.
class Cases {
 public:
  explicit Cases(const std::string& file) : tensors_(read(file)) {}

  /// Compares f's result on the case's inputs, and their gradients, with PyTorch's.
  void compare(const std::string& name,
               const std::function<Tensor(const std::vector<Tensor>&)>& f) {
    SCOPED_TRACE(name);
    std::vector<Tensor> x;
    while (const Tensor* input = tensors_.find(name + ".x" + std::to_string(x.size()))) {
      x.push_back(input->clone());
      if (x.back().is_floating_point()) x.back().requires_grad_();
    }
    ASSERT_FALSE(x.empty()) << "no such case";
    ++compared_;
    const Tensor y = f(x);
    expect_close(y, tensors_[name + ".y"], "the result");
    y.backward(tensors_[name + ".g"]);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Tensor* expected = tensors_.find(name + ".d" + std::to_string(i));
      if (expected == nullptr) continue;
      const Tensor got = x[i].grad().defined() ? x[i].grad() : *expected * 0;
      expect_close(got, *expected, "the gradient of input " + std::to_string(i));
    }
  }

  /// How many cases the file has; compare it with how many were compared.
  std::size_t count() const {
    std::size_t results = 0;
    for (const auto& item : tensors_) results += item.key().ends_with(".y") ? 1 : 0;
    return results;
  }
  std::size_t compared() const { return compared_; }

 private:
  /// Within 1e-12 of the largest element, and equal where PyTorch's is infinite.
  static void expect_close(const Tensor& got, const Tensor& expected, const std::string& what) {
    ASSERT_EQ(got.sizes(), expected.sizes()) << what;
    ASSERT_EQ(got.scalar_type(), expected.scalar_type()) << what;
    const Tensor values = got.detach().contiguous();
    const double* const a = values.data_ptr<double>();
    const double* const b = expected.data_ptr<double>();
    double scale = 0;
    for (int64_t i = 0; i < values.numel(); ++i) scale = std::max(scale, std::abs(b[i]));
    for (int64_t i = 0; i < values.numel(); ++i) {
      EXPECT_TRUE(a[i] == b[i] || std::abs(a[i] - b[i]) <= 1e-12 * scale)
          << what << ", element " << i << ": " << a[i] << ", but PyTorch has " << b[i];
    }
  }

  OrderedDict<std::string, Tensor> tensors_;
  std::size_t compared_ = 0;
};

}  // namespace adjoint::golden
