#include "adjoint/autograd/ivalue.h"

namespace adjoint {

IValue::IValue() = default;
IValue::IValue(bool value) : value_(value) {}
IValue::IValue(Integer integer) : value_(integer.value) {}
IValue::IValue(double value) : value_(value) {}
IValue::IValue(std::string value) : value_(std::move(value)) {}
IValue::IValue(const char* value) : value_(std::string(value)) {}
IValue::IValue(Tensor value) : value_(std::move(value)) {}
IValue::IValue(std::vector<int64_t> values) : value_(std::move(values)) {}
IValue::IValue(IntArrayRef values) : value_(values.vec()) {}
IValue::IValue(std::vector<double> values) : value_(std::move(values)) {}
IValue::IValue(std::vector<Tensor> values) : value_(std::move(values)) {}

IValue::IValue(const Scalar& value) {
  if (isFloatingType(value.type())) {
    value_ = value.to<double>();
  } else if (value.type() == kBool) {
    value_ = value.to<bool>();
  } else {
    value_ = value.to<int64_t>();
  }
}

IValue::IValue(const IValue&) = default;
IValue::IValue(IValue&&) noexcept = default;
IValue& IValue::operator=(const IValue&) = default;
IValue& IValue::operator=(IValue&&) noexcept = default;
IValue::~IValue() = default;

void IValue::fail_to_get(const char* wanted) const {
  static constexpr const char* kNames[] = {
      "nothing",          "a bool",   "an integer",         "a double",
      "a string",         "a tensor", "a list of integers", "a list of doubles",
      "a list of tensors"};
  fail("IValue: it holds {}, but was asked for {}", kNames[value_.index()], wanted);
}

}  // namespace adjoint
