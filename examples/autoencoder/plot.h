#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adjoint/examples/autoencoder/canvas.h"

namespace autoencoder {

/// A line through points (x, y > 0).
struct Series {
  std::string name;  ///< the legend shows it with the last value
  Color color;
  std::vector<std::pair<double, double>> points;
  bool marked = false;  ///< whether each point gets a dot
};

/// Draws the series over x from 0 to x_end, on a logarithmic axis for y.
Canvas plot(const std::string& title, const std::string& x_label, double x_end,
            const std::vector<Series>& series);

}  // namespace autoencoder
