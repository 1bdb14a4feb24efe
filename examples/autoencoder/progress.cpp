#include "adjoint/examples/autoencoder/progress.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace autoencoder {
namespace {

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// 1:05 or 2:01:05.
std::string clock_time(double time) {
  const auto whole = static_cast<int64_t>(time + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') {
      const std::string_view text = value;
      return text.find("UTF-8") != text.npos || text.find("utf8") != text.npos;
    }
  }
  return false;
}

int terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string bar(double fraction, int width, bool unicode) {
  const int full = static_cast<int>(fraction * width + 0.5);
  std::string drawn;
  for (int i = 0; i < width; ++i) {
    drawn += i < full ? (unicode ? "━" : "=") : (unicode ? "─" : "-");
  }
  return drawn;
}

}  // namespace

Progress::Progress(int64_t epochs, int64_t batches_an_epoch)
    : epochs_(epochs),
      batches_an_epoch_(batches_an_epoch),
      terminal_(isatty(STDOUT_FILENO) == 1),
      unicode_(locale_is_utf8()),
      start_(Clock::now()),
      epoch_start_(start_),
      drawn_(start_) {}

void Progress::batch_done(int64_t epoch, int64_t batch, int64_t pictures, double loss) {
  ++batches_;
  ++epoch_batches_;
  epoch_pictures_ += pictures;
  const bool last = batch == batches_an_epoch_;
  if (terminal_) {
    // Ten times a second is more than an eye needs.
    if (!last && Clock::now() - drawn_ < std::chrono::milliseconds(100)) return;
    draw(epoch, batch, loss);
  } else {
    const int64_t every = std::max<int64_t>(batches_an_epoch_ / 5, 1);
    if (batch % every == 0 && !last) draw(epoch, batch, loss);
  }
}

void Progress::draw(int64_t epoch, int64_t batch, double loss) {
  drawn_ = Clock::now();
  const double rate = static_cast<double>(epoch_pictures_) / seconds(drawn_ - epoch_start_);
  const int64_t left = (epochs_ - epoch + 1) * batches_an_epoch_ - batch;
  const double time_left =
      seconds(drawn_ - start_) / static_cast<double>(batches_) * static_cast<double>(left);
  const std::string before = fmt::format("epoch {}/{} ", epoch, epochs_);
  const std::string after =
      fmt::format(" batch {}/{}  loss {:.4f}  {:.0f} images/s  {} left", batch, batches_an_epoch_,
                  loss, rate, clock_time(time_left));
  if (!terminal_) {
    fmt::print("{}{}\n", before, after);
  } else {
    const int room = terminal_width() - 1 - static_cast<int>(before.size() + after.size());
    const double fraction = static_cast<double>(batch) / static_cast<double>(batches_an_epoch_);
    fmt::print("\r{}{}{}\033[K", before, bar(fraction, std::clamp(room, 0, 40), unicode_), after);
  }
  std::fflush(stdout);
}

void Progress::epoch_done(int64_t epoch, double training, double validation) {
  const auto now = Clock::now();
  const double time = seconds(now - epoch_start_);
  if (epoch_batches_ == batches_an_epoch_) {
    epoch_seconds_ += time;
    ++whole_epochs_;
  }
  erase();
  fmt::print("epoch {}/{}  training {:.4f}  validation {:.4f}  in {:.1f} s\n", epoch, epochs_,
             training, validation, time);
  std::fflush(stdout);
  epoch_start_ = now;
  epoch_batches_ = epoch_pictures_ = 0;
}

void Progress::erase() {
  if (terminal_) fmt::print("\r\033[K");
  std::fflush(stdout);
}

}  // namespace autoencoder
