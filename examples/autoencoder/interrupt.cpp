#include "adjoint/examples/autoencoder/interrupt.h"

#include <csignal>

namespace autoencoder {
namespace {

volatile std::sig_atomic_t signal_that_came = 0;

void note(int signal) { signal_that_came = signal; }

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}

int interrupt() { return signal_that_came; }

}  // namespace autoencoder
