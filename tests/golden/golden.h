#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "adjoint/core/tensor.h"
#include "adjoint/nn/ordered_dict.h"

namespace adjoint::golden {

/// Reads a golden file, by its name in tests/golden: tensors that PyTorch computed, as golden.py
/// wrote them, two lines each:
///
///     conv.weight float32 2 1
///     0.25 -0.5
inline OrderedDict<std::string, Tensor> read(const std::string& file) {
  std::ifstream in(std::string(ADJOINT_TESTS_DIR "/golden/") + file);
  check(in.is_open(), "no golden file {}", file);
  OrderedDict<std::string, Tensor> tensors("Golden tensor");
  std::string head, numbers;
  while (std::getline(in, head) && std::getline(in, numbers)) {
    std::istringstream words(head), values(numbers);
    std::string name, dtype;
    words >> name >> dtype;
    std::vector<int64_t> sizes;
    for (int64_t size; words >> size;) sizes.push_back(size);
    const Tensor made = empty(sizes, dtype == "float64"   ? kFloat64
                                     : dtype == "float32" ? kFloat32
                                                          : kInt64);
    check(dtype == dtype_name(made.scalar_type()), "{}: {} has dtype {}", file, name, dtype);
    dispatch(made.scalar_type(), [&]<class T>(std::type_identity<T>) {
      for (int64_t i = 0; i < made.numel(); ++i) {
        std::string value;  // parsed as double, which rounds to every float32 that was printed
        check(static_cast<bool>(values >> value), "{}: {} is cut off", file, name);
        made.data_ptr<T>()[i] = static_cast<T>(std::stod(value));
      }
    });
    tensors.insert(name, made);
  }
  return tensors;
}

}  // namespace adjoint::golden
