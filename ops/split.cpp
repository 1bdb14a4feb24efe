// Views of the parts of a tensor along one dimension.

#include <fmt/ranges.h>

#include "adjoint/ops/view.h"

namespace adjoint {

std::vector<Tensor> Tensor::split(int64_t split_size, int64_t d) const {
  d = wrap_dim("split", d, dim());
  const int64_t length = size(d);
  check(split_size > 0 || (split_size == 0 && length == 0),
        "split: expected a positive size of the parts, got {}", split_size);
  if (length == 0) return {slice(d)};
  std::vector<Tensor> parts;
  split_size = std::min(split_size, length);  // so that the sum below cannot overflow
  for (int64_t from = 0; from < length; from += split_size) {
    parts.push_back(slice(d, from, std::min(from + split_size, length)));
  }
  return parts;
}

std::vector<Tensor> Tensor::split(IntArrayRef split_sizes, int64_t d) const {
  d = wrap_dim("split", d, dim());
  const int64_t length = size(d);
  int64_t left = length;
  for (const int64_t part : split_sizes) {
    check(part >= 0, "split: expected sizes of the parts, got [{}]", fmt::join(split_sizes, ", "));
    left = part <= left ? left - part : -1;
    if (left < 0) break;
  }
  check(left == 0, "split: the parts [{}] do not add up to dimension {} of size {}",
        fmt::join(split_sizes, ", "), d, length);
  std::vector<Tensor> parts;
  int64_t from = 0;
  for (const int64_t part : split_sizes) {
    parts.push_back(slice(d, from, from + part));
    from += part;
  }
  return parts;
}

std::vector<Tensor> Tensor::tensor_split(int64_t sections, int64_t d) const {
  check(sections > 0, "tensor_split: expected a positive number of sections, got {}", sections);
  d = wrap_dim("tensor_split", d, dim());
  const int64_t length = size(d), shorter = length / sections, longer = length % sections;
  std::vector<Tensor> parts;
  int64_t from = 0;
  for (int64_t i = 0; i < sections; ++i) {
    const int64_t to = from + shorter + (i < longer ? 1 : 0);
    parts.push_back(slice(d, from, to));
    from = to;
  }
  return parts;
}

std::vector<Tensor> Tensor::tensor_split(IntArrayRef indices, int64_t d) const {
  d = wrap_dim("tensor_split", d, dim());
  std::vector<Tensor> parts;
  int64_t from = 0;
  for (const int64_t to : indices) {
    parts.push_back(slice(d, from, to));
    from = to;
  }
  parts.push_back(slice(d, from));
  return parts;
}

std::vector<Tensor> Tensor::chunk(int64_t chunks, int64_t d) const {
  check(chunks > 0, "chunk: expected a positive number of chunks, got {}", chunks);
  d = wrap_dim("chunk", d, dim());
  const int64_t length = size(d);
  if (length == 0) return split(std::vector<int64_t>(static_cast<std::size_t>(chunks), 0), d);
  return split((length - 1) / chunks + 1, d);
}

std::vector<Tensor> Tensor::unbind(int64_t d) const {
  d = wrap_dim("unbind", d, dim());
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < size(d); ++i) parts.push_back(select(d, i));
  return parts;
}

}  // namespace adjoint
