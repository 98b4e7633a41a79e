#include "engine.h"

#include <cstdlib>
#include <new>

namespace edge {

Kernel::Kernel() = default;
Kernel::~Kernel() = default;

void* allocate(size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, bytes ? bytes : 64)) throw std::bad_alloc();
  return memory;
}

void release(void* memory) { std::free(memory); }

}  // namespace edge
