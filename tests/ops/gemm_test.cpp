#include "adjoint/ops/kernels/gemm.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adjoint/core/parallel.h"

// float takes another way than double on processors with AVX-512 (ops/kernels/avx512_gemm.h), and
// both have ways of their own for a single row and for k = 1.

namespace adjoint::kernels {
namespace {

/// A matrix product and the memory that it works on, which is no larger than it must be.
template <class T>
struct Product {
  Product(int64_t m, int64_t n, int64_t k, bool transposed_a, bool transposed_b,
          std::mt19937& random)
      : m(m), n(n), k(k), ta(transposed_a), tb(transposed_b) {
    const auto gap = [&] { return static_cast<int64_t>(random() % 4); };
    a_stride = (ta ? m : k) + gap();
    b_stride = (tb ? k : n) + gap();
    c_stride = n + gap();
    const auto elements = [&](int64_t rows, int64_t cols, int64_t stride) {
      std::vector<T> matrix(rows == 0 ? 0 : static_cast<std::size_t>((rows - 1) * stride + cols));
      for (T& element : matrix) element = static_cast<T>(static_cast<int>(random() % 15) - 7);
      return matrix;
    };
    a = ta ? elements(k, m, a_stride) : elements(m, k, a_stride);
    b = tb ? elements(n, k, b_stride) : elements(k, n, b_stride);
    c = elements(m, n, c_stride);
  }

  T a_at(int64_t i, int64_t p) const { return a[ta ? p * a_stride + i : i * a_stride + p]; }
  T b_at(int64_t p, int64_t j) const { return b[tb ? j * b_stride + p : p * b_stride + j]; }
  Matrix<T> a_matrix() const { return {a.data(), a_stride, ta}; }
  Matrix<T> b_matrix() const { return {b.data(), b_stride, tb}; }

  /// By the definition; what is between the rows of C stays as it is.
  std::vector<T> expected(T beta) const {
    std::vector<T> result = c;
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < k; ++p) sum += double(a_at(i, p)) * double(b_at(p, j));
        T& element = result[i * c_stride + j];
        element = static_cast<T>(beta == 0 ? sum : sum + double(beta) * double(element));
      }
    }
    return result;
  }

  std::string name() const {
    return fmt::format("[{}, {}]{} x [{}, {}]{}, strides {} {} {}", m, k, ta ? "^T" : "", k, n,
                       tb ? "^T" : "", a_stride, b_stride, c_stride);
  }

  int64_t m, n, k, a_stride, b_stride, c_stride;
  bool ta, tb;
  std::vector<T> a, b, c;
};

template <class T>
class Gemm : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Gemm, Types);

/// The values are small integers, so that each sum is exact in any order.
template <class T>
void expect_exact(const Product<T>& product, T beta) {
  std::vector<T> c = product.c;
  gemm(product.m, product.n, product.k, product.a_matrix(), product.b_matrix(), beta, c.data(),
       product.c_stride);
  ASSERT_EQ(c, product.expected(beta)) << product.name() << ", beta " << beta;
}

TYPED_TEST(Gemm, EqualsTheDefinitionForSizesAroundThoseOfItsBlocks) {
  std::mt19937 random(0);
  for (const int64_t m : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31}) {
    for (const int64_t n : {1, 2, 15, 16, 17, 32, 33, 48, 49, 97}) {
      for (const int64_t k : {1, 2, 5, 16, 33}) {
        for (int transposed = 0; transposed < 4; ++transposed) {
          const Product<TypeParam> product(m, n, k, transposed & 1, transposed & 2, random);
          expect_exact(product, TypeParam(random() % 3));
        }
      }
    }
  }
}

TYPED_TEST(Gemm, EqualsTheDefinitionForOperandsThatAreCopiedAndDepthsThatAreCut) {
  std::mt19937 random(1);
  struct Size {
    int64_t m, n, k;
  };
  for (const auto [m, n, k] : {Size{70, 130, 200},
                               {130, 50, 193},
                               {67, 131, 400},
                               {17, 30, 1030},
                               {5, 40, 1100},
                               {128, 128, 1},
                               {1, 100, 500},
                               {500, 1, 70}}) {
    for (int transposed = 0; transposed < 4; ++transposed) {
      const Product<TypeParam> product(m, n, k, transposed & 1, transposed & 2, random);
      expect_exact(product, TypeParam(0));
      expect_exact(product, TypeParam(1));
    }
  }
}

TYPED_TEST(Gemm, OverAllThreadsHasTheSameResult) {
  std::mt19937 random(2);
  const int before = get_num_threads();
  for (int transposed = 0; transposed < 4; ++transposed) {
    const Product<TypeParam> product(150, 170, 130, transposed & 1, transposed & 2, random);
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      std::vector<TypeParam> c = product.c;
      parallel_gemm(product.m, product.n, product.k, product.a_matrix(), product.b_matrix(),
                    TypeParam(1), c.data(), product.c_stride);
      EXPECT_EQ(c, product.expected(TypeParam(1))) << product.name() << ", threads " << threads;
    }
  }
  set_num_threads(before);
}

TYPED_TEST(Gemm, ReadsNothingOfCWhereBetaIsZero) {
  std::mt19937 random(3);
  for (const int64_t k : {0, 1, 2, 20}) {
    for (const int64_t m : {1, 9}) {
      for (int transposed = 0; transposed < 4; ++transposed) {
        Product<TypeParam> product(m, 21, k, transposed & 1, transposed & 2, random);
        product.c_stride = product.n;
        product.c.assign(product.m * product.n, std::numeric_limits<TypeParam>::quiet_NaN());
        expect_exact(product, TypeParam(0));
      }
    }
  }
}

TYPED_TEST(Gemm, OfNoRowsOrColumnsDoesNothing) {
  std::mt19937 random(4);
  expect_exact(Product<TypeParam>(0, 5, 3, false, false, random), TypeParam(0));
  expect_exact(Product<TypeParam>(5, 0, 3, false, true, random), TypeParam(0));
}

TYPED_TEST(Gemm, KeepsInfinitiesAndNaNsInTheirRowsAndColumns) {
  std::mt19937 random(5);
  for (int transposed = 0; transposed < 4; ++transposed) {
    Product<TypeParam> product(9, 50, 20, transposed & 1, transposed & 2, random);
    product.a[product.ta ? 3 : 3 * product.a_stride] = std::numeric_limits<TypeParam>::quiet_NaN();
    std::vector<TypeParam> c = product.c;
    gemm(product.m, product.n, product.k, product.a_matrix(), product.b_matrix(), TypeParam(0),
         c.data(), product.c_stride);
    for (int64_t i = 0; i < product.m; ++i) {
      for (int64_t j = 0; j < product.n; ++j) {
        EXPECT_EQ(std::isnan(c[i * product.c_stride + j]), i == 3) << i << ", " << j;
      }
    }
  }
}

}  // namespace
}  // namespace adjoint::kernels
