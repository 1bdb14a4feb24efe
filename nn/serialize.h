#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "adjoint/nn/optim/optimizer.h"
#include "adjoint/nn/serialize/named_tensors.h"
#include "adjoint/nn/serialize/safetensors.h"

/// libtorch's save and load, to and from safetensors files (see nn/serialize/safetensors.h for what
/// is checked, and for how a file is written whole or not at all). The first argument is a module
/// (or a holder of or a pointer to one), an optimizer, a tensor or a vector of tensors; the second
/// one the file's name, or a stream.
namespace adjoint {
namespace serialize {

/// A tensor is called "0", those of a vector "0", "1", ...
NamedTensors named_tensors(const std::vector<Tensor>& tensors);
inline NamedTensors named_tensors(const Tensor& tensor) {
  return named_tensors(std::vector<Tensor>{tensor});
}
inline NamedTensors named_tensors(const optim::Optimizer& optimizer) {
  return optimizer.state_dict();
}

/// Takes over what named_tensors() gave. All throw Error, and change nothing, where it does not
/// fit.
template <ModuleLike M>
void assign(M& module, const NamedTensors& from, const std::string& what) {
  copy_by_name(from, named_tensors(module), what);
}
void assign(optim::Optimizer& optimizer, const NamedTensors& from, const std::string& what);
void assign(Tensor& tensor, const NamedTensors& from, const std::string& what);
/// Appends to the vector.
void assign(std::vector<Tensor>& tensors, const NamedTensors& from, const std::string& what);

}  // namespace serialize

template <class Value>
void save(const Value& value, const std::string& path) {
  serialize::save_safetensors(path, serialize::named_tensors(value));
}
template <class Value>
void save(const Value& value, std::ostream& out) {
  serialize::save_safetensors(out, serialize::named_tensors(value));
}

/// A module and an optimizer must have what was saved, name by name, and get its values; all that
/// does not fit is reported in one Error. A tensor is replaced, a vector is appended to.
template <class Value>
void load(Value& value, const std::string& path) {
  serialize::assign(value, serialize::load_safetensors(path).tensors, path);
}
template <class Value>
void load(Value& value, std::istream& in) {
  serialize::assign(value, serialize::load_safetensors(in).tensors, "the stream");
}

}  // namespace adjoint
