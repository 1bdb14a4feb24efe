#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adjoint/nn/serialize/safetensors.h"

/// What is stored of a model, an optimizer or a tensor, as tensors with names. To write several
/// things into one file, put them together under prefixes:
///
///     NamedTensors all;
///     serialize::add(all, "model.", serialize::named_tensors(model));
///     serialize::add(all, "optimizer.", optimizer.state_dict());
///     serialize::save_safetensors(path, all);
namespace adjoint::serialize {

/// Appends `part` to `all`, each name with `prefix` before it. Throws Error if a name is taken.
void add(NamedTensors& all, const std::string& prefix, const NamedTensors& part);
/// The tensors whose names begin with `prefix`, without it.
NamedTensors part(const NamedTensors& all, const std::string& prefix);

/// Copies each tensor of `from` to the one of the same name in `to`, unrecorded. Throws one Error
/// that lists every tensor that is missing, unexpected, or of another shape or dtype, and changes
/// nothing then. `what` is what the message calls the source.
void copy_by_name(const NamedTensors& from, const NamedTensors& to, const std::string& what);

/// A module, or a holder of or a pointer to one.
template <class T>
concept ModuleLike = requires(const T& m) {
  m.named_parameters();
  m.named_buffers();
}
|| requires(const T& m) {
  m->named_parameters();
  m->named_buffers();
};

/// The parameters and buffers of a module, shared with it.
template <ModuleLike M>
NamedTensors named_tensors(const M& module) {
  if constexpr (requires { module.named_parameters(); }) {
    NamedTensors all = module.named_parameters();
    all.update(module.named_buffers());
    return all;
  } else {
    return named_tensors(*module);
  }
}

}  // namespace adjoint::serialize
