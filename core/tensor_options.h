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

/// Where a tensor lives. Adjoint has the CPU only; the type exists so that libtorch code compiles.
class Device {
 public:
  /// Throws Error for anything but kCPU.
  Device(DeviceType type = kCPU) {
    check(type == kCPU,
          "Device(kCUDA): expected kCPU; Adjoint computes on the CPU only, as "
          "torch::cuda::is_available() tells");
  }
  /// Throws Error for anything but "cpu".
  Device(std::string_view name) {
    check(name == "cpu" || name == "cpu:0",
          "Device(\"{}\"): expected \"cpu\"; Adjoint computes on the CPU only", name);
  }
  Device(const char* name) : Device(std::string_view(name)) {}
  DeviceType type() const { return kCPU; }
  bool is_cpu() const { return true; }
  bool is_cuda() const { return false; }
  std::string str() const { return "cpu"; }
  friend bool operator==(const Device&, const Device&) { return true; }
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
    made.requires_grad_ = wanted.value_or(false);
    return made;
  }
  [[nodiscard]] TensorOptions device(Device) const { return *this; }
  [[nodiscard]] TensorOptions layout(Layout) const { return *this; }

  ScalarType dtype() const { return dtype_.value_or(get_default_dtype()); }
  bool has_dtype() const { return dtype_.has_value(); }
  std::optional<ScalarType> dtype_opt() const { return dtype_; }
  bool requires_grad() const { return requires_grad_; }
  Device device() const { return kCPU; }
  Layout layout() const { return kStrided; }

 private:
  std::optional<ScalarType> dtype_;
  bool requires_grad_ = false;
};

inline TensorOptions dtype(ScalarType type) { return TensorOptions(type); }
inline TensorOptions requires_grad(bool wanted = true) {
  return TensorOptions().requires_grad(wanted);
}
inline TensorOptions device(Device device) { return TensorOptions(device); }
inline TensorOptions layout(Layout layout) { return TensorOptions(layout); }

}  // namespace adjoint
