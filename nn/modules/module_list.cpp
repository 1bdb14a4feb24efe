#include "adjoint/nn/modules/module_list.h"

#include <algorithm>

namespace adjoint::nn {

void ModuleListImpl::push_back(std::shared_ptr<Module> module) {
  modules_.push_back(register_module(std::to_string(size()), std::move(module)));
}

void ModuleListImpl::insert(std::size_t index, std::shared_ptr<Module> module) {
  check(index <= size(), "ModuleList::insert: index {} of {} modules", index, size());
  push_back(std::move(module));
  std::rotate(modules_.begin() + static_cast<std::ptrdiff_t>(index), modules_.end() - 1,
              modules_.end());
  for (std::size_t i = index; i < size(); ++i) replace_module(std::to_string(i), modules_[i]);
}

std::shared_ptr<Module> ModuleListImpl::ptr(std::size_t index) const {
  check(index < size(), "ModuleList: index {} of {} modules", index, size());
  return modules_[index];
}

std::shared_ptr<Module> ModuleListImpl::clone(const std::optional<Device>& device) const {
  auto copy = std::make_shared<ModuleListImpl>();
  copy->train(is_training());
  for (const auto& module : modules_) copy->push_back(module->clone(device));
  return copy;
}

}  // namespace adjoint::nn
