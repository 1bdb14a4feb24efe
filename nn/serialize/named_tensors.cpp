#include "adjoint/nn/serialize/named_tensors.h"

#include <fmt/ranges.h>

#include "adjoint/autograd/grad_mode.h"

namespace adjoint::serialize {

void add(NamedTensors& all, const std::string& prefix, const NamedTensors& part) {
  for (const auto& item : part) all.insert(prefix + item.key(), item.value());
}

NamedTensors part(const NamedTensors& all, const std::string& prefix) {
  NamedTensors found;
  for (const auto& item : all) {
    if (item.key().starts_with(prefix)) found.insert(item.key().substr(prefix.size()), *item);
  }
  return found;
}

void copy_by_name(const NamedTensors& from, const NamedTensors& to, const std::string& what) {
  std::vector<std::string> problems;
  for (const auto& item : to) {
    const Tensor* source = from.find(item.key());
    if (source == nullptr) {
      problems.push_back(fmt::format("{} ({}) is missing", item.key(), item->describe()));
    } else if (source->sizes() != item->sizes() || source->scalar_type() != item->scalar_type()) {
      problems.push_back(
          fmt::format("{}: expected {}, got {}", item.key(), item->describe(), source->describe()));
    }
  }
  for (const auto& item : from) {
    if (!to.contains(item.key())) {
      problems.push_back(fmt::format("{} ({}) is unexpected", item.key(), item->describe()));
    }
  }
  check(problems.empty(), "{} does not fit, and nothing was loaded: {}", what,
        fmt::join(problems, "; "));

  const NoGradGuard no_grad;
  for (const auto& item : to) Tensor(*item).copy_(*from.find(item.key()));
}

}  // namespace adjoint::serialize
