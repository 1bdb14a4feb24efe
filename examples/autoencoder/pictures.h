#pragma once

#include <string>
#include <vector>

#include "adjoint/examples/autoencoder/checkpoint.h"
#include "adjoint/examples/autoencoder/model.h"
#include "adjoint/examples/autoencoder/source.h"

namespace autoencoder {

/// Writes rows of pictures from the validation set, each above its reconstruction, a column a
/// class.
void write_reconstructions(const std::string& path, Autoencoder& model, const Source& source);
/// Draws the curve over all epochs that are planned.
void write_curve_picture(const std::string& path, const std::vector<CurvePoint>& curve,
                         int64_t epochs);
/// One line a point: epoch,training,validation, the last one empty within an epoch.
void write_curve_csv(const std::string& path, const std::vector<CurvePoint>& curve);

}  // namespace autoencoder
