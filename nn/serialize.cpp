#include "adjoint/nn/serialize.h"

namespace adjoint::serialize {

NamedTensors named_tensors(const std::vector<Tensor>& tensors) {
  NamedTensors named;
  for (std::size_t i = 0; i < tensors.size(); ++i) named.insert(std::to_string(i), tensors[i]);
  return named;
}

void assign(optim::Optimizer& optimizer, const NamedTensors& from, const std::string& what) {
  try {
    optimizer.load_state_dict(from);
  } catch (const Error& error) {
    fail("{}: {}", what, error.what());
  }
}

void assign(Tensor& tensor, const NamedTensors& from, const std::string& what) {
  const Tensor* only = from.find("0");
  check(from.size() == 1 && only != nullptr,
        "{}: expected one tensor, called \"0\", as save(tensor, ...) writes it; it has {} tensors",
        what, from.size());
  tensor = *only;
}

void assign(std::vector<Tensor>& tensors, const NamedTensors& from, const std::string& what) {
  std::vector<Tensor> loaded;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Tensor* next = from.find(std::to_string(i));
    check(
        next != nullptr,
        "{}: expected tensors called \"0\" to \"{}\", as save(vector, ...) writes them; \"{}\" is "
        "missing",
        what, from.size() - 1, i);
    loaded.push_back(*next);
  }
  tensors.insert(tensors.end(), loaded.begin(), loaded.end());
}

}  // namespace adjoint::serialize
