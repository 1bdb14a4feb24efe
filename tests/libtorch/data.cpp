#include "adjoint/tests/libtorch/show.h"

using torch::data::Example;
using torch::data::make_data_loader;
namespace datasets = torch::data::datasets;
namespace samplers = torch::data::samplers;
namespace transforms = torch::data::transforms;

namespace {

// The numbers 0 to size - 1 and their squares.
class Squares : public datasets::Dataset<Squares> {
 public:
  explicit Squares(int64_t size) : size_(size) {}
  Example<> get(size_t index) override {
    const auto i = static_cast<int64_t>(index);
    return {torch::full({2}, static_cast<float>(i)), torch::tensor(i * i)};
  }
  torch::optional<size_t> size() const override { return size_; }

 private:
  int64_t size_;
};

}  // namespace

void data() {
  torch::manual_seed(5);
  auto stacked = Squares(7).map(transforms::Stack<>());
  auto loader =
      make_data_loader(std::move(stacked), torch::data::DataLoaderOptions().batch_size(3));
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (auto& batch : *loader) {
      SHOW(batch.data);
      SHOW(batch.target);
    }
  }

  auto in_order = make_data_loader<samplers::SequentialSampler>(
      Squares(5).map(transforms::Normalize<>(1.0, 2.0)).map(transforms::Stack<>()),
      torch::data::DataLoaderOptions(2).drop_last(true));
  for (const auto& batch : *in_order) SHOW(batch.data);

  auto lists = make_data_loader(Squares(3), samplers::SequentialSampler(3), 2);
  for (std::vector<Example<>>& batch : *lists) SHOW(batch.size());

  auto lambda = Squares(4)
                    .map(transforms::Lambda<Example<>>([](Example<> example) {
                      example.data = example.data * 10;
                      return example;
                    }))
                    .map(transforms::Stack<>());
  SHOW(lambda.size().value());
  SHOW(lambda.get_batch({3, 1}).data);

  datasets::TensorDataset tensors(torch::arange(6).view({3, 2}));
  SHOW(tensors.size().value());
  SHOW(tensors.get(1).data);
  ATTEMPT(tensors.get(3));
}
