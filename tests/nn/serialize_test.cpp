#include "adjoint/nn/serialize.h"

#include <cstring>
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>

#include "adjoint/core/generator.h"
#include "adjoint/nn/nn.h"
#include "adjoint/nn/optim/optim.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/loss.h"
#include "adjoint/ops/random.h"
#include "adjoint/tests/nn/file_tools.h"

namespace torch = adjoint;

namespace adjoint {
namespace {

using test::error_of;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

nn::Sequential make_model(int64_t hidden = 5) {
  return nn::Sequential(nn::Linear(3, hidden), nn::ReLU(), nn::Linear(hidden, 2));
}

/// The bytes of all parameters.
std::string bytes_of(const nn::Sequential& model) {
  std::string bytes;
  for (const Tensor& p : model->parameters()) {
    bytes.append(static_cast<const char*>(p.data_ptr()), p.nbytes());
  }
  return bytes;
}

void train(nn::Sequential& model, optim::Optimizer& optimizer, int steps) {
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    const Tensor x = full({4, 3}, 0.25 * i - 1), y = full({4, 2}, 0.5);
    mse_loss(model->forward(x), y).backward();
    optimizer.step();
  }
}

TEST(Serialize, AModuleReadsBackItsBits) {
  const test::TemporaryFolder folder;
  manual_seed(1);
  nn::Sequential model = make_model(), other = make_model();
  ASSERT_NE(bytes_of(model), bytes_of(other));
  torch::save(model, folder / "model.safetensors");
  torch::load(other, folder / "model.safetensors");
  EXPECT_EQ(bytes_of(model), bytes_of(other));
  // Loaded values do not enter the graph, and the parameters stay leaves.
  EXPECT_TRUE(other->parameters()[0].requires_grad());
  EXPECT_TRUE(other->parameters()[0].is_leaf());

  std::stringstream stream;
  torch::save(model, stream);
  nn::Sequential third = make_model();
  torch::load(third, stream);
  EXPECT_EQ(bytes_of(model), bytes_of(third));
}

TEST(Serialize, ReportsEveryMismatchAtOnceAndChangesNothing) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  nn::Sequential model(nn::Linear(3, 6), nn::ReLU(),
                       nn::Linear(nn::LinearOptions(6, 2).bias(false)), nn::Linear(2, 2));
  model[0]->to(kFloat64);
  torch::save(model, path);
  nn::Sequential other = make_model();
  const std::string before = bytes_of(other);
  EXPECT_THAT(
      error_of([&] { torch::load(other, path); }),
      AllOf(HasSubstr(path), HasSubstr("nothing was loaded"),
            HasSubstr("0.weight: expected shape [5, 3], float32, got shape [6, 3], float64"),
            HasSubstr("0.bias: expected shape [5], float32, got shape [6], float64"),
            HasSubstr("2.bias (shape [2], float32) is missing"),
            HasSubstr("3.weight (shape [2, 2], float32) is unexpected"),
            HasSubstr("3.bias (shape [2], float32) is unexpected")));
  EXPECT_EQ(bytes_of(other), before);
}

TEST(Serialize, AnOptimizerGoesOnWithTheSameBits) {
  manual_seed(3);
  nn::Sequential model = make_model();
  optim::Adam optimizer(model->parameters(), optim::AdamOptions(0.1).weight_decay(0.01));
  train(model, optimizer, 3);
  std::stringstream model_file, optimizer_file;
  torch::save(model, model_file);
  torch::save(optimizer, optimizer_file);

  nn::Sequential again = make_model();
  optim::Adam resumed(again->parameters(), optim::AdamOptions(0.5));
  torch::load(again, model_file);
  torch::load(resumed, optimizer_file);
  train(model, optimizer, 4);
  train(again, resumed, 4);
  EXPECT_EQ(bytes_of(model), bytes_of(again));
}

TEST(Serialize, AnOptimizerOfAnotherModelDoesNotFit) {
  nn::Sequential model = make_model(), larger = make_model(6);
  optim::Adam optimizer(model->parameters()), other(larger->parameters());
  train(model, optimizer, 1);
  std::stringstream file;
  torch::save(optimizer, file);
  EXPECT_THAT(error_of([&] { torch::load(other, file); }), HasSubstr("the stream"));
}

TEST(Serialize, TensorsAndVectorsOfThem) {
  const test::TemporaryFolder folder;
  torch::save(arange(6).view({2, 3}), folder / "tensor");
  Tensor tensor;
  torch::load(tensor, folder / "tensor");
  EXPECT_TRUE(tensor.equal(arange(6).view({2, 3})));

  std::vector<Tensor> many;
  for (int i = 0; i < 12; ++i) many.push_back(full({i}, i));  // "10" sorts before "2"
  torch::save(many, folder / "many");
  std::vector<Tensor> loaded{zeros(1)};
  torch::load(loaded, folder / "many");
  ASSERT_EQ(loaded.size(), 13u);
  for (int i = 0; i < 12; ++i) {
    EXPECT_TRUE(loaded[static_cast<size_t>(i) + 1].equal(full({i}, i))) << i;
  }

  EXPECT_THAT(error_of([&] { torch::load(tensor, folder / "many"); }), HasSubstr("12 tensors"));
  serialize::save_safetensors(folder / "named", {{"weight", zeros(1)}});
  EXPECT_THAT(error_of([&] { torch::load(loaded, folder / "named"); }),
              HasSubstr("\"0\" is missing"));
  EXPECT_EQ(loaded.size(), 13u);
}

TEST(Serialize, PartsOfAFile) {
  serialize::NamedTensors all;
  serialize::add(all, "a.", {{"x", full({}, 1)}, {"y", full({}, 2)}});
  serialize::add(all, "b.", {{"x", full({}, 3)}});
  EXPECT_EQ(all.size(), 3u);
  const serialize::NamedTensors a = serialize::part(all, "a.");
  EXPECT_EQ(a.size(), 2u);
  EXPECT_EQ(a["y"].item<int64_t>(), 2);
  EXPECT_THROW(serialize::add(all, "b.", {{"x", zeros(1)}}), Error);
}

}  // namespace
}  // namespace adjoint
