#include <iomanip>
#include <sstream>

#include "adjoint/tests/libtorch/show.h"

namespace {

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

void from_values() {
  SHOW(torch::tensor(3));
  SHOW(torch::tensor(2.5));
  SHOW(torch::tensor(true));
  SHOW(torch::tensor({1, 2, 3}));
  SHOW(torch::tensor({1.5, 2.5}));
  SHOW(torch::tensor({1.5, 2.5}, torch::kDouble));
  SHOW(torch::tensor({{1, 2, 3}, {4, 5, 6}}));
  SHOW(torch::tensor({{{0.5f}}, {{1.5f}}}));
  SHOW(torch::tensor({true, false}));
  SHOW(torch::tensor({1, 0, 2}, torch::kBool));
  SHOW(torch::tensor({1, 2}, torch::dtype(torch::kFloat32).requires_grad(true)).requires_grad());
  const std::vector<float> floats{0.25f, 4.0f};
  SHOW(torch::tensor(floats));
  SHOW(torch::tensor(torch::ArrayRef<int64_t>{7, 8}));
  SHOW(torch::scalar_tensor(4));
  SHOW(torch::scalar_tensor(4, torch::kInt));

  float memory[] = {0, 1, 2, 3, 4, 5};
  SHOW(torch::from_blob(memory, {2, 3}));
  SHOW(torch::from_blob(memory, {3, 2}, {1, 3}));
  bool deleted = false;
  {
    torch::Tensor owner = torch::from_blob(
        memory, {6}, [&](void*) { deleted = true; }, torch::kFloat32);
    owner[0] = 9;
    SHOW(deleted);
  }
  SHOW(deleted);
  SHOW(memory[0]);
}

void filled() {
  SHOW(torch::zeros({2, 2}));
  SHOW(torch::ones({3}, torch::kInt64));
  SHOW(torch::full({2}, 7));
  SHOW(torch::full({2}, 0.5));
  SHOW(torch::full({2}, true));
  SHOW(torch::full({2}, 7, torch::kDouble));
  SHOW(torch::empty({0, 4}).numel());
  SHOW(torch::eye(2));
  SHOW(torch::eye(2, 3, torch::kInt));
  SHOW(torch::arange(5));
  SHOW(torch::arange(1, 2, 0.25));
  SHOW(torch::arange(5, 0, -2));
  SHOW(torch::arange(0.0, 1.0, 0.5, torch::kDouble));
  SHOW(torch::linspace(0, 1, 5));
  SHOW(torch::linspace(3, 3, 1, torch::kDouble));
  SHOW(torch::linspace(0, 10, 0).sizes());
  SHOW(torch::tril(torch::ones({3, 3})));
  SHOW(torch::triu(torch::ones({2, 3}), 1));
  SHOW(torch::one_hot(torch::tensor({0, 2, 1})));
  SHOW(torch::one_hot(torch::tensor({0, 1}), 4));
  SHOW(torch::meshgrid({torch::arange(2), torch::arange(3)}, "ij"));
  SHOW(torch::meshgrid({torch::arange(2), torch::arange(3)}, "xy"));

  const torch::Tensor x = torch::arange(6, torch::kInt).view({2, 3});
  SHOW(torch::zeros_like(x));
  SHOW(torch::ones_like(x, torch::kFloat64));
  SHOW(torch::full_like(x, 3));
  SHOW(torch::empty_like(x).sizes());
  SHOW(torch::empty_like(x.t()).strides());
  SHOW(torch::rand_like(x, torch::kFloat).scalar_type());
  SHOW(torch::randint_like(x, 1));
  SHOW(x.new_zeros({2}));
  SHOW(x.new_full({2}, 3, torch::kFloat));
}

void options_and_conversions() {
  const auto options = torch::TensorOptions()
                           .dtype(torch::kFloat64)
                           .layout(torch::kStrided)
                           .device(torch::kCPU)
                           .requires_grad(true);
  torch::Tensor x = torch::ones({2, 3}, options);
  SHOW(x.requires_grad());
  SHOW(x.is_leaf());
  SHOW(x.scalar_type());
  SHOW(x.dtype() == torch::kFloat64);
  SHOW(x.device() == torch::kCPU);
  SHOW(x.device().is_cpu());
  SHOW(x.options().dtype() == torch::kDouble);
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  SHOW(x.to(device).sum());
  SHOW(x.to(torch::kCPU).scalar_type());
  SHOW(x.layout() == torch::kStrided);
  SHOW(x.dim());
  SHOW(x.size(-1));
  SHOW(x.sizes());
  SHOW(x.strides());
  SHOW(x.numel());
  SHOW(x.element_size());
  SHOW(x.nbytes());
  SHOW(x.is_contiguous());
  SHOW(x.t().is_contiguous());
  SHOW(x.t().contiguous().strides());

  SHOW(torch::tensor({1.7, -1.7}).to(torch::kInt64));
  SHOW(torch::tensor({0.0, 0.5}).to(torch::kBool));
  SHOW(torch::tensor({1, 2}).to(torch::kCPU, torch::kFloat32));
  SHOW(torch::tensor({1, 2}).to(torch::TensorOptions().dtype(torch::kDouble)));
  SHOW(torch::tensor({1, 2}).type_as(torch::tensor(1.5)));
  SHOW(torch::tensor({1, 2}).toType(torch::kFloat));
  const torch::Tensor same = torch::ones({2});
  SHOW(same.to(torch::kFloat32).is_same(same));
  SHOW(same.to(torch::kFloat32, false, true).is_same(same));
  SHOW(same.clone().is_same(same));
  SHOW(same.contiguous().is_same(same));
  SHOW(torch::tensor(2.5).item<float>());
  SHOW(torch::tensor(2.5).item().toDouble());
  SHOW(torch::tensor(2).item<double>());
  SHOW(torch::tensor({{2}}).item<int>());
  ATTEMPT(torch::tensor({1, 2}).item<int>());
  SHOW(torch::arange(4.0).data_ptr<float>()[3]);
  const torch::Tensor table = torch::arange(6).view({2, 3}).t();
  const auto cells = table.accessor<int64_t, 2>();
  SHOW(cells[2][1]);
  SHOW(cells.size(0));

  torch::Tensor changed = torch::zeros({2});
  changed.set_data(torch::ones({3}, torch::kDouble));
  SHOW(changed);
  SHOW(torch::equal(torch::tensor({1, 2}), torch::tensor({1, 2})));
  SHOW(torch::equal(torch::tensor({1, 2}), torch::tensor({1, 2, 3})));
  SHOW(torch::allclose(torch::tensor({1.0, 2.0}), torch::tensor({1.0, 2.0 + 1e-7})));
  SHOW(torch::isclose(torch::tensor({1.0, NAN}), torch::tensor({1.1, NAN}), 0.2, 0.0, true));
  SHOW(torch::promote_types(torch::kInt, torch::kFloat));
  SHOW(torch::result_type(torch::tensor({1}), 2.5));
  SHOW(torch::can_cast(torch::kFloat, torch::kInt));
  SHOW(torch::is_floating_point(torch::tensor({1})));
}

void questions() {
  SHOW(torch::ones(1).is_signed());
  SHOW(torch::is_signed(torch::ones(1, torch::kByte)));
  SHOW(torch::ones({1, 1}).is_nonzero());
  SHOW(torch::is_nonzero(torch::zeros({})));
  SHOW(torch::ones({2}).is_nonzero());
  SHOW(torch::ones({2}).is_same_size(torch::ones({1, 2})));
  SHOW(torch::ones({2}).use_count());
  SHOW(torch::ones(1).get_device());
  SHOW(torch::Device("cpu:0").index());
  SHOW(torch::Device("cpu").has_index());
  SHOW(torch::Device(torch::kCPU, 0) == torch::Device("cpu"));
  SHOW(printed(torch::Device(torch::kCPU, 0)));
  SHOW(printed(torch::kCPU));
  const auto options = torch::TensorOptions().device(torch::kCPU, 0).dtype<double>();
  SHOW(torch::ones(1).to(options).scalar_type());
  SHOW(torch::ones(1).to(options.requires_grad(false)).scalar_type());
  SHOW(torch::ones(1).to(options.requires_grad(true)));
  SHOW(options.requires_grad(false).has_requires_grad());
  SHOW(torch::ones({2}).new_empty_strided({2, 2}, {1, 2}).strides());
  SHOW(printed(torch::Scalar(2.5)));
  SHOW(printed(torch::Scalar(true)));
  SHOW(torch::Scalar(1).equal(1.0));
  SHOW(torch::Scalar(1).equal(true));
  SHOW(torch::Scalar(true).equal(1));
  SHOW(*torch::ones({2, 3}).sizes().rbegin());
  const torch::Tensor x = torch::ones({2, 3});
  ATTEMPT(TORCH_CHECK(x.dim() == 2, "expected a matrix, got ", x.sizes()));
  ATTEMPT(TORCH_CHECK(x.dim() == 3, "expected three dimensions, got ", x.sizes()));
  ATTEMPT(TORCH_CHECK(x.dim() == 3));
  torch::set_default_dtype(torch::scalarTypeToTypeMeta(torch::kDouble));
  SHOW(torch::tensor({1.5f}).scalar_type());
  SHOW((torch::arange(2) / 2).scalar_type());
  SHOW(torch::full({1}, 2.5).scalar_type());
  torch::set_default_dtype(torch::scalarTypeToTypeMeta(torch::kFloat));
}

void unusual_values() {
  SHOW(torch::tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}).sizes());
  SHOW(torch::tensor({{}, {}}).sizes());
  SHOW(torch::tensor({}).scalar_type());
  SHOW(torch::tensor(std::vector<int>{1, 2}).scalar_type());
  SHOW(torch::tensor(std::vector<int64_t>{}));
  SHOW(torch::tensor({1.7, -2.2}, torch::kLong));
  SHOW(torch::tensor({300}, torch::kByte));
  SHOW(torch::tensor({1, 2}, torch::requires_grad()));
  SHOW(torch::tensor({{1, 2}, {3}}));
  SHOW(torch::full({2}, 2.5, torch::kLong));
  SHOW(torch::full_like(torch::arange(2), 1.5));
  SHOW(torch::linspace(-2, 7, 4, torch::kInt));
  SHOW(torch::logspace(0, 2, 3, 2));
  SHOW(torch::eye(-1));
  SHOW(torch::triu_indices(2, 3, 1));
  SHOW(torch::one_hot(torch::arange(0)));
  SHOW(torch::one_hot(torch::tensor(2)));
  SHOW(torch::one_hot(torch::tensor({3}), 3));
  SHOW(torch::meshgrid({torch::tensor(1), torch::arange(2)}, "ij"));
  SHOW(torch::meshgrid({torch::ones({2, 2})}, "ij"));
  SHOW(torch::tril(torch::ones({3})));
  float memory[] = {0, 1, 2, 3, 4, 5};
  SHOW(torch::from_blob(memory, {2}, {5}));
  SHOW(torch::from_blob(memory, {}));
  const torch::Tensor leaf = torch::from_blob(memory, {2, 3}, torch::requires_grad());
  (leaf * leaf).sum().backward();
  SHOW(leaf.grad());
}

void printing() {
  SHOW(printed(torch::Tensor()));
  SHOW(printed(torch::tensor(3)));
  SHOW(printed(torch::tensor({1, -20, 3})));
  SHOW(printed(torch::tensor({{0.5, 1.25}, {-2.0, 100.0}})));
  SHOW(printed(torch::tensor({1e-8, 1.0, 12345.678}, torch::kDouble)));
  SHOW(printed(torch::tensor({true, false})));
  SHOW(printed(torch::zeros({0, 3})));
  SHOW(printed(torch::arange(12.0).view({2, 2, 3})));
  SHOW(printed(torch::arange(40.0).view({2, 20})));
  SHOW(printed(torch::tensor({INFINITY, NAN, 1.5})));
}

}  // namespace

void creation() {
  from_values();
  filled();
  options_and_conversions();
  questions();
  unusual_values();
  printing();
}
