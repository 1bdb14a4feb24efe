#pragma once

#include <string>
#include <vector>

#include "adjoint/adjoint.h"

namespace autoencoder {

/// The pictures to train with, and others to see whether what was learnt holds for them too.
struct Source {
  adjoint::data::datasets::Images training, validation;
  std::vector<std::string> class_names;  ///< by target

  int64_t bytes() const;
  /// A number that differs for other pictures: how a checkpoint knows what it was trained with.
  std::string fingerprint() const;
};

/// Reads the folder, or generates "shapes". Throws Error if the files are missing, broken, or not
/// 28x28 pictures.
Source open_source(const std::string& data);

}  // namespace autoencoder
