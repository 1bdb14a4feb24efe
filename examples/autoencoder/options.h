#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace autoencoder {

/// What the command line says.
struct Options {
  std::string data = "/usr/share/datasets/fashion-mnist";  ///< a folder, or "shapes"
  int64_t epochs = 5;
  int64_t batch_size = 128;
  double lr = 1e-3;
  uint64_t seed = 0;
  int threads = 0;  ///< 0: all
  std::string out = "out/autoencoder";
  std::string resume;  ///< a checkpoint to go on from; empty: from the beginning

  std::set<std::string> given;  ///< which of them the command line names
};

/// Ends the program after --help, and with one line on stderr where something is wrong.
Options parse_options(int argc, char** argv);

}  // namespace autoencoder
