#pragma once

#include <cstdint>
#include <vector>

/// A convolution of square images with a square kernel, by the size of its input.
struct ConvShape {
  const char* name;
  int64_t batch, in, out, kernel, stride, padding, size, groups = 1;

  int64_t output() const { return (size + 2 * padding - kernel) / stride + 1; }
  /// What the adjoint needs to return to `size`.
  int64_t output_padding() const { return (size + 2 * padding - kernel) % stride; }
  int64_t multiply_adds() const {
    return batch * out * (in / groups) * kernel * kernel * output() * output();
  }
};

/// The shapes that are measured: those of the autoencoder, and what networks of toy to medium size
/// are made of.
inline std::vector<ConvShape> conv_shapes() {
  return {
      {"N128_1to16_k3s2_at28", 128, 1, 16, 3, 2, 1, 28},
      {"N128_16to32_k3s2_at14", 128, 16, 32, 3, 2, 1, 14},
      {"N128_32to64_k7_at7", 128, 32, 64, 7, 1, 0, 7},
      {"N32_64to64_k3_at32", 32, 64, 64, 3, 1, 1, 32},
      {"N32_3to32_k5_at64", 32, 3, 32, 5, 1, 2, 64},
      {"N16_128to128_k3_at28", 16, 128, 128, 3, 1, 1, 28},
      {"N8_256to256_k3_at14", 8, 256, 256, 3, 1, 1, 14},
      {"N64_32to32_k1_at28", 64, 32, 32, 1, 1, 0, 28},
      {"N64_64to64_k4s2_at14", 64, 64, 64, 4, 2, 1, 14},
      {"N64_64to64_depthwise_k3_at28", 64, 64, 64, 3, 1, 1, 28, 64},
  };
}
