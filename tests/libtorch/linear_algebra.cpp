#include "adjoint/tests/libtorch/show.h"

namespace {

torch::Tensor numbers(torch::IntArrayRef size) {
  int64_t count = 1;
  for (const int64_t s : size) count *= s;
  return (torch::arange(count, torch::kDouble) * 0.5 - 1).view(size);
}

void products() {
  const torch::Tensor a = numbers({2, 3}), b = numbers({3, 4}), v = numbers({3});
  SHOW(torch::matmul(a, b));
  SHOW(torch::mm(a, b));
  SHOW(a.matmul(v));
  SHOW(torch::mv(a, v));
  SHOW(torch::matmul(v, b));
  SHOW(torch::matmul(v, v));
  SHOW(torch::dot(v, v));
  SHOW(torch::inner(v, v));
  SHOW(torch::outer(v, v));
  SHOW(torch::matmul(numbers({2, 2, 3}), b).sizes());
  SHOW(torch::matmul(numbers({2, 1, 2, 3}), numbers({4, 3, 2})).sizes());
  SHOW(torch::matmul(numbers({2, 2, 3}), v));
  SHOW(torch::bmm(numbers({2, 1, 2}), numbers({2, 2, 1})));
  SHOW(torch::mm(a.t(), a));
  SHOW(torch::addmm(torch::ones({4}, torch::kDouble), a, b));
  SHOW(torch::addmm(torch::ones({2, 4}, torch::kDouble), a, b, /*beta=*/0.5, /*alpha=*/2));
  SHOW(torch::addmv(torch::ones({2}, torch::kDouble), a, v));
  SHOW(torch::addr(torch::zeros({3, 3}, torch::kDouble), v, v));
  SHOW(torch::baddbmm(torch::ones({2, 1, 1}, torch::kDouble), numbers({2, 1, 2}),
                      numbers({2, 2, 1})));
  SHOW(torch::ones({2}, torch::kDouble).addmv_(a, v));
  SHOW(torch::ones({2}, torch::kDouble).addmv_(a, v, /*beta=*/2, /*alpha=*/0.5));
  ATTEMPT(torch::ones({2}, torch::kDouble).addmv_(a, torch::ones({2}, torch::kDouble)));
  ATTEMPT(torch::ones({1}, torch::kDouble).addmv_(a, v));
  SHOW(torch::ones({2, 3}, torch::kDouble).addr_(numbers({2}), v, 1, 2));
  SHOW(torch::ones({2, 2}, torch::kLong).addr_(torch::arange(2), torch::arange(2)));
  ATTEMPT(torch::zeros({3}, torch::kDouble).addr_(numbers({2}), v));
  SHOW(torch::mm(torch::arange(4).view({2, 2}), torch::arange(4).view({2, 2})));
  SHOW(torch::matmul(torch::ones({0, 3}), torch::ones({3, 2})).sizes());
  SHOW(torch::matmul(torch::ones({2, 0}), torch::ones({0, 2})));
  SHOW(torch::mm(a, a));
  SHOW(torch::mm(a, b.to(torch::kFloat)));
  SHOW(torch::dot(a, a));
  SHOW(torch::matmul(torch::tensor(1.0), v));
}

void by_letters() {
  const torch::Tensor a = numbers({2, 3}), b = numbers({3, 4}), c = numbers({2, 2});
  SHOW(torch::einsum("ij,jk->ik", {a, b}));
  SHOW(torch::einsum("ij,jk", {a, b}));
  SHOW(torch::einsum("ij,jk,kl->il", {a, b, a}, torch::IntArrayRef({1, 2, 0, 1})));
  SHOW(torch::einsum("ij,jk", {a, b}, torch::IntArrayRef({0, 2})));
  SHOW(torch::einsum("ij->ji", {a}));
  SHOW(torch::einsum("ij->", {a}));
  SHOW(torch::einsum("ii->i", {c}));
  SHOW(torch::einsum("ij,ij->i", {a, a}));
  SHOW(torch::einsum("bij,bjk->bik", {numbers({2, 2, 2}), numbers({2, 2, 1})}));
  SHOW(torch::einsum("...ij,jk->...ik", {numbers({2, 2, 3}), b}).sizes());
  SHOW(torch::einsum("ij,jk->ik", {a, a}));
}

void convolutions() {
  const torch::Tensor x = numbers({1, 2, 5, 4}), w = numbers({3, 2, 3, 2});
  SHOW(torch::conv2d(x, w));
  SHOW(torch::conv2d(x, w, torch::ones({3}, torch::kDouble), /*stride=*/{2, 1}, /*padding=*/1));
  SHOW(torch::conv2d(x, w, {}, 1, "same").sizes());
  SHOW(torch::conv2d(x, w, {}, 1, torch::IntArrayRef{0}, /*dilation=*/{2, 1}));
  SHOW(torch::conv2d(x, numbers({2, 1, 2, 2}), {}, 2, torch::IntArrayRef{0}, 1, /*groups=*/2));
  SHOW(torch::conv1d(numbers({1, 2, 6}), numbers({1, 2, 3}), {}, 2));
  SHOW(torch::conv_transpose2d(numbers({1, 2, 2, 3}), numbers({2, 1, 2, 2}), {}, 2,
                               /*padding=*/0, /*output_padding=*/1));
  SHOW(torch::conv_transpose1d(numbers({1, 2, 3}), numbers({2, 1, 3}), {}, 2, 1));
  SHOW(torch::conv2d(x, numbers({3, 3, 2, 2})));
  SHOW(torch::conv2d(x, numbers({3, 2, 9, 2})));
  SHOW(torch::conv2d(x, w, {}, 0));
  SHOW(torch::im2col(x, {2, 2}, {1, 1}, {0, 0}, {2, 2}).sizes());
  SHOW(torch::col2im(numbers({1, 4, 4}), {3, 3}, {2, 2}, {1, 1}, {0, 0}, {1, 1}));
}

}  // namespace

void linear_algebra() {
  products();
  by_letters();
  convolutions();
}
