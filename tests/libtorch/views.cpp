#include "adjoint/tests/libtorch/show.h"

namespace {

void shapes() {
  const torch::Tensor x = torch::arange(24).view({2, 3, 4});
  SHOW(x.view({-1, 8}).sizes());
  SHOW(x.view({5, 5}));
  SHOW(x.transpose(0, 2).view({24}));
  SHOW(x.transpose(0, 2).reshape({4, 6})[1]);
  SHOW(x.permute({2, 0, 1}).strides());
  SHOW(x.flatten(1).sizes());
  SHOW(torch::flatten(x, 0, 1).sizes());
  SHOW(x.unflatten(2, {2, -1}).sizes());
  SHOW(x.unsqueeze(1).sizes());
  SHOW(x.unsqueeze(-1).squeeze().sizes());
  SHOW(x.squeeze(0).sizes());
  SHOW(torch::ones({2, 1}).expand({2, 3}).strides());
  SHOW(torch::ones({2, 1}).expand({-1, 3}).sizes());
  SHOW(torch::ones({2}).expand({3, 2}).sizes());
  SHOW(torch::ones({2, 3}).expand({2, 4}));
  SHOW(x.movedim(0, -1).sizes());
  SHOW(x.movedim({0, 1}, {1, 2}).sizes());
  SHOW(x.swapaxes(0, 1).sizes());
  SHOW(torch::ones({2, 3}).t().sizes());
  SHOW(x.t());
  SHOW(x.mT().sizes());
  SHOW(x.diagonal(0, 1, 2).sizes());
  SHOW(x.diagonal(1, 1, 2)[0]);
  SHOW(torch::arange(7).unfold(0, 3, 2));
  SHOW(x.as_strided({2, 2}, {1, 5}, 3));
  SHOW(x.chunk(2, 2)[1].sizes());
  SHOW(torch::arange(5).chunk(3));
  SHOW(torch::arange(5).split(2));
  SHOW(torch::arange(5).split_with_sizes({1, 4}));
  SHOW(torch::split(torch::arange(5), {2, 2}));
  SHOW(torch::tensor_split(torch::arange(5), 3));
  SHOW(torch::unbind(torch::arange(4).view({2, 2}), 1));
}

void rearranged() {
  const torch::Tensor x = torch::arange(6).view({2, 3});
  SHOW(torch::cat({x, x.slice(0, 0, 1)}));
  SHOW(torch::cat({x, x}, -1));
  SHOW(torch::cat({x, torch::ones({2, 1})}, 1));
  SHOW(torch::cat({x, torch::ones({1, 2})}));
  SHOW(torch::stack({x, x}, 1).sizes());
  SHOW(torch::stack({x[0], x[1]}, -1));
  SHOW(torch::hstack({x[0], x[1]}));
  SHOW(torch::vstack({x[0], x[1]}).sizes());
  SHOW(torch::flip(x, {0, 1}));
  SHOW(torch::roll(x, 1));
  SHOW(torch::roll(x, {1, -1}, {0, 1}));
  SHOW(torch::rot90(x));
  SHOW(x.repeat({2, 1, 2}).sizes());
  SHOW(torch::tile(x, {2}));
  SHOW(torch::repeat_interleave(torch::arange(3), 2));
  SHOW(torch::repeat_interleave(torch::arange(3), torch::tensor({0, 1, 2})));
  SHOW(x.repeat_interleave(2, 0).sizes());
  SHOW(torch::diag(torch::tensor({1, 2})));
  SHOW(torch::diag(x));
  SHOW(torch::diag_embed(x).sizes());
  SHOW(torch::broadcast_tensors({torch::arange(2).view({2, 1}), torch::arange(3)}));
  SHOW(torch::broadcast_to(torch::arange(2), {2, 2}));
  SHOW(torch::constant_pad_nd(x, {1, 0}, 9));
}

// A view shares its base's memory, versions and gradients.
void sharing() {
  torch::Tensor base = torch::zeros({2, 3});
  torch::Tensor row = base[0];
  row.add_(1);
  base.select(1, 2).fill_(7);
  base.t()[1].mul_(4);
  SHOW(base);
  SHOW(row);
  SHOW(row.is_view());
  SHOW(row._base().is_same(base));
  SHOW(base._version());
  SHOW(row._version());
  SHOW(row.storage_offset());
  base.slice(0, 1, 2).copy_(torch::tensor({1, 2, 3}));
  SHOW(base);
  torch::Tensor alias = base.detach();
  alias.zero_();
  SHOW(base);
  torch::Tensor copy = base.clone();
  copy.fill_(3);
  SHOW(base.sum());
}

// The shape alone, in place.
void reshaped_in_place() {
  torch::Tensor x = torch::arange(6).view({2, 1, 3});
  const torch::Tensor row = x[1];
  SHOW(x.squeeze_(1).sizes());
  SHOW(x.t_());
  SHOW(x.strides());
  SHOW(x._version());
  SHOW(x.transpose_(0, 1).unsqueeze_(-1).sizes());
  SHOW(x.swapaxes_(0, 2).swapdims_(1, 2).sizes());
  SHOW(x.squeeze_().sizes());
  SHOW(row);
  ATTEMPT(x.transpose_(0, 5));
  ATTEMPT(torch::ones({2, 2, 2}).t_());
  const torch::Tensor leaf = torch::ones({2, 3}).requires_grad_();
  ATTEMPT(torch::Tensor(leaf).t_());
  torch::Tensor y = leaf * 2;
  y.t_();
  y.backward(torch::arange(6.0).view({3, 2}));
  SHOW(leaf.grad());
}

// And the number of elements.
void resized() {
  torch::Tensor x = torch::arange(6.0);
  SHOW(x.resize_({2, 2}));
  SHOW(x.resize_({6}));
  SHOW(x._version());
  SHOW(x.resize_({2, 2, 3}).sizes());
  SHOW(x.view(-1).slice(0, 0, 6));
  SHOW(x.resize_({0, 3}).sizes());
  SHOW(x.resize_as_(torch::zeros({3, 1}, torch::kInt)).sizes());
  torch::Tensor y = torch::arange(6.0).view({2, 3}).t();
  SHOW(y.resize_({3, 2}).strides());
  SHOW(y.resize_({2, 2}));
  SHOW(torch::arange(6.0).slice(0, 2).resize_({2, 2}));
  ATTEMPT(y.resize_({-1}));
  ATTEMPT(torch::zeros({2}).requires_grad_().resize_({1}));
  float memory[] = {1, 2};
  torch::Tensor blob = torch::from_blob(memory, {2});
  SHOW(blob.resize_({1}));
  ATTEMPT(blob.resize_({3}));

  torch::Tensor base = torch::zeros({2, 3});
  const torch::Tensor row = base[0];
  SHOW(base.as_strided_({3, 2}, {1, 3}).sizes());
  SHOW(base._version());
  base[0][1] = 5;
  SHOW(base);
  SHOW(row);
  ATTEMPT(base.as_strided_({7}, {1}));
  ATTEMPT(base.as_strided_({2}, {1, 1}));
  const torch::Tensor leaf = torch::arange(4.0).requires_grad_();
  torch::Tensor z = leaf * 1;
  z.as_strided_({2, 2}, {1, 2});
  z.backward(torch::tensor({{1.0, 2.0}, {3.0, 4.0}}));
  SHOW(leaf.grad());
}

void in_place() {
  torch::Tensor x = torch::tensor({-1.5, 0.25, 2.0});
  SHOW(x.add_(1).mul_(2).sub_(0.5).div_(2));
  SHOW(x.clamp_(0, 1));
  SHOW(x.pow_(2));
  SHOW(x.neg_().abs_().sqrt_());
  SHOW(x += torch::tensor({1, 2, 3}));
  SHOW(x *= 2);
  SHOW(x.lerp_(torch::zeros({3}), 0.5));
  SHOW(x.addcmul_(x, x, 2));
  SHOW(x.exp_().log_());
  ATTEMPT(x.add_(torch::ones({2, 3})));
  torch::Tensor counts = torch::tensor({1, 2});
  ATTEMPT(counts.add_(0.5));
  ATTEMPT(counts.div_(2));
  SHOW(counts.mul_(3));
  SHOW(counts.copy_(torch::tensor({1.9, -1.9})));
  SHOW(torch::zeros({2, 2}).fill_diagonal_(3));
  SHOW(torch::ones({3, 3}).tril_());
  torch::Tensor expanded = torch::zeros({1}).expand({3});
  ATTEMPT(expanded.add_(1));
}

}  // namespace

void views() {
  shapes();
  rearranged();
  sharing();
  reshaped_in_place();
  resized();
  in_place();
}
