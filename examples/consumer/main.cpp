// What a project that uses Adjoint looks like: a convolution and its gradients.
#include <iostream>

#include <adjoint/adjoint.h>

int main() {
  const auto x = adjoint::ones({1, 1, 3, 4}).requires_grad_();
  const auto weight = adjoint::ones({1, 1, 2, 2}).requires_grad_();
  adjoint::conv2d(x, weight).sum().backward();
  std::cout << "How many outputs each input reaches:\n" << x.grad()[0][0] << "\n";
}
