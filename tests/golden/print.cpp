// Writes print.txt: what libtorch prints. Made with libtorch 1.13 (Debian's libtorch-dev):
//   g++ -std=c++17 print.cpp -I/usr/include/torch/csrc/api/include -ltorch -ltorch_cpu -lc10
//   ./a.out > print.txt
#include <iostream>

#include <torch/torch.h>

#include "print_cases.h"

int main() { print_cases(std::cout); }
