#include "adjoint/nn/data/mnist.h"

#include <filesystem>
#include <numeric>

#include "adjoint/nn/data/idx.h"

namespace adjoint::data::datasets {
namespace {

/// `root`/`name`, or the same with ".gz".
std::string find_file(const std::string& root, const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code error;
  check(fs::is_directory(root, error), "cannot read the data set: {} is no folder", root);
  const std::string plain = (fs::path(root) / name).string();
  for (const std::string& path : {plain, plain + ".gz"}) {
    if (fs::exists(path, error)) return path;
  }
  fail(
      "the folder {} holds neither {} nor {}.gz; Fashion-MNIST is in Debian's package "
      "dataset-fashion-mnist, in /usr/share/datasets/fashion-mnist",
      root, name, name);
}

Images read_images(const std::string& root, bool train) {
  const std::string part = train ? "train" : "t10k";
  const std::string images_path = find_file(root, part + "-images-idx3-ubyte");
  const std::string labels_path = find_file(root, part + "-labels-idx1-ubyte");
  const Tensor images = read_idx(images_path);
  check(images.scalar_type() == kUInt8 && images.dim() == 3,
        "{}: expected pictures of uint8 [count, rows, columns], got {}", images_path,
        images.describe());
  const Tensor labels = read_idx(labels_path);
  check(labels.scalar_type() == kUInt8 && labels.dim() == 1,
        "{}: expected labels of uint8 [count], got {}", labels_path, labels.describe());
  check(labels.size(0) == images.size(0), "{} has {} labels, but {} has {} pictures", labels_path,
        labels.size(0), images_path, images.size(0));
  return Images(images.unsqueeze(1), labels);
}

}  // namespace

MNIST::MNIST(const std::string& root, Mode mode)
    : mode_(mode), images_(read_images(root, mode == Mode::kTrain)) {}

Tensor MNIST::images() const {
  std::vector<size_t> all(*size());
  std::iota(all.begin(), all.end(), size_t{0});
  return get_stacked(all).data;
}

}  // namespace adjoint::data::datasets
