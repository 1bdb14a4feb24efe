#include "adjoint/examples/autoencoder/source.h"

#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace autoencoder {
namespace {

using adjoint::Tensor;
using adjoint::data::datasets::Images;
using adjoint::data::datasets::MNIST;

constexpr int64_t kTrainingShapes = 12000, kValidationShapes = 2000;

/// MNIST and Fashion-MNIST have files of the same names; only the folder's tells them apart.
std::vector<std::string> class_names(const std::string& folder) {
  if (folder.find("fashion") == std::string::npos) {
    return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  }
  return {"T-shirt", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal",  "Shirt",   "Sneaker",  "Bag",   "Boot"};
}

void check_pictures(const std::string& data, const char* part, const Images& images) {
  const auto sizes = images.pixels().sizes();
  adjoint::check(sizes[0] > 0 && sizes[2] == 28 && sizes[3] == 28,
                 "{}: expected {} pictures of 28 x 28 pixels, got {} of {} x {}", data, part,
                 sizes[0], sizes[2], sizes[3]);
}

/// FNV-1a over words of 8 bytes.
uint64_t hash(uint64_t seed, const Tensor& tensor) {
  const auto* bytes = static_cast<const char*>(tensor.data_ptr());
  for (std::size_t i = 0; i < tensor.nbytes(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i, std::min<std::size_t>(8, tensor.nbytes() - i));
    seed = (seed ^ word) * 0x100000001b3;
  }
  return seed;
}

}  // namespace

int64_t Source::bytes() const {
  return static_cast<int64_t>(training.pixels().nbytes() + training.targets().nbytes() +
                              validation.pixels().nbytes() + validation.targets().nbytes());
}

std::string Source::fingerprint() const {
  const uint64_t first = hash(0xcbf29ce484222325, training.pixels());
  return fmt::format("{:016x}", hash(first, validation.pixels()));
}

Source open_source(const std::string& data) {
  if (data == "shapes") {
    using adjoint::data::datasets::shapes;
    return {shapes(kTrainingShapes, 1),
            shapes(kValidationShapes, 2),
            {"disc", "ring", "square", "bar"}};
  }
  Source source{MNIST(data, MNIST::Mode::kTrain).in_memory(),
                MNIST(data, MNIST::Mode::kTest).in_memory(), class_names(data)};
  check_pictures(data, "training", source.training);
  check_pictures(data, "test", source.validation);
  return source;
}

}  // namespace autoencoder
