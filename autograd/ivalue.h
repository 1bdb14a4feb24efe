#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "adjoint/core/tensor.h"

namespace adjoint {

/// A value of one of a few types, or none: what a custom Function keeps in its context's
/// saved_data. The names are those of libtorch's IValue. Asking for another type than the one it
/// holds throws Error.
class IValue {
 public:
  IValue() = default;
  IValue(bool value) : value_(value) {}
  template <class T>
  requires(std::is_integral_v<T>) IValue(T value) : value_(static_cast<int64_t>(value)) {}
  IValue(double value) : value_(value) {}
  IValue(std::string value) : value_(std::move(value)) {}
  IValue(const char* value) : value_(std::string(value)) {}
  IValue(Tensor value) : value_(std::move(value)) {}
  IValue(std::vector<int64_t> values) : value_(std::move(values)) {}
  IValue(IntArrayRef values) : value_(values.vec()) {}
  IValue(std::vector<double> values) : value_(std::move(values)) {}
  IValue(std::vector<Tensor> values) : value_(std::move(values)) {}
  IValue(const Scalar& value) {
    if (isFloatingType(value.type())) {
      value_ = value.to<double>();
    } else if (value.type() == kBool) {
      value_ = value.to<bool>();
    } else {
      value_ = value.to<int64_t>();
    }
  }
  /// None if it has no value.
  template <class T>
  IValue(const std::optional<T>& value) : IValue(value ? IValue(*value) : IValue()) {}

  bool isNone() const { return is<std::monostate>(); }
  bool isBool() const { return is<bool>(); }
  bool isInt() const { return is<int64_t>(); }
  bool isDouble() const { return is<double>(); }
  bool isString() const { return is<std::string>(); }
  bool isTensor() const { return is<Tensor>(); }
  bool isIntList() const { return is<std::vector<int64_t>>(); }
  bool isDoubleList() const { return is<std::vector<double>>(); }
  bool isTensorList() const { return is<std::vector<Tensor>>(); }

  bool toBool() const { return get<bool>("a bool"); }
  int64_t toInt() const { return get<int64_t>("an integer"); }
  double toDouble() const { return get<double>("a double"); }
  const std::string& toStringRef() const { return get<std::string>("a string"); }
  const Tensor& toTensor() const { return get<Tensor>("a tensor"); }
  const std::vector<int64_t>& toIntVector() const {
    return get<std::vector<int64_t>>("a list of integers");
  }
  const std::vector<double>& toDoubleVector() const {
    return get<std::vector<double>>("a list of doubles");
  }
  const std::vector<Tensor>& toTensorVector() const {
    return get<std::vector<Tensor>>("a list of tensors");
  }
  Scalar toScalar() const {
    if (isDouble()) return toDouble();
    if (isBool()) return toBool();
    return toInt();
  }
  /// Nothing if it is none.
  template <class T>
  std::optional<T> toOptional() const {
    if (isNone()) return std::nullopt;
    return static_cast<T>(get<Held<T>>("a value of the type asked for"));
  }

 private:
  template <class T>
  using Held = std::conditional_t<
      std::is_integral_v<T> && !std::is_same_v<T, bool>, int64_t,
      std::conditional_t<std::is_same_v<T, IntArrayRef>, std::vector<int64_t>, T>>;

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(value_);
  }
  template <class T>
  const T& get(const char* wanted) const {
    static constexpr const char* kNames[] = {
        "nothing",          "a bool",   "an integer",         "a double",
        "a string",         "a tensor", "a list of integers", "a list of doubles",
        "a list of tensors"};
    if (!is<T>()) fail("IValue: it holds {}, but was asked for {}", kNames[value_.index()], wanted);
    return std::get<T>(value_);
  }

  std::variant<std::monostate, bool, int64_t, double, std::string, Tensor, std::vector<int64_t>,
               std::vector<double>, std::vector<Tensor>>
      value_;
};

}  // namespace adjoint
