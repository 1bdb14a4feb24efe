#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace autoencoder {

/// Tells on stdout how the training goes: a bar that moves on a terminal, plain lines elsewhere.
class Progress {
 public:
  Progress(int64_t epochs, int64_t batches_an_epoch);
  /// Removes the bar.
  ~Progress() { erase(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `batch` of `epoch` (both counted from 1) is over: it had so many pictures, and `loss` is the
  /// recent mean. Cheap enough for every batch.
  void batch_done(int64_t epoch, int64_t batch, int64_t pictures, double loss);
  /// The epoch and its validation are over.
  void epoch_done(int64_t epoch, double training, double validation);

  /// Removes the bar, so that other lines can be printed.
  void erase();

  /// The mean over the epochs that this run did from beginning to end; 0 if there is none.
  double seconds_an_epoch() const { return whole_epochs_ > 0 ? epoch_seconds_ / whole_epochs_ : 0; }

 private:
  using Clock = std::chrono::steady_clock;

  void draw(int64_t epoch, int64_t batch, double loss);

  int64_t epochs_, batches_an_epoch_;
  bool terminal_, unicode_;
  Clock::time_point start_, epoch_start_, drawn_;
  int64_t batches_ = 0;         ///< of this run
  int64_t epoch_batches_ = 0;   ///< of this run in the running epoch
  int64_t epoch_pictures_ = 0;  ///< in those
  double epoch_seconds_ = 0;
  int whole_epochs_ = 0;
};

}  // namespace autoencoder
