#pragma once

#include <concepts>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "adjoint/core/tensor.h"
#include "adjoint/nn/ordered_dict.h"

/// How the options and the state of an optimizer become named tensors and are read back. A class
/// names its fields once, and both directions follow:
///
///     template <class Self, class Fields>
///     static void fields(Self& self, Fields& f) {
///       f.number("step", self.step_);
///       f.tensor("exp_avg", self.exp_avg_);
///       f.optional_tensor("max_exp_avg_sq", self.max_exp_avg_sq_);
///     }
namespace adjoint::optim {

using NamedTensors = OrderedDict<std::string, Tensor>;

/// Writes fields as tensors `<prefix><name>`: numbers as float64, int64 or bool without dimensions,
/// pairs as two float64. Tensors are shared, not copied; undefined ones are left out.
class FieldWriter {
 public:
  FieldWriter(NamedTensors& to, std::string prefix) : to_(to), prefix_(std::move(prefix)) {}

  void tensor(const char* name, const Tensor& field) { to_.insert(prefix_ + name, field); }
  void optional_tensor(const char* name, const Tensor& field) {
    if (field.defined()) tensor(name, field);
  }
  template <class T>
  void number(const char* name, T field) {
    const Tensor made = empty({}, scalar_type_of<T>);
    *made.data_ptr<T>() = field;
    to_.insert(prefix_ + name, made);
  }
  void number(const char* name, const std::tuple<double, double>& field) {
    const Tensor made = empty({2}, kFloat64);
    std::tie(made.data_ptr<double>()[0], made.data_ptr<double>()[1]) = field;
    to_.insert(prefix_ + name, made);
  }

 private:
  NamedTensors& to_;
  std::string prefix_;
};

/// Reads what FieldWriter wrote. Tensors must have the parameter's shape and dtype, and are copied.
/// What is missing or does not fit is added to `problems`, one message each; nothing is thrown.
class FieldReader {
 public:
  FieldReader(const NamedTensors& from, std::string prefix, const Tensor& parameter,
              std::set<std::string>& used, std::vector<std::string>& problems)
      : from_(from),
        prefix_(std::move(prefix)),
        parameter_(parameter),
        used_(used),
        problems_(problems) {}

  void tensor(const char* name, Tensor& field);
  void optional_tensor(const char* name, Tensor& field) {
    if (from_.contains(prefix_ + name)) tensor(name, field);
  }
  void number(const char* name, double& field);
  void number(const char* name, int64_t& field);
  void number(const char* name, bool& field);
  void number(const char* name, std::tuple<double, double>& field);

 private:
  /// The tensor of this name if it is there and looks as it should, else null and a problem.
  const Tensor* find(const char* name, IntArrayRef sizes, ScalarType dtype);

  const NamedTensors& from_;
  std::string prefix_;
  const Tensor& parameter_;
  std::set<std::string>& used_;
  std::vector<std::string>& problems_;
};

/// Whether T names its fields.
template <class T>
concept HasFields = requires(T& t, const T& c, FieldReader& r, FieldWriter& w) {
  T::fields(t, r);
  T::fields(c, w);
};

}  // namespace adjoint::optim
