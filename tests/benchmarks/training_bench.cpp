// The autoencoder of examples/autoencoder: a training step (batch 128, Adam, mean squared error)
// and inference. Written for libtorch's API alone, so that the same source is compiled against
// both.

#include <benchmark/benchmark.h>

#include "adjoint/tests/support/library.h"

namespace {

torch::nn::Sequential autoencoder() {
  using namespace torch::nn;
  torch::manual_seed(0);
  return Sequential(
      Conv2d(Conv2dOptions(1, 16, 3).stride(2).padding(1)), ReLU(),
      Conv2d(Conv2dOptions(16, 32, 3).stride(2).padding(1)), ReLU(),
      Conv2d(Conv2dOptions(32, 64, 7)), ReLU(), ConvTranspose2d(ConvTranspose2dOptions(64, 32, 7)),
      ReLU(),
      ConvTranspose2d(ConvTranspose2dOptions(32, 16, 3).stride(2).padding(1).output_padding(1)),
      ReLU(),
      ConvTranspose2d(ConvTranspose2dOptions(16, 1, 3).stride(2).padding(1).output_padding(1)),
      Sigmoid());
}

void training_step(benchmark::State& state) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  torch::nn::Sequential model = autoencoder();
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(1e-3));
  const torch::Tensor images = torch::rand({128, 1, 28, 28});
  const auto step = [&] {
    optimizer.zero_grad();
    const torch::Tensor loss = torch::mse_loss(model->forward(images), images);
    loss.backward();
    optimizer.step();
  };
  for (int i = 0; i < 3; ++i) step();  // both libraries take their memory in the first ones
  for (auto _ : state) step();
}
BENCHMARK(training_step)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void inference(benchmark::State& state) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  torch::nn::Sequential model = autoencoder();
  torch::NoGradGuard no_grad;
  const torch::Tensor images = torch::rand({128, 1, 28, 28});
  for (auto _ : state) benchmark::DoNotOptimize(model->forward(images));
}
BENCHMARK(inference)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

#ifdef TORCH_VERSION
// The page of the results names it.
const bool version_is_told = (benchmark::AddCustomContext("library", TORCH_VERSION), true);
#endif

}  // namespace
