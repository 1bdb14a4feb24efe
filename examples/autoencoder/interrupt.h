#pragma once

namespace autoencoder {

/// From now on the first Ctrl-C (SIGINT, or SIGTERM) is only noted; a second one ends the program
/// as usual. Files that would grow beyond a limit of the system are errors, no signals.
void catch_interrupts();

/// The number of the signal that has come, or 0.
int interrupt();

}  // namespace autoencoder
