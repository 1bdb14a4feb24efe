#include "adjoint/examples/autoencoder/checkpoint.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace autoencoder {
namespace {

using adjoint::check;
using adjoint::IntArrayRef;
using adjoint::Tensor;
namespace serialize = adjoint::serialize;

constexpr const char* kFormat = "adjoint autoencoder checkpoint 1";

template <class T>
Tensor tensor_of(IntArrayRef sizes, const std::vector<T>& values) {
  Tensor made = adjoint::empty(sizes, adjoint::scalar_type_of<T>);
  std::copy(values.begin(), values.end(), made.data_ptr<T>());
  return made;
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const T* first = tensor.data_ptr<T>();
  return {first, first + tensor.numel()};
}

Tensor bytes_tensor(const std::vector<uint8_t>& bytes) {
  return tensor_of<uint8_t>(static_cast<int64_t>(bytes.size()), bytes);
}

/// One row a point; NaN where there is no validation.
Tensor curve_tensor(const std::vector<CurvePoint>& curve) {
  std::vector<double> values;
  for (const CurvePoint& point : curve) {
    values.insert(values.end(),
                  {point.epochs, point.training, point.validation.value_or(std::nan(""))});
  }
  return tensor_of<double>({static_cast<int64_t>(curve.size()), 3}, values);
}

std::vector<CurvePoint> curve_of(const Tensor& tensor) {
  const std::vector<double> values = values_of<double>(tensor);
  std::vector<CurvePoint> curve;
  for (std::size_t i = 0; i + 2 < values.size(); i += 3) {
    CurvePoint point{values[i], values[i + 1], std::nullopt};
    if (!std::isnan(values[i + 2])) point.validation = values[i + 2];
    curve.push_back(point);
  }
  return curve;
}

/// The options that make two trainings different ones, and their names.
serialize::Metadata defining(const Options& options) {
  return {{"--data", options.data},
          {"--batch-size", fmt::format("{}", options.batch_size)},
          {"--lr", fmt::format("{}", options.lr)},
          {"--seed", fmt::format("{}", options.seed)}};
}

}  // namespace

void save_checkpoint(const std::string& path, const Autoencoder& model,
                     const adjoint::optim::Optimizer& optimizer, const Position& position,
                     const Options& options, const std::string& fingerprint) {
  serialize::NamedTensors all;
  serialize::add(all, "model.", serialize::named_tensors(model));
  serialize::add(all, "optimizer.", optimizer.state_dict());
  all.insert("position",
             tensor_of<int64_t>(3, {position.epoch, position.batch, position.loss_count}));
  all.insert("loss_sum", tensor_of<double>({}, {position.loss_sum}));
  all.insert("curve", curve_tensor(position.curve));
  all.insert("generator.shuffle", bytes_tensor(position.shuffle_state));
  all.insert("generator.now", bytes_tensor(adjoint::default_generator().state_bytes()));
  serialize::Metadata metadata = defining(options);
  metadata["format"] = kFormat;
  metadata["--epochs"] = fmt::format("{}", options.epochs);
  metadata["pictures"] = fingerprint;
  serialize::save_safetensors(path, all, metadata);
}

Checkpoint::Checkpoint(const std::string& path)
    : path_(path), file_(serialize::load_safetensors(path)) {
  const auto format = file_.metadata.find("format");
  check(format != file_.metadata.end() && format->second == kFormat,
        "{} is no checkpoint of this program: its metadata does not say \"{}\"", path, kFormat);
}

const std::string& Checkpoint::text(const std::string& name) const {
  const auto found = file_.metadata.find(name);
  check(found != file_.metadata.end(), "{}: the checkpoint does not say its {}", path_, name);
  return found->second;
}

Tensor Checkpoint::tensor(const std::string& name, IntArrayRef sizes,
                          adjoint::ScalarType dtype) const {
  const Tensor* found = file_.tensors.find(name);
  bool fits =
      found != nullptr && found->scalar_type() == dtype && found->sizes().size() == sizes.size();
  for (std::size_t i = 0; fits && i < sizes.size(); ++i) {
    fits = sizes[i] == -1 || sizes[i] == found->sizes()[i];
  }
  check(fits, "{}: the checkpoint's \"{}\" is missing or not as expected", path_, name);
  return *found;
}

void Checkpoint::complete(Options& options) const {
  for (const auto& [name, value] : defining(options)) {
    check(!options.given.contains(name) || value == text(name),
          "{} was trained with {} {}, not {}; leave the option out, or begin anew without --resume",
          path_, name, text(name), value);
  }
  try {
    options.data = text("--data");
    options.batch_size = std::stoll(text("--batch-size"));
    options.lr = std::stod(text("--lr"));
    options.seed = std::stoull(text("--seed"));
    if (!options.given.contains("--epochs")) options.epochs = std::stoll(text("--epochs"));
  } catch (const std::logic_error&) {
    adjoint::fail("{}: the checkpoint's options are no numbers", path_);
  }
  check(options.batch_size > 0 && options.lr > 0, "{}: the checkpoint's options are no valid ones",
        path_);
  const int64_t done = values_of<int64_t>(tensor("position", 3, adjoint::kInt64))[0];
  check(options.epochs >= done, "{} has {} epochs behind it already; ask for more with --epochs",
        path_, done);
}

void Checkpoint::restore(Autoencoder& model, adjoint::optim::Optimizer& optimizer,
                         Position& position, const std::string& fingerprint) const {
  check(text("pictures") == fingerprint,
        "{} was trained with other pictures than those of the data set {}", path_, text("--data"));
  const auto numbers = values_of<int64_t>(tensor("position", 3, adjoint::kInt64));
  check(numbers[0] >= 0 && numbers[1] >= 0 && numbers[2] >= 0,
        "{}: the checkpoint's \"position\" is negative", path_);
  position.epoch = numbers[0];
  position.batch = numbers[1];
  position.loss_count = numbers[2];
  position.loss_sum = values_of<double>(tensor("loss_sum", {}, adjoint::kFloat64))[0];
  position.curve = curve_of(tensor("curve", {-1, 3}, adjoint::kFloat64));
  position.shuffle_state = values_of<uint8_t>(tensor("generator.shuffle", -1, adjoint::kUInt8));
  position.generator_state = values_of<uint8_t>(tensor("generator.now", -1, adjoint::kUInt8));
  serialize::assign(model, serialize::part(file_.tensors, "model."), path_);
  serialize::assign(optimizer, serialize::part(file_.tensors, "optimizer."), path_);
}

}  // namespace autoencoder
