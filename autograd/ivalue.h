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
  IValue();
  IValue(bool value);
  template <class T>
  requires(std::is_integral_v<T>) IValue(T value) : IValue(Integer{static_cast<int64_t>(value)}) {}
  IValue(double value);
  IValue(std::string value);
  IValue(const char* value);
  IValue(Tensor value);
  IValue(std::vector<int64_t> values);
  IValue(IntArrayRef values);
  IValue(std::vector<double> values);
  IValue(std::vector<Tensor> values);
  IValue(const Scalar& value);
  /// None if it has no value.
  template <class T>
  IValue(const std::optional<T>& value) : IValue(value ? IValue(*value) : IValue()) {}

  // Not inline: these are most of what a variant costs to compile, a tenth of a second a program.
  IValue(const IValue&);
  IValue(IValue&&) noexcept;
  IValue& operator=(const IValue&);
  IValue& operator=(IValue&&) noexcept;
  ~IValue();

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
  struct Integer {
    int64_t value;
  };
  explicit IValue(Integer integer);

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
    if (!is<T>()) fail_to_get(wanted);
    return std::get<T>(value_);
  }

  [[noreturn]] void fail_to_get(const char* wanted) const;

  std::variant<std::monostate, bool, int64_t, double, std::string, Tensor, std::vector<int64_t>,
               std::vector<double>, std::vector<Tensor>>
      value_;
};

}  // namespace adjoint
