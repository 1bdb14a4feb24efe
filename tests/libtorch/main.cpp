#include "adjoint/tests/libtorch/show.h"

// Prints what a program written for libtorch sees; see show.h.

#include <cstdio>

void write(const std::string& text) { std::cout << text; }
void write(bool value) { std::cout << (value ? "true" : "false"); }
void write(torch::ScalarType dtype) { std::cout << torch::toString(dtype); }

// Numbers with so many digits that the order of a sum does not show.
void write(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  std::cout << text;
}

void write(const torch::Tensor& tensor) {
  if (!tensor.defined()) {
    std::cout << "undefined";
    return;
  }
  std::cout << torch::toString(tensor.scalar_type()) << " " << tensor.sizes() << " of";
  const torch::Tensor values = tensor.detach().to(torch::kDouble).contiguous();
  const char* const format = tensor.scalar_type() == torch::kFloat ? " %.4g" : " %.7g";
  for (int64_t i = 0; i < values.numel(); ++i) {
    char text[32];
    std::snprintf(text, sizeof text, format, values.data_ptr<double>()[i]);
    std::cout << text;
  }
}

int main() {
  creation();
  indexing();
  views();
  arithmetic();
  reductions();
  linear_algebra();
  backward();
  engine();
  functions();
  modules();
  optimizers();
  data();
  random_numbers();
  errors();
}
