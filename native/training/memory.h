// Memory that begins at a cache line and comes back to be used again: fresh pages cost the system milliseconds.
#pragma once
#include <stddef.h>

namespace training {

void* take_memory(size_t bytes);  // null where there is none
void give_memory(void* memory);

// Gives its memory back at the end of the block. Nothing here is inline: an inline function could be kept from the
// object of any instruction set.
class Borrowed {
 public:
  explicit Borrowed(size_t bytes);  // throws std::bad_alloc
  ~Borrowed();
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  char* at;
};

}  // namespace training
