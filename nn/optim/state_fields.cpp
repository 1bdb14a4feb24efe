#include "adjoint/nn/optim/state_fields.h"

#include <fmt/ranges.h>

namespace adjoint::optim {

const Tensor* FieldReader::find(const char* name, IntArrayRef sizes, ScalarType dtype) {
  const std::string key = prefix_ + name;
  const Tensor* found = from_.find(key);
  if (found == nullptr) {
    problems_.push_back(fmt::format("{} is missing", key));
    return nullptr;
  }
  used_.insert(key);
  if (!found->defined() || found->scalar_type() != dtype || found->sizes() != sizes) {
    problems_.push_back(fmt::format("{}: expected shape [{}], {}, got {}", key,
                                    fmt::join(sizes, ", "), dtype, found->describe()));
    return nullptr;
  }
  return found;
}

void FieldReader::tensor(const char* name, Tensor& field) {
  const Tensor* found = find(name, parameter_.sizes(), parameter_.scalar_type());
  if (found != nullptr) field = found->detach().contiguous().clone();
}

void FieldReader::number(const char* name, double& field) {
  if (const Tensor* found = find(name, {}, kFloat64)) field = found->item<double>();
}

void FieldReader::number(const char* name, int64_t& field) {
  if (const Tensor* found = find(name, {}, kInt64)) field = found->item<int64_t>();
}

void FieldReader::number(const char* name, bool& field) {
  if (const Tensor* found = find(name, {}, kBool)) field = found->item<bool>();
}

void FieldReader::number(const char* name, std::tuple<double, double>& field) {
  if (const Tensor* found = find(name, {2}, kFloat64)) {
    field = {found->select(0, 0).item<double>(), found->select(0, 1).item<double>()};
  }
}

}  // namespace adjoint::optim
