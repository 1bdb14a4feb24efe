#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "adjoint/examples/autoencoder/checkpoint.h"
#include "adjoint/examples/autoencoder/model.h"
#include "adjoint/examples/autoencoder/options.h"
#include "adjoint/examples/autoencoder/progress.h"
#include "adjoint/examples/autoencoder/source.h"

namespace autoencoder {

/// Keeps the books of one run: where the training stands, what is shown meanwhile, and the files in
/// the output folder.
class Session {
 public:
  /// Throws Error unless the output files can be written; the folder is made if there is none.
  Session(const Options& options, const Source& source, Autoencoder& model,
          adjoint::optim::Optimizer& optimizer);

  /// Goes on from a checkpoint. Throws Error if it does not fit.
  void restore(const Checkpoint& checkpoint);

  /// Begins the next epoch, or a restored one again; false if all are over. What is drawn from the
  /// random generator next decides the order of its pictures.
  bool begin_epoch();
  /// True for each batch that was over when the checkpoint was written.
  bool skip_batch();
  void batch_done(double loss, int64_t pictures);
  /// Writes all files.
  void epoch_done(double validation);

  /// Writes the checkpoint alone.
  void save();
  /// Tells how to go on after save().
  void print_interrupted();
  void print_summary() const;

 private:
  std::string file(const char* name) const {
    return (std::filesystem::path(options_.out) / name).string();
  }
  void write_files();

  const Options& options_;
  const Source& source_;
  Autoencoder& model_;
  adjoint::optim::Optimizer& optimizer_;
  std::string fingerprint_;
  int64_t batches_an_epoch_;
  Position position_;
  Progress progress_;
  int64_t batches_to_skip_ = 0;
};

}  // namespace autoencoder
