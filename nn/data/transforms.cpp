#include "adjoint/nn/data/transforms.h"

#include <algorithm>
#include <cstring>

namespace adjoint::data::transforms {
namespace detail {

Tensor per_channel(ArrayRef<double> values) {
  Tensor made = empty({static_cast<int64_t>(values.size()), 1, 1}, kFloat32);
  std::copy(values.begin(), values.end(), made.data_ptr<float>());
  return made;
}

Tensor normalize(const Tensor& input, const Tensor& mean, const Tensor& stddev) {
  return input.sub(mean).div(stddev);
}

Tensor stack(const std::vector<Tensor>& tensors) {
  check(!tensors.empty(), "Stack: expected at least one example, got none");
  const Tensor& first = tensors.front();
  Dims sizes = first.sizes();
  sizes.insert(0, static_cast<int64_t>(tensors.size()));
  Tensor stacked = empty(sizes, first.scalar_type());
  auto* to = static_cast<std::byte*>(stacked.data_ptr());
  for (const Tensor& tensor : tensors) {
    check(tensor.sizes() == first.sizes() && tensor.scalar_type() == first.scalar_type(),
          "Stack: expected examples of one shape and dtype, got {} after {}", tensor.describe(),
          first.describe());
    const Tensor dense = tensor.contiguous();
    if (dense.nbytes() > 0) std::memcpy(to, dense.data_ptr(), dense.nbytes());
    to += dense.nbytes();
  }
  return stacked;
}

}  // namespace detail

Example<> Stack<Example<>>::apply_batch(std::vector<Example<>> examples) {
  std::vector<Tensor> data, targets;
  for (Example<>& example : examples) {
    data.push_back(std::move(example.data));
    targets.push_back(std::move(example.target));
  }
  return {detail::stack(data), detail::stack(targets)};
}

TensorExample Stack<TensorExample>::apply_batch(std::vector<TensorExample> examples) {
  std::vector<Tensor> data;
  for (TensorExample& example : examples) data.push_back(std::move(example.data));
  return detail::stack(data);
}

}  // namespace adjoint::data::transforms
