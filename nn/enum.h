#pragma once

#include <algorithm>
#include <cstddef>
#include <variant>

/// Named choices for options, as in libtorch: each is a type of its own (enumtype::kSame), so that
/// an option's std::variant says which ones it takes, and an object of that type (kSame).
namespace adjoint {
namespace enumtype {

/// A string as a template argument.
template <std::size_t N>
struct Text {
  constexpr Text(const char (&text)[N]) { std::copy_n(text, N, chars); }
  char chars[N];
};
template <Text kText>
struct Named {
  static constexpr const char* name = kText.chars;
};

// What init::calculate_gain knows a gain for.
struct kLinear : Named<"kLinear"> {};
struct kConv1D : Named<"kConv1D"> {};
struct kConv2D : Named<"kConv2D"> {};
struct kConv3D : Named<"kConv3D"> {};
struct kConvTranspose1D : Named<"kConvTranspose1D"> {};
struct kConvTranspose2D : Named<"kConvTranspose2D"> {};
struct kConvTranspose3D : Named<"kConvTranspose3D"> {};
struct kSigmoid : Named<"kSigmoid"> {};
struct kTanh : Named<"kTanh"> {};
struct kReLU : Named<"kReLU"> {};
struct kLeakyReLU : Named<"kLeakyReLU"> {};
// Which side of a layer init::kaiming_* keeps the variance of.
struct kFanIn : Named<"kFanIn"> {};
struct kFanOut : Named<"kFanOut"> {};
// How a loss becomes one number.
struct kNone : Named<"kNone"> {};
struct kMean : Named<"kMean"> {};
struct kSum : Named<"kSum"> {};
// Padding by name: none, or as much as keeps the size.
struct kValid : Named<"kValid"> {};
struct kSame : Named<"kSame"> {};
// What a padded border holds.
struct kZeros : Named<"kZeros"> {};
struct kConstant : Named<"kConstant"> {};
struct kReflect : Named<"kReflect"> {};
struct kReplicate : Named<"kReplicate"> {};
struct kCircular : Named<"kCircular"> {};

/// "kSame" for a variant that holds kSame.
template <class... Choices>
const char* get_enum_name(const std::variant<Choices...>& choice) {
  return std::visit([](const auto& chosen) { return chosen.name; }, choice);
}

}  // namespace enumtype

inline constexpr enumtype::kLinear kLinear;
inline constexpr enumtype::kConv1D kConv1D;
inline constexpr enumtype::kConv2D kConv2D;
inline constexpr enumtype::kConv3D kConv3D;
inline constexpr enumtype::kConvTranspose1D kConvTranspose1D;
inline constexpr enumtype::kConvTranspose2D kConvTranspose2D;
inline constexpr enumtype::kConvTranspose3D kConvTranspose3D;
inline constexpr enumtype::kSigmoid kSigmoid;
inline constexpr enumtype::kTanh kTanh;
inline constexpr enumtype::kReLU kReLU;
inline constexpr enumtype::kLeakyReLU kLeakyReLU;
inline constexpr enumtype::kFanIn kFanIn;
inline constexpr enumtype::kFanOut kFanOut;
inline constexpr enumtype::kNone kNone;
inline constexpr enumtype::kMean kMean;
inline constexpr enumtype::kSum kSum;
inline constexpr enumtype::kValid kValid;
inline constexpr enumtype::kSame kSame;
inline constexpr enumtype::kZeros kZeros;
inline constexpr enumtype::kConstant kConstant;
inline constexpr enumtype::kReflect kReflect;
inline constexpr enumtype::kReplicate kReplicate;
inline constexpr enumtype::kCircular kCircular;

}  // namespace adjoint
