#pragma once

#include <string>
#include <typeinfo>

namespace adjoint {

/// A type's name as one writes it in C++: "adjoint::nn::LinearImpl".
std::string demangle(const std::type_info& type);

}  // namespace adjoint
