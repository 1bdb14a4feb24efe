#include "adjoint/core/storage.h"

#include <utility>

#include "adjoint/core/allocator.h"

namespace adjoint {

Storage::Storage(std::size_t nbytes)
    : data_(static_cast<std::byte*>(allocator::allocate(nbytes))), nbytes_(nbytes) {}

Storage::Storage(void* data, std::size_t nbytes, std::function<void(void*)> deleter)
    : data_(static_cast<std::byte*>(data)), nbytes_(nbytes), deleter_(std::move(deleter)) {}

Storage::~Storage() {
  if (deleter_) {
    deleter_(data_);
  } else {
    allocator::deallocate(data_, nbytes_);
  }
}

}  // namespace adjoint
