#include "adjoint/nn/data/shapes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "adjoint/core/generator.h"
#include "adjoint/core/parallel.h"

namespace adjoint::data::datasets {
namespace {

constexpr int kSide = 28;
constexpr double kNoise = 0.05;
enum Kind { kDisc, kRing, kSquare, kBar, kKinds };

/// One picture's shape; lengths in pixels, the origin in the middle of the picture.
struct Shape {
  Kind kind;
  double x, y;          ///< centre
  double size;          ///< radius, half a side, or half a length
  double thickness;     ///< half of a ring's or a bar's
  double cosine, sine;  ///< direction of a square or a bar
  double brightness, background;
};

/// Draws as mt19937 does, on every machine the same: 53 bits a number.
double uniform(CPUGeneratorImpl& random, double low, double high) {
  const double unit = static_cast<double>(random.random64() >> 11) * 0x1p-53;
  return low + (high - low) * unit;
}

Shape draw_shape(CPUGeneratorImpl& random, Kind kind) {
  Shape shape{};
  shape.kind = kind;
  shape.size = uniform(random, 4.5, 9.0);
  const double reach = kSide / 2.0 - 1.5 - shape.size;
  shape.x = uniform(random, -reach, reach);
  shape.y = uniform(random, -reach, reach);
  shape.thickness = uniform(random, 1.0, 2.2);
  // A direction from a point of the unit disc: sqrt has the same bits everywhere, sin has not.
  double length = 0;
  do {
    shape.cosine = uniform(random, -1, 1);
    shape.sine = uniform(random, -1, 1);
    length = std::sqrt(shape.cosine * shape.cosine + shape.sine * shape.sine);
  } while (length > 1 || length < 0.1);
  shape.cosine /= length;
  shape.sine /= length;
  shape.brightness = uniform(random, 0.6, 1.0);
  shape.background = uniform(random, 0.0, 0.1);
  return shape;
}

/// The distance of a point from a rectangle around the origin, negative inside.
double box_distance(double x, double y, double half_width, double half_height) {
  const double dx = std::abs(x) - half_width, dy = std::abs(y) - half_height;
  const double outside =
      std::sqrt(std::max(dx, 0.0) * std::max(dx, 0.0) + std::max(dy, 0.0) * std::max(dy, 0.0));
  return outside + std::min(std::max(dx, dy), 0.0);
}

/// The distance of a point from the shape's edge, negative inside.
double distance(const Shape& shape, double px, double py) {
  const double x = px - shape.x, y = py - shape.y;
  const double along = x * shape.cosine + y * shape.sine;
  const double across = y * shape.cosine - x * shape.sine;
  switch (shape.kind) {
    case kDisc:
      return std::sqrt(x * x + y * y) - shape.size;
    case kRing:
      return std::abs(std::sqrt(x * x + y * y) - shape.size) - shape.thickness;
    case kSquare: {
      const double half = shape.size * 0.8;  // its corners reach as far as a disc
      return box_distance(along, across, half, half);
    }
    case kBar:
    case kKinds:
      break;
  }
  return box_distance(along, across, shape.size, shape.thickness);
}

/// Row by row; a pixel that the edge crosses is mixed by how much of it is covered.
void paint(const Shape& shape, CPUGeneratorImpl& random, uint8_t* pixels) {
  for (int row = 0; row < kSide; ++row) {
    for (int column = 0; column < kSide; ++column) {
      const double d = distance(shape, column - (kSide - 1) / 2.0, row - (kSide - 1) / 2.0);
      const double covered = std::clamp(0.5 - d, 0.0, 1.0);
      // The sum of two uniform numbers in [-1/2, 1/2]: its standard deviation is 1/sqrt(6) = 0.41.
      const uint32_t bits = random.random();
      const double noise = ((bits & 0xffff) + (bits >> 16)) / 65535.0 - 1.0;
      const double value =
          shape.background + covered * (shape.brightness - shape.background) + kNoise * noise;
      pixels[row * kSide + column] =
          static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 1.0) * 255.0));
    }
  }
}

}  // namespace

Images shapes(int64_t count, uint64_t seed) {
  check(count >= 0, "shapes: the number of pictures cannot be negative: {}", count);
  const Tensor pixels = empty({count, 1, kSide, kSide}, kUInt8);
  const Tensor targets = empty({count}, kInt64);
  // Every picture has a seed of its own, so that they can be painted in any order.
  CPUGeneratorImpl seeds(seed);
  std::vector<uint32_t> seed_of(static_cast<std::size_t>(count));
  seeds.random(seed_of);
  auto* first_pixel = pixels.data_ptr<uint8_t>();
  auto* target = targets.data_ptr<int64_t>();
  parallel_for(0, count, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      CPUGeneratorImpl random(seed_of[static_cast<std::size_t>(i)]);
      target[i] = i % kKinds;
      const Shape shape = draw_shape(random, static_cast<Kind>(target[i]));
      paint(shape, random, first_pixel + i * kSide * kSide);
    }
  });
  return Images(pixels, targets);
}

}  // namespace adjoint::data::datasets
