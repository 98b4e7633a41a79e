#include "memory.h"

#include <pthread.h>
#include <stdint.h>

#include <cstdlib>
#include <mutex>
#include <new>

namespace training {
namespace {

constexpr size_t HEAD = 64;             // before every piece: its size
constexpr size_t KEPT = size_t(1) << 28;  // what lies unused at most
constexpr int PIECES = 64;

struct Head {
  size_t bytes;
};

// The pieces that were given back, the last one first.
struct Store {
  std::mutex mutex;
  Head* pieces[PIECES];
  int count = 0;
  size_t bytes = 0;
};

Store* the_store = nullptr;

void forget_the_store() { the_store = new Store; }  // another thread of the parent may have held the mutex

Store* store() {
  static std::once_flag once;
  std::call_once(once, [] {
    the_store = new Store;
    pthread_atfork(nullptr, nullptr, forget_the_store);
  });
  return the_store;
}

// Sizes in steps of an eighth, so that a sequence a little longer finds the piece of the one before.
size_t rounded(size_t bytes) {
  size_t step = 4096;
  while (step * 16 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

}  // namespace

void* take_memory(size_t bytes) {
  if (bytes > SIZE_MAX / 4) return nullptr;
  const size_t wanted = rounded(bytes + HEAD);
  Store* s = store();
  {
    std::lock_guard<std::mutex> guard(s->mutex);
    int best = -1;
    for (int k = s->count - 1; k >= 0; k--)
      if (s->pieces[k]->bytes >= wanted && s->pieces[k]->bytes <= wanted + wanted / 4 &&
          (best < 0 || s->pieces[k]->bytes < s->pieces[best]->bytes))
        best = k;
    if (best >= 0) {
      Head* found = s->pieces[best];
      s->bytes -= found->bytes;
      s->count--;
      for (int k = best; k < s->count; k++) s->pieces[k] = s->pieces[k + 1];
      return reinterpret_cast<char*>(found) + HEAD;
    }
  }
  void* fresh = nullptr;
  if (posix_memalign(&fresh, 64, wanted)) return nullptr;
  static_cast<Head*>(fresh)->bytes = wanted;
  return static_cast<char*>(fresh) + HEAD;
}

void give_memory(void* memory) {
  if (!memory) return;
  Head* piece = reinterpret_cast<Head*>(static_cast<char*>(memory) - HEAD);
  Store* s = store();
  Head* dropped[PIECES + 1];
  int drops = 0;
  {
    std::lock_guard<std::mutex> guard(s->mutex);
    if (piece->bytes > KEPT) {
      dropped[drops++] = piece;
    } else {
      while (s->count && (s->count == PIECES || s->bytes + piece->bytes > KEPT)) {
        dropped[drops++] = s->pieces[0];  // the one that lay longest
        s->bytes -= s->pieces[0]->bytes;
        s->count--;
        for (int k = 0; k < s->count; k++) s->pieces[k] = s->pieces[k + 1];
      }
      s->pieces[s->count++] = piece;
      s->bytes += piece->bytes;
    }
  }
  for (int k = 0; k < drops; k++) std::free(dropped[k]);
}

Borrowed::Borrowed(size_t bytes) : at(static_cast<char*>(take_memory(bytes))) {
  if (!at) throw std::bad_alloc();
}

Borrowed::~Borrowed() { give_memory(at); }

}  // namespace training
