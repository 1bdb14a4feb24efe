#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adjoint/adjoint.h"
#include "adjoint/examples/autoencoder/model.h"
#include "adjoint/examples/autoencoder/options.h"

namespace autoencoder {

/// One point of the learning curve.
struct CurvePoint {
  double epochs;                     ///< how often the training pictures were gone through by then
  double training;                   ///< mean squared error since the last point
  std::optional<double> validation;  ///< at the end of an epoch
};

/// Where the training stands, besides the model and the optimizer.
struct Position {
  int64_t epoch = 0;  ///< epochs that are over
  int64_t batch = 0;  ///< batches of the running epoch that are over
  /// The generator's state from which the running epoch's order of pictures follows.
  std::vector<uint8_t> shuffle_state;
  /// After restore: the generator's state when the checkpoint was written, to go on from as soon as
  /// the training is where it was.
  std::vector<uint8_t> generator_state;
  double loss_sum = 0;  ///< of the batches since the last point of the curve
  int64_t loss_count = 0;
  std::vector<CurvePoint> curve;
};

/// Writes all that the future of the training depends on: the model, the optimizer, the position,
/// the random generator and the options. The same training gives the same bytes, whether it was
/// interrupted or not.
void save_checkpoint(const std::string& path, const Autoencoder& model,
                     const adjoint::optim::Optimizer& optimizer, const Position& position,
                     const Options& options, const std::string& fingerprint);

/// A checkpoint that was read.
class Checkpoint {
 public:
  /// Throws Error if the file is not a whole checkpoint of this program.
  explicit Checkpoint(const std::string& path);

  /// Sets the options that the command line does not name to those of the checkpoint. Throws Error
  /// if it names one with another value, where that would be another training; more epochs are
  /// welcome.
  void complete(Options& options) const;
  /// Sets the model, the optimizer and the position. Throws Error if the
  /// checkpoint does not fit them or is of other data.
  void restore(Autoencoder& model, adjoint::optim::Optimizer& optimizer, Position& position,
               const std::string& fingerprint) const;

 private:
  /// Throws Error if there is none of that name, shape and dtype; -1 is any size.
  adjoint::Tensor tensor(const std::string& name, adjoint::IntArrayRef sizes,
                         adjoint::ScalarType dtype) const;
  const std::string& text(const std::string& name) const;

  std::string path_;
  adjoint::serialize::SafeTensors file_;
};

}  // namespace autoencoder
