#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/conv.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/fold.h"
#include "adjoint/ops/matmul.h"
#include "adjoint/tests/ops/op_samples.h"

namespace adjoint::testing {
namespace {

template <class F>
void add(OpSamples& samples, const std::string& op, const std::string& name, F f,
         variable_list inputs) {
  samples[op].push_back({name, std::move(f), std::move(inputs)});
}

void add_matrix_products(OpSamples& samples) {
  const auto product = [](const Tensor& a, const Tensor& b) { return matmul(a, b); };
  add(samples, "mm", "matrices", product, {normal_input({2, 3}), normal_input({3, 4})});
  add(samples, "mm", "transposed", product,
      {transposed(normal_input({3, 2})), transposed(normal_input({4, 3}))});
  add(samples, "mm", "sliced", product, {sliced(normal_input({2, 6})), normal_input({3, 1})});
  add(samples, "mm", "nothing to sum", product, {normal_input({2, 0}), normal_input({0, 3})});
  add(samples, "mm", "no rows", product, {normal_input({0, 2}), normal_input({2, 3})});
  add(samples, "mm", "matrix, vector", product, {normal_input({2, 3}), normal_input({3})});
  add(samples, "mm", "vector, matrix", product, {normal_input({3}), normal_input({3, 2})});
  add(samples, "mm", "with its transpose", [](const Tensor& a) { return a.mm(a.t()); },
      {normal_input({2, 3})});
  add(samples, "mm", "second only", product, {normal_input({2, 3}).detach(), normal_input({3, 2})});
  add(samples, "bmm", "batches", product, {normal_input({2, 2, 3}), normal_input({2, 3, 1})});
  add(samples, "bmm", "broadcast batches", product,
      {normal_input({2, 1, 2, 3}), normal_input({3, 3, 2})});
  add(samples, "addmm", "plain",
      [](const Tensor& c, const Tensor& a, const Tensor& b) { return addmm(c, a, b); },
      {normal_input({2, 4}), normal_input({2, 3}), normal_input({3, 4})});
  add(samples, "addmm", "broadcast, scaled",
      [](const Tensor& c, const Tensor& a, const Tensor& b) { return addmm(c, a, b, 0.5, -2); },
      {normal_input({4}), transposed(normal_input({3, 2})), normal_input({3, 4})});
  const auto layer = [](const Tensor& x, const Tensor& w, const Tensor& b) {
    return linear(x, w, b);
  };
  add(samples, "linear", "with bias", layer,
      {normal_input({2, 3}), normal_input({4, 3}), normal_input({4})});
  add(samples, "linear", "more dimensions", layer,
      {normal_input({2, 2, 3}), normal_input({2, 3}), normal_input({2})});
  add(samples, "linear", "one sample", layer,
      {normal_input({3}), normal_input({2, 3}), normal_input({2})});
  add(samples, "linear", "no bias", [](const Tensor& x, const Tensor& w) { return linear(x, w); },
      {transposed(normal_input({3, 2})), normal_input({4, 3})});
}

/// Geometries of convolutions on an input of [2, 4, height, width]: every option, remainders,
/// and nothing square.
struct Geometry {
  std::string name;
  int64_t height, width;
  std::vector<int64_t> weight;
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups = 1;
};

const std::vector<Geometry>& geometries() {
  static const std::vector<Geometry> all = {
      {"plain", 4, 3, {3, 4, 2, 3}, {1}, {0}, {1}},
      {"pointwise", 2, 3, {3, 4, 1, 1}, {1}, {0}, {1}},
      {"stride with a remainder", 6, 5, {2, 4, 3, 2}, {2, 2}, {0}, {1}},
      {"padding", 2, 3, {2, 4, 3, 2}, {1}, {2, 1}, {1}},
      {"dilation", 5, 4, {2, 4, 2, 3}, {1}, {0, 1}, {3, 2}},
      {"groups", 3, 4, {6, 2, 2, 3}, {1}, {0}, {1}, 2},
      {"depthwise", 3, 4, {4, 1, 2, 2}, {2, 1}, {1, 0}, {1}, 4},
      {"everything", 4, 6, {2, 2, 2, 3}, {2, 3}, {1, 2}, {2, 1}, 2},
  };
  return all;
}

void add_convolutions(OpSamples& samples) {
  for (const Geometry& g : geometries()) {
    const Tensor x = normal_input({1, 4, g.height, g.width}), w = normal_input(g.weight);
    const Tensor bias = normal_input({g.weight[0]});
    const auto conv = [g](const Tensor& x, const Tensor& w, const Tensor& b) {
      return conv2d(x, w, b, g.stride, g.padding, g.dilation, g.groups);
    };
    add(samples, "conv2d", g.name, conv, {x, w, bias});

    const Tensor y = normal_input(conv(x, w, {}).sizes());
    const IntArrayRef kernel = IntArrayRef(g.weight).slice(2);
    add(samples, "conv2d_weight", g.name,
        [g, kernel](const Tensor& x, const Tensor& y) {
          return conv2d_weight(x, y, kernel, g.stride, g.padding, g.dilation, g.groups);
        },
        {normal_input(x.sizes()), y});
    const Tensor bias_back = normal_input({4});
    add(samples, "conv_transpose2d", g.name,
        [g](const Tensor& y, const Tensor& w, const Tensor& b) {
          return conv_transpose2d(y, w, b, g.stride, g.padding, 0, g.groups, g.dilation);
        },
        {normal_input(y.sizes()), normal_input(g.weight), bias_back});
  }
  add(samples, "conv2d", "no bias, transposed input",
      [](const Tensor& x, const Tensor& w) { return conv2d(x.transpose(2, 3), w); },
      {normal_input({2, 1, 3, 4}), normal_input({2, 1, 2, 3})});
  add(samples, "conv2d", "one image",
      [](const Tensor& x, const Tensor& w) { return conv2d(x, w, {}, 1, "same"); },
      {normal_input({2, 3, 4}), normal_input({1, 2, 2, 3})});
  add(samples, "conv_transpose2d", "output padding",
      [](const Tensor& y, const Tensor& w) {
        return conv_transpose2d(y, w, {}, {2, 3}, {1, 0}, {1, 2});
      },
      {normal_input({2, 2, 2, 1}), normal_input({2, 1, 3, 2})});
}

void add_folds(OpSamples& samples) {
  add(samples, "im2col", "every option",
      [](const Tensor& x) {
        return im2col(x, {2, 3}, {2, 1}, {1, 0}, {1, 2});
      },
      {normal_input({1, 2, 4, 5})});
  add(samples, "im2col", "transposed",
      [](const Tensor& x) {
        return im2col(x.transpose(2, 3), {2, 2}, 1, 0, 1);
      },
      {normal_input({1, 2, 3, 4})});
  const Tensor columns = im2col(normal_input({1, 2, 4, 5}), {2, 3}, {2, 1}, {1, 0}, {1, 2});
  add(samples, "col2im", "every option",
      [](const Tensor& c) {
        return col2im(c, {4, 5}, {2, 3}, {2, 1}, {1, 0}, {1, 2});
      },
      {normal_input(columns.sizes())});
}

}  // namespace

void add_product_samples(OpSamples& samples) {
  add_matrix_products(samples);
  add_convolutions(samples);
  add_folds(samples);
}

}  // namespace adjoint::testing
