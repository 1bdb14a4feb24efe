// The shortest useful program, the one of the README: trains a small autoencoder and saves it.
#include <iostream>

#include <adjoint/adjoint.h>

namespace torch = adjoint;

int main() {
  torch::manual_seed(0);
  torch::nn::Sequential model{
      torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 8, 3).stride(2).padding(1)),
      torch::nn::ReLU(),
      torch::nn::ConvTranspose2d(
          torch::nn::ConvTranspose2dOptions(8, 1, 3).stride(2).padding(1).output_padding(1)),
      torch::nn::Sigmoid(),
  };
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(1e-2));
  const torch::Tensor images = torch::rand({16, 1, 12, 12});

  for (int step = 0; step < 200; ++step) {
    optimizer.zero_grad();
    const torch::Tensor loss = torch::mse_loss(model->forward(images), images);
    loss.backward();
    optimizer.step();
    if (step % 50 == 49) std::cout << "step " << step + 1 << ": " << loss.item<double>() << "\n";
  }
  torch::save(model, "model.safetensors");
}
