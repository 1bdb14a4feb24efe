#pragma once

#include <optional>
#include <string_view>

#include "adjoint/core/scalar_type.h"

namespace adjoint {

enum class DeviceType : int8_t { CPU, CUDA };
inline constexpr DeviceType kCPU = DeviceType::CPU;
inline constexpr DeviceType kCUDA = DeviceType::CUDA;

/// For code that asks before it chooses a device.
namespace cuda {
inline bool is_available() { return false; }
inline std::size_t device_count() { return 0; }
}  // namespace cuda

using DeviceIndex = int8_t;

/// Where a tensor lives. Adjoint has the CPU only; the type exists so that libtorch code compiles.
class Device {
 public:
  /// Throws Error for anything but kCPU. There is one CPU: its index is 0, or -1 where it is not
  /// said, as in the device of every tensor.
  Device(DeviceType type = kCPU, DeviceIndex index = -1) : index_(index) {
    check(type == kCPU,
          "Device(kCUDA): expected kCPU; Adjoint computes on the CPU only, as "
          "torch::cuda::is_available() tells");
    check(index == -1 || index == 0, "Device(kCPU, index): expected index 0 or -1");
  }
  /// Throws Error for anything but "cpu" and "cpu:0".
  Device(std::string_view name) : index_(name == "cpu:0" ? 0 : -1) {
    check(name == "cpu" || name == "cpu:0",
          "Device(\"{}\"): expected \"cpu\"; Adjoint computes on the CPU only", name);
  }
  Device(const char* name) : Device(std::string_view(name)) {}
  DeviceType type() const { return kCPU; }
  DeviceIndex index() const { return index_; }
  bool has_index() const { return index_ != -1; }
  bool is_cpu() const { return true; }
  bool is_cuda() const { return false; }
  std::string str() const { return has_index() ? "cpu:0" : "cpu"; }
  friend bool operator==(const Device&, const Device&) = default;

 private:
  DeviceIndex index_;
};
std::ostream& operator<<(std::ostream& out, const Device& device);

enum class Layout : int8_t { Strided };
inline constexpr Layout kStrided = Layout::Strided;

/// What a new tensor is to be like; what is not said has its default: the default dtype, no grad.
class TensorOptions {
 public:
  TensorOptions() = default;
  TensorOptions(ScalarType type) : dtype_(type) {}
  TensorOptions(Device) {}
  TensorOptions(DeviceType type) { (void)Device(type); }
  TensorOptions(Layout) {}

  [[nodiscard]] TensorOptions dtype(std::optional<ScalarType> type) const {
    TensorOptions made = *this;
    made.dtype_ = type;
    return made;
  }
  [[nodiscard]] TensorOptions requires_grad(std::optional<bool> wanted) const {
    TensorOptions made = *this;
    made.requires_grad_ = wanted;
    return made;
  }
  template <class T>
  [[nodiscard]] TensorOptions dtype() const {
    return dtype(scalar_type_of<T>);
  }
  [[nodiscard]] TensorOptions device(Device) const { return *this; }
  [[nodiscard]] TensorOptions device(DeviceType type, DeviceIndex index) const {
    return device(Device(type, index));
  }
  [[nodiscard]] TensorOptions layout(Layout) const { return *this; }

  ScalarType dtype() const { return dtype_.value_or(get_default_dtype()); }
  bool has_dtype() const { return dtype_.has_value(); }
  std::optional<ScalarType> dtype_opt() const { return dtype_; }
  bool requires_grad() const { return requires_grad_.value_or(false); }
  bool has_requires_grad() const { return requires_grad_.has_value(); }
  std::optional<bool> requires_grad_opt() const { return requires_grad_; }
  Device device() const { return kCPU; }
  Layout layout() const { return kStrided; }

 private:
  std::optional<ScalarType> dtype_;
  std::optional<bool> requires_grad_;
};

inline TensorOptions dtype(ScalarType type) { return TensorOptions(type); }
inline TensorOptions requires_grad(bool wanted = true) {
  return TensorOptions().requires_grad(wanted);
}
inline TensorOptions device(Device device) { return TensorOptions(device); }
inline TensorOptions layout(Layout layout) { return TensorOptions(layout); }

}  // namespace adjoint
