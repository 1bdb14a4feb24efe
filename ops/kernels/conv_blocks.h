#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

// Rows of elements, copied and added in blocks of 32 bytes: rows of 7 or 14 elements, which small
// images have, take several times as long in loops that end exactly. What happens between the end
// of a row and that of its last block is a part of what each function does.

namespace adjoint::kernels {

template <class T>
struct BlockTypes {
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  typedef T Block __attribute__((vector_size(32)));
  typedef Index Mask __attribute__((vector_size(32)));
};
template <class T>
using Block = typename BlockTypes<T>::Block;

template <class T>
inline constexpr int64_t kBlock = 32 / sizeof(T);
template <class T>
using Lanes = std::make_integer_sequence<int, kBlock<T>>;

template <class T>
inline int64_t blocks_of(int64_t n) {
  return (n + kBlock<T> - 1) / kBlock<T>;
}

template <class T>
inline void load(const T* from, Block<T>& block) {
  std::memcpy(&block, from, sizeof(block));
}
template <class T>
inline void store(const Block<T>& block, T* to) {
  std::memcpy(to, &block, sizeof(block));
}

/// Zeros the lanes of a block except those in [begin, end).
template <class T>
class LaneMask {
 public:
  LaneMask(int64_t begin, int64_t end) {
    for (int64_t i = 0; i < kBlock<T>; ++i) lanes_[i] = i >= begin && i < end ? -1 : 0;
  }
  void apply(Block<T>& block) const {
    typename BlockTypes<T>::Mask mask;
    std::memcpy(&mask, lanes_, sizeof(mask));
    block = reinterpret_cast<Block<T>>(reinterpret_cast<decltype(mask)>(block) & mask);
  }

 private:
  // No vector, so that what holds a mask can be passed by value on every processor.
  typename BlockTypes<T>::Index lanes_[kBlock<T>];
};

/// The even, or the odd, lanes of two consecutive blocks.
template <class T, int... kLane>
inline void even_lanes(const Block<T>& a, const Block<T>& b, Block<T>& even,
                       std::integer_sequence<int, kLane...>) {
  even = __builtin_shufflevector(a, b, (2 * kLane)...);
}

template <class T, int... kLane>
inline void odd_lanes(const Block<T>& a, const Block<T>& b, Block<T>& odd,
                      std::integer_sequence<int, kLane...>) {
  odd = __builtin_shufflevector(a, b, (2 * kLane + 1)...);
}

/// The lanes of two blocks in turn: a[0], b[0], a[1], b[1], ...
template <class T, int... kLane>
inline void interleave(const Block<T>& a, const Block<T>& b, Block<T>& low, Block<T>& high,
                       std::integer_sequence<int, kLane...>) {
  constexpr int n = kBlock<T>;
  low = __builtin_shufflevector(a, b, (kLane / 2 + kLane % 2 * n)...);
  high = __builtin_shufflevector(a, b, (n / 2 + kLane / 2 + kLane % 2 * n)...);
}

/// Copies so many blocks.
template <class T, class Count>
inline void copy_blocks(const T* from, Count blocks, T* to) {
  for (int64_t i = 0; i < blocks; ++i) {
    Block<T> block;
    load(from + i * kBlock<T>, block);
    store(block, to + i * kBlock<T>);
  }
}

/// Adds rows of n elements to others; beyond n, adds 0.
template <class T, class Count>
class RowAdder {
 public:
  RowAdder(int64_t n, Count blocks) : blocks_(blocks), last_(0, n - (blocks - 1) * kBlock<T>) {}

  /// How many elements are touched.
  int64_t reach() const { return blocks_ * kBlock<T>; }

  void operator()(const T* from, T* to) const {
    for (int64_t i = 0; i < blocks_; ++i) {
      Block<T> block, sum;
      load(from + i * kBlock<T>, block);
      load(to + i * kBlock<T>, sum);
      if (i == blocks_ - 1) last_.apply(block);
      sum += block;
      store(sum, to + i * kBlock<T>);
    }
  }

 private:
  [[no_unique_address]] Count blocks_;
  LaneMask<T> last_;
};

/// to[i] = from[i * kStride] for i < n, kStride 1 or 2; beyond n, 0.
template <class T, int kStride, class Count>
class RowGatherer {
 public:
  RowGatherer(int64_t n, Count blocks) : blocks_(blocks), last_(0, n - (blocks - 1) * kBlock<T>) {}

  /// How many elements of `from` are read.
  int64_t reach() const { return blocks_ * kBlock<T> * kStride; }

  void operator()(const T* from, T* to) const {
    for (int64_t i = 0; i < blocks_; ++i, from += kBlock<T> * kStride, to += kBlock<T>) {
      Block<T> block;
      load(from, block);
      if constexpr (kStride == 2) {
        Block<T> next;
        load(from + kBlock<T>, next);
        even_lanes<T>(block, next, block, Lanes<T>());
      }
      if (i == blocks_ - 1) last_.apply(block);
      store(block, to);
    }
  }

 private:
  [[no_unique_address]] Count blocks_;
  LaneMask<T> last_;
};

/// A row and the two rows that are its even and its odd elements, of which the elements [begin,
/// end) are meant. What works on them takes blocks of pairs, from pair begin / 2 on.
template <class T, class Count>
class Pairs {
 public:
  static int64_t blocks(int64_t begin, int64_t end) {
    return blocks_of<T>((end + 1) / 2 - begin / 2);
  }

  /// What of the row is touched: [reach_begin, reach_end).
  int64_t reach_begin() const { return 2 * first_pair_; }
  int64_t reach_end() const { return last_block() + 2 * kBlock<T>; }

 protected:
  Pairs(int64_t begin, Count blocks) : blocks_(blocks), first_pair_(begin / 2) {}
  int64_t last_block() const { return 2 * (first_pair_ + (blocks_ - 1) * kBlock<T>); }

  [[no_unique_address]] Count blocks_;
  int64_t first_pair_;
};

/// Takes the row apart: even[i] = row[2 i], odd[i] = row[2 i + 1]; 0 outside [begin, end).
template <class T, class Count>
class PairSplitter : public Pairs<T, Count> {
 public:
  PairSplitter(int64_t begin, int64_t end, Count blocks)
      : Pairs<T, Count>(begin, blocks),
        even_head_(begin % 2, kBlock<T>),
        even_tail_(0, (end + 1 - this->last_block()) / 2),
        odd_tail_(0, (end - this->last_block()) / 2) {}

  void operator()(const T* row, T* even, T* odd) const {
    row += this->reach_begin();
    even += this->first_pair_;
    odd += this->first_pair_;
    for (int64_t i = 0; i < this->blocks_; ++i, even += kBlock<T>, odd += kBlock<T>) {
      Block<T> low, high, a, b;
      load(row, low);
      load(row + kBlock<T>, high);
      row += 2 * kBlock<T>;
      even_lanes<T>(low, high, a, Lanes<T>());
      odd_lanes<T>(low, high, b, Lanes<T>());
      if (i == 0) even_head_.apply(a);
      if (i == this->blocks_ - 1) {
        even_tail_.apply(a);
        odd_tail_.apply(b);
      }
      store(a, even);
      store(b, odd);
    }
  }

 private:
  LaneMask<T> even_head_, even_tail_, odd_tail_;
};

/// Puts it together again, in a sum: row[2 i] += even[i], row[2 i + 1] += odd[i]; adds 0 outside
/// [begin, end).
template <class T, class Count>
class PairAdder : public Pairs<T, Count> {
 public:
  PairAdder(int64_t begin, int64_t end, Count blocks)
      : Pairs<T, Count>(begin, blocks),
        head_(begin % 2, kBlock<T>),
        low_tail_(0, end - this->last_block()),
        high_tail_(0, end - this->last_block() - kBlock<T>) {}

  void operator()(const T* even, const T* odd, T* row) const {
    even += this->first_pair_;
    odd += this->first_pair_;
    row += this->reach_begin();
    for (int64_t i = 0; i < this->blocks_; ++i, even += kBlock<T>, odd += kBlock<T>) {
      Block<T> a, b, low, high, sum;
      load(even, a);
      load(odd, b);
      interleave<T>(a, b, low, high, Lanes<T>());
      if (i == 0) head_.apply(low);
      if (i == this->blocks_ - 1) {
        low_tail_.apply(low);
        high_tail_.apply(high);
      }
      for (const Block<T>* block : {&low, &high}) {
        load(row, sum);
        sum += *block;
        store(sum, row);
        row += kBlock<T>;
      }
    }
  }

 private:
  LaneMask<T> head_, low_tail_, high_tail_;
};

}  // namespace adjoint::kernels
