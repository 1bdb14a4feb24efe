#pragma once

#include <string>

#include "adjoint/core/tensor.h"

namespace adjoint::data {

/// Reads an IDX file, the format of MNIST and its relatives (http://yann.lecun.com/exdb/mnist),
/// plain or compressed with gzip: the magic number 0 0 dtype ndim, ndim sizes of 4 bytes, then the
/// elements; all numbers big-endian. The dtypes 0x08, 0x0C, 0x0D and 0x0E give a tensor of uint8,
/// int32, float32 and float64.
///
/// The file is not trusted: a wrong magic number, sizes that no file of this length can hold, a
/// truncated or damaged file and bytes after the last element throw Error, which names the file,
/// the offset, what was expected and what was found.
Tensor read_idx(const std::string& path);

}  // namespace adjoint::data
