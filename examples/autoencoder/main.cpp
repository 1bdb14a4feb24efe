/// Trains a convolutional autoencoder on pictures of clothes, with checkpoints.
///
/// `train` is the whole of the training. The other files prepare it (options, model, source), keep
/// its books (session, checkpoint, progress) and draw (pictures, plot, canvas, font).

#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "adjoint/adjoint.h"
#include "adjoint/examples/autoencoder/checkpoint.h"
#include "adjoint/examples/autoencoder/interrupt.h"
#include "adjoint/examples/autoencoder/model.h"
#include "adjoint/examples/autoencoder/options.h"
#include "adjoint/examples/autoencoder/session.h"
#include "adjoint/examples/autoencoder/source.h"

namespace autoencoder {
namespace {

using adjoint::Tensor;
using adjoint::data::make_data_loader;
using adjoint::data::datasets::Images;
using adjoint::data::samplers::RandomSampler;
using adjoint::data::samplers::SequentialSampler;
using adjoint::data::transforms::Stack;

/// The mean squared error over all pictures; nothing if an interrupt came.
std::optional<double> validate(Autoencoder& model, Images pictures, int64_t batch_size) {
  const adjoint::NoGradGuard no_grad;
  const auto loader = make_data_loader<SequentialSampler>(pictures.map(Stack<>()), batch_size);
  double sum = 0;
  model->eval();
  for (const auto& batch : *loader) {
    const Tensor loss = adjoint::mse_loss(model->forward(batch.data), batch.data);
    sum += loss.item<double>() * static_cast<double>(batch.data.size(0));
    if (interrupt()) return std::nullopt;
  }
  model->train();
  return sum / static_cast<double>(*pictures.size());
}

/// Trains until all epochs are over, or an interrupt comes; then it returns false.
bool train(Autoencoder& model, adjoint::optim::Optimizer& optimizer, Source& source,
           const Options& options, Session& session) {
  const auto loader =
      make_data_loader<RandomSampler>(source.training.map(Stack<>()), options.batch_size);
  while (session.begin_epoch()) {
    for (const auto& batch : *loader) {
      if (session.skip_batch()) continue;

      optimizer.zero_grad(/*set_to_none=*/true);
      const Tensor reconstruction = model->forward(batch.data);
      const Tensor loss = adjoint::mse_loss(reconstruction, batch.data);
      loss.backward();
      optimizer.step();

      session.batch_done(loss.item<double>(), batch.data.size(0));
      if (interrupt()) return false;
    }
    const std::optional<double> error = validate(model, source.validation, options.batch_size);
    if (!error) return false;
    session.epoch_done(*error);
  }
  return true;
}

int run(Options options) {
  catch_interrupts();
  std::optional<Checkpoint> checkpoint;
  if (!options.resume.empty()) {
    checkpoint.emplace(options.resume);
    checkpoint->complete(options);
  }
  if (options.threads > 0) adjoint::set_num_threads(options.threads);
  // Where a picture is black, so are the gradients soon, down to denormal numbers: a seventh of the
  // time of an epoch.
  adjoint::set_flush_denormal(true);
  Source source = open_source(options.data);

  adjoint::manual_seed(options.seed);
  Autoencoder model;
  adjoint::optim::Adam optimizer(model->parameters(), adjoint::optim::AdamOptions(options.lr));
  Session session(options, source, model, optimizer);
  if (checkpoint) session.restore(*checkpoint);

  if (!train(model, optimizer, source, options, session)) {
    session.save();
    session.print_interrupted();
    return 128 + interrupt();  // as a shell reports a program that a signal ended
  }
  session.print_summary();
  return 0;
}

}  // namespace
}  // namespace autoencoder

int main(int argc, char** argv) {
  try {
    return autoencoder::run(autoencoder::parse_options(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "autoencoder: {}\n", error.what());
    return 1;
  }
}
