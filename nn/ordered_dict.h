#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adjoint/core/error.h"
#include "adjoint/core/tensor.h"

namespace adjoint {

namespace nn {
class Module;
}

/// A dictionary that remembers the order of insertion: what a module keeps its parameters in. Keys
/// are unique. References and iterators live until the next insertion or removal.
template <class Key, class Value>
class OrderedDict {
 public:
  /// A key with its value; `*item` and `item->` reach the value.
  class Item {
   public:
    Item(Key key, Value value) : pair_(std::move(key), std::move(value)) {}

    const Key& key() const noexcept { return pair_.first; }
    Value& value() noexcept { return pair_.second; }
    const Value& value() const noexcept { return pair_.second; }
    Value& operator*() { return value(); }
    const Value& operator*() const { return value(); }
    Value* operator->() { return &value(); }
    const Value* operator->() const { return &value(); }
    const std::pair<Key, Value>& pair() const noexcept { return pair_; }

   private:
    std::pair<Key, Value> pair_;
  };
  using Iterator = typename std::vector<Item>::iterator;
  using ConstIterator = typename std::vector<Item>::const_iterator;

  /// `key_description` is what messages call a key: "Parameter 'weight' is not defined".
  explicit OrderedDict(std::string key_description = "Key")
      : key_description_(std::move(key_description)) {}
  /// Throws Error if a key comes twice.
  OrderedDict(std::initializer_list<Item> items) {
    reserve(items.size());
    for (const Item& item : items) insert(item.key(), item.value());
  }

  const std::string& key_description() const noexcept { return key_description_; }
  std::size_t size() const noexcept { return items_.size(); }
  bool is_empty() const noexcept { return items_.empty(); }

  Iterator begin() { return items_.begin(); }
  Iterator end() { return items_.end(); }
  ConstIterator begin() const { return items_.begin(); }
  ConstIterator end() const { return items_.end(); }

  /// The first and the last item; throw Error if there is none.
  Item& front() { return items_[checked(0)]; }
  const Item& front() const { return items_[checked(0)]; }
  Item& back() { return items_[checked(size() - 1)]; }
  const Item& back() const { return items_[checked(size() - 1)]; }
  /// The item at a position; throws Error out of range.
  Item& operator[](std::size_t index) { return items_[checked(index)]; }
  const Item& operator[](std::size_t index) const { return items_[checked(index)]; }
  /// The value of a key; throws Error if there is none.
  Value& operator[](const Key& key) { return items_[index_of(key)].value(); }
  const Value& operator[](const Key& key) const { return items_[index_of(key)].value(); }

  /// The value of a key, or null.
  Value* find(const Key& key) noexcept {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &items_[found->second].value();
  }
  const Value* find(const Key& key) const noexcept {
    return const_cast<OrderedDict*>(this)->find(key);
  }
  bool contains(const Key& key) const noexcept { return find(key) != nullptr; }

  void reserve(std::size_t capacity) {
    index_.reserve(capacity);
    items_.reserve(capacity);
  }
  /// Appends an item; throws Error if the key is taken.
  Value& insert(Key key, Value value) {
    check(!contains(key), "{} '{}' already defined", key_description_, key);
    index_.emplace(key, size());
    return items_.emplace_back(std::move(key), std::move(value)).value();
  }
  /// Appends all items of another; throws Error if a key is taken.
  void update(const OrderedDict& other) {
    reserve(size() + other.size());
    for (const Item& item : other) insert(item.key(), item.value());
  }
  /// Throws Error if there is no such key.
  void erase(const Key& key) {
    const std::size_t index = index_of(key);
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(index));
    index_.erase(key);
    for (auto& [other, position] : index_) position -= position > index;
  }
  void clear() {
    index_.clear();
    items_.clear();
  }

  const std::vector<Item>& items() const noexcept { return items_; }
  std::vector<Key> keys() const {
    return collect<Key>([](const Item& item) { return item.key(); });
  }
  std::vector<Value> values() const {
    return collect<Value>([](const Item& item) { return item.value(); });
  }
  std::vector<std::pair<Key, Value>> pairs() const {
    return collect<std::pair<Key, Value>>([](const Item& item) { return item.pair(); });
  }

  friend bool operator==(const OrderedDict& a, const OrderedDict& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Item& x, const Item& y) { return x.pair() == y.pair(); });
  }

 private:
  std::size_t checked(std::size_t index) const {
    check(index < size(), "OrderedDict: index {} of {} items", index, size());
    return index;
  }
  std::size_t index_of(const Key& key) const {
    const auto found = index_.find(key);
    check(found != index_.end(), "{} '{}' is not defined", key_description_, key);
    return found->second;
  }
  template <class T, class F>
  std::vector<T> collect(F part) const {
    std::vector<T> parts;
    parts.reserve(size());
    for (const Item& item : items_) parts.push_back(part(item));
    return parts;
  }

  std::unordered_map<Key, std::size_t> index_;
  std::vector<Item> items_;
  std::string key_description_ = "Key";
};

// Made in module.cpp, for the time that users' programs take to compile. Here, so that everything
// that uses them takes them from there: what is made in passing is hidden in the shared library.
extern template class OrderedDict<std::string, Tensor>;
extern template class OrderedDict<std::string, std::shared_ptr<nn::Module>>;

}  // namespace adjoint
