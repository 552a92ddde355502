#pragma once

#include <memory>

namespace sparktail {

template <auto destroy>
struct Destroy {
  template <typename T>
  void operator()(T* one) const {
    destroy(one);
  }
};

// An owning pointer to an object of a C library, which the function `destroy` frees.
template <typename T, auto destroy>
using Owned = std::unique_ptr<T, Destroy<destroy>>;

}  // namespace sparktail
