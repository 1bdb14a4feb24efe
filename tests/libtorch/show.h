#pragma once

#include <iostream>
#include <string>
#include <tuple>
#include <vector>

#include "adjoint/tests/support/library.h"

// What the program `same` prints: a line for each expression, with its text, its value and, for a
// tensor, dtype and shape. Compiled against Adjoint and against libtorch, it has to print the same.

/// Prints the value of an expression, or that it throws.
#define SHOW(...) show(#__VA_ARGS__, [&](const auto& print) { print(__VA_ARGS__); })
/// The same for a statement, of which there is nothing to print but whether it throws.
#define ATTEMPT(...)                          \
  show(#__VA_ARGS__, [&](const auto& print) { \
    __VA_ARGS__;                              \
    print("done");                            \
  })

void write(const torch::Tensor& tensor);
void write(torch::ScalarType dtype);
void write(const std::string& text);
inline void write(const char* text) { write(std::string(text)); }
void write(bool value);
void write(double value);
inline void write(float value) { write(static_cast<double>(value)); }
inline void write(int64_t value) { std::cout << value; }
inline void write(int value) { std::cout << value; }
inline void write(unsigned value) { std::cout << value; }
inline void write(std::size_t value) { std::cout << value; }
inline void write(torch::IntArrayRef sizes) { std::cout << sizes; }

template <class T>
void write(const std::vector<T>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::cout << (i == 0 ? "" : " | ");
    write(list[i]);
  }
}

template <class... T>
void write(const std::tuple<T...>& values) {
  std::apply([](const auto&... each) { ((write(each), std::cout << " | "), ...); }, values);
}

template <class F>
void show(const char* text, const F& evaluate) {
  std::cout << text << ": ";
  try {
    evaluate([](const auto& value) { write(value); });
  } catch (const std::exception&) {
    std::cout << "throws";
  }
  std::cout << "\n";
}

// The themes, each in a file of its name.
void creation();
void indexing();
void views();
void arithmetic();
void reductions();
void linear_algebra();
void backward();
void engine();
void functions();
void modules();
void optimizers();
void data();
void random_numbers();
void errors();
