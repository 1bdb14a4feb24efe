#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include "adjoint/core/tensor.h"
#include "adjoint/nn/ordered_dict.h"

/// Safetensors files (https://github.com/huggingface/safetensors): a JSON header that gives every
/// tensor's name, dtype, shape and place, then the elements. They can be read by PyTorch, NumPy and
/// others, and reading one runs no code. All of Adjoint's dtypes can be stored: F32, F64, I64, I32,
/// U8 and BOOL.
namespace adjoint::serialize {

/// Tensors with their names; loaded ones are in the order in which their elements lie in the file.
using NamedTensors = OrderedDict<std::string, Tensor>;
/// What a file says about itself: any text by any name.
using Metadata = std::map<std::string, std::string>;

struct SafeTensors {
  NamedTensors tensors;
  Metadata metadata;
};

/// Writes the tensors, of any strides. The same tensors give the same bytes. A file is written
/// whole or not at all (see AtomicFile). Throws Error, and leaves an older file of that name as it
/// was, if a name is not UTF-8, if a tensor is undefined, or if the disk is full.
void save_safetensors(const std::string& path, const NamedTensors& tensors,
                      const Metadata& metadata = {});
void save_safetensors(std::ostream& out, const NamedTensors& tensors,
                      const Metadata& metadata = {});

/// Reads all tensors, into memory of their own. The file is not trusted: whatever in it is not as
/// the format demands (lengths, JSON, dtypes, shapes, offsets that overlap, leave holes or reach
/// past the end, truncation) throws Error, which names the file and the tensor.
SafeTensors load_safetensors(const std::string& path);
/// Reads to the end of the stream. `name` is what errors call it.
SafeTensors load_safetensors(std::istream& in, const std::string& name = "the stream");

}  // namespace adjoint::serialize
