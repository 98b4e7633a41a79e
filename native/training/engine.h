// The engine of one instruction set, and which of them this machine has.
#pragma once
#include <stdint.h>

#include "problem.h"

namespace training {

struct Engine {
  const char* isa;
  int64_t (*stash_floats)(const Problem& problem);
  void (*forward)(const Problem& problem);  // both throw std::bad_alloc
  void (*backward)(const Problem& problem);
};

// Best first; the portable one is always there. `count` is how many.
const Engine* const* engines(int* count);

}  // namespace training
