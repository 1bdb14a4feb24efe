#pragma once

#include <utility>

/// Declares the option `name` of an options class: a setter that chains and a getter, both called
/// `name`. A macro because C++ has no other way to make a family of member functions:
///
///     struct PoolOptions {
///       ADJOINT_ARG(int64_t, kernel_size) = 2;
///     };
///     PoolOptions().kernel_size(3).kernel_size()  // 3
///
/// The declarations after it are private, as they are in libtorch.
#define ADJOINT_ARG(T, name)                         \
 public:                                             \
  auto name(const T& value)->decltype(*this) {       \
    name##_ = value;                                 \
    return *this;                                    \
  }                                                  \
  auto name(T&& value)->decltype(*this) {            \
    name##_ = std::move(value);                      \
    return *this;                                    \
  }                                                  \
  const T& name() const noexcept { return name##_; } \
  T& name() noexcept { return name##_; }             \
                                                     \
 private:                                            \
  T name##_

#define TORCH_ARG(T, name) ADJOINT_ARG(T, name)
