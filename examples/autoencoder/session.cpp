#include "adjoint/examples/autoencoder/session.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include "adjoint/examples/autoencoder/pictures.h"
#include "adjoint/nn/serialize/atomic_file.h"

namespace autoencoder {
namespace {

constexpr const char *kPictures = "reconstructions.png", *kCurve = "curve.png", *kCsv = "curve.csv",
                     *kCheckpoint = "checkpoint.safetensors";
/// The learning curve has so many points an epoch.
constexpr int64_t kPoints = 20;

adjoint::Generator generator() { return adjoint::default_generator(); }

double megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace

Session::Session(const Options& options, const Source& source, Autoencoder& model,
                 adjoint::optim::Optimizer& optimizer)
    : options_(options),
      source_(source),
      model_(model),
      optimizer_(optimizer),
      fingerprint_(source.fingerprint()),
      batches_an_epoch_((static_cast<int64_t>(*source.training.size()) - 1) / options.batch_size +
                        1),
      progress_(options.epochs, batches_an_epoch_) {
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  adjoint::check(!error, "cannot make the folder {}: {}", options.out, error.message());
  // A training that cannot leave its results is not worth beginning.
  for (const char* name : {kPictures, kCurve, kCsv, kCheckpoint}) {
    const adjoint::serialize::AtomicFile probe(file(name));
  }
}

void Session::restore(const Checkpoint& checkpoint) {
  checkpoint.restore(model_, optimizer_, position_, fingerprint_);
  adjoint::check(position_.batch <= batches_an_epoch_,
                 "{}: the checkpoint is {} batches into an epoch of {}", options_.resume,
                 position_.batch, batches_an_epoch_);
}

bool Session::begin_epoch() {
  if (position_.epoch == options_.epochs) return false;
  batches_to_skip_ = position_.batch;
  if (batches_to_skip_ > 0) {
    // The order of the pictures is drawn once more; skip_batch() then goes on from generator_state.
    generator().set_state_bytes(position_.shuffle_state);
    return true;
  }
  if (!position_.generator_state.empty()) {
    generator().set_state_bytes(position_.generator_state);
    position_.generator_state.clear();
  }
  position_.shuffle_state = generator().state_bytes();
  return true;
}

bool Session::skip_batch() {
  if (batches_to_skip_ == 0) return false;
  if (--batches_to_skip_ == 0) {
    generator().set_state_bytes(position_.generator_state);
    position_.generator_state.clear();
  }
  return true;
}

void Session::batch_done(double loss, int64_t pictures) {
  const int64_t batch = ++position_.batch;
  position_.loss_sum += loss;
  ++position_.loss_count;
  const double recent = position_.loss_sum / static_cast<double>(position_.loss_count);
  if (batch * kPoints / batches_an_epoch_ != (batch - 1) * kPoints / batches_an_epoch_) {
    const double epochs = static_cast<double>(position_.epoch) +
                          static_cast<double>(batch) / static_cast<double>(batches_an_epoch_);
    position_.curve.push_back({epochs, recent, std::nullopt});
    position_.loss_sum = 0;
    position_.loss_count = 0;
  }
  progress_.batch_done(position_.epoch + 1, batch, pictures, recent);
}

void Session::epoch_done(double validation) {
  position_.curve.back().validation = validation;
  double training = 0, points = 0;
  for (const CurvePoint& point : position_.curve) {
    if (point.epochs <= static_cast<double>(position_.epoch)) continue;
    training += point.training;
    ++points;
  }
  ++position_.epoch;
  position_.batch = 0;
  position_.shuffle_state.clear();
  write_files();
  progress_.epoch_done(position_.epoch, training / points, validation);
}

void Session::write_files() {
  write_reconstructions(file(kPictures), model_, source_);
  write_curve_picture(file(kCurve), position_.curve, options_.epochs);
  write_curve_csv(file(kCsv), position_.curve);
  save();
}

void Session::save() {
  save_checkpoint(file(kCheckpoint), model_, optimizer_, position_, options_, fingerprint_);
}

void Session::print_interrupted() {
  progress_.erase();
  fmt::print("interrupted in epoch {} after batch {} of {}; go on with --resume {}\n",
             position_.epoch + 1, position_.batch, batches_an_epoch_, file(kCheckpoint));
}

void Session::print_summary() const {
  const auto& last = position_.curve.back();
  fmt::print("\nvalidation error {:.4f} after {} epochs", last.validation.value_or(0),
             position_.epoch);
  if (progress_.seconds_an_epoch() > 0) {
    fmt::print(", {:.1f} s an epoch on {} threads", progress_.seconds_an_epoch(),
               adjoint::get_num_threads());
  }
  fmt::print("; peak memory {:.0f} MB, of which the data set takes {:.0f} MB\n",
             megabytes(peak_memory()), megabytes(source_.bytes()));
  fmt::print("  {:<40} originals and what the autoencoder makes of them\n", file(kPictures));
  fmt::print("  {:<40} the learning curve; as numbers in {}\n", file(kCurve), kCsv);
  fmt::print("  {:<40} for --resume\n", file(kCheckpoint));
}

}  // namespace autoencoder
