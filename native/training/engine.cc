#include "engine.h"

namespace edge {

// One of each that build.py compiled.
#define EDGE_DECLARE(isa)                  \
  namespace isa {                          \
  extern const training::Engine engine;    \
  }
#if defined(__x86_64__)
EDGE_DECLARE(avx512)
EDGE_DECLARE(avx2)
#elif defined(__aarch64__)
EDGE_DECLARE(neon)
#endif
EDGE_DECLARE(portable)

}  // namespace edge

namespace training {
namespace {

struct List {
  const Engine* engines[3];
  int count = 0;
  List() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      engines[count++] = &edge::avx512::engine;
    if (avx2) engines[count++] = &edge::avx2::engine;
#elif defined(__aarch64__)
    engines[count++] = &edge::neon::engine;
#endif
    engines[count++] = &edge::portable::engine;
  }
};

}  // namespace

const Engine* const* engines(int* count) {
  static const List list;
  *count = list.count;
  return list.engines;
}

}  // namespace training
