#pragma once

#include <string>

#include "adjoint/core/tensor.h"

namespace adjoint::data {

/// Writes a picture: uint8 of shape [height, width] (grey) or [height, width, 3] (red, green, blue;
/// sRGB). The file is written whole or not at all (see serialize::AtomicFile). Throws Error if the
/// tensor is none of these or the file cannot be written.
void write_png(const std::string& path, const Tensor& image);

/// Reads a PNG file of any kind, as uint8 of shape [height, width, 3], or [height, width] with
/// `grey`. Transparent pixels are laid over black. Throws Error if the file cannot be read.
Tensor read_png(const std::string& path, bool grey = false);

}  // namespace adjoint::data
